//! A page as a list of its elements, with the figures by which a list is told from a menu.
//!
//! In: a parsed page. Out: an [`Outline`]: every element in document order with its parent, where it ends, how much
//! text stands before, which links and dates lie inside. One walk; what follows is arithmetic on indices.

use super::words;
use crate::page::{
    document::{Document, Element, Step},
    text::visible_chars,
};

/// More links are not looked at: no list page has so many.
const MAX_LINKS: usize = 4_000;

/// A script that shows a row's date is no longer.
const MAX_DATE_SCRIPT_BYTES: usize = 600;

/// A column's name is no longer.
const MAX_COLUMN_CHARS: usize = 16;

/// More years are no headings.
const MAX_YEARS: usize = 1_000;

/// How many links of one element are compared with each other.
const MAX_TARGETS: usize = 40;

/// An element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) element: Element<'a>,
    /// Index of the parent; its own for `<body>`.
    pub(super) parent: usize,
    /// Index after the last element inside.
    pub(super) end: usize,
    /// Characters of text on the page before it, and up to its end.
    pub(super) chars: (usize, usize),
    /// Pieces of text that are dates, before it and up to its end.
    pub(super) dates: (usize, usize),
    /// Links before it and up to its end: the range in [`Outline::links`].
    pub(super) links: (usize, usize),
    /// What kind of region it lies in.
    pub(super) region: Region,
}

/// What the names of an element and those around it say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// Nothing.
    Plain,
    /// A side column: hot articles, related ones.
    Aside,
    /// Navigation, header, footer, breadcrumb, friend links.
    Frame,
}

/// A link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link<'a> {
    /// Index of its element.
    pub(super) node: usize,
    /// The address as written, or the script that opens it.
    pub(super) href: &'a str,
    /// Characters of its text, or of its `title` attribute where that is longer.
    pub(super) chars: usize,
    /// What its text says.
    pub(super) kind: words::LinkKind,
}

/// A page, counted.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) links: Vec<Link<'a>>,
    /// Whether the page says that there is nothing in its list: `暂无内容`.
    pub(super) says_empty: bool,
    /// Texts that are a year and nothing else, with the characters before each: `2023年`.
    pub(super) years: Vec<(usize, i16)>,
    /// Where headings of side columns end, in characters: `热点新闻`, `Recent posts`.
    asides: Vec<usize>,
    /// Where the page's own column is named, in characters.
    named: Vec<usize>,
    /// The elements that are not shown until a tab is chosen: from index to index.
    hidden: Vec<(usize, usize)>,
    /// Index of the element that holds the breadcrumb, if one is named.
    pub(super) breadcrumb: Option<usize>,
}

impl<'a> Outline<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let mut outline = Self {
            nodes: Vec::new(),
            links: Vec::new(),
            says_empty: false,
            years: Vec::new(),
            asides: Vec::new(),
            named: Vec::new(),
            hidden: Vec::new(),
            breadcrumb: None,
        };
        let column = document.title().map(|title| super::shortened(&title));
        let column = column.filter(|name| (2..=MAX_COLUMN_CHARS).contains(&visible_chars(name)));
        let heading = outline.read(document.body(), column.as_deref());
        // where no breadcrumb is named, the page's own name stands by its list
        outline.breadcrumb = outline.breadcrumb.or(heading);
        outline
    }

    /// Returns the element whose text is the column's name and no link.
    fn read(&mut self, body: Element<'a>, column: Option<&str>) -> Option<usize> {
        let mut heading = None;
        let mut open: Vec<usize> = Vec::new();
        let (mut chars, mut dates) = (0, 0);
        let mut walk = body.walk();
        while let Some(step) = walk.next() {
            match step {
                Step::Open(element) => {
                    let index = self.nodes.len();
                    let parent = open.last().copied().unwrap_or(index);
                    let around = self.nodes.get(parent).map_or(Region::Plain, |p| p.region);
                    let region = words::region(element).unwrap_or(around);
                    self.nodes.push(Node {
                        element,
                        parent,
                        end: index + 1,
                        chars: (chars, chars),
                        dates: (dates, dates),
                        links: (self.links.len(), self.links.len()),
                        region,
                    });
                    open.push(index);
                    if words::is_hidden(element)
                        && self.hidden.last().is_none_or(|&(_, end)| end <= index)
                    {
                        self.hidden.push((index, usize::MAX));
                    }
                    if self.breadcrumb.is_none() && words::is_breadcrumb(element) {
                        self.breadcrumb = Some(index);
                    }
                    if element.is_unseen() {
                        dates += usize::from(is_date_script(element));
                        walk.skip_inside();
                    } else {
                        self.note_link(element, index);
                    }
                }
                Step::Text(text) => {
                    let visible = visible_chars(text);
                    if column.is_some_and(|name| text.trim() == name)
                        && heading.is_none()
                        && open.last().is_some_and(|&n| self.is_heading(n))
                    {
                        heading = open.last().copied();
                    }
                    self.says_empty |= words::says_empty(text);
                    if let Some(year) = words::year_alone(text)
                        && self.years.len() < MAX_YEARS
                        && !open
                            .iter()
                            .rev()
                            .take(3)
                            .any(|&n| self.nodes[n].element.name() == "a")
                    {
                        self.years.push((chars, year));
                    }
                    chars += visible;
                    if column.is_some_and(|name| text.trim() == name) {
                        if self.named.len() < MAX_YEARS {
                            self.named.push(chars);
                        }
                    } else if words::heads_side_column(text) && self.asides.len() < MAX_YEARS {
                        self.asides.push(chars);
                    }
                    if self.breadcrumb.is_none() && words::says_you_are_here(text) {
                        self.breadcrumb = open.last().copied();
                    }
                    dates += usize::from(
                        visible > 0 && (words::looks_dated(text) || words::is_fact_line(text)),
                    );
                }
                Step::Close(_) => {
                    let index = open.pop().unwrap_or(0);
                    let (end, links) = (self.nodes.len(), self.links.len());
                    let node = &mut self.nodes[index];
                    (node.end, node.chars.1, node.dates.1, node.links.1) =
                        (end, chars, dates, links);
                    if let Some(hidden) = self.hidden.last_mut().filter(|h| h.0 == index) {
                        hidden.1 = end;
                    }
                    self.measure_link(index);
                }
            }
        }
        heading
    }

    /// Whether an element is neither a link nor in navigation.
    fn is_heading(&self, node: usize) -> bool {
        let node = &self.nodes[node];
        let around = std::iter::once(node.element).chain(node.element.ancestors().take(2));
        node.region == Region::Plain && !around.into_iter().any(|e| e.name() == "a")
    }

    fn note_link(&mut self, element: Element<'a>, node: usize) {
        if self.links.len() >= MAX_LINKS {
            return;
        }
        let href = match (element.name(), element.attr("href")) {
            ("a", Some(href)) if words::leads_somewhere(href) => href,
            _ => match element.attr("onclick") {
                Some(script) if words::opens_page(script) => script,
                _ => return,
            },
        };
        self.links.push(Link {
            node,
            href,
            chars: 0,
            kind: words::LinkKind::Plain,
        });
    }

    /// Fills in what is known at a link's end.
    fn measure_link(&mut self, index: usize) {
        let node = self.nodes[index];
        let Some(link) = self.links.get_mut(node.links.0) else {
            return;
        };
        if link.node != index {
            return;
        }
        link.chars = node.chars.1 - node.chars.0;
        if link.chars <= words::MAX_SIGN_CHARS {
            link.kind = words::link_kind(node.element);
        }
        if link.kind != words::LinkKind::Plain && node.element.name() == "input" {
            link.chars = node.element.attr("value").map_or(0, visible_chars);
        }
        if words::is_licence(link.href) {
            link.kind = words::LinkKind::Licence;
        }
        if link.chars <= 2 && words::is_named_more(node.element) {
            link.kind = words::LinkKind::More;
        }
        // an arrow alone, named by its title or its class
        if link.chars <= 1 && words::is_named_next(node.element) {
            link.kind = words::LinkKind::Next;
        }
        if let Some(title) = node.element.attr("title") {
            link.chars = link.chars.max(visible_chars(title));
        } else if link.chars == 0 {
            let picture = node.element.descendants().find(|e| e.name() == "img");
            link.chars = picture.and_then(|e| e.attr("alt")).map_or(0, visible_chars);
        }
    }

    /// The links inside an element.
    pub(super) fn links_in(&self, node: usize) -> &[Link<'a>] {
        let (from, to) = self.nodes[node].links;
        &self.links[from..to]
    }

    /// The different addresses that the links of an element lead to, signs such as `[详细]` and places on a page aside.
    pub(super) fn targets_in(&self, node: usize) -> Vec<&'a str> {
        let mut targets: Vec<&str> = Vec::new();
        // rows have few links; of larger elements the first tell enough
        for link in self.links_in(node).iter().take(MAX_TARGETS) {
            let page = link
                .href
                .split_once('#')
                .map_or(link.href, |(page, _)| page);
            let target = if page.is_empty() { link.href } else { page };
            if link.kind == words::LinkKind::Plain && !targets.contains(&target) {
                targets.push(target);
            }
        }
        targets
    }

    /// The last link before an element.
    pub(super) fn link_before(&self, node: usize) -> Option<&Link<'a>> {
        self.links.get(self.nodes[node].links.0.checked_sub(1)?)
    }

    /// Characters between the end of one element and the beginning of a later one.
    pub(super) fn gap(&self, before: usize, after: usize) -> usize {
        self.nodes[after]
            .chars
            .0
            .saturating_sub(self.nodes[before].chars.1)
    }

    /// Whether a link lies between the end of one element and the beginning of a later one.
    pub(super) fn has_link_between(&self, before: usize, after: usize) -> bool {
        self.nodes[after].links.0 > self.nodes[before].links.1
    }

    /// The part of the page that an element is hidden with, if any.
    pub(super) fn hidden_with(&self, node: usize) -> Option<usize> {
        let before = self.hidden.partition_point(|&(from, _)| from <= node);
        let (from, end) = *self.hidden.get(before.checked_sub(1)?)?;
        (node < end).then_some(from)
    }

    /// Whether a side column's heading stands right before an element.
    pub(super) fn is_below_side_heading(&self, node: usize) -> bool {
        self.is_right_behind(&self.asides, node)
    }

    /// Whether the name of the page's column stands right before an element.
    pub(super) fn is_below_own_name(&self, node: usize) -> bool {
        self.nodes[node].region == Region::Plain && self.is_right_behind(&self.named, node)
    }

    fn is_right_behind(&self, places: &[usize], node: usize) -> bool {
        /// `更多 >`.
        const MAX_GAP: usize = 6;
        let start = self.nodes[node].chars.0;
        let before = places.partition_point(|&end| end <= start);
        let last = before.checked_sub(1).and_then(|i| places.get(i));
        last.is_some_and(|&end| end + MAX_GAP >= start)
    }

    /// Whether an element shows a date apart from longer text.
    pub(super) fn is_dated(&self, node: usize) -> bool {
        let (before, inside) = self.nodes[node].dates;
        inside > before
    }
}

/// Some systems write each row's date by a script of its own.
fn is_date_script(element: Element<'_>) -> bool {
    if element.name() != "script" {
        return false;
    }
    let script = element.raw_text();
    script.len() <= MAX_DATE_SCRIPT_BYTES && words::holds_date(&script)
}
