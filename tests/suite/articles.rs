//! Articles of all layouts: each folder of `tests/pages` with an `article.toml` holds a made-up page and what must be
//! read from it.
//!
//! Every page is read with presets and without; adding a folder adds a case.

use std::{collections::BTreeMap, fs, path::Path};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use schoolbell::{
    article::{self, ArticleContext, Reading},
    page::{charset, document::Document},
    source::{ArticleRules, PresetChoice},
};
use serde::Deserialize;
use url::Url;

/// A case's `article.toml`. What is absent must not be found, but for `body`, which is then not compared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    url: Url,
    preset: Option<String>,
    timezone: Option<String>,
    title: Option<String>,
    published: Option<String>,
    date_from: Option<String>,
    origin: Option<String>,
    author: Option<String>,
    /// Compared where it is told.
    editor: Option<String>,
    #[serde(default)]
    breadcrumb: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    images: Vec<Url>,
    #[serde(default)]
    attachments: Vec<ExpectedFile>,
    /// Pieces that the sanitised HTML must hold, and must not.
    #[serde(default)]
    contains: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    refusal: Option<String>,
    /// Where a page sends that says nothing itself.
    leads_to: Option<Url>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct ExpectedFile {
    url: Url,
    title: String,
    #[serde(rename = "type")]
    media_type: String,
}

fn read(page: &[u8], url: &Url, preset: &PresetChoice, timezone: &str) -> Reading {
    let document = Document::parse(&charset::decode(page, None).text);
    let timezone = TimeZone::get(timezone).expect("bundled");
    article::extract(
        &document,
        &ArticleContext {
            url,
            rules: &ArticleRules::default(),
            preset,
            timezone: &timezone,
            now: "2024-12-01T00:00:00Z".parse().expect("a literal"),
        },
    )
}

/// Everything that differs, in words.
fn differences(expected: &Expected, reading: &Reading) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |field: &str, want: String, got: String| {
        if want != got {
            differences.push(format!("{field}: expected {want}, got {got}"));
        }
    };
    let refusal = reading
        .refusal
        .as_ref()
        .map(|refusal| format!("{refusal:?}"));
    compare(
        "refusal",
        format!("{:?}", expected.refusal),
        format!("{refusal:?}"),
    );
    compare(
        "leads_to",
        format!("{:?}", expected.leads_to),
        format!("{:?}", reading.leads_to),
    );
    if expected.refusal.is_some() || expected.leads_to.is_some() {
        compare("body", String::new(), reading.body_text.clone());
        return differences;
    }
    compare(
        "title",
        format!("{:?}", expected.title),
        format!("{:?}", reading.title),
    );
    let published = reading.published.map(|published| published.to_string());
    let want = expected
        .published
        .clone()
        .map(|want| want.replace('Z', "+00:00"));
    compare("published", format!("{want:?}"), format!("{published:?}"));
    if let Some(from) = &expected.date_from {
        let got = reading
            .date_from
            .map(|from| format!("{from:?}").to_lowercase());
        compare("date_from", format!("{:?}", Some(from)), format!("{got:?}"));
    }
    compare(
        "origin",
        format!("{:?}", expected.origin),
        format!("{:?}", reading.origin),
    );
    compare(
        "author",
        format!("{:?}", expected.author),
        format!("{:?}", reading.author),
    );
    if expected.editor.is_some() {
        compare(
            "editor",
            format!("{:?}", expected.editor),
            format!("{:?}", reading.editor),
        );
    }
    compare(
        "breadcrumb",
        format!("{:?}", expected.breadcrumb),
        format!("{:?}", reading.breadcrumb),
    );
    if let Some(body) = &expected.body {
        compare("body", body.clone(), reading.body_text.clone());
    }
    let strings = |urls: &[Url]| urls.iter().map(Url::to_string).collect::<Vec<_>>();
    compare(
        "images",
        format!("{:?}", strings(&expected.images)),
        format!("{:?}", strings(&reading.images)),
    );
    let files: Vec<ExpectedFile> = reading
        .attachments
        .iter()
        .map(|file| ExpectedFile {
            url: file.url.clone(),
            title: file.title.clone(),
            media_type: file.media_type.clone(),
        })
        .collect();
    compare(
        "attachments",
        format!("{:#?}", expected.attachments),
        format!("{files:#?}"),
    );
    let html = &reading.body_html;
    for (field, pieces, wanted) in [
        ("contains", &expected.contains, true),
        ("lacks", &expected.lacks, false),
    ] {
        for piece in pieces
            .iter()
            .filter(|piece| html.contains(*piece) != wanted)
        {
            differences.push(format!("{field}: {piece:?} in {html}"));
        }
    }
    differences
}

#[test]
fn every_page_is_read_with_presets_and_without() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages"));
    let mut failures: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut cases = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(expected) = fs::read_to_string(path.join("article.toml")) else {
            continue;
        };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let expected: Expected =
            toml::from_str(&expected).unwrap_or_else(|error| panic!("{name}: {error}"));
        let page = fs::read(path.join("page.html")).unwrap();
        let timezone = expected.timezone.as_deref().unwrap_or("Asia/Shanghai");
        cases += 1;
        for preset in [PresetChoice::Auto, PresetChoice::None] {
            let reading = read(&page, &expected.url, &preset, timezone);
            let mut found = differences(&expected, &reading);
            if preset == PresetChoice::Auto
                && reading.preset != expected.preset
                && expected.preset.is_some()
            {
                found.push(format!(
                    "preset: expected {:?}, got {:?}",
                    expected.preset, reading.preset
                ));
            }
            if !found.is_empty() {
                failures.insert(format!("{name} ({preset:?})"), found);
            }
        }
    }
    assert!(cases >= 20, "only {cases} cases");
    let told: Vec<String> = failures
        .iter()
        .map(|(name, found)| format!("{name}\n  {}", found.join("\n  ")))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}

/// Tags and texts as pages misuse them, in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<div class='content'>"),
        Just("</div>"),
        Just("<p>"),
        Just("</p>"),
        Just("<table><tr><td colspan=99999>"),
        Just("</table>"),
        Just("<b><i>"),
        Just("</b>"),
        Just("<a href='x.pdf'>附件"),
        Just("</a>"),
        Just("<h1>"),
        Just("</h1>"),
        Just("<br>"),
        Just("<img src='a.jpg'>"),
        Just("<pre>\n a"),
        Just("</pre>"),
        Just("<script>showVsbpdfIframe('"),
        Just("</script>"),
        Just("<iframe src='//['>"),
        Just("发布日期：2024-02-30 来源："),
        Just("当前位置：首页 > "),
        Just("上一篇："),
        Just("，。各单位要高度重视，认真组织。"),
        Just("\u{3000}\u{a0}"),
        Just("<ruby>汉<rt>hàn"),
        Just("<meta name=PubDate content='9999-99-99'>"),
        Just("<figure><figcaption>"),
        Just("<ul><li>"),
        Just("<svg><p>"),
        Just("<template>"),
        Just("<form>"),
        Just("<select><option>"),
        Just("版权所有"),
        Just("<!--"),
        Just("<base href='http://['>"),
        Just("<meta http-equiv=refresh content='0;url=/a'>"),
        Just("<time datetime=2024-01-01>"),
        Just("</time>"),
        Just("Published 3/4/2024 8:00 AM"),
        Just("名单如下："),
        Just("<a onclick=\"window.open('/f/4.doc')\">"),
        Just("已下载13次"),
        Just("相关新闻"),
    ];
    prop::collection::vec(
        prop_oneof![8 => piece.prop_map(str::to_owned), 1 => ".{0,20}"],
        0..60,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_soup_is_read_the_same_way_twice(page in soup()) {
        let url: Url = "http://a.example.cn/2024/0101/1.htm".parse().expect("a literal");
        let once = read(page.as_bytes(), &url, &PresetChoice::Auto, "Asia/Shanghai");
        let twice = read(page.as_bytes(), &url, &PresetChoice::Auto, "Asia/Shanghai");
        prop_assert_eq!(&once.body_html, &twice.body_html);
        prop_assert_eq!(once.published, twice.published);
        prop_assert!(!once.body_html.contains("<script"));
        prop_assert!(once.summary.chars().count() <= 200);
        prop_assert!(!once.body_text.contains("\n\n"));
    }

    #[test]
    fn any_bytes_are_read(page in prop::collection::vec(any::<u8>(), 0..400)) {
        let url: Url = "http://a.example.cn/".parse().expect("a literal");
        let _ = read(&page, &url, &PresetChoice::Auto, "Asia/Shanghai");
    }
}

#[test]
fn endless_bodies_are_cut() {
    let url: Url = "http://a.example.cn/1.htm".parse().expect("a literal");
    let page = format!(
        "<h1>标题标题</h1><p>2024-01-01 来源：教务处</p><div class=content><p>{}</p></div>",
        "汉字，<b>&amp;</b>".repeat(60_000)
    );
    let reading = read(page.as_bytes(), &url, &PresetChoice::None, "Asia/Shanghai");
    assert!(
        reading.body_html.len() < 4 << 20,
        "{}",
        reading.body_html.len()
    );
    assert!(!reading.body_text.is_empty());
}
