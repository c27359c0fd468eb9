//! The path of columns above an article: `当前位置 : 首页 - 形势政策 - 正文`.
//!
//! In: the page's [`Outline`] down to the article's title or text. Out: the parts as printed, the outermost first.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    heading::Mark,
    outline::{Kind, Outline, Piece},
    role::Role,
};
use crate::page::text;

/// A longer path is a menu.
const MOST_PARTS: usize = 12;

/// Stands for a boundary between two parts.
const BOUNDARY: char = '\u{1}';

static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:(?:您|你)?(?:现在|当前|目前)?(?:的|所在|所处)*(?:的)?(?:位置|栏目)(?:是|为|在)?|(?:您|你)(?:现在|当前)(?:正在浏览|在)|您在这里|路径|导航|you are here|location|position|sie sind hier|vous êtes ici)\s*[:：]?\s*",
    )
    .expect("a literal")
});

static HOME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:网站|学校|学院|本站|返回|集团|中心|官网)?(?:首\s*页|主\s*页)$|^(?:home|startseite|accueil|homepage)$").expect("a literal")
});

/// A breadcrumb above line `before` that nothing announces.
pub(super) fn find(outline: &Outline<'_>, before: usize) -> Vec<String> {
    let before = before.min(outline.lines.len());
    named(outline, before)
        .or_else(|| unnamed(outline, before))
        .unwrap_or_default()
}

/// The parts inside an element that is known to hold it.
pub(super) fn within(
    outline: &Outline<'_>,
    element: crate::page::document::Element<'_>,
) -> Vec<String> {
    super::body::place(outline, element)
        .map(|(pieces, _)| parts(outline, pieces))
        .filter(|parts| parts.len() <= MOST_PARTS)
        .unwrap_or_default()
}

/// After `当前位置：`; the parts may stand in the elements that follow.
pub(super) fn labelled(
    outline: &Outline<'_>,
    marks: &[Mark],
    before: usize,
) -> Option<Vec<String>> {
    (0..before.min(outline.lines.len()))
        .filter(|&line| marks[line].role == Some(Role::Breadcrumb) && !outline.lines[line].hidden)
        .find_map(|line| {
            let found = parts(outline, outline.lines[line].pieces.clone());
            if found.len() > 1 {
                return Some(found);
            }
            let around = outline
                .around(line)
                .take(3)
                .map(|block| &outline.blocks[block])
                .find(|block| block.lines.len() > 1)?;
            let wider = if around.lines.len() <= MOST_PARTS * 2 {
                parts(outline, around.pieces.clone())
            } else {
                Vec::new()
            };
            let wider = if (1..=MOST_PARTS).contains(&wider.len()) {
                wider
            } else {
                found
            };
            (!wider.is_empty()).then_some(wider)
        })
}

/// In the smallest block whose class says so.
fn named(outline: &Outline<'_>, before: usize) -> Option<Vec<String>> {
    let blocks = outline.blocks.iter().filter(|block| {
        !block.lines.is_empty()
            && block.lines.start < before
            && block.lines.len() <= MOST_PARTS * 2
            && !outline.lines[block.lines.start].hidden
    });
    blocks
        .filter(|block| block.names.breadcrumb())
        .map(|block| parts(outline, block.pieces.clone()))
        .find(|parts| is_path(parts))
}

/// A line that begins with the home page and goes on with `>`.
fn unnamed(outline: &Outline<'_>, before: usize) -> Option<Vec<String>> {
    (0..before.min(outline.lines.len()))
        .filter(|&line| {
            !outline.lines[line].hidden
                && outline.lines[line].links > 0
                && outline.lines[line].width < 240
        })
        .find_map(|line| {
            let text = outline.text(line);
            if !text.contains(['>', '»', '›', '＞', '→', '》', '/', '-']) {
                return None;
            }
            Some(parts(outline, outline.lines[line].pieces.clone())).filter(|parts| is_path(parts))
        })
}

fn is_path(parts: &[String]) -> bool {
    (2..=MOST_PARTS).contains(&parts.len()) && HOME.is_match(&parts[0])
}

/// The texts between links, separators and elements.
fn parts(outline: &Outline<'_>, pieces: Range<usize>) -> Vec<String> {
    let mut all = String::new();
    let mut in_link = false;
    for piece in &outline.pieces[pieces] {
        match piece {
            Piece::Open(_, Kind::Link) => {
                all.push(BOUNDARY);
                in_link = true;
            }
            Piece::Close(_, Kind::Link) => {
                all.push(BOUNDARY);
                in_link = false;
            }
            Piece::Text(text) if in_link => all.push_str(text),
            Piece::Text(text) => all.extend(
                text.chars()
                    .map(|c| if is_separator(c) { BOUNDARY } else { c }),
            ),
            Piece::Open(..) | Piece::Close(..) => all.push(BOUNDARY),
        }
    }
    let mut parts: Vec<String> = Vec::new();
    for part in all.split(BOUNDARY).flat_map(|part| part.split(" - ")) {
        let folded = text::fold(part);
        let bare = if parts.is_empty() {
            LABEL.replace(&folded, "")
        } else {
            folded.as_str().into()
        };
        let bare = bare.trim_matches(|c: char| {
            c.is_whitespace()
                || is_separator(c)
                || matches!(
                    c,
                    '-' | '—'
                        | ':'
                        | '：'
                        | '['
                        | ']'
                        | '【'
                        | '】'
                        | '·'
                        | '•'
                        | '<'
                        | '\\'
                        | '_'
                        | ','
                )
        });
        if !bare.is_empty() && bare.chars().count() <= 120 {
            parts.push(bare.to_owned());
        }
    }
    parts
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        '>' | '＞'
            | '»'
            | '›'
            | '→'
            | '》'
            | '|'
            | '｜'
            | '/'
            | '／'
            | '⟩'
            | '❯'
            | '▶'
            | '►'
            | '≫'
    )
}
