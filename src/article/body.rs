//! Where the body is: the whole of it and nothing else.
//!
//! In: the page's [`Outline`], what its lines are, where the heading is. Out: the block that holds the body and the
//! lines of it that belong. Each line weighs for or against being text of an article: letters and sentence marks for,
//! links against, and a block weighs what its lines weigh. The heaviest block, and the innermost of nearly as heavy
//! ones, holds the body: its parents add navigation, its children lose paragraphs. Names of classes only tip the scale.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    facts, files,
    heading::{Heading, Mark, key},
    outline::{Block, Kind, Line, Outline, Piece, measure},
    role::{self, Role},
};
use crate::page::document::Element;

/// The part of a page that is an article's body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    /// The pieces of the block that holds it.
    pub pieces: Range<usize>,
    /// Its lines, with some left out.
    pub lines: Range<usize>,
    /// Lines in between that are no part of it, in order.
    pub without: Vec<usize>,
    /// Where the article is over: files up to there are its attachments.
    pub end: usize,
}

impl Body {
    /// Whether a line is part of it.
    pub(super) fn has(&self, line: usize) -> bool {
        self.lines.contains(&line) && self.without.binary_search(&line).is_err()
    }

    /// The lines that are part of it.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.lines.clone().filter(|&line| self.has(line))
    }
}

/// Finds the body by structure alone.
pub(super) fn detect(outline: &Outline<'_>, marks: &[Mark], heading: &Heading) -> Option<Body> {
    let named = detect_by(outline, marks, heading, true);
    if named
        .as_ref()
        .is_some_and(|body| body.iter().next().is_some())
    {
        return named;
    }
    // all of a short text in a block that is called `print` or `meta`
    detect_by(outline, marks, heading, false).or(named)
}

/// The same with names of blocks that stand around articles, or in spite of them.
fn detect_by(
    outline: &Outline<'_>,
    marks: &[Mark],
    heading: &Heading,
    named: bool,
) -> Option<Body> {
    let scale = Scale::new(outline, marks, heading, named);
    let block = &outline.blocks[scale.heaviest()?];
    let (pieces, lines) = (block.pieces.clone(), block.lines.clone());
    Some(trim(outline, marks, heading, pieces, lines, named))
}

/// The body inside an element that is known to hold it: without what systems leave at its beginning and end.
pub(super) fn within(
    outline: &Outline<'_>,
    marks: &[Mark],
    heading: &Heading,
    element: Element<'_>,
) -> Option<Body> {
    let (pieces, lines) = place(outline, element)?;
    Some(trim(outline, marks, heading, pieces, lines, true))
}

/// All of an element, as the user wants it.
pub(super) fn whole(outline: &Outline<'_>, element: Element<'_>) -> Option<Body> {
    let (pieces, lines) = place(outline, element)?;
    Some(Body {
        end: lines.end,
        pieces,
        lines,
        without: Vec::new(),
    })
}

/// Where an element lies. One that is no block lies in the lines of its pieces.
pub(super) fn place(
    outline: &Outline<'_>,
    element: Element<'_>,
) -> Option<(Range<usize>, Range<usize>)> {
    if let Some(block) = outline.blocks.iter().find(|block| block.element == element) {
        return Some((block.pieces.clone(), block.lines.clone()));
    }
    let is_it = |piece: &Piece<'_>| matches!(piece, Piece::Open(e, _) | Piece::Close(e, _) if *e == element);
    let start = outline.pieces.iter().position(is_it)?;
    let end = outline.pieces.iter().rposition(is_it)? + 1;
    let first = outline
        .lines
        .partition_point(|line| line.pieces.end <= start);
    let last = outline
        .lines
        .partition_point(|line| line.pieces.start < end);
    Some((start..end, first..last.max(first)))
}

/// The weights of a page's lines, summed up.
struct Scale<'o, 'a> {
    outline: &'o Outline<'a>,
    /// Sum of the weights of all lines before.
    sums: Vec<f64>,
    /// The lines where the body may be.
    region: Range<usize>,
}

impl<'o, 'a> Scale<'o, 'a> {
    fn new(outline: &'o Outline<'a>, marks: &[Mark], heading: &Heading, named: bool) -> Self {
        let start = if heading.score >= super::heading::SURE / 2.0 {
            heading.end
        } else {
            0
        };
        let chrome = if named {
            chrome_lines(outline)
        } else {
            vec![false; outline.lines.len()]
        };
        let end = article_end(outline, marks, start..outline.lines.len());
        let own: Vec<f64> = outline
            .lines
            .iter()
            .zip(marks)
            .map(|(line, mark)| weight(outline, line, *mark))
            .collect();
        let end = own_end(outline, marks, heading, &chrome, &own, start..end);
        let announced = announced(outline, marks, start..end);
        let mut sums = Vec::with_capacity(outline.lines.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for (index, line) in outline.lines.iter().enumerate() {
            let mut weight = own[index];
            if announced.binary_search(&index).is_ok() {
                weight = f64::from(line.width);
            }
            if weight > 0.0 && chrome[index] {
                weight *= 0.1;
            }
            // what lies around the article is cut off: it speaks neither for nor against a block that holds both
            if index >= end {
                weight *= 0.002;
            } else if index < start {
                weight *= 0.05;
            }
            sum += weight;
            sums.push(sum);
        }
        Self {
            outline,
            sums,
            region: start..end,
        }
    }

    fn of(&self, block: usize) -> f64 {
        let block = &self.outline.blocks[block];
        let mut weight = self.sums[block.lines.end] - self.sums[block.lines.start];
        let inside = block.lines.start >= self.region.start && block.lines.end <= self.region.end;
        if inside
            && !block.lines.is_empty()
            && matches!(block.kind, Kind::Block)
            && block.names.body()
        {
            weight += 30.0;
        }
        weight
    }

    /// The innermost of the blocks that weigh nearly as much as the heaviest.
    fn heaviest(&self) -> Option<usize> {
        let weights: Vec<f64> = (0..self.outline.blocks.len())
            .map(|block| self.of(block))
            .collect();
        let most = weights.iter().copied().fold(0.0, f64::max);
        if most <= 0.0 {
            return None;
        }
        let least = (most * 0.985).max(most - 120.0);
        // children come after their parents
        let best = weights.iter().rposition(|&weight| weight >= least)?;
        Some(best)
    }
}

/// Where the block ends that holds the title and the text that begins below it, if little follows: a foot or a side
/// column without a name would weigh more than a short notice.
fn own_end(
    outline: &Outline<'_>,
    marks: &[Mark],
    heading: &Heading,
    chrome: &[bool],
    weights: &[f64],
    region: Range<usize>,
) -> usize {
    /// A foot without a name, in weights.
    const FOOT: f64 = 300.0;
    /// A lead beside the title is shorter than this.
    const APART: f64 = 120.0;
    if heading.score < super::heading::SURE / 2.0 || heading.title_lines.is_empty() {
        return region.end;
    }
    let worth = |line: usize| {
        let mark = marks[line];
        let counts = !chrome[line] && mark.role.is_none() && !mark.labelled;
        if counts { weights[line].max(0.0) } else { 0.0 }
    };
    let Some(first) = region.clone().find(|&line| worth(line) > 0.0) else {
        return region.end;
    };
    let own = outline
        .around(first)
        .map(|block| &outline.blocks[block])
        .find(|block| block.lines.contains(&heading.title_lines.start));
    let Some(own) = own else { return region.end };
    let end = own.lines.end.min(region.end);
    if own.names.title() && !own.names.body() || own.element.name() == "header" {
        return region.end;
    }
    let inside: f64 = (first..end).map(worth).sum();
    let outside: f64 = (end..region.end).map(worth).sum();
    let next_begins = (end..region.end).find(|&line| worth(line) > 0.0);
    // a column of its own has a heading of its own
    let apart = inside > APART && next_begins.is_some_and(|line| is_heading(outline, line));
    if apart || outside < inside * 3.0 + FOOT {
        end
    } else {
        region.end
    }
}

/// Whether a line is short and tells nothing: `学校简介`.
fn is_heading(outline: &Outline<'_>, line: usize) -> bool {
    let heads = outline
        .around(line)
        .take(2)
        .any(|block| matches!(outline.blocks[block].kind, Kind::Heading(_)));
    let line = &outline.lines[line];
    line.marks == 0 && line.width <= 24 && (heads || line.width >= 8)
}

/// Lines of links that a line of the text announces (`各学院直播链接如下：`): they are what it tells.
fn announced(outline: &Outline<'_>, marks: &[Mark], region: Range<usize>) -> Vec<usize> {
    /// A shorter line heads a box: `快速链接：`.
    const LEAST_WIDTH: u32 = 16;
    static ANNOUNCES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)[:：]$|如下|以下|见下|下列|following|(?-u:\b)below(?-u:\b)|folgende|suivant|siguiente")
            .expect("a literal")
    });
    let mut all = Vec::new();
    for line in region.clone() {
        let here = &outline.lines[line];
        let next_is_link = || {
            outline
                .lines
                .get(line + 1)
                .is_some_and(|next| next.is_linked() && !next.hidden)
        };
        if here.is_linked()
            || here.hidden
            || here.width < LEAST_WIDTH
            || marks[line].role.is_some()
            || marks[line].fact
            || !next_is_link()
            || !ANNOUNCES.is_match(&outline.text(line))
        {
            continue;
        }
        // in the block that holds the line's own, and no box of its own name
        let holder = outline.blocks[here.block].parent;
        let inside = &outline.blocks[holder].lines;
        let is_own = |line: &usize| {
            outline.lines[*line].is_linked()
                && marks[*line].role.is_none()
                && !outline
                    .around(*line)
                    .take_while(|&block| block != holder)
                    .any(|block| outline.blocks[block].names.chrome())
        };
        all.extend((line + 1..inside.end.min(region.end)).take_while(is_own));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// For or against a line.
fn weight(outline: &Outline<'_>, line: &Line, mark: Mark) -> f64 {
    if line.hidden {
        return 0.0;
    }
    let plain = f64::from(line.width - line.link_width.min(line.width));
    if line.is_linked() {
        // an article may be files alone, but a box of files beside the text is none of it
        if outline.links_of_line(line).any(files::looks_like_file) {
            return 1.0;
        }
        if outline.links_of_line(line).all(is_address) {
            return f64::from(line.width);
        }
        return -(f64::from(line.link_width) * 0.5 + 6.0 * f64::from(line.links)).min(60.0)
            + plain * 0.2;
    }
    match mark.role {
        Some(Role::Footer) => return -60.0,
        Some(Role::Neighbour | Role::Related | Role::Breadcrumb) => return -30.0,
        Some(Role::Tool | Role::Note) => return -10.0,
        Some(Role::Editor) | None => {}
    }
    let pictures = if line.links == 0 {
        25.0 * f64::from(line.images.min(4))
    } else {
        0.0
    };
    let viewers = if line.links == 0 {
        150.0 * f64::from(line.embeds.min(2))
    } else {
        0.0
    };
    plain + 8.0 * f64::from(line.marks) + pictures + viewers
}

/// Lines inside blocks that are named as navigation, foot and the like, unless they hold half of the page's text.
fn chrome_lines(outline: &Outline<'_>) -> Vec<bool> {
    /// So little is a foot, even if it is most of a short notice's page.
    const SMALL: u32 = 600;
    let mut chrome = vec![false; outline.lines.len()];
    let plain = |lines: Range<usize>| -> u32 {
        outline.lines[lines]
            .iter()
            .map(|line| line.width.saturating_sub(line.link_width))
            .sum()
    };
    let all = plain(0..outline.lines.len());
    for block in &outline.blocks {
        if block.lines.is_empty() || chrome[block.lines.start] && chrome[block.lines.end - 1] {
            continue;
        }
        let own = plain(block.lines.clone());
        if block.names.chrome() && (own * 2 < all || own < SMALL) {
            chrome[block.lines.clone()].fill(true);
        }
    }
    chrome
}

/// The first line after some text that says that the article is over. What comes behind must be little: some layouts
/// have the neighbours above the text, and articles speak of copyright.
fn article_end(outline: &Outline<'_>, marks: &[Mark], region: Range<usize>) -> usize {
    /// A page's foot has about so much text of its own.
    const FOOT: u32 = 600;
    let plain = |line: &Line| {
        if line.hidden || line.is_linked() {
            0
        } else {
            line.width - line.link_width.min(line.width)
        }
    };
    let mut behind: u32 = outline.lines[region.clone()].iter().map(plain).sum();
    let (mut before, mut lines) = (0, 0);
    for index in region.clone() {
        let line = &outline.lines[index];
        behind -= plain(line);
        if line.hidden {
            continue;
        }
        let over = match marks[index].role {
            Some(Role::Neighbour) => {
                lines > 0
                    && (line.links > 0 || linked_next(outline, index, 1))
                    && behind < before * 2 + FOOT
            }
            Some(Role::Related) => {
                lines > 0
                    && !line.is_linked()
                    && linked_next(outline, index, 2)
                    && !tells_next(outline, index)
                    && behind < before * 2 + FOOT
            }
            Some(Role::Footer) => line.width < 300 && behind < before / 2 + FOOT,
            _ => false,
        };
        if over {
            return index;
        }
        before += plain(line);
        if !line.is_linked() && marks[index].role.is_none() || line.images + line.embeds > 0 {
            lines += 1;
        }
    }
    region.end
}

/// Whether a sentence follows, with a link in it perhaps: `Weitere Informationen` may head a part of the text. A line
/// that begins with its link is a reference to something else.
fn tells_next(outline: &Outline<'_>, index: usize) -> bool {
    /// A date, a column's name, a mark beside a link.
    const BESIDE: u32 = 20;
    let begins_with_link = |line: &Line| {
        outline.pieces[line.pieces.clone()]
            .iter()
            .find_map(|piece| match piece {
                Piece::Open(_, Kind::Link) => Some(true),
                Piece::Text(text) if measure(text).0 > 0 => Some(false),
                _ => None,
            })
            .unwrap_or(false)
    };
    outline.lines.get(index + 1).is_some_and(|next| {
        let plain = next.width - next.link_width.min(next.width);
        next.links > 0 && plain > BESIDE && !next.hidden && !begins_with_link(next)
            || next.links == 0 && facts::is_sentence(&outline.text(index + 1), next.width)
    })
}

fn linked_next(outline: &Outline<'_>, index: usize, lines: usize) -> bool {
    let next = outline
        .lines
        .get(index + 1..)
        .unwrap_or_default()
        .iter()
        .take(lines);
    let mut linked = 0;
    let mut seen = 0;
    for line in next {
        seen += 1;
        linked += usize::from(line.links > 0);
    }
    seen > 0 && linked > 0
}

/// Cuts off what stands around the text inside its block: title, facts and tools before; tools, editors, neighbours,
/// related articles behind.
fn trim(
    outline: &Outline<'_>,
    marks: &[Mark],
    heading: &Heading,
    pieces: Range<usize>,
    lines: Range<usize>,
    named: bool,
) -> Body {
    let start = heading_inside(heading, &lines);
    let end = article_end(outline, marks, start..lines.end);
    let mut kept = start..end;
    let skips = |index: usize| {
        let line = &outline.lines[index];
        line.hidden
            || matches!(marks[index].role, Some(Role::Tool | Role::Breadcrumb))
                && line.images + line.embeds == 0
    };
    let untitled = heading.title_lines.is_empty();
    // a date alone is one too
    let is_fact = |line: usize| {
        let here = &outline.lines[line];
        untitled
            && marks[line].dated
            && (marks[line].labelled || here.width <= 20 && here.links == 0)
    };
    let is_byline =
        |line: usize| outline.lines[line].width < 60 && facts::is_byline(&outline.text(line));
    // some themes show the first words once more, cut short
    // keywords as links, with a word about it
    let is_tag = |line: usize| {
        let here = &outline.lines[line];
        marks[line].role == Some(Role::Note) && here.width < 40 && linked_next(outline, line, 1)
            || here.is_linked()
                && here.width < 40
                && (start..line).any(|before| marks[before].role == Some(Role::Note))
    };
    let is_summary = |line: usize| {
        let following = line + 1..(line + 4).min(end);
        outline.lines[line].width < 800
            && role::is_summary(&outline.text(line), || outline.joined(following))
    };
    while !kept.is_empty()
        && (skips(kept.start)
            || is_fact(kept.start)
            || is_byline(kept.start)
            || is_tag(kept.start)
            || is_summary(kept.start)
            || is_repeat(outline, heading, kept.start))
    {
        kept.start += 1;
    }
    let aside = |index: usize| {
        named && is_aside(outline, index, &pieces) || is_picture_code(outline, marks, index)
    };
    let after = |index: usize| {
        skips(index)
            || matches!(
                marks[index].role,
                Some(Role::Editor | Role::Note | Role::Neighbour | Role::Related | Role::Footer)
            )
            || aside(index)
            || is_of_the_editors(outline, marks, index)
    };
    loop {
        while !kept.is_empty() && after(kept.end - 1) {
            kept.end -= 1;
        }
        let mut cut = trailing_links(outline, marks, &kept);
        if cut == 0 && !heading.fact_lines.iter().any(|&line| marks[line].dated) {
            cut = trailing_facts(outline, marks, &kept);
        }
        if cut == 0 && is_update(outline, marks, &kept) {
            cut = 1;
        }
        if cut == 0 {
            cut = trailing_files(outline, &kept);
        }
        if cut == 0 {
            break;
        }
        kept.end -= cut;
    }
    let width =
        |lines: Range<usize>| -> u32 { outline.lines[lines].iter().map(|line| line.width).sum() };
    let all = width(kept.clone());
    // a box in the text, of a newsletter or of related articles
    let boxed = |index: usize| {
        named
            && aside_block(outline, index, &pieces)
                .is_some_and(|block| width(block.lines.clone()) * 4 < all)
    };
    let furniture = |index: usize| {
        let here = &outline.lines[index];
        marks[index].role == Some(Role::Tool)
            && here.images + here.embeds == 0
            && !outline.links_of_line(here).any(files::looks_like_file)
            && role::is_furniture(&outline.text(index))
    };
    let without = kept
        .clone()
        .filter(|&index| outline.lines[index].hidden || boxed(index) || furniture(index))
        .collect();
    let behind = article_end(outline, marks, kept.end..outline.lines.len());
    Body {
        pieces,
        lines: kept,
        without,
        end: behind,
    }
}

/// Whether a line is the title once more, with the facts behind it, too long to be taken for a line of facts.
fn is_repeat(outline: &Outline<'_>, heading: &Heading, line: usize) -> bool {
    const MOST_FACTS: usize = 160;
    /// A shorter title may begin a sentence of the text.
    const LEAST_TITLE: usize = 8;
    let Some(title) = heading
        .title
        .as_deref()
        .filter(|_| !heading.title_lines.is_empty())
    else {
        return false;
    };
    let title = key(title);
    let chars = title.chars().count();
    let text = outline.text(line);
    if chars < LEAST_TITLE || !key(&text).starts_with(&title) {
        return false;
    }
    let behind = text
        .char_indices()
        .filter(|(_, c)| !key(c.encode_utf8(&mut [0; 4])).is_empty())
        .nth(chars)
        .map_or("", |(at, _)| &text[at..]);
    // 时间, 地点 behind a title are a lecture's
    let says_who_published = [
        "发布", "發布", "来源", "來源", "作者", "浏览", "点击", "阅读", "ublished", "osted",
        "pdated", "Source", "Author",
    ];
    !behind.is_empty()
        && behind.chars().count() <= MOST_FACTS
        && facts::is_labelled(behind)
        && says_who_published.iter().any(|word| behind.contains(word))
}

/// Where the text begins in a block: behind the title and the facts that stand in it. Where the block begins below
/// title and facts, what looks like more facts is text already.
fn heading_inside(heading: &Heading, lines: &Range<usize>) -> usize {
    let title_inside =
        lines.contains(&heading.title_lines.start) && !heading.title_lines.is_empty();
    let facts_above = heading.fact_lines.iter().any(|&line| line < lines.start);
    if title_inside || !facts_above {
        return heading.end.clamp(lines.start, lines.end);
    }
    lines.start
}

/// How many lines at the end are of facts, one of them with the date: where there are none beside the title. Tools and
/// neighbours behind them go with them.
fn trailing_facts(outline: &Outline<'_>, marks: &[Mark], kept: &Range<usize>) -> usize {
    let is_date = |mark: Mark| mark.labelled && mark.dated;
    let is_behind = |line: &usize| {
        let here = &outline.lines[*line];
        marks[*line].labelled
            || marks[*line].role.is_some()
            || here.is_linked()
            || here.width <= 12 && outline.text(*line).starts_with("附件")
    };
    let Some(dated) = kept
        .clone()
        .rev()
        .take_while(is_behind)
        .find(|&line| is_date(marks[line]) && !facts::is_of_unknown_date(&outline.text(line)))
    else {
        return 0;
    };
    // what an author signs below his text is text
    let holder = |line: usize| outline.blocks[outline.lines[line].block].parent;
    let first = (kept.start..dated)
        .rev()
        .take_while(|&line| marks[line].labelled && holder(line) == holder(dated))
        .last()
        .unwrap_or(dated);
    kept.end - first
}

/// Whether a line says who contributed (`撰稿：张三`) and the next one in the same block who edited. In a block above, an
/// author signs his text.
fn is_of_the_editors(outline: &Outline<'_>, marks: &[Mark], line: usize) -> bool {
    let holder = |line: usize| outline.blocks[outline.lines[line].block].parent;
    outline.lines[line].width <= 60
        && marks
            .get(line + 1)
            .is_some_and(|next| next.role == Some(Role::Editor))
        && holder(line) == holder(line + 1)
        && role::is_contributor(&outline.text(line))
}

/// Whether the last line says when the page was last touched, and nothing else: `最后更新：2024-03-20`.
fn is_update(outline: &Outline<'_>, marks: &[Mark], kept: &Range<usize>) -> bool {
    let Some(last) = kept.clone().next_back() else {
        return false;
    };
    marks[last].dated
        && marks[last].labelled
        && outline.lines[last].width <= 60
        && facts::is_update(&outline.text(last))
}

/// How many lines at the end are files, if they stand in a box of their own below the text.
fn trailing_files(outline: &Outline<'_>, kept: &Range<usize>) -> usize {
    const MOST_LABEL: u32 = 24;
    let is_file = |&line: &usize| {
        let here = &outline.lines[line];
        let mut links = outline.links_of_line(here);
        here.images + here.embeds == 0
            && (here.is_linked() && links.any(files::looks_like_file)
                || here.width <= MOST_LABEL && outline.text(line).starts_with("附件"))
    };
    let files = kept.clone().rev().take_while(is_file).count();
    let text = kept.start..kept.end - files;
    if files == 0 || text.is_empty() {
        return 0;
    }
    // where most of the text stands
    let holder = outline.around(text.end - 1).find(|&block| {
        let lines = &outline.blocks[block].lines;
        let inside = lines
            .end
            .min(text.end)
            .saturating_sub(lines.start.max(text.start));
        inside * 2 > text.len()
    });
    let apart = holder.is_some_and(|block| outline.blocks[block].lines.end <= text.end);
    let tells = outline.lines[text].iter().any(|line| line.marks > 1);
    if apart && tells { files } else { 0 }
}

/// How many lines at the end are links to other pages, if they are several below a text: related articles without a
/// word about it.
fn trailing_links(outline: &Outline<'_>, marks: &[Mark], kept: &Range<usize>) -> usize {
    let is_link = |line: &&Line| {
        line.is_linked()
            && line.width >= 12
            && line.link_width * 10 >= line.width * 8
            && line.images == 0
            && !outline
                .links_of_line(line)
                .any(|link| files::looks_like_file(link) || is_address(link))
    };
    let links = outline.lines[kept.clone()]
        .iter()
        .rev()
        .take_while(is_link)
        .count();
    let told = || {
        let announced = announced(outline, marks, kept.clone());
        announced.binary_search(&(kept.end - links)).is_ok()
    };
    if (3..=40).contains(&links) && kept.len() >= links + 3 && !told() {
        links
    } else {
        0
    }
}

/// Whether a link shows where it leads.
fn is_address(link: Element<'_>) -> bool {
    let text = link.text();
    text.starts_with("http") || text.starts_with("www.") || text.contains('@')
}

/// A picture beside `扫一扫` in a small block of their own.
fn is_picture_code(outline: &Outline<'_>, marks: &[Mark], line: usize) -> bool {
    let here = &outline.lines[line];
    let says_so = |beside: usize| {
        marks[beside].role == Some(Role::Tool) && outline.text(beside).contains(['扫', '码'])
    };
    here.images == 1
        && here.width == 0
        && outline
            .around(line)
            .take(3)
            .map(|block| &outline.blocks[block])
            .any(|block| block.lines.len() <= 3 && block.lines.clone().any(says_so))
}

/// A line in a small block that is named as share row, pager and the like, inside the block with these pieces.
fn is_aside(outline: &Outline<'_>, line: usize, pieces: &Range<usize>) -> bool {
    aside_block(outline, line, pieces).is_some()
}

fn aside_block<'o, 'a>(
    outline: &'o Outline<'a>,
    line: usize,
    pieces: &Range<usize>,
) -> Option<&'o Block<'a>> {
    outline
        .around(line)
        .take(4)
        .map(|block| &outline.blocks[block])
        .take_while(|block| block.pieces.start > pieces.start)
        .find(|block| block.lines.len() < 12 && block.names.chrome())
}
