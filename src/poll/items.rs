//! From a list's items to articles in the store: which are new, which have moved, what the list shows of the others.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures_util::{FutureExt, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::{Poller, attempt::Attempt};
use crate::{
    article::{
        Article, ArticleId,
        dates::Published,
        identity::{self, Seen},
    },
    journal::Event,
    list::Item,
    page::{
        links,
        text::{self, is_space},
    },
    source::Source,
    store::{Batch, Known, Note, Scope, StoreError},
    story::content,
};

/// How many article pages one visit asks for side by side. The pace of their hosts is the fetcher's business; this
/// only lets an article be parsed and stored while the next is under way.
const SIDE_BY_SIDE: usize = 4;

/// How many articles whose titles are in doubt wait for the others of a visit.
const DOUBTFUL: usize = 50;

/// What became of a list's items, and of articles that were to be read again.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Articles that were not known.
    pub(super) new: usize,
    /// Articles whose own page was asked for.
    pub(super) asked: usize,
    /// Of these, those that could be read.
    pub(super) read: usize,
    /// The first thing that kept one from being read.
    pub(super) first_problem: Option<String>,
    /// Titles that several of their pages bear.
    pub(super) names: Vec<String>,
    /// Known articles that were revised.
    pub(super) revised: usize,
}

/// Where and when new articles are found.
struct Place<'a> {
    source: &'a Source,
    /// All that the list shows.
    listed: Arc<HashSet<ArticleId>>,
    /// Whether the source had articles before the visit: one of them may have moved.
    has_any: bool,
    now: Timestamp,
}

/// An item that is not known.
struct New {
    /// Its place in the list.
    place: usize,
    item: Item,
    sorted_at: Timestamp,
}

impl Poller {
    /// Reads and records the items that are not known; of the known ones, notes what the list shows of them. `backfill`:
    /// they have been there for long, as far as is known.
    pub(super) async fn take_in(
        &self,
        source: &Arc<Source>,
        items: &[Item],
        names: &[String],
        backfill: bool,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let items = distinct(items);
        let ids: Vec<ArticleId> = items.iter().map(|item| ArticleId::of(&item.url)).collect();
        let scope = Scope::Source(source.id.clone());
        let (known, has_any) = self
            .ask_store(move |store| {
                let has_any = !backfill || !store.newest(&scope, 1, 0)?.is_empty();
                Ok((store.known(&ids)?, has_any))
            })
            .await?;
        let listed = items.iter().zip(&known).map(|(item, known)| match known {
            Some(known) => known.id,
            None => ArticleId::of(&item.url),
        });
        let listed: Arc<HashSet<ArticleId>> = Arc::new(listed.collect());
        let mut shown = Batch::default();
        let mut unknown = Vec::new();
        for (place, (item, known)) in items.into_iter().zip(known).enumerate() {
            let sorted_at = sorted_at(item.published, place, backfill, source, now);
            match known {
                Some(known) if !known.is_lost() => {
                    note_known(&mut shown, &known, &item, source, sorted_at, now);
                }
                _ => unknown.push(New {
                    place,
                    item,
                    sorted_at,
                }),
            }
        }
        if !shown.events.is_empty() || !shown.notes.is_empty() {
            self.keep_batch(shown).await?;
        }
        let mut found = Found {
            new: unknown.len(),
            ..Found::default()
        };
        let at = Place {
            source,
            listed,
            has_any,
            now,
        };
        let mut attempts = stream::iter(unknown)
            .map(async |new: New| {
                let seen = Seen {
                    first_seen: now,
                    sorted_at: new.sorted_at,
                    timezone: &source.timezone,
                    names,
                };
                let mut attempt = self.attempt(source, &new.item, &seen, now).await;
                if new.item.published.is_none() {
                    // its own page may know better
                    let date = attempt.article.published;
                    attempt.article.sorted_at = sorted_at(date, new.place, backfill, source, now);
                }
                (new.item, attempt)
            })
            .buffered(SIDE_BY_SIDE);
        let mut doubtful = Vec::new();
        while let Some(first) = attempts.next().await {
            // recorded as they come: a stop in the middle of a long first visit loses a few that were read, not all
            let mut ready = vec![first];
            while ready.len() < SIDE_BY_SIDE
                && let Some(Some(next)) = attempts.next().now_or_never()
            {
                ready.push(next);
            }
            let mut certain = Vec::with_capacity(ready.len());
            for (item, attempt) in ready {
                found.count(&attempt);
                let title = &attempt.article.title;
                if doubtful.len() < DOUBTFUL && identity::is_another(title, &item.title) {
                    doubtful.push((item, attempt));
                } else {
                    certain.push((item, attempt));
                }
            }
            found.new -= self.record_new(&at, certain).await?;
        }
        drop(attempts);
        // a title that several pages bear is their column's or their site's, and the list's tell the articles apart
        let mut certain = Vec::new();
        for (n, (item, mut attempt)) in with_counts(doubtful) {
            if n > 1 {
                let listed = text::fold(&item.title);
                let name = std::mem::replace(&mut attempt.article.title, listed);
                if !found.names.contains(&name) {
                    found.names.push(name);
                }
            }
            certain.push((item, attempt));
        }
        found.new -= self.record_new(&at, certain).await?;
        Ok(found)
    }

    /// Articles that were not known are published, unless the same source had them at another address: then they have
    /// moved. What is still listed has not: what a list shows twice is two articles. How many have moved.
    async fn record_new(
        &self,
        at: &Place<'_>,
        attempts: Vec<(Item, Attempt)>,
    ) -> Result<usize, StoreError> {
        let attempts = self.with_doubles(at, attempts).await?;
        let (mut batch, mut moved) = (Batch::default(), 0);
        for (item, attempt, double) in attempts {
            let Attempt {
                article,
                validators,
                ..
            } = attempt;
            let id = double.unwrap_or(article.id);
            batch.notes.push(line_of(&item, id, at.source, at.now));
            if article.complete {
                batch.notes.push(Note::Read {
                    id,
                    at: at.now,
                    validators,
                });
            }
            batch.events.push(match double {
                Some(id) => {
                    tracing::debug!(url = %article.url, %id, "moved");
                    moved += 1;
                    Event::Moved {
                        id,
                        alias: article.id,
                        url: article.url,
                        at: at.now,
                    }
                }
                None => Event::Published { article },
            });
        }
        if !batch.events.is_empty() {
            self.keep_batch(batch).await?;
        }
        Ok(moved)
    }

    /// Each with the article that it was before it moved, if it has.
    async fn with_doubles(
        &self,
        at: &Place<'_>,
        attempts: Vec<(Item, Attempt)>,
    ) -> Result<Vec<(Item, Attempt, Option<ArticleId>)>, StoreError> {
        let may_have_moved = |item: &Item, article: &Article| {
            article.complete && says_of(&item.title, &article.title)
        };
        let asks = at.has_any
            && attempts
                .iter()
                .any(|(item, attempt)| may_have_moved(item, &attempt.article));
        if !asks {
            let apart = attempts.into_iter();
            return Ok(apart.map(|(item, attempt)| (item, attempt, None)).collect());
        }
        let listed = Arc::clone(&at.listed);
        self.ask_store(move |store| {
            let with_double = |(item, attempt): (Item, Attempt)| {
                let double = if may_have_moved(&item, &attempt.article) {
                    store.moved_from(&attempt.article, &listed)?
                } else {
                    None
                };
                Ok((item, attempt, double))
            };
            attempts.into_iter().map(with_double).collect()
        })
        .await
    }
}

/// Each with how many of them bear its title.
fn with_counts(attempts: Vec<(Item, Attempt)>) -> Vec<(usize, (Item, Attempt))> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (_, attempt) in &attempts {
        *counts.entry(attempt.article.title.clone()).or_default() += 1;
    }
    let count = |attempt: &Attempt| counts.get(&attempt.article.title).copied().unwrap_or(0);
    attempts
        .into_iter()
        .map(|(item, attempt)| (count(&attempt), (item, attempt)))
        .collect()
}

/// Whether a page's title is the one that the list gave, as far as that goes. Where it is not, the page may be one that
/// a broken site shows for all of its articles, and then no two of them are the same.
fn says_of(listed: &str, title: &str) -> bool {
    let folded = |text: &str| text.split(is_space).collect::<String>();
    let listed = folded(listed);
    folded(title).contains(listed.trim_end_matches(['…', '.', '·']))
}

/// A known item may be new to this source, and its line may have changed.
fn note_known(
    shown: &mut Batch,
    known: &Known,
    item: &Item,
    source: &Source,
    sorted_at: Timestamp,
    now: Timestamp,
) {
    if known.expired {
        return;
    }
    if !known.sources.contains(&source.id) {
        shown.events.push(Event::Listed {
            id: known.id,
            source: source.id.clone(),
            at: now,
            sorted_at,
        });
    }
    if known.line(&source.id) != Some(content::line(&item.title, item.published)) {
        shown.notes.push(line_of(item, known.id, source, now));
    }
}

fn line_of(item: &Item, id: ArticleId, source: &Source, now: Timestamp) -> Note {
    Note::Line {
        id,
        source: source.id.clone(),
        line: content::line(&item.title, item.published),
        at: now,
    }
}

impl Found {
    pub(super) fn count(&mut self, attempt: &Attempt) {
        if attempt.asked {
            self.asked += 1;
            self.read += usize::from(attempt.article.complete);
        }
        if self.first_problem.is_none() {
            self.first_problem = attempt.problem.as_ref().map(ToString::to_string);
        }
    }
}

/// Each address once, in page order, normalised.
fn distinct(items: &[Item]) -> Vec<Item> {
    let mut seen = HashSet::new();
    let normalised = items.iter().map(|item| Item {
        url: links::normalise(&item.url),
        ..item.clone()
    });
    normalised
        .filter(|item| seen.insert(ArticleId::of(&item.url)))
        .collect()
}

/// An item's place in feeds. What a first visit finds is old news and sorts by its own date; what comes later sorts by
/// its coming, so that a notice listed late with an old date is still seen. The list's order decides between equals.
fn sorted_at(
    published: Option<Published>,
    place: usize,
    backfill: bool,
    source: &Source,
    now: Timestamp,
) -> Timestamp {
    let when = match published {
        Some(date) if backfill => date.instant(&source.timezone).min(now),
        _ => now,
    };
    let place = SignedDuration::from_millis(i64::try_from(place).unwrap_or(i64::MAX));
    when.checked_sub(place).unwrap_or(when)
}
