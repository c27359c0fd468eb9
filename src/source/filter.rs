//! Which articles are shown: regular expressions on title and text.
//!
//! An article is shown where one of `include` is found in its title or its text, or `include` is empty, and none of
//! `exclude` is. Matching takes a time linear in the text, whatever the expression (the regex crate's promise), and an
//! expression that would grow large when compiled is refused.

use std::hash::{Hash, Hasher};

use regex::{Regex, RegexBuilder};

use crate::article::Article;

/// The most bytes that one expression may take when compiled.
const COMPILED_BYTES: usize = 256 << 10;
/// The longest expression, in bytes.
const LONGEST: usize = 1_000;

/// A checked regular expression. Two are equal where their texts are.
#[derive(Clone, Debug)]
pub struct Expression(Regex);

/// Why a text is no [`Expression`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidExpression {
    /// It is longer than 1,000 bytes.
    #[error("it is longer than {LONGEST} bytes")]
    Long,
    /// It would take more than 256 KiB when compiled.
    #[error("it is too large when compiled; repeat less")]
    Large,
    /// It cannot be parsed; in words, on one line.
    #[error("{0}")]
    Syntax(String),
}

impl Expression {
    /// Checks a text.
    ///
    /// # Errors
    /// It is no regular expression, or too large a one.
    pub fn parse(text: &str) -> Result<Self, InvalidExpression> {
        if text.len() > LONGEST {
            return Err(InvalidExpression::Long);
        }
        let built = RegexBuilder::new(text)
            .size_limit(COMPILED_BYTES)
            .dfa_size_limit(4 * COMPILED_BYTES)
            .build();
        built.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => InvalidExpression::Large,
            error => InvalidExpression::Syntax(last_line(&error.to_string())),
        })
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn finds(&self, article: &Article) -> bool {
        self.0.is_match(&article.title) || self.0.is_match(&article.body_text)
    }
}

/// The library draws a picture of several lines; its last one says what is wrong.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default().trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Expression {}

impl Hash for Expression {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// `[source.filter]`, or the filter of one asking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// One of these must be found.
    pub include: Vec<Expression>,
    /// None of these may be.
    pub exclude: Vec<Expression>,
}

impl Filter {
    /// Whether it shows everything.
    pub fn is_open(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether an article is shown.
    pub fn shows(&self, article: &Article) -> bool {
        let finds = |expression: &Expression| expression.finds(article);
        (self.include.is_empty() || self.include.iter().any(finds))
            && !self.exclude.iter().any(finds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_that_is_wrong_or_large_says_why() {
        let wrong = |text: &str| Expression::parse(text).unwrap_err().to_string();
        assert_eq!(wrong("(招生"), "unclosed group");
        assert_eq!(
            wrong(r"\d{5000}"),
            "it is too large when compiled; repeat less"
        );
        assert_eq!(wrong(&"x".repeat(1_001)), "it is longer than 1000 bytes");
        assert_eq!(
            wrong("a{3,1}"),
            "invalid repetition count range, the start must be <= the end"
        );
        assert!(Expression::parse(r"^\[转载\]").is_ok());
    }
}
