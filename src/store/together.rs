//! Which of a story's articles merged feeds show as one: all, those of sources that share a group, or none.

use std::collections::HashMap;

use super::{
    StoreError,
    keys::Key,
    records::{ArticleRow, StoryRow},
    view::View,
};
use crate::{source::SourceId, story::merge::Across};

/// What the configuration says of merging.
#[derive(Clone, Debug, Default)]
pub(super) struct Merging {
    pub(super) across: Across,
    /// The groups of each source.
    pub(super) groups: HashMap<SourceId, Vec<String>>,
}

/// An article's number and row.
pub(super) type Numbered = (u64, ArticleRow);

/// The articles of a story that are shown as one with this one, itself among them, in the order in which they joined.
pub(super) fn with(view: &View, story: u64, article: u64) -> Result<Vec<Numbered>, StoreError> {
    let parts = parts(view, story)?;
    let holds = |part: &Vec<Numbered>| part.iter().any(|(number, _)| *number == article);
    Ok(parts.into_iter().find(holds).unwrap_or_default())
}

/// In how many parts some of a story's articles lie.
pub(super) fn count(view: &View, story: u64, articles: &[u64]) -> Result<usize, StoreError> {
    let across = view.merging().across;
    match across {
        Across::All => return Ok(1),
        Across::Off => return Ok(articles.len()),
        Across::Group => {}
    }
    let parts = parts(view, story)?;
    let holds = |part: &&Vec<Numbered>| part.iter().any(|(number, _)| articles.contains(number));
    Ok(parts.iter().filter(holds).count())
}

/// A story's articles, in parts of which each is shown once.
pub(super) fn parts(view: &View, story: u64) -> Result<Vec<Vec<Numbered>>, StoreError> {
    let told: StoryRow = view.row(Key::Story(story))?.unwrap_or_default();
    let mut members = Vec::with_capacity(told.members.len());
    for member in told.members {
        let row = view.row::<ArticleRow>(Key::Article(member.article))?;
        members.extend(row.map(|row| (member.article, row)));
    }
    let merging = view.merging();
    Ok(match merging.across {
        Across::All => vec![members],
        Across::Off => members.into_iter().map(|member| vec![member]).collect(),
        Across::Group => {
            let groups = |row: &ArticleRow| groups(view, &merging, row);
            let groups: Vec<_> = members.iter().map(|(_, row)| groups(row)).collect();
            connected(members, &groups)
        }
    })
}

/// The groups of all sources that list an article.
fn groups(view: &View, merging: &Merging, row: &ArticleRow) -> Vec<String> {
    let sources = view.sources();
    let rows = row
        .listings
        .iter()
        .filter_map(|listing| sources.row(listing.source));
    let named = rows.filter_map(|row| merging.groups.get(&row.id));
    named.flatten().cloned().collect()
}

/// Members that share a group are of one part, also by way of others: a reader of all feeds sees each part once.
fn connected(members: Vec<Numbered>, groups: &[Vec<String>]) -> Vec<Vec<Numbered>> {
    // each member's part, by its first member
    let mut part: Vec<usize> = (0..members.len()).collect();
    let mut first_of: HashMap<&str, usize> = HashMap::new();
    for (i, groups) in groups.iter().enumerate() {
        for group in groups {
            let other = part[*first_of.entry(group).or_insert(i)];
            let (kept, gone) = (part[i].min(other), part[i].max(other));
            for part in part.iter_mut().filter(|part| **part == gone) {
                *part = kept;
            }
        }
    }
    let mut parts: Vec<Vec<Numbered>> = members.iter().map(|_| Vec::new()).collect();
    for (member, part) in members.into_iter().zip(part) {
        parts[part].push(member);
    }
    parts.retain(|part| !part.is_empty());
    parts
}
