//! Lists behind tabs: panels of one shape, of which only a style sheet or a script shows one at a time.
//!
//! In: a block whose rows stand in several containers, and what reads rows. Out: the block's first panel, where the dates
//! say that each container is a list of its own.

use std::ops::Range;

use jiff::civil::Date;

use super::{Item, detect::Block, outline::Outline};

/// A panel's rows are not fewer.
const LEAST_ROWS: usize = 3;

/// The first of the lists that a block is made of, if it is made of several.
///
/// A list that is cut in groups goes on with older dates in the next; a list of its own begins with newer ones.
pub(super) fn first(
    outline: &Outline<'_>,
    block: &Block,
    read: impl Fn(&Block) -> Vec<Item>,
) -> Option<Block> {
    let panels = panels_of(outline, block)?;
    let mut spans: Vec<(Date, Date)> = Vec::new();
    for panel in &panels {
        let items = read(&part(block, panel.clone()));
        let days: Option<Vec<Date>> = items.iter().map(|i| Some(i.published?.day())).collect();
        let days = days.filter(|days| days.is_sorted_by(|a, b| a >= b))?;
        spans.push((*days.first()?, *days.last()?));
    }
    let each = |fits: fn((Date, Date), (Date, Date)) -> bool| {
        spans.windows(2).all(|pair| fits(pair[0], pair[1]))
    };
    let begin_anew = each(|before, next| next.0 > before.1);
    // two columns that are read line by line begin anew, too
    let are_columns = each(|before, next| next.0 <= before.0 && next.1 <= before.1);
    let first = panels.first()?.clone();
    (begin_anew && (!are_columns || is_named_tabs(outline, block.rows[0])))
        .then(|| part(block, first))
}

/// The rows of each container, if there are several and nothing but rows stands between.
fn panels_of(outline: &Outline<'_>, block: &Block) -> Option<Vec<Range<usize>>> {
    let rows = &block.rows;
    let mut panels: Vec<Range<usize>> = Vec::new();
    for (i, &row) in rows.iter().enumerate() {
        let goes_on = i > 0 && outline.nodes[rows[i - 1]].parent == outline.nodes[row].parent;
        if i > 0 && !goes_on && outline.gap(rows[i - 1], row) > 0 {
            return None;
        }
        match panels.last_mut() {
            Some(panel) if goes_on => panel.end = i + 1,
            _ => panels.push(i..i + 1),
        }
    }
    (panels.len() >= 2 && panels.iter().all(|p| p.len() >= LEAST_ROWS)).then_some(panels)
}

fn part(block: &Block, rows: Range<usize>) -> Block {
    let mut part = block.clone();
    part.rows = block.rows[rows].to_vec();
    part
}

/// Whether the names around say that there are tabs: `.tab-bd`, and `.bd` below `.hd`.
fn is_named_tabs(outline: &Outline<'_>, row: usize) -> bool {
    let mut around = outline.nodes[row].element.ancestors().take(3);
    around.any(|e| {
        e.has_class("bd")
            || e.classes()
                .any(|c| c.to_ascii_lowercase().contains("tab") && !c.contains("table"))
    })
}
