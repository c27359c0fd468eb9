//! What is said of a date that a row shows: that it is the day of publishing, or another's.
//!
//! In: a short text with the date, or a label beside or above it. Out: [`Says`].

use super::{
    dated::{is_fact_line, looks_dated},
    dates::Says,
};
use crate::page::text::is_space;

/// Words that name the day of publishing.
const PUBLISHING: [&str; 21] = [
    "发布",
    "發布",
    "发表",
    "刊登",
    "刊发",
    "登载",
    "发文",
    "公布",
    "公告日期",
    "公開日",
    "掲載",
    "등록일",
    "작성일",
    "posted",
    "published",
    "publi\u{e9} le",
    "publication",
    "ver\u{f6}ffentlicht",
    "publicado",
    "pubblicato",
    "опубликовано",
];

/// Words that name another day.
const OTHER_DAYS: [&str; 37] = [
    "截止",
    "截至",
    "更新",
    "修改",
    "报名",
    "報名",
    "讲座",
    "講座",
    "活动",
    "活動",
    "举办",
    "舉辦",
    "举行",
    "会议",
    "開催",
    "开始",
    "结束",
    "有效",
    "起止",
    "到期",
    "成文",
    "施行",
    "实施",
    "考试",
    "締切",
    "更新日",
    "마감",
    "deadline",
    "closing",
    "closes",
    "updated",
    "modified",
    "due",
    "expires",
    "event",
    "starts",
    "ends",
];

fn holds_word(text: &str, word: &str) -> Option<usize> {
    let at = text.find(word)?;
    // `due` is no part of `residue`
    let stands_alone = !word.is_ascii()
        || !text[..at].ends_with(|c: char| c.is_ascii_alphabetic())
            && !text[at + word.len()..].starts_with(|c: char| c.is_ascii_alphabetic());
    stands_alone.then_some(at + word.len())
}

/// What a short text says behind the word that names the day of publishing: `：2024-03-28` of `截止：2024-06-30 发布：2024-03-28`.
pub(super) fn behind_publishing(text: &str) -> Option<&str> {
    let lower = text.to_lowercase();
    let end = PUBLISHING
        .iter()
        .find_map(|word| holds_word(&lower, word))?;
    // small letters may be longer
    let rest = text.get(end..).filter(|_| lower.len() == text.len())?;
    (!is_sentence(text)).then_some(rest)
}

/// What a short text with a date says of it.
pub(super) fn said_of_date(text: &str) -> Says {
    // most dates stand alone, and no word is looked for
    let is_word = |c: char| c.is_alphabetic() && !matches!(c, '年' | '月' | '日' | 'T' | 'Z');
    if !text.contains(is_word) {
        return Says::Nothing;
    }
    let lower = text.to_lowercase();
    let names = |words: &[&str]| words.iter().any(|word| holds_word(&lower, word).is_some());
    if is_sentence(text) {
        Says::Sentence
    } else if names(&PUBLISHING) {
        Says::Published
    } else if names(&OTHER_DAYS) {
        Says::Other
    } else {
        Says::Nothing
    }
}

/// What a text that is but a label says of the date behind or below it: `发布时间：`, `截止日期`.
pub(super) fn label_alone(text: &str) -> Says {
    const MOST_BYTES: usize = 48;
    const MOST_CHARS: usize = 20;
    if text.len() > MOST_BYTES || text.chars().count() > MOST_CHARS {
        return Says::Nothing;
    }
    let lower = text.trim().to_lowercase();
    let ends = [
        ":", "：", "日期", "时间", "時間", "日", "date", "截止", "更新", "deadline",
    ];
    if !ends.iter().any(|end| lower.ends_with(end)) {
        return Says::Nothing;
    }
    let names = |words: &[&str]| words.iter().any(|word| holds_word(&lower, word).is_some());
    if names(&PUBLISHING) {
        Says::Published
    } else if names(&OTHER_DAYS) {
        Says::Other
    } else {
        Says::Nothing
    }
}

/// Whether a text with a date is part of a sentence, as a lead's is.
fn is_sentence(text: &str) -> bool {
    const LEAST_CHARS: usize = 16;
    const LEAST_WORDS: usize = 7;
    if looks_dated(text) || is_fact_line(text) {
        return false;
    }
    let mut spaces = 0;
    let (mut chars, mut marks) = (0, 0);
    for c in text.chars() {
        chars += usize::from(!is_space(c));
        spaces += usize::from(c == ' ');
        marks += usize::from(matches!(c, '，' | '。' | '；' | '！' | '？' | '“'));
    }
    let ends = text.ends_with(['.', '…', '!', '?']);
    chars >= LEAST_CHARS && (marks > 0 || ends && spaces + 1 >= LEAST_WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_by_what_is_said_of_them() {
        for (text, says) in [
            ("2024-03-28", Says::Nothing),
            ("Published on March 28, 2024", Says::Published),
            ("2024-03-28 发布于本站", Says::Published),
            ("更新：2024-03-28", Says::Other),
            ("报名截止：2024年6月30日", Says::Other),
            ("residue of 2024-03-28", Says::Nothing),
            ("2023年5月1日，学校召开会议，部署工作", Says::Sentence),
        ] {
            assert_eq!(said_of_date(text), says, "{text}");
        }
        for (text, says) in [
            ("发布时间：", Says::Published),
            ("截止日期", Says::Other),
            ("标题", Says::Nothing),
            ("关于发布考试日期安排的通知以及报名的办法", Says::Nothing),
        ] {
            assert_eq!(label_alone(text), says, "{text}");
        }
        let rest = behind_publishing("截止：2024-06-30 发布：2024-03-28");
        assert_eq!(rest, Some("：2024-03-28"));
    }
}
