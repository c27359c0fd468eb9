//! The rows' values: postcard behind one byte that says which version of the format they are of.
//!
//! Rows are small. What is large, an article with its text, lies in the journal, and a row says where.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    article::ArticleId,
    journal::Position,
    source::{SourceId, state::SourceState},
};

/// The version that this program writes. A store of another version is rebuilt from the journal.
pub(super) const FORMAT: u8 = 3;

/// A value that this program did not write.
#[derive(Debug, thiserror::Error)]
#[error("a row of the store is unreadable")]
pub(super) struct BadRow;

/// Whether a value was written by another version.
pub(super) fn is_of_another_version(bytes: &[u8]) -> bool {
    bytes.first() != Some(&FORMAT)
}

/// A value as bytes.
pub(super) fn encode<T: Serialize>(row: &T) -> Vec<u8> {
    postcard::to_extend(row, vec![FORMAT]).expect("rows are plain data, and a Vec takes them")
}

/// A value from bytes.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BadRow> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => postcard::from_bytes(rest).map_err(|_| BadRow),
        _ => Err(BadRow),
    }
}

/// What polling learnt of a source. As JSON with the source's id: it is the one kind of row that the journal does not
/// know, so it must be readable by every later version.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StateRow {
    pub(super) source: SourceId,
    pub(super) state: SourceState,
}

impl StateRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a state is plain data, and a Vec takes it")
    }

    /// None for a row that this version does not understand: the next poll learns it again.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// What the store knows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MetaRow {
    /// The sequence number of the last event applied.
    pub(super) applied: u64,
    /// Where it lies: [`Position::to_u64`].
    pub(super) position: u64,
    /// Counts the batches that changed something that feeds show.
    pub(super) generation: u64,
    /// How many articles there are.
    pub(super) articles: u64,
    /// How many sources were ever seen.
    pub(super) sources: u32,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SourceRow {
    pub(super) id: SourceId,
    /// How many articles it lists.
    pub(super) articles: u64,
    /// [`MetaRow::generation`] when something of it changed last.
    pub(super) generation: u64,
}

/// An article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ArticleRow {
    pub(super) id: [u8; 16],
    /// Where the event with its present text lies.
    pub(super) position: u64,
    /// Where the event with its present address lies, if that is another one.
    pub(super) moved: Option<u64>,
    /// When it was seen to have moved last.
    pub(super) moved_at: Option<i64>,
    /// Its place among all articles. Times are nanoseconds.
    pub(super) sorted_at: i64,
    pub(super) first_seen: i64,
    /// When it was seen to say something else.
    pub(super) updated: Option<i64>,
    /// The time of the revision that is kept.
    pub(super) version: Option<i64>,
    pub(super) withdrawn: Option<i64>,
    /// When it was there again after having been withdrawn.
    pub(super) returned: Option<i64>,
    pub(super) complete: bool,
    /// When its page is to be read again, if ever.
    pub(super) next_check: Option<i64>,
    /// The sources that list it, in the order in which they did. Never empty.
    pub(super) listings: Vec<Listing>,
    /// The story that it is part of.
    pub(super) story: Option<u64>,
    /// The first address, cut short: what articles of the same time are sorted by.
    pub(super) tie: String,
    /// The original publisher that it names, cut short.
    pub(super) origin: Option<String>,
    /// [`crate::story::content::content`] of what it says.
    pub(super) content: u64,
    /// The text's fingerprint; empty where there is none.
    pub(super) fingerprint: Vec<u8>,
}

impl ArticleRow {
    pub(super) fn article_id(&self) -> ArticleId {
        ArticleId::from_bytes(self.id)
    }

    pub(super) fn position(&self) -> Position {
        Position::from_u64(self.position)
    }

    pub(super) fn listed_by(&self, source: u32) -> Option<i64> {
        let listing = self.listings.iter().find(|other| other.source == source);
        listing.map(|listing| listing.at)
    }

    /// The source that listed it first: what is kept of its page is kept for this one.
    pub(super) fn first_source(&self) -> u32 {
        self.listings.first().map_or(0, |listing| listing.source)
    }
}

/// An article in a source's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listing {
    pub(super) source: u32,
    /// Its place in that source's feed.
    pub(super) at: i64,
    /// [`crate::story::content::line`] of what the list showed last, where that is known.
    pub(super) line: Option<u64>,
}

/// What was met when an article's page was read again; there is a row only if something was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CheckRow {
    /// How often in a row the page was not there.
    pub(super) misses: u32,
    /// Since when.
    pub(super) missing_since: Option<i64>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

/// Where an id leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum IdRow {
    /// To an article.
    Article(u64),
    /// To one that retention let go of.
    Expired,
}

/// An article whose page is still to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AttemptsRow {
    pub(super) attempts: u32,
    /// Not before then.
    pub(super) next: i64,
}

/// The earlier versions that are told of an article: the first, and the last so many.
const VERSIONS: usize = 20;

/// What an article said before it was revised: where the events with its earlier texts lie, the first one first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VersionsRow {
    pub(super) positions: Vec<u64>,
}

impl VersionsRow {
    /// One more. Of an article that changes again and again, those in the middle are let go.
    pub(super) fn push(&mut self, position: u64) {
        self.positions.push(position);
        if self.positions.len() > VERSIONS {
            self.positions.remove(1);
        }
    }
}

/// A story.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoryRow {
    /// Its articles, in the order in which they joined.
    pub(super) members: Vec<Member>,
}

/// An article of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) article: u64,
    /// The source that listed it first.
    pub(super) source: u32,
}

/// A journal segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SegmentRow {
    /// The latest time that its events speak of.
    pub(super) newest: i64,
}

/// Nanoseconds since 1970. Times beyond the years 1677 to 2262, which only a hostile page shows, become the edges.
pub(super) fn nanos(at: Timestamp) -> i64 {
    let edge = if at < Timestamp::UNIX_EPOCH {
        i64::MIN
    } else {
        i64::MAX
    };
    i64::try_from(at.as_nanosecond()).unwrap_or(edge)
}

/// The reverse of [`nanos`].
pub(super) fn timestamp(nanos: i64) -> Timestamp {
    // 64 bits of nanoseconds reach 292 years from 1970, well inside a timestamp's range
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// At most so many bytes of a text, whole characters.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}
