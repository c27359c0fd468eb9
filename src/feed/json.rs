//! JSON Feed 1.1 (jsonfeed.org), with an extension object `_schoolbell` on each item: `source`, `origin`,
//! `date_from` and `also`, as the contract names them, and `withdrawn`, the time when an article was found to be gone.

use jiff::Timestamp;
use serde::Serialize;

use super::{Entry, Feed, Format};
use crate::article::dates::DateFrom;

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    // the entries before these (JSON Feed 1.1, "Pagination")
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    // where it can be subscribed to (JSON Feed 1.1, "Subscribing to Real-time Notifications")
    #[serde(skip_serializing_if = "Option::is_none")]
    hubs: Option<[Hub<'a>; 1]>,
    language: &'static str,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<String>,
    // an item must have one of the two (JSON Feed 1.1, "Items")
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<[Author<'a>; 1]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    _schoolbell: Extension<'a>,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
}

#[derive(Serialize)]
struct Extension<'a> {
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_from: Option<DateFrom>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Also<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<Timestamp>,
}

#[derive(Serialize)]
struct Also<'a> {
    source: &'a str,
    url: &'a str,
    title: &'a str,
}

/// The document's bytes.
#[expect(clippy::missing_panics_doc, reason = "writing to memory does not fail")]
pub fn render(feed: &Feed) -> Vec<u8> {
    let document = Document {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        home_page_url: feed.home.as_str(),
        feed_url: feed.subscribed_at(Format::Json),
        next_url: feed
            .links(Format::Json)
            .into_iter()
            .find_map(|(rel, href)| matches!(rel, "next").then_some(href)),
        hubs: feed.hub.as_deref().map(|url| {
            [Hub {
                kind: "WebSub",
                url,
            }]
        }),
        language: feed.lang,
        items: feed.entries.iter().map(item).collect(),
    };
    serde_json::to_vec(&document).expect("the document has string keys only, and memory takes it")
}

fn item(entry: &Entry) -> Item<'_> {
    let article = &entry.article;
    let content_html = entry.html();
    let date =
        |at: jiff::ZonedDateTime| at.timestamp().display_with_offset(at.offset()).to_string();
    Item {
        id: entry.urn(),
        url: article.url.as_str(),
        title: entry.title(),
        content_text: content_html.is_none().then_some(entry.title()),
        content_html,
        summary: entry.summary().unwrap_or_default(),
        date_published: date(entry.published()),
        date_modified: article.updated.is_some().then(|| date(entry.updated())),
        authors: entry.creator().map(|name| [Author { name }]),
        tags: entry.categories().collect(),
        attachments: article
            .attachments
            .iter()
            .map(|file| Attachment {
                url: file.url.as_str(),
                mime_type: &file.media_type,
                title: &file.title,
            })
            .collect(),
        _schoolbell: Extension {
            source: article.source.as_str(),
            origin: article.origin.as_deref(),
            date_from: article.date_from,
            also: entry
                .also
                .iter()
                .map(|also| Also {
                    source: also.source.as_str(),
                    url: also.url.as_str(),
                    title: &also.title,
                })
                .collect(),
            withdrawn: entry.withdrawn,
        },
    }
}
