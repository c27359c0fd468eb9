//! Answers kept for a while, each made once however many ask at the same time.
//!
//! In: a key, and how to make its answer. Out: the answer, made now or kept from before. What robots.txt and the
//! name server said is kept so. Memory is bounded by what is fresh: stale answers are swept out as new ones come.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Below this many entries nothing is swept.
const SMALL: usize = 256;

/// Answers by key, each with the time until which it is good.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    table: Mutex<Table<K, V>>,
}

#[derive(Debug)]
struct Table<K, V> {
    entries: HashMap<K, Arc<Entry<V>>>,
    sweep_at: usize,
}

/// The lock is held while the answer is made: those who ask meanwhile wait for it.
type Entry<V> = tokio::sync::Mutex<Option<(Instant, V)>>;

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self {
            table: Mutex::new(Table {
                entries: HashMap::new(),
                sweep_at: SMALL,
            }),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    /// The kept answer, or else what `make` gives, together with how long that is good for.
    ///
    /// `make` is not begun while a good answer is kept. If it is dropped half-way, the next one who waits begins anew.
    pub(super) async fn get(&self, key: K, make: impl Future<Output = (V, Duration)>) -> V {
        let entry = self.entry(key);
        let mut slot = entry.lock().await;
        if let Some((until, value)) = slot.as_ref()
            && Instant::now() < *until
        {
            return value.clone();
        }
        let (value, good_for) = make.await;
        *slot = Some((Instant::now() + good_for, value.clone()));
        value
    }

    fn entry(&self, key: K) -> Arc<Entry<V>> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.entries.len() >= table.sweep_at {
            table.sweep();
        }
        Arc::clone(table.entries.entry(key).or_default())
    }
}

impl<K: Eq + Hash, V> Table<K, V> {
    /// Drops what is stale and nobody waits for; sweeps again when the rest has doubled.
    fn sweep(&mut self) {
        let now = Instant::now();
        self.entries.retain(|_, entry| {
            // a locked entry is being made
            Arc::strong_count(entry) > 1
                || entry.try_lock().map_or(
                    true,
                    |slot| matches!(&*slot, Some((until, _)) if now < *until),
                )
        });
        self.sweep_at = (self.entries.len() * 2).max(SMALL);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_made_once_and_again_when_stale() {
        let kept = Kept::<&str, u32>::default();
        let count = AtomicU32::new(0);
        let make = || async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            (count.fetch_add(1, Ordering::Relaxed), MINUTE)
        };
        let (a, b) = tokio::join!(kept.get("k", make()), kept.get("k", make()));
        assert_eq!((a, b), (0, 0));
        tokio::time::advance(MINUTE).await;
        assert_eq!(kept.get("k", make()).await, 1);
        assert_eq!(kept.get("other", make()).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_maker_leaves_the_next_one_to_make_it() {
        let kept = Kept::<&str, u32>::default();
        let never = kept.get("k", std::future::pending());
        assert!(tokio::time::timeout(MINUTE, never).await.is_err());
        assert_eq!(kept.get("k", async { (7, MINUTE) }).await, 7);
    }

    #[tokio::test(start_paused = true)]
    async fn stale_answers_are_swept() {
        let kept = Kept::<usize, ()>::default();
        for key in 0..10 * SMALL {
            kept.get(key, async { ((), Duration::from_secs(1)) }).await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let held = kept.table.lock().unwrap().entries.len();
        assert!(held <= SMALL, "{held} kept");
    }
}
