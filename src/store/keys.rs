//! The inventory of the database: every key there is.
//!
//! All rows lie in one tree. Each further tree of sled costs pages, a batch on one tree is atomic without a
//! transaction, and a leading byte keeps the kinds apart as well as trees would. Keys are big-endian and of fixed
//! width within their kind, so that ranges follow numbers and times.

use std::ops::RangeInclusive;

/// A row's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// What the store knows of itself.
    Meta,
    /// A source's id, counts and generation, by its number.
    Source(u32),
    /// What polling learnt of a source.
    State(u32),
    /// Where an id leads that is not the article's own: an address that it has moved to, or one that retention let go.
    Id([u8; 16]),
    /// An article, by its number: the sequence number of its first event.
    Article(u64),
    /// A source's articles in feed order; with the next two see [`super::lines`].
    Listing { source: u32, at: i64, article: u64 },
    /// All articles in feed order.
    Timeline { at: i64, article: u64 },
    /// A source's articles whose page is still to be read.
    Incomplete { source: u32, article: u64 },
    /// The articles that tell a story, by the number of the first.
    Story(u64),
    /// A bucket of a table of the [`super::index`]: its entries from this hash (40 bits) on.
    Band { month: u16, band: u8, hash: u64 },
    /// What retention must know of a journal segment.
    Segment(u32),
    /// A source's articles whose page is to be read again, by the time for that.
    Due { source: u32, at: i64, article: u64 },
    /// What was met when an article's page was read again.
    Check(u64),
    /// How a table of the index is cut into buckets.
    Table { month: u16, band: u8 },
    /// Entries of the index that are not in their buckets yet, by a running number.
    Recent(u64),
    /// A subscription to a feed, by a hash of topic and callback.
    Subscription([u8; 16]),
    /// What an article said before it was revised.
    Versions(u64),
}

impl Key {
    /// As bytes.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(24);
        match self {
            Self::Meta => bytes.push(0),
            Self::Source(number) => push(&mut bytes, 1, &[&number.to_be_bytes()]),
            Self::State(number) => push(&mut bytes, 2, &[&number.to_be_bytes()]),
            Self::Id(id) => push(&mut bytes, 3, &[&id]),
            Self::Article(number) => push(&mut bytes, 4, &[&number.to_be_bytes()]),
            Self::Listing {
                source,
                at,
                article,
            } => push(
                &mut bytes,
                5,
                &[&source.to_be_bytes(), &ordered(at), &article.to_be_bytes()],
            ),
            Self::Timeline { at, article } => {
                push(&mut bytes, 6, &[&ordered(at), &article.to_be_bytes()]);
            }
            Self::Incomplete { source, article } => push(
                &mut bytes,
                7,
                &[&source.to_be_bytes(), &article.to_be_bytes()],
            ),
            Self::Story(number) => push(&mut bytes, 8, &[&number.to_be_bytes()]),
            Self::Band { month, band, hash } => push(
                &mut bytes,
                9,
                &[&month.to_be_bytes(), &[band], &hash.to_be_bytes()[3..]],
            ),
            Self::Segment(number) => push(&mut bytes, 10, &[&number.to_be_bytes()]),
            Self::Due {
                source,
                at,
                article,
            } => push(
                &mut bytes,
                11,
                &[&source.to_be_bytes(), &ordered(at), &article.to_be_bytes()],
            ),
            Self::Check(number) => push(&mut bytes, 12, &[&number.to_be_bytes()]),
            Self::Table { month, band } => {
                push(&mut bytes, 13, &[&month.to_be_bytes(), &[band]]);
            }
            Self::Recent(number) => push(&mut bytes, 14, &[&number.to_be_bytes()]),
            Self::Subscription(hash) => push(&mut bytes, 15, &[&hash]),
            Self::Versions(number) => push(&mut bytes, 16, &[&number.to_be_bytes()]),
        }
        bytes
    }

    /// From bytes; none for what [`Key::encode`] never makes.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let mut rest = rest;
        let key = match kind {
            0 => Self::Meta,
            1 => Self::Source(take(&mut rest).map(u32::from_be_bytes)?),
            2 => Self::State(take(&mut rest).map(u32::from_be_bytes)?),
            3 => Self::Id(take(&mut rest)?),
            4 => Self::Article(take(&mut rest).map(u64::from_be_bytes)?),
            5 => Self::Listing {
                source: take(&mut rest).map(u32::from_be_bytes)?,
                at: take(&mut rest).map(unordered)?,
                article: take(&mut rest).map(u64::from_be_bytes)?,
            },
            6 => Self::Timeline {
                at: take(&mut rest).map(unordered)?,
                article: take(&mut rest).map(u64::from_be_bytes)?,
            },
            7 => Self::Incomplete {
                source: take(&mut rest).map(u32::from_be_bytes)?,
                article: take(&mut rest).map(u64::from_be_bytes)?,
            },
            8 => Self::Story(take(&mut rest).map(u64::from_be_bytes)?),
            9 => Self::Band {
                month: take(&mut rest).map(u16::from_be_bytes)?,
                band: take::<1>(&mut rest)?[0],
                hash: take::<5>(&mut rest)?
                    .iter()
                    .fold(0, |hash, byte| hash << 8 | u64::from(*byte)),
            },
            10 => Self::Segment(take(&mut rest).map(u32::from_be_bytes)?),
            11 => Self::Due {
                source: take(&mut rest).map(u32::from_be_bytes)?,
                at: take(&mut rest).map(unordered)?,
                article: take(&mut rest).map(u64::from_be_bytes)?,
            },
            12 => Self::Check(take(&mut rest).map(u64::from_be_bytes)?),
            13 => Self::Table {
                month: take(&mut rest).map(u16::from_be_bytes)?,
                band: take::<1>(&mut rest)?[0],
            },
            14 => Self::Recent(take(&mut rest).map(u64::from_be_bytes)?),
            15 => Self::Subscription(take(&mut rest)?),
            16 => Self::Versions(take(&mut rest).map(u64::from_be_bytes)?),
            _ => return None,
        };
        rest.is_empty().then_some(key)
    }
}

/// Keys from one to another, both included.
pub(super) fn range(from: Key, to: Key) -> RangeInclusive<Vec<u8>> {
    from.encode()..=to.encode()
}

fn push(bytes: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    bytes.push(kind);
    for part in parts {
        bytes.extend_from_slice(part);
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

/// Times before 1970 come first.
fn ordered(at: i64) -> [u8; 8] {
    (at.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn unordered(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_is_read_back() {
        for key in [
            Key::Meta,
            Key::Source(7),
            Key::State(7),
            Key::Id([9; 16]),
            Key::Article(1 << 40),
            Key::Listing {
                source: 3,
                at: -5,
                article: 8,
            },
            Key::Timeline {
                at: i64::MAX,
                article: 8,
            },
            Key::Incomplete {
                source: 3,
                article: 8,
            },
            Key::Story(4),
            Key::Band {
                month: 24_315,
                band: 19,
                hash: (1 << 40) - 1,
            },
            Key::Segment(2),
            Key::Due {
                source: 3,
                at: -5,
                article: 8,
            },
            Key::Check(8),
            Key::Table {
                month: 24_315,
                band: 19,
            },
            Key::Recent(1 << 40),
            Key::Subscription([7; 16]),
            Key::Versions(8),
        ] {
            assert_eq!(Key::decode(&key.encode()), Some(key));
            let mut longer = key.encode();
            longer.push(0);
            assert_eq!(Key::decode(&longer), None);
        }
    }

    #[test]
    fn keys_sort_by_time() {
        let at = |at| Key::Timeline { at, article: 1 }.encode();
        assert!(at(-2) < at(-1) && at(-1) < at(0) && at(0) < at(1) && at(1) < at(i64::MAX));
    }
}
