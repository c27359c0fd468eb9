//! Every event, in order, for good: the truth that the store is a view of.
//!
//! In: [`Event`]s. Out: their [`Position`]s, the events again by position, and all of them in order ([`Replay`]).
//! They lie in numbered segment files (`00000001.log`, …) of one folder; [`segment`] holds the format. A record's
//! payload is zstd over the event as JSON: larger than a binary form, and on purpose, because an archive must be
//! readable in ten years, with `zstd` and eyes, by a program that never saw these types.
//!
//! What a power cut leaves at the end of the last segment is cut off at the last whole record and told. A flipped bit
//! costs the one record that it hits: reading goes on at the next record whose checksum is right.
//!
//! One [`Journal`] writes a folder at a time. It takes no lock of its own: who opens it holds the store's.

mod error;
mod event;
mod position;
mod reader;
pub mod segment;

use std::{
    cell::RefCell,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use self::{
    error::io_error,
    segment::{HEADER_BYTES, Header, ScanEnd},
};
pub use self::{
    error::{Damage, JournalError, Opened},
    event::Event,
    position::Position,
    reader::{Reader, Replay, Replayed, Texts},
};

/// A segment is closed when it has reached this size. Retention drops whole segments, so they are not large.
pub const SEGMENT_BYTES: u32 = 32 << 20;

/// What is appended is written when it has come to so much, or when it is synced.
const STAGED_BYTES: usize = 4 << 20;

/// zstd's level. On articles, level 3 takes a third more time and gains three to four percent of room.
const LEVEL: i32 = 1;

/// The writing end.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    reader: Reader,
    file: File,
    header: Header,
    /// The end of what was written to the file.
    end: u32,
    /// Records that follow it and were not written yet.
    staged: Vec<u8>,
    /// A write has failed half way, and what it left could not be cut off.
    torn: bool,
    next_sequence: u64,
    segment_bytes: u32,
}

/// An event as a record holds it. Making it takes most of the time that writing takes, and any thread can do it.
#[derive(Clone, Debug)]
pub struct Payload(Vec<u8>);

impl Payload {
    /// Of an event.
    ///
    /// # Errors
    /// The event is too large.
    #[expect(
        clippy::missing_panics_doc,
        reason = "an event is plain data, and a Vec takes it"
    )]
    pub fn of(event: &Event) -> Result<Self, JournalError> {
        let json = serde_json::to_vec(event).expect("an event is plain data, and a Vec takes it");
        Self::of_text(&json)
    }

    /// Of an event as JSON. What stands there beyond what this version knows is kept.
    ///
    /// # Errors
    /// The event is too large.
    pub fn of_text(json: &[u8]) -> Result<Self, JournalError> {
        thread_local! {
            // making one anew for each record would cost more than the compression
            static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
        }
        let too_large = |size_bytes| JournalError::TooLarge { size_bytes };
        let payload = COMPRESSOR.with_borrow_mut(|kept| {
            if kept.is_none() {
                *kept = zstd::bulk::Compressor::new(LEVEL).ok();
            }
            kept.as_mut()
                .and_then(|compressor| compressor.compress(json).ok())
        });
        // zstd refuses nothing but for want of memory
        let payload = payload.ok_or_else(|| too_large(json.len()))?;
        if payload.len() > segment::MAX_PAYLOAD_BYTES || json.len() > segment::MAX_EVENT_BYTES {
            return Err(too_large(payload.len()));
        }
        Ok(Self(payload))
    }
}

/// A place to come back to, see [`Journal::rewind`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    end: Position,
    next_sequence: u64,
}

impl Journal {
    /// Opens the journal in a folder, which is made if absent, and repairs what a crash has torn.
    ///
    /// # Errors
    /// The folder or a file cannot be made, read or written; a file there is no segment.
    pub fn open(dir: &Path) -> Result<(Self, Opened), JournalError> {
        Self::with_segments_of(dir, SEGMENT_BYTES)
    }

    /// As [`Journal::open`], with another size for segments.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn with_segments_of(
        dir: &Path,
        segment_bytes: u32,
    ) -> Result<(Self, Opened), JournalError> {
        fs::create_dir_all(dir).map_err(io_error("make the folder", dir))?;
        let mut opened = Opened::default();
        let last = segment::numbers(dir)?.last().copied();
        let (file, header, end, next_sequence) = match last {
            None => create_segment(dir, 1, 1)?,
            Some(number) => reopen_segment(dir, number, &mut opened)?,
        };
        let journal = Self {
            dir: dir.to_owned(),
            reader: Reader::new(dir),
            file,
            header,
            end,
            staged: Vec::new(),
            torn: false,
            next_sequence,
            segment_bytes,
        };
        Ok((journal, opened))
    }

    /// A reading end, for any thread.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// The sequence number of the last record; 0 if there was none ever.
    pub fn last_sequence(&self) -> u64 {
        self.next_sequence - 1
    }

    /// Appends events. They are not safe before [`Journal::sync`], nor readable.
    ///
    /// # Errors
    /// The disk is full or broken, an event too large; none of these events is appended then.
    pub fn append(&mut self, events: &[Event]) -> Result<Vec<Position>, JournalError> {
        let mark = self.mark();
        let mut positions = Vec::with_capacity(events.len());
        for event in events {
            match Payload::of(event).and_then(|payload| self.stage(&payload)) {
                Ok(position) => positions.push(position),
                Err(error) => {
                    // the first cause is the one to tell
                    let _ = self.rewind(mark);
                    return Err(error);
                }
            }
        }
        Ok(positions)
    }

    /// Appends one event that was made ready. It is not safe before [`Journal::sync`], nor readable.
    ///
    /// # Errors
    /// The disk is full or broken: a segment was full, and the next could not be begun.
    pub fn stage(&mut self, payload: &Payload) -> Result<Position, JournalError> {
        let size_bytes = size(&payload.0).saturating_add(size(&[0; segment::RECORD_HEAD_BYTES]));
        let mut end = self.staged_end();
        if end > HEADER_BYTES && end.saturating_add(size_bytes) > self.segment_bytes {
            self.roll_over()?;
            end = self.end;
        }
        segment::encode(self.next_sequence, &payload.0, &mut self.staged);
        self.next_sequence += 1;
        if self.staged.len() > STAGED_BYTES {
            self.write()?;
        }
        Ok(Position {
            segment: self.header.segment,
            offset: end,
        })
    }

    /// Makes everything appended so far survive a power cut.
    ///
    /// # Errors
    /// The disk is full or broken. Whether the events since the last sync are safe is then unknown: rewind.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.write()?;
        self.file
            .sync_data()
            .map_err(io_error("flush", &self.segment_path()))
    }

    /// The present end, to come back to.
    pub fn mark(&self) -> Mark {
        Mark {
            end: Position {
                segment: self.header.segment,
                offset: self.staged_end(),
            },
            next_sequence: self.next_sequence,
        }
    }

    /// Takes back what was appended since the mark.
    ///
    /// # Errors
    /// The disk refuses to shorten the file; what stays there is an event nobody was told of.
    pub fn rewind(&mut self, mark: Mark) -> Result<(), JournalError> {
        if self.header.segment > mark.end.segment {
            self.staged.clear();
        }
        while self.header.segment > mark.end.segment {
            let path = self.segment_path();
            let number = self.header.segment - 1;
            let mut ignored = Opened::default();
            let (file, header, end, _) = reopen_segment(&self.dir, number, &mut ignored)?;
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
            self.reader.forget(number + 1);
            (self.file, self.header, self.end) = (file, header, end);
        }
        self.next_sequence = mark.next_sequence;
        if mark.end.offset >= self.end {
            let keep = mark.end.offset - self.end;
            self.staged
                .truncate(usize::try_from(keep).unwrap_or(usize::MAX));
            return Ok(());
        }
        self.staged.clear();
        self.end = mark.end.offset;
        self.cut()
    }

    /// The event at a position.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn read(&self, position: Position) -> Result<Event, JournalError> {
        self.reader.read(position)
    }

    /// All records from a position on, in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn replay(&self, from: Position) -> Result<Replay, JournalError> {
        self.reader.replay(from)
    }

    /// Removes a segment, but never the one being written.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn drop_segment(&mut self, number: u32) -> Result<(), JournalError> {
        if number == self.header.segment {
            return Ok(());
        }
        let path = segment::path(&self.dir, number);
        self.reader.forget(number);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    fn staged_end(&self) -> u32 {
        self.end.saturating_add(size(&self.staged))
    }

    /// Writes what is staged: all of it or nothing.
    fn write(&mut self) -> Result<(), JournalError> {
        if self.torn {
            self.cut()?;
        }
        if self.staged.is_empty() {
            return Ok(());
        }
        // the file is opened for appending, so a short write would shift all that follows: take it back
        if let Err(error) = self.file.write_all(&self.staged) {
            let error = io_error("write to", &self.segment_path())(error);
            let _ = self.cut();
            return Err(error);
        }
        self.end = self.staged_end();
        self.staged.clear();
        Ok(())
    }

    /// Cuts off what lies behind the end.
    fn cut(&mut self) -> Result<(), JournalError> {
        self.torn = true;
        self.file
            .set_len(u64::from(self.end))
            .map_err(io_error("shorten", &self.segment_path()))?;
        self.torn = false;
        Ok(())
    }

    /// The old segment is safe on disk before a new one begins, so only the last can be torn.
    fn roll_over(&mut self) -> Result<(), JournalError> {
        self.sync()?;
        let number = self.header.segment + 1;
        (self.file, self.header, self.end, _) =
            create_segment(&self.dir, number, self.next_sequence)?;
        Ok(())
    }

    fn segment_path(&self) -> PathBuf {
        segment::path(&self.dir, self.header.segment)
    }
}

type OpenSegment = (File, Header, u32, u64);

fn create_segment(dir: &Path, number: u32, sequence: u64) -> Result<OpenSegment, JournalError> {
    let path = segment::path(dir, number);
    let header = Header {
        segment: number,
        first_sequence: sequence,
    };
    // a disk that was full at the last try has left a file that no event went into
    if fs::metadata(&path).is_ok_and(|meta| meta.len() <= u64::from(HEADER_BYTES)) {
        fs::remove_file(&path).map_err(io_error("remove", &path))?;
    }
    let mut file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(&path)
        .map_err(io_error("create", &path))?;
    file.write_all(&header.encode())
        .and_then(|()| file.sync_all())
        .map_err(io_error("write to", &path))?;
    sync_folder(dir)?;
    Ok((file, header, HEADER_BYTES, sequence))
}

fn reopen_segment(
    dir: &Path,
    number: u32,
    opened: &mut Opened,
) -> Result<OpenSegment, JournalError> {
    let path = segment::path(dir, number);
    let bytes = fs::read(&path).map_err(io_error("read", &path))?;
    let Some(header) = Header::decode(&bytes, &path)? else {
        // a crash between creating the file and writing its header: no event was in it yet
        fs::remove_file(&path).map_err(io_error("remove", &path))?;
        let sequence = next_sequence_after(dir, number)?;
        opened.torn = Some(format!(
            "{}: the segment was only just begun; begun again",
            path.display()
        ));
        return create_segment(dir, number, sequence);
    };
    let scan = segment::scan(&bytes);
    let file = OpenOptions::new()
        .append(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    let end = match scan.end {
        ScanEnd::Whole => bytes.len(),
        ScanEnd::Torn(good) => {
            file.set_len(good as u64)
                .and_then(|()| file.sync_all())
                .map_err(io_error("shorten", &path))?;
            opened.torn = Some(format!(
                "{}: the last {} bytes were no whole record (the writing was interrupted); cut at byte {good}",
                path.display(),
                bytes.len() - good
            ));
            good
        }
    };
    opened.damaged.extend(scan.damaged(&path));
    let next = scan
        .last_sequence
        .map_or(header.first_sequence, |last| last + 1);
    // a segment is closed at 32 MiB and a record is at most 64 MiB, so this fits
    let end = u32::try_from(end).map_err(|_| JournalError::NotASegment {
        path: path.clone(),
        why: "it is larger than 4 GiB".to_owned(),
    })?;
    Ok((file, header, end, next))
}

fn next_sequence_after(dir: &Path, number: u32) -> Result<u64, JournalError> {
    let Some(before) = segment::numbers(dir)?.into_iter().rfind(|n| *n < number) else {
        return Ok(1);
    };
    let (.., next) = reopen_segment(dir, before, &mut Opened::default())?;
    Ok(next)
}

/// A new file's name survives a power cut only when its folder is flushed too.
fn sync_folder(dir: &Path) -> Result<(), JournalError> {
    File::open(dir)
        .and_then(|folder| folder.sync_all())
        .map_err(io_error("flush", dir))
}

fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("payloads are checked against MAX_PAYLOAD_BYTES")
}
