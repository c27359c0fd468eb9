//! HTML out of a tree: an element's inside, with single elements left out, unwrapped, rewritten or replaced.
//!
//! Follows the serialisation of the HTML standard (13.3) as far as articles need it: text and attributes escaped,
//! void elements without an end tag. Comments are never written.

use std::borrow::Cow;

use super::document::{Element, Step};

/// What becomes of an element when its surroundings are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write<'a> {
    /// It is written as it is.
    Keep,
    /// It and all inside is left out.
    Drop,
    /// Its tags are left out, what is inside is written.
    Unwrap,
    /// It is written with these attributes, what is inside follows.
    Attributes(Vec<(&'a str, Cow<'a, str>)>),
    /// It is written under this name with these attributes, what is inside follows.
    As(&'static str, Vec<(&'a str, Cow<'a, str>)>),
    /// This HTML stands for it and all inside.
    Replace(String),
}

/// The HTML of what is inside `element`.
pub(super) fn inner_html<'a>(
    element: Element<'a>,
    mut write: impl FnMut(Element<'a>) -> Write<'a>,
) -> String {
    let mut html = String::new();
    // the names of the open elements' end tags: empty for one without
    let mut ends: Vec<&'a str> = Vec::new();
    let mut raw_text = 0_u32;
    let mut walk = element.walk();
    while let Some(step) = walk.next() {
        match step {
            Step::Open(e) if e == element => {}
            Step::Close(e) if e == element => {}
            Step::Text(text) if raw_text > 0 => html.push_str(text),
            Step::Text(text) => escape(&mut html, text, false),
            Step::Open(e) => {
                let (name, skip) = open(&mut html, e, write(e));
                ends.push(name);
                raw_text += u32::from(is_raw(name));
                if skip {
                    walk.skip_inside();
                }
            }
            Step::Close(_) => {
                let name = ends.pop().unwrap_or_default();
                raw_text -= u32::from(is_raw(name));
                if !name.is_empty() && !is_void(name) {
                    html.push_str("</");
                    html.push_str(name);
                    html.push('>');
                }
            }
        }
    }
    html
}

/// Writes a start tag, or what stands for the element. Returns the end tag's name, and whether the inside is left out.
fn open<'a>(html: &mut String, element: Element<'a>, write: Write<'a>) -> (&'a str, bool) {
    match write {
        Write::Keep => {
            let attributes = element.attrs();
            start_tag(html, element.name(), attributes);
            (element.name(), false)
        }
        Write::Attributes(list) => {
            start_tag(html, element.name(), list.iter().map(|(n, v)| (*n, &**v)));
            (element.name(), false)
        }
        Write::As(name, list) => {
            start_tag(html, name, list.iter().map(|(n, v)| (*n, &**v)));
            (name, false)
        }
        Write::Unwrap => ("", false),
        Write::Drop => ("", true),
        Write::Replace(other) => {
            html.push_str(&other);
            ("", true)
        }
    }
}

fn start_tag<'v>(
    html: &mut String,
    name: &str,
    attributes: impl Iterator<Item = (&'v str, &'v str)>,
) {
    html.push('<');
    html.push_str(name);
    for (name, value) in attributes {
        html.push(' ');
        html.push_str(name);
        html.push_str("=\"");
        escape(html, value, true);
        html.push('"');
    }
    html.push('>');
}

/// Appends text with what has a meaning in HTML escaped.
pub(super) fn escape(html: &mut String, text: &str, in_attribute: bool) {
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' if in_attribute => "&quot;",
            _ => continue,
        };
        // `at` is an ASCII byte, so both ends lie between characters
        html.push_str(&text[done..at]);
        html.push_str(entity);
        done = at + 1;
    }
    html.push_str(&text[done..]);
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Whether text inside is written unescaped.
fn is_raw(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "iframe" | "noscript" | "xmp" | "noframes" | "noembed"
    )
}

#[cfg(test)]
mod tests {
    use super::super::document::{Document, Selector};
    use super::*;

    fn rewritten(html: &str, write: impl FnMut(Element<'_>) -> Write<'_>) -> String {
        let document = Document::parse(html);
        document.body().inner_html_with(write)
    }

    #[test]
    fn writes_what_was_read() {
        let html = "<p class=\"a&quot;b\">1 &lt; 2 &amp; 3<br><b>x</b></p><script>1 < 2</script>";
        assert_eq!(rewritten(html, |_| Write::Keep), html);
    }

    #[test]
    fn each_element_is_written_as_asked() {
        let html = "<div><i>a<u>b</u></i><b>c</b><s>d</s><em id=x>e</em><q>f</q></div>";
        let out = rewritten(html, |e| match e.name() {
            "i" => Write::Drop,
            "b" => Write::Unwrap,
            "s" => Write::Replace("<hr>".to_owned()),
            "em" => Write::Attributes(vec![("href", "\"".into())]),
            "q" => Write::As("strong", Vec::new()),
            _ => Write::Keep,
        });
        assert_eq!(
            out,
            "<div>c<hr><em href=\"&quot;\">e</em><strong>f</strong></div>"
        );
    }

    #[test]
    fn writes_the_inside_of_any_element() {
        let document = Document::parse("<p>a<b>c</b></p>d");
        let p = document.select_first(&Selector::literal("p")).unwrap();
        assert_eq!(p.inner_html(), "a<b>c</b>");
    }
}
