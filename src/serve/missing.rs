//! What is not there, said to people as a page in their language, and to programs as a line of text.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Site, pages};

/// Gives answers that say that nothing is there the form that is asked for.
pub(super) async fn show(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let wants_page = accepts_html(request.headers());
    let root = root(request.uri().path());
    let response = next.run(request).await;
    let status = response.status();
    if !matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::METHOD_NOT_ALLOWED
    ) {
        return response;
    }
    let (mut parts, said) = response.into_parts();
    // another text may be said
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut shown = if wants_page {
        pages::missing(&site, status, &root)
    } else if status == StatusCode::METHOD_NOT_ALLOWED {
        (status, "this address does not take this method\n").into_response()
    } else {
        Response::from_parts(parts.clone(), said)
    };
    let fields = shown.headers_mut();
    if let Some(allow) = parts.headers.remove(header::ALLOW) {
        fields.insert(header::ALLOW, allow);
    }
    fields.insert(
        header::VARY,
        HeaderValue::from_static(header::ACCEPT.as_str()),
    );
    shown
}

/// Whether a page is asked for by name: programs take anything.
pub(super) fn accepts_html(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(header::ACCEPT).iter();
    let fields = fields.filter_map(|field| field.to_str().ok());
    let mut ranges = fields.flat_map(|field| field.split(','));
    ranges.any(|range| {
        let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
        kind.trim().eq_ignore_ascii_case("text/html") && super::coding::weight(parameters) > 0
    })
}

/// The way from a path to the front page.
fn root(path: &str) -> String {
    let depth = path.matches('/').count().saturating_sub(1);
    // deeper ones are nobody's
    "../".repeat(depth.min(32))
}
