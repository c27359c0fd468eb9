//! What happened, in the words that the journal keeps for good: a field may be added here, never renamed or removed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    article::{Article, ArticleId},
    source::SourceId,
};

/// What happened to an article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// It was listed for the first time.
    Published {
        /// As it was read.
        article: Article,
    },
    /// Another source lists the same address too.
    Listed {
        /// The article.
        id: ArticleId,
        /// The other source.
        source: SourceId,
        /// When that was seen.
        at: Timestamp,
        /// Its place in that source's feed, see [`Article::sorted_at`].
        sorted_at: Timestamp,
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
    /// It was withdrawn and is there again, reading as it did.
    Returned {
        /// The article.
        id: ArticleId,
        /// When that was seen.
        at: Timestamp,
    },
    /// Retention let go of articles: they are not shown again, also if their source goes on listing them.
    Expired {
        /// The articles.
        ids: Vec<ArticleId>,
        /// When that was.
        at: Timestamp,
    },
}

impl Event {
    /// The article that it speaks of; none for an event that speaks of several.
    pub fn article_id(&self) -> Option<ArticleId> {
        match self {
            Self::Published { article } | Self::Revised { article } => Some(article.id),
            Self::Listed { id, .. }
            | Self::Moved { id, .. }
            | Self::Withdrawn { id, .. }
            | Self::Returned { id, .. } => Some(*id),
            Self::Expired { .. } => None,
        }
    }
}
