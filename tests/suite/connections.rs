//! What goes over sockets: the quick way gives what the routes give, and nobody holds up another.

use std::{collections::BTreeMap, sync::Arc};

use schoolbell::serve::{Listener, serve};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

use crate::{
    metrics::value,
    site::{Published, article, published},
};

struct Running {
    site: Published,
    address: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

async fn running_at(listen: &str) -> Running {
    let site = Published::new();
    for number in 1..=60 {
        site.record(vec![published(article("jyt", number))]).await;
    }
    let config = schoolbell::config::Config::parse(
        &format!("[server]\nlisten = '{listen}'\n[[source]]\nurl = 'http://a.example/'"),
        "test",
    );
    let listener = Listener::bind(&config.unwrap().server.listen)
        .await
        .unwrap();
    let address = listener.address();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(serve(listener, Arc::clone(&site.site), async {
        let _ = stopped.await;
    }));
    Running {
        site,
        address,
        stop,
        serving,
    }
}

async fn running() -> Running {
    running_at("127.0.0.1:0").await
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
    }
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: String,
    fields: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Reads one answer; `is_head` where it has no body.
async fn answer(stream: &mut (impl AsyncRead + Unpin), is_head: bool) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().unwrap().to_owned();
    let mut fields = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let before = fields.insert(name.to_lowercase(), value.to_owned());
        assert_eq!(before, None, "{name} comes twice");
    }
    let length = fields
        .get("content-length")
        .map_or(0, |n| n.parse().unwrap());
    let mut body = vec![
        0;
        if is_head || status.contains("304") {
            0
        } else {
            length
        }
    ];
    stream.read_exact(&mut body).await.unwrap();
    Answer {
        status,
        fields,
        body,
    }
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> Answer {
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(stream, request.starts_with("HEAD")).await
}

fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

#[tokio::test]
async fn the_quick_way_gives_what_the_routes_give() {
    let running = running().await;
    let mut quick = running.connect().await;
    // an address that only the routes understand keeps a connection with them
    let mut routes = running.connect().await;
    ask(&mut routes, &get("/healthz", "")).await;
    let first = ask(
        &mut quick,
        &get("/feeds/jyt.atom", "Accept-Encoding: br\r\n"),
    )
    .await;
    let (etag, modified) = (&first.fields["etag"], &first.fields["last-modified"]);
    let conditions = [
        String::new(),
        "Accept-Encoding: gzip\r\n".to_owned(),
        "accept-encoding: gzip;q=0.2, zstd\r\n".to_owned(),
        "Connection: keep-alive\r\nUser-Agent: reader\r\n".to_owned(),
        format!("Accept-Encoding: br\r\nIf-None-Match: {etag}\r\n"),
        format!("If-None-Match: {etag}\r\n"),
        format!("If-Modified-Since: {modified}\r\n"),
        format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {modified}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
    ];
    for path in [
        "/feeds/jyt.rss",
        "/feeds/jyt.atom",
        "/groups/province.json",
        "/all.rss",
    ] {
        for condition in &conditions {
            for method in ["GET", "HEAD"] {
                let request = get(path, condition).replacen("GET", method, 1);
                let mut by_quick = ask(&mut quick, &request).await;
                let mut by_routes = ask(&mut routes, &request).await;
                // the one clock stands still in tests, the other does not
                assert!(by_routes.fields.remove("date").is_some());
                let date = by_quick.fields.remove("date");
                assert_eq!(date.as_deref(), Some("Mon, 02 Mar 2026 08:30:00 GMT"));
                assert_eq!(by_quick, by_routes, "{request}");
            }
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn requests_that_come_together_or_in_parts_are_answered_in_order() {
    let running = running().await;
    let rss = running.site.get("/feeds/jyt.rss").await;
    let json = running.site.get("/all.json").await;
    let mut stream = running.connect().await;
    let both = get("/feeds/jyt.rss", "") + &get("/all.json", "");
    stream.write_all(both.as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream, false).await.body, rss.body);
    assert_eq!(answer(&mut stream, false).await.body, json.body);
    // a whole one, and half of one that only the routes know
    let (whole, half) = (get("/all.json", ""), get("/feeds/%6ayt.rss", ""));
    let (begin, end) = half.split_at(20);
    stream.write_all((whole + begin).as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream, false).await.body, json.body);
    stream.write_all(end.as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream, false).await.body, rss.body);
    // and it goes on there
    assert_eq!(
        ask(&mut stream, &get("/all.json", "")).await.body,
        json.body
    );
    running.stop().await;
}

#[tokio::test]
async fn what_is_not_plain_http_is_refused_and_hurts_nobody() {
    let running = running().await;
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), "HTTP/1.1 400 Bad Request"),
        (
            get("/all.rss", &format!("X: {}\r\n", "x".repeat(40 << 10))),
            "HTTP/1.1 431 Request Header Fields Too Large",
        ),
        (
            get("/all.rss", &"X: y\r\n".repeat(200)),
            "HTTP/1.1 431 Request Header Fields Too Large",
        ),
        (
            "POST /all.rss HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
            "HTTP/1.1 405 Method Not Allowed",
        ),
        (get("/nothing", ""), "HTTP/1.1 404 Not Found"),
        (
            get("/all.rss", "If-Match: \"x\"\r\n"),
            "HTTP/1.1 412 Precondition Failed",
        ),
        (
            get(
                "/all.rss",
                "If-Unmodified-Since: Sun, 01 Mar 2026 08:00:00 GMT\r\n",
            ),
            "HTTP/1.1 412 Precondition Failed",
        ),
    ] {
        let mut stream = running.connect().await;
        let got = ask(&mut stream, &request).await;
        assert_eq!(got.status, status);
    }
    // one that ends after its answer
    let mut stream = running.connect().await;
    let got = ask(&mut stream, &get("/all.rss", "Connection: close\r\n")).await;
    assert_eq!(got.status, "HTTP/1.1 200 OK");
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "closed");
    // peers that go in the middle
    for _ in 0..10 {
        let mut stream = running.connect().await;
        stream.write_all(b"GET /all.rss HT").await.unwrap();
    }
    let mut stream = running.connect().await;
    let got = ask(&mut stream, &get("/all.rss", "")).await;
    assert_eq!(got.status, "HTTP/1.1 200 OK");
    running.stop().await;
}

#[tokio::test]
async fn a_request_says_once_and_rightly_whom_it_is_for() {
    let running = running().await;
    // one that the quick way knows, and two that it does not
    for path in ["/all.rss", "/all.rss?page=1", "/healthz"] {
        for (version, fields, good) in [
            ("1.1", "Host: bell.example:8080\r\n", true),
            ("1.1", "host: [::1]:8080\r\n", true),
            ("1.0", "", true),
            ("1.1", "", false),
            ("1.1", "Host:\r\n", false),
            ("1.1", "Host: a b\r\n", false),
            ("1.1", "Host: me@a\r\n", false),
            ("1.1", "Host: http://a/\r\n", false),
            ("1.1", "Host: a\r\nHost: a\r\n", false),
            ("1.0", "Host: a\r\nHost: b\r\n", false),
        ] {
            let mut stream = running.connect().await;
            let request = format!("GET {path} HTTP/{version}\r\n{fields}\r\n");
            let got = ask(&mut stream, &request).await;
            let expected = if good { " 200 OK" } else { " 400 Bad Request" };
            assert!(got.status.ends_with(expected), "{request}{}", got.status);
            if !good {
                let words = "expected one `Host` field that names a host\n";
                assert_eq!(String::from_utf8_lossy(&got.body), words);
                assert_eq!(got.fields["x-content-type-options"], "nosniff");
            }
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn both_ways_are_counted_alike() {
    let running = running().await;
    let counts = async || {
        let text = running.site.get("/metrics").await.text().to_owned();
        [200, 304, 400].map(|status| {
            let labels = format!("resource=\"feed\",status=\"{status}\"");
            value(
                &text,
                &format!("schoolbell_http_requests_total{{{labels}}}"),
            )
        })
    };
    let mut quick = running.connect().await;
    let mut routes = running.connect().await;
    ask(&mut routes, &get("/healthz", "")).await;
    for stream in [&mut quick, &mut routes] {
        let before = counts().await;
        let first = ask(stream, &get("/all.rss", "")).await;
        let has = format!("If-None-Match: {}\r\n", first.fields["etag"]);
        ask(stream, &get("/all.rss", &has)).await;
        ask(stream, &get("/all.rss", &has).replacen("GET", "HEAD", 1)).await;
        // what the quick way hands on is counted where it is answered
        ask(stream, &get("/all.rss", "Host: again\r\n")).await;
        let after = counts().await;
        let expected = [before[0] + 1, before[1] + 2, before[2] + 1];
        assert_eq!(after, expected);
    }
    running.stop().await;
}

#[tokio::test]
async fn who_reads_slowly_gets_all_and_holds_up_nobody() {
    let running = running().await;
    // large bodies, so that no socket takes an answer at once
    let mut large = article("jyt", 0);
    large.body_html = format!("<p>{}</p>", "公告".repeat(2 << 20));
    running.site.record(vec![published(large)]).await;
    let expected = running.site.get("/feeds/jyt.atom").await;
    for coding in ["", "Accept-Encoding: gzip;q=0\r\n"] {
        let mut slow = running.connect().await;
        let request = get("/feeds/jyt.atom", coding);
        slow.write_all(request.as_bytes()).await.unwrap();
        let mut other = running.connect().await;
        let got = ask(&mut other, &get("/all.rss", "")).await;
        assert_eq!(got.status, "HTTP/1.1 200 OK");
        assert_eq!(answer(&mut slow, false).await.body, expected.body);
        // and the connection is good for more
        let got = ask(&mut slow, &get("/all.rss", "")).await;
        assert_eq!(got.status, "HTTP/1.1 200 OK");
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_request_end() {
    let running = running().await;
    // nothing, half a request, and nothing after one that the routes answered
    let mut silent = running.connect().await;
    let mut half = running.connect().await;
    half.write_all(b"GET /all.rss HT").await.unwrap();
    let mut idle = running.connect().await;
    ask(&mut idle, &get("/healthz", "")).await;
    for stream in [&mut silent, &mut half, &mut idle] {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"));
    }
    running.stop().await;
}

#[tokio::test]
async fn stopping_ends_idle_connections_at_once() {
    let running = running().await;
    let (mut quick, mut routes) = (running.connect().await, running.connect().await);
    ask(&mut quick, &get("/all.rss", "")).await;
    ask(&mut routes, &get("/healthz", "")).await;
    running.stop().await;
    assert_eq!(quick.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(routes.read(&mut [0]).await.unwrap(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_answers_and_its_file_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bell.sock");
    let running = running_at(&format!("unix:{}", path.display())).await;
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let got = ask(&mut stream, &get("/feeds/jyt.rss", "")).await;
    assert_eq!(got.body, running.site.get("/feeds/jyt.rss").await.body);
    running.stop().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn without_a_socket_from_systemd_it_is_said() {
    let error = Listener::bind(&schoolbell::config::Listen::Systemd).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "systemd handed over no socket; start schoolbell by its socket unit (deploy/schoolbell.socket), or set another \
         [server] listen"
    );
}
