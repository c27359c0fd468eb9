//! What may be reached, by which way, and with what.

use std::net::SocketAddr;

use schoolbell::{
    config::FetchSettings,
    fetch::{FetchError, Fetcher, TlsTrouble},
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

#[tokio::test]
async fn an_old_server_is_told_as_that_and_spoken_with_where_the_source_says_so() {
    for cipher in ["RC4-SHA", "DES-CBC3-SHA", "AES128-SHA"] {
        let server = FaultServer::old_tls(cipher, |_| html("old")).await;
        let url: Url = format!("https://{}/", server.address()).parse().unwrap();
        let mut settings = asking();
        settings.robots = false;
        for tls in [Tls::Strict, Tls::Insecure] {
            settings.tls = tls;
            let error = get_as(&fetcher(), &url, &settings).await.unwrap_err();
            let old = matches!(
                &error,
                FetchError::Tls {
                    trouble: TlsTrouble::Old,
                    ..
                }
            );
            assert!(old, "{cipher}: {error:?}");
            assert_eq!(error.kind(), FaultKind::Tls);
            assert!(error.remedy().unwrap().contains("tls = \"legacy\""));
        }
        // the second stack comes as far as the certificate, which the system does not know
        settings.tls = Tls::Legacy;
        let error = get_as(&fetcher(), &url, &settings).await.unwrap_err();
        assert_eq!(
            error.chain(),
            format!("cannot agree on tls with {url}: certificate: self-signed certificate"),
        );
        assert!(error.remedy().unwrap().contains("tls = \"insecure\""));
        assert!(server.asked().is_empty());
    }
}

#[tokio::test]
async fn the_second_stack_is_guarded_as_the_first() {
    let strict = Fetcher::new(&FetchSettings {
        allow_private: Vec::new(),
        ..settings()
    })
    .unwrap();
    let mut settings = asking();
    settings.tls = Tls::Legacy;
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let url = format!("https://{host}/").parse().unwrap();
        let error = get_as(&strict, &url, &settings).await.unwrap_err();
        assert!(matches!(error, FetchError::Refused { .. }), "{error}");
    }
    // nobody listens, no tls is spoken, or nothing is said
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone: Url = format!("https://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    drop(listener);
    settings.robots = false;
    let error = get_as(&fetcher(), &gone, &settings).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Unreachable);
    assert!(
        error.chain().contains("Connection refused"),
        "{}",
        error.chain()
    );
    for (words, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], TlsTrouble::None),
        (b"", TlsTrouble::Protocol),
    ] {
        let server = FaultServer::speaking_first(words).await;
        let url = format!("https://{}/", server.address()).parse().unwrap();
        let error = get_as(&fetcher(), &url, &settings).await.unwrap_err();
        let told = matches!(&error, FetchError::Tls { trouble, .. } if *trouble == expected);
        assert!(told, "{error:?}");
    }
}

#[tokio::test]
async fn the_second_stack_goes_through_proxies_too() {
    let server = FaultServer::old_tls("AES128-SHA", |_| html("old")).await;
    let proxy = proxy(server.address()).await;
    let mut settings = asking();
    settings.robots = false;
    settings.tls = Tls::Legacy;
    settings.proxy = Some(proxy.url("").join("/").unwrap());
    let url = "https://tunnel.invalid/".parse().unwrap();
    let error = get_as(&fetcher(), &url, &settings).await.unwrap_err();
    assert!(
        error.to_string().contains("self-signed certificate"),
        "{error:?}"
    );
    let asked = proxy.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].target, "tunnel.invalid:443");
}

#[tokio::test]
async fn the_second_stack_leaves_names_to_socks5h_and_asks_of_a_proxy_a_certificate_too() {
    let server = FaultServer::old_tls("AES128-SHA", |_| html("old")).await;
    let socks = FaultServer::socks5(server.address()).await;
    let mut settings = asking();
    settings.robots = false;
    settings.tls = Tls::Legacy;
    let by = |scheme: &str, proxy: &FaultServer| {
        let address = format!("{scheme}://{}", proxy.address()).parse().unwrap();
        Some(address)
    };
    settings.proxy = by("socks5h", &socks);
    // nobody here knows the name; behind the proxy stands a server, whose certificate is then judged
    let url = "https://tunnel.invalid/".parse().unwrap();
    let error = get_as(&fetcher(), &url, &settings).await.unwrap_err();
    assert!(
        error.to_string().contains("self-signed certificate"),
        "{error:?}"
    );
    assert_eq!(socks.targets(), ["tunnel.invalid:443"]);

    // a proxy that nobody vouches for is told nothing
    let proxy = FaultServer::old_tls("AES128-SHA", |_| html("a proxy")).await;
    settings.proxy = by("https", &proxy);
    let error = get_as(&fetcher(), &url, &settings).await.unwrap_err();
    assert!(
        error.to_string().contains("self-signed certificate"),
        "{error:?}"
    );
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn a_list_behind_old_tls_is_read_through_each_kind_of_proxy() {
    let server = FaultServer::old_tls("AES128-SHA", |asked| match asked.target.as_str() {
        "/list.htm" => page("200 OK", "Content-Type: text/html; charset=utf-8\r\n", LIST),
        _ => page("404 Not Found", "", ""),
    })
    .await;
    let target = server.address();
    let tunnel = move |_: &Asked| Act::Tunnel(target);
    let proxies = [
        ("http", FaultServer::start(tunnel).await),
        ("https", FaultServer::old_tls("AES128-SHA", tunnel).await),
        ("socks5", FaultServer::socks5(target).await),
        ("socks5h", FaultServer::socks5(target).await),
    ];
    for (scheme, proxy) in proxies {
        let config = format!(
            "[fetch]\ndelay = '0s'\nallow_private = ['127.0.0.1/32']\n[[source]]\nid = 'old'\nurl = 'https://{target}/list.htm'\ntls = 'legacy'\nproxy = '{scheme}://{}'\n",
            proxy.address()
        );
        let (printed, code) = check_live(config, OLD, true).await;
        let found: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(found[0]["outcome"], "ok", "{scheme}: {printed}");
        assert_eq!((&found[0]["items"], code), (&3.into(), Some(0)), "{scheme}");
        // robots.txt and the list, each through the proxy
        let asked = proxy.targets();
        assert!(!asked.is_empty(), "{scheme}");
        assert!(
            asked.iter().all(|asked| *asked == target.to_string()),
            "{scheme}: {asked:?}"
        );
    }
}

/// `check --live` with this configuration; what it prints, and its exit code.
async fn check_live(config: String, trusted: &'static str, json: bool) -> (String, Option<i32>) {
    let asked = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("schoolbell.toml");
        std::fs::write(&file, config).unwrap();
        let mut command = crate::program::schoolbell();
        command.current_dir(folder.path());
        if !trusted.is_empty() {
            command.env("SSL_CERT_FILE", trusted);
        }
        command.args(["check", "--live", "--config"]).arg(file);
        let output = command.args(json.then_some("--json")).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "",
            "no bar but on a terminal"
        );
        assert!(!folder.path().join("data").exists(), "it stores nothing");
        (
            String::from_utf8(output.stdout).unwrap(),
            output.status.code(),
        )
    });
    asked.await.unwrap()
}

const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/old.pem");

const LIST: &str = "<html><head><title>通知公告</title></head><body><ul>\
    <li><a href='/info/1.htm'>关于第1批教学成果奖申报工作的通知</a><span>2026-05-01</span></li>\
    <li><a href='/info/2.htm'>关于第2批教学成果奖申报工作的通知</a><span>2026-05-12</span></li>\
    <li><a href='/info/3.htm'>关于第3批教学成果奖申报工作的通知</a><span>2026-05-03</span></li>\
    </ul></body></html>";

#[tokio::test]
async fn a_list_behind_old_tls_is_read_with_a_certificate_that_the_system_trusts() {
    for cipher in ["RC4-SHA", "DES-CBC3-SHA"] {
        let packed = crate::fetch::gzip(LIST.as_bytes());
        let server = FaultServer::old_tls(cipher, move |asked| {
            assert!(asked.header("Host").unwrap().starts_with("127.0.0.1:"));
            assert!(
                asked
                    .header("User-Agent")
                    .unwrap()
                    .starts_with("schoolbell/")
            );
            if asked.target == "/robots.txt" {
                return page("404 Not Found", "", "");
            }
            let head = "Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n";
            page("200 OK", head, &packed)
        })
        .await;
        let config = format!(
            "[fetch]\ndelay = '0s'\nallow_private = ['127.0.0.1/32']\n[[source]]\nid = 'old'\nurl = 'https://{}/list.htm'\ntls = 'legacy'\n",
            server.address()
        );
        let (printed, code) = check_live(config, OLD, true).await;
        let found: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(found[0]["outcome"], "ok", "{printed}");
        assert_eq!(found[0]["items"], 3);
        assert_eq!(code, Some(0));
        assert_eq!(server.targets(), ["/robots.txt", "/list.htm"]);
    }
}

#[tokio::test]
async fn check_live_says_what_each_source_gives_and_what_to_change() {
    let server = FaultServer::without_robots(|asked| match asked.target.as_str() {
        "/good.htm" => html(LIST),
        "/old.htm" => page("301 Moved Permanently", "Location: /good.htm\r\n", ""),
        "/walled.htm" => page("403 Forbidden", "", ""),
        _ => html("<html><body><p>本栏目正在建设</p></body></html>"),
    })
    .await;
    let sources = ["good", "old", "walled", "empty"].map(|id| {
        let url = server.url(&format!("/{id}.htm"));
        format!("[[source]]\nid = '{id}'\nurl = '{url}'\n")
    });
    let config = format!(
        "[fetch]\ndelay = '0s'\nallow_private = ['127.0.0.1/32']\n{}\
         [[source]]\nid = 'off'\nurl = 'http://127.0.0.1:1/'\nenabled = false\n",
        sources.concat()
    );
    let (printed, code) = check_live(config, "", false).await;
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].ends_with(": good, 5 sources, 1 of them not enabled"),
        "{printed}"
    );
    assert_eq!(
        lines[1],
        "ID      OUTCOME     PRESET  ITEMS  NEWEST      WHAT TO CHANGE"
    );
    assert_eq!(lines[2], "good    ok          -       3      2026-05-12");
    let moved = format!(
        "old     ok          -       3      2026-05-12  it has moved for good: set url = \"{}\"",
        server.url("/good.htm")
    );
    assert_eq!(lines[3], moved);
    assert!(
        lines[4].starts_with("walled  blocked     -       0      -           http://"),
        "{printed}"
    );
    assert!(
        lines[5].starts_with(
            "empty   empty_list  -       0      -           no list of articles found"
        ),
        "{printed}"
    );
    assert_eq!(lines.len(), 6);
    assert_eq!(code, Some(1));
}
