//! Parsed HTML and what we ask of it: beside `page/parser.rs`, the one file that knows scraper.
//!
//! In: a page's text. Out: a [`Document`] of [`Element`]s, asked by CSS [`Selector`]s or walked step by step.
//! Every walk is a loop, never a recursion, and every size is bounded ([`MAX_TEXT_BYTES`], [`MAX_NODES`], and the
//! depth of `page/nesting.rs`), so that no page can exhaust the stack, the memory or the time.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
};

use ego_tree::NodeId;
use scraper::{ElementRef, Html, Node};
use url::Url;

pub use super::write::Write;
use super::{
    index::{Index, Needs},
    nesting, parser, text,
};

/// Where a page's text is cut: far longer than any list or article.
pub const MAX_TEXT_BYTES: usize = 24 << 20;

/// Where parsing stops: a tag soup of a few megabytes can otherwise unfold to billions of nodes, since HTML repeats
/// unclosed formatting tags in every paragraph that follows.
pub const MAX_NODES: usize = 1_500_000;

/// Whether a text is no page, but what a page's script would ask for: JSON, or Hanweb's records.
fn bare_data(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let head = floor(start, 400);
    if head.starts_with("<datastore") || head.starts_with("<?xml") {
        return head.contains("<datastore") || head.contains("<recordset");
    }
    match head.as_bytes() {
        [b'{' | b'[', rest @ ..] => rest
            .iter()
            .find(|b| !b.is_ascii_whitespace())
            .is_some_and(|b| matches!(b, b'"' | b'{' | b'[')),
        _ => false,
    }
}

/// The data as a page that holds it in a script.
fn as_script(data: &str) -> String {
    // `<\/` is the same to JSON
    let data = data.replace("</script", "<\\/script");
    format!("<html><body><script type=\"text/plain\">{data}</script></body></html>")
}

/// A parsed page.
#[derive(Debug)]
pub struct Document {
    html: Html,
    truncated: bool,
    /// The elements of [`NOTED`] names, in document order: asked for again and again, so looked for once.
    noted: Vec<NodeId>,
    index: Index,
}

/// Elements that are rather looked for in the whole page than met on a walk.
const NOTED: [&str; 9] = [
    "title", "base", "meta", "link", "script", "textarea", "xmp", "iframe", "frame",
];

impl Document {
    /// Parses a page's text, as a browser would: nothing is an error.
    pub fn parse(page: &str) -> Self {
        let kept = floor(page, MAX_TEXT_BYTES);
        let wrapped = bare_data(kept).then(|| as_script(kept));
        let flat = nesting::flatten(wrapped.as_deref().unwrap_or(kept));
        let (html, stopped) = parser::parse(&flat, MAX_NODES);
        let mut document = Self {
            html,
            truncated: kept.len() < page.len() || stopped,
            noted: Vec::new(),
            index: Index::default(),
        };
        let mut noted = Vec::new();
        let mut index = Index::default();
        let root = document.root();
        for element in std::iter::once(root).chain(root.descendants()) {
            index.note(element.attrs());
            if element.is_any(&NOTED) {
                noted.push(element.0.id());
            }
        }
        (document.noted, document.index) = (noted, index);
        document
    }

    /// How many elements, texts and the like it has.
    pub fn nodes(&self) -> usize {
        self.html.tree.values().len()
    }

    /// Whether the page was too long to be read to its end.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// `<html>`.
    pub fn root(&self) -> Element<'_> {
        Element(self.html.root_element())
    }

    /// `<body>`, or `<html>` where there is none (a frameset).
    pub fn body(&self) -> Element<'_> {
        let root = self.root();
        root.children().find(|e| e.name() == "body").unwrap_or(root)
    }

    /// `<head>`, or `<html>` where there is none.
    pub fn head(&self) -> Element<'_> {
        let root = self.root();
        root.children().find(|e| e.name() == "head").unwrap_or(root)
    }

    /// The elements that match, in document order.
    pub fn select<'a, 's>(
        &'a self,
        selector: &'s Selector,
    ) -> impl Iterator<Item = Element<'a>> + use<'a, 's> {
        let root = self.may_match(selector).then(|| self.root());
        root.into_iter().flat_map(|root| root.select(selector))
    }

    /// Whether the page bears the names that the selector asks for. If not, nothing matches.
    pub fn may_match(&self, selector: &Selector) -> bool {
        selector.needs.are_met_by(&self.index)
    }

    /// The page's classes, ids and names.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The first element that matches.
    pub fn select_first(&self, selector: &Selector) -> Option<Element<'_>> {
        self.select(selector).next()
    }

    /// The elements of one of these names, in document order: one of `title`, `base`, `meta`, `link`, `script`,
    /// `textarea`, `xmp`, `iframe` and `frame`, without a walk through the page.
    pub fn named<'n>(
        &self,
        names: &'n [&'n str],
    ) -> impl Iterator<Item = Element<'_>> + use<'_, 'n> {
        debug_assert!(names.iter().all(|name| NOTED.contains(name)));
        let noted = self.noted.iter().filter_map(|&id| self.html.tree.get(id));
        noted
            .filter_map(ElementRef::wrap)
            .map(Element)
            .filter(|e| e.is_any(names))
    }

    /// The text of `<title>`, folded; absent where empty.
    pub fn title(&self) -> Option<String> {
        let titles = self.named(&["title"]);
        titles.map(Element::text).find(|t| !t.is_empty())
    }

    /// All `<meta>` elements with a name (`name`, `property` or `http-equiv`) and a content, as written.
    pub fn metas(&self) -> impl Iterator<Item = (&str, &str)> {
        // some templates put them into the body, so the whole page is looked through
        self.named(&["meta"]).filter_map(|e| {
            let name = e
                .attr("name")
                .or_else(|| e.attr("property"))
                .or_else(|| e.attr("http-equiv"))?;
            Some((name, e.attr("content")?))
        })
    }

    /// The content of the first non-empty `<meta>` of that name, whatever the case.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.metas()
            .find(|(n, content)| n.trim().eq_ignore_ascii_case(name) && !content.trim().is_empty())
            .map(|(_, content)| content.trim())
    }

    /// What relative addresses resolve against: `<base href>`, itself relative to the page's address.
    pub fn base(&self, page: &Url) -> Url {
        let mut bases = self.named(&["base"]);
        bases
            .find_map(|e| e.attr("href"))
            .and_then(|href| page.join(href.trim()).ok())
            .filter(|base| !base.cannot_be_a_base())
            .unwrap_or_else(|| page.clone())
    }
}

/// The first `limit` bytes, or a few less so that no character is cut.
fn floor(page: &str, limit: usize) -> &str {
    &page[..page.floor_char_boundary(limit)]
}

/// An element of a [`Document`]. Two are equal if they are the same node.
#[derive(Clone, Copy)]
pub struct Element<'a>(ElementRef<'a>);

/// A child of an element.
#[derive(Clone, Copy, Debug)]
pub enum Child<'a> {
    /// An element.
    Element(Element<'a>),
    /// A piece of text, as written.
    Text(&'a str),
}

/// A step of a [`Walk`].
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// An element begins.
    Open(Element<'a>),
    /// A piece of text, as written.
    Text(&'a str),
    /// An element ends.
    Close(Element<'a>),
}

impl<'a> Element<'a> {
    /// The tag's name in lower case.
    pub fn name(self) -> &'a str {
        self.0.value().name()
    }

    /// Whether the tag's name is one of these.
    pub fn is_any(self, names: &[&str]) -> bool {
        names.contains(&self.name())
    }

    /// An attribute's value, as written. `name` in lower case.
    pub fn attr(self, name: &str) -> Option<&'a str> {
        // elements have few attributes: comparing beats interning the name for scraper's own look-up
        self.attrs().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// All attributes.
    pub fn attrs(self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.0.value().attrs()
    }

    /// The `id` attribute.
    pub fn id(self) -> Option<&'a str> {
        self.attr("id")
    }

    /// The classes, in the order written.
    pub fn classes(self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.attr("class")
            .unwrap_or_default()
            .split_ascii_whitespace()
    }

    /// Whether it has that class.
    pub fn has_class(self, class: &str) -> bool {
        self.classes().any(|c| c == class)
    }

    /// A number that is smaller for nodes that the parser met earlier: document order but for misplaced table content.
    /// Equal for equal elements.
    pub fn key(self) -> impl Ord + Hash + Copy + fmt::Debug + use<> {
        self.0.id()
    }

    /// The parent element.
    pub fn parent(self) -> Option<Self> {
        self.0.parent().and_then(ElementRef::wrap).map(Self)
    }

    /// Parent, grandparent, and so on up to `<html>`.
    pub fn ancestors(self) -> impl Iterator<Item = Self> + use<'a> {
        std::iter::successors(self.parent(), |e| e.parent())
    }

    /// Whether this element lies inside `other`.
    pub fn is_inside(self, other: Self) -> bool {
        self.ancestors().any(|e| e == other)
    }

    /// The child elements.
    pub fn children(self) -> impl Iterator<Item = Self> + use<'a> {
        self.0.child_elements().map(Self)
    }

    /// The child elements and pieces of text.
    pub fn child_nodes(self) -> impl Iterator<Item = Child<'a>> + use<'a> {
        self.0.children().filter_map(child)
    }

    /// All elements inside, in document order; not itself.
    pub fn descendants(self) -> impl Iterator<Item = Self> + use<'a> {
        self.walk().skip(1).filter_map(|step| match step {
            Step::Open(element) => Some(element),
            Step::Text(_) | Step::Close(_) => None,
        })
    }

    /// The siblings that follow, nearest first.
    pub fn following(self) -> impl Iterator<Item = Self> + use<'a> {
        self.0
            .next_siblings()
            .filter_map(ElementRef::wrap)
            .map(Self)
    }

    /// The elements and pieces of text that follow under the same parent.
    pub fn following_nodes(self) -> impl Iterator<Item = Child<'a>> + use<'a> {
        self.0.next_siblings().filter_map(child)
    }

    /// The elements and pieces of text that precede under the same parent, nearest first.
    pub fn preceding_nodes(self) -> impl Iterator<Item = Child<'a>> + use<'a> {
        self.0.prev_siblings().filter_map(child)
    }

    /// The siblings that precede, nearest first.
    pub fn preceding(self) -> impl Iterator<Item = Self> + use<'a> {
        self.0
            .prev_siblings()
            .filter_map(ElementRef::wrap)
            .map(Self)
    }

    /// The elements inside that match, in document order.
    pub fn select<'s>(self, selector: &'s Selector) -> impl Iterator<Item = Self> + use<'a, 's> {
        self.0.select(&selector.compiled).map(Self)
    }

    /// The first element inside that matches.
    pub fn select_first(self, selector: &Selector) -> Option<Self> {
        self.select(selector).next()
    }

    /// Whether it matches.
    pub fn matches(self, selector: &Selector) -> bool {
        selector.compiled.matches(&self.0)
    }

    /// Itself and everything inside, step by step, in document order.
    pub fn walk(self) -> Walk<'a> {
        Walk {
            root: *self.0,
            next: Some(Edge::Open(*self.0)),
        }
    }

    /// What a reader sees of it: white space folded, a space between blocks, without scripts and styles.
    pub fn text(self) -> String {
        let mut folded = String::new();
        self.push_text(&mut folded);
        folded.truncate(folded.trim_end().len());
        folded
    }

    /// Appends [`Element::text`], folded but for one space at the end.
    pub fn push_text(self, folded: &mut String) {
        let mut walk = self.walk();
        while let Some(step) = walk.next() {
            match step {
                Step::Text(piece) => text::push_folded(folded, piece),
                Step::Open(e) if e.is_unseen() => walk.skip_inside(),
                Step::Open(e) | Step::Close(e) if e.is_block() => text::push_folded(folded, " "),
                Step::Open(_) | Step::Close(_) => {}
            }
        }
    }

    /// Its own pieces of text, without those of elements inside, folded.
    pub fn own_text(self) -> String {
        let mut folded = String::new();
        for child in self.child_nodes() {
            match child {
                Child::Text(piece) => text::push_folded(&mut folded, piece),
                Child::Element(e) if e.is_block() => text::push_folded(&mut folded, " "),
                Child::Element(_) => {}
            }
        }
        folded.truncate(folded.trim_end().len());
        folded
    }

    /// All text inside as written, scripts and styles too: what a `<script>` or `<textarea>` holds.
    pub fn raw_text(self) -> Cow<'a, str> {
        let mut pieces = self.0.text();
        let first = pieces.next().unwrap_or_default();
        match pieces.next() {
            None => Cow::Borrowed(first),
            Some(second) => {
                let mut whole = [first, second].concat();
                pieces.for_each(|piece| whole.push_str(piece));
                Cow::Owned(whole)
            }
        }
    }

    /// Whether its content is never shown as text: scripts, styles, templates, and what is there for browsers without
    /// scripts.
    pub fn is_unseen(self) -> bool {
        self.is_any(&["script", "style", "template", "noscript", "head", "iframe"])
    }

    /// Whether it stands on lines of its own, so that its text does not run on from what precedes.
    pub fn is_block(self) -> bool {
        matches!(
            self.name(),
            "address"
                | "article"
                | "aside"
                | "blockquote"
                | "body"
                | "br"
                | "caption"
                | "center"
                | "dd"
                | "details"
                | "dialog"
                | "div"
                | "dl"
                | "dt"
                | "fieldset"
                | "figcaption"
                | "figure"
                | "footer"
                | "form"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "h5"
                | "h6"
                | "header"
                | "hgroup"
                | "hr"
                | "li"
                | "main"
                | "nav"
                | "ol"
                | "option"
                | "p"
                | "pre"
                | "section"
                | "select"
                | "summary"
                | "table"
                | "tbody"
                | "td"
                | "tfoot"
                | "th"
                | "thead"
                | "tr"
                | "ul"
        )
    }

    /// The HTML of what is inside, each element written as `write` decides. Linear, without recursion.
    pub fn inner_html_with(self, write: impl FnMut(Element<'a>) -> Write<'a>) -> String {
        super::write::inner_html(self, write)
    }

    /// The HTML of what is inside, unchanged.
    pub fn inner_html(self) -> String {
        self.inner_html_with(|_| Write::Keep)
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for Element<'_> {}

impl Hash for Element<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.id().hash(state);
    }
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.value().fmt(f)
    }
}

fn child(node: NodeRef<'_>) -> Option<Child<'_>> {
    match node.value() {
        Node::Text(text) => Some(Child::Text(text)),
        _ => ElementRef::wrap(node).map(|e| Child::Element(Element(e))),
    }
}

type NodeRef<'a> = <ElementRef<'a> as std::ops::Deref>::Target;

#[derive(Clone, Copy)]
enum Edge<'a> {
    Open(NodeRef<'a>),
    Close(NodeRef<'a>),
}

/// A walk over an element and everything inside, in document order.
#[derive(Clone)]
pub struct Walk<'a> {
    root: NodeRef<'a>,
    next: Option<Edge<'a>>,
}

impl Walk<'_> {
    /// After a [`Step::Open`]: leaves out what is inside that element; its [`Step::Close`] still comes.
    pub fn skip_inside(&mut self) {
        self.next = match self.next {
            Some(Edge::Open(node)) => node.parent().map(Edge::Close),
            close => close,
        };
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        while let Some(edge) = self.next {
            let step = match edge {
                Edge::Open(node) => {
                    self.next = node
                        .first_child()
                        .map(Edge::Open)
                        .or(Some(Edge::Close(node)));
                    match node.value() {
                        Node::Text(text) => Some(Step::Text(text)),
                        _ => ElementRef::wrap(node).map(|e| Step::Open(Element(e))),
                    }
                }
                Edge::Close(node) => {
                    self.next = if node == self.root {
                        None
                    } else {
                        let sibling = node.next_sibling().map(Edge::Open);
                        sibling.or_else(|| node.parent().map(Edge::Close))
                    };
                    ElementRef::wrap(node).map(|e| Step::Close(Element(e)))
                }
            };
            if step.is_some() {
                return step;
            }
        }
        None
    }
}

/// A CSS selector, compiled once.
#[derive(Clone)]
pub struct Selector {
    text: String,
    compiled: scraper::Selector,
    needs: Needs,
}

/// Why a text is no selector.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is no CSS selector: {why}")]
pub struct InvalidSelector {
    text: String,
    why: String,
}

impl Selector {
    /// Compiles a selector.
    ///
    /// # Errors
    /// The text is no CSS selector.
    pub fn parse(text: &str) -> Result<Self, InvalidSelector> {
        match scraper::Selector::parse(text) {
            Ok(compiled) => Ok(Self {
                text: text.to_owned(),
                compiled,
                needs: Needs::of(text),
            }),
            Err(error) => Err(InvalidSelector {
                text: text.to_owned(),
                why: error.to_string(),
            }),
        }
    }

    /// Compiles a selector of this program's own, for a `static`.
    ///
    /// # Panics
    /// The text is no CSS selector: a mistake in the program, never in its input.
    pub fn literal(text: &'static str) -> Self {
        Self::parse(text).expect("selectors written in the program are good")
    }

    /// The selector as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// By its text, which says all of it.
impl Hash for Selector {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({})", self.text)
    }
}

/// `SELECTOR` or `SELECTOR@ATTRIBUTE`: an element's text, or one of its attributes.
#[derive(Clone, Debug, Hash)]
pub struct Pick {
    /// The element.
    pub selector: Selector,
    /// The attribute, or the text where absent.
    pub attribute: Option<String>,
}

impl Pick {
    /// Reads `SELECTOR` or `SELECTOR@ATTRIBUTE`.
    ///
    /// # Errors
    /// The part before `@` is no CSS selector.
    pub fn parse(text: &str) -> Result<Self, InvalidSelector> {
        // an `@` inside `[href="a@b"]` or `"…"` is no separator
        let (selector, attribute) = match text.rsplit_once('@') {
            Some((selector, name))
                if !name.is_empty()
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') =>
            {
                (selector, Some(name.to_ascii_lowercase()))
            }
            _ => (text, None),
        };
        Ok(Self {
            selector: Selector::parse(selector)?,
            attribute,
        })
    }

    /// What it picks inside `scope`: the first match that has the attribute, or a text that is not empty. Folded.
    pub fn first_in(&self, scope: Element<'_>) -> Option<String> {
        scope.select(&self.selector).find_map(|e| self.of(e))
    }

    /// What it takes from an element that its selector has matched. Folded; absent where empty.
    pub fn of(&self, element: Element<'_>) -> Option<String> {
        let found = match &self.attribute {
            Some(name) => text::fold(element.attr(name)?),
            None => element.text(),
        };
        (!found.is_empty()).then_some(found)
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.selector.as_str())?;
        match &self.attribute {
            Some(name) => write!(f, "@{name}"),
            None => Ok(()),
        }
    }
}
