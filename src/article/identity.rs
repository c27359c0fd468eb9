//! Which article is which, and an item with its page's reading made one article.
//!
//! Identity comes from the address alone: `http` and `https`, session ids and campaigns make no difference
//! ([`links::identity`]).

use jiff::{Timestamp, tz::TimeZone};
use url::Url;
use uuid::Uuid;

use super::{
    Article, ArticleId, Attachment, Reading,
    dates::{self, DateContext, DateFrom, Published},
    files, heading,
};
use crate::{
    list::Item,
    page::{links, text},
    source::Source,
};

/// Titles are cut here.
const MOST_TITLE: usize = 4_000;

impl ArticleId {
    /// The id of an address: UUID version 5 in the name space of URLs (RFC 9562, section 5.5).
    pub fn of(url: &Url) -> Self {
        Self(Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            links::identity(url).as_bytes(),
        ))
    }
}

/// The times and the place that an article is made with.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When it was first listed.
    pub first_seen: Timestamp,
    /// Its place in feeds.
    pub sorted_at: Timestamp,
    /// Where dates without an offset are at home.
    pub timezone: &'a TimeZone,
}

/// An article from a list's item and, if its page was read, the page's reading.
///
/// An item that is no page but a file is complete as it is: the file is its attachment.
pub fn compose(reading: Option<Reading>, item: &Item, source: &Source, seen: &Seen<'_>) -> Article {
    let url = links::normalise(&item.url);
    let refused = reading
        .as_ref()
        .is_some_and(|reading| reading.refusal.is_some());
    let reading = reading.filter(|_| !refused).unwrap_or_default();
    let file = files::media_type(url.path());
    let (published, date_from) = published(&reading, item, &url, seen);
    let mut article = Article {
        id: ArticleId::of(&item.url),
        source: source.id.clone(),
        title: text::cut(&title(&reading, item, source), MOST_TITLE).to_owned(),
        published,
        date_from,
        first_seen: seen.first_seen,
        sorted_at: seen.sorted_at,
        updated: None,
        origin: reading.origin,
        author: reading.author,
        breadcrumb: reading.breadcrumb,
        complete: !reading.body_html.is_empty() || !reading.attachments.is_empty(),
        body_html: reading.body_html,
        body_text: reading.body_text,
        summary: reading.summary,
        images: reading.images,
        attachments: reading.attachments,
        url,
    };
    if let Some(media_type) = file
        && !article.complete
    {
        article.attachments = vec![Attachment {
            url: article.url.clone(),
            title: article.title.clone(),
            media_type: media_type.to_owned(),
        }];
        article.complete = true;
    }
    article
}

/// The page's title; the item's where the page has none, or one that is no title: the site's or the source's name.
/// An item's title that the list cut short gives way in any case.
fn title(reading: &Reading, item: &Item, source: &Source) -> String {
    let listed = text::fold(&item.title);
    let Some(title) = reading
        .title
        .as_deref()
        .map(text::fold)
        .filter(|title| !title.is_empty())
    else {
        return listed;
    };
    let (page, list) = (heading::key(&title), heading::key(&listed));
    let named = source.title.as_deref().map(heading::key);
    let host = source
        .url
        .host_str()
        .is_some_and(|host| title.eq_ignore_ascii_case(host));
    let column = reading
        .breadcrumb
        .iter()
        .any(|part| heading::key(part) == page)
        && page != list;
    let implausible = page.is_empty() || named.as_ref() == Some(&page) || host || column;
    if implausible && !list.is_empty() {
        listed
    } else {
        title
    }
}

/// Page, meta, list, address, in that order. A time that the list or the page shows refines a day that the other shows.
fn published(
    reading: &Reading,
    item: &Item,
    url: &Url,
    seen: &Seen<'_>,
) -> (Option<Published>, Option<DateFrom>) {
    let context = DateContext {
        timezone: seen.timezone,
        now: seen.first_seen,
    };
    if let Some(published) = reading.published {
        let from = reading.date_from.unwrap_or(DateFrom::Page);
        if from == DateFrom::Url && item.published.is_some() {
            return (item.published, Some(DateFrom::List));
        }
        return match (published, item.published) {
            (Published::Day(day), Some(listed @ Published::At(..))) if listed.day() == day => {
                (Some(listed), Some(from))
            }
            _ => (Some(published), Some(from)),
        };
    }
    if let Some(published) = item.published {
        return (Some(published), Some(DateFrom::List));
    }
    let published = dates::from_address(url, &context);
    (published, published.map(|_| DateFrom::Url))
}
