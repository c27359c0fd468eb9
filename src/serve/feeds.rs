//! Feeds, and the documents that were rendered for them.
//!
//! A document is rendered when first asked for after a change and kept as bytes. However many ask in that moment, it is
//! rendered once: the others wait for it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use quick_cache::{Weighter, sync::Cache};
use tokio::task::JoinError;

use super::{
    Site,
    address::{Address, Part, Refusal, Subject},
    broken,
    compose::{Held, compose},
    conditional::{self, Asked},
    not_found, pages,
    rendition::Rendition,
};
use crate::{
    feed::{Feed, Format},
    store::{Scope, StoreError},
};

/// What `Cache-Control: max-age` says while a poll is under way or overdue, in seconds; also how often a feed looks
/// again for its sources' next poll.
const SHORTEST_AGE: i64 = 10;

/// So many earlier versions of a feed are remembered, to tell what is new since them.
const VERSIONS: usize = 16;

/// A rendition, with the store's state that it shows and the time until which nothing new is to be expected.
pub(super) struct Rendered {
    scope: Scope,
    epoch: u64,
    generation: u64,
    pub(super) rendition: Rendition,
    /// Seconds since the Unix epoch.
    fresh_until: AtomicI64,
    /// What the document held in its versions, by the hash of each, the latest first.
    versions: Vec<(u128, Arc<[Held]>)>,
}

/// The documents that were rendered, up to [`KEPT_BYTES`]; those that are seldom asked for make way first.
pub(super) struct FeedCache(Cache<Address, Arc<Rendered>, Size>);

/// The most bytes of feeds, in all forms, that are kept.
const KEPT_BYTES: u64 = 128 << 20;

/// What feeds weigh: the cache counts bytes.
#[derive(Clone)]
struct Size;

impl Weighter<Address, Arc<Rendered>> for Size {
    fn weight(&self, _: &Address, rendered: &Arc<Rendered>) -> u64 {
        rendered.rendition.size_bytes() + 2048
    }
}

impl Default for FeedCache {
    fn default() -> Self {
        Self(Cache::with_weighter(1000, KEPT_BYTES, Size))
    }
}

/// Why no document answers.
pub(super) enum Failure {
    /// There is none.
    Unknown(&'static str),
    /// It could not be made; the log was told.
    Broken,
}

/// `/feeds/{id}.{format}`
pub(super) async fn source(
    State(site): State<Arc<Site>>,
    file: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    // a part that is no UTF-8 names nothing
    let file = file.map(|Path(file)| file).unwrap_or_default();
    let query = query.unwrap_or_default();
    let address = Address::of_source(&site, &file, &query);
    answer(&site, address, &query, &headers).await
}

/// `/groups/{name}.{format}`
pub(super) async fn group(
    State(site): State<Arc<Site>>,
    file: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let file = file.map(|Path(file)| file).unwrap_or_default();
    // a name has no dot, so what has none is the page of the group
    if !file.contains('.') {
        return pages::group(&site, file, query, &headers).await;
    }
    let query = query.unwrap_or_default();
    let address = Address::of_group(&site, &file, &query);
    answer(&site, address, &query, &headers).await
}

/// `/all.rss`
pub(super) async fn all_rss(
    site: State<Arc<Site>>,
    query: RawQuery,
    headers: HeaderMap,
) -> Response {
    all(site, Format::Rss, query, headers).await
}

/// `/all.atom`
pub(super) async fn all_atom(
    site: State<Arc<Site>>,
    query: RawQuery,
    headers: HeaderMap,
) -> Response {
    all(site, Format::Atom, query, headers).await
}

/// `/all.json`
pub(super) async fn all_json(
    site: State<Arc<Site>>,
    query: RawQuery,
    headers: HeaderMap,
) -> Response {
    all(site, Format::Json, query, headers).await
}

async fn all(
    State(site): State<Arc<Site>>,
    format: Format,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let address = Address::of_all(format, &query);
    answer(&site, address, &query, &headers).await
}

async fn answer(
    site: &Arc<Site>,
    address: Result<Address, Refusal>,
    query: &str,
    headers: &HeaderMap,
) -> Response {
    let address = match address {
        Ok(address) => address.asked_by(site, query),
        Err(refusal) => return refuse(refusal),
    };
    match made(site, &address, &Asked::of(headers)).await {
        Ok(answer) => answer,
        Err(Failure::Unknown(what)) => not_found(what),
        Err(Failure::Broken) => super::unreadable(),
    }
}

pub(super) fn refuse(refusal: Refusal) -> Response {
    let status = refusal.status();
    match refusal {
        Refusal::Unknown(what) => not_found(what),
        Refusal::Gone(id) => {
            let words = format!("the source {id} was removed from the configuration\n");
            (status, words).into_response()
        }
        Refusal::Renamed(address) => match HeaderValue::try_from(&address) {
            Ok(value) => {
                let words = format!("this source has another id now: {address}\n");
                (status, [(header::LOCATION, value)], words).into_response()
            }
            // a query that no header can hold
            Err(_) => not_found("this feed"),
        },
        Refusal::Bad(words) => (status, format!("{words}\n")).into_response(),
    }
}

async fn made(site: &Arc<Site>, address: &Address, asked: &Asked<'_>) -> Result<Response, Failure> {
    let rendered = rendered(site, address).await?;
    let (rendition, coding) = (&rendered.rendition, asked.coding());
    let is_sent = !asked.fails(rendition, coding) && !asked.has(rendition, coding);
    if address.part == Part::Newest && is_sent {
        let since = asked.news_since();
        let mut known = rendered.versions.iter().map(|(hash, _)| *hash);
        if let Some(hash) = known.find(|hash| since.contains(hash)) {
            let news = self::rendered(site, &address.with(Part::News(hash))).await?;
            return Ok(conditional::answer_news(rendition, &news.rendition, asked).await);
        }
    }
    let age = rendered.max_age(site, address);
    let scope = if site.config.server.token.is_some() {
        "private, "
    } else {
        ""
    };
    let cache_control = HeaderValue::try_from(format!("{scope}max-age={age}"))
        .unwrap_or_else(|_| HeaderValue::from_static("max-age=0"));
    Ok(conditional::answer(rendition, asked, cache_control).await)
}

impl Rendered {
    /// How long nothing new is to be expected, in seconds.
    pub(super) fn max_age(&self, site: &Site, address: &Address) -> u64 {
        let now = (site.clock)().as_second();
        let until = self.fresh_until.load(Ordering::Relaxed);
        if until > now {
            return (until - now).unsigned_abs();
        }
        let next = next_poll(site, &address.subject).map_or(0, Timestamp::as_second);
        let until = next.max(now + SHORTEST_AGE);
        self.fresh_until.store(until, Ordering::Relaxed);
        (until - now).unsigned_abs()
    }

    fn is_current(&self, site: &Site) -> bool {
        self.epoch == site.epoch && self.generation == site.store.generation(&self.scope)
    }
}

/// The kept document where it is still true.
pub(super) fn kept(site: &Site, address: &Address) -> Option<Arc<Rendered>> {
    let FeedCache(cache) = &*site.feeds;
    cache.get(address).filter(|kept| kept.is_current(site))
}

/// The kept document where it is still true, else a new one.
pub(super) async fn rendered(
    site: &Arc<Site>,
    address: &Address,
) -> Result<Arc<Rendered>, Failure> {
    if !address.narrowing.filter.is_open() {
        return narrowed(site, address).await;
    }
    let FeedCache(cache) = &*site.feeds;
    let mut before = None;
    loop {
        if let Some(kept) = cache.get(address) {
            if kept.is_current(site) {
                return Ok(kept);
            }
            cache.remove_if(address, |kept| !kept.is_current(site));
            before = Some(kept);
        }
        // one asker gets the place to fill, the others wait for what it puts there
        let place = match cache.get_value_or_guard_async(address).await {
            Ok(kept) if kept.is_current(site) => return Ok(kept),
            Ok(_) => continue,
            Err(place) => place,
        };
        let making = tokio::task::spawn_blocking({
            let (site, address) = (site.clone(), address.clone());
            move || render(&site, &address, before.as_deref(), None)
        });
        let rendered = made_aside(making.await)?;
        // refused only where the place was taken away meanwhile, and then the next asker renders anew
        let _ = place.insert(rendered.clone());
        return Ok(rendered);
    }
}

/// A feed that is narrowed by expressions is made for who asks, and not kept: there are as many as anybody likes. Few
/// are made at the same time, and none for who has gone.
async fn narrowed(site: &Arc<Site>, address: &Address) -> Result<Arc<Rendered>, Failure> {
    // the semaphore is never closed
    let Ok(place) = site.narrowing.clone().acquire_owned().await else {
        return Err(Failure::Broken);
    };
    let asker = Asker::default();
    let making = tokio::task::spawn_blocking({
        let (site, address, gone) = (site.clone(), address.clone(), asker.gone.clone());
        move || {
            let made = render(&site, &address, None, Some(&gone));
            drop(place);
            made
        }
    });
    made_aside(making.await)
}

/// What came of rendering on another thread.
fn made_aside(
    made: Result<Result<Option<Rendered>, StoreError>, JoinError>,
) -> Result<Arc<Rendered>, Failure> {
    let error: Box<dyn std::error::Error> = match made {
        Ok(Ok(Some(rendered))) => return Ok(Arc::new(rendered)),
        Ok(Ok(None)) => return Err(Failure::Unknown("this part of the feed")),
        Ok(Err(error)) => Box::new(error),
        Err(error) => Box::new(error),
    };
    broken(&*error);
    Err(Failure::Broken)
}

/// Who asks; goes with the connection.
#[derive(Default)]
struct Asker {
    gone: Arc<AtomicBool>,
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
    }
}

fn render(
    site: &Site,
    address: &Address,
    before: Option<&Rendered>,
    abandoned: Option<&AtomicBool>,
) -> Result<Option<Rendered>, StoreError> {
    let scope = address.subject.scope(site);
    // read before the entries: a change in between is then seen by the next asker
    let generation = site.store.generation(&scope);
    let held_before = match address.part {
        Part::News(hash) => kept(site, &address.with(Part::Newest))
            .and_then(|newest| newest.held(hash))
            .unwrap_or_default(),
        _ => Arc::default(),
    };
    let Some(composed) = compose(site, address, &held_before, abandoned)? else {
        return Ok(None);
    };
    let rendition = Rendition::linked(
        composed.feed.render(address.format),
        address.format.content_type(),
        link(&composed.feed, address.format).as_ref(),
        (site.clock)(),
        before.map(|before| &before.rendition),
    );
    let mut versions = vec![(rendition.hash(), composed.held.into())];
    let earlier = before.into_iter().flat_map(|before| &before.versions);
    versions.extend(
        earlier
            .filter(|(hash, _)| *hash != rendition.hash())
            .cloned(),
    );
    versions.truncate(VERSIONS);
    Ok(Some(Rendered {
        scope,
        epoch: site.epoch,
        generation,
        rendition,
        fresh_until: AtomicI64::new(0),
        versions,
    }))
}

impl Rendered {
    fn held(&self, hash: u128) -> Option<Arc<[Held]>> {
        let mut versions = self.versions.iter();
        versions.find_map(|(version, held)| (*version == hash).then(|| held.clone()))
    }
}

/// Where the feed can be subscribed to (W3C WebSub, section 4).
fn link(feed: &Feed, format: Format) -> Option<HeaderValue> {
    let (hub, topic) = (feed.hub.as_ref()?, feed.subscribed_at(format));
    HeaderValue::try_from(format!("<{hub}>; rel=\"hub\", <{topic}>; rel=\"self\"")).ok()
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
