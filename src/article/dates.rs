//! Dates as pages show them, read without guessing.
//!
//! In: a short text (a fact line, a list's row, a `<meta>` value) or an address. Out: what it shows: a day, an instant
//! where a time is shown too, a month and a day where the year is left out ([`infer_years`] fills it in), or nothing.
//! No date lies after the day of fetching at the site, none before 1990: such numbers are school years, deadlines,
//! document numbers.

mod scan;

use std::{borrow::Cow, fmt, sync::LazyLock};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::{Offset, TimeZone},
};
use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};
use url::Url;

/// No page of the web is older.
const FIRST_YEAR: i16 = 1990;

/// What dates are read against.
#[derive(Clone, Copy, Debug)]
pub struct DateContext<'a> {
    /// Where dates without an offset are at home.
    pub timezone: &'a TimeZone,
    /// The time of fetching.
    pub now: Timestamp,
}

impl DateContext<'_> {
    /// The day at the site.
    pub fn today(&self) -> Date {
        self.timezone.to_datetime(self.now).date()
    }

    /// Whether something may have been published on that day.
    fn accepts(&self, day: Date) -> bool {
        day.year() >= FIRST_YEAR && day <= self.today()
    }

    /// A day and, if shown, a time of day with or without an offset. A time after `now` on this very day is a clock
    /// that runs ahead: the day is kept.
    fn publish(&self, day: Date, clock: Option<(Time, Option<Offset>)>) -> Option<Published> {
        let Some((time, offset)) = clock else {
            return self.accepts(day).then_some(Published::Day(day));
        };
        let local = day.to_datetime(time);
        let (at, offset) = if let Some(offset) = offset {
            (offset.to_timestamp(local).ok()?, offset)
        } else {
            let at = self
                .timezone
                .to_ambiguous_timestamp(local)
                .compatible()
                .ok()?;
            (at, self.timezone.to_offset(at))
        };
        // an instant that is declared in UTC belongs to the site's day
        let offset = if offset.is_zero() {
            self.timezone.to_offset(at)
        } else {
            offset
        };
        let day = offset.to_datetime(at).date();
        if at > self.now {
            return self.accepts(day).then_some(Published::Day(day));
        }
        (day.year() >= FIRST_YEAR).then_some(Published::At(at, offset))
    }
}

/// A month and a day whose year the page leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// The time of day, if shown.
    pub time: Option<Time>,
}

impl MonthDay {
    /// The date in that year; `None` if there is no such day or it lies in the future.
    pub fn in_year(self, year: i16, context: &DateContext<'_>) -> Option<Published> {
        let day = Date::new(year, self.month, self.day).ok()?;
        context.publish(day, self.time.map(|time| (time, None)))
    }

    /// The last such day that is not in the future. A leap day may lie eight years back.
    pub fn latest(self, context: &DateContext<'_>) -> Option<Published> {
        let this_year = context.today().year();
        (this_year - 8..=this_year)
            .rev()
            .find_map(|year| self.in_year(year, context))
    }
}

/// What a text shows of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All of it.
    Whole(Published),
    /// All but the year.
    YearLess(MonthDay),
    /// A whole date on which nothing can have been published: it lies ahead, or before the web. It stays without a
    /// date: its day and month in another order, or in another year, would be a guess.
    Refused,
    /// Nothing.
    Nothing,
}

impl Shown {
    /// The date, if it is whole.
    fn whole(self) -> Option<Published> {
        match self {
            Self::Whole(published) => Some(published),
            _ => None,
        }
    }
}

/// A quick look: whether a text can hold a date with a year at all.
pub fn may_hold(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |c: &u8| c.is_ascii_digit();
    let wide_digit = |at: usize| matches!(bytes.get(at + 1..at + 3), Some([0xBC, 0x90..=0x99]));
    bytes.windows(4).any(|window| match *window {
        [b'1', b'9', ..] | [b'2', b'0', ..] => window.iter().all(is_digit),
        // `113-03-28`, `R6.3.28`: years of an era
        [b'1', b'0'..=b'2', b'0'..=b'9', sign] => matches!(sign, b'-' | b'/' | b'.'),
        [b'R' | b'H' | b'S', b'0'..=b'9', sign, _] => sign == b'.' || is_digit(&sign),
        _ => false,
    }) || text.contains('年')
        || text.contains('년')
        // U+FF10 to U+FF19
        || memchr::memchr_iter(0xEF, bytes).any(wide_digit)
}

/// Which of the two comes first in `3/4/2024`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// In the United States.
    MonthFirst,
    /// Nearly everywhere else.
    DayFirst,
    /// Nothing says which: a page in English, of nobody knows where.
    Open,
}

impl Order {
    /// By the page's language, by the site's address, and by the time zone, where they say it. Absent where the language
    /// is none that puts the month first.
    pub(crate) fn of(language: &str, url: &Url, context: &DateContext<'_>) -> Option<Self> {
        let language = language.trim().to_ascii_lowercase().replace('_', "-");
        let (name, place) = language.split_once('-').unwrap_or((&language, ""));
        match (name, place) {
            ("en", "us") => Some(Self::MonthFirst),
            ("en", "") | ("", _) => Some(
                Self::of_place(url.host_str().unwrap_or_default())
                    .or_else(|| Self::of_zone(context))
                    .unwrap_or(Self::Open),
            ),
            (
                "en" | "de" | "fr" | "es" | "it" | "nl" | "pt" | "ru" | "pl" | "da" | "sv" | "nb",
                _,
            ) => Some(Self::DayFirst),
            _ => None,
        }
    }

    /// By the end of a host's name, where that is a country's.
    fn of_place(host: &str) -> Option<Self> {
        /// Ends that are sold to everyone, and countries that write the year first or both ways.
        const OTHERS: [&str; 16] = [
            "ai", "ca", "cc", "cn", "co", "hk", "io", "jp", "kr", "me", "mo", "ph", "pr", "tv",
            "tw", "ws",
        ];
        let end = host.rsplit('.').next().unwrap_or_default();
        match end {
            "us" | "gov" | "mil" => Some(Self::MonthFirst),
            _ if end.len() == 2 && !OTHERS.contains(&end) => Some(Self::DayFirst),
            _ => None,
        }
    }

    /// By the time zone, where the month comes first, and where it surely does not.
    fn of_zone(context: &DateContext<'_>) -> Option<Self> {
        if scan::in_america(context) {
            Some(Self::MonthFirst)
        } else {
            scan::is_elsewhere(context).then_some(Self::DayFirst)
        }
    }

    /// The text with such dates written in the one way that cannot be mistaken; without those of which nothing tells the
    /// order.
    pub(super) fn apply(self, text: &str) -> Cow<'_, str> {
        static NUMERIC: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?-u:\b)([0-9]{1,2})([/-])([0-9]{1,2})([/-])([12][0-9]{3})(?-u:\b)")
                .expect("a literal")
        });
        NUMERIC.replace_all(text, |found: &Captures<'_>| {
            let part = |n: usize| found[n].parse::<u8>().unwrap_or_default();
            if is_behind_weekday(text, found) {
                return found[0].to_owned();
            }
            let (month, day) = match self {
                Self::MonthFirst => (part(1), part(3)),
                Self::DayFirst => (part(3), part(1)),
                Self::Open if is_told(text, found) => return found[0].to_owned(),
                Self::Open => return String::new(),
            };
            if (1..=12).contains(&month) && found[2] == found[4] {
                format!("{}-{month}-{day}", &found[5])
            } else {
                found[0].to_owned()
            }
        })
    }
}

/// Whether a weekday stands before `3/4/2024`: it tells which is the month, whatever is usual.
fn is_behind_weekday(text: &str, found: &Captures<'_>) -> bool {
    const WEEKDAYS: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    // Tue, Tues, Thurs
    const SHORTEST: usize = 3;
    const LONGEST_CUT: usize = 5;
    let start = found.get(0).map_or(0, |all| all.start());
    let before = text[..start].trim_end_matches([' ', ',', '.']);
    let word = before.rsplit(|c: char| !c.is_alphabetic()).next();
    let word = word.unwrap_or_default().to_ascii_lowercase();
    WEEKDAYS.iter().any(|day| {
        let is_cut = (SHORTEST..=LONGEST_CUT).contains(&word.len()) && day.starts_with(&word);
        is_cut || word == *day
    })
}

/// Whether the numbers of `3/4/2024`, or the half of the day behind them, tell which is the month.
fn is_told(text: &str, found: &Captures<'_>) -> bool {
    const MAX_CLOCK_CHARS: usize = 20;
    static HALF: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[0-9]:[0-9]{2}(?::[0-9]{2})?\s*(?i:[ap]\.?m)(?-u:\b)").expect("a literal")
    });
    let part = |n: usize| found[n].parse::<u8>().unwrap_or_default();
    let (first, second) = (part(1), part(3));
    let end = found.get(0).map_or(0, |all| all.end());
    let behind: String = text[end..].chars().take(MAX_CLOCK_CHARS).collect();
    first > 12 || second > 12 || first == second || HALF.is_match(&behind)
}

/// The first real date in a text, with its time if that is shown.
pub fn find(text: &str, context: &DateContext<'_>) -> Option<Published> {
    scan::whole(&scan::fold(text), context).whole()
}

/// What a text that is little else than a date shows: also a day apart from its year and month (`24 2024-02`, as
/// the elements of `<b>24</b><i>2024-02</i>` read together), the Republic of China's years (`113.03.28`), and a month
/// and a day alone.
pub fn read(text: &str, context: &DateContext<'_>) -> Shown {
    let text = scan::fold(text);
    let whole: [fn(&str, &DateContext<'_>) -> Shown; 3] = [scan::whole, scan::split, scan::minguo];
    whole
        .iter()
        .map(|read| read(&text, context))
        .find(|shown| *shown != Shown::Nothing)
        .or_else(|| scan::month_day(&text).map(Shown::YearLess))
        .unwrap_or(Shown::Nothing)
}

/// The date that a declared value (`<meta>`, `datetime=`, JSON-LD) holds: as [`find`], and `20240224`. A time of
/// exactly midnight is what systems write that know the day alone.
pub fn declared(value: &str, context: &DateContext<'_>) -> Option<Published> {
    let value = scan::fold(value);
    let whole = scan::whole(&value, context).whole();
    let published = whole.or_else(|| scan::compact(&value, context))?;
    Some(match published {
        Published::At(at, offset) if offset.to_datetime(at).time() == Time::midnight() => {
            Published::Day(published.day())
        }
        other => other,
    })
}

/// The date that an address holds: `/2024/0224/`, `/2024-02/24/`, `/202402/t20240224_123.html`.
pub fn from_address(url: &Url, context: &DateContext<'_>) -> Option<Published> {
    scan::address(url.path(), context)
        .or_else(|| scan::address(url.query()?, context))
        .map(Published::Day)
}

/// Fills in the years that a list leaves out, from the rows around.
///
/// Each row's date is the last such day that is not in the future, unless it stands beside a row with a year (then
/// the year that brings the two nearest), or below rows that it would overtake by more than a month in a list that
/// runs newest first. The first three rows may be pinned and old: they bind nobody.
pub fn infer_years(rows: &[Shown], context: &DateContext<'_>) -> Vec<Option<Published>> {
    const PINNED: usize = 3;
    let whole = |row: &Shown| match row {
        Shown::Whole(published) => Some(published.day()),
        _ => None,
    };
    if let Some(dates) = quiet(rows, context) {
        return dates;
    }
    let mut above: Option<Date> = None;
    let mut dates = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let date = match row {
            Shown::Nothing | Shown::Refused => None,
            Shown::Whole(published) => Some(*published),
            Shown::YearLess(partial) => {
                let beside = rows[..index]
                    .iter()
                    .rev()
                    .find_map(whole)
                    .or_else(|| rows[index + 1..].iter().find_map(whole));
                match beside {
                    Some(day) => nearest(*partial, day, context),
                    None => not_above(*partial, above.filter(|_| index > PINNED), context),
                }
            }
        };
        if index >= PINNED || rows.len() <= PINNED {
            above = date.map(Published::day).or(above);
        }
        dates.push(date);
    }
    dates
}

/// The dates of a column that has been quiet for most of a year: all run down from the last such day of the first row.
/// `12-30, 12-10, 11-28, 11-20` in November are all of the year before, though the last might be of this one: were the
/// first rows old and pinned, the step to the first that is not would be no step like the others.
fn quiet(rows: &[Shown], context: &DateContext<'_>) -> Option<Vec<Option<Published>>> {
    const LEAST_ROWS: usize = 4;
    let mut days: Vec<Date> = Vec::new();
    let mut dates = Vec::with_capacity(rows.len());
    let mut leap = None;
    for row in rows {
        let partial = match row {
            Shown::YearLess(partial) => *partial,
            Shown::Nothing => {
                dates.push(None);
                continue;
            }
            Shown::Whole(_) | Shown::Refused => return None,
        };
        let latest = partial.latest(context)?;
        let date = match days.last() {
            None => latest,
            Some(above) => partial.in_year(above.year(), context)?,
        };
        // what would be a year later if it stood alone
        if leap.is_none() && date.day() != latest.day() {
            leap = Some(days.len());
        }
        if days.last().is_some_and(|above| date.day() > *above) {
            return None;
        }
        days.push(date.day());
        dates.push(Some(date));
    }
    let leap = leap.filter(|_| days.len() >= LEAST_ROWS)?;
    let steps = days.windows(2).map(|pair| pair[0].duration_since(pair[1]));
    let mut steps: Vec<i64> = steps.map(|step| step.as_hours() / 24).collect();
    let across = steps.remove(leap.checked_sub(1)?);
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2)?;
    (across * 2 <= usual * 3 + 2).then_some(dates)
}

/// The year that brings it nearest to a known day.
fn nearest(partial: MonthDay, day: Date, context: &DateContext<'_>) -> Option<Published> {
    let year = day.year();
    (year - 1..=year + 1)
        .filter_map(|year| partial.in_year(year, context))
        .min_by_key(|published| published.day().duration_since(day).abs())
        .or_else(|| partial.latest(context))
}

/// The latest year in which it does not overtake the row above by more than a month.
fn not_above(
    partial: MonthDay,
    above: Option<Date>,
    context: &DateContext<'_>,
) -> Option<Published> {
    const SLACK: SignedDuration = SignedDuration::from_hours(31 * 24);
    let latest = partial.latest(context)?;
    match above {
        Some(above) if latest.day().duration_since(above) > SLACK => {
            let fits = |published: &Published| published.day().duration_since(above) <= SLACK;
            (above.year() - 8..=above.year())
                .rev()
                .find_map(|year| partial.in_year(year, context).filter(fits))
        }
        _ => Some(latest),
    }
}

/// When something was published: a day, or an instant where the site shows a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Published {
    /// A day in the site's time zone.
    Day(Date),
    /// An instant, with the site's offset.
    At(Timestamp, Offset),
}

/// How a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateFrom {
    /// The article's page shows it.
    Page,
    /// The article's page declares it.
    Meta,
    /// The list shows it.
    List,
    /// The address holds it.
    Url,
}

impl Published {
    /// The instant that stands for it: a day's first moment in `timezone`.
    pub fn instant(self, timezone: &TimeZone) -> Timestamp {
        match self {
            Self::At(at, _) => at,
            // the first moment of a day exists in every zone; only a date at the calendar's end can fail
            Self::Day(day) => day
                .to_zoned_datetime(timezone.clone())
                .map_or(Timestamp::MIN, |z| z.timestamp()),
        }
    }

    /// The calendar day, at the site.
    pub fn day(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::At(at, offset) => offset.to_datetime(at).date(),
        }
    }
}

/// RFC 3339 with the site's offset, or `YYYY-MM-DD`.
impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::At(at, offset) => at.display_with_offset(*offset).fmt(f),
        }
    }
}

impl std::str::FromStr for Published {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 10 {
            return text.parse().map(Self::Day);
        }
        let pieces = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text)?;
        let at: Timestamp = text.parse()?;
        let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
        Ok(Self::At(at, offset))
    }
}

impl Serialize for Published {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Published {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(timezone: &TimeZone) -> DateContext<'_> {
        DateContext {
            timezone,
            now: "2024-06-15T04:00:00Z".parse().expect("a literal"),
        }
    }

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").expect("bundled")
    }

    fn found(text: &str) -> String {
        find(text, &context(&shanghai())).map_or_else(String::new, |p| p.to_string())
    }

    #[test]
    fn reads_the_dates_that_pages_show() {
        for (text, date) in [
            ("2024-02-24", "2024-02-24"),
            (
                "发布日期:2024-02-24     文章来源:陕西省教育厅    点击:",
                "2024-02-24",
            ),
            ("2024年2月24日", "2024-02-24"),
            ("2024 年 2 月 24 日", "2024-02-24"),
            ("2024.2.4", "2024-02-04"),
            ("[2024-02-24]点击：12", "2024-02-24"),
            ("2024/02/24 09:30", "2024-02-24T09:30:00+08:00"),
            ("时间：2024-02-2409:30:15", "2024-02-24T09:30:15+08:00"),
            (
                "２０２４－０２－２４　０９：３０",
                "2024-02-24T09:30:00+08:00",
            ),
            ("2024年2月24日 星期六 09时30分", "2024-02-24T09:30:00+08:00"),
            ("2024年2月24日下午3:05", "2024-02-24T15:05:00+08:00"),
            ("24 Feb 2024", "2024-02-24"),
            ("Feb. 24, 2024", "2024-02-24"),
            ("February 24th, 2024 3:05 PM", "2024-02-24T15:05:00+08:00"),
            ("24. Februar 2024", "2024-02-24"),
            ("20 de marzo de 2024", "2024-03-20"),
            ("1º de setembro del 2023", "2023-09-01"),
            ("20th of March 2024", "2024-03-20"),
            ("20 марта 2024 г.", "2024-03-20"),
            ("12 maggio 2024", "2024-05-12"),
            ("등록일 2024년 3월 20일 조회수 123", "2024-03-20"),
            ("Posted: 3/4/2024 8:00 AM", "2024-03-04T08:00:00+08:00"),
            ("3/4/2024", "2024-04-03"),
            ("le 24 février 2024", "2024-02-24"),
            ("1er août 2023", "2023-08-01"),
            ("24.02.2024", "2024-02-24"),
            ("Wed, 06/12/2023 - 10:20", "2023-12-06T10:20:00+08:00"),
            ("Mon, 06/12/2023", "2023-06-12"),
            (
                "Sat, 24 Feb 2024 09:30:00 +0100",
                "2024-02-24T09:30:00+01:00",
            ),
            ("2024-02-24T09:30:00Z", "2024-02-24T17:30:00+08:00"),
            ("2024-02-24T09:30:00.000+08:00", "2024-02-24T09:30:00+08:00"),
            ("二〇二四年二月二十四日", "2024-02-24"),
            ("令和6年2月24日（土）", "2024-02-24"),
            ("掲載日：令和元年5月1日", "2019-05-01"),
            ("平成31年4月1日", "2019-04-01"),
            ("R6.2.24", "2024-02-24"),
            ("中華民國113年02月24日", "2024-02-24"),
            ("發布日期：113-02-24", "2024-02-24"),
            ("2024년 2월 24일", "2024-02-24"),
            ("24 de febrero de 2024", "2024-02-24"),
            ("24 febbraio 2024", "2024-02-24"),
            ("24 февраля 2024 г.", "2024-02-24"),
            ("24th of February 2024", "2024-02-24"),
            ("二○二三年十二月三十一日", "2023-12-31"),
            ("有效期至2030-01-01，发布于2024-02-24", "2024-02-24"),
        ] {
            assert_eq!(found(text), date, "{text}");
        }
    }

    #[test]
    fn language_and_host_say_whether_the_month_comes_first() {
        for (language, host, date) in [
            ("en-US", "www.a.example.org", "2024-03-04"),
            ("en", "www.doe.example.gov", "2024-03-04"),
            ("", "www.k12.example.us", "2024-03-04"),
            ("en-GB", "www.a.example.gov", "2024-04-03"),
            ("de", "www.a.example.de", "2024-04-03"),
            ("en", "www.school.example.uk", "2024-04-03"),
            ("en", "www.a.example.org", ""),
        ] {
            assert_eq!(
                ordered("Posted 3/4/2024", language, host),
                date,
                "{language} {host}"
            );
        }
        for (text, date) in [
            ("Posted 3/14/2024", "2024-03-14"),
            ("14/3/2024", "2024-03-14"),
            ("4/4/2024", "2024-04-04"),
            ("Mon, 3/4/2024", "2024-03-04"),
            ("3/4/2024 8:00 AM", "2024-03-04T08:00:00+08:00"),
            // no half of a day
            ("3/4/2024 | Author: Pamela", ""),
        ] {
            assert_eq!(ordered(text, "en", "www.a.example.org"), date, "{text}");
        }
        // no weekday
        assert_eq!(
            ordered("Posted in Friends, 3/4/2024", "en-US", "www.a.example.org"),
            "2024-03-04"
        );
    }

    fn ordered(text: &str, language: &str, host: &str) -> String {
        let zone = shanghai();
        let url: Url = format!("https://{host}/a").parse().expect("a literal");
        let order = Order::of(language, &url, &context(&zone));
        let text = order.map_or(text.into(), |order| order.apply(text));
        find(&text, &context(&zone)).map_or_else(String::new, |date| date.to_string())
    }

    #[test]
    fn other_numbers_are_no_dates() {
        for text in [
            "2024-2025学年第一学期",
            "2023-2024-2学期",
            "陕教〔2024〕12号",
            "电话：029-2024-02-24",
            "010-62812024",
            "2024-13-01",
            "2024-02-30",
            "2024-06-16",
            "2030年1月1日",
            "1989-12-31",
            "192.168.2024.1",
            "2024年第2期",
            "平成40年1月1日",
            "令和7年1月1日",
            "XHTML5.3.2",
            "電話：113-03-28",
        ] {
            assert_eq!(found(text), "", "{text}");
        }
    }

    #[test]
    fn a_time_later_today_leaves_the_day() {
        assert_eq!(found("2024-06-15 23:00"), "2024-06-15");
        // 04:00 UTC is noon at the site
        assert_eq!(found("2024-06-15 11:59"), "2024-06-15T11:59:00+08:00");
    }

    #[test]
    fn reads_split_and_year_less_dates() {
        let zone = shanghai();
        for text in [
            "24 2024-02",
            "242024-02",
            "24\n2024.02",
            "2024-02 24",
            "202402-24",
            "02-24 2024",
            "2024 02-24",
            "24 2024年02月",
        ] {
            let day = Shown::Whole(Published::Day(Date::constant(2024, 2, 24)));
            assert_eq!(read(text, &context(&zone)), day, "{text}");
        }
        for text in [
            "[02-24]",
            "02-24",
            "2月24日",
            "02/24",
            "24 Feb",
            "Feb 24",
            "（2-24）",
        ] {
            let shown = Shown::YearLess(MonthDay {
                month: 2,
                day: 24,
                time: None,
            });
            assert_eq!(read(text, &context(&zone)), shown, "{text}");
        }
        for text in ["", "更多", "13-24", "3.5", "1/2", "029-8888"] {
            assert_eq!(read(text, &context(&zone)), Shown::Nothing, "{text}");
        }
    }

    #[test]
    fn a_date_that_lies_ahead_is_neither_another_day_nor_another_year() {
        let zone = shanghai();
        for text in [
            "2024年12月10日",
            "10.12.2024",
            "Dec 10, 2024",
            "10 2024-12",
            "令和6年12月10日",
            "113.12.10",
        ] {
            assert_eq!(read(text, &context(&zone)), Shown::Refused, "{text}");
        }
        let day = Shown::Whole(Published::Day(Date::constant(2024, 2, 24)));
        assert_eq!(read("113.02.24", &context(&zone)), day);
    }

    #[test]
    fn a_declared_midnight_is_a_day() {
        let zone = shanghai();
        for (value, date) in [
            ("2024-02-24 00:00:00", "2024-02-24"),
            ("2024-02-24 09:30", "2024-02-24T09:30:00+08:00"),
            ("20240224", "2024-02-24"),
            ("20240224093000", "2024-02-24T09:30:00+08:00"),
        ] {
            let got = declared(value, &context(&zone)).map(|p| p.to_string());
            assert_eq!(got.as_deref(), Some(date), "{value}");
        }
    }

    #[test]
    fn reads_the_date_of_an_address() {
        let zone = shanghai();
        for (path, date) in [
            ("/2024/0224/c123a456/page.htm", "2024-02-24"),
            ("/jynews/202402/t20240224_123.html", "2024-02-24"),
            ("/2024-02/24/content_123456.htm", "2024-02-24"),
            ("/art/2024/2/24/art_1234_5678.html", "2024-02-24"),
            ("/a/20240224093012345.shtml", "2024-02-24"),
            ("/info/1024/12345.htm", ""),
            ("/a/2024022.html", ""),
            ("/a/99202402241.html", ""),
            ("/2025/0101/a.htm", ""),
        ] {
            let url: Url = format!("http://jyt.example.gov.cn{path}")
                .parse()
                .expect("a literal");
            let got =
                from_address(&url, &context(&zone)).map_or_else(String::new, |p| p.to_string());
            assert_eq!(got, date, "{path}");
        }
    }

    fn inferred(rows: &[&str]) -> Vec<String> {
        let zone = shanghai();
        let context = context(&zone);
        let shown: Vec<Shown> = rows.iter().map(|row| read(row, &context)).collect();
        let text = |date: Option<Published>| date.map_or_else(|| "-".to_owned(), |p| p.to_string());
        infer_years(&shown, &context)
            .into_iter()
            .map(text)
            .collect()
    }

    #[test]
    fn years_come_from_the_neighbours_and_never_from_the_future() {
        assert_eq!(
            inferred(&["06-15", "01-02", "12-30"]),
            ["2024-06-15", "2024-01-02", "2023-12-30"]
        );
        assert_eq!(
            inferred(&["02-24", "更多", "2020-02-20"]),
            ["2020-02-24", "-", "2020-02-20"]
        );
        assert_eq!(
            inferred(&["2020-01-02", "12-30"]),
            ["2020-01-02", "2019-12-30"]
        );
        let long = ["03-15", "03-10", "03-09", "03-08", "11-30", "06-01"];
        assert_eq!(inferred(&long)[4..], ["2023-11-30", "2023-06-01"]);
        // a column that is quiet since last July, and a pinned row of then
        assert_eq!(
            inferred(&["07-20", "07-01", "06-12", "05-30"]),
            ["2023-07-20", "2023-07-01", "2023-06-12", "2023-05-30"]
        );
        assert_eq!(
            inferred(&["07-20", "06-12", "06-11", "06-09"])[1..],
            ["2024-06-12", "2024-06-11", "2024-06-09"]
        );
        // a pinned row does not pull the others into its year
        assert_eq!(
            inferred(&["02-01", "06-10", "06-09", "06-08"])[1],
            "2024-06-10"
        );
    }
}
