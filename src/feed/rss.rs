//! RSS 2.0, with the full text in `content:encoded`, the author in `dc:creator` and the feed's own address in
//! `atom:link` (RSS Advisory Board, "RSS 2.0 Specification" and "Really Simple Syndication Best Practices Profile").

use jiff::{ZonedDateTime, fmt::rfc2822, tz::TimeZone};
use maud::html;
use rss::extension::{atom, dublincore::DublinCoreExtension};

use super::{Entry, Feed, Format, GENERATOR, HISTORY, linked_type, xml::clean};

/// The document's bytes.
#[expect(clippy::missing_panics_doc, reason = "writing to memory does not fail")]
pub fn render(feed: &Feed) -> Vec<u8> {
    let mut channel = rss::Channel {
        title: clean(&feed.title).into_owned(),
        link: feed.home.to_string(),
        description: clean(&feed.title).into_owned(),
        language: Some(feed.lang.to_owned()),
        last_build_date: Some(date(&feed.changed().to_zoned_datetime(TimeZone::UTC))),
        generator: Some(GENERATOR.to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        atom_ext: Some(atom::AtomExtension { links: links(feed) }),
        items: feed.entries.iter().map(|entry| item(feed, entry)).collect(),
        ..Default::default()
    };
    if feed.pages.archive {
        let mark = rss::extension::Extension {
            name: "fh:archive".to_owned(),
            ..Default::default()
        };
        let named = [("archive".to_owned(), vec![mark])].into();
        channel.extensions.insert("fh".to_owned(), named);
        channel
            .namespaces
            .insert("fh".to_owned(), HISTORY.to_owned());
    }
    channel
        .write_to(Vec::new())
        .expect("writing to memory does not fail")
}

fn links(feed: &Feed) -> Vec<atom::Link> {
    let link = |(rel, href): (&str, String)| atom::Link {
        href,
        rel: rel.to_owned(),
        mime_type: linked_type(rel, "application/rss+xml").map(str::to_owned),
        ..Default::default()
    };
    feed.links(Format::Rss).into_iter().map(link).collect()
}

fn item(feed: &Feed, entry: &Entry) -> rss::Item {
    let article = &entry.article;
    let creators: Vec<_> = entry
        .creator()
        .map(|name| clean(name).into_owned())
        .into_iter()
        .collect();
    rss::Item {
        title: Some(clean(entry.title()).into_owned()),
        link: Some(article.url.to_string()),
        // readers take the description for HTML, so text is escaped once more
        description: Some(match entry.summary() {
            Some(summary) => html! { (clean(summary)) }.into_string(),
            // `content:encoded` without a description before it is not taken by every reader
            None => html! { (clean(entry.title())) }.into_string(),
        }),
        categories: entry.categories().map(category).collect(),
        enclosure: article.attachments.first().map(enclosure),
        guid: Some(rss::Guid {
            value: entry.urn(),
            permalink: false,
        }),
        pub_date: Some(date(&entry.published())),
        source: feed.merged.then(|| rss::Source {
            url: feed.opened(format!("{}.{}", entry.source_feed, Format::Rss.ending())),
            title: Some(clean(entry.source_title()).into_owned()),
        }),
        content: entry.html_with_also().map(|html| clean(&html).into_owned()),
        dublin_core_ext: (!creators.is_empty()).then(|| DublinCoreExtension {
            creators,
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn category(name: &str) -> rss::Category {
    rss::Category {
        name: clean(name).into_owned(),
        domain: None,
    }
}

/// RSS allows one enclosure; the others are linked in the content. The length is not known, for which the
/// specification's validator asks to write 0.
fn enclosure(file: &crate::article::Attachment) -> rss::Enclosure {
    rss::Enclosure {
        url: file.url.to_string(),
        length: "0".to_owned(),
        mime_type: file.media_type.clone(),
    }
}

/// RFC 822 with a four-digit year, as RSS asks for.
fn date(at: &ZonedDateTime) -> String {
    // RFC 2822 has no years before 1 or after 9999, and dates of articles lie between 1990 and today
    rfc2822::to_string(at).unwrap_or_default()
}
