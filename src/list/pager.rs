//! The next list page.
//!
//! In: a parsed page. Out: the address that its pager calls the next one: by `rel=next`, by its word (下一页, next, ›), or
//! by its number behind the current page's. Pagers made by script alone have none.

use std::sync::LazyLock;

use url::Url;

use super::words::{self, LinkKind};
use crate::page::{
    document::{Document, Element, Pick, Selector},
    links,
};

/// A pager has fewer entries.
const MAX_ENTRIES: usize = 60;

/// The next page by the rule, or else by what the page shows.
pub(super) fn next(
    document: &Document,
    base: &Url,
    page: &Url,
    rule: Option<&Pick>,
) -> Option<Url> {
    let ruled = rule.and_then(|pick| {
        document
            .select(&pick.selector)
            .find_map(|e| match &pick.attribute {
                Some(name) => links::resolve(base, e.attr(name)?),
                None => links::of_link(base, link_of(e)?),
            })
    });
    ruled
        .or_else(|| declared(document, base))
        .or_else(|| by_word(document, base, page))
        .or_else(|| by_number(document, base, page))
        .filter(|next| is_other(next, page))
}

/// The element itself, the link inside, or the one around.
fn link_of(element: Element<'_>) -> Option<Element<'_>> {
    let is_link = |e: &Element<'_>| e.name() == "a";
    Some(element)
        .filter(is_link)
        .or_else(|| element.descendants().find(is_link))
        .or_else(|| element.ancestors().take(2).find(is_link))
}

fn declared(document: &Document, base: &Url) -> Option<Url> {
    static DECLARED: LazyLock<Selector> =
        LazyLock::new(|| Selector::literal("a[rel~=next], link[rel~=next]"));
    let declared = document.select_first(&DECLARED)?;
    links::resolve(base, declared.attr("href")?)
}

fn by_word(document: &Document, base: &Url, page: &Url) -> Option<Url> {
    let links = anchors(document).filter(|a| {
        let says = words::link_kind(*a) == LinkKind::Next;
        let told = a
            .attr("title")
            .is_some_and(|t| words::kind_of_text(t) == LinkKind::Next);
        (says || told) && !is_disabled(*a)
    });
    // a slide show's arrow leads nowhere; a pager's leads to a page of this site
    links
        .filter_map(|a| links::of_link(base, a))
        .find(|url| url.host_str() == page.host_str() && is_other(url, page))
}

/// The number behind the current page's among numbers that stand together.
fn by_number(document: &Document, base: &Url, page: &Url) -> Option<Url> {
    let numbered = anchors(document).filter(|a| words::link_kind(*a) == LinkKind::Number);
    let mut pagers: Vec<Element<'_>> = Vec::new();
    for link in numbered {
        let holder = link
            .ancestors()
            .take(3)
            .find(|e| e.children().count() > 1)?;
        if !pagers.contains(&holder) {
            pagers.push(holder);
        }
        if pagers.len() > 8 {
            break;
        }
    }
    pagers.into_iter().find_map(|pager| {
        let current = current_number(pager)?;
        let mut links = pager
            .descendants()
            .filter(|e| e.name() == "a")
            .take(MAX_ENTRIES);
        let next = links.find(|a| number(*a) == Some(current + 1))?;
        links::of_link(base, next).filter(|url| url.host_str() == page.host_str())
    })
}

/// The number of the page shown: the entry that is no link, or is named so.
fn current_number(pager: Element<'_>) -> Option<u32> {
    let entries = pager.descendants().take(MAX_ENTRIES * 3);
    let mut numbers = entries
        .filter(|e| e.children().next().is_none())
        .filter_map(|e| Some((e, number(e)?)));
    numbers
        .find(|(e, _)| {
            let named = std::iter::once(*e).chain(e.ancestors().take(2)).any(|e| {
                e.attr("aria-current").is_some()
                    || e.classes().any(|c| {
                        [
                            "active",
                            "current",
                            "cur",
                            "on",
                            "now",
                            "thisclass",
                            "selected",
                            "p_no_d",
                            "this",
                        ]
                        .contains(&c.to_ascii_lowercase().as_str())
                    })
            });
            let is_link = e.name() == "a" || e.ancestors().take(2).any(|e| e.name() == "a");
            let leads = e.name() == "a" && e.attr("href").is_some_and(words::leads_somewhere);
            named || !is_link || e.name() == "a" && !leads
        })
        .map(|(_, number)| number)
}

fn number(element: Element<'_>) -> Option<u32> {
    let text = element.text();
    let digits = text.trim_matches(|c: char| !c.is_ascii_digit());
    (digits.len() <= 4 && words::kind_of_text(&text) == LinkKind::Number)
        .then(|| digits.parse().ok())
        .flatten()
}

fn anchors(document: &Document) -> impl Iterator<Item = Element<'_>> {
    document.body().descendants().filter(|e| e.name() == "a")
}

fn is_disabled(link: Element<'_>) -> bool {
    std::iter::once(link)
        .chain(link.ancestors().take(1))
        .any(|e| {
            e.classes()
                .any(|c| c.eq_ignore_ascii_case("disabled") || c.eq_ignore_ascii_case("disable"))
                || e.attr("disabled").is_some()
        })
}

fn is_other(url: &Url, page: &Url) -> bool {
    links::identity(url) != links::identity(page)
}
