//! A feed's past as documents that stay as they are (RFC 5005, section 4).
//!
//! Feed order is no order to cut by: an article that is found late has an old date, and would move all that are older
//! by one place. So archives are cut in the order in which articles came. Where a block ends must not depend on how many
//! there were before, which retention changes: one article in so many, chosen by its id, begins a block, and a block
//! that has grown large is cut. A block that another one follows is closed: nothing comes into it any more. The last one
//! is linked to where it holds what the newest document does not.

use std::collections::{BTreeSet, HashSet};

use super::{
    Archive, Entry, Scope, StoreError,
    keys::{self, Key},
    lines::Line,
    read,
    records::ArticleRow,
    view::View,
    walk::Walk,
};
use crate::{article::ArticleId, source::SourceId};

/// The most articles of a document. Not the size of feeds, which changes with the configuration: addresses stay.
const SIZE: usize = 50;

/// Scopes that list more are looked through by way of all articles.
const LISTED: u64 = 100_000;

/// See [`super::Store::newest_archive`].
pub(super) fn newest(
    view: &View,
    scope: &Scope,
    shown: &[ArticleId],
) -> Result<Option<ArticleId>, StoreError> {
    let _steady = view.steady();
    let arrivals = Arrivals::of(view, scope)?;
    let run = arrivals.run(u64::MAX)?;
    let mut blocks = run.chunks(SIZE).rev();
    let open = blocks.next().unwrap_or_default();
    // what came last may be old, and then it is not among the newest
    if open.iter().any(|came| !shown.contains(&came.id())) {
        return Ok(open.first().map(Came::id));
    }
    match blocks.next() {
        Some(closed) => Ok(closed.first().map(Came::id)),
        None => arrivals.last_before(&run),
    }
}

/// See [`super::Store::archive`].
pub(super) fn archive(
    view: &View,
    scope: &Scope,
    first: ArticleId,
) -> Result<Option<Archive>, StoreError> {
    let _steady = view.steady();
    let arrivals = Arrivals::of(view, scope)?;
    let Some(number) = read::number(view, first)? else {
        return Ok(None);
    };
    let run = arrivals.run(number + 1)?;
    // the block must begin with it, and be the address of no other article that has moved here
    let before = run.len().saturating_sub(1);
    if !run
        .last()
        .is_some_and(|came| came.number == number && came.id() == first)
        || !before.is_multiple_of(SIZE)
    {
        return Ok(None);
    }
    let (block, next) = arrivals.block(number)?;
    let earlier = match before.checked_sub(SIZE) {
        Some(at) => Some(run[at].id()),
        None => arrivals.last_before(&run)?,
    };
    let later = next.map(|next| next.id());
    let mut walk = Walk::new(view, scope)?;
    let mut shown = Vec::new();
    for came in block {
        shown.extend(walk.show(came.number, came.row)?);
    }
    shown.sort_by(|a, b| {
        let key = |shown: &super::walk::Shown| (std::cmp::Reverse(shown.at), shown.row.tie.clone());
        key(a).cmp(&key(b))
    });
    let mut entries: Vec<Entry> = Vec::new();
    for shown in shown {
        entries.extend(read::entry(view, &shown)?);
    }
    Ok(Some(Archive {
        entries,
        earlier,
        later,
    }))
}

/// An article that came.
struct Came {
    number: u64,
    row: ArticleRow,
}

impl Came {
    fn id(&self) -> ArticleId {
        self.row.article_id()
    }
}

/// A scope's articles in the order in which they came.
struct Arrivals<'a> {
    view: &'a View,
    among: Among,
}

enum Among {
    /// These.
    Listed(BTreeSet<u64>),
    /// All that one of these sources lists, or all.
    All(Option<HashSet<u32>>),
}

impl<'a> Arrivals<'a> {
    fn of(view: &'a View, scope: &Scope) -> Result<Self, StoreError> {
        let sources = view.sources();
        let ids: &[SourceId] = match scope {
            Scope::All => &[],
            Scope::Source(id) => std::slice::from_ref(id),
            Scope::Renamed(ids) | Scope::Sources(ids) => ids,
        };
        let known = ids.iter().filter_map(|id| {
            let number = sources.number(id)?;
            Some((number, sources.row(number)?.articles))
        });
        let (numbers, listed): (HashSet<u32>, Vec<u64>) = known.unzip();
        drop(sources);
        let among = match scope {
            Scope::All => Among::All(None),
            _ if listed.iter().sum::<u64>() > LISTED => Among::All(Some(numbers)),
            _ => {
                let mut came = BTreeSet::new();
                for source in numbers {
                    for place in Line::Listing(source).backwards(view) {
                        came.insert(place?.1);
                    }
                }
                Among::Listed(came)
            }
        };
        Ok(Self { view, among })
    }

    /// The articles before a number, the latest first.
    fn before(&self, number: u64) -> Box<dyn Iterator<Item = Result<Came, StoreError>> + '_> {
        match &self.among {
            Among::Listed(came) => Box::new(self.rows(came.range(..number).rev())),
            Among::All(only) => {
                let last = Key::Article(number.saturating_sub(1));
                let rows = self.view.range(keys::range(Key::Article(0), last));
                self.all(rows.rev(), only.as_ref())
            }
        }
    }

    /// The articles from a number on, the earliest first.
    fn from(&self, number: u64) -> Box<dyn Iterator<Item = Result<Came, StoreError>> + '_> {
        match &self.among {
            Among::Listed(came) => Box::new(self.rows(came.range(number..))),
            Among::All(only) => {
                let range = keys::range(Key::Article(number), Key::Article(u64::MAX));
                self.all(self.view.range(range), only.as_ref())
            }
        }
    }

    fn rows<'s>(
        &'s self,
        numbers: impl Iterator<Item = &'s u64> + 's,
    ) -> impl Iterator<Item = Result<Came, StoreError>> + 's {
        numbers.filter_map(|number| {
            let row = self.view.row::<ArticleRow>(Key::Article(*number));
            let came = |row| Came {
                number: *number,
                row,
            };
            Some(row.transpose()?.map(came))
        })
    }

    fn all<'s>(
        &'s self,
        rows: impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + 's,
        only: Option<&'s HashSet<u32>>,
    ) -> Box<dyn Iterator<Item = Result<Came, StoreError>> + 's> {
        Box::new(rows.filter_map(move |row| {
            let read = |(key, value): (Vec<u8>, Vec<u8>)| {
                let Some(Key::Article(number)) = Key::decode(&key) else {
                    return Ok(None);
                };
                let row: ArticleRow = self.view.decode(&value)?;
                let listed =
                    only.is_none_or(|only| row.listings.iter().any(|l| only.contains(&l.source)));
                Ok(listed.then_some(Came { number, row }))
            };
            row.and_then(read).transpose()
        }))
    }

    fn begins_block(came: &Came) -> bool {
        let bytes = came.row.id;
        let word = u64::from_be_bytes(bytes[8..].try_into().unwrap_or_default());
        // half the size on average
        word.is_multiple_of(SIZE as u64 / 2)
    }

    /// The articles before a number back to one whose id begins a block, the earliest first.
    fn run(&self, before: u64) -> Result<Vec<Came>, StoreError> {
        let mut run = Vec::new();
        for came in self.before(before) {
            let came = came?;
            let begins = Self::begins_block(&came);
            run.push(came);
            if begins {
                break;
            }
        }
        run.reverse();
        Ok(run)
    }

    /// The first article of the last block before a run.
    fn last_before(&self, run: &[Came]) -> Result<Option<ArticleId>, StoreError> {
        let Some(first) = run.first() else {
            return Ok(None);
        };
        let earlier = self.run(first.number)?;
        let last = earlier.chunks(SIZE).next_back();
        Ok(last.and_then(|block| block.first()).map(Came::id))
    }

    /// The block that begins with an article, and the article behind it.
    fn block(&self, number: u64) -> Result<(Vec<Came>, Option<Came>), StoreError> {
        let mut block = Vec::new();
        for came in self.from(number) {
            let came = came?;
            if block.len() == SIZE || !block.is_empty() && Self::begins_block(&came) {
                return Ok((block, Some(came)));
            }
            block.push(came);
        }
        Ok((block, None))
    }
}
