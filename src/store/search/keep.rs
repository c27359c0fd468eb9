//! The thread that keeps the index up with the store.
//!
//! What the writer tells is indexed at once, and what comes while that is committed with the next commit, half a second
//! later. What was missed (before a start, behind a failure) is read from the journal again; an index that cannot be
//! used is made anew, the newest articles first, while new ones go on being added. Nothing that goes wrong here stops
//! the store: it is told in the log and tried again.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use super::{
    files::{Broken, Files, Mark, Writer, sound},
    gather::{Trouble, changes},
    news::{News, Told},
};
use crate::{
    journal::{Position, Replayed},
    store::{
        StoreError,
        keys::{self, Key},
        room,
        view::View,
    },
};

/// Between two commits.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the end waits for segments that are being merged.
const LAST_MERGE: Duration = Duration::from_secs(10);
/// Before what has failed is tried again.
const RETRY: Duration = Duration::from_secs(15);
/// An index that fails so often with room on the disk is made anew.
const FAILURES: u32 = 3;
/// Articles of the journal's events in one commit at most.
const BATCH: usize = 2000;
/// The same of articles that were there before the index was begun, while nothing else is to be indexed: fewer commits
/// make fewer and larger segments.
const MADE_AT_ONCE: usize = 10_000;
/// Articles that are read in one go: the store's writer waits for so long.
pub(super) const STEP: usize = 100;

/// What searches see of the index.
#[derive(Default)]
pub(super) struct Shown {
    files: RwLock<Option<Arc<Files>>>,
    /// Counts the commits.
    pub(super) generation: AtomicU64,
    /// Whether all articles are in it.
    pub(super) complete: AtomicBool,
    /// The sequence number of the last event that it has seen.
    pub(super) seen: AtomicU64,
}

impl Shown {
    pub(super) fn files(&self) -> Option<Arc<Files>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.clone()
    }

    fn set(&self, files: Option<Arc<Files>>) {
        *self.files.write().unwrap_or_else(PoisonError::into_inner) = files;
        self.generation.fetch_add(1, Ordering::AcqRel);
    }
}

/// Keeps the index.
pub(super) struct Keeper {
    pub(super) view: Arc<View>,
    news: Arc<News>,
    shown: Arc<Shown>,
    /// The store's folder, and how much room it has.
    path: PathBuf,
    room: room::Left,
    writer: Option<Writer>,
    /// What the index has seen; none before it was opened.
    mark: Option<Mark>,
    /// The journal is to be read from the mark on.
    behind: bool,
    /// It was not read through yet.
    unverified: bool,
    /// What there is cannot be used.
    anew: bool,
    failures: u32,
}

impl Keeper {
    pub(super) fn new(
        view: Arc<View>,
        news: Arc<News>,
        shown: Arc<Shown>,
        path: PathBuf,
        room: room::Left,
    ) -> Self {
        Self {
            view,
            news,
            shown,
            path,
            room,
            writer: None,
            mark: None,
            behind: true,
            unverified: true,
            anew: false,
            failures: 0,
        }
    }

    /// Ends when the news are closed.
    pub(super) fn run(mut self) {
        let mut pause = None;
        loop {
            let has_work = self.behind || self.mark.is_none_or(|mark| mark.below > 0);
            let Some(mut told) = self.news.take(pause, has_work) else {
                break;
            };
            let mut worked = Ok(());
            // a panic of tantivy's is caught where it happens to be
            let caught = sound(|| {
                worked = self.work(&mut told);
                Ok(())
            });
            if let Err(broken) = caught {
                worked = Err(broken.into());
            }
            pause = match worked {
                Ok(()) => self.succeeded(),
                Err(trouble) => self.failed(&trouble),
            };
            if pause != Some(RETRY) {
                self.news.keep_waiting(told.waiting);
            }
        }
        self.leave();
    }

    /// Waits for what is being merged, as that writes where the next index may be opened; not for long, as the program may
    /// be about to end.
    fn leave(self) {
        let Some(writer) = self.writer else {
            return;
        };
        let (ended, ending) = mpsc::channel();
        let merging = thread::Builder::new().spawn(move || {
            writer.finish();
            // who waited may have gone away
            let _ = ended.send(());
        });
        if merging.is_ok() {
            let _ = ending.recv_timeout(LAST_MERGE);
        }
    }

    fn succeeded(&mut self) -> Option<Duration> {
        if self.failures > 0 {
            tracing::info!("the index for searching is kept again");
        }
        self.failures = 0;
        let at_work = self.mark.is_some_and(|mark| mark.below > 0);
        (!at_work).then_some(PAUSE)
    }

    fn failed(&mut self, trouble: &Trouble) -> Option<Duration> {
        self.writer = None;
        self.behind = true;
        self.failures += 1;
        if self.failures == 1 {
            let error: &dyn std::error::Error = trouble;
            tracing::error!(
                error,
                "the index for searching cannot be kept; this is tried again"
            );
        }
        let damaged = match trouble {
            Trouble::Index(Broken::Damaged(_)) => true,
            Trouble::Index(Broken::Refused(_)) => {
                self.failures.is_multiple_of(FAILURES)
                    && room::check(&self.path, self.room, 0).is_ok()
            }
            Trouble::Store(_) => false,
        };
        if damaged {
            self.give_up();
        }
        let at_once = damaged && self.failures == 1;
        (!at_once).then_some(RETRY)
    }

    /// The next turn makes another index.
    fn give_up(&mut self) {
        self.writer = None;
        self.mark = None;
        self.anew = true;
        self.shown.set(None);
    }

    fn work(&mut self, told: &mut Told) -> Result<(), Trouble> {
        if told.damaged {
            self.give_up();
        }
        self.behind |= told.missed;
        let mark = match self.mark {
            Some(mark) => mark,
            None => self.open()?,
        };
        if self.behind {
            self.catch_up(mark)?;
            self.behind = false;
            self.use_less();
        } else if !told.changed.is_empty() {
            let changed = std::mem::take(&mut told.changed);
            self.index(changed, &mut HashMap::new(), mark.below)?;
            let (applied, position) = told.reached.unwrap_or((mark.applied, mark.position));
            self.commit(Mark {
                applied: applied.max(mark.applied),
                position: position.max(mark.position),
                ..mark
            })?;
        }
        if let Some(mark) = self.mark.filter(|mark| mark.below > 0) {
            self.go_on_making(mark)?;
        }
        let settled = self.news.is_quiet() && self.mark.is_some_and(|mark| mark.below == 0);
        if settled {
            for waiting in told.waiting.drain(..) {
                // who waited may have gone away
                let _ = waiting.send(());
            }
        }
        Ok(())
    }

    /// Opens the index where it can be used, else makes an empty one.
    fn open(&mut self) -> Result<Mark, Trouble> {
        let dir = self.path.join("search");
        if !self.anew && dir.exists() {
            match sound(|| Files::open(&dir)) {
                Ok((files, mark)) if self.is_borne_out(mark)? => {
                    self.show(files, mark);
                    return Ok(mark);
                }
                Ok(_) => self.tell_anew("it belongs to another journal"),
                Err(broken) => self.tell_anew(&broken.to_string()),
            }
        }
        room::check(&self.path, self.room, 0)?;
        let meta = self.view.meta()?;
        let mark = Mark::begun(meta.applied, meta.position);
        let files = sound(|| Files::make(&dir, mark))?;
        (self.unverified, self.anew) = (false, false);
        self.behind = true;
        self.show(files, mark);
        Ok(mark)
    }

    fn tell_anew(&self, why: &str) {
        tracing::warn!(
            "the index for searching in {} cannot be used ({why}); it is made anew from the store",
            self.path.join("search").display()
        );
    }

    fn show(&mut self, files: Files, mark: Mark) {
        self.mark = Some(mark);
        self.shown
            .complete
            .store(mark.below == 0, Ordering::Release);
        self.shown.seen.store(mark.applied, Ordering::Relaxed);
        self.shown.set(Some(Arc::new(files)));
    }

    /// Whether the event that the index has seen last lies in this journal.
    fn is_borne_out(&self, mark: Mark) -> Result<bool, StoreError> {
        if mark.applied == 0 || mark.applied > self.view.meta()?.applied {
            return Ok(mark.applied == 0);
        }
        let position = Position::from_u64(mark.position);
        let first = self.view.journal.replay(position)?.next();
        Ok(matches!(
            first,
            Some(Ok(Replayed::Record { position: at, sequence, .. }))
                if (at, sequence) == (position, mark.applied)
        ))
    }

    /// Indexes what the journal tells of since the mark.
    fn catch_up(&mut self, mut mark: Mark) -> Result<(), Trouble> {
        if std::mem::take(&mut self.unverified)
            && let Some(files) = self.shown.files()
        {
            files.verify()?;
        }
        let meta = self.view.meta()?;
        let mut replay = self
            .view
            .journal
            .replay(Position::from_u64(mark.position))?;
        let (mut changed, mut read) = (Vec::new(), HashMap::new());
        while mark.applied < meta.applied
            && let Some(record) = replay.next().transpose()?
        {
            let Replayed::Record {
                position,
                sequence,
                event,
            } = record
            else {
                continue;
            };
            if sequence <= mark.applied {
                continue;
            }
            (mark.applied, mark.position) = (sequence, position.to_u64());
            changed.extend(changes(&event));
            read.insert(mark.position, *event);
            if changed.len() >= BATCH {
                self.index(std::mem::take(&mut changed), &mut read, mark.below)?;
                read.clear();
                self.commit(mark)?;
            }
        }
        // damaged records at the end are not to be looked for again
        (mark.applied, mark.position) = (meta.applied, meta.position);
        if self.mark != Some(mark) {
            self.index(changed, &mut read, mark.below)?;
            self.commit(mark)?;
        }
        Ok(())
    }

    /// Adds the next articles of those that were there before the index was begun, the newest first.
    fn go_on_making(&mut self, mut mark: Mark) -> Result<(), Trouble> {
        let view = Arc::clone(&self.view);
        for done in 0..MADE_AT_ONCE / STEP {
            if done * STEP >= BATCH && !self.news.is_quiet() {
                break;
            }
            let _steady = view.steady();
            let Some(last) = mark.below.checked_sub(1) else {
                break;
            };
            let rows = view.range(keys::range(Key::Article(0), Key::Article(last)));
            mark.below = 0;
            for row in rows.rev().take(STEP) {
                let (key, value) = row?;
                if let Some(Key::Article(number)) = Key::decode(&key) {
                    self.add(number, &view.decode(&value)?, &mut HashMap::new())?;
                    mark.below = number;
                }
            }
        }
        self.commit(mark)?;
        if mark.below == 0 {
            self.use_less();
            tracing::info!("the index for searching holds all articles");
        }
        Ok(())
    }

    /// When the many are indexed, the few that follow need less memory.
    fn use_less(&mut self) {
        let making = self.mark.is_none_or(|mark| mark.below > 0);
        if !making && let Some(writer) = self.writer.take_if(|writer| writer.large) {
            writer.finish();
            if let Some(files) = self.shown.files() {
                // what was merged is shown, and what it was made of goes, with the next commit otherwise
                let _ = files.reload();
                let _ = self.writer().map(|writer| writer.tidy());
            }
        }
    }

    pub(super) fn writer(&mut self) -> Result<&mut Writer, Broken> {
        if self.writer.is_none() {
            let files = self.shown.files();
            let files = files.ok_or_else(|| Broken::Damaged("it is not open".to_owned()))?;
            let many = self.behind || self.mark.is_none_or(|mark| mark.below > 0);
            self.writer = Some(files.writer(many)?);
        }
        Ok(self.writer.as_mut().expect("it was just made"))
    }

    fn commit(&mut self, mark: Mark) -> Result<(), Trouble> {
        room::check(&self.path, self.room, 0)?;
        self.writer()?.commit(mark)?;
        if let Some(files) = self.shown.files() {
            files.reload()?;
        }
        self.mark = Some(mark);
        self.shown
            .complete
            .store(mark.below == 0, Ordering::Release);
        self.shown.seen.store(mark.applied, Ordering::Relaxed);
        self.shown.generation.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }
}
