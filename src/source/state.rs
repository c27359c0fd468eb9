//! What was learnt of a source while polling it: its validators, its health, when it is due.
//!
//! Kept by the store, rewritten at the end of each poll. It can be lost without losing an article.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::rhythm::Rhythm;
use crate::article::dates::Published;

/// What is remembered of a source between two polls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// When it was polled for the first time: the date of its feed while that is empty.
    pub first_poll: Option<Timestamp>,
    /// When it was last polled, well or not.
    pub last_poll: Option<Timestamp>,
    /// When it was last reached and understood.
    pub last_success: Option<Timestamp>,
    /// When it is due.
    pub next_poll: Option<Timestamp>,
    /// How the last poll ended.
    pub outcome: Option<Outcome>,
    /// How many polls have failed in a row.
    pub failures: u32,
    /// The interval in force, before jitter and back-off.
    pub interval: Option<Duration>,
    /// Why it is due then.
    pub reason: Option<Reason>,
    /// When it publishes, once its list was read.
    pub rhythm: Option<Rhythm>,
    /// The list page's title.
    pub title: Option<String>,
    /// What the list page's server gave for the next conditional GET.
    pub validators: SourceValidators,
    /// A hash of the list page's bytes: for servers without validators, an unchanged page.
    pub page_hash: Option<u64>,
    /// [`Source::rules_hash`](super::Source::rules_hash) when it was last polled.
    pub rules_hash: Option<u64>,
    /// How many items the list had when it was last understood.
    pub items: u32,
    /// Where the list page is now, if its address redirects there for good (301, 308).
    pub moved_to: Option<Url>,
    /// How the last polls went, the latest last.
    pub recent: Vec<Recent>,
    /// When it broke and when it was back, the latest last.
    pub troubles: Vec<Trouble>,
    /// What several of its articles' pages call themselves: the site's name, a column's.
    pub names: Vec<String>,
    /// Where the list was when it was last understood, if not at the source's address.
    pub landed: Option<Url>,
    /// What stands where the list was, while it is not known whether that is the list now.
    pub stranger: Option<Stranger>,
}

/// How many breakings and returns are remembered.
const TROUBLES: usize = 6;

/// A source broke, or was back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When that was seen.
    pub at: Timestamp,
    /// What was wrong; absent where it was back.
    pub fault: Option<Fault>,
}

/// How many polls are remembered.
const RECENT: usize = 24;

/// How a poll went, in a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recent {
    /// There was something new.
    #[serde(rename = "n")]
    New,
    /// There was nothing new.
    #[serde(rename = "-")]
    Nothing,
    /// It failed.
    #[serde(rename = "f")]
    Failed,
}

/// Items in the list's place that look like another list's. They are published once they have stayed, also those that
/// have gone from the page by then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stranger {
    /// When they were first seen.
    pub since: Timestamp,
    /// In how many polls in a row they were.
    pub polls: u32,
    /// The items so far, those of the last poll first.
    pub items: Vec<Waiting>,
}

/// An item of a [`Stranger`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// As listed.
    pub title: String,
    /// As listed.
    pub url: Url,
    /// As listed.
    pub published: Option<Published>,
}

impl SourceState {
    /// Remembers how a poll went that began at `now`. One failure is no trouble yet: many are over at the next poll; but
    /// for a source that has never worked.
    pub fn remember(&mut self, outcome: &Outcome, now: Timestamp) {
        let again = self.recent.last() == Some(&Recent::Failed) || self.last_success.is_none();
        let known = self
            .troubles
            .last()
            .and_then(|trouble| trouble.fault.as_ref());
        let fault = match (outcome.fault(), known) {
            (Some(fault), None) if again => Some(Some(fault.clone())),
            (Some(fault), Some(known)) if fault.kind != known.kind => Some(Some(fault.clone())),
            (None, Some(_)) => Some(None),
            _ => None,
        };
        self.troubles
            .extend(fault.map(|fault| Trouble { at: now, fault }));
        let surplus = self.troubles.len().saturating_sub(TROUBLES);
        self.troubles.drain(..surplus);

        let surplus = (self.recent.len() + 1).saturating_sub(RECENT);
        self.recent.drain(..surplus);
        self.recent.push(match outcome {
            Outcome::Read { new: 1.., .. } => Recent::New,
            Outcome::Read { .. } | Outcome::Unchanged => Recent::Nothing,
            Outcome::Failed(_) => Recent::Failed,
        });
    }

    /// Whether feeds show the same of it: an empty one is dated by the first poll, and titled by the list's title.
    pub fn is_shown_as(&self, other: &Self) -> bool {
        (&self.title, self.first_poll) == (&other.title, other.first_poll)
    }

    /// The same, as if the list page had never been seen: the next poll reads it whole, also if it has not changed.
    #[must_use]
    pub fn unread(self) -> Self {
        Self {
            validators: SourceValidators::default(),
            page_hash: None,
            ..self
        }
    }

    /// The same, as if other rules or another address had never listed anything: what they list is not held against it.
    #[must_use]
    pub fn unlisted(self) -> Self {
        Self {
            items: 0,
            landed: None,
            stranger: None,
            ..self.unread()
        }
    }
}

/// A list page's validators (RFC 9110, section 8.8), sent back verbatim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceValidators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// What decides when a source is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its `every`.
    Every,
    /// Its rhythm.
    Rhythm,
    /// Its polls fail.
    Failures,
    /// The server asked to be left alone for so long (`Retry-After`).
    RetryAfter,
    /// The server said that the page stays as it is for so long (`Cache-Control: max-age`).
    MaxAge,
}

/// How a poll ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The list was read.
    Read {
        /// Items on the list.
        items: u32,
        /// Articles that were new.
        new: u32,
    },
    /// The list had not changed.
    Unchanged,
    /// It could not be reached or understood.
    Failed(Fault),
}

impl Outcome {
    /// The fault, if it was one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Failed(fault) => Some(fault),
            Self::Read { .. } | Self::Unchanged => None,
        }
    }

    /// It in a word: `read`, `unchanged`, or the fault's kind.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Unchanged => "unchanged",
            Self::Failed(fault) => fault.kind.as_str(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { items, new } => write!(f, "{items} items, {new} new"),
            Self::Unchanged => f.write_str("unchanged"),
            Self::Failed(fault) => write!(f, "{fault}"),
        }
    }
}

/// What is wrong with a source, in a word for machines and in words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// One of the contract's words.
    pub kind: FaultKind,
    /// The cause in words, and what to do.
    pub words: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.words)
    }
}

macro_rules! fault_kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        /// The kinds of trouble that a source can be in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FaultKind { $($(#[$doc])* $kind,)* }

        impl FaultKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The word that `/status` and the API use.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }
        }
    };
}

fault_kinds! {
    /// No connection: DNS, refused, reset, timed out.
    Unreachable = "unreachable",
    /// The TLS hand-shake failed.
    Tls = "tls",
    /// A bot wall or a log-in page answered.
    Blocked = "blocked",
    /// The page is shown on the campus network only.
    CampusOnly = "campus_only",
    /// 429.
    RateLimited = "rate_limited",
    /// 5xx, or an answer that breaks HTTP or a limit.
    ServerError = "server_error",
    /// 404 or 410.
    Gone = "gone",
    /// The address has moved for good, to one that holds no list.
    Moved = "moved",
    /// No list on the page.
    EmptyList = "empty_list",
    /// Known articles are on the page, the selectors miss them.
    ListChanged = "list_changed",
    /// The bytes are no text in any encoding.
    Garbled = "garbled",
    /// The list is there, no article's body can be read.
    BodyMissing = "body_missing",
    /// robots.txt closes the address, or the guard refuses it.
    NotAllowed = "not_allowed",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_kept_is_read() {
        let old = r#"{"first_poll":"2026-01-01T00:00:00Z","last_poll":"2026-03-01T00:00:00Z","last_success":null,
            "next_poll":"2026-03-01T01:00:00Z","outcome":"Unchanged","failures":0,"interval":{"secs":900,"nanos":0},
            "title":null,"validators":{"etag":"\"a\"","last_modified":null},"page_hash":7,"rules_hash":9,"items":20}"#;
        let state: SourceState = serde_json::from_str(old).unwrap();
        assert_eq!((state.reason, &state.rhythm), (None, &None));
        assert_eq!(state.page_hash, Some(7));
        assert_eq!(state.next_poll, "2026-03-01T01:00:00Z".parse().ok());
    }

    #[test]
    fn a_rhythm_is_kept_to_the_bit_and_stays_small() {
        let mut rhythm = Rhythm::default();
        let begin: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        for n in 0..500_i64 {
            let from = begin + jiff::SignedDuration::from_mins(n * 47);
            let to = from + jiff::SignedDuration::from_mins(47);
            rhythm.observe(from, to, u32::from(n % 3 == 0), &jiff::tz::TimeZone::UTC);
        }
        let state = SourceState {
            rhythm: Some(rhythm),
            ..SourceState::default()
        };
        let bytes = serde_json::to_vec(&state).unwrap();
        assert_eq!(
            serde_json::from_slice::<SourceState>(&bytes).unwrap(),
            state
        );
        assert!(bytes.len() < 1000, "{} bytes", bytes.len());
    }
}
