//! Pages that mean harm, or have met it: each is read in bounded time and memory, and says something.

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;
use schoolbell::{
    article::{self, ArticleContext, Reading},
    list::{self, List, ListContext},
    page::{
        charset,
        document::{Document, MAX_NODES},
    },
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
    // what one token may unfold to comes on top
    assert!(nodes < MAX_NODES + 2_000, "{nodes} nodes");
}

#[test]
fn a_tag_with_a_million_attributes_is_read() {
    let bare: Vec<String> = (0..1_000_000).map(|i| format!(" a{i}")).collect();
    let quoted: Vec<String> = (0..1_000_000).map(|i| format!(" a{i}=\"\"")).collect();
    for many in [bare.concat(), quoted.concat()] {
        // the last is a tag to browsers, as a frameset has no title
        for tag in ["<a", "</a", "<frameset><title><a"] {
            let (list, _) = read(format!("{tag}{many}>x</a><p>text").as_bytes(), None);
            assert_eq!(list.items, []);
        }
    }
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

/// A small generator of numbers (xorshift): the same seed mutates pages the same way everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 1).unwrap_or(0) % end.max(1)
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let most = [8, 60, 600, 6_000][self.below(4)];
        start..(start + self.below(most)).min(length)
    }
}

/// Damages a page as editors, templates and broken transfers do, and as no one would.
fn mutate(page: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    const TOKENS: [&str; 28] = [
        "<div>",
        "</div>",
        "<p>",
        "<b>",
        "<a href=x.pdf>",
        "<table>",
        "<td>",
        "</td>",
        "<tr>",
        "<select>",
        "<svg>",
        "<h1>",
        "<br>",
        "<img src=a.png>",
        "<iframe src='/a.pdf'>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "发布时间：",
        "2024-02-30",
        "来源：",
        "上一篇",
        "，",
        "\u{3000}",
        "&nbsp;",
        "\u{0}",
        "<pre>\n",
    ];
    match dice.below(9) {
        0 => drop(page.drain(dice.range(page.len()))),
        1 => {
            let copy = page[dice.range(page.len())].to_vec();
            let at = dice.below(page.len() + 1);
            let times = [1, 1, 2, 30][dice.below(4)];
            page.splice(at..at, copy.repeat(times));
        }
        2 => {
            let at = dice.range(page.len());
            page.splice(at, other[dice.range(other.len())].to_vec());
        }
        3 | 4 => {
            let at = dice.below(page.len() + 1);
            page.splice(at..at, TOKENS[dice.below(TOKENS.len())].bytes());
        }
        5 => {
            let times = [10, 300, 5_000][dice.below(3)];
            let token = TOKENS[dice.below(TOKENS.len())].repeat(times);
            let at = dice.below(page.len() + 1);
            page.splice(at..at, token.into_bytes());
        }
        6 => {
            for _ in 0..=dice.below(40) {
                let at = dice.below(page.len());
                if let Some(byte) = page.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
        7 => page.truncate(dice.below(page.len() + 1)),
        _ => {
            // all tags of one kind become another's
            let names: [&[u8]; 6] = [b"div", b"p", b"span", b"td", b"li", b"table"];
            let (from, to) = (names[dice.below(6)], names[dice.below(6)]);
            let mut at = 0;
            while at + from.len() < page.len() {
                if page[at..].starts_with(from) && matches!(page[at.saturating_sub(1)], b'<' | b'/')
                {
                    page.splice(at..at + from.len(), to.iter().copied());
                }
                at += 1;
            }
        }
    }
    page.truncate(1 << 20);
}

/// Pages of this project, and those of the folder in `FUZZ_PAGES`, damaged and read, as many as `FUZZ_CASES` says:
/// `FUZZ_CASES=100000 cargo test --test suite hostile::damaged -- --ignored --nocapture`. `FUZZ_SEED` begins elsewhere.
#[test]
#[ignore = "takes as long as it is told to"]
fn damaged_pages_are_read_in_bounded_time() {
    let number = |name: &str, default: u64| {
        let value = std::env::var(name)
            .ok()
            .and_then(|value| value.parse().ok());
        value.unwrap_or(default)
    };
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages").to_owned();
    let mut folders = vec![own];
    folders.extend(std::env::var("FUZZ_PAGES"));
    let mut pages = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.to_string_lossy().into_owned());
            } else if path.extension().is_some_and(|ending| ending == "html") {
                pages.push(std::fs::read(path).unwrap());
            }
        }
    }
    let seed = number("FUZZ_SEED", 1);
    let mut slowest = (std::time::Duration::ZERO, 0);
    for case in seed..seed + number("FUZZ_CASES", 1_000) {
        let mut dice = Dice(case.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut page = pages[dice.below(pages.len())].clone();
        for _ in 0..=dice.below(6) {
            let other = dice.below(pages.len());
            mutate(&mut page, &pages[other], &mut dice);
        }
        let (began, length) = (std::time::Instant::now(), page.len());
        let caught = std::panic::catch_unwind(|| read(&page, None));
        let (_, reading) = caught.unwrap_or_else(|_| panic!("case {case}: it panicked"));
        let took = began.elapsed();
        if took > slowest.0 {
            slowest = (took, case);
        }
        assert!(
            reading.body_html.len() < 8 << 20,
            "case {case}: {} bytes",
            reading.body_html.len()
        );
        let limit = std::time::Duration::from_secs(20);
        assert!(took < limit, "case {case}: {length} bytes took {took:?}");
    }
    println!("{} pages, the slowest {slowest:?}", pages.len());
}
