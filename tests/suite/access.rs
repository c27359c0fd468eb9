//! A server that asks for a token.

use axum::http::StatusCode;

use crate::site::{Published, article, published};

const TOKEN: &str = "1f0c6d0e7b5a4c3f9d2e";

async fn guarded() -> Published {
    let site = Published::of(
        "
        [server]
        token = '1f0c6d0e7b5a4c3f9d2e'
        [[source]]
        id = 'jyt'
        url = 'https://jyt.example/tzgg.htm'
        groups = ['province']
    ",
    );
    site.record(vec![published(article("jyt", 1))]).await;
    site
}

#[tokio::test]
async fn who_has_no_token_learns_how_to_give_one_and_nothing_else() {
    let site = guarded().await;
    for path in [
        "/",
        "/feeds/jyt.rss",
        "/groups/province.atom",
        "/all.json",
        "/feeds.opml",
        "/api/sources",
        "/readyz",
        "/metrics",
        "/nowhere",
        "/feeds/none.rss",
        "/all.json?token=",
        "/all.json?token=1f0c6d0e7b5a4c3f9d2",
        "/all.json?token=1f0c6d0e7b5a4c3f9d2ee",
    ] {
        let got = site.get(path).await;
        assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{path}");
        let asked = got.header("www-authenticate");
        assert_eq!(asked, "Basic realm=\"schoolbell\", charset=\"UTF-8\"");
        assert!(got.text().contains("?token="), "{}", got.text());
        assert!(!got.text().contains(TOKEN));
    }
    let health = site.get("/healthz").await;
    assert_eq!(health.text(), "ok\n");
}

#[tokio::test]
async fn the_token_is_taken_from_the_address_or_as_a_password() {
    let site = guarded().await;
    let by_address = site.get(&format!("/feeds/jyt.rss?token={TOKEN}")).await;
    assert_eq!(by_address.status, StatusCode::OK);
    assert_eq!(by_address.header("cache-control"), "private, max-age=10");
    // `me:1f0c6d0e7b5a4c3f9d2e`, and the same with a wrong last letter
    for (credentials, status) in [
        ("Basic bWU6MWYwYzZkMGU3YjVhNGMzZjlkMmU=", StatusCode::OK),
        ("basic bWU6MWYwYzZkMGU3YjVhNGMzZjlkMmU=", StatusCode::OK),
        (
            "Basic bWU6MWYwYzZkMGU3YjVhNGMzZjlkMmY=",
            StatusCode::UNAUTHORIZED,
        ),
        ("Basic !", StatusCode::UNAUTHORIZED),
        ("Basic", StatusCode::UNAUTHORIZED),
        (
            "Bearer bWU6MWYwYzZkMGU3YjVhNGMzZjlkMmU=",
            StatusCode::UNAUTHORIZED,
        ),
    ] {
        let header = ("authorization", credentials);
        let got = site.ask("GET", "/feeds/jyt.rss", &[header]).await;
        assert_eq!(got.status, status, "{credentials}");
        if status == StatusCode::OK {
            // but for the links, which lead on who came by the address
            let without = by_address.text().replace(&format!("?token={TOKEN}"), "");
            assert_eq!(got.text(), without);
        }
    }
}

#[tokio::test]
async fn who_came_by_the_address_is_led_on_by_it_and_nobody_else_is() {
    let site = guarded().await;
    for number in 2..=120 {
        site.record(vec![published(article("jyt", number))]).await;
    }
    let password = ("authorization", "Basic bWU6MWYwYzZkMGU3YjVhNGMzZjlkMmU=");
    for path in [
        "/feeds/jyt.atom",
        "/groups/province.rss",
        "/all.json?limit=7",
        "/search.atom?q=通知",
        "/health.rss",
    ] {
        let and = if path.contains('?') { '&' } else { '?' };
        let plain = site.ask("GET", path, &[password]).await;
        assert_eq!(plain.status, StatusCode::OK, "{path}");
        assert!(!plain.text().contains(TOKEN), "{path} may be passed on");
        let got = site.get(&format!("{path}{and}token={TOKEN}")).await;
        assert_ne!(got.header("etag"), plain.header("etag"), "{path}");
        // all links to the site's own documents, and to nothing else
        let links = |text: &str| -> Vec<String> {
            text.split('"')
                .filter(|part| part.starts_with("http://127.0.0.1:8080/"))
                .map(|part| part.replace("&amp;", "&"))
                .filter(|link| {
                    link.contains(".rss") || link.contains(".atom") || link.contains(".json")
                })
                .collect()
        };
        let opened = links(got.text());
        assert_eq!(opened.len(), links(plain.text()).len(), "{path}");
        assert!(!opened.is_empty(), "{path}");
        for link in opened {
            assert!(link.contains(&format!("token={TOKEN}")), "{path}: {link}");
            let next = link.strip_prefix("http://127.0.0.1:8080").unwrap();
            let next = site.get(next).await;
            assert_eq!(next.status, StatusCode::OK, "{link}");
        }
    }
    // a feed is the same one for both
    let id = "<id>http://127.0.0.1:8080/feeds/jyt.atom</id>";
    let atom = format!("/feeds/jyt.atom?token={TOKEN}");
    assert!(site.get(&atom).await.text().contains(id));
    let archive = "rel=\"prev-archive\"";
    assert!(site.get(&atom).await.text().contains(archive));
}

#[tokio::test]
async fn a_browser_changes_the_token_for_a_cookie() {
    let site = guarded().await;
    let browser = ("accept", "text/html,*/*;q=0.8");
    for (path, to) in [
        ("/?token=T", "./"),
        ("/status?token=T", "./status"),
        ("/groups/province?page=1&token=T", "./province?page=1"),
        (
            "/search?q=a%20b&tok%65n=T&page=2",
            "./search?q=a%20b&page=2",
        ),
    ] {
        let got = site.ask("GET", &path.replace('T', TOKEN), &[browser]).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(got.header("location"), to);
        assert_eq!(got.header("cache-control"), "no-store");
        let cookie = got.header("set-cookie").to_owned();
        assert!(!cookie.contains(TOKEN), "{cookie}");
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
        let others = format!("theme=dark; {pair}");
        let cookie = ("cookie", others.as_str());
        let page = site.ask("GET", "/sources/jyt", &[cookie]).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("?token=口令") && !page.text().contains(TOKEN));
        let feed = site.ask("GET", "/feeds/jyt.rss", &[cookie]).await;
        assert!(feed.status == StatusCode::OK && !feed.text().contains(TOKEN));
        // what a reader is given must let it in
        let list = site.ask("GET", "/feeds.opml", &[cookie]).await;
        assert!(list.text().contains(&format!("all.rss?token={TOKEN}\"")));
        for wrong in [&pair[..pair.len() - 1], "schoolbell=", "schoolbell"] {
            let got = site.ask("GET", "/", &[("cookie", wrong)]).await;
            assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{wrong}");
        }
    }
    let scraped = site.get(&format!("/metrics?token={TOKEN}")).await;
    assert_eq!(scraped.status, StatusCode::OK);
    // programs keep no cookies, feeds are no pages, and a wrong token changes nothing
    for (path, accept, status) in [
        ("/status?token=T", "*/*", StatusCode::OK),
        ("/all.rss?token=T", "text/html", StatusCode::OK),
        ("/status?token=x", "text/html", StatusCode::UNAUTHORIZED),
    ] {
        let header = ("accept", accept);
        let got = site.ask("GET", &path.replace('T', TOKEN), &[header]).await;
        assert_eq!(got.status, status, "{path}");
        assert_eq!(got.header("set-cookie"), "");
    }
    // with another token the cookie is void
    let https = "[server]\ntoken = 'another-token-1234'\npublic_url = 'https://b.example/bell/'\n";
    let other = Published::of(https);
    let entered = other
        .ask("GET", "/?token=another-token-1234", &[browser])
        .await;
    let cookie = entered.header("set-cookie").to_owned();
    assert!(cookie.ends_with("; Path=/bell/; HttpOnly; SameSite=Lax; Secure"));
    let header = ("cookie", cookie.split(';').next().unwrap());
    assert_eq!(
        site.ask("GET", "/", &[header]).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_list_of_feeds_that_was_asked_for_with_the_token_can_be_read_by_who_imports_it() {
    let site = guarded().await;
    let list = site.get(&format!("/feeds.opml?token={TOKEN}")).await;
    let address = format!("xmlUrl=\"http://127.0.0.1:8080/feeds/jyt.rss?token={TOKEN}\"");
    assert!(list.text().contains(&address), "{}", list.text());
    let header = ("authorization", "Basic bWU6MWYwYzZkMGU3YjVhNGMzZjlkMmU=");
    let list = site.ask("GET", "/feeds.opml", &[header]).await;
    assert!(!list.text().contains(TOKEN));
}
