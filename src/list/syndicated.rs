//! A list that is a feed already: RSS, Atom (RFC 4287), RDF or JSON Feed.
//!
//! In: the answer's text. Out: a [`List`] like that of a page, so that all behind it is the same: articles are read from
//! their own pages, told apart, merged. What an entry carries of a text is left alone: it is often cut short.

use std::borrow::Cow;

use feed_rs::{
    model::{self, Link},
    parser,
};
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::{Item, List, ListContext};
use crate::{
    article::dates::Published,
    page::{document::Document, links},
};

/// How far a feed's first element is looked for: comments and style sheets come before it.
const HEAD_CHARS: usize = 2_000;

/// Whether a text is a feed.
pub fn is_feed(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let head: String = text.chars().take(HEAD_CHARS).collect();
    if text.starts_with('{') {
        // the order of members is anybody's, and some programs write `/` as `\/`
        return ["jsonfeed.org/version/", r"jsonfeed.org\/version\/"]
            .iter()
            .any(|version| text.contains(version));
    }
    // a page may speak of feeds, but its first element is another
    let is_first = |name: &str| {
        head.find(name)
            .is_some_and(|at| !head[..at].contains("<html") && !head[..at].contains("<body"))
    };
    text.starts_with('<')
        && ["<rss", "<feed", "<rdf:RDF"]
            .iter()
            .any(|name| is_first(name))
}

/// Reads a feed. An entry without a link, or with one that leads nowhere, is left out and told.
///
/// # Errors
/// In words: it cannot be parsed.
pub fn extract(text: &str, context: &ListContext<'_>) -> Result<List, String> {
    let parser = parser::Builder::new()
        .base_uri(Some(context.url.as_str()))
        .sanitize_content(false)
        .build();
    let feed = parser
        .parse(with_ids(without_declaration(text)).as_bytes())
        .map_err(|error| format!("the feed cannot be read: {}", sober(&error.to_string())))?;
    let mut list = List {
        title: feed.title.as_ref().map(plain).filter(|t| !t.is_empty()),
        found_by: "a feed".to_owned(),
        next: linked(&feed.links, "next", context.url),
        ..List::default()
    };
    let mut unlinked = 0;
    for entry in feed.entries {
        let Some(url) = address(&entry, context.url) else {
            unlinked += 1;
            continue;
        };
        let title = entry.title.as_ref().map(plain).unwrap_or_default();
        if list.items.iter().all(|item| item.url != url) {
            list.items.push(Item {
                // an entry without a title has its page's, which is read anyway
                title: if title.is_empty() {
                    url.to_string()
                } else {
                    title
                },
                published: published(&entry, context),
                url,
            });
        }
    }
    if unlinked > 0 {
        list.problems
            .push(format!("{unlinked} entries without a link were left out"));
    }
    Ok(list)
}

/// The text is decoded already, so what it says of its charset holds no more.
fn without_declaration(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or(text, |(_, rest)| rest),
        None => text,
    }
}

/// A JSON Feed whose entries have ids that are texts: a reader takes numbers for such (JSON Feed 1.1, "Items"), the parser
/// takes nothing else.
fn with_ids(text: &str) -> Cow<'_, str> {
    let feed = text.starts_with('{').then(|| serde_json::from_str(text));
    let Some(Ok(Value::Object(mut feed))) = feed else {
        return text.into();
    };
    let items = feed.get_mut("items").and_then(Value::as_array_mut);
    for item in items.into_iter().flatten() {
        if let Value::Object(item) = item {
            let id = match item.get("id") {
                Some(Value::String(_)) => continue,
                None | Some(Value::Null) => String::new(),
                Some(other) => other.to_string(),
            };
            item.insert("id".to_owned(), id.into());
        }
    }
    Value::Object(feed).to_string().into()
}

/// What the parser says, which may name parts of the feed: without a terminal's orders, and not as long as the feed.
fn sober(words: &str) -> String {
    /// So much tells where it went wrong.
    const CHARS: usize = 200;
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let mut cut: String = words.chars().take(CHARS).map(shown).collect();
    if words.chars().nth(CHARS).is_some() {
        cut.push('…');
    }
    cut
}

/// A title without markup, white space folded.
fn plain(text: &model::Text) -> String {
    if !text.content.contains(['<', '&']) {
        return text
            .content
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
    }
    Document::parse(&text.content).body().text()
}

/// Where the article is: its link, else an id that is an address.
fn address(entry: &model::Entry, feed: &Url) -> Option<Url> {
    linked(&entry.links, "alternate", feed).or_else(|| {
        let id = entry.id.trim();
        id.starts_with("http").then(|| links::resolve(feed, id))?
    })
}

fn linked(all: &[Link], rel: &str, feed: &Url) -> Option<Url> {
    let is = |link: &&Link| match &link.rel {
        Some(said) => said == rel,
        None => rel == "alternate",
    };
    all.iter()
        .filter(is)
        .find_map(|link| links::resolve(feed, &link.href))
}

/// The time of an entry on the clock of the source's place; none that lies ahead.
fn published(entry: &model::Entry, context: &ListContext<'_>) -> Option<Published> {
    let at = entry.published.or(entry.updated)?;
    let at = Timestamp::from_second(at.timestamp()).ok()?;
    (at <= context.now).then(|| Published::At(at, context.timezone.to_offset(at)))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::source::{ListRules, PresetChoice};

    fn read(text: &str) -> Result<Vec<(String, String, String)>, String> {
        let context = ListContext {
            url: &"https://school.example/news/feed.xml".parse().unwrap(),
            rules: &ListRules::default(),
            preset: &PresetChoice::Auto,
            timezone: &TimeZone::get("Asia/Shanghai").unwrap(),
            now: "2026-03-02T08:30:00Z".parse().unwrap(),
        };
        let list = extract(text, &context)?;
        let told = |item: Item| {
            let date = item.published.map(|date| date.to_string());
            (item.title, item.url.to_string(), date.unwrap_or_default())
        };
        Ok(list.items.into_iter().map(told).collect())
    }

    #[test]
    fn each_format_gives_its_entries() {
        let expected = [
            (
                "关于<招生>的 通知".to_owned(),
                "https://school.example/news/1.htm".to_owned(),
                "2026-03-01T16:00:00+08:00".to_owned(),
            ),
            (
                "第二".to_owned(),
                "https://school.example/2.htm".to_owned(),
                String::new(),
            ),
        ];
        let rss = r#"<?xml version="1.0" encoding="gb2312"?><!-- made --><rss version="2.0"><channel><title>公告</title>
            <item><title>关于&amp;lt;招生&amp;gt;的
              通知</title><link>1.htm</link><pubDate>Sun, 01 Mar 2026 08:00:00 GMT</pubDate></item>
            <item><title>第二</title><link>/2.htm</link><pubDate>Wed, 01 Mar 2028 08:00:00 GMT</pubDate></item>
            <item><title>无链接</title></item></channel></rss>"#;
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>公告</title><id>a</id><updated>2026-03-01T08:00:00Z</updated>
            <entry><title type="html">关于&amp;lt;招生&amp;gt;的 通知</title><id>urn:x:1</id><link href="1.htm"/><published>2026-03-01T08:00:00Z</published></entry>
            <entry><title>第二</title><id>urn:x:2</id><link rel="alternate" href="/2.htm"/><link rel="enclosure" href="/2.pdf"/></entry></feed>"#;
        let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"公告","items":[
            {"id":"1","url":"https://school.example/news/1.htm","title":"关于&lt;招生&gt;的 通知","date_published":"2026-03-01T08:00:00Z","content_text":"x"},
            {"id":"2","url":"https://school.example/2.htm","title":"第二","content_text":"x"}]}"#;
        let json_of_others = r#"{"items":[
            {"id":1,"url":"https:\/\/school.example\/news\/1.htm","title":"关于&lt;招生&gt;的 通知","date_published":"2026-03-01T08:00:00Z","content_text":"x"},
            {"url":"https://school.example/2.htm","title":"第二"},{"id":3.5,"url":null}],
            "title":"公告","version":"https:\/\/jsonfeed.org\/version\/1.1"}"#;
        for text in [rss, atom, json, json_of_others] {
            assert!(is_feed(text), "{text}");
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn pages_are_no_feeds_and_broken_feeds_say_so() {
        for text in [
            "",
            "<html><body>&lt;rss &gt; <rss></rss></body></html>",
            "{\"items\": []}",
            "<!DOCTYPE html><html><head><link type='application/rss+xml'></head></html>",
        ] {
            assert!(!is_feed(text), "{text}");
        }
        let error = read("<rss version=\"2.0\"><channel><item>").unwrap_err();
        assert!(error.starts_with("the feed cannot be read: "), "{error}");
    }
}
