//! Retention: which articles go, and which journal segments.
//!
//! What goes is written to the journal first, as [`crate::journal::Event::Expired`], so a replay lets go of the same
//! articles. Segments go oldest first and whole, once all that they speak of is older than what is kept: an event
//! that expires an article lies behind the event that published it, so no segment brings one back.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    StoreError,
    change::Change,
    index,
    keys::{self, Key},
    lines::Line,
    records::{ArticleRow, SegmentRow, nanos},
    view::View,
};
use crate::{article::ArticleId, story::merge::DAYS};

/// Articles of one event.
const BATCH: usize = 500;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) now: Timestamp,
    /// Articles whose place lies before this go.
    pub(super) before: Timestamp,
    /// A source's oldest articles beyond so many go.
    pub(super) keep_per_source: u64,
}

/// So many days ago.
pub(super) fn days_before(now: Timestamp, days: u32) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(Timestamp::MIN)
}

/// The next articles that go: a batch at most.
pub(super) fn doomed(view: &View, rule: &Rule) -> Result<Vec<ArticleId>, StoreError> {
    let mut doomed = Vec::new();
    let before = nanos(rule.before).saturating_sub(1);
    for place in Line::Timeline.between(view, i64::MIN, before)?.take(BATCH) {
        let row: Option<ArticleRow> = view.row(Key::Article(place?.1))?;
        doomed.extend(row.map(|row| row.article_id()));
    }
    if doomed.is_empty() {
        crowded_out(view, rule.keep_per_source, &mut doomed)?;
    }
    Ok(doomed)
}

/// Articles beyond the number that is kept, at every source that lists them.
fn crowded_out(view: &View, keep: u64, doomed: &mut Vec<ArticleId>) -> Result<(), StoreError> {
    let cutoffs = cutoffs(view, keep)?;
    let beyond = |source: u32, at: i64, article: u64| {
        cutoffs
            .get(&source)
            .is_some_and(|cutoff| (at, article) < *cutoff)
    };
    let mut seen = HashSet::new();
    for source in cutoffs.keys() {
        for place in Line::Listing(*source).between(view, i64::MIN, i64::MAX)? {
            let (at, article) = place?;
            if !beyond(*source, at, article) || doomed.len() >= BATCH {
                break;
            }
            let Some(row) = view.row::<ArticleRow>(Key::Article(article))? else {
                continue;
            };
            let everywhere = row.listings.iter().all(|l| beyond(l.source, l.at, article));
            if everywhere && seen.insert(article) {
                doomed.push(row.article_id());
            }
        }
    }
    Ok(())
}

/// The month before which no fingerprint is of use.
pub(super) fn first_month(rule: &Rule) -> u16 {
    let day = rule.before.to_zoned_datetime(TimeZone::UTC).date();
    index::month(day.saturating_sub(jiff::Span::new().days(2 * DAYS)))
}

/// Forgets the segments that speak of nothing that is kept. Returns their numbers; they are to be removed from the
/// journal.
pub(super) fn forget(change: &mut Change<'_>, rule: &Rule) -> Result<Vec<u32>, StoreError> {
    let before = nanos(rule.before);
    let mut gone = Vec::new();
    for row in change
        .view
        .range(keys::range(Key::Segment(0), Key::Segment(u32::MAX)))
    {
        let (key, value) = row?;
        let segment: SegmentRow = change.view.decode(&value)?;
        match Key::decode(&key) {
            Some(Key::Segment(number)) if segment.newest < before => gone.push(number),
            // behind one that stays all stay
            _ => break,
        }
    }
    for number in &gone {
        change.remove(Key::Segment(*number));
    }
    Ok(gone)
}

/// For each source with more than `keep` articles, the place of the oldest that stays.
fn cutoffs(view: &View, keep: u64) -> Result<HashMap<u32, (i64, u64)>, StoreError> {
    let crowded: Vec<(u32, u64)> = {
        let sources = view.sources();
        let rows = (0..).zip(&sources.rows);
        rows.filter(|(_, row)| row.articles > keep)
            .map(|(n, row)| (n, row.articles - keep))
            .collect()
    };
    let mut cutoffs = HashMap::new();
    for (source, excess) in crowded {
        let skip = usize::try_from(excess).unwrap_or(usize::MAX);
        let mut places = Line::Listing(source).between(view, i64::MIN, i64::MAX)?;
        let cutoff = places.nth(skip).transpose()?;
        cutoffs.insert(source, cutoff.unwrap_or((i64::MAX, u64::MAX)));
    }
    Ok(cutoffs)
}
