//! Atom 1.0 (RFC 4287), with articles that are gone from their sites as deleted entries (RFC 6721).

use atom_syndication as atom;
use jiff::{ZonedDateTime, tz::TimeZone};

use super::{
    Entry, Feed, Format, GENERATOR, HISTORY, linked_type,
    xml::{clean, is_visible},
};

/// The name space of RFC 6721.
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// The document's bytes.
#[expect(clippy::missing_panics_doc, reason = "writing to memory does not fail")]
pub fn render(feed: &Feed) -> Vec<u8> {
    let (gone, present): (Vec<&Entry>, Vec<&Entry>) = feed
        .entries
        .iter()
        .partition(|entry| entry.withdrawn.is_some());
    let mut document = atom::Feed {
        title: text(&feed.title),
        id: feed.address_of(Format::Atom),
        updated: date(&feed.changed().to_zoned_datetime(TimeZone::UTC)),
        authors: vec![person(&feed.title)],
        generator: Some(atom::Generator {
            value: GENERATOR.to_owned(),
            ..Default::default()
        }),
        links: links(feed),
        entries: present.iter().map(|e| entry(feed, e)).collect(),
        lang: Some(feed.lang.to_owned()),
        ..Default::default()
    };
    let mut extend = |prefix: &str, uri: &str, name: &str, elements| {
        let named = [(name.to_owned(), elements)].into();
        document.extensions.insert(prefix.to_owned(), named);
        let name_space = (prefix.to_owned(), uri.to_owned());
        document.namespaces.extend([name_space]);
    };
    if !gone.is_empty() {
        let tombstones = gone.iter().filter_map(|entry| deleted(entry)).collect();
        extend("at", TOMBSTONES, "deleted-entry", tombstones);
    }
    if feed.pages.archive {
        let mark = atom::extension::Extension {
            name: "fh:archive".to_owned(),
            ..Default::default()
        };
        extend("fh", HISTORY, "archive", vec![mark]);
    }
    document
        .write_to(Vec::new())
        .expect("writing to memory does not fail")
}

fn links(feed: &Feed) -> Vec<atom::Link> {
    let mut links: Vec<_> = feed
        .links(Format::Atom)
        .into_iter()
        .map(|(rel, href)| link(rel, href, linked_type(rel, "application/atom+xml")))
        .collect();
    links.push(link("alternate", feed.home.to_string(), Some("text/html")));
    links
}

/// `at:deleted-entry` (RFC 6721, section 3): readers that know it take the entry away.
fn deleted(entry: &Entry) -> Option<atom::extension::Extension> {
    let when = entry.withdrawn?.to_string();
    Some(atom::extension::Extension {
        name: "at:deleted-entry".to_owned(),
        attrs: [("ref".to_owned(), entry.urn()), ("when".to_owned(), when)].into(),
        ..Default::default()
    })
}

fn entry(feed: &Feed, entry: &Entry) -> atom::Entry {
    let article = &entry.article;
    let mut links = vec![link("alternate", article.url.to_string(), None)];
    links.extend(article.attachments.iter().map(|file| atom::Link {
        title: is_visible(&file.title).then(|| clean(&file.title).into_owned()),
        ..link("enclosure", file.url.to_string(), Some(&file.media_type))
    }));
    links.extend(entry.also.iter().map(|also| atom::Link {
        title: Some(clean(also.source_title()).into_owned()),
        ..link("related", also.url.to_string(), None)
    }));
    atom::Entry {
        title: text(entry.title()),
        id: entry.urn(),
        updated: date(&entry.updated()),
        authors: entry.creator().map(person).into_iter().collect(),
        categories: entry.categories().map(category).collect(),
        links,
        published: Some(date(&entry.published())),
        source: feed.merged.then(|| source(feed, entry)),
        summary: entry.summary().map(text),
        content: entry.html().map(|html| atom::Content {
            value: Some(clean(&html).into_owned()),
            content_type: Some("html".to_owned()),
            base: Some(article.url.to_string()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Where an entry of a merged feed comes from (RFC 4287, section 4.2.11).
fn source(feed: &Feed, entry: &Entry) -> atom::Source {
    let address = format!("{}.{}", entry.source_feed, Format::Atom.ending());
    atom::Source {
        title: text(entry.source_title()),
        id: address.clone(),
        updated: date(&entry.updated()),
        links: vec![link(
            "self",
            feed.opened(address),
            Some("application/atom+xml"),
        )],
        ..Default::default()
    }
}

fn link(rel: &str, href: String, media_type: Option<&str>) -> atom::Link {
    atom::Link {
        href,
        rel: rel.to_owned(),
        mime_type: media_type.map(ToOwned::to_owned),
        ..Default::default()
    }
}

fn text(text: &str) -> atom::Text {
    atom::Text::plain(clean(text))
}

fn person(name: &str) -> atom::Person {
    atom::Person {
        name: clean(name).into_owned(),
        ..Default::default()
    }
}

fn category(name: &str) -> atom::Category {
    atom::Category {
        term: clean(name).into_owned(),
        ..Default::default()
    }
}

/// RFC 3339. The library speaks chrono; its type is reached through the text that both agree on.
fn date(at: &ZonedDateTime) -> atom::FixedDateTime {
    at.timestamp()
        .display_with_offset(at.offset())
        .to_string()
        .parse()
        .unwrap_or_default()
}
