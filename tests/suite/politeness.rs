//! robots.txt, and hosts that want their peace.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use schoolbell::{
    config::FetchSettings,
    fetch::{FetchError, Fetcher, Limits},
    source::state::FaultKind,
};
use url::Url;

use crate::{
    fault_server::{Act, FaultServer, head_of, page},
    fetch::{asking, body, fetcher, get, get_as, hasty, html, settings},
};

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
async fn a_robots_txt_counts_whatever_its_type() {
    let server = FaultServer::start(|asked| match asked.target.as_str() {
        "/robots.txt" => {
            let head = "Content-Type: application/octet-stream\r\n";
            page("200 OK", head, "User-agent: *\nDisallow: /\n")
        }
        _ => html("open"),
    })
    .await;
    assert!(get(&server.url("/")).await.is_err());
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

/// Asks for twenty pages at once; gives them as the server saw them, and how many it saw at the same time.
async fn crowd(per_host: usize) -> (Vec<String>, usize) {
    let server = FaultServer::start(|_| html("page")).await;
    let fetcher = Fetcher::new(&FetchSettings {
        per_host,
        ..settings()
    })
    .unwrap();
    let mut settings = asking();
    settings.robots = false;
    let urls: Vec<Url> = (0..20).map(|n| server.url(&format!("/{n}"))).collect();
    let gets = urls.iter().map(|url| get_as(&fetcher, url, &settings));
    let answers = futures_util::future::join_all(gets).await;
    assert!(answers.iter().all(Result::is_ok));
    (server.targets(), server.most_at_once())
}

#[tokio::test]
async fn a_host_is_asked_one_by_one_in_the_order_of_asking() {
    let (targets, most) = crowd(1).await;
    let expected: Vec<String> = (0..20).map(|n| format!("/{n}")).collect();
    assert_eq!(targets, expected);
    assert_eq!(most, 1);
    let (_, most) = crowd(4).await;
    assert!((2..=4).contains(&most), "{most} at once");
}
