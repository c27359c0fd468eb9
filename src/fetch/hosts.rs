//! Whose turn it is: the pace of requests to each host, and of all together.
//!
//! In: a host and the pause that it wants. Out: a [`Turn`], held while the request is under way. Requests to one host
//! wait in a fair queue of its own; a place among the requests of all hosts is taken only when the host's turn has
//! come, so a slow host holds none while it waits; and a request that hangs hands its place on after a while, so that
//! many hanging ones hold up no other. A host that asks for peace (429, 503, `Retry-After`) gets it:
//! short rests are waited for, long ones are refused at once so that the poll can be planned for later.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};

/// A rest longer than this is not waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The longest rest that is granted: a day.
const LONGEST_REST: Duration = Duration::from_hours(24);

const NEVER_CLOSED: &str = "the semaphores of hosts are never closed";

/// Below this many hosts none is dropped.
const FEW: usize = 256;

/// A host: by its address, so that all names of one machine share its pace, and by its name, so that all machines behind
/// one name do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum HostKey {
    Address(IpAddr),
    Name(Box<str>),
}

/// All hosts' queues.
#[derive(Debug)]
pub(super) struct Hosts {
    per_host: usize,
    places: Semaphore,
    /// The places of requests that hang: as many again.
    slow_places: Semaphore,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    hosts: HashMap<HostKey, Arc<Host>>,
    sweep_at: usize,
}

#[derive(Debug)]
struct Host {
    /// Requests under way; tokio's semaphores are fair.
    slots: Arc<Semaphore>,
    /// Held by the one whose start is next.
    gate: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
}

#[derive(Clone, Copy, Debug)]
struct Pace {
    /// The pause after the last start ends here.
    next_start: Instant,
    /// The rest that the host asked for ends here.
    rest_until: Instant,
}

/// Leave to make one request. Dropping it lets the next one begin.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    hosts: Vec<Arc<Host>>,
    _slots: Vec<OwnedSemaphorePermit>,
    place: SemaphorePermit<'a>,
    slow_places: &'a Semaphore,
}

/// The host rests for longer than anyone should wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resting {
    pub(super) left: Duration,
}

impl Hosts {
    pub(super) fn new(per_host: usize, concurrency: usize) -> Self {
        let most = Semaphore::MAX_PERMITS;
        Self {
            per_host: per_host.clamp(1, most),
            places: Semaphore::new(concurrency.clamp(1, most)),
            slow_places: Semaphore::new(concurrency.clamp(1, most)),
            table: Mutex::new(Table {
                hosts: HashMap::new(),
                sweep_at: FEW,
            }),
        }
    }

    /// Waits until a request to this host may begin; the one after it waits `delay` longer. All that the host is known
    /// by queues in turn, the name before the address: those of one name stand in line there, and take turns with
    /// those of the address's other names.
    ///
    /// # Errors
    /// The host rests for longer than [`PATIENCE`].
    pub(super) async fn turn(
        &self,
        keys: &[HostKey],
        delay: Duration,
    ) -> Result<Turn<'_>, Resting> {
        let hosts: Vec<_> = keys.iter().map(|key| self.host(key.clone())).collect();
        let mut slots = Vec::with_capacity(hosts.len());
        let mut gates = Vec::with_capacity(hosts.len());
        for host in &hosts {
            host.rest()?;
            let slot = Arc::clone(&host.slots).acquire_owned().await;
            slots.push(slot.expect(NEVER_CLOSED));
            gates.push(host.gate.lock().await);
            host.ready().await?;
        }
        let place = acquire(&self.places).await;
        for host in &hosts {
            host.pace().next_start = Instant::now() + delay;
        }
        drop(gates);
        Ok(Turn {
            hosts,
            _slots: slots,
            place,
            slow_places: &self.slow_places,
        })
    }

    fn host(&self, key: HostKey) -> Arc<Host> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.hosts.len() >= table.sweep_at {
            table.sweep();
        }
        let host = table.hosts.entry(key);
        Arc::clone(host.or_insert_with(|| Arc::new(Host::new(self.per_host))))
    }
}

impl Table {
    /// Drops hosts that nobody asks for and that owe no pause; sweeps again when the rest has doubled.
    fn sweep(&mut self) {
        let now = Instant::now();
        self.hosts.retain(|_, host| {
            let pace = *host.pace();
            Arc::strong_count(host) > 1 || pace.next_start.max(pace.rest_until) > now
        });
        self.sweep_at = (self.hosts.len() * 2).max(FEW);
    }
}

impl Host {
    fn new(per_host: usize) -> Self {
        let now = Instant::now();
        Self {
            slots: Arc::new(Semaphore::new(per_host)),
            gate: tokio::sync::Mutex::default(),
            pace: Mutex::new(Pace {
                next_start: now,
                rest_until: now,
            }),
        }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of the pause that the host is owed.
    async fn ready(&self) -> Result<(), Resting> {
        loop {
            self.rest()?;
            let pace = *self.pace();
            let start = pace.next_start.max(pace.rest_until);
            if start <= Instant::now() {
                return Ok(());
            }
            sleep_until(start).await;
        }
    }

    fn rest(&self) -> Result<(), Resting> {
        let left = self.pace().rest_until - Instant::now();
        if left > PATIENCE {
            return Err(Resting { left });
        }
        Ok(())
    }
}

impl Turn<'_> {
    /// Hands its place on, as the request hangs: it takes one of those for slow requests, once that is free.
    pub(super) async fn give_way(&mut self) {
        self.place = acquire(self.slow_places).await;
    }

    /// Lets the host rest: no request begins there for so long (a day at most).
    pub(super) fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause.min(LONGEST_REST);
        for host in &self.hosts {
            let mut pace = host.pace();
            pace.rest_until = pace.rest_until.max(until);
        }
    }
}

async fn acquire(semaphore: &Semaphore) -> SemaphorePermit<'_> {
    semaphore.acquire().await.expect(NEVER_CLOSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn named(name: &str) -> HostKey {
        HostKey::Name(name.into())
    }

    /// Starts as many requests at once, each of which takes `work`; gives the second in which each began, in order.
    async fn starts(
        hosts: &Arc<Hosts>,
        names: &[&str],
        delay: Duration,
        work: Duration,
    ) -> Vec<u64> {
        let begin = Instant::now();
        let mut tasks = Vec::new();
        for name in names {
            let (hosts, key) = (Arc::clone(hosts), named(name));
            tasks.push(tokio::spawn(async move {
                let turn = hosts.turn(&[key], delay).await.unwrap();
                let at = begin.elapsed().as_secs();
                tokio::time::sleep(work).await;
                drop(turn);
                at
            }));
            // let it join the queue before the next one
            tokio::task::yield_now().await;
        }
        let mut at = Vec::new();
        for task in tasks {
            at.push(task.await.unwrap());
        }
        at
    }

    #[tokio::test(start_paused = true)]
    async fn one_host_is_asked_one_by_one_in_order_with_a_pause() {
        let hosts = Arc::new(Hosts::new(1, 64));
        let at = starts(&hosts, &["a", "a", "a"], 5 * SECOND, SECOND).await;
        assert_eq!(at, [0, 5, 10]);
        tokio::time::advance(60 * SECOND).await;
        let slow = starts(&hosts, &["a", "a", "a"], SECOND, 7 * SECOND).await;
        assert_eq!(slow, [0, 7, 14]);
    }

    #[tokio::test(start_paused = true)]
    async fn per_host_bounds_the_requests_under_way() {
        let hosts = Arc::new(Hosts::new(2, 64));
        let at = starts(&hosts, &["a", "a", "a", "a"], SECOND, 10 * SECOND).await;
        assert_eq!(at, [0, 1, 10, 11]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_host_holds_no_place_of_all() {
        let hosts = Arc::new(Hosts::new(1, 1));
        let at = starts(&hosts, &["slow", "slow", "quick"], 100 * SECOND, SECOND).await;
        assert_eq!(at, [0, 100, 1]);
    }

    /// Starts as many requests at once by these names and this address, a second each; gives the second in which each
    /// began.
    async fn starts_at(hosts: &Hosts, of: &[(&str, u8)]) -> Vec<u64> {
        let begin = Instant::now();
        let asked = of.iter().map(async |(name, last)| {
            let address = HostKey::Address(IpAddr::from([192, 0, 2, *last]));
            let turn = hosts.turn(&[named(name), address], SECOND).await.unwrap();
            let at = begin.elapsed().as_secs();
            tokio::time::sleep(SECOND).await;
            drop(turn);
            at
        });
        futures_util::future::join_all(asked).await
    }

    #[tokio::test(start_paused = true)]
    async fn names_of_one_address_and_addresses_of_one_name_share_a_pace() {
        let hosts = Hosts::new(1, 64);
        let at = starts_at(&hosts, &[("a", 1), ("a", 2), ("b", 1), ("c", 3)]).await;
        assert_eq!(at, [0, 1, 1, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_with_hundreds_of_columns_leaves_every_other_turn_to_its_neighbour() {
        let hosts = Hosts::new(1, 64);
        let mut of = vec![("big", 1); 200];
        of.extend([("small", 1); 3]);
        let at = starts_at(&hosts, &of).await;
        assert_eq!(at[..3], [0, 2, 4]);
        assert_eq!(at[200..], [1, 3, 5]);
        assert_eq!(at[199], 202);
    }

    #[tokio::test(start_paused = true)]
    async fn concurrency_bounds_all_together() {
        let hosts = Arc::new(Hosts::new(1, 2));
        let at = starts(&hosts, &["a", "b", "c", "d"], Duration::ZERO, SECOND).await;
        assert_eq!(at, [0, 0, 1, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_rest_is_waited_for_and_a_long_one_refused() {
        let hosts = Arc::new(Hosts::new(1, 64));
        let turn = hosts.turn(&[named("a")], Duration::ZERO).await.unwrap();
        turn.rest(20 * SECOND);
        drop(turn);
        let at = starts(&hosts, &["a", "b"], Duration::ZERO, SECOND).await;
        assert_eq!(at, [20, 0]);

        let turn = hosts.turn(&[named("a")], Duration::ZERO).await.unwrap();
        turn.rest(3600 * SECOND);
        turn.rest(SECOND);
        let refused = hosts.turn(&[named("a")], Duration::ZERO).await.unwrap_err();
        assert_eq!(refused.left, 3600 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn those_in_the_queue_learn_of_a_long_rest() {
        let hosts = Arc::new(Hosts::new(1, 64));
        let turn = hosts.turn(&[named("a")], Duration::ZERO).await.unwrap();
        let keys = [named("a")];
        let waiting = hosts.turn(&keys, Duration::ZERO);
        let (refused, ()) = tokio::join!(waiting, async {
            turn.rest(3600 * SECOND);
            drop(turn);
        });
        assert!(refused.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_hangs_makes_room_for_as_many_others() {
        let hosts = Arc::new(Hosts::new(1, 1));
        let [a, b, c] = ["a", "b", "c"].map(|name| [named(name)]);
        let mut hanging = hosts.turn(&a, Duration::ZERO).await.unwrap();
        let waiting = hosts.turn(&b, Duration::ZERO);
        assert!(tokio::time::timeout(SECOND, waiting).await.is_err());
        hanging.give_way().await;
        let mut second = hosts.turn(&b, Duration::ZERO).await.unwrap();
        // that hang in turn, and there are no more places than that
        assert!(
            tokio::time::timeout(SECOND, second.give_way())
                .await
                .is_err()
        );
        let waiting = hosts.turn(&c, Duration::ZERO);
        assert!(tokio::time::timeout(SECOND, waiting).await.is_err());
        drop(hanging);
        second.give_way().await;
        assert!(hosts.turn(&c, Duration::ZERO).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_waiter_leaves_no_trace() {
        let hosts = Arc::new(Hosts::new(1, 1));
        let turn = hosts.turn(&[named("a")], SECOND).await.unwrap();
        let keys = [named("a")];
        let waiting = hosts.turn(&keys, SECOND);
        assert!(tokio::time::timeout(10 * SECOND, waiting).await.is_err());
        drop(turn);
        let at = starts(&hosts, &["a", "b"], SECOND, SECOND).await;
        assert_eq!(at, [0, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn idle_hosts_are_forgotten_and_resting_ones_are_not() {
        let hosts = Hosts::new(1, 64);
        let resting = hosts
            .turn(&[named("resting")], Duration::ZERO)
            .await
            .unwrap();
        resting.rest(LONGEST_REST);
        drop(resting);
        for n in 0..10 * FEW {
            let key = named(&n.to_string());
            drop(hosts.turn(&[key], Duration::ZERO).await.unwrap());
        }
        assert!(hosts.table.lock().unwrap().hosts.len() <= FEW);
        let refused = hosts.turn(&[named("resting")], Duration::ZERO).await;
        assert!(refused.is_err());
    }
}
