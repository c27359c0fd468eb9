//! Whether the items that stand in a list's place are the list's.
//!
//! In: the items, and what is known of the list. Out: a doubt in words. A list that a site cannot show leaves its page to
//! the next block: hot articles beside it, links to friends; or the list's address leads to the home page. What stands
//! there is no news of this source. A site that was made anew looks much the same from here: none of its articles is at
//! an address that is known. So a doubt does not last: what stays for a day is the list, and nothing that it showed in
//! the meantime is lost.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp, civil::Date};
use url::Url;

use super::judge;
use crate::{
    article::{Article, ArticleId, dates::Published},
    list::Item,
    page::links,
    source::{
        Source,
        state::{SourceState, Stranger, Waiting},
    },
    story::readings,
};

/// So many of a source's newest articles are held against the items.
pub(super) const COMPARED: usize = 60;
/// In so many polls in a row, and for so long, items must stand in a list's place to be the list.
const POLLS: u32 = 3;
const LASTING: SignedDuration = SignedDuration::from_hours(24);
/// And so long where the list's address leads to the site's home page: that is the list now only where a site has
/// given up the column.
const LASTING_AT_HOME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many items are kept meanwhile, and looked at.
const KEPT: usize = 300;
/// A list shrinks by itself, but not from so many
const MANY: usize = 6;
/// to so small a part.
const FEWER: usize = 3;

/// So few items say nothing by their addresses.
const FEW: usize = 2;

/// Why items seem to be another list's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The list's address leads to the home page.
    AtHome,
    /// They are all older than what the list has shown.
    Older,
    /// They are much fewer.
    Fewer,
    /// Their addresses are of another kind.
    OtherAddresses,
}

impl Doubt {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::AtHome => "its address now leads to the site's home page",
            Self::Older => "all are older than what was listed before",
            Self::Fewer => "they are far fewer than before",
            Self::OtherAddresses => "their addresses are of another kind",
        }
    }

    /// For how long they must stay to be the list.
    pub(super) fn lasting_in_words(self) -> &'static str {
        match self {
            Self::AtHome => "a week",
            _ => "a day",
        }
    }

    fn lasting(self) -> SignedDuration {
        match self {
            Self::AtHome => LASTING_AT_HOME,
            _ => LASTING,
        }
    }
}

/// What is to become of items that are in doubt.
pub(super) enum Verdict {
    /// Nothing yet.
    Wait(Stranger),
    /// They are the list: these, and those that were there before.
    Take(Vec<Item>),
}

/// Where the list was found, if the source's address led elsewhere.
pub(super) fn landed(source: &Source, page: &Url) -> Option<Url> {
    (links::identity(&source.url) != links::identity(page)).then(|| page.clone())
}

/// Whether the list's address leads to the home page, which it did not do before.
pub(super) fn is_at_home(source: &Source, state: &SourceState, landed: Option<&Url>) -> bool {
    landed.is_some_and(|landed| {
        state.landed.as_ref() != Some(landed)
            && judge::is_home(landed)
            && !judge::is_home(&source.url)
    })
}

/// Whether items of which `known` are known seem to be another list's than what a source has listed: `newest` are its
/// newest articles.
pub(super) fn doubt(
    items: &[Item],
    known: usize,
    newest: &[Article],
    listed_before: usize,
    at_home: bool,
) -> Option<Doubt> {
    if at_home && known * 2 < items.len() {
        return Some(Doubt::AtHome);
    }
    // a list that was not visited for long has nothing in common with what it was, and yet looks the same; one that was
    // made anew still names its articles as before
    if known > 0 || newest.is_empty() || names_known(items, newest) {
        return None;
    }
    if listed_before >= MANY && items.len() * FEWER <= listed_before {
        return Some(Doubt::Fewer);
    }
    let newest_day = newest
        .iter()
        .filter_map(|article| article.published)
        .map(Published::day)
        .max();
    let newest_item = newest_of(items);
    if newest_item.is_some() && newest_item < newest_day {
        return Some(Doubt::Older);
    }
    let shapes: HashSet<String> = newest.iter().map(|article| shape(&article.url)).collect();
    let is_strange = |item: &Item| !shapes.contains(&shape(&item.url));
    // a few may all be elsewhere, as notices on another host are
    let strange = items.len() > FEW && items.iter().all(is_strange);
    strange.then_some(Doubt::OtherAddresses)
}

fn newest_of(items: &[Item]) -> Option<Date> {
    let days = items.iter().filter_map(|item| item.published);
    days.map(Published::day).max()
}

fn names_known(items: &[Item], newest: &[Article]) -> bool {
    let named = |item: &Item| {
        let title = item.title.trim_end_matches(['…', '.', '·']);
        newest
            .iter()
            .any(|article| readings::titles_equal(&article.title, title))
    };
    items.iter().take(KEPT).any(named)
}

/// An address without its numbers: `/info/1024/17.htm` and `/info/1024/18.htm` are of one kind.
fn shape(url: &Url) -> String {
    let mut shape = url.host_str().unwrap_or_default().to_owned();
    let parts = [url.path(), url.query().unwrap_or_default()];
    for part in parts {
        shape.push('/');
        for word in part.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            if word.contains(|c: char| c.is_ascii_digit()) {
                shape.push('#');
                shape.extend(word.chars().last().filter(|c| !c.is_ascii_alphanumeric()));
            } else {
                shape.push_str(word);
            }
        }
    }
    shape
}

/// Items in doubt: are they still those of the last poll, and have they stayed for long enough?
pub(super) fn weigh(
    doubt: Doubt,
    items: &[Item],
    before: Option<Stranger>,
    now: Timestamp,
) -> Verdict {
    let before = before.filter(|before| goes_on(before, items));
    let (since, polls) = before.as_ref().map_or((now, 1), |before| {
        (before.since, before.polls.saturating_add(1))
    });
    let mut seen: HashSet<ArticleId> = HashSet::new();
    let earlier = before.map(|before| before.items).unwrap_or_default();
    let earlier = earlier.into_iter().map(|waiting| Item {
        title: waiting.title,
        url: waiting.url,
        published: waiting.published,
    });
    let all = items.iter().cloned().chain(earlier);
    let all = all
        .filter(|item| seen.insert(ArticleId::of(&item.url)))
        .take(KEPT.max(items.len()));
    if polls >= POLLS && now.duration_since(since) >= doubt.lasting() {
        return Verdict::Take(all.collect());
    }
    let waiting = all.map(|item| Waiting {
        title: item.title,
        url: item.url,
        published: item.published,
    });
    Verdict::Wait(Stranger {
        since,
        polls,
        items: waiting.take(KEPT).collect(),
    })
}

/// Whether some of the items were there in the last polls too.
fn goes_on(before: &Stranger, items: &[Item]) -> bool {
    let ids: HashSet<ArticleId> = before
        .items
        .iter()
        .map(|item| ArticleId::of(&item.url))
        .collect();
    let titles: HashSet<&str> = before
        .items
        .iter()
        .map(|item| item.title.as_str())
        .collect();
    items
        .iter()
        .any(|item| ids.contains(&ArticleId::of(&item.url)) || titles.contains(item.title.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_kind_differ_in_numbers_alone() {
        let shape = |text: &str| shape(&text.parse().unwrap());
        for (one, other) in [
            (
                "http://a.cn/info/1024/17.htm",
                "http://a.cn/info/1031/9.htm",
            ),
            (
                "http://a.cn/202402/t20240224_1.html",
                "http://a.cn/202511/t20251101_88.html",
            ),
            ("http://a.cn/show?id=7", "http://a.cn/show?id=81"),
        ] {
            assert_eq!(shape(one), shape(other));
        }
        assert_ne!(
            shape("http://a.cn/info/1.htm"),
            shape("http://a.cn/content/1.htm")
        );
        assert_ne!(
            shape("http://a.cn/info/1.htm"),
            shape("http://b.cn/info/1.htm")
        );
    }
}
