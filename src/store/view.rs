//! The database itself: rows in, rows out, batches made durable. The one file that calls sled, with `open`.
//!
//! sled 0.34 reports damage in two ways, as an error and as a panic. Both become [`StoreError::Damaged`] here, and a
//! mark is left beside the database, so that the next start rebuilds it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io,
    ops::RangeInclusive,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard},
};

use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::{
    StoreError,
    behind::{self, Behind},
    change::Finished,
    index::{self, Index, Mark},
    keys::{self, Key},
    lines,
    records::{self, ArticleRow, IdRow, MetaRow, SourceRow, StateRow},
    search::News,
    subscriptions,
    together::Merging,
};
use crate::{
    article::ArticleId,
    journal::{Position, Reader},
    source::{SourceId, state::SourceState},
    websub::Subscription,
};

/// Rows that are read or copied in one step.
const ROWS_AT_ONCE: usize = 4096;

/// What changes together: a value for each key, or its removal.
pub(super) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The database, for reading from any thread and for writing from one.
pub(super) struct View {
    /// sled, open. It is exchanged when it has refused a write, or when a smaller one was made.
    database: RwLock<Result<sled::Db, StoreError>>,
    dir: PathBuf,
    pub(super) journal: Reader,
    /// Held while a batch is applied, so that no reader sees half of one.
    gate: RwLock<()>,
    sources: RwLock<Sources>,
    index: RwLock<Index>,
    /// Names of sources that only the configuration knows.
    names: RwLock<HashMap<SourceId, Vec<String>>>,
    merging: RwLock<Merging>,
    /// Articles whose record was met damaged, to be read anew: the writer takes them.
    unreadable: Mutex<BTreeSet<u64>>,
    /// What visits that find nothing new leave to be written, and need not read.
    pub(super) behind: Behind,
    /// Who is told of changed articles: the index for searching, where it is kept.
    news: OnceLock<Arc<News>>,
    /// The generation of all, for those who wait for the next.
    generation: watch::Sender<u64>,
    /// Held as long as the database is open; dropped last.
    _lock: Option<Arc<File>>,
}

/// All sources, in memory: few, and asked for with each request.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    pub(super) numbers: FxHashMap<SourceId, u32>,
    pub(super) rows: Vec<SourceRow>,
    pub(super) states: FxHashMap<u32, SourceState>,
    pub(super) generation: u64,
}

/// What a batch makes of the sources.
#[derive(Debug)]
pub(super) struct NewSources {
    /// Changed ones and new ones, in the order of their numbers.
    pub(super) rows: Vec<(u32, SourceRow)>,
    pub(super) states: Vec<(u32, SourceState)>,
    pub(super) generation: u64,
}

impl Sources {
    fn take(&mut self, new: NewSources) {
        for (number, row) in new.rows {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            if let Some(old) = self.rows.get_mut(at) {
                *old = row;
            } else {
                // numbers are given in order, so this one is the next
                self.numbers.insert(row.id.clone(), number);
                self.rows.push(row);
            }
        }
        self.states.extend(new.states);
        self.generation = new.generation;
    }

    pub(super) fn number(&self, id: &SourceId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(super) fn row(&self, number: u32) -> Option<&SourceRow> {
        self.rows.get(usize::try_from(number).ok()?)
    }
}

/// The mark that asks for rebuilding at the next start.
pub(super) fn damage_mark(dir: &Path) -> PathBuf {
    dir.join("damaged")
}

impl View {
    /// Takes an open database.
    pub(super) fn new(
        db: sled::Db,
        dir: &Path,
        journal: Reader,
        lock: Option<Arc<File>>,
    ) -> Result<Self, StoreError> {
        let view = Self {
            database: RwLock::new(Ok(db)),
            dir: dir.to_owned(),
            journal,
            gate: RwLock::default(),
            sources: RwLock::default(),
            index: RwLock::default(),
            names: RwLock::default(),
            merging: RwLock::default(),
            unreadable: Mutex::default(),
            behind: Behind::default(),
            news: OnceLock::new(),
            generation: watch::Sender::new(0),
            _lock: lock,
        };
        view.load()?;
        Ok(view)
    }

    /// What is held in memory, from the database.
    fn load(&self) -> Result<(), StoreError> {
        let mut sources = self.load_sources()?;
        let mut held = self.sources.write().unwrap_or_else(PoisonError::into_inner);
        for number in self.behind.waiting() {
            if let Some(state) = held.states.remove(&number) {
                sources.states.insert(number, state);
            }
        }
        *held = sources;
        drop(held);
        self.behind.forget_all();
        let index = Index::load(self)?;
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = index;
        Ok(())
    }

    /// Closes the database, makes another one and goes on with that. Who reads waits for so long. By the one who
    /// writes only.
    pub(super) fn exchange(
        &self,
        make: impl FnOnce() -> Result<sled::Db, StoreError>,
    ) -> Result<(), StoreError> {
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut held = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // sled closes with its last handle
        *held = Err(StoreError::Closed);
        *held = make();
        let failed = held.as_ref().err().cloned();
        drop(held);
        failed.map_or_else(|| self.load(), Err)
    }

    /// A handle that keeps sled open: not to be held longer than the gate.
    fn db(&self) -> Result<sled::Db, StoreError> {
        let held = self.database.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    /// No batch is applied while this is held.
    pub(super) fn steady(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sources(&self) -> RwLockReadGuard<'_, Sources> {
        self.sources.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The articles with a mark: those that count, in the order of their numbers.
    pub(super) fn marked(&self, mark: Mark) -> Result<Vec<u64>, StoreError> {
        let (mut articles, bucket) = {
            let index = self.index();
            let pending: Vec<u64> = index.pending(mark).collect();
            (pending, index.bucket(mark))
        };
        if let Some(bucket) = bucket {
            let merged = self.with_raw(&bucket.encode(), |bytes| {
                bytes.map(|bytes| index::find(bytes, mark))
            })?;
            articles.extend(merged.into_iter().flatten());
        }
        index::newest(&mut articles);
        Ok(articles)
    }

    /// Where an id leads.
    pub(super) fn led(&self, id: ArticleId) -> Result<Option<IdRow>, StoreError> {
        if let Some(led) = self.row(Key::Id(*id.as_bytes()))? {
            return Ok(Some(led));
        }
        for number in self.marked(Mark::id(id))? {
            let row: Option<ArticleRow> = self.row(Key::Article(number))?;
            if row.is_some_and(|row| row.article_id() == id) {
                return Ok(Some(IdRow::Article(number)));
            }
        }
        Ok(None)
    }

    pub(super) fn set_names(&self, names: HashMap<SourceId, Vec<String>>) {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    pub(super) fn set_merging(&self, merging: Merging) {
        *self.merging.write().unwrap_or_else(PoisonError::into_inner) = merging;
    }

    pub(super) fn merging(&self) -> RwLockReadGuard<'_, Merging> {
        self.merging.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the journal's record with an article's text is damaged.
    pub(super) fn note_unreadable(&self, articles: impl IntoIterator<Item = u64>) {
        let mut noted = self
            .unreadable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        noted.extend(articles);
    }

    /// The articles noted since the last call.
    pub(super) fn take_unreadable(&self) -> BTreeSet<u64> {
        let mut noted = self
            .unreadable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *noted)
    }

    /// Has changed articles told, to the first who asks for that.
    pub(super) fn listen(&self, news: Arc<News>) {
        // a store starts its index once
        let _ = self.news.set(news);
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    pub(super) fn news(&self) -> Option<&News> {
        self.news.get().map(AsRef::as_ref)
    }

    /// What a source is called, as configured and as learnt.
    pub(super) fn names(&self, id: &SourceId) -> Vec<String> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = names.get(id).cloned().unwrap_or_default();
        let sources = self.sources();
        let learnt = sources
            .number(id)
            .and_then(|n| sources.states.get(&n)?.title.clone());
        all.extend(learnt);
        all
    }

    pub(super) fn meta(&self) -> Result<MetaRow, StoreError> {
        Ok(self.row(Key::Meta)?.unwrap_or_default())
    }

    /// A row's bytes.
    pub(super) fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with_raw(key, |bytes| bytes.map(<[u8]>::to_vec))
    }

    fn with_raw<T>(
        &self,
        key: &[u8],
        read: impl FnOnce(Option<&[u8]>) -> T,
    ) -> Result<T, StoreError> {
        let db = self.db()?;
        let value = self.guarded(|| db.get(key))?;
        Ok(read(value.as_deref()))
    }

    /// A row.
    pub(super) fn row<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>, StoreError> {
        self.row_at(&key.encode())
    }

    /// A row by its encoded key.
    pub(super) fn row_at<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        let row = self.with_raw(key, |bytes| bytes.map(records::decode).transpose())?;
        row.map_err(|error| self.damaged(&error.to_string()))
    }

    /// A value that must be readable.
    pub(super) fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, StoreError> {
        records::decode(bytes).map_err(|error| self.damaged(&error.to_string()))
    }

    /// The rows of a range, one at a time from either end.
    pub(super) fn range(&self, range: RangeInclusive<Vec<u8>>) -> Rows<'_> {
        Rows {
            view: self,
            rows: Some(self.db().map(|db| db.range(range))),
        }
    }

    /// Applies a batch: all of it or, after a crash, nothing of it.
    pub(super) fn apply(&self, finished: Finished) -> Result<(), StoreError> {
        let Finished {
            writes,
            sources,
            entries,
        } = finished;
        self.apply_index(writes, |index| index.take(&entries))?;
        // after the rows: a reader that sees a new generation must see what moved it
        let mut held = self.sources.write().unwrap_or_else(PoisonError::into_inner);
        held.take(sources);
        let generation = held.generation;
        drop(held);
        self.generation.send_if_modified(|last| {
            let moved = *last != generation;
            *last = generation;
            moved
        });
        Ok(())
    }

    /// Applies rows, and what they change of the index.
    pub(super) fn apply_index(
        &self,
        writes: Writes,
        change: impl FnOnce(&mut Index),
    ) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        let stirred: BTreeSet<u32> = writes
            .keys()
            .filter_map(|key| behind::stirred_by(key))
            .collect();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let db = self.db()?;
        for source in stirred {
            self.behind.forget(source);
        }
        self.guarded(|| db.apply_batch(batch))?;
        change(&mut self.index.write().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    /// Makes what was applied survive a power cut.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        let db = self.db()?;
        match flush(&db, &self.dir) {
            Err(StoreError::Damaged { why, .. }) => Err(self.damaged(&why)),
            flushed => flushed,
        }
    }

    /// Whether it holds nothing at all.
    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.range(all_rows()).next().transpose()?.is_none())
    }

    /// The bytes of all rows: what a database would take that wastes nothing. In steps, between which batches are
    /// applied.
    pub(super) fn row_bytes(&self) -> Result<u64, StoreError> {
        let (mut total, mut from) = (0, Key::Meta.encode());
        loop {
            let _steady = self.steady();
            let mut last = None;
            for row in self
                .range(from..=all_rows().end().clone())
                .take(ROWS_AT_ONCE)
            {
                let (key, value) = row?;
                total += (key.len() + value.len()) as u64;
                last = Some(key);
            }
            let Some(last) = last else {
                return Ok(total);
            };
            from = last;
            from.push(0);
        }
    }

    /// Copies all rows into another database. By the one who writes only.
    pub(super) fn copy_to(&self, other: &sled::Db, dir: &Path) -> Result<(), StoreError> {
        let mut rows = self.range(all_rows()).peekable();
        while rows.peek().is_some() {
            let mut batch = sled::Batch::default();
            for row in rows.by_ref().take(ROWS_AT_ONCE) {
                let (key, value) = row?;
                batch.insert(key, value);
            }
            sound(dir, || other.apply_batch(batch))?;
        }
        flush(other, dir)
    }

    /// Keeps what polling learnt of a source in memory; whether it is the first such state that waits to be written.
    ///
    /// # Errors
    /// The state, where feeds show some of it or the source is new: that takes a batch.
    pub(super) fn learn(
        &self,
        id: &SourceId,
        state: SourceState,
    ) -> Result<bool, Box<SourceState>> {
        let mut sources = self.sources.write().unwrap_or_else(PoisonError::into_inner);
        let number = sources.number(id);
        let held = number.and_then(|number| Some((number, sources.states.get_mut(&number)?)));
        match held {
            Some((number, held)) if state.is_shown_as(held) => {
                *held = state;
                Ok(self.behind.wait(number))
            }
            _ => Err(Box::new(state)),
        }
    }

    /// What polling learnt of each source.
    pub(super) fn states(&self) -> Vec<(SourceId, SourceState)> {
        let sources = self.sources();
        let states = sources.states.iter();
        let named = states.filter_map(|(number, state)| {
            let row = sources.row(*number)?;
            Some((row.id.clone(), state.clone()))
        });
        named.collect()
    }

    /// Reads every row once. sled finds damage only where it looks, and it may come to life without rows that it
    /// cannot read: the counts tell.
    pub(super) fn verify(&self) -> Result<(), StoreError> {
        let meta = self.meta()?;
        let (mut articles, mut timeline) = (0, 0);
        let mut listings: HashMap<u32, u64> = HashMap::new();
        for row in self.range(all_rows()) {
            let (key, value) = row?;
            match Key::decode(&key) {
                Some(Key::Article(_)) => articles += 1,
                Some(Key::Timeline { .. }) => timeline += lines::count(&value),
                Some(Key::Listing { source, .. }) => {
                    *listings.entry(source).or_default() += lines::count(&value);
                }
                Some(_) => {}
                None => return Err(self.damaged("a key of the store is unreadable")),
            }
        }
        let sources = self.sources();
        let counted = |(number, row): (u32, &SourceRow)| {
            listings.get(&number).copied().unwrap_or_default() == row.articles
        };
        if articles != meta.articles
            || timeline != meta.articles
            || sources.rows.len() as u64 != u64::from(meta.sources)
            || !(0..).zip(&sources.rows).all(counted)
        {
            return Err(self.damaged("rows are missing"));
        }
        Ok(())
    }

    /// The size of sled's file.
    pub(super) fn size_bytes(&self) -> u64 {
        std::fs::metadata(self.dir.join("db")).map_or(0, |meta| meta.len())
    }

    /// The event at a place in the journal.
    pub(super) fn event(&self, position: u64) -> Result<crate::journal::Event, StoreError> {
        Ok(self.journal.read(Position::from_u64(position))?)
    }

    fn load_sources(&self) -> Result<Sources, StoreError> {
        let mut sources = Sources {
            generation: self.meta()?.generation,
            ..Sources::default()
        };
        for row in self.range(keys::range(Key::Source(0), Key::Source(u32::MAX))) {
            let row: SourceRow = self.decode(&row?.1)?;
            let number = u32::try_from(sources.rows.len()).unwrap_or(u32::MAX);
            sources.numbers.insert(row.id.clone(), number);
            sources.rows.push(row);
        }
        for row in self.range(keys::range(Key::State(0), Key::State(u32::MAX))) {
            let (key, value) = row?;
            if let (Some(Key::State(number)), Some(row)) =
                (Key::decode(&key), StateRow::decode(&value))
            {
                sources.states.insert(number, row.state);
            }
        }
        Ok(sources)
    }

    /// What sled answers, and a mark for the next start where that is damage.
    fn guarded<T>(&self, ask: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        match sound(&self.dir, ask) {
            Err(StoreError::Damaged { why, .. }) => Err(self.damaged(&why)),
            answer => answer,
        }
    }

    fn damaged(&self, why: &str) -> StoreError {
        // if even the mark cannot be written, the next start finds the damage by itself or not at all
        let _: io::Result<File> = File::create(damage_mark(&self.dir));
        StoreError::Damaged {
            path: self.dir.clone(),
            why: why.to_owned(),
        }
    }
}

/// Turns sled's two ways of reporting damage into one.
fn sound<T>(dir: &Path, ask: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    let damaged = |why: String| StoreError::Damaged {
        path: dir.to_owned(),
        why,
    };
    // sled's own state after a panic is not trusted: the store counts as damaged from then on
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) => Err(StoreError::io("read or write", dir)(error)),
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(panic) => Err(damaged(panic_words(&*panic))),
    }
}

/// Makes what was applied to a database survive a power cut.
fn flush(db: &sled::Db, dir: &Path) -> Result<(), StoreError> {
    sound(dir, || db.flush().map(drop))?;
    // sled 0.34 calls sync_file_range(2), which persists neither the file's size nor the device's cache;
    // without this, every simulated power cut lost acknowledged rows
    let path = dir.join("db");
    let file = File::open(&path).and_then(|file| file.sync_all());
    file.map_err(StoreError::io("flush", &path))
}

fn all_rows() -> RangeInclusive<Vec<u8>> {
    Key::Meta.encode()..=vec![u8::MAX; 2]
}

/// Whether a database was written by another version.
pub(super) fn is_of_another_version(db: &sled::Db) -> bool {
    let meta = catch_unwind(AssertUnwindSafe(|| db.get(Key::Meta.encode())));
    matches!(meta, Ok(Ok(Some(meta))) if records::is_of_another_version(&meta))
}

/// What the journal does not know, and what is carried over where it can be read.
#[derive(Default)]
pub(super) struct Salvaged {
    /// What polling learnt of each source.
    pub(super) states: Vec<(SourceId, SourceState)>,
    pub(super) subscriptions: Vec<Subscription>,
}

/// Reads it from a database of whatever state or version.
pub(super) fn salvage(db: &sled::Db) -> Salvaged {
    let mut salvaged = Salvaged::default();
    let Salvaged {
        states,
        subscriptions,
    } = &mut salvaged;
    let read = |from, to, take: &mut dyn FnMut(&[u8])| {
        let rows = || {
            for row in db.range(keys::range(from, to)) {
                let Ok((_, value)) = row else { break };
                take(&value);
            }
        };
        // what was read before a panic counts
        let _ = catch_unwind(AssertUnwindSafe(rows));
    };
    read(Key::State(0), Key::State(u32::MAX), &mut |value| {
        states.extend(StateRow::decode(value).map(|row| (row.source, row.state)));
    });
    let edge = |byte| Key::Subscription([byte; 16]);
    read(edge(0), edge(u8::MAX), &mut |value| {
        subscriptions.extend(subscriptions::decode(value));
    });
    salvaged
}

/// What a panic said.
pub(super) fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| {
            panic
                .downcast_ref::<&str>()
                .map(|words| (*words).to_owned())
        })
        .unwrap_or_else(|| "sled panicked".to_owned())
}

/// Rows of a range.
pub(super) struct Rows<'a> {
    view: &'a View,
    /// None behind an error.
    rows: Option<Result<sled::Iter, StoreError>>,
}

/// A row's key and value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

impl Rows<'_> {
    fn step(
        &mut self,
        step: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(sled::IVec, sled::IVec)>>,
    ) -> Option<Result<Pair, StoreError>> {
        let rows = match self.rows.as_mut()? {
            Ok(rows) => rows,
            Err(error) => {
                let error = error.clone();
                self.rows = None;
                return Some(Err(error));
            }
        };
        let found = self.view.guarded(|| step(rows).transpose()).transpose()?;
        Some(found.map(|(key, value)| (key.to_vec(), value.to_vec())))
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Pair, StoreError>;
    fn next(&mut self) -> Option<Result<Pair, StoreError>> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Rows<'_> {
    fn next_back(&mut self) -> Option<Result<Pair, StoreError>> {
        self.step(DoubleEndedIterator::next_back)
    }
}
