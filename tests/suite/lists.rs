//! Lists of all layouts: each folder of `tests/pages` with a `list.toml` holds a made-up page and what must be found.
//!
//! Every page is read with presets and without; adding a folder adds a case.

use std::{fmt::Write as _, fs, path::Path};

use jiff::{Timestamp, tz::TimeZone};
use schoolbell::{
    list::{self, List, ListContext, syndicated},
    page::{
        charset,
        document::{Document, Selector},
    },
    source::{ListRules, PresetChoice},
};
use serde::Deserialize;
use url::Url;

/// A case's `list.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    url: Url,
    next: Option<Url>,
    preset: Option<String>,
    now: Option<Timestamp>,
    #[serde(default, rename = "item")]
    items: Vec<ExpectedItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedItem {
    title: String,
    url: Url,
    date: Option<String>,
}

impl Expected {
    /// What must be found, a line each.
    fn in_lines(&self) -> String {
        let mut lines = String::new();
        for item in &self.items {
            let date = item.date.as_deref().unwrap_or("-");
            let _ = writeln!(lines, "{date} {} {}", item.title, item.url);
        }
        let _ = writeln!(lines, "next {:?}", self.next.as_ref().map(Url::as_str));
        lines
    }
}

fn in_lines(list: &List) -> String {
    let mut lines = String::new();
    for item in &list.items {
        let date = item
            .published
            .map_or("-".to_owned(), |p| p.day().to_string());
        let _ = writeln!(lines, "{date} {} {}", item.title, item.url);
    }
    let _ = writeln!(lines, "next {:?}", list.next.as_ref().map(Url::as_str));
    lines
}

fn read(body: &[u8], url: &Url, preset: &PresetChoice, now: Timestamp) -> List {
    let decoded = charset::decode(body, None);
    let context = ListContext {
        url,
        rules: &ListRules::default(),
        preset,
        timezone: &TimeZone::get("Asia/Shanghai").expect("the zone is bundled"),
        now,
    };
    list::extract(&Document::parse(&decoded.text), &context)
}

#[test]
fn every_layout_is_read_with_presets_and_without() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let mut cases = 0;
    let mut wrong = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(expected) = fs::read_to_string(folder.join("list.toml")) else {
            continue;
        };
        cases += 1;
        let expected: Expected = toml::from_str(&expected).unwrap();
        let body = fs::read(folder.join("page.html")).unwrap();
        let now = expected
            .now
            .unwrap_or("2024-06-01T00:00:00Z".parse().unwrap());
        for preset in [PresetChoice::Auto, PresetChoice::None] {
            let list = read(&body, &expected.url, &preset, now);
            let (want, got) = (expected.in_lines(), in_lines(&list));
            if want != got {
                let name = folder.file_name().unwrap().to_string_lossy().into_owned();
                let _ = writeln!(
                    wrong,
                    "== {name}, {preset:?}: {}\nexpected\n{want}found\n{got}",
                    list.found_by
                );
            }
            if preset == PresetChoice::Auto
                && expected.preset.is_some()
                && list.preset != expected.preset
            {
                let _ = writeln!(wrong, "== {}: preset {:?}", folder.display(), list.preset);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(cases > 20, "{cases} cases were found");
}

#[test]
fn a_page_without_a_list_says_so() {
    let url = Url::parse("http://a.example/").unwrap();
    let list = read(
        b"<p>nothing here</p>",
        &url,
        &PresetChoice::Auto,
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(list.problems, ["no list was found on the page"]);
}

#[test]
fn each_of_a_portals_lists_can_be_chosen() {
    let row = |k, n| {
        format!(
            "<li><a href='/info/{k}/{n}.htm'>关于第{n}批教学成果奖申报的通知</a><span>2024-05-{n:02}</span></li>"
        )
    };
    let of_box = |k| {
        let rows: String = (11..17 + k).rev().map(|n| row(k, n)).collect();
        format!("<div class=box><h3>栏目{k}</h3><a href='/c{k}/'>更多</a><ul>{rows}</ul></div>")
    };
    let page = format!(
        "<title>某学院</title><div class=left>{}{}</div><div class=right>{}</div>",
        of_box(3),
        of_box(1),
        of_box(2)
    );
    let url = Url::parse("http://a.example/").unwrap();
    let document = Document::parse(&page);
    let mut rules = ListRules::default();
    let timezone = TimeZone::UTC;
    let context = ListContext {
        url: &url,
        rules: &ListRules::default(),
        preset: &PresetChoice::Auto,
        timezone: &timezone,
        now: "2024-06-01T00:00:00Z".parse().unwrap(),
    };
    let choices = list::choices(&document, &context);
    let sizes: Vec<_> = choices.iter().map(|c| c.items.len()).collect();
    assert_eq!(sizes, [9, 8, 7]);
    for choice in choices {
        rules.item = Some(Selector::parse(&choice.item).unwrap());
        let rules = &rules;
        let chosen = list::extract(&document, &ListContext { rules, ..context });
        assert_eq!(chosen.items, choice.items, "{}", choice.item);
    }
}

#[test]
fn a_list_that_a_script_brings_is_looked_for_where_the_page_has_it_from() {
    let page = "<title>通知公告</title><ul class=nav><li><a href='/a/'>首页</a><li><a href='/b/'>新闻中心</a></ul>
        <script url='/build/unit' queryData=\"{'webId':'5','tagId':'当前栏目_list'}\"></script>";
    let url = Url::parse("http://a.example/col/col1/index.html").unwrap();
    let place = list::elsewhere(&Document::parse(page), &url).unwrap();
    let tag = "%E5%BD%93%E5%89%8D%E6%A0%8F%E7%9B%AE_list";
    assert_eq!(
        place.as_str(),
        format!("http://a.example/build/unit?webId=5&tagId={tag}")
    );
    let answer = r#"{"success":true,"data":{"html":"<ul><li><a href=\"/art/2024/5/24/art_1_2.html\">关于做好招生工作的通知</a><span>2024-05-24</span></li><li><a href=\"/art/2024/5/21/art_1_1.html\">关于校园安全检查的通知</a><span>2024-05-21</span></li></ul>"}}"#;
    let now = "2024-06-01T00:00:00Z".parse().unwrap();
    let list = read(answer.as_bytes(), &place, &PresetChoice::Auto, now);
    let items: Vec<_> = list
        .items
        .iter()
        .map(|i| (i.title.as_str(), i.url.path()))
        .collect();
    assert_eq!(
        items,
        [
            ("关于做好招生工作的通知", "/art/2024/5/24/art_1_2.html"),
            ("关于校园安全检查的通知", "/art/2024/5/21/art_1_1.html"),
        ]
    );
    // another site's frame is an advertisement
    let framed = Document::parse("<iframe src='http://b.example/list.htm'></iframe>");
    assert_eq!(list::elsewhere(&framed, &url), None);
}

/// Numbers as ids, the version at the end, escaped slashes: all of it is allowed, and written by common programs.
#[test]
fn a_json_feed_is_read_however_it_is_written() {
    let text = r#"{"title":"公告","items":[
        {"id":1,"url":"https:\/\/school.example\/1.htm","title":"第一","date_published":"2026-03-01T08:00:00Z"},
        {"url":"https://school.example/2.htm","title":"第二"},
        {"id":"3","external_url":"https://school.example/3.htm","title":"第三"}],
        "version":"https:\/\/jsonfeed.org\/version\/1.1"}"#;
    assert!(syndicated::is_feed(text));
    let list = read_feed(text).unwrap();
    assert_eq!(
        in_lines(&list),
        "2026-03-01 第一 https://school.example/1.htm\n- 第二 https://school.example/2.htm\n\
         - 第三 https://school.example/3.htm\nnext None\n"
    );
}

fn read_feed(text: &str) -> Result<List, String> {
    let context = ListContext {
        url: &"https://school.example/feed".parse().unwrap(),
        rules: &ListRules::default(),
        preset: &PresetChoice::Auto,
        timezone: &TimeZone::get("Asia/Shanghai").unwrap(),
        now: "2026-03-02T08:30:00Z".parse().unwrap(),
    };
    syndicated::extract(text, &context)
}

/// The parser names the element that it did not expect, and people read that in a terminal.
#[test]
fn what_is_said_of_a_broken_feed_holds_nothing_of_its_orders_and_not_all_of_it() {
    let name = "\u{1b}]0;x\u{7}".to_owned() + &"长".repeat(100_000);
    let text = format!("<rss version='2.0'><channel><item></{name}></channel></rss>");
    let words = read_feed(&text).unwrap_err();
    assert!(!words.contains(char::is_control), "{words}");
    assert!(words.chars().count() < 300, "{words}");
}
