//! The articles that match, newest first, each story once.
//!
//! All that match are collected, which takes some milliseconds for a million: so the number is known, and a story whose
//! articles lie far apart is recognised. Only the articles of the page asked for are read from the store.

use std::collections::{BinaryHeap, HashMap, HashSet, hash_map::Entry};

use tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader, Term,
    collector::{Collector, SegmentCollector},
    columnar::Column,
    query::{BooleanQuery, TermSetQuery},
};

use super::{
    Found, Question,
    files::{AT, Broken, Files, NUMBER, STORY},
};
use crate::store::{
    Choice, Scope, StoreError,
    keys::Key,
    read,
    records::ArticleRow,
    together,
    view::View,
    walk::{self, Only, Shown},
};

/// A document that matches. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Match {
    at: i64,
    number: u64,
    /// The number of the story's first article; its own where it tells none, or is that.
    story: u64,
}

/// All that match, in no order.
pub(super) fn collect(
    files: &Files,
    question: &Question,
    only: &Only,
) -> Result<Vec<Match>, Broken> {
    let (text, source) = (files.fields.text, files.fields.source);
    let mut wanted = question.wanted(text);
    if let Some(only) = only {
        let terms = only
            .iter()
            .map(|n| Term::from_field_u64(source, u64::from(*n)));
        wanted.push(Box::new(TermSetQuery::new(terms)));
    }
    let unwanted = question.unwanted(text);
    let searcher = files.reader.searcher();
    let all = |queries| searcher.search(&BooleanQuery::intersection(queries), &All);
    let Some(unwanted) = unwanted else {
        return Ok(all(wanted)?);
    };
    let mut matches = all(wanted.iter().map(|query| query.box_clone()).collect())?;
    wanted.push(unwanted);
    let unwanted: HashSet<u64> = all(wanted)?.iter().map(|found| found.number).collect();
    matches.retain(|found| !unwanted.contains(&found.number));
    Ok(matches)
}

struct All;

impl Collector for All {
    type Fruit = Vec<Match>;
    type Child = OfSegment;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<OfSegment> {
        let fast = segment.fast_fields();
        Ok(OfSegment {
            at: fast.i64(AT)?,
            number: fast.u64(NUMBER)?,
            story: fast.u64(STORY)?,
            found: Vec::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, found: Vec<Vec<Match>>) -> tantivy::Result<Vec<Match>> {
        Ok(found.concat())
    }
}

struct OfSegment {
    at: Column<i64>,
    number: Column<u64>,
    story: Column<u64>,
    found: Vec<Match>,
}

impl SegmentCollector for OfSegment {
    type Fruit = Vec<Match>;

    fn collect(&mut self, document: DocId, _: Score) {
        // each document has all three
        if let (Some(at), Some(number), Some(story)) = (
            self.at.first(document),
            self.number.first(document),
            self.story.first(document),
        ) {
            self.found.push(Match { at, number, story });
        }
    }

    fn harvest(self) -> Vec<Match> {
        self.found
    }
}

/// What is chosen of what matches. In a merged feed each story is there once, told by whom that feed shows where that
/// one matches.
pub(super) fn choose(
    view: &View,
    matches: Vec<Match>,
    (scope, only): (&Scope, &Only),
    choice: &Choice<'_>,
) -> Result<Found, StoreError> {
    let _steady = view.steady();
    let mut stories = if walk::merges(scope) {
        Stories::of(&matches)
    } else {
        Stories::default()
    };
    let mut total = matches.len() - stories.doubles(view)?;
    let mut heap = BinaryHeap::from(matches);
    let (mut skip, mut left) = (choice.skip, choice.looked_at);
    let mut entries = Vec::new();
    while entries.len() < choice.limit
        && left > 0
        && let Some(found) = heap.pop()
    {
        if !stories.shows(view, only, found)? {
            continue;
        }
        left -= 1;
        if skip > 0 && choice.keep.is_none() {
            skip -= 1;
            continue;
        }
        let Some(shown) = shown(view, only, found.number)? else {
            continue;
        };
        let Some(entry) = read::entry(view, &shown)? else {
            continue;
        };
        if choice.keep.is_some_and(|keep| !keep(&entry.article)) {
            total -= 1;
        } else if skip > 0 {
            skip -= 1;
        } else {
            entries.push(entry);
        }
    }
    Ok(Found { entries, total })
}

/// An article at its place in a scope; none where it has left the store, or that scope, a moment ago.
fn shown(view: &View, only: &Only, number: u64) -> Result<Option<Shown>, StoreError> {
    let Some(row) = view.row::<ArticleRow>(Key::Article(number))? else {
        return Ok(None);
    };
    let mut listings = row.listings.iter();
    let listing = listings.find(|l| only.as_ref().is_none_or(|only| only.contains(&l.source)));
    Ok(listing.copied().map(|listing| Shown {
        number,
        source: listing.source,
        at: listing.at,
        row,
    }))
}

/// The stories of which several articles match.
#[derive(Default)]
struct Stories {
    /// The articles that match, by story.
    matching: HashMap<u64, Vec<u64>>,
    /// Which of them are shown, where that was asked for.
    speakers: HashMap<u64, Vec<u64>>,
}

impl Stories {
    fn of(matches: &[Match]) -> Self {
        let mut matching: HashMap<u64, Vec<u64>> = HashMap::new();
        // most tell no story at all
        for found in matches.iter().filter(|found| found.story != found.number) {
            matching.entry(found.story).or_default().push(found.number);
        }
        if !matching.is_empty() {
            for found in matches.iter().filter(|found| found.story == found.number) {
                if let Entry::Occupied(mut others) = matching.entry(found.story) {
                    others.get_mut().push(found.number);
                }
            }
            matching.retain(|_, articles| articles.len() > 1);
        }
        Self {
            matching,
            speakers: HashMap::new(),
        }
    }

    /// How many articles are not shown, because another one is.
    fn doubles(&self, view: &View) -> Result<usize, StoreError> {
        let mut doubles = 0;
        for (story, articles) in &self.matching {
            doubles += articles.len() - together::count(view, *story, articles)?;
        }
        Ok(doubles)
    }

    fn shows(&mut self, view: &View, only: &Only, found: Match) -> Result<bool, StoreError> {
        let Some(matching) = self.matching.get(&found.story) else {
            return Ok(true);
        };
        let speakers = match self.speakers.entry(found.story) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(speakers(view, only, found.story, matching)?),
        };
        Ok(speakers.contains(&found.number))
    }
}

/// Who speaks for each part of a story, among its articles that match.
fn speakers(
    view: &View,
    only: &Only,
    story: u64,
    matching: &[u64],
) -> Result<Vec<u64>, StoreError> {
    let mut speakers = Vec::new();
    for mut part in together::parts(view, story)? {
        let speaker = walk::speaker(view, only, part.clone());
        if speaker.is_some_and(|speaker| matching.contains(&speaker)) {
            speakers.extend(speaker);
            continue;
        }
        part.retain(|(number, _)| matching.contains(number));
        speakers.extend(walk::speaker(view, only, part));
    }
    Ok(speakers)
}
