//! The second TLS stack, for servers that the first one cannot speak with: `tls = "legacy"`.
//!
//! In: an https address and the head of a request. Out: the answer, as the ordinary client gives it. The first stack,
//! rustls, begins at TLS 1.2 and knows no RSA key exchange; old servers of schools stop at TLS 1.0 with RC4 or 3DES, sign
//! with SHA-1, and know nothing of safe renegotiation. OpenSSL still speaks all that where it is asked to. The certificate
//! is held against the system's roots all the same, and addresses are judged by the same guard. Each request has a
//! connection of its own: such servers close theirs anyhow.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Uri, header};
use http_body_util::Empty;
use hyper_util::{
    client::legacy::connect::proxy::{SocksV5, Tunnel},
    rt::TokioIo,
};
use openssl::{
    base64,
    error::{Error as ErrorCode, ErrorStack},
    provider::Provider,
    ssl::{self, SslConnector, SslMethod, SslOptions, SslVersion},
    x509::{X509, X509VerifyResult},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_openssl::SslStream;
use tower::ServiceExt;
use tower_http::decompression::Decompression;
use url::{Host, Position, Url};

use super::{
    Limits,
    client::{self, Cause, Resolver, Unresolved},
    error::{FetchError, Stage, TlsTrouble},
};

/// What old servers offer, the worst left out: no cipher without a key or a certificate, none of 56 bits.
const CIPHERS: &str = "ALL:!aNULL:!eNULL:!LOW:!EXP:!PSK:!SRP:@SECLEVEL=0";

/// A client for old servers.
#[derive(Debug)]
pub(super) struct Legacy {
    tls: SslConnector,
    proxy: Option<Url>,
    resolver: Arc<Resolver>,
}

/// A connection as far as it has come: TCP, and the TLS of a proxy.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

type Wire = TokioIo<Box<dyn Stream>>;

/// Why no connection stands.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{reason}")]
    Tls {
        trouble: TlsTrouble,
        reason: Box<str>,
    },
    #[error(transparent)]
    Setup(#[from] ErrorStack),
    #[error(transparent)]
    Proxy(Cause),
}

impl Legacy {
    /// A client by this way out.
    pub(super) fn new(proxy: Option<&Url>, resolver: &Arc<Resolver>) -> Result<Self, Cause> {
        // RC4 lives in a provider of its own, which stays loaded as long as the process
        static OLD_CIPHERS: OnceLock<Option<Provider>> = OnceLock::new();
        OLD_CIPHERS.get_or_init(|| Provider::try_load(None, "legacy", true).ok());
        let mut tls = SslConnector::builder(SslMethod::tls_client())?;
        tls.set_min_proto_version(Some(SslVersion::TLS1))?;
        // below level 1 only are TLS 1.0, SHA-1 and keys of 1,024 bits allowed
        tls.set_security_level(0);
        tls.set_cipher_list(CIPHERS)?;
        tls.set_options(SslOptions::ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
        // they hang up without a word at the end of an answer
        tls.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
        // the library is our own build and knows no system's folders
        let roots = rustls_native_certs::load_native_certs();
        for root in roots.certs {
            // one odd certificate among a hundred is no reason to trust none
            if let Ok(root) = X509::from_der(&root) {
                // fails for one that is there already
                let _ = tls.cert_store_mut().add_cert(root);
            }
        }
        Ok(Self {
            tls: tls.build(),
            proxy: proxy.cloned(),
            resolver: Arc::clone(resolver),
        })
    }

    /// Sends a GET; its answer's body is read as any other's.
    pub(super) async fn get(
        &self,
        url: &Url,
        mut head: HeaderMap,
        limits: &Limits,
    ) -> Result<reqwest::Response, FetchError> {
        let wire = self.connect(url, limits.connect).await?;
        let unsent = |source: Cause| client::explain_exchange(url, source, false);
        let mut http = hyper::client::conn::http1::Builder::new();
        http.allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true);
        let (mut sender, connection) = http
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|error| unsent(error.into()))?;
        // it ends when the answer is read or dropped, and its error comes by the answer too
        tokio::spawn(connection);
        let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
        if let Ok(host) = host {
            head.insert(header::HOST, host);
        }
        head.insert(header::CONNECTION, HeaderValue::from_static("close"));
        let mut request = http::Request::new(Empty::<Bytes>::new());
        *request.headers_mut() = head;
        let target = &url[Position::BeforePath..Position::AfterQuery];
        *request.uri_mut() = target
            .parse()
            .map_err(|error: http::uri::InvalidUri| unsent(error.into()))?;
        let send = tower::service_fn(move |request| sender.send_request(request));
        let answer = Decompression::new(send).oneshot(request).await;
        let answer = answer.map_err(|error| unsent(error.into()))?;
        Ok(answer.map(reqwest::Body::wrap).into())
    }

    async fn connect(
        &self,
        url: &Url,
        limit: Duration,
    ) -> Result<SslStream<Box<dyn Stream>>, FetchError> {
        let address = url.into();
        let standing = async {
            let stream = self.reach(url).await?;
            self.shake_hands(url, stream).await
        };
        match timeout(limit, standing).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(Failed::Unresolved(Unresolved::Refused(refusal)))) => {
                Err(FetchError::Refused { address, refusal })
            }
            Ok(Err(Failed::Unresolved(Unresolved::Failed(source)))) => {
                Err(FetchError::Resolve { address, source })
            }
            Ok(Err(Failed::Tls { trouble, reason })) => Err(FetchError::Tls {
                address,
                trouble,
                source: reason.to_string().into(),
                reason,
            }),
            Ok(Err(Failed::Io(error))) => Err(FetchError::Connect {
                address,
                source: error.into(),
            }),
            Ok(Err(Failed::Proxy(source))) => Err(FetchError::Connect { address, source }),
            Ok(Err(Failed::Setup(error))) => Err(FetchError::Client {
                source: error.into(),
            }),
            Err(_) => Err(FetchError::Slow {
                address,
                stage: Stage::Connect,
                limit,
            }),
        }
    }

    /// A connection to the server, straight or through the proxy.
    async fn reach(&self, url: &Url) -> Result<Box<dyn Stream>, Failed> {
        let Some(proxy) = &self.proxy else {
            let addresses = self.addresses(url, false).await?;
            return Ok(Box::new(tcp(&addresses, port(url)).await?));
        };
        let proxied = |error: Cause| Failed::Proxy(error);
        let place: Uri = proxy[..Position::BeforePath]
            .parse()
            .map_err(|error: http::uri::InvalidUri| proxied(error.into()))?;
        let target = match proxy.scheme() {
            // names are resolved here, and so judged here
            "socks5" => {
                let ip = self.addresses(url, false).await?;
                let ip = ip.first().copied().map(|ip| SocketAddr::new(ip, port(url)));
                ip.map(|ip| format!("https://{ip}"))
            }
            _ => None,
        };
        let target = target.unwrap_or_else(|| {
            format!(
                "https://{}:{}",
                url.host_str().unwrap_or_default(),
                port(url)
            )
        });
        let target: Uri = target
            .parse()
            .map_err(|error: http::uri::InvalidUri| proxied(error.into()))?;
        let wire = TokioIo::new(self.reach_proxy(proxy).await?);
        // the connectors ask for a connection once; it stands already
        let mut wire = Some(wire);
        let standing = tower::service_fn(move |_: Uri| {
            let wire: Result<Wire, io::Error> = wire
                .take()
                .ok_or_else(|| io::ErrorKind::NotConnected.into());
            std::future::ready(wire)
        });
        let login = login(proxy);
        // boxed: the compiler cannot see by itself that these futures are `Send`
        let wire = if proxy.scheme().starts_with("socks") {
            let mut socks = SocksV5::new(place, standing);
            if let Some((user, password)) = login {
                socks = socks.with_auth(user, password);
            }
            socks
                .oneshot(target)
                .boxed()
                .await
                .map_err(|error| proxied(error.to_string().into()))?
        } else {
            let mut tunnel = Tunnel::new(place, standing);
            if let Some((user, password)) = login {
                let pair = base64::encode_block(format!("{user}:{password}").as_bytes());
                let value = HeaderValue::from_str(&format!("Basic {pair}"));
                tunnel = tunnel.with_auth(value.map_err(|error| proxied(error.into()))?);
            }
            tunnel
                .oneshot(target)
                .boxed()
                .await
                .map_err(|error| proxied(error.into()))?
        };
        Ok(wire.into_inner())
    }

    /// A connection to the configured proxy, which may be at home.
    async fn reach_proxy(&self, proxy: &Url) -> Result<Box<dyn Stream>, Failed> {
        let addresses = self.addresses(proxy, true).await?;
        let stream: Box<dyn Stream> = Box::new(tcp(&addresses, port(proxy)).await?);
        if proxy.scheme() == "https" {
            return Ok(Box::new(self.shake_hands(proxy, stream).await?));
        }
        Ok(stream)
    }

    async fn addresses(&self, url: &Url, trusted: bool) -> Result<Vec<IpAddr>, Unresolved> {
        let literal = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
            Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
            Some(Host::Domain(name)) => return self.resolver.resolve_for(name, trusted).await,
            None => return Ok(Vec::new()),
        };
        if !trusted {
            self.resolver.guard.check(literal)?;
        }
        Ok(vec![literal])
    }

    async fn shake_hands(
        &self,
        url: &Url,
        stream: Box<dyn Stream>,
    ) -> Result<SslStream<Box<dyn Stream>>, Failed> {
        let name = match url.host() {
            Some(Host::Ipv6(v6)) => v6.to_string(),
            host => host.map(|host| host.to_string()).unwrap_or_default(),
        };
        let mut stream = SslStream::new(self.tls.configure()?.into_ssl(&name)?, stream)?;
        let Err(error) = Pin::new(&mut stream).connect().await else {
            return Ok(stream);
        };
        let verified = stream.ssl().verify_result();
        if verified != X509VerifyResult::OK {
            return Err(Failed::Tls {
                trouble: TlsTrouble::Certificate,
                reason: format!("certificate: {}", verified.error_string()).into(),
            });
        }
        Err(broken_off(&error))
    }
}

/// Why a hand-shake ended, in the library's words without its numbers.
fn broken_off(error: &ssl::Error) -> Failed {
    let first = error.ssl_error().and_then(|stack| stack.errors().first());
    let reason = first.and_then(ErrorCode::reason);
    let reason = reason.unwrap_or("the server hung up during the hand-shake");
    let no_tls = [
        "wrong version number",
        "http request",
        "packet length too long",
    ];
    let trouble = if no_tls.contains(&reason) {
        TlsTrouble::None
    } else {
        TlsTrouble::Protocol
    };
    Failed::Tls {
        trouble,
        reason: reason.into(),
    }
}

/// The first address that answers.
async fn tcp(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let mut failed = io::ErrorKind::AddrNotAvailable.into();
    for ip in addresses {
        match TcpStream::connect(SocketAddr::new(*ip, port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn port(url: &Url) -> u16 {
    let socks = 1080;
    url.port_or_known_default().unwrap_or(socks)
}

/// The name and password that stand in a proxy's address.
fn login(proxy: &Url) -> Option<(String, String)> {
    let plain = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let password = plain(proxy.password().unwrap_or_default());
    (!proxy.username().is_empty()).then(|| (plain(proxy.username()), password))
}
