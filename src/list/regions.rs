//! What the names of elements say: navigation, side columns, breadcrumbs, headings, what is hidden.
//!
//! In: an element. Out: its part of the page, as far as its tag, its id and its classes tell.

use super::outline::Region;
use crate::page::document::Element;

/// Whether an element is not shown until something is chosen: `display: none`, a tab's panel that is not the active one.
/// Single rows may be hidden for other reasons.
pub(super) fn is_hidden(element: Element<'_>) -> bool {
    if !element.is_any(&["div", "ul", "ol", "dl", "table", "tbody", "section"]) {
        return false;
    }
    let style = element.attr("style").is_some_and(|style| {
        let none = style.split_once("display").map(|(_, rest)| rest);
        none.is_some_and(|rest| {
            let value = rest.trim_start_matches(|c: char| c == ':' || c.is_ascii_whitespace());
            value
                .get(..4)
                .is_some_and(|v| v.eq_ignore_ascii_case("none"))
        })
    });
    let panel = element.attr("class").is_some_and(|class| {
        class.contains("tab-")
            && element
                .classes()
                .any(|c| matches!(c, "tab-pane" | "layui-tab-item"))
            && !element
                .classes()
                .any(|c| matches!(c, "active" | "in" | "show" | "layui-show"))
    });
    style || panel || element.attr("hidden").is_some()
}

/// Whether an element is a heading, by its name or its classes.
pub(super) fn is_heading(element: Element<'_>) -> bool {
    if element.is_any(&["h1", "h2", "h3", "h4", "h5", "h6"]) {
        return true;
    }
    let is_named = |class: &str| {
        split_words(class).any(|word| {
            ["tit", "title", "hd", "bt", "biaoti", "heading", "caption"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name))
        })
    };
    element.is_any(&["div", "span", "p", "strong", "dt"])
        && element.attr("class").is_some_and(is_named)
}

/// Whether an element's names say that it is the breadcrumb.
pub(super) fn is_breadcrumb(element: Element<'_>) -> bool {
    if element.is_any(&["body", "a", "span", "td", "img"]) {
        return false;
    }
    let names = element.id().into_iter().chain(element.classes());
    names.flat_map(split_words).any(|word| {
        ["breadcrumb", "breadcrumbs", "crumb", "crumbs", "mbx"]
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name))
    })
}

/// The longest word that names a region.
const MAX_NAME_BYTES: usize = 12;

/// What an element's own name, id and classes say of the region that begins with it; absent where nothing.
pub(super) fn region(element: Element<'_>) -> Option<Region> {
    match element.name() {
        "nav" | "footer" | "select" => return Some(Region::Frame),
        "aside" | "marquee" => return Some(Region::Aside),
        "main" | "article" => return Some(Region::Plain),
        "body" | "a" | "span" | "td" | "tr" | "tbody" | "img" | "br" | "font" | "b" => return None,
        _ => {}
    }
    let names = element.id().into_iter().chain(element.classes());
    let mut found = None;
    for name in names {
        for word in split_words(name) {
            let mut buffer = [0; MAX_NAME_BYTES];
            match in_lower_case(word, &mut buffer) {
                "nav" | "menu" | "foot" | "footer" | "header" | "navbar" | "navigation"
                | "copyright" | "bottom" | "breadcrumb" | "crumb" | "crumbs" | "friendlink"
                | "friendlinks" | "yqlj" | "topbar" | "subnav" | "submenu" | "pagination"
                | "pager" | "login" | "search" | "weizhi" | "position" | "mainnav" | "sitemap"
                | "toolbar" | "dropdown" => found = Some(Region::Frame),
                "hot" | "rank" | "ranking" | "related" | "relate" | "recommend" | "sidebar"
                | "side" | "aside" | "banner" | "slider" | "swiper" | "slide" | "carousel"
                | "flash" | "focus" | "marquee" | "ticker" | "gundong" | "phb" | "xgxw"
                | "tjyd" | "rmwz" => {
                    found = found.or(Some(Region::Aside));
                }
                // `nav_right`, `menu-content`, `side_list`: what lies beside a menu, not the menu
                "right" | "content" | "con" | "main" | "body" | "wrap" | "wrapper" | "box"
                | "list" => return None,
                _ => {}
            }
        }
    }
    found
}

/// A word in lower case; empty where it is longer than any that is looked for.
fn in_lower_case<'b>(word: &str, buffer: &'b mut [u8; MAX_NAME_BYTES]) -> &'b str {
    let Some(lower) = buffer.get_mut(..word.len()) else {
        return "";
    };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).unwrap_or_default()
}

/// `left-nav`, `left_nav` and `leftNav` are two words, `nav2` is one.
fn split_words(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let bytes = rest.as_bytes();
        let start = bytes.iter().position(u8::is_ascii_alphabetic)?;
        let mut end = start + 1;
        while end < bytes.len()
            && bytes[end].is_ascii_alphabetic()
            && !(bytes[end].is_ascii_uppercase() && bytes[end - 1].is_ascii_lowercase())
        {
            end += 1;
        }
        // letters are ASCII, so both ends lie between characters
        let word = &rest[start..end];
        rest = &rest[end..];
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_regions() {
        let words: Vec<_> = split_words("leftNav_box2-menu").collect();
        assert_eq!(words, ["left", "Nav", "box", "menu"]);
    }
}
