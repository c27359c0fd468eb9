//! Rows by selectors: the user's, or a preset's.

use super::{outline::Outline, rows::Row};
use crate::{
    list::detect,
    page::document::{Document, Element, Selector},
};

/// All elements that the user's selector matches, as they are.
pub(super) fn rows<'a>(document: &'a Document, item: &Selector) -> Vec<Row<'a>> {
    document.select(item).map(Row::alone).collect()
}

/// Of the elements that a preset's selector matches, those of one list: a page may show several.
pub(super) fn main_rows<'a>(outline: &Outline<'a>, item: &Selector) -> Option<Vec<Row<'a>>> {
    let found: Vec<usize> = (0..outline.nodes.len())
        .filter(|&i| outline.nodes[i].element.matches(item))
        .collect();
    if found.is_empty() {
        return None;
    }
    let block = detect::best_of(outline, found)?;
    let elements: Vec<Element<'a>> = block
        .rows
        .iter()
        .map(|&i| outline.nodes[i].element)
        .collect();
    Some(elements.into_iter().map(Row::alone).collect())
}
