//! Whether two articles of different sources tell one story, and which one speaks for a story.
//!
//! In: titles, texts, dates, fingerprints. Out: a decision. Wrongly apart costs a reader a second look; wrongly
//! together hides an announcement, so every doubt says apart. What merges most wrongly in the wild is the same form
//! letter for another year, batch or school: their texts are 57 to 98 % alike. Numbers and names of the title decide
//! there.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    fingerprint::{Fingerprint, normalise},
    titles::{self, Numbers},
};

/// Likeness from which on texts are one.
pub const ALIKE: f32 = 0.6;
/// Likeness from which on the sentences are looked at.
pub const DOUBTFUL: f32 = 0.45;
/// Republished within so many days.
pub const DAYS: i32 = 60;
/// An original publisher seen this much later than the first teller no longer takes the floor: readers have seen the
/// story by then, and would see it again.
pub const FLOOR_SECONDS: i64 = 3600;

/// Among which sources republished articles are shown as one: `[dedup] across`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Across {
    /// All.
    #[default]
    All,
    /// Those that share a group.
    Group,
    /// None: each article stands for itself.
    Off,
}

/// An article as far as stories go.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The title.
    pub title: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The day of publishing, or else the day of being seen first.
    pub day: Date,
    /// Of the text; none where that is short.
    pub fingerprint: Option<&'a Fingerprint>,
}

/// The day that stands for an article: as published, else as seen first (UTC).
pub fn day(article: &crate::article::Article) -> Date {
    article.published.map_or_else(
        || article.first_seen.to_zoned_datetime(TimeZone::UTC).date(),
        crate::article::dates::Published::day,
    )
}

/// Whether two articles of different sources tell one story.
pub fn one_story(a: &Told<'_>, b: &Told<'_>) -> bool {
    near(a.day, b.day)
        && match (a.fingerprint, b.fingerprint) {
            (Some(x), Some(y)) => {
                let likeness = x.likeness(y);
                likeness >= DOUBTFUL
                    && titles_agree(a, b)
                    && (likeness >= ALIKE || half_of_the_sentences(a.text, b.text))
            }
            (None, None) => same_short_text(a, b),
            _ => false,
        }
}

fn near(a: Date, b: Date) -> bool {
    a.duration_since(b).as_hours().abs() <= i64::from(DAYS) * 24
}

fn same_short_text(a: &Told<'_>, b: &Told<'_>) -> bool {
    let text = normalise(a.text);
    !text.is_empty() && text == normalise(b.text) && titles::bare(a.title) == titles::bare(b.title)
}

fn titles_agree(a: &Told<'_>, b: &Told<'_>) -> bool {
    if !Numbers::of(a.title).agree(&Numbers::of(b.title)) {
        return false;
    }
    let (title_a, title_b) = (titles::bare(a.title), titles::bare(b.title));
    match titles::swapped(&title_a, &title_b) {
        // a name, and not a slip of the pen, where each text knows its own word alone
        Some((word_a, word_b)) => {
            let (text_a, text_b) = (normalise(a.text), normalise(b.text));
            let foreign =
                |word: &str, own: &str, other: &str| own.contains(word) && !other.contains(word);
            !(foreign(word_a, &text_a, &text_b) && foreign(word_b, &text_b, &text_a))
        }
        None => true,
    }
}

/// Half of the shorter text's sentences are in the other.
fn half_of_the_sentences(a: &str, b: &str) -> bool {
    let (a, b) = (sentences(a), sentences(b));
    let shorter = a.len().min(b.len());
    shorter > 0 && a.intersection(&b).count() * 2 >= shorter
}

fn sentences(text: &str) -> HashSet<String> {
    text.split(['。', '!', '?', '!', '?', ';', ';', '\n'])
        .map(normalise)
        .filter(|sentence| sentence.chars().count() >= 12)
        .collect()
}

/// One of a story's articles, as far as speaking goes.
#[derive(Clone, Debug)]
pub struct Teller<'a> {
    /// When it was first listed.
    pub first_seen: Timestamp,
    /// Whether it is gone from its site.
    pub withdrawn: bool,
    /// The original publisher that it names.
    pub origin: Option<&'a str>,
    /// Its address' host.
    pub host: &'a str,
    /// What its source is called: titles, as configured and as learnt.
    pub names: &'a [String],
}

/// Which of the tellers, given in the order in which they were seen, speaks: the original publisher that one of them
/// names, if it was seen early enough; else the first. None only where there is no teller.
pub fn speaker(tellers: &[Teller<'_>]) -> Option<usize> {
    let present: Vec<usize> = (0..tellers.len())
        .filter(|i| !tellers[*i].withdrawn)
        .collect();
    let first = *present
        .first()
        .or(if tellers.is_empty() { None } else { Some(&0) })?;
    let early = |i: usize| {
        tellers[i].first_seen.as_second() - tellers[first].first_seen.as_second() <= FLOOR_SECONDS
    };
    let original = present
        .iter()
        .copied()
        .filter(|i| early(*i))
        .map(|i| (named(tellers, i), i))
        .filter(|(weight, _)| *weight > 0)
        // the longest match; among equals the first seen
        .max_by_key(|(weight, i)| (*weight, std::cmp::Reverse(*i)));
    Some(original.map_or(first, |(_, i)| i))
}

/// By how many characters the tellers' origins name this one's source.
fn named(tellers: &[Teller<'_>], i: usize) -> usize {
    let teller = &tellers[i];
    tellers
        .iter()
        .filter_map(|other| other.origin)
        .map(|origin| {
            let by_host = if origin.contains(teller.host) {
                teller.host.len()
            } else {
                0
            };
            let origin = normalise(origin);
            let by_name = teller
                .names
                .iter()
                .map(|name| shared_name(name, &origin))
                .max();
            by_host.max(by_name.unwrap_or(0))
        })
        .max()
        .unwrap_or(0)
}

/// A source's title is often its department's name and its column's, `省教育厅 · 教育要闻`; the origin may say more
/// (`某省教育厅`) or less. Two characters alone (`首页`) name nobody.
fn shared_name(name: &str, origin: &str) -> usize {
    name.split(['·', '|', '-', '—', '_', '–', '>', ':', ':', ' ', '/', '・'])
        .map(normalise)
        .filter(|part| part.chars().count() >= 3 && origin.chars().count() >= 3)
        .filter(|part| origin.contains(part.as_str()) || part.contains(origin))
        .map(|part| part.chars().count().min(origin.chars().count()))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = jiff::civil::date(2026, 3, 1);

    fn body(subject: &str) -> String {
        use std::fmt::Write;
        (0..30).fold(String::new(), |mut text, i| {
            let matter = i * 37;
            let line = format_args!(
                "第{i}条 {subject}应当按照规定办理事项{matter},并于每月{i}日前报送材料。\n"
            );
            text.write_fmt(line).unwrap();
            text
        })
    }

    fn decide(a: (&str, &str, Date), b: (&str, &str, Date)) -> bool {
        let (x, y) = (Fingerprint::of(a.1), Fingerprint::of(b.1));
        let told = |(title, text, day), fingerprint| Told {
            title,
            text,
            day,
            fingerprint,
        };
        one_story(&told(a, x.as_ref()), &told(b, y.as_ref()))
    }

    #[test]
    fn a_republished_notice_is_one_story() {
        let text = body("各高校");
        let republished = format!("各学院:\n现将通知转发如下。\n{text}\n某某大学办公室");
        let title = "关于做好2026年资助工作的通知";
        for prefix in ["", "[转载]", "转发:", "省教育厅"] {
            let title_b = format!("{prefix}{title}");
            assert!(
                decide((title, &text, DAY), (&title_b, &republished, DAY)),
                "{prefix}"
            );
        }
    }

    #[test]
    fn another_year_batch_or_time_is_another_story() {
        let text = body("各高校");
        let title = "关于做好2026年第二批资助工作的通知";
        let later = jiff::civil::date(2026, 5, 10);
        assert!(decide((title, &text, DAY), (title, &text, DAY)));
        assert!(!decide((title, &text, DAY), (title, &text, later)));
        for other in [
            "关于做好2025年第二批资助工作的通知",
            "关于做好2026年第三批资助工作的通知",
        ] {
            assert!(!decide((title, &text, DAY), (other, &text, DAY)), "{other}");
        }
    }

    #[test]
    fn the_same_letter_for_another_school_is_another_story() {
        let (a, b) = (
            format!("甲辰学院:\n{}", body("贵校")),
            format!("乙巳学院:\n{}", body("贵校")),
        );
        let (title_a, title_b) = ("关于同意甲辰学院更名的函", "关于同意乙巳学院更名的函");
        assert!(!decide((title_a, &a, DAY), (title_b, &b, DAY)));
        assert!(
            decide((title_a, &a, DAY), ("关于同意甲晨学院更名的函", &a, DAY)),
            "a slip of the pen"
        );
    }

    #[test]
    fn short_texts_are_one_story_only_when_equal() {
        let (title, text) = ("放假通知", "三月一日放假,二日上课。");
        assert!(decide(
            (title, text, DAY),
            ("[转载]放假通知", "三月一日放假, 二日上课", DAY)
        ));
        assert!(!decide(
            (title, text, DAY),
            (title, "三月一日放假,三日上课。", DAY)
        ));
        assert!(!decide((title, text, DAY), ("补课通知", text, DAY)));
        assert!(
            !decide((title, "", DAY), (title, "", DAY)),
            "nothing is no text"
        );
    }

    fn teller<'a>(
        second: i64,
        origin: Option<&'a str>,
        host: &'a str,
        names: &'a [String],
    ) -> Teller<'a> {
        Teller {
            first_seen: Timestamp::from_second(second).unwrap(),
            withdrawn: false,
            origin,
            host,
            names,
        }
    }

    #[test]
    fn the_named_original_speaks_if_it_came_early_enough() {
        let (school, office) = (
            ["某某大学 - 通知".to_owned()],
            ["省教育厅 · 教育要闻".to_owned()],
        );
        let by_name = Some("某省教育厅");
        let early = [
            teller(0, by_name, "www.u.example", &school),
            teller(60, None, "jyt.example", &office),
        ];
        assert_eq!(speaker(&early), Some(1));
        let late = [
            teller(0, by_name, "www.u.example", &school),
            teller(7200, None, "jyt.example", &office),
        ];
        assert_eq!(speaker(&late), Some(0));
        let by_host = Some("转自 http://jyt.example/a");
        let host = [
            teller(0, by_host, "www.u.example", &[]),
            teller(60, None, "jyt.example", &[]),
        ];
        assert_eq!(speaker(&host), Some(1));
        let nobody = [
            teller(0, Some("人民日报"), "www.u.example", &school),
            teller(60, None, "jyt.example", &office),
        ];
        assert_eq!(speaker(&nobody), Some(0));
        assert_eq!(speaker(&[]), None);
    }

    #[test]
    fn a_withdrawn_article_speaks_only_alone() {
        let mut tellers = vec![
            teller(0, None, "a.example", &[]),
            teller(9, None, "b.example", &[]),
        ];
        tellers[0].withdrawn = true;
        assert_eq!(speaker(&tellers), Some(1));
        tellers[1].withdrawn = true;
        assert_eq!(speaker(&tellers), Some(0));
    }
}
