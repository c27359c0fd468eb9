//! One visit to one source, from the list's address to its articles in the store. Read the program here.
//!
//! In: a source and the time. Out: a [`Visit`], when the store has everything that was found. A fault of the source is
//! an outcome, not an error; the only error is a store that cannot keep what was found.

mod ask;
mod attempt;
mod items;
mod judge;
mod look;
mod place;
mod pool;
mod revisions;
mod told;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::{sync::Semaphore, time::Instant};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

pub use self::{
    attempt::read_article,
    judge::{fetch_fault, is_home},
    look::{Look, View, look, look_at_article, view},
    pool::{ParserPool, PoolError},
};
use self::{
    items::Found,
    look::elsewhere,
    place::{Doubt, Verdict},
    told::tell,
};
use crate::{
    article::{Article, ArticleId, dates::Published},
    config::ScheduleSettings,
    fetch::{Answer, FetchError, Fetcher, Request},
    list::{self, Item, List, ListContext, syndicated},
    metrics::{ArticleEvent, Metrics},
    page::{Page, charset, document::Document},
    schedule::pace::{self, Hints},
    source::{
        Kind, Source,
        rhythm::Rhythm,
        state::{Fault, Outcome, SourceState, SourceValidators},
    },
    store::{Batch, Scope, Store, StoreError},
};

/// What polls are made with.
#[derive(Clone)]
pub struct Poller {
    fetcher: Fetcher,
    store: Arc<Store>,
    pool: ParserPool,
    schedule: ScheduleSettings,
    questions: Arc<Semaphore>,
    metrics: Metrics,
}

/// How many polls ask the store at the same time: each question takes a thread.
const QUESTIONS: usize = 16;

/// How many names of its pages are kept of a source.
const MOST_NAMES: usize = 8;

/// How a visit went.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its outcome.
    pub outcome: Outcome,
    /// When the source is due again.
    pub next_poll: Timestamp,
}

/// What a visit came to, before it is kept.
struct Ended {
    outcome: Outcome,
    hints: Hints,
    /// Known articles that were found to say something else, or could be read at last.
    revised: usize,
}

impl Ended {
    fn failed(fault: Fault, hints: Hints) -> Self {
        Self {
            outcome: Outcome::Failed(fault),
            hints,
            revised: 0,
        }
    }
}

/// A list page that is not as it was.
struct Changed {
    page: Page,
    page_hash: u64,
    validators: SourceValidators,
}

/// A list page, received and understood.
struct Listing {
    list: List,
    /// Absent where the list does not stand on the source's own page: that page says nothing of its changes.
    page_hash: Option<u64>,
}

/// A list page that could not be understood.
struct Unlisted {
    fault: Fault,
    /// What it links to all the same.
    linked: Vec<ArticleId>,
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
            metrics: Metrics::default(),
        }
    }

    /// The same poller, which counts and measures there.
    #[must_use]
    pub fn counted(self, metrics: &Metrics) -> Self {
        self.fetcher.measure(metrics);
        Self {
            pool: self.pool.measured(metrics),
            metrics: metrics.clone(),
            ..self
        }
    }

    /// Visits a source. `now` is the time of the visit: what is found in it was first seen then.
    ///
    /// # Errors
    /// The store cannot be read or written. What was recorded before stays, and the source keeps its due time.
    #[tracing::instrument(name = "poll", skip_all, fields(source.id = %source.id))]
    pub async fn poll(&self, source: &Arc<Source>, now: Timestamp) -> Result<Visit, StoreError> {
        let polled = self.poll_and_keep(source, now).await;
        let outcome = polled.as_ref().ok().map(|visit| &visit.outcome);
        self.metrics.polled(outcome);
        polled
    }

    async fn poll_and_keep(
        &self,
        source: &Arc<Source>,
        now: Timestamp,
    ) -> Result<Visit, StoreError> {
        let (state, idle) = self.store.standing(&source.id, now);
        let mut state = state.unwrap_or_default();
        let rules_hash = Some(source.rules_hash());
        if state.rules_hash != rules_hash {
            state = SourceState {
                rules_hash,
                ..state.unlisted()
            };
        }
        let begun = Instant::now();
        let Ended {
            outcome,
            mut hints,
            revised,
        } = self.visit(source, &mut state, idle, now).await?;
        // `now` is the visit's beginning, and the host wants to be left alone from its answer on
        hints.retry_after = hints.retry_after.map(|patience| patience + begun.elapsed());
        state.remember(&outcome, now);
        let next_poll = pace::conclude(
            source,
            &self.schedule,
            &mut state,
            outcome.clone(),
            hints,
            now,
        )
        .due;
        if matches!(outcome, Outcome::Unchanged | Outcome::Read { new: 0, .. }) {
            self.store.learn(&source.id, state).await?;
        } else {
            let learnt = Some((source.id.clone(), state));
            self.store.record(Vec::new(), learnt).await?;
        }
        let visit = Visit { outcome, next_poll };
        tell(source, &visit, revised, begun.elapsed());
        Ok(visit)
    }

    /// The steps, in order. `idle`: nothing is due to be read again.
    async fn visit(
        &self,
        source: &Arc<Source>,
        state: &mut SourceState,
        idle: bool,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let answer = match self.ask_for_list(source, state).await {
            Ok(answer) => answer,
            Err(error) => {
                let hints = Hints {
                    retry_after: error.retry_after_from(now),
                    max_age: None,
                };
                return Ok(Ended::failed(fault_of(&self.pool, error).await, hints));
            }
        };
        let hints = Hints {
            retry_after: None,
            max_age: answer.max_age,
        };
        state.moved_to.clone_from(&answer.permanent);
        let Some(page) = answer.page else {
            state.stranger = None;
            return self.unchanged(source, state, idle, hints, now).await;
        };
        let page_hash = xxh3_64(&page.body);
        if state.page_hash == Some(page_hash) {
            state.validators = answer.validators;
            state.stranger = None;
            return self.unchanged(source, state, idle, hints, now).await;
        }
        let changed = Changed {
            page,
            page_hash,
            validators: answer.validators,
        };
        // boxed: its steps take room that most visits do not use
        Box::pin(self.take_up(source, state, changed, hints, now)).await
    }

    /// The steps for a list page that has changed.
    async fn take_up(
        &self,
        source: &Arc<Source>,
        state: &mut SourceState,
        changed: Changed,
        hints: Hints,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let Changed {
            page,
            page_hash,
            validators,
        } = changed;
        let understood = self
            .understand_list(source, page.clone(), page_hash, now)
            .await;
        let first = match understood {
            Ok(listing) => listing,
            Err(Unlisted { fault, linked }) => {
                let elsewhere =
                    elsewhere(&self.fetcher, &self.pool, source, &page, &fault, now).await;
                let Some(list) = elsewhere else {
                    let known = self.still_linked(source, linked).await?;
                    let fault = judge::against_history(fault, source, state, known);
                    return Ok(Ended::failed(fault, hints));
                };
                Listing {
                    list,
                    page_hash: None,
                }
            }
        };
        let landed = first
            .page_hash
            .and_then(|_| place::landed(source, &page.url));
        let offered = self
            .offered(source, state, &first.list, page, landed.as_ref(), now)
            .await?;
        let (items, backfill) = match offered {
            Ok(offered) => offered,
            Err(fault) => return Ok(Ended::failed(fault, hints)),
        };
        let names = names(state, Some(&first.list));
        let found = self.take_in(source, &items, &names, backfill, now).await?;
        let again = self.read_again(source, || names, now).await?;

        // remembered only now, when every item is in the store: a poll that was cut short is repeated in full
        let on_page = first.page_hash.is_some();
        state.validators = Some(validators).filter(|_| on_page).unwrap_or_default();
        state.page_hash = first.page_hash;
        state.landed = landed;
        for name in &found.names {
            if state.names.len() < MOST_NAMES && !state.names.contains(name) {
                state.names.push(name.clone());
            }
        }
        state.stranger = None;
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
        Ok(Ended {
            outcome,
            hints,
            revised: again.revised,
        })
    }

    /// The items to take in, and whether they have been there for long, as far as is known; or the fault of a page that
    /// seems to show another list.
    async fn offered(
        &self,
        source: &Arc<Source>,
        state: &mut SourceState,
        list: &List,
        page: Page,
        landed: Option<&Url>,
        now: Timestamp,
    ) -> Result<Result<(Vec<Item>, bool), Fault>, StoreError> {
        let Some(doubt) = self.doubt(source, state, list, landed).await? else {
            let items = self.follow_pages(source, list, state, now).await;
            return Ok(Ok((items, state.last_success.is_none())));
        };
        match place::weigh(doubt, &list.items, state.stranger.take(), now) {
            Verdict::Take(items) => {
                tracing::debug!(url = %source.url, items = items.len(), "taken for the list: it has stayed");
                Ok(Ok((items, true)))
            }
            Verdict::Wait(stranger) => {
                state.stranger = Some(stranger);
                let fault = self.other_list(source, list, page, doubt).await?;
                Ok(Err(fault))
            }
        }
    }

    /// Whether the items seem to be another list's than the one that the source has shown so far.
    async fn doubt(
        &self,
        source: &Source,
        state: &SourceState,
        list: &List,
        landed: Option<&Url>,
    ) -> Result<Option<Doubt>, StoreError> {
        if state.last_success.is_none() || state.items == 0 {
            return Ok(None);
        }
        let at_home = place::is_at_home(source, state, landed);
        let ids = list.items.iter().map(|item| ArticleId::of(&item.url));
        let known = self.still_linked(source, ids.collect()).await?;
        if known > 0 && !at_home {
            return Ok(None);
        }
        let scope = Scope::Source(source.id.clone());
        let newest = self
            .ask_store(move |store| store.newest(&scope, place::COMPARED, 0))
            .await?;
        let newest: Vec<Article> = newest.into_iter().map(|entry| entry.article).collect();
        let before = usize::try_from(state.items).unwrap_or(usize::MAX);
        Ok(place::doubt(&list.items, known, &newest, before, at_home))
    }

    /// The fault of a page whose items are in doubt.
    async fn other_list(
        &self,
        source: &Source,
        list: &List,
        page: Page,
        doubt: Doubt,
    ) -> Result<Fault, StoreError> {
        let size = page.body.len();
        let linked = self.pool.run(size, move || judge::linked_on(&page)).await;
        let linked = self
            .still_linked(source, linked.unwrap_or_default())
            .await?;
        Ok(judge::other_list(source, list.items.len(), doubt, linked))
    }

    /// How many of these articles the source has listed before.
    async fn still_linked(
        &self,
        source: &Source,
        linked: Vec<ArticleId>,
    ) -> Result<usize, StoreError> {
        let known = self.ask_store(move |store| store.known(&linked)).await?;
        let listed = known
            .iter()
            .flatten()
            // one that retention let go of was listed, by whomever
            .filter(|known| known.expired || known.sources.contains(&source.id));
        Ok(listed.count())
    }

    /// The list is as it was; articles that could not be read may be readable now.
    async fn unchanged(
        &self,
        source: &Arc<Source>,
        state: &SourceState,
        idle: bool,
        hints: Hints,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let again = if idle {
            Found::default()
        } else {
            let names = || names(state, None);
            self.read_again(source, names, now).await?
        };
        let fault = judge::bodies(&Found::default(), &again, state);
        Ok(Ended {
            outcome: fault.map_or(Outcome::Unchanged, Outcome::Failed),
            hints,
            revised: again.revised,
        })
    }

    /// A conditional GET of the list page.
    async fn ask_for_list(
        &self,
        source: &Source,
        state: &SourceState,
    ) -> Result<Answer, FetchError> {
        let known = state.last_success.is_some().then_some(&state.validators);
        let request = Request {
            url: &source.url,
            home: &source.url,
            settings: &source.request,
            validators: known,
        };
        let asked = ask::ask(&self.fetcher, &self.pool, request, |_| true).await;
        asked.map(|(answer, _)| answer)
    }

    /// Keeps what was found, and counts it. Whether it changed anything.
    async fn keep_batch(&self, batch: Batch) -> Result<bool, StoreError> {
        let told: Vec<Option<ArticleEvent>> = batch.events.iter().map(ArticleEvent::of).collect();
        let recorded = self.store.record_batch(batch).await?;
        // of a batch that was known in part, which part is not said; the new articles are
        let told = if count(told.len()) == recorded.changed {
            told
        } else {
            vec![Some(ArticleEvent::New); recorded.published.len()]
        };
        for event in told.into_iter().flatten() {
            self.metrics.recorded(event);
        }
        Ok(recorded.changed > 0)
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

    /// Bytes → text → tree → items, on the parsers' threads.
    async fn understand_list(
        &self,
        source: &Arc<Source>,
        page: Page,
        page_hash: u64,
        now: Timestamp,
    ) -> Result<Listing, Unlisted> {
        let source = source.clone();
        self.pool
            .run(page.body.len(), move || {
                match read_list(&source, &page, now) {
                    Ok(list) => Ok(Listing {
                        list,
                        page_hash: Some(page_hash),
                    }),
                    Err(fault) => Err(Unlisted {
                        linked: judge::linked(&fault, &page),
                        fault,
                    }),
                }
            })
            .await
            .unwrap_or_else(|error| {
                Err(Unlisted {
                    fault: judge::defect(&error),
                    linked: Vec::new(),
                })
            })
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
                Err(Unlisted { fault, .. }) => {
                    tracing::warn!(%url, error = %fault, "a further list page could not be understood");
                    break;
                }
            }
            walked.push(url);
        }
        items
    }
}

/// What an address that gave no page is at: its error page may say it better than its status does.
async fn fault_of(pool: &ParserPool, error: FetchError) -> Fault {
    if error.page().is_none() {
        return judge::fetch_fault(&error);
    }
    let size = error.page().map_or(0, |page| page.body.len());
    let judged = pool.run(size, move || judge::error_page(&error)).await;
    judged.unwrap_or_else(|error| judge::defect(&error))
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
    let context = ListContext {
        url: &page.url,
        rules: &source.list,
        preset: &source.preset,
        timezone: &source.timezone,
        now,
    };
    if source.kind == Kind::Feed || source.kind == Kind::Auto && syndicated::is_feed(&decoded.text)
    {
        return judge::feed(source, syndicated::extract(&decoded.text, &context));
    }
    let document = Document::parse(&decoded.text);
    let list = list::extract(&document, &context);
    if list.items.is_empty() {
        return Err(judge::no_list(source, page, &document, &list));
    }
    Ok(list)
}

/// What a source's pages call themselves, as far as that is known: no article's title.
fn names(state: &SourceState, list: Option<&List>) -> Vec<String> {
    let titles = [
        state.title.as_ref(),
        list.and_then(|list| list.title.as_ref()),
    ];
    let titles = titles.into_iter().flatten();
    titles.chain(&state.names).cloned().collect()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
