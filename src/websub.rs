//! The hub: feeds are delivered to who has subscribed to them (W3C WebSub, Recommendation of 23 January 2018).
//!
//! In: requests of subscribers, and the store's changes. Out: questions whether a subscription is meant, documents, and
//! subscriptions in the store. Where `[websub]` names an outside hub, that one is told of changes instead
//! ([`ping`]). Whatever a callback does, it costs a bounded time, and nobody else waits for it.

mod ping;
mod push;
mod request;
mod subscription;

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::{Notify, Semaphore};
use url::Url;

pub use self::{
    ping::ping,
    request::{LEASE, LONGEST_LEASE, Request, SECRET_BYTES, SHORTEST_LEASE, Wish},
    subscription::{Key, Subscription, signature},
};
use crate::{
    fetch::{Callbacks, FetchError},
    store::{Store, StoreError},
};

/// How many subscriptions there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub all: usize,
    /// Of one feed.
    pub topic: usize,
    /// With callbacks at one host.
    pub host: usize,
    /// That are being verified.
    pub verifying: usize,
}

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Behind a change, for others that come with it.
    pub gather: Duration,
    /// Before what has failed is tried again; then twice as long, and so on.
    pub retry: Duration,
    /// So often; then the next change is waited for.
    pub retries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            all: 10_000,
            topic: 1_000,
            host: 200,
            verifying: 32,
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            gather: Duration::from_millis(200),
            retry: Duration::from_secs(30),
            retries: 8,
        }
    }
}

impl Pace {
    /// The pause behind so many failures; none where there were too many.
    fn pause(&self, failures: u32) -> Option<Duration> {
        let longest = Duration::from_hours(1);
        let doubled = self.retry * 2_u32.pow(failures.saturating_sub(1).min(10));
        (failures <= self.retries).then(|| doubled.min(longest.max(self.retry)))
    }
}

/// Why a request is not taken up.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The callback lies where nothing is sent to.
    #[error("{0}")]
    Callback(#[from] FetchError),
    /// There are too many.
    #[error("there are too many subscriptions {0}")]
    Full(&'static str),
    /// Others are being verified.
    #[error("too many subscriptions are being verified; try again in a while")]
    Busy,
}

/// What is known of the subscriptions.
pub struct Hub {
    store: Arc<Store>,
    callbacks: Callbacks,
    clock: fn() -> Timestamp,
    limits: Limits,
    pace: Pace,
    subscriptions: Mutex<HashMap<Key, Subscription>>,
    verifying: Arc<Semaphore>,
    /// The same for each host that is being asked.
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// There is another subscription.
    more: Notify,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub with the subscriptions that the store has kept.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn new(
        store: Arc<Store>,
        callbacks: Callbacks,
        clock: fn() -> Timestamp,
    ) -> Result<Self, StoreError> {
        Self::with(store, callbacks, clock, Limits::default(), Pace::default())
    }

    /// The same with other limits and pauses.
    ///
    /// # Errors
    /// As [`Hub::new`].
    pub fn with(
        store: Arc<Store>,
        callbacks: Callbacks,
        clock: fn() -> Timestamp,
        limits: Limits,
        pace: Pace,
    ) -> Result<Self, StoreError> {
        let kept = store.subscriptions()?;
        Ok(Self {
            store,
            callbacks,
            clock,
            limits,
            pace,
            subscriptions: Mutex::new(kept.into_iter().map(|s| (s.key(), s)).collect()),
            verifying: Arc::new(Semaphore::new(limits.verifying)),
            hosts: Mutex::default(),
            more: Notify::new(),
        })
    }

    /// Takes up a request: whether it is meant is asked at its callback, later. `document` is the hash of what the feed
    /// says now: what comes after is delivered.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn take_up(self: &Arc<Self>, request: Request, document: u128) -> Result<(), Refused> {
        self.callbacks.check(&request.callback)?;
        if let Wish::Subscribe { .. } = request.wish {
            self.check_room(&request.topic, &request.callback)?;
        }
        let at_host = self.place_at(request.callback.host_str().unwrap_or_default());
        let at_host = at_host.try_acquire_owned().map_err(|_| Refused::Busy)?;
        let place = Arc::clone(&self.verifying).try_acquire_owned();
        let place = place.map_err(|_| Refused::Busy)?;
        let hub = Arc::clone(self);
        tokio::spawn(async move {
            let _places = (at_host, place);
            hub.verify(request, document).await;
        });
        Ok(())
    }

    /// The places of a host: one whose callbacks hang leaves the others to the rest.
    fn place_at(&self, host: &str) -> Arc<Semaphore> {
        // a map of whole entries is whole at every moment, so a poisoned lock guards nothing broken
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, places| Arc::strong_count(places) > 1);
        let quarter = (self.limits.verifying / 4).max(1);
        let places = hosts
            .entry(host.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(quarter)));
        Arc::clone(places)
    }

    fn check_room(&self, topic: &str, callback: &Url) -> Result<(), Refused> {
        let now = (self.clock)();
        let kept = self.kept();
        if kept.contains_key(&(topic.to_owned(), callback.clone())) {
            return Ok(());
        }
        let alive = || kept.values().filter(|s| s.expires > now);
        if alive().count() >= self.limits.all {
            Err(Refused::Full("here"))
        } else if alive().filter(|s| s.topic == topic).count() >= self.limits.topic {
            Err(Refused::Full("of this feed"))
        } else if alive()
            .filter(|s| s.callback.host() == callback.host())
            .count()
            >= self.limits.host
        {
            Err(Refused::Full("for this callback's host"))
        } else {
            Ok(())
        }
    }

    /// How many subscriptions there are.
    pub fn subscriptions(&self) -> usize {
        self.kept().len()
    }

    /// Asks the callback whether the request is meant (section 5.3), and does what was wished for.
    async fn verify(&self, request: Request, document: u128) {
        let Some(challenge) = challenge() else {
            tracing::error!(
                "the system gives no random numbers, so no subscription can be verified"
            );
            return;
        };
        let mut asked = request.callback.clone();
        {
            let mut query = asked.query_pairs_mut();
            query
                .append_pair("hub.mode", request.wish.mode())
                .append_pair("hub.topic", &request.topic)
                .append_pair("hub.challenge", &challenge);
            if let Wish::Subscribe { lease, .. } = &request.wish {
                query.append_pair("hub.lease_seconds", &lease.as_secs().to_string());
            }
        }
        let host = request.callback.host_str().unwrap_or_default();
        match self.callbacks.get(&asked).await {
            Ok((200..=299, body)) if body.trim_ascii() == challenge.as_bytes() => {}
            Ok((status, _)) => {
                tracing::info!(
                    host,
                    http.status = status,
                    "a callback does not confirm its subscription"
                );
                return;
            }
            Err(error) => {
                tracing::info!(
                    host,
                    error = &error as &dyn std::error::Error,
                    "a callback could not be asked"
                );
                return;
            }
        }
        let key = (request.topic.clone(), request.callback.clone());
        let done = match request.wish {
            Wish::Subscribe { secret, lease } => {
                self.subscribe(request.topic, request.callback, secret, lease, document)
                    .await
            }
            Wish::Unsubscribe => self.end(vec![key]).await,
        };
        if let Err(error) = done {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a subscription cannot be kept"
            );
        }
    }

    async fn subscribe(
        &self,
        topic: String,
        callback: Url,
        secret: Option<String>,
        lease: Duration,
        document: u128,
    ) -> Result<(), StoreError> {
        // others may have been faster
        if let Err(full) = self.check_room(&topic, &callback) {
            self.deny(&topic, &callback, &full.to_string()).await;
            return Ok(());
        }
        let expires = (self.clock)()
            .saturating_add(lease)
            .unwrap_or(Timestamp::MAX);
        let before = self.kept().get(&(topic.clone(), callback.clone())).cloned();
        let subscription = Subscription {
            topic,
            callback,
            secret,
            expires,
            // one that is renewed may still wait for something
            delivered: before.map_or_else(|| Some(hex(document)), |before| before.delivered),
        };
        self.kept().insert(subscription.key(), subscription.clone());
        self.more.notify_one();
        let topic = subscription.shown_topic();
        tracing::info!(topic, host = subscription.callback.host_str(), "subscribed");
        self.store.keep_subscriptions(vec![subscription]).await
    }

    /// Says that a feed is not delivered any more (section 5.2). Whether that is heard does not matter.
    async fn deny(&self, topic: &str, callback: &Url, reason: &str) {
        let mut told = callback.clone();
        told.query_pairs_mut()
            .append_pair("hub.mode", "denied")
            .append_pair("hub.topic", topic)
            .append_pair("hub.reason", reason);
        let _ = self.callbacks.get(&told).await;
    }

    async fn end(&self, ended: Vec<Key>) -> Result<(), StoreError> {
        if ended.is_empty() {
            return Ok(());
        }
        {
            let mut kept = self.kept();
            for key in &ended {
                kept.remove(key);
            }
        }
        self.store.end_subscriptions(ended).await
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Key, Subscription>> {
        // each change leaves it whole
        self.subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A document's hash as a subscription keeps it.
fn hex(hash: u128) -> String {
    format!("{hash:032x}")
}

/// What nobody guesses.
fn challenge() -> Option<String> {
    let mut bytes = [0; 24];
    SystemRandom::new().fill(&mut bytes).ok()?;
    let mut text = String::with_capacity(48);
    for byte in bytes {
        // memory takes it
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let pace = Pace::default();
        let seconds: Vec<_> = (1..=9)
            .map(|n| pace.pause(n).map(|p| p.as_secs()))
            .collect();
        let expected = [30, 60, 120, 240, 480, 960, 1920, 3600].map(Some);
        assert_eq!(seconds[..8], expected);
        assert_eq!(seconds[8], None);
    }

    #[test]
    fn no_two_challenges_are_alike() {
        assert_ne!(challenge(), challenge());
        assert_eq!(challenge().unwrap().len(), 48);
    }
}
