//! What is asked for: `words "a phrase" -unwanted`.
//!
//! In: what a person typed. Out: phrases that must all occur, and phrases that must not. A word is a phrase, too: of a
//! Chinese word all pairs must occur side by side, so it is found as a part of any longer one.

use std::{fmt, iter::Peekable, ops::Bound, str::Chars};

use tantivy::{
    Term,
    query::{
        AllQuery, BooleanQuery, InvertedIndexRangeQuery, PhrasePrefixQuery, PhraseQuery, Query,
        TermQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::words;

/// A question has so many characters at most.
pub const QUESTION_CHARS: usize = 500;

/// A character stands before so many others at most, for all that matters. tantivy takes memory for each ahead.
const NEIGHBOURS: u32 = 4096;

/// What is searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    wanted: Vec<Phrase>,
    unwanted: Vec<Phrase>,
}

/// Why there is nothing to search for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoQuestion {
    /// Neither a letter nor a digit.
    #[error("there is no word to search for; write at least one letter, digit or character")]
    Empty,
    /// More than [`QUESTION_CHARS`].
    #[error("the question is too long; write {QUESTION_CHARS} characters at most")]
    TooLong,
}

/// Tokens that stand side by side.
#[derive(Clone, PartialEq, Eq)]
struct Phrase {
    tokens: Vec<String>,
    /// The last one is a single character of a run that goes on in the text, or ends there.
    open: bool,
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.open { "*" } else { "" };
        write!(f, "{}{end}", self.tokens.join("+"))
    }
}

impl Question {
    /// Understands what was typed. Nothing but the length and the lack of any word can be wrong with it: a quotation
    /// that is not closed ends with the text.
    ///
    /// # Errors
    /// See [`NoQuestion`].
    pub fn parse(text: &str) -> Result<Self, NoQuestion> {
        if text.chars().count() > QUESTION_CHARS {
            return Err(NoQuestion::TooLong);
        }
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        let mut chars = text.chars().peekable();
        while let Some((minus, part)) = next_part(&mut chars) {
            let side = if minus { &mut unwanted } else { &mut wanted };
            side.extend(Phrase::of(&part));
        }
        if wanted.is_empty() && unwanted.is_empty() {
            return Err(NoQuestion::Empty);
        }
        Ok(Self { wanted, unwanted })
    }

    /// What an article must have.
    pub(super) fn wanted(&self, field: Field) -> Vec<Box<dyn Query>> {
        if self.wanted.is_empty() {
            return vec![Box::new(AllQuery)];
        }
        self.wanted.iter().map(|p| p.query(field)).collect()
    }

    /// What it must not have, one of these; none where there is nothing of that kind. It is asked apart: tantivy 0.27
    /// has an assertion fail where a phrase is excluded.
    pub(super) fn unwanted(&self, field: Field) -> Option<Box<dyn Query>> {
        let phrases: Vec<_> = self.unwanted.iter().map(|p| p.query(field)).collect();
        (!phrases.is_empty()).then(|| -> Box<dyn Query> { Box::new(BooleanQuery::union(phrases)) })
    }
}

/// The next word or quotation, and whether it is unwanted.
fn next_part(chars: &mut Peekable<Chars<'_>>) -> Option<(bool, String)> {
    while chars.next_if(|c| c.is_whitespace()).is_some() {}
    chars.peek()?;
    let minus = chars
        .next_if(|c| matches!(c, '-' | '\u{FF0D}' | '\u{2212}'))
        .is_some();
    let mut part = String::new();
    if let Some(close) = chars.peek().copied().and_then(closing) {
        chars.next();
        // a straight quotation mark closes any
        part.extend(chars.by_ref().take_while(|c| *c != close && *c != '"'));
    } else {
        while let Some(c) = chars.next_if(|c| !c.is_whitespace() && closing(*c).is_none()) {
            part.push(c);
        }
    }
    Some((minus, part))
}

fn closing(open: char) -> Option<char> {
    Some(match open {
        '"' => '"',
        '“' => '”',
        '「' => '」',
        '『' => '』',
        '《' => '》',
        '\u{FF02}' => '\u{FF02}',
        _ => return None,
    })
}

impl Phrase {
    /// None where there is neither a letter nor a digit.
    fn of(text: &str) -> Option<Self> {
        let mut tokens = words::tokens(text);
        let single = |token: &String| {
            let mut chars = token.chars();
            chars.next().is_some_and(words::is_paired) && chars.next().is_none()
        };
        let mut open = tokens.last().is_some_and(single);
        // behind a pair it is that pair's second half, which in the text need not end the run
        if open
            && tokens
                .iter()
                .nth_back(1)
                .is_some_and(|before| is_pair(before))
        {
            tokens.pop();
            open = false;
        }
        (!tokens.is_empty()).then_some(Self { tokens, open })
    }

    fn query(&self, field: Field) -> Box<dyn Query> {
        let term = |token: &String| Term::from_field_text(field, token);
        match (self.tokens.as_slice(), self.open) {
            ([token], false) => Box::new(TermQuery::new(term(token), IndexRecordOption::Basic)),
            ([token], true) => {
                let last = Term::from_field_text(field, &format!("{token}\u{10FFFF}"));
                let bounds = (Bound::Included(term(token)), Bound::Included(last));
                Box::new(InvertedIndexRangeQuery::new(bounds.0, bounds.1))
            }
            (tokens, false) => Box::new(PhraseQuery::new(tokens.iter().map(term).collect())),
            (tokens, true) => {
                let mut query = PhrasePrefixQuery::new(tokens.iter().map(term).collect());
                query.set_max_expansions(NEIGHBOURS);
                Box::new(query)
            }
        }
    }
}

fn is_pair(token: &str) -> bool {
    let mut chars = token.chars();
    chars.all(words::is_paired) && token.chars().count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_what_is_unwanted() {
        let table = [
            ("招生考试", "[招生+生考+考试] []"),
            ("招生 考试", "[招生, 考试] []"),
            ("招生\u{3000}-考试", "[招生] [考试]"),
            ("\"招生 考试\"", "[招生+生+考试] []"),
            ("“招生 考试”通知", "[招生+生+考试, 通知] []"),
            ("《通知》 －\"转 载\"", "[通知] [转+载*]"),
            ("招", "[招*] []"),
            ("A类", "[a+类*] []"),
            ("2026年", "[2026+年*] []"),
            ("covid-19", "[covid+19] []"),
            ("-only", "[] [only]"),
            ("open \"to the end", "[open, to+the+end] []"),
            ("招生\"\"-", "[招生] []"),
            ("\"a\"\"b\"", "[a, b] []"),
        ];
        for (text, expected) in table {
            let question = Question::parse(text).unwrap();
            let got = format!("{:?} {:?}", question.wanted, question.unwanted);
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn nothing_to_search_for_is_said() {
        for text in ["", "  ", "\"\"", "-", "，。!", "- -"] {
            assert_eq!(Question::parse(text), Err(NoQuestion::Empty), "{text:?}");
        }
        let long = |n| "招".repeat(n);
        assert_eq!(Question::parse(&long(501)), Err(NoQuestion::TooLong));
        assert!(Question::parse(&long(500)).is_ok());
    }
}
