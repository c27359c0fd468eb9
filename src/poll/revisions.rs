//! Reading again: articles that could not be read, and, for a while, those that could, for what has become of them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{
    Poller,
    attempt::{Answered, Attempt, Unread, What},
    items::Found,
    judge,
};
use crate::{
    article::{self, Article, dates::Published, identity::Seen},
    journal::Event,
    list::Item,
    source::{Source, state::FaultKind},
    store::{Batch, Check, Note, StoreError},
    story::{content, readings},
};

/// How many unread articles are tried again in one visit.
const READ_AGAIN: usize = 10;

/// How many articles one visit looks at again.
const CHECKED: usize = 10;

/// How often in a row a page must be missing before its article counts as withdrawn. The store spreads the looks over
/// more than a day, so that a site under repair withdraws nothing.
const MISSES: u32 = 4;

/// How long an article whose page was gone from the start is asked for, before what the list says is all there will be.
/// Some list what goes online hours later, and lists with dead links of years ago are common.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

impl Poller {
    /// Reads again what is due of a source: articles that are kept as title, link and date only, and those whose time to
    /// be looked at once more has come.
    pub(super) async fn read_again(
        &self,
        source: &Arc<Source>,
        names: impl FnOnce() -> Vec<String>,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        // most visits find nothing due, and each question takes a thread
        if !source.full_text || self.store.is_idle(&source.id, now) {
            return Ok(Found::default());
        }
        Box::pin(self.read_what_is_due(source, names(), now)).await
    }

    async fn read_what_is_due(
        &self,
        source: &Arc<Source>,
        names: Vec<String>,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let id = source.id.clone();
        let (incomplete, checks) = self
            .ask_store(move |store| {
                let incomplete = store.incomplete(&id, now, READ_AGAIN)?;
                let checks = store.due_checks(&id, now, CHECKED)?;
                if incomplete.is_empty() && checks.is_empty() {
                    store.look_idle(&id, now)?;
                }
                Ok((incomplete, checks))
            })
            .await?;
        let mut found = self.read_at_last(source, incomplete, &names, now).await?;
        found.revised += self.look_again(source, checks, &names, now).await?;
        Ok(found)
    }

    /// Tries again to read articles that could not be read.
    async fn read_at_last(
        &self,
        source: &Arc<Source>,
        incomplete: Vec<Article>,
        names: &[String],
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let mut found = Found::default();
        for kept in incomplete {
            let item = item_of(&kept);
            let seen = seen(&kept, source, names);
            let attempt = self.attempt(source, &item, &seen, now).await;
            found.count(&attempt);
            if attempt.article.complete {
                tracing::debug!(url = %kept.url, "read at last");
                let article = Article {
                    updated: Some(now),
                    ..attempt.article
                };
                let note = Note::Read {
                    id: kept.id,
                    at: now,
                    validators: attempt.validators,
                };
                let event = Some(Event::Revised { article });
                found.revised += usize::from(self.keep(event, note).await?);
            } else if is_given_up(&kept, &attempt, now) {
                tracing::debug!(url = %kept.url, "gone before it was read: kept as listed");
                let note = Note::Missing {
                    id: kept.id,
                    at: now,
                };
                // complete as it is, and nothing of it is another: readers see no change
                let article = Article {
                    complete: true,
                    ..kept
                };
                let event = Some(Event::Revised { article });
                self.keep(event, note).await?;
            } else {
                self.store.record_attempts(vec![kept.id], now).await?;
            }
        }
        Ok(found)
    }

    /// Looks at articles whose time has come: whether they read as they did, and are still there. How many do not.
    async fn look_again(
        &self,
        source: &Arc<Source>,
        checks: Vec<Check>,
        names: &[String],
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut revised = 0;
        for check in checks {
            let item = item_of(&check.article);
            let answer = self
                .ask_for_article(source, &item, Some(&check.validators), now)
                .await;
            let (event, note) = verdict(&check, source, &item, answer, names, now);
            if let Some(event) = &event {
                tracing::debug!(url = %item.url, event = name(event), "looked at again");
            }
            let is_revision = matches!(event, Some(Event::Revised { .. }));
            revised += usize::from(self.keep(event, note).await? && is_revision);
        }
        Ok(revised)
    }

    /// Whether it changed anything.
    async fn keep(&self, event: Option<Event>, note: Note) -> Result<bool, StoreError> {
        let batch = Batch {
            events: event.into_iter().collect(),
            notes: vec![note],
            state: None,
        };
        self.keep_batch(batch).await
    }
}

/// What another look says of an article. Only another title or text makes a revision, and only if the page is still the
/// article's: what was read once is not given up for whatever a broken site shows in its place.
fn verdict(
    check: &Check,
    source: &Source,
    item: &Item,
    answer: Result<Answered, Unread>,
    names: &[String],
    now: Timestamp,
) -> (Option<Event>, Note) {
    let (id, at) = (check.article.id, now);
    let unread = Note::Unread { id, at };
    let returned = check.withdrawn.map(|_| Event::Returned { id, at });
    match answer {
        Ok(Answered {
            what: What::Unmodified | What::File { .. },
            validators,
        }) => (returned, Note::Read { id, at, validators }),
        Ok(Answered {
            what: What::Page(reading),
            validators,
        }) => {
            let seen = seen(&check.article, source, names);
            let title = reading.title.clone();
            let article = article::compose(Some(*reading), item, source, &seen);
            if !article.complete {
                // a page without a body says nothing of the one that was there
                return (None, unread);
            }
            // its address may be another than the one that its id was made of
            let article = Article {
                id,
                updated: Some(now),
                ..article
            };
            // not what the store keeps of it: an older version hashed counters too
            let revised = content::content(&article) != content::content(&check.article);
            let title = title.as_deref();
            if revised
                && !readings::is_same(&check.article, title, &article)
                && !title.is_some_and(|title| is_listed_as(check, title))
            {
                tracing::debug!(url = %item.url, ?title, "another page stands where the article was");
                return if judge::tells_of_removal(&article.body_text) {
                    missing(check, now)
                } else {
                    (None, unread)
                };
            }
            let event = if revised {
                Some(Event::Revised { article })
            } else {
                returned
            };
            (event, Note::Read { id, at, validators })
        }
        Err(Unread { fault, .. }) if fault.kind == FaultKind::Gone => missing(check, now),
        Err(_) => (None, unread),
    }
}

/// Whether an article that was never read is asked for no more: its address says that it is gone, and did so for days. It
/// is still looked at as others of its age are, should its page come after all.
fn is_given_up(kept: &Article, attempt: &Attempt, now: Timestamp) -> bool {
    let problem = attempt.problem.as_ref();
    problem.is_some_and(|fault| fault.kind == FaultKind::Gone)
        && now.duration_since(kept.first_seen) >= GIVEN_UP_AFTER
}

/// Its page is not there: often enough, and the article is withdrawn. One that was never read is not: nobody has seen more
/// of it than its list says, and that stays.
fn missing(check: &Check, at: Timestamp) -> (Option<Event>, Note) {
    let id = check.article.id;
    let article = &check.article;
    let was_read = !article.body_text.is_empty() || !article.attachments.is_empty();
    let certain = was_read && check.withdrawn.is_none() && check.misses + 1 >= MISSES;
    (
        certain.then_some(Event::Withdrawn { id, at }),
        Note::Missing { id, at },
    )
}

/// Whether a list names the article so. What it names is there now, also where the page that was read before was not
/// the article's: one that was listed while its site was under repair.
fn is_listed_as(check: &Check, title: &str) -> bool {
    let date = check.article.published;
    let day = date.map(|date| Published::Day(date.day()));
    let shown = [None, date, day].map(|date| Some(content::line(title, date)));
    check.lines.iter().any(|line| shown.contains(line))
}

/// When and where it was first seen.
fn seen<'a>(article: &Article, source: &'a Source, names: &'a [String]) -> Seen<'a> {
    Seen {
        first_seen: article.first_seen,
        sorted_at: article.sorted_at,
        timezone: &source.timezone,
        names,
    }
}

/// What its list said of it, as far as that is kept.
fn item_of(article: &Article) -> Item {
    Item {
        title: article.title.clone(),
        url: article.url.clone(),
        published: article.published,
    }
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Revised { .. } => "revised",
        Event::Withdrawn { .. } => "withdrawn",
        Event::Returned { .. } => "returned",
        _ => "other",
    }
}
