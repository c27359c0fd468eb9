//! A body as a page of ours shows it, below the page's own heading.
//!
//! In: an article's sanitised HTML. Out: the same with headings that follow one another without a gap from the second
//! level on, wide tables each in a region that is scrolled by itself, also by keyboard, and pictures that say what they
//! are: loaded, or as links for who shall load nothing from elsewhere.

use std::borrow::Cow;

use maud::html;

use crate::page::document::{Document, Element, Write};

/// How a body is shown.
#[derive(Clone, Copy, Debug)]
pub struct Showing {
    /// Whether its pictures are loaded, or links stand in their place.
    pub pictures: bool,
    /// What a picture is called that has no words of its own.
    pub picture: &'static str,
    /// What a table is called.
    pub table: &'static str,
}

/// A sanitised body's HTML as a page shows it. It is still as safe as it was.
pub fn show(html: &str, showing: Showing) -> String {
    if !html.contains('<') {
        return html.to_owned();
    }
    let document = Document::parse(html);
    let mut headings = Headings::default();
    document
        .body()
        .inner_html_with(|element| match element.name() {
            "table" => in_region(element, &mut headings, showing),
            _ => write(element, &mut headings, showing),
        })
}

/// The headings that stand above the next one, the page's own left out: the levels that the body gives them.
#[derive(Default)]
struct Headings(Vec<u8>);

impl Headings {
    /// The name for the next heading, which the body calls `name`.
    fn next(&mut self, name: &str) -> &'static str {
        let level = name.as_bytes().last().copied().unwrap_or_default();
        self.0.retain(|above| *above < level);
        self.0.push(level);
        match self.0.len() {
            1 => "h2",
            2 => "h3",
            3 => "h4",
            4 => "h5",
            _ => "h6",
        }
    }
}

/// An outermost table: those inside are scrolled with it.
fn in_region<'a>(table: Element<'a>, headings: &mut Headings, showing: Showing) -> Write<'a> {
    let inside = table.inner_html_with(|element| write(element, headings, showing));
    Write::Replace(format!(
        "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{}\"><table>{inside}</table></div>",
        showing.table
    ))
}

fn write<'a>(element: Element<'a>, headings: &mut Headings, showing: Showing) -> Write<'a> {
    let is_empty = || element.text().trim().is_empty();
    match element.name() {
        "img" => picture(element, showing),
        // a link of a picture that is not loaded, or of nothing at all, has nothing to be followed by
        "a" if is_empty() && !(showing.pictures && has_picture(element)) => Write::Unwrap,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if is_empty() => Write::Unwrap,
        name @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => {
            Write::As(headings.next(name), Vec::new())
        }
        _ => Write::Keep,
    }
}

fn has_picture(element: Element<'_>) -> bool {
    element.descendants().any(|inside| inside.name() == "img")
}

fn picture(picture: Element<'_>, showing: Showing) -> Write<'_> {
    let alt = picture.attr("alt").map_or("", str::trim);
    let link = picture.ancestors().find(|one| one.name() == "a");
    let is_named = link.is_some_and(|link| !link.text().trim().is_empty());
    if showing.pictures {
        // where it is all that a link has, it names it
        let alt = match alt {
            "" if link.is_some() && !is_named => showing.picture,
            alt => alt,
        };
        let is_other = |name: &str| !matches!(name, "alt" | "loading" | "referrerpolicy");
        let others = picture.attrs().filter(|(name, _)| is_other(name));
        let mut attributes: Vec<(&str, Cow<'_, str>)> =
            others.map(|(name, value)| (name, value.into())).collect();
        attributes.push(("alt", alt.into()));
        attributes.push(("loading", "lazy".into()));
        return Write::Attributes(attributes);
    }
    let words = match alt {
        "" => showing.picture.to_owned(),
        alt => format!("{} · {alt}", showing.picture),
    };
    let html = match picture.attr("src") {
        Some(src) if !is_named => {
            html! { a.picture href=(src) rel="noopener noreferrer" { (words) } }
        }
        _ => html! { "[" (words) "]" },
    };
    Write::Replace(html.into_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str, pictures: bool) -> String {
        let showing = Showing {
            pictures,
            picture: "图片",
            table: "表格",
        };
        show(html, showing)
    }

    #[test]
    fn headings_follow_one_another_below_the_pages_own() {
        for (html, expected) in [
            (
                "<h4>a</h4><p>b</p><h4>c</h4>",
                "<h2>a</h2><p>b</p><h2>c</h2>",
            ),
            ("<h1>a</h1><h1>b</h1>", "<h2>a</h2><h2>b</h2>"),
            (
                "<h2>a</h2><h3>b</h3><h2>c</h2>",
                "<h2>a</h2><h3>b</h3><h2>c</h2>",
            ),
            ("<h3><br></h3><p>a</p>", "<br><p>a</p>"),
        ] {
            assert_eq!(shown(html, false), expected);
        }
    }

    #[test]
    fn tables_are_scrolled_by_themselves() {
        let table = "<table><tbody><tr><td>1</td></tr></tbody></table>";
        let html = format!("<p>a</p>{}", table.replace('1', table));
        let whole = shown(&html, false);
        assert!(whole.starts_with(
            "<p>a</p><div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"表格\"><table>"
        ));
        assert_eq!(whole.matches("class=\"wide\"").count(), 1, "{whole}");
        assert_eq!(whole.matches("<table>").count(), 2, "{whole}");
    }

    #[test]
    fn pictures_are_links_or_say_what_they_are() {
        let html = r#"<p><img src="http://a.cn/1.png" alt="礼堂 &lt;b&gt;"></p><p><a href="http://a.cn/"><img src="http://a.cn/2.png"></a></p>"#;
        assert_eq!(
            shown(html, false),
            "<p><a class=\"picture\" href=\"http://a.cn/1.png\" rel=\"noopener noreferrer\">图片 · 礼堂 &lt;b&gt;</a></p>\
             <p><a class=\"picture\" href=\"http://a.cn/2.png\" rel=\"noopener noreferrer\">图片</a></p>"
        );
        let linked = "<a href=\"http://a.cn/\">全文<img src=\"http://a.cn/2.png\"></a>";
        assert_eq!(
            shown(linked, false),
            "<a href=\"http://a.cn/\">全文[图片]</a>"
        );
        let loaded = shown(html, true);
        assert!(
            loaded.contains(
                "<img src=\"http://a.cn/1.png\" alt=\"礼堂 &lt;b&gt;\" loading=\"lazy\">"
            ),
            "{loaded}"
        );
        assert!(loaded.contains("<img src=\"http://a.cn/2.png\" alt=\"图片\" loading=\"lazy\">"));
    }
}
