//! Feed addresses, and the feeds that were rendered for them.
//!
//! A feed is rendered when first asked for after a change and kept as bytes. However many ask in that moment, it is
//! rendered once: the others wait for it.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::Response,
};
use jiff::Timestamp;
use quick_cache::{Weighter, sync::Cache};

use super::{Site, broken, conditional, not_found, rendition::Rendition, site};
use crate::{
    feed::{Also, Entry, Feed, Format, opml},
    source::{Content, SourceId},
    store::{self, Scope, StoreError},
};

/// What `Cache-Control: max-age` says while a poll is under way or overdue, in seconds; also how often a feed looks
/// again for its sources' next poll.
const SHORTEST_AGE: i64 = 10;

/// Which feed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Source(SourceId),
    Group(String),
    All,
}

/// A rendition, with the store's state that it shows and the time until which nothing new is to be expected.
struct Rendered {
    generation: u64,
    rendition: Rendition,
    /// Seconds since the Unix epoch.
    fresh_until: AtomicI64,
}

type Key = (Subject, Format);

/// The feeds that were rendered, up to [`KEPT_BYTES`]; those that are seldom asked for make way first.
pub(super) struct FeedCache(Cache<Key, Arc<Rendered>, Size>);

/// The most bytes of feeds, in all forms, that are kept.
const KEPT_BYTES: u64 = 128 << 20;

/// What feeds weigh: the cache counts bytes.
#[derive(Clone)]
struct Size;

impl Weighter<Key, Arc<Rendered>> for Size {
    fn weight(&self, _: &Key, rendered: &Arc<Rendered>) -> u64 {
        rendered.rendition.size_bytes() + 1024
    }
}

impl Default for FeedCache {
    fn default() -> Self {
        Self(Cache::with_weighter(1000, KEPT_BYTES, Size))
    }
}

/// `/feeds/{id}.{format}`
pub(super) async fn source(
    State(site): State<Arc<Site>>,
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let Some((id, format)) = split(&file) else {
        return not_found("this feed");
    };
    match SourceId::parse(&id) {
        Ok(id) if site.source(&id).is_some() => {
            answer(site, Subject::Source(id), format, &headers).await
        }
        _ => not_found("this source"),
    }
}

/// `/groups/{name}.{format}`
pub(super) async fn group(
    State(site): State<Arc<Site>>,
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    match split(&file) {
        Some((name, format)) if site.group(&name).is_some() => {
            answer(site, Subject::Group(name), format, &headers).await
        }
        _ => not_found("this group"),
    }
}

/// `/all.rss`
pub(super) async fn all_rss(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    answer(site, Subject::All, Format::Rss, &headers).await
}

/// `/all.atom`
pub(super) async fn all_atom(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    answer(site, Subject::All, Format::Atom, &headers).await
}

/// `/all.json`
pub(super) async fn all_json(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    answer(site, Subject::All, Format::Json, &headers).await
}

/// `/feeds.opml`
pub(super) async fn opml(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let titles: HashMap<String, String> = site
        .reports()
        .into_iter()
        .map(|report| (report.id, report.title))
        .collect();
    let outlines = site::outlines(&site.config, |source| {
        titles.get(source.id.as_str()).cloned().unwrap_or_default()
    });
    let (list, now) = (opml::render("schoolbell", &outlines), (site.clock)());
    site.documents.answer(
        "/feeds.opml",
        list,
        "text/x-opml; charset=utf-8",
        now,
        &headers,
    )
}

/// The name and the format of an address's last part; a part that is no UTF-8 has neither.
fn split(file: &Result<Path<String>, PathRejection>) -> Option<(String, Format)> {
    let (name, ending) = file.as_ref().ok()?.rsplit_once('.')?;
    Some((name.to_owned(), Format::of_ending(ending)?))
}

async fn answer(
    site: Arc<Site>,
    subject: Subject,
    format: Format,
    headers: &HeaderMap,
) -> Response {
    let rendered = match rendered(&site, &subject, format).await {
        Ok(rendered) => rendered,
        Err(response) => return response,
    };
    let now = (site.clock)().as_second();
    let until = rendered.fresh_until.load(Ordering::Relaxed);
    if until > now {
        return conditional::answer(&rendered.rendition, headers, (until - now).unsigned_abs());
    }
    let next = next_poll(&site, &subject).map_or(0, Timestamp::as_second);
    let until = next.max(now + SHORTEST_AGE);
    rendered.fresh_until.store(until, Ordering::Relaxed);
    conditional::answer(&rendered.rendition, headers, (until - now).unsigned_abs())
}

/// The kept rendition where it is still true, else a new one.
async fn rendered(
    site: &Arc<Site>,
    subject: &Subject,
    format: Format,
) -> Result<Arc<Rendered>, Response> {
    let key = (subject.clone(), format);
    let scope = subject.scope(site);
    let is_current = |kept: &Arc<Rendered>| kept.generation == site.store.generation(&scope);
    let FeedCache(cache) = &site.feeds;
    let mut before = None;
    loop {
        if let Some(kept) = cache.get(&key) {
            if is_current(&kept) {
                return Ok(kept);
            }
            cache.remove_if(&key, |kept| !is_current(kept));
            before = Some(kept);
        }
        // one asker gets the place to fill, the others wait for what it puts there
        let place = match cache.get_value_or_guard_async(&key).await {
            Ok(kept) if is_current(&kept) => return Ok(kept),
            Ok(_) => continue,
            Err(place) => place,
        };
        let made = tokio::task::spawn_blocking({
            let (site, subject) = (site.clone(), subject.clone());
            move || render(&site, &subject, format, before.as_deref())
        });
        return match made.await {
            Ok(Ok(rendered)) => {
                let rendered = Arc::new(rendered);
                // refused only where the place was taken away meanwhile, and then the next asker renders anew
                let _ = place.insert(rendered.clone());
                Ok(rendered)
            }
            Ok(Err(error)) => Err(broken(&error)),
            Err(error) => Err(broken(&error)),
        };
    }
}

fn render(
    site: &Site,
    subject: &Subject,
    format: Format,
    before: Option<&Rendered>,
) -> Result<Rendered, StoreError> {
    let scope = subject.scope(site);
    // read before the entries: a change in between is then seen by the next asker
    let generation = site.store.generation(&scope);
    let entries = site.store.newest(&scope, site.config.feed.entries, 0)?;
    let feed = compose(site, subject, entries);
    let rendition = Rendition::new(
        feed.render(format),
        format.content_type(),
        (site.clock)(),
        before.map(|before| &before.rendition),
    );
    Ok(Rendered {
        generation,
        rendition,
        fresh_until: AtomicI64::new(0),
    })
}

impl Subject {
    fn scope(&self, site: &Site) -> Scope {
        match self {
            Self::Source(id) => Scope::Source(id.clone()),
            Self::Group(name) => Scope::Sources(site.group(name).unwrap_or_default().to_vec()),
            Self::All => Scope::All,
        }
    }

    fn members<'a>(&self, site: &'a Site) -> Box<dyn Iterator<Item = &'a SourceId> + 'a> {
        match self {
            Self::Source(id) => Box::new(site.source(id).map(|source| &source.id).into_iter()),
            Self::Group(name) => Box::new(site.group(name).unwrap_or_default().iter()),
            Self::All => Box::new(site.config.sources.iter().map(|source| &source.id)),
        }
    }
}

/// When the first of its sources is due.
fn next_poll(site: &Site, subject: &Subject) -> Option<Timestamp> {
    subject
        .members(site)
        // one that is not polled any more keeps the due time that it had
        .filter(|id| site.source(id).is_some_and(|source| source.enabled))
        .filter_map(|id| site.store.state(id)?.next_poll)
        .min()
}

fn compose(site: &Site, subject: &Subject, entries: Vec<store::Entry>) -> Feed {
    let mut titles = Titles {
        site,
        known: HashMap::new(),
    };
    let (address, title, home) = match subject {
        Subject::Source(id) => {
            let home = site.source(id).map_or_else(
                || site.config.server.public_url.clone(),
                |source| source.url.clone(),
            );
            (site.address(&["feeds", id.as_str()]), titles.of(id), home)
        }
        Subject::Group(name) => (
            site.address(&["groups", name]),
            name.clone(),
            site.config.server.public_url.clone(),
        ),
        Subject::All => (
            site.address(&["all"]),
            site.words.everything.to_owned(),
            site.config.server.public_url.clone(),
        ),
    };
    let born = subject
        .members(site)
        .filter_map(|id| site.store.state(id)?.first_poll)
        .min();
    Feed {
        address,
        title,
        home,
        lang: site.config.lang.tag(),
        born: born.unwrap_or(Timestamp::UNIX_EPOCH),
        merged: !matches!(subject, Subject::Source(_)),
        entries: entries
            .into_iter()
            .map(|entry| titles.entry(entry))
            .collect(),
    }
}

/// The sources' titles, each looked up once per document.
struct Titles<'a> {
    site: &'a Site,
    known: HashMap<SourceId, String>,
}

impl Titles<'_> {
    fn of(&mut self, id: &SourceId) -> String {
        if let Some(title) = self.known.get(id) {
            return title.clone();
        }
        let learnt = self.site.store.state(id).and_then(|state| state.title);
        let title = match self.site.source(id) {
            Some(source) => source.shown_title(learnt.as_deref()).to_owned(),
            None => learnt.unwrap_or_else(|| id.to_string()),
        };
        self.known.insert(id.clone(), title.clone());
        title
    }

    fn entry(&mut self, entry: store::Entry) -> Entry {
        let id = entry.article.source.clone();
        let source = self.site.source(&id);
        let mut also = Vec::with_capacity(entry.also.len());
        for other in entry.also {
            also.push(Also {
                source_title: self.of(&other.source),
                source: other.source,
                url: other.url,
                title: other.title,
            });
        }
        Entry {
            timezone: source.map_or(jiff::tz::TimeZone::UTC, |source| source.timezone.clone()),
            source_title: self.of(&id),
            source_feed: self.site.address(&["feeds", id.as_str()]),
            content: source.map_or(Content::Full, |source| source.content),
            also,
            withdrawn: entry.withdrawn,
            also_label: self.site.words.also_at,
            article: entry.article,
        }
    }
}
