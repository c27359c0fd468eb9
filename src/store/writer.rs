//! The thread that writes.
//!
//! In: commands. Out: durable changes, then answers. Commands that wait together are one group: one append to the
//! journal, one flush there, one batch in sled, one flush there. While one group is flushed the next gathers, so the
//! groups grow with the load; alone, nothing waits for a timer.

use std::{
    collections::BTreeSet,
    error::Error,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Compacted, Recorded, StoreError, apply,
    change::Change,
    checks, compact, expire, index,
    keys::Key,
    open::{self, Place},
    prepare::{Prepared, Ready},
    records::AttemptsRow,
    room, search,
    view::View,
};
use crate::{
    article::ArticleId,
    journal::{Event, Journal, JournalError},
    source::SourceId,
};

/// So many events are not worth being looked up ahead.
const FEW: usize = 8;

/// Commands of one group at most: so that the first does not wait long for its answer.
const GROUP: usize = 128;

/// Where so many came together last time, more are on their way (`commit_siblings` of `PostgreSQL`).
const SIBLINGS: usize = 3;

/// How often, and how long each time, the first waits for them then (`commit_delay`): a flush costs the same however many
/// share it.
const DELAYS: u32 = 10;
const DELAY: Duration = Duration::from_millis(1);

/// After so long the last group says nothing of the next.
const LULL: Duration = Duration::from_millis(200);

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked to do.
pub(super) enum Command {
    Record {
        ready: Box<Ready>,
        reply: Reply<Recorded>,
    },
    Attempts {
        articles: Vec<ArticleId>,
        failed_at: Timestamp,
        reply: Reply<()>,
    },
    Expire {
        rule: expire::Rule,
        reply: Reply<u64>,
    },
    /// Put rows that no event speaks of, or remove them.
    Keep {
        rows: Vec<(Key, Option<Vec<u8>>)>,
        reply: Reply<()>,
    },
    /// Put the states that wait for it.
    Learnt,
    /// Find out whether things can be kept now.
    Mend {
        reply: Reply<()>,
    },
    Compact {
        reply: Reply<Compacted>,
    },
}

/// What came of an event.
enum Kept {
    /// It was known.
    Nothing,
    /// It changed something.
    Change,
    /// It brought this article.
    New(ArticleId),
}

/// An answer that is given once the group is durable.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Starts the thread. It ends when nobody can send commands any more.
pub(super) fn start(
    view: Arc<View>,
    opened: Writable,
    commands: mpsc::Receiver<Command>,
    trouble: watch::Sender<Option<StoreError>>,
) -> std::io::Result<JoinHandle<()>> {
    let Writable {
        journal,
        place,
        room,
        lag,
    } = opened;
    let writer = Writer {
        view,
        journal,
        place,
        room,
        lag,
        trouble,
        behind: None,
        changed: Vec::new(),
    };
    thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || writer.run(commands))
}

/// What is written to, and where it lies.
pub(super) struct Writable {
    pub(super) journal: Journal,
    pub(super) place: Place,
    pub(super) room: fn(&Path) -> std::io::Result<u64>,
    /// Told how many events the journal has that the database does not know.
    pub(super) lag: Arc<AtomicU64>,
}

struct Writer {
    view: Arc<View>,
    journal: Journal,
    place: Place,
    room: fn(&Path) -> std::io::Result<u64>,
    lag: Arc<AtomicU64>,
    /// Why nothing can be kept at present, for all to see.
    trouble: watch::Sender<Option<StoreError>>,
    /// The database could not follow the journal: nothing is recorded until that is repaired, by opening it again or,
    /// where it is damaged, by the next start.
    behind: Option<StoreError>,
    /// The articles that the group being written changes, for those who search.
    changed: Vec<ArticleId>,
}

impl Writer {
    fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (mut came, mut last) = (0, Instant::now());
        while let Some(first) = commands.blocking_recv() {
            if came >= SIBLINGS && last.elapsed() < LULL {
                // no longer than until as many have come as last time
                for _ in 0..DELAYS {
                    if commands.len() + 1 >= came {
                        break;
                    }
                    thread::sleep(DELAY);
                }
            }
            let mut group = vec![first];
            while group.len() < GROUP {
                match commands.try_recv() {
                    Ok(command) => group.push(command),
                    Err(_) => break,
                }
            }
            came = group.len();
            self.write(group);
            last = Instant::now();
        }
        // the last group was flushed before it was answered
        self.write_learnt();
    }

    /// Writes the states that wait, if any do.
    fn write_learnt(&mut self) {
        if !self.view.behind.waiting().is_empty() {
            self.write_batch(vec![Command::Learnt]);
        }
    }

    /// Those that ask for more than a batch are done apart, when what came before them is written.
    fn write(&mut self, group: Vec<Command>) {
        let mut batch = Vec::with_capacity(group.len());
        for command in group {
            match command {
                Command::Mend { reply } => {
                    self.write_batch(std::mem::take(&mut batch));
                    let mended = self.mend();
                    self.tell(&mended);
                    if mended.is_ok() {
                        self.write_learnt();
                    }
                    // who asked may have gone away
                    let _ = reply.send(mended);
                }
                Command::Compact { reply } => {
                    self.write_batch(std::mem::take(&mut batch));
                    let _ = reply.send(self.compact());
                }
                command => batch.push(command),
            }
        }
        self.write_batch(batch);
    }

    /// Whether things can be kept now. A database that has refused a write is opened again.
    fn mend(&mut self) -> Result<(), StoreError> {
        room::check(&self.place.path, self.room, 0)?;
        match &self.behind {
            None => Ok(()),
            Some(error @ (StoreError::Damaged { .. } | StoreError::Journal(_))) => {
                Err(error.clone())
            }
            Some(_) => {
                open::reopen(&self.place, &self.view, &self.journal)?;
                self.behind = None;
                if let Some(news) = self.view.news() {
                    news.miss();
                }
                Ok(())
            }
        }
    }

    fn compact(&mut self) -> Result<Compacted, StoreError> {
        self.mend()?;
        let bytes = self.view.size_bytes();
        room::check(&self.place.path, self.room, bytes)?;
        let compacted = compact::compact(&self.view, &self.place);
        if let Err(error) = &compacted {
            // whether it is still open is not certain
            self.behind = Some(error.clone());
            let mended = self.mend();
            self.tell(&mended);
        }
        compacted
    }

    /// Says in the log, once, that nothing can be kept, or that things can be kept again.
    fn tell(&self, done: &Result<(), StoreError>) {
        // one article that is too large is no trouble of the store's
        let now = match done {
            Err(StoreError::Journal(error)) if matches!(**error, JournalError::TooLarge { .. }) => {
                return;
            }
            done => done.as_ref().err(),
        };
        self.trouble.send_if_modified(|before| {
            let (was, is) = (before.is_some(), now.is_some());
            match now {
                Some(error) if !was => {
                    tracing::error!(error = error as &dyn Error, "the store cannot be written");
                }
                None if was => tracing::info!("the store can be written again"),
                _ => {}
            }
            *before = now.cloned();
            was != is
        });
    }

    fn write_batch(&mut self, group: Vec<Command>) {
        if group.is_empty() {
            return;
        }
        let mut answers = Vec::with_capacity(group.len());
        let done = self.try_write(group, &mut answers);
        self.tell_lag();
        self.tell(&done);
        for answer in answers {
            answer(done.clone());
        }
        if self.behind.is_none() && self.view.index().is_full() {
            self.merge();
        }
    }

    fn tell_lag(&self) {
        // what cannot be read is told by whoever needs it
        let applied = self.view.meta().unwrap_or_default().applied;
        let lag = self.journal.last_sequence().saturating_sub(applied);
        self.lag.store(lag, Ordering::Relaxed);
    }

    fn merge(&mut self) {
        if let Err(error) = index::merge(&self.view) {
            tracing::error!(%error, "the store's index could not be written");
            self.behind = Some(error);
        }
    }

    fn try_write(
        &mut self,
        group: Vec<Command>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), StoreError> {
        let view = Arc::clone(&self.view);
        self.changed.clear();
        let from = view.meta().map_or(0, |meta| meta.applied);
        let mark = self.journal.mark();
        let learnt = view.behind.take();
        let change = self.prepare(&view, group, answers).and_then(|mut change| {
            change.write_states(&learnt);
            self.journal.sync()?;
            self.tell_lag();
            Ok(change)
        });
        let change = match change {
            Ok(change) => change,
            Err(error) => {
                view.behind.put_back(learnt);
                if let Err(second) = self.journal.rewind(mark) {
                    self.behind = Some(second.into());
                }
                return Err(error);
            }
        };
        let reached = (change.meta.applied, change.meta.position);
        let finished = change.finish();
        let applied = view.apply(finished).and_then(|()| view.flush());
        if let Err(error) = &applied {
            view.behind.put_back(learnt);
            // the events are in the journal for good, so the database must not go on without them
            self.behind = Some(error.clone());
        } else if let Some(news) = view.news() {
            news.tell(std::mem::take(&mut self.changed), from, reached);
        }
        applied
    }

    /// Appends a group's events and applies them to a change. Each command leaves an answer, also those behind one
    /// that fails.
    fn prepare<'v>(
        &mut self,
        view: &'v View,
        group: Vec<Command>,
        answers: &mut Vec<Answer>,
    ) -> Result<Change<'v>, StoreError> {
        let mut result = match &self.behind {
            Some(error) => Err(error.clone()),
            // retention may use the reserve: it frees room
            None if group.iter().all(|c| matches!(c, Command::Expire { .. })) => Change::new(view),
            None => room::check(&self.place.path, self.room, 0).and_then(|()| Change::new(view)),
        };
        for article in view.take_unreadable() {
            let _: Result<(), StoreError> =
                step(&mut result, |change| apply::lose(change, article));
        }
        for command in group {
            match command {
                Command::Record { ready, reply } => {
                    let recorded = step(&mut result, |change| self.record(change, *ready));
                    answers.push(answer(recorded, reply));
                }
                Command::Attempts {
                    articles,
                    failed_at,
                    reply,
                } => {
                    let done = step(&mut result, |change| attempts(change, &articles, failed_at));
                    answers.push(answer(done, reply));
                }
                Command::Expire { rule, reply } => {
                    let gone = step(&mut result, |change| self.expire(change, &rule));
                    answers.push(answer(gone, reply));
                }
                Command::Keep { rows, reply } => {
                    let done = step(&mut result, |change| {
                        for (key, row) in rows {
                            match row {
                                Some(row) => change.put_bytes(key.encode(), row),
                                None => change.remove(key),
                            }
                        }
                        Ok(())
                    });
                    answers.push(answer(done, reply));
                }
                Command::Learnt | Command::Mend { .. } | Command::Compact { .. } => {}
            }
        }
        result
    }

    fn record(&mut self, change: &mut Change<'_>, ready: Ready) -> Result<Recorded, StoreError> {
        let before = change.touched().clone();
        let mut recorded = Recorded::default();
        if ready.events.len() > FEW {
            let events = ready.events.iter();
            apply::look_up(
                change,
                events.map(|event| (event.event.as_ref(), &event.text)),
            )?;
        }
        for event in ready.events {
            match self.keep(change, event)? {
                Kept::Nothing => continue,
                Kept::New(id) => recorded.published.push(id),
                Kept::Change => {}
            }
            recorded.changed += 1;
        }
        for note in &ready.notes {
            checks::note(change, note)?;
        }
        if let Some((id, state)) = ready.state {
            change.set_state(&id, state);
        }
        recorded.touched = ids(change, &before);
        Ok(recorded)
    }

    /// Appends an event and applies it. What changes nothing is taken out of the journal again.
    fn keep(&mut self, change: &mut Change<'_>, event: Prepared) -> Result<Kept, StoreError> {
        let event = match apply::as_kept(change, &event.event)? {
            Some(other) => Prepared::of(other)?,
            None => event,
        };
        let mark = self.journal.mark();
        let position = self.journal.stage(&event.payload)?;
        let sequence = self.journal.last_sequence();
        if !apply::apply(change, &event.event, &event.text, sequence, position)? {
            self.journal.rewind(mark)?;
            return Ok(Kept::Nothing);
        }
        change.meta.applied = sequence;
        change.meta.position = position.to_u64();
        self.changed.extend(search::changes(&event.event));
        let kept = match event.event.as_ref() {
            Event::Published { article } => Kept::New(article.id),
            _ => Kept::Change,
        };
        change.remember(position, event.event);
        Ok(kept)
    }

    fn expire(&mut self, change: &mut Change<'_>, rule: &expire::Rule) -> Result<u64, StoreError> {
        let ids = expire::doomed(change.view, rule)?;
        if ids.is_empty() {
            index::forget_before(&self.view, expire::first_month(rule))?;
            for segment in expire::forget(change, rule)? {
                self.journal.drop_segment(segment)?;
            }
            return Ok(0);
        }
        let count = ids.len() as u64;
        self.keep(change, Prepared::of(Event::Expired { ids, at: rule.now })?)?;
        Ok(count)
    }
}

/// Runs a command's part of a group, unless an earlier part has failed: then it fails alike, for the group is one.
fn step<'v, T>(
    group: &mut Result<Change<'v>, StoreError>,
    part: impl FnOnce(&mut Change<'v>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let change = group.as_mut().map_err(|error| error.clone())?;
    let done = part(change);
    if let Err(error) = &done {
        *group = Err(error.clone());
    }
    done
}

fn answer<T: Send + 'static>(value: Result<T, StoreError>, reply: Reply<T>) -> Answer {
    Box::new(move |durable| {
        // who asked may have gone away
        let _ = reply.send(durable.and(value));
    })
}

fn attempts(
    change: &mut Change<'_>,
    articles: &[ArticleId],
    failed_at: Timestamp,
) -> Result<(), StoreError> {
    for id in articles {
        let Some((number, row)) = apply::find(change, *id)?.filter(|(_, row)| !row.complete) else {
            continue;
        };
        let key = Key::Incomplete {
            source: row.first_source(),
            article: number,
        };
        let before: Option<AttemptsRow> = change.row(key)?;
        let attempts = before.map_or(0, |row| row.attempts).saturating_add(1);
        let next = apply::retry_at(attempts, failed_at);
        change.put(key, &AttemptsRow { attempts, next });
    }
    Ok(())
}

fn ids(change: &Change<'_>, before: &BTreeSet<u32>) -> BTreeSet<SourceId> {
    let numbers = change.touched_since(before);
    numbers
        .filter_map(|number| change.source_id(number))
        .collect()
}
