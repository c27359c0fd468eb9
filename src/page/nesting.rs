//! Tags nested too deep, or with too many attributes, taken out before parsing.
//!
//! The parsing algorithm of HTML looks through all open elements at almost every tag, and through all attributes at
//! each attribute: a page of a million `<div>` costs quadratic time. Browsers stop nesting at 512 elements; so does
//! this.
//!
//! What nobody reads goes as well: comments, style sheets, drawings, and the indentation of the source, a fifth of many
//! pages. What stays of white space is what a line of facts is cut by: one
//! space is one, several are two, a mere line break is one.

use std::{borrow::Cow, ops::Range};

/// How many elements may be open at once.
const MAX_DEPTH: usize = 512;

/// How many attributes a tag may have; with more, it is taken out.
pub(super) const MAX_ATTRIBUTES: usize = 128;

/// A shorter tag cannot have more: each takes a space and a letter.
const LONG_TAG_BYTES: usize = 2 * MAX_ATTRIBUTES;

/// How far back an end tag is looked for among the open elements.
const LOOK_BACK: usize = 64;

/// The page with tags beyond the limits taken out.
pub(super) fn flatten(page: &str) -> Cow<'_, str> {
    let bytes = page.as_bytes();
    let mut flat = String::new();
    let mut copied = 0;
    let mut open = OpenElements::default();
    let mut at = 0;
    while let Some(tag) = next_tag(bytes, at) {
        if !open.any(Holds::Lines) {
            fold_breaks(page, at..tag.start, &mut copied, &mut flat);
        }
        at = tag.end;
        let out = match tag.kind {
            // in SVG and MathML it may be a piece of CDATA
            Kind::Comment => !open.any(Holds::Foreign),
            Kind::Start => {
                let holds = Holds::of(tag.name);
                let attributes = has_too_many_attributes(&bytes[tag.start..tag.end]);
                if matches!(holds, Holds::RawText | Holds::Style) && !open.any(Holds::Foreign) {
                    at = raw_text_end(bytes, &tag);
                    if holds == Holds::Style && !attributes {
                        flat.push_str(&page[copied..tag.end]);
                        copied = at;
                    }
                }
                // one that is too deep goes as a whole, and what is in it is too deep as well
                if holds == Holds::Foreign
                    && !open.any(Holds::Foreign)
                    && open.all.len() < MAX_DEPTH
                    && !attributes
                    && let Some(end) = drawing_end(bytes, &tag)
                {
                    flat.push_str(&page[copied..tag.end]);
                    (at, copied) = (end, end);
                }
                open.close_implied(holds);
                let nests = !matches!(holds, Holds::RawText | Holds::Style | Holds::Nothing);
                let deep = nests && open.all.len() >= MAX_DEPTH;
                if nests && !deep {
                    open.push(tag.name, holds);
                }
                deep || attributes
            }
            Kind::End => {
                open.close(tag.name);
                has_too_many_attributes(&bytes[tag.start..tag.end])
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

/// Folds the white space around each line break of a piece of text.
fn fold_breaks(page: &str, text: Range<usize>, copied: &mut usize, flat: &mut String) {
    let bytes = page.as_bytes();
    let mut at = text.start;
    while let Some(found) = memchr::memchr2(b'\n', b'\r', &bytes[at..text.end]) {
        let is_white = |b: &u8| b.is_ascii_whitespace();
        let before = &bytes[at..at + found];
        let start = at + before.trim_ascii_end().len();
        let length = bytes[start..text.end]
            .iter()
            .take_while(|b| is_white(b))
            .count();
        let white = &bytes[start..start + length];
        let spaces = white.iter().filter(|b| !matches!(b, b'\n' | b'\r'));
        at = start + length;
        if length > 1 {
            flat.push_str(&page[*copied..start]);
            flat.push_str(match spaces.take(2).count() {
                0 => "\n",
                1 => " ",
                _ => "  ",
            });
            *copied = at;
        }
    }
}

/// The elements that are open, the innermost last.
#[derive(Default)]
struct OpenElements<'a> {
    all: Vec<(&'a [u8], Holds)>,
    /// How many of them hold another language or lines that count: on most pages none.
    unusual: usize,
}

impl<'a> OpenElements<'a> {
    fn push(&mut self, name: &'a [u8], holds: Holds) {
        self.unusual += usize::from(holds.is_unusual());
        self.all.push((name, holds));
    }

    fn truncate(&mut self, length: usize) {
        let closed = self.all.drain(length..);
        self.unusual -= closed.filter(|(_, holds)| holds.is_unusual()).count();
    }

    /// Whether one is open that holds this, of the unusual kinds.
    fn any(&self, wanted: Holds) -> bool {
        self.unusual > 0 && self.all.iter().any(|&(_, holds)| holds == wanted)
    }

    /// The place of the innermost that fits, among the last few.
    fn last(&self, fits: impl Fn(&[u8], Holds) -> bool) -> Option<usize> {
        let from = self.all.len().saturating_sub(LOOK_BACK);
        let last = &self.all[from..];
        let found = last.iter().rposition(|&(name, holds)| fits(name, holds))?;
        Some(from + found)
    }

    /// Closes what an end tag closes.
    fn close(&mut self, name: &[u8]) {
        if let Some(i) = self.last(|other, _| other.eq_ignore_ascii_case(name)) {
            self.truncate(i);
        }
    }

    /// Closes what the start of an element closes by itself: a list's entry the one before, whatever was left open in
    /// it.
    fn close_implied(&mut self, holds: Holds) {
        if matches!(holds, Holds::Entry(_))
            && let Some(i) = self.last(|_, other| other == holds || other == Holds::Entries)
            && self.all[i].1 == holds
        {
            self.truncate(i);
        }
    }
}

/// What an element may hold, as far as nesting goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// No element, and text in which `<` is no tag.
    RawText,
    /// A style sheet.
    Style,
    /// Nothing at all.
    Nothing,
    /// Text whose line breaks count.
    Lines,
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
    fn is_unusual(self) -> bool {
        matches!(self, Self::Foreign | Self::Lines)
    }

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
            b"style" => Self::Style,
            b"pre" | b"listing" | b"plaintext" => Self::Lines,
            b"script" | b"textarea" | b"title" | b"xmp" | b"noscript" => Self::RawText,
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
    Comment,
}

/// The next tag or comment from `at` on.
fn next_tag(bytes: &[u8], mut at: usize) -> Option<Tag<'_>> {
    loop {
        let start = find(bytes, at, b'<')?;
        at = start + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"!--") {
            return Some(Tag {
                kind: Kind::Comment,
                name: b"",
                start,
                end: comment_end(bytes, at + 3)?,
            });
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

/// The place after a comment, whose text begins at `from` (HTML, 13.2.5.43 to 13.2.5.52): `-->`, `--!>`, and at once
/// `>` or `->`.
fn comment_end(bytes: &[u8], from: usize) -> Option<usize> {
    let text = bytes.get(from..)?;
    for abrupt in [&b">"[..], b"->"] {
        if text.starts_with(abrupt) {
            return Some(from + abrupt.len());
        }
    }
    let mut at = from;
    loop {
        at += memchr::memmem::find(bytes.get(at..)?, b"--")? + 2;
        match bytes.get(at..)? {
            [b'>', ..] => return Some(at + 1),
            [b'!', b'>', ..] => return Some(at + 2),
            // the second of these may be the first of the next
            _ => at -= 1,
        }
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

/// Where the end tag of an SVG element begins that holds a drawing and no HTML: there the parser would leave it.
fn drawing_end(bytes: &[u8], tag: &Tag<'_>) -> Option<usize> {
    if !tag.name.eq_ignore_ascii_case(b"svg") || closes_itself(bytes, tag) {
        return None;
    }
    let mut open = vec![tag.name];
    let mut at = tag.end;
    loop {
        let tag = next_tag(bytes, at)?;
        at = tag.end;
        match tag.kind {
            Kind::Comment => {}
            Kind::Start if !DRAWN.iter().any(|d| tag.name.eq_ignore_ascii_case(d)) => return None,
            Kind::Start if closes_itself(bytes, &tag) => {}
            Kind::Start => open.push(tag.name),
            Kind::End => {
                let same = |name: &&[u8]| name.eq_ignore_ascii_case(tag.name);
                // an end of what began before the drawing ends that too
                open.truncate(open.iter().rposition(same)?);
                if open.is_empty() {
                    return Some(tag.start);
                }
            }
        }
    }
}

/// Elements of drawings (SVG 2, appendix F): all but links and those with HTML, scripts or styles in them.
const DRAWN: [&[u8]; 29] = [
    b"circle",
    b"clippath",
    b"defs",
    b"desc",
    b"ellipse",
    b"filter",
    b"g",
    b"image",
    b"line",
    b"lineargradient",
    b"marker",
    b"mask",
    b"metadata",
    b"path",
    b"pattern",
    b"polygon",
    b"polyline",
    b"radialgradient",
    b"rect",
    b"stop",
    b"svg",
    b"switch",
    b"symbol",
    b"text",
    b"textpath",
    b"title",
    b"tspan",
    b"use",
    b"view",
];

fn closes_itself(bytes: &[u8], tag: &Tag<'_>) -> bool {
    bytes[tag.start..tag.end].ends_with(b"/>")
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
        let row = "<li><a href='a>b' title=\"<div>\">通知<br></a><span>02-24</li>";
        let page = format!("<ul>{}</ul><script>'<div>'</script>", row.repeat(600));
        assert!(matches!(flatten(&page), Cow::Borrowed(_)));
    }

    #[test]
    fn comments_go_as_a_browser_ends_them() {
        for (page, flat) in [
            ("a<!-- <p> -- > -->b", "ab"),
            ("a<!-->b-->", "ab-->"),
            ("a<!--->b", "ab"),
            ("a<!---->b", "ab"),
            ("a<!-- --!>b-->", "ab-->"),
            ("a<!-- --->b", "ab"),
            ("a<!-- never ended", "a<!-- never ended"),
            ("<title><!--</title>-->", "<title><!--</title>-->"),
            ("<svg><![CDATA[<!-- a -->]]>", "<svg><![CDATA[<!-- a -->]]>"),
        ] {
            assert_eq!(flatten(page), flat);
            // what is left is the same tree without comments
            let text = |html: &str| {
                scraper::Html::parse_document(html)
                    .root_element()
                    .text()
                    .collect::<String>()
            };
            assert_eq!(text(page), text(flat));
        }
    }

    #[test]
    fn indentation_and_style_sheets_go() {
        for (page, flat) in [
            ("<p>a\r\n\t\t b</p>\n  <p>", "<p>a  b</p>  <p>"),
            ("<p>甲\n乙  丙\n 丁\n\n戊<p>", "<p>甲\n乙  丙 丁\n戊<p>"),
            ("<p>甲\n\n乙<p>", "<p>甲\n乙<p>"),
            ("<pre>a\n  b</pre>\n  <p>", "<pre>a\n  b</pre>  <p>"),
            (
                "<script>a\n  b</script>\n  <p>",
                "<script>a\n  b</script>  <p>",
            ),
            ("<a title='a\n  b'>\n\n<b>", "<a title='a\n  b'>\n<b>"),
            ("<style>p > a {}\n</style>a", "<style></style>a"),
            ("<style>p <!-- never ended", "<style>"),
            ("<svg>\n  <style>a</style>", "<svg>  <style>a</style>"),
        ] {
            assert_eq!(flatten(page), flat);
        }
    }

    #[test]
    fn drawings_go() {
        let gone = "<a>信<svg class='i'></svg></a>";
        for drawing in [
            "<path d='M0 0'/><g><path d='M1 1'></path></g>",
            "<title>信</title><!-- </svg> --><PATH d='M0'><g>\n</g>",
            "<svg viewBox='0 0 1 1'><use href='#i'/></svg>",
        ] {
            let page = gone.replace("</svg>", &format!("{drawing}</svg>"));
            assert_eq!(flatten(&page), gone);
        }
    }

    #[test]
    fn what_only_begins_like_a_drawing_stays() {
        for page in [
            "<svg><path><p>通知</p></svg>",
            "<svg><foreignObject>通知</foreignObject></svg>",
            "<svg/><p>通知</p></svg>",
            "<b><svg><path></b><i>通知</i></svg>",
            "<svg><path d='M0'>通知",
        ] {
            assert!(matches!(flatten(page), Cow::Borrowed(_)), "{page}");
        }
        // below the limit it is too deep, as all else is
        let deep = format!("{}<svg></svg>通知", "<font>".repeat(MAX_DEPTH + 8));
        assert_eq!(
            flatten(&deep),
            format!("{}</svg>通知", "<font>".repeat(MAX_DEPTH))
        );
        // each is looked through once, or up to where it ends
        let page = "<b><svg><path></b>".repeat(200_000);
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
        assert_eq!(flatten(&format!("<p>a<b{many}>c</b{many}>d")), "<p>acd");
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
