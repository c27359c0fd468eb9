//! What is so at the moment of asking.

use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{Label, process};
use crate::{
    source::{
        Source, report,
        state::{FaultKind, SourceState},
    },
    store::Measures,
};

/// Until when a source is due, in seconds, as `schoolbell_queue_sources` names it. What is due later is `later`.
const DUE: [(&str, i64); 5] = [
    ("overdue", 0),
    ("1m", 60),
    ("10m", 600),
    ("1h", 3_600),
    ("6h", 21_600),
];
const LATER: &str = "later";

/// The daemon at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Of the store.
    pub store: Measures,
    /// When the daemon began.
    pub started: Timestamp,
    /// Subscriptions to feeds.
    pub subscriptions: usize,
    /// Whether the configuration's files are refused.
    pub is_refused: bool,
    /// Of the sources.
    pub sources: Sources,
}

/// How many sources are well, and when they are due.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// By health.
    health: Vec<&'static str>,
    /// By when they are due.
    due: Vec<&'static str>,
    /// How long the source has waited that has waited longest.
    lag_seconds: i64,
}

impl Sources {
    /// Counts a source, as it is at `now`.
    pub fn add(&mut self, source: &Source, state: Option<&SourceState>, now: Timestamp) {
        self.health.push(report::health(source, state));
        if !source.enabled {
            return;
        }
        // one that was never polled is due
        let due = state.and_then(|state| state.next_poll);
        let left = due.map_or(0, |due| due.as_second() - now.as_second());
        let within = DUE.iter().find(|(_, seconds)| left <= *seconds);
        self.due.push(within.map_or(LATER, |(name, _)| name));
        self.lag_seconds = self.lag_seconds.max(-left);
    }
}

type Whole = Gauge;
type Real = Gauge<f64, AtomicU64>;
type ByLabel = Family<Label, Whole>;

/// The gauges.
pub(super) struct Gauges {
    sources: ByLabel,
    queue: ByLabel,
    queue_lag: Whole,
    articles: Whole,
    store_bytes: ByLabel,
    store_free: Whole,
    store_writable: Whole,
    journal_lag: Whole,
    search_lag: Whole,
    search_complete: Whole,
    subscriptions: Whole,
    configuration_refused: Whole,
    started: Real,
    resident: Whole,
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let gauges = Self {
            sources: ByLabel::default(),
            queue: ByLabel::default(),
            queue_lag: Whole::default(),
            articles: Whole::default(),
            store_bytes: ByLabel::default(),
            store_free: Whole::default(),
            store_writable: Whole::default(),
            journal_lag: Whole::default(),
            search_lag: Whole::default(),
            search_complete: Whole::default(),
            subscriptions: Whole::default(),
            configuration_refused: Whole::default(),
            started: Real::default(),
            resident: Whole::default(),
        };
        let build = ByLabel::default();
        build
            .get_or_create(&[("version", env!("CARGO_PKG_VERSION"))])
            .set(1);
        registry.register("build_info", "The version, as a label", build);
        registry.register("sources", "Sources, by health", gauges.sources.clone());
        registry.register(
            "queue_sources",
            "Enabled sources, by the time within which they are due: each in the first that holds",
            gauges.queue.clone(),
        );
        registry.register_with_unit(
            "queue_lag",
            "How long the source is overdue that has waited longest",
            Unit::Seconds,
            gauges.queue_lag.clone(),
        );
        registry.register(
            "articles",
            "Articles that are kept",
            gauges.articles.clone(),
        );
        registry.register_with_unit(
            "store",
            "What the store takes on the disk, by part",
            Unit::Bytes,
            gauges.store_bytes.clone(),
        );
        registry.register_with_unit(
            "store_free",
            "What is left on the store's disk",
            Unit::Bytes,
            gauges.store_free.clone(),
        );
        registry.register(
            "store_writable",
            "Whether new things can be kept (1) or not (0)",
            gauges.store_writable.clone(),
        );
        registry.register(
            "journal_lag_events",
            "Events in the journal that the database does not know yet",
            gauges.journal_lag.clone(),
        );
        registry.register(
            "search_lag_events",
            "Events that the index for searching has not seen yet",
            gauges.search_lag.clone(),
        );
        registry.register(
            "search_complete",
            "Whether the index for searching holds all articles (1), or is being made (0)",
            gauges.search_complete.clone(),
        );
        registry.register(
            "websub_subscriptions",
            "Subscriptions to feeds at this daemon's hub",
            gauges.subscriptions.clone(),
        );
        registry.register(
            "configuration_refused",
            "Whether the configuration's files have mistakes, and what was in force before still is (1)",
            gauges.configuration_refused.clone(),
        );
        gauges
    }

    /// Those that have the same name in all programs.
    pub(super) fn register_process(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "start_time",
            "Start time of the process since the Unix epoch",
            Unit::Seconds,
            self.started.clone(),
        );
        if process::resident_bytes().is_some() {
            registry.register_with_unit(
                "resident_memory",
                "Resident memory size",
                Unit::Bytes,
                self.resident.clone(),
            );
        }
    }

    pub(super) fn set(&self, now: &Snapshot) {
        let healths = FaultKind::ALL.iter().map(|kind| kind.as_str());
        let healths = ["ok", "waiting", "off"].into_iter().chain(healths);
        count(&self.sources, "health", healths, &now.sources.health);
        let within = DUE.iter().map(|(name, _)| *name).chain([LATER]);
        count(&self.queue, "due", within, &now.sources.due);
        self.queue_lag.set(now.sources.lag_seconds);
        let store = &now.store;
        self.articles.set(whole(store.articles));
        for (part, bytes) in [
            ("journal", store.journal_bytes),
            ("database", store.database_bytes),
            ("search", store.search_bytes),
        ] {
            let gauge = self.store_bytes.get_or_create(&[("part", part)]);
            gauge.set(whole(bytes));
        }
        self.store_free.set(whole(store.free_bytes));
        self.store_writable.set(i64::from(store.is_writable));
        self.journal_lag.set(whole(store.journal_lag));
        self.search_lag.set(whole(store.search_lag));
        self.search_complete
            .set(i64::from(store.search_is_complete));
        let subscriptions = i64::try_from(now.subscriptions);
        self.subscriptions.set(subscriptions.unwrap_or(i64::MAX));
        self.configuration_refused.set(i64::from(now.is_refused));
        self.started.set(now.started.as_duration().as_secs_f64());
        self.resident
            .set(whole(process::resident_bytes().unwrap_or_default()));
    }
}

/// How many of them have each value.
fn count(
    family: &ByLabel,
    name: &'static str,
    values: impl Iterator<Item = &'static str>,
    of: &[&str],
) {
    for value in values {
        let number = of.iter().filter(|known| **known == value).count();
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        family.get_or_create(&[(name, value)]).set(number);
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
