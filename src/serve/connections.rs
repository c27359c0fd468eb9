//! Connections: how many, for how long, and who answers them.
//!
//! A connection begins with [`quick`](super::quick), which knows feeds only; what it does not know goes to hyper and
//! the routes, and stays there. A peer that sends nothing, or takes nothing, holds up only itself, and not for long.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, middleware};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use super::{Current, Listener, host, quick, router};

/// How long open connections may go on after a stop was asked for.
const GRACE: Duration = Duration::from_secs(5);

/// Connections at the same time; further ones wait until one ends.
const MOST: u32 = 16_384;

/// Files and sockets that the rest of the daemon may need.
const FILES_OF_OTHERS: u64 = 1_024;

/// How long a connection may be without a request, or a request without its end.
pub(super) const IDLE: Duration = Duration::from_secs(75);
const HEAD: Duration = Duration::from_secs(30);

/// How long a peer may take nothing of what it asked for.
const STALL: Duration = Duration::from_mins(1);

/// The most bytes of a request's head.
const HEAD_BYTES: usize = 32 << 10;

/// The pause after the system has given no connection: it is short of something.
const SHORTAGE: Duration = Duration::from_millis(200);

/// Serves until `stop` ends; open connections then have five seconds to finish.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: Listener,
    site: impl Into<Current>,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let most = u32::try_from(most_connections()).unwrap_or(MOST);
    let places = Arc::new(Semaphore::new(most as usize));
    let (stopping, stopped) = watch::channel(false);
    let current: Current = site.into();
    let service = Service {
        router: router(current.clone())
            .layer(middleware::from_fn_with_state(current.clone(), host::check)),
        current,
        stopped,
    };
    let accepting = async {
        loop {
            let place = places.clone().acquire_owned().await;
            // the semaphore is never closed
            let Ok(place) = place else { return };
            if let Err(error) = accept(&listener, &service, place).await {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(SHORTAGE).await;
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    close(listener);
    stopping.send_replace(true);
    // all places are free when no connection is left; who is not done then is cut off
    let _ = tokio::time::timeout(GRACE, places.acquire_many(most)).await;
    Ok(())
}

/// No more connections than the system gives files for.
fn most_connections() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        files
            .saturating_sub(FILES_OF_OTHERS)
            .clamp(64, u64::from(MOST))
    }
    #[cfg(not(unix))]
    u64::from(MOST)
}

/// Asks the system for as many files as it allows: every reader is one.
pub fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // with fewer there are fewer connections
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

async fn accept(
    listener: &Listener,
    service: &Service,
    place: OwnedSemaphorePermit,
) -> io::Result<()> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, _) = listener.accept().await?;
            tune(&stream);
            tokio::spawn(service.clone().tcp(stream, place));
        }
        #[cfg(unix)]
        Listener::Unix { listener, .. } => {
            let (stream, _) = listener.accept().await?;
            let service = service.clone();
            tokio::spawn(async move {
                service.hyper(stream, Version::One).await;
                drop(place);
            });
        }
    }
    Ok(())
}

/// Answers are written at once: a feed is one small message, and Nagle's algorithm would hold its end back. A peer that
/// takes nothing for long is cut off by the system. Without either answers are slower, not wrong.
fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(STALL));
}

fn close(listener: Listener) {
    #[cfg(unix)]
    if let Listener::Unix {
        listener,
        ours: true,
    } = &listener
        && let Ok(address) = listener.local_addr()
        && let Some(path) = address.as_pathname()
    {
        // left behind, it would only be in the way
        let _ = std::fs::remove_file(path);
    }
    drop(listener);
}

/// Ends when a stop is asked for.
pub(super) async fn stopped(stopped: &mut watch::Receiver<bool>) {
    // an error means that who could ask is gone
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Which version of HTTP a connection speaks.
#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

impl Version {
    /// By its first bytes: HTTP/2 begins with its preface (RFC 9113, section 3.4). Half a preface is no HTTP/2, so that
    /// its other half is not waited for without end.
    fn of(begun: &[u8]) -> Self {
        if begun.starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
            Self::Two
        } else {
            Self::One
        }
    }
}

/// What answers.
#[derive(Clone)]
struct Service {
    current: Current,
    router: Router,
    stopped: watch::Receiver<bool>,
}

impl Service {
    async fn tcp(self, mut stream: TcpStream, place: OwnedSemaphorePermit) {
        let mut stopped = self.stopped.clone();
        if let Some(begun) = quick::answer(&mut stream, &self.current, &mut stopped).await {
            let (read, write) = stream.into_split();
            let version = Version::of(&begun);
            let read = io::Cursor::new(begun).chain(read);
            // what hyper keeps is large, and a connection that it never sees shall not make room for it
            Box::pin(self.hyper(tokio::io::join(read, write), version)).await;
        }
        drop(place);
    }

    async fn hyper(
        mut self,
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        version: Version,
    ) {
        let builder = auto::Builder::new(TokioExecutor::new());
        let mut builder = match version {
            Version::One => builder.http1_only(),
            Version::Two => builder.http2_only(),
        };
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(IDLE)
            .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX));
        let service = TowerToHyperService::new(self.router.clone());
        let connection = builder.serve_connection(TokioIo::new(io), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut self.stopped) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error, "a connection ended early");
        }
    }
}
