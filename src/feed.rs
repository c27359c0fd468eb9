//! What we publish: a feed document of entries, in one of three formats.
//!
//! In: a [`Feed`] of articles, newest first. Out: bytes that depend on nothing else, so equal entries give equal
//! bytes and the `ETag` made of them is honest. The formats are [`rss`](mod@rss) (RSS 2.0), [`atom`] (RFC 4287) and
//! [`json`] (JSON Feed 1.1); [`opml`] lists feeds.

pub mod atom;
pub mod entry;
pub mod json;
pub mod opml;
pub mod rss;
mod xml;

use jiff::Timestamp;
use url::Url;

pub use self::entry::{Also, Entry};

/// What `<generator>` says.
const GENERATOR: &str = "schoolbell";

/// The name space of RFC 5005.
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// A feed document's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0, RFC 4287.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    /// The address's ending, without the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Json => "json",
        }
    }

    /// The format of an address's ending.
    pub fn of_ending(ending: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.ending() == ending)
    }

    /// The `Content-Type` that it is served with.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json; charset=utf-8",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
        }
    }
}

/// A feed, whatever its format.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its address without the format's ending, for example `https://bell.example/feeds/jyt-news`.
    pub address: String,
    /// The part of a query that narrows it, without `?`; empty where nothing does.
    pub narrowing: String,
    /// What the query of its addresses must say for a reader to be let in, `token=…`. It stands in links, and is no part
    /// of what tells the feed from others.
    pub access: Option<String>,
    /// Which of its documents this is.
    pub pages: Pages,
    /// Its title.
    pub title: String,
    /// What it is about: the list page of a source, the front page for merged feeds.
    pub home: Url,
    /// The hub that delivers it to subscribers (W3C WebSub).
    pub hub: Option<String>,
    /// Its language (BCP 47).
    pub lang: &'static str,
    /// Its date while it has no entry.
    pub born: Timestamp,
    /// Whether it carries several sources, and therefore names each entry's.
    pub merged: bool,
    /// The entries, newest first.
    pub entries: Vec<Entry>,
}

/// A document's place among those of its feed (RFC 5005). Parts are what an address's query says of them, `page=2`.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// This document's part; none for the one that readers subscribe to.
    pub this: Option<String>,
    /// Whether this is an archive: a document that stays as it is.
    pub archive: bool,
    /// The entries before these, if there are any (section 3).
    pub next: Option<String>,
    /// The entries after these (section 3): `Some(None)` is the document that readers subscribe to.
    pub previous: Option<Option<String>>,
    /// The archive before (section 4).
    pub prev_archive: Option<String>,
    /// The archive after.
    pub next_archive: Option<String>,
}

/// The media type of what a link leads to: documents of the feed, all but the hub.
fn linked_type(rel: &str, feeds: &'static str) -> Option<&'static str> {
    (rel != "hub").then_some(feeds)
}

impl Feed {
    /// The address of one format of it, which tells it from others.
    pub fn address_of(&self, format: Format) -> String {
        self.address_of_part(format, None)
    }

    /// Where readers subscribe to one format of it.
    pub fn subscribed_at(&self, format: Format) -> String {
        self.opened(self.address_of(format))
    }

    /// An address on the same server, with what lets a reader in.
    pub fn opened(&self, mut address: String) -> String {
        if let Some(access) = &self.access {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(access);
        }
        address
    }

    fn address_of_part(&self, format: Format, part: Option<&str>) -> String {
        let mut address = format!("{}.{}", self.address, format.ending());
        let parts = [Some(self.narrowing.as_str()), part];
        for (said, separator) in parts
            .into_iter()
            .flatten()
            .filter(|said| !said.is_empty())
            .zip(['?', '&'])
        {
            address.push(separator);
            address.push_str(said);
        }
        address
    }

    /// The links to this document and to others of the feed, each with its relation.
    pub fn links(&self, format: Format) -> Vec<(&'static str, String)> {
        let pages = &self.pages;
        let at = |part: Option<&str>| self.opened(self.address_of_part(format, part));
        let of = |part: &String| at(Some(part));
        let mut links = vec![("self", at(pages.this.as_deref()))];
        links.extend(self.hub.clone().map(|hub| ("hub", hub)));
        if pages.archive {
            links.push(("current", at(None)));
        } else if pages.this.is_some() {
            links.push(("first", at(None)));
        }
        let previous = pages.previous.as_ref();
        let previous = previous.map(|part| at(part.as_deref()));
        links.extend(previous.map(|address| ("previous", address)));
        links.extend(pages.next.as_ref().map(|part| ("next", of(part))));
        links.extend(
            pages
                .prev_archive
                .as_ref()
                .map(|part| ("prev-archive", of(part))),
        );
        links.extend(
            pages
                .next_archive
                .as_ref()
                .map(|part| ("next-archive", of(part))),
        );
        links
    }

    /// The newest change of any entry, or the feed's birth: Atom's `updated`, RSS's `lastBuildDate`.
    pub fn changed(&self) -> Timestamp {
        self.entries
            .iter()
            .map(Entry::changed)
            .max()
            .unwrap_or(self.born)
    }

    /// The document's bytes.
    pub fn render(&self, format: Format) -> Vec<u8> {
        match format {
            Format::Rss => rss::render(self),
            Format::Atom => atom::render(self),
            Format::Json => json::render(self),
        }
    }
}
