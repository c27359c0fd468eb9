//! One visit to one source, from the list's address to its articles in the store. Read the program here.
//!
//! In: a source and the time. Out: a [`Visit`], when the store has everything that was found. A fault of the source is
//! an outcome, not an error; the only error is a store that cannot keep what was found.

mod attempt;
mod items;
mod judge;
mod pool;
mod revisions;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::{sync::Semaphore, time::Instant};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use self::items::Found;
pub use self::{
    attempt::read_article,
    judge::fetch_fault,
    pool::{ParserPool, PoolError},
};
use crate::{
    article::dates::Published,
    config::ScheduleSettings,
    fetch::{Answer, FetchError, Fetcher, Request},
    list::{self, Item, List, ListContext},
    page::{Page, charset, document::Document},
    schedule::pace::{self, Hints},
    source::{
        Source,
        rhythm::Rhythm,
        state::{Fault, Outcome, SourceState},
    },
    store::{Store, StoreError},
};

/// What polls are made with.
#[derive(Clone)]
pub struct Poller {
    fetcher: Fetcher,
    store: Arc<Store>,
    pool: ParserPool,
    schedule: ScheduleSettings,
    questions: Arc<Semaphore>,
}

/// How many polls ask the store at the same time: each question takes a thread.
const QUESTIONS: usize = 16;

/// How a visit went.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its outcome.
    pub outcome: Outcome,
    /// When the source is due again.
    pub next_poll: Timestamp,
}

/// A list page, received and understood.
struct Listing {
    list: List,
    page_hash: u64,
}

impl Poller {
    /// A poller over these parts.
    pub fn new(
        fetcher: Fetcher,
        store: Arc<Store>,
        pool: ParserPool,
        schedule: ScheduleSettings,
    ) -> Self {
        Self {
            fetcher,
            store,
            pool,
            schedule,
            questions: Arc::new(Semaphore::new(QUESTIONS)),
        }
    }

    /// Visits a source. `now` is the time of the visit: what is found in it was first seen then.
    ///
    /// # Errors
    /// The store cannot be read or written. What was recorded before stays, and the source keeps its due time.
    #[tracing::instrument(name = "poll", skip_all, fields(source.id = %source.id))]
    pub async fn poll(&self, source: &Arc<Source>, now: Timestamp) -> Result<Visit, StoreError> {
        let mut state = self.store.state(&source.id).unwrap_or_default();
        let rules_hash = Some(source.rules_hash());
        if state.rules_hash != rules_hash {
            state = SourceState {
                rules_hash,
                ..state.unread()
            };
        }
        let begun = Instant::now();
        let (outcome, mut hints) = self.visit(source, &mut state, now).await?;
        // `now` is the visit's beginning, and the host wants to be left alone from its answer on
        hints.retry_after = hints.retry_after.map(|patience| patience + begun.elapsed());
        let next_poll = pace::conclude(
            source,
            &self.schedule,
            &mut state,
            outcome.clone(),
            hints,
            now,
        )
        .due;
        self.store
            .record(Vec::new(), Some((source.id.clone(), state)))
            .await?;
        match &outcome {
            Outcome::Failed(fault) => {
                tracing::warn!(error = %fault, url = %source.url, next = %next_poll, "poll failed");
            }
            Outcome::Read { items, new } => {
                tracing::info!(items, articles.new = new, next = %next_poll, "polled");
            }
            Outcome::Unchanged => tracing::info!(articles.new = 0, next = %next_poll, "unchanged"),
        }
        Ok(Visit { outcome, next_poll })
    }

    /// The steps, in order.
    async fn visit(
        &self,
        source: &Arc<Source>,
        state: &mut SourceState,
        now: Timestamp,
    ) -> Result<(Outcome, Hints), StoreError> {
        let answer = match self.ask_for_list(source, state).await {
            Ok(answer) => answer,
            Err(error) => {
                let hints = Hints {
                    retry_after: error.retry_after(),
                    max_age: None,
                };
                return Ok((Outcome::Failed(self.fault_of(error).await), hints));
            }
        };
        let hints = Hints {
            retry_after: None,
            max_age: answer.max_age,
        };
        let Some(page) = answer.page else {
            return Ok((self.unchanged(source, state, now).await?, hints));
        };
        let page_hash = xxh3_64(&page.body);
        if state.page_hash == Some(page_hash) {
            state.validators = answer.validators;
            return Ok((self.unchanged(source, state, now).await?, hints));
        }
        let first = match self.understand_list(source, page, page_hash, now).await {
            Ok(listing) => listing,
            Err(fault) => {
                return Ok((Outcome::Failed(judge::against_history(fault, state)), hints));
            }
        };
        let items = self.follow_pages(source, &first.list, state, now).await;
        let found = self.take_in(source, &items, state, now).await?;
        let again = self.read_again(source, now).await?;

        // remembered only now, when every item is in the store: a poll that was cut short is repeated in full
        state.validators = answer.validators;
        state.page_hash = Some(first.page_hash);
        // a title with a date or a counter in it must not change the feed's bytes while its entries stay
        if found.new > 0 || state.title.is_none() {
            state.title = first.list.title.or(state.title.take());
        }
        state.items = count(first.list.items.len());
        state.rhythm.get_or_insert_with(|| {
            let dates = items.iter().filter_map(|item| item.published);
            Rhythm::of_list(dates.map(Published::day), now, &source.timezone)
        });
        let outcome = match judge::bodies(&found, &again, state) {
            Some(fault) => Outcome::Failed(fault),
            None => Outcome::Read {
                items: count(items.len()),
                new: count(found.new),
            },
        };
        Ok((outcome, hints))
    }

    /// The list is as it was; articles that could not be read may be readable now.
    async fn unchanged(
        &self,
        source: &Arc<Source>,
        state: &SourceState,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let again = self.read_again(source, now).await?;
        let fault = judge::bodies(&Found::default(), &again, state);
        Ok(fault.map_or(Outcome::Unchanged, Outcome::Failed))
    }

    /// A conditional GET of the list page.
    async fn ask_for_list(
        &self,
        source: &Source,
        state: &SourceState,
    ) -> Result<Answer, FetchError> {
        let known = state.last_success.is_some().then_some(&state.validators);
        self.fetcher
            .get(Request {
                url: &source.url,
                home: &source.url,
                settings: &source.request,
                validators: known,
            })
            .await
    }

    /// Asks the store apart from the async workers: it may wait for the disk.
    async fn ask_store<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.store.clone();
        // closed by nobody, and an error would only mean that all may ask
        let _permit = self.questions.acquire().await.ok();
        let asked = tokio::task::spawn_blocking(move || question(&store)).await;
        asked.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // the runtime ends, and nobody waits for the answer
            Err(_) => Err(StoreError::Closed),
        })
    }

    /// What an address that gave no page is at: its error page may say it better than its status does.
    async fn fault_of(&self, error: FetchError) -> Fault {
        if error.page().is_none() {
            return judge::fetch_fault(&error);
        }
        let bytes = error.page().map_or(0, |page| page.body.len());
        let judge = move || judge::error_page(&error);
        let judged = self.pool.run(bytes, judge).await;
        judged.unwrap_or_else(|error| judge::defect(&error))
    }

    /// Bytes → text → tree → items, on the parsers' threads.
    async fn understand_list(
        &self,
        source: &Arc<Source>,
        page: Page,
        page_hash: u64,
        now: Timestamp,
    ) -> Result<Listing, Fault> {
        let source = source.clone();
        self.pool
            .run(page.body.len(), move || {
                let list = read_list(&source, &page, now)?;
                Ok(Listing { list, page_hash })
            })
            .await
            .unwrap_or_else(|error| Err(judge::defect(&error)))
    }

    /// The items of the first page and, at a source's first visit, of the further pages that it asks for. A page that
    /// cannot be had ends the walk: what was found so far counts.
    async fn follow_pages(
        &self,
        source: &Arc<Source>,
        first: &List,
        state: &SourceState,
        now: Timestamp,
    ) -> Vec<Item> {
        let mut items = first.items.clone();
        if state.last_success.is_some() {
            return items;
        }
        let mut next = first.following().cloned();
        let mut walked: Vec<Url> = vec![source.url.clone()];
        while let Some(url) = next.take() {
            if walked.len() >= source.pages as usize || walked.contains(&url) {
                break;
            }
            let request = Request {
                url: &url,
                home: &source.url,
                settings: &source.request,
                validators: None,
            };
            let page = match self.fetcher.get(request).await {
                Ok(Answer {
                    page: Some(page), ..
                }) => page,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%url, error = %judge::fetch_fault(&error), "a further list page could not be read");
                    break;
                }
            };
            match self.understand_list(source, page, 0, now).await {
                Ok(listing) => {
                    next = listing.list.following().cloned();
                    items.extend(listing.list.items);
                }
                Err(fault) => {
                    tracing::warn!(%url, error = %fault, "a further list page could not be understood");
                    break;
                }
            }
            walked.push(url);
        }
        items
    }
}

/// A list page's items, or what is wrong with it. Pure: the same page gives the same answer.
///
/// # Errors
/// The page is no text, refuses, or holds no list.
pub fn read_list(source: &Source, page: &Page, now: Timestamp) -> Result<List, Fault> {
    let decoded = charset::decode(&page.body, page.content_type.as_deref());
    if decoded.garbled {
        return Err(judge::garbled(page));
    }
    let document = Document::parse(&decoded.text);
    let context = ListContext {
        url: &page.url,
        rules: &source.list,
        preset: &source.preset,
        timezone: &source.timezone,
        now,
    };
    let list = list::extract(&document, &context);
    if list.items.is_empty() {
        return Err(judge::no_list(source, page, &document, &list));
    }
    Ok(list)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
