//! What a text is found by: its words, and of scripts that are written without spaces every two neighbours.
//!
//! In: a text, of an article or of a query. Out: tokens with positions. A run of Chinese, Japanese or Korean gives its
//! overlapping pairs and, at its end, its last character alone (so that each character of a text begins exactly one
//! token, and is found by that); a run of other letters and digits is one word in lower case, full-width forms as
//! ASCII. Whatever else stands between runs leaves no trace, so a phrase is found across a comma. No dictionary: names
//! and new terms are found like all others.

use std::{iter::Peekable, str::Chars};

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::story::fingerprint::narrow;

/// A word is told apart by so many characters; what is longer is no word but data.
const WORD_CHARS: usize = 64;

/// The tokens of texts.
#[derive(Clone, Default)]
pub(super) struct Words {
    token: Token,
}

/// The tokens of one text.
pub(super) struct Tokens<'a> {
    chars: Peekable<Chars<'a>>,
    /// The last character of the run that is being read, where that run gives pairs.
    held: Option<char>,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Tokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens<'a> {
        self.token.reset();
        Tokens {
            chars: text.chars().peekable(),
            held: None,
            token: &mut self.token,
        }
    }
}

impl Tokens<'_> {
    fn begin(&mut self) -> &mut String {
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        &mut self.token.text
    }

    fn word(&mut self) {
        let mut length = 0;
        self.begin();
        while let Some(c) = self.chars.next_if(|c| kind(narrow(*c)) == Kind::Word) {
            if length < WORD_CHARS {
                self.token.text.extend(narrow(c).to_lowercase());
            }
            length += 1;
        }
    }
}

impl TokenStream for Tokens<'_> {
    fn advance(&mut self) -> bool {
        loop {
            let next = self.chars.peek().map(|c| narrow(*c));
            match (next.map(kind), self.held) {
                (Some(Kind::Paired), held) => {
                    self.chars.next();
                    self.held = next;
                    if let Some(held) = held {
                        let text = self.begin();
                        text.push(held);
                        text.extend(next);
                        return true;
                    }
                }
                // the run has ended
                (_, Some(held)) => {
                    self.held = None;
                    self.begin().push(held);
                    return true;
                }
                (Some(Kind::Word), None) => {
                    self.word();
                    return true;
                }
                (Some(Kind::Between), None) => {
                    self.chars.next();
                }
                (None, None) => return false,
            }
        }
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Paired,
    Word,
    Between,
}

fn kind(c: char) -> Kind {
    if is_paired(c) {
        Kind::Paired
    } else if c.is_alphanumeric() {
        Kind::Word
    } else {
        Kind::Between
    }
}

/// Whether a character belongs to a script that is written without spaces between words: Han, Kana, Hangul.
pub(super) fn is_paired(c: char) -> bool {
    matches!(c,
        '\u{4E00}'..='\u{9FFF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{20000}'..='\u{3FFFD}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{2E80}'..='\u{2FDF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{3096}'
        | '\u{309D}'..='\u{309F}'
        | '\u{30A1}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{FF66}'..='\u{FF9F}'
        | '\u{1100}'..='\u{11FF}'
        | '\u{AC00}'..='\u{D7A3}')
}

/// The tokens of a text, in order; their positions count from 0.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut words = Words::default();
    let mut stream = words.token_stream(text);
    let mut tokens = Vec::new();
    stream.process(&mut |token| tokens.push(token.text.clone()));
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_give_pairs_and_their_last_character() {
        let table: &[(&str, &[&str])] = &[
            ("招生考试", &["招生", "生考", "考试", "试"]),
            (
                "教育部、财政部",
                &["教育", "育部", "部", "财政", "政部", "部"],
            ),
            ("2026年招生", &["2026", "年招", "招生", "生"]),
            ("COVID-19 Ｔｅｓｔ", &["covid", "19", "test"]),
            ("A类B", &["a", "类", "b"]),
            ("二〇二六", &["二〇", "〇二", "二六", "六"]),
            (
                "ガッコー・학교",
                &["ガッ", "ッコ", "コー", "ー", "학교", "교"],
            ),
            ("，。 \n", &[]),
            ("", &[]),
            ("𠮷野家", &["𠮷野", "野家", "家"]),
        ];
        for (text, expected) in table {
            assert_eq!(tokens(text), *expected, "{text}");
        }
    }

    #[test]
    fn positions_count_tokens() {
        let mut words = Words::default();
        let mut stream = words.token_stream("a 招生 b");
        let mut positions = Vec::new();
        stream.process(&mut |token| positions.push(token.position));
        assert_eq!(positions, [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_too_long_for_a_word_is_cut() {
        let [token] = tokens(&"x".repeat(100_000)).try_into().unwrap();
        assert_eq!(token.len(), WORD_CHARS);
    }
}
