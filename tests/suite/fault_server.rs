//! A server that answers as it is told to, also as no server should.
//!
//! In: a function from the request to what is done. Out: an address on loopback, and all that was asked.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What is done with a request.
pub(crate) enum Act {
    /// These bytes are sent, then the connection is closed.
    Send(Vec<u8>),
    /// These bytes are sent, then the connection is reset.
    Reset(Vec<u8>),
    /// These bytes are sent, then nothing until the client hangs up.
    Stall(Vec<u8>),
    /// The first bytes are sent, then the others one at a time, for ever.
    Drip(Vec<u8>, Duration),
    /// The first bytes are sent, then the others over and over.
    Endless(Vec<u8>, Vec<u8>),
    /// The connection is joined to another, once that stands: what a proxy does.
    Tunnel(SocketAddr),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The second word of the first line.
    pub(crate) target: String,
    head: String,
}

impl Asked {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A server on a port of its own; it ends when dropped.
pub(crate) struct FaultServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    at_once: Arc<AtOnce>,
    task: JoinHandle<()>,
}

/// Connections from being accepted to being answered: now, and at most.
#[derive(Default)]
struct AtOnce {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl FaultServer {
    /// Starts one.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let at_once = Arc::new(AtOnce::default());
        let (log, count, answer) = (Arc::clone(&asked), Arc::clone(&at_once), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let now = count.now.fetch_add(1, Ordering::SeqCst) + 1;
                count.most.fetch_max(now, Ordering::SeqCst);
                let served = serve(stream, Arc::clone(&log), Arc::clone(&answer));
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    served.await;
                    count.now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            address,
            asked,
            at_once,
            task,
        }
    }

    /// Starts one whose robots.txt does not exist.
    pub(crate) async fn without_robots(
        answer: impl Fn(&Asked) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |asked| match asked.target.as_str() {
            "/robots.txt" => page("404 Not Found", "", ""),
            _ => answer(asked),
        })
        .await
    }

    /// Starts one that speaks first, and hangs up: no server of http or TLS.
    pub(crate) async fn speaking_first(words: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let _ = stream.write_all(words).await;
                    let _ = stream.read_u8().await;
                });
            }
        });
        Self {
            address,
            asked: Arc::default(),
            at_once: Arc::default(),
            task,
        }
    }

    /// Starts one that speaks TLS with a certificate that nobody has signed.
    pub(crate) fn self_signed(body: &'static str) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = Arc::new(self_signed());
        // the library's blocking stream needs a thread; it ends with the tests
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let _ = serve_tls(StreamOwned::new(connection, stream), body);
            }
        });
        Self {
            address,
            asked: Arc::default(),
            at_once: Arc::default(),
            task: tokio::spawn(async {}),
        }
    }

    /// Starts one that speaks TLS 1.0 alone, with one cipher and a certificate of 1,024 bits that is signed with SHA-1.
    pub(crate) async fn old_tls(
        cipher: &str,
        answer: impl Fn(&Asked) -> Act + Send + Sync + 'static,
    ) -> Self {
        let acceptor = old_tls(cipher);
        let inner = Self::start(answer).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, target) = (listener.local_addr().unwrap(), inner.address);
        let asked = Arc::clone(&inner.asked);
        let task = tokio::spawn(async move {
            // the plain server lives as long as the one in front of it
            let _inner = inner;
            while let Ok((stream, _)) = listener.accept().await {
                let ssl = openssl::ssl::Ssl::new(acceptor.context()).unwrap();
                tokio::spawn(async move {
                    let mut stream = tokio_openssl::SslStream::new(ssl, stream).unwrap();
                    if std::pin::Pin::new(&mut stream).accept().await.is_ok() {
                        let mut other = TcpStream::connect(target).await.unwrap();
                        let _ = copy_bidirectional(&mut stream, &mut other).await;
                    }
                });
            }
        });
        Self {
            address,
            asked,
            at_once: Arc::default(),
            task,
        }
    }

    /// Starts a SOCKS5 proxy (RFC 1928) that wants no password. All that it is asked for leads to one place; what came,
    /// a name or an address, is told as a target.
    pub(crate) async fn socks5(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = Arc::clone(&log);
                // the client may hang up at any time
                tokio::spawn(async move { socks5(stream, target, &log).await.ok() });
            }
        });
        Self {
            address,
            asked,
            at_once: Arc::default(),
            task,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> url::Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests were under way at the same time, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.at_once.most.load(Ordering::SeqCst)
    }

    /// The paths that were asked for so far.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.target).collect()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An ordinary answer: status, further header lines (each ended by CRLF), body.
pub(crate) fn page(status: &str, head: &str, body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let mut bytes = head_of(status, &format!("{head}Content-Length: {}\r\n", body.len()));
    bytes.extend_from_slice(body);
    Act::Send(bytes)
}

/// The head of an answer alone.
pub(crate) fn head_of(status: &str, head: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n").into_bytes()
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<impl Fn(&Asked) -> Act>,
) {
    let Some(asked) = read_head(&mut stream).await else {
        return;
    };
    let act = answer(&asked);
    log.lock().unwrap().push(asked);
    // the client hangs up when it has had enough
    let _ = perform(act, &mut stream).await;
}

async fn read_head(stream: &mut TcpStream) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1)?.to_owned();
    Some(Asked { target, head })
}

async fn perform(act: Act, stream: &mut TcpStream) -> std::io::Result<()> {
    match act {
        Act::Send(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Act::Reset(bytes) => {
            stream.write_all(&bytes).await?;
            stream.set_zero_linger()
        }
        Act::Stall(bytes) => {
            stream.write_all(&bytes).await?;
            stream.read_u8().await.map(drop)
        }
        Act::Drip(bytes, every) => {
            stream.write_all(&bytes).await?;
            let mut ticks = tokio::time::interval(every);
            loop {
                ticks.tick().await;
                stream.write_all(b"x").await?;
            }
        }
        Act::Endless(bytes, more) => {
            stream.write_all(&bytes).await?;
            loop {
                stream.write_all(&more).await?;
            }
        }
        Act::Tunnel(address) => {
            let mut other = TcpStream::connect(address).await?;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            copy_bidirectional(stream, &mut other).await.map(drop)
        }
    }
}

async fn socks5(
    mut stream: TcpStream,
    target: SocketAddr,
    log: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    // version, methods; none is chosen
    let mut greeting = [0; 2];
    stream.read_exact(&mut greeting).await?;
    let mut methods = vec![0; greeting[1].into()];
    stream.read_exact(&mut methods).await?;
    stream.write_all(&[5, 0]).await?;
    // version, CONNECT, nothing, the address's type
    let mut request = [0; 4];
    stream.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => std::net::Ipv4Addr::from(stream.read_u32().await?).to_string(),
        4 => std::net::Ipv6Addr::from(stream.read_u128().await?).to_string(),
        _ => {
            let mut name = vec![0; stream.read_u8().await?.into()];
            stream.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
    };
    let port = stream.read_u16().await?;
    log.lock().unwrap().push(Asked {
        target: format!("{host}:{port}"),
        head: String::new(),
    });
    let mut other = TcpStream::connect(target).await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut stream, &mut other).await.map(drop)
}

fn self_signed() -> ServerConfig {
    let certificate =
        CertificateDer::from_pem_slice(include_bytes!("../certificates/self-signed.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../certificates/self-signed.key"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap()
}

fn old_tls(cipher: &str) -> openssl::ssl::SslAcceptor {
    use openssl::{
        pkey::PKey,
        ssl::{SslAcceptor, SslMethod, SslVersion},
        x509::X509,
    };
    let certificate = X509::from_pem(include_bytes!("../certificates/old.pem")).unwrap();
    let key = include_bytes!("../certificates/old.key");
    // for RC4; it stays loaded, as in the program
    let legacy = openssl::provider::Provider::try_load(None, "legacy", true);
    std::mem::forget(legacy.unwrap());
    let mut tls = SslAcceptor::mozilla_intermediate(SslMethod::tls_server()).unwrap();
    // a small key is no good below
    tls.set_security_level(0);
    tls.set_certificate(&certificate).unwrap();
    tls.set_private_key(&PKey::private_key_from_pem(key).unwrap())
        .unwrap();
    tls.clear_options(openssl::ssl::SslOptions::all());
    tls.set_min_proto_version(Some(SslVersion::TLS1)).unwrap();
    tls.set_max_proto_version(Some(SslVersion::TLS1)).unwrap();
    tls.set_cipher_list(&format!("{cipher}:@SECLEVEL=0"))
        .unwrap();
    tls.build()
}

fn serve_tls(
    stream: StreamOwned<ServerConnection, std::net::TcpStream>,
    body: &str,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
    }
    let stream = stream.get_mut();
    let length = format!("Content-Length: {}\r\n", body.len());
    stream.write_all(&head_of("200 OK", &length))?;
    stream.write_all(body.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}
