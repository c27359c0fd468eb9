//! An event, applied: what each kind of event does to the rows.
//!
//! Depends on the rows and the event alone, so replaying the journal gives the same rows again, stories included.
//! An event that was applied before changes nothing, and says so.

use jiff::Timestamp;

use super::{
    StoreError,
    change::Change,
    checks,
    index::Mark,
    keys::Key,
    lines::{self, Line},
    prepare::Text,
    records::{
        ArticleRow, AttemptsRow, IdRow, Listing, SegmentRow, StoryRow, VersionsRow, cut, nanos,
        timestamp,
    },
    stories,
};
use crate::{
    article::{Article, ArticleId},
    journal::{Event, Position},
    source::SourceId,
    story::fingerprint::Fingerprint,
};

/// A page that could not be read is tried again after this, then after twice this, and so on.
const FIRST_RETRY_SECONDS: i64 = 15 * 60;
const LAST_RETRY_SECONDS: i64 = 7 * 24 * 3600;
/// An address is longer than this only in its query; articles that share this much are told apart by their ids.
const TIE_BYTES: usize = 512;
const ORIGIN_BYTES: usize = 90;
/// Of an article whose page was read, and whose record was lost since.
pub(super) const LOST: AttemptsRow = AttemptsRow {
    attempts: 0,
    next: 0,
};

/// Applies an event that lies in the journal. Whether it changed anything.
pub(super) fn apply(
    change: &mut Change<'_>,
    event: &Event,
    text: &Text,
    sequence: u64,
    position: Position,
) -> Result<bool, StoreError> {
    let changed = match event {
        Event::Published { article } => publish(change, article, text, sequence, position)?,
        Event::Listed {
            id,
            source,
            sorted_at,
            ..
        } => list(change, *id, source, *sorted_at)?,
        // where the record of its publishing is damaged, its revision is what there is
        Event::Revised { article } if change.led(article.id)?.is_none() => {
            publish(change, article, text, sequence, position)?
        }
        Event::Revised { article } => revise(change, article, text, position)?,
        Event::Moved { id, alias, at, .. } => relocate(change, *id, *alias, *at, position)?,
        Event::Withdrawn { id, at } => withdraw(change, *id, *at)?,
        Event::Returned { id, at } => take_back(change, *id, *at)?,
        Event::Expired { ids, .. } => expire(change, ids)?,
    };
    if changed {
        let segment = Key::Segment(position.segment);
        let newest = change
            .row(segment)?
            .map_or(i64::MIN, |row: SegmentRow| row.newest);
        let newest = newest.max(nanos(latest(event)));
        change.put(segment, &SegmentRow { newest });
    }
    Ok(changed)
}

/// Looks up ahead, and all at once, what applying these events will look up.
pub(super) fn look_up<'e>(
    change: &mut Change<'_>,
    events: impl Iterator<Item = (&'e Event, &'e Text)>,
) -> Result<(), StoreError> {
    let mut marks = Vec::new();
    for (event, text) in events {
        if let Event::Published { article } = event {
            marks.push(Mark::id(article.id));
            marks.extend(stories::marks(change, article, text));
        }
    }
    change.look_up(marks)
}

/// The event as it is to be kept, where that is another: an address that is known already is listed by another source,
/// an article whose record was damaged is read anew, and a revision of what was never published publishes it.
pub(super) fn as_kept(change: &Change<'_>, event: &Event) -> Result<Option<Event>, StoreError> {
    match event {
        Event::Published { article } => {
            let Some((number, row)) = find(change, article.id)? else {
                return Ok(None);
            };
            if is_lost(change, number, &row)? {
                let article = Article {
                    id: row.article_id(),
                    first_seen: timestamp(row.first_seen),
                    sorted_at: timestamp(row.sorted_at),
                    updated: Some(article.first_seen),
                    ..article.clone()
                };
                return Ok(Some(Event::Revised { article }));
            }
            Ok(Some(Event::Listed {
                id: row.article_id(),
                source: article.source.clone(),
                at: article.first_seen,
                sorted_at: article.sorted_at,
            }))
        }
        Event::Revised { article } => {
            let known = change.led(article.id)?;
            let article = article.clone();
            Ok(known.is_none().then_some(Event::Published { article }))
        }
        _ => Ok(None),
    }
}

/// An article by its id, or by the id of an address that it has moved to.
pub(super) fn find(
    change: &Change<'_>,
    id: ArticleId,
) -> Result<Option<(u64, ArticleRow)>, StoreError> {
    match change.led(id)? {
        Some(IdRow::Article(number)) => {
            let row = change.row(Key::Article(number))?;
            Ok(row.map(|row| (number, row)))
        }
        Some(IdRow::Expired) | None => Ok(None),
    }
}

/// An article whose record in the journal is damaged is read anew, as if its page had not been read yet.
pub(super) fn lose(change: &mut Change<'_>, number: u64) -> Result<(), StoreError> {
    let Some(mut row) = change.row::<ArticleRow>(Key::Article(number))? else {
        return Ok(());
    };
    if change.event(row.position())?.is_some() {
        return Ok(());
    }
    checks::forget(change, number, &row)?;
    row.next_check = None;
    row.complete = false;
    let source = row.first_source();
    let key = Key::Incomplete {
        source,
        article: number,
    };
    change.put(key, &LOST);
    change.put(Key::Article(number), &row);
    // what made the list look unchanged would keep the article from being found there
    if let Some(id) = change.source_id(source)
        && let Some(state) = change.view.sources().states.get(&source).cloned()
    {
        change.set_state(&id, state.unread());
    }
    touch(change, &row)
}

fn is_lost(change: &Change<'_>, number: u64, row: &ArticleRow) -> Result<bool, StoreError> {
    let attempts = change.row(Key::Incomplete {
        source: row.first_source(),
        article: number,
    })?;
    Ok(!row.complete && attempts == Some(LOST))
}

/// When a failed reading is repeated.
pub(super) fn retry_at(attempts: u32, failed_at: Timestamp) -> i64 {
    let doubled = FIRST_RETRY_SECONDS << attempts.saturating_sub(1).min(16);
    let pause = doubled.min(LAST_RETRY_SECONDS) * 1_000_000_000;
    nanos(failed_at).saturating_add(pause)
}

fn publish(
    change: &mut Change<'_>,
    article: &Article,
    text: &Text,
    sequence: u64,
    position: Position,
) -> Result<bool, StoreError> {
    if change.led(article.id)?.is_some() {
        return list(change, article.id, &article.source, article.sorted_at);
    }
    let source = change.source_number(&article.source);
    let at = nanos(article.sorted_at);
    let mut row = ArticleRow {
        id: *article.id.as_bytes(),
        position: position.to_u64(),
        moved: None,
        moved_at: None,
        sorted_at: at,
        first_seen: nanos(article.first_seen),
        updated: article.updated.map(nanos),
        version: article.updated.map(nanos),
        withdrawn: None,
        returned: None,
        complete: article.complete,
        next_check: None,
        listings: vec![Listing {
            source,
            at,
            line: None,
        }],
        story: None,
        tie: cut(article.url.as_str(), TIE_BYTES),
        origin: origin(article),
        content: text.content,
        fingerprint: fingerprint(text),
    };
    if !article.complete {
        let attempts = AttemptsRow {
            attempts: 1,
            next: retry_at(1, article.first_seen),
        };
        change.put(
            Key::Incomplete {
                source,
                article: sequence,
            },
            &attempts,
        );
    }
    checks::plan(change, sequence, &mut row, nanos(article.first_seen))?;
    mark_content(change, sequence, &row);
    stories::join(change, &mut row, sequence, article, text)?;
    change.mark(Mark::id(article.id), sequence);
    lines::insert(change, Line::Listing(source), (at, sequence))?;
    lines::insert(change, Line::Timeline, (at, sequence))?;
    change.put(Key::Article(sequence), &row);
    change.count(source, 1);
    change.meta.articles += 1;
    touch(change, &row)?;
    Ok(true)
}

fn list(
    change: &mut Change<'_>,
    id: ArticleId,
    source: &SourceId,
    sorted_at: Timestamp,
) -> Result<bool, StoreError> {
    let Some((number, mut row)) = find(change, id)? else {
        return Ok(false);
    };
    let source = change.source_number(source);
    if row.listed_by(source).is_some() {
        return Ok(false);
    }
    let at = nanos(sorted_at);
    row.listings.push(Listing {
        source,
        at,
        line: None,
    });
    mark_content(change, number, &row);
    lines::insert(change, Line::Listing(source), (at, number))?;
    change.put(Key::Article(number), &row);
    change.count(source, 1);
    touch(change, &row)?;
    Ok(true)
}

fn revise(
    change: &mut Change<'_>,
    article: &Article,
    text: &Text,
    position: Position,
) -> Result<bool, StoreError> {
    let Some((number, mut row)) = find(change, article.id)? else {
        return Ok(false);
    };
    let version = article.updated.map(nanos);
    let older = (version, article.complete) < (row.version, row.complete);
    if older || (row.complete && !article.complete) {
        return Ok(false);
    }
    let differs = row.content != text.content;
    let completes = article.complete && !row.complete;
    if !article.complete && is_lost(change, number, &row)? {
        let key = Key::Incomplete {
            source: row.first_source(),
            article: number,
        };
        let attempts = AttemptsRow {
            attempts: 1,
            next: retry_at(1, article.updated.unwrap_or(article.first_seen)),
        };
        change.put(key, &attempts);
    }
    // a page that reads again is there again
    let returns = row.withdrawn.is_some_and(|at| version > Some(at));
    if !(differs || completes || returns) {
        return Ok(false);
    }
    row.version = version;
    if returns {
        row.withdrawn = None;
        row.returned = version;
    }
    if completes {
        change.remove(Key::Incomplete {
            source: row.first_source(),
            article: number,
        });
        row.complete = true;
        let read_at = version.unwrap_or(row.first_seen);
        checks::plan(change, number, &mut row, read_at)?;
    }
    // a title alone, kept until the page was read, is no version
    if differs && row.complete && !completes {
        let mut versions: VersionsRow = change.row(Key::Versions(number))?.unwrap_or_default();
        versions.push(row.position);
        change.put(Key::Versions(number), &versions);
    }
    if differs || completes {
        row.position = position.to_u64();
        row.moved = None;
        row.origin = origin(article);
    }
    if differs {
        row.updated = version;
        row.content = text.content;
        row.fingerprint = fingerprint(text);
        // who was told as one story stays one: readers have seen it so
        if row.story.is_none() {
            stories::join(change, &mut row, number, article, text)?;
        }
    }
    if differs || completes {
        mark_content(change, number, &row);
    }
    change.put(Key::Article(number), &row);
    touch(change, &row)?;
    Ok(true)
}

fn relocate(
    change: &mut Change<'_>,
    id: ArticleId,
    alias: ArticleId,
    at: Timestamp,
    position: Position,
) -> Result<bool, StoreError> {
    let Some((number, mut row)) = find(change, id)? else {
        return Ok(false);
    };
    match change.led(alias)? {
        None => change.put(Key::Id(*alias.as_bytes()), &IdRow::Article(number)),
        // back at an address where it was before
        Some(IdRow::Article(other)) if other == number => {}
        // an article of its own
        Some(_) => return Ok(false),
    }
    let at = nanos(at);
    if row.moved_at.is_some_and(|moved| moved >= at) {
        return Ok(false);
    }
    row.moved = Some(position.to_u64());
    row.moved_at = Some(at);
    change.put(Key::Article(number), &row);
    touch(change, &row)?;
    Ok(true)
}

fn withdraw(change: &mut Change<'_>, id: ArticleId, at: Timestamp) -> Result<bool, StoreError> {
    let Some((number, mut row)) = find(change, id)? else {
        return Ok(false);
    };
    let at = nanos(at);
    // seen to be there since: by a revision, or by a return
    let there = row.version.max(row.returned);
    if row.withdrawn.is_some() || there >= Some(at) {
        return Ok(false);
    }
    row.withdrawn = Some(at);
    change.put(Key::Article(number), &row);
    touch(change, &row)?;
    Ok(true)
}

fn take_back(change: &mut Change<'_>, id: ArticleId, at: Timestamp) -> Result<bool, StoreError> {
    let Some((number, mut row)) = find(change, id)? else {
        return Ok(false);
    };
    let at = nanos(at);
    if row.withdrawn.is_none_or(|withdrawn| withdrawn >= at) {
        return Ok(false);
    }
    row.withdrawn = None;
    row.returned = Some(at);
    change.put(Key::Article(number), &row);
    touch(change, &row)?;
    Ok(true)
}

fn expire(change: &mut Change<'_>, ids: &[ArticleId]) -> Result<bool, StoreError> {
    let mut changed = false;
    for id in ids {
        match find(change, *id)? {
            Some((number, row)) => remove(change, number, &row)?,
            None if change.led(*id)?.is_none() => {}
            None => continue,
        }
        // its source may go on listing it
        change.put(Key::Id(*id.as_bytes()), &IdRow::Expired);
        changed = true;
    }
    Ok(changed)
}

fn remove(change: &mut Change<'_>, number: u64, row: &ArticleRow) -> Result<(), StoreError> {
    touch(change, row)?;
    checks::forget(change, number, row)?;
    for Listing { source, at, .. } in row.listings.iter().copied() {
        lines::remove(change, Line::Listing(source), (at, number))?;
        change.count(source, -1);
    }
    lines::remove(change, Line::Timeline, (row.sorted_at, number))?;
    if !row.complete {
        change.remove(Key::Incomplete {
            source: row.first_source(),
            article: number,
        });
    }
    if let Some(story) = row.story {
        let mut told: StoryRow = change.row(Key::Story(story))?.unwrap_or_default();
        told.members.retain(|member| member.article != number);
        if told.members.is_empty() {
            change.remove(Key::Story(story));
        } else {
            change.put(Key::Story(story), &told);
        }
    }
    change.remove(Key::Versions(number));
    change.remove(Key::Article(number));
    change.meta.articles = change.meta.articles.saturating_sub(1);
    Ok(())
}

/// Makes an article found by what it says, at each source that lists it. One whose page was not read says nothing yet.
fn mark_content(change: &mut Change<'_>, number: u64, row: &ArticleRow) {
    if row.complete {
        for listing in &row.listings {
            change.mark(Mark::content(listing.source, row.content), number);
        }
    }
}

/// Every source whose feeds show this article, or name it beside one of theirs.
fn touch(change: &mut Change<'_>, row: &ArticleRow) -> Result<(), StoreError> {
    for listing in &row.listings {
        change.touch(listing.source);
    }
    let Some(story) = row.story else {
        return Ok(());
    };
    let told: StoryRow = change.row(Key::Story(story))?.unwrap_or_default();
    for member in told.members {
        let other: Option<ArticleRow> = change.row(Key::Article(member.article))?;
        for listing in other.iter().flat_map(|row| &row.listings) {
            change.touch(listing.source);
        }
    }
    Ok(())
}

/// The latest time that an event speaks of: its segment may go when that is long enough ago.
fn latest(event: &Event) -> Timestamp {
    match event {
        Event::Published { article } | Event::Revised { article } => article
            .updated
            .unwrap_or(article.first_seen)
            .max(article.first_seen)
            .max(article.sorted_at),
        Event::Listed { at, sorted_at, .. } => (*at).max(*sorted_at),
        Event::Moved { at, .. }
        | Event::Withdrawn { at, .. }
        | Event::Returned { at, .. }
        | Event::Expired { at, .. } => *at,
    }
}

fn origin(article: &Article) -> Option<String> {
    article
        .origin
        .as_deref()
        .map(|origin| cut(origin, ORIGIN_BYTES))
}

fn fingerprint(text: &Text) -> Vec<u8> {
    let print = text.fingerprint.as_ref();
    print.map_or_else(Vec::new, Fingerprint::to_bytes)
}
