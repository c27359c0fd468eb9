//! What a page declares about its article, for machines: government `<meta>` names (`ArticleTitle`, `PubDate`,
//! `ContentSource`, `ColumnName`), JSON-LD (schema.org), `OpenGraph` and the like.
//!
//! In: the page's [`Outline`]. Out: [`Declared`]. Empty values, which templates leave behind, are none.

use serde_json::Value;

use super::{
    dates::{self, DateContext, Published},
    heading,
    outline::Outline,
};
use crate::page::text;

/// JSON-LD that is longer is a data dump.
const MOST_JSON: usize = 200_000;

/// What a page declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    /// The article's title in the government vocabulary.
    pub title: Option<(String, &'static str)>,
    /// Other texts that hold the title, with the site's name perhaps.
    pub hints: Vec<String>,
    pub published: Option<(Published, &'static str)>,
    /// A date that may be the site's, or that of the page's making: what the page shows goes before it.
    pub touched: Option<(Published, &'static str)>,
    pub origin: Option<(String, &'static str)>,
    pub author: Option<String>,
    /// The column and the site: no titles.
    pub names: Vec<String>,
}

const TITLES: [(&str, &str); 2] = [
    ("articletitle", "meta ArticleTitle"),
    ("pagetitle", "meta pageTitle"),
];

const TITLE_HINTS: [&str; 6] = [
    "og:title",
    "twitter:title",
    "dc.title",
    "headline",
    "title",
    "citation_title",
];

/// The more they say publication, the earlier they stand.
const DATES: [(&str, &str); 20] = [
    ("pubdate", "meta PubDate"),
    ("publishdate", "meta PublishDate"),
    ("publish_date", "meta publish_date"),
    ("publish_time", "meta publish_time"),
    ("article:published_time", "meta article:published_time"),
    (
        "og:article:published_time",
        "meta og:article:published_time",
    ),
    ("datepublished", "meta datePublished"),
    ("og:release_date", "meta og:release_date"),
    ("dc.date.issued", "meta DC.date.issued"),
    ("dcterms.issued", "meta DCTERMS.issued"),
    ("dcterms.created", "meta DCTERMS.created"),
    ("dc.date", "meta DC.date"),
    (
        "citation_publication_date",
        "meta citation_publication_date",
    ),
    ("citation_online_date", "meta citation_online_date"),
    ("parsely-pub-date", "meta parsely-pub-date"),
    ("weibo: article:create_at", "meta weibo: article:create_at"),
    ("docdate", "meta docdate"),
    ("createdate", "meta createdate"),
    ("_pubtime", "meta _pubtime"),
    ("date", WEAKEST),
];

const WEAKEST: &str = "meta date";

const ORIGINS: [(&str, &str); 3] = [
    ("contentsource", "meta ContentSource"),
    ("content_source", "meta content_source"),
    ("source", "meta source"),
];

const NAMES: [&str; 7] = [
    "sitename",
    "columnname",
    "og:site_name",
    "application-name",
    "columntype",
    "site",
    "apple-mobile-web-app-title",
];

/// Reads what the page declares.
pub(super) fn read(outline: &Outline<'_>, context: &DateContext<'_>) -> Declared {
    let mut declared = Declared::default();
    let metas: Vec<(String, &str)> = outline
        .metas
        .iter()
        .map(|(name, content)| (name.trim().to_ascii_lowercase(), content.trim()))
        .filter(|(_, content)| !content.is_empty() && content.len() < 2_000)
        .collect();
    let first = |wanted: &str| {
        metas
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, content)| *content)
    };
    declared.title = TITLES
        .iter()
        .find_map(|(name, how)| Some((plain(first(name)?)?, *how)));
    declared.hints = TITLE_HINTS
        .iter()
        .filter_map(|name| plain(first(name)?))
        .collect();
    declared.published = DATES
        .iter()
        .find_map(|(name, how)| Some((dates::declared(first(name)?, context)?, *how)));
    // some templates write the day of the visit there
    declared.touched = declared
        .published
        .take_if(|(date, how)| *how == WEAKEST && date.day() == context.today());
    declared.origin = ORIGINS.iter().find_map(|(name, how)| {
        Some((plain(first(name)?).filter(|origin| is_name(origin))?, *how))
    });
    declared.author = ["author", "article:author", "dc.creator", "citation_author"]
        .iter()
        .find_map(|name| plain(first(name)?))
        .filter(|author| is_name(author));
    declared.names = NAMES
        .iter()
        .filter_map(|name| plain(first(name)?))
        .collect();
    let mut linked = Vec::new();
    for element in &outline.linked_data {
        let json = element.raw_text();
        if json.len() <= MOST_JSON
            && let Ok(value) = serde_json::from_str::<Value>(json.trim())
        {
            declared.linked(&value, context, 4, &mut linked);
        }
    }
    if let Some(article) = own(linked, outline, &declared.hints) {
        declared.hints.extend(article.headline);
        let date = article.published.map(|date| (date, JSON_LD));
        declared.published = declared.published.or(date);
        declared.author = declared.author.take().or(article.author);
    }
    declared
}

const JSON_LD: &str = "JSON-LD datePublished";

/// An article in JSON-LD.
#[derive(Debug)]
struct Linked {
    headline: Option<String>,
    published: Option<Published>,
    author: Option<String>,
}

/// The one of the page's articles that is its own: the one that is called like the page, or else the only one. Boxes of
/// other stories are declared too.
fn own(mut linked: Vec<Linked>, outline: &Outline<'_>, hints: &[String]) -> Option<Linked> {
    let titles: Vec<String> = hints
        .iter()
        .chain([&outline.title])
        .map(|title| heading::key(title))
        .collect();
    let is_called_so = |article: &Linked| {
        let headline = heading::key(article.headline.as_deref().unwrap_or_default());
        headline.chars().count() >= 4
            && titles.iter().any(|title| {
                title.contains(&headline) || title.len() > 12 && headline.contains(title.as_str())
            })
    };
    let named = linked.iter().position(is_called_so);
    let alone = linked.len() == 1
        || linked.windows(2).all(|two| {
            two[0].published.map(Published::day) == two[1].published.map(Published::day)
        });
    let index = named.or_else(|| (alone && !linked.is_empty()).then_some(0))?;
    Some(linked.swap_remove(index))
}

impl Declared {
    /// Takes the articles' properties out of JSON-LD, which may nest them in lists and graphs.
    fn linked(
        &mut self,
        value: &Value,
        context: &DateContext<'_>,
        depth: u8,
        articles: &mut Vec<Linked>,
    ) {
        /// More are a list.
        const MOST: usize = 50;
        let inner = match value {
            Value::Array(list) => list.as_slice(),
            Value::Object(map) => {
                let kind = map.get("@type");
                let date = || {
                    ["datePublished", "pubDate", "dateCreated"]
                        .iter()
                        .find_map(|name| dates::declared(map.get(*name)?.as_str()?, context))
                };
                if is_kind(kind, is_article) {
                    if articles.len() < MOST {
                        articles.push(linked_article(map, date()));
                    }
                } else if kind.is_none() || is_kind(kind, |kind| kind.ends_with("Page")) {
                    // of the page, which may be older or younger than what it shows
                    if map.contains_key("datePublished") {
                        let date = date().map(|date| (date, JSON_LD));
                        self.touched = self.touched.or(date);
                    }
                } else if !is_kind(kind, |kind| kind == "Event" || kind == "ListItem")
                    && let Some(name) = map.get("name").and_then(Value::as_str).and_then(plain)
                {
                    self.names.push(name);
                }
                if depth > 0
                    && let Some(entity) = map.get("mainEntity")
                {
                    self.linked(entity, context, depth - 1, articles);
                }
                map.get("@graph")
                    .and_then(Value::as_array)
                    .map_or(&[][..], Vec::as_slice)
            }
            _ => &[],
        };
        if depth > 0 {
            for value in inner.iter().take(MOST) {
                self.linked(value, context, depth - 1, articles);
            }
        }
    }
}

fn linked_article(map: &serde_json::Map<String, Value>, published: Option<Published>) -> Linked {
    let text = |name: &str| map.get(name).and_then(Value::as_str).and_then(plain);
    let author = map
        .get("author")
        .map(|author| author.get(0).unwrap_or(author));
    let name = author.and_then(|author| author.as_str().or_else(|| author.get("name")?.as_str()));
    Linked {
        headline: text("headline").or_else(|| text("title")),
        published,
        author: name.and_then(plain).filter(|name| is_name(name)),
    }
}

/// Whether a type, or one of several, is of that kind.
fn is_kind(kind: Option<&Value>, is_it: impl Fn(&str) -> bool) -> bool {
    let says = |kind: &Value| kind.as_str().is_some_and(&is_it);
    kind.is_some_and(|kind| {
        says(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(says))
    })
}

fn is_article(kind: &str) -> bool {
    kind.ends_with("Article") || kind.ends_with("Posting") || kind == "Report"
}

/// A name, no address and no story.
fn is_name(value: &str) -> bool {
    !value.contains("://")
        && value.chars().count() <= 60
        && value.chars().any(char::is_alphabetic)
        && !matches!(value, "null" | "undefined" | "无" | "暂无" | "admin")
}

/// A value without the markup and the entities that some systems leave in it.
fn plain(value: &str) -> Option<String> {
    let mut all = String::with_capacity(value.len());
    let mut in_tag = false;
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' if chars
                .peek()
                .is_some_and(|next| next.is_ascii_alphabetic() || *next == '/') =>
            {
                in_tag = true;
            }
            '>' if in_tag => in_tag = false,
            c if !in_tag => all.push(c),
            _ => {}
        }
    }
    if all.contains('&') {
        for (entity, c) in [
            ("&nbsp;", " "),
            ("&ldquo;", "“"),
            ("&rdquo;", "”"),
            ("&quot;", "\""),
            ("&mdash;", "—"),
            ("&middot;", "·"),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&#39;", "'"),
            ("&amp;", "&"),
        ] {
            all = all.replace(entity, c);
        }
    }
    let all = text::fold(&all);
    (!all.is_empty()).then_some(all)
}
