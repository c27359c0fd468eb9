//! The repeated block that is a page's list, found by structure alone.
//!
//! In: an [`Outline`]. Out: the best [`Block`]s of rows, best first. A block is a set of elements that stand at the
//! same path of tags below one container, one to three levels down, with nothing but themselves between; each holds
//! a link. Links are counted upwards, so that all layouts look alike here: `ul > li`, tables, `dl`, cards, bare links.
//! Rows with a date, a long text and an article's address speak for a block; short texts, many links per row, and a
//! place in navigation against it.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use super::{
    addresses,
    outline::{DateText, Link, Outline, Region},
    words::LinkKind,
    worth::{Pagers, Rows, follows, is_paged},
};

/// How far above its link a row may begin.
const MAX_ROW_HEIGHT: usize = 6;

/// An element with more links holds rows, it is none.
pub(super) const MAX_ROW_LINKS: usize = 12;

/// How far above its rows a block's container may stand, wrappers aside.
const MAX_CONTAINER_HEIGHT: usize = 3;

/// How much text without a link may stand between two rows of one container: a lead, a date, a heading.
const MAX_TEXT_BETWEEN: usize = 600;

/// A heading between two sections of a list is no longer.
const MAX_HEADING_CHARS: usize = 24;

/// A block below this is no list.
pub(super) const LEAST_SCORE: f64 = 3.0;

/// Rows that belong together.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Indices of the rows' elements, in document order.
    pub(super) rows: Vec<usize>,
    /// How sure it is that this is the list.
    pub(super) score: f64,
    /// How many rows show a date.
    pub(super) dated: u32,
    /// Whether its place says that it is not this page's own: a side column, or below a `更多`.
    pub(super) is_beside: bool,
}

/// The blocks that may be the page's list, best first.
pub(super) fn blocks(outline: &Outline<'_>) -> Vec<Block> {
    let pagers = Pagers::of(outline);
    let mut rows = Rows::new(outline);
    let mut blocks: Vec<Block> = Vec::new();
    for cluster in clusters(outline) {
        for run in runs(outline, cluster) {
            let block = rows.block(run, &pagers);
            if block.score >= LEAST_SCORE {
                blocks.push(block);
            }
        }
    }
    weigh_places(outline, &mut blocks, &pagers);
    weigh_single_rows(outline, &mut blocks, &pagers);
    // equal scores: the larger rows, which hold the dates and leads; then the earlier block
    let size = |b: &Block| {
        let node = outline.nodes[b.rows[0]];
        node.end - b.rows[0]
    };
    blocks.sort_by(|a, b| {
        let by_score = b.score.total_cmp(&a.score);
        by_score
            .then(size(b).cmp(&size(a)))
            .then(a.rows[0].cmp(&b.rows[0]))
    });
    blocks
}

/// Lets the blocks' places speak: a page's list stands by its breadcrumb, and a block below a `更多` is but the beginning
/// of another page's.
fn weigh_places(outline: &Outline<'_>, blocks: &mut [Block], pagers: &Pagers) {
    /// What lies between a `更多` and the block it belongs to.
    const MAX_GAP: usize = 4;
    let around_breadcrumb: Vec<usize> = outline
        .breadcrumb
        .map(|node| above(outline, node).collect())
        .unwrap_or_default();
    let common = |block: &Block| {
        let nodes = &outline.nodes;
        let holds = |&&n: &&usize| n <= block.rows[0] && block.rows[0] < nodes[n].end;
        around_breadcrumb.iter().find(holds).copied()
    };
    let widest = blocks.iter().filter_map(common).min();
    for block in blocks {
        let first = block.rows[0];
        let is_other_page = outline.link_before(first).is_some_and(|link| {
            link.kind == LinkKind::More && outline.gap(link.node, first) <= MAX_GAP
        }) || holds_boxes(outline, &block.rows);
        if is_other_page {
            block.score *= 0.15;
        }
        let is_headed_aside = outline.is_below_side_heading(first);
        let is_aside = outline.nodes[first].region == Region::Aside || is_headed_aside;
        if is_headed_aside {
            block.score *= 0.3;
        } else if is_aside {
            block.score *= 0.4;
        }
        let is_own_column = outline.is_below_own_name(first);
        // a box beside the list has no pager
        let is_other_column = outline.is_below_other_name(first)
            && !block
                .rows
                .last()
                .is_some_and(|&last| is_paged(outline, pagers, last));
        if is_other_column {
            block.score *= 0.2;
        } else if !is_aside && is_own_column {
            block.score *= 2.0;
        }
        // what is shown only when a tab is chosen
        if outline.hidden_with(first).is_some() {
            block.score *= 0.5;
        }
        block.is_beside = is_other_page || is_aside || is_other_column;
        if common(block) > widest {
            block.score *= 4.0;
        }
    }
}

/// The row of the only article that a page links to, if it stands right below the page's breadcrumb or the column's name,
/// and nothing but a lead follows.
pub(super) fn single(outline: &Outline<'_>) -> Option<usize> {
    const LEAST_TITLE_CHARS: usize = 8;
    const MAX_HEIGHT: usize = 3;
    /// A longer text is an article's, and the link one of its files.
    const MAX_ROW_CHARS: usize = 300;
    if outline.says_empty {
        return None;
    }
    let is_article = |link: &&Link<'_>| {
        link.kind == LinkKind::Plain
            && link.chars >= LEAST_TITLE_CHARS
            && outline.nodes[link.node].region == Region::Plain
            && addresses::is_article_like(link.href)
    };
    let mut articles = outline.links.iter().filter(is_article);
    let link = articles.next()?;
    // a file that is called like one is an article's own
    let names_file = || addresses::is_file(&outline.nodes[link.node].element.text());
    if articles.any(|other| other.href != link.href)
        || names_file()
        || !is_right_below_name(outline, link.node)
    {
        return None;
    }
    let is_row = |node: &usize| outline.targets_in(*node).len() == 1;
    let row = above(outline, link.node)
        .take(MAX_HEIGHT)
        .take_while(is_row)
        .last()?;
    let (before, inside) = outline.nodes[row].chars;
    (inside - before <= MAX_ROW_CHARS).then_some(row)
}

/// Whether an element stands right behind the breadcrumb or the column's name.
fn is_right_below_name(outline: &Outline<'_>, node: usize) -> bool {
    const MAX_GAP: usize = 24;
    let follows = |name: usize| {
        let end = outline.nodes[name].end;
        end <= node && outline.gap(name, node) <= MAX_GAP && !outline.has_link_between(name, node)
    };
    outline.is_below_own_name(node) || outline.breadcrumb.is_some_and(follows)
}

/// Whether the rows are boxes of rows of their own: a `更多` stands before their titles.
fn holds_boxes(outline: &Outline<'_>, rows: &[usize]) -> bool {
    let is_box = |row: &&usize| {
        let links = outline.links_in(**row);
        let more = links.iter().position(|l| l.kind == LinkKind::More);
        let is_title = |l: &Link<'_>| l.kind == LinkKind::Plain;
        more.is_some_and(|at| {
            // a card's `Continue reading` leads where its title leads
            let is_own = links[..at]
                .iter()
                .any(|l| is_title(l) && l.href == links[at].href);
            !is_own && links[at..].iter().any(is_title)
        })
    };
    rows.iter().filter(is_box).count() * 2 > rows.len()
}

/// A single dated row above a pager is a list's last page, whatever longer block stands beside it.
fn weigh_single_rows(outline: &Outline<'_>, blocks: &mut [Block], pagers: &Pagers) {
    const LAST_PAGE: f64 = 60.0;
    let ranges: Vec<(usize, usize)> = blocks
        .iter()
        .filter(|b| b.rows.len() > 1 && b.dated as usize * 2 > b.rows.len())
        .filter_map(|b| Some((*b.rows.first()?, outline.nodes[*b.rows.last()?].end)))
        .collect();
    for block in blocks {
        if let [row] = block.rows[..] {
            let end = outline.nodes[row].end;
            let overlaps = ranges.iter().any(|&(from, to)| from < end && row < to);
            if !overlaps && follows(outline, &pagers.words, row) {
                block.score = LAST_PAGE;
            }
        }
    }
}

/// The best of the blocks that some given elements form: rows that a preset's selector has found.
pub(super) fn best_of(outline: &Outline<'_>, mut found: Vec<usize>) -> Option<Block> {
    let pagers = Pagers::of(outline);
    let mut rows = Rows::new(outline);
    found.retain(|&row| {
        !outline.links_in(row).is_empty() || outline.nodes[row].element.name() == "a"
    });
    let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for row in found {
        // rows of one container, or of containers side by side, are one list
        let path: Vec<usize> = above(outline, row).skip(1).take(2).collect();
        match groups
            .iter_mut()
            .find(|(other, _)| other.first() == path.first())
        {
            Some((_, rows)) => rows.push(row),
            None => groups.push((path, vec![row])),
        }
    }
    let groups = groups.into_iter().map(|(_, rows)| rows);
    let mut blocks: Vec<Block> = groups.map(|run| rows.block(run, &pagers)).collect();
    weigh_places(outline, &mut blocks, &pagers);
    blocks
        .into_iter()
        .max_by(|a, b| a.score.total_cmp(&b.score))
}

impl Block {
    /// Whether it shares rows with another.
    pub(super) fn overlaps(&self, other: &Self, outline: &Outline<'_>) -> bool {
        let range = |block: &Self| {
            let last = block.rows.last()?;
            Some((*block.rows.first()?, outline.nodes[*last].end))
        };
        match (range(self), range(other)) {
            (Some((from, to)), Some((start, end))) => from < end && start < to,
            _ => false,
        }
    }
}

/// An element's index, its parent's, and so on, without `<body>`.
fn above<'o>(outline: &'o Outline<'_>, node: usize) -> impl Iterator<Item = usize> + use<'o> {
    std::iter::successors(Some(node), |&n| {
        let parent = outline.nodes[n].parent;
        (parent != n).then_some(parent)
    })
}

/// All sets of elements at one path of tags below one container that hold links, each in document order.
fn clusters(outline: &Outline<'_>) -> Vec<Vec<usize>> {
    let mut found: HashMap<(usize, u64), Vec<usize>, BuildHasherDefault<Mixer>> =
        HashMap::default();
    let plain = outline
        .links
        .iter()
        // a link without a word may cover a card whose title stands beside it
        .filter(|l| l.kind == LinkKind::Plain && l.chars != 1 || l.kind == LinkKind::More);
    for link in plain {
        let few_links = |row: &usize| outline.links_in(*row).len() <= MAX_ROW_LINKS;
        for row in above(outline, link.node)
            .take(MAX_ROW_HEIGHT)
            .take_while(few_links)
        {
            let mut path = 0xcbf2_9ce4_8422_2325_u64;
            let mut step = row;
            let mut height = 0;
            for container in above(outline, row).skip(1) {
                path = mix(path, outline.nodes[step].element.name());
                // what wraps a container and nothing else has the same rows
                let wraps =
                    step != row && outline.nodes[step].links == outline.nodes[container].links;
                step = container;
                if wraps {
                    continue;
                }
                if height == MAX_CONTAINER_HEIGHT {
                    break;
                }
                height += 1;
                let rows = found.entry((container, path)).or_default();
                if rows.last() != Some(&row) {
                    rows.push(row);
                }
            }
        }
    }
    let mut all: Vec<_> = found.into_iter().collect();
    // the map's order is chance
    all.sort_unstable_by_key(|(key, _)| *key);
    all.into_iter().map(|(_, rows)| rows).collect()
}

/// A hasher for keys that are numbers already: a page has thousands of them, and the standard one would be the half of
/// all work here.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

/// FNV-1a, 64 bit.
fn mix(hash: u64, name: &str) -> u64 {
    name.bytes().chain([b'>']).fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A cluster, cut where something else stands between two rows.
fn runs(outline: &Outline<'_>, rows: Vec<usize>) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for row in rows {
        let joins = runs
            .last()
            .and_then(|run| run.last())
            .is_some_and(|&before| {
                if outline.nodes[before].parent == outline.nodes[row].parent {
                    // beside each other, what a row shows may go on in what follows it
                    !outline.has_link_between(before, row)
                        && outline.gap(before, row) <= MAX_TEXT_BETWEEN
                } else {
                    let adjoins = outline.gap(before, row) == 0
                        && !outline.has_link_between(before, row)
                        && are_alike_around(outline, before, row)
                        || is_heading_between(outline, before, row)
                        || is_next_line(outline, runs.last(), before, row);
                    adjoins && outline.hidden_with(before) == outline.hidden_with(row)
                }
            });
        match runs.last_mut() {
            Some(run) if joins => run.push(row),
            _ => runs.push(vec![row]),
        }
    }
    runs
}

/// Whether what two rows' containers stand in is the same, or looks the same: a side column is another list.
fn are_alike_around(outline: &Outline<'_>, before: usize, row: usize) -> bool {
    // the links of two blocks, not the rows of one
    if is_in_line(outline, row) && !are_containers_alike(outline, before, row) {
        return false;
    }
    let around = |row: usize| {
        let container = outline.nodes[row].parent;
        outline.nodes[container].parent
    };
    let [a, b] = [before, row].map(around);
    let class = |node: usize| outline.nodes[node].element.attr("class");
    a == b || class(a) == class(b)
}

/// Whether two rows' containers are of one tag and of the same classes.
fn are_containers_alike(outline: &Outline<'_>, before: usize, row: usize) -> bool {
    let [a, b] = [before, row].map(|r| outline.nodes[outline.nodes[r].parent].element);
    a.name() == b.name() && a.attr("class") == b.attr("class")
}

/// Whether rows stand several to a line of a table, and the next line begins right behind what the last row shows:
/// `<tr><td>title<td>date<td>title<td>date`.
fn is_next_line(
    outline: &Outline<'_>,
    run: Option<&Vec<usize>>,
    before: usize,
    row: usize,
) -> bool {
    const MAX_TAIL_CHARS: usize = 24;
    let parent = |n: usize| outline.nodes[n].parent;
    let (line, next) = (parent(before), parent(row));
    let run = run.map_or(&[][..], Vec::as_slice);
    let stands_beside = run.len() >= 2 && parent(run[run.len() - 2]) == line;
    stands_beside
        && outline.nodes[line].element.name() == "tr"
        && outline.gap(line, next) == 0
        && outline.gap(before, row) <= MAX_TAIL_CHARS
        && !outline.has_link_between(before, row)
}

/// Whether no more than a heading parts two rows of blocks that look alike: sections of one list. A heading with a
/// `更多` beside it begins a list of its own.
fn is_heading_between(outline: &Outline<'_>, before: usize, row: usize) -> bool {
    let [a, b] = [before, row].map(|r| outline.nodes[outline.nodes[r].parent].element);
    let [over_a, over_b] = [a, b].map(|e| e.parent().and_then(|p| p.attr("class")));
    let alike = a.name() == b.name() && a.attr("class") == b.attr("class") && over_a == over_b;
    let ends = outline.nodes[before].chars.1..=outline.nodes[row].chars.0;
    let is_year = outline.years.iter().any(|(at, _)| ends.contains(at))
        || !is_in_line(outline, row) && outline.has_date_between(*ends.start(), *ends.end());
    let classed = a.attr("class").or(over_a).is_some() || is_year;
    let (from, to) = (outline.nodes[before].links.1, outline.nodes[row].links.0);
    let links = outline.links.get(from..to).unwrap_or_default();
    alike
        && classed
        && outline.gap(before, row) <= MAX_HEADING_CHARS
        && links.len() <= 1
        && links.iter().all(|l| l.kind == LinkKind::Plain)
}

/// Whether dates stand above groups of rows, not in them: one before the first row, and others between.
pub(super) fn is_grouped(outline: &Outline<'_>, run: &[usize]) -> bool {
    let Some(&first) = run.first() else {
        return false;
    };
    let place = |row: usize| outline.nodes[row].chars;
    let dates = |pair: &[usize]| outline.dates_between(place(pair[0]).1, place(pair[1]).0);
    // a date in the same line as several links is that of all of them together
    let is_in_line = is_in_line(outline, first);
    let heads = |date: &DateText<'_>| !is_in_line || date.is_line;
    let Some(above) = outline.date_above(first).filter(heads) else {
        return false;
    };
    let mut between = run.windows(2).flat_map(dates).filter(|date| heads(date));
    between.any(|date| date.text != above.text) && !are_followed_by_dates(outline, run, &above)
}

/// Whether the dates between rows are those of the rows above them: behind the last row stands one more that looks like
/// them, and the one above the first row looks otherwise (`Last updated: 25 May 2024`).
fn are_followed_by_dates(outline: &Outline<'_>, run: &[usize], above: &DateText<'_>) -> bool {
    let place = |row: usize| outline.nodes[row].chars;
    let shape = |date: &DateText<'_>| {
        let holder = outline.nodes[date.holder];
        let around = outline.nodes[holder.parent];
        let looks = [holder, around].map(|n| (n.element.name(), n.element.attr("class")));
        (looks, date.text.contains([':', '：']))
    };
    let Some(&last) = run.last() else {
        return false;
    };
    let end = place(last).1;
    let Some(behind) = outline.dates_between(end, end + MAX_TEXT_BETWEEN).first() else {
        return false;
    };
    let own = shape(behind);
    let is_dated = |pair: &&[usize]| {
        let between = outline.dates_between(place(pair[0]).1, place(pair[1]).0);
        between.first().is_some_and(|date| shape(date) == own)
    };
    let dated = run.windows(2).filter(is_dated).count();
    dated * 2 > run.len() - 1 && shape(above) != own
}

/// Whether a row is a part of a line: a date before it is that of the line, not the heading of a group.
fn is_in_line(outline: &Outline<'_>, row: usize) -> bool {
    outline.nodes[row]
        .element
        .is_any(&["a", "span", "b", "font", "em", "strong"])
}
