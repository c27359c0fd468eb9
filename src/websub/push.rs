//! Delivering: each change of a feed to each of its subscribers, as the document that a reader would get.
//!
//! A subscription knows the hash of the document that it has, also across restarts; what it misses is what differs. A
//! callback that fails is tried again, ever later and not for ever; the next change tries it anew.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{Hub, Key, Subscription, hex, signature};
use crate::serve::{Current, Document, NoDocument};

/// Deliveries under way, in all and to one host: callbacks that hang hold up those of their own host.
const SIDE_BY_SIDE: usize = 64;
const TO_ONE_HOST: usize = 4;
/// Leases that have ended are looked for so often.
const SWEEP: Duration = Duration::from_mins(10);
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");

/// What became of a delivery.
enum Outcome {
    Delivered,
    /// 410: the subscriber wants no more.
    Gone,
    Failed,
}

/// A callback that has failed.
struct Failing {
    failures: u32,
    /// When it is tried again; none where that is given up.
    next: Option<Instant>,
    /// The document that it did not take.
    hash: u128,
}

struct Delivered {
    key: Key,
    hash: u128,
    outcome: Outcome,
}

/// The state of the loop.
struct Push {
    hub: Arc<Hub>,
    current: Current,
    places: Arc<Semaphore>,
    hosts: HashMap<String, Arc<Semaphore>>,
    deliveries: JoinSet<Delivered>,
    under_way: HashSet<Key>,
    /// Of those, where the feed may have changed meanwhile.
    outdated: HashSet<Key>,
    failing: HashMap<Key, Failing>,
}

impl Hub {
    /// Delivers, for as long as it is polled.
    pub async fn run(self: Arc<Self>, current: impl Into<Current>) {
        let mut changes = self.store.changes();
        let pace = self.pace;
        let mut push = Push {
            hub: Arc::clone(&self),
            current: current.into(),
            places: Arc::new(Semaphore::new(SIDE_BY_SIDE)),
            hosts: HashMap::new(),
            deliveries: JoinSet::new(),
            under_way: HashSet::new(),
            outdated: HashSet::new(),
            failing: HashMap::new(),
        };
        let mut wake = Instant::now();
        let mut look = true;
        loop {
            if look {
                wake = push.begin().await;
            }
            look = true;
            tokio::select! {
                told = changes.changed() => {
                    if told.is_err() {
                        // the store is gone
                        return std::future::pending().await;
                    }
                    sleep(pace.gather).await;
                    changes.mark_unchanged();
                }
                () = self.more.notified() => {}
                () = sleep_until(wake) => {}
                Some(done) = push.deliveries.join_next() => {
                    let mut all = vec![done];
                    all.extend(std::iter::from_fn(|| push.deliveries.try_join_next()));
                    // a delivery neither panics nor is aborted
                    look = push.settle(all.into_iter().flatten()).await;
                    wake = push.wake(wake);
                }
            }
        }
    }
}

impl Push {
    /// Begins what is to be delivered now. When to look again at the latest.
    async fn begin(&mut self) -> Instant {
        let now = (self.hub.clock)();
        let mut topics: BTreeMap<String, Vec<Subscription>> = BTreeMap::new();
        let mut ended = Vec::new();
        for (key, subscription) in self.hub.kept().iter() {
            if subscription.expires <= now {
                ended.push(key.clone());
            } else {
                let topic = topics.entry(subscription.topic.clone()).or_default();
                topic.push(subscription.clone());
            }
        }
        self.end(ended).await;
        self.hosts.retain(|_, places| Arc::strong_count(places) > 1);
        self.failing
            .retain(|(topic, _), _| topics.contains_key(topic));
        for (topic, subscriptions) in topics {
            match self.current.site().document(&topic).await {
                Ok(document) => self.deliver(&document, subscriptions),
                Err(NoDocument::Broken) => {}
                Err(NoDocument::Unknown) => self.deny(subscriptions).await,
            }
        }
        self.wake(Instant::now() + SWEEP)
    }

    /// When the first is tried again, and at the latest then.
    fn wake(&self, latest: Instant) -> Instant {
        let next = self.failing.values().filter_map(|failing| failing.next);
        next.min().map_or(latest, |next| next.min(latest))
    }

    fn deliver(&mut self, document: &Document, subscriptions: Vec<Subscription>) {
        let hash = hex(document.hash);
        for subscription in subscriptions {
            let key = subscription.key();
            if subscription.delivered.as_ref() == Some(&hash) {
                self.failing.remove(&key);
                continue;
            }
            let waits = match self.failing.get(&key) {
                Some(Failing {
                    next: None, hash, ..
                }) => *hash == document.hash,
                Some(Failing {
                    next: Some(next), ..
                }) => *next > Instant::now(),
                None => false,
            };
            if waits {
                continue;
            }
            if !self.under_way.insert(key.clone()) {
                self.outdated.insert(key);
                continue;
            }
            let (hub, places) = (Arc::clone(&self.hub), Arc::clone(&self.places));
            let host = subscription.callback.host_str().unwrap_or_default();
            let at_host = self
                .hosts
                .entry(host.to_owned())
                .or_insert_with(|| Arc::new(Semaphore::new(TO_ONE_HOST)));
            let at_host = Arc::clone(at_host);
            let document = document.clone();
            self.deliveries.spawn(async move {
                // the semaphores are never closed
                let _at_host = at_host.acquire().await;
                let _place = places.acquire().await;
                Delivered {
                    key,
                    hash: document.hash,
                    outcome: hub.deliver(&subscription, &document).await,
                }
            });
        }
    }

    /// Takes note of deliveries. Whether there is something to deliver again.
    async fn settle(&mut self, done: impl Iterator<Item = Delivered>) -> bool {
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        let mut look = false;
        for Delivered { key, hash, outcome } in done {
            self.under_way.remove(&key);
            look |= self.outdated.remove(&key);
            match outcome {
                Outcome::Delivered => {
                    self.failing.remove(&key);
                    // it may have ended meanwhile
                    if let Some(subscription) = self.hub.kept().get_mut(&key) {
                        subscription.delivered = Some(hex(hash));
                        kept.push(subscription.clone());
                    }
                }
                Outcome::Gone => gone.push(key),
                Outcome::Failed => self.fail(key, hash),
            }
        }
        self.end(gone).await;
        if !kept.is_empty()
            && let Err(error) = self.hub.store.keep_subscriptions(kept).await
        {
            // after a restart it is delivered once more
            tracing::warn!(%error, "that feeds were delivered cannot be kept");
        }
        look
    }

    fn fail(&mut self, key: Key, hash: u128) {
        let before = self.failing.remove(&key);
        // one that was given up begins anew
        let failures = before
            .filter(|f| f.next.is_some())
            .map_or(0, |f| f.failures)
            + 1;
        let pause = self.hub.pace.pause(failures);
        let failing = Failing {
            failures,
            next: pause.map(|pause| Instant::now() + pause),
            hash,
        };
        self.failing.insert(key, failing);
    }

    async fn end(&mut self, ended: Vec<Key>) {
        for key in &ended {
            self.failing.remove(key);
        }
        if let Err(error) = self.hub.end(ended).await {
            // after a restart they end once more
            tracing::warn!(%error, "that subscriptions have ended cannot be kept");
        }
    }

    /// The feed is not there any more.
    async fn deny(&mut self, subscriptions: Vec<Subscription>) {
        let keys = subscriptions.iter().map(Subscription::key).collect();
        self.end(keys).await;
        let (hub, places) = (Arc::clone(&self.hub), Arc::clone(&self.places));
        tokio::spawn(async move {
            for subscription in subscriptions {
                // the semaphore is never closed
                let _place = places.acquire().await;
                hub.deny(
                    &subscription.topic,
                    &subscription.callback,
                    "there is no such feed",
                )
                .await;
            }
        });
    }
}

impl Hub {
    /// One delivery (section 7).
    async fn deliver(&self, subscription: &Subscription, document: &Document) -> Outcome {
        let mut head = HeaderMap::new();
        head.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(document.content_type),
        );
        let link = format!(
            "<{}>; rel=\"hub\", <{}>; rel=\"self\"",
            document.hub, subscription.topic
        );
        if let Ok(link) = HeaderValue::try_from(link) {
            head.insert(header::LINK, link);
        }
        if let Some(secret) = &subscription.secret {
            let signed = signature(secret, &document.bytes);
            if let Ok(signed) = HeaderValue::try_from(signed) {
                head.insert(SIGNATURE, signed);
            }
        }
        let (topic, host) = (subscription.shown_topic(), subscription.callback.host_str());
        let body = Bytes::clone(&document.bytes);
        match self
            .callbacks
            .post(&subscription.callback, head, body)
            .await
        {
            Ok(200..=299) => Outcome::Delivered,
            Ok(410) => {
                tracing::info!(topic, host, "a callback is gone, and its subscription ends");
                Outcome::Gone
            }
            Ok(status) => {
                tracing::info!(
                    topic,
                    host,
                    http.status = status,
                    "a callback does not take a feed"
                );
                Outcome::Failed
            }
            Err(error) => {
                tracing::info!(
                    topic,
                    host,
                    error = &error as &dyn std::error::Error,
                    "a callback cannot be reached"
                );
                Outcome::Failed
            }
        }
    }
}
