//! Opening a store: the lock, the database, the journal, and making them agree.
//!
//! First the lock, so that what another process holds is never touched. Then sled, on a thread of its own, because it
//! can panic; what does not open is set aside. Then the journal, whose torn tail is cut. Last the events that the
//! database has not seen are applied: none after an orderly stop, a few after a crash, all where it is new.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{
    OpenReport, Progress, Sizes, StoreError, apply,
    change::Change,
    compact, index,
    prepare::Text,
    scrub, subscriptions,
    view::{self, Salvaged, View, panic_words},
};
use crate::journal::{Journal, Position, Replay, Replayed};

/// Events applied in one batch while catching up.
const BATCH: usize = 2000;
/// Up to this size the database is read through at each opening, which takes well under a second.
const VERIFIED_BYTES: u64 = 128 << 20;
/// sled lets go of its file a moment after the last handle is dropped.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// What opening yields.
pub(super) struct Opened {
    pub(super) view: View,
    pub(super) journal: Journal,
    pub(super) report: OpenReport,
    pub(super) place: Place,
}

/// Opens, repairs, catches up.
pub(super) fn open(
    path: &Path,
    sizes: Sizes,
    progress: &mut dyn FnMut(Progress),
) -> Result<Opened, StoreError> {
    fs::create_dir_all(path).map_err(StoreError::io("make the folder", path))?;
    let lock = lock(path)?;
    let dir = path.join("store");
    compact::settle(path, &dir)?;
    let existed = dir.join("db").exists();
    let place = Place {
        path: path.to_owned(),
        dir,
        cache_bytes: sizes.cache_bytes,
    };
    let opening = Opening {
        place: &place,
        existed,
        lock,
    };
    let mut report = OpenReport::default();
    let db = opening.database(&mut report)?;
    let (journal, found) = Journal::with_segments_of(&path.join("journal"), sizes.segment_bytes)?;
    report.notes.extend(found.torn);
    report
        .notes
        .extend(found.damaged.iter().map(ToString::to_string));
    let view = opening.agree(db, &journal, &mut report)?;
    if !found.damaged.is_empty() {
        view.note_unreadable(scrub::articles_in(&view, &found.damaged)?);
    }
    if !existed && journal.last_sequence() > 0 {
        let dir = place.dir.display();
        report.notes.push(format!(
            "there was no database in {dir}; it is made from the journal"
        ));
    }
    catch_up(&view, &journal, &mut report, progress)?;
    remove_folder(&retired(path))?;
    report.articles = view.meta()?.articles;
    Ok(Opened {
        view,
        journal,
        report,
        place,
    })
}

/// Opens the database once more, while its view stays in use, and applies what it has missed: after the file system
/// had refused a write, sled takes no other.
pub(super) fn reopen(place: &Place, view: &View, journal: &Journal) -> Result<(), StoreError> {
    view.exchange(|| place.open().map_err(|failure| place.give_up(failure)))?;
    catch_up(view, journal, &mut OpenReport::default(), &mut |_| {})
}

/// Our own lock, beside sled's: it also holds while sled's folder is moved and made again.
fn lock(path: &Path) -> Result<Arc<File>, StoreError> {
    let file = path.join("lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&file)
        .map_err(StoreError::io("open", &file))?;
    // who has it may be ending, or a program that it was starting has not let go of its files yet
    for _ in 0..LOCK_TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(Arc::new(lock)),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(StoreError::io("lock", &file)(error)),
        }
    }
    Err(StoreError::Locked {
        path: path.to_owned(),
    })
}

/// Where a database of another version waits to be removed.
pub(super) fn retired(path: &Path) -> PathBuf {
    path.join("store.old")
}

pub(super) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Where a database lies, and how it is opened.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The store's folder.
    pub(super) path: PathBuf,
    /// sled's.
    pub(super) dir: PathBuf,
    pub(super) cache_bytes: u64,
}

struct Opening<'a> {
    place: &'a Place,
    existed: bool,
    lock: Arc<File>,
}

/// Why sled does not open.
pub(super) enum Failure {
    /// Another process has it.
    Held,
    /// The file system refused; nothing is wrong with the database.
    Refused(io::Error),
    /// It cannot be read.
    Damaged(String),
}

impl Place {
    pub(super) fn give_up(&self, failure: Failure) -> StoreError {
        match failure {
            Failure::Held => StoreError::Locked {
                path: self.path.clone(),
            },
            Failure::Refused(error) => StoreError::io("open", &self.dir)(error),
            Failure::Damaged(why) => StoreError::Damaged {
                path: self.dir.clone(),
                why,
            },
        }
    }

    pub(super) fn open(&self) -> Result<sled::Db, Failure> {
        let new = !self.dir.exists();
        for _ in 0..LOCK_TRIES {
            match self.open_once() {
                Err(Failure::Held) => thread::sleep(LOCK_PAUSE),
                Ok(db) => {
                    if new {
                        // a new file's name survives a power cut only when its folder is flushed too
                        for folder in [&self.dir, &self.path] {
                            let flushed = File::open(folder).and_then(|file| file.sync_all());
                            flushed.map_err(Failure::Refused)?;
                        }
                    }
                    return Ok(db);
                }
                failure => return failure,
            }
        }
        Err(Failure::Held)
    }

    fn open_once(&self) -> Result<sled::Db, Failure> {
        let config = sled::Config::new()
            .path(&self.dir)
            .cache_capacity(self.cache_bytes)
            // the writer flushes; a timer would only be in its way
            .flush_every_ms(None);
        let apart = thread::Builder::new().name("store-opener".to_owned());
        let opened = apart
            .spawn(move || config.open())
            .map_err(Failure::Refused)?
            .join();
        match opened {
            Ok(Ok(db)) => Ok(db),
            Ok(Err(sled::Error::Io(error))) => Err(self.io_failure(error)),
            Ok(Err(error)) => Err(Failure::Damaged(error.to_string())),
            Err(panic) => Err(Failure::Damaged(panic_words(&*panic))),
        }
    }

    /// sled closes a moment after its last handle is dropped, and goes on writing until then.
    pub(super) fn wait_until_closed(&self) -> Result<(), StoreError> {
        let path = self.dir.join("db");
        let file = File::open(&path).map_err(StoreError::io("open", &path))?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::io("lock", &path)(error));
                }
            }
        }
        Err(self.give_up(Failure::Held))
    }

    /// sled's own lock is an i/o error like others; its file tells. So do files that are shorter than sled thinks,
    /// or that are garbled: damage, not a refusal.
    fn io_failure(&self, error: io::Error) -> Failure {
        if let Ok(file) = File::open(self.dir.join("db"))
            && matches!(file.try_lock(), Err(TryLockError::WouldBlock))
        {
            return Failure::Held;
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Other => Failure::Damaged(error.to_string()),
            _ => Failure::Refused(error),
        }
    }
}

impl Opening<'_> {
    /// The database, an old one or a new one.
    fn database(&self, report: &mut OpenReport) -> Result<sled::Db, StoreError> {
        if view::damage_mark(&self.place.dir).exists() {
            self.set_aside("damage was found while it was in use", report)?;
        }
        match self.place.open() {
            Ok(db) => Ok(db),
            Err(Failure::Damaged(why)) => {
                self.set_aside(&why, report)?;
                self.place
                    .open()
                    .map_err(|failure| self.place.give_up(failure))
            }
            Err(failure) => Err(self.place.give_up(failure)),
        }
    }

    /// Moves a database that cannot be used out of the way. It is kept: an operator may want to look at it.
    fn set_aside(&self, why: &str, report: &mut OpenReport) -> Result<(), StoreError> {
        let aside = (1..=u32::MAX)
            .map(|n| self.place.path.join(format!("store.broken-{n}")))
            .find(|path| !path.exists())
            .expect("some number is free");
        fs::rename(&self.place.dir, &aside)
            .map_err(StoreError::io("move aside", &self.place.dir))?;
        report.notes.push(format!(
            "the database in {} could not be used ({}); it was moved to {} and is made again from the journal",
            self.place.dir.display(),
            why.trim(),
            aside.display()
        ));
        report.set_aside = Some(aside);
        Ok(())
    }

    /// Moves a sound database of another version out of the way, until the new one is made.
    fn retire(&self, db: &sled::Db, report: &mut OpenReport) -> Result<Salvaged, StoreError> {
        let salvaged = view::salvage(db);
        let retired = retired(&self.place.path);
        remove_folder(&retired)?;
        fs::rename(&self.place.dir, &retired)
            .map_err(StoreError::io("move aside", &self.place.dir))?;
        report.notes.push(format!(
            "the database in {} was of another version; it is made again from the journal",
            self.place.dir.display()
        ));
        Ok(salvaged)
    }

    /// A view that the journal bears out. One that is damaged, or that knows events that the journal does not, is made
    /// again: the journal is the truth.
    fn agree(
        &self,
        db: sled::Db,
        journal: &Journal,
        report: &mut OpenReport,
    ) -> Result<View, StoreError> {
        let outdated = view::is_of_another_version(&db);
        let salvaged = if outdated {
            self.retire(&db, report)?
        } else {
            match self.check(&db, journal, report.set_aside.is_some()) {
                Ok(view) => return Ok(view),
                Err(Disagreement::Failed(error)) => return Err(error),
                Err(Disagreement::Unusable(why)) => {
                    let salvaged = view::salvage(&db);
                    self.set_aside(&why, report)?;
                    salvaged
                }
            }
        };
        drop(db);
        let db = self
            .place
            .open()
            .map_err(|failure| self.place.give_up(failure))?;
        let view = self.view(db, journal)?;
        let mut change = Change::new(&view)?;
        for (id, state) in salvaged.states {
            change.set_state(&id, state.unread());
        }
        for kept in &salvaged.subscriptions {
            let key = subscriptions::key(&kept.topic, &kept.callback);
            change.put_bytes(key.encode(), subscriptions::encode(kept));
        }
        view.apply(change.finish())?;
        Ok(view)
    }

    fn check(
        &self,
        db: &sled::Db,
        journal: &Journal,
        set_aside: bool,
    ) -> Result<View, Disagreement> {
        let view = self.view(db.clone(), journal)?;
        let last = journal.last_sequence();
        if view.is_empty()? {
            // sled can come to life with nothing where it cannot read its file
            return if self.existed && !set_aside && last > 0 {
                let why = format!("it is empty, the journal knows {last} events");
                Err(Disagreement::Unusable(why))
            } else {
                Ok(view)
            };
        }
        let applied = view.meta()?.applied;
        if applied > last {
            let why = format!("it knows {applied} events, the journal {last}");
            return Err(Disagreement::Unusable(why));
        }
        if view.size_bytes() <= VERIFIED_BYTES {
            view.verify()?;
        }
        Ok(view)
    }

    fn view(&self, db: sled::Db, journal: &Journal) -> Result<View, StoreError> {
        View::new(
            db,
            &self.place.dir,
            journal.reader(),
            Some(Arc::clone(&self.lock)),
        )
    }
}

enum Disagreement {
    Unusable(String),
    Failed(StoreError),
}

impl From<StoreError> for Disagreement {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged { why, .. } => Self::Unusable(why),
            error => Self::Failed(error),
        }
    }
}

/// Applies what the journal knows and the view does not.
fn catch_up(
    view: &View,
    journal: &Journal,
    report: &mut OpenReport,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), StoreError> {
    let from = Position::from_u64(view.meta()?.position);
    let segments = journal.reader().segments()?;
    let read_before = |at: Position| -> u64 {
        let earlier = segments
            .iter()
            .take_while(|(number, _)| *number < at.segment);
        earlier.map(|(_, size)| size).sum::<u64>() + u64::from(at.offset)
    };
    let start = read_before(from);
    let total_bytes = segments
        .iter()
        .map(|(_, size)| size)
        .sum::<u64>()
        .saturating_sub(start);
    let mut replay = journal.replay(from)?;
    let mut tell = |done_bytes, events| {
        progress(Progress {
            done_bytes,
            total_bytes,
            events,
        });
    };
    while apply_batch(view, &mut replay, report)? {
        let at = Position::from_u64(view.meta()?.position);
        tell(read_before(at).saturating_sub(start), report.replayed);
    }
    view.flush()?;
    if report.replayed > 0 {
        tell(total_bytes, report.replayed);
    }
    Ok(())
}

/// Applies the next events of a replay. Whether there were any.
fn apply_batch(
    view: &View,
    replay: &mut Replay,
    report: &mut OpenReport,
) -> Result<bool, StoreError> {
    let applied = view.meta()?.applied;
    let mut records = Vec::new();
    while records.len() < BATCH {
        match replay.next().transpose()? {
            Some(Replayed::Record { sequence, .. }) if sequence <= applied => {}
            Some(Replayed::Record {
                position,
                sequence,
                event,
            }) => records.push((position, sequence, event)),
            Some(Replayed::Damaged(damage)) => {
                let note = damage.to_string();
                // the last segment's were told already
                if !report.notes.contains(&note) {
                    report.notes.push(note);
                }
            }
            None => break,
        }
    }
    if records.is_empty() {
        return Ok(false);
    }
    let texts: Vec<Text> = records
        .par_iter()
        .map(|(.., event)| Text::of(event))
        .collect();
    let mut change = Change::new(view)?;
    let events = records.iter().map(|(.., event)| event.as_ref());
    apply::look_up(&mut change, events.zip(&texts))?;
    for ((position, sequence, event), text) in records.iter().zip(&texts) {
        apply::apply(&mut change, event, text, *sequence, *position)?;
        change.meta.applied = *sequence;
        change.meta.position = position.to_u64();
    }
    report.replayed += records.len() as u64;
    view.apply(change.finish())?;
    if view.index().is_full() {
        index::merge(view)?;
    }
    Ok(true)
}
