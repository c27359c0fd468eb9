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
            assert_eq!(got.body, by_address.body);
        }
    }
    assert!(
        !by_address.text().contains(TOKEN),
        "a feed may be passed on"
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
