//! Pages for people: what can be read and subscribed to, and how the sources are. No script, nothing foreign.

mod article;
mod chart;
mod home;
mod status;
mod subject;

use std::sync::Arc;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use maud::{DOCTYPE, Markup, html};

pub(super) use self::{
    article::page as article,
    home::page as home,
    status::page as status,
    subject::{group, source},
};
use super::{Site, broken, not_found};
use crate::{
    feed::Format,
    source::{SourceId, report::SourceReport, state::Reason},
    store::{Entry, StoreError},
};

/// Nothing is loaded but the style sheet, and no page may frame this one.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The same, and the pictures of an article from wherever they are.
const POLICY_WITH_PICTURES: &str = "default-src 'none'; style-src 'self'; img-src http: https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// `/style.css`
pub(super) async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, include_str!("style.css")).into_response()
}

/// What stands around a page's content.
pub(super) struct Frame<'a> {
    /// Its title; none for the front page.
    pub(super) title: Option<&'a str>,
    /// The way to the front page, relative, so that pages may lie below any path.
    pub(super) root: &'static str,
    /// The title of the feed of the same, and its address in each format.
    pub(super) feed: Option<(String, &'a dyn Fn(Format) -> String)>,
}

impl Frame<'_> {
    /// The whole page.
    pub(super) fn around(&self, site: &Site, content: &Markup) -> Markup {
        let words = site.words;
        html! {
            (DOCTYPE)
            html lang=(site.config.lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { @if let Some(title) = self.title { (title) " · " } "schoolbell" }
                    link rel="stylesheet" href={ (self.root) "style.css" };
                    @if let Some((title, address)) = &self.feed {
                        @for format in Format::ALL {
                            link rel="alternate" type=(media_type(format)) title={ (title) " (" (format.name()) ")" }
                                href=(address(format));
                        }
                    }
                }
                body {
                    header {
                        p.name { a href={ (self.root) "./" } { "schoolbell" } }
                        nav aria-label=(words.navigation) {
                            a href={ (self.root) "./" } { (words.newest) } " "
                            a href={ (self.root) "status" } { (words.health) } " "
                            a href={ (self.root) "search" } { (words.search) }
                        }
                    }
                    main {
                        @if let Some(trouble) = site.store.trouble() {
                            p role="alert" { strong { (words.not_kept) } " " (trouble) }
                        }
                        (content)
                    }
                }
            }
        }
    }
}

/// What a page is made of, or why there is none.
enum Made {
    Page(Markup),
    /// Another address has it, relative to the one asked for.
    Elsewhere(String),
    Unknown(&'static str),
    Gone(SourceId),
}

/// Makes a page aside, since it asks the store, and answers with it.
async fn answer(
    site: &Arc<Site>,
    address: String,
    headers: &HeaderMap,
    policy: &'static str,
    make: impl FnOnce(&Site) -> Result<Made, StoreError> + Send + 'static,
) -> Response {
    let making = tokio::task::spawn_blocking({
        let site = site.clone();
        move || make(&site)
    });
    let page = match making.await {
        Ok(Ok(Made::Page(page))) => page,
        Ok(Ok(Made::Unknown(what))) => return not_found(what),
        Ok(Ok(Made::Gone(id))) => {
            let words = format!("the source {id} was removed from the configuration\n");
            return (StatusCode::GONE, words).into_response();
        }
        Ok(Ok(Made::Elsewhere(address))) => {
            return match HeaderValue::try_from(address) {
                Ok(value) => {
                    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, value)]).into_response()
                }
                Err(_) => not_found("this address"),
            };
        }
        Ok(Err(error)) => return broken(&error),
        Err(error) => return broken(&error),
    };
    let kind = "text/html; charset=utf-8";
    let bytes = page.into_string().into_bytes();
    let mut answer = site
        .documents
        .answer(site, address, bytes, kind, headers)
        .await;
    answer.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    answer
}

/// The ways to subscribe to a feed.
fn formats(address: &str) -> Markup {
    html! { @for format in Format::ALL { a href={ (address) "." (format.ending()) } { (format.name()) } " " } }
}

/// How to subscribe, for who has a reader that asks for an address, and for who has one that takes links.
fn subscribe(site: &Site, address: &str) -> Markup {
    let words = site.words;
    html! {
        section.subscribe aria-labelledby="subscribe" {
            h2 #subscribe { (words.subscribe_heading) }
            p { (words.copy_address) }
            p { code { (address) ".rss" } }
            p { (formats(address)) a href={ "feed:" (address) ".rss" } { (words.open_in_reader) } }
        }
    }
}

fn health(site: &Site, report: &SourceReport) -> Markup {
    match (&report.last_error, report.health.as_str()) {
        (Some(fault), _) => html! { strong { (fault.kind.as_str()) } " " (fault.words) },
        (None, "off") => html! { (site.words.off) },
        (None, "waiting") => html! { (site.words.waiting) },
        (None, _) => html! { (site.words.ok) },
    }
}

/// What decides when the next poll comes.
fn why(site: &Site, report: &SourceReport) -> Markup {
    let words = site.words;
    let Some(reason) = &report.next_poll_reason else {
        return html! {};
    };
    let because = match reason.kind {
        Reason::Every => words.because_every,
        Reason::Rhythm => words.because_rhythm,
        Reason::Failures => words.because_failures,
        Reason::RetryAfter | Reason::MaxAge => words.because_server,
    };
    html! {
        br;
        small title=(reason.words) {
            (because)
            @if let (Reason::Rhythm, Some(rate)) = (reason.kind, report.articles_a_week) {
                " · " (words.articles_a_week) " " (rate)
            }
        }
    }
}

/// Articles as lines, each with a link to its page here. Their source is named where it is not that of the whole page.
pub(super) fn articles(
    site: &Site,
    root: &str,
    entries: &[Entry],
    of: Option<&SourceId>,
) -> Markup {
    html! {
        ol.articles {
            @for entry in entries {
                @let article = &entry.article;
                @let source = site.present(&article.source);
                li {
                    a href={ (root) "articles/" (article.id) } { (site.words.titled(&article.title)) }
                    p {
                        @if let Some(date) = article.published { time datetime=(date) { (date.day()) } " · " }
                        @if of != Some(&source) { (source_link(site, root, &source)) }
                        @if !entry.also.is_empty() {
                            " · " (site.words.also_at)
                            @for also in &entry.also { " " a href=(also.url) { (site.title(&site.present(&also.source))) } }
                        }
                    }
                }
            }
        }
    }
}

/// A source's name, with a link to its page if it has one.
fn source_link(site: &Site, root: &str, id: &SourceId) -> Markup {
    html! {
        @if site.source(id).is_some() { a href={ (root) "sources/" (id) } { (site.title(id)) } }
        @else { (site.title(id)) }
    }
}

/// Links to the pages before and after.
fn pager(site: &Site, page: usize, more: bool) -> Markup {
    html! {
        @if page > 1 || more {
            nav.pager aria-label=(site.words.pages) {
                @if page > 1 { a rel="prev" href={ "?page=" (page - 1) } { (site.words.newer) } " " }
                @if more { a rel="next" href={ "?page=" (page + 1) } { (site.words.older) } }
            }
        }
    }
}

/// The number of a page, from a query; the first where it says nothing, or nothing that can be understood.
fn page_number(query: Option<&str>) -> usize {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let page = pairs.filter(|(name, _)| name == "page").last();
    let number = page.and_then(|(_, value)| value.parse().ok());
    number.unwrap_or(1).clamp(1, super::address::LAST_PAGE)
}

/// A moment on the clock of a source's place.
fn time(site: &Site, id: &str, at: Timestamp) -> Markup {
    let id = SourceId::parse(id).ok();
    let zone = id
        .and_then(|id| site.source(&id))
        .map_or(TimeZone::UTC, |source| source.timezone.clone());
    let local = at.to_zoned_datetime(zone);
    let at = at.strftime("%Y-%m-%dT%H:%M:%SZ");
    html! { time datetime=(at) { (local.strftime("%Y-%m-%d %H:%M")) } }
}

fn media_type(format: Format) -> &'static str {
    format.content_type().split(';').next().unwrap_or_default()
}
