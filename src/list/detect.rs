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
};

/// How far above its link a row may begin.
const MAX_ROW_HEIGHT: usize = 6;

/// An element with more links holds rows, it is none.
const MAX_ROW_LINKS: usize = 12;

/// How far above its rows a block's container may stand, wrappers aside.
const MAX_CONTAINER_HEIGHT: usize = 3;

/// How much text without a link may stand between two rows of one container: a lead, a date, a heading.
const MAX_TEXT_BETWEEN: usize = 600;

/// A heading between two sections of a list is no longer.
const MAX_HEADING_CHARS: usize = 24;

/// How much text may stand between a block and its pager: `共 23 条 1/3`.
const MAX_PAGER_DISTANCE: usize = 60;

/// A block below this is no list.
const LEAST_SCORE: f64 = 3.0;

/// Rows that belong together.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Indices of the rows' elements, in document order.
    pub(super) rows: Vec<usize>,
    /// How sure it is that this is the list.
    pub(super) score: f64,
    /// How many rows show a date.
    dated: u32,
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
    if articles.any(|other| other.href != link.href) || !is_right_below_name(outline, link.node) {
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

/// Whether a pager stands right behind a block's last row.
fn is_paged(outline: &Outline<'_>, pagers: &Pagers, last: usize) -> bool {
    follows(outline, &pagers.words, last) || outline.is_above_pager(last)
}

/// Whether one of a pager's links stands right behind a block's last row: no other title between.
fn follows(outline: &Outline<'_>, pager: &[usize], last: usize) -> bool {
    const TITLE_CHARS: usize = 6;
    const MAX_TRIES: usize = 8;
    let row = outline.nodes[last];
    let place = |link: usize| outline.nodes[outline.links[link].node].chars.0;
    let end = row.chars.1;
    let behind = pager.partition_point(|&link| link < row.links.1);
    pager[behind..]
        .iter()
        .take(MAX_TRIES)
        .take_while(|&&link| place(link) <= end + MAX_PAGER_DISTANCE)
        .any(|&link| {
            let between = outline.links[row.links.1..link].iter();
            between
                .take(MAX_ROW_LINKS)
                .all(|l| l.kind != LinkKind::Plain || l.chars < TITLE_CHARS)
        })
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
    between.any(|date| date.text != above.text)
}

/// Whether a row is a part of a line: a date before it is that of the line, not the heading of a group.
fn is_in_line(outline: &Outline<'_>, row: usize) -> bool {
    outline.nodes[row]
        .element
        .is_any(&["a", "span", "b", "font", "em", "strong"])
}

/// Where pagers stand: indices of their links.
struct Pagers {
    /// `下一页`, `上一页`.
    words: Vec<usize>,
    /// Numbers: slide shows have them too.
    numbers: Vec<usize>,
}

impl Pagers {
    fn of(outline: &Outline<'_>) -> Self {
        let places = |fits: fn(LinkKind, usize) -> bool| {
            let links = outline.links.iter().enumerate();
            links
                .filter(move |(_, l)| fits(l.kind, l.chars))
                .map(|(i, _)| i)
                .collect()
        };
        Self {
            // a list's last page has `上一页` alone; `首页` stands in footers too
            words: places(|kind, chars| match kind {
                LinkKind::Next => chars > 1,
                LinkKind::Pager => chars > 2,
                _ => false,
            }),
            numbers: places(|kind, _| kind == LinkKind::Number),
        }
    }
}

/// What single rows are worth, computed once each: a row is part of several blocks.
struct Rows<'o, 'a> {
    outline: &'o Outline<'a>,
    worth: Vec<Option<f64>>,
}

impl<'o, 'a> Rows<'o, 'a> {
    fn new(outline: &'o Outline<'a>) -> Self {
        Self {
            outline,
            worth: vec![None; outline.nodes.len()],
        }
    }

    /// A run of rows as a block.
    fn block(&mut self, mut run: Vec<usize>, pagers: &Pagers) -> Block {
        let mut dated = 0;
        self.trim(&mut run);
        let score = self.score(&run, pagers, &mut dated);
        Block {
            rows: run,
            score,
            dated,
            is_beside: false,
        }
    }

    /// Takes off the ends of a dated run what is no row of it, but stands beside and is of the same tag: links to
    /// other sites, a footer.
    fn trim(&self, run: &mut Vec<usize>) {
        let outline = self.outline;
        let Some(&middle) = run.get(run.len() / 2).filter(|_| run.len() >= 4) else {
            return;
        };
        let dated = run.iter().filter(|&&row| outline.is_dated(row)).count();
        if !outline.is_dated(middle) || dated * 3 < run.len() * 2 || dated == run.len() {
            return;
        }
        let class = |row: usize| outline.nodes[row].element.attr("class");
        let is_other = |row: usize| {
            !outline.is_dated(row)
                && class(row) != class(middle)
                && outline.links_in(row).len() != 1
        };
        while run.last().is_some_and(|&row| is_other(row)) {
            run.pop();
        }
        let others = run.iter().take_while(|&&row| is_other(row)).count();
        run.drain(..others);
    }

    /// What a run of rows is worth, and how many are dated.
    fn score(&mut self, run: &[usize], pagers: &Pagers, dated: &mut u32) -> f64 {
        /// A lead speaks for an article nearly as much as a date; boxes beside have no room for many.
        const LEAD: f64 = 2.5;
        const LEAST_LEADS: usize = 5;
        let Some(&last) = run.last() else {
            return 0.0;
        };
        if run.len() == 1 && !self.outline.is_dated(last) {
            return 0.0;
        }
        let is_grouped = is_grouped(self.outline, run);
        let mut sum = self.by_query(run);
        for (i, &row) in run.iter().enumerate() {
            let worth = self.worth[row].unwrap_or_else(|| self.worth_of(row));
            self.worth[row] = Some(worth);
            let is_dated = is_grouped
                || self.outline.is_dated(row)
                || self.is_dated_after(row, run.get(i + 1).copied());
            *dated += u32::from(is_dated);
            sum += worth;
            if is_dated {
                sum += 3.0;
            } else if run.len() >= LEAST_LEADS && self.has_lead(row, run.get(i + 1).copied()) {
                sum += LEAD;
            }
        }
        sum -= self.against_targets(run);
        let rows = f64::from(u32::try_from(run.len()).unwrap_or(u32::MAX));
        // a single row is a list only if it is dated, and never against a longer one
        if run.len() == 1 {
            let is_final = follows(self.outline, &pagers.words, last);
            let enough = if is_final { 3.0 } else { 4.6 };
            return if *dated == 1 && sum >= enough {
                LEAST_SCORE
            } else {
                0.0
            };
        }
        if sum / rows < 0.8 {
            return 0.0;
        }
        // the tenth row says as much as the first, the fiftieth does not
        let mut score = sum * (1.0_f64).min((20.0 / rows).sqrt().max(0.5));
        // a list is what its pager pages through, however long the block beside it
        if is_paged(self.outline, pagers, last) {
            score = score * 3.0 + 10.0;
        } else if follows(self.outline, &pagers.numbers, last) {
            score = score * 1.5 + 5.0;
        }
        score
    }

    /// Whether a row, or what stands between it and the next one beside it, has a lead beside its title.
    fn has_lead(&self, row: usize, next: Option<usize>) -> bool {
        const LEAST_CHARS: usize = 30;
        let nodes = &self.outline.nodes;
        // a `[查看全文]` at the end of a lead is a part of another row
        if self.title_of(row).is_none() {
            return false;
        }
        let next = next.filter(|&next| nodes[next].parent == nodes[row].parent);
        let end = next.map_or(nodes[row].chars.1, |next| nodes[next].chars.0);
        let linked = self.outline.links_in(row).iter();
        let linked: usize = linked
            .map(|link| {
                let (before, inside) = nodes[link.node].chars;
                inside - before
            })
            .sum();
        (end - nodes[row].chars.0).saturating_sub(linked) >= LEAST_CHARS
    }

    /// Whether a date stands between a row and the next one beside it.
    fn is_dated_after(&self, row: usize, next: Option<usize>) -> bool {
        let Some(next) = next else {
            return false;
        };
        let nodes = &self.outline.nodes;
        let (line, of_next) = (nodes[row].parent, nodes[next].parent);
        let is_next = line == of_next || nodes[line].element.name() == "tr";
        is_next && nodes[next].dates.0 > nodes[row].dates.1
    }

    /// The link of a row that is its title.
    fn title_of(&self, row: usize) -> Option<&Link<'a>> {
        let links = self.outline.links_in(row).iter();
        let plain = links.filter(|l| l.kind == LinkKind::Plain);
        plain.max_by_key(|l| l.chars.min(40))
    }

    /// What speaks for rows that one script shows all, told apart by a number in their queries:
    /// `default.aspx?PageType=3&FlexDataID=2000`.
    fn by_query(&self, run: &[usize]) -> f64 {
        const LEAST_ROWS: usize = 3;
        /// More rows say no more.
        const MAX_ROWS: usize = 60;
        let hrefs = || {
            let rows = run.iter().take(MAX_ROWS);
            rows.map(|&row| self.title_of(row).map_or("", |link| link.href))
        };
        let in_doubt = |href: &str| href.contains('?') && !addresses::is_article_like(href);
        if run.len() < LEAST_ROWS || !hrefs().next().is_some_and(in_doubt) {
            return 0.0;
        }
        if !addresses::differ_by_number(&hrefs()) {
            return 0.0;
        }
        let per_row = |href: &str| match (
            addresses::is_article_like(href),
            addresses::is_column_like(href),
        ) {
            (true, _) => 0.0,
            // what was held against them
            (false, true) => 1.5,
            (false, false) => 0.7,
        };
        hrefs().map(per_row).sum()
    }

    /// What a row is worth without its date.
    fn worth_of(&self, row: usize) -> f64 {
        let outline = self.outline;
        let Some(link) = self.title_of(row).filter(|link| link.chars > 0) else {
            return self.worth_of_more(row);
        };
        let mut worth = match link.chars {
            0..=3 => -1.5,
            4..=5 => -0.5,
            6..=7 => 0.2,
            8..=11 => 0.9,
            _ => 1.5,
        };
        if addresses::is_article_like(link.href) {
            worth += 0.7;
        } else if addresses::is_column_like(link.href) {
            worth -= 0.8;
        }
        // a row is a title, perhaps a lead; an article is no row
        let (before, inside) = outline.nodes[row].chars;
        if inside - before > 1_000 {
            worth -= 3.0;
        }
        worth - self.against_region(row)
    }

    /// What a row is worth whose link says no more than `详情`, or nothing: its title stands beside.
    fn worth_of_more(&self, row: usize) -> f64 {
        const LEAST_CHARS: usize = 4;
        const SHORT_CHARS: usize = 8;
        let (before, inside) = self.outline.nodes[row].chars;
        let links = self.outline.links_in(row);
        let is_sign = |link: &Link<'_>| link.kind == LinkKind::More || link.chars == 0;
        // `PDF | Word` are as good as one
        let [link, ..] = links else {
            return -1.0;
        };
        if !links.iter().all(is_sign) {
            return -1.0;
        }
        let signs: usize = links.iter().map(|link| link.chars).sum();
        let beside = (inside - before).saturating_sub(signs);
        let worth = match (addresses::is_article_like(link.href), beside) {
            (_, ..SHORT_CHARS) => 0.2,
            (true, _) => 1.6,
            (false, _) => 0.9,
        };
        if beside < LEAST_CHARS || addresses::is_column_like(link.href) {
            return -1.0;
        }
        worth - self.against_region(row)
    }

    fn against_region(&self, row: usize) -> f64 {
        match self.outline.nodes[row].region {
            Region::Plain => 0.0,
            Region::Aside => 1.0,
            Region::Frame => 2.5,
        }
    }

    /// What speaks against rows that lead to many places: columns of a menu, not articles. Places that other rows lead
    /// to as well, a category's or an author's, do not count.
    fn against_targets(&self, run: &[usize]) -> f64 {
        let targets: Vec<Vec<&str>> = run
            .iter()
            .map(|&row| self.outline.targets_in(row))
            .collect();
        if targets.iter().all(|t| t.len() <= 2) {
            return 0.0;
        }
        let mut uses: HashMap<&str, u32> = HashMap::new();
        for target in targets.iter().flatten() {
            *uses.entry(target).or_default() += 1;
        }
        let of_row = |targets: &Vec<&str>| {
            let own = targets.iter().filter(|t| run.len() == 1 || uses[*t] == 1);
            let beyond = own.count().saturating_sub(2);
            2.0 * f64::from(u32::try_from(beyond).unwrap_or(u32::MAX)).min(20.0)
        };
        targets.iter().map(of_row).sum()
    }
}
