//! The bytes of feeds: well-formed whatever a page holds, the same in all formats, equal while their entries are.

use jiff::{Timestamp, tz::TimeZone};
use schoolbell::{
    article::{Article, ArticleId, Attachment, dates::DateFrom},
    feed::{Also, Entry, Feed, Format, Pages},
    source::{Content, SourceId},
};

fn article() -> Article {
    let url = "https://jyt.example/info/1001/2.htm".parse().unwrap();
    Article {
        id: ArticleId::of(&url),
        source: SourceId::parse("jyt").unwrap(),
        url,
        title: "关于做好2026年招生工作的通知".into(),
        published: Some("2026-03-02".parse().unwrap()),
        date_from: Some(DateFrom::Page),
        first_seen: "2026-03-02T08:30:00Z".parse().unwrap(),
        sorted_at: "2026-03-02T08:30:00Z".parse().unwrap(),
        updated: None,
        origin: Some("云溪省教育厅".into()),
        author: None,
        breadcrumb: vec!["首页".into(), "通知公告".into(), "正文".into()],
        body_html: "<p>各市教育局：</p><p>现将有关事项通知如下。</p>".into(),
        body_text: "各市教育局：\n现将有关事项通知如下。".into(),
        summary: "各市教育局：现将有关事项通知如下。".into(),
        images: vec![],
        attachments: vec![Attachment {
            url: "https://jyt.example/files/a%20b.pdf".parse().unwrap(),
            title: "附件1：招生计划".into(),
            media_type: "application/pdf".into(),
        }],
        complete: true,
    }
}

fn entry(article: Article) -> Entry {
    Entry {
        article,
        timezone: TimeZone::get("Asia/Shanghai").unwrap(),
        source_title: "云溪省教育厅".into(),
        source_feed: "http://127.0.0.1:8080/feeds/jyt".into(),
        content: Content::Full,
        also: vec![],
        withdrawn: None,
        also_label: "另见：",
    }
}

fn feed(entries: Vec<Entry>) -> Feed {
    Feed {
        address: "http://127.0.0.1:8080/feeds/jyt".into(),
        narrowing: String::new(),
        access: None,
        hub: None,
        pages: Pages::default(),
        title: "云溪省教育厅 · 通知公告".into(),
        home: "https://jyt.example/tzgg.htm".parse().unwrap(),
        lang: "zh-CN",
        born: "2026-03-01T00:00:00Z".parse().unwrap(),
        merged: false,
        entries,
    }
}

fn text(feed: &Feed, format: Format) -> String {
    String::from_utf8(feed.render(format)).unwrap()
}

#[test]
fn rss_in_full() {
    let expected = concat!(
        r#"<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" "#,
        r#"xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>"#,
        "<title>云溪省教育厅 · 通知公告</title><link>https://jyt.example/tzgg.htm</link>",
        "<description>云溪省教育厅 · 通知公告</description><language>zh-CN</language>",
        "<lastBuildDate>Mon, 2 Mar 2026 08:30:00 +0000</lastBuildDate><generator>schoolbell</generator>",
        "<docs>https://www.rssboard.org/rss-specification</docs>",
        r#"<atom:link href="http://127.0.0.1:8080/feeds/jyt.rss" rel="self" type="application/rss+xml"/>"#,
        "<item><title>关于做好2026年招生工作的通知</title><link>https://jyt.example/info/1001/2.htm</link>",
        "<description><![CDATA[各市教育局：现将有关事项通知如下。]]></description><category>通知公告</category>",
        r#"<enclosure url="https://jyt.example/files/a%20b.pdf" length="0" type="application/pdf"/>"#,
        r#"<guid isPermaLink="false">urn:uuid:6c040a4e-7a32-5115-a04d-fe36be4a8f53</guid>"#,
        "<pubDate>Mon, 2 Mar 2026 00:00:00 +0800</pubDate>",
        "<content:encoded><![CDATA[<p>各市教育局：</p><p>现将有关事项通知如下。</p>",
        r#"<ul><li><a href="https://jyt.example/files/a%20b.pdf">附件1：招生计划</a></li></ul>]]></content:encoded>"#,
        "<dc:creator>云溪省教育厅</dc:creator></item></channel></rss>",
    );
    assert_eq!(text(&feed(vec![entry(article())]), Format::Rss), expected);
}

#[test]
fn atom_and_json_say_the_same() {
    let feed = feed(vec![entry(article())]);
    let atom = text(&feed, Format::Atom);
    for part in [
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN">"#,
        "<id>http://127.0.0.1:8080/feeds/jyt.atom</id>",
        "<updated>2026-03-02T08:30:00+00:00</updated>",
        "<published>2026-03-02T00:00:00+08:00</published>",
        r#"<category term="通知公告"/>"#,
        r#"<link href="https://jyt.example/files/a%20b.pdf" rel="enclosure" type="application/pdf" title="附件1：招生计划"/>"#,
        r#"<content xml:base="https://jyt.example/info/1001/2.htm" type="html">&lt;p&gt;各市教育局：&lt;/p&gt;"#,
    ] {
        assert!(atom.contains(part), "{part} is missing in {atom}");
    }
    let json: serde_json::Value = serde_json::from_str(&text(&feed, Format::Json)).unwrap();
    let item = &json["items"][0];
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(item["date_published"], "2026-03-02T00:00:00+08:00");
    assert_eq!(item["attachments"][0]["mime_type"], "application/pdf");
    assert_eq!(item["_schoolbell"]["date_from"], "page");
    assert_eq!(item["tags"], serde_json::json!(["通知公告"]));
}

#[test]
fn a_file_that_the_body_does_not_link_is_shown_below_it() {
    let json: serde_json::Value =
        serde_json::from_str(&text(&feed(vec![entry(article())]), Format::Json)).unwrap();
    let html = json["items"][0]["content_html"].as_str().unwrap();
    assert!(
        html.ends_with(
            r#"<ul><li><a href="https://jyt.example/files/a%20b.pdf">附件1：招生计划</a></li></ul>"#
        ),
        "{html}"
    );
    let linked = Article {
        body_html: r#"<p><a href="https://jyt.example/files/a%20b.pdf">x</a></p>"#.into(),
        ..article()
    };
    assert_eq!(
        entry(linked).html().unwrap(),
        r#"<p><a href="https://jyt.example/files/a%20b.pdf">x</a></p>"#
    );
}

#[test]
fn hostile_text_stays_text() {
    let hostile = "]]> <script>alert(1)</script> &amp; \u{0}\u{8}\u{1b}[31m \u{fffe} \"quoted\" \u{202e}反 𠮷";
    let article = Article {
        title: hostile.into(),
        summary: hostile.into(),
        body_html: format!("<p>{}</p>", "x]]>y\u{c}z"),
        origin: Some(hostile.into()),
        author: Some(hostile.into()),
        breadcrumb: vec!["首页".into(), hostile.into()],
        attachments: vec![],
        ..article()
    };
    let entries = vec![Entry {
        source_title: hostile.into(),
        ..entry(article)
    }];
    let feed = Feed {
        title: hostile.into(),
        merged: true,
        ..feed(entries)
    };
    let readable = "]]> <script>alert(1)</script> &amp; [31m  \"quoted\" \u{202e}反 𠮷";
    for format in [Format::Rss, Format::Atom] {
        let parsed = feed_rs::parser::Builder::new()
            .sanitize_content(false)
            .build()
            .parse(feed.render(format).as_slice())
            .unwrap();
        let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            folded(&parsed.entries[0].title.as_ref().unwrap().content),
            folded(readable),
            "{format:?}"
        );
        assert!(
            parsed.entries[0]
                .content
                .as_ref()
                .unwrap()
                .body
                .as_ref()
                .unwrap()
                .contains("x]]>yz"),
            "{format:?}"
        );
    }
    let json: serde_json::Value = serde_json::from_slice(&feed.render(Format::Json)).unwrap();
    assert_eq!(json["items"][0]["title"], hostile);
    // what readers take for HTML has its text escaped once more
    assert!(text(&feed, Format::Rss).contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn equal_entries_give_equal_bytes_and_an_empty_feed_a_date() {
    for format in Format::ALL {
        assert_eq!(
            feed(vec![entry(article())]).render(format),
            feed(vec![entry(article())]).render(format)
        );
        assert!(!feed(vec![]).render(format).is_empty());
    }
    assert_eq!(
        feed(vec![]).changed(),
        "2026-03-01T00:00:00Z".parse::<Timestamp>().unwrap()
    );
}

#[test]
fn an_undated_article_keeps_the_moment_when_it_was_first_seen() {
    let undated = Article {
        published: None,
        date_from: None,
        ..article()
    };
    assert!(
        text(&feed(vec![entry(undated)]), Format::Atom)
            .contains("<published>2026-03-02T16:30:00+08:00</published>")
    );
}

#[test]
fn the_same_story_elsewhere_is_named_in_every_format() {
    let also = vec![Also {
        source: SourceId::parse("jyj").unwrap(),
        source_title: "青岚市教育局".into(),
        url: "http://jyj.example/a/1.html".parse().unwrap(),
        title: "转发：关于做好2026年招生工作的通知".into(),
    }];
    let feed = Feed {
        merged: true,
        ..feed(vec![Entry {
            also,
            ..entry(article())
        }])
    };
    assert!(
        text(&feed, Format::Rss)
            .contains(r#"<p>另见： <a href="http://jyj.example/a/1.html">青岚市教育局</a></p>"#)
    );
    assert!(
        text(&feed, Format::Rss)
            .contains(r#"<source url="http://127.0.0.1:8080/feeds/jyt.rss">云溪省教育厅</source>"#)
    );
    assert!(text(&feed, Format::Atom).contains(
        r#"<link href="http://jyj.example/a/1.html" rel="related" title="青岚市教育局"/>"#
    ));
    let json: serde_json::Value = serde_json::from_str(&text(&feed, Format::Json)).unwrap();
    assert_eq!(json["items"][0]["_schoolbell"]["also"][0]["source"], "jyj");
}

#[test]
fn what_is_gone_from_its_site_is_a_deleted_entry_in_atom() {
    let withdrawn = Some("2026-03-09T01:00:00Z".parse().unwrap());
    let gone = Entry {
        withdrawn,
        ..entry(article())
    };
    let feed = feed(vec![gone]);
    let atom = text(&feed, Format::Atom);
    assert!(
        atom.contains(r#"xmlns:at="http://purl.org/atompub/tombstones/1.0""#),
        "{atom}"
    );
    let tombstone = r#"<at:deleted-entry ref="urn:uuid:6c040a4e-7a32-5115-a04d-fe36be4a8f53" when="2026-03-09T01:00:00Z""#;
    assert!(atom.contains(tombstone), "{atom}");
    assert!(!atom.contains("<entry>"), "{atom}");
    assert!(
        atom.contains("<updated>2026-03-09T01:00:00+00:00</updated>"),
        "{atom}"
    );
    // the archive keeps it, and formats without a word for it go on showing it
    let json: serde_json::Value = serde_json::from_str(&text(&feed, Format::Json)).unwrap();
    assert_eq!(
        json["items"][0]["_schoolbell"]["withdrawn"],
        "2026-03-09T01:00:00Z"
    );
    assert!(text(&feed, Format::Rss).contains("<item>"));
}
