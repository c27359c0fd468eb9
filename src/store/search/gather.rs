//! What of an article goes into the index: its texts from the journal, the rest from its row.

use std::{collections::HashMap, sync::Arc};

use super::{
    files::{Broken, Document},
    keep::{Keeper, STEP},
};
use crate::{
    article::ArticleId,
    journal::{Event, JournalError},
    store::{
        StoreError,
        keys::Key,
        records::{ArticleRow, IdRow},
    },
};

/// Why it could not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Index(#[from] Broken),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<JournalError> for Trouble {
    fn from(error: JournalError) -> Self {
        Self::Store(error.into())
    }
}

impl Keeper {
    /// Brings articles up to what the store says of them; those whose turn in the making is still to come are left.
    /// `read` holds events that need not be read again.
    pub(super) fn index(
        &mut self,
        mut changed: Vec<ArticleId>,
        read: &mut HashMap<u64, Event>,
        below: u64,
    ) -> Result<(), Trouble> {
        changed.sort_unstable();
        changed.dedup();
        let view = Arc::clone(&self.view);
        for step in changed.chunks(STEP) {
            let _steady = view.steady();
            for id in step {
                let Some(IdRow::Article(number)) = view.led(*id)? else {
                    self.writer()?.remove(*id);
                    continue;
                };
                if number < below {
                    continue;
                }
                if let Some(row) = view.row::<ArticleRow>(Key::Article(number))? {
                    self.writer()?.remove(row.article_id());
                    self.add(number, &row, read)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn add(
        &mut self,
        number: u64,
        row: &ArticleRow,
        read: &mut HashMap<u64, Event>,
    ) -> Result<(), Trouble> {
        let event = match read.remove(&row.position) {
            Some(event) => event,
            None => match self.view.event(row.position) {
                Ok(event) => event,
                // it is read anew by a poll, and comes again then
                Err(StoreError::Journal(error))
                    if matches!(*error, JournalError::Unreadable { .. }) =>
                {
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            },
        };
        let (Event::Published { article } | Event::Revised { article }) = event else {
            return Ok(());
        };
        let document = Document {
            id: row.article_id(),
            number,
            at: row.sorted_at,
            story: row.story.unwrap_or(number),
            sources: row.listings.iter().map(|listing| listing.source).collect(),
            title: article.title,
            text: article.body_text,
        };
        Ok(self.writer()?.add(&document)?)
    }
}

/// The articles that an event may change as the index sees them.
pub(in crate::store) fn changes(event: &Event) -> Vec<ArticleId> {
    match event {
        Event::Published { article } | Event::Revised { article } => vec![article.id],
        Event::Listed { id, .. } => vec![*id],
        Event::Expired { ids, .. } => ids.clone(),
        Event::Moved { .. } | Event::Withdrawn { .. } | Event::Returned { .. } => Vec::new(),
    }
}
