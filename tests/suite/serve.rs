//! What a reader gets: feeds with honest validators, their list, a page, health.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::StatusCode;
use jiff::SignedDuration;
use schoolbell::{
    article::Article, config::Config, journal::Event, serve::Site, source::state::SourceState,
    store::Sizes,
};

use crate::site::{Published, article, now, published};

async fn with_articles() -> Published {
    let site = Published::new();
    site.record(vec![
        published(article("jyt", 1)),
        published(article("jyt", 2)),
        published(article("jwc", 3)),
    ])
    .await;
    site
}

#[tokio::test]
async fn a_feed_of_each_kind_in_each_format() {
    let site = with_articles().await;
    for (path, content_type) in [
        ("/feeds/jyt.rss", "application/rss+xml; charset=utf-8"),
        ("/feeds/jyt.atom", "application/atom+xml; charset=utf-8"),
        ("/feeds/jyt.json", "application/feed+json; charset=utf-8"),
        ("/groups/province.rss", "application/rss+xml; charset=utf-8"),
        (
            "/groups/%E6%8B%9B%E7%94%9F.atom",
            "application/atom+xml; charset=utf-8",
        ),
        ("/all.rss", "application/rss+xml; charset=utf-8"),
        ("/all.atom", "application/atom+xml; charset=utf-8"),
        ("/all.json", "application/feed+json; charset=utf-8"),
    ] {
        let got = site.get(path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        assert_eq!(got.header("content-type"), content_type, "{path}");
        let parsed = feed_rs::parser::parse(got.body.as_slice()).unwrap();
        let expected = if path.starts_with("/all") || path.contains("province") {
            3
        } else {
            2
        };
        assert_eq!(parsed.entries.len(), expected, "{path}");
        assert_eq!(
            parsed.entries[0].title.as_ref().unwrap().content,
            "jyt 第1号通知",
            "{path}"
        );
    }
}

#[tokio::test]
async fn validators_spare_the_second_transfer() {
    let site = with_articles().await;
    let first = site.get("/feeds/jyt.rss").await;
    let (etag, modified) = (
        first.header("etag").to_owned(),
        first.header("last-modified").to_owned(),
    );
    assert!(
        etag.starts_with('"') && etag.ends_with('"'),
        "strong: {etag}"
    );
    assert_eq!(modified, "Mon, 02 Mar 2026 08:30:00 GMT");
    assert_eq!(first.header("vary"), "accept-encoding, a-im");
    for header in [
        ("if-none-match", etag.as_str()),
        ("if-modified-since", modified.as_str()),
        ("if-none-match", "*"),
    ] {
        let again = site.ask("GET", "/feeds/jyt.rss", &[header]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{header:?}");
        assert!(again.body.is_empty());
        assert_eq!(again.header("etag"), etag);
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
        // it would be the length of the document (RFC 9110, section 8.6)
        assert_eq!(again.headers.get("content-length"), None);
    }
    let other = site
        .ask(
            "GET",
            "/feeds/jyt.rss",
            &[
                ("if-none-match", "\"other\""),
                ("if-modified-since", &modified),
            ],
        )
        .await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn a_document_that_the_reader_does_not_mean_is_not_sent() {
    let site = with_articles().await;
    let first = site.get("/feeds/jyt.rss").await;
    let (etag, modified) = (first.header("etag"), first.header("last-modified"));
    let weak = format!("W/{etag}");
    let before = "Mon, 02 Mar 2026 08:29:59 GMT";
    for (headers, expected) in [
        (&[("if-match", etag)][..], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", "\"x\""), ("if-match", etag)], 200),
        (&[("if-match", weak.as_str())], 412),
        (&[("if-match", "\"x\"")], 412),
        (&[("if-unmodified-since", modified)], 200),
        (&[("if-unmodified-since", before)], 412),
        (&[("if-unmodified-since", "yesterday")], 200),
        // the tag is asked before the date, and both before what the reader has (RFC 9110, section 13.2.2)
        (&[("if-match", etag), ("if-unmodified-since", before)], 200),
        (
            &[("if-match", "\"x\""), ("if-unmodified-since", modified)],
            412,
        ),
        (&[("if-match", etag), ("if-none-match", etag)], 304),
        (&[("if-match", "\"x\""), ("if-none-match", etag)], 412),
        (
            &[("if-unmodified-since", before), ("if-none-match", etag)],
            412,
        ),
        (
            &[
                ("if-match", "\"x\""),
                ("a-im", "feed"),
                ("if-none-match", "\"y\""),
            ],
            412,
        ),
        // the tag of another coding is another one
        (&[("if-match", etag), ("accept-encoding", "gzip")], 412),
    ] {
        for method in ["GET", "HEAD"] {
            let got = site.ask(method, "/feeds/jyt.rss", headers).await;
            assert_eq!(got.status.as_u16(), expected, "{headers:?}");
        }
    }
    // what is not there is not there, whatever is asked for (section 13.2.1)
    let header = ("if-match", "\"x\"");
    let unknown = site.ask("GET", "/feeds/none.rss", &[header]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let home = site.ask("GET", "/", &[header]).await;
    assert_eq!(home.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn a_change_is_seen_by_who_asks_by_date_alone() {
    let site = with_articles().await;
    let ask = async |modified: &str| {
        let header = ("if-modified-since", modified);
        site.ask("GET", "/feeds/jwc.rss", &[header]).await
    };
    let mut modified = site
        .get("/feeds/jwc.rss")
        .await
        .header("last-modified")
        .to_owned();
    for event in [
        // an article that another source had before anything in this feed was seen
        Event::Listed {
            id: article("jyt", 9).id,
            source: "jwc".to_owned().try_into().unwrap(),
            at: now(),
            sorted_at: now(),
        },
        // one of the same poll as the newest, recorded after the feed was asked for
        published(Article {
            source: "jwc".to_owned().try_into().unwrap(),
            ..article("other", 3)
        }),
        // what is gone leaves no date
        Event::Expired {
            ids: vec![article("jwc", 3).id],
            at: now(),
        },
    ] {
        site.record(vec![published(article("jyt", 9))]).await;
        assert_eq!(ask(&modified).await.status, StatusCode::NOT_MODIFIED);
        site.record(vec![event.clone()]).await;
        let changed = ask(&modified).await;
        assert_eq!(changed.status, StatusCode::OK, "{event:?}");
        changed.header("last-modified").clone_into(&mut modified);
    }
    // what changes elsewhere leaves this feed as it was
    site.record(vec![published(article("jyt", 10))]).await;
    assert_eq!(ask(&modified).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn freshness_reaches_to_the_next_poll_of_what_is_polled() {
    let mut site = with_articles().await;
    let due = |minutes: i64| SourceState {
        next_poll: Some(now() + SignedDuration::from_mins(minutes)),
        ..SourceState::default()
    };
    for (id, minutes) in [("jyt", -600), ("jwc", 20)] {
        let id = id.to_owned().try_into().unwrap();
        let state = Some((id, due(minutes)));
        site.store.record(Vec::new(), state).await.unwrap();
    }
    let age = async |site: &Published| {
        let got = site.get("/all.rss").await;
        got.header("cache-control").to_owned()
    };
    assert_eq!(age(&site).await, "max-age=10", "one is overdue");
    let text = "
        [[source]]
        id = 'jyt'
        url = 'https://jyt.example/tzgg.htm'
        enabled = false
        [[source]]
        id = 'jwc'
        url = 'https://jwc.example/1001/list.htm'
    ";
    let config = Arc::new(Config::parse(text, "test").unwrap());
    site.site = Arc::new(Site::new(config, site.store.clone(), now));
    assert_eq!(age(&site).await, "max-age=1200", "and is polled no more");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let site = with_articles().await;
    let (get, head) = (
        site.get("/feeds/jyt.rss").await,
        site.ask("HEAD", "/feeds/jyt.rss", &[]).await,
    );
    assert_eq!(head.status, StatusCode::OK);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    for name in [
        "etag",
        "last-modified",
        "content-type",
        "vary",
        "cache-control",
    ] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn each_coding_has_the_same_content_and_its_own_etag() {
    let site = with_articles().await;
    let plain = site.get("/all.atom").await;
    let mut etags = vec![plain.header("etag").to_owned()];
    for coding in ["gzip", "br", "zstd"] {
        let accepting = ("accept-encoding", coding);
        let etag = ("if-none-match", "\"other\"");
        let packed = site.ask("GET", "/all.atom", &[accepting, etag]).await;
        assert_eq!(packed.header("content-encoding"), coding);
        let mut unpacked = Vec::new();
        let mut bytes = packed.body.as_slice();
        match coding {
            "gzip" => {
                let mut reader = flate2::read::GzDecoder::new(bytes);
                reader.read_to_end(&mut unpacked).unwrap();
            }
            "br" => brotli::BrotliDecompress(&mut bytes, &mut unpacked).unwrap(),
            _ => unpacked = zstd::decode_all(bytes).unwrap(),
        }
        assert_eq!(unpacked, plain.body, "{coding}");
        let etag = packed.header("etag").to_owned();
        let again = [accepting, ("if-none-match", &etag)];
        let again = site.ask("GET", "/all.atom", &again).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        assert_eq!(again.header("etag"), etag);
        let head = site.ask("HEAD", "/all.atom", &[accepting]).await;
        assert_eq!(head.header("content-length"), packed.body.len().to_string());
        assert_eq!(head.header("content-encoding"), coding);
        assert!(!etags.contains(&etag), "strong, so of one coding");
        etags.push(etag);
    }
}

#[tokio::test]
async fn bytes_change_when_and_only_when_entries_do() {
    let site = with_articles().await;
    let (jyt, jwc, all) = (
        site.get("/feeds/jyt.rss").await,
        site.get("/feeds/jwc.rss").await,
        site.get("/all.rss").await,
    );
    site.record(vec![published(article("jwc", 4))]).await;
    assert_eq!(site.get("/feeds/jyt.rss").await.body, jyt.body);
    assert_eq!(
        site.get("/feeds/jyt.rss").await.header("etag"),
        jyt.header("etag")
    );
    assert_ne!(site.get("/feeds/jwc.rss").await.body, jwc.body);
    assert_ne!(site.get("/all.rss").await.body, all.body);
    // the same event once more is no change
    let before = site.get("/all.rss").await;
    site.record(vec![published(article("jwc", 4))]).await;
    assert_eq!(site.get("/all.rss").await.body, before.body);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_words() {
    let site = Published::new();
    for path in [
        "/feeds/other.rss",
        "/feeds/jyt.pdf",
        "/feeds/jyt",
        "/feeds/..%2fetc.rss",
        "/feeds/%ff%fe.rss",
        "/groups/none.rss",
        "/nowhere",
        "/all.xml",
    ] {
        let got = site.get(path).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            got.text()
                .ends_with("is not known here; /feeds.opml lists the feeds\n"),
            "{path}: {}",
            got.text()
        );
    }
    let post = site.ask("POST", "/feeds/jyt.rss", &[]).await;
    assert_eq!(
        (post.status, post.header("allow")),
        (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD")
    );
    assert_eq!(post.text(), "this address does not take this method\n");
}

#[tokio::test]
async fn what_is_not_there_is_said_to_people_as_a_page_in_their_language() {
    let source = "[[source]]\nid = 'jyt'\nurl = 'https://jyt.example/tzgg.htm'\n";
    for (lang, not_found, gone, not_allowed) in [
        ("zh-CN", "没有这一页", "没有这一页", "不能这样访问"),
        (
            "en",
            "There is no such page",
            "There is no such page",
            "Not in this way",
        ),
    ] {
        let mut site = Published::of(&format!("lang = '{lang}'\n{source}"));
        site.record(vec![published(article("old", 1))]).await;
        let config = site.site.config().clone();
        site.site = Arc::new(Site::new(config, site.store.clone(), now));
        for (method, path, status, words) in [
            ("GET", "/nowhere", 404, not_found),
            ("GET", "/no/where/at/all", 404, not_found),
            ("GET", "/feeds/none.rss", 404, not_found),
            ("GET", "/articles/none", 404, not_found),
            ("GET", "/feeds/old.rss", 410, gone),
            ("GET", "/sources/old", 410, gone),
            ("POST", "/feeds/jyt.rss", 405, not_allowed),
        ] {
            let browser = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
            let page = site.ask(method, path, &[browser]).await;
            assert_eq!(page.status.as_u16(), status, "{path}");
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(page.header("vary"), "accept");
            let policy = page.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
            let heading = format!("<h1>{words}</h1>");
            assert!(page.text().contains(&heading), "{}", page.text());
            assert!(page.text().contains(&format!("<html lang=\"{lang}\">")));
            let root = "../".repeat(path.matches('/').count() - 1);
            let style = format!("href=\"{root}style.css?");
            assert!(page.text().contains(&style), "{}", page.text());
            // pages are pages for all
            if path.starts_with("/articles") || path.starts_with("/sources") {
                continue;
            }
            for program in ["*/*", "application/rss+xml, text/html;q=0"] {
                let line = site.ask(method, path, &[("accept", program)]).await;
                assert_eq!(line.status, page.status);
                assert_eq!(line.header("content-type"), "text/plain; charset=utf-8");
                assert_eq!(line.header("vary"), "accept");
                assert_eq!(line.text().lines().count(), 1, "{}", line.text());
            }
        }
    }
}

#[tokio::test]
async fn an_empty_source_has_an_empty_feed() {
    let site = Published::new();
    for format in ["rss", "atom", "json"] {
        let got = site.get(&format!("/feeds/jwc.{format}")).await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(
            feed_rs::parser::parse(got.body.as_slice())
                .unwrap()
                .entries
                .is_empty()
        );
    }
}

#[tokio::test]
async fn the_list_of_feeds_is_opml_by_group() {
    let got = Published::new().get("/feeds.opml").await;
    assert_eq!(got.header("content-type"), "text/x-opml; charset=utf-8");
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0">
  <head>
    <title>schoolbell</title>
  </head>
  <body>
    <outline type="rss" text="schoolbell · 全部" title="schoolbell · 全部" xmlUrl="http://127.0.0.1:8080/all.rss" htmlUrl="http://127.0.0.1:8080/"/>
    <outline text="province" title="province">
      <outline type="rss" text="province" title="province" xmlUrl="http://127.0.0.1:8080/groups/province.rss" htmlUrl="http://127.0.0.1:8080/groups/province"/>
      <outline type="rss" text="云溪省教育厅" title="云溪省教育厅" xmlUrl="http://127.0.0.1:8080/feeds/jyt.rss" htmlUrl="https://jyt.example/tzgg.htm"/>
      <outline type="rss" text="jwc" title="jwc" xmlUrl="http://127.0.0.1:8080/feeds/jwc.rss" htmlUrl="https://jwc.example/1001/list.htm"/>
    </outline>
    <outline text="招生" title="招生">
      <outline type="rss" text="招生" title="招生" xmlUrl="http://127.0.0.1:8080/groups/%E6%8B%9B%E7%94%9F.rss" htmlUrl="http://127.0.0.1:8080/groups/%E6%8B%9B%E7%94%9F"/>
      <outline type="rss" text="云溪省教育厅" title="云溪省教育厅" xmlUrl="http://127.0.0.1:8080/feeds/jyt.rss" htmlUrl="https://jyt.example/tzgg.htm"/>
    </outline>
  </body>
</opml>
"#;
    assert_eq!(got.text(), expected);
}

#[tokio::test]
async fn health_is_told_to_machines() {
    let site = with_articles().await;
    assert_eq!(site.get("/healthz").await.text(), "ok\n");
    assert_eq!(
        site.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    site.site.set_ready(true);
    assert_eq!(site.get("/readyz").await.status, StatusCode::OK);
    let sources = site.get("/api/sources").await.json();
    assert_eq!(sources[0]["id"], "jyt");
    assert_eq!(sources[0]["articles"], 2);
    assert_eq!(sources[1]["url"], "https://jwc.example/1001/list.htm");
    assert_eq!(sources[1]["last_error"], serde_json::Value::Null);
    assert_eq!(sources[0]["tls"], "strict");
    assert_eq!(sources[0]["moved_to"], serde_json::Value::Null);
}

#[tokio::test]
async fn the_front_page_shows_feeds_and_articles_and_loads_nothing_foreign() {
    let site = with_articles().await;
    let mut hostile = article("jyt", 9);
    hostile.title = "<script>alert(1)</script>".into();
    site.record(vec![published(hostile)]).await;
    let page = site.get("/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'; style-src 'self'")
    );
    for part in [
        "http://127.0.0.1:8080/feeds/jyt.rss",
        "http://127.0.0.1:8080/groups/%E6%8B%9B%E7%94%9F.atom",
        "jyt 第1号通知",
        "&lt;script&gt;",
    ] {
        assert!(page.text().contains(part), "{part}");
    }
    assert!(!page.text().contains("<script"));
    assert_eq!(
        site.get("/style.css").await.header("content-type"),
        "text/css; charset=utf-8"
    );
}

#[tokio::test]
async fn a_thousand_askers_at_once_get_the_same_bytes() {
    let site = with_articles().await;
    let answers = futures_util::future::join_all((0..1000).map(|_| site.get("/all.json"))).await;
    assert!(
        answers
            .iter()
            .all(|got| got.body == answers[0].body && got.status == StatusCode::OK)
    );
}

#[tokio::test]
async fn what_is_made_at_each_asking_is_told_as_unchanged_too() {
    let site = with_articles().await;
    for path in ["/", "/feeds.opml", "/api/sources"] {
        let first = site.get(path).await;
        let zipped = site.ask("GET", path, &[("accept-encoding", "gzip")]).await;
        assert_eq!(zipped.header("content-encoding"), "gzip", "{path}");
        let head = site.ask("HEAD", path, &[]).await;
        for header in [
            ("if-none-match", first.header("etag")),
            ("if-modified-since", first.header("last-modified")),
        ] {
            assert_eq!(
                site.ask("GET", path, &[header]).await.status,
                StatusCode::NOT_MODIFIED,
                "{path} {header:?}"
            );
        }
        assert_eq!(head.header("etag"), first.header("etag"));
        assert_eq!(head.header("content-length"), first.body.len().to_string());
        assert_eq!(first.header("cache-control"), "max-age=0");
    }
    let before = site.get("/").await;
    site.record(vec![published(article("jwc", 4))]).await;
    assert_ne!(site.get("/").await.header("etag"), before.header("etag"));
}

#[tokio::test]
async fn a_full_disk_is_told_while_feeds_are_served() {
    static LEFT: AtomicU64 = AtomicU64::new(u64::MAX);
    let site = Published::with(Sizes {
        room: |_| Ok(LEFT.load(Ordering::SeqCst)),
        ..Sizes::default()
    });
    site.record(vec![published(article("jyt", 1))]).await;
    site.site.set_ready(true);
    LEFT.store(0, Ordering::SeqCst);
    site.store.mend().await.unwrap_err();
    let ready = site.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().contains("no room left"), "{}", ready.text());
    let home = site.get("/").await;
    assert!(home.text().contains("目前无法保存新文章"));
    let feed = site.get("/feeds/jyt.rss").await;
    assert!(feed.text().contains("jyt 第1号通知"));
    LEFT.store(u64::MAX, Ordering::SeqCst);
    site.store.mend().await.unwrap();
    assert_eq!(site.get("/readyz").await.status, StatusCode::OK);
    assert!(!site.get("/").await.text().contains("目前无法保存新文章"));
}
