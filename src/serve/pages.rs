//! The page for people: what can be subscribed to, how the sources are, what is new. No script, nothing foreign.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use maud::{DOCTYPE, Markup, html};

use super::{
    Site, broken,
    search::{self, Search},
};
use crate::{
    article::Article,
    feed::Format,
    source::{report::SourceReport, state::Reason},
    store::{Choice, Entry, Scope, StoreError},
};

/// How many articles the page shows.
const NEWEST: usize = 30;

/// Nothing is loaded but the style sheet, and no page may frame this one.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// `/style.css`
pub(super) async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, include_str!("style.css")).into_response()
}

/// `/`
pub(super) async fn home(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let made = tokio::task::spawn_blocking({
        let site = site.clone();
        move || {
            let shows = |article: &Article| site.shows(article);
            let choice = Choice {
                skip: 0,
                limit: NEWEST,
                keep: Some(&shows),
                looked_at: 50 * NEWEST,
            };
            let newest = site.store.choose(&Scope::All, &choice)?;
            Ok::<_, StoreError>(page(&site, &site.reports(), &newest).into_string())
        }
    });
    match made.await {
        Ok(Ok(page)) => {
            let (page, kind) = (page.into_bytes(), "text/html; charset=utf-8");
            let mut answer = site
                .documents
                .answer(&site, "/", page, kind, &headers)
                .await;
            answer.headers_mut().insert(
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(POLICY),
            );
            answer
        }
        Ok(Err(error)) => broken(&error),
        Err(error) => broken(&error),
    }
}

fn page(site: &Site, reports: &[SourceReport], newest: &[Entry]) -> Markup {
    let words = site.words;
    html! {
        (DOCTYPE)
        html lang=(site.config.lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "schoolbell" }
                link rel="stylesheet" href="style.css";
                @for format in Format::ALL {
                    link rel="alternate" type=(media_type(format)) title={ (words.everything) " (" (format.name()) ")" }
                        href={ (site.address(&["all"])) "." (format.ending()) };
                }
            }
            body {
                header { h1 { "schoolbell" } p { (words.tagline) } }
                main {
                    @if let Some(trouble) = site.store.trouble() {
                        p role="alert" { strong { (words.not_kept) } " " (trouble) }
                    }
                    (search::form(site, &Search::default()))
                    section aria-labelledby="feeds" {
                        h2 #feeds { (words.feeds) }
                        p { (words.subscribe) " " a href=(site.address(&["feeds.opml"])) { "feeds.opml" } }
                        (feeds(site, reports))
                    }
                    section aria-labelledby="newest" {
                        h2 #newest { (words.newest) }
                        @if newest.is_empty() { p { (words.nothing_yet) } }
                        ol.articles { @for entry in newest { (article(site, reports, entry)) } }
                    }
                }
            }
        }
    }
}

fn feeds(site: &Site, reports: &[SourceReport]) -> Markup {
    let words = site.words;
    html! {
        div.wide {
            table {
                thead { tr { th scope="col" { (words.source) } th scope="col" { (words.feeds) } th.number scope="col" { (words.articles) }
                    th scope="col" { (words.health) } th scope="col" { (words.next_poll) } } }
                tbody {
                    tr { th scope="row" { (words.all_sources) } td { (formats(&site.address(&["all"]))) } td {} td {} td {} }
                    @for (name, _) in site.groups() {
                        tr { th scope="row" { (words.group) " " (name) } td { (formats(&site.address(&["groups", name]))) } td {} td {} td {} }
                    }
                    @for report in reports {
                        tr {
                            th scope="row" { a href=(report.url) { (report.title) } }
                            td { (formats(&site.address(&["feeds", &report.id]))) }
                            td.number { (report.articles) }
                            td { (health(site, report)) @for note in report.notes() { br; (note) } }
                            td { @if let Some(next) = report.next_poll { (time(site, report, next)) (why(site, report)) } }
                        }
                    }
                }
            }
        }
    }
}

fn formats(address: &str) -> Markup {
    html! { @for format in Format::ALL { a href={ (address) "." (format.ending()) } { (format.name()) } " " } }
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

pub(super) fn article(site: &Site, reports: &[SourceReport], entry: &Entry) -> Markup {
    let article = &entry.article;
    let source = reports
        .iter()
        .find(|report| report.id == article.source.as_str());
    html! {
        li {
            a href=(article.url) { (article.title) }
            p {
                @if let Some(date) = article.published { time datetime=(date) { (date.day()) } " · " }
                (source.map_or(article.source.as_str(), |report| report.title.as_str()))
                @if !entry.also.is_empty() {
                    " · " (site.words.also_at)
                    @for also in &entry.also { " " a href=(also.url) { (title_of(reports, also.source.as_str())) } }
                }
            }
        }
    }
}

fn title_of<'a>(reports: &'a [SourceReport], id: &'a str) -> &'a str {
    reports
        .iter()
        .find(|report| report.id == id)
        .map_or(id, |report| &report.title)
}

/// A moment on the clock of a source's place.
fn time(site: &Site, report: &SourceReport, at: Timestamp) -> Markup {
    let id = crate::source::SourceId::parse(&report.id).ok();
    let zone = id
        .and_then(|id| site.source(&id))
        .map_or(TimeZone::UTC, |source| source.timezone.clone());
    let local = at.to_zoned_datetime(zone);
    html! { time datetime=(at) { (local.strftime("%Y-%m-%d %H:%M")) } }
}

pub(super) fn media_type(format: Format) -> &'static str {
    format.content_type().split(';').next().unwrap_or_default()
}
