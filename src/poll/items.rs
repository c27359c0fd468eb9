//! From a list's items to articles in the store: which are new, and what their own pages say.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::{Poller, judge};
use crate::{
    article::{
        self, Article, ArticleContext, ArticleId, Attachment, Reading, dates::Published, files,
        identity::Seen,
    },
    fetch::Request,
    journal::Event,
    list::Item,
    page::{Page, charset, document::Document, links},
    source::{
        Source,
        state::{Fault, SourceState},
    },
    store::{Known, StoreError},
};

/// How many article pages one visit asks for side by side. The pace of their hosts is the fetcher's business; this
/// only lets an article be parsed and stored while the next is under way.
const SIDE_BY_SIDE: usize = 4;

/// How many unread articles are tried again in one visit.
const READ_AGAIN: usize = 10;

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
}

/// An article as far as it could be read, and what is missing.
struct Attempt {
    article: Article,
    asked: bool,
    problem: Option<String>,
}

impl Poller {
    /// Reads and records the items that are not known, and notes the known ones that another source brought.
    pub(super) async fn take_in(
        &self,
        source: &Arc<Source>,
        items: &[Item],
        state: &SourceState,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let items = distinct(items);
        let ids: Vec<ArticleId> = items.iter().map(|item| ArticleId::of(&item.url)).collect();
        let (ids, known) = self
            .ask_store(move |store| {
                let known = store.known(&ids)?;
                Ok((ids, known))
            })
            .await?;
        let backfill = state.last_success.is_none();
        let mut listed = Vec::new();
        let mut unknown = Vec::new();
        for (place, ((item, id), known)) in items.into_iter().zip(ids).zip(known).enumerate() {
            let sorted_at = sorted_at(item.published, place, backfill, source, now);
            match known {
                None => unknown.push((place, item, sorted_at)),
                Some(Known {
                    sources,
                    expired: false,
                    ..
                }) if !sources.contains(&source.id) => {
                    listed.push(Event::Listed {
                        id,
                        source: source.id.clone(),
                        at: now,
                        sorted_at,
                    });
                }
                Some(_) => {}
            }
        }
        if !listed.is_empty() {
            self.store.record(listed, None).await?;
        }
        let mut found = Found {
            new: unknown.len(),
            ..Found::default()
        };
        let mut attempts = stream::iter(unknown)
            .map(async |(place, item, at): (usize, Item, Timestamp)| {
                let mut attempt = self.attempt(source, &item, now, at, now).await;
                if item.published.is_none() {
                    // its own page may know better
                    let date = attempt.article.published;
                    attempt.article.sorted_at = sorted_at(date, place, backfill, source, now);
                }
                attempt
            })
            .buffered(SIDE_BY_SIDE);
        while let Some(attempt) = attempts.next().await {
            found.count(&attempt);
            // recorded one by one: a stop in the middle of a long first visit loses nothing that was read
            self.store
                .record(
                    vec![Event::Published {
                        article: attempt.article,
                    }],
                    None,
                )
                .await?;
        }
        Ok(found)
    }

    /// Tries again to read the articles of a source that are kept as title, link and date only.
    pub(super) async fn read_again(
        &self,
        source: &Arc<Source>,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let mut found = Found::default();
        if !source.full_text {
            return Ok(found);
        }
        let id = source.id.clone();
        let incomplete = self
            .ask_store(move |store| store.incomplete(&id, now, READ_AGAIN))
            .await?;
        for kept in incomplete {
            let item = Item {
                title: kept.title.clone(),
                url: kept.url.clone(),
                published: kept.published,
            };
            let attempt = self
                .attempt(source, &item, kept.first_seen, kept.sorted_at, now)
                .await;
            found.count(&attempt);
            if attempt.article.complete {
                let article = Article {
                    updated: Some(now),
                    ..attempt.article
                };
                tracing::debug!(url = %article.url, "read at last");
                self.store
                    .record(vec![Event::Revised { article }], None)
                    .await?;
            } else {
                self.store.record_attempts(vec![kept.id], now).await?;
            }
        }
        Ok(found)
    }

    /// An item's article, as complete as its page allows.
    async fn attempt(
        &self,
        source: &Arc<Source>,
        item: &Item,
        first_seen: Timestamp,
        sorted_at: Timestamp,
        now: Timestamp,
    ) -> Attempt {
        let seen = Seen {
            first_seen,
            sorted_at,
            timezone: &source.timezone,
        };
        let compose = |reading| article::compose(reading, item, source, &seen);
        if !source.full_text || files::media_type(item.url.path()).is_some() {
            return Attempt {
                article: Article {
                    complete: true,
                    ..compose(None)
                },
                asked: false,
                problem: None,
            };
        }
        match self.ask_for_article(source, item, now).await {
            Ok(Answered::Page(reading)) => {
                let article = compose(Some(*reading));
                let problem = (!article.complete).then(|| format!("no body found on {}", item.url));
                Attempt {
                    article,
                    asked: true,
                    problem,
                }
            }
            Ok(Answered::File { media_type }) => {
                let file = Attachment {
                    url: item.url.clone(),
                    title: item.title.clone(),
                    media_type,
                };
                let article = Article {
                    complete: true,
                    attachments: vec![file],
                    ..compose(None)
                };
                Attempt {
                    article,
                    asked: false,
                    problem: None,
                }
            }
            Err(Unread { fault, for_good }) => {
                tracing::debug!(url = %item.url, error = %fault, for_good, "kept as title, link and date");
                let article = Article {
                    complete: for_good,
                    ..compose(None)
                };
                Attempt {
                    article,
                    asked: !for_good,
                    problem: Some(fault.to_string()),
                }
            }
        }
    }

    /// fetch → page → article.
    async fn ask_for_article(
        &self,
        source: &Arc<Source>,
        item: &Item,
        now: Timestamp,
    ) -> Result<Answered, Unread> {
        let request = Request {
            url: &item.url,
            home: &source.url,
            settings: &source.request,
            validators: None,
        };
        let answer = self.fetcher.get(request).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let for_good = error.is_for_good();
                let fault = self.fault_of(error).await;
                return Err(Unread { fault, for_good });
            }
        };
        // 304 answers conditional requests only, and this was none
        let page = answer.page.unwrap_or_else(|| Page {
            url: item.url.clone(),
            content_type: None,
            body: Bytes::new(),
        });
        if let Some(media_type) = judge::file_type(&page) {
            return Ok(Answered::File { media_type });
        }
        let source = source.clone();
        let reading = self
            .pool
            .run(move || read_article(&source, &page, now))
            .await;
        let reading = reading.unwrap_or_else(|error| Err(judge::defect(&error)));
        reading
            .map(|reading| Answered::Page(Box::new(reading)))
            .map_err(|fault| Unread {
                fault,
                for_good: false,
            })
    }
}

/// What an item's address holds.
enum Answered {
    Page(Box<Reading>),
    /// A file behind an address that does not look like one.
    File {
        media_type: String,
    },
}

/// Why an article's page was not read. `for_good`: it may not be asked for, and title, link and date are all that there
/// will be.
struct Unread {
    fault: Fault,
    for_good: bool,
}

/// What an article's page says, or why it cannot be read. Pure: the same page gives the same answer.
///
/// # Errors
/// The page is no text, or refuses.
pub fn read_article(source: &Source, page: &Page, now: Timestamp) -> Result<Reading, Fault> {
    let decoded = charset::decode(&page.body, page.content_type.as_deref());
    if decoded.garbled {
        return Err(judge::garbled(page));
    }
    let document = Document::parse(&decoded.text);
    let context = ArticleContext {
        url: &page.url,
        rules: &source.article,
        preset: &source.preset,
        timezone: &source.timezone,
        now,
    };
    let reading = article::extract(&document, &context);
    match &reading.refusal {
        Some(refusal) => Err(judge::refused(page, refusal)),
        None => Ok(reading),
    }
}

impl Found {
    fn count(&mut self, attempt: &Attempt) {
        if attempt.asked {
            self.asked += 1;
            self.read += usize::from(attempt.article.complete);
        }
        if self.first_problem.is_none() {
            self.first_problem.clone_from(&attempt.problem);
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
