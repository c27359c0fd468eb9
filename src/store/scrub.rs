//! Looking for damage in the journal before a reader meets it.
//!
//! A record is checked when it is read, but most are not read for years. Here whole segments are, one after another.

use std::collections::BTreeSet;

use super::{
    StoreError,
    keys::{self, Key},
    records::ArticleRow,
    view::View,
};
use crate::journal::Damage;

/// Reads all segments through, and has the articles read anew whose text lies in a damaged place.
pub(super) fn scrub(view: &View) -> Result<Vec<Damage>, StoreError> {
    let mut damaged = Vec::new();
    let segments = view.journal.segments()?;
    for (i, (segment, _)) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        damaged.extend(view.journal.check(*segment, last)?);
    }
    if !damaged.is_empty() {
        let _steady = view.steady();
        view.note_unreadable(articles_in(view, &damaged)?);
    }
    Ok(damaged)
}

/// The articles whose text lies in one of these places.
pub(super) fn articles_in(view: &View, damaged: &[Damage]) -> Result<BTreeSet<u64>, StoreError> {
    let mut articles = BTreeSet::new();
    for row in view.range(keys::range(Key::Article(0), Key::Article(u64::MAX))) {
        let (key, value) = row?;
        let row: ArticleRow = view.decode(&value)?;
        if let Some(Key::Article(number)) = Key::decode(&key)
            && damaged.iter().any(|damage| damage.covers(row.position()))
        {
            articles.insert(number);
        }
    }
    Ok(articles)
}
