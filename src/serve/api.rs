//! For machines: each source's health as JSON.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{Site, broken};

/// `/api/sources`: an array of [`SourceReport`](crate::source::report::SourceReport).
pub(super) async fn sources(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    match serde_json::to_vec(&site.reports()) {
        Ok(json) => {
            site.documents
                .answer(
                    &site,
                    "/api/sources".to_owned(),
                    json,
                    "application/json",
                    &headers,
                )
                .await
        }
        Err(error) => broken(&error),
    }
}
