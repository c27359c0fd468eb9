//! robots.txt (RFC 9309): which addresses of an origin a robot may ask for, and how slowly.
//!
//! In: the file's bytes and the robot's product token. Out: [`Rules`], the groups that speak to it merged into one,
//! and their verdict on an address. Read as forgivingly as Google's parser does, since files are written against that
//! one: a byte-order mark, any line end, a missing colon, misspelt keys. Fetching and keeping is the caller's.

use std::{borrow::Cow, time::Duration};

use url::Url;

/// What is read of a file at most, in bytes (RFC 9309, section 2.5).
pub const MAX_BYTES: usize = 500 * 1024;

/// What is read of a line at most, in bytes: eight times the longest address of old browsers, as Google's parser.
const MAX_LINE_BYTES: usize = 2083 * 8;

/// What a robots.txt says to one robot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// Normalised like the paths that it is held against.
    pattern: Box<str>,
}

impl Rules {
    /// Reads a file for the robot of this product token; a token without letters is no one's and obeys `*`.
    ///
    /// There is no error: what cannot be read as a rule is none.
    pub fn parse(bytes: &[u8], token: &str) -> Self {
        let mut groups = Groups::new(product_token(token));
        lines(skip_mark(beginning(bytes))).for_each(|line| groups.line(line));
        groups.merged()
    }

    /// Whether the robot may ask for an address of the file's origin.
    ///
    /// The longest pattern that matches decides, and of two equally long ones the allowing (RFC 9309, section 2.2.2).
    pub fn allows(&self, url: &Url) -> bool {
        if self.rules.is_empty() || url.path() == "/robots.txt" {
            return true;
        }
        let path = match url.query() {
            Some(query) => Cow::Owned(format!("{}?{query}", url.path())),
            None => Cow::Borrowed(url.path()),
        };
        let path = normalised(path.as_bytes());
        self.rules
            .iter()
            .filter(|rule| matches(&path, &rule.pattern))
            .max_by_key(|rule| (rule.pattern.len(), rule.allow))
            .is_none_or(|rule| rule.allow)
    }

    /// The pause between two requests that the file asks for: `Crawl-delay`, which no standard holds but many obey.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }
}

/// The product token of a `User-Agent` header: its first letters, `_` and `-` (RFC 9309, section 2.2.1).
///
/// `schoolbell/0.1 (+https://…)` is `schoolbell`.
pub fn product_token(user_agent: &str) -> &str {
    let in_token = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-');
    let text = user_agent.trim_start();
    &text[..text.bytes().take_while(in_token).count()]
}

/// The groups met so far: those that name the robot, and those that name all.
struct Groups<'a> {
    token: &'a str,
    named: Option<Rules>,
    global: Option<Rules>,
    /// Whom the present group speaks to.
    to_us: bool,
    to_all: bool,
    /// A rule has been read since the last `User-agent`: the next one opens a new group.
    in_rules: bool,
}

impl<'a> Groups<'a> {
    fn new(token: &'a str) -> Self {
        Self {
            token,
            named: None,
            global: None,
            to_us: false,
            to_all: false,
            in_rules: false,
        }
    }

    fn line(&mut self, line: &[u8]) {
        let Some((key, value)) = key_and_value(line) else {
            return;
        };
        match Key::read(key) {
            Some(Key::UserAgent) => self.user_agent(value),
            Some(Key::Rule { allow }) => self.rule(allow, value),
            Some(Key::CrawlDelay) => self.crawl_delay(value),
            // sitemaps and unknown keys do not end a group
            None => {}
        }
    }

    fn user_agent(&mut self, value: &[u8]) {
        if self.in_rules {
            (self.to_us, self.to_all, self.in_rules) = (false, false, false);
        }
        let value = String::from_utf8_lossy(value);
        let named = product_token(&value);
        let starred = value.strip_prefix('*');
        if starred.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            self.to_all = true;
            self.global.get_or_insert_default();
        } else if !named.is_empty() && named.eq_ignore_ascii_case(self.token) {
            self.to_us = true;
            self.named.get_or_insert_default();
        }
    }

    fn rule(&mut self, allow: bool, value: &[u8]) {
        self.in_rules = true;
        if value.is_empty() || !(self.to_us || self.to_all) {
            return;
        }
        let pattern = normalised(value);
        // a directory whose index page is allowed is allowed itself, as Google reads it
        if allow && let Some(at) = pattern.rfind('/').filter(|&at| is_index(&pattern[at..])) {
            self.push(true, &format!("{}$", &pattern[..=at]));
        }
        self.push(allow, &pattern);
    }

    fn push(&mut self, allow: bool, pattern: &str) {
        for group in self.present() {
            group.rules.push(Rule {
                allow,
                pattern: pattern.into(),
            });
        }
    }

    fn crawl_delay(&mut self, value: &[u8]) {
        self.in_rules = true;
        let seconds = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
        let Some(delay) = seconds.and_then(|s: f64| Duration::try_from_secs_f64(s).ok()) else {
            return;
        };
        for group in self.present() {
            group.crawl_delay = group.crawl_delay.max(Some(delay));
        }
    }

    /// The merged rules that the present group adds to.
    fn present(&mut self) -> impl Iterator<Item = &mut Rules> {
        let named = self.named.as_mut().filter(|_| self.to_us);
        let global = self.global.as_mut().filter(|_| self.to_all);
        named.into_iter().chain(global)
    }

    /// Groups for all count only where none names the robot.
    fn merged(self) -> Rules {
        self.named.or(self.global).unwrap_or_default()
    }
}

enum Key {
    UserAgent,
    Rule { allow: bool },
    CrawlDelay,
}

impl Key {
    /// Reads a key with the misspellings that Google's parser reads.
    fn read(key: &[u8]) -> Option<Self> {
        let starts = |words: &[&str]| {
            let same = |word: &&str| {
                key.get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
            };
            words.iter().any(same)
        };
        if starts(&["user-agent", "useragent", "user agent"]) {
            Some(Self::UserAgent)
        } else if starts(&["allow"]) {
            Some(Self::Rule { allow: true })
        } else if starts(&[
            "disallow",
            "dissallow",
            "dissalow",
            "disalow",
            "diasllow",
            "disallaw",
        ]) {
            Some(Self::Rule { allow: false })
        } else if starts(&["crawl-delay", "crawldelay", "crawl delay"]) {
            Some(Self::CrawlDelay)
        } else {
            None
        }
    }
}

/// What is read of a file: a line that the limit cuts is left out, as half a path would close too much.
fn beginning(bytes: &[u8]) -> &[u8] {
    let Some(bytes) = bytes.get(..MAX_BYTES) else {
        return bytes;
    };
    let end = bytes.iter().rposition(|b| matches!(b, b'\r' | b'\n'));
    &bytes[..end.unwrap_or(0)]
}

/// Skips a UTF-8 byte-order mark, whole or cut short.
fn skip_mark(bytes: &[u8]) -> &[u8] {
    let mark = b"\xEF\xBB\xBF";
    let same = bytes.iter().zip(mark).take_while(|(a, b)| a == b).count();
    &bytes[same..]
}

/// The lines, ended by CR, LF or both, cut at [`MAX_LINE_BYTES`].
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split(|b| matches!(b, b'\r' | b'\n'));
    lines.map(|line| &line[..line.len().min(MAX_LINE_BYTES)])
}

/// Splits a line at its colon, or where that is missing at white space between exactly two words.
fn key_and_value(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.split(|&b| b == b'#').next().unwrap_or_default();
    let line = line.trim_ascii();
    let colon = line.iter().position(|&b| b == b':');
    let at = colon.or_else(|| {
        let at = line.iter().position(u8::is_ascii_whitespace)?;
        let words = line.split(u8::is_ascii_whitespace);
        let two = words.filter(|word| !word.is_empty()).count() == 2;
        two.then_some(at)
    })?;
    let (key, value) = (line[..at].trim_ascii(), line[at + 1..].trim_ascii());
    (!key.is_empty()).then_some((key, value))
}

fn is_index(name: &str) -> bool {
    name.starts_with("/index.htm")
}

/// A path or pattern in the one form in which they are compared (RFC 9309, section 2.2.2): bytes outside ASCII, and
/// the others that `url` encodes, percent-encoded, unreserved characters not, hexadecimal digits in capitals.
///
/// `:` counts as unreserved here, and `/` does within a query: the RFC's own table asks for it.
fn normalised(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_query = false;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let (byte, escaped) = match escape(&text[at..]) {
            Some(byte) => (byte, true),
            None => (byte, false),
        };
        at += if escaped { 3 } else { 1 };
        let plain = if escaped {
            byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) || (byte == b'/' && in_query)
        } else {
            byte.is_ascii_graphic() && !b"\"<>^`{}".contains(&byte)
        };
        in_query |= byte == b'?' && !escaped;
        if plain {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    out
}

/// The byte that `%XX` at the start stands for.
fn escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |b: u8| char::from(b).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// Whether a path begins as the pattern says: `*` is any text, `$` at the end is the path's end.
///
/// The first place where each piece fits leaves most room for the rest, so nothing is tried twice.
fn matches(path: &str, pattern: &str) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix('$') {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        // a piece is looked for when the one after it is known: the last may have to stand at the end
        if let Some(found) = last.replace(piece).map(|piece| after(rest, piece)) {
            let Some(found) = found else { return false };
            rest = found;
        }
    }
    match (last, to_end) {
        (None, to_end) => !to_end || rest.is_empty(),
        (Some(piece), true) => rest.ends_with(piece),
        (Some(piece), false) => rest.contains(piece),
    }
}

fn after<'a>(text: &'a str, piece: &str) -> Option<&'a str> {
    text.find(piece).map(|at| &text[at + piece.len()..])
}

#[cfg(test)]
mod tests;
