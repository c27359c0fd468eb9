//! What a page tells beside its list.
//!
//! In: a page, and the items that were read on it. Out: its site's name, where it leads, and whether it is an article.

use jiff::Timestamp;

use crate::{
    article::dates::DateFrom,
    list::{
        self, Item,
        leads::{self, Lead},
        syndicated,
    },
    page::{Page, charset, document::Document},
    poll,
    source::Source,
};

/// What is told by a page's text beside its list.
#[derive(Default)]
pub(super) struct Told {
    /// Whether it is a feed.
    pub(super) is_feed: bool,
    /// What the page is called.
    pub(super) title: Option<String>,
    /// What the page calls its site.
    pub(super) site: Option<String>,
    /// Where it leads.
    pub(super) leads: Vec<Lead>,
    /// How many characters of it read like an article's text, and not like the list.
    pub(super) own_text: usize,
}

impl Told {
    /// Pure: the same page gives the same answer.
    pub(super) fn of(source: &Source, page: &Page, items: &[Item], now: Timestamp) -> Self {
        let decoded = charset::decode(&page.body, page.content_type.as_deref());
        if syndicated::is_feed(&decoded.text) {
            return Self {
                is_feed: true,
                ..Self::default()
            };
        }
        let document = Document::parse(&decoded.text);
        Self {
            is_feed: false,
            title: list::title(&document),
            site: leads::site_name(&document),
            leads: leads::of(&document, &page.url, items),
            own_text: own_text(source, page, items, now),
        }
    }
}

/// How many characters of a page read like an article's text, and not like the list itself.
fn own_text(source: &Source, page: &Page, items: &[Item], now: Timestamp) -> usize {
    /// The beginning of a title: the rest may be cut in one of two places.
    const BEGINNING: usize = 8;
    /// What says no day is an article only if it is long: columns introduce themselves, too.
    const LONG: usize = 400;
    /// A notice may be a picture or a file.
    const PICTURE: usize = 100;
    let Ok(reading) = poll::read_article(source, page, now) else {
        return 0;
    };
    let text = reading.body_text;
    let is_in_text = |item: &&Item| {
        let beginning: String = item.title.chars().take(BEGINNING).collect();
        text.contains(&beginning)
    };
    if items.iter().filter(is_in_text).count() * 3 > items.len() {
        return 0;
    }
    let files = reading.images.len() + reading.attachments.len();
    let own = text.chars().count() + files * PICTURE;
    let is_dated = matches!(reading.date_from, Some(DateFrom::Page | DateFrom::Meta));
    if is_dated || own >= LONG { own } else { 0 }
}
