//! Pages that mean harm, or have met it: each is read in bounded time and memory, and says something.

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;
use schoolbell::{
    article::{self, ArticleContext, Reading},
    list::{self, List, ListContext},
    page::{charset, document::Document},
    source::{ArticleRules, ListRules, PresetChoice},
};
use url::Url;

/// Decode, parse, extract: as a list and as an article.
fn read(body: &[u8], content_type: Option<&str>) -> (List, Reading) {
    let decoded = charset::decode(body, content_type);
    let document = Document::parse(&decoded.text);
    let url = Url::parse("http://a.example/x/").expect("the address is good");
    let timezone = TimeZone::UTC;
    let now: Timestamp = "2024-06-01T00:00:00Z".parse().expect("the time is good");
    let list = list::extract(
        &document,
        &ListContext {
            url: &url,
            rules: &ListRules::default(),
            preset: &PresetChoice::Auto,
            timezone: &timezone,
            now,
        },
    );
    let reading = article::extract(
        &document,
        &ArticleContext {
            url: &url,
            rules: &ArticleRules::default(),
            preset: &PresetChoice::Auto,
            timezone: &timezone,
            now,
        },
    );
    (list, reading)
}

#[test]
fn hundreds_of_thousands_of_nested_elements_are_read() {
    for tag in [
        "<div>",
        "<b>",
        "<font color=1>",
        "<table>",
        "<ul><li>",
        "<a href=1>",
        "<svg>",
        "<select>",
    ] {
        let page = format!("{}text", tag.repeat(100_000));
        let (list, _) = read(page.as_bytes(), None);
        assert_eq!(list.items, [], "{tag}");
    }
}

#[test]
fn unclosed_formatting_does_not_unfold_without_end() {
    let page: Vec<String> = (0..60_000).map(|i| format!("<p><b x={i}></p>")).collect();
    let document = Document::parse(&page.concat());
    assert!(document.is_truncated());
    let nodes = document.root().descendants().count();
    assert!(nodes < 4_000_000, "{nodes} nodes");
}

#[test]
fn a_tag_with_a_million_attributes_is_read() {
    let many: Vec<String> = (0..1_000_000).map(|i| format!(" a{i}")).collect();
    let many = many.concat();
    let (list, _) = read(format!("<a{many}>x</a><p>text").as_bytes(), None);
    assert_eq!(list.items, []);
}

#[test]
fn a_page_of_fifty_megabytes_is_read_in_part() {
    let row = "<li><a href=/info/1/1.htm>a title of some length</a><span>2024-02-24</span></li>";
    let page = row.repeat(50_000_000 / row.len());
    let document = Document::parse(&page);
    assert!(document.is_truncated());
}

#[test]
fn unreadable_bytes_are_called_garbled() {
    assert!(charset::decode("\u{FFFD}\u{FFFD}关\u{FFFD}".repeat(200).as_bytes(), None).garbled);
    let binary: Vec<u8> = (0..20_000_u32)
        .map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[1])
        .collect();
    assert!(charset::decode(&binary, Some("text/html; charset=utf-8")).garbled);
}

#[test]
fn an_empty_page_is_no_list_and_no_article() {
    let (list, reading) = read(b"", None);
    assert_eq!(list.problems, ["no list was found on the page"]);
    assert_eq!(reading.body_html, "");
}

/// Pieces that pages are made of, so that chance makes pages and not noise.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "<ul>",
            "<li>",
            "</li>",
            "</ul>",
            "<a href='/info/1/2.htm'>",
            "</a>",
            "<a href=\"",
            "<table><tr><td>",
            "</table>",
            "<script>",
            "</script>",
            "<![CDATA[",
            "]]>",
            "<record>",
            "{\"title\":\"abcd\",\"url\":\"/1\"},",
            "[",
            "]",
            "<!--",
            "-->",
            "2024-02-24",
            "[02-24]",
            "99999-99-99",
            "下一页",
            "<base href='//x'>",
            "<meta charset=gbk>",
            "\u{FFFD}",
            "&#0;",
            "<span title='",
            "'>",
            "<h1>",
            "发布时间：",
            "来源：",
            "<svg><a>",
            "<template>",
            "<select><option>",
            "<frameset>",
            "￿",
            "<a onclick=\"open('",
            "')\">",
            "<dl><dt>",
            "<dd>",
            "<p>",
            "<br>",
            "\0",
            "　",
            "<time datetime='2024-13-45T99'>",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ]
}

// more of them by PROPTEST_CASES in the environment
proptest! {
    #[test]
    fn any_page_is_read(pieces in prop::collection::vec(piece(), 0..60)) {
        let page = pieces.concat();
        let (list, _) = read(page.as_bytes(), None);
        for item in &list.items {
            prop_assert!(!item.title.is_empty());
            prop_assert!(matches!(item.url.scheme(), "http" | "https"));
        }
    }

    #[test]
    fn any_bytes_are_read(body in prop::collection::vec(any::<u8>(), 0..600), header in "(text/html; charset=\\PC{0,10})?") {
        read(&body, Some(&header));
    }

    #[test]
    fn bytes_in_any_charset_are_read(pieces in prop::collection::vec(piece(), 0..40), cut in 0..9_usize) {
        let page = pieces.concat();
        let mut body = encoding_rs::GB18030.encode(&page).0.into_owned();
        body.truncate(body.len().saturating_sub(cut));
        read(&body, Some("text/html; charset=gb2312"));
    }
}
