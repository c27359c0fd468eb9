//! How sure it is that an address gives a list of news.
//!
//! In: a list as it was read, and what is known of its page and of the articles behind. Out: [`Certainty`], and what it
//! rests on in words.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;
use url::Url;

use super::{List, addresses};
use crate::{article::files, page::links};

/// So many items are a list beyond doubt; fewer may be a box.
const MANY: usize = 8;
const SOME: usize = 4;

/// A list whose newest item is older is kept no longer, in days.
const STALE_DAYS: i32 = 2 * 366;
/// A list with an item this new is kept, in days.
const FRESH_DAYS: i32 = 366;

/// A page with so many characters of its own is an article, whatever list stands beside.
const OWN_TEXT: usize = 80;

/// How sure it is that an address gives a list of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// It may as well be a menu.
    Doubtful,
    /// More speaks for it than against.
    Likely,
    /// All that was looked at speaks for it.
    Sure,
}

impl Certainty {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Doubtful => "doubtful",
            Self::Likely => "likely",
            Self::Sure => "sure",
        }
    }
}

/// What was seen of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How many items it has.
    pub items: usize,
    /// How many of them show a date.
    pub dated: usize,
    /// The day of the newest.
    pub newest: Option<Date>,
    /// How old that is, in days.
    pub age_days: Option<i32>,
    /// How many items have an address as articles have it, files among them.
    pub article_like: usize,
    /// How many lead to other sites.
    pub away: usize,
    /// Whether there is a next page.
    pub is_paged: bool,
    /// Whether it is a feed.
    pub is_feed: bool,
    /// Whether it stands on a site's home page, where it is one box of several.
    pub is_home: bool,
    /// How many characters the page has beside it that read like an article's text.
    pub own_text: usize,
    /// How many of its articles' pages were asked for.
    pub asked: usize,
    /// How many of those were articles, with a title and a text or files.
    pub read: usize,
    /// How many of them could not be had, which says nothing of the list.
    pub not_had: usize,
}

impl Evidence {
    /// What a list itself shows. The rest is as if nothing were known.
    pub fn of(list: &List, page: &Url, now: Timestamp, timezone: &TimeZone) -> Self {
        let dates = list.items.iter().filter_map(|item| item.published);
        let newest = dates
            .clone()
            .map(crate::article::dates::Published::day)
            .max();
        let today = now.to_zoned_datetime(timezone.clone()).date();
        let is_article = |url: &Url| {
            files::media_type(url.path()).is_some() || addresses::is_article_like(url.as_str())
        };
        let count =
            |fits: &dyn Fn(&Url) -> bool| list.items.iter().filter(|item| fits(&item.url)).count();
        Self {
            items: list.items.len(),
            dated: dates.count(),
            newest,
            age_days: newest.and_then(|day| Some(today.since(day).ok()?.get_days())),
            article_like: count(&is_article),
            away: count(&|url| !links::same_site(url, page)),
            is_paged: list.following().is_some(),
            ..Self::default()
        }
    }

    /// What speaks for it less what speaks against it; it is no list of news at all where that is below one.
    pub fn points(&self) -> i32 {
        let mut points = match self.items {
            0 => return 0,
            1 => -1,
            2..SOME => 0,
            SOME..MANY => 1,
            _ => 2,
        };
        points += match self.dated {
            0 => 0,
            dated if dated * 5 >= self.items * 4 => 2,
            _ => 1,
        };
        points += match self.age_days {
            Some(..=FRESH_DAYS) => 1,
            Some(STALE_DAYS..) => -1,
            _ => 0,
        };
        if self.is_feed {
            points += 2;
        }
        if self.is_paged {
            points += 1;
        }
        match (self.asked - self.not_had.min(self.asked), self.read) {
            (0, _) => {}
            (_, 0) => points -= 4,
            _ => points += 2,
        }
        if self.is_menu_like() {
            points -= 3;
        }
        if self.leads_away() {
            points -= 3;
        }
        if self.is_home && !self.is_feed {
            points -= 3;
        }
        if self.own_text >= OWN_TEXT {
            points -= 5;
        }
        points
    }

    /// How sure it is; none where it is no list of news.
    pub fn certainty(&self) -> Option<Certainty> {
        let is_unread = self.asked > 0 && self.read == 0;
        let doubtful = self.is_home || is_unread || self.own_text >= OWN_TEXT || self.leads_away();
        match self.points() {
            ..=0 => None,
            1..=2 => Some(Certainty::Doubtful),
            5.. if !doubtful && self.items >= SOME => Some(Certainty::Sure),
            _ => Some(Certainty::Likely),
        }
    }

    /// What it rests on, what counts most first.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut say = |fits: bool, text: String| {
            if fits {
                words.push(text);
            }
        };
        say(self.is_feed, "a feed".to_owned());
        say(
            self.is_home && !self.is_feed,
            "one of the home page's boxes".to_owned(),
        );
        say(
            self.own_text >= OWN_TEXT,
            "beside a text, as on an article's page".to_owned(),
        );
        say(self.is_menu_like(), "its links may be a menu".to_owned());
        say(
            self.leads_away(),
            "most links lead to other sites".to_owned(),
        );
        say(self.items < SOME, "few items".to_owned());
        let dates = match self.dated {
            0 => "no dates".to_owned(),
            dated if dated == self.items => "all dated".to_owned(),
            dated => format!("{dated} of {} dated", self.items),
        };
        say(true, dates);
        say(
            self.age_days.is_some_and(|days| days >= STALE_DAYS),
            "nothing new for two years".to_owned(),
        );
        say(self.is_paged, "has a pager".to_owned());
        let articles = match (self.asked, self.read) {
            (asked, 0) if asked == self.not_had => {
                format!("none of {asked} pages behind could be had")
            }
            (1, 1) => "the article behind was read".to_owned(),
            (asked, 0) => format!("none of {asked} pages behind is an article"),
            (asked, read) if asked == read => format!("{read} articles behind were read"),
            (asked, read) => format!("{read} of {asked} pages behind are articles"),
        };
        say(self.asked > 0, articles);
        words
    }

    fn is_menu_like(&self) -> bool {
        self.dated == 0 && self.article_like * 2 < self.items && self.read == 0 && !self.is_feed
    }

    fn leads_away(&self) -> bool {
        self.away * 3 > self.items * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Evidence {
        Evidence {
            items: 20,
            dated: 20,
            age_days: Some(3),
            article_like: 20,
            ..Evidence::default()
        }
    }

    #[test]
    fn what_speaks_against_a_list_makes_it_less_sure() {
        let is = |evidence: Evidence| (evidence.certainty(), evidence.words().join(", "));
        let sure = Some(Certainty::Sure);
        assert_eq!(is(good()), (sure, "all dated".to_owned()));
        let undated = Evidence {
            dated: 0,
            age_days: None,
            is_paged: true,
            asked: 2,
            read: 2,
            ..good()
        };
        let words = "no dates, has a pager, 2 articles behind were read";
        assert_eq!(is(undated.clone()), (sure, words.to_owned()));
        let unread = Evidence { read: 0, ..undated };
        assert_eq!(unread.certainty(), None);
        let not_had = Evidence {
            asked: 2,
            not_had: 2,
            ..good()
        };
        let words = "all dated, none of 2 pages behind could be had";
        assert_eq!(is(not_had), (Some(Certainty::Likely), words.to_owned()));
        let home = Evidence {
            is_home: true,
            ..good()
        };
        assert_eq!(home.certainty(), Some(Certainty::Doubtful));
        let article = Evidence {
            own_text: 900,
            items: 10,
            ..good()
        };
        assert_eq!(article.certainty(), None);
        let menu = Evidence {
            items: 9,
            ..Evidence::default()
        };
        assert_eq!(menu.certainty(), None);
        let old = Evidence {
            age_days: Some(3000),
            items: 5,
            dated: 5,
            ..good()
        };
        let words = "all dated, nothing new for two years";
        assert_eq!(is(old), (Some(Certainty::Doubtful), words.to_owned()));
    }
}
