//! What is published, over HTTP: feeds, their list, a page for people, health. The one room that knows axum.
//!
//! In: the store and the configuration. Nothing here fetches, and a feed that has not changed is handed out as the
//! bytes that were made when it last did.

mod api;
mod conditional;
mod documents;
mod feeds;
mod pages;
mod rendition;
mod site;
mod words;

use std::{future::Future, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};

pub use self::site::{Site, outlines, reports};
use crate::config::Listen;

/// How long open connections may go on after a stop was asked for.
const GRACE: Duration = Duration::from_secs(5);

/// All addresses.
pub fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/style.css", get(pages::style))
        .route("/feeds.opml", get(feeds::opml))
        .route("/feeds/{file}", get(feeds::source))
        .route("/groups/{file}", get(feeds::group))
        .route("/all.rss", get(feeds::all_rss))
        .route("/all.atom", get(feeds::all_atom))
        .route("/all.json", get(feeds::all_json))
        .route("/api/sources", get(api::sources))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .fallback(async || not_found("this address"))
        .layer(middleware::map_response(harden))
        .layer(middleware::from_fn(log))
        .with_state(site)
}

/// Serves until `stop` ends; open connections then have five seconds to finish.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: Listener,
    router: Router,
    stop: impl Future<Output = ()> + Clone + Send + 'static,
) -> std::io::Result<()> {
    let graceful = stop.clone();
    let serving = async {
        match listener {
            Listener::Tcp(listener) => {
                axum::serve(NoDelay(listener), router)
                    .with_graceful_shutdown(graceful)
                    .await
            }
            #[cfg(unix)]
            Listener::Unix(listener) => {
                let address = listener.local_addr()?;
                let served = axum::serve(listener, router)
                    .with_graceful_shutdown(graceful)
                    .await;
                // left behind, it would only be in the way
                let _ = address.as_pathname().map(std::fs::remove_file);
                served
            }
        }
    };
    tokio::select! {
        ended = serving => ended,
        () = async { stop.await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(tokio::net::TcpListener),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

/// Why a socket cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program has it.
    #[error("{0} is in use by another program; stop that, or set another [server] listen")]
    InUse(String),
    /// The system refuses.
    #[error("cannot listen on {address}; set another [server] listen")]
    Refused {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Listener {
    /// Binds what the configuration names.
    ///
    /// # Errors
    /// The address is in use, or the system refuses it.
    pub async fn bind(listen: &Listen) -> Result<Self, BindError> {
        let (bound, address) = match listen {
            Listen::Tcp(address) => (
                tokio::net::TcpListener::bind(address).await.map(Self::Tcp),
                address.to_string(),
            ),
            Listen::Unix(path) => (bind_unix(path), format!("unix:{}", path.display())),
        };
        bound.map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => BindError::InUse(address),
            _ => BindError::Refused { address, source },
        })
    }

    /// Where it listens, for people.
    pub fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or_else(
                |_| "a closed socket".to_owned(),
                |address| address.to_string(),
            ),
            #[cfg(unix)]
            Self::Unix(listener) => match listener.local_addr() {
                Ok(address) => address.as_pathname().map_or_else(
                    || "unix".to_owned(),
                    |path| format!("unix:{}", path.display()),
                ),
                Err(_) => "a closed socket".to_owned(),
            },
        }
    }
}

/// A socket file that nobody answers on is left over from a killed daemon, and makes way.
#[cfg(unix)]
fn bind_unix(path: &std::path::Path) -> std::io::Result<Listener> {
    use std::{
        io::{Error, ErrorKind},
        os::unix::{fs::FileTypeExt, net::UnixStream},
    };
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            let why = "something that is no socket lies there";
            return Err(Error::new(ErrorKind::AlreadyExists, why));
        }
        if UnixStream::connect(path)
            .is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        {
            std::fs::remove_file(path)?;
        }
    }
    tokio::net::UnixListener::bind(path).map(Listener::Unix)
}

#[cfg(not(unix))]
fn bind_unix(_: &std::path::Path) -> std::io::Result<Listener> {
    Err(std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        "this system has no Unix sockets",
    ))
}

/// Answers are written at once: a feed is one small message, and Nagle's algorithm would hold its end back.
struct NoDelay(tokio::net::TcpListener);

impl axum::serve::Listener for NoDelay {
    type Io = tokio::net::TcpStream;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.0).await;
        // without it answers are slower, not wrong
        let _ = stream.set_nodelay(true);
        (stream, address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
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

/// Headers that no answer may lack.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

/// One line per request, without the reader's address.
async fn log(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    tracing::debug!(%method, path, http.status = response.status().as_u16(), "request");
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
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "the store cannot be read; the log says why\n",
    )
        .into_response()
}
