//! Searching, for people and for readers of feeds: `/search?q=`, `/search.rss?q=` and so on.
//!
//! A search is an address like others: its answer is kept until the index or the store has changed, and is told as
//! unchanged to who has it. Few searches are made side by side, so that they do not take the processors from the rest.

mod asked;

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use maud::{Markup, html};
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::Semaphore;

pub(super) use self::asked::Search;
use super::{
    Site, broken,
    compose::Titles,
    conditional::{self, Asked},
    feeds::refuse,
    pages,
    rendition::Rendition,
};
use crate::{
    article::Article,
    feed::{Feed, Format, Pages},
    store::{Choice, Found, NoQuestion, QUESTION_CHARS, Question, Scope, StoreError},
};

/// Articles of a page for people.
const ON_A_PAGE: usize = 30;
/// Where sources leave articles out, a search looks no further.
const LOOKED_AT: usize = 5_000;
/// The most bytes of answers that are kept.
const KEPT_BYTES: u64 = 16 << 20;
/// Searches that are made at the same time.
const SIDE_BY_SIDE: usize = 4;
/// What `Cache-Control: max-age` says of a feed, in seconds.
const AGE: HeaderValue = HeaderValue::from_static("max-age=10");

/// The query, the format, and whether links carry the token.
type Key = (String, Option<Format>, bool);

/// The last answers.
pub(super) struct Searches {
    kept: Cache<Key, Arc<Kept>, Size>,
    places: Arc<Semaphore>,
}

struct Kept {
    /// The index's generation and the store's.
    state: (u64, u64),
    rendition: Rendition,
}

#[derive(Clone)]
struct Size;

impl Weighter<Key, Arc<Kept>> for Size {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        kept.rendition.size_bytes() + 2048
    }
}

impl Default for Searches {
    fn default() -> Self {
        Self {
            kept: Cache::with_weighter(100, KEPT_BYTES, Size),
            places: Arc::new(Semaphore::new(SIDE_BY_SIDE)),
        }
    }
}

/// `/search`
pub(super) async fn page(
    State(site): State<Arc<Site>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    answer(&site, &query.unwrap_or_default(), None, &headers).await
}

/// `/search.rss`
pub(super) async fn rss(site: State<Arc<Site>>, query: RawQuery, headers: HeaderMap) -> Response {
    feed(site, query, Format::Rss, headers).await
}

/// `/search.atom`
pub(super) async fn atom(site: State<Arc<Site>>, query: RawQuery, headers: HeaderMap) -> Response {
    feed(site, query, Format::Atom, headers).await
}

/// `/search.json`
pub(super) async fn json(site: State<Arc<Site>>, query: RawQuery, headers: HeaderMap) -> Response {
    feed(site, query, Format::Json, headers).await
}

async fn feed(
    State(site): State<Arc<Site>>,
    RawQuery(query): RawQuery,
    format: Format,
    headers: HeaderMap,
) -> Response {
    answer(&site, &query.unwrap_or_default(), Some(format), &headers).await
}

async fn answer(
    site: &Arc<Site>,
    query: &str,
    format: Option<Format>,
    headers: &HeaderMap,
) -> Response {
    let search = match Search::read(site, query) {
        Ok(search) => search,
        Err(refusal) => return refuse(refusal),
    };
    let question = match Question::parse(&search.text) {
        Ok(question) => question,
        // where to write it, for who has not asked yet
        Err(NoQuestion::Empty) if format.is_none() && !Search::asks(query) => {
            return bare(site, &search, StatusCode::OK, &html! {});
        }
        Err(why) => return no_question(site, &search, why, format),
    };
    let key = (search.query(true), format, search.with_token);
    // read before the search: a change in between is then seen by the next asker
    let state = (
        site.store.search_generation(),
        site.store.generation(&Scope::All),
    );
    let before = site.searches.kept.get(&key);
    let kept = match before.filter(|kept| kept.state == state) {
        Some(kept) => kept,
        None => match made(site, search, question, format, &key, state).await {
            Ok(kept) => kept,
            Err(response) => return response,
        },
    };
    let age = match (format, &site.config.server.token) {
        (None, None) => HeaderValue::from_static("max-age=0"),
        (None, Some(_)) => HeaderValue::from_static("private, max-age=0"),
        (Some(_), None) => AGE,
        (Some(_), Some(_)) => HeaderValue::from_static("private, max-age=10"),
    };
    let mut answer = conditional::answer(&kept.rendition, &Asked::of(headers), age).await;
    if format.is_none() {
        harden(&mut answer);
    }
    answer
}

async fn made(
    site: &Arc<Site>,
    search: Search,
    question: Question,
    format: Option<Format>,
    key: &Key,
    state: (u64, u64),
) -> Result<Arc<Kept>, Response> {
    // the semaphore is never closed
    let place = site.searches.places.clone().acquire_owned().await;
    let making = tokio::task::spawn_blocking({
        let site = site.clone();
        move || {
            let made = document(&site, &search, &question, format);
            // with the work, not with who asked: it goes on when that one has gone
            drop(place);
            made
        }
    });
    let (document, content_type) = match making.await {
        Ok(Ok(made)) => made,
        Ok(Err(StoreError::Unsearchable)) => return Err(unready(site)),
        Ok(Err(error)) => return Err(broken(&error)),
        Err(error) => return Err(broken(&error)),
    };
    let before = site.searches.kept.get(key);
    let before = before.as_ref().map(|kept| &kept.rendition);
    let rendition = Rendition::new(document, content_type, (site.clock)(), before);
    let kept = Arc::new(Kept { state, rendition });
    site.searches.kept.insert(key.clone(), kept.clone());
    Ok(kept)
}

fn document(
    site: &Site,
    search: &Search,
    question: &Question,
    format: Option<Format>,
) -> Result<(Vec<u8>, &'static str), StoreError> {
    let scope = search.scope(site);
    let limit = match format {
        Some(_) => site.config.feed.entries,
        None => ON_A_PAGE,
    };
    let shows = |article: &Article| site.shows(article);
    let filters = site.config.sources.iter().any(|s| !s.filter.is_open());
    let choice = Choice {
        skip: limit.saturating_mul(search.page - 1),
        limit,
        keep: filters.then_some(&shows),
        looked_at: if filters { LOOKED_AT } else { usize::MAX },
        abandoned: None,
    };
    let found = site.store.search(question, &scope, &choice)?;
    let more = choice.skip.saturating_add(found.entries.len()) < found.total;
    Ok(if let Some(format) = format {
        let feed = compose(site, search, &scope, found, more);
        (feed.render(format), format.content_type())
    } else {
        let page = results(site, search, &found, more);
        (page.into_string().into_bytes(), "text/html; charset=utf-8")
    })
}

fn compose(site: &Site, search: &Search, scope: &Scope, found: Found, more: bool) -> Feed {
    let page = search.page;
    let part = |page: usize| format!("page={page}");
    let mut titles = Titles::new(site);
    Feed {
        address: site.address(&["search"]),
        narrowing: search.query(false),
        access: site.access().filter(|_| search.with_token),
        pages: Pages {
            this: (page > 1).then(|| part(page)),
            next: more.then(|| part(page + 1)),
            previous: (page > 1).then(|| (page > 2).then(|| part(page - 1))),
            ..Pages::default()
        },
        title: format!("{} · {}", site.words.search, search.text),
        home: site.config.server.public_url.clone(),
        // what a search finds depends on more than the feeds' changes
        hub: None,
        lang: site.config.lang.tag(),
        born: Timestamp::UNIX_EPOCH,
        merged: !matches!(scope, Scope::Source(_) | Scope::Renamed(_)),
        entries: found.entries.into_iter().map(|e| titles.entry(e)).collect(),
    }
}

/// Where to write what is searched for.
pub(super) fn form(site: &Site, search: &Search) -> Markup {
    let words = site.words;
    html! {
        form role="search" action="search" {
            label for="q" { (words.search_in) }
            input #q type="search" name="q" value=(search.text) maxlength=(QUESTION_CHARS) required;
            @for id in &search.sources { input type="hidden" name="source" value=(id); }
            @if !site.groups().is_empty() {
                select name="group" aria-label=(words.group) {
                    option value="" { (words.all_sources) }
                    @for (name, _) in site.groups() {
                        option value=(name) selected[search.groups.contains(name)] { (name) }
                    }
                }
            }
            button { (words.search) }
            small { (words.search_how) }
        }
    }
}

fn results(site: &Site, search: &Search, found: &Found, more: bool) -> Markup {
    let words = site.words;
    frame(
        site,
        search,
        true,
        &html! {
            @if !site.store.search_is_complete() { p role="status" { (words.search_incomplete) } }
            @if found.entries.is_empty() { p { (words.nothing_found) } }
            @else { p { (words.found) " " (found.total) } }
            (pages::articles(site, "", &found.entries, None))
            @if search.page > 1 || more {
                nav.pager aria-label=(words.pages) {
                    @if search.page > 1 { a rel="prev" href=(search.at(search.page - 1)) { (words.newer) } " " }
                    @if more { a rel="next" href=(search.at(search.page + 1)) { (words.older) } }
                }
            }
        },
    )
}

fn frame(site: &Site, search: &Search, has_feeds: bool, content: &Markup) -> Markup {
    let words = site.words;
    let title = match search.text.as_str() {
        "" => words.search.to_owned(),
        text => format!("{} · {text}", words.search),
    };
    let feed = |format: Format| {
        let address = site.address(&["search"]);
        format!("{address}.{}?{}", format.ending(), search.query(false))
    };
    pages::Frame {
        title: Some(&title),
        root: "",
        place: "search",
        feed: has_feeds.then(|| (title.clone(), &feed as &dyn Fn(Format) -> String)),
    }
    .around(
        site,
        &html! {
            h1 { (words.search) }
            (form(site, search))
            (content)
            @if has_feeds {
                section.subscribe aria-labelledby="subscribe" {
                    h2 #subscribe { (words.subscribe_search) }
                    label for="address" { (words.copy_address) }
                    input #address type="url" readonly value=(feed(Format::Rss));
                    p { span.formats {
                        @for format in Format::ALL { a href=(feed(format)) { (format.name()) } " " }
                        a href={ "feed:" (feed(Format::Rss)) } title=(words.open_in_reader) { "feed:" }
                    } }
                }
            }
        },
    )
}

fn no_question(site: &Site, search: &Search, why: NoQuestion, format: Option<Format>) -> Response {
    if format.is_some() {
        return (StatusCode::BAD_REQUEST, format!("`q`: {why}\n")).into_response();
    }
    let words = match why {
        NoQuestion::Empty => site.words.search_empty,
        NoQuestion::TooLong => site.words.search_too_long,
    };
    // what is too long is not handed back
    let short = Search {
        text: search.text.chars().take(QUESTION_CHARS).collect(),
        ..search.clone()
    };
    let content = html! { p role="alert" { (words) } };
    bare(site, &short, StatusCode::BAD_REQUEST, &content)
}

/// The page without anything that was found.
fn bare(site: &Site, search: &Search, status: StatusCode, content: &Markup) -> Response {
    let page = frame(site, search, false, content);
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    let mut answer = (status, kind, page.into_string()).into_response();
    harden(&mut answer);
    answer
}

fn unready(site: &Site) -> Response {
    let later = [(header::RETRY_AFTER, "5")];
    let words = format!("{}\n", site.words.search_unready);
    (StatusCode::SERVICE_UNAVAILABLE, later, words).into_response()
}

fn harden(page: &mut Response) {
    page.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(pages::POLICY),
    );
}
