//! What the routes share: the configuration as they ask for it, the store, and the feeds that were rendered.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;
use tokio::sync::Semaphore;
use url::Url;

use super::{documents::Documents, feeds::FeedCache, search::Searches, words::Words};
use crate::{
    article::Article,
    config::Config,
    feed::{Format, opml::Outline},
    metrics::Metrics,
    source::{Source, SourceId, report::SourceReport},
    store::Store,
    websub::Hub,
};

/// Narrowed feeds that are made at the same time.
const NARROWED: usize = 2;

/// The shared part of all routes.
pub struct Site {
    pub(super) config: Arc<Config>,
    pub(super) store: Arc<Store>,
    /// Counts the configurations: what was rendered for another one is rendered anew.
    pub(super) epoch: u64,
    pub(super) feeds: Arc<FeedCache>,
    pub(super) documents: Arc<Documents>,
    /// Feeds that are narrowed by what anybody may ask for: few at the same time.
    pub(super) narrowing: Arc<Semaphore>,
    /// Why the present files of the configuration are not in force, if they are not.
    refused: Mutex<Option<String>>,
    pub(super) searches: Searches,
    pub(super) clock: fn() -> Timestamp,
    pub(super) words: &'static Words,
    pub(super) metrics: Metrics,
    /// When the first of the sites began.
    pub(super) started: Timestamp,
    sources: HashMap<SourceId, Arc<Source>>,
    /// The ids that sources had before, and their present ones.
    renamed: HashMap<SourceId, SourceId>,
    groups: Vec<(String, Vec<SourceId>)>,
    /// Whether the store has sources that the configuration does not name any more: they are in no feed.
    has_removed: bool,
    ready: AtomicBool,
    pub(super) own_hub: OnceLock<Arc<Hub>>,
}

impl Site {
    /// A site over a store. It is not ready until [told so](Self::set_ready).
    pub fn new(config: Arc<Config>, store: Arc<Store>, clock: fn() -> Timestamp) -> Self {
        let sources = config
            .sources
            .iter()
            .map(|source| (source.id.clone(), source.clone()))
            .collect();
        let mut groups: Vec<(String, Vec<SourceId>)> = Vec::new();
        for source in &config.sources {
            for name in &source.groups {
                match groups.iter_mut().find(|(known, _)| known == name) {
                    Some((_, members)) => members.push(source.id.clone()),
                    None => groups.push((name.clone(), vec![source.id.clone()])),
                }
            }
        }
        let renamed = config.sources.iter().flat_map(|source| {
            let aliases = source.aliases.iter();
            aliases.map(|alias| (alias.clone(), source.id.clone()))
        });
        let renamed = renamed.collect();
        let renamed: HashMap<_, _> = renamed;
        let is_removed = |id: &SourceId| {
            let sources: &HashMap<SourceId, Arc<Source>> = &sources;
            !sources.contains_key(id) && !renamed.contains_key(id)
        };
        let has_removed = store.source_ids().iter().any(is_removed);
        let words = Words::of(config.lang);
        Self {
            config,
            store,
            epoch: 0,
            feeds: Arc::default(),
            documents: Arc::default(),
            narrowing: Arc::new(Semaphore::new(NARROWED)),
            refused: Mutex::default(),
            searches: Searches::default(),
            clock,
            words,
            metrics: Metrics::default(),
            started: clock(),
            sources,
            renamed,
            groups,
            has_removed,
            ready: AtomicBool::new(false),
            own_hub: OnceLock::new(),
        }
    }

    /// The same site with another configuration. What readers have is still known, so that they are told of changes only.
    #[must_use]
    pub fn reconfigured(&self, config: Arc<Config>) -> Self {
        let mut site = Self::new(config, self.store.clone(), self.clock);
        site.epoch = self.epoch + 1;
        site.feeds = self.feeds.clone();
        site.documents = self.documents.clone();
        site.narrowing = self.narrowing.clone();
        site.metrics = self.metrics.clone();
        site.started = self.started;
        site.ready = AtomicBool::new(self.is_ready());
        site.own_hub = self.own_hub.clone();
        site
    }

    /// Where requests are counted, and all else that `/metrics` tells.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The configuration in force.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The configuration's files have mistakes, told in these words, and what was in force before still is; or they are
    /// good again.
    pub fn set_refused(&self, why: Option<String>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(super) fn refused(&self) -> Option<String> {
        let refused = self.refused.lock();
        refused.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says whether `/readyz` answers 200.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Release);
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(super) fn source(&self, id: &SourceId) -> Option<&Arc<Source>> {
        self.sources.get(id)
    }

    pub(super) fn has_removed(&self) -> bool {
        self.has_removed
    }

    /// The present id of a source that had this one before.
    pub(super) fn renamed(&self, id: &SourceId) -> Option<&SourceId> {
        self.renamed.get(id)
    }

    /// The present id of a source.
    pub(super) fn present(&self, id: &SourceId) -> SourceId {
        self.renamed(id).unwrap_or(id).clone()
    }

    /// Whether an article's source shows it.
    pub(super) fn shows(&self, article: &Article) -> bool {
        let source = self.source(self.renamed(&article.source).unwrap_or(&article.source));
        source.is_none_or(|source| source.filter.shows(article))
    }

    /// The groups, in the order of the configuration, with their members.
    pub(super) fn groups(&self) -> &[(String, Vec<SourceId>)] {
        &self.groups
    }

    pub(super) fn group(&self, name: &str) -> Option<&[SourceId]> {
        self.groups
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, members)| members.as_slice())
    }

    /// An absolute address below `public_url`.
    pub(super) fn address(&self, segments: &[&str]) -> String {
        address(&self.config.server.public_url, segments)
    }

    /// What a source is called.
    pub(super) fn title(&self, id: &SourceId) -> String {
        let learnt = self.store.state(id).and_then(|state| state.title);
        match self.source(id) {
            Some(source) => source.shown_title(learnt.as_deref()).to_owned(),
            None => learnt.unwrap_or_else(|| id.to_string()),
        }
    }

    /// A feed's absolute address.
    pub(super) fn feed_address(&self, segments: &[&str], format: Format) -> String {
        format!("{}.{}", self.address(segments), format.ending())
    }

    /// Each source's health, in the order of the configuration.
    pub(super) fn reports(&self) -> Vec<SourceReport> {
        reports(&self.config, &self.store)
    }
}

/// Each source's health, in the order of the configuration.
pub fn reports(config: &Config, store: &Store) -> Vec<SourceReport> {
    let report = |source: &Arc<Source>| {
        SourceReport::new(source, store.state(&source.id), store.counts(&source.id))
    };
    config.sources.iter().map(report).collect()
}

/// The feeds that are published, as lines of an OPML list: everything, each group's own at the head of its sources, each
/// source. `title` gives each source's title.
pub fn outlines(config: &Config, title: impl Fn(&Source) -> String) -> Vec<Outline> {
    let at = |segments: &[&str]| address(&config.server.public_url, segments);
    let everything = Outline {
        title: Words::of(config.lang).everything.to_owned(),
        feed: format!("{}.rss", at(&["all"])),
        home: config.server.public_url.to_string(),
        groups: Vec::new(),
    };
    let mut groups: Vec<&String> = Vec::new();
    for name in config.sources.iter().flat_map(|source| &source.groups) {
        if !groups.contains(&name) {
            groups.push(name);
        }
    }
    let groups = groups.into_iter().map(|name| Outline {
        title: name.clone(),
        feed: format!("{}.rss", at(&["groups", name])),
        home: at(&["groups", name]),
        groups: vec![name.clone()],
    });
    let sources = config.sources.iter().map(|source| Outline {
        title: title(source),
        feed: format!("{}.rss", at(&["feeds", source.id.as_str()])),
        home: source.url.to_string(),
        groups: source.groups.clone(),
    });
    std::iter::once(everything)
        .chain(groups)
        .chain(sources)
        .collect()
}

/// An address below `public_url`, each segment percent-encoded.
fn address(public_url: &Url, segments: &[&str]) -> String {
    let mut url = public_url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.into()
}
