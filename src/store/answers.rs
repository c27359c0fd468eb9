//! What the store answers with, and what it is asked by.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use jiff::Timestamp;
use url::Url;

use crate::{
    article::{Article, ArticleId},
    journal::{self, Event},
    source::{
        SourceId,
        state::{SourceState, SourceValidators},
    },
};

/// How large parts of a store may grow.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// sled's cache. A few hundred bytes for each article come on top.
    pub cache_bytes: u64,
    /// A journal segment: retention drops whole ones.
    pub segment_bytes: u32,
    /// How many bytes the disk of a folder has left.
    pub room: fn(&Path) -> io::Result<u64>,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            segment_bytes: journal::SEGMENT_BYTES,
            room: super::room::left,
        }
    }
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
    /// One source's under all ids that it has had, the present one first.
    Renamed(Vec<SourceId>),
    /// Those of several sources, each story once.
    Sources(Vec<SourceId>),
    /// All, each story once.
    All,
}

/// Which of a scope's entries are taken, from the newest on.
pub struct Choice<'a> {
    /// So many are passed over,
    pub skip: usize,
    /// and so many taken,
    pub limit: usize,
    /// of those that this keeps, if it is there.
    pub keep: Option<&'a dyn Fn(&Article) -> bool>,
    /// So many are looked at, however many are found.
    pub looked_at: usize,
    /// Turns true where nobody waits for the answer any more: what was found by then will do.
    pub abandoned: Option<&'a AtomicBool>,
}

impl Choice<'_> {
    /// Whether nobody waits for the answer any more.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
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

/// A document of a feed's past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// What it holds, in feed order.
    pub entries: Vec<Entry>,
    /// The first article of the document before.
    pub earlier: Option<ArticleId>,
    /// The first article of the document after, if that is one that stays.
    pub later: Option<ArticleId>,
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
    /// What each of them showed last in its list, see [`Known::line`].
    pub lines: Vec<Option<u64>>,
    /// When its page is to be read once more, if ever. For a page that could not be read: `next_reading`.
    pub next_check: Option<Timestamp>,
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
    /// The record of what it says was damaged: it is to be read as if it were new.
    pub fn is_lost(&self) -> bool {
        !self.complete && self.attempts == 0
    }

    pub(super) fn expired(id: ArticleId) -> Self {
        Self {
            id,
            sources: Vec::new(),
            lines: Vec::new(),
            next_check: None,
            complete: true,
            attempts: 0,
            next_reading: None,
            withdrawn: None,
            expired: true,
        }
    }

    /// [`crate::story::content::line`] of what a source's list showed last, where that was noted.
    pub fn line(&self, source: &SourceId) -> Option<u64> {
        let at = self.sources.iter().position(|other| other == source)?;
        self.lines.get(at).copied().flatten()
    }
}

/// An article whose page is due to be read once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// As it reads as far as is known.
    pub article: Article,
    /// [`crate::story::content::content`] of that.
    pub content: u64,
    /// What its page's server gave with the last reading.
    pub validators: SourceValidators,
    /// [`crate::story::content::line`] of what its lists showed last, where that was noted.
    pub lines: Vec<Option<u64>>,
    /// How often in a row the page was not there.
    pub misses: u32,
    /// Since when.
    pub missing_since: Option<Timestamp>,
    /// When it was found to be gone.
    pub withdrawn: Option<Timestamp>,
}

/// What a poll has learnt of an article and what is no event: it can be lost without losing anything of the article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Its page was read, and says what is kept or what an event of the same batch says.
    Read {
        /// The article.
        id: ArticleId,
        /// When.
        at: Timestamp,
        /// What the page's server gave.
        validators: SourceValidators,
    },
    /// Its page was not there (404, 410, "已删除").
    Missing {
        /// The article.
        id: ArticleId,
        /// When.
        at: Timestamp,
    },
    /// Its page could not be had, which says nothing of the article.
    Unread {
        /// The article.
        id: ArticleId,
        /// When.
        at: Timestamp,
    },
    /// Its list shows this of it. Another line than the last time makes it due to be read at once.
    Line {
        /// The article.
        id: ArticleId,
        /// Whose list.
        source: SourceId,
        /// [`crate::story::content::line`].
        line: u64,
        /// When.
        at: Timestamp,
    },
}

/// What is recorded together: all of it or, after a crash, nothing.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What happened, first.
    pub events: Vec<Event>,
    /// What was learnt beside it, then.
    pub notes: Vec<Note>,
    /// What a poll learnt of its source.
    pub state: Option<(SourceId, SourceState)>,
}

/// What a compaction came to, in bytes of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Before.
    pub before_bytes: u64,
    /// After.
    pub after_bytes: u64,
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
