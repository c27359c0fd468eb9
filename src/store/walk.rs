//! Feeds in order, read lazily: one cursor for each source, the latest time first, and no further than asked.
//!
//! Which of a story's articles is shown is decided where a cursor meets one of them, so it is the same on every page.

use std::{
    collections::{BTreeMap, BinaryHeap, HashSet},
    iter::Peekable,
};

use super::{
    Scope, StoreError,
    keys::Key,
    lines::{Backwards, Line},
    records::{ArticleRow, timestamp},
    together::{self, Numbered},
    view::View,
};
use crate::{
    source::SourceId,
    story::merge::{self, Teller},
};

/// The sources that are looked at; all where absent.
pub(super) type Only = Option<HashSet<u32>>;

/// An article at its place in a feed.
pub(super) struct Shown {
    pub(super) number: u64,
    pub(super) source: u32,
    pub(super) at: i64,
    pub(super) row: ArticleRow,
}

/// Articles in feed order.
pub(super) struct Walk<'a> {
    view: &'a View,
    cursors: Vec<Peekable<Cursor<'a>>>,
    /// The next time of each cursor, the latest first.
    heads: BinaryHeap<(i64, usize)>,
    /// Whether stories are shown once, and among which sources.
    merged: bool,
    only: Only,
    /// Stories met: who speaks for their parts.
    speakers: BTreeMap<u64, Vec<u64>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(view: &'a View, scope: &Scope) -> Result<Self, StoreError> {
        let only = only(view, scope);
        let mut cursors: Vec<_> = match &only {
            None => vec![Cursor::timeline(view).peekable()],
            Some(numbers) => numbers
                .iter()
                .map(|n| Cursor::source(view, *n).peekable())
                .collect(),
        };
        let mut heads = BinaryHeap::new();
        for (i, cursor) in cursors.iter_mut().enumerate() {
            if let Some(at) = head(cursor)? {
                heads.push((at, i));
            }
        }
        Ok(Self {
            view,
            cursors,
            heads,
            merged: merges(scope),
            only,
            speakers: BTreeMap::new(),
        })
    }

    /// The articles of the next time, sorted by permalink. A group may be empty: others spoke for its articles.
    pub(super) fn next_group(&mut self) -> Result<Option<Vec<Shown>>, StoreError> {
        let Some((at, _)) = self.heads.peek().copied() else {
            return Ok(None);
        };
        let mut group = Vec::new();
        while let Some((_, i)) = self.heads.peek().copied().filter(|(time, _)| *time == at) {
            self.heads.pop();
            while head(&mut self.cursors[i])? == Some(at) {
                if let Some(place) = self.cursors[i].next().transpose()? {
                    group.extend(self.shown(place)?);
                }
            }
            if let Some(next) = head(&mut self.cursors[i])? {
                self.heads.push((next, i));
            }
        }
        group.sort_by(|a, b| (&a.row.tie, a.row.id).cmp(&(&b.row.tie, b.row.id)));
        Ok(Some(group))
    }

    /// What is shown at a cursor's place: nothing where another place or article stands for it.
    fn shown(&mut self, place: Place) -> Result<Option<Shown>, StoreError> {
        let Some(row) = self.view.row::<ArticleRow>(Key::Article(place.number))? else {
            return Ok(None);
        };
        let first = row
            .listings
            .iter()
            .map(|listing| listing.source)
            .find(|n| includes(&self.only, *n));
        let Some(first) = first.filter(|first| place.source.is_none_or(|source| source == *first))
        else {
            return Ok(None);
        };
        if let (true, Some(story)) = (self.merged, row.story)
            && !self.speaks(story, place.number)?
        {
            return Ok(None);
        }
        Ok(Some(Shown {
            number: place.number,
            source: first,
            at: place.at,
            row,
        }))
    }

    /// An article at its place in the feed, wherever that is; nothing where another one stands for it.
    pub(super) fn show(
        &mut self,
        number: u64,
        row: ArticleRow,
    ) -> Result<Option<Shown>, StoreError> {
        let mut listings = row.listings.iter();
        let Some(first) = listings.find(|listing| includes(&self.only, listing.source)) else {
            return Ok(None);
        };
        let (source, at) = (first.source, first.at);
        if let (true, Some(story)) = (self.merged, row.story)
            && !self.speaks(story, number)?
        {
            return Ok(None);
        }
        Ok(Some(Shown {
            number,
            source,
            at,
            row,
        }))
    }

    /// Whether an article speaks for its part of a story.
    fn speaks(&mut self, story: u64, article: u64) -> Result<bool, StoreError> {
        if !self.speakers.contains_key(&story) {
            let parts = together::parts(self.view, story)?;
            let speaker = |part| speaker(self.view, &self.only, part);
            let speakers = parts.into_iter().filter_map(speaker);
            let speakers = speakers.collect();
            self.speakers.insert(story, speakers);
        }
        Ok(self.speakers[&story].contains(&article))
    }
}

/// Whether a scope's feeds show each story once.
pub(super) fn merges(scope: &Scope) -> bool {
    !matches!(scope, Scope::Source(_) | Scope::Renamed(_))
}

/// The sources of a scope.
pub(super) fn only(view: &View, scope: &Scope) -> Only {
    let numbers = |ids: &[SourceId]| -> HashSet<u32> {
        let sources = view.sources();
        ids.iter().filter_map(|id| sources.number(id)).collect()
    };
    match scope {
        Scope::Source(id) => Some(numbers(std::slice::from_ref(id))),
        Scope::Renamed(ids) | Scope::Sources(ids) => Some(numbers(ids)),
        Scope::All => None,
    }
}

fn includes(only: &Only, source: u32) -> bool {
    only.as_ref().is_none_or(|only| only.contains(&source))
}

/// The article that speaks for a part of a story among those that the sources looked at list.
pub(super) fn speaker(view: &View, only: &Only, part: Vec<Numbered>) -> Option<u64> {
    let listed = |row: &ArticleRow| row.listings.iter().any(|l| includes(only, l.source));
    let members: Vec<_> = part
        .into_iter()
        .filter(|(_, row)| listed(row))
        .map(|(number, row)| (number, names(view, only, &row), host(&row.tie), row))
        .collect();
    let tellers: Vec<Teller<'_>> = members
        .iter()
        .map(|(_, names, host, row)| Teller {
            first_seen: timestamp(row.first_seen),
            withdrawn: row.withdrawn.is_some(),
            origin: row.origin.as_deref(),
            host,
            names,
        })
        .collect();
    merge::speaker(&tellers).map(|i| members[i].0)
}

fn names(view: &View, only: &Only, row: &ArticleRow) -> Vec<String> {
    let sources = view.sources();
    let ids: Vec<SourceId> = row
        .listings
        .iter()
        .filter(|listing| includes(only, listing.source))
        .filter_map(|listing| Some(sources.row(listing.source)?.id.clone()))
        .collect();
    drop(sources);
    ids.iter().flat_map(|id| view.names(id)).collect()
}

fn host(address: &str) -> String {
    let url = url::Url::parse(address).ok();
    url.and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

/// A line, read backwards.
struct Cursor<'a> {
    line: Backwards<'a>,
    source: Option<u32>,
}

/// An article's place in a line.
#[derive(Clone, Copy)]
struct Place {
    at: i64,
    number: u64,
    source: Option<u32>,
}

impl<'a> Cursor<'a> {
    fn source(view: &'a View, number: u32) -> Self {
        Self {
            line: Line::Listing(number).backwards(view),
            source: Some(number),
        }
    }

    fn timeline(view: &'a View) -> Self {
        Self {
            line: Line::Timeline.backwards(view),
            source: None,
        }
    }
}

impl Iterator for Cursor<'_> {
    type Item = Result<Place, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let source = self.source;
        let place = self.line.next()?;
        Some(place.map(|(at, number)| Place { at, number, source }))
    }
}

fn head(cursor: &mut Peekable<Cursor<'_>>) -> Result<Option<i64>, StoreError> {
    match cursor.peek() {
        None => Ok(None),
        Some(Ok(place)) => Ok(Some(place.at)),
        Some(Err(_)) => match cursor.next() {
            Some(Err(error)) => Err(error),
            _ => Ok(None),
        },
    }
}
