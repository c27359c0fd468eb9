//! Tags nested too deep, or with too many attributes, taken out before parsing.
//!
//! The parsing algorithm of HTML looks through all open elements at almost every tag, and through all attributes at
//! each attribute: a page of a million `<div>` costs quadratic time. Browsers stop nesting at 512 elements; so does
//! this. Ordinary pages, looked through once for `<`, come back as they are.

use std::borrow::Cow;

/// How many elements may be open at once.
const MAX_DEPTH: usize = 512;

/// How long a tag may be before its attributes are counted.
const LONG_TAG_BYTES: usize = 4 << 10;

/// How many attributes a long tag may have; with more, it is taken out.
const MAX_ATTRIBUTES: usize = 256;

/// How far back an end tag is looked for among the open elements.
const LOOK_BACK: usize = 64;

/// The page with tags beyond the limits taken out.
pub(super) fn flatten(page: &str) -> Cow<'_, str> {
    let bytes = page.as_bytes();
    let mut flat = String::new();
    let mut copied = 0;
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    while let Some(tag) = next_tag(bytes, at) {
        at = tag.end;
        let out = match tag.kind {
            Kind::Start => {
                let holds = Holds::of(tag.name);
                if holds == Holds::RawText && !open.iter().any(|o| o.holds == Holds::Foreign) {
                    // in SVG and MathML even `<style>` holds tags
                    at = raw_text_end(bytes, &tag);
                }
                close_implied(&mut open, holds);
                let nests = !matches!(holds, Holds::RawText | Holds::Nothing);
                let deep = nests && open.len() >= MAX_DEPTH;
                if nests && !deep {
                    let name = tag.name;
                    open.push(Open { name, holds });
                }
                deep || has_too_many_attributes(&bytes[tag.start..tag.end])
            }
            Kind::End => {
                if let Some(i) = last_open(&open, |o| o.name.eq_ignore_ascii_case(tag.name)) {
                    open.truncate(i);
                }
                false
            }
        };
        if out {
            // both ends are at ASCII bytes, `<` and after `>`
            flat.push_str(&page[copied..tag.start]);
            copied = tag.end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(page);
    }
    flat.push_str(&page[copied..]);
    Cow::Owned(flat)
}

/// An element that is open.
struct Open<'a> {
    name: &'a [u8],
    holds: Holds,
}

/// What an element may hold, as far as nesting goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// No element, and text in which `<` is no tag.
    RawText,
    /// Nothing at all.
    Nothing,
    /// Elements of another language.
    Foreign,
    /// What the next of its kind ends by itself: an entry of a list, a cell.
    Entry(Entry),
    /// Entries.
    Entries,
    /// Anything.
    Elements,
}

/// Entries that end each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Paragraph,
    Line,
    Term,
    Row,
    Cell,
    Option,
}

impl Holds {
    fn of(name: &[u8]) -> Self {
        const LONGEST: usize = 10;
        let mut lower = [0; LONGEST];
        let Some(lower) = lower.get_mut(..name.len()) else {
            return Self::Elements;
        };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            b"div" | b"ul" | b"ol" | b"dl" | b"table" | b"select" | b"section" | b"article" => {
                Self::Entries
            }
            b"li" => Self::Entry(Entry::Line),
            b"p" => Self::Entry(Entry::Paragraph),
            b"td" | b"th" => Self::Entry(Entry::Cell),
            b"tr" => Self::Entry(Entry::Row),
            b"dt" | b"dd" => Self::Entry(Entry::Term),
            b"option" => Self::Entry(Entry::Option),
            b"script" | b"style" | b"textarea" | b"title" | b"xmp" | b"noscript" => Self::RawText,
            b"area" | b"base" | b"br" | b"col" | b"embed" | b"hr" | b"img" | b"input" | b"link"
            | b"meta" | b"param" | b"source" | b"track" | b"wbr" => Self::Nothing,
            b"svg" | b"math" => Self::Foreign,
            _ => Self::Elements,
        }
    }
}

struct Tag<'a> {
    kind: Kind,
    name: &'a [u8],
    start: usize,
    /// After `>`.
    end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    End,
}

/// The next tag from `at` on, comments passed over.
fn next_tag(bytes: &[u8], mut at: usize) -> Option<Tag<'_>> {
    loop {
        let start = find(bytes, at, b'<')?;
        at = start + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"!--") {
            at += memchr::memmem::find(rest, b"-->").map_or(rest.len(), |p| p + 3);
            continue;
        }
        let kind = if rest.first() == Some(&b'/') {
            Kind::End
        } else {
            Kind::Start
        };
        let name_at = at + usize::from(kind == Kind::End);
        let name = &bytes[name_at..];
        let length = name
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric())
            .count();
        if length == 0 || !name[0].is_ascii_alphabetic() {
            continue;
        }
        let end = tag_end(bytes, name_at + length)?;
        return Some(Tag {
            kind,
            name: &name[..length],
            start,
            end,
        });
    }
}

/// The place of a byte from `at` on.
fn find(bytes: &[u8], at: usize, wanted: u8) -> Option<usize> {
    memchr::memchr(wanted, bytes.get(at..)?).map(|found| at + found)
}

/// The place after the `>` that ends a tag; one inside a quoted value does not. A quotation mark begins a value only
/// right after `=`.
fn tag_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let found = at + memchr::memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
        let mark = bytes[found];
        if mark == b'>' {
            return Some(found + 1);
        }
        let before = bytes[from..found].trim_ascii_end().last();
        at = 1 + if before == Some(&b'=') {
            find(bytes, found + 1, mark)?
        } else {
            found
        };
    }
}

/// Where the end tag of an element begins that holds raw text, not tags.
fn raw_text_end(bytes: &[u8], tag: &Tag<'_>) -> usize {
    let mut at = tag.end;
    while let Some(found) = find(bytes, at, b'<') {
        let rest = &bytes[found + 1..];
        if rest.first() == Some(&b'/')
            && rest.len() > tag.name.len()
            && rest[1..=tag.name.len()].eq_ignore_ascii_case(tag.name)
        {
            return found;
        }
        at = found + 1;
    }
    bytes.len()
}

/// The place of the innermost open element that fits, among the last few.
fn last_open(open: &[Open<'_>], fits: impl Fn(&Open<'_>) -> bool) -> Option<usize> {
    let from = open.len().saturating_sub(LOOK_BACK);
    open[from..].iter().rposition(fits).map(|i| from + i)
}

/// Closes what the start of an element closes by itself: a list's entry the one before, whatever was left open in it.
fn close_implied(open: &mut Vec<Open<'_>>, holds: Holds) {
    if matches!(holds, Holds::Entry(_))
        && let Some(i) = last_open(open, |o| o.holds == holds || o.holds == Holds::Entries)
        && open[i].holds == holds
    {
        open.truncate(i);
    }
}

fn has_too_many_attributes(tag: &[u8]) -> bool {
    if tag.len() < LONG_TAG_BYTES {
        return false;
    }
    let mut quote = None;
    let mut count = 0;
    let mut before = b' ';
    for &b in tag {
        match quote {
            Some(q) if q == b => quote = None,
            Some(_) => {}
            None if before == b'=' && (b == b'"' || b == b'\'') => quote = Some(b),
            None => count += usize::from(!is_gap(b) && is_gap(before)),
        }
        before = b;
    }
    count > MAX_ATTRIBUTES
}

fn is_gap(b: u8) -> bool {
    b.is_ascii_whitespace() || b == b'/' || b == b'"' || b == b'\''
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_pages_come_back_as_they_are() {
        let row = "<li><a href='a>b' title=\"<div>\">通知<br></a><span>02-24</li><!-- <div> -->";
        let page = format!("<ul>{}</ul><script>'<div>'</script>", row.repeat(600));
        assert!(matches!(flatten(&page), Cow::Borrowed(_)));
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let page = format!("{}通知", "<div>".repeat(10_000));
        assert_eq!(flatten(&page), format!("{}通知", "<div>".repeat(MAX_DEPTH)));
    }

    #[test]
    fn nesting_does_not_hide_in_a_picture() {
        let page = format!("<svg><style>{}", "<div>".repeat(10_000));
        assert!(flatten(&page).len() < 5 * 1_000);
    }

    #[test]
    fn a_tag_of_thousands_of_attributes_goes() {
        let many: Vec<String> = (0..5000).map(|i| format!(" a{i}")).collect();
        let many = many.concat();
        assert_eq!(flatten(&format!("<p>a<b{many}>c")), "<p>ac");
        let long = format!("<img src=\"data:{}\">", "a b/".repeat(5000));
        assert_eq!(flatten(&long), long);
    }

    #[test]
    fn broken_ends_are_left_alone() {
        for page in [
            "<",
            "</",
            "<a",
            "<a href='",
            "<!--",
            "<script>",
            "a<b",
            "<\u{4e00}>",
        ] {
            assert_eq!(flatten(page), page);
        }
    }
}
