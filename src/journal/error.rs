//! What can be wrong with a journal.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use super::{Position, segment};

/// Why the journal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file that is no segment, or one of a later version.
    #[error("{} is no journal segment that this version reads: {why}", path.display())]
    NotASegment {
        /// The file.
        path: PathBuf,
        /// What is wrong with its header.
        why: String,
    },
    /// The record at this place is damaged or gone.
    #[error("the journal's record in {} is unreadable: {why}", at)]
    Unreadable {
        /// The place.
        at: Position,
        /// What is wrong.
        why: String,
    },
    /// An event too large for a record.
    #[error(
        "an event of {size_bytes} bytes is too large for the journal, which takes {} at most",
        segment::MAX_PAYLOAD_BYTES
    )]
    TooLarge {
        /// Its size, compressed.
        size_bytes: usize,
    },
}

/// What is unreadable inside a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// The first unreadable byte.
    pub offset: u64,
    /// How many bytes are skipped to the next good record.
    pub length_bytes: u64,
}

impl Damage {
    /// Whether a record began there.
    pub fn covers(&self, at: Position) -> bool {
        let offset = u64::from(at.offset);
        segment::number_of(&self.path) == Some(at.segment)
            && (self.offset..self.offset + self.length_bytes).contains(&offset)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} bytes from byte {} on are damaged and skipped",
            self.path.display(),
            self.length_bytes,
            self.offset
        )
    }
}

/// What opening a journal found. Only the last segment is read through, the one that a crash can have torn; the
/// others are checked as they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// A torn tail was cut off, in words.
    pub torn: Option<String>,
    /// Damage inside the last segment.
    pub damaged: Vec<Damage>,
}

pub(super) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { what, path, source }
}
