//! For machines: each source's health as JSON.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{Site, broken};

/// `/api/sources`: an array of [`SourceReport`](crate::source::report::SourceReport).
pub(super) async fn sources(State(site): State<Arc<Site>>) -> Response {
    let reports = tokio::task::spawn_blocking(move || site.reports()).await;
    match reports {
        Ok(Ok(reports)) => ([(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], Json(reports)).into_response(),
        Ok(Err(error)) => broken(&error),
        Err(error) => broken(&error),
    }
}
