//! What was learnt, in sled: the view of the journal that answers questions fast.
//!
//! In: events, from polls. Out: whether an address is known, the newest articles of a source, of a group, of all with
//! each story once, what is due to be read again. The folder of a store holds `journal/` (the truth, see
//! [`crate::journal`]), `store/` (sled; small rows only, each article's text stays in the journal) and `lock`.
//!
//! One thread writes. What arrives together is made durable together: appended to the journal, flushed there, applied
//! to sled in one atomic batch, flushed there, and only then answered. Reading takes no detour: it is synchronous,
//! waits for the disk, and belongs into `tokio::task::spawn_blocking`.
//!
//! A database that will not open (sled 0.34 can panic there), that misses rows, or that another version wrote, is set
//! aside and made again from the journal. What only the database knows, each source's [`SourceState`] and the counts of
//! failed readings, is lost then, and learnt again by the next polls.

mod apply;
mod bands;
mod change;
mod expire;
mod keys;
mod open;
mod read;
mod records;
mod stories;
mod view;
mod writer;

use std::{
    collections::{BTreeSet, HashMap},
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use self::{records::nanos, view::View, writer::Command};
use crate::{
    article::{Article, ArticleId},
    journal::{Event, JournalError},
    source::{SourceId, state::SourceState},
};

/// Commands that wait for the writer; who sends more waits for room.
const WAITING: usize = 256;

/// Why the store could not do what it was asked. Cheap to clone: all that wait for one batch are told the same.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error(
        "the store in {} is in use by another process; stop that one, or give this one another folder (`[store] path`)",
        path.display()
    )]
    Locked {
        /// The store's folder.
        path: PathBuf,
    },
    /// The folder does not let this process write.
    #[error(
        "the store's folder {} is not writable for this user; change its owner, or name another folder (`[store] path`)",
        path.display()
    )]
    NotWritable {
        /// The folder, or the file in it.
        path: PathBuf,
        /// The cause.
        source: Arc<io::Error>,
    },
    /// The file system refused.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// The cause.
        source: Arc<io::Error>,
    },
    /// The database is damaged. The next start makes it again from the journal.
    #[error("the store in {} is damaged ({why}); the next start makes it again from its journal", path.display())]
    Damaged {
        /// sled's folder.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// The journal could not do its part.
    #[error(transparent)]
    Journal(Arc<JournalError>),
    /// It was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| {
            let source = Arc::new(error);
            match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Self::NotWritable { path, source }
                }
                _ => Self::Io { what, path, source },
            }
        }
    }
}

impl From<JournalError> for StoreError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Io { what, path, source } => Self::io(what, &path)(source),
            other => Self::Journal(Arc::new(other)),
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
    fn expired(id: ArticleId) -> Self {
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

/// The store of one daemon.
pub struct Store {
    view: Arc<View>,
    commands: Mutex<Option<mpsc::Sender<Command>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in a folder, which is made if absent. Waits for the disk; a store that must be made again from
    /// its journal takes minutes for a million articles.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process has it, [`StoreError::NotWritable`] or [`StoreError::Io`] if the
    /// file system refuses, [`StoreError::Journal`] if the journal is of a later version.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<(Self, OpenReport), StoreError> {
        Self::open_with(path, cache_bytes, &mut |_| {})
    }

    /// As [`Store::open`], and tells how far it has come with what takes long.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(
        path: &Path,
        cache_bytes: u64,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, OpenReport), StoreError> {
        let opened = open::open(path, cache_bytes, progress)?;
        let view = Arc::new(opened.view);
        let (commands, waiting) = mpsc::channel(WAITING);
        let writer = writer::start(Arc::clone(&view), opened.journal, waiting)
            .map_err(StoreError::io("start the writer of", path))?;
        let store = Self {
            view,
            commands: Mutex::new(Some(commands)),
            writer: Mutex::new(Some(writer)),
        };
        Ok((store, opened.report))
    }

    /// Keeps events, and what a poll learnt of its source. Returns when they survive a power cut.
    ///
    /// Events that were recorded before change nothing. An article that is published again by another source is
    /// listed by both from then on; a revision of an article that was never published publishes it.
    ///
    /// # Errors
    /// The disk is full or broken: nothing of it is kept then. The store is closed or damaged.
    pub async fn record(
        &self,
        events: Vec<Event>,
        state: Option<(SourceId, SourceState)>,
    ) -> Result<Recorded, StoreError> {
        self.ask(|reply| Command::Record {
            events,
            state: state.map(Box::new),
            reply,
        })
        .await
    }

    /// Notes that reading these articles' pages has failed again: each is tried later than the last time.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn record_attempts(
        &self,
        articles: Vec<ArticleId>,
        failed_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask(|reply| Command::Attempts {
            articles,
            failed_at,
            reply,
        })
        .await
    }

    /// Lets go of articles older than so many days, and of each source's oldest beyond so many, and of journal
    /// segments that speak of nothing younger. Returns how many articles went. In batches: what else is recorded
    /// meanwhile does not wait for all of it.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn expire(
        &self,
        now: Timestamp,
        keep_days: u32,
        keep_per_source: u32,
    ) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let rule = expire::Rule {
                now,
                before: expire::days_before(now, keep_days),
                keep_per_source: u64::from(keep_per_source),
            };
            let batch: u64 = self.ask(|reply| Command::Expire { rule, reply }).await?;
            if batch == 0 {
                return Ok(gone);
            }
            gone += batch;
        }
    }

    /// What is known of addresses, in the order asked.
    ///
    /// # Errors
    /// The disk is broken, the store damaged.
    pub fn known(&self, ids: &[ArticleId]) -> Result<Vec<Option<Known>>, StoreError> {
        read::known(&self.view, ids)
    }

    /// An article by its id, or by the id of an address that it was moved to.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn article(&self, id: ArticleId) -> Result<Option<Article>, StoreError> {
        Ok(self.entry(id)?.map(|entry| entry.article))
    }

    /// As [`Store::article`], with where else its story is told.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn entry(&self, id: ArticleId) -> Result<Option<Entry>, StoreError> {
        read::by_id(&self.view, id)
    }

    /// The newest articles: by their place ([`Article::sorted_at`]) downwards, those of one time by permalink.
    /// Pages count from 0.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn newest(
        &self,
        scope: &Scope,
        limit: usize,
        page: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        read::newest(&self.view, scope, limit, page)
    }

    /// A number that grows exactly when something that the scope's feeds show has changed. From memory.
    pub fn generation(&self, scope: &Scope) -> u64 {
        let sources = self.view.sources();
        let of = |id: &SourceId| {
            let row = sources.number(id).and_then(|number| sources.row(number));
            row.map_or(0, |row| row.generation)
        };
        match scope {
            Scope::Source(id) => of(id),
            // each batch has a number of its own, so the latest moves whenever one of them does
            Scope::Sources(ids) => ids.iter().map(of).max().unwrap_or(0),
            Scope::All => sources.generation,
        }
    }

    /// How many articles a source lists. From memory.
    pub fn counts(&self, source: &SourceId) -> u64 {
        let sources = self.view.sources();
        let row = sources
            .number(source)
            .and_then(|number| sources.row(number));
        row.map_or(0, |row| row.articles)
    }

    /// What polling learnt of a source. From memory.
    pub fn state(&self, source: &SourceId) -> Option<SourceState> {
        let sources = self.view.sources();
        let number = sources.number(source)?;
        sources.states.get(&number).cloned()
    }

    /// What polling learnt of all sources. From memory.
    pub fn states(&self) -> HashMap<SourceId, SourceState> {
        self.view.states().into_iter().collect()
    }

    /// A source's articles whose page is due to be read again, the longest due first.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn incomplete(
        &self,
        source: &SourceId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Article>, StoreError> {
        read::incomplete(&self.view, source, nanos(now), limit)
    }

    /// What the configuration calls the sources: it decides, beside the titles learnt from list pages, whether a
    /// source is the original publisher that an article names. Feeds made before are to be made anew.
    pub fn name_sources(&self, names: HashMap<SourceId, Vec<String>>) {
        self.view.set_names(names);
    }

    /// Finishes what was asked, flushes, and stops the writer. Recording fails from then on; reading goes on until the
    /// store is dropped, and only then may another process open it.
    ///
    /// # Errors
    /// The writer had panicked.
    pub async fn close(&self) -> Result<(), StoreError> {
        let Some(writer) = self.stop() else {
            return Ok(());
        };
        let joined = tokio::task::spawn_blocking(move || writer.join()).await;
        match joined {
            Ok(Ok(())) => Ok(()),
            _ => Err(StoreError::Closed),
        }
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let commands = self
            .commands
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let commands = commands.ok_or(StoreError::Closed)?;
        commands
            .send(command(reply))
            .await
            .map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    fn stop(&self) -> Option<JoinHandle<()>> {
        drop(
            self.commands
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        self.writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(writer) = self.stop() {
            // a panic of the writer was told by the panic itself
            let _ = writer.join();
        }
    }
}
