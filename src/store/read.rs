//! Questions to the store: the newest articles of a scope, one article, what is known of an address.

use super::{
    Also, Entry, Known, Scope, StoreError,
    keys::{self, Key},
    records::{ArticleRow, AttemptsRow, IdRow, StoryRow, timestamp},
    view::View,
    walk::{Shown, Walk},
};
use crate::{
    article::{Article, ArticleId},
    journal::{Event, JournalError},
    source::SourceId,
};

/// See [`super::Store::newest`].
pub(super) fn newest(
    view: &View,
    scope: &Scope,
    limit: usize,
    page: usize,
) -> Result<Vec<Entry>, StoreError> {
    let _steady = view.steady();
    let mut walk = Walk::new(view, scope)?;
    let mut skip = limit.saturating_mul(page);
    let mut entries = Vec::new();
    while entries.len() < limit {
        let Some(group) = walk.next_group()? else {
            break;
        };
        for shown in group {
            if skip > 0 {
                skip -= 1;
            } else if entries.len() < limit {
                entries.extend(entry(view, &shown)?);
            }
        }
    }
    Ok(entries)
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
    let (source, at) = row.listings[0];
    let shown = Shown {
        number,
        source,
        at,
        row,
    };
    entry(view, &shown)
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
            articles.extend(article(view, &row)?);
        }
    }
    Ok(articles)
}

fn known_one(view: &View, id: ArticleId) -> Result<Option<Known>, StoreError> {
    let Some(led) = view.row::<IdRow>(Key::Id(*id.as_bytes()))? else {
        return Ok(None);
    };
    let IdRow::Article(number) = led else {
        return Ok(Some(Known::expired(id)));
    };
    let Some(row) = view.row::<ArticleRow>(Key::Article(number))? else {
        return Ok(Some(Known::expired(id)));
    };
    let (source, _) = row.listings[0];
    let attempts: Option<AttemptsRow> = view.row(Key::Incomplete {
        source,
        article: number,
    })?;
    let sources = view.sources();
    let ids = row
        .listings
        .iter()
        .filter_map(|(n, _)| Some(sources.row(*n)?.id.clone()));
    Ok(Some(Known {
        id: row.article_id(),
        sources: ids.collect(),
        complete: row.complete,
        attempts: attempts.map_or(0, |row| row.attempts),
        next_reading: attempts.map(|row| timestamp(row.next)),
        withdrawn: row.withdrawn.map(timestamp),
        expired: false,
    }))
}

fn number(view: &View, id: ArticleId) -> Result<Option<u64>, StoreError> {
    Ok(match view.row(Key::Id(*id.as_bytes()))? {
        Some(IdRow::Article(number)) => Some(number),
        Some(IdRow::Expired) | None => None,
    })
}

/// An entry as feeds take it; none where the journal's record is damaged.
fn entry(view: &View, shown: &Shown) -> Result<Option<Entry>, StoreError> {
    let Some(mut article) = article(view, &shown.row)? else {
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
    let told: StoryRow = view.row(Key::Story(story))?.unwrap_or_default();
    let mut also = Vec::new();
    for member in told
        .members
        .iter()
        .filter(|member| member.article != number)
    {
        let Some(other) = view.row::<ArticleRow>(Key::Article(member.article))? else {
            continue;
        };
        if other.withdrawn.is_some() {
            continue;
        }
        also.extend(article(view, &other)?.map(|article| Also {
            source: article.source,
            url: article.url,
            title: article.title,
        }));
    }
    Ok(also)
}

/// An article as it reads now, at its first source; none where the journal's record is damaged.
fn article(view: &View, row: &ArticleRow) -> Result<Option<Article>, StoreError> {
    let Some(Event::Published { mut article } | Event::Revised { mut article }) =
        readable(view, row.position)?
    else {
        return Ok(None);
    };
    if let Some(moved) = row.moved
        && let Some(Event::Moved { url, .. }) = readable(view, moved)?
    {
        article.url = url;
    }
    let (source, at) = row.listings[0];
    if let Some(row) = view.sources().row(source) {
        article.source = row.id.clone();
    }
    article.id = row.article_id();
    article.first_seen = timestamp(row.first_seen);
    article.sorted_at = timestamp(at);
    Ok(Some(article))
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
