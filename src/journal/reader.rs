//! Reading the journal: one record by its position, or all from a position on.
//!
//! A [`Reader`] is cheap to clone and reads from any thread while the journal is written: a record's position is
//! handed out only after the record lies in the file.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    Damage, Event, JournalError, Position,
    error::io_error,
    segment::{self, Found, RECORD_HEAD_BYTES, RecordHead, ScanEnd},
};

/// The reading end of a journal.
#[derive(Clone, Debug)]
pub struct Reader {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    files: RwLock<HashMap<u32, Arc<File>>>,
}

impl Reader {
    /// A reader of the segments in a folder.
    pub fn new(dir: &Path) -> Self {
        Self {
            inner: Arc::new(Inner {
                dir: dir.to_owned(),
                files: RwLock::default(),
            }),
        }
    }

    /// The event at a position. Waits for the disk.
    ///
    /// # Errors
    /// The record is damaged, or its segment is gone.
    pub fn read(&self, at: Position) -> Result<Event, JournalError> {
        let path = segment::path(&self.inner.dir, at.segment);
        let unreadable = |why: &str| JournalError::Unreadable {
            at,
            why: why.to_owned(),
        };
        let file = self
            .file(at.segment, &path)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => unreadable("its segment is gone"),
                _ => io_error("open", &path)(error),
            })?;
        let mut head = [0; RECORD_HEAD_BYTES];
        file.read_exact_at(&mut head, u64::from(at.offset))
            .map_err(|_| unreadable("the file ends before it"))?;
        let head = RecordHead::decode(&head).ok_or_else(|| unreadable("no record begins here"))?;
        // a flipped bit may claim any length: what is not in the file is not asked memory for
        let length_bytes = file.metadata().map_err(io_error("read", &path))?.len();
        let start = u64::from(at.offset) + RECORD_HEAD_BYTES as u64;
        if start + head.length as u64 > length_bytes {
            return Err(unreadable("the file ends inside it"));
        }
        let mut payload = vec![0; head.length];
        file.read_exact_at(&mut payload, start)
            .map_err(io_error("read", &path))?;
        if !head.fits(&payload) {
            return Err(unreadable("its checksum is wrong"));
        }
        decode(&payload).map_err(|why| JournalError::Unreadable { at, why })
    }

    /// All records from a position on, in order. A position inside a segment that is gone means the next one's begin.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn replay(&self, from: Position) -> Result<Replay, JournalError> {
        let mut segments = segment::numbers(&self.inner.dir)?;
        segments.retain(|number| *number >= from.segment);
        segments.reverse();
        Ok(Replay {
            dir: self.inner.dir.clone(),
            from,
            segments,
            open: None,
        })
    }

    /// The segments' numbers and sizes, ascending.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn segments(&self) -> Result<Vec<(u32, u64)>, JournalError> {
        let numbers = segment::numbers(&self.inner.dir)?;
        let size_bytes = |number| {
            let path = segment::path(&self.inner.dir, number);
            fs::metadata(path).map_or(0, |meta| meta.len())
        };
        Ok(numbers.into_iter().map(|n| (n, size_bytes(n))).collect())
    }

    /// Reads a segment through, and tells what is damaged in it. The end of the last one, which is being written, may
    /// look torn and is not.
    ///
    /// # Errors
    /// The file cannot be read. One that is gone meanwhile has no damage.
    pub fn check(&self, segment: u32, last: bool) -> Result<Vec<Damage>, JournalError> {
        let path = segment::path(&self.inner.dir, segment);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error("read", &path)(error)),
        };
        let scan = segment::scan(&bytes);
        let mut damaged: Vec<Damage> = scan.damaged(&path).collect();
        if let ScanEnd::Torn(offset) = scan.end
            && !last
        {
            damaged.push(Damage {
                path,
                offset: offset as u64,
                length_bytes: (bytes.len() - offset) as u64,
            });
        }
        Ok(damaged)
    }

    /// Closes a segment that is removed.
    pub(super) fn forget(&self, segment: u32) {
        let mut files = self
            .inner
            .files
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        files.remove(&segment);
    }

    fn file(&self, segment: u32, path: &Path) -> io::Result<Arc<File>> {
        let files = self
            .inner
            .files
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(&segment) {
            return Ok(Arc::clone(file));
        }
        drop(files);
        let file = Arc::new(File::open(path)?);
        let mut files = self
            .inner
            .files
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        files.insert(segment, Arc::clone(&file));
        Ok(file)
    }
}

/// One step of a [`Replay`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// A record.
    Record {
        /// Where it lies.
        position: Position,
        /// Its running number.
        sequence: u64,
        /// What it says.
        event: Box<Event>,
    },
    /// Bytes that are no record.
    Damaged(Damage),
}

/// The journal's records in order, read segment by segment.
#[derive(Debug)]
pub struct Replay {
    dir: PathBuf,
    from: Position,
    /// Still to read, the next one last.
    segments: Vec<u32>,
    open: Option<OpenSegment>,
}

#[derive(Debug)]
struct OpenSegment {
    number: u32,
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
}

impl Iterator for Replay {
    type Item = Result<Replayed, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance(OpenSegment::step)
    }
}

/// The journal's events in order, as the JSON that the records hold: also what this version does not know of them.
#[derive(Debug)]
pub struct Texts(Replay);

impl Iterator for Texts {
    type Item = Result<Result<Vec<u8>, Damage>, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.advance(OpenSegment::text)
    }
}

impl Replay {
    /// The same as texts.
    pub fn texts(self) -> Texts {
        Texts(self)
    }

    fn advance<T>(
        &mut self,
        step: impl Fn(&mut OpenSegment) -> Option<T>,
    ) -> Option<Result<T, JournalError>> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(found) = step(open) {
                    return Some(Ok(found));
                }
                self.open = None;
            }
            let number = self.segments.pop()?;
            match self.open_segment(number) {
                Ok(open) => self.open = Some(open),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn open_segment(&self, number: u32) -> Result<OpenSegment, JournalError> {
        let path = segment::path(&self.dir, number);
        let bytes = fs::read(&path).map_err(io_error("read", &path))?;
        segment::Header::decode(&bytes, &path)?;
        let from = if number == self.from.segment {
            self.from.offset
        } else {
            0
        };
        Ok(OpenSegment {
            number,
            path,
            bytes,
            at: from.max(segment::HEADER_BYTES) as usize,
        })
    }
}

impl OpenSegment {
    fn step(&mut self) -> Option<Replayed> {
        Some(match self.next_record()? {
            Ok(found) => match decode(self.payload(found)) {
                Ok(event) => self.record(found, event),
                Err(_) => Replayed::Damaged(self.damage(found.offset, found.end)),
            },
            Err(damage) => Replayed::Damaged(damage),
        })
    }

    fn text(&mut self) -> Option<Result<Vec<u8>, Damage>> {
        let found = self.next_record()?;
        Some(found.and_then(|found| {
            decompress(self.payload(found)).map_err(|_| self.damage(found.offset, found.end))
        }))
    }

    /// The next record, or the damage before it.
    fn next_record(&mut self) -> Option<Result<Found, Damage>> {
        let from = self.at;
        if from >= self.bytes.len() {
            return None;
        }
        let found = segment::next_record(&self.bytes, from);
        if let Some(found) = found
            && found.offset == from
        {
            self.at = found.end;
            return Some(Ok(found));
        }
        self.at = found.map_or(self.bytes.len(), |found| found.offset);
        Some(Err(self.damage(from, self.at)))
    }

    fn payload(&self, found: Found) -> &[u8] {
        &self.bytes[found.offset + RECORD_HEAD_BYTES..found.end]
    }

    fn damage(&self, from: usize, end: usize) -> Damage {
        Damage {
            path: self.path.clone(),
            offset: from as u64,
            length_bytes: (end - from) as u64,
        }
    }

    fn record(&self, found: Found, event: Event) -> Replayed {
        Replayed::Record {
            position: Position {
                segment: self.number,
                // a segment is never larger than 4 GiB: `Journal` refuses to open one
                offset: u32::try_from(found.offset).unwrap_or(u32::MAX),
            },
            sequence: found.sequence,
            event: Box::new(event),
        }
    }
}

fn decode(payload: &[u8]) -> Result<Event, String> {
    let json =
        decompress(payload).map_err(|error| format!("it cannot be decompressed: {error}"))?;
    serde_json::from_slice(&json).map_err(|error| format!("it is no event: {error}"))
}

fn decompress(payload: &[u8]) -> io::Result<Vec<u8>> {
    let mut json = Vec::new();
    zstd::stream::Decoder::new(payload)?
        .take(segment::MAX_EVENT_BYTES as u64)
        .read_to_end(&mut json)?;
    Ok(json)
}
