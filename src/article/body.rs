//! Where the body is: the whole of it and nothing else.
//!
//! In: the page's [`Outline`], what its lines are, where the heading is. Out: the block that holds the body and the
//! lines of it that belong. Each line weighs for or against being text of an article: letters and sentence marks for,
//! links against, and a block weighs what its lines weigh. The heaviest block, and the innermost of nearly as heavy
//! ones, holds the body: its parents add navigation, its children lose paragraphs. Names of classes only tip the scale.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    facts::Role,
    files,
    heading::{Heading, Mark},
    outline::{Kind, Line, Outline},
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
    pub fn has(&self, line: usize) -> bool {
        self.lines.contains(&line) && self.without.binary_search(&line).is_err()
    }

    /// The lines that are part of it.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.lines.clone().filter(|&line| self.has(line))
    }
}

static BODY_HINT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:article|news|content|detail|info|text|con|txt|entry|post|page|main|view)[-_]?(?:body|content|con|text|detail|txt|article|main|box|info)|articlebody|zoom|editor|zhengwen|neirong|nrong|^(?:content|article|nr|zw|text|detail|body)$|news_content|pages_content|ucap",
    )
    .expect("a literal")
});

static CHROME_HINT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:^|[^a-z])(?:nav|menu|foot|footer|crumbs?|breadcrumbs?|sidebar|aside|share|sharing|bdshare|social|related|relate|comments?|copyright|search|login|pager|pagination|prev|next|prevnext|toolbar|tools|print|recommend|hot|rank|friendlink|banner|advert|ads?|qrcode|ewm|erweima|tags?|meta|author-?box|newsletter|cookie|widget)(?:$|[^a-z])|bdshare|shang_?yi|xia_?yi|sidebar|related|share_|breadcrumb",
    )
    .expect("a literal")
});

/// Finds the body by structure alone.
pub(super) fn detect(outline: &Outline<'_>, marks: &[Mark], heading: &Heading) -> Option<Body> {
    let scale = Scale::new(outline, marks, heading);
    let block = scale.heaviest()?;
    Some(trim(
        outline,
        marks,
        heading,
        outline.blocks[block].pieces.clone(),
        outline.blocks[block].lines.clone(),
    ))
}

/// The body inside an element that is known to hold it: without what systems leave at its beginning and end.
pub(super) fn within(
    outline: &Outline<'_>,
    marks: &[Mark],
    heading: &Heading,
    element: Element<'_>,
) -> Option<Body> {
    let (pieces, lines) = place(outline, element)?;
    Some(trim(outline, marks, heading, pieces, lines))
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
    use super::outline::Piece;
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
    fn new(outline: &'o Outline<'a>, marks: &[Mark], heading: &Heading) -> Self {
        let start = if heading.score >= super::heading::SURE / 2.0 {
            heading.end
        } else {
            0
        };
        let end = article_end(outline, marks, start..outline.lines.len());
        let chrome = chrome_lines(outline);
        let mut sums = Vec::with_capacity(outline.lines.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for (index, line) in outline.lines.iter().enumerate() {
            let mut weight = weight(outline, line, marks[index]);
            if weight > 0.0 {
                if chrome[index] {
                    weight *= 0.1;
                }
                if !(start..end).contains(&index) {
                    weight *= 0.05;
                }
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
            && hinted(block.element, &BODY_HINT)
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

/// For or against a line.
fn weight(outline: &Outline<'_>, line: &Line, mark: Mark) -> f64 {
    if line.hidden {
        return 0.0;
    }
    let plain = f64::from(line.width - line.link_width.min(line.width));
    if line.is_linked() {
        let files = outline
            .links_of_line(line)
            .filter(|link| files::looks_like_file(*link))
            .count();
        if files > 0 {
            return 5.0;
        }
        return -(f64::from(line.link_width) * 0.5 + 6.0 * f64::from(line.links)).min(60.0)
            + plain * 0.2;
    }
    match mark.role {
        Some(Role::Footer) => return -60.0,
        Some(Role::Neighbour | Role::Related | Role::Breadcrumb) => return -30.0,
        Some(Role::Tool) => return -10.0,
        Some(Role::Editor) | None => {}
    }
    let pictures = if line.links == 0 {
        25.0 * f64::from(line.images.min(4))
    } else {
        0.0
    };
    let viewers = if line.links == 0 {
        40.0 * f64::from(line.embeds.min(2))
    } else {
        0.0
    };
    plain + 8.0 * f64::from(line.marks) + pictures + viewers
}

fn hinted(element: Element<'_>, hint: &Regex) -> bool {
    element
        .attrs()
        .any(|(name, value)| matches!(name, "class" | "id") && hint.is_match(value))
}

/// Lines inside blocks that are named as navigation, foot and the like, unless they hold half of the page's text.
fn chrome_lines(outline: &Outline<'_>) -> Vec<bool> {
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
        let named = matches!(block.element.name(), "nav" | "footer" | "aside")
            || hinted(block.element, &CHROME_HINT);
        if named && !hinted(block.element, &BODY_HINT) && plain(block.lines.clone()) * 2 < all {
            chrome[block.lines.clone()].fill(true);
        }
    }
    chrome
}

/// The first line after some text that says that the article is over.
fn article_end(outline: &Outline<'_>, marks: &[Mark], region: Range<usize>) -> usize {
    let mut text = 0;
    for index in region.clone() {
        let line = &outline.lines[index];
        if line.hidden {
            continue;
        }
        let over = match marks[index].role {
            // some layouts have the neighbours above the text
            Some(Role::Neighbour) => text > 0 && (line.links > 0 || linked_next(outline, index, 1)),
            Some(Role::Related) => text > 0 && !line.is_linked() && linked_next(outline, index, 2),
            Some(Role::Footer) => line.width < 300,
            _ => false,
        };
        if over {
            return index;
        }
        if !line.is_linked() && marks[index].role.is_none() || line.images + line.embeds > 0 {
            text += 1;
        }
    }
    region.end
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
) -> Body {
    let mut start = lines.start;
    if lines.contains(&heading.end.saturating_sub(1)) && heading.end > lines.start {
        start = heading.end;
    }
    let end = article_end(outline, marks, start..lines.end);
    let mut kept = start..end;
    let skips = |index: usize| {
        let line = &outline.lines[index];
        line.hidden
            || matches!(marks[index].role, Some(Role::Tool | Role::Breadcrumb))
                && line.images + line.embeds == 0
    };
    while !kept.is_empty() && skips(kept.start) {
        kept.start += 1;
    }
    let after = |index: usize| {
        skips(index)
            || matches!(
                marks[index].role,
                Some(Role::Editor | Role::Neighbour | Role::Related | Role::Footer)
            )
            || is_aside(outline, index)
    };
    while !kept.is_empty() && after(kept.end - 1) {
        kept.end -= 1;
    }
    let without = kept
        .clone()
        .filter(|&index| {
            outline.lines[index].hidden
                || marks[index].role == Some(Role::Tool) && is_aside(outline, index)
        })
        .collect();
    let behind = article_end(
        outline,
        marks,
        kept.clone().end.min(outline.lines.len())..outline.lines.len(),
    );
    Body {
        pieces,
        lines: kept,
        without,
        end: behind,
    }
}

/// A line in a small block that is named as share row, pager and the like.
fn is_aside(outline: &Outline<'_>, line: usize) -> bool {
    outline.around(line).take(4).any(|block| {
        let block = &outline.blocks[block];
        block.lines.len() < 12
            && hinted(block.element, &CHROME_HINT)
            && !hinted(block.element, &BODY_HINT)
    })
}
