//! Questions to the store: the newest articles of a scope, one article, what is known of an address.

use super::{
    Also, Check, Choice, Entry, Known, Scope, StoreError, checks,
    index::Mark,
    keys::{self, Key},
    lines::Line,
    records::{ArticleRow, AttemptsRow, CheckRow, IdRow, VersionsRow, timestamp},
    together,
    view::View,
    walk::{Shown, Walk},
};
use crate::{
    article::{Article, ArticleId},
    journal::{Event, JournalError},
    source::{SourceId, state::SourceValidators},
    story::content,
};

/// Articles of one source that say the same are looked at up to so many, the newest first.
const DOUBLES: usize = 8;

/// See [`super::Store::choose`].
pub(super) fn choose(
    view: &View,
    scope: &Scope,
    choice: &Choice<'_>,
) -> Result<Vec<Entry>, StoreError> {
    let _steady = view.steady();
    let mut walk = Walk::new(view, scope)?;
    let (mut skip, mut left) = (choice.skip, choice.looked_at);
    let mut entries = Vec::new();
    while entries.len() < choice.limit
        && left > 0
        && !choice.is_abandoned()
        && let Some(group) = walk.next_group()?
    {
        left = left.saturating_sub(group.len());
        for shown in group {
            if entries.len() == choice.limit {
                break;
            }
            let Some(keep) = choice.keep else {
                if skip > 0 {
                    skip -= 1;
                } else {
                    entries.extend(entry(view, &shown)?);
                }
                continue;
            };
            match entry(view, &shown)?.filter(|entry| keep(&entry.article)) {
                Some(_) if skip > 0 => skip -= 1,
                kept => entries.extend(kept),
            }
        }
    }
    Ok(entries)
}

/// See [`super::Store::times`].
pub(super) fn times(
    view: &View,
    scope: &Scope,
    since: i64,
    most: usize,
) -> Result<Vec<jiff::Timestamp>, StoreError> {
    let _steady = view.steady();
    let ids: &[SourceId] = match scope {
        Scope::All => &[],
        Scope::Source(id) => std::slice::from_ref(id),
        Scope::Renamed(ids) | Scope::Sources(ids) => ids,
    };
    let numbers: Vec<u32> = {
        let sources = view.sources();
        ids.iter().filter_map(|id| sources.number(id)).collect()
    };
    let lines = match scope {
        Scope::All => vec![Line::Timeline],
        _ => numbers.into_iter().map(Line::Listing).collect(),
    };
    let mut times = Vec::new();
    for line in lines {
        for place in line.backwards(view) {
            let (at, _) = place?;
            if at < since || times.len() >= most {
                break;
            }
            times.push(timestamp(at));
        }
    }
    Ok(times)
}

/// See [`super::Store::entry`].
pub(super) fn by_id(view: &View, id: ArticleId) -> Result<Option<Entry>, StoreError> {
    let _steady = view.steady();
    let Some(number) = number(view, id)? else {
        return Ok(None);
    };
    let Some(row) = view.row::<ArticleRow>(Key::Article(number))? else {
        return Ok(None);
    };
    let Some(first) = row.listings.first().copied() else {
        return Ok(None);
    };
    let shown = Shown {
        number,
        source: first.source,
        at: first.at,
        row,
    };
    entry(view, &shown)
}

/// See [`super::Store::earlier`].
pub(super) fn earlier(view: &View, id: ArticleId) -> Result<Vec<Article>, StoreError> {
    let _steady = view.steady();
    let Some(number) = number(view, id)? else {
        return Ok(Vec::new());
    };
    let row: Option<VersionsRow> = view.row(Key::Versions(number))?;
    let mut versions = Vec::new();
    for position in row.unwrap_or_default().positions {
        // those that lie in segments which retention has removed are gone
        if let Some(Event::Published { article } | Event::Revised { article }) =
            readable(view, position)?
        {
            versions.push(article);
        }
    }
    Ok(versions)
}

/// See [`super::Store::known`].
pub(super) fn known(view: &View, ids: &[ArticleId]) -> Result<Vec<Option<Known>>, StoreError> {
    let _steady = view.steady();
    ids.iter().map(|id| known_one(view, *id)).collect()
}

/// See [`super::Store::incomplete`].
pub(super) fn incomplete(
    view: &View,
    source: &SourceId,
    now: i64,
    limit: usize,
) -> Result<Vec<Article>, StoreError> {
    let _steady = view.steady();
    let Some(source) = view.sources().number(source) else {
        return Ok(Vec::new());
    };
    let edge = |article| Key::Incomplete { source, article };
    let mut due = Vec::new();
    for row in view.range(keys::range(edge(0), edge(u64::MAX))) {
        let (key, value) = row?;
        let attempts: AttemptsRow = view.decode(&value)?;
        if let (true, Some(Key::Incomplete { article, .. })) =
            (attempts.next <= now, Key::decode(&key))
        {
            due.push((attempts.next, article));
        }
    }
    due.sort_unstable();
    let mut articles = Vec::new();
    for (_, number) in due.into_iter().take(limit) {
        if let Some(row) = view.row::<ArticleRow>(Key::Article(number))? {
            articles.extend(article(view, number, &row)?.or_else(|| husk(view, &row)));
        }
    }
    Ok(articles)
}

/// Finds out until when nothing of a source is due, and notes it.
pub(super) fn look_idle(view: &View, source: &SourceId, now: i64) -> Result<(), StoreError> {
    let _steady = view.steady();
    let Some(source) = view.sources().number(source) else {
        return Ok(());
    };
    let mut until = i64::MAX;
    let edge = |article| Key::Incomplete { source, article };
    for row in view.range(keys::range(edge(0), edge(u64::MAX))) {
        let attempts: AttemptsRow = view.decode(&row?.1)?;
        until = until.min(attempts.next);
    }
    let mut checks = Line::Due(source).between(view, checks::overdue(now), i64::MAX)?;
    if let Some((at, _)) = checks.next().transpose()? {
        until = until.min(at);
    }
    if until > now {
        view.behind.set_idle(source, until);
    }
    Ok(())
}

fn known_one(view: &View, id: ArticleId) -> Result<Option<Known>, StoreError> {
    let Some(led) = view.led(id)? else {
        return Ok(None);
    };
    let IdRow::Article(number) = led else {
        return Ok(Some(Known::expired(id)));
    };
    let Some(row) = view.row::<ArticleRow>(Key::Article(number))? else {
        return Ok(Some(Known::expired(id)));
    };
    let attempts: Option<AttemptsRow> = view.row(Key::Incomplete {
        source: row.first_source(),
        article: number,
    })?;
    let sources = view.sources();
    let ids = row
        .listings
        .iter()
        .filter_map(|listing| Some(sources.row(listing.source)?.id.clone()));
    Ok(Some(Known {
        id: row.article_id(),
        sources: ids.collect(),
        lines: row.listings.iter().map(|listing| listing.line).collect(),
        next_check: row.next_check.map(timestamp),
        complete: row.complete,
        attempts: attempts.map_or(0, |row| row.attempts),
        next_reading: attempts.map(|row| timestamp(row.next)),
        withdrawn: row.withdrawn.map(timestamp),
        expired: false,
    }))
}

pub(super) fn number(view: &View, id: ArticleId) -> Result<Option<u64>, StoreError> {
    Ok(match view.led(id)? {
        Some(IdRow::Article(number)) => Some(number),
        Some(IdRow::Expired) | None => None,
    })
}

/// An entry as feeds take it; none where the journal's record is damaged.
pub(super) fn entry(view: &View, shown: &Shown) -> Result<Option<Entry>, StoreError> {
    let Some(mut article) = article(view, shown.number, &shown.row)? else {
        return Ok(None);
    };
    article.sorted_at = timestamp(shown.at);
    if let Some(row) = view.sources().row(shown.source) {
        article.source = row.id.clone();
    }
    Ok(Some(Entry {
        article,
        also: also(view, shown.number, &shown.row)?,
        withdrawn: shown.row.withdrawn.map(timestamp),
    }))
}

fn also(view: &View, number: u64, row: &ArticleRow) -> Result<Vec<Also>, StoreError> {
    let Some(story) = row.story else {
        return Ok(Vec::new());
    };
    let mut also = Vec::new();
    for (other, row) in together::with(view, story, number)? {
        if other != number && row.withdrawn.is_none() {
            also.extend(article(view, other, &row)?.map(|article| Also {
                source: article.source,
                url: article.url,
                title: article.title,
            }));
        }
    }
    Ok(also)
}

/// See [`super::Store::same_text`].
pub(super) fn same_text(
    view: &View,
    twin: &Article,
    is_it: impl Fn(&Article, &Article) -> bool,
) -> Result<Option<ArticleId>, StoreError> {
    let _steady = view.steady();
    let Some(source) = view.sources().number(&twin.source) else {
        return Ok(None);
    };
    let said = content::content(twin);
    let mark = Mark::content(source, said);
    for number in view.marked(mark)?.into_iter().rev().take(DOUBLES) {
        let Some(row) = view.row::<ArticleRow>(Key::Article(number))? else {
            continue;
        };
        if row.content == said
            && row.listed_by(source).is_some()
            && row.article_id() != twin.id
            && article(view, number, &row)?.is_some_and(|other| is_it(&other, twin))
        {
            return Ok(Some(row.article_id()));
        }
    }
    Ok(None)
}

/// See [`super::Store::due_checks`].
pub(super) fn due_checks(
    view: &View,
    source: &SourceId,
    now: i64,
    limit: usize,
) -> Result<Vec<Check>, StoreError> {
    let _steady = view.steady();
    let Some(source) = view.sources().number(source) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for place in Line::Due(source).between(view, checks::overdue(now), now)? {
        let (_, number) = place?;
        if found.len() >= limit {
            break;
        }
        let Some(row) = view.row::<ArticleRow>(Key::Article(number))? else {
            continue;
        };
        let Some(article) = article(view, number, &row)? else {
            continue;
        };
        let met: CheckRow = view.row(Key::Check(number))?.unwrap_or_default();
        found.push(Check {
            article,
            content: row.content,
            validators: SourceValidators {
                etag: met.etag,
                last_modified: met.last_modified,
            },
            lines: row.listings.iter().map(|listing| listing.line).collect(),
            misses: met.misses,
            missing_since: met.missing_since.map(timestamp),
            withdrawn: row.withdrawn.map(timestamp),
        });
    }
    Ok(found)
}

/// An article as it reads now, at its first source; none where the journal's record is damaged.
fn article(view: &View, number: u64, row: &ArticleRow) -> Result<Option<Article>, StoreError> {
    let Some(Event::Published { mut article } | Event::Revised { mut article }) =
        readable(view, row.position)?
    else {
        // one that was complete is to be read anew
        view.note_unreadable(row.complete.then_some(number));
        return Ok(None);
    };
    if let Some(moved) = row.moved
        && let Some(Event::Moved { url, .. }) = readable(view, moved)?
    {
        article.url = url;
    }
    if let Some(first) = row.listings.first() {
        if let Some(row) = view.sources().row(first.source) {
            article.source = row.id.clone();
        }
        article.sorted_at = timestamp(first.at);
    }
    article.id = row.article_id();
    article.first_seen = timestamp(row.first_seen);
    article.updated = row.updated.map(timestamp);
    Ok(Some(article))
}

/// What is left of an article whose record is damaged: enough to read it anew.
fn husk(view: &View, row: &ArticleRow) -> Option<Article> {
    let url = url::Url::parse(&row.tie).ok()?;
    // one that was cut short leads elsewhere
    let id = Some(row.article_id()).filter(|id| *id == ArticleId::of(&url))?;
    let source = view.sources().row(row.first_source())?.id.clone();
    Some(Article {
        id,
        source,
        title: url.to_string(),
        url,
        published: None,
        date_from: None,
        first_seen: timestamp(row.first_seen),
        sorted_at: timestamp(row.sorted_at),
        updated: row.updated.map(timestamp),
        origin: None,
        author: None,
        breadcrumb: Vec::new(),
        body_html: String::new(),
        body_text: String::new(),
        summary: String::new(),
        images: Vec::new(),
        attachments: Vec::new(),
        complete: false,
    })
}

/// One damaged record must not take a whole feed with it.
fn readable(view: &View, position: u64) -> Result<Option<Event>, StoreError> {
    match view.event(position) {
        Ok(event) => Ok(Some(event)),
        Err(StoreError::Journal(error)) if matches!(*error, JournalError::Unreadable { .. }) => {
            tracing::warn!(%error, "an article cannot be shown");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
