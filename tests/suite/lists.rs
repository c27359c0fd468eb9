//! Lists of all layouts: each folder of `tests/pages` with a `list.toml` holds a made-up page and what must be found.
//!
//! Every page is read with presets and without; adding a folder adds a case.

use std::{fmt::Write as _, fs, path::Path};

use jiff::{Timestamp, tz::TimeZone};
use schoolbell::{
    list::{self, List, ListContext},
    page::{charset, document::Document},
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
