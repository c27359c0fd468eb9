//! When each source is due, and the loop that visits it then.
//!
//! Due times are kept in the store, so a restart goes on where it stopped. What was never polled, or is overdue, is
//! spread over the first moments. A poll that fails, or panics, only moves its own source's due time; one that hangs
//! only holds up the sources of its own host.

mod line;
pub mod pace;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    future::Future,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::watch,
    task::{Id, JoinSet},
};

use self::line::{Line, Places};
use crate::{
    config::{Config, ScheduleSettings},
    poll::Poller,
    source::Source,
    store::Store,
};

/// How long polls may go on after a stop was asked for. What they have found until then is recorded; the rest is found
/// again at the next start.
const GRACE: Duration = Duration::from_secs(10);

/// The longest sleep: after it the clock is read anew, because a machine may sleep too.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// The pause before a source is tried again whose poll ended in an error of the store, or in a panic.
const AFTER_DEFECT: Duration = Duration::from_mins(5);

/// The due sources, soonest first.
struct Queue(BinaryHeap<Reverse<(Timestamp, usize)>>);

/// Visits every enabled source whenever it is due, until `stop` turns true. As many polls are under way as `fetch`
/// allows requests, and a few times more that wait for their host; the others wait without taking memory.
pub async fn run(
    poller: Arc<Poller>,
    store: &Store,
    config: &Config,
    clock: fn() -> Timestamp,
    mut stop: watch::Receiver<bool>,
) {
    let sources: Vec<Arc<Source>> = config
        .sources
        .iter()
        .filter(|source| source.enabled)
        .cloned()
        .collect();
    let places = Places::new(config.fetch.concurrency, config.fetch.per_host);
    let hosts = sources.iter().map(|source| source.url.host_str());
    let mut line = Line::new(places, hosts);
    let mut queue = Queue::new(&sources, &config.schedule, store, clock());
    let mut doubtful: Vec<bool> = sources
        .iter()
        .map(|source| {
            store
                .state(&source.id)
                .is_some_and(|state| state.failures > 0)
        })
        .collect();
    let mut polls = JoinSet::new();
    let mut under_way: HashMap<Id, usize> = HashMap::new();
    loop {
        let now = clock();
        while let Some(index) = queue.take_due(now) {
            line.join(index, doubtful[index]);
        }
        // what cannot be kept is not fetched
        let held = store.trouble().is_some();
        while !held && let Some(index) = line.call() {
            let (poller, source) = (Arc::clone(&poller), sources[index].clone());
            let handle = polls.spawn(async move { poller.poll(&source, clock()).await });
            under_way.insert(handle.id(), index);
        }
        tokio::select! {
            // an error means that the sender is gone, and with it whoever could ask for anything else
            _ = stop.wait_for(|stop| *stop) => break,
            Some(ended) = polls.join_next_with_id() => {
                let (id, due, failed) = match ended {
                    Ok((id, Ok(visit))) => (id, visit.next_poll, visit.outcome.fault().is_some()),
                    Ok((id, Err(error))) => {
                        tracing::error!(%error, "what was found could not be kept");
                        (id, after(clock(), AFTER_DEFECT), false)
                    }
                    Err(error) => {
                        tracing::error!(%error, "a poll ended in a defect");
                        (error.id(), after(clock(), AFTER_DEFECT), true)
                    }
                };
                if let Some(index) = under_way.remove(&id) {
                    line.leave(index);
                    doubtful[index] = failed;
                    queue.push(due, index);
                }
            }
            () = queue.wait(now), if !held => {}
            () = store.writable(), if held => {}
        }
    }
    finish(&mut polls).await;
}

/// Lets running polls end, then drops the rest: each article is recorded whole, so a poll may be dropped anywhere.
async fn finish<T: 'static>(polls: &mut JoinSet<T>) {
    let ended =
        tokio::time::timeout(GRACE, async { while polls.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::info!(
            polls = polls.len(),
            "polls were dropped; their sources are polled again at the next start"
        );
        polls.shutdown().await;
    }
}

impl Queue {
    fn new(
        sources: &[Arc<Source>],
        settings: &ScheduleSettings,
        store: &Store,
        now: Timestamp,
    ) -> Self {
        let due: Vec<Option<Timestamp>> = sources
            .iter()
            .map(|source| {
                let state = store.state(&source.id)?;
                pace::still_due(source, settings, &state, now)
            })
            .collect();
        // after a long pause nearly all are due, which is no better than a first start
        let at_once = due
            .iter()
            .filter(|due| due.is_none_or(|due| due <= now))
            .count();
        let mut queue = Self(BinaryHeap::with_capacity(sources.len()));
        for (index, (source, due)) in sources.iter().zip(due).enumerate() {
            let spread = || after(now, pace::first_wait(&source.id, at_once));
            queue.push(due.filter(|due| *due > now).unwrap_or_else(spread), index);
        }
        queue
    }

    fn push(&mut self, due: Timestamp, index: usize) {
        self.0.push(Reverse((due, index)));
    }

    fn take_due(&mut self, now: Timestamp) -> Option<usize> {
        let Reverse((due, index)) = *self.0.peek()?;
        if due > now {
            return None;
        }
        self.0.pop();
        Some(index)
    }

    fn wait(&self, now: Timestamp) -> impl Future<Output = ()> + use<> {
        let until = self.0.peek().map_or(LONGEST_SLEEP, |Reverse((due, _))| {
            Duration::try_from(due.duration_since(now))
                .unwrap_or(Duration::ZERO)
                .min(LONGEST_SLEEP)
        });
        tokio::time::sleep(until)
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
