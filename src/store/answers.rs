//! What the store answers with, and what it is asked by.

use std::{collections::BTreeSet, path::PathBuf};

use jiff::Timestamp;
use url::Url;

use crate::{
    article::{Article, ArticleId},
    source::SourceId,
};

/// How large parts of a store may grow.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// sled's cache. A few hundred bytes for each article come on top.
    pub cache_bytes: u64,
    /// A journal segment: retention drops whole ones.
    pub segment_bytes: u32,
}

/// What opening a store found and did.
#[derive(Clone, Debug, Default)]
pub struct OpenReport {
    /// What an operator should know, a sentence each: repairs, damage, a database made again.
    pub notes: Vec<String>,
    /// Where a database that would not open was moved.
    pub set_aside: Option<PathBuf>,
    /// How many events of the journal were applied while opening.
    pub replayed: u64,
    /// How many articles there are.
    pub articles: u64,
}

/// How far making the database again has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the journal that were read.
    pub done_bytes: u64,
    /// Bytes of the journal that are to be read.
    pub total_bytes: u64,
    /// Events that were applied.
    pub events: u64,
}

/// Which articles are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One source's.
    Source(SourceId),
    /// Those of several sources, each story once.
    Sources(Vec<SourceId>),
    /// All, each story once.
    All,
}

/// An article as it stands in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The article, as it reads now. `source` and `sorted_at` are those of the listing by which it is in this feed.
    pub article: Article,
    /// The same story elsewhere, the first seen first.
    pub also: Vec<Also>,
    /// When it was gone from its site.
    pub withdrawn: Option<Timestamp>,
}

/// The same article elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Also {
    /// The other source.
    pub source: SourceId,
    /// The other address.
    pub url: Url,
    /// The other title.
    pub title: String,
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The article's id: another than was asked for where that address was moved to.
    pub id: ArticleId,
    /// The sources that list it, in the order in which they did.
    pub sources: Vec<SourceId>,
    /// Whether its own page was read.
    pub complete: bool,
    /// How often reading its page has failed.
    pub attempts: u32,
    /// When its page is to be read again, if it was not.
    pub next_reading: Option<Timestamp>,
    /// When it was gone from its site.
    pub withdrawn: Option<Timestamp>,
    /// Retention let go of it: it is not to be published again, however long its source lists it.
    pub expired: bool,
}

impl Known {
    pub(super) fn expired(id: ArticleId) -> Self {
        Self {
            id,
            sources: Vec::new(),
            complete: true,
            attempts: 0,
            next_reading: None,
            withdrawn: None,
            expired: true,
        }
    }
}

/// What recording changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The articles that were new.
    pub published: Vec<ArticleId>,
    /// How many events changed anything.
    pub changed: u32,
    /// The sources whose feeds change, also those whose articles tell a story that changed.
    pub touched: BTreeSet<SourceId>,
}
