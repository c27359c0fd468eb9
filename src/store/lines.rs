//! Articles in the order of times: a source's feed, all feeds, what is due.
//!
//! A row for each place would cost the database more than the place; a row holds up to 64, sorted, under the key of the
//! first place that belongs to it. A line's first row has the smallest key there is, so every place has a row.

use super::{
    StoreError,
    change::Change,
    keys::{self, Key},
    records,
    view::{Rows, View},
};

const ROW_PLACES: usize = 64;
const PLACE_BYTES: usize = 13;
/// The smallest and the largest place.
const FIRST: Place = (i64::MIN, 0);
const LAST: Place = (i64::MAX, (1 << 40) - 1);

/// A time in nanoseconds, and an article.
pub(super) type Place = (i64, u64);

/// A line of articles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Line {
    /// A source's articles in feed order.
    Listing(u32),
    /// All articles in feed order.
    Timeline,
    /// A source's articles whose page is to be read again.
    Due(u32),
}

impl Line {
    fn key(self, (at, article): Place) -> Key {
        match self {
            Self::Listing(source) => Key::Listing {
                source,
                at,
                article,
            },
            Self::Timeline => Key::Timeline { at, article },
            Self::Due(source) => Key::Due {
                source,
                at,
                article,
            },
        }
    }

    fn up_to(self, place: Place) -> std::ops::RangeInclusive<Vec<u8>> {
        keys::range(self.key(FIRST), self.key(place))
    }

    /// The places from one to another, both included.
    pub(super) fn between(
        self,
        view: &View,
        from: i64,
        to: i64,
    ) -> Result<impl Iterator<Item = Result<Place, StoreError>> + '_, StoreError> {
        let row = view.range(self.up_to((from, 0))).next_back().transpose()?;
        let first = row.map_or_else(|| self.key(FIRST).encode(), |(key, _)| key);
        let rows = view.range(first..=self.key((to, LAST.1)).encode());
        let places = rows.flat_map(|row| match row {
            Ok((_, value)) => decode(&value).into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        });
        Ok(places.filter(move |place| {
            place
                .as_ref()
                .map_or(true, |(at, _)| (from..=to).contains(at))
        }))
    }

    /// All places, the latest first.
    pub(super) fn backwards(self, view: &View) -> Backwards<'_> {
        Backwards {
            rows: view.range(self.up_to(LAST)).rev(),
            row: Vec::new(),
        }
    }
}

/// A line's places, the latest first.
pub(super) struct Backwards<'a> {
    rows: std::iter::Rev<Rows<'a>>,
    /// The present row's places that are left.
    row: Vec<Place>,
}

impl Iterator for Backwards<'_> {
    type Item = Result<Place, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(place) = self.row.pop() {
                return Some(Ok(place));
            }
            match self.rows.next()? {
                Ok((_, value)) => self.row = decode(&value),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Puts an article into a line.
pub(super) fn insert(change: &mut Change<'_>, line: Line, place: Place) -> Result<(), StoreError> {
    let (key, mut places) = row_of(change, line, place)?;
    let Err(at) = places.binary_search(&place) else {
        return Ok(());
    };
    places.insert(at, place);
    if places.len() > ROW_PLACES {
        // what grows at its end, as most lines do, fills its rows
        let appended = at + 1 == places.len();
        let half = if appended { at } else { ROW_PLACES / 2 };
        let upper = places.split_off(half);
        let upper_key = line.key(upper[0]).encode();
        change.set_tail(line.key(FIRST), &key, &upper_key);
        change.put_bytes(upper_key, encode(&upper));
    }
    change.put_bytes(key, encode(&places));
    Ok(())
}

/// Takes an article out of a line.
pub(super) fn remove(change: &mut Change<'_>, line: Line, place: Place) -> Result<(), StoreError> {
    let (key, mut places) = row_of(change, line, place)?;
    let Ok(at) = places.binary_search(&place) else {
        return Ok(());
    };
    places.remove(at);
    if places.is_empty() && key != line.key(FIRST).encode() {
        change.forget_tail(line.key(FIRST));
        change.remove_bytes(key);
    } else {
        change.put_bytes(key, encode(&places));
    }
    Ok(())
}

/// The row that a place belongs to: its key, and its places.
fn row_of(
    change: &mut Change<'_>,
    line: Line,
    place: Place,
) -> Result<(Vec<u8>, Vec<Place>), StoreError> {
    let place = line.key(place).encode();
    let row = change.row_before(line.key(FIRST), line.key(LAST), &place)?;
    Ok(match row {
        Some((key, value)) => (key, decode(&value)),
        None => (line.key(FIRST).encode(), Vec::new()),
    })
}

/// How many places a row holds.
pub(super) fn count(row: &[u8]) -> u64 {
    (row.len().saturating_sub(1) / PLACE_BYTES) as u64
}

fn encode(places: &[Place]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + places.len() * PLACE_BYTES);
    bytes.push(records::FORMAT);
    for (at, article) in places {
        bytes.extend_from_slice(&at.to_be_bytes());
        bytes.extend_from_slice(&article.to_be_bytes()[3..]);
    }
    bytes
}

fn decode(row: &[u8]) -> Vec<Place> {
    let number = |part: &[u8]| part.iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    row.get(1..)
        .unwrap_or_default()
        .chunks_exact(PLACE_BYTES)
        .map(|place| (number(&place[..8]).cast_signed(), number(&place[8..])))
        .collect()
}
