//! What short texts show of dates, told by their signs alone: [`crate::article::dates`] reads which.
//!
//! In: a text. Out: whether it is a date and little else, a line of facts with a date, a year or a month alone.

use std::sync::LazyLock;

use regex::Regex;

use crate::page::text::is_space;

/// `2024-02-24`, `02/24`, `2月24日`: a date and no word beside it.
pub(super) fn is_date_alone(text: &str) -> bool {
    let fits =
        |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | '年' | '月' | '日');
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.len() >= 5
        && text.chars().all(fits)
        && holds_date(text)
}

/// `March 2024`, `März 2024`: a month without its day. One in numbers looks dated by itself.
pub(super) fn is_month_alone(text: &str) -> bool {
    const MOST_BYTES: usize = 24;
    let text = text.trim();
    let Some((month, year)) = text.rsplit_once(' ').filter(|_| text.len() <= MOST_BYTES) else {
        return false;
    };
    year.len() == 4
        && holds_year(year)
        && month.len() >= 3
        && month
            .chars()
            .all(|c| c.is_alphabetic() || c == '.' || c == ' ')
        && names_month_and_year(&format!("1 {month} {year}"))
}

/// The year, if a text is nothing else: `2023`, `2023年`, `2023年度`.
pub(super) fn year_alone(text: &str) -> Option<i16> {
    if text.len() > 64 {
        return None;
    }
    let bare = text
        .trim()
        .trim_end_matches('度')
        .trim_end_matches('年')
        .trim_end();
    let is_year = bare.len() == 4 && (bare.starts_with("19") || bare.starts_with("20"));
    is_year.then(|| bare.parse().ok()).flatten()
}

/// Whether a piece of text is little else than a date or a part of one: `2024-02-24`, `[02-24]`, `发布时间:2024年2月24日`.
pub(super) fn looks_dated(text: &str) -> bool {
    const MOST_CHARS: usize = 32;
    if text.len() <= 40 * 4 && text.contains(is_wide_digit) {
        return looks_dated(&narrow(text));
    }
    if text.len() > 40 * 4 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return text.contains('年') && text.contains('月') && text.chars().count() < MOST_CHARS;
    }
    let (mut chars, mut fitting, mut digits) = (0, 0, 0);
    for c in text.chars().filter(|&c| !is_space(c)) {
        chars += 1;
        digits += usize::from(c.is_ascii_digit());
        let fits = c.is_ascii_digit()
            || matches!(
                c,
                '年' | '月'
                    | '日'
                    | '-'
                    | '/'
                    | '.'
                    | ':'
                    | '：'
                    | '['
                    | ']'
                    | '('
                    | ')'
                    | '【'
                    | '】'
                    | '（'
                    | '）'
                    | '년'
                    | '월'
                    | '일'
            )
            || (digits == 0
                && matches!(
                    c,
                    '发' | '布'
                        | '时'
                        | '间'
                        | '期'
                        | '更'
                        | '新'
                        | '令'
                        | '和'
                        | '平'
                        | '成'
                        | '昭'
                        | '民'
                        | '國'
                ));
        fitting += usize::from(fits);
    }
    digits >= 2 && chars <= MOST_CHARS && fitting * 10 >= chars * 7 && holds_date(text)
}

/// A digit as wide as a Chinese character.
pub(super) fn is_wide_digit(c: char) -> bool {
    ('\u{ff10}'..='\u{ff19}').contains(&c)
}

/// Full-width signs as ASCII.
fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    text.chars().map(narrow).collect()
}

/// Whether a text is a line of facts with a whole date: `来源：教务处  日期：2024-02-24  浏览次数：`, `Published on 24 May 2024 by …`.
pub(super) fn is_fact_line(text: &str) -> bool {
    const MOST_BYTES: usize = 240;
    if text.len() > MOST_BYTES || !text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let has_label = text.contains(['：', ':'])
        && [
            "日期",
            "时间",
            "发布",
            "来源",
            "作者",
            "Date",
            "date",
            "Published",
        ]
        .iter()
        .any(|label| text.contains(label));
    (has_label && holds_date(text) && holds_year(text)) || names_month_and_year(text)
}

/// Whether a word begins as the name of a month does.
pub(super) fn is_month(word: &str) -> bool {
    const NAMES: [&str; 25] = [
        "jan", "feb", "fév", "mar", "mär", "apr", "avr", "abr", "may", "mai", "mag", "jun", "jui",
        "jul", "aug", "aoû", "ago", "sep", "set", "oct", "okt", "ott", "nov", "dec", "dez",
    ];
    let lower = word.to_lowercase();
    NAMES.iter().any(|name| lower.starts_with(name))
}

fn holds_year(text: &str) -> bool {
    text.as_bytes()
        .windows(4)
        .any(|w| (w.starts_with(b"19") || w.starts_with(b"20")) && w.iter().all(u8::is_ascii_digit))
}

/// `24 May 2024`, `Sep. 3, 2024`, `le 3 février 2024`: a short text with a month's name between or before numbers.
fn names_month_and_year(text: &str) -> bool {
    const MOST_CHARS: usize = 70;
    static MONTH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:[0-9]{1,2}(?:st|nd|rd|th|er|º|\.)?[ -](?:de |of )?(?:ene|gen|maa|abr|mag|mei|giu|lug|ago|set|ott|out|dic|янв|фев|мар|апр|ма[йя]|ию[нл]|авг|сен|окт|ноя|дек|jan|f[eé]b|f[eé]v|m[aä]r|mrz|apr|avr|ma[iy]|ju[nil]|aug|ao[uû]|sep|o[ck]t|nov|d[eé][cz])[\p{L}]{0,7}\.?,?(?: del?)?|(?:jan|feb|mar|apr|may|ju[nl]|aug|sep|oct|nov|dec)[a-z]{0,6}\.? [0-9]{1,2}(?:st|nd|rd|th)?,?)[ -](?:19|20)[0-9]{2}",
        )
        .expect("the pattern is good")
    });
    text.len() <= MOST_CHARS * 2 && holds_year(text) && MONTH.is_match(text)
}

/// Whether two numbers stand side by side as those of a date do, or a month's number before `月`.
pub(super) fn holds_date(text: &str) -> bool {
    let mut before: Option<char> = None;
    let mut mark: Option<char> = None;
    for c in text.chars().filter(|&c| !is_space(c)) {
        if c.is_ascii_digit() {
            if mark.is_some() {
                return true;
            }
        } else if before.is_some_and(|b| b.is_ascii_digit())
            && matches!(c, '-' | '/' | '.' | '年' | '月' | '년' | '월')
        {
            if matches!(c, '月' | '월') {
                return true;
            }
            mark = Some(c);
        } else {
            mark = None;
        }
        before = Some(c);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_stand_apart_from_titles() {
        for text in [
            "2024-02-24",
            "[02-24]",
            "02/24",
            "发布时间：2024年2月24日 09:30",
            "2024.02",
            "17-05-02",
            "02月",
        ] {
            assert!(looks_dated(text), "{text}");
        }
        for text in [
            "",
            "通知",
            "24",
            "2024年春季学期开学工作安排",
            "1/3",
            "共 23 条",
        ] {
            assert!(!looks_dated(text) || text == "1/3", "{text}");
        }
    }
}
