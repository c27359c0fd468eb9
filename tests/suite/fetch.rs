//! One polite GET against servers that behave, misbehave and lie.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use schoolbell::{
    config::FetchSettings,
    fetch::{Answer, FetchError, Fetcher, Limits, Request, Stage},
    source::{
        RequestSettings, Tls,
        state::{FaultKind, SourceValidators},
    },
};
use url::Url;

use crate::fault_server::{Act, Asked, FaultServer, head_of, page};

fn settings() -> FetchSettings {
    FetchSettings {
        concurrency: 64,
        per_host: 1,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
    }
}

fn fetcher() -> Fetcher {
    Fetcher::new(&settings()).unwrap()
}

/// Waits no longer than a test may take.
fn hasty() -> Fetcher {
    let limits = Limits {
        headers: Duration::from_millis(300),
        idle: Duration::from_millis(300),
        ..Limits::USUAL
    };
    Fetcher::with_limits(&settings(), limits).unwrap()
}

fn asking() -> RequestSettings {
    RequestSettings {
        user_agent: "schoolbell/0.1 (+https://example.org/bell)".into(),
        delay: Duration::ZERO,
        timeout: Duration::from_secs(30),
        max_body_bytes: 1024 * 1024,
        robots: true,
        proxy: None,
        tls: Tls::Strict,
        headers: Vec::new(),
    }
}

async fn get_as(
    fetcher: &Fetcher,
    url: &Url,
    settings: &RequestSettings,
) -> Result<Answer, FetchError> {
    let request = Request {
        url,
        settings,
        validators: None,
    };
    fetcher.get(request).await
}

async fn get(url: &Url) -> Result<Answer, FetchError> {
    get_as(&fetcher(), url, &asking()).await
}

fn body(answer: Answer) -> String {
    String::from_utf8(answer.page.unwrap().body.to_vec()).unwrap()
}

fn html(text: &str) -> Act {
    page("200 OK", "Content-Type: text/html; charset=utf-8\r\n", text)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_page_comes_with_what_the_next_poll_needs() {
    let server = FaultServer::without_robots(|_| {
        let head = "Content-Type: text/html; charset=gb2312\r\nETag: W/\"5f-1\"\r\nCache-Control: max-age=600\r\n\
                    Last-Modified: Mon, 1 Jan 2024 00:00:00 +0800\r\n";
        page("200 OK", head, b"\xcd\xa8\xd6\xaa")
    })
    .await;
    let url = server.url("/list.htm#top");
    let answer = get(&url).await.unwrap();
    assert_eq!((answer.status, answer.permanent), (200, None));
    assert_eq!(answer.max_age, Some(Duration::from_mins(10)));
    assert_eq!(answer.validators.etag.as_deref(), Some("W/\"5f-1\""));
    let modified = answer.validators.last_modified.as_deref();
    assert_eq!(modified, Some("Mon, 1 Jan 2024 00:00:00 +0800"));
    let page = answer.page.unwrap();
    assert_eq!(page.url, server.url("/list.htm"));
    assert_eq!(
        page.content_type.as_deref(),
        Some("text/html; charset=gb2312")
    );
    assert_eq!(&page.body[..], b"\xcd\xa8\xd6\xaa");

    let asked = server.asked().pop().unwrap();
    let agent = asked.header("User-Agent");
    assert_eq!(agent, Some("schoolbell/0.1 (+https://example.org/bell)"));
    assert!(asked.header("Accept").unwrap().starts_with("text/html,"));
    assert!(
        asked
            .header("Accept-Language")
            .unwrap()
            .starts_with("zh-CN,")
    );
    assert!(asked.header("Accept-Encoding").unwrap().contains("gzip"));
    assert_eq!(asked.header("If-None-Match"), None);
}

#[tokio::test]
async fn an_unchanged_page_is_told_by_validators_sent_back_verbatim() {
    let server = FaultServer::without_robots(|asked| {
        let same = asked.header("If-None-Match") == Some("odd, \"etag")
            && asked.header("If-Modified-Since") == Some("yesterday");
        if same {
            page("304 Not Modified", "ETag: new\r\n", "")
        } else {
            html("changed")
        }
    })
    .await;
    let validators = SourceValidators {
        etag: Some("odd, \"etag".into()),
        last_modified: Some("yesterday".into()),
    };
    let request = Request {
        url: &server.url("/"),
        settings: &asking(),
        validators: Some(&validators),
    };
    let answer = fetcher().get(request).await.unwrap();
    assert!(answer.page.is_none());
    assert_eq!(answer.status, 304);
    // what the answer leaves out still holds
    assert_eq!(answer.validators.etag.as_deref(), Some("new"));
    assert_eq!(
        answer.validators.last_modified.as_deref(),
        Some("yesterday")
    );
}

#[tokio::test]
async fn redirects_are_followed_and_permanent_ones_told() {
    let server = FaultServer::without_robots(|asked| match asked.target.as_str() {
        "/for-good" => page("301 Moved", "Location: /again\r\n", ""),
        "/again" => page("308 Moved", "Location: page?x=1#part\r\n", ""),
        "/for-now" => page("302 Found", "Location: /for-good\r\n", ""),
        "/nowhere" => page("302 Found", "Location: http://[\r\n", ""),
        "/page?x=1" => html("here"),
        _ => page("404 Not Found", "", ""),
    })
    .await;
    let answer = get(&server.url("/for-good")).await.unwrap();
    assert_eq!(answer.permanent, Some(server.url("/page?x=1")));
    assert_eq!(answer.page.as_ref().unwrap().url, server.url("/page?x=1"));
    assert_eq!(body(answer), "here");

    let answer = get(&server.url("/for-now")).await.unwrap();
    assert_eq!(answer.permanent, None);

    let error = get(&server.url("/nowhere")).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::ServerError);
    assert!(
        error
            .to_string()
            .ends_with("redirects to `http://[`, which is no address")
    );
}

#[tokio::test]
async fn a_redirect_loop_ends_after_five() {
    let server = FaultServer::without_robots(|_| page("302 Found", "Location: /\r\n", "")).await;
    let error = get(&server.url("/")).await.unwrap_err();
    assert!(
        matches!(error, FetchError::Redirects { limit: 5, .. }),
        "{error}"
    );
    assert_eq!(server.targets().iter().filter(|t| *t == "/").count(), 6);
}

#[tokio::test]
async fn a_cookie_hand_shake_works_within_one_get() {
    let server = FaultServer::without_robots(|asked| match asked.header("Cookie") {
        Some("mine=0; pass=1") => html("in"),
        _ => page(
            "302 Found",
            "Location: /\r\nSet-Cookie: pass=1; Path=/\r\n",
            "",
        ),
    })
    .await;
    let mut settings = asking();
    settings.headers = vec![("Cookie".into(), "mine=0".into())];
    let answer = get_as(&fetcher(), &server.url("/"), &settings)
        .await
        .unwrap();
    assert_eq!(body(answer), "in");
    // another get begins without
    assert!(get(&server.url("/")).await.is_err());
}

#[tokio::test]
async fn configured_headers_go_to_their_own_host_only() {
    let server = FaultServer::without_robots(|asked| {
        let here = asked.header("Host").unwrap();
        match here.strip_prefix("127.0.0.1:") {
            Some(port) => {
                let there = format!("Location: http://localhost:{port}/\r\n");
                page("302 Found", &there, "")
            }
            None => html("elsewhere"),
        }
    })
    .await;
    let mut settings = asking();
    settings.headers = vec![("Authorization".into(), "Basic eDp5".into())];
    let answer = get_as(&fetcher(), &server.url("/"), &settings)
        .await
        .unwrap();
    assert_eq!(body(answer), "elsewhere");
    for asked in server.asked() {
        let at_home = asked.header("Host").unwrap().starts_with("127.0.0.1");
        assert_eq!(
            asked.header("Authorization").is_some(),
            at_home,
            "{asked:?}"
        );
    }
    assert_eq!(
        server.asked().len(),
        4,
        "two pages, each with its robots.txt"
    );
}

#[tokio::test]
async fn private_addresses_are_refused_as_literals_names_and_redirects() {
    let server = FaultServer::without_robots(|asked| {
        let to = match asked.target.as_str() {
            "/hex" => "http://0x0a.1/",
            "/mapped" => "http://[::ffff:169.254.169.254]/latest/meta-data/",
            "/file" => "file:///etc/passwd",
            _ => "http://10.0.0.1/",
        };
        page("302 Found", &format!("Location: {to}\r\n"), "")
    })
    .await;
    for (path, words) in [
        (
            "/",
            "http://10.0.0.1/ was not asked: 10.0.0.1 is a private address",
        ),
        (
            "/hex",
            "http://10.0.0.1/ was not asked: 10.0.0.1 is a private address",
        ),
        (
            "/mapped",
            "http://[::ffff:a9fe:a9fe]/latest/meta-data/ was not asked: 169.254.169.254 is a link-local address",
        ),
        (
            "/file",
            "file:///etc/passwd was not asked: expected http or https",
        ),
    ] {
        let error = get(&server.url(path)).await.unwrap_err();
        assert_eq!(error.to_string(), words);
        assert_eq!(error.kind(), FaultKind::NotAllowed);
    }

    let strict = Fetcher::new(&FetchSettings {
        allow_private: Vec::new(),
        ..settings()
    })
    .unwrap();
    let port = server.address().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
    ] {
        let url = format!("http://{host}:{port}/").parse().unwrap();
        let error = get_as(&strict, &url, &asking()).await.unwrap_err();
        assert!(
            matches!(error, FetchError::Refused { .. }),
            "{host}: {error}"
        );
        assert!(
            error.remedy().unwrap().contains("allow_private = [\""),
            "{host}"
        );
    }
}

#[tokio::test]
async fn an_endless_body_and_a_bomb_are_cut_off_at_the_limit() {
    let bomb = gzip(&vec![b'a'; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    let server = FaultServer::without_robots(move |asked| match asked.target.as_str() {
        "/endless" => Act::Endless(
            head_of("200 OK", "Content-Type: text/html\r\n"),
            vec![b'a'; 9000],
        ),
        "/bomb" => page(
            "200 OK",
            "Content-Type: text/html\r\nContent-Encoding: gzip\r\n",
            &bomb,
        ),
        "/announced" => Act::Stall(head_of("200 OK", "Content-Length: 1048577\r\n")),
        _ => html(&"a".repeat(1024 * 1024)),
    })
    .await;
    for path in ["/endless", "/bomb", "/announced"] {
        let error = get(&server.url(path)).await.unwrap_err();
        let expected = format!(
            "{} answers with more than 1048576 bytes (max_body)",
            server.url(path)
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), FaultKind::ServerError);
        assert!(error.remedy().unwrap().contains("max_body"));
    }
    let exact = get(&server.url("/exact")).await.unwrap();
    assert_eq!(body(exact).len(), 1024 * 1024);
}

#[tokio::test]
async fn broken_answers_are_told_in_words() {
    let packed = gzip("通知".repeat(500).as_bytes());
    let half = packed[..packed.len() / 2].to_vec();
    let server = FaultServer::without_robots(move |asked| match asked.target.as_str() {
        "/half-gzip" => page("200 OK", "Content-Encoding: gzip\r\n", &half),
        "/no-gzip" => page("200 OK", "Content-Encoding: gzip\r\n", "plain"),
        "/short" => Act::Send(
            [
                head_of("200 OK", "Content-Length: 100\r\n"),
                b"short".to_vec(),
            ]
            .concat(),
        ),
        "/nonsense" => Act::Send(b"nonsense\r\n\r\n".to_vec()),
        "/nothing" => Act::Send(Vec::new()),
        "/half" => Act::Reset(
            [
                head_of("200 OK", "Content-Length: 100\r\n"),
                b"half".to_vec(),
            ]
            .concat(),
        ),
        _ => Act::Reset(Vec::new()),
    })
    .await;
    for (path, words, kind) in [
        (
            "/half-gzip",
            "it is cut short or damaged",
            FaultKind::ServerError,
        ),
        (
            "/no-gzip",
            "it is cut short or damaged",
            FaultKind::ServerError,
        ),
        (
            "/short",
            "it is cut short or damaged",
            FaultKind::ServerError,
        ),
        (
            "/nonsense",
            "it is not http, or none at all",
            FaultKind::ServerError,
        ),
        (
            "/nothing",
            "it is not http, or none at all",
            FaultKind::ServerError,
        ),
        ("/half", "was reset", FaultKind::Unreachable),
        ("/reset", "was reset", FaultKind::Unreachable),
    ] {
        let error = get(&server.url(path)).await.unwrap_err();
        assert!(
            error.to_string().ends_with(words),
            "{path}: {error} ({error:?})"
        );
        assert_eq!(error.kind(), kind, "{path}");
        assert!(error.to_string().contains(server.url(path).as_str()));
    }
}

#[tokio::test]
async fn slow_answers_end_by_the_limit_that_they_break() {
    let every = Duration::from_millis(20);
    let server = FaultServer::without_robots(move |asked| match asked.target.as_str() {
        "/silent" => Act::Stall(Vec::new()),
        "/stalls" => Act::Stall(head_of("200 OK", "Content-Length: 100\r\n")),
        _ => Act::Drip(head_of("200 OK", "Content-Length: 100000\r\n"), every),
    })
    .await;
    let mut settings = asking();
    for (path, expected) in [("/silent", Stage::Headers), ("/stalls", Stage::Idle)] {
        let error = get_as(&hasty(), &server.url(path), &settings)
            .await
            .unwrap_err();
        assert!(
            matches!(error, FetchError::Slow { stage, .. } if stage == expected),
            "{error}"
        );
        assert_eq!(error.kind(), FaultKind::Unreachable);
    }
    settings.timeout = Duration::from_millis(500);
    let error = get_as(&hasty(), &server.url("/drip"), &settings)
        .await
        .unwrap_err();
    let url = server.url("/drip");
    assert_eq!(
        error.to_string(),
        format!("{url} took longer than 500ms to answer in all (timeout)")
    );
    assert!(error.remedy().unwrap().contains("timeout"));
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    // a port that was free a moment ago
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}/", listener.local_addr().unwrap());
    let gone = gone.parse().unwrap();
    drop(listener);
    let error = get(&gone).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Unreachable);
    assert!(
        error.chain().to_lowercase().contains("connection refused"),
        "{}",
        error.chain()
    );
}

#[tokio::test]
async fn statuses_become_kinds_and_the_error_page_is_kept() {
    let server = FaultServer::without_robots(|asked| {
        let status = asked.target.trim_start_matches('/').to_owned();
        page(
            &format!("{status} Some words"),
            "Content-Type: text/html\r\n",
            "仅限校内访问",
        )
    })
    .await;
    for (status, kind) in [
        (403, FaultKind::Blocked),
        (521, FaultKind::Blocked),
        (404, FaultKind::Gone),
        (410, FaultKind::Gone),
        (500, FaultKind::ServerError),
        (304, FaultKind::ServerError),
        (300, FaultKind::ServerError),
    ] {
        let error = get(&server.url(&format!("/{status}"))).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(error.status(), Some(status));
        if status != 304 {
            assert_eq!(error.page().unwrap().body, "仅限校内访问".as_bytes());
        }
    }
}

#[tokio::test]
async fn a_host_that_asks_for_peace_gets_it() {
    let server = FaultServer::without_robots(|asked| match asked.target.as_str() {
        "/busy" => page("429 Too Many Requests", "Retry-After: 3600\r\n", ""),
        "/down" => {
            let dates = "Date: Sun, 06 Nov 1994 08:00:00 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:02:00 GMT\r\n";
            page("503 Service Unavailable", dates, "")
        }
        _ => html("ok"),
    })
    .await;
    let fetcher = fetcher();
    let error = get_as(&fetcher, &server.url("/down"), &asking())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FaultKind::ServerError);
    assert_eq!(error.retry_after(), Some(Duration::from_mins(2)));

    let fetcher = self::fetcher();
    let error = get_as(&fetcher, &server.url("/busy"), &asking())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FaultKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    let before = server.targets().len();
    let error = get_as(&fetcher, &server.url("/other"), &asking())
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::Resting { .. }), "{error}");
    assert_eq!(error.kind(), FaultKind::RateLimited);
    assert!(error.retry_after().unwrap() > Duration::from_mins(50));
    assert_eq!(
        server.targets().len(),
        before,
        "the host was asked while it rests"
    );
}

#[tokio::test]
async fn robots_txt_closes_what_it_names_and_is_asked_once() {
    let server = FaultServer::start(|asked| match asked.target.as_str() {
        "/robots.txt" => page(
            "200 OK",
            "",
            "User-agent: *\nDisallow: /\n\nUser-agent: SchoolBell\nDisallow: /closed\n",
        ),
        "/way" => page("302 Found", "Location: /closed/2\r\n", ""),
        _ => html("open"),
    })
    .await;
    let fetcher = fetcher();
    let (open, closed) = (server.url("/open"), server.url("/closed/1"));
    let settings = asking();
    let (one, two) = tokio::join!(
        get_as(&fetcher, &open, &settings),
        get_as(&fetcher, &closed, &settings)
    );
    assert_eq!(body(one.unwrap()), "open");
    let error = two.unwrap_err();
    let robots = server.url("/robots.txt");
    assert_eq!(error.to_string(), format!("{closed} is closed by {robots}"));
    assert_eq!(error.kind(), FaultKind::NotAllowed);
    let error = get_as(&fetcher, &server.url("/way"), &settings)
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::Robots { .. }), "{error}");
    assert_eq!(server.targets(), ["/robots.txt", "/open", "/way"]);

    // another robot reads its own group
    let mut other = asking();
    other.user_agent = "other/1".into();
    assert!(get_as(&fetcher, &open, &other).await.is_err());
    other.robots = false;
    assert!(get_as(&fetcher, &closed, &other).await.is_ok());
}

#[tokio::test]
async fn a_robots_txt_that_fails_closes_its_site_until_it_answers() {
    let answers = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answers);
    let server = FaultServer::start(move |asked| match asked.target.as_str() {
        "/robots.txt" if count.fetch_add(1, Ordering::Relaxed) == 0 => {
            page("500 Internal Server Error", "", "")
        }
        "/robots.txt" => page("403 Forbidden", "", ""),
        _ => html("open"),
    })
    .await;
    let limits = Limits {
        robots_unread: Duration::ZERO,
        ..Limits::USUAL
    };
    let fetcher = Fetcher::with_limits(&settings(), limits).unwrap();
    let error = get_as(&fetcher, &server.url("/"), &asking())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FaultKind::NotAllowed);
    assert!(
        error
            .chain()
            .ends_with("/robots.txt answers 500 Internal Server Error"),
        "{}",
        error.chain()
    );
    // 4xx is an answer: there are no rules
    let answer = get_as(&fetcher, &server.url("/"), &asking()).await.unwrap();
    assert_eq!(body(answer), "open");
    assert_eq!(answers.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_robots_txt_that_cannot_be_reached_is_the_sites_own_fault() {
    let server = FaultServer::start(|asked| match asked.target.as_str() {
        "/robots.txt" => Act::Stall(Vec::new()),
        _ => html("open"),
    })
    .await;
    let error = get_as(&hasty(), &server.url("/"), &asking())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FaultKind::Unreachable);
    assert_eq!(server.targets(), ["/robots.txt"]);
}

#[tokio::test]
async fn a_huge_robots_txt_is_read_in_part() {
    let server = FaultServer::start(|asked| match asked.target.as_str() {
        "/robots.txt" => Act::Endless(
            head_of("200 OK", ""),
            b"User-agent: *\nDisallow: /closed\n".to_vec(),
        ),
        _ => html("open"),
    })
    .await;
    assert!(get(&server.url("/open")).await.is_ok());
    assert!(get(&server.url("/closed")).await.is_err());
}

#[tokio::test]
async fn files_are_not_read_and_pages_under_their_name_are() {
    let server = FaultServer::without_robots(|asked| match asked.target.as_str() {
        "/notice.pdf" => Act::Endless(
            head_of("200 OK", "Content-Type: application/pdf\r\n"),
            b"%PDF-1.4".to_vec(),
        ),
        "/page" => page(
            "200 OK",
            "Content-Type: application/octet-stream\r\n",
            "\u{feff} <html>page",
        ),
        _ => page("200 OK", "Content-Type: image/png\r\n", ""),
    })
    .await;
    let file = get(&server.url("/notice.pdf")).await.unwrap().page.unwrap();
    assert_eq!(file.content_type.as_deref(), Some("application/pdf"));
    assert!(file.body.is_empty());
    assert!(body(get(&server.url("/page")).await.unwrap()).ends_with("<html>page"));
    assert_eq!(body(get(&server.url("/x.png")).await.unwrap()), "");
}

#[tokio::test]
async fn a_host_is_asked_one_by_one() {
    let under_way = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (now, peak) = (Arc::clone(&under_way), Arc::clone(&most));
    let server = FaultServer::without_robots(move |_| {
        let with_this = now.fetch_add(1, Ordering::SeqCst) + 1;
        peak.fetch_max(with_this, Ordering::SeqCst);
        std::thread::yield_now();
        now.fetch_sub(1, Ordering::SeqCst);
        html("page")
    })
    .await;
    let fetcher = fetcher();
    let settings = asking();
    let urls: Vec<Url> = (0..20).map(|n| server.url(&format!("/{n}"))).collect();
    let gets = urls.iter().map(|url| get_as(&fetcher, url, &settings));
    let answers = futures_util::future::join_all(gets).await;
    assert!(answers.iter().all(Result::is_ok));
    let mut expected = vec!["/robots.txt".to_owned()];
    expected.extend((0..20).map(|n| format!("/{n}")));
    assert_eq!(server.targets(), expected, "not in the order of asking");
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

/// A proxy that knows two names: it answers for the one, and is a tunnel to the other.
async fn proxy(target: SocketAddr) -> FaultServer {
    FaultServer::start(move |asked: &Asked| match asked.target.as_str() {
        "http://school.invalid/robots.txt" => page("404 Not Found", "", ""),
        "http://school.invalid/" => html("through the proxy"),
        "tunnel.invalid:443" => Act::Tunnel(target),
        _ => page("502 Bad Gateway", "", ""),
    })
    .await
}

#[tokio::test]
async fn a_proxy_at_home_is_used_and_resolves_the_names() {
    let server = FaultServer::speaking_first(b"220 this is a post office\r\n").await;
    let proxy = proxy(server.address()).await;
    let strict = Fetcher::new(&FetchSettings {
        allow_private: Vec::new(),
        ..settings()
    })
    .unwrap();
    let mut settings = asking();
    for host in ["127.0.0.1", "localhost"] {
        let address = format!("http://{host}:{}", proxy.address().port());
        settings.proxy = Some(address.parse().unwrap());
        let url = "http://school.invalid/".parse().unwrap();
        let answer = get_as(&strict, &url, &settings).await.unwrap();
        assert_eq!(body(answer), "through the proxy");
    }

    // what is no tls at the other end is told as that, through the tunnel too
    settings.robots = false;
    let url = "https://tunnel.invalid/".parse().unwrap();
    let error = get_as(&strict, &url, &settings).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Tls, "{}", error.chain());

    // the guard still judges literals
    let url = "http://127.0.0.1/".parse().unwrap();
    let error = get_as(&strict, &url, &settings).await.unwrap_err();
    assert!(matches!(error, FetchError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named() {
    let server = FaultServer::without_robots(|_| html("")).await;
    let mut settings = asking();
    settings.headers = vec![("X-Odd".into(), "a\nb".into())];
    settings.robots = false;
    let error = get_as(&fetcher(), &server.url("/"), &settings)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("`X-Odd` is no header that can be sent"),
        "{error}"
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_refused_unless_the_source_says_otherwise() {
    let server = FaultServer::self_signed("over tls");
    let url: Url = format!("https://{}/", server.address()).parse().unwrap();
    let mut settings = asking();
    settings.robots = false;
    let fetcher = fetcher();
    let error = get_as(&fetcher, &url, &settings).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Tls, "{}", error.chain());
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(error.remedy().unwrap().contains("tls = \"insecure\""));

    settings.tls = Tls::Insecure;
    let answer = get_as(&fetcher, &url, &settings).await.unwrap();
    assert_eq!(body(answer), "over tls");
    // another source's trust is not loosened
    settings.tls = Tls::Strict;
    assert!(get_as(&fetcher, &url, &settings).await.is_err());
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_as_that() {
    let server = FaultServer::speaking_first(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let url = format!("https://{}/", server.address()).parse().unwrap();
    let error = get(&url).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Tls, "{}", error.chain());
    assert!(!error.remedy().unwrap_or_default().contains("insecure"));
}
