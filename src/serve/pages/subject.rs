//! `/sources/{id}` and `/groups/{name}`: what one has published, how it is, how to subscribe to it.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};

use super::{
    Frame, Made, POLICY, answer, articles, chart, health, language, notes, page_number, pager,
    source_link, subscribe, time, why,
};
use crate::{
    article::Article,
    feed::Format,
    serve::{Site, address::Subject},
    source::{SourceId, report::SourceReport},
    store::{Choice, Entry, StoreError},
};

/// Articles on one page.
const ON_A_PAGE: usize = 30;
/// A source's filter that lets little through looks no further.
const LOOKED_AT: usize = 5_000;
/// Members of a group that stand above its articles; more are folded away.
const MEMBERS: usize = 30;

/// `/sources/{id}`
pub(in crate::serve) async fn source(
    State(site): State<Arc<Site>>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let page = page_number(query.as_deref());
    let address = format!("/sources/{id}?{page}");
    answer(&site, address, &headers, POLICY, move |site| {
        let Ok(id) = SourceId::parse(&id) else {
            return Ok(Made::Unknown);
        };
        let Some(source) = site.source(&id) else {
            return Ok(match site.renamed(&id) {
                Some(now) => Made::Elsewhere(now.to_string()),
                None if site.store.knows(&id) => Made::Gone,
                None => Made::Unknown,
            });
        };
        let subject = Subject::Source(id.clone());
        let (entries, more) = newest(site, &subject, page)?;
        let days = chart::articles_a_day(site, &subject.scope(site))?;
        let report = SourceReport::new(source, site.store.state(&id), site.store.counts(&id));
        let head = html! {
            h1 lang=[language(site, &report.title)] { (report.title) }
            p.facts {
                a href=(report.url) rel="noopener noreferrer" { (report.url) }
                @for (n, name) in report.groups.iter().enumerate() {
                    @if n > 0 { (site.words.comma) } @else { " · " (site.words.group) " " }
                    a href={ "../groups/" (name) } lang=[language(site, name)] { (name) }
                }
            }
            section.state aria-labelledby="health" {
                h2 #health { (site.words.health) }
                (health(site, &report))
                (notes(site, &report))
                dl.figures {
                    div { dt { (site.words.articles) } dd { (report.articles) } }
                    @if let Some(at) = report.last_success {
                        div { dt { (site.words.last_success) } dd { (time(site, &report.id, at)) } }
                    }
                    @if let Some(at) = report.next_poll {
                        div { dt { (site.words.next_poll) } dd { (time(site, &report.id, at)) " " (why(site, &report)) } }
                    }
                    @if !report.recent.is_empty() {
                        div { dt { (site.words.last_polls) } dd { (chart::draw_polls(site, &report.recent)) } }
                    }
                }
                @if !report.recent.is_empty() { (chart::legend(site)) }
                (chart::draw_days(site, &days))
            }
        };
        let feed = site.address(&["feeds", id.as_str()]);
        Ok(Made::Page(content(site, &report.title, &feed, &head, Some(&id), (&entries, page, more))))
    })
    .await
}

/// `/groups/{name}`
pub(in crate::serve) async fn group(
    site: &Arc<Site>,
    name: String,
    query: Option<String>,
    headers: &HeaderMap,
) -> Response {
    let page = page_number(query.as_deref());
    let address = format!("/groups/{name}?{page}");
    answer(site, address, headers, POLICY, move |site| {
        let Some(members) = site.group(&name) else {
            return Ok(Made::Unknown);
        };
        let subject = Subject::Group(name.clone());
        let (entries, more) = newest(site, &subject, page)?;
        let list =
            html! { ul.members { @for id in members { li { (source_link(site, "../", id)) } } } };
        let head = html! {
            h1 lang=[language(site, &name)] { (name) }
            section aria-labelledby="sources" {
                h2 #sources { (site.words.sources) }
                @if members.len() > MEMBERS {
                    details { summary { (site.words.all_sources) " (" (members.len()) ")" } (list) }
                } @else { (list) }
            }
        };
        let feed = site.address(&["groups", &name]);
        Ok(Made::Page(content(
            site,
            &name,
            &feed,
            &head,
            None,
            (&entries, page, more),
        )))
    })
    .await
}

fn newest(site: &Site, subject: &Subject, page: usize) -> Result<(Vec<Entry>, bool), StoreError> {
    let shows = |article: &Article| site.shows(article);
    let filters = |id: &SourceId| site.source(id).is_some_and(|s| !s.filter.is_open());
    let filtered = subject.members(site).any(filters);
    let mut entries = site.store.choose(
        &subject.scope(site),
        &Choice {
            skip: (page - 1) * ON_A_PAGE,
            limit: ON_A_PAGE + 1,
            keep: filtered.then_some(&shows),
            looked_at: if filtered { LOOKED_AT } else { usize::MAX },
            abandoned: None,
        },
    )?;
    let more = entries.len() > ON_A_PAGE;
    entries.truncate(ON_A_PAGE);
    Ok((entries, more))
}

fn content(
    site: &Site,
    title: &str,
    feed: &str,
    head: &Markup,
    of: Option<&SourceId>,
    (entries, page, more): (&[Entry], usize, bool),
) -> Markup {
    let words = site.words;
    let address = |format: Format| format!("{feed}.{}", format.ending());
    let frame = Frame {
        title: Some(title),
        root: "../",
        place: "",
        feed: Some((title.to_owned(), &address)),
    };
    frame.around(
        site,
        &html! {
            (head)
            (subscribe(site, feed))
            section aria-labelledby="newest" {
                h2 #newest { (words.articles) }
                @if entries.is_empty() { p { (words.no_articles) } }
                (articles(site, "../", entries, of))
                (pager(site, page, more))
            }
        },
    )
}
