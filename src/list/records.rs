//! Lists that stand in scripts: Hanweb's CDATA records, and JSON.
//!
//! In: a parsed page. Out: its items, where a script holds more than one.

use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::{Item, ListContext, addresses, detect, outline::Outline};
use crate::{
    article::dates::{self, DateContext, Published},
    page::{
        document::{Document, Element},
        links,
        text::{fold, visible_chars},
    },
};

/// Longer scripts are libraries or maps.
const MAX_SCRIPT_BYTES: usize = 1 << 20;

/// How many places of a script are tried as the beginning of a JSON list.
const MAX_TRIES: usize = 64;

/// How many JSON values are looked through.
const MAX_VALUES: usize = 20_000;

/// A list in a script.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) items: Vec<Item>,
    /// In words, what it was.
    pub(super) found_by: &'static str,
}

impl Records {
    /// Whether what the page shows is the same, and dated as well: what is seen goes before what a script repeats.
    pub(super) fn are_shown_in(&self, shown: &[Item]) -> bool {
        let is_shown = |item: &&Item| shown.iter().any(|other| other.url == item.url);
        dated(shown) >= dated(&self.items)
            && self.items.iter().filter(is_shown).count() * 2 > self.items.len()
    }

    /// Whether most items bear no date, and most of what the page shows do: an address alone says little of what the
    /// items are.
    pub(super) fn yield_to(&self, shown: &[Item]) -> bool {
        dated(&self.items) * 2 <= self.items.len()
            && dated(shown) * 2 > shown.len()
            && dated(shown) > dated(&self.items)
    }

    /// Whether most items are dated or have an article's address.
    pub(super) fn is_of_articles(&self) -> bool {
        let articles = self.items.iter().filter(|item| {
            item.published.is_some() || addresses::is_article_like(item.url.as_str())
        });
        articles.count() * 2 > self.items.len()
    }
}

/// How many items bear a date.
fn dated(items: &[Item]) -> usize {
    items.iter().filter(|i| i.published.is_some()).count()
}

/// The items that scripts hold, and how they were found.
pub(super) fn items(document: &Document, base: &Url, context: &ListContext<'_>) -> Option<Records> {
    let scripts: Vec<Element<'_>> = document
        .named(&["script", "textarea", "xmp"])
        .filter(|e| e.attr("src").is_none())
        .collect();
    let texts = || {
        scripts
            .iter()
            .map(|e| e.raw_text())
            .filter(|t| t.len() <= MAX_SCRIPT_BYTES)
    };
    for text in texts() {
        if let Some(items) = of_records(&text, base, context) {
            return Some(Records {
                items,
                found_by: "records in a script",
            });
        }
    }
    let lists = texts().filter_map(|text| of_json(&text, base, context));
    let items = lists.max_by_key(Vec::len)?;
    Some(Records {
        items,
        found_by: "JSON in a script",
    })
}

/// `<record><![CDATA[<li><a …>…</a><span>…</span></li>]]></record>…`: each record is a row of HTML.
fn of_records(text: &str, base: &Url, context: &ListContext<'_>) -> Option<Vec<Item>> {
    if !text.contains("<record") {
        return None;
    }
    let mut html = String::from("<table><tbody>");
    let as_rows = text.contains("<tr");
    if !as_rows {
        html = String::from("<div>");
    }
    let mut rest = text;
    while let Some(at) = rest.find("<![CDATA[") {
        rest = &rest[at + "<![CDATA[".len()..];
        let end = rest.find("]]>").unwrap_or(rest.len());
        html.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    of_html(&html, base, context)
}

fn of_html(html: &str, base: &Url, context: &ListContext<'_>) -> Option<Vec<Item>> {
    let document = Document::parse(html);
    let outline = Outline::of(&document);
    let (items, _) = super::detected(&outline, &detect::blocks(&outline), base, context)?;
    (items.len() >= 2).then_some(items)
}

/// The longest list of objects that have a title and an address.
fn of_json(text: &str, base: &Url, context: &ListContext<'_>) -> Option<Vec<Item>> {
    // few scripts hold any; looking for the keys is far cheaper than parsing
    let may_hold = text.contains("\":") || text.contains("\" :");
    let has_keys = || {
        TITLES.iter().any(|key| has_key(text, key))
            && ADDRESSES.iter().any(|key| has_key(text, key))
    };
    // an answer to a script's request may hold a piece of a page: `{"data":{"html":"<ul>…"}}`
    let has_html = || {
        text.trim_start().starts_with(['{', '['])
            && (text.contains("<a ") || text.contains("\\u003ca ") || text.contains("\\u003Ca "))
    };
    if !may_hold || !(has_keys() || has_html()) {
        return None;
    }
    let mut best: Option<Vec<Item>> = None;
    let mut at = 0;
    for _ in 0..MAX_TRIES {
        let Some(step) = text[at..].find(['[', '{']) else {
            break;
        };
        at += step;
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                at += values.byte_offset().max(1);
                let found = of_value(&value, base, context);
                if found.len() > best.as_ref().map_or(1, Vec::len) {
                    best = Some(found);
                }
            }
            _ => at += 1,
        }
    }
    best
}

const TITLES: [&str; 10] = [
    "title",
    "docTitle",
    "articleTitle",
    "newsTitle",
    "name",
    "subject",
    "headline",
    "infoTitle",
    "bt",
    "titleName",
];
const ADDRESSES: [&str; 14] = [
    "url",
    "link",
    "href",
    "docPubUrl",
    "linkUrl",
    "articleUrl",
    "pageUrl",
    "docUrl",
    "htmlUrl",
    "infoUrl",
    "visitUrl",
    "detailUrl",
    "path",
    "staticUrl",
];
const DATES: [&str; 20] = [
    "publishDate",
    "publishTime",
    "pubDate",
    "pubTime",
    "docRelTime",
    "releaseTime",
    "releaseDate",
    "publishedTime",
    "publish_time",
    "publish_date",
    "pubdate",
    "date",
    "time",
    "createTime",
    "createDate",
    "addtime",
    "infoDate",
    "showDate",
    "datePublished",
    "updateTime",
];

fn has_key(text: &str, key: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(key) {
        if rest[..at].ends_with('"') && rest[at + key.len()..].starts_with('"') {
            return true;
        }
        rest = &rest[at + key.len()..];
    }
    false
}

/// The longest list inside a value; without recursion, however deep it lies.
fn of_value(value: &Value, base: &Url, context: &ListContext<'_>) -> Vec<Item> {
    let mut best = Vec::new();
    let mut open = vec![value];
    let mut seen = 0;
    while let Some(value) = open.pop() {
        seen += 1;
        if seen > MAX_VALUES {
            break;
        }
        match value {
            Value::Array(entries) => {
                let items: Vec<Item> = entries
                    .iter()
                    .filter_map(|e| of_object(e, base, context))
                    .collect();
                if items.len() >= 2 && items.len() * 2 > entries.len() && items.len() > best.len() {
                    best = items;
                } else {
                    open.extend(entries);
                }
            }
            // the way back, and menus, are lists of pages too
            Value::Object(fields) if is_navigation(fields) => {}
            Value::Object(fields) => open.extend(fields.values()),
            Value::String(html) if html.contains("<a ") && html.contains("href") => {
                let items = of_html(html, base, context).unwrap_or_default();
                if items.len() > best.len() {
                    best = items;
                }
            }
            _ => {}
        }
    }
    best
}

/// The kinds of a JSON-LD object: `"NewsArticle"`, `["Article","https://schema.org/BlogPosting"]`.
fn kinds(fields: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let kinds = match fields.get("@type") {
        Some(Value::Array(kinds)) => kinds.as_slice(),
        Some(kind) => std::slice::from_ref(kind),
        None => &[],
    };
    let names = kinds.iter().filter_map(Value::as_str);
    names.filter_map(|kind| kind.rsplit(['/', '#', ':']).next())
}

/// Whether JSON-LD says that a list is the breadcrumb or a menu.
fn is_navigation(fields: &Map<String, Value>) -> bool {
    kinds(fields).any(|kind| matches!(kind, "BreadcrumbList" | "SiteNavigationElement"))
}

/// Whether JSON-LD says what an object is, and that it is no article: the page itself and the site, who wrote it, courses,
/// products. An entry of a list may be any page.
fn is_other_thing(fields: &Map<String, Value>, is_entry: bool) -> bool {
    let is_article = |kind: &str| {
        kind.ends_with("Article")
            || matches!(
                kind,
                "BlogPosting"
                    | "LiveBlogPosting"
                    | "SocialMediaPosting"
                    | "DiscussionForumPosting"
                    | "Report"
                    | "SpecialAnnouncement"
                    | "ListItem"
            )
            || is_entry && matches!(kind, "WebPage" | "CreativeWork" | "Thing")
    };
    fields.contains_key("@type") && !kinds(fields).any(is_article)
}

/// Seconds or milliseconds since 1970, as a number or its digits.
fn counted(value: &Value, context: &ListContext<'_>) -> Option<Published> {
    const YEAR_1990: i64 = 631_152_000;
    let number = value
        .as_i64()
        .or_else(|| value.as_str().and_then(|s| s.parse().ok()))?;
    let seconds = if number > YEAR_1990 * 100 {
        number / 1_000
    } else {
        number
    };
    let at = Timestamp::from_second(seconds).ok()?;
    let is_past = seconds >= YEAR_1990 && at <= context.now;
    is_past.then(|| Published::At(at, context.timezone.to_offset(at)))
}

fn of_object(value: &Value, base: &Url, context: &ListContext<'_>) -> Option<Item> {
    let fields = value.as_object()?;
    // JSON-LD: `{"@type":"ListItem","position":1,"item":{"headline":…,"url":…}}`
    let entry = fields.get("item").and_then(Value::as_object);
    let is_entry = entry.is_some();
    let fields = entry.unwrap_or(fields);
    if is_other_thing(fields, is_entry) {
        return None;
    }
    let text = |keys: &[&str]| {
        keys.iter().find_map(|key| {
            let (_, value) = fields
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
            value.as_str().filter(|s| !s.trim().is_empty())
        })
    };
    // titles may be HTML: a search's marks, entities
    let title = text(&TITLES)?;
    let title = if title.contains(['<', '&']) {
        Document::parse(title).body().text()
    } else {
        fold(title)
    };
    if visible_chars(&title) < 4 {
        return None;
    }
    let url = links::resolve(base, text(&ADDRESSES)?)?;
    let dating = DateContext {
        timezone: context.timezone,
        now: context.now,
    };
    let of_text = || text(&DATES).and_then(|value| dates::declared(value, &dating));
    let of_number = || {
        DATES.iter().find_map(|key| {
            let (_, value) = fields
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
            counted(value, context)
        })
    };
    let published = of_text().or_else(of_number);
    Some(Item {
        title,
        url,
        published,
    })
}
