//! Feeds hold to the rules that validators check, whatever a page held: well-formed XML, and the errors and warnings of
//! the W3C feed validator (w3c/feedvalidator) that can concern such feeds, for RSS 2.0 and Atom; JSON Feed 1.1's rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{fmt::rfc2822, tz::TimeZone};
use proptest::prelude::*;
use quick_xml::{Reader, escape::unescape, events::Event};
use schoolbell::{
    article::{Article, Attachment},
    feed::{Also, Entry, Feed, Format, Pages},
    source::Content,
};

use crate::site::{article, now};

/// The relations that the validator knows (`link.py`).
const RELATIONS: [&str; 12] = [
    "alternate",
    "current",
    "enclosure",
    "first",
    "hub",
    "last",
    "next",
    "next-archive",
    "prev-archive",
    "previous",
    "related",
    "self",
];

/// An element: its path of names, its attributes, its own text.
#[derive(Debug)]
struct Element {
    path: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// All elements of a document, in the order of their ends.
fn elements(document: &[u8]) -> Vec<Element> {
    let text = std::str::from_utf8(document).unwrap();
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut closed = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(element(&open, &start)),
            Event::Empty(start) => closed.push(element(&open, &start)),
            Event::End(_) => closed.push(open.pop().unwrap()),
            Event::Text(text) => {
                let text: &str = &text;
                if let Some(element) = open.last_mut() {
                    element.text.push_str(text);
                }
            }
            Event::CData(text) => {
                let text: &str = &text;
                open.last_mut().unwrap().text.push_str(text);
            }
            Event::GeneralRef(name) => {
                let name: &str = &name;
                let text = unescape(&format!("&{name};")).unwrap().into_owned();
                open.last_mut().unwrap().text.push_str(&text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    closed
}

fn element(open: &[Element], start: &quick_xml::events::BytesStart<'_>) -> Element {
    let name = start.name().as_ref().to_owned();
    let path = match open.last() {
        Some(parent) => format!("{}/{name}", parent.path),
        None => name,
    };
    let attributes = start.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let name = attribute.key.as_ref().to_owned();
        (name, unescape(&attribute.value).unwrap().into_owned())
    });
    Element {
        attributes: attributes.collect(),
        path,
        text: String::new(),
    }
}

fn of<'a>(elements: &'a [Element], path: &'a str) -> impl Iterator<Item = &'a Element> {
    elements.iter().filter(move |element| element.path == path)
}

/// What holds in both XML formats.
fn check_xml(elements: &[Element]) {
    for element in elements {
        let texts = element.attributes.values().chain([&element.text]);
        for text in texts {
            // BadCharacters, and what XML cannot hold at all
            let bad = |c: char| {
                matches!(
                    c,
                    '\u{80}'..='\u{9f}' | '\u{fffd}' | '\u{fffe}' | '\u{ffff}'
                ) || c < ' ' && !matches!(c, '\t' | '\n' | '\r')
            };
            assert!(!text.contains(bad), "{element:?}");
        }
        if element.path.ends_with("link") && !element.attributes.is_empty() {
            let rel = &element.attributes["rel"];
            assert!(RELATIONS.contains(&rel.as_str()), "{rel}");
            assert!(url::Url::parse(&element.attributes["href"]).is_ok());
            if let Some(kind) = element.attributes.get("type") {
                assert!(is_media_type(kind), "{kind}");
            }
            if let Some(title) = element.attributes.get("title") {
                assert!(!title.trim().is_empty(), "AttrNotBlank: {element:?}");
            }
        }
    }
}

fn check_rss(document: &[u8]) {
    let elements = elements(document);
    check_xml(&elements);
    for required in ["title", "link", "description", "language"] {
        let path = format!("rss/channel/{required}");
        assert_eq!(of(&elements, &path).count(), 1, "{path}");
    }
    let own = |e: &&Element| e.attributes["rel"] == "self";
    assert_eq!(
        of(&elements, "rss/channel/atom:link").filter(own).count(),
        1
    );
    let mut guids = BTreeSet::new();
    for guid in of(&elements, "rss/channel/item/guid") {
        assert_eq!(guid.attributes["isPermaLink"], "false");
        assert!(guids.insert(guid.text.clone()), "a guid comes twice");
    }
    assert_eq!(guids.len(), of(&elements, "rss/channel/item").count());
    for date in of(&elements, "rss/channel/item/pubDate") {
        rfc2822::parse(&date.text).unwrap();
    }
    for blank in ["title", "category", "dc:creator", "source"] {
        for element in of(&elements, &format!("rss/channel/item/{blank}")) {
            assert!(!element.text.trim().is_empty(), "NotBlank: {blank}");
        }
    }
    for enclosure in of(&elements, "rss/channel/item/enclosure") {
        assert!(enclosure.attributes["url"].starts_with("http"));
        assert!(enclosure.attributes["length"].parse::<u64>().is_ok());
        assert!(is_media_type(&enclosure.attributes["type"]));
    }
    // NeedDescriptionBeforeContent
    let described = of(&elements, "rss/channel/item/description").count();
    assert!(described >= of(&elements, "rss/channel/item/content:encoded").count());
}

fn check_atom(document: &[u8]) {
    let elements = elements(document);
    check_xml(&elements);
    for required in ["id", "title", "updated", "author/name"] {
        let path = format!("feed/{required}");
        assert_eq!(of(&elements, &path).count(), 1, "{path}");
    }
    let own = |e: &&Element| e.attributes["rel"] == "self";
    assert_eq!(of(&elements, "feed/link").filter(own).count(), 1);
    let entries = of(&elements, "feed/entry").count();
    let mut ids = BTreeSet::new();
    for id in of(&elements, "feed/entry/id") {
        assert!(ids.insert(id.text.clone()), "an id comes twice");
    }
    assert_eq!(ids.len(), entries);
    for required in ["title", "updated"] {
        let path = format!("feed/entry/{required}");
        assert_eq!(of(&elements, &path).count(), entries, "{path}");
    }
    for date in ["updated", "published"] {
        for element in of(&elements, &format!("feed/entry/{date}")) {
            element.text.parse::<jiff::Timestamp>().unwrap();
        }
    }
    for blank in ["title", "author/name", "summary", "content", "source/title"] {
        for element in of(&elements, &format!("feed/entry/{blank}")) {
            assert!(!element.text.trim().is_empty(), "NotBlank: {blank}");
        }
    }
    for category in of(&elements, "feed/entry/category") {
        assert!(!category.attributes["term"].trim().is_empty());
    }
}

fn check_json(document: &[u8]) {
    let json: serde_json::Value = serde_json::from_slice(document).unwrap();
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert!(json["title"].is_string());
    let mut ids = BTreeSet::new();
    for item in json["items"].as_array().unwrap() {
        assert!(ids.insert(item["id"].as_str().unwrap().to_owned()));
        assert!(item["content_html"].is_string() || item["content_text"].is_string());
        item["date_published"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap();
        for file in item["attachments"].as_array().into_iter().flatten() {
            assert!(file["url"].is_string() && file["mime_type"].is_string());
        }
        for tag in item["tags"].as_array().into_iter().flatten() {
            assert!(!tag.as_str().unwrap().trim().is_empty());
        }
        for author in item["authors"].as_array().into_iter().flatten() {
            assert!(!author["name"].as_str().unwrap().trim().is_empty());
        }
    }
}

fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"-+.".contains(&b);
        !part.is_empty() && part.bytes().all(good)
    };
    let whole = text.split(';').next().unwrap_or_default().trim();
    whole
        .split_once('/')
        .is_some_and(|(a, b)| token(a) && token(b))
}

/// What pages were seen to hold, and worse.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        any::<String>(),
        Just(String::new()),
        Just(" \u{3000}\u{a0} ".to_owned()),
        Just("]]> <![CDATA[ <!-- --> &amp; &nbsp; &#0; <b>".to_owned()),
        Just("\u{fffd}\u{fffd}锟斤拷\u{85}\u{1b}[31m\u{202e}\0".to_owned()),
        Just("𠮷\u{10ffff}\u{fffe}\u{feff}".to_owned()),
    ]
}

fn entry(number: u32, texts: &[String; 7], with_file: bool) -> Entry {
    let [title, body, summary, origin, crumb, file, other] = texts;
    let html = maud::html! { p { (body) } }.into_string();
    let attachment = Attachment {
        url: "https://jyt.example/f/%E9%99%84.docx".parse().unwrap(),
        title: file.clone(),
        media_type: "application/msword".into(),
    };
    Entry {
        article: Article {
            title: title.clone(),
            body_html: html,
            body_text: body.clone(),
            summary: summary.clone(),
            origin: Some(origin.clone()),
            author: number.is_multiple_of(2).then(|| other.clone()),
            breadcrumb: vec!["首页".into(), crumb.clone(), other.clone()],
            attachments: if with_file { vec![attachment] } else { vec![] },
            ..article("jyt", number)
        },
        timezone: TimeZone::UTC,
        source_title: other.clone(),
        source_feed: "http://127.0.0.1:8080/feeds/jyt".into(),
        content: Content::Full,
        also: vec![Also {
            source: "jyj".to_owned().try_into().unwrap(),
            source_title: crumb.clone(),
            url: "https://jyj.example/1.htm".parse().unwrap(),
            title: title.clone(),
        }],
        withdrawn: None,
        also_label: "另见：",
    }
}

fn feed(title: &str, entries: Vec<Entry>, pages: Pages) -> Feed {
    Feed {
        address: "http://127.0.0.1:8080/feeds/jyt".into(),
        narrowing: "include=a%26b".into(),
        access: None,
        hub: Some("https://bell.example/hub".to_owned()),
        pages,
        title: title.into(),
        home: "https://jyt.example/tzgg.htm".parse().unwrap(),
        lang: "zh-CN",
        born: now(),
        merged: true,
        entries,
    }
}

fn check(feed: &Feed) {
    check_rss(&feed.render(Format::Rss));
    check_atom(&feed.render(Format::Atom));
    check_json(&feed.render(Format::Json));
}

fn archive() -> Pages {
    Pages {
        this: Some("archive=a".into()),
        archive: true,
        prev_archive: Some("archive=b".into()),
        next_archive: Some("archive=c".into()),
        ..Pages::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_page_held(
        texts in prop::collection::vec(prop::array::uniform7(any_text()), 1..4),
        title in any_text(),
        archived in any::<bool>(),
    ) {
        let entries = texts
            .iter()
            .zip(1..)
            .map(|(texts, number)| entry(number, texts, number != 2));
        let pages = if archived { archive() } else { Pages::default() };
        check(&feed(&title, entries.collect(), pages));
    }
}

#[test]
fn a_title_of_a_megabyte() {
    let texts = std::array::from_fn(|_| "通知]]>&<\u{1}".repeat(60_000));
    check(&feed("t", vec![entry(1, &texts, true)], Pages::default()));
}

#[test]
fn a_feed_of_nothing() {
    check(&feed("t", vec![], archive()));
}
