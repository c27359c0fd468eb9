//! When published articles are read once more.
//!
//! Sites mend their notices within hours, and hardly ever after a month. So an article is read again at six ages, each
//! moved by up to a quarter that its id decides: what was published together is not asked for together. A page that is
//! not there is asked for again sooner, to be sure. A changed line in the list makes it due at once.

use super::{
    Note, StoreError, apply,
    change::Change,
    keys::Key,
    lines::{self, Line},
    records::{ArticleRow, CheckRow, nanos},
};
use crate::{article::ArticleId, source::state::SourceValidators};

/// The ages at which an article is read again.
const AGES_HOURS: [i64; 6] = [1, 6, 24, 3 * 24, 7 * 24, 30 * 24];
/// How soon a page is asked for again that was not there, by how often it was not.
const MISSING_HOURS: [i64; 3] = [1, 6, 24];
/// What has been due for longer is not read any more: a store that is made from its journal does not know what was read
/// in the years before.
const OVERDUE_HOURS: i64 = 45 * 24;
const HOUR: i64 = 3_600_000_000_000;

/// The earliest time whose checks are still of interest.
pub(super) fn overdue(now: i64) -> i64 {
    now.saturating_sub(OVERDUE_HOURS * HOUR)
}

/// Plans the first check that comes after a time. An article whose page was not read yet has none.
pub(super) fn plan(
    change: &mut Change<'_>,
    number: u64,
    row: &mut ArticleRow,
    after: i64,
) -> Result<(), StoreError> {
    if row.complete {
        let next = next_after(row, after);
        set(change, number, row, next)?;
    }
    Ok(())
}

/// Forgets an article's checks.
pub(super) fn forget(
    change: &mut Change<'_>,
    number: u64,
    row: &ArticleRow,
) -> Result<(), StoreError> {
    set(change, number, &mut row.clone(), None)?;
    change.remove(Key::Check(number));
    Ok(())
}

/// Keeps a note. One of an article that is not known says nothing.
pub(super) fn note(change: &mut Change<'_>, note: &Note) -> Result<(), StoreError> {
    let (Note::Read { id, .. }
    | Note::Missing { id, .. }
    | Note::Unread { id, .. }
    | Note::Line { id, .. }) = note;
    let Some((number, mut row)) = apply::find(change, *id)? else {
        return Ok(());
    };
    let before = row.clone();
    match note {
        Note::Read { at, validators, .. } => {
            met(change, number, validators);
            plan(change, number, &mut row, nanos(*at))?;
        }
        Note::Missing { at, .. } => missing(change, number, &mut row, nanos(*at))?,
        Note::Unread { at, .. } => plan(change, number, &mut row, nanos(*at))?,
        Note::Line {
            source, line, at, ..
        } => {
            let source = change.source_number(source);
            let known = row.listings.iter_mut().find(|l| l.source == source);
            let shown = known.and_then(|listing| listing.line.replace(*line));
            if row.complete && shown.is_some_and(|shown| shown != *line) {
                set(change, number, &mut row, Some(nanos(*at)))?;
            }
        }
    }
    if row != before {
        change.put(Key::Article(number), &row);
    }
    Ok(())
}

fn missing(
    change: &mut Change<'_>,
    number: u64,
    row: &mut ArticleRow,
    at: i64,
) -> Result<(), StoreError> {
    let mut met: CheckRow = change.row(Key::Check(number))?.unwrap_or_default();
    let soon = usize::try_from(met.misses)
        .ok()
        .and_then(|misses| MISSING_HOURS.get(misses));
    met.misses = met.misses.saturating_add(1);
    met.missing_since.get_or_insert(at);
    change.put(Key::Check(number), &met);
    let next = match soon {
        Some(hours) if row.withdrawn.is_none() => Some(at.saturating_add(hours * HOUR)),
        _ => next_after(row, at),
    };
    set(change, number, row, next)
}

/// A row only where there is something to keep.
fn met(change: &mut Change<'_>, number: u64, validators: &SourceValidators) {
    let SourceValidators {
        etag,
        last_modified,
    } = validators.clone();
    if etag.is_none() && last_modified.is_none() {
        change.remove(Key::Check(number));
    } else {
        let row = CheckRow {
            etag,
            last_modified,
            ..CheckRow::default()
        };
        change.put(Key::Check(number), &row);
    }
}

fn set(
    change: &mut Change<'_>,
    number: u64,
    row: &mut ArticleRow,
    next: Option<i64>,
) -> Result<(), StoreError> {
    let due = Line::Due(row.first_source());
    if let Some(at) = row.next_check {
        lines::remove(change, due, (at, number))?;
    }
    if let Some(at) = next {
        lines::insert(change, due, (at, number))?;
    }
    row.next_check = next;
    Ok(())
}

/// The next check behind a time. Articles of a source's first poll are as old as their date says, so old ones are not
/// read again at all.
fn next_after(row: &ArticleRow, after: i64) -> Option<i64> {
    let birth = row.first_seen.min(row.sorted_at);
    let spread = i64::from(ArticleId::from_bytes(row.id).as_bytes()[15]);
    let checks = AGES_HOURS
        .iter()
        .map(|hours| birth.saturating_add(hours * (HOUR / 1024) * (1024 + spread)));
    checks.into_iter().find(|check| *check > after)
}
