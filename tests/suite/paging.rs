//! Older entries, narrowed feeds, what is new since last time, and sources that were renamed or removed.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use schoolbell::{article::Article, store::Scope};

use crate::site::{Got, Published, article, published};

const CONFIGURATION: &str = "
    [feed]
    entries = 4
    [[source]]
    id = 'jyt'
    aliases = ['jyt-old', 'jyt-older']
    url = 'https://jyt.example/tzgg.htm'
    title = '云溪省教育厅'
    groups = ['province']
    [[source]]
    id = 'jwc'
    url = 'https://jwc.example/1001/list.htm'
    groups = ['province']
    [source.filter]
    include = ['第[1-3]号', '招生']
    exclude = ['第2号']
";

async fn with(articles: impl IntoIterator<Item = Article>) -> Published {
    let site = Published::of(CONFIGURATION);
    // one by one, as polls find them
    for article in articles {
        site.record(vec![published(article)]).await;
    }
    site
}

fn titles(got: &Got) -> Vec<String> {
    let json = got.json();
    let items = json["items"].as_array().unwrap();
    let title = |item: &serde_json::Value| item["title"].as_str().unwrap().to_owned();
    items.iter().map(title).collect()
}

/// The address behind a relation, in an Atom document.
fn link(got: &Got, rel: &str) -> Option<String> {
    let feed = feed_rs::parser::parse(got.body.as_slice()).unwrap();
    let link = feed
        .links
        .into_iter()
        .find(|link| link.rel.as_deref() == Some(rel))?;
    Some(link.href.replace("http://127.0.0.1:8080", ""))
}

#[tokio::test]
async fn pages_lead_back_to_the_first_article_and_no_further() {
    let site = with((1..=10).map(|n| article("jyt", n))).await;
    let mut address = "/feeds/jyt.json".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = site.get(&address).await;
        assert_eq!(page.status, StatusCode::OK);
        seen.extend(titles(&page));
        let json = page.json();
        let Some(next) = json["next_url"].as_str() else {
            break;
        };
        address = next.replace("http://127.0.0.1:8080", "");
    }
    let all: Vec<_> = (1..=10).map(|n| format!("jyt 第{n}号通知")).collect();
    assert_eq!(seen, all);
    assert_eq!(address, "/feeds/jyt.json?page=3");

    let second = site.get("/feeds/jyt.atom?page=2").await;
    for (rel, address) in [
        ("self", Some("/feeds/jyt.atom?page=2")),
        ("first", Some("/feeds/jyt.atom")),
        ("previous", Some("/feeds/jyt.atom")),
        ("next", Some("/feeds/jyt.atom?page=3")),
        ("prev-archive", None),
    ] {
        assert_eq!(link(&second, rel).as_deref(), address, "{rel}");
    }
    let third = site.get("/feeds/jyt.atom?page=3").await;
    assert_eq!(
        link(&third, "previous").as_deref(),
        Some("/feeds/jyt.atom?page=2")
    );
    assert_eq!(link(&third, "next"), None);
    let same = site.get("/feeds/jyt.json?page=1&t=17").await;
    assert_eq!(same.body, site.get("/feeds/jyt.json").await.body);

    let behind = site.get("/feeds/jyt.rss?page=4").await;
    assert_eq!(behind.status, StatusCode::NOT_FOUND);
    let wrong = site.get("/feeds/jyt.rss?page=-1").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let words = "`page` is \"-1\"; expected a number from 1 to 10000\n";
    assert_eq!(wrong.text(), words);
}

/// Follows `prev-archive` from what readers subscribe to: the addresses and bytes of archives, and all titles.
async fn archives(site: &Published, feed: &str) -> (Vec<(String, Vec<u8>)>, BTreeSet<String>) {
    let mut got = site.get(&format!("{feed}.atom")).await;
    let mut archives = Vec::new();
    let mut titles = BTreeSet::new();
    loop {
        let parsed = feed_rs::parser::parse(got.body.as_slice()).unwrap();
        titles.extend(parsed.entries.into_iter().map(|e| e.title.unwrap().content));
        let Some(address) = link(&got, "prev-archive") else {
            break;
        };
        got = site.get(&address).await;
        assert_eq!(got.status, StatusCode::OK, "{address}");
        assert!(got.text().contains("<fh:archive"), "{}", got.text());
        let current = link(&got, "current");
        assert_eq!(current.as_deref(), Some(&*format!("{feed}.atom")));
        archives.push((address, got.body.clone()));
    }
    archives.reverse();
    (archives, titles)
}

#[tokio::test]
async fn archives_stay_as_they_are_and_hold_everything() {
    // the older ones come later, as when a site's past is read page by page
    let arrivals = || (1..=60).flat_map(|n| [article("jyt", n), article("jwc", 100 + n)]);
    for (feed, from) in [
        ("/feeds/jyt", "jyt"),
        ("/groups/province", ""),
        ("/all", ""),
    ] {
        let site = with([]).await;
        let mut before: Vec<(String, Vec<u8>)> = Vec::new();
        for (count, article) in arrivals().enumerate() {
            site.record(vec![published(article)]).await;
            let (now, titles) = archives(&site, feed).await;
            // one that another follows is closed, and stays as it is; the last one may still grow
            let closed: Vec<_> = now
                .into_iter()
                .filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains("next-archive"))
                .collect();
            assert_eq!(closed[..before.len()], before, "{feed} after {count}");
            let here = |title: &&String| title.starts_with(from);
            let arrived = arrivals()
                .take(count + 1)
                .filter(|a| from.is_empty() || a.source.as_str() == from);
            let shown = arrived.filter(|a| a.source.as_str() == "jyt" || a.title.contains("招生"));
            let missing = shown.count() - titles.iter().filter(here).count();
            assert_eq!(missing, 0, "{feed} after {count}");
            before = closed;
        }
        assert!(!before.is_empty(), "{feed} has no archives");
    }
    let site = with((1..=9).map(|n| article("jyt", n))).await;
    for address in [
        "/feeds/jyt.atom?archive=x",
        "/feeds/jyt.atom?archive=00000000-0000-5000-8000-000000000000",
    ] {
        assert_eq!(site.get(address).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_source_shows_what_its_filter_lets_through_everywhere() {
    let site = with((1..=9).map(|n| article("jwc", n))).await;
    let expected = ["jwc 第1号通知", "jwc 第3号通知"];
    for feed in ["/feeds/jwc.json", "/groups/province.json", "/all.json"] {
        assert_eq!(titles(&site.get(feed).await), expected, "{feed}");
    }
    let page = site.get("/").await;
    assert!(page.text().contains("第3号") && !page.text().contains("第2号"));
    // it is kept all the same
    let id = "jwc".to_owned().try_into().unwrap();
    let kept = site.store.newest(&Scope::Source(id), 100, 0).unwrap();
    assert_eq!(kept.len(), 9);
}

#[tokio::test]
async fn any_feed_is_narrowed_by_its_address() {
    let site = with((1..=9).map(|n| article("jyt", n))).await;
    let got = site
        .get("/feeds/jyt.json?include=%E7%AC%AC%5B2-8%5D%E5%8F%B7&exclude=%E7%AC%AC4&limit=3")
        .await;
    assert_eq!(
        titles(&got),
        ["jyt 第2号通知", "jyt 第3号通知", "jyt 第5号通知"]
    );
    let json = got.json();
    assert_eq!(json["title"], "云溪省教育厅 · 第[2-8]号");
    assert_eq!(
        json["feed_url"],
        "http://127.0.0.1:8080/feeds/jyt.json?include=%E7%AC%AC%5B2-8%5D%E5%8F%B7&exclude=%E7%AC%AC4&limit=3"
    );
    let next = json["next_url"].as_str().unwrap();
    let next = site.get(&next.replace("http://127.0.0.1:8080", "")).await;
    assert_eq!(
        titles(&next),
        ["jyt 第6号通知", "jyt 第7号通知", "jyt 第8号通知"]
    );
    assert_eq!(next.json()["next_url"], serde_json::Value::Null);
    for (query, words) in [
        (
            "include=(",
            "`include` is no regular expression: unclosed group\n",
        ),
        (
            "limit=0",
            "`limit` is \"0\"; expected a number from 1 to 1000\n",
        ),
        (
            "exclude=%5Cd%7B9999%7D",
            "`exclude` is no regular expression: it is too large when compiled; repeat less\n",
        ),
    ] {
        let got = site.get(&format!("/all.rss?{query}")).await;
        assert_eq!((got.status, got.text()), (StatusCode::BAD_REQUEST, words));
    }
}

#[tokio::test]
async fn who_asks_for_news_gets_no_more_than_those() {
    let site = with((1..=3).map(|n| article("jyt", n))).await;
    let first = site.get("/feeds/jyt.json").await;
    let etag = first.header("etag").to_owned();
    let ask = async |headers: &[(&str, &str)]| site.ask("GET", "/feeds/jyt.json", headers).await;
    let news = [("a-im", "feed"), ("if-none-match", etag.as_str())];
    assert_eq!(ask(&news).await.status, StatusCode::NOT_MODIFIED);

    let mut revised = article("jyt", 2);
    revised.title = "jyt 第2号通知（更正）".into();
    revised.updated = Some(crate::site::now());
    site.record(vec![published(article("jyt", 0))]).await;
    site.record(vec![schoolbell::journal::Event::Revised {
        article: revised,
    }])
    .await;
    let got = ask(&news).await;
    assert_eq!(got.status, StatusCode::IM_USED);
    assert_eq!(titles(&got), ["jyt 第0号通知", "jyt 第2号通知（更正）"]);
    assert_eq!(got.header("im"), "feed");
    assert_eq!(got.header("cache-control"), "no-store");
    let whole = ask(&[]).await;
    assert_eq!(titles(&whole).len(), 4);
    assert_eq!(got.header("etag"), whole.header("etag"), "of the whole");
    assert_eq!(got.header("vary"), "accept-encoding, a-im");

    let packed = [news[0], news[1], ("accept-encoding", "gzip")];
    let got = ask(&packed).await;
    assert_eq!(got.header("content-encoding"), "gzip");
    assert!(got.header("etag").ends_with("-gzip\""));
    // nothing is known of other versions
    let other = [
        ("a-im", "feed"),
        ("if-none-match", "\"ffffffffffffffffffffffffffffffff\""),
    ];
    assert_eq!(ask(&other).await.status, StatusCode::OK);
    let not_asked = [("if-none-match", etag.as_str())];
    assert_eq!(ask(&not_asked).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_renamed_source_is_found_under_its_old_name_and_keeps_its_articles() {
    let old = (1..=2).map(|n| article("jyt-old", n));
    let site = with(old.chain([article("jyt", 3)])).await;
    for (old, new) in [
        ("/feeds/jyt-old.rss", "jyt.rss"),
        ("/feeds/jyt-older.json?page=2", "jyt.json?page=2"),
    ] {
        let got = site.get(old).await;
        assert_eq!(got.status, StatusCode::MOVED_PERMANENTLY);
        assert_eq!(got.header("location"), new);
    }
    let expected = ["jyt-old 第1号通知", "jyt-old 第2号通知", "jyt 第3号通知"];
    for feed in ["/feeds/jyt.json", "/groups/province.json", "/all.json"] {
        let got = site.get(feed).await;
        assert_eq!(titles(&got), expected, "{feed}");
        assert_eq!(got.json()["items"][0]["_schoolbell"]["source"], "jyt");
    }
    let change = site.get("/feeds/jyt.json").await;
    site.record(vec![published(article("jyt-old", 9))]).await;
    assert_ne!(site.get("/feeds/jyt.json").await.body, change.body);
}

#[tokio::test]
async fn a_removed_source_is_gone_and_one_that_never_was_is_unknown() {
    let mut site = with([article("removed", 1)]).await;
    let config = site.site.config().clone();
    site.site = std::sync::Arc::new(site.site.reconfigured(config));
    let gone = site.get("/feeds/removed.rss").await;
    assert_eq!(gone.status, StatusCode::GONE);
    let words = "the source removed was removed from the configuration\n";
    assert_eq!(gone.text(), words);
    // and merged feeds lead to no feed that is gone
    assert_eq!(titles(&site.get("/all.json").await), [""; 0]);
    let home = site.get("/").await;
    assert!(!home.text().contains("removed 第1号"));
    let unknown = site.get("/feeds/other.rss").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
