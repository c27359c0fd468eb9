//! A page laid out flat in one walk: its pieces in order, the lines that a reader sees, the blocks that hold them.
//!
//! In: a parsed page. Out: an [`Outline`], on which everything else about an article is looked up without walking the
//! tree again. Lines that are hidden are there but marked.

use std::ops::Range;

use super::{
    files,
    names::{Known, Names},
};
use crate::page::{
    document::{Document, Element, Step},
    text,
};

/// What an element is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Stands on lines of its own.
    Block,
    /// `<h1>` to `<h6>`.
    Heading(u8),
    /// `<br>`.
    Break,
    /// `<a href>`.
    Link,
    /// `<img>`.
    Image,
    /// `<iframe>`, `<embed>`, `<object>`, `<video>`, `<audio>`: something to look at.
    Embed,
    /// `<script>`: not shown, but some write a date or a viewer.
    Script,
    /// Not shown.
    Unseen,
    /// Runs on in a line.
    Inline,
}

/// A step of the walk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece<'a> {
    Open(Element<'a>, Kind),
    Text(&'a str),
    Close(Element<'a>, Kind),
}

/// A run of text between two block boundaries, with what is measured of it. Widths count a Chinese character as two.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The innermost block.
    pub block: usize,
    /// Its pieces.
    pub pieces: Range<usize>,
    /// The width of its visible text.
    pub width: u32,
    /// The part of it that lies in links.
    pub link_width: u32,
    /// Punctuation marks as sentences have them.
    pub marks: u32,
    pub links: u32,
    pub images: u32,
    pub embeds: u32,
    pub hidden: bool,
}

impl Line {
    /// Mostly links.
    pub(super) fn is_linked(&self) -> bool {
        self.links > 0 && self.link_width * 2 > self.width
    }
}

/// A block with all that lies inside.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub element: Element<'a>,
    pub kind: Kind,
    pub parent: usize,
    pub pieces: Range<usize>,
    pub lines: Range<usize>,
    pub names: Names,
}

/// A page laid out flat.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    pub pieces: Vec<Piece<'a>>,
    pub lines: Vec<Line>,
    /// In document order: a parent comes before its children. The first is `<html>`, its own parent.
    pub blocks: Vec<Block<'a>>,
    /// `<meta>` names and contents.
    pub metas: Vec<(&'a str, &'a str)>,
    /// `<script type="application/ld+json">`.
    pub linked_data: Vec<Element<'a>>,
    /// Other short scripts inside `<body>`, with the line that they stand before.
    pub scripts: Vec<(usize, Element<'a>)>,
    /// Scripts of the head that stand in the page.
    pub head_scripts: Vec<Element<'a>>,
    /// `<noscript>`: what walls of scripts say.
    pub unscripted: Vec<Element<'a>>,
    /// There is a field for a password.
    pub asks_password: bool,
    /// The text of `<title>`, folded.
    pub title: String,
}

impl<'a> Outline<'a> {
    /// Walks the page once.
    pub(super) fn of(document: &'a Document) -> Self {
        let mut builder = Builder::default();
        // elements have two ends, and most hold a text; a page of nothing else reserves no more than a long one
        let pieces = (document.nodes() * 2).min(MOST_RESERVED);
        builder.outline.pieces.reserve(pieces);
        let mut walk = document.root().walk();
        while let Some(step) = walk.next() {
            match step {
                Step::Open(element) => {
                    if builder.open(element) {
                        walk.skip_inside();
                    }
                }
                Step::Text(text) => builder.text(text),
                Step::Close(element) => builder.close(element),
            }
        }
        builder.end_line();
        builder.outline
    }

    /// A line's text, folded.
    pub(super) fn text(&self, line: usize) -> String {
        let mut folded = String::new();
        self.push_text(line, &mut folded);
        folded.truncate(folded.trim_end().len());
        folded
    }

    fn push_text(&self, line: usize, folded: &mut String) {
        for piece in &self.pieces[self.lines[line].pieces.clone()] {
            if let Piece::Text(piece) = piece {
                text::push_folded(folded, piece);
            }
        }
    }

    /// The text of several lines: Chinese lines run on, others are set off by a space.
    pub(super) fn joined(&self, lines: Range<usize>) -> String {
        let mut all = String::new();
        for line in lines {
            let text = self.text(line);
            let chinese = |c: Option<char>| c.is_some_and(|c| u32::from(c) >= 0x2e80);
            if !(all.is_empty() || chinese(all.chars().next_back()) || chinese(text.chars().next()))
            {
                all.push(' ');
            }
            all.push_str(&text);
        }
        all
    }

    /// A line's text for reading facts: a tab where an element begins or ends and where the page leaves a gap.
    pub(super) fn fact_text(&self, line: usize) -> String {
        let mut all = String::new();
        for piece in &self.pieces[self.lines[line].pieces.clone()] {
            match piece {
                Piece::Text(text) => push_gapped(&mut all, text),
                Piece::Open(..) | Piece::Close(..) => all.push('\t'),
            }
        }
        all
    }

    /// The blocks around a line, innermost first.
    pub(super) fn around(&self, line: usize) -> impl Iterator<Item = usize> + '_ {
        let first = self.lines[line].block;
        std::iter::successors(Some(first), |&block| {
            (block > 0).then(|| self.blocks[block].parent)
        })
    }

    /// Whether a line stands in a cell of a table, alone or nearly so.
    pub(super) fn is_in_cell(&self, line: usize) -> bool {
        self.around(line)
            .take(3)
            .map(|block| &self.blocks[block])
            .any(|block| block.lines.len() <= 2 && block.element.is_any(&["td", "th"]))
    }

    /// Whether two lines stand in two cells of one row, or are a term and its description.
    pub(super) fn is_in_row(&self, line: usize, next: usize) -> bool {
        let parent = |line: usize| self.blocks[self.lines[line].block].parent;
        next < self.lines.len()
            && parent(line) == parent(next)
            && self.blocks[parent(line)].element.is_any(&["tr", "dl"])
    }

    /// The links of a line.
    pub(super) fn links_of_line(&self, line: &Line) -> impl Iterator<Item = Element<'a>> + '_ {
        self.pieces[line.pieces.clone()]
            .iter()
            .filter_map(|piece| match piece {
                Piece::Open(element, Kind::Link) => Some(*element),
                _ => None,
            })
    }
}

/// Appends text with runs of white space as one space, longer gaps as a tab.
fn push_gapped(all: &mut String, piece: &str) {
    let mut gap = 0_u32;
    for c in piece.chars() {
        if c.is_whitespace() {
            // a full-width space is as wide as two
            gap += if c == '\u{3000}' {
                2
            } else {
                u32::from(!matches!(c, '\n' | '\r'))
            };
            continue;
        }
        if gap > 0 {
            all.push(if gap > 1 { '\t' } else { ' ' });
            gap = 0;
        }
        if !text::is_invisible(c) {
            all.push(c);
        }
    }
    if gap > 0 {
        all.push(if gap > 1 { '\t' } else { ' ' });
    }
}

/// What an element is to us.
pub(super) fn kind(element: Element<'_>) -> Kind {
    match element.name() {
        "a" => Kind::Link,
        "img" => Kind::Image,
        "br" => Kind::Break,
        "h1" => Kind::Heading(1),
        "h2" => Kind::Heading(2),
        "h3" => Kind::Heading(3),
        "h4" => Kind::Heading(4),
        "h5" => Kind::Heading(5),
        "h6" => Kind::Heading(6),
        "script" => Kind::Script,
        "iframe" | "embed" | "object" | "video" | "audio" => Kind::Embed,
        "style" | "template" | "noscript" | "svg" | "input" | "textarea" | "button" | "select"
        | "map" => Kind::Unseen,
        "html" | "head" | "hr" => Kind::Block,
        // WebPlus shows a PDF so
        "div" | "span" if element.attr("pdfsrc").is_some() => Kind::Embed,
        _ if element.is_block() => Kind::Block,
        _ => Kind::Inline,
    }
}

/// So many pieces are expected at most.
const MOST_RESERVED: usize = 1 << 16;

/// The state of the walk.
#[derive(Default)]
struct Builder<'a> {
    outline: Outline<'a>,
    known: Known,
    /// Open blocks.
    open: Vec<usize>,
    link_depth: u32,
    hidden_depth: u32,
    in_body: bool,
    /// The line being read: where its pieces begin.
    line_from: usize,
    line: Option<Line>,
}

impl<'a> Builder<'a> {
    /// Whether what is inside is left out.
    fn open(&mut self, element: Element<'a>) -> bool {
        let kind = kind(element);
        match kind {
            Kind::Block | Kind::Heading(_) => return self.open_block(element, kind),
            Kind::Break => self.end_line(),
            Kind::Script => {
                self.script(element);
                return true;
            }
            Kind::Unseen => {
                match element.name() {
                    "noscript" => self.outline.unscripted.push(element),
                    "input" => {
                        self.outline.asks_password |= element.attr("type") == Some("password");
                    }
                    _ => {}
                }
                return true;
            }
            Kind::Link => {
                self.line().links += 1;
                self.link_depth += 1;
            }
            Kind::Image => self.line().images += 1,
            Kind::Embed if !files::is_shown(element) => return true,
            Kind::Embed => self.line().embeds += 1,
            Kind::Inline if element.is_any(&["meta", "title", "link", "base"]) => {
                self.head_element(element);
                return true;
            }
            Kind::Inline => {}
        }
        if is_hidden(element) {
            self.hidden_depth += 1;
        }
        self.outline.pieces.push(Piece::Open(element, kind));
        kind == Kind::Embed
    }

    fn open_block(&mut self, element: Element<'a>, kind: Kind) -> bool {
        self.end_line();
        self.in_body |= element.name() == "body";
        let parent = self.open.last().copied().unwrap_or_default();
        let (pieces, lines) = (self.outline.pieces.len(), self.outline.lines.len());
        self.outline.pieces.push(Piece::Open(element, kind));
        self.open.push(self.outline.blocks.len());
        self.outline.blocks.push(Block {
            element,
            kind,
            parent,
            pieces: pieces..pieces,
            lines: lines..lines,
            names: Names::with(&mut self.known, element),
        });
        if is_hidden(element) {
            self.hidden_depth += 1;
        }
        self.line_from = self.outline.pieces.len();
        false
    }

    fn head_element(&mut self, element: Element<'a>) {
        match element.name() {
            "meta" => {
                let name = element
                    .attr("name")
                    .or_else(|| element.attr("property"))
                    .or_else(|| element.attr("itemprop"))
                    .or_else(|| element.attr("http-equiv"));
                if let (Some(name), Some(content)) = (name, element.attr("content")) {
                    self.outline.metas.push((name, content));
                }
            }
            "title" if self.outline.title.is_empty() => {
                self.outline.title = text::fold(&element.raw_text());
            }
            _ => {}
        }
    }

    fn script(&mut self, element: Element<'a>) {
        if element
            .attr("type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/ld+json"))
        {
            self.outline.linked_data.push(element);
            return;
        }
        if element.attr("src").is_some() {
            return;
        }
        if !self.in_body {
            self.outline.head_scripts.push(element);
            return;
        }
        // a viewer that a script writes is as good as one that stands there
        if files::is_viewer(&element.raw_text()) {
            self.line().embeds += 1;
        }
        let line = self.outline.lines.len();
        self.outline.scripts.push((line, element));
        self.outline.pieces.push(Piece::Open(element, Kind::Script));
    }

    fn text(&mut self, piece: &'a str) {
        if !self.in_body {
            return;
        }
        let (width, marks) = measure(piece);
        if width > 0 {
            let linked = self.link_depth > 0;
            let line = self.line();
            line.width += width;
            line.marks += marks;
            if linked {
                line.link_width += width;
            }
        }
        self.outline.pieces.push(Piece::Text(piece));
    }

    fn close(&mut self, element: Element<'a>) {
        let kind = kind(element);
        match kind {
            Kind::Script | Kind::Unseen => return,
            Kind::Embed if !files::is_shown(element) => return,
            Kind::Inline if element.is_any(&["meta", "title", "link", "base"]) => return,
            Kind::Link => self.link_depth = self.link_depth.saturating_sub(1),
            Kind::Block | Kind::Heading(_) => self.end_line(),
            _ => {}
        }
        if is_hidden(element) {
            self.hidden_depth = self.hidden_depth.saturating_sub(1);
        }
        self.outline.pieces.push(Piece::Close(element, kind));
        if matches!(kind, Kind::Block | Kind::Heading(_))
            && let Some(block) = self.open.pop()
        {
            let (pieces, lines) = (self.outline.pieces.len(), self.outline.lines.len());
            let block = &mut self.outline.blocks[block];
            block.pieces.end = pieces;
            block.lines.end = lines;
            self.line_from = pieces;
        }
    }

    /// The line being read, begun if need be.
    fn line(&mut self) -> &mut Line {
        let (block, from) = (
            self.open.last().copied().unwrap_or_default(),
            self.line_from,
        );
        let (hidden, linked) = (self.hidden_depth > 0, self.link_depth > 0);
        self.line.get_or_insert(Line {
            block,
            pieces: from..from,
            width: 0,
            link_width: 0,
            marks: 0,
            links: u32::from(linked),
            images: 0,
            embeds: 0,
            hidden,
        })
    }

    fn end_line(&mut self) {
        let end = self.outline.pieces.len();
        if let Some(mut line) = self.line.take() {
            line.pieces.end = end;
            if line.width > 0 || line.images > 0 || line.embeds > 0 {
                self.outline.lines.push(line);
            }
        }
        self.line_from = end;
    }
}

fn is_hidden(element: Element<'_>) -> bool {
    element.attrs().any(|(name, value)| match name {
        "hidden" => true,
        "style" => {
            let value = value.trim_start();
            value.get(..7).is_some_and(|start| {
                start.eq_ignore_ascii_case("display")
                    && value[7..]
                        .trim_start_matches([' ', ':'])
                        .starts_with("none")
            })
        }
        _ => false,
    })
}

/// Width and sentence marks of a text.
pub(super) fn measure(text: &str) -> (u32, u32) {
    let (mut width, mut marks) = (0, 0);
    for c in text.chars() {
        match c {
            '，' | '。' | '；' | '！' | '？' | '、' | '：' => {
                width += 2;
                marks += 1;
            }
            ',' | ';' | '!' | '?' => {
                width += 1;
                marks += 1;
            }
            c if c.is_ascii() => width += u32::from(!c.is_ascii_whitespace()),
            c if text::is_space(c) => {}
            '\u{80}'..='\u{2e7f}' => width += 1,
            _ => width += 2,
        }
    }
    (width, marks)
}
