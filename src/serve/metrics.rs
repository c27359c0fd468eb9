//! `/metrics`: what was counted, and how the daemon is at the moment, for Prometheus.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{Site, broken, pages};
use crate::metrics::{CONTENT_TYPE, Resource, Snapshot, Sources};

/// `/metrics`. Behind the token, as pages are.
pub(super) async fn page(State(site): State<Arc<Site>>) -> Response {
    // it asks the disk
    let making = tokio::task::spawn_blocking(move || site.metrics.encode(&snapshot(&site)));
    match making.await {
        Ok(text) => {
            let fields = [
                (header::CONTENT_TYPE, CONTENT_TYPE),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (fields, text).into_response()
        }
        Err(error) => broken(&error),
    }
}

fn snapshot(site: &Site) -> Snapshot {
    let now = (site.clock)();
    let mut sources = Sources::default();
    let configured = site.config.sources.iter().map(|source| &**source);
    site.store
        .look_at_states(configured, |source, state| sources.add(source, state, now));
    Snapshot {
        store: site.store.measures(),
        started: site.started,
        subscriptions: site.hub().map_or(0, |hub| hub.subscriptions()),
        is_refused: site.refused().is_some(),
        sources,
    }
}

/// What a path asks for.
pub(super) fn resource(path: &str) -> Resource {
    let is_feed = || {
        ["/feeds/", "/groups/", "/all.", "/health."]
            .iter()
            .any(|begin| path.starts_with(begin))
    };
    if path == "/search" || path.starts_with("/search.") {
        Resource::Search
    } else if pages::is_page(path) {
        Resource::Page
    } else if is_feed() {
        Resource::Feed
    } else {
        Resource::Other
    }
}
