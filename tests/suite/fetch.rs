//! One polite GET against servers that behave, misbehave and lie.

use std::{io::Write, time::Duration};

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

use crate::fault_server::{Act, FaultServer, head_of, page};

pub(crate) fn settings() -> FetchSettings {
    FetchSettings {
        concurrency: 64,
        per_host: 1,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
    }
}

pub(crate) fn fetcher() -> Fetcher {
    Fetcher::new(&settings()).unwrap()
}

/// Waits no longer than a test may take.
pub(crate) fn hasty() -> Fetcher {
    let limits = Limits {
        headers: Duration::from_secs(1),
        idle: Duration::from_secs(1),
        ..Limits::USUAL
    };
    Fetcher::with_limits(&settings(), limits).unwrap()
}

pub(crate) fn asking() -> RequestSettings {
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

pub(crate) async fn get_as(
    fetcher: &Fetcher,
    url: &Url,
    settings: &RequestSettings,
) -> Result<Answer, FetchError> {
    let request = Request {
        url,
        home: url,
        settings,
        validators: None,
    };
    fetcher.get(request).await
}

pub(crate) async fn get(url: &Url) -> Result<Answer, FetchError> {
    get_as(&fetcher(), url, &asking()).await
}

pub(crate) fn body(answer: Answer) -> String {
    String::from_utf8(answer.page.unwrap().body.to_vec()).unwrap()
}

pub(crate) fn html(text: &str) -> Act {
    page("200 OK", "Content-Type: text/html; charset=utf-8\r\n", text)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
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
        home: &server.url("/"),
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
async fn the_password_of_an_address_is_sent_unless_another_is_configured() {
    let server =
        FaultServer::without_robots(|asked| html(asked.header("Authorization").unwrap_or("none")));
    let server = server.await;
    let mut url = server.url("/");
    url.set_username("me").unwrap();
    url.set_password(Some("secret")).unwrap();
    let mut settings = asking();
    for (configured, sent) in [
        (None, "Basic bWU6c2VjcmV0"),
        (Some("Basic eDp5"), "Basic eDp5"),
    ] {
        let header = |value: &str| ("Authorization".into(), value.into());
        settings.headers = configured.map(header).into_iter().collect();
        let answer = get_as(&fetcher(), &url, &settings).await.unwrap();
        assert_eq!(body(answer), sent);
    }
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
    // a session of its own is not another source's
    assert!(get(&server.url("/")).await.is_err());
}

#[tokio::test]
async fn a_session_lasts_for_the_articles_of_its_source_and_ends_with_an_error() {
    let server = FaultServer::without_robots(|asked| match asked.target.as_str() {
        "/broken" => page("500 Internal Server Error", "", ""),
        _ if asked.header("Cookie") == Some("pass=1") => html("in"),
        path => {
            let head = format!("Location: {path}\r\nSet-Cookie: pass=1; Path=/\r\n");
            page("302 Found", &head, "")
        }
    })
    .await;
    let (fetcher, settings, home) = (fetcher(), asking(), server.url("/list"));
    let ask = async |path: &str| {
        let url = server.url(path);
        let request = Request {
            url: &url,
            home: &home,
            settings: &settings,
            validators: None,
        };
        fetcher.get(request).await
    };
    for path in ["/list", "/1", "/2"] {
        assert_eq!(body(ask(path).await.unwrap()), "in");
    }
    assert!(ask("/broken").await.is_err());
    assert_eq!(body(ask("/3").await.unwrap()), "in");
    let targets = server.targets();
    assert_eq!(
        targets,
        [
            "/robots.txt",
            "/list",
            "/list",
            "/1",
            "/2",
            "/broken",
            "/3",
            "/3"
        ]
    );
}

#[tokio::test]
async fn an_endless_body_and_a_bomb_are_cut_off_at_the_limit() {
    let bomb = gzip(&vec![b'a'; 16 * 1024 * 1024]);
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
    settings.robots = false;
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
