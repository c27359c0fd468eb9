//! Rows by selectors: the user's, or a preset's.

use super::{
    detect::{self, Block},
    outline::Outline,
    rows::Row,
};
use crate::page::document::{Document, Selector};

/// All elements that the user's selector matches, as they are.
pub(super) fn rows<'a>(document: &'a Document, item: &Selector) -> Vec<Row<'a>> {
    document.select(item).map(Row::alone).collect()
}

/// Of the elements that a preset's selector matches, those of one list: a page may show several.
pub(super) fn main_block(outline: &Outline<'_>, item: &Selector) -> Option<Block> {
    let found: Vec<usize> = (0..outline.nodes.len())
        .filter(|&i| outline.nodes[i].element.matches(item))
        .collect();
    detect::best_of(outline, found)
}

/// A block's elements as they are, without what stands between them.
pub(super) fn rows_of<'a>(outline: &Outline<'a>, block: &Block) -> Vec<Row<'a>> {
    let elements = block.rows.iter().map(|&i| outline.nodes[i].element);
    elements.map(Row::alone).collect()
}
