//! `/health.rss` and so on: the sources' troubles as a feed of their own. One entry when a source breaks, with the cause
//! and what to do, one when it is back. Failures never become entries of a content feed, so this is where they are read.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use jiff::{Timestamp, tz::TimeZone};
use maud::html;
use url::Url;

use super::{Site, access};
use crate::{
    article::{Article, ArticleId, dates::Published},
    feed::{Entry, Feed, Format, Pages},
    source::{Content, Source, state::Trouble},
};

/// The most entries.
const ENTRIES: usize = 100;

/// `/health.rss`
pub(super) async fn rss(site: State<Arc<Site>>, query: RawQuery, headers: HeaderMap) -> Response {
    answer(site, query, Format::Rss, headers).await
}

/// `/health.atom`
pub(super) async fn atom(site: State<Arc<Site>>, query: RawQuery, headers: HeaderMap) -> Response {
    answer(site, query, Format::Atom, headers).await
}

/// `/health.json`
pub(super) async fn json(site: State<Arc<Site>>, query: RawQuery, headers: HeaderMap) -> Response {
    answer(site, query, Format::Json, headers).await
}

async fn answer(
    State(site): State<Arc<Site>>,
    RawQuery(query): RawQuery,
    format: Format,
    headers: HeaderMap,
) -> Response {
    let with_token = access::was_asked_for_with(&site, &query.unwrap_or_default());
    let mark = if with_token { "?token" } else { "" };
    let address = format!("/health.{}{mark}", format.ending());
    let document = feed(&site, with_token).render(format);
    site.documents
        .answer(&site, address, document, format.content_type(), &headers)
        .await
}

fn feed(site: &Site, with_token: bool) -> Feed {
    let mut entries: Vec<Entry> = Vec::new();
    for source in site.config.sources.iter().filter(|source| source.enabled) {
        let state = site.store.state(&source.id).unwrap_or_default();
        entries.extend(state.troubles.iter().filter_map(|t| entry(site, source, t)));
    }
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.article.first_seen, entry.article.url.clone());
        key(b).cmp(&key(a))
    });
    entries.truncate(ENTRIES);
    Feed {
        address: site.address(&["health"]),
        narrowing: String::new(),
        access: site.access().filter(|_| with_token),
        hub: None,
        pages: Pages::default(),
        title: site.words.health_feed.to_owned(),
        home: site
            .config
            .server
            .public_url
            .join("status")
            .unwrap_or_else(|_| site.config.server.public_url.clone()),
        lang: site.config.lang.tag(),
        born: Timestamp::UNIX_EPOCH,
        merged: true,
        entries,
    }
}

/// None only where no address can be made of the source's id, which is plain letters.
fn entry(site: &Site, source: &Source, trouble: &Trouble) -> Option<Entry> {
    let title = site.title(&source.id);
    let (what, words) = match &trouble.fault {
        Some(fault) => (fault.kind.as_str(), fault.words.as_str()),
        None => (site.words.back, ""),
    };
    let mut url = Url::parse(&site.address(&["sources", source.id.as_str()])).ok()?;
    // an address of its own, by which readers tell it from others
    url.query_pairs_mut()
        .append_pair("trouble", &trouble.at.to_string());
    // the same wherever it is published, so not made of `public_url`
    let name = Url::parse(&format!("schoolbell:{}?{}", source.id, trouble.at)).ok()?;
    let body = html! {
        @if !words.is_empty() { p { (words) } }
        p { a href=(source.url) { (source.url) } }
    };
    let article = Article {
        id: ArticleId::of(&name),
        source: source.id.clone(),
        url,
        title: format!("{title}: {what}"),
        published: Some(Published::At(trouble.at, jiff::tz::Offset::UTC)),
        date_from: None,
        first_seen: trouble.at,
        sorted_at: trouble.at,
        updated: None,
        origin: None,
        author: None,
        breadcrumb: Vec::new(),
        body_html: body.into_string(),
        body_text: words.to_owned(),
        summary: words.to_owned(),
        images: Vec::new(),
        attachments: Vec::new(),
        complete: true,
    };
    Some(Entry {
        article,
        timezone: TimeZone::UTC,
        source_title: title,
        source_feed: site.address(&["feeds", source.id.as_str()]),
        content: Content::Full,
        also: Vec::new(),
        withdrawn: None,
        also_label: site.words.also_at,
    })
}
