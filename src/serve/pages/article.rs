//! `/articles/{uuid}`: one article, to be read in peace.

use std::sync::Arc;

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, PreEscaped, html};

use super::{Frame, Made, POLICY, POLICY_WITH_PICTURES, answer, source_link, time};
use crate::{
    article::{ArticleId, sanitize},
    feed::Format,
    serve::Site,
    store::Entry,
};

/// `/articles/{uuid}`
pub(in crate::serve) async fn page(
    State(site): State<Arc<Site>>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let pictures = site.config.server.remote_pictures;
    let policy = if pictures {
        POLICY_WITH_PICTURES
    } else {
        POLICY
    };
    answer(
        &site,
        format!("/articles/{id}"),
        &headers,
        policy,
        move |site| {
            let Some(id) = ArticleId::parse(&id) else {
                return Ok(Made::Unknown("this article"));
            };
            Ok(match site.store.entry(id)? {
                Some(entry) if entry.article.id != id => {
                    Made::Elsewhere(entry.article.id.to_string())
                }
                Some(entry) => Made::Page(content(site, &entry, pictures)),
                None => Made::Unknown("this article"),
            })
        },
    )
    .await
}

fn content(site: &Site, entry: &Entry, pictures: bool) -> Markup {
    let (words, article) = (site.words, &entry.article);
    let source = site.present(&article.source);
    let title = words.titled(&article.title);
    let feed = |format: Format| site.feed_address(&["feeds", source.as_str()], format);
    let frame = Frame {
        title: Some(title),
        root: "../",
        feed: Some((site.title(&source), &feed)),
    };
    frame.around(
        site,
        &html! {
            article {
                h1 { (title) }
                p.facts {
                    (source_link(site, "../", &source))
                    @if let Some(date) = article.published { " · " time datetime=(date) { (date) } }
                    @if let Some(origin) = &article.origin { " · " (words.origin) (origin) }
                    @if let Some(author) = &article.author { " · " (words.author) (author) }
                }
                p { a href=(article.url) rel="noopener noreferrer" { (words.original) } }
                @if let Some(at) = entry.withdrawn {
                    p role="note" { strong { (words.withdrawn) } " " (time(site, source.as_str(), at)) }
                }
                @if article.body_html.is_empty() { p { (words.no_text) } }
                div.body lang=(site.config.lang.tag()) {
                    @if pictures { (PreEscaped(&article.body_html)) }
                    @else { (PreEscaped(sanitize::without_pictures(&article.body_html))) }
                }
                @if !pictures && !article.images.is_empty() {
                    h2 { (words.pictures) }
                    ol { @for image in &article.images { li { a href=(image) rel="noopener noreferrer" { (image) } } } }
                }
                @if !article.attachments.is_empty() {
                    h2 { (words.files) }
                    ul { @for file in &article.attachments {
                        li { a href=(file.url) rel="noopener noreferrer" { @if file.title.is_empty() { (file.url) } @else { (file.title) } } }
                    } }
                }
                @if !entry.also.is_empty() {
                    h2 { (words.also_at.trim_end_matches([':', '：'])) }
                    ul { @for also in &entry.also {
                        li { a href=(also.url) rel="noopener noreferrer" { (also.title) } " · " (source_link(site, "../", &site.present(&also.source))) }
                    } }
                }
                p.facts {
                    (words.first_seen) (time(site, source.as_str(), article.first_seen))
                    @if let Some(at) = article.updated { " · " (words.updated) (time(site, source.as_str(), at)) }
                }
            }
        },
    )
}
