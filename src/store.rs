//! What was learnt, in sled: the view of the journal that answers questions fast.
//!
//! In: events, from polls. Out: whether an address is known, the newest articles of a source, of a group, of all with
//! each story once, what is due to be read again. The folder of a store holds `journal/` (the truth, see
//! [`crate::journal`]), `store/` (sled; small rows only, each article's text stays in the journal) and `lock`.
//!
//! One thread writes. What arrives together is made durable together: appended to the journal, flushed there, applied
//! to sled in one atomic batch, flushed there, and only then answered. Reading takes no detour: it is synchronous,
//! waits for the disk, and belongs into `tokio::task::spawn_blocking`.
//!
//! A database that will not open (sled 0.34 can panic there), that misses rows, or that another version wrote, is set
//! aside and made again from the journal. What only the database knows are each source's [`SourceState`], which is
//! carried over where it can be read, and the counts of failed readings, which the next polls learn again.

mod answers;
mod apply;
mod archive;
mod behind;
mod change;
mod checks;
mod compact;
mod error;
mod expire;
mod index;
mod keys;
mod lines;
mod measures;
mod open;
mod prepare;
mod read;
mod records;
mod restore;
mod room;
mod scrub;
mod search;
mod stories;
mod subscriptions;
mod together;
mod view;
mod walk;
mod writer;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    thread::JoinHandle,
};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

pub use self::{
    answers::{
        Also, Archive, Batch, Check, Choice, Compacted, Entry, Known, Note, OpenReport, Progress,
        Recorded, Scope, Sizes,
    },
    error::StoreError,
    measures::Measures,
    restore::{Exported, Lines, Refused},
    search::{Found, NoQuestion, QUESTION_CHARS, Question},
};
use self::{
    prepare::Ready,
    records::{StateRow, nanos},
    search::Search,
    together::Merging,
    view::View,
    writer::{Command, Writable},
};
use crate::{
    article::{Article, ArticleId},
    journal::{self, Event},
    source::{Source, SourceId, state::SourceState},
    story::{content, merge::Across},
};

/// Commands that wait for the writer; who sends more waits for room.
const WAITING: usize = 256;

/// The store of one daemon.
pub struct Store {
    view: Arc<View>,
    commands: Mutex<Option<mpsc::Sender<Command>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    trouble: watch::Receiver<Option<StoreError>>,
    path: PathBuf,
    room: room::Left,
    /// Events in the journal that the database does not know.
    lag: Arc<AtomicU64>,
    search: Mutex<Option<Arc<Search>>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in a folder, which is made if absent. Waits for the disk; a store that must be made again from
    /// its journal takes minutes for a million articles.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process has it, [`StoreError::NotWritable`] or [`StoreError::Io`] if the
    /// file system refuses, [`StoreError::Journal`] if the journal is of a later version.
    pub fn open(path: &Path, cache_bytes: u64) -> Result<(Self, OpenReport), StoreError> {
        let sizes = Sizes {
            cache_bytes,
            ..Sizes::default()
        };
        let mut told = 0;
        Self::open_with(path, sizes, &mut |progress| {
            let percent = 100 * progress.done_bytes / progress.total_bytes.max(1);
            if percent >= told + 10 {
                told = percent;
                let events = progress.events;
                tracing::info!(percent, events, "reading the journal");
            }
        })
    }

    /// As [`Store::open`], with all sizes, and tells how far it has come with what takes long.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(
        path: &Path,
        sizes: Sizes,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, OpenReport), StoreError> {
        let opened = open::open(path, sizes, progress)?;
        let view = Arc::new(opened.view);
        let (commands, waiting) = mpsc::channel(WAITING);
        let (telling, trouble) = watch::channel(None);
        let lag: Arc<AtomicU64> = Arc::default();
        let writable = Writable {
            journal: opened.journal,
            place: opened.place,
            room: sizes.room,
            lag: Arc::clone(&lag),
        };
        let writer = writer::start(Arc::clone(&view), writable, waiting, telling)
            .map_err(StoreError::io("start the writer of", path))?;
        let store = Self {
            view,
            commands: Mutex::new(Some(commands)),
            writer: Mutex::new(Some(writer)),
            trouble,
            path: path.to_owned(),
            room: sizes.room,
            lag,
            search: Mutex::default(),
        };
        Ok((store, opened.report))
    }

    /// Keeps events, and what a poll learnt of its source. Returns when they survive a power cut.
    ///
    /// Events that were recorded before change nothing. An article that is published again by another source is
    /// listed by both from then on; a revision of an article that was never published publishes it.
    ///
    /// # Errors
    /// The disk is full or broken: nothing of it is kept then. The store is closed or damaged.
    pub async fn record(
        &self,
        events: Vec<Event>,
        state: Option<(SourceId, SourceState)>,
    ) -> Result<Recorded, StoreError> {
        self.record_batch(Batch {
            events,
            notes: Vec::new(),
            state,
        })
        .await
    }

    /// Keeps what a poll learnt that found nothing new: at once for who asks, on the disk within some seconds. A power
    /// cut before that has the source polled once more.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn learn(&self, source: &SourceId, state: SourceState) -> Result<(), StoreError> {
        if let Some(trouble) = self.trouble() {
            return Err(trouble);
        }
        let learnt = {
            // held until it is learnt: the writer writes what waits before it ends
            let commands = self.lock_commands();
            let commands = commands.as_ref().ok_or(StoreError::Closed)?;
            let learnt = self.view.learn(source, state);
            learnt.map(|first| first.then(|| commands.downgrade()))
        };
        match learnt {
            Ok(None) => Ok(()),
            Ok(Some(commands)) => {
                // weak: the writer ends when nobody can send commands, and writes what waits by itself
                tokio::spawn(async move {
                    tokio::time::sleep(behind::PATIENCE).await;
                    if let Some(commands) = commands.upgrade() {
                        // the writer has ended: it has written them
                        let _ = commands.send(Command::Learnt).await;
                    }
                });
                Ok(())
            }
            Err(state) => {
                let state = Some((source.clone(), *state));
                self.record(Vec::new(), state).await.map(drop)
            }
        }
    }

    /// As [`Store::record`], with what was learnt beside the events.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn record_batch(&self, batch: Batch) -> Result<Recorded, StoreError> {
        let ready = Box::new(Ready::of(batch)?);
        self.ask(|reply| Command::Record { ready, reply }).await
    }

    /// Keeps what an export holds: the events that are not known, and what polls learnt of sources that this store has
    /// not learnt of.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn restore(&self, lines: Lines) -> Result<Recorded, StoreError> {
        let mut recorded = Recorded::default();
        if !lines.events.is_empty() {
            let ready = Ready {
                events: lines.events,
                notes: Vec::new(),
                state: None,
            };
            recorded = self
                .ask(|reply| Command::Record {
                    ready: Box::new(ready),
                    reply,
                })
                .await?;
        }
        for (source, state) in lines.states {
            if self.state(&source).is_none() {
                // a list that was read may have shown articles that the export does not hold
                self.record(Vec::new(), Some((source, state.unread())))
                    .await?;
            }
        }
        Ok(recorded)
    }

    /// All that the store knows, as lines of JSON that [`Lines::read`] reads back: the journal's events in order, then
    /// what polls learnt of each source. Damage in the journal is told and passed over.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn export(
        &self,
    ) -> Result<impl Iterator<Item = Result<Exported, StoreError>> + '_, StoreError> {
        let events = restore::events(&self.view.journal)?;
        let states = self.view.states().into_iter();
        Ok(events.chain(
            states.map(|(source, state)| Ok(Exported::Line(StateRow { source, state }.encode()))),
        ))
    }

    /// The events of [`Store::export`] alone, read from a store that another process may hold.
    ///
    /// # Errors
    /// As [`Store::export`].
    pub fn export_events(
        path: &Path,
    ) -> Result<impl Iterator<Item = Result<Exported, StoreError>>, StoreError> {
        restore::events(&journal::Reader::new(&path.join("journal")))
    }

    /// Notes that reading these articles' pages has failed again: each is tried later than the last time.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn record_attempts(
        &self,
        articles: Vec<ArticleId>,
        failed_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.ask(|reply| Command::Attempts {
            articles,
            failed_at,
            reply,
        })
        .await
    }

    /// Lets go of articles older than so many days, and of each source's oldest beyond so many, and of journal
    /// segments that speak of nothing younger. Returns how many articles went. In batches: what else is recorded
    /// meanwhile does not wait for all of it.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn expire(
        &self,
        now: Timestamp,
        keep_days: u32,
        keep_per_source: u32,
    ) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let rule = expire::Rule {
                now,
                before: expire::days_before(now, keep_days),
                keep_per_source: u64::from(keep_per_source),
            };
            let batch: u64 = self.ask(|reply| Command::Expire { rule, reply }).await?;
            if batch == 0 {
                return Ok(gone);
            }
            gone += batch;
        }
    }

    /// Why nothing new can be kept at present: a full disk, most often. Reading goes on meanwhile.
    pub fn trouble(&self) -> Option<StoreError> {
        self.trouble.borrow().clone()
    }

    /// Waits until new things can be kept: for good, where the writer ended in trouble.
    pub async fn writable(&self) {
        let mended = self.trouble.clone().wait_for(Option::is_none).await.is_ok();
        if !mended {
            // the writer has ended: to return at once would have the caller ask again without pause
            std::future::pending::<()>().await;
        }
    }

    /// Finds out whether new things can be kept, so that [`Store::trouble`] knows, and repairs what had kept them from
    /// it. To be called now and then.
    ///
    /// # Errors
    /// They cannot, and this is why.
    pub async fn mend(&self) -> Result<(), StoreError> {
        self.ask(|reply| Command::Mend { reply }).await
    }

    /// Copies the live rows into a new database that takes the old one's place: sled gives no space back by itself.
    /// What is recorded meanwhile waits.
    ///
    /// # Errors
    /// The disk has no room for both, or is broken. The old database stays then.
    pub async fn compact(&self) -> Result<Compacted, StoreError> {
        self.ask(|reply| Command::Compact { reply }).await
    }

    /// Whether compaction would free much. Reads the whole database.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn compaction_pays(&self) -> Result<bool, StoreError> {
        compact::pays(&self.view)
    }

    /// Reads the whole journal, and tells what is damaged there. The articles that were lost with it are read anew by
    /// the next polls.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn scrub(&self) -> Result<Vec<journal::Damage>, StoreError> {
        scrub::scrub(&self.view)
    }

    /// What is known of addresses, in the order asked.
    ///
    /// # Errors
    /// The disk is broken, the store damaged.
    pub fn known(&self, ids: &[ArticleId]) -> Result<Vec<Option<Known>>, StoreError> {
        read::known(&self.view, ids)
    }

    /// An article by its id, or by the id of an address that it was moved to.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn article(&self, id: ArticleId) -> Result<Option<Article>, StoreError> {
        Ok(self.entry(id)?.map(|entry| entry.article))
    }

    /// As [`Store::article`], with where else its story is told.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn entry(&self, id: ArticleId) -> Result<Option<Entry>, StoreError> {
        read::by_id(&self.view, id)
    }

    /// What an article said before it was revised, the first version first, each as it was recorded. Those that retention
    /// has let go of are left out.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn earlier(&self, id: ArticleId) -> Result<Vec<Article>, StoreError> {
        read::earlier(&self.view, id)
    }

    /// The newest articles: by their place ([`Article::sorted_at`]) downwards, those of one time by permalink.
    /// Pages count from 0.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn newest(
        &self,
        scope: &Scope,
        limit: usize,
        page: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let choice = Choice {
            skip: limit.saturating_mul(page),
            limit,
            keep: None,
            looked_at: usize::MAX,
            abandoned: None,
        };
        self.choose(scope, &choice)
    }

    /// As [`Store::newest`], with a choice among the articles.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn choose(&self, scope: &Scope, choice: &Choice<'_>) -> Result<Vec<Entry>, StoreError> {
        read::choose(&self.view, scope, choice)
    }

    /// The last of the documents in which a scope's past is kept that holds more than is `shown`, by the article that it
    /// begins with. Documents hold at
    /// most 50 articles, and stay as they are but for retention and for what becomes of their articles.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn newest_archive(
        &self,
        scope: &Scope,
        shown: &[ArticleId],
    ) -> Result<Option<ArticleId>, StoreError> {
        archive::newest(&self.view, scope, shown)
    }

    /// The document of a scope's past that begins with an article, if one does.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn archive(&self, scope: &Scope, first: ArticleId) -> Result<Option<Archive>, StoreError> {
        archive::archive(&self.view, scope, first)
    }

    /// When the articles of a scope came, the latest first: those after `since`, `most` of them. Stories are not merged.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn times(
        &self,
        scope: &Scope,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<Timestamp>, StoreError> {
        read::times(&self.view, scope, nanos(since), most)
    }

    /// The sources that were ever polled, or list articles. From memory.
    pub fn source_ids(&self) -> Vec<SourceId> {
        self.view.sources().numbers.keys().cloned().collect()
    }

    /// Whether a source was ever polled, or lists articles. From memory.
    pub fn knows(&self, source: &SourceId) -> bool {
        self.view.sources().number(source).is_some()
    }

    /// A number that grows exactly when something that the scope's feeds show has changed. From memory.
    pub fn generation(&self, scope: &Scope) -> u64 {
        let sources = self.view.sources();
        let of = |id: &SourceId| {
            let row = sources.number(id).and_then(|number| sources.row(number));
            row.map_or(0, |row| row.generation)
        };
        match scope {
            Scope::Source(id) => of(id),
            // each batch has a number of its own, so the latest moves whenever one of them does
            Scope::Renamed(ids) | Scope::Sources(ids) => ids.iter().map(of).max().unwrap_or(0),
            Scope::All => sources.generation,
        }
    }

    /// How many articles a source lists. From memory.
    pub fn counts(&self, source: &SourceId) -> u64 {
        let sources = self.view.sources();
        let row = sources
            .number(source)
            .and_then(|number| sources.row(number));
        row.map_or(0, |row| row.articles)
    }

    /// What polling learnt of a source. From memory.
    pub fn state(&self, source: &SourceId) -> Option<SourceState> {
        let sources = self.view.sources();
        let number = sources.number(source)?;
        sources.states.get(&number).cloned()
    }

    /// As [`Store::state`] and [`Store::is_idle`], in one look: each visit begins with both.
    pub fn standing(&self, source: &SourceId, now: Timestamp) -> (Option<SourceState>, bool) {
        let sources = self.view.sources();
        let Some(number) = sources.number(source) else {
            return (None, false);
        };
        let state = sources.states.get(&number).cloned();
        (state, self.view.behind.is_idle(number, nanos(now)))
    }

    /// Looks at what polling learnt of each of these, without copying it. From memory; polls that end wait meanwhile.
    pub fn look_at_states<'s>(
        &self,
        of: impl Iterator<Item = &'s Source>,
        mut look: impl FnMut(&'s Source, Option<&SourceState>),
    ) {
        let sources = self.view.sources();
        for source in of {
            let number = sources.number(&source.id);
            look(source, number.and_then(|n| sources.states.get(&n)));
        }
    }

    /// What polling learnt of all sources. From memory.
    pub fn states(&self) -> HashMap<SourceId, SourceState> {
        self.view.states().into_iter().collect()
    }

    /// Whether it is known that nothing of a source is due to be read again. From memory.
    pub fn is_idle(&self, source: &SourceId, now: Timestamp) -> bool {
        let number = self.view.sources().number(source);
        number.is_some_and(|number| self.view.behind.is_idle(number, nanos(now)))
    }

    /// Finds out until when nothing of a source is due to be read again, for [`Store::is_idle`].
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn look_idle(&self, source: &SourceId, now: Timestamp) -> Result<(), StoreError> {
        read::look_idle(&self.view, source, nanos(now))
    }

    /// A source's articles whose page is due to be read again, the longest due first.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn incomplete(
        &self,
        source: &SourceId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Article>, StoreError> {
        read::incomplete(&self.view, source, nanos(now), limit)
    }

    /// A source's articles whose page is due to be read once more, the longest due first: for a while after they were
    /// published, ever more rarely, and at once when their line in the list has changed ([`Note::Line`]). Each stays due
    /// until a [`Note`] says how it went.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn due_checks(
        &self,
        source: &SourceId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Check>, StoreError> {
        read::due_checks(&self.view, source, nanos(now), limit)
    }

    /// The article of the same source that says the same at another address, if there is one: then it has moved
    /// ([`Event::Moved`]). See [`crate::story::content::is_double`] for what counts. Takes one look-up.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn same_text(&self, article: &Article) -> Result<Option<ArticleId>, StoreError> {
        read::same_text(&self.view, article, content::is_double)
    }

    /// The article of the same source that has moved to this one's address: it says the same, and its own address is not
    /// among those that are `listed` now. See [`crate::story::content::is_moved`] for what counts.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn moved_from(
        &self,
        article: &Article,
        listed: &HashSet<ArticleId>,
    ) -> Result<Option<ArticleId>, StoreError> {
        read::same_text(&self.view, article, |known, twin| {
            !listed.contains(&known.id) && content::is_moved(known, twin)
        })
    }

    /// The article of another source that tells the same story as one that need not be kept, if there is one.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn same_story(&self, article: &Article) -> Result<Option<ArticleId>, StoreError> {
        let _steady = self.view.steady();
        stories::find(&self.view, article)
    }

    /// What the configuration calls the sources: it decides, beside the titles learnt from list pages, whether a
    /// source is the original publisher that an article names. Feeds made before are to be made anew.
    pub fn name_sources(&self, names: HashMap<SourceId, Vec<String>>) {
        self.view.set_names(names);
    }

    /// Among which sources republished articles are shown as one, and each source's groups. Feeds made before are to be
    /// made anew.
    pub fn merge_across(&self, across: Across, groups: HashMap<SourceId, Vec<String>>) {
        self.view.set_merging(Merging { across, groups });
    }

    /// Tells when something that feeds show has changed, by the number that [`Store::generation`] gives for all.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.view.changes()
    }

    /// Finishes what was asked, flushes, and stops the writer. Recording fails from then on; reading goes on until the
    /// store is dropped, and only then may another process open it.
    ///
    /// # Errors
    /// The writer had panicked.
    pub async fn close(&self) -> Result<(), StoreError> {
        let search = self.search_lock().take();
        // it ends between two articles
        let _ = tokio::task::spawn_blocking(move || drop(search)).await;
        let Some(writer) = self.stop() else {
            return Ok(());
        };
        let joined = tokio::task::spawn_blocking(move || writer.join()).await;
        match joined {
            Ok(Ok(())) => Ok(()),
            _ => Err(StoreError::Closed),
        }
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let commands = self.commands()?;
        commands
            .send(command(reply))
            .await
            .map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    fn commands(&self) -> Result<mpsc::Sender<Command>, StoreError> {
        self.lock_commands().clone().ok_or(StoreError::Closed)
    }

    fn lock_commands(&self) -> MutexGuard<'_, Option<mpsc::Sender<Command>>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn search_lock(&self) -> MutexGuard<'_, Option<Arc<Search>>> {
        self.search.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) -> Option<JoinHandle<()>> {
        drop(self.lock_commands().take());
        self.writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(writer) = self.stop() {
            // a panic of the writer was told by the panic itself
            let _ = writer.join();
        }
    }
}
