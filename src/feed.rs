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
    /// Its title.
    pub title: String,
    /// What it is about: the list page of a source, the front page for merged feeds.
    pub home: Url,
    /// Its language (BCP 47).
    pub lang: &'static str,
    /// Its date while it has no entry.
    pub born: Timestamp,
    /// Whether it carries several sources, and therefore names each entry's.
    pub merged: bool,
    /// The entries, newest first.
    pub entries: Vec<Entry>,
}

impl Feed {
    /// Where one format of it is found.
    pub fn address_of(&self, format: Format) -> String {
        format!("{}.{}", self.address, format.ending())
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
