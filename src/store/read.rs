//! Questions to the store: the newest of a source, of a group, of all; what is known of an address.
//!
//! Merged feeds are read lazily: one cursor for each source, the latest time first, and no further than asked. Which
//! of a story's articles is shown is decided where a cursor meets one of them, so that it is the same on every page.

use std::{
    collections::{BTreeMap, BinaryHeap, HashMap, HashSet},
    iter::Peekable,
};

use super::{
    Also, Entry, Known, Scope, StoreError,
    keys::{self, Key},
    records::{ArticleRow, AttemptsRow, IdRow, StoryRow, timestamp},
    view::{Rows, View},
};
use crate::{
    article::{Article, ArticleId},
    journal::{Event, JournalError},
    source::SourceId,
    story::merge::{self, Teller},
};

/// The sources that are looked at; all where absent.
type Only = Option<HashSet<u32>>;

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
                entries.extend(entry(view, shown)?);
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
    entry(view, shown)
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

/// An article at its place in a feed.
struct Shown {
    number: u64,
    source: u32,
    at: i64,
    row: ArticleRow,
}

/// Articles in feed order.
struct Walk<'a> {
    view: &'a View,
    cursors: Vec<Peekable<Cursor<'a>>>,
    /// The next time of each cursor, the latest first.
    heads: BinaryHeap<(i64, usize)>,
    /// Whether stories are shown once, and among which sources.
    merged: bool,
    only: Only,
    /// Stories met: who speaks.
    speakers: BTreeMap<u64, Option<u64>>,
}

impl<'a> Walk<'a> {
    fn new(view: &'a View, scope: &Scope) -> Result<Self, StoreError> {
        let numbers = |ids: &[SourceId]| -> HashSet<u32> {
            let sources = view.sources();
            ids.iter().filter_map(|id| sources.number(id)).collect()
        };
        let only = match scope {
            Scope::Source(id) => Some(numbers(std::slice::from_ref(id))),
            Scope::Sources(ids) => Some(numbers(ids)),
            Scope::All => None,
        };
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
            merged: !matches!(scope, Scope::Source(_)),
            only,
            speakers: BTreeMap::new(),
        })
    }

    /// The articles of the next time, sorted by permalink. A group may be empty: others spoke for its articles.
    fn next_group(&mut self) -> Result<Option<Vec<Shown>>, StoreError> {
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
            .map(|(n, _)| *n)
            .find(|n| self.includes(*n));
        let Some(first) = first.filter(|first| place.source.is_none_or(|source| source == *first))
        else {
            return Ok(None);
        };
        if let (true, Some(story)) = (self.merged, row.story)
            && self.speaker(story)? != Some(place.number)
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

    fn includes(&self, source: u32) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&source))
    }

    /// The article that speaks for a story among the sources looked at.
    fn speaker(&mut self, story: u64) -> Result<Option<u64>, StoreError> {
        if let Some(speaker) = self.speakers.get(&story) {
            return Ok(*speaker);
        }
        let told: StoryRow = self.view.row(Key::Story(story))?.unwrap_or_default();
        let mut members = Vec::new();
        for member in told.members {
            if let Some(row) = self.view.row::<ArticleRow>(Key::Article(member.article))?
                && row.listings.iter().any(|(n, _)| self.includes(*n))
            {
                members.push((member.article, self.names(&row), row));
            }
        }
        let hosts: Vec<String> = members.iter().map(|(.., row)| host(&row.tie)).collect();
        let tellers: Vec<Teller<'_>> = members
            .iter()
            .zip(&hosts)
            .map(|((_, names, row), host)| Teller {
                first_seen: timestamp(row.first_seen),
                withdrawn: row.withdrawn.is_some(),
                origin: row.origin.as_deref(),
                host,
                names,
            })
            .collect();
        let speaker = merge::speaker(&tellers).map(|i| members[i].0);
        self.speakers.insert(story, speaker);
        Ok(speaker)
    }

    fn names(&self, row: &ArticleRow) -> Vec<String> {
        let sources = self.view.sources();
        let ids: Vec<SourceId> = row
            .listings
            .iter()
            .filter(|(n, _)| self.includes(*n))
            .filter_map(|(n, _)| Some(sources.row(*n)?.id.clone()))
            .collect();
        drop(sources);
        ids.iter().flat_map(|id| self.view.names(id)).collect()
    }
}

fn host(address: &str) -> String {
    let url = url::Url::parse(address).ok();
    url.and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}

/// An article's place in an index.
struct Place {
    at: i64,
    number: u64,
    source: Option<u32>,
}

/// An index, read backwards.
struct Cursor<'a> {
    rows: std::iter::Rev<Rows<'a>>,
}

impl<'a> Cursor<'a> {
    fn source(view: &'a View, number: u32) -> Self {
        let rows = view.range(keys::listings(number)).rev();
        Self { rows }
    }

    fn timeline(view: &'a View) -> Self {
        let rows = view.range(keys::timeline(i64::MAX)).rev();
        Self { rows }
    }
}

impl Iterator for Cursor<'_> {
    type Item = Result<Place, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let key = match self.rows.next()? {
                Ok((key, _)) => key,
                Err(error) => return Some(Err(error)),
            };
            match Key::decode(&key) {
                Some(Key::Listing {
                    source,
                    at,
                    article,
                }) => {
                    return Some(Ok(Place {
                        at,
                        number: article,
                        source: Some(source),
                    }));
                }
                Some(Key::Timeline { at, article }) => {
                    return Some(Ok(Place {
                        at,
                        number: article,
                        source: None,
                    }));
                }
                _ => {}
            }
        }
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

/// An entry as feeds take it; none where the journal's record is damaged.
fn entry(view: &View, shown: Shown) -> Result<Option<Entry>, StoreError> {
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

/// How many rows of a source are its oldest beyond `keep`, and the first key that stays.
pub(super) fn cutoffs(view: &View, keep: u64) -> Result<HashMap<u32, (i64, u64)>, StoreError> {
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
        if let Some(row) = view.range(keys::listings(source)).nth(skip)
            && let Some(Key::Listing { at, article, .. }) = Key::decode(&row?.0)
        {
            cutoffs.insert(source, (at, article));
        } else {
            cutoffs.insert(source, (i64::MAX, u64::MAX));
        }
    }
    Ok(cutoffs)
}
