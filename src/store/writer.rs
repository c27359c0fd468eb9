//! The thread that writes.
//!
//! In: commands. Out: durable changes, then answers. Commands that wait together are one group: one append to the
//! journal, one flush there, one batch in sled, one flush there. While one group is flushed the next gathers, so the
//! groups grow with the load and nothing waits for a timer.

use std::{
    collections::BTreeSet,
    sync::Arc,
    thread::{self, JoinHandle},
};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::{
    Recorded, StoreError, apply,
    change::Change,
    checks, expire, index,
    keys::Key,
    prepare::{Prepared, Ready},
    records::AttemptsRow,
    view::View,
};
use crate::{
    article::ArticleId,
    journal::{Event, Journal},
    source::SourceId,
};

/// So many events are not worth being looked up ahead.
const FEW: usize = 8;

/// Commands of one group at most: so that the first does not wait long for its answer.
const GROUP: usize = 128;

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
    journal: Journal,
    commands: mpsc::Receiver<Command>,
) -> std::io::Result<JoinHandle<()>> {
    let writer = Writer {
        view,
        journal,
        behind: None,
    };
    thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || writer.run(commands))
}

struct Writer {
    view: Arc<View>,
    journal: Journal,
    /// The database could not follow the journal: nothing is recorded until a start has repaired that.
    behind: Option<StoreError>,
}

impl Writer {
    fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(first) = commands.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP {
                match commands.try_recv() {
                    Ok(command) => group.push(command),
                    Err(_) => break,
                }
            }
            self.write(group);
        }
        // the last group was flushed before it was answered
    }

    fn write(&mut self, group: Vec<Command>) {
        let mut answers = Vec::with_capacity(group.len());
        let done = self.try_write(group, &mut answers);
        if let Err(error) = &done {
            tracing::error!(%error, "the store could not be written");
        }
        for answer in answers {
            answer(done.clone());
        }
        if self.behind.is_none() && self.view.index().is_full() {
            self.merge();
        }
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
        let mark = self.journal.mark();
        let change = self.prepare(&view, group, answers).and_then(|change| {
            self.journal.sync()?;
            Ok(change)
        });
        let change = match change {
            Ok(change) => change,
            Err(error) => {
                if let Err(second) = self.journal.rewind(mark) {
                    self.behind = Some(second.into());
                }
                return Err(error);
            }
        };
        let finished = change.finish();
        let applied = view.apply(finished).and_then(|()| view.flush());
        if let Err(error) = &applied {
            // the events are in the journal for good, so the database must not go on without them
            self.behind = Some(error.clone());
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
            None => Change::new(view),
        };
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
