//! What lets a visit that finds nothing new do without the disk.
//!
//! Memory knows until when nothing of a source is due to be read again, and which sources' states the database does not
//! hold yet. Those are written with the writer's next group, or some seconds later: a power cut costs the due times of
//! these seconds, and those sources are polled once more.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustc_hash::FxHashMap;

use super::keys::Key;

/// How long a state waits for company on its way to the disk.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// By the sources' numbers.
#[derive(Debug, Default)]
pub(super) struct Behind {
    idle_until: Mutex<FxHashMap<u32, i64>>,
    unwritten: Mutex<BTreeSet<u32>>,
}

impl Behind {
    /// Whether it is known that nothing of a source is due.
    pub(super) fn is_idle(&self, source: u32, now: i64) -> bool {
        lock(&self.idle_until)
            .get(&source)
            .is_some_and(|until| now < *until)
    }

    /// To be told while no batch is applied: what a batch changes is forgotten.
    pub(super) fn set_idle(&self, source: u32, until: i64) {
        lock(&self.idle_until).insert(source, until);
    }

    /// Forgets that a source is idle, as rows have changed that say so.
    pub(super) fn forget(&self, source: u32) {
        lock(&self.idle_until).remove(&source);
    }

    /// Forgets all of it: the database is another one.
    pub(super) fn forget_all(&self) {
        lock(&self.idle_until).clear();
    }

    /// Notes a state that is to be written; whether it is the first that waits.
    pub(super) fn wait(&self, source: u32) -> bool {
        let mut unwritten = lock(&self.unwritten);
        let first = unwritten.is_empty();
        unwritten.insert(source);
        first
    }

    /// Those that wait.
    pub(super) fn waiting(&self) -> BTreeSet<u32> {
        lock(&self.unwritten).clone()
    }

    /// Takes those that wait, to write them.
    pub(super) fn take(&self) -> BTreeSet<u32> {
        std::mem::take(&mut *lock(&self.unwritten))
    }

    /// Has them wait again, as they could not be written.
    pub(super) fn put_back(&self, taken: BTreeSet<u32>) {
        lock(&self.unwritten).extend(taken);
    }
}

/// The source whose idleness a row says something of.
pub(super) fn stirred_by(key: &[u8]) -> Option<u32> {
    match Key::decode(key)? {
        Key::Incomplete { source, .. } | Key::Due { source, .. } => Some(source),
        _ => None,
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
