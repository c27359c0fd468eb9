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
    let mut open: Vec<&[u8]> = Vec::new();
    let mut at = 0;
    while let Some(tag) = next_tag(page, at) {
        at = tag.end;
        let out = match tag.kind {
            Kind::Start => {
                // in SVG and MathML even `<style>` holds tags
                let is_foreign = || open.iter().any(|n| is_one_of(n, &[b"svg", b"math"]));
                if let Some(end) = raw_text_end(page, &tag).filter(|_| !is_foreign()) {
                    at = end;
                }
                close_implied(&mut open, tag.name);
                let nests = !is_leaf(tag.name);
                let deep = nests && open.len() >= MAX_DEPTH;
                if nests && !deep {
                    open.push(tag.name);
                }
                deep || has_too_many_attributes(&bytes[tag.start..tag.end])
            }
            Kind::End => {
                if let Some(i) = last_open(&open, |name| name.eq_ignore_ascii_case(tag.name)) {
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
fn next_tag(page: &str, mut at: usize) -> Option<Tag<'_>> {
    let bytes = page.as_bytes();
    loop {
        let start = find(page, at, '<')?;
        at = start + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"!--") {
            at += rest
                .windows(3)
                .position(|w| w == b"-->")
                .map_or(rest.len(), |p| p + 3);
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
        let end = tag_end(page, name_at + length)?;
        return Some(Tag {
            kind,
            name: &name[..length],
            start,
            end,
        });
    }
}

/// The place of a character from `at` on, which lies behind an ASCII character.
fn find(page: &str, at: usize, wanted: char) -> Option<usize> {
    page.get(at..)?.find(wanted).map(|found| at + found)
}

/// The place after the `>` that ends a tag; one inside a quoted value does not.
fn tag_end(page: &str, mut at: usize) -> Option<usize> {
    let bytes = page.as_bytes();
    let mut after_equals = false;
    while at < bytes.len() {
        match bytes[at] {
            b'>' => return Some(at + 1),
            quote @ (b'"' | b'\'') if after_equals => {
                at = find(page, at + 1, char::from(quote))?;
                after_equals = false;
            }
            b'=' => after_equals = true,
            b if b.is_ascii_whitespace() => {}
            _ => after_equals = false,
        }
        at += 1;
    }
    None
}

/// Where the end tag of an element begins that holds raw text, not tags.
fn raw_text_end(page: &str, tag: &Tag<'_>) -> Option<usize> {
    let bytes = page.as_bytes();
    let raw: [&[u8]; 6] = [
        b"script",
        b"style",
        b"textarea",
        b"title",
        b"xmp",
        b"noscript",
    ];
    raw.iter()
        .find(|name| name.eq_ignore_ascii_case(tag.name))?;
    let mut at = tag.end;
    while let Some(found) = find(page, at, '<') {
        at = found;
        let rest = &bytes[at + 1..];
        if rest.first() == Some(&b'/')
            && rest.len() > tag.name.len()
            && rest[1..=tag.name.len()].eq_ignore_ascii_case(tag.name)
        {
            return Some(at);
        }
        at += 1;
    }
    Some(bytes.len())
}

/// The place of the innermost open element that fits, among the last few.
fn last_open(open: &[&[u8]], fits: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let from = open.len().saturating_sub(LOOK_BACK);
    open[from..]
        .iter()
        .rposition(|name| fits(name))
        .map(|i| from + i)
}

/// Closes what the start of an element closes by itself: a list's entry the one before, whatever was left open in it.
fn close_implied(open: &mut Vec<&[u8]>, name: &[u8]) {
    if !is_one_of(
        name,
        &[b"p", b"li", b"dt", b"dd", b"tr", b"td", b"th", b"option"],
    ) {
        return;
    }
    let holders: [&[u8]; 8] = [
        b"ul", b"ol", b"dl", b"table", b"select", b"div", b"section", b"article",
    ];
    let same = |other: &[u8]| {
        other.eq_ignore_ascii_case(name)
            || is_one_of(name, &[b"dt", b"dd"]) && is_one_of(other, &[b"dt", b"dd"])
            || is_one_of(name, &[b"td", b"th"]) && is_one_of(other, &[b"td", b"th"])
    };
    if let Some(i) = last_open(open, |other| same(other) || is_one_of(other, &holders))
        && same(open[i])
    {
        open.truncate(i);
    }
}

/// Whether an element holds no others, and so cannot nest.
fn is_leaf(name: &[u8]) -> bool {
    let leaves: [&[u8]; 20] = [
        b"area",
        b"base",
        b"br",
        b"col",
        b"embed",
        b"hr",
        b"img",
        b"input",
        b"link",
        b"meta",
        b"param",
        b"source",
        b"track",
        b"wbr",
        b"script",
        b"style",
        b"textarea",
        b"title",
        b"xmp",
        b"noscript",
    ];
    is_one_of(name, &leaves)
}

fn is_one_of(name: &[u8], names: &[&[u8]]) -> bool {
    names.iter().any(|n| n.eq_ignore_ascii_case(name))
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
