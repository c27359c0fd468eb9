//! Pages for people: what stands on them, and that they load nothing from elsewhere.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use schoolbell::{
    article::Attachment,
    journal::Event,
    source::state::{Fault, FaultKind, Outcome, SourceState},
};

use crate::site::{Got, Published, article, now, published};

/// Every page holds to this, whatever is on it.
fn check(page: &Got) {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let text = page.text();
    assert!(!text.contains("<script"), "{text}");
    assert!(text.contains("<html lang=\"zh-CN\">"));
    assert_eq!(text.matches("<h1").count(), 1, "{text}");
    assert_eq!(text.matches("<main").count(), 1);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'"));
    assert!(text.contains("<a class=\"skip\" href=\"#main\">"));
    assert_eq!(text.matches("<link rel=\"alternate\"").count(), 3, "{text}");
}

async fn with_trouble(polls: &[(i64, bool)]) -> Published {
    let site = Published::new();
    let mut state = SourceState {
        last_success: Some(now()),
        ..SourceState::default()
    };
    for (minutes, well) in polls {
        let at = now() + SignedDuration::from_mins(*minutes);
        let outcome = if *well {
            Outcome::Read { items: 20, new: 0 }
        } else {
            Outcome::Failed(Fault {
                kind: FaultKind::CampusOnly,
                words: "only the campus network is answered; set `proxy`".into(),
            })
        };
        state.remember(&outcome, at);
        state.outcome = Some(outcome);
    }
    let id = "jyt".to_owned().try_into().unwrap();
    site.store.record(vec![], Some((id, state))).await.unwrap();
    site
}

#[tokio::test]
async fn a_source_has_a_page_with_its_articles_its_health_and_its_feeds() {
    let site = with_trouble(&[(0, false), (30, false)]).await;
    site.record((1..=40).map(|n| published(article("jyt", n))).collect())
        .await;
    let page = site.get("/sources/jyt").await;
    check(&page);
    for part in [
        "<h1>云溪省教育厅</h1>",
        "href=\"feed:http://127.0.0.1:8080/feeds/jyt.rss\"",
        "href=\"https://jyt.example/tzgg.htm\"",
        "<strong>只限校园网访问</strong> <code>campus_only</code>",
        "怎么办：请在校园网内运行 schoolbell，或者为这个来源设 proxy。",
        "<p class=\"said\" lang=\"en\">only the campus network is answered; set `proxy`</p>",
        "<input id=\"address\" type=\"url\" readonly value=\"http://127.0.0.1:8080/feeds/jyt.rss\">",
        "jyt 第1号通知",
        "jyt 第30号通知",
        "href=\"?page=2\"",
        "<svg",
        "type=\"application/atom+xml\"",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    assert!(!page.text().contains("jyt 第31号通知"));
    let second = site.get("/sources/jyt?page=2").await;
    check(&second);
    assert!(second.text().contains("jyt 第40号通知"));
    assert!(!second.text().contains("page=3"));
    let unknown = site.get("/sources/none").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_group_has_a_page_with_its_sources() {
    let site = Published::new();
    site.record(vec![published(article("jwc", 1))]).await;
    let page = site.get("/groups/%E6%8B%9B%E7%94%9F").await;
    check(&page);
    assert!(page.text().contains("<h1>招生</h1>"));
    assert!(page.text().contains("href=\"../sources/jyt\""));
    let page = site.get("/groups/province").await;
    assert!(page.text().contains("jwc 第1号通知"));
    assert_eq!(site.get("/groups/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_thousand_sources_leave_the_front_page_and_a_group_short() {
    let sources = |count: usize| {
        let block = |n: usize| {
            format!("[[source]]\nid = 's{n}'\nurl = 'https://s{n}.example/'\ngroups = ['all']\n")
        };
        Published::of(&(1..=count).map(block).collect::<String>())
    };
    let few = sources(3);
    let home = few.get("/").await;
    assert!(home.text().contains("href=\"sources/s3\""));
    assert!(!few.get("/groups/all").await.text().contains("<details"));
    let many = sources(1000);
    let home = many.get("/").await;
    check(&home);
    assert!(!home.text().contains("href=\"sources/s3\""));
    assert!(
        home.text()
            .contains("<a href=\"status\">全部来源 (1000)</a>")
    );
    assert!(home.text().contains("href=\"groups/all\""));
    assert!(home.body.len() < 20_000, "{} bytes", home.body.len());
    let status = many.get("/status").await;
    assert!(status.text().contains("href=\"sources/s1000\""));
    let group = many.get("/groups/all").await;
    check(&group);
    let folded = "<details><summary>全部来源 (1000)</summary><ul class=\"members\">";
    assert!(group.text().contains(folded), "{}", group.text());
    assert!(group.text().contains("href=\"../sources/s1000\""));
}

#[tokio::test]
async fn mistakes_of_the_configuration_can_be_scrolled_by_keyboard() {
    let site = Published::new();
    let mistake = format!("unknown key {}", "x".repeat(400));
    site.site.set_refused(Some(mistake.clone()));
    let page = site.get("/status").await;
    check(&page);
    assert!(
        page.text()
            .contains(&format!("<pre tabindex=\"0\">{mistake}</pre>"))
    );
}

#[tokio::test]
async fn an_article_is_shown_whole_and_its_pictures_are_links() {
    let site = Published::new();
    let mut whole = article("jyt", 1);
    whole.title = "<i>关于</i>招生的通知".into();
    whole.body_html = "<p>正文 <img src=\"https://jyt.example/p.png\" alt=\"图\"> 完。</p>".into();
    whole.images = vec!["https://jyt.example/p.png".parse().unwrap()];
    whole.origin = Some("省教育厅".into());
    whole.attachments = vec![Attachment {
        url: "https://jyt.example/f.pdf".parse().unwrap(),
        title: "附件1".into(),
        media_type: "application/pdf".into(),
    }];
    let id = whole.id;
    site.record(vec![published(whole)]).await;
    let page = site.get(&format!("/articles/{id}")).await;
    check(&page);
    for part in [
        "<h1>&lt;i&gt;关于&lt;/i&gt;招生的通知</h1>",
        "<p>正文 <a class=\"picture\" href=\"https://jyt.example/p.png\" rel=\"noopener noreferrer\">图片 · 图</a> 完。</p>",
        "href=\"https://jyt.example/f.pdf\"",
        "href=\"https://jyt.example/info/1001/1.htm\"",
        "来源：<span>省教育厅</span>",
        "<time datetime=\"2026-03-02\">2026-03-02</time>",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    assert!(!page.text().contains("<img src=\"http"));
    let home = site.get("/").await;
    assert!(home.text().contains(&format!("href=\"articles/{id}\"")));
    for path in [
        "/articles/x",
        "/articles/00000000-0000-5000-8000-000000000000",
    ] {
        assert_eq!(site.get(path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn pictures_are_loaded_where_the_configuration_says_so_and_only_there() {
    let text =
        "[server]\nremote_pictures = true\n[[source]]\nid = 'jyt'\nurl = 'https://jyt.example/'";
    let site = Published::of(text);
    let mut whole = article("jyt", 1);
    whole.body_html = "<p><img src=\"https://jyt.example/p.png\" alt=\"图\"></p>".into();
    let id = whole.id;
    site.record(vec![published(whole)]).await;
    let page = site.get(&format!("/articles/{id}")).await;
    check(&page);
    assert!(
        page.text()
            .contains("<img src=\"https://jyt.example/p.png\"")
    );
    assert!(
        page.header("content-security-policy")
            .contains("img-src 'self' http: https:")
    );
    let home = site.get("/").await;
    assert!(!home.header("content-security-policy").contains("http"));
}

#[tokio::test]
async fn the_status_page_tells_what_is_wrong_first() {
    let site = with_trouble(&[(0, true), (30, false), (60, false)]).await;
    let page = site.get("/status").await;
    check(&page);
    let text = page.text();
    let (broken, waiting) = (text.find("campus_only"), text.find("<p>等待第一次访问</p>"));
    assert!(broken.unwrap() < waiting.unwrap(), "{text}");
    assert!(text.contains("rect class=\"failed\""));
    // one that was never polled says so, and leaves no cell empty
    assert!(text.contains("<td data-label=\"最近几次访问\">–</td>"));
    let home = site.get("/").await;
    assert!(home.text().contains("<strong>1</strong> 个来源有问题"));
}

#[tokio::test]
async fn a_source_that_breaks_and_one_that_is_back_are_an_entry_each() {
    let entries = async |polls: &[(i64, bool)]| -> Vec<(String, String)> {
        let site = with_trouble(polls).await;
        let json = site.get("/health.json").await.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let items = json["items"].as_array().unwrap();
        let told = items.iter().map(|item| {
            assert!(
                item["date_published"]
                    .as_str()
                    .unwrap()
                    .parse::<Timestamp>()
                    .is_ok()
            );
            (text(&item["title"]), text(&item["summary"]))
        });
        told.collect()
    };
    // one failure is no trouble yet
    assert_eq!(entries(&[(0, true), (30, false), (60, true)]).await, []);
    let broken = (
        "云溪省教育厅: campus_only".to_owned(),
        "only the campus network is answered; set `proxy`".to_owned(),
    );
    let polls = [
        (0, true),
        (30, false),
        (60, false),
        (90, false),
        (120, true),
        (150, true),
    ];
    assert_eq!(entries(&polls[..4]).await, std::slice::from_ref(&broken));
    let back = ("云溪省教育厅: 已恢复".to_owned(), String::new());
    assert_eq!(entries(&polls).await, [back, broken]);
    let site = with_trouble(&polls).await;
    for format in ["rss", "atom"] {
        let got = site.get(&format!("/health.{format}")).await;
        let feed = feed_rs::parser::parse(got.body.as_slice()).unwrap();
        assert_eq!(feed.entries.len(), 2);
        assert_ne!(feed.entries[0].id, feed.entries[1].id);
    }
    // and no content feed knows of it
    let feed = site.get("/feeds/jyt.json").await;
    assert_eq!(feed.json()["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn what_an_article_said_before_is_told_and_shown() {
    let site = Published::new();
    let first = article("jyt", 1);
    let id = first.id;
    let mut second = first.clone();
    second.title = "jyt 第1号通知（更正）".into();
    second.body_text = "时间改为五月。".into();
    second.body_html = "<p>时间改为五月。</p>".into();
    second.updated = Some(now() + SignedDuration::from_hours(1));
    site.record(vec![published(first), Event::Revised { article: second }])
        .await;
    let page = site.get(&format!("/articles/{id}")).await;
    check(&page);
    let before = format!("href=\"{id}?version=1\">jyt 第1号通知</a>");
    for part in ["<h2>版本</h2>", "时间改为五月。", &before] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    let page = site.get(&format!("/articles/{id}?version=1")).await;
    check(&page);
    for part in [
        "这是较早的版本",
        "<p>jyt 的第1号通知正文。</p>",
        &format!("<a href=\"{id}\">现在的版本</a>"),
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    for version in ["0", "2", "18446744073709551615"] {
        let page = site.get(&format!("/articles/{id}?version={version}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{version}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_on_a_page() {
    let site = Published::new();
    for path in ["/articles/x", "/sources/none", "/groups/none"] {
        let page = site.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text().contains("<h1>没有这一页</h1>"), "{path}");
        assert!(
            page.header("content-security-policy")
                .starts_with("default-src 'none'")
        );
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_told_as_who_asks_can_read_it() {
    let site = Published::new();
    let asked = async |accept: &str| site.ask("GET", "/a/b", &[("accept", accept)]).await;
    let page = asked("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains("<a href=\".././\">回到首页</a>"));
    let line = asked("application/rss+xml").await;
    assert_eq!(line.status, StatusCode::NOT_FOUND);
    assert!(line.text().starts_with("this address is not known here"));
}

#[tokio::test]
async fn chinese_on_an_english_page_says_that_it_is() {
    let text =
        "lang = 'en'\n[[source]]\nid = 'jyt'\nurl = 'https://jyt.example/'\ntitle = '云溪省教育厅'";
    let site = Published::of(text);
    let notice = article("jyt", 1);
    let id = notice.id;
    site.record(vec![published(notice)]).await;
    let home = site.get("/").await;
    assert!(home.text().contains("<html lang=\"en\">"));
    assert!(
        home.text()
            .contains("<a href=\"sources/jyt\" lang=\"zh-CN\">云溪省教育厅</a>")
    );
    let page = site.get(&format!("/articles/{id}")).await;
    assert!(
        page.text()
            .contains("<h1 lang=\"zh-CN\">jyt 第1号通知</h1>")
    );
    assert!(page.text().contains("<div class=\"body\" lang=\"zh-CN\">"));
}

#[tokio::test]
async fn the_style_sheet_and_the_icon_are_kept_until_they_change() {
    let site = Published::new();
    let home = site.get("/").await.text().to_owned();
    for (name, kind) in [
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let (_, behind) = home.split_once(&format!("\"{name}?")).unwrap();
        let (edition, _) = behind.split_once('"').unwrap();
        let got = site.get(&format!("/{name}?{edition}")).await;
        assert_eq!(got.status, StatusCode::OK);
        assert_eq!(got.header("content-type"), kind);
        assert_eq!(got.header("cache-control"), "max-age=604800");
    }
}
