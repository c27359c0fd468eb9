//! What we found: one announcement.
//!
//! In: a parsed page, or a list's item alone. Out: a [`Reading`] of the page, and with the item and the source an
//! [`Article`].

mod body;
mod breadcrumb;
pub mod dates;
mod declared;
mod facts;
pub mod files;
mod heading;
pub mod identity;
mod names;
mod outline;
mod read;
mod refusal;
mod render;
mod role;
pub mod sanitize;
pub mod shown;
pub mod text;

use std::fmt;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use self::dates::{DateFrom, Published};
pub use self::{
    identity::{Seen, compose},
    read::extract,
};
use crate::{
    page::document::Document,
    source::{ArticleRules, PresetChoice, SourceId},
};

/// An article's id: UUID version 5 of its normalised address (RFC 9562, section 5.5, name space URL).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArticleId(Uuid);

impl ArticleId {
    /// The id's sixteen bytes: what the store's keys are made of.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// From a store's key.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// From its text.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::parse_str(text).ok().map(Self)
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One announcement, as it is kept and published. The fields are those of the contract, section 5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// See [`ArticleId`].
    pub id: ArticleId,
    /// The source that listed it.
    pub source: SourceId,
    /// Absolute, normalised.
    pub url: Url,
    /// Whole, white space folded, at most 4,000 characters.
    pub title: String,
    /// As shown; absent if nowhere shown.
    pub published: Option<Published>,
    /// How `published` is known.
    pub date_from: Option<DateFrom>,
    /// When it was first listed.
    pub first_seen: Timestamp,
    /// Its place in feeds, newest first: `first_seen`, but for articles of a source's first poll their own date.
    /// So that an article listed late with an old date still comes to the top, where readers see it.
    pub sorted_at: Timestamp,
    /// When a change was seen.
    pub updated: Option<Timestamp>,
    /// The original publisher, as printed.
    pub origin: Option<String>,
    /// As printed.
    pub author: Option<String>,
    /// As printed, the first part outermost.
    pub breadcrumb: Vec<String>,
    /// Sanitised HTML, addresses absolute. Empty where the article's page was not read.
    pub body_html: String,
    /// Plain text, paragraphs separated by one newline.
    pub body_text: String,
    /// The first sentences, at most 200 characters.
    pub summary: String,
    /// Addresses of the body's pictures.
    pub images: Vec<Url>,
    /// The body's files.
    pub attachments: Vec<Attachment>,
    /// Whether its own page was read, or is none to read. If not, it is read again later.
    pub complete: bool,
}

/// A file of an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Where it lies.
    pub url: Url,
    /// The link's text.
    pub title: String,
    /// Its media type, by the name's ending.
    #[serde(rename = "type")]
    pub media_type: String,
}

/// What the extraction of an article's page is given beside the page.
#[derive(Clone, Debug)]
pub struct ArticleContext<'a> {
    /// The page's address: relative links resolve against it.
    pub url: &'a Url,
    /// The user's selectors.
    pub rules: &'a ArticleRules,
    /// Which site family.
    pub preset: &'a PresetChoice,
    /// Where dates without an offset are at home.
    pub timezone: &'a TimeZone,
    /// The time of fetching: no date lies after it.
    pub now: Timestamp,
}

/// What an article's page says.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The title.
    pub title: Option<String>,
    /// The date.
    pub published: Option<Published>,
    /// How it is known.
    pub date_from: Option<DateFrom>,
    /// The date is the one that the author signs with below the text: a list's goes before it.
    pub is_signed: bool,
    /// The original publisher.
    pub origin: Option<String>,
    /// The author.
    pub author: Option<String>,
    /// The editor (责任编辑), who is no author and stands in no feed: for `preview`.
    pub editor: Option<String>,
    /// The breadcrumb.
    pub breadcrumb: Vec<String>,
    /// Sanitised HTML; empty where no body was found.
    pub body_html: String,
    /// Plain text.
    pub body_text: String,
    /// The first sentences.
    pub summary: String,
    /// Pictures.
    pub images: Vec<Url>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// The site family that was recognised or forced.
    pub preset: Option<String>,
    /// How each field was found, in words for `preview`: (field, how).
    pub found_by: Vec<(&'static str, String)>,
    /// What could not be understood, in words.
    pub problems: Vec<String>,
    /// The page says nothing but sends to this address, by `<meta>` or script: it has no body.
    pub leads_to: Option<Url>,
    /// The page is no article but a refusal (campus only, log-in, bot wall, soft 404): why, in words.
    pub refusal: Option<Refusal>,
}

/// A page that answers 200 and yet refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Shown on the campus network only.
    CampusOnly,
    /// A bot wall's script, a log-in page, or what the site's programs say when they fail: another visit may pass.
    Blocked,
    /// "页面不存在", "已删除".
    Gone,
}

/// Where a page leads that says nothing itself; `base` is what its addresses are relative to. See [`Reading::leads_to`].
pub fn leads_to(document: &Document, base: &Url) -> Option<Url> {
    refusal::leads_to(&outline::Outline::of(document), base)
}

/// Whether a page without a list refuses. See [`Reading::refusal`] for articles.
pub fn refusal(document: &Document) -> Option<Refusal> {
    refusal::of(
        &outline::Outline::of(document),
        refusal::Signs::default(),
        None,
    )
}
