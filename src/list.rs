//! What a list page offers: its items, in order, and the next page.
//!
//! In: a parsed page and what is known of its source. Out: a [`List`], never an error for the whole page.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use url::Url;

use crate::{
    article::dates::Published,
    source::{ListRules, PresetChoice},
};

/// What the extraction of a list page is given beside the page.
#[derive(Clone, Debug)]
pub struct ListContext<'a> {
    /// The page's address: relative links resolve against it.
    pub url: &'a Url,
    /// The user's selectors.
    pub rules: &'a ListRules,
    /// Which site family.
    pub preset: &'a PresetChoice,
    /// Where dates without an offset are at home.
    pub timezone: &'a TimeZone,
    /// The time of fetching: no date lies after it.
    pub now: Timestamp,
}

/// A list page's items and pager.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The page's title, without the site's name where that can be told.
    pub title: Option<String>,
    /// The items, in page order, each address once.
    pub items: Vec<Item>,
    /// The next list page.
    pub next: Option<Url>,
    /// The site family that was recognised or forced.
    pub preset: Option<String>,
    /// How the items were found, in words for `preview`: a selector, a preset, detection.
    pub found_by: String,
    /// What could not be understood, in words.
    pub problems: Vec<String>,
}

/// A line of a list page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The title, white space folded; may be cut short with `…` by the page.
    pub title: String,
    /// The article's address, absolute.
    pub url: Url,
    /// The date shown beside it.
    pub published: Option<Published>,
}
