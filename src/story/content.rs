//! What of an article is compared, to tell that it reads as it did and that it is another's double.
//!
//! In: articles, list lines. Out: hashes that a change of white space does not change, nor one of what is no content:
//! click counters, the page's own time stamps, related links. They are kept for years, so what is hashed here stays as
//! it is.

use std::fmt::Write;

use xxhash_rust::xxh3::Xxh3;

use super::fingerprint::{SHORT_CHARS, is_han, normalise};
use crate::{
    article::{Article, dates::Published},
    page::text::is_space,
};

/// Two articles of one source with the same text are one only if their days are no further apart: a letter that is
/// sent each week or each year is an announcement each time.
pub const SAME_DAYS: i32 = 3;

/// A hash of what an article says: its title and text without white space. An article without text says what its
/// pictures and files say, so their addresses count.
pub fn content(article: &Article) -> u64 {
    let mut hasher = Xxh3::new();
    push(&mut hasher, &article.title);
    push(&mut hasher, &article.body_text);
    if article.body_text.chars().all(is_space) {
        for address in files(article) {
            push(&mut hasher, address);
        }
    }
    hasher.digest()
}

/// A hash of what a list shows of an article: the title without white space, and the date.
pub fn line(title: &str, published: Option<Published>) -> u64 {
    let mut hasher = Xxh3::new();
    push(&mut hasher, title);
    let mut date = String::new();
    if let Some(published) = published {
        // writing to a String does not fail
        let _ = write!(date, "{published}");
    }
    push(&mut hasher, &date);
    hasher.digest()
}

/// Whether an article of the same source, with the same [`content`], is the same article at another address. Titles and
/// texts are equal then; a text that is too short to tell needs the same pictures or files beside it, and the days must
/// be near.
pub fn is_double(one: &Article, other: &Article) -> bool {
    let near = match (one.published, other.published) {
        (Some(a), Some(b)) => {
            a.day().duration_since(b.day()).as_hours().abs() <= i64::from(SAME_DAYS) * 24
        }
        _ => true,
    };
    let telling = || normalise(&one.body_text).chars().count() >= SHORT_CHARS;
    let same_files = || files(one).next().is_some() && files(one).eq(files(other));
    near && (telling() || same_files())
}

fn files(article: &Article) -> impl Iterator<Item = &str> {
    let images = article.images.iter().map(url::Url::as_str);
    images.chain(article.attachments.iter().map(|file| file.url.as_str()))
}

/// Adds a part, and an end that no text holds.
fn push(hasher: &mut Xxh3, text: &str) {
    // ideographs are nearly all there is, and quickly told from white space
    for word in text.split(|c| !is_han(c) && is_space(c)) {
        hasher.update(word.as_bytes());
    }
    hasher.update(&[0xFF]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_count_and_every_other_character_does() {
        let at = |title| line(title, None);
        assert_eq!(at("放假 通知"), at("放假\u{3000}\u{200B}通知\n"));
        assert_ne!(at("放假通知"), at("放假通告"));
        assert_ne!(at("放假通知"), at("放假通知。"));
    }

    #[test]
    fn what_is_hashed_stays_as_it_is() {
        let day = Published::Day(jiff::civil::date(2026, 3, 1));
        assert_eq!(line("放假通知", Some(day)), 4_489_672_227_359_837_712);
    }
}
