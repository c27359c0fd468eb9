//! The departments over HTTP.

use std::future::Future;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, Response, StatusCode, Uri, header},
    routing::get,
};
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use tokio::net::TcpListener;
use xxhash_rust::xxh3::xxh3_64;

use super::{Department, Departments, site::Answer};

/// Serves a department's router until `shutdown` resolves, and then lets open requests finish.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await
}

pub(super) fn router(departments: Departments, department: Department) -> Router {
    Router::new()
        .route("/", get(respond))
        .route("/{*path}", get(respond))
        .with_state((departments, department))
}

async fn respond(
    State((departments, department)): State<(Departments, Department)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    match departments.answer(department, path) {
        Answer::Redirect(path) => response(StatusCode::FOUND, &[(header::LOCATION, path)], vec![]),
        Answer::Missing(page) => response(
            StatusCode::NOT_FOUND,
            &[(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            page.into_bytes(),
        ),
        Answer::Found {
            content_type,
            body,
            modified,
        } => {
            let etag = format!("\"{:016x}\"", xxh3_64(&body));
            let last_modified = DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&modified)
                .unwrap_or_default();
            let validators = [
                (header::ETAG, etag.as_str()),
                (header::LAST_MODIFIED, last_modified.as_str()),
            ];
            if unchanged(&headers, &etag, modified) {
                return response(StatusCode::NOT_MODIFIED, &validators, vec![]);
            }
            let [etag, last_modified] = validators;
            let content_type = (header::CONTENT_TYPE, content_type);
            response(StatusCode::OK, &[content_type, etag, last_modified], body)
        }
    }
}

/// RFC 9110, section 13.2.2: `If-Modified-Since` counts only where there is no `If-None-Match`.
fn unchanged(headers: &HeaderMap, etag: &str, modified: jiff::Timestamp) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = text(header::IF_NONE_MATCH) {
        return known.split(',').any(|one| one.trim() == etag);
    }
    text(header::IF_MODIFIED_SINCE)
        .and_then(|since| DateTimeParser::new().parse_timestamp(since).ok())
        .is_some_and(|since| modified.as_second() <= since.as_second())
}

fn response(status: StatusCode, headers: &[(HeaderName, &str)], body: Vec<u8>) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, *value);
    }
    response
        .body(Body::from(body))
        .expect("every header here is made of visible ASCII")
}
