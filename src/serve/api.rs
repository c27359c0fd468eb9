//! For machines: each source's health as JSON.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::Site;

/// `/api/sources`: an array of [`SourceReport`](crate::source::report::SourceReport).
pub(super) async fn sources(State(site): State<Arc<Site>>) -> Response {
    (
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))],
        Json(site.reports()),
    )
        .into_response()
}
