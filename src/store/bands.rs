//! The index that finds alike texts: for each month and band, the band's hashes with the articles that have them.
//!
//! A million articles have twenty million entries here. A row for each would cost sled gigabytes, so entries lie
//! sorted in chunks of up to 48, and a chunk that grows too large is split: the cost of an article stays the same, with
//! a thousand in a month or with a million. Of one hash the newest 32 articles are kept: what is shared by more is a
//! form, not a story.

use std::ops::RangeInclusive;

use jiff::civil::Date;

use super::{
    StoreError,
    change::Change,
    keys::{self, Key},
    records,
};
use crate::story::merge::DAYS;

/// The band of short texts, which are found by a hash of the whole.
pub(super) const WHOLE: u8 = u8::MAX;
const CHUNK_ENTRIES: usize = 48;
const SAME_HASH: usize = 32;
const ENTRY_BYTES: usize = 10;
const HASH_BITS: u64 = (1 << 40) - 1;

/// An entry: hash and article, 40 bits each. An article's number counts events; 40 bits of them are a million million.
type Entry = (u64, u64);

/// A day's month, counted from the year 0.
pub(super) fn month(day: Date) -> u16 {
    let year = u16::try_from(day.year()).unwrap_or(0).min(5000);
    year * 12 + u16::try_from(day.month() - 1).unwrap_or(0)
}

/// The months in which a story that is told on a day can be told.
pub(super) fn months_around(day: Date) -> RangeInclusive<u16> {
    let reach = jiff::Span::new().days(DAYS);
    let from = day.saturating_sub(reach);
    let to = day.saturating_add(reach);
    month(from)..=month(to)
}

/// The articles with this hash.
pub(super) fn find(
    change: &Change<'_>,
    month: u16,
    band: u8,
    hash: u64,
) -> Result<Vec<u64>, StoreError> {
    let hash = hash & HASH_BITS;
    let (_, entries) = chunk(change, month, band, hash)?;
    let same = entries.iter().filter(|(h, _)| *h == hash);
    Ok(same.map(|(_, article)| *article).collect())
}

/// Adds an article.
pub(super) fn add(
    change: &mut Change<'_>,
    month: u16,
    band: u8,
    hash: u64,
    article: u64,
) -> Result<(), StoreError> {
    let entry = (hash & HASH_BITS, article & HASH_BITS);
    let (low, mut entries) = chunk(change, month, band, entry.0)?;
    let Err(place) = entries.binary_search(&entry) else {
        return Ok(());
    };
    entries.insert(place, entry);
    let first = entries.partition_point(|(h, _)| *h < entry.0);
    let behind = entries.partition_point(|(h, _)| *h <= entry.0);
    if behind - first > SAME_HASH {
        entries.remove(first);
    }
    change.meta.months.insert(month);
    let key = |hash| Key::Band { month, band, hash };
    if entries.len() > CHUNK_ENTRIES {
        let upper = entries.split_off(middle(&entries));
        change.put_raw(key(upper[0].0), encode(&upper));
    }
    change.put_raw(key(low), encode(&entries));
    Ok(())
}

/// Forgets the months before one, whole.
pub(super) fn forget_before(change: &mut Change<'_>, month: u16) -> Result<(), StoreError> {
    let old: Vec<u16> = change.meta.months.range(..month).copied().collect();
    let Some((first, last)) = old.first().zip(old.last()) else {
        return Ok(());
    };
    let edge = |month, band, hash| Key::Band { month, band, hash };
    let doomed = keys::range(edge(*first, 0, 0), edge(*last, u8::MAX, HASH_BITS));
    let rows: Vec<_> = change.view.range(doomed).collect::<Result<_, _>>()?;
    for (key, _) in rows {
        if let Some(key) = Key::decode(&key) {
            change.remove(key);
        }
    }
    change.meta.months.retain(|m| *m >= month);
    Ok(())
}

/// The chunk that a hash belongs to: its key's hash, and its entries. The first chunk of a band has the hash 0.
fn chunk(
    change: &Change<'_>,
    month: u16,
    band: u8,
    hash: u64,
) -> Result<(u64, Vec<Entry>), StoreError> {
    let edge = |hash| Key::Band { month, band, hash };
    let Some((key, value)) = change.last(keys::range(edge(0), edge(hash)))? else {
        return Ok((0, Vec::new()));
    };
    match Key::decode(&key) {
        Some(Key::Band { hash: low, .. }) => Ok((low, decode(&value))),
        _ => Ok((0, Vec::new())),
    }
}

/// Where a chunk is split: between two hashes, as near to the middle as can be, so that one hash lies in one chunk.
fn middle(entries: &[Entry]) -> usize {
    let half = entries.len() / 2;
    let borders = (1..entries.len()).filter(|i| entries[i - 1].0 != entries[*i].0);
    // a full chunk has more entries than one hash may have, so there is a border
    borders.min_by_key(|i| i.abs_diff(half)).unwrap_or(half)
}

fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = vec![records::FORMAT];
    for (hash, article) in entries {
        bytes.extend_from_slice(&hash.to_be_bytes()[3..]);
        bytes.extend_from_slice(&article.to_be_bytes()[3..]);
    }
    bytes
}

fn decode(bytes: &[u8]) -> Vec<Entry> {
    let number = |part: &[u8]| part.iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    bytes
        .get(1..)
        .unwrap_or_default()
        .chunks_exact(ENTRY_BYTES)
        .map(|entry| (number(&entry[..5]), number(&entry[5..])))
        .collect()
}
