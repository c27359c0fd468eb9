//! Finding articles by a hash: by their address, by what they say, by what they resemble.
//!
//! A million articles have more than twenty million entries here, hash and article. They lie in tables, one for each
//! band of a month's fingerprints and one each for addresses and contents; a table is cut into buckets by the hash's
//! first bits, so many that a bucket holds about a hundred entries, and a bucket is one row: looking up is one row read
//! by its key, with a thousand entries or with a hundred million.
//!
//! A new article's entries fall into as many buckets as it has entries, so each is not written there at once: it is
//! [`Pending`], in memory and in a row with its batch's others, until there are so many that merging them into the
//! buckets costs each a fraction of a row. Merging repeats itself without harm when a crash has cut it short.
//!
//! Entries are not taken out when their article goes: who looks up reads the article's row anyway, to be sure.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasherDefault, Hasher},
    ops::RangeInclusive,
};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    keys::{self, Key},
    records,
    view::{View, Writes},
};
use crate::{article::ArticleId, story::merge::DAYS};

/// The band of short texts, which are found by a hash of the whole.
pub(super) const WHOLE: u8 = u8::MAX;
/// The band of addresses, in month 0.
const IDS: u8 = 254;
/// The band of contents, in month 0.
const CONTENTS: u8 = 253;
/// Entries of a bucket on average, at most.
const BUCKET_ENTRIES: u64 = 128;
/// Of one hash the newest so many are kept: what is shared by more is a form, not a story.
const SAME_HASH: usize = 32;
const ENTRY_BYTES: usize = 10;
const HASH_BITS: u32 = 40;
const HASH_MASK: u64 = (1 << HASH_BITS) - 1;
/// So many pending entries are merged: those of some fifty thousand articles, 40 MB of memory.
const MERGED: usize = 1 << 20;
/// Pending entries of one row.
const RECENT_ENTRIES: usize = 300;
const RECENT_BYTES: usize = 13;

/// What is looked up: a table in the upper 24 bits, a hash in the lower 40.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mark(u64);

impl Mark {
    /// In a band of a month's fingerprints.
    pub(super) fn band(month: u16, band: u8, hash: u64) -> Self {
        let table = u64::from(month) << 8 | u64::from(band);
        Self(table << HASH_BITS | hash & HASH_MASK)
    }

    /// An article's address.
    pub(super) fn id(id: ArticleId) -> Self {
        Self::band(0, IDS, xxhash_rust::xxh3::xxh3_64(id.as_bytes()))
    }

    /// What an article of a source says.
    pub(super) fn content(source: u32, content: u64) -> Self {
        let hash = xxhash_rust::xxh3::xxh3_64_with_seed(&content.to_le_bytes(), u64::from(source));
        Self::band(0, CONTENTS, hash)
    }

    fn table(self) -> Table {
        Table(u32::try_from(self.0 >> HASH_BITS).unwrap_or(u32::MAX))
    }

    fn hash(self) -> u64 {
        self.0 & HASH_MASK
    }
}

/// Month and band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Table(u32);

#[allow(
    clippy::cast_possible_truncation,
    reason = "a table's two halves are taken apart"
)]
impl Table {
    fn month(self) -> u16 {
        (self.0 >> 8) as u16
    }

    fn band(self) -> u8 {
        self.0 as u8
    }

    fn bucket(self, hash: u64) -> Key {
        Key::Band {
            month: self.month(),
            band: self.band(),
            hash,
        }
    }

    fn shape(self) -> Key {
        Key::Table {
            month: self.month(),
            band: self.band(),
        }
    }
}

/// How a table is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Shape {
    /// By so many of the hash's first bits.
    bits: u32,
    entries: u64,
}

impl Shape {
    fn of(entries: u64) -> Self {
        let buckets = entries.div_ceil(BUCKET_ENTRIES).max(1);
        Self {
            bits: buckets.next_power_of_two().trailing_zeros(),
            entries,
        }
    }

    /// The smallest hash of the bucket that a hash belongs to.
    fn low(self, hash: u64) -> u64 {
        let rest = HASH_BITS - self.bits;
        hash >> rest << rest
    }
}

/// An entry: hash and article, 40 bits each. An article's number counts events; 40 bits of them are a million million.
type Entry = (u64, u64);

/// What is known of the tables without reading them.
#[derive(Debug, Default)]
pub(super) struct Index {
    tables: BTreeMap<Table, Shape>,
    pending: Pending,
    /// The number of the next row of pending entries.
    next_recent: u64,
}

impl Index {
    pub(super) fn load(view: &View) -> Result<Self, StoreError> {
        let mut index = Self::default();
        let every = Key::Table { month: 0, band: 0 }..=Key::Table {
            month: u16::MAX,
            band: u8::MAX,
        };
        for row in view.range(keys::range(*every.start(), *every.end())) {
            let (key, value) = row?;
            if let Some(Key::Table { month, band }) = Key::decode(&key) {
                let table = Mark::band(month, band, 0).table();
                index.tables.insert(table, view.decode(&value)?);
            }
        }
        for row in view.range(keys::range(Key::Recent(0), Key::Recent(u64::MAX))) {
            let (key, value) = row?;
            if let Some(Key::Recent(number)) = Key::decode(&key) {
                index.next_recent = number + 1;
            }
            for (mark, article) in decode_recent(&value) {
                index.pending.add(mark, article);
            }
        }
        Ok(index)
    }

    /// The months within a range that any article's fingerprint belongs to.
    pub(super) fn months(&self, around: RangeInclusive<u16>) -> BTreeSet<u16> {
        let merged = around.clone().filter(|month| self.has_table_of(*month));
        merged.chain(self.pending.months(around)).collect()
    }

    fn has_table_of(&self, month: u16) -> bool {
        let edge = |band| Mark::band(month, band, 0).table();
        self.tables.range(edge(0)..=edge(u8::MAX)).next().is_some()
    }

    /// The pending articles with this hash.
    pub(super) fn pending(&self, mark: Mark) -> impl Iterator<Item = u64> + '_ {
        self.pending.find(mark)
    }

    /// The key of the bucket with a hash; none where its table was never merged.
    pub(super) fn bucket(&self, mark: Mark) -> Option<Key> {
        let table = mark.table();
        let shape = self.tables.get(&table)?;
        Some(table.bucket(shape.low(mark.hash())))
    }

    /// Takes new entries in.
    pub(super) fn take(&mut self, new: &Pending) {
        for (mark, article, _) in &new.entries {
            self.pending.add(*mark, *article);
        }
        self.next_recent += new.entries.len().div_ceil(RECENT_ENTRIES) as u64;
    }

    /// New entries as rows beside the batch's others, so that a crash loses none.
    pub(super) fn write(&self, new: &Pending, writes: &mut Writes) {
        let rows = new.entries.chunks(RECENT_ENTRIES);
        for (number, entries) in (self.next_recent..).zip(rows) {
            let mut value = Vec::with_capacity(1 + entries.len() * RECENT_BYTES);
            value.push(records::FORMAT);
            for (mark, article, _) in entries {
                value.extend_from_slice(&mark.0.to_be_bytes());
                value.extend_from_slice(&article.to_be_bytes()[3..]);
            }
            writes.insert(Key::Recent(number).encode(), Some(value));
        }
    }

    /// Whether it is time to merge.
    pub(super) fn is_full(&self) -> bool {
        self.pending.entries.len() >= MERGED
    }
}

fn decode_recent(bytes: &[u8]) -> impl Iterator<Item = (Mark, u64)> + '_ {
    let entries = bytes.get(1..).unwrap_or_default();
    entries
        .chunks_exact(RECENT_BYTES)
        .map(|entry| (Mark(number(&entry[..8])), number(&entry[8..])))
}

/// By a mark. Marks are hashes already, so little is left to do.
pub(super) type ByMark<T> = HashMap<Mark, T, BuildHasherDefault<Spread>>;

/// Entries that are not in their buckets yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// The place of a hash's latest entry, counted from 1.
    heads: ByMark<u32>,
    /// Hash, article, and the place of the hash's entry before; 0 for none.
    entries: Vec<(Mark, u64, u32)>,
    months: BTreeSet<u16>,
}

impl Pending {
    pub(super) fn add(&mut self, mark: Mark, article: u64) {
        let article = article & HASH_MASK;
        if self.find(mark).any(|other| other == article) {
            return;
        }
        let place = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
        let before = self.heads.insert(mark, place).unwrap_or(0);
        self.entries.push((mark, article, before));
        self.months.insert(mark.table().month());
    }

    pub(super) fn find(&self, mark: Mark) -> impl Iterator<Item = u64> + '_ {
        let mut place = self.heads.get(&mark).copied().unwrap_or(0);
        std::iter::from_fn(move || {
            let at = usize::try_from(place).ok()?.checked_sub(1)?;
            let (_, article, before) = *self.entries.get(at)?;
            place = before;
            Some(article)
        })
    }

    pub(super) fn months(&self, around: RangeInclusive<u16>) -> impl Iterator<Item = u16> + '_ {
        self.months.range(around).copied()
    }

    fn sorted(&self) -> Vec<(Mark, u64)> {
        let each = self.entries.iter();
        let mut all: Vec<_> = each.map(|(mark, article, _)| (*mark, *article)).collect();
        all.sort_unstable();
        all
    }
}

/// Marks are hashes already; this moves what differs to where a table looks.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxhash_rust::xxh3::xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (value ^ value >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// The articles of a hash in a bucket's row.
pub(super) fn find(bucket: &[u8], mark: Mark) -> Vec<u64> {
    let entries = bucket.get(1..).unwrap_or_default();
    let hash = mark.hash().to_be_bytes();
    let at = |i: usize| &entries[i * ENTRY_BYTES..(i + 1) * ENTRY_BYTES];
    let (mut from, mut to) = (0, entries.len() / ENTRY_BYTES);
    let end = to;
    while from < to {
        let middle = from.midpoint(to);
        if at(middle)[..5] < hash[3..] {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    (from..end)
        .map(at)
        .take_while(|entry| entry[..5] == hash[3..])
        .map(|entry| number(&entry[5..]))
        .collect()
}

/// Of articles that share a hash, those that count: the newest, in the order of their numbers.
pub(super) fn newest(articles: &mut Vec<u64>) {
    articles.sort_unstable();
    articles.dedup();
    let excess = articles.len().saturating_sub(SAME_HASH);
    articles.drain(..excess);
}

/// Brings the pending entries into their buckets. Between two batches only, by the one who writes.
pub(super) fn merge(view: &View) -> Result<(), StoreError> {
    let all = view.index().pending.sorted();
    for new in all.chunk_by(|a, b| a.0.table() == b.0.table()) {
        let table = new[0].0.table();
        let before = view.index().tables.get(&table).copied();
        let (writes, shape) = merge_table(view, table, before.unwrap_or_default(), new)?;
        view.apply_index(writes, |index| {
            index.tables.insert(table, shape);
        })?;
    }
    let mut recent = Writes::new();
    for row in view.range(keys::range(Key::Recent(0), Key::Recent(u64::MAX))) {
        recent.insert(row?.0, None);
    }
    view.apply_index(recent, |index| index.pending = Pending::default())
}

/// A table's rows with new entries, and how it is cut then.
fn merge_table(
    view: &View,
    table: Table,
    before: Shape,
    new: &[(Mark, u64)],
) -> Result<(Writes, Shape), StoreError> {
    let grown = Shape::of(before.entries + new.len() as u64);
    let mut writes = Writes::new();
    let mut entries: Vec<Entry> = new.iter().map(|(mark, n)| (mark.hash(), *n)).collect();
    let mut added = 0;
    if grown.bits == before.bits {
        for part in entries.chunk_by(|a, b| before.low(a.0) == before.low(b.0)) {
            let key = table.bucket(before.low(part[0].0)).encode();
            let old = view.raw(&key)?.unwrap_or_default();
            let merged = merged(decode(&old).chain(part.iter().copied()).collect());
            added += merged.len() as u64 - decode(&old).count() as u64;
            writes.insert(key, Some(encode(&merged)));
        }
    } else {
        for row in view.range(keys::range(table.bucket(0), table.bucket(HASH_MASK))) {
            let (key, old) = row?;
            entries.extend(decode(&old));
            // a bucket that stays is written again below
            writes.insert(key, None);
        }
        let merged = merged(entries);
        added = (merged.len() as u64).saturating_sub(before.entries);
        for part in merged.chunk_by(|a, b| grown.low(a.0) == grown.low(b.0)) {
            let key = table.bucket(grown.low(part[0].0)).encode();
            writes.insert(key, Some(encode(part)));
        }
    }
    let shape = Shape {
        bits: grown.bits,
        entries: before.entries + added,
    };
    writes.insert(table.shape().encode(), Some(records::encode(&shape)));
    Ok((writes, shape))
}

/// Sorted, each once, and of each hash the newest.
fn merged(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_unstable();
    entries.dedup();
    let same = entries.chunk_by(|a, b| a.0 == b.0);
    let newest = same.flat_map(|same| &same[same.len().saturating_sub(SAME_HASH)..]);
    newest.copied().collect()
}

/// Forgets the months before one, whole.
pub(super) fn forget_before(view: &View, month: u16) -> Result<(), StoreError> {
    let doomed: Vec<Table> = {
        let index = view.index();
        let old = index.tables.keys().copied();
        old.filter(|table| (1..month).contains(&table.month()))
            .collect()
    };
    for table in doomed {
        let rows = view.range(keys::range(table.bucket(0), table.bucket(HASH_MASK)));
        let mut writes = Writes::new();
        for row in rows {
            writes.insert(row?.0, None);
        }
        writes.insert(table.shape().encode(), None);
        view.apply_index(writes, |index| {
            index.tables.remove(&table);
        })?;
    }
    Ok(())
}

/// A day's month, counted from the year 0.
pub(super) fn month(day: Date) -> u16 {
    let year = u16::try_from(day.year()).unwrap_or(0).clamp(1, 5000);
    year * 12 + u16::try_from(day.month() - 1).unwrap_or(0)
}

/// The months in which a story that is told on a day can be told.
pub(super) fn months_around(day: Date) -> RangeInclusive<u16> {
    let reach = jiff::Span::new().days(DAYS);
    let from = day.saturating_sub(reach);
    let to = day.saturating_add(reach);
    month(from)..=month(to)
}

fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + entries.len() * ENTRY_BYTES);
    bytes.push(records::FORMAT);
    for (hash, article) in entries {
        bytes.extend_from_slice(&hash.to_be_bytes()[3..]);
        bytes.extend_from_slice(&article.to_be_bytes()[3..]);
    }
    bytes
}

fn decode(bytes: &[u8]) -> impl Iterator<Item = Entry> + '_ {
    let entries = bytes.get(1..).unwrap_or_default();
    entries
        .chunks_exact(ENTRY_BYTES)
        .map(|entry| (number(&entry[..5]), number(&entry[5..])))
}

fn number(part: &[u8]) -> u64 {
    part.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_back_what_shares_a_hash() {
        let mark = |hash| Mark::band(7, 3, hash);
        let bucket = encode(&[(1, 9), (5, 2), (5, 8), (HASH_MASK, 4)]);
        assert_eq!(find(&bucket, mark(5)), [2, 8]);
        assert_eq!(find(&bucket, mark(HASH_MASK)), [4]);
        assert_eq!(find(&bucket, mark(0)), Vec::<u64>::new());
        assert_eq!(find(&bucket, mark(6)), Vec::<u64>::new());
        assert_eq!(find(&[], mark(6)), Vec::<u64>::new());
    }

    #[test]
    fn tables_are_cut_so_that_buckets_stay_small() {
        for (entries, bits) in [(0, 0), (128, 0), (129, 1), (256, 1), (1_000_000, 13)] {
            assert_eq!(Shape::of(entries).bits, bits, "{entries}");
        }
        let shape = Shape::of(1000);
        assert_eq!(shape.low(0), 0);
        assert_eq!(shape.low(HASH_MASK), HASH_MASK >> 37 << 37);
    }

    #[test]
    fn pending_entries_are_found_and_sorted() {
        let mut pending = Pending::default();
        let (a, b) = (Mark::band(7, 3, 5), Mark::band(7, 3, 4));
        for (mark, article) in [(a, 1), (b, 2), (a, 3), (a, 1)] {
            pending.add(mark, article);
        }
        assert_eq!(pending.find(a).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(pending.sorted(), [(b, 2), (a, 1), (a, 3)]);
    }

    #[test]
    fn of_a_hash_that_many_share_the_newest_count() {
        let entries = (0..100).map(|article| (5, article)).chain([(6, 1)]);
        let merged = merged(entries.collect());
        assert_eq!(merged.len(), SAME_HASH + 1);
        assert_eq!((merged[0], merged[32]), ((5, 68), (6, 1)));
    }
}
