//! A segment file's format.
//!
//! A header of 32 bytes: `SBLJRNL\n`, the format version (u32), the segment's number (u32), the sequence number of its
//! first record (u64), four bytes of zero, and the crc32 of all that. Then records without padding: a mark of four
//! bytes, the payload's length (u32), the running sequence number (u64), the crc32 of length, sequence and payload
//! (u32), the payload. Numbers are little-endian.
//!
//! The mark is there to find the next record behind a damaged one: it may occur in a payload by chance, but a
//! checksum behind it that is right by chance is not to be feared.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Damage, JournalError, error::io_error};

/// A header's size.
pub const HEADER_BYTES: u32 = 32;
/// What stands in front of a record's payload.
pub const RECORD_HEAD_BYTES: usize = 20;
/// The largest payload, compressed.
pub const MAX_PAYLOAD_BYTES: usize = 64 << 20;
/// The largest event, as JSON: what a reader is ready to decompress.
pub const MAX_EVENT_BYTES: usize = 128 << 20;

const MAGIC: [u8; 8] = *b"SBLJRNL\n";
const VERSION: u32 = 1;
const MARK: [u8; 4] = [0xB5, b'r', b'e', 0xC1];

/// A segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The segment's number.
    pub segment: u32,
    /// The sequence number of its first record.
    pub first_sequence: u64,
}

impl Header {
    /// As bytes.
    pub fn encode(self) -> [u8; HEADER_BYTES as usize] {
        let mut bytes = [0; HEADER_BYTES as usize];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.segment.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_sequence.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// From a file's bytes; none where the file ends inside the header or the header is all zero, which is what a
    /// crash right after creation leaves. A header with a flipped bit is read from the file's name and first record.
    ///
    /// # Errors
    /// The file is something else, or of a later version.
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Option<Self>, JournalError> {
        let Some(head) = bytes.get(..HEADER_BYTES as usize) else {
            return Ok(None);
        };
        if bytes.iter().all(|b| *b == 0) {
            return Ok(None);
        }
        let wrong = |why: String| JournalError::NotASegment {
            path: path.to_owned(),
            why,
        };
        if u32_at(head, 28) == crc32fast::hash(&head[..28]) && head[..8] == MAGIC {
            let version = u32_at(head, 8);
            if version != VERSION {
                return Err(wrong(format!(
                    "format version {version}, expected {VERSION}"
                )));
            }
            return Ok(Some(Self {
                segment: u32_at(head, 12),
                first_sequence: u64_at(head, 16),
            }));
        }
        let first = scan(bytes).records.into_iter().next();
        match (number_of(path), first) {
            (Some(segment), Some(record)) => Ok(Some(Self {
                segment,
                first_sequence: record.sequence,
            })),
            // nothing is lost by beginning an empty segment again
            (Some(_), None) if bytes.len() == HEADER_BYTES as usize => Ok(None),
            _ => Err(wrong("no header and no record in it".to_owned())),
        }
    }
}

/// A segment's file.
pub fn path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.log"))
}

pub(super) fn number_of(path: &Path) -> Option<u32> {
    let digits = path.file_name()?.to_str()?.strip_suffix(".log")?;
    (digits.len() == 8).then(|| digits.parse().ok())?
}

/// The numbers of the segments in a folder, ascending. Other files are left alone.
///
/// # Errors
/// The folder cannot be read.
pub fn numbers(dir: &Path) -> Result<Vec<u32>, JournalError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("read the folder", dir))? {
        let entry = entry.map_err(io_error("read the folder", dir))?;
        numbers.extend(number_of(&entry.path()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Adds a record with its head to a buffer.
///
/// # Panics
/// If the payload is larger than 4 GiB; [`MAX_PAYLOAD_BYTES`] is far below.
pub fn encode(sequence: u64, payload: &[u8], buffer: &mut Vec<u8>) {
    let length =
        u32::try_from(payload.len()).expect("payloads are checked against MAX_PAYLOAD_BYTES");
    buffer.extend(MARK);
    buffer.extend(length.to_le_bytes());
    buffer.extend(sequence.to_le_bytes());
    buffer.extend(checksum(length, sequence, payload).to_le_bytes());
    buffer.extend(payload);
}

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug)]
pub struct RecordHead {
    /// The payload's length.
    pub length: usize,
    /// The record's running number.
    pub sequence: u64,
    crc: u32,
}

impl RecordHead {
    /// Reads a head; none without the mark, or with a length beyond all measure.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..RECORD_HEAD_BYTES)?;
        if head[..4] != MARK {
            return None;
        }
        let length = usize::try_from(u32_at(head, 4)).ok()?;
        (length <= MAX_PAYLOAD_BYTES).then(|| Self {
            length,
            sequence: u64_at(head, 8),
            crc: u32_at(head, 16),
        })
    }

    /// Whether this is the payload that the head was made for.
    pub fn fits(&self, payload: &[u8]) -> bool {
        u32::try_from(payload.len())
            .is_ok_and(|length| self.crc == checksum(length, self.sequence, payload))
    }
}

/// A good record in a segment's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its first byte.
    pub offset: usize,
    /// The byte behind its last.
    pub end: usize,
    /// Its running number.
    pub sequence: u64,
}

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanEnd {
    /// With a whole record, or with the header.
    Whole,
    /// With bytes that are no record, from here on.
    Torn(usize),
}

/// What a segment holds.
#[derive(Debug)]
pub struct Scan {
    /// The good records.
    pub records: Vec<Found>,
    /// The sequence number of the last.
    pub last_sequence: Option<u64>,
    /// How it ends.
    pub end: ScanEnd,
    gaps: Vec<(usize, usize)>,
}

impl Scan {
    /// The damage between good records.
    pub fn damaged<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = Damage> + 'a {
        self.gaps.iter().map(|(start, end)| Damage {
            path: path.to_owned(),
            offset: *start as u64,
            length_bytes: (end - start) as u64,
        })
    }
}

/// Finds the records in a segment's bytes, header included.
pub fn scan(bytes: &[u8]) -> Scan {
    let mut scan = Scan {
        records: Vec::new(),
        last_sequence: None,
        end: ScanEnd::Whole,
        gaps: Vec::new(),
    };
    let mut at = (HEADER_BYTES as usize).min(bytes.len());
    while at < bytes.len() {
        let Some(found) = next_record(bytes, at) else {
            scan.end = ScanEnd::Torn(at);
            break;
        };
        if found.offset > at {
            scan.gaps.push((at, found.offset));
        }
        at = found.end;
        scan.last_sequence = Some(found.sequence);
        scan.records.push(found);
    }
    scan
}

/// The next good record that begins at or behind `from`.
pub fn next_record(bytes: &[u8], from: usize) -> Option<Found> {
    let mut at = from;
    while at + RECORD_HEAD_BYTES <= bytes.len() {
        if let Some(found) = record_at(bytes, at) {
            return Some(found);
        }
        // on to the next place that could be a mark
        let rest = bytes.get(at + 1..)?;
        at += 1 + rest.windows(MARK.len()).position(|w| w == MARK)?;
    }
    None
}

fn record_at(bytes: &[u8], offset: usize) -> Option<Found> {
    let head = RecordHead::decode(bytes.get(offset..)?)?;
    let start = offset + RECORD_HEAD_BYTES;
    let end = start.checked_add(head.length)?;
    head.fits(bytes.get(start..end)?).then_some(Found {
        offset,
        end,
        sequence: head.sequence,
    })
}

fn checksum(length: u32, sequence: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&sequence.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(
        bytes[at..at + 4]
            .try_into()
            .expect("four bytes were asked for"),
    )
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(
        bytes[at..at + 8]
            .try_into()
            .expect("eight bytes were asked for"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(payloads: &[&[u8]]) -> Vec<u8> {
        let header = Header {
            segment: 1,
            first_sequence: 1,
        };
        let mut bytes = header.encode().to_vec();
        for (i, payload) in payloads.iter().enumerate() {
            encode(i as u64 + 1, payload, &mut bytes);
        }
        bytes
    }

    #[test]
    fn a_flipped_bit_anywhere_costs_at_most_one_record() {
        let whole = segment(&[b"first", b"second \xB5re", b"third"]);
        for at in HEADER_BYTES as usize..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                assert_eq!(scan(&bytes).records.len(), 2, "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_header_with_a_flipped_bit_is_still_read() {
        let whole = segment(&[b"first"]);
        for at in 0..HEADER_BYTES as usize {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            let header = Header::decode(&bytes, Path::new("00000001.log")).unwrap();
            let header = header.expect("the file is long enough");
            assert_eq!((header.segment, header.first_sequence), (1, 1), "byte {at}");
        }
    }

    #[test]
    fn every_torn_tail_ends_at_the_last_whole_record() {
        let whole = segment(&[b"first", b"second"]);
        let first_end = HEADER_BYTES as usize + RECORD_HEAD_BYTES + 5;
        for length in first_end + 1..whole.len() {
            let scan = scan(&whole[..length]);
            assert_eq!(scan.end, ScanEnd::Torn(first_end));
            assert_eq!(scan.last_sequence, Some(1));
        }
    }

    #[test]
    fn a_later_version_is_refused_and_not_overwritten() {
        let mut bytes = segment(&[b"first"]);
        bytes[8] = 9;
        let crc = crc32fast::hash(&bytes[..28]);
        bytes[28..32].copy_from_slice(&crc.to_le_bytes());
        let error = Header::decode(&bytes, Path::new("00000001.log")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "00000001.log is no journal segment that this version reads: format version 9, expected 1"
        );
    }
}
