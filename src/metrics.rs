//! What the daemon counts and measures, for Prometheus: counters and histograms that grow with the work, and gauges that
//! are set when they are asked for ([`Snapshot`]). The one room that knows the library.
//!
//! In: what was done, told where it is done. Out: the text exposition format, version 0.0.4. Labels have few values, all
//! of them known here: none names a source, of which there may be ten thousand, or anything else from outside. All
//! series are there from the start, with 0, so that rates are right from the first event on.
//!
//! Counting is one relaxed addition: no lock is taken on the way of a feed that is ready.

mod gauges;
mod process;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use self::gauges::Gauges;
pub use self::gauges::{Snapshot, Sources};
use crate::{
    journal::Event,
    source::state::{FaultKind, Outcome},
};

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Seconds on the wire: from a page of the same town to one that is given up.
const FETCH_SECONDS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Seconds of a parser: from a short notice to a page that is none.
const EXTRACT_SECONDS: [f64; 10] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5,
];

/// What becomes of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArticleEvent {
    /// It is there.
    New,
    /// It says something else, or could be read at last.
    Revised,
    /// It has another address.
    Moved,
    /// It is gone from its site.
    Withdrawn,
    /// It is back.
    Returned,
}

impl ArticleEvent {
    const ALL: [Self; 5] = [
        Self::New,
        Self::Revised,
        Self::Moved,
        Self::Withdrawn,
        Self::Returned,
    ];

    /// What an event of the journal says of it; none where that is nothing of the article itself.
    pub fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Published { .. } => Some(Self::New),
            Event::Revised { .. } => Some(Self::Revised),
            Event::Moved { .. } => Some(Self::Moved),
            Event::Withdrawn { .. } => Some(Self::Withdrawn),
            Event::Returned { .. } => Some(Self::Returned),
            Event::Listed { .. } | Event::Expired { .. } => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Revised => "revised",
            Self::Moved => "moved",
            Self::Withdrawn => "withdrawn",
            Self::Returned => "returned",
        }
    }
}

/// The statuses that are answered; another one is `other`.
const STATUSES: [u16; 21] = [
    200, 202, 226, 301, 303, 304, 400, 401, 403, 404, 405, 406, 408, 410, 412, 413, 431, 500, 501,
    503, 0,
];

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A feed.
    Feed,
    /// A page for people.
    Page,
    /// A search, as a page or as a feed.
    Search,
    /// What is for machines.
    Other,
}

impl Resource {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Feed, "feed"),
        (Self::Page, "page"),
        (Self::Search, "search"),
        (Self::Other, "other"),
    ];
}

/// One label with its value.
type Label = [(&'static str, &'static str); 1];
type Labelled = Family<Label, Counter>;

/// The metrics of one daemon. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    /// Held while gauges are set and all is written down, so that a scrape shows one moment.
    registry: Mutex<(Registry, Gauges)>,
    polls: Labelled,
    /// The one of [`Inner::polls`] that counts most of them.
    unchanged: Counter,
    articles: Labelled,
    fetch: Histogram,
    extract: Histogram,
    /// By resource, then by status, in the order of [`Resource::ALL`] and [`STATUSES`].
    requests: [[Counter; STATUSES.len()]; 4],
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Registry::default();
        let registry = all.sub_registry_with_prefix("schoolbell");
        let polls = counters("outcome", outcomes());
        registry.register(
            "polls",
            "Polls of sources, by how they ended",
            polls.clone(),
        );
        let unchanged = [("outcome", Outcome::Unchanged.word())];
        let unchanged = polls.get_or_create(&unchanged).clone();
        let articles = counters("event", ArticleEvent::ALL.map(ArticleEvent::word));
        registry.register(
            "article_events",
            "What became of articles, as recorded by polls",
            articles.clone(),
        );
        let fetch = Histogram::new(FETCH_SECONDS);
        registry.register_with_unit(
            "fetch",
            "Time of requests to sources on the wire, without the wait for their host's turn",
            Unit::Seconds,
            fetch.clone(),
        );
        let extract = Histogram::new(EXTRACT_SECONDS);
        registry.register_with_unit(
            "extract",
            "Time of parsing and extracting from one page",
            Unit::Seconds,
            extract.clone(),
        );
        let answered: Family<Vec<(&str, String)>, Counter> = Family::default();
        let requests = Resource::ALL.map(|(_, resource)| {
            STATUSES.map(|status| {
                let status = match status {
                    0 => "other".to_owned(),
                    status => status.to_string(),
                };
                let labels = vec![("resource", resource.to_owned()), ("status", status)];
                answered.get_or_create_owned(&labels)
            })
        });
        registry.register(
            "http_requests",
            "Requests answered, by what was asked for and the status of the answer",
            answered,
        );
        let gauges = Gauges::register(registry);
        gauges.register_process(all.sub_registry_with_prefix("process"));
        Self(Arc::new(Inner {
            registry: Mutex::new((all, gauges)),
            unchanged,
            polls,
            articles,
            fetch,
            extract,
            requests,
        }))
    }
}

/// How a poll ended that could not be kept.
const NOT_KEPT: &str = "not_kept";

/// The words of `schoolbell_polls_total`.
fn outcomes() -> impl Iterator<Item = &'static str> {
    let faults = FaultKind::ALL.iter().map(|kind| kind.as_str());
    ["read", "unchanged", NOT_KEPT].into_iter().chain(faults)
}

/// Counters with one label, each value at 0.
fn counters(name: &'static str, values: impl IntoIterator<Item = &'static str>) -> Labelled {
    let family = Labelled::default();
    for value in values {
        drop(family.get_or_create(&[(name, value)]));
    }
    family
}

impl Metrics {
    /// A poll has ended; `None` where its end could not be kept.
    pub fn polled(&self, outcome: Option<&Outcome>) {
        if outcome == Some(&Outcome::Unchanged) {
            self.0.unchanged.inc();
            return;
        }
        let outcome = outcome.map_or(NOT_KEPT, Outcome::word);
        self.0.polls.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// A poll has recorded this of an article.
    pub fn recorded(&self, event: ArticleEvent) {
        let word = event.word();
        self.0.articles.get_or_create(&[("event", word)]).inc();
    }

    /// A request to a source took so long on the wire.
    pub fn fetched(&self, took: Duration) {
        self.0.fetch.observe(took.as_secs_f64());
    }

    /// A page was read in this time.
    pub fn extracted(&self, took: Duration) {
        self.0.extract.observe(took.as_secs_f64());
    }

    /// A request was answered.
    pub fn answered(&self, resource: Resource, status: u16) {
        let of = |(known, _): &(Resource, &str)| *known == resource;
        let row = Resource::ALL.iter().position(of).unwrap_or_default();
        let known = STATUSES.iter().position(|known| *known == status);
        let column = known.unwrap_or(STATUSES.len() - 1);
        self.0.requests[row][column].inc();
    }

    /// All of it, as Prometheus reads it.
    pub fn encode(&self, snapshot: &Snapshot) -> String {
        let registry = self.0.registry.lock();
        // gauges that were set in part are set anew
        let registry = registry.unwrap_or_else(PoisonError::into_inner);
        let (registry, gauges) = &*registry;
        gauges.set(snapshot);
        let mut text = String::new();
        // memory takes it
        let _ = prometheus_text::encode(&mut text, registry);
        text
    }
}
