//! Every event, in order, for good: the truth that the store is a view of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::article::{Article, ArticleId};

/// What happened to an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// It was listed for the first time.
    Published {
        /// As it was read.
        article: Article,
    },
    /// Its title, date or text changed, or its page was read at last.
    Revised {
        /// As it reads now, `updated` set.
        article: Article,
    },
    /// It is found at another address of the same source.
    Moved {
        /// The article, under the id of its first address.
        id: ArticleId,
        /// The id that the new address would have.
        alias: ArticleId,
        /// The new address.
        url: url::Url,
        /// When that was seen.
        at: Timestamp,
    },
    /// It is gone from its site.
    Withdrawn {
        /// The article.
        id: ArticleId,
        /// When that was certain.
        at: Timestamp,
    },
}
