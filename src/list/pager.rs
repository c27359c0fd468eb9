//! The next list page.
//!
//! In: a parsed page. Out: the address that its pager calls the next one: by `rel=next`, by its word (下一页, next, ›), or
//! by its number behind the current page's. Pagers made by script alone have none.

use url::Url;

use super::{
    outline::{Link, Outline, Region},
    words::{self, LinkKind},
};
use crate::page::{
    document::{Child, Document, Element, Pick},
    links,
};

/// No page has more places where numbers stand together.
const MAX_PAGERS: usize = 8;

/// A pager has fewer entries.
const MAX_ENTRIES: usize = 60;

/// The next page by the rule, or else by what the page shows.
pub(super) fn next(
    document: &Document,
    outline: &Outline<'_>,
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
        .or_else(|| declared(document, outline, base))
        .or_else(|| by_word(outline, base, page))
        .or_else(|| by_number(outline, base, page))
        .or_else(|| by_choice(outline, base, page))
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

/// `rel=next`, on a link or in the head.
fn declared(document: &Document, outline: &Outline<'_>, base: &Url) -> Option<Url> {
    let is_next = |e: &Element<'_>| {
        let rel = e.attr("rel").unwrap_or_default();
        rel.split_ascii_whitespace()
            .any(|word| word.eq_ignore_ascii_case("next"))
    };
    let links = outline.links.iter().map(|l| outline.nodes[l.node].element);
    let in_head = document.head().children().filter(|e| e.name() == "link");
    let declared = links.chain(in_head).find(is_next)?;
    links::resolve(base, declared.attr("href")?)
}

fn by_word(outline: &Outline<'_>, base: &Url, page: &Url) -> Option<Url> {
    // a slide show has a `Next` too
    let is_pager =
        |l: &&Link<'_>| l.kind == LinkKind::Next && outline.nodes[l.node].region != Region::Aside;
    let links = outline.links.iter().filter(is_pager);
    let elements = links.map(|l| outline.nodes[l.node].element);
    // a slide show's arrow leads nowhere; a pager's leads to a page of this site
    elements
        .filter(|e| !is_disabled(*e))
        .filter_map(|e| links::of_link(base, e))
        .find(|url| url.host_str() == page.host_str() && is_other(url, page))
}

/// The number behind the current page's among numbers that stand together.
fn by_number(outline: &Outline<'_>, base: &Url, page: &Url) -> Option<Url> {
    let numbered = outline.links.iter().filter(|l| l.kind == LinkKind::Number);
    let mut pagers: Vec<Element<'_>> = Vec::new();
    for link in numbered {
        let link = outline.nodes[link.node].element;
        let holder = link
            .ancestors()
            .take(3)
            .find(|e| e.children().nth(1).is_some());
        if let Some(holder) = holder
            && !pagers.contains(&holder)
        {
            pagers.push(holder);
        }
        if pagers.len() >= MAX_PAGERS {
            break;
        }
    }
    pagers.into_iter().find_map(|pager| {
        let current = current_number(pager, base, page)?;
        let links: Vec<(Element<'_>, u32)> = pager
            .descendants()
            .filter(|e| e.name() == "a")
            .take(MAX_ENTRIES)
            .filter_map(|a| Some((a, number(&a.text())?)))
            .collect();
        let numbers: Vec<u32> = links.iter().map(|(_, n)| *n).collect();
        let following = current + step(current, &numbers);
        let (next, _) = *links.iter().find(|(_, n)| *n == following)?;
        links::of_link(base, next).filter(|url| url.host_str() == page.host_str())
    })
}

/// By how much the next page's number is larger: one, or as many as a page has rows where the numbers count those
/// (`0 | 10 | 20`).
fn step(current: u32, numbers: &[u32]) -> u32 {
    /// A page has as many rows at least.
    const LEAST_ROWS: u32 = 5;
    let mut all: Vec<u32> = numbers.iter().copied().chain([current]).collect();
    all.sort_unstable();
    all.dedup();
    let least = all.windows(2).map(|pair| pair[1] - pair[0]).min();
    least
        .filter(|&size| size >= LEAST_ROWS && all.iter().all(|n| n.is_multiple_of(size)))
        .unwrap_or(1)
}

/// The page behind the current one in a list to choose from: `<select onchange="location=this.value"><option …>2`.
fn by_choice(outline: &Outline<'_>, base: &Url, page: &Url) -> Option<Url> {
    let opens = |e: &Element<'_>| e.attr("onchange").is_some_and(|s| s.contains("location"));
    let elements = outline.nodes.iter().map(|node| node.element);
    let mut choices = elements.filter(|e| e.name() == "select" && opens(e));
    choices.find_map(|select| {
        let entries: Vec<(Element<'_>, u32)> = select
            .descendants()
            .filter(|e| e.name() == "option")
            .take(MAX_ENTRIES)
            .filter_map(|e| Some((e, number(&e.text())?)))
            .collect();
        let target = |e: Element<'_>| links::resolve(base, e.attr("value")?);
        let is_shown = |e: Element<'_>| target(e).is_some_and(|url| !is_other(&url, page));
        let chosen = entries.iter().find(|(e, _)| e.attr("selected").is_some());
        let current = chosen
            .or_else(|| entries.iter().find(|(e, _)| is_shown(*e)))
            .or_else(|| entries.first().filter(|(_, n)| *n == 1))?;
        let (next, _) = *entries.iter().find(|(_, n)| *n == current.1 + 1)?;
        target(next).filter(|url| url.host_str() == page.host_str())
    })
}

/// The number of the page shown: the entry that is named so, is no link, or leads to this very page.
fn current_number(pager: Element<'_>, base: &Url, page: &Url) -> Option<u32> {
    let inside = || pager.descendants().take(MAX_ENTRIES * 3);
    let leaves = inside().filter(|e| e.children().next().is_none());
    let entries: Vec<(Element<'_>, u32)> = leaves
        .filter_map(|e| Some((e, number(&e.text())?)))
        .collect();
    let target = |e| {
        let link = up_to(e, pager).find(|e| e.name() == "a")?;
        links::of_link(base, link)
    };
    let called = entries
        .iter()
        .find(|(e, _)| up_to(*e, pager).any(is_named_current));
    let unlinked = || entries.iter().find(|(e, _)| target(*e).is_none());
    let itself = || {
        entries
            .iter()
            .find(|(e, _)| target(*e).is_some_and(|url| !is_other(&url, page)))
    };
    // the page's own address is the first page's without its number
    let unnumbered = || {
        let first = entries
            .iter()
            .filter(|(_, n)| *n == 1 && page.query().is_none());
        let mut targets = first.filter_map(|(e, _)| target(*e));
        targets
            .any(|url| url.query().is_some() && url.path() == page.path())
            .then_some(1)
    };
    // `<a>1</a> 2 <a>3</a>`
    let outside = || {
        pager.child_nodes().find_map(|child| match child {
            Child::Text(text) => number(text),
            Child::Element(_) => None,
        })
    };
    // the first page may leave itself out
    let left_out = || {
        entries
            .iter()
            .map(|(_, n)| *n)
            .min()
            .filter(|&n| n == 2)
            .map(|_| 1)
    };
    let of_entry = called.or_else(unlinked).or_else(itself);
    of_entry
        .map(|(_, number)| *number)
        .or_else(outside)
        .or_else(unnumbered)
        .or_else(left_out)
}

/// An entry and the elements around it, inside the pager.
fn up_to<'a>(entry: Element<'a>, pager: Element<'a>) -> impl Iterator<Item = Element<'a>> {
    std::iter::once(entry).chain(entry.ancestors().take_while(move |e| *e != pager))
}

fn is_named_current(element: Element<'_>) -> bool {
    element.attr("aria-current").is_some()
        || element.classes().any(|class| {
            let class = class.to_ascii_lowercase();
            let names = [
                "active",
                "current",
                "cur",
                "on",
                "now",
                "thisclass",
                "selected",
                "p_no_d",
                "this",
                "hover",
                "nowpage",
                "is-active",
                "curpage",
                "page-current",
            ];
            names.contains(&class.as_str())
        })
}

fn number(text: &str) -> Option<u32> {
    if text.len() > 40 || words::kind_of_text(text) != LinkKind::Number {
        return None;
    }
    text.trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .ok()
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
