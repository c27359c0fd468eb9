//! What can be computed of an event before the writer sees it: most of what recording costs, on whichever thread asks.

use std::sync::Arc;

use super::{Batch, Note, StoreError, stories};
use crate::{
    article::Article,
    journal::{Event, Payload},
    source::{SourceId, state::SourceState},
    story::{
        content,
        fingerprint::{Fingerprint, normalise},
    },
};

/// An event, ready to be written and applied.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) event: Arc<Event>,
    /// As the journal keeps it.
    pub(super) payload: Payload,
    pub(super) text: Text,
}

/// What is computed of an article's text.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    /// [`content::content`].
    pub(super) content: u64,
    /// None for a short text.
    pub(super) fingerprint: Option<Fingerprint>,
    /// By which it is found among alike ones: bands, and the hash in each.
    pub(super) marks: Vec<(u8, u64)>,
}

/// A batch, ready to be written and applied.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) events: Vec<Prepared>,
    pub(super) notes: Vec<Note>,
    pub(super) state: Option<(SourceId, SourceState)>,
}

impl Prepared {
    pub(super) fn of(event: Event) -> Result<Self, StoreError> {
        Ok(Self {
            payload: Payload::of(&event)?,
            text: Text::of(&event),
            event: Arc::new(event),
        })
    }
}

impl Text {
    pub(super) fn of(event: &Event) -> Self {
        match event {
            Event::Published { article } | Event::Revised { article } => Self::of_article(article),
            _ => Self::default(),
        }
    }

    fn of_article(article: &Article) -> Self {
        let normalised = normalise(&article.body_text);
        let fingerprint = Fingerprint::of_normalised(&normalised);
        Self {
            content: content::content(article),
            marks: stories::hashes(article, &normalised, fingerprint.as_ref()),
            fingerprint,
        }
    }
}

impl Ready {
    pub(super) fn of(batch: Batch) -> Result<Self, StoreError> {
        Ok(Self {
            events: batch
                .events
                .into_iter()
                .map(Prepared::of)
                .collect::<Result<_, _>>()?,
            notes: batch.notes,
            state: batch.state,
        })
    }
}
