//! What may be reached, by which way, and with what.

use std::net::SocketAddr;

use schoolbell::{
    config::FetchSettings,
    fetch::{FetchError, Fetcher},
    source::{Tls, state::FaultKind},
};
use url::Url;

use crate::{
    fault_server::{Act, Asked, FaultServer, page},
    fetch::{asking, body, fetcher, get, get_as, html, settings},
};

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
async fn nobody_listening_is_unreachable() {
    // a port that was free a moment ago
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}/", listener.local_addr().unwrap());
    let gone: Url = gone.parse().unwrap();
    drop(listener);
    let error = get(&gone).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Unreachable);
    let robots = gone.join("/robots.txt").unwrap();
    let words = format!("cannot connect to {robots}: Connection refused");
    assert!(error.chain().starts_with(&words), "{}", error.chain());
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
