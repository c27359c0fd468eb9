//! `/status`: how each source is, what is wrong in words, and when the next poll comes.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use maud::{Markup, html};

use super::{Frame, Made, POLICY, answer, chart, health, language, notes, time, why};
use crate::{feed::Format, serve::Site, source::report::SourceReport, store::Scope};

/// `/status`
pub(in crate::serve) async fn page(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    answer(&site, "/status".to_owned(), &headers, POLICY, |site| {
        let days = chart::articles_a_day(site, &Scope::All)?;
        Ok(Made::Page(content(site, site.reports(), &days)))
    })
    .await
}

fn content(site: &Site, mut reports: Vec<SourceReport>, days: &chart::Days) -> Markup {
    let words = site.words;
    let feed = |format: Format| site.feed_address(&["health"], format);
    let frame = Frame {
        title: Some(words.health),
        root: "",
        place: "status",
        feed: Some((words.health_feed.to_owned(), &feed)),
    };
    let count = |is: &dyn Fn(&SourceReport) -> bool| reports.iter().filter(|r| is(r)).count();
    let failing = count(&|report| report.last_error.is_some());
    let waiting = count(&|report| report.health == "waiting");
    let well = count(&|report| report.health == "ok");
    let articles: u64 = reports.iter().map(|report| report.articles).sum();
    // what needs somebody comes first
    reports.sort_by_key(|report| report.last_error.is_none());
    frame.around(
        site,
        &html! {
            h1 { (words.health) }
            @if let Some(why) = site.refused() {
                section.trouble role="alert" { p { strong { (words.refused) } } pre tabindex="0" { (why) } }
            }
            dl.figures {
                div { dt { (words.ok) } dd { (well) } }
                div { dt { (words.failing) } dd { @if failing > 0 { strong { (failing) } } @else { "0" } } }
                div { dt { (words.waiting) } dd { (waiting) } }
                div { dt { (words.articles) } dd { (articles) } }
            }
            (chart::draw_days(site, days))
            @if reports.is_empty() { p { (words.no_sources) } }
            @else {
                (chart::legend(site))
                (table(site, &reports))
            }
            p { a href="health.rss" { (words.health_feed) } }
        },
    )
}

/// On a narrow screen each row stands as a card, whose cells are named by what the head says of them.
fn table(site: &Site, reports: &[SourceReport]) -> Markup {
    let words = site.words;
    html! {
        table.states {
            thead { tr {
                th scope="col" { (words.source) }
                th scope="col" { (words.health) }
                th scope="col" { (words.last_polls) }
                th scope="col" { (words.last_success) }
                th scope="col" { (words.next_poll) }
            } }
            tbody {
                @for report in reports {
                    tr {
                        th scope="row" { a href={ "sources/" (report.id) } lang=[language(site, &report.title)] { (report.title) } }
                        td.state { (health(site, report)) (notes(site, report)) }
                        td data-label=(words.last_polls) {
                            @if report.recent.is_empty() { "–" } @else { (chart::draw_polls(site, &report.recent)) }
                        }
                        td.moment data-label=(words.last_success) {
                            @if let Some(at) = report.last_success { (time(site, &report.id, at)) } @else { "–" }
                        }
                        td.moment data-label=(words.next_poll) {
                            @if let Some(next) = report.next_poll { (time(site, &report.id, next)) " " (why(site, report)) } @else { "–" }
                        }
                    }
                }
            }
        }
    }
}
