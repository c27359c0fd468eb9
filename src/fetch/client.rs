//! The HTTP clients, one for each way out, and the name resolver that they share.
//!
//! In: how strictly certificates are judged, and a proxy or none. Out: a client that follows no redirect, takes no
//! proxy from the environment, and connects only to addresses that the guard lets through: the resolver asks it for
//! each answer, so a name cannot point at one address when it is checked and at another when it is connected to.

use std::{
    borrow::Cow,
    collections::HashMap,
    error::Error,
    io, mem,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;
use url::Url;

use super::{
    Limits,
    error::{FetchError, Stage, TlsTrouble},
    guard::{Guard, Refusal},
    kept::Kept,
    legacy::Legacy,
};
use crate::source::Tls;

/// What a client says, whichever it is.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// Name look-ups under way: each takes a thread.
const LOOKUPS: usize = 64;

/// How long a name's addresses are kept; the system's resolver does not tell for how long they are good.
const NAMES_KEPT: Duration = Duration::from_mins(1);

/// How long it is kept that a name has none.
const NO_NAMES_KEPT: Duration = Duration::from_secs(20);

/// Idle connections are for the next article of the same site, not for the next poll.
const IDLE: Duration = Duration::from_secs(5);

/// A way out: sources with the same one share a client and its connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub(super) tls: Tls,
    pub(super) proxy: Option<Url>,
}

impl Way {
    /// Most sources'.
    pub(super) const USUAL: Self = Self {
        tls: Tls::Strict,
        proxy: None,
    };
}

/// The clients made so far.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) resolver: Arc<Resolver>,
    /// The one of most sources, which need not look for it.
    usual: OnceLock<Client>,
    made: Mutex<HashMap<Way, Client>>,
}

/// A client for one way out.
#[derive(Clone, Debug)]
pub(super) struct Client {
    usual: reqwest::Client,
    /// For https where the source asks for `tls = "legacy"`.
    legacy: Option<Arc<Legacy>>,
}

impl Client {
    /// Sends a GET and waits for the head of its answer.
    pub(super) async fn get(
        &self,
        url: &Url,
        head: http::HeaderMap,
        limits: &Limits,
    ) -> Result<reqwest::Response, FetchError> {
        match &self.legacy {
            Some(legacy) if url.scheme() == "https" => legacy.get(url, head, limits).await,
            _ => {
                let explain = |error| explain(url, limits, error);
                let mut request = self.usual.get(url.clone()).build().map_err(explain)?;
                // what is sent already is the password of the address; the configuration's wins
                let own = mem::replace(request.headers_mut(), head);
                for (name, value) in &own {
                    let head = request.headers_mut();
                    head.entry(name).or_insert_with(|| value.clone());
                }
                self.usual.execute(request).await.map_err(explain)
            }
        }
    }

    /// Sends a POST and waits for the head of its answer.
    pub(super) async fn post(
        &self,
        url: &Url,
        head: http::HeaderMap,
        body: bytes::Bytes,
        limits: &Limits,
    ) -> Result<reqwest::Response, FetchError> {
        let request = self.usual.post(url.clone()).headers(head).body(body);
        request
            .send()
            .await
            .map_err(|error| explain(url, limits, error))
    }
}

impl Clients {
    pub(super) fn new(guard: Guard, patience: Duration) -> Self {
        // fails if one is installed already, which is as good
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            resolver: Arc::new(Resolver {
                guard,
                patience,
                names: Kept::default(),
                lookups: Semaphore::new(LOOKUPS),
            }),
            usual: OnceLock::new(),
            made: Mutex::default(),
        }
    }

    /// The client for a way out, made when first asked for: reading the root certificates takes a while.
    pub(super) fn get(&self, way: &Way) -> Result<Cow<'_, Client>, FetchError> {
        if *way == Way::USUAL
            && let Some(client) = self.usual.get()
        {
            return Ok(Cow::Borrowed(client));
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(way) {
            return Ok(Cow::Owned(client.clone()));
        }
        let client = self
            .build(way)
            .map_err(|source| FetchError::Client { source })?;
        if *way == Way::USUAL {
            return Ok(Cow::Borrowed(self.usual.get_or_init(|| client)));
        }
        made.insert(way.clone(), client.clone());
        Ok(Cow::Owned(client))
    }

    fn build(&self, way: &Way) -> Result<Client, Cause> {
        let legacy = match way.tls {
            Tls::Legacy => Some(Arc::new(Legacy::new(way.proxy.as_ref(), &self.resolver)?)),
            Tls::Strict | Tls::Insecure => None,
        };
        let usual = self.usual(way)?;
        Ok(Client { usual, legacy })
    }

    fn usual(&self, way: &Way) -> reqwest::Result<reqwest::Client> {
        let proxy_host = way.proxy.as_ref().and_then(Url::host_str);
        let builder = reqwest::Client::builder()
            // without this the environment could name a proxy that the guard knows nothing of
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(Dns {
                resolver: Arc::clone(&self.resolver),
                trusted: proxy_host.map(Into::into),
            }))
            .tls_danger_accept_invalid_certs(way.tls == Tls::Insecure)
            .connect_timeout(self.resolver.patience)
            .pool_idle_timeout(IDLE)
            // old servers send heads that only browsers forgive
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true);
        match &way.proxy {
            Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy.clone())?),
            None => builder,
        }
        .build()
    }
}

/// Names to addresses that may be reached, kept for a minute.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) guard: Guard,
    /// How long a look-up may take, and then the connection.
    patience: Duration,
    names: Kept<Box<str>, Found>,
    lookups: Semaphore,
}

type Found = Result<Arc<[IpAddr]>, Arc<io::Error>>;

/// Why a name gave no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Failed(#[from] Arc<io::Error>),
}

impl Resolver {
    /// The addresses of a name that may be reached: at least one.
    pub(super) async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let found = self.look_up(name).await?;
        let mut refusal = None;
        let mut good = Vec::with_capacity(found.len());
        for address in found.iter() {
            match self.guard.check(*address) {
                Ok(()) => good.push(*address),
                Err(refused) => refusal = Some(refused),
            }
        }
        match refusal {
            Some(refused) if good.is_empty() => Err(refused.into()),
            _ => Ok(good),
        }
    }

    /// The addresses of a name that may be reached, or of a trusted one: all.
    pub(super) async fn resolve_for(
        &self,
        name: &str,
        trusted: bool,
    ) -> Result<Vec<IpAddr>, Unresolved> {
        if trusted {
            return Ok(self.look_up(name).await?.to_vec());
        }
        self.resolve(name).await
    }

    /// What the system says, whatever it is.
    async fn look_up(&self, name: &str) -> Found {
        let answer = async {
            match self.ask(name).await {
                Ok(found) => (Ok(found), NAMES_KEPT),
                Err(error) => (Err(Arc::new(error)), NO_NAMES_KEPT),
            }
        };
        self.names.get(name.into(), answer).await
    }

    async fn ask(&self, name: &str) -> io::Result<Arc<[IpAddr]>> {
        let _permit = self.lookups.acquire().await.map_err(io::Error::other)?;
        let found = tokio::time::timeout(self.patience, tokio::net::lookup_host((name, 0)));
        let found: Arc<[IpAddr]> = found.await??.map(|socket| socket.ip()).collect();
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
        }
        Ok(found)
    }
}

/// The resolver as a client sees it.
struct Dns {
    resolver: Arc<Resolver>,
    /// The configured proxy's own name, which may be at home.
    trusted: Option<Arc<str>>,
}

impl Resolve for Dns {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Arc::clone(&self.resolver);
        let trusted = self.trusted.as_deref() == Some(name.as_str());
        Box::pin(async move {
            let found = resolver.resolve_for(name.as_str(), trusted).await?;
            let addresses = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// What a client's error means.
pub(super) fn explain(url: &Url, limits: &Limits, error: reqwest::Error) -> FetchError {
    let address = url.into();
    // the message of ours names the address already
    let source = error.without_url();
    if let Some(refusal) = cause::<Refusal>(&source) {
        let refusal = *refusal;
        return FetchError::Refused { address, refusal };
    }
    if source.is_connect() {
        return explain_connect(url, limits, source);
    }
    let body = source.is_decode() || source.is_body();
    explain_exchange(url, source.into(), body)
}

/// What an error means once a connection stands: in the answer's head, or in its body.
pub(super) fn explain_exchange(url: &Url, source: Cause, body: bool) -> FetchError {
    let address = url.into();
    let io = cause::<io::Error>(&*source).map(io::Error::kind);
    if let Some(
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe,
    ) = io
    {
        return FetchError::Reset { address, source };
    }
    let reason = if body {
        "it is cut short or damaged"
    } else {
        "it is not http, or none at all"
    };
    FetchError::Broken {
        address,
        reason,
        source,
    }
}

fn explain_connect(url: &Url, limits: &Limits, source: reqwest::Error) -> FetchError {
    let address = url.into();
    if source.is_timeout() {
        return FetchError::Slow {
            address,
            stage: Stage::Connect,
            limit: limits.connect,
        };
    }
    let hung_up = || {
        let io = cause::<io::Error>(&source)?;
        let early = matches!(
            io.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
        );
        (early && url.scheme() == "https").then(|| {
            let reason = "the server hung up during the hand-shake".into();
            (TlsTrouble::Old, reason)
        })
    };
    let tls = cause::<rustls::Error>(&source).map(|tls| (trouble(tls), tls.to_string().into()));
    match tls.or_else(hung_up) {
        Some((trouble, reason)) => FetchError::Tls {
            address,
            reason,
            trouble,
            source: source.into(),
        },
        None => FetchError::Connect {
            address,
            source: source.into(),
        },
    }
}

/// What a hand-shake's error is about. An old server names the protocol, or finds nothing in common.
fn trouble(error: &rustls::Error) -> TlsTrouble {
    match error {
        rustls::Error::InvalidCertificate(_) => TlsTrouble::Certificate,
        rustls::Error::InvalidMessage(_) => TlsTrouble::None,
        _ => TlsTrouble::Old,
    }
}

/// The first cause of this type.
///
/// An [`io::Error`] hides the error that it was made from: its `source` is that one's source.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_at_home_is_refused_where_it_is_resolved() {
        let clients = Clients::new(Guard::default(), Limits::USUAL.connect);
        let refused = clients.resolver.resolve("localhost").await;
        assert!(
            matches!(refused, Err(Unresolved::Refused(_))),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn clients_are_made_once_for_each_way() {
        let clients = Clients::new(Guard::default(), Limits::USUAL.connect);
        let way = |proxy: Option<&str>| Way {
            tls: Tls::Strict,
            proxy: proxy.map(|p| Url::parse(p).unwrap()),
        };
        for proxy in [
            None,
            None,
            Some("http://127.0.0.1:1"),
            Some("socks5h://127.0.0.1:1"),
        ] {
            clients.get(&way(proxy)).unwrap();
        }
        assert_eq!(clients.made.lock().unwrap().len(), 2);
        assert!(clients.usual.get().is_some());
    }

    #[test]
    fn a_cause_is_found_inside_an_io_error() {
        let refusal = Guard::default()
            .check(IpAddr::from([10, 0, 0, 1]))
            .unwrap_err();
        let nested = io::Error::other(io::Error::other(refusal));
        assert_eq!(cause::<Refusal>(&nested), Some(&refusal));
        assert!(cause::<rustls::Error>(&nested).is_none());
    }
}
