//! `/feeds.opml`: what can be subscribed to, for a reader to import.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};

use super::{Site, access, site};
use crate::feed::opml;

/// `/feeds.opml`. Asked for by who came with `?token=`, its addresses carry that too, so that a reader that imports it
/// can read them.
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let titles: HashMap<String, String> = site
        .reports()
        .into_iter()
        .map(|report| (report.id, report.title))
        .collect();
    let mut outlines = site::outlines(&site.config, |source| {
        titles.get(source.id.as_str()).cloned().unwrap_or_default()
    });
    let mut address = "/feeds.opml";
    let by_address = access::came_by_address(&site, &query.unwrap_or_default(), &headers);
    if let Some(access) = site.access().filter(|_| by_address) {
        address = "/feeds.opml?token";
        for outline in &mut outlines {
            outline.feed = format!("{}?{access}", outline.feed);
        }
    }
    let list = opml::render("schoolbell", &outlines);
    let content_type = "text/x-opml; charset=utf-8";
    site.documents
        .answer(&site, address.to_owned(), list, content_type, &headers)
        .await
}
