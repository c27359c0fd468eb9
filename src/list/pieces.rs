//! Dates whose day, month and year stand in elements of their own, and dates whose order is open.
//!
//! In: a row, or a text. Out: what its parts show when read together: `<b>24</b><i>10月</i><i>2024</i>`.

use std::sync::LazyLock;

use regex::Regex;

use super::{dates, rows::Row};
use crate::{
    article::dates::{self as article_dates, DateContext, Shown},
    page::{
        document::{Child, Element, Step},
        text::{fold, visible_chars},
    },
};

/// `2024年10月` is the longest part.
const MAX_CHARS: usize = 10;

/// A day, a month, a year.
const MAX_PARTS: usize = 3;

/// More parts are not looked at in one row.
const MAX_PIECES: usize = 24;

/// What the parts of a date show that stand side by side in a row, its title apart.
pub(super) fn of_row(row: Row<'_>, title: Element<'_>, context: &DateContext<'_>) -> Shown {
    let pieces = pieces_of(row, title);
    let mut best = Shown::Nothing;
    for run in pieces.split(Option::is_none) {
        let run: Vec<&str> = run.iter().flatten().map(String::as_str).collect();
        for parts in (2..=MAX_PARTS.min(run.len())).rev() {
            for window in run.windows(parts) {
                match together(&window.join(" "), context) {
                    whole @ Shown::Whole(_) => return whole,
                    shown @ Shown::YearLess(_) if best == Shown::Nothing => best = shown,
                    Shown::YearLess(_) | Shown::Refused | Shown::Nothing => {}
                }
            }
        }
    }
    best
}

/// The texts of a row that may be parts of a date; other texts between them are `None`.
fn pieces_of(row: Row<'_>, title: Element<'_>) -> Vec<Option<String>> {
    let mut pieces = Vec::new();
    let mut push = |text: &str| {
        if visible_chars(text) > 0 && pieces.len() < MAX_PIECES {
            pieces.push(is_part(text).then(|| fold(text)));
        }
    };
    for part in row.parts() {
        match part {
            Child::Text(text) => push(text),
            Child::Element(element) => {
                let mut walk = element.walk();
                while let Some(step) = walk.next() {
                    match step {
                        Step::Open(e) if e.is_unseen() => walk.skip_inside(),
                        Step::Text(text) => push(text),
                        // a title that is nothing but text parts what stands before and behind
                        Step::Open(e) if e == title && e.children().next().is_none() => {
                            walk.skip_inside();
                            push("—");
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    pieces
}

fn is_part(text: &str) -> bool {
    static MONTH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^[0-9 ,.]*(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[0-9 ,.]*$")
            .expect("the pattern is good")
    });
    if text.len() > 3 * MAX_CHARS + 64 || visible_chars(text) > MAX_CHARS {
        return false;
    }
    let text = text.trim();
    let fits = |c: char| c.is_ascii_digit() || " -/.,年月日[]()".contains(c);
    (text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(fits)) || MONTH.is_match(text)
}

fn together(text: &str, context: &DateContext<'_>) -> Shown {
    // a day, its month, and perhaps the year: `24 10月 2024`, `10月 24`, `2024 10 24`, `24 / 10 2024`
    static PARTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x)^(?:
            (?<d1>[0-3]?[0-9])[日\ /]*\ (?<m1>[01]?[0-9])\ ?月(?:[\ ,]*(?<y1>[12][0-9]{3})年?)?
            |(?:(?<y2>[12][0-9]{3})[年\ ]+)?(?<m2>[01]?[0-9])\ ?月\ (?<d2>[0-3]?[0-9])
            |(?<y3>[12][0-9]{3})\ (?<m3>[01]?[0-9])\ (?<d3>[0-3]?[0-9])
            |(?<y4>[12][0-9]{3})\ (?<m4>[01][0-9])[-/.](?<d4>[0-3][0-9])
            )日?$",
        )
        .expect("the pattern is good")
    });
    let Some(found) = PARTS.captures(text) else {
        return dates::read(text, context);
    };
    let group = |names: [&str; 4]| names.iter().find_map(|name| found.name(name));
    let month = group(["m1", "m2", "m3", "m4"]).map_or("", |m| m.as_str());
    let day = group(["d1", "d2", "d3", "d4"]).map_or("", |m| m.as_str());
    match group(["y1", "y2", "y3", "y4"]) {
        Some(year) => dates::read(&format!("{}-{month}-{day}", year.as_str()), context),
        None => dates::read(&format!("{month}月{day}日"), context),
    }
}

/// A date whose order of numbers is open, read in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orders {
    /// What it shows with the day, the month, or the year first; [`Shown::Nothing`] where that is no day.
    pub(super) shown: [Shown; 3],
    /// What stands between the numbers.
    pub(super) sign: u8,
    /// Whether the year has two digits.
    pub(super) is_short: bool,
}

impl Orders {
    /// Whether it shows the same in every order in which it can be read.
    pub(super) fn are_one(&self) -> bool {
        let mut readings = self.shown.iter().filter(|shown| **shown != Shown::Nothing);
        let first = readings.next();
        readings.all(|other| Some(other) == first)
    }

    /// The order that such signs speak for where nothing else does: an index into `shown`.
    pub(super) fn usual(&self) -> usize {
        match self.sign {
            b'-' if self.is_short => 2,
            _ => 0,
        }
    }
}

/// `03/04/2024` and `28.03.24`, with all that they may mean.
pub(super) fn orders(text: &str, context: &DateContext<'_>) -> Option<Orders> {
    // behind a year of two digits no more may stand than a time of day
    static SIGNED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)([0-9]{1,2})([./-])([0-9]{1,2})([./-])(?:([12][0-9]{3})(?-u:\b)|([0-9]{2})(?:[^0-9./-].{0,12})?$)")
            .expect("the pattern is good")
    });
    let may_match = text.bytes().any(|b| matches!(b, b'/' | b'-' | b'.'));
    let found = may_match.then(|| SIGNED.captures(text)).flatten()?;
    let sign = found[2].bytes().next()?;
    let before = text[..found.get(0)?.start()].chars().next_back();
    if found[2] != found[4] || matches!(before, Some('.' | '/' | '-')) {
        return None;
    }
    let read = |year: &str, month: &str, day: &str| {
        let year = match year {
            long if long.len() == 4 => long.to_owned(),
            old if old.starts_with('9') => format!("19{old}"),
            short if short.len() == 2 => format!("20{short}"),
            _ => return Shown::Nothing,
        };
        match article_dates::read(&format!("{year}-{month}-{day}"), context) {
            Shown::YearLess(_) => Shown::Nothing,
            shown => shown,
        }
    };
    let (first, second) = (&found[1], &found[3]);
    // `Grades 3-5-10`
    if sign == b'-' && first.len() < 2 && found.get(6).is_some() {
        return None;
    }
    let (shown, is_short) = match (found.get(5), found.get(6)) {
        // dots are European
        (Some(_), _) if sign == b'.' => return None,
        (Some(year), _) => {
            let year = year.as_str();
            let day_first = read(year, second, first);
            (
                [day_first, read(year, first, second), Shown::Nothing],
                false,
            )
        }
        (None, Some(last)) => {
            let last = last.as_str();
            let day_first = read(last, second, first);
            let month_first = read(last, first, second);
            ([day_first, month_first, read(first, second, last)], true)
        }
        (None, None) => return None,
    };
    let is_date = shown.iter().any(|shown| *shown != Shown::Nothing);
    is_date.then_some(Orders {
        shown,
        sign,
        is_short,
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn shown(shown: Shown) -> String {
        match shown {
            Shown::Whole(published) => published.to_string(),
            Shown::YearLess(partial) => format!("{}-{}", partial.month, partial.day),
            Shown::Refused => "refused".to_owned(),
            Shown::Nothing => String::new(),
        }
    }

    #[test]
    fn parts_are_read_together() {
        let context = DateContext {
            timezone: &TimeZone::UTC,
            now: "2024-12-01T00:00:00Z".parse().expect("a literal"),
        };
        for (text, expected) in [
            ("24 10月 2024", "2024-10-24"),
            ("24 10月", "10-24"),
            ("10月 24", "10-24"),
            ("2024 10 24", "2024-10-24"),
            ("24 Oct 2024", "2024-10-24"),
            ("2024 10/24", "2024-10-24"),
            ("2024/10 24", "2024-10-24"),
            ("12 7", ""),
        ] {
            assert_eq!(shown(together(text, &context)), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_in_every_order() {
        let context = DateContext {
            timezone: &TimeZone::UTC,
            now: "2024-12-01T00:00:00Z".parse().expect("a literal"),
        };
        for (text, expected) in [
            ("03/04/2024", ["2024-04-03", "2024-03-04", ""]),
            ("10/24/2024", ["", "2024-10-24", ""]),
            ("[28.03.24]", ["2024-03-28", "", "refused"]),
            ("12-03-24 10:30", ["2024-03-12", "2024-12-03", "2012-03-24"]),
        ] {
            let found = orders(text, &context).map(|o| o.shown.map(shown));
            let expected = expected.map(|date| match date {
                // two days ahead
                "2024-12-03" => "refused".to_owned(),
                date => date.to_owned(),
            });
            assert_eq!(found, Some(expected), "{text}");
        }
        for text in ["10.12.2024", "2024-03-28", "1.2.3.24", "192.168.10.24"] {
            assert_eq!(orders(text, &context), None, "{text}");
        }
    }
}
