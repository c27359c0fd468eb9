//! What a page declares about its article, for machines: government `<meta>` names (`ArticleTitle`, `PubDate`,
//! `ContentSource`, `ColumnName`), JSON-LD (schema.org), `OpenGraph` and the like.
//!
//! In: the page's [`Outline`]. Out: [`Declared`]. Empty values, which templates leave behind, are none.

use serde_json::Value;

use super::{
    dates::{self, DateContext, Published},
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
    ("date", "meta date"),
];

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
    for element in &outline.linked_data {
        let json = element.raw_text();
        if json.len() <= MOST_JSON
            && let Ok(value) = serde_json::from_str::<Value>(json.trim())
        {
            declared.linked(&value, context, 4);
        }
    }
    declared
}

impl Declared {
    /// Takes an article's properties out of JSON-LD, which may nest it in lists and graphs.
    fn linked(&mut self, value: &Value, context: &DateContext<'_>, depth: u8) {
        let inner = match value {
            Value::Array(list) => list.as_slice(),
            Value::Object(map) => {
                if is_article(map.get("@type")) || map.contains_key("datePublished") {
                    self.linked_article(map, context);
                } else if let Some(name) = map.get("name").and_then(Value::as_str).and_then(plain) {
                    self.names.push(name);
                }
                map.get("@graph")
                    .and_then(Value::as_array)
                    .map_or(&[][..], Vec::as_slice)
            }
            _ => &[],
        };
        if depth > 0 {
            for value in inner.iter().take(50) {
                self.linked(value, context, depth - 1);
            }
        }
    }

    fn linked_article(&mut self, map: &serde_json::Map<String, Value>, context: &DateContext<'_>) {
        let text = |name: &str| map.get(name).and_then(Value::as_str).and_then(plain);
        if let Some(headline) = text("headline").or_else(|| text("title")) {
            self.hints.push(headline);
        }
        if self.published.is_none() {
            let date = ["datePublished", "pubDate", "dateCreated"]
                .iter()
                .find_map(|name| dates::declared(&text(name)?, context));
            self.published = date.map(|date| (date, "JSON-LD datePublished"));
        }
        if self.author.is_none() {
            let author = map
                .get("author")
                .map(|author| author.get(0).unwrap_or(author));
            let name =
                author.and_then(|author| author.as_str().or_else(|| author.get("name")?.as_str()));
            self.author = name.and_then(plain).filter(|name| is_name(name));
        }
    }
}

fn is_article(kind: Option<&Value>) -> bool {
    let says = |kind: &Value| {
        kind.as_str().is_some_and(|kind| {
            kind.ends_with("Article") || kind.ends_with("Posting") || kind == "Report"
        })
    };
    kind.is_some_and(|kind| {
        says(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(says))
    })
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
