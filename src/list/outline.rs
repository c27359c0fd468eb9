//! A page as a list of its elements, with the figures by which a list is told from a menu.
//!
//! In: a parsed page. Out: an [`Outline`]: every element in document order with its parent, where it ends, how much
//! text stands before, which links and dates lie inside. One walk; what follows is arithmetic on indices.

use super::{addresses, dated, regions, words};
use crate::page::{
    document::{Child, Document, Element, Step},
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

/// A date that heads a group of rows is no longer.
const MAX_DATE_CHARS: usize = 24;

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

/// A text that is a date or a month and nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct DateText<'a> {
    /// Characters on the page before it.
    at: usize,
    /// As written.
    pub(super) text: &'a str,
    /// Index of the element that holds it.
    pub(super) holder: usize,
    /// Whether it stands on a line of its own: `<h3>2024-05-06</h3>`.
    pub(super) is_line: bool,
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
    /// Texts apart from links that are a date or a month and nothing else.
    dates: Vec<DateText<'a>>,
    /// Where headings of side columns end, in characters: `热点新闻`, `Recent posts`.
    asides: Vec<usize>,
    /// Where headings end that name another column than the page's own, in characters.
    others: Vec<usize>,
    /// Where the words of a pager begin that are no links, in characters: `共 3 条 1/1 上页 下页`.
    pagers: Vec<usize>,
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
            dates: Vec::new(),
            asides: Vec::new(),
            others: Vec::new(),
            pagers: Vec::new(),
            named: Vec::new(),
            hidden: Vec::new(),
            breadcrumb: None,
        };
        let title = document.title();
        let column = title.as_deref().map(super::shortened);
        let column = column.filter(|name| (2..=MAX_COLUMN_CHARS).contains(&visible_chars(name)));
        let mut headings = Vec::new();
        let heading = outline.read(document.body(), column.as_deref(), &mut headings);
        if let (Some(title), Some(column)) = (title, column)
            && !words::is_institution(&column)
        {
            outline.others = outline.of_other_columns(&headings, &title, &column);
        }
        // where no breadcrumb is named, the page's own name stands by its list
        outline.breadcrumb = outline.breadcrumb.or(heading);
        outline
    }

    /// Of headings, those that name neither the page's column nor anything that its title and its breadcrumb name.
    fn of_other_columns(
        &self,
        headings: &[(usize, &str)],
        title: &str,
        column: &str,
    ) -> Vec<usize> {
        let breadcrumb = self.breadcrumb.map(|node| self.nodes[node].element.text());
        let breadcrumb = breadcrumb.unwrap_or_default();
        let is_other = |text: &str| {
            !title.contains(text)
                && !text.contains(column)
                && !breadcrumb.contains(text)
                && !words::heads_any_list(text)
                && words::kind_of_text(text) == words::LinkKind::Plain
        };
        let others = headings.iter().filter(|(_, text)| is_other(text.trim()));
        others.map(|&(end, _)| end).collect()
    }

    /// Returns the element whose text is the column's name and no link. Notes where short headings end.
    fn read(
        &mut self,
        body: Element<'a>,
        column: Option<&str>,
        headings: &mut Vec<(usize, &'a str)>,
    ) -> Option<usize> {
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
                    let region = regions::region(element).unwrap_or(around);
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
                    if regions::is_hidden(element)
                        && self.hidden.last().is_none_or(|&(_, end)| end <= index)
                    {
                        self.hidden.push((index, usize::MAX));
                    }
                    if self.breadcrumb.is_none() && regions::is_breadcrumb(element) {
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
                    let is_date = self.note_text(text, chars, &open, column, headings);
                    chars += visible;
                    if self.breadcrumb.is_none() && words::says_you_are_here(text) {
                        self.breadcrumb = open.last().copied();
                    }
                    dates += usize::from(is_date);
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

    /// Notes what a piece of text says of the page, with the characters before it and the elements that are open. Returns
    /// whether it is a date.
    fn note_text(
        &mut self,
        text: &'a str,
        before: usize,
        open: &[usize],
        column: Option<&str>,
        headings: &mut Vec<(usize, &'a str)>,
    ) -> bool {
        let visible = visible_chars(text);
        if visible == 0 {
            return false;
        }
        let end = before + visible;
        let nodes = &self.nodes;
        let around = || open.iter().rev().map(|&n| nodes[n].element);
        let is_linked = || around().take(3).any(|e| e.name() == "a");
        self.says_empty |= words::says_empty(text);
        let is_date = dated::looks_dated(text) || dated::is_fact_line(text);
        if let Some(year) = dated::year_alone(text) {
            if self.years.len() < MAX_YEARS && !is_linked() {
                self.years.push((before, year));
            }
        } else if (is_date || dated::is_month_alone(text))
            && visible <= MAX_DATE_CHARS
            && self.dates.len() < MAX_YEARS
            && !is_linked()
        {
            let date = DateText {
                at: before,
                text,
                holder: open.last().copied().unwrap_or_default(),
                is_line: is_on_its_own_line(around()),
            };
            self.dates.push(date);
        }
        if words::says_pager(text) && self.pagers.len() < MAX_YEARS {
            self.pagers.push(before);
        }
        if column.is_some_and(|name| text.trim() == name) {
            if self.named.len() < MAX_YEARS {
                self.named.push(end);
            }
        } else if words::heads_side_column(text) && self.asides.len() < MAX_YEARS {
            self.asides.push(end);
        }
        if (2..=MAX_COLUMN_CHARS).contains(&visible)
            && headings.len() < MAX_YEARS
            && !text.contains(|c: char| c.is_ascii_digit())
            && around().take(2).any(regions::is_heading)
        {
            headings.push((end, text));
        }
        is_date
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
        let Some(href) = addresses::opened_by(element) else {
            return;
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
        if link.chars <= words::MAX_SIGN_CHARS
            || link.chars <= 2 * words::MAX_SIGN_CHARS && words::tells_of_a_file(node.element)
        {
            link.kind = words::link_kind(node.element);
        }
        if link.kind != words::LinkKind::Plain && node.element.name() == "input" {
            link.chars = node.element.attr("value").map_or(0, visible_chars);
        }
        if addresses::is_licence(link.href) {
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

    /// Whether another column's name stands right before an element.
    pub(super) fn is_below_other_name(&self, node: usize) -> bool {
        let Some(end) = self.right_before(&self.others, node) else {
            return false;
        };
        if self.right_before(&self.named, node) >= Some(end) {
            return false;
        }
        // what follows the heading may be another box of few words
        let start = self.nodes[node].links.0;
        let before = self.links[..start].iter().rev();
        before
            .take_while(|link| self.nodes[link.node].chars.0 >= end)
            .all(|link| link.kind == words::LinkKind::More)
    }

    /// Whether the words of a pager stand right behind an element, with no link between.
    pub(super) fn is_above_pager(&self, node: usize) -> bool {
        /// A line of signs.
        const MAX_GAP: usize = 12;
        let end = self.nodes[node].chars.1;
        let behind = self.pagers.partition_point(|&start| start < end);
        let Some(&start) = self.pagers.get(behind).filter(|&&s| s <= end + MAX_GAP) else {
            return false;
        };
        let next = self.links.get(self.nodes[node].links.1);
        next.is_none_or(|link| self.nodes[link.node].chars.0 > start)
    }

    /// The dates between two places, in characters.
    pub(super) fn dates_between(&self, from: usize, to: usize) -> &[DateText<'a>] {
        let first = self.dates.partition_point(|date| date.at < from);
        let behind = self.dates.partition_point(|date| date.at < to);
        self.dates.get(first..behind).unwrap_or_default()
    }

    /// Whether a date stands between two places, in characters.
    pub(super) fn has_date_between(&self, from: usize, to: usize) -> bool {
        !self.dates_between(from, to).is_empty()
    }

    /// The date right before an element: the heading of the group that begins with it.
    pub(super) fn date_above(&self, node: usize) -> Option<DateText<'a>> {
        /// Brackets about a date.
        const MAX_GAP: usize = 2;
        let start = self.nodes[node].chars.0;
        let before = self.dates.partition_point(|date| date.at < start);
        let date = *self.dates.get(before.checked_sub(1)?)?;
        (date.at + visible_chars(date.text) + MAX_GAP >= start).then_some(date)
    }

    /// Whether the name of the page's column stands right before an element.
    pub(super) fn is_below_own_name(&self, node: usize) -> bool {
        let own = self.right_before(&self.named, node);
        self.nodes[node].region == Region::Plain
            && own.is_some()
            && own >= self.right_before(&self.others, node)
    }

    fn is_right_behind(&self, places: &[usize], node: usize) -> bool {
        self.right_before(places, node).is_some()
    }

    /// The last of some places, if it is right before an element.
    fn right_before(&self, places: &[usize], node: usize) -> Option<usize> {
        /// `更多 >`.
        const MAX_GAP: usize = 6;
        let start = self.nodes[node].chars.0;
        let before = places.partition_point(|&end| end <= start);
        let last = before.checked_sub(1).and_then(|i| places.get(i));
        last.copied().filter(|&end| end + MAX_GAP >= start)
    }

    /// Whether an element shows a date apart from longer text.
    pub(super) fn is_dated(&self, node: usize) -> bool {
        let (before, inside) = self.nodes[node].dates;
        inside > before
    }
}

/// Whether a text is all that a line holds; `around` are the elements that it stands in, innermost first.
fn is_on_its_own_line<'a>(around: impl Iterator<Item = Element<'a>>) -> bool {
    const MAX_WRAPPERS: usize = 3;
    let holds_one = |element: &Element<'a>| {
        let mut inside = element
            .child_nodes()
            .filter(|node| !matches!(node, Child::Text(text) if visible_chars(text) == 0));
        inside.next().is_some() && inside.next().is_none()
    };
    around
        .take(MAX_WRAPPERS)
        .take_while(holds_one)
        .any(Element::is_block)
}

/// Some systems write each row's date by a script of its own.
fn is_date_script(element: Element<'_>) -> bool {
    if element.name() != "script" {
        return false;
    }
    let script = element.raw_text();
    script.len() <= MAX_DATE_SCRIPT_BYTES && dated::holds_date(&script)
}
