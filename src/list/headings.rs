//! Years that stand above the rows they date: `<h4>2023年</h4><ul>…<span>02-24</span>…</ul>`.
//!
//! In: an outline and a block of it. Out: the block's rows, each with the year of the heading above.

use super::{detect::Block, outline::Outline, rows::Row};

/// Gives each row the year of the last heading above it; headings stand between rows, or right above the first.
pub(super) fn with_years<'a>(
    outline: &Outline<'a>,
    block: &Block,
    mut rows: Vec<Row<'a>>,
) -> Vec<Row<'a>> {
    let places: Vec<(usize, usize)> = block.rows.iter().map(|&r| outline.nodes[r].chars).collect();
    let Some(&(first, _)) = places.first() else {
        return rows;
    };
    let is_above = |row: usize, at: usize| at < places[row].0;
    let is_inside = |at: usize| {
        let row = places.partition_point(|&(start, _)| start <= at);
        row > 0 && at < places[row - 1].1
    };
    // `2023年度` is the longest
    let is_near = |at: usize| at + 6 >= first;
    let headings: Vec<(usize, i16)> = outline
        .years
        .iter()
        .copied()
        .filter(|&(at, _)| is_near(at) && !is_inside(at))
        .collect();
    for (i, row) in rows.iter_mut().enumerate() {
        let above = headings.iter().take_while(|(at, _)| is_above(i, *at));
        row.year = above.last().map(|(_, year)| *year);
    }
    rows
}
