//! What may become a source: lists and feeds that were found, told apart and put in order.
//!
//! In: lists as they were read, and the evidence for them. Out: each list once, the surest first.

use std::{cmp::Reverse, collections::HashSet};

use jiff::civil::Date;
use url::Url;

use crate::{
    list::{
        Item, List,
        evidence::{Certainty, Evidence},
        leads::{Lead, Way},
    },
    page::links,
    poll::is_home,
};

/// A list or a feed that may become a source.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its address.
    pub url: Url,
    /// What its page or its feed is called.
    pub name: Option<String>,
    /// What its site is called.
    pub site: Option<String>,
    /// How it was found.
    pub way: Way,
    /// What speaks for it.
    pub evidence: Evidence,
    /// The same list at other addresses.
    pub also: Vec<Url>,
    /// What the link said that led here.
    linked: Option<String>,
    list: List,
    nearness: Nearness,
}

/// What a candidate has to do with the page that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// It is of the same site.
    Site,
    /// It lists the page, or the page says that it belongs there.
    Column,
    /// It is the page.
    Itself,
}

/// What is near the page that was asked for.
#[derive(Debug, Default)]
pub(super) struct Near {
    page: String,
    column: Option<String>,
}

impl Near {
    /// Of a page with these leads.
    pub(super) fn of(page: &Url, leads: &[Lead]) -> Self {
        let mut crumbs = leads.iter().filter(|lead| lead.way == Way::Breadcrumb);
        let column = crumbs.find(|lead| !is_home(&lead.url));
        Self {
            page: links::identity(page),
            column: column.map(|lead| links::identity(&lead.url)),
        }
    }
}

impl Candidate {
    pub(super) fn new(
        url: Url,
        list: List,
        site: Option<String>,
        lead: Lead,
        evidence: Evidence,
        near: &Near,
    ) -> Self {
        let lists_page = || {
            let mut items = list.items.iter();
            items.any(|item| links::identity(&item.url) == near.page)
        };
        let is_of_column = || {
            let column = near.column.as_ref();
            [&url, &lead.url]
                .iter()
                .any(|url| Some(&links::identity(url)) == column)
        };
        let nearness = match lead.way {
            Way::Asked if !evidence.is_home => Nearness::Itself,
            _ if !evidence.is_home && (is_of_column() || lists_page()) => Nearness::Column,
            _ => Nearness::Site,
        };
        // many sites give all pages one title, and the link that led here says more
        let title = list
            .title
            .clone()
            .filter(|title| Some(title) != site.as_ref());
        let linked = Some(lead.name).filter(|name| !name.is_empty() && !evidence.is_home);
        Self {
            name: title
                .or_else(|| linked.clone())
                .or_else(|| list.title.clone()),
            linked,
            url,
            site,
            way: lead.way,
            evidence,
            also: Vec::new(),
            list,
            nearness,
        }
    }

    /// What a source of it is called: the site and the column.
    pub fn title(&self) -> Option<String> {
        let title = match (&self.site, &self.name) {
            (Some(site), Some(name)) if !name.contains(site.as_str()) => {
                Some(format!("{site} · {name}"))
            }
            (site, name) => name.as_ref().or(site.as_ref()).cloned(),
        };
        // a page may name itself with a terminal's orders
        title.map(|title| title.replace(char::is_control, ""))
    }

    /// How sure it is.
    pub fn certainty(&self) -> Option<Certainty> {
        self.evidence.certainty()
    }

    /// Its items.
    pub fn items(&self) -> &[Item] {
        &self.list.items
    }

    /// The day of its newest item.
    pub fn newest(&self) -> Option<Date> {
        self.evidence.newest
    }

    /// Its next page.
    pub fn next(&self) -> Option<&Url> {
        self.list.following()
    }

    /// The site family that was recognised.
    pub fn preset(&self) -> Option<&str> {
        self.list.preset.as_deref()
    }

    /// Whether it is the page that was asked for, or that page's column.
    pub(super) fn is_near(&self) -> bool {
        self.nearness > Nearness::Site
    }

    /// Notes whether one of its articles' pages was an article, or could not be had.
    pub(super) fn note_article(&mut self, is_article: Option<bool>) {
        self.evidence.asked += 1;
        self.evidence.read += usize::from(is_article == Some(true));
        self.evidence.not_had += usize::from(is_article.is_none());
    }

    /// Whether another one shows the same list: the shorter one's items are the other's beginning, or a home page's box.
    fn is_same_list(&self, other: &Self) -> bool {
        let [mine, others] = [self, other].map(Self::items);
        let length = mine.len().min(others.len());
        let first = |items: &[Item], length: usize| -> HashSet<String> {
            let items = items.iter().take(length);
            items.map(|item| links::identity(&item.url)).collect()
        };
        let is_box = self.evidence.is_home || other.evidence.is_home;
        let reach = if is_box { usize::MAX } else { length };
        let (mine, others) = (first(mine, reach), first(others, reach));
        let shared = mine.intersection(&others).count();
        length > 0 && shared * 5 >= length * 4
    }

    /// What of several addresses of one list is shown.
    fn merit(&self) -> impl Ord + use<> {
        (
            self.evidence.is_feed && self.evidence.dated > 0,
            !self.evidence.is_home,
            self.nearness,
            self.evidence.points(),
            self.items().len(),
            Reverse(self.url.as_str().len()),
        )
    }
}

/// Shows each list once, at the best of its addresses.
pub(super) fn unite(candidates: &mut Vec<Candidate>) {
    let mut all = std::mem::take(candidates);
    all.sort_by_cached_key(|candidate| Reverse(candidate.merit()));
    for other in all {
        let Some(known) = candidates
            .iter_mut()
            .find(|known| known.is_same_list(&other))
        else {
            candidates.push(other);
            continue;
        };
        known.also.push(other.url);
        known.also.extend(other.also);
        known.nearness = known.nearness.max(other.nearness);
        known.site = known.site.take().or(other.site);
        // what a feed is called is often more than the column
        if known.evidence.is_feed && !other.evidence.is_home && other.name.is_some() {
            (known.name, known.linked) = (other.name, other.linked);
        }
    }
}

/// Many sites give all pages the home page's title: then the link that led there says more.
pub(super) fn name(candidates: &mut [Candidate], home: Option<&str>) {
    for candidate in candidates.iter_mut().filter(|c| c.name.as_deref() == home) {
        if candidate.linked.is_some() {
            let site = candidate.name.take();
            candidate.name.clone_from(&candidate.linked);
            candidate.site = candidate.site.take().or(site);
        }
    }
}

/// The surest first; what the person asked for before all others.
pub(super) fn rank(candidates: &mut [Candidate]) {
    candidates.sort_by_cached_key(|candidate| {
        let certainty = candidate.certainty();
        let near = Some(candidate.nearness).filter(|_| certainty >= Some(Certainty::Likely));
        Reverse((
            near,
            certainty,
            candidate.evidence.points(),
            candidate.newest(),
            Reverse(candidate.url.path().matches('/').count()),
        ))
    });
}
