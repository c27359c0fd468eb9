//! What the writer tells the indexing thread: which articles have changed, and how far the store has come with that.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::article::ArticleId;

/// More changed articles than this are not told one by one: the journal tells them again.
const MOST: usize = 100_000;

/// Between the two threads.
#[derive(Default)]
pub(in crate::store) struct News {
    told: Mutex<Told>,
    woken: Condvar,
}

/// A place among the events: a sequence number, and where that event lies.
pub(in crate::store) type Reached = (u64, u64);

/// What was told since it was last taken.
#[derive(Default)]
pub(super) struct Told {
    pub(super) changed: Vec<ArticleId>,
    /// The last event of which that speaks.
    pub(super) reached: Option<Reached>,
    /// Something was not told.
    pub(super) missed: bool,
    /// A search has met damage.
    pub(super) damaged: bool,
    /// Who wants to know when the index has all that was told.
    pub(super) waiting: Vec<oneshot::Sender<()>>,
    closed: bool,
}

impl Told {
    fn is_work(&self) -> bool {
        self.missed || self.damaged || !self.changed.is_empty() || !self.waiting.is_empty()
    }
}

impl News {
    /// Events between these two places have changed these articles.
    pub(in crate::store) fn tell(&self, changed: Vec<ArticleId>, from: u64, reached: Reached) {
        self.change(|told| {
            told.missed |= told.reached.is_some_and(|(last, _)| last != from);
            told.reached = Some(reached);
            told.changed.extend(changed);
            if told.changed.len() > MOST {
                told.changed = Vec::new();
                told.missed = true;
            }
        });
    }

    /// Events were applied of which nothing is told.
    pub(in crate::store) fn miss(&self) {
        self.change(|told| told.missed = true);
    }

    pub(super) fn damaged(&self) {
        self.change(|told| told.damaged = true);
    }

    pub(super) fn settled(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.change(|told| {
            if !told.closed {
                told.waiting.push(sender);
            }
        });
        receiver
    }

    pub(super) fn close(&self) {
        self.change(|told| {
            told.closed = true;
            told.waiting.clear();
        });
    }

    /// Waits for something to do, but begins only after `pause`, unless somebody waits. None when it is closed.
    pub(super) fn take(&self, pause: Option<Duration>, has_work: bool) -> Option<Told> {
        let mut told = self.told();
        if let Some(pause) = pause {
            let quiet = |told: &mut Told| !told.closed && told.waiting.is_empty();
            let waited = self.woken.wait_timeout_while(told, pause, quiet);
            told = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        while !(told.closed || has_work || told.is_work()) {
            told = self
                .woken
                .wait(told)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if told.closed {
            return None;
        }
        let reached = told.reached;
        let taken = std::mem::take(&mut *told);
        told.reached = reached;
        Some(taken)
    }

    /// Those who wait are answered later.
    pub(super) fn keep_waiting(&self, waiting: Vec<oneshot::Sender<()>>) {
        let mut told = self.told();
        if !told.closed {
            told.waiting.extend(waiting);
        }
    }

    /// Whether all that was told was taken.
    pub(super) fn is_quiet(&self) -> bool {
        let told = self.told();
        !told.missed && told.changed.is_empty()
    }

    fn change(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told());
        self.woken.notify_all();
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        // each change leaves it whole
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
