//! A body's pieces written out: clean HTML, plain text, pictures and files, in one pass.
//!
//! In: the page's [`Outline`] and the [`Body`] found in it. Out: [`Written`]. Only structure is written: paragraphs,
//! headings, lists, tables, pictures with captions, links, emphasis. Word's spans, styles and empty paragraphs, fonts
//! and wrappers are not; text that stands in a wrapper alone becomes a paragraph.

use std::{fmt::Write as _, ops::Range, sync::LazyLock};

use regex::Regex;
use url::Url;

use super::{
    Attachment,
    body::Body,
    files,
    outline::{Kind, Outline, Piece},
};
use crate::page::{document::Element, links, text};

/// A longer cell is no entry of a table but a column of the layout: its text is a paragraph.
const CELL_BYTES: usize = 240;

/// No article is longer than this; what goes beyond is left out.
const MOST_HTML_BYTES: usize = 1 << 20;

/// More pictures or files than any article has.
const MOST_FILES: usize = 500;

/// A body, written out.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// HTML of known tags, addresses absolute; not yet sanitised.
    pub html: String,
    /// Paragraphs separated by one newline, cells of a row by a tab.
    pub text: String,
    pub images: Vec<Url>,
    pub attachments: Vec<Attachment>,
    /// It was too long to be written to its end.
    pub cut: bool,
}

/// Writes a body, but for the elements that the pieces in `remove` open.
pub(super) fn write(outline: &Outline<'_>, body: &Body, remove: &[usize], base: &Url) -> Written {
    let mut writer = Writer {
        base,
        out: Written::default(),
        blocks: Vec::new(),
        inlines: Vec::new(),
        opened: 0,
        paragraph: false,
        line_text: String::new(),
        preformatted: 0,
        rows: 0,
        cell_begins: false,
        space: false,
    };
    let mut line = outline
        .lines
        .partition_point(|line| line.pieces.end <= body.pieces.start);
    let mut skipped: Option<Element<'_>> = None;
    let counts = counts(outline, body);
    let mut kept = kept_blocks(outline, body);
    for index in body.pieces.clone() {
        if writer.out.html.len() >= MOST_HTML_BYTES {
            writer.out.cut = true;
            break;
        }
        while outline
            .lines
            .get(line)
            .is_some_and(|l| l.pieces.end <= index)
        {
            line += 1;
        }
        let piece = &outline.pieces[index];
        if let Some(skipping) = skipped {
            if matches!(piece, Piece::Close(element, _) if *element == skipping) {
                skipped = None;
            }
            continue;
        }
        let in_line = outline
            .lines
            .get(line)
            .is_some_and(|l| l.pieces.contains(&index));
        match *piece {
            Piece::Open(element, _) if remove.binary_search(&index).is_ok() => {
                skipped = Some(element);
            }
            Piece::Open(element, Kind::Block | Kind::Heading(_)) => {
                writer.open_block(element, kept(index));
            }
            Piece::Close(element, Kind::Block | Kind::Heading(_)) => writer.close_block(element),
            Piece::Open(element, Kind::Script) => writer.script(element),
            // a break is a boundary of lines, so it lies in none
            Piece::Open(_, Kind::Break) => writer.end_line(true),
            Piece::Close(_, Kind::Break | Kind::Image | Kind::Embed | Kind::Script) => {}
            Piece::Open(element, Kind::Inline | Kind::Link) => writer.open_inline(element),
            Piece::Close(_, Kind::Inline | Kind::Link) => writer.close_inline(),
            _ if !in_line || !body.has(line) => {}
            Piece::Text(text) => {
                let mut from = 0;
                let first = counts.partition_point(|(piece, _)| *piece < index);
                for (_, count) in counts[first..]
                    .iter()
                    .take_while(|(piece, _)| *piece == index)
                {
                    writer.text(&text[from..count.start]);
                    from = count.end;
                }
                writer.text(&text[from..]);
            }
            Piece::Open(element, Kind::Image) => writer.image(element),
            Piece::Open(element, Kind::Embed) => writer.embed(element),
            _ => {}
        }
    }
    writer.finish()
}

/// What counts downloads beside a file (`附件【a.doc】已下载13次`): a part of a piece each. It is no part of the text, which
/// would be another one with every reader.
fn counts(outline: &Outline<'_>, body: &Body) -> Vec<(usize, Range<usize>)> {
    static COUNT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[（(\[]?\s*(?:已?(?:下载|浏览|点击)\s*[0-9]*\s*次|(?:下载|浏览|点击)(?:次数|量)\s*[:：]?\s*\[?\s*[0-9]*\s*\]?\s*次?|下載(?:次數|數)\s*[:：]?\s*[0-9]*\s*次?)\s*[)）\]]?").expect("a literal")
    });
    let mut all = Vec::new();
    for line in body.iter().map(|line| &outline.lines[line]) {
        if line.links == 0 || line.width > 400 {
            continue;
        }
        let mut text = String::new();
        let mut pieces = Vec::new();
        for index in line.pieces.clone() {
            if let Piece::Text(piece) = outline.pieces[index] {
                pieces.push((index, text.len()..text.len() + piece.len()));
                text.push_str(piece);
            }
        }
        if !["下载", "下載", "浏览", "点击"]
            .iter()
            .any(|word| text.contains(word))
            || !outline.links_of_line(line).any(files::looks_like_file)
        {
            continue;
        }
        for count in COUNT.find_iter(&text) {
            for (index, piece) in &pieces {
                let start = count.start().max(piece.start);
                let end = count.end().min(piece.end);
                if start < end {
                    all.push((*index, start - piece.start..end - piece.start));
                }
            }
        }
    }
    all.sort_unstable_by_key(|(piece, count)| (*piece, count.start));
    all
}

/// Tells of each block, asked for in order, whether any line of it is kept.
fn kept_blocks<'o>(outline: &'o Outline<'_>, body: &'o Body) -> impl FnMut(usize) -> bool + 'o {
    let mut next = outline
        .blocks
        .partition_point(|block| block.pieces.start < body.pieces.start);
    move |piece| {
        while outline
            .blocks
            .get(next)
            .is_some_and(|block| block.pieces.start < piece)
        {
            next += 1;
        }
        let block = outline
            .blocks
            .get(next)
            .filter(|block| block.pieces.start == piece);
        block.is_some_and(|block| {
            let lines =
                block.lines.start.max(body.lines.start)..block.lines.end.min(body.lines.end);
            !lines.is_empty()
        })
    }
}

/// An open block: its tag, if it has one of its own in the output, and whether that is written yet.
struct Open {
    tag: &'static str,
    attributes: String,
    written: bool,
}

struct Writer<'a> {
    base: &'a Url,
    out: Written,
    blocks: Vec<Open>,
    /// Open inline elements: start tag and name; a nameless one is not written.
    inlines: Vec<(String, &'static str)>,
    /// How many of them are written.
    opened: usize,
    /// A `<p>` of ours is open.
    paragraph: bool,
    line_text: String,
    preformatted: u32,
    rows: u32,
    /// The next text begins a cell that is not its row's first.
    cell_begins: bool,
    /// White space is due before the next text.
    space: bool,
}

impl Writer<'_> {
    fn open_block(&mut self, element: Element<'_>, kept: bool) {
        self.end_line(false);
        self.break_inline();
        // an empty cell keeps its place in the row
        let cell = self.rows > 0 && element.is_any(&["td", "th"]);
        let tag = if kept || cell || element.name() == "hr" {
            block_tag(element)
        } else {
            ""
        };
        let mut attributes = String::new();
        if matches!(tag, "td" | "th") {
            for name in ["colspan", "rowspan"] {
                if let Some(span) = element
                    .attr(name)
                    .and_then(|span| span.trim().parse::<u16>().ok())
                    .filter(|&span| span > 1)
                {
                    let _ = write!(attributes, " {name}=\"{span}\"");
                }
            }
        }
        self.preformatted += u32::from(tag == "pre");
        self.rows += u32::from(tag == "tr");
        if matches!(tag, "td" | "th") && self.rows > 0 {
            self.cell_begins = true;
        }
        self.blocks.push(Open {
            tag,
            attributes,
            written: false,
        });
        if matches!(tag, "table" | "tr" | "td" | "th") {
            self.write_blocks();
        }
        if tag == "hr" && !self.out.html.is_empty() {
            self.write_blocks();
        }
    }

    fn close_block(&mut self, element: Element<'_>) {
        self.end_line(false);
        self.break_inline();
        let Some(open) = self.blocks.pop() else {
            return;
        };
        debug_assert!(
            open.tag.is_empty() || open.tag == block_tag(element),
            "blocks close in order"
        );
        self.preformatted -= u32::from(open.tag == "pre");
        self.rows -= u32::from(open.tag == "tr");
        if open.tag == "tr" && self.rows == 0 {
            self.cell_begins = false;
            self.end_row();
        }
        if open.written && open.tag != "hr" {
            let _ = write!(self.out.html, "</{}>", open.tag);
        }
    }

    fn open_inline(&mut self, element: Element<'_>) {
        let (start, name) = match element.name() {
            "a" => match files::address(element).and_then(|href| links::resolve(self.base, href)) {
                Some(url) => {
                    if let Some(file) = files::of_link(element, self.base) {
                        self.attach(file);
                    }
                    (format!("<a href=\"{}\">", escaped(url.as_str())), "a")
                }
                None => (String::new(), ""),
            },
            "b" | "strong" => ("<strong>".to_owned(), "strong"),
            "i" | "em" => ("<em>".to_owned(), "em"),
            "u" => ("<u>".to_owned(), "u"),
            "s" | "strike" | "del" => ("<del>".to_owned(), "del"),
            "ins" => ("<ins>".to_owned(), "ins"),
            "sub" => ("<sub>".to_owned(), "sub"),
            "sup" => ("<sup>".to_owned(), "sup"),
            "code" => ("<code>".to_owned(), "code"),
            "ruby" => ("<ruby>".to_owned(), "ruby"),
            "rt" => ("<rt>".to_owned(), "rt"),
            "rp" => ("<rp>".to_owned(), "rp"),
            "q" => ("<q>".to_owned(), "q"),
            _ => (String::new(), ""),
        };
        self.inlines.push((start, name));
    }

    fn close_inline(&mut self) {
        if let Some((_, name)) = self.inlines.pop()
            && self.inlines.len() < self.opened
        {
            self.opened = self.inlines.len();
            if !name.is_empty() {
                let _ = write!(self.out.html, "</{name}>");
            }
        }
    }

    /// Closes what is written of inline elements and our own paragraph; they open again with the next text.
    fn break_inline(&mut self) {
        for (_, name) in self.inlines[..self.opened]
            .iter()
            .rev()
            .filter(|(_, name)| !name.is_empty())
        {
            let _ = write!(self.out.html, "</{name}>");
        }
        self.opened = 0;
        if std::mem::take(&mut self.paragraph) {
            self.out.html.push_str("</p>");
        }
        self.space = false;
    }

    /// Writes all start tags that are due before content.
    fn begin_content(&mut self) {
        self.write_blocks();
        let transparent = self.blocks.last().is_none_or(|open| open.tag.is_empty());
        let holder = self
            .blocks
            .iter()
            .rev()
            .find(|open| !open.tag.is_empty())
            .map_or("", |open| open.tag);
        let inside = matches!(
            holder,
            "p" | "li"
                | "td"
                | "th"
                | "dt"
                | "dd"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "h5"
                | "h6"
                | "figcaption"
                | "caption"
                | "pre"
        );
        if !self.paragraph && (transparent && !inside || matches!(holder, "blockquote" | "")) {
            self.out.html.push_str("<p>");
            self.paragraph = true;
        }
        if std::mem::take(&mut self.space) {
            self.out.html.push(' ');
        }
        while self.opened < self.inlines.len() {
            self.out.html.push_str(&self.inlines[self.opened].0);
            self.opened += 1;
        }
    }

    fn write_blocks(&mut self) {
        for open in &mut self.blocks {
            if !open.written && !open.tag.is_empty() {
                let _ = write!(self.out.html, "<{}{}>", open.tag, open.attributes);
                open.written = true;
            }
        }
    }

    fn text(&mut self, piece: &str) {
        // escaped, a character takes up to six bytes
        let room = (MOST_HTML_BYTES - self.out.html.len().min(MOST_HTML_BYTES)) / 2;
        let piece = &piece[..piece.floor_char_boundary(room.max(64))];
        if self.preformatted > 0 {
            self.begin_content();
            self.out.html.push_str(&escaped(piece));
            text::push_folded(&mut self.line_text, piece);
            return;
        }
        let mut folded = String::with_capacity(piece.len());
        text::push_folded(&mut folded, piece);
        let begins = piece.starts_with(char::is_whitespace);
        let content = folded.trim_end();
        if content.is_empty() {
            self.space |= begins && !self.line_text.is_empty();
            if self.space && !self.line_text.ends_with(' ') {
                self.line_text.push(' ');
            }
            return;
        }
        // indentation by white space of any width is none of the text
        self.space = (self.space || begins) && !self.line_text.is_empty();
        if self.space && !self.line_text.ends_with(' ') {
            self.line_text.push(' ');
        }
        self.begin_content();
        self.out.html.push_str(&escaped(content));
        self.line_text.push_str(content);
        if content.len() < folded.len() {
            self.space = true;
            self.line_text.push(' ');
        }
    }

    /// A line of text is over; at a `<br>` the block goes on.
    fn end_line(&mut self, broken: bool) {
        self.space = false;
        let line = std::mem::take(&mut self.line_text);
        let line = line.trim();
        if !line.is_empty() {
            let before = self.out.text.rsplit('\n').next().unwrap_or_default();
            let cells = before.len() <= CELL_BYTES && line.len() <= CELL_BYTES;
            if !before.is_empty() {
                let between = if self.cell_begins && cells {
                    '\t'
                } else {
                    '\n'
                };
                self.out.text.push(between);
            }
            self.cell_begins = false;
            self.out.text.push_str(line);
            if self.rows == 0 {
                self.out.text.push('\n');
            }
        }
        if broken
            && (!line.is_empty() || self.paragraph || self.out.html.ends_with("/>"))
            && !self.out.html.ends_with("<br>")
        {
            self.out.html.push_str("<br>");
        }
    }

    fn end_row(&mut self) {
        if !self.out.text.is_empty() && !self.out.text.ends_with('\n') {
            self.out.text.push('\n');
        }
    }

    fn image(&mut self, image: Element<'_>) {
        let Some(url) = files::picture(image, self.base) else {
            return;
        };
        self.begin_content();
        let _ = write!(self.out.html, "<img src=\"{}\"", escaped(url.as_str()));
        let alt = image
            .attr("alt")
            .or_else(|| image.attr("title"))
            .map(text::fold)
            .unwrap_or_default();
        let _ = write!(self.out.html, " alt=\"{}\"", escaped(text::cut(&alt, 300)));
        for name in ["width", "height"] {
            if let Some(size) = image
                .attr(name)
                .and_then(|size| size.trim().trim_end_matches("px").parse::<u16>().ok())
            {
                let _ = write!(self.out.html, " {name}=\"{size}\"");
            }
        }
        self.out.html.push_str(" />");
        if self.out.images.len() < MOST_FILES && !self.out.images.contains(&url) {
            self.out.images.push(url);
        }
    }

    fn embed(&mut self, element: Element<'_>) {
        if let Some((url, is_file)) = files::embedded(element, self.base) {
            let title = element.attr("title").unwrap_or_default();
            let file = files::attachment(url, title);
            self.link_to(file, is_file);
        }
    }

    fn script(&mut self, element: Element<'_>) {
        if let Some(url) = files::shown_by_script(&element.raw_text(), self.base) {
            self.link_to(files::attachment(url, ""), true);
        }
    }

    /// A link in place of a viewer or a player.
    fn link_to(&mut self, file: Attachment, is_file: bool) {
        self.begin_content();
        let name = if file.title.is_empty() {
            file.url.as_str()
        } else {
            &file.title
        };
        let _ = write!(
            self.out.html,
            "<a href=\"{}\">{}</a>",
            escaped(file.url.as_str()),
            escaped(name)
        );
        if is_file {
            self.attach(file);
        }
    }

    fn attach(&mut self, file: Attachment) {
        let known = self
            .out
            .attachments
            .iter()
            .any(|known| known.url == file.url);
        if !known && self.out.attachments.len() < MOST_FILES {
            self.out.attachments.push(file);
        }
    }

    fn finish(mut self) -> Written {
        self.end_line(false);
        self.break_inline();
        while let Some(open) = self.blocks.pop() {
            if open.written && open.tag != "hr" {
                let _ = write!(self.out.html, "</{}>", open.tag);
            }
        }
        self.out.text.truncate(self.out.text.trim_end().len());
        self.out
    }
}

/// The tag that a block is written with; none for wrappers.
fn block_tag(element: Element<'_>) -> &'static str {
    const WRITTEN: [&str; 29] = [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "caption",
        "blockquote",
        "pre",
        "figure",
        "figcaption",
        "dl",
        "dt",
        "dd",
        "hr",
        "colgroup",
        "details",
        "summary",
    ];
    let name = element.name();
    WRITTEN
        .into_iter()
        .find(|tag| *tag == name && !matches!(*tag, "colgroup" | "details" | "summary"))
        .unwrap_or_default()
}

/// Escaped for text and for attributes in double quotes.
fn escaped(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return text.into();
    }
    let mut all = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            c => all.push(c),
        }
    }
    all.into()
}
