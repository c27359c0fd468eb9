//! The patterns of [`super`]: folded text in, what the first real one shows out.

use std::sync::LazyLock;

use jiff::{
    civil::{Date, Time},
    tz::Offset,
};
use regex::{Captures, Regex};

use super::{DateContext, MonthDay, Shown};

/// Longer texts are no fact lines; what lies behind is not looked at.
const MOST_CHARS: usize = 4_000;

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are literals, and the tests use each")
}

/// Full-width digits and punctuation become ASCII, dashes and white space of all kinds `-` and a space.
pub(super) fn fold(text: &str) -> String {
    text.chars()
        .take(MOST_CHARS)
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
            '。' => '.',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}'))
        .collect()
}

/// The first whole date in the text on which something may have been published; where there is none,
/// [`Shown::Refused`] if another date is there.
pub(super) fn whole(text: &str, context: &DateContext<'_>) -> Shown {
    if !text.contains(|c: char| c.is_ascii_digit() || c == '年') {
        return Shown::Nothing;
    }
    let mut first: Option<(usize, Shown)> = None;
    let mut refused = Shown::Nothing;
    for pattern in WHOLE.iter().filter(|pattern| (pattern.may_match)(text)) {
        for found in pattern.regex.captures_iter(text) {
            let all = found.get(0).expect("group 0 is the match");
            // a pattern may look at what follows the date
            let end = found.name("date").map_or(all.end(), |date| date.end());
            if !stands_alone(text, all.start(), end) {
                continue;
            }
            let Some(day) = (pattern.date)(&found, context) else {
                continue;
            };
            let Some(published) = context.publish(day, clock(&text[end..])) else {
                refused = Shown::Refused;
                continue;
            };
            if first.is_none_or(|(before, _)| all.start() < before) {
                first = Some((all.start(), Shown::Whole(published)));
            }
            break;
        }
    }
    first.map_or(refused, |(_, shown)| shown)
}

/// Not a part of a longer number: no digit before or behind, but for a time that is glued on; no `12-` before.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    static GLUED_TIME: LazyLock<Regex> = LazyLock::new(|| regex(r"^[0-2][0-9]:[0-5][0-9]"));
    let mut before = text[..start].chars().rev();
    match before.next() {
        Some(c) if c.is_ascii_digit() => return false,
        Some('-' | '/' | '.') if before.next().is_some_and(|c| c.is_ascii_digit()) => return false,
        _ => {}
    }
    let rest = &text[end..];
    let mut after = rest.chars();
    match after.next() {
        Some(c) if c.is_ascii_digit() => GLUED_TIME.is_match(rest),
        Some('-' | '/') => !after.next().is_some_and(|c| c.is_ascii_digit()),
        _ => true,
    }
}

/// A way to write a date.
struct Pattern {
    regex: Regex,
    date: fn(&Captures<'_>, &DateContext<'_>) -> Option<Date>,
    /// A look that costs less than the expression.
    may_match: fn(&str) -> bool,
}

fn always(_: &str) -> bool {
    true
}

static WHOLE: LazyLock<[Pattern; 9]> = LazyLock::new(|| {
    let month = MONTH;
    // between two numbers, more languages' names can be nothing else
    let any_month = r"(jan|ene|gen|feb|f[ée]v|mar|mär|mrz|maa|apr|avr|abr|may|mai|mag|mei|jun|juin|giu|jul|juil|lug|aug|ao[uû]|ago|sep|set|oct|okt|ott|out|nov|d[éei][cz]|янв|фев|мар|апр|май|мая|июн|июл|авг|сен|окт|ноя|дек)[a-zäçéûа-я]{0,7}\.?";
    [
        Pattern {
            may_match: always,
            regex: regex(
                r"([12][0-9]{3}) ?(?:[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2})(?: ?[日号일])?|- ?([0-9]{1,2}) ?- ?([0-9]{1,2})|/ ?([0-9]{1,2}) ?/ ?([0-9]{1,2})|\. ?([0-9]{1,2}) ?\. ?([0-9]{1,2}))",
            ),
            date: |found, _| {
                let mut groups = found.iter().skip(1).flatten().map(|m| m.as_str());
                date(groups.next()?, groups.next()?, groups.next()?)
            },
        },
        Pattern {
            may_match: has_letter,
            regex: regex(&format!(
                r"(?i)(?-u:\b)([0-9]{{1,2}})(?:st|nd|rd|th|er|[º°\.])?[ -](?:(?:de|of) )?{any_month},?[ -](?:del? )?([12][0-9]{{3}})(?-u:\b)"
            )),
            date: |found, _| named(&found[3], &found[2], &found[1]),
        },
        Pattern {
            may_match: has_letter,
            regex: regex(&format!(
                r"(?i)(?-u:\b){month} ([0-9]{{1,2}})(?:st|nd|rd|th)?(?:, ?| )([12][0-9]{{3}})(?-u:\b)"
            )),
            date: |found, _| named(&found[3], &found[1], &found[2]),
        },
        // the half of the day behind it is how America tells the time, where the time zone does not say that it is not
        Pattern {
            may_match: has_letter,
            regex: regex(
                r"(?i)(?P<date>([0-9]{1,2})/([0-9]{1,2})/([12][0-9]{3})),? (?:at )?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})? ?[ap]\.?m",
            ),
            date: |found, context| {
                let (first, second, year) = (&found[2], &found[3], &found[4]);
                date(year, first, second).filter(|_| !is_elsewhere(context))
            },
        },
        Pattern {
            may_match: always,
            regex: regex(
                r"(?i)([0-9]{1,2})([./-])([0-9]{1,2})([./-])([12][0-9]{3})|(?-u:\b)(mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? ([0-9]{1,2})/([0-9]{1,2})/([12][0-9]{3})",
            ),
            date: |found, context| {
                if let Some(weekday) = found.get(6) {
                    // `Wed, 03/12/2014`: the weekday tells which is the month
                    let is_it = |day: &Date| {
                        let name = format!("{:?}", day.weekday());
                        name[..3].eq_ignore_ascii_case(weekday.as_str())
                    };
                    return date(&found[9], &found[7], &found[8])
                        .filter(is_it)
                        .or_else(|| date(&found[9], &found[8], &found[7]).filter(is_it));
                }
                (found[2] == found[4]).then_some(())?;
                let (month_first, day_first) = (
                    date(&found[5], &found[1], &found[3]),
                    date(&found[5], &found[3], &found[1]),
                );
                // dots are European; elsewhere only America puts the month first
                if &found[2] != "." && in_america(context) {
                    month_first.or(day_first)
                } else {
                    day_first.or(month_first)
                }
            },
        },
        Pattern {
            may_match: |text| text.contains('月'),
            regex: regex(
                r"([一二三四五六七八九〇零○0O]{4}) ?年 ?([一二三四五六七八九十]{1,2}) ?月 ?([一二三四五六七八九十廿卅]{1,3}) ?[日号]",
            ),
            date: |found, _| {
                let year = found[1]
                    .chars()
                    .try_fold(0, |year, c| Some(year * 10 + i16::from(numeral(c)?)))?;
                Date::new(year, numerals(&found[2])?, numerals(&found[3])?).ok()
            },
        },
        Pattern {
            may_match: |text| text.contains('年'),
            regex: regex(r"([12][0-9]{3})年([0-9]{1,2})-([0-9]{1,2})"),
            date: |found, _| date(&found[1], &found[2], &found[3]),
        },
        // Japan's eras: `令和6年3月28日`, `R6.3.28`
        Pattern {
            may_match: |text| text.contains(['和', '成', 'R', 'H', 'S']),
            regex: regex(
                r"(令和|平成|昭和|(?-u:\b)[RHS]) ?([0-9]{1,2}|元) ?(?:年 ?([0-9]{1,2}) ?月 ?([0-9]{1,2}) ?日?|[./] ?([0-9]{1,2}) ?[./] ?([0-9]{1,2}))",
            ),
            date: |found, _| {
                let (before, years) = match &found[1] {
                    "令和" | "R" => (2018, 99),
                    "平成" | "H" => (1988, 31),
                    _ => (1925, 64),
                };
                let year: i16 = found[2].parse().unwrap_or(1);
                let mut groups = found.iter().skip(3).flatten().map(|m| m.as_str());
                let (month, day) = (groups.next()?.parse().ok()?, groups.next()?.parse().ok()?);
                let of_era = (1..=years).contains(&year);
                of_era.then(|| Date::new(before + year, month, day).ok())?
            },
        },
        // the Republic of China's years, where they are named so or can be no others: `民國113年3月28日`,
        // `發布日期：113-03-28`
        Pattern {
            may_match: |text| text.contains(['民', '年', '期', '時', '时']),
            regex: regex(
                r"(?:(?:民國|民国) ?([0-9]{2,3})|(?-u:\b)(1[0-2][0-9])) ?年 ?([0-9]{1,2}) ?月 ?([0-9]{1,2})(?: ?[日号])?|(?:(?:民國|民国) ?([0-9]{2,3})|(?:日期|時間|时间) ?: ?(1[0-2][0-9])) ?[-./] ?([0-9]{1,2}) ?[-./] ?([0-9]{1,2})",
            ),
            date: |found, _| {
                let mut groups = found.iter().skip(1).flatten().map(|m| m.as_str());
                of_minguo(groups.next()?, groups.next()?, groups.next()?)
            },
        },
    ]
});

/// Names of months by their first letters; short ones that are words of another language in full.
const MONTH: &str = r"(jan|ene|feb|f[ée]v|mar|mär|mrz|maa|apr|abr|avr|may|mai|mei|maggio|jun|juin|giu|jul|juil|lug|aug|ago|ao[uû]|sep|set(?:t?i?embre|embro)|oct|okt|ott|outubro|nov|d[ée][cz]|dic|gennaio|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)\p{L}{0,7}\.?";

/// Whether the time zone is one where the day comes first, time of day or not.
pub(super) fn is_elsewhere(context: &DateContext<'_>) -> bool {
    context.timezone.iana_name().is_some_and(|name| {
        [
            "Europe/",
            "Australia/",
            "Pacific/",
            "Africa/",
            "Indian/",
            "GB",
        ]
        .iter()
        .any(|place| name.starts_with(place))
    })
}

fn has_letter(text: &str) -> bool {
    // names of months begin with an ASCII letter, or with a Russian one
    text.contains(|c: char| c.is_ascii_alphabetic() || ('А'..='я').contains(&c))
}

/// A day of the Republic of China's calendar, whose first year is 1912.
fn of_minguo(year: &str, month: &str, day: &str) -> Option<Date> {
    let year: i16 = year.parse().ok()?;
    Date::new(year + 1911, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `113.03.28`, and nothing else in the text.
pub(super) fn minguo(text: &str, context: &DateContext<'_>) -> Shown {
    static MINGUO: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"^[\[( ]*(1[0-2][0-9])([-./])([01]?[0-9])([-./])([0-3]?[0-9])[\]) ]*$")
    });
    // the shortest is `113.3.2`
    let is_short = (7..=16).contains(&text.len());
    let found = is_short.then(|| MINGUO.captures(text)).flatten();
    let day = found
        .filter(|found| found[2] == found[4])
        .and_then(|found| of_minguo(&found[1], &found[3], &found[5]));
    day.map_or(Shown::Nothing, |day| shown(context, day))
}

/// A day without its time, if something may have been published on it.
fn shown(context: &DateContext<'_>, day: Date) -> Shown {
    context
        .publish(day, None)
        .map_or(Shown::Refused, Shown::Whole)
}

pub(super) fn in_america(context: &DateContext<'_>) -> bool {
    context
        .timezone
        .iana_name()
        .is_some_and(|name| name.starts_with("America/") || name.starts_with("US/"))
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

fn named(year: &str, month: &str, day: &str) -> Option<Date> {
    Date::new(year.parse().ok()?, month_named(month)?, day.parse().ok()?).ok()
}

/// Names of months in the languages of [`MONTH`], by their first letters.
fn month_named(name: &str) -> Option<i8> {
    let name = name
        .to_lowercase()
        .replace('é', "e")
        .replace('û', "u")
        .replace('ä', "a");
    let months: [&[&str]; 12] = [
        &["jan", "ene", "gen", "янв"],
        &["feb", "fev", "фев"],
        &["mar", "mrz", "maa", "мар"],
        &["apr", "abr", "avr", "апр"],
        &["may", "mai", "mei", "mag", "май", "мая"],
        &["jun", "juin", "giu", "июн"],
        &["jul", "juil", "lug", "июл"],
        &["aug", "ago", "aou", "авг"],
        &["sep", "set", "сен"],
        &["oct", "okt", "ott", "out", "окт"],
        &["nov", "ноя"],
        &["dec", "dez", "dic", "дек"],
    ];
    let index = months
        .iter()
        .position(|starts| starts.iter().any(|start| name.starts_with(start)))?;
    i8::try_from(index + 1).ok()
}

fn numeral(c: char) -> Option<i8> {
    const DIGITS: &str = "〇一二三四五六七八九";
    match c {
        '零' | '○' | '0' | 'O' => Some(0),
        c => DIGITS
            .chars()
            .position(|d| d == c)
            .and_then(|n| i8::try_from(n).ok()),
    }
}

/// `二`, `十`, `十二`, `二十`, `二十四`, `廿四`, `三十一`.
fn numerals(text: &str) -> Option<i8> {
    let text = text.replace('廿', "二十").replace('卅', "三十");
    match text.split_once('十') {
        None => numeral(single(&text)?),
        Some((tens, ones)) => {
            let tens = if tens.is_empty() {
                1
            } else {
                numeral(single(tens)?)?
            };
            let ones = if ones.is_empty() {
                0
            } else {
                numeral(single(ones)?)?
            };
            Some(tens * 10 + ones)
        }
    }
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The time of day right behind a date, with its offset if there is one.
fn clock(rest: &str) -> Option<(Time, Option<Offset>)> {
    static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?ix)^(?:t|[\ ,\])|]|at|um|à|uhr|\(?(?:星期|周|礼拜)[一二三四五六日天]\)?){0,8}-?\ {0,4}(上午|下午|晚上|中午|凌晨)?\ ?
            ([0-2]?[0-9])(?:\ ?:\ ?|[时時点h])\ ?([0-5][0-9])m?(?:\ ?[:分]\ ?([0-5][0-9])(?:\.[0-9]{1,9})?)?[分秒]?
            \ ?(am|pm|a\.m\.|p\.m\.)?\ ?(z|utc|gmt|[+-][0-2][0-9]:?[0-5][0-9])?",
        )
    });
    let found = CLOCK.captures(rest)?;
    let half = |n| found.get(n).map(|m| m.as_str().to_lowercase());
    let afternoon = half(1).is_some_and(|word| matches!(word.as_str(), "下午" | "晚上"))
        || half(5).is_some_and(|m| m.starts_with('p'));
    let mut hour: i8 = found[2].parse().ok()?;
    match hour {
        1..=11 if afternoon => hour += 12,
        12 if half(5).is_some_and(|m| m.starts_with('a')) => hour = 0,
        _ => {}
    }
    let seconds = found
        .get(4)
        .and_then(|m| m.as_str().parse().ok())
        .unwrap_or(0);
    let time = Time::new(hour, found[3].parse().ok()?, seconds, 0).ok()?;
    Some((time, found.get(6).and_then(|m| offset(m.as_str()))))
}

fn offset(text: &str) -> Option<Offset> {
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some(Offset::UTC);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let number: i32 = digits.parse().ok()?;
    let seconds = number / 100 * 3600 + number % 100 * 60;
    Offset::from_seconds(if text.starts_with('-') {
        -seconds
    } else {
        seconds
    })
    .ok()
}

/// A day apart from its year and month, or a year apart from its month and day; nothing else in the text.
pub(super) fn split(text: &str, context: &DateContext<'_>) -> Shown {
    static SPLIT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?x)^[\[\(\ ]*(?:
            ([0-3]?[0-9])[\ 日]*([12][0-9]{3})\ ?[-./年]\ ?([01]?[0-9])月?
            |([12][0-9]{3})\ ?[-./年]\ ?([01]?[0-9])\ ?月?\ +([0-3]?[0-9])日?
            |([12][0-9]{3})([01][0-9])\ ?[-./]\ ?([0-3][0-9])
            |([01]?[0-9])\ ?[-./月]\ ?([0-3]?[0-9])日?\ +([12][0-9]{3})年?
            |([12][0-9]{3})年?\ +([01]?[0-9])\ ?[-./月]\ ?([0-3]?[0-9])日?
            )[\]\)\ ]*$",
        )
    });
    let day = SPLIT.captures(text).and_then(|found| {
        let mut groups = found.iter().enumerate().skip(1);
        let (first, _) = groups.find(|(_, m)| m.is_some())?;
        let (year, month, day) = match first {
            1 => (2, 3, 1),
            10 => (12, 10, 11),
            n => (n, n + 1, n + 2),
        };
        date(&found[year], &found[month], &found[day])
    });
    day.map_or(Shown::Nothing, |day| shown(context, day))
}

/// A month and a day alone, at the text's beginning or apart from other digits.
pub(super) fn month_day(text: &str) -> Option<MonthDay> {
    static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"([01]?[0-9]) ?(?:月 ?([0-3]?[0-9]) ?[日号]|- ?([0-3]?[0-9])|/([0-3][0-9])|\.([0-3][0-9]))",
        )
    });
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?-u:\b)(?:([0-3]?[0-9])\.? )?(jan|feb|fév|mar|mär|apr|avr|may|mai|jun|juin|jul|juil|aug|août|sep|oct|okt|nov|dec|dez|déc)[a-zéû]{0,6}\.?(?: ([0-3]?[0-9])(?-u:\b))?(?P<year>,? (?:19|20)[0-9]{2})?",
        )
    });
    for found in NUMBERS.captures_iter(text) {
        let all = found.get(0).expect("group 0 is the match");
        let day = found.iter().skip(2).flatten().next()?.as_str();
        // `12.03.24` has a year, of two digits
        let mut rest = text[all.end()..].chars();
        let goes_on = rest.next() == Some('.') && rest.next().is_some_and(|c| c.is_ascii_digit());
        if stands_alone(text, all.start(), all.end())
            && !goes_on
            && let Some((month, day)) = valid(found[1].parse().ok()?, day.parse().ok()?)
        {
            let time = clock(&text[all.end()..]).map(|(time, _)| time);
            return Some(MonthDay { month, day, time });
        }
    }
    let found = NAMES.captures(text)?;
    // a year that could not be read is no leave for another
    if found.name("year").is_some() {
        return None;
    }
    let day = found
        .get(1)
        .or_else(|| found.get(3))?
        .as_str()
        .parse()
        .ok()?;
    let (month, day) = valid(month_named(&found[2])?, day)?;
    Some(MonthDay {
        month,
        day,
        time: None,
    })
}

/// There is such a day, in a leap year at least.
fn valid(month: i8, day: i8) -> Option<(i8, i8)> {
    Date::new(2024, month, day).ok().map(|_| (month, day))
}

/// `20240224`, `20240224093000`.
pub(super) fn compact(text: &str, context: &DateContext<'_>) -> Option<super::Published> {
    let text = text.trim();
    if !matches!(text.len(), 8 | 12 | 14) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let day = date(&text[..4], &text[4..6], &text[6..8])?;
    let time = (text.len() > 8).then(|| {
        let seconds = text.get(12..14).and_then(|s| s.parse().ok()).unwrap_or(0);
        Time::new(
            text[8..10].parse().ok()?,
            text[10..12].parse().ok()?,
            seconds,
            0,
        )
        .ok()
    });
    context.publish(day, time.flatten().map(|time| (time, None)))
}

/// The last date in an address. `20240224` may go on as a time of day to the second and milliseconds: editors'
/// systems name files so.
pub(super) fn address(path: &str, context: &DateContext<'_>) -> Option<Date> {
    static IN_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?x)((?:19|20)[0-9]{2})(?:
            ([01][0-9])([0-3][0-9])(?:[0-2][0-9][0-5][0-9][0-5][0-9](?:[0-9]{3})?)?
            |[-/_]([01]?[0-9])[-/_]?([0-3][0-9])
            |[-/_]([01]?[0-9])[-/_]([0-3]?[0-9])
            |([01][0-9])[-/_]([0-3][0-9])
            )",
        )
    });
    let stands_alone = |start: usize, end: usize| {
        !path[..start].ends_with(|c: char| c.is_ascii_digit())
            && !path[end..].starts_with(|c: char| c.is_ascii_digit())
    };
    IN_ADDRESS
        .captures_iter(path)
        .filter_map(|found| {
            let all = found.get(0).expect("group 0 is the match");
            let mut groups = found.iter().skip(1).flatten().map(|m| m.as_str());
            let day = date(groups.next()?, groups.next()?, groups.next()?)?;
            (stands_alone(all.start(), all.end()) && context.accepts(day)).then_some(day)
        })
        .last()
}
