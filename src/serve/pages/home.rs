//! `/`: what is new, and what can be subscribed to.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use maud::{Markup, html};

use super::{Frame, Made, POLICY, answer, articles, formats};
use crate::{
    article::Article,
    feed::Format,
    serve::{
        Site,
        address::Subject,
        search::{self, Search},
    },
    source::report::SourceReport,
    store::{Choice, Entry},
};

/// How many articles the page shows.
const NEWEST: usize = 30;

/// `/`
pub(in crate::serve) async fn page(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    answer(&site, "/".to_owned(), &headers, POLICY, |site| {
        let shows = |article: &Article| site.shows(article);
        let choice = Choice {
            skip: 0,
            limit: NEWEST,
            keep: Some(&shows),
            looked_at: 50 * NEWEST,
            abandoned: None,
        };
        let newest = site.store.choose(&Subject::All.scope(site), &choice)?;
        Ok(Made::Page(content(site, &site.reports(), &newest)))
    })
    .await
}

fn content(site: &Site, reports: &[SourceReport], newest: &[Entry]) -> Markup {
    let words = site.words;
    let feed = |format: Format| site.feed_address(&["all"], format);
    let frame = Frame {
        title: None,
        root: "",
        feed: Some((words.everything.to_owned(), &feed)),
    };
    let failing = reports.iter().filter(|r| r.last_error.is_some()).count();
    frame.around(
        site,
        &html! {
            h1 { (words.tagline) }
            @if failing > 0 { p { a href="status" { strong { (failing) } " " (words.are_failing) } } }
            (search::form(site, &Search::default()))
            section aria-labelledby="newest" {
                h2 #newest { (words.newest) }
                @if newest.is_empty() { p { (words.nothing_yet) } }
                (articles(site, "", newest, None))
            }
            section aria-labelledby="feeds" {
                h2 #feeds { (words.feeds) }
                p { (words.subscribe) " " a href=(site.address(&["feeds.opml"])) { "feeds.opml" } }
                (feeds(site, reports))
            }
        },
    )
}

fn feeds(site: &Site, reports: &[SourceReport]) -> Markup {
    let words = site.words;
    html! {
        div.wide tabindex="0" role="region" aria-labelledby="feeds" {
            table {
                thead { tr {
                    th scope="col" { (words.source) }
                    th scope="col" { (words.feeds) }
                    th.number scope="col" { (words.articles) }
                } }
                tbody {
                    tr { th scope="row" { (words.all_sources) } td { (formats(&site.address(&["all"]))) } td {} }
                    @for (name, _) in site.groups() {
                        tr {
                            th scope="row" { (words.group) " " a href={ "groups/" (name) } { (name) } }
                            td { (formats(&site.address(&["groups", name]))) }
                            td {}
                        }
                    }
                    @for report in reports {
                        tr {
                            th scope="row" { a href={ "sources/" (report.id) } { (report.title) } }
                            td { (formats(&site.address(&["feeds", &report.id]))) }
                            td.number { (report.articles) }
                        }
                    }
                }
            }
        }
    }
}
