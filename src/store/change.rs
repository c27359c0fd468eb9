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
    keys::Key,
    records::{self, MetaRow, SourceRow, StateRow},
    view::{NewSources, Pair, View, Writes},
};
use crate::{
    journal::{Event, JournalError, Position},
    source::{SourceId, state::SourceState},
};

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
        let bytes = match self.writes.get(&key) {
            Some(value) => value.clone(),
            None => self.view.raw(&key)?,
        };
        bytes.map(|bytes| self.view.decode(&bytes)).transpose()
    }

    pub(super) fn put<T: Serialize>(&mut self, key: Key, row: &T) {
        self.put_raw(key, records::encode(row));
    }

    pub(super) fn put_raw(&mut self, key: Key, value: Vec<u8>) {
        self.writes.insert(key.encode(), Some(value));
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.writes.insert(key.encode(), None);
    }

    /// The last row of a range as it will be. Within the range no row may have been removed by this change.
    pub(super) fn last(&self, range: RangeInclusive<Vec<u8>>) -> Result<Option<Pair>, StoreError> {
        let ours = self.writes.range(range.clone()).next_back();
        let ours = ours.and_then(|(key, value)| Some((key.clone(), value.clone()?)));
        let theirs = self.view.range(range).next_back().transpose()?;
        Ok(match (ours, theirs) {
            (Some(a), Some(b)) if b.0 > a.0 => Some(b),
            (ours, theirs) => ours.or(theirs),
        })
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
        // an empty feed is dated by the first poll, and titled by the list's title
        let shown = |state: &SourceState| (state.title.clone(), state.first_poll);
        let differs = before.map(shown) != Some(shown(&state));
        drop(sources);
        if differs {
            self.touch(number);
        }
        let source = id.clone();
        self.states.insert(number, StateRow { source, state });
    }

    /// All writes, and what becomes of the sources with them.
    pub(super) fn finish(mut self) -> (Writes, NewSources) {
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
        (self.writes, sources)
    }
}
