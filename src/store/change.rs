//! A batch being made: rows as they will be, over the rows as they are.
//!
//! Events are applied here one after another, each seeing what the ones before it did, while readers see nothing
//! until [`Change::finish`]'s writes are applied in one go. So nothing has to be undone when the disk is full.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::RangeInclusive,
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    StoreError,
    index::{self, ByMark, Mark, Pending},
    keys::{self, Key},
    records::{self, ArticleRow, IdRow, MetaRow, SourceRow, StateRow},
    view::{NewSources, Pair, View, Writes},
};
use crate::{
    article::ArticleId,
    journal::{Event, JournalError, Position},
    source::{SourceId, state::SourceState},
};

/// What a batch comes to.
pub(super) struct Finished {
    pub(super) writes: Writes,
    pub(super) sources: NewSources,
    pub(super) entries: Pending,
}

/// A batch being made.
pub(super) struct Change<'a> {
    pub(super) view: &'a View,
    pub(super) meta: MetaRow,
    writes: Writes,
    /// Numbers of sources that feeds must be made anew for.
    touched: BTreeSet<u32>,
    changed_sources: BTreeMap<u32, SourceRow>,
    new_numbers: HashMap<SourceId, u32>,
    states: BTreeMap<u32, StateRow>,
    /// Entries that the index gets.
    new_entries: Pending,
    /// Merged entries that were looked up ahead.
    looked_up: ByMark<Vec<u64>>,
    /// The last row of lines, by the key of their first.
    tails: HashMap<Key, Vec<u8>>,
    /// Events of this batch that are not in the journal's file yet.
    unwritten: HashMap<u64, Arc<Event>>,
}

impl<'a> Change<'a> {
    pub(super) fn new(view: &'a View) -> Result<Self, StoreError> {
        Ok(Self {
            view,
            meta: view.meta()?,
            writes: Writes::new(),
            touched: BTreeSet::new(),
            changed_sources: BTreeMap::new(),
            new_numbers: HashMap::new(),
            states: BTreeMap::new(),
            new_entries: Pending::default(),
            looked_up: ByMark::default(),
            tails: HashMap::new(),
            unwritten: HashMap::new(),
        })
    }

    /// Keeps an event at hand that the journal's file does not hold yet.
    pub(super) fn remember(&mut self, at: Position, event: Arc<Event>) {
        self.unwritten.insert(at.to_u64(), event);
    }

    /// The event at a place in the journal; none where the record is damaged or gone.
    pub(super) fn event(&self, at: Position) -> Result<Option<Arc<Event>>, StoreError> {
        if let Some(event) = self.unwritten.get(&at.to_u64()) {
            return Ok(Some(Arc::clone(event)));
        }
        match self.view.journal.read(at) {
            Ok(event) => Ok(Some(Arc::new(event))),
            Err(JournalError::Unreadable { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A row as it will be.
    pub(super) fn row<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>, StoreError> {
        let key = key.encode();
        match self.writes.get(&key) {
            Some(value) => value
                .as_deref()
                .map(|bytes| self.view.decode(bytes))
                .transpose(),
            None => self.view.row_at(&key),
        }
    }

    pub(super) fn put<T: Serialize>(&mut self, key: Key, row: &T) {
        self.put_bytes(key.encode(), records::encode(row));
    }

    pub(super) fn put_bytes(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.writes.insert(key, Some(value));
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.remove_bytes(key.encode());
    }

    pub(super) fn remove_bytes(&mut self, key: Vec<u8>) {
        self.writes.insert(key, None);
    }

    /// Of a line's rows, as they will be, the last at or before a place.
    pub(super) fn row_before(
        &mut self,
        first: Key,
        last: Key,
        place: &[u8],
    ) -> Result<Option<Pair>, StoreError> {
        if !self.tails.contains_key(&first)
            && let Some((tail, _)) = self.last(keys::range(first, last))?
        {
            self.tails.insert(first, tail);
        }
        // most places come last
        if let Some(tail) = self.tails.get(&first)
            && tail.as_slice() <= place
        {
            let value = match self.writes.get(tail) {
                Some(value) => value.clone(),
                None => self.view.raw(tail)?,
            };
            return Ok(value.map(|value| (tail.clone(), value)));
        }
        self.last(first.encode()..=place.to_vec())
    }

    /// A line's row was split: if it was the last, the new one is.
    pub(super) fn set_tail(&mut self, first: Key, split: &[u8], new: &[u8]) {
        if let Some(tail) = self.tails.get_mut(&first)
            && tail == split
        {
            *tail = new.to_vec();
        }
    }

    pub(super) fn forget_tail(&mut self, first: Key) {
        self.tails.remove(&first);
    }

    /// The last row of a range as it will be.
    fn last(&self, range: RangeInclusive<Vec<u8>>) -> Result<Option<Pair>, StoreError> {
        let mut ours = self.writes.range(range.clone()).rev();
        let ours = ours.find_map(|(key, value)| Some((key.clone(), value.clone()?)));
        for theirs in self.view.range(range).rev() {
            let theirs = theirs?;
            if ours.as_ref().is_some_and(|ours| ours.0 >= theirs.0) {
                break;
            }
            if !self.writes.contains_key(&theirs.0) {
                return Ok(Some(theirs));
            }
        }
        Ok(ours)
    }

    /// Makes an article found by a mark.
    pub(super) fn mark(&mut self, mark: Mark, article: u64) {
        self.new_entries.add(mark, article);
    }

    /// Makes an article found by marks of a month's fingerprints.
    pub(super) fn mark_bands(&mut self, month: u16, hashes: &[(u8, u64)], article: u64) {
        for (band, hash) in hashes {
            self.mark(Mark::band(month, *band, *hash), article);
        }
    }

    /// The months within a range that any article's fingerprint belongs to.
    pub(super) fn months(&self, around: RangeInclusive<u16>) -> BTreeSet<u16> {
        let mut months = self.view.index().months(around.clone());
        months.extend(self.new_entries.months(around));
        months
    }

    /// The articles with a mark: those that count, in the order of their numbers.
    pub(super) fn marked(&self, mark: Mark) -> Result<Vec<u64>, StoreError> {
        let mut articles = match self.looked_up.get(&mark) {
            Some(merged) => {
                let mut articles = merged.clone();
                articles.extend(self.view.index().pending(mark));
                articles
            }
            None => self.view.marked(mark)?,
        };
        articles.extend(self.new_entries.find(mark));
        index::newest(&mut articles);
        Ok(articles)
    }

    /// Looks marks up ahead: together they cost less, because those of one bucket read it once.
    pub(super) fn look_up(&mut self, mut marks: Vec<Mark>) -> Result<(), StoreError> {
        marks.sort_unstable();
        marks.dedup();
        self.looked_up.reserve(marks.len());
        let mut bucket: (Option<Key>, Vec<u8>) = (None, Vec::new());
        let index = self.view.index();
        for mark in marks {
            let key = index.bucket(mark);
            if let Some(key) = key
                && bucket.0 != Some(key)
            {
                bucket = (Some(key), self.view.raw(&key.encode())?.unwrap_or_default());
            }
            let merged = key.map_or_else(Vec::new, |_| index::find(&bucket.1, mark));
            self.looked_up.insert(mark, merged);
        }
        Ok(())
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

    /// A source's number; a new one for a source never seen.
    pub(super) fn source_number(&mut self, id: &SourceId) -> u32 {
        if let Some(number) = self.known_source(id) {
            return number;
        }
        let number = self.meta.sources;
        self.meta.sources += 1;
        self.new_numbers.insert(id.clone(), number);
        let row = SourceRow {
            id: id.clone(),
            articles: 0,
            generation: 0,
        };
        self.changed_sources.insert(number, row);
        number
    }

    /// A source's number, if it was ever seen.
    pub(super) fn known_source(&self, id: &SourceId) -> Option<u32> {
        let sources = self.view.sources();
        sources
            .number(id)
            .or_else(|| self.new_numbers.get(id).copied())
    }

    /// Counts an article to a source, or off it.
    pub(super) fn count(&mut self, source: u32, by: i64) {
        let row = self.changed_sources.entry(source).or_insert_with(|| {
            let row = self.view.sources().row(source).cloned();
            row.expect("a source's number is made together with its row")
        });
        row.articles = row.articles.saturating_add_signed(by);
    }

    /// Something that this source's feeds show has changed.
    pub(super) fn touch(&mut self, source: u32) {
        self.touched.insert(source);
    }

    pub(super) fn source_id(&self, number: u32) -> Option<SourceId> {
        let changed = self.changed_sources.get(&number).map(|row| row.id.clone());
        changed.or_else(|| self.view.sources().row(number).map(|row| row.id.clone()))
    }

    /// The sources touched since the last call of this, to be told to who asked for the change.
    pub(super) fn touched_since<'t>(
        &'t self,
        before: &'t BTreeSet<u32>,
    ) -> impl Iterator<Item = u32> + 't {
        self.touched.difference(before).copied()
    }

    pub(super) fn touched(&self) -> &BTreeSet<u32> {
        &self.touched
    }

    /// Keeps what polling learnt.
    pub(super) fn set_state(&mut self, id: &SourceId, state: SourceState) {
        let number = self.source_number(id);
        let sources = self.view.sources();
        let before = self
            .states
            .get(&number)
            .map(|row| &row.state)
            .or_else(|| sources.states.get(&number));
        let is_same = before.is_some_and(|before| state.is_shown_as(before));
        drop(sources);
        if !is_same {
            self.touch(number);
        }
        let source = id.clone();
        self.states.insert(number, StateRow { source, state });
    }

    /// Writes states that memory holds already. Those that the batch brings are later, and win in the end.
    pub(super) fn write_states(&mut self, numbers: &BTreeSet<u32>) {
        for number in numbers {
            let sources = self.view.sources();
            let held = sources.row(*number).zip(sources.states.get(number));
            let row = held.map(|(row, state)| StateRow {
                source: row.id.clone(),
                state: state.clone(),
            });
            drop(sources);
            if let Some(row) = row {
                self.put_bytes(Key::State(*number).encode(), row.encode());
            }
        }
    }

    /// All writes, and what becomes of the sources with them.
    pub(super) fn finish(mut self) -> Finished {
        if !self.touched.is_empty() {
            self.meta.generation += 1;
        }
        for number in std::mem::take(&mut self.touched) {
            self.count(number, 0);
            if let Some(row) = self.changed_sources.get_mut(&number) {
                row.generation = self.meta.generation;
            }
        }
        let mut put = |key: Key, value| self.writes.insert(key.encode(), Some(value));
        for (number, state) in &self.states {
            put(Key::State(*number), state.encode());
        }
        for (number, row) in &self.changed_sources {
            put(Key::Source(*number), records::encode(row));
        }
        put(Key::Meta, records::encode(&self.meta));
        let states = self.states.into_iter();
        let sources = NewSources {
            rows: self.changed_sources.into_iter().collect(),
            states: states.map(|(number, row)| (number, row.state)).collect(),
            generation: self.meta.generation,
        };
        let index = self.view.index();
        index.write(&self.new_entries, &mut self.writes);
        drop(index);
        Finished {
            writes: self.writes,
            sources,
            entries: self.new_entries,
        }
    }
}
