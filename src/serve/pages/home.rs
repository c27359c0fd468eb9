//! `/`: what is new, and what can be subscribed to.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use maud::{Markup, html};

use super::{Frame, Made, POLICY, answer, articles, formats, how_to_be_let_in, language};
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
/// How many sources it names: where there are more, the way to them is by their groups and the status page.
const SOURCES: usize = 60;

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
        place: "./",
        feed: Some((words.everything.to_owned(), &feed)),
    };
    let failing = reports.iter().filter(|r| r.last_error.is_some()).count();
    frame.around(
        site,
        &html! {
            h1 { (words.tagline) }
            @if failing > 0 {
                p.trouble { a href="status" { strong { (failing) } " " (words.are_failing(failing)) } }
            }
            (search::form(site, &Search::default()))
            div.columns {
                section aria-labelledby="newest" {
                    h2 #newest { (words.newest) }
                    @if reports.is_empty() { p { (words.no_sources) } }
                    @else if newest.is_empty() { p { (words.nothing_yet) } }
                    (articles(site, "", newest, None))
                }
                section aria-labelledby="feeds" {
                    h2 #feeds { (words.feeds) }
                    p { (words.subscribe) }
                    p { a href=(site.address(&["feeds.opml"])) { (words.import_all) } }
                    (how_to_be_let_in(site))
                    (feeds(site, reports))
                }
            }
        },
    )
}

fn feeds(site: &Site, reports: &[SourceReport]) -> Markup {
    let words = site.words;
    let all = site.address(&["all"]);
    html! {
        label for="address" { (words.all_sources) }
        input #address type="url" readonly value={ (all) ".rss" };
        p { (formats(site, &all)) }
        @if !site.groups().is_empty() {
            h3 { (words.groups) }
            ul.feeds {
                @for (name, _) in site.groups() {
                    li {
                        a href={ "groups/" (name) } lang=[language(site, name)] { (name) }
                        (formats(site, &site.address(&["groups", name])))
                    }
                }
            }
        }
        @if !reports.is_empty() {
            h3 { (words.sources) }
            @if reports.len() > SOURCES {
                p { (words.many_sources) " " a href="status" { (words.all_sources) " (" (reports.len()) ")" } }
            } @else { ul.feeds {
                @for report in reports {
                    li {
                        a href={ "sources/" (report.id) } lang=[language(site, &report.title)] { (report.title) }
                        " " small { (report.articles) " " (words.articles_behind_number) }
                        (formats(site, &site.address(&["feeds", &report.id])))
                    }
                }
            } }
        }
    }
}
