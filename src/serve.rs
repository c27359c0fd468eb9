//! What is published, over HTTP: feeds, their list, a page for people, health. The one room that knows axum.
//!
//! In: the store and the configuration. Nothing here fetches, and a feed that has not changed is handed out as the
//! bytes that were made when it last did.

mod access;
mod address;
mod api;
mod coding;
mod compose;
mod conditional;
mod connections;
mod current;
mod documents;
mod feeds;
mod health;
mod host;
mod hub;
mod listener;
mod metrics;
mod missing;
mod opml;
mod pages;
mod quick;
mod rendition;
mod search;
mod sendfile;
mod site;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub use self::{
    connections::{allow_many_files, serve},
    current::Current,
    hub::{Document, Generations, NoDocument},
    listener::{BindError, Listener},
    site::{Site, outlines, reports},
};

/// Header fields that no answer may lack.
static HARDENING: [(HeaderName, HeaderValue); 2] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
];

/// All addresses.
pub fn router(site: impl Into<Current>) -> Router {
    let current: Current = site.into();
    Router::new()
        .route("/", get(pages::home))
        .route("/style.css", get(pages::style))
        .route("/icon.svg", get(pages::icon))
        .route("/feeds.opml", get(opml::list))
        .route("/feeds/{file}", get(feeds::source))
        .route("/groups/{file}", get(feeds::group))
        .route("/sources/{id}", get(pages::source))
        .route("/articles/{id}", get(pages::article))
        .route("/status", get(pages::status))
        .route("/health.rss", get(health::rss))
        .route("/health.atom", get(health::atom))
        .route("/health.json", get(health::json))
        .route("/all.rss", get(feeds::all_rss))
        .route("/all.atom", get(feeds::all_atom))
        .route("/all.json", get(feeds::all_json))
        .route("/search", get(search::page))
        .route("/search.rss", get(search::rss))
        .route("/search.atom", get(search::atom))
        .route("/search.json", get(search::json))
        .route("/hub", post(hub::post))
        .route("/api/sources", get(api::sources))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::page))
        .fallback(pages::nowhere)
        .layer(middleware::from_fn_with_state(
            current.clone(),
            missing::show,
        ))
        .layer(middleware::from_fn_with_state(
            current.clone(),
            access::guard,
        ))
        .layer(middleware::map_response(harden))
        .layer(middleware::from_fn_with_state(current.clone(), log))
        .with_state(current)
}

async fn ready(State(site): State<Arc<Site>>) -> Response {
    let unready = |why: String| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    if !site.is_ready() {
        return unready("starting or stopping\n".to_owned());
    }
    match site.store.trouble() {
        Some(trouble) => unready(format!("{trouble}\n")),
        None => "ready\n".into_response(),
    }
}

async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in &HARDENING {
        headers.insert(name, value.clone());
    }
    response
}

/// Counts a request, and leaves one line of it, without the reader's address.
async fn log(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    site.metrics.answered(metrics::resource(&path), status);
    tracing::debug!(%method, path, http.status = status, "request");
    response
}

fn not_found(what: &str) -> Response {
    (
        StatusCode::NOT_FOUND,
        format!("{what} is not known here; /feeds.opml lists the feeds\n"),
    )
        .into_response()
}

/// The store could not be read: the reader learns little, the log all.
fn broken(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "an answer could not be made");
    unreadable()
}

fn unreadable() -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "the store cannot be read; the log says why\n",
    )
        .into_response()
}
