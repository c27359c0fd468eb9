//! HTML to a tree, as browsers make it: html5gum's tokenizer before html5ever's tree builder.
//!
//! In: a page's text. Out: scraper's tree. Both halves follow the standard (HTML, 13.2.5 and 13.2.6). html5ever has a
//! tokenizer too, which makes the same tree, but takes tags and attributes one character at a time.

use std::{borrow::Cow, cell::Cell, convert::Infallible, mem};

use ego_tree::{NodeId, Tree};
use encoding_rs::UTF_8;
use html5ever::{
    Attribute, LocalName, QualName,
    interface::TreeSink,
    ns,
    tendril::StrTendril,
    tokenizer::{Doctype, Tag, TagKind, Token, TokenSink, TokenSinkResult, states::RawKind},
    tree_builder::{TreeBuilder, TreeBuilderOpts},
};
use html5gum::{Emitter, Error, Readable, Reader, State, StringReader, Tokenizer};
use scraper::{Html, HtmlTreeSink, Node};

use super::nesting::MAX_ATTRIBUTES;

/// The line of every token: nobody asks for it.
const LINE: u64 = 1;

/// Parses a page's text: nothing is an error. It stops where the tree has more than `most` nodes or a tag more than
/// [`MAX_ATTRIBUTES`], and says whether it has.
///
/// For each attribute in quotation marks html5gum goes some calls deeper, and each is compared with all before it. The
/// tags that `page/nesting.rs` sees have no more, but whether a `<` begins a tag only the tree builder knows.
pub(super) fn parse(page: &str, most: usize) -> (Html, bool) {
    let html = Html {
        tree: Tree::with_capacity(Node::Document, expected_nodes(page)),
        ..Html::new_document()
    };
    let builder = TreeBuilder::new(HtmlTreeSink::new(html), TreeBuilderOpts::default());
    let page = page.strip_prefix('\u{feff}').unwrap_or(page);
    let bounds = Bounds {
        nodes: most,
        ..Bounds::default()
    };
    let source = Bounded {
        text: page.to_reader(),
        bounds: &bounds,
    };
    let Ok(()) = Tokenizer::new_with_emitter(source, Feed::new(&builder, &bounds)).finish();
    builder.end();
    (builder.sink.finish(), bounds.are_passed.get())
}

/// How many nodes a page may have, so that their vector need not be moved as it grows: half of the tags begin an element,
/// and a text may follow each. A page of nothing but `<` reserves no more than an honest long one.
fn expected_nodes(page: &str) -> usize {
    const MOST: usize = 1 << 16;
    let tags = memchr::memchr_iter(b'<', page.as_bytes()).count();
    (tags + tags / 2 + 8).min(MOST)
}

/// How much is read of a page, told from where tokens go to where text comes from.
#[derive(Default)]
struct Bounds {
    nodes: usize,
    are_passed: Cell<bool>,
}

/// A page's text, which ends where a bound is passed: in texts, in names and values of attributes.
struct Bounded<'a> {
    text: StringReader<'a>,
    bounds: &'a Bounds,
}

#[allow(
    clippy::inline_always,
    reason = "called for each byte, as those of the reader within"
)]
impl Reader for Bounded<'_> {
    type Error = Infallible;

    #[inline(always)]
    fn read_byte(&mut self) -> Result<Option<u8>, Infallible> {
        self.text.read_byte()
    }

    #[inline(always)]
    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> Result<bool, Infallible> {
        self.text.try_read_string(text, case_sensitive)
    }

    #[inline(always)]
    fn read_until<'b>(
        &'b mut self,
        needle: &[u8],
        buffer: &'b mut [u8; 4],
    ) -> Result<Option<&'b [u8]>, Infallible> {
        if self.bounds.are_passed.get() {
            return Ok(None);
        }
        self.text.read_until(needle, buffer)
    }
}

/// What the tokenizer has read of the current token, until the tree builder gets it. Pieces come as bytes and may end in
/// the middle of a character; the whole does not.
struct Feed<'a> {
    builder: &'a TreeBuilder<NodeId, HtmlTreeSink>,
    bounds: &'a Bounds,
    text: Vec<u8>,
    tag: TagRead,
    /// Whether the two below are an attribute.
    in_attribute: bool,
    attribute_name: Vec<u8>,
    attribute_value: Vec<u8>,
    last_start_tag: Vec<u8>,
    comment: Vec<u8>,
    doctype: DoctypeRead,
}

struct TagRead {
    kind: TagKind,
    name: Vec<u8>,
    self_closing: bool,
    attributes: Vec<Attribute>,
    had_duplicates: bool,
    /// How many attributes have begun.
    begun: usize,
}

/// A doctype; what is absent is not the same as what is empty.
#[derive(Default)]
struct DoctypeRead {
    name: Option<Vec<u8>>,
    public: Option<Vec<u8>>,
    system: Option<Vec<u8>>,
    force_quirks: bool,
}

impl<'a> Feed<'a> {
    fn new(builder: &'a TreeBuilder<NodeId, HtmlTreeSink>, bounds: &'a Bounds) -> Self {
        Self {
            builder,
            bounds,
            text: Vec::new(),
            tag: TagRead {
                kind: TagKind::StartTag,
                name: Vec::new(),
                self_closing: false,
                attributes: Vec::new(),
                had_duplicates: false,
                begun: 0,
            },
            in_attribute: false,
            attribute_name: Vec::new(),
            attribute_value: Vec::new(),
            last_start_tag: Vec::new(),
            comment: Vec::new(),
            doctype: DoctypeRead::default(),
        }
    }

    /// Hands a token on; gives the state that the tokenizer has to go on in, if not the one it is in.
    fn send(&mut self, token: Token) -> Option<State> {
        let result = self.builder.process_token(token, LINE);
        if self.builder.sink.0.borrow().tree.values().len() > self.bounds.nodes {
            self.bounds.are_passed.set(true);
        }
        match result {
            // the charset is settled before
            TokenSinkResult::Continue | TokenSinkResult::EncodingIndicator(_) => None,
            TokenSinkResult::Script(_) => Some(State::Data),
            TokenSinkResult::Plaintext => Some(State::PlainText),
            TokenSinkResult::RawData(RawKind::Rcdata) => Some(State::RcData),
            TokenSinkResult::RawData(RawKind::Rawtext) => Some(State::RawText),
            // the other two kinds are begun by what stands in a script, not by its tag
            TokenSinkResult::RawData(_) => Some(State::ScriptData),
        }
    }

    /// Hands on the text before a tag, a comment or the end.
    fn send_text(&mut self) {
        if self.text.is_empty() {
            return;
        }
        let mut text = mem::take(&mut self.text);
        for (n, part) in text.split(|&b| b == 0).enumerate() {
            if n > 0 {
                self.send(Token::NullCharacterToken);
            }
            if !part.is_empty() {
                self.send(Token::CharacterTokens(tendril(part)));
            }
        }
        text.clear();
        self.text = text;
    }

    fn begin_tag(&mut self, kind: TagKind) {
        self.tag.kind = kind;
        self.tag.name.clear();
        self.tag.self_closing = false;
        self.tag.attributes.clear();
        self.tag.had_duplicates = false;
        self.tag.begun = 0;
        self.in_attribute = false;
    }

    /// The attribute is whole. Of two with one name the first counts.
    fn end_attribute(&mut self) {
        if !mem::take(&mut self.in_attribute) {
            return;
        }
        let name = local_name(&self.attribute_name);
        let known = &mut self.tag.attributes;
        if known.iter().any(|known| known.name.local == name) {
            self.tag.had_duplicates = true;
        } else {
            known.push(Attribute {
                name: QualName::new(None, ns!(), name),
                value: tendril(&self.attribute_value),
            });
        }
    }
}

impl Emitter for Feed<'_> {
    type Token = Infallible;

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start_tag = name.unwrap_or_default().to_vec();
    }

    fn emit_eof(&mut self) {
        self.send_text();
        self.send(Token::EOFToken);
    }

    fn emit_error(&mut self, _: Error) {}

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn pop_token(&mut self) -> Option<Infallible> {
        None
    }

    fn emit_string(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    fn init_start_tag(&mut self) {
        self.begin_tag(TagKind::StartTag);
    }

    fn init_end_tag(&mut self) {
        self.begin_tag(TagKind::EndTag);
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.send_text();
        self.end_attribute();
        let tag = &mut self.tag;
        let mut attrs = mem::take(&mut tag.attributes);
        match tag.kind {
            TagKind::StartTag => self.last_start_tag.clone_from(&tag.name),
            TagKind::EndTag => attrs.clear(),
        }
        let token = Tag {
            kind: tag.kind,
            name: local_name(&tag.name),
            self_closing: tag.self_closing,
            attrs,
            had_duplicate_attributes: tag.had_duplicates,
        };
        self.send(Token::TagToken(token))
    }

    fn set_self_closing(&mut self) {
        self.tag.self_closing = true;
    }

    fn push_tag_name(&mut self, name: &[u8]) {
        self.tag.name.extend_from_slice(name);
    }

    fn init_attribute(&mut self) {
        self.end_attribute();
        self.tag.begun += 1;
        if self.tag.begun > MAX_ATTRIBUTES {
            self.bounds.are_passed.set(true);
        }
        self.in_attribute = true;
        self.attribute_name.clear();
        self.attribute_value.clear();
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        self.attribute_name.extend_from_slice(name);
    }

    fn push_attribute_value(&mut self, value: &[u8]) {
        self.attribute_value.extend_from_slice(value);
    }

    fn init_comment(&mut self) {
        self.comment.clear();
    }

    fn push_comment(&mut self, comment: &[u8]) {
        self.comment.extend_from_slice(comment);
    }

    fn emit_current_comment(&mut self) {
        self.send_text();
        self.send(Token::CommentToken(tendril(&self.comment)));
    }

    fn init_doctype(&mut self) {
        self.doctype = DoctypeRead::default();
    }

    fn push_doctype_name(&mut self, name: &[u8]) {
        self.doctype.name.get_or_insert_default().extend(name);
    }

    fn set_doctype_public_identifier(&mut self, value: &[u8]) {
        self.doctype.public = Some(value.to_vec());
    }

    fn push_doctype_public_identifier(&mut self, value: &[u8]) {
        self.doctype.public.get_or_insert_default().extend(value);
    }

    fn set_doctype_system_identifier(&mut self, value: &[u8]) {
        self.doctype.system = Some(value.to_vec());
    }

    fn push_doctype_system_identifier(&mut self, value: &[u8]) {
        self.doctype.system.get_or_insert_default().extend(value);
    }

    fn set_force_quirks(&mut self) {
        self.doctype.force_quirks = true;
    }

    fn emit_current_doctype(&mut self) {
        self.send_text();
        let read = mem::take(&mut self.doctype);
        self.send(Token::DoctypeToken(Doctype {
            name: read.name.as_deref().map(tendril),
            public_id: read.public.as_deref().map(tendril),
            system_id: read.system.as_deref().map(tendril),
            force_quirks: read.force_quirks,
        }));
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.tag.kind == TagKind::EndTag
            && !self.last_start_tag.is_empty()
            && self.tag.name == self.last_start_tag
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        // text may open elements anew
        self.send_text();
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Bytes of text as text. The page is text and tokens are cut at ASCII marks, so nothing is replaced in fact.
fn read(bytes: &[u8]) -> Cow<'_, str> {
    UTF_8.decode_without_bom_handling(bytes).0
}

fn tendril(bytes: &[u8]) -> StrTendril {
    StrTendril::from_slice(&read(bytes))
}

fn local_name(bytes: &[u8]) -> LocalName {
    LocalName::from(&*read(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(page: &str) -> String {
        parse(page, usize::MAX).0.html()
    }

    #[test]
    fn the_tree_is_the_one_that_scraper_makes() {
        for page in [
            "",
            "\u{feff}<!DOCTYPE html><title>通知</title>",
            // an old one lets a paragraph hold a table
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 3.2//EN\" 'http://a'><p>a<table>",
            "<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01//EN' \"http://a\"><p>a<table>",
            "<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01 Transitional//EN'><p>a<table>",
            "<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01 Transitional//EN' 'a'><p>a<table>",
            "<!DOCTYPE html SYSTEM 'about:legacy-compat'><p>a<table>",
            "<!DOCTYPE html oh><p>a<table>",
            "<!DOCTYPE><p>a<table>",
            "<!DOCTYPE 通知><p>a<table>",
            "<p>通知&nbsp;&amp;公告&#x4e2d;&#0;&notit;</p>",
            "<p>a\r\nb\rc\n</p><pre>\n\na</pre>",
            "<a HREF=/甲 title='甲 乙' href=/乙 丙=丁>通知</a></a x=1>",
            "<p>a\0b\0</p><svg>a\0b</svg><title>a\0b</title>",
            "<script>if (a<b) '</p>' <!-- <script> </script> --> </script>c",
            "<script>甲</scrip></script ><style>乙</styl></style>丙",
            "<textarea>\n<b>甲</b></textarea><title>甲&amp;<b></title>",
            "<noscript><p>甲</noscript><iframe><p></iframe><xmp><p></xmp>",
            "<svg><![CDATA[<p>甲]]></svg><p><![CDATA[<b>乙]]>",
            "甲<svg>乙<![CDATA[丙]]><desc><p>丁</desc></svg>",
            "<svg><desc><p><b></p>甲<![CDATA[乙]]>丙",
            "甲<!--乙-->丙<!--丁--!>戊<!己>庚<?辛?>壬</ 癸>",
            "<b><i>甲</b>乙</i><table>丙<tr><td>丁</table>",
            "<frameset><frame src=a></frameset>",
            "<p>甲<plaintext></p>乙",
            "<select><option>甲<option>乙</select><input type=hidden><br/>",
            "<p title=\"甲",
            "<p",
            "<",
            "甲</",
            "<script>甲",
        ] {
            assert_eq!(html(page), Html::parse_document(page).html(), "{page:?}");
        }
    }

    #[test]
    fn parsing_stops_where_the_tree_is_full() {
        let page = "<b>甲".repeat(100);
        let (tree, stopped) = parse(&page, 50);
        assert!(stopped);
        assert_eq!(tree.tree.values().len(), 51);
        assert!(tree.html().ends_with("</b></body></html>"));
        let (tree, stopped) = parse(&page, 1000);
        assert!(!stopped);
        assert_eq!(tree.html().matches("甲").count(), 100);
    }

    #[test]
    fn attributes_are_bounded_in_every_tag() {
        for tag in ["<a", "</a", "<frameset><title><a"] {
            for attribute in [r#" a="""#, " a=''", " a", " a=b", r#" a=">""#] {
                let page = |attributes| format!("{tag}{}>甲", attribute.repeat(attributes));
                let (_, stopped) = parse(&page(MAX_ATTRIBUTES), usize::MAX);
                assert!(!stopped, "{tag}{attribute}");
                let (tree, stopped) = parse(&page(100_000), usize::MAX);
                assert!(stopped, "{tag}{attribute}");
                assert!(!tree.html().contains('甲'));
            }
        }
    }
}
