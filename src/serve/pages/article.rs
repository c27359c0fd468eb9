//! `/articles/{uuid}`: one article, to be read in peace, and with `?version=` what it said before.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, PreEscaped, html};

use super::{
    Frame, Made, POLICY, POLICY_WITH_PICTURES, answer, language, number, source_link, time,
};
use crate::{
    article::{Article, ArticleId, dates::Published, shown},
    feed::Format,
    serve::Site,
    store::Entry,
};

/// `/articles/{uuid}`
pub(in crate::serve) async fn page(
    State(site): State<Arc<Site>>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let version = number(query.as_deref(), "version");
    let policy = if site.config.server.remote_pictures {
        POLICY_WITH_PICTURES
    } else {
        POLICY
    };
    let address = format!("/articles/{id}?{}", version.unwrap_or_default());
    answer(&site, address, &headers, policy, move |site| {
        let Some(id) = ArticleId::parse(&id) else {
            return Ok(Made::Unknown);
        };
        let Some(entry) = site.store.entry(id)? else {
            return Ok(Made::Unknown);
        };
        if entry.article.id != id {
            return Ok(Made::Elsewhere(entry.article.id.to_string()));
        }
        let earlier = site.store.earlier(id)?;
        let shown = match version {
            None => None,
            Some(version) => match earlier.get(version.wrapping_sub(1)) {
                Some(article) => Some(article),
                None => return Ok(Made::Unknown),
            },
        };
        Ok(Made::Page(content(site, &entry, shown, &earlier)))
    })
    .await
}

/// The present article, or an earlier version of it.
fn content(site: &Site, entry: &Entry, version: Option<&Article>, earlier: &[Article]) -> Markup {
    let words = site.words;
    let present = &entry.article;
    let article = version.unwrap_or(present);
    let source = site.present(&present.source);
    let title = words.titled(&article.title);
    let feed = |format: Format| site.feed_address(&["feeds", source.as_str()], format);
    let frame = Frame {
        title: Some(title),
        root: "../",
        place: "",
        feed: Some((site.title(&source), &feed)),
    };
    frame.around(
        site,
        &html! {
            article {
                h1 lang=[language(site, title)] { (title) }
                p.facts {
                    (source_link(site, "../", &source))
                    @if let Some(date) = article.published { " · " time datetime=(date) { (moment(date)) } }
                    @if let Some(origin) = &article.origin { " · " (words.origin) span lang=[language(site, origin)] { (origin) } }
                    @if let Some(author) = &article.author { " · " (words.author) span lang=[language(site, author)] { (author) } }
                }
                p { a href=(article.url) rel="noopener noreferrer" { (words.original) } }
                @if version.is_some() {
                    p.trouble role="note" { (words.earlier_version) " " a href=(present.id) { (words.present_version) } }
                }
                @if let Some(at) = entry.withdrawn {
                    p.trouble role="note" { strong { (words.withdrawn) } " " (time(site, source.as_str(), at)) }
                }
                (body(site, article))
                @if !article.attachments.is_empty() {
                    h2 { (words.files) }
                    ul { @for file in &article.attachments {
                        @let name = if file.title.is_empty() { file.url.as_str() } else { &file.title };
                        li { a href=(file.url) rel="noopener noreferrer" lang=[language(site, name)] { (name) } }
                    } }
                }
                @if !entry.also.is_empty() {
                    h2 { (words.also_at.trim_end_matches([':', '：'])) }
                    ul { @for also in &entry.also {
                        li {
                            a href=(also.url) rel="noopener noreferrer" lang=[language(site, &also.title)] { (words.titled(&also.title)) }
                            " · " (source_link(site, "../", &site.present(&also.source)))
                        }
                    } }
                }
                (versions(site, present, version, earlier))
                p.facts {
                    (words.first_seen) (time(site, source.as_str(), present.first_seen))
                    @if let Some(at) = present.updated { " · " (words.updated) (time(site, source.as_str(), at)) }
                }
            }
        },
    )
}

fn body(site: &Site, article: &Article) -> Markup {
    let words = site.words;
    let pictures = site.config.server.remote_pictures;
    let showing = shown::Showing {
        pictures,
        picture: words.picture,
        table: words.table,
    };
    let lang = language(site, &article.body_text).unwrap_or(site.config.lang.tag());
    html! {
        @if article.body_html.is_empty() { p { (words.no_text) } }
        @else { div.body lang=(lang) { (PreEscaped(shown::show(&article.body_html, showing))) } }
        // those that do not stand in the text
        @if !pictures && !article.images.is_empty() && !article.body_html.contains("<img") {
            h2 { (words.pictures) }
            ol { @for image in &article.images { li { a href=(image) rel="noopener noreferrer" { (image) } } } }
        }
    }
}

/// What the article said when, the present version first.
fn versions(
    site: &Site,
    present: &Article,
    shown: Option<&Article>,
    earlier: &[Article],
) -> Markup {
    let at = |article: &Article| article.updated.unwrap_or(article.first_seen);
    let line = |article: &Article, address: String, is_shown: bool| {
        let title = site.words.titled(&article.title);
        html! {
            li {
                (time(site, present.source.as_str(), at(article))) " "
                a href=(address) aria-current=[is_shown.then_some("page")] lang=[language(site, title)] { (title) }
            }
        }
    };
    html! {
        @if !earlier.is_empty() {
            h2 { (site.words.versions) }
            ol.versions reversed {
                (line(present, present.id.to_string(), shown.is_none()))
                @for (n, article) in earlier.iter().enumerate().rev() {
                    @let is_shown = shown.is_some_and(|shown| std::ptr::eq(shown, article));
                    (line(article, format!("{}?version={}", present.id, n + 1), is_shown))
                }
            }
        }
    }
}

/// A date as people write it, with the time where the page shows one.
fn moment(published: Published) -> String {
    match published {
        Published::Day(day) => day.to_string(),
        Published::At(at, offset) => offset
            .to_datetime(at)
            .strftime("%Y-%m-%d %H:%M")
            .to_string(),
    }
}
