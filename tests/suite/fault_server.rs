//! A server that answers as it is told to, also as no server should.
//!
//! In: a function from the request to what is done. Out: an address on loopback, and all that was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
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
    /// The connection is joined to another: what a proxy does.
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
    task: JoinHandle<()>,
}

impl FaultServer {
    /// Starts one.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&answer)));
            }
        });
        Self { address, asked, task }
    }

    /// Starts one whose robots.txt does not exist.
    pub(crate) async fn without_robots(answer: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Self {
        Self::start(move |asked| match asked.target.as_str() {
            "/robots.txt" => page("404 Not Found", "", ""),
            _ => answer(asked),
        })
        .await
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

async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<Asked>>>, answer: Arc<impl Fn(&Asked) -> Act>) {
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
