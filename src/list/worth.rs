//! What rows are worth as a page's list.
//!
//! In: an outline and a run of its rows. Out: a [`Block`] with its score. Dates, leads, titles of some length, an article's
//! address and a pager below speak for rows; short texts, many targets in a row and navigation around them against.

use std::collections::HashMap;

use super::{
    addresses,
    detect::{Block, LEAST_SCORE, MAX_ROW_LINKS, is_grouped},
    outline::{Link, Outline, Region},
    words::LinkKind,
};

/// How much text may stand between a block and its pager: `共 23 条 1/3`.
const MAX_PAGER_DISTANCE: usize = 60;

/// What single rows are worth, computed once each: a row is part of several blocks.
pub(super) struct Rows<'o, 'a> {
    outline: &'o Outline<'a>,
    worth: Vec<Option<f64>>,
}

impl<'o, 'a> Rows<'o, 'a> {
    pub(super) fn new(outline: &'o Outline<'a>) -> Self {
        Self {
            outline,
            worth: vec![None; outline.nodes.len()],
        }
    }

    /// A run of rows as a block.
    pub(super) fn block(&mut self, mut run: Vec<usize>, pagers: &Pagers) -> Block {
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

/// Where pagers stand: indices of their links.
pub(super) struct Pagers {
    /// `下一页`, `上一页`.
    pub(super) words: Vec<usize>,
    /// Numbers: slide shows have them too.
    numbers: Vec<usize>,
}

impl Pagers {
    pub(super) fn of(outline: &Outline<'_>) -> Self {
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

/// Whether a pager stands right behind a block's last row.
pub(super) fn is_paged(outline: &Outline<'_>, pagers: &Pagers, last: usize) -> bool {
    follows(outline, &pagers.words, last) || outline.is_above_pager(last)
}

/// Whether one of a pager's links stands right behind a block's last row: no other title between.
pub(super) fn follows(outline: &Outline<'_>, pager: &[usize], last: usize) -> bool {
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
