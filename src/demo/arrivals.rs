//! Further notices without end: what the departments publish while the demo runs.
//!
//! In: the how-manieth it is, and when. Out: which department publishes it, and the notice. The same numbers give the same
//! notice. Each has a first paragraph of its own topic and two of a common stock, chosen so that notices of
//! one topic share none of those for the first 250: no two then read as one story.

use std::sync::LazyLock;

use jiff::{Timestamp, tz::Offset};
use serde::Deserialize;

use super::{
    Department,
    notice::{Block, Content, Notice},
};

/// Where the departments are at home.
pub(super) const OFFSET: Offset = Offset::constant(8);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stock {
    places: Vec<String>,
    schools: Vec<String>,
    jyt: Vec<Topic>,
    jyj: Vec<Topic>,
    jwc: Vec<Topic>,
    paragraphs: Vec<Paragraph>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    title: String,
    lead: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paragraph {
    text: String,
}

static STOCK: LazyLock<Stock> = LazyLock::new(|| {
    toml::from_str(include_str!("articles/arrivals.toml"))
        .expect("the file is part of the program, and a test reads it")
});

/// The notice that is published after `index` others.
pub(super) fn notice(index: usize, at: Timestamp) -> (Department, Notice) {
    let stock = &*STOCK;
    let department = Department::all()[index % 3];
    let turn = index / 3;
    let (topics, first_number, editor) = match department {
        Department::Province => (&stock.jyt, 3560, "办公室"),
        Department::City => (&stock.jyj, 1310, "青岚教育"),
        Department::University => (&stock.jwc, 52_440, "教务处"),
    };
    let topic = &topics[turn % topics.len()];
    let words = Words::new(stock, index, turn / topics.len() + 1);
    let paragraphs = [
        topic.lead.as_str(),
        &stock.paragraphs[pair(index, stock.paragraphs.len()).0].text,
        &stock.paragraphs[pair(index, stock.paragraphs.len()).1].text,
    ];
    let notice = Notice {
        number: first_number + 3 * u32::try_from(turn).unwrap_or(u32::MAX / 4),
        title: words.fill(&topic.title),
        list_title: None,
        // to the minute, as the sites show it, and therefore never after `at`
        date: OFFSET
            .to_datetime(at)
            .with()
            .second(0)
            .subsec_nanosecond(0)
            .build()
            .unwrap_or_else(|_| OFFSET.to_datetime(at)),
        origin: None,
        author: None,
        editor: editor.to_owned(),
        pinned: false,
        content: Content::Text(
            paragraphs
                .iter()
                .map(|text| Block::Paragraph(words.fill(text)))
                .collect(),
        ),
    };
    (department, notice)
}

/// Two different places in a stock of `len`. Tried out for 23 paragraphs and topics that come back every 36 notices.
fn pair(index: usize, len: usize) -> (usize, usize) {
    let first = index * 7 % len;
    let gap = 1 + index / len * 2 % (len - 1);
    (first, (first + gap) % len)
}

/// What stands in for the names in braces.
struct Words<'a> {
    round: String,
    place: &'a str,
    school: &'a str,
    count: String,
}

impl<'a> Words<'a> {
    fn new(stock: &'a Stock, index: usize, round: usize) -> Self {
        Self {
            round: round.to_string(),
            place: &stock.places[index * 5 % stock.places.len()],
            school: &stock.schools[index * 4 % stock.schools.len()],
            // three digits that wander, as counts in bulletins do
            count: (120 + index * 37 % 780).to_string(),
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{n}", &self.round)
            .replace("{place}", self.place)
            .replace("{school}", self.school)
            .replace("{count}", &self.count)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn at() -> Timestamp {
        "2026-06-01T02:03:04Z".parse().unwrap()
    }

    #[test]
    fn they_go_round_and_never_repeat_a_title_or_number() {
        let mut seen = HashSet::new();
        for index in 0..600 {
            let (department, notice) = notice(index, at());
            assert_eq!(department.index(), index % 3);
            assert!(!notice.title.contains(['{', '}']), "{}", notice.title);
            assert!(seen.insert((department, notice.title.clone())));
            assert!(seen.insert((department, notice.number.to_string())));
        }
    }

    #[test]
    fn a_date_is_the_minute_at_the_department() {
        let (_, notice) = notice(0, at());
        assert_eq!(notice.date.to_string(), "2026-06-01T10:03:00");
    }

    #[test]
    fn no_two_read_as_one_story() {
        let texts: Vec<HashSet<Vec<char>>> = (0..250)
            .map(|index| shingles(&text(&notice(index, at()).1)))
            .collect();
        for (i, one) in texts.iter().enumerate() {
            for (j, other) in texts.iter().enumerate().skip(i + 1) {
                let common = one.intersection(other).count();
                let all = one.len() + other.len() - common;
                assert!(common * 2 < all, "{i} and {j}: {common} of {all}");
            }
        }
    }

    fn text(notice: &Notice) -> String {
        let paragraph = |block: &Block| match block {
            Block::Paragraph(text) => text.clone(),
            _ => String::new(),
        };
        notice.blocks().iter().map(paragraph).collect()
    }

    fn shingles(text: &str) -> HashSet<Vec<char>> {
        let chars: Vec<char> = text.chars().collect();
        chars.windows(5).map(<[char]>::to_vec).collect()
    }
}
