//! What stands above rows and belongs to them: years that date them (`<h4>2023年</h4><ul>…<span>02-24</span>…</ul>`), and
//! the list's first article shown larger than the others.
//!
//! In: an outline and a block of it. Out: the block's rows with their years; the headline as a row.

use super::{
    addresses,
    detect::{self, Block},
    outline::{Outline, Region},
    rows::Row,
};

/// How far above the first row the headline's neighbour may stand: `ul`, a box around it.
const MAX_HEIGHT: usize = 3;

/// More articles above a list are a list of their own.
const MAX_HEADLINES: usize = 4;

/// A headline shows no more than a title, a date and a lead.
const MAX_CHARS: usize = 600;

/// How much text may stand between the headline and the first row.
const MAX_GAP: usize = 12;

/// A headline's title is not shorter.
const LEAST_TITLE_CHARS: usize = 4;

/// The dated articles right above a block of dated rows, in another shape than theirs.
pub(super) fn headlines<'a>(outline: &Outline<'a>, block: &Block) -> Vec<Row<'a>> {
    let Some(above) = above(outline, block) else {
        return Vec::new();
    };
    let children = |node: usize| {
        let nodes = &outline.nodes;
        let first = (node + 1 < nodes[node].end).then_some(node + 1);
        let next = move |&child: &usize| Some(nodes[child].end).filter(|&n| n < nodes[node].end);
        std::iter::successors(first, next).filter(|&n| !outline.links_in(n).is_empty())
    };
    let mut holder = above;
    if !looks_like_headline(outline, above) {
        for _ in 0..MAX_HEIGHT {
            let mut inside = children(holder);
            match (inside.next(), inside.next()) {
                (Some(only), None) => holder = only,
                _ => break,
            }
        }
        let rows: Vec<usize> = children(holder).take(MAX_HEADLINES + 1).collect();
        let fits = (2..=MAX_HEADLINES).contains(&rows.len());
        let all = fits && rows.iter().all(|&n| looks_like_headline(outline, n));
        return if all {
            rows.iter()
                .map(|&n| Row::alone(outline.nodes[n].element))
                .collect()
        } else {
            Vec::new()
        };
    }
    vec![Row::alone(outline.nodes[above].element)]
}

/// The last element with links above a block of dated rows, if it stands right above.
fn above(outline: &Outline<'_>, block: &Block) -> Option<usize> {
    let nodes = &outline.nodes;
    let first = *block.rows.first()?;
    // a box of another column's articles, and the page's own list above
    if block.rows.len() < 2 || !outline.is_dated(first) || block.is_beside {
        return None;
    }
    let mut below = first;
    for _ in 0..MAX_HEIGHT {
        let parent = nodes[below].parent;
        if parent == below {
            return None;
        }
        // a link before, inside the same element: what holds it stands above the rows
        if nodes[parent].links.0 < nodes[first].links.0 {
            let children = std::iter::successors(Some(parent + 1), |&child| Some(nodes[child].end));
            let above = children
                .take_while(|&child| child < below)
                .filter(|&child| !outline.links_in(child).is_empty());
            let above = above.last()?;
            let adjoins = nodes[above].links.1 == nodes[first].links.0
                && outline.gap(above, first) <= MAX_GAP;
            return adjoins.then_some(above);
        }
        below = parent;
    }
    None
}

fn looks_like_headline(outline: &Outline<'_>, node: usize) -> bool {
    let (before, inside) = outline.nodes[node].chars;
    let links = outline.links_in(node);
    outline.is_dated(node)
        && outline.nodes[node].region == Region::Plain
        && outline.targets_in(node).len() == 1
        && inside - before <= MAX_CHARS
        && links.iter().any(|l| l.chars >= LEAST_TITLE_CHARS)
        && links.iter().all(|l| addresses::is_article_like(l.href))
}

/// Gives each row the year of the last heading above it, and the date of its group; headings stand between rows, or right
/// above the first.
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
    if detect::is_grouped(outline, &block.rows) {
        let mut group = None;
        let mut end = 0;
        for (at, &(start, row_end)) in places.iter().enumerate().take(rows.len()) {
            let dates = outline.dates_between(end, start);
            let heading = dates.last();
            group = heading.map(|date| date.text).or(group);
            rows[at].group = group;
            end = row_end;
            // what parts two rows is neither's own
            if heading.is_some_and(|date| date.is_line) {
                rows[at].begin_alone();
                if let Some(above) = at.checked_sub(1) {
                    rows[above].end_alone();
                }
                // the last row goes on as far as the one before it did: into what heads another group, or a footer
                if at + 1 == rows.len() && at > 0 && dates.len() == 1 {
                    rows[at].end_alone();
                }
            }
        }
    }
    rows
}
