//! Where rows stand, in the words of a selector: `div.news > ul > li`.
//!
//! In: rows. Out: what a person reads, or what `[source.list] item` takes.

use super::rows::Row;
use crate::page::document::{Document, Element, Selector};

/// A selector tells no more steps.
const MAX_STEPS: usize = 7;

/// How many steps say enough to a person.
const FEW_STEPS: usize = 3;

/// The rows' place in a few steps.
pub(super) fn in_words(rows: &[Row<'_>]) -> String {
    written(&steps(rows, FEW_STEPS))
}

/// A selector that matches these rows and nothing else, if one of a few steps does; else one that matches them too.
pub(super) fn selector(document: &Document, rows: &[Row<'_>]) -> String {
    let steps = steps(rows, MAX_STEPS);
    let is_exact = |text: &String| {
        let found = Selector::parse(text).map(|s| document.select(&s).count());
        found.is_ok_and(|count| count == rows.len())
    };
    let paths = (FEW_STEPS.min(steps.len())..=steps.len()).map(|n| written(&steps[..n]));
    if let Some(exact) = paths.into_iter().find(is_exact) {
        return exact;
    }
    // blocks of one shape are told apart by their place among each other
    let around: Vec<Element<'_>> = rows
        .first()
        .map(|row| row.element.ancestors().take(MAX_STEPS - 1).collect())
        .unwrap_or_default();
    let counted = around.iter().enumerate().filter_map(|(i, element)| {
        let at = element.preceding().count() + 1;
        let mut steps = steps.clone();
        let step = steps.get_mut(i + 1)?;
        *step = format!("{step}:nth-child({at})");
        Some(written(&steps[..(i + 3).min(steps.len())]))
    });
    let mut counted = counted.filter(is_exact);
    counted.next().unwrap_or_else(|| written(&steps))
}

/// The row and what is around it, innermost first, up to an id.
fn steps(rows: &[Row<'_>], most: usize) -> Vec<String> {
    let Some(row) = rows.first() else {
        return Vec::new();
    };
    let class =
        row.element.classes().next().filter(|class| {
            is_name(class) && rows.iter().all(|other| other.element.has_class(class))
        });
    let mut steps = vec![match class {
        Some(class) => format!("{}.{class}", row.element.name()),
        None => row.element.name().to_owned(),
    }];
    for element in row.element.ancestors().take(most - 1) {
        let id = element.id().filter(|id| is_name(id));
        let class = element.classes().find(|class| is_name(class));
        steps.push(match (id, class) {
            (Some(id), _) => format!("{}#{id}", element.name()),
            (None, Some(class)) => format!("{}.{class}", element.name()),
            (None, None) => element.name().to_owned(),
        });
        if id.is_some() || element.name() == "body" {
            break;
        }
    }
    steps
}

fn written(steps: &[String]) -> String {
    let steps: Vec<&str> = steps.iter().rev().map(String::as_str).collect();
    steps.join(" > ")
}

/// Whether a name may stand in a selector as it is.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
