//! Stories in the store: finding the story that a new article tells, among all that are kept.
//!
//! Twenty look-ups in the [`index`] of the months around the article's date give the few candidates; their
//! fingerprints, titles and texts decide ([`merge`]).

use std::collections::BTreeSet;

use super::{
    StoreError,
    change::Change,
    index::{self, Mark},
    keys::Key,
    prepare::Text,
    records::{ArticleRow, Member, StoryRow},
    view::View,
};
use crate::{
    article::{Article, ArticleId},
    journal::Event,
    story::{
        fingerprint::Fingerprint,
        merge::{self, Told},
        titles,
    },
};

/// So many articles tell one story at most: more are a form, or a mistake.
const MEMBERS: usize = 200;

/// Puts an article into the index, and into the story that it tells, if others tell one.
pub(super) fn join(
    change: &mut Change<'_>,
    row: &mut ArticleRow,
    number: u64,
    article: &Article,
    text: &Text,
) -> Result<(), StoreError> {
    let hashes = &text.marks;
    if hashes.is_empty() {
        return Ok(());
    }
    let told = Told {
        title: &article.title,
        text: &article.body_text,
        day: merge::day(article),
        fingerprint: text.fingerprint.as_ref(),
    };
    let listing: Vec<u32> = row.listings.iter().map(|listing| listing.source).collect();
    let shares = |other: &ArticleRow| may_share(change, &listing, other);
    if let Some((other, mut other_row)) = nearest(change, number, hashes, &told, shares)? {
        let story = other_row.story.unwrap_or(other);
        let mut members = change
            .row::<StoryRow>(Key::Story(story))?
            .unwrap_or_default()
            .members;
        if other_row.story.is_none() {
            other_row.story = Some(story);
            change.put(Key::Article(other), &other_row);
            members = vec![member(other, &other_row)];
        }
        row.story = Some(story);
        members.push(member(number, row));
        change.put(Key::Story(story), &StoryRow { members });
    }
    change.mark_bands(index::month(told.day), hashes, number);
    Ok(())
}

/// The article that tells the same story as one that is not kept yet.
pub(super) fn find(view: &View, article: &Article) -> Result<Option<ArticleId>, StoreError> {
    let event = Event::Published {
        article: article.clone(),
    };
    let text = Text::of(&event);
    let change = Change::new(view)?;
    let told = Told {
        title: &article.title,
        text: &article.body_text,
        day: merge::day(article),
        fingerprint: text.fingerprint.as_ref(),
    };
    let listing = change.known_source(&article.source);
    let shares = |other: &ArticleRow| match listing {
        Some(source) => may_share(&change, &[source], other),
        None => Ok(true),
    };
    let found = nearest(&change, u64::MAX, &text.marks, &told, shares)?;
    Ok(found.map(|(_, row)| row.article_id()))
}

/// What [`join`] will look up for an article: for many at once.
pub(super) fn marks(change: &Change<'_>, article: &Article, text: &Text) -> Vec<Mark> {
    let months = change.months(index::months_around(merge::day(article)));
    let in_month = |month: u16| {
        let hashes = text.marks.iter();
        hashes.map(move |(band, hash)| Mark::band(month, *band, *hash))
    };
    months.into_iter().flat_map(in_month).collect()
}

fn member(article: u64, row: &ArticleRow) -> Member {
    Member {
        article,
        source: row.first_source(),
    }
}

/// What an article is found by: its bands, or for a short text one hash of title and text.
pub(super) fn hashes(
    article: &Article,
    normalised: &str,
    print: Option<&Fingerprint>,
) -> Vec<(u8, u64)> {
    if let Some(print) = print {
        return (0..).zip(print.bands()).collect();
    }
    if normalised.is_empty() {
        return Vec::new();
    }
    let whole = format!("{}\n{normalised}", titles::bare(&article.title));
    vec![(index::WHOLE, xxhash_rust::xxh3::xxh3_64(whole.as_bytes()))]
}

/// The article that is most alike and that may share a story with this one.
fn nearest(
    change: &Change<'_>,
    number: u64,
    hashes: &[(u8, u64)],
    told: &Told<'_>,
    may_share: impl Fn(&ArticleRow) -> Result<bool, StoreError>,
) -> Result<Option<(u64, ArticleRow)>, StoreError> {
    let mut best: Option<(f32, u64, ArticleRow)> = None;
    for other in candidates(change, hashes, told)? {
        if other == number {
            continue;
        }
        let Some(other_row) = change.row::<ArticleRow>(Key::Article(other))? else {
            continue;
        };
        let other_print = Fingerprint::from_bytes(&other_row.fingerprint);
        let likeness = match (told.fingerprint, &other_print) {
            (Some(a), Some(b)) => a.likeness(b),
            (None, None) => 1.0,
            _ => 0.0,
        };
        // candidates come in the order of events: among equals the first stays
        if likeness < merge::DOUBTFUL || best.as_ref().is_some_and(|(b, ..)| *b >= likeness) {
            continue;
        }
        if may_share(&other_row)? && tells(change, told, &other_row, other_print.as_ref())? {
            best = Some((likeness, other, other_row));
        }
    }
    Ok(best.map(|(_, other, other_row)| (other, other_row)))
}

fn candidates(
    change: &Change<'_>,
    hashes: &[(u8, u64)],
    told: &Told<'_>,
) -> Result<BTreeSet<u64>, StoreError> {
    let mut found = BTreeSet::new();
    for month in change.months(index::months_around(told.day)) {
        for (band, hash) in hashes {
            found.extend(change.marked(Mark::band(month, *band, *hash))?);
        }
    }
    Ok(found)
}

/// Two addresses of one source are two articles, however alike: what a source says twice it means twice, or it has
/// moved the article.
fn may_share(change: &Change<'_>, listing: &[u32], other: &ArticleRow) -> Result<bool, StoreError> {
    let listed = |source: &u32| listing.contains(source);
    if other.listings.iter().any(|listing| listed(&listing.source)) {
        return Ok(false);
    }
    let Some(story) = other.story else {
        return Ok(true);
    };
    let members = change
        .row::<StoryRow>(Key::Story(story))?
        .unwrap_or_default()
        .members;
    Ok(members.len() < MEMBERS && !members.iter().any(|member| listed(&member.source)))
}

fn tells(
    change: &Change<'_>,
    told: &Told<'_>,
    other: &ArticleRow,
    print: Option<&Fingerprint>,
) -> Result<bool, StoreError> {
    let event = change.event(other.position())?;
    let Some(Event::Published { article } | Event::Revised { article }) = event.as_deref() else {
        // damage there costs that article only, not the one that is looked at here
        return Ok(false);
    };
    let other = Told {
        title: &article.title,
        text: &article.body_text,
        day: merge::day(article),
        fingerprint: print,
    };
    Ok(merge::one_story(told, &other))
}
