//! Site families as data.
//!
//! Most education sites run on a handful of content systems. Each family is a file in `config/presets/`, whose
//! `README.md` explains the keys: marks that recognise it, and selectors in the vocabulary of `[source.list]` and
//! `[source.article]`, each with alternatives in the order in which they are tried. In: those files, and a parsed
//! page. Out: the [`Preset`] that fits the page.

use std::sync::LazyLock;

use regex::{Regex, RegexSet, RegexSetBuilder};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use url::Url;

use super::{ListRules, PresetChoice};
use crate::page::{
    document::{Document, InvalidSelector, Pick, Selector},
    index::Kind,
};

/// The embedded files. Where two recognise a page equally well, the first wins.
const FILES: [(&str, &str); 16] = [
    ("vsb", include_str!("../../config/presets/vsb.toml")),
    ("webplus", include_str!("../../config/presets/webplus.toml")),
    ("hanweb", include_str!("../../config/presets/hanweb.toml")),
    ("trs", include_str!("../../config/presets/trs.toml")),
    ("dedecms", include_str!("../../config/presets/dedecms.toml")),
    (
        "empirecms",
        include_str!("../../config/presets/empirecms.toml"),
    ),
    ("jeecms", include_str!("../../config/presets/jeecms.toml")),
    (
        "siteserver",
        include_str!("../../config/presets/siteserver.toml"),
    ),
    (
        "pbootcms",
        include_str!("../../config/presets/pbootcms.toml"),
    ),
    ("zfsoft", include_str!("../../config/presets/zfsoft.toml")),
    ("discuz", include_str!("../../config/presets/discuz.toml")),
    ("govuk", include_str!("../../config/presets/govuk.toml")),
    ("uswds", include_str!("../../config/presets/uswds.toml")),
    ("drupal", include_str!("../../config/presets/drupal.toml")),
    (
        "wordpress",
        include_str!("../../config/presets/wordpress.toml"),
    ),
    ("govcn", include_str!("../../config/presets/govcn.toml")),
];

/// What a mark counts that no other system leaves in its pages.
const SURE: u32 = 2;

/// What a mark counts that others may leave too: two of them are needed.
const HINT: u32 = 1;

/// A site family.
#[derive(Clone, Debug)]
pub struct Preset {
    /// Its name: what `preset = "…"` takes.
    pub name: String,
    /// The system's own name.
    pub title: String,
    /// Ways to read its lists, the first that gives a plausible one wins. Absent rules are detected.
    pub lists: Vec<ListRules>,
    /// How to read its articles.
    pub article: PresetArticle,
    sure: Marks,
    hints: Marks,
}

/// How to read a family's articles: for each field, picks in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct PresetArticle {
    /// The title.
    pub title: Vec<Pick>,
    /// The date, or the fact line that holds it.
    pub date: Vec<Pick>,
    /// The original publisher, or the fact line that holds it.
    pub origin: Vec<Pick>,
    /// The author, or the fact line that holds it.
    pub author: Vec<Pick>,
    /// The element that holds the breadcrumb.
    pub breadcrumb: Vec<Selector>,
    /// The body.
    pub body: Vec<Selector>,
    /// Where files stand that are not in the body.
    pub attachments: Vec<Selector>,
    /// What is cut out of the body: all of these.
    pub remove: Vec<Selector>,
}

/// Why a text is no preset.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPreset {
    /// It is no TOML, or has unknown keys.
    #[error("expected a preset in TOML")]
    Toml(#[from] toml::de::Error),
    /// A selector does not parse.
    #[error(transparent)]
    Selector(#[from] InvalidSelector),
    /// A pattern for addresses does not parse.
    #[error("expected a regular expression in `address`")]
    Address(#[from] regex::Error),
}

impl Preset {
    /// Reads a preset's file.
    ///
    /// # Errors
    /// See [`InvalidPreset`].
    pub fn parse(name: &str, text: &str) -> Result<Self, InvalidPreset> {
        let file: File = toml::from_str(text)?;
        Ok(Self {
            name: name.to_owned(),
            title: file.title,
            lists: file
                .list
                .into_iter()
                .map(RawList::compile)
                .collect::<Result<_, _>>()?,
            article: file.article.compile()?,
            sure: file.marks.compile()?,
            hints: file.hints.compile()?,
        })
    }
}

/// All families.
#[derive(Debug)]
pub struct Presets {
    all: Vec<Preset>,
    classes: Index,
    ids: Index,
    names: Index,
    generators: Parts,
    sources: Parts,
}

impl Presets {
    /// Those that the program brings along.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Presets> = LazyLock::new(|| {
            // a test reads every file, so that a bad one never gets here; leaving it out is better than to stop
            let all = FILES
                .iter()
                .filter_map(|(name, text)| Preset::parse(name, text).ok());
            Presets::new(all.collect())
        });
        &EMBEDDED
    }

    /// A set of families; where two recognise a page equally well, the first wins.
    pub fn new(all: Vec<Preset>) -> Self {
        let index = |pick: fn(&Marks) -> &Vec<String>| Index::new(&all, pick);
        Self {
            classes: index(|m| &m.class),
            ids: index(|m| &m.id),
            names: index(|m| &m.name),
            generators: Parts::new(&all, |m| &m.generator),
            sources: Parts::new(&all, |m| &m.source),
            all,
        }
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|p| p.name.as_str())
    }

    /// The family of that name.
    pub fn named(&self, name: &str) -> Option<&Preset> {
        self.all.iter().find(|p| p.name == name)
    }

    /// The family that reads a page, by choice or by its marks.
    pub fn choose(&self, choice: &PresetChoice, document: &Document, url: &Url) -> Option<&Preset> {
        match choice {
            PresetChoice::Auto => self.recognise(document, url),
            PresetChoice::None => None,
            PresetChoice::Named(name) => self.named(name),
        }
    }

    /// The family whose marks the page bears, by one that is sure or two that hint.
    pub fn recognise(&self, document: &Document, url: &Url) -> Option<&Preset> {
        let mut scores = vec![0; self.all.len()];
        for (preset, score) in self.all.iter().zip(&mut scores) {
            for (marks, weight) in [(&preset.sure, SURE), (&preset.hints, HINT)] {
                let shown = &url[url::Position::BeforePath..url::Position::AfterQuery];
                *score += weight * count(marks.address.iter().filter(|a| a.is_match(shown)));
            }
        }
        // each mark counts once, however often the page bears it
        let mut seen = FxHashSet::default();
        self.look_at(document, &mut |preset, weight, mark| {
            if seen.insert((preset, mark)) {
                scores[preset] += weight;
            }
        });
        let best = (0..scores.len()).rev().max_by_key(|&i| scores[i])?;
        (scores[best] >= SURE).then(|| &self.all[best])
    }

    /// Reports the marks that a page bears: which preset, what it counts, which mark.
    fn look_at<'s>(&'s self, document: &Document, report: &mut impl FnMut(usize, u32, &'s str)) {
        for (kind, name) in document.index().all() {
            let marks = match kind {
                Kind::Class => &self.classes,
                Kind::Id => &self.ids,
                Kind::Name => &self.names,
            };
            marks.look_up(name, report);
        }
        for element in document.named(&["meta", "script", "link"]) {
            let (value, marks) = match element.name() {
                "meta" => {
                    let name = element.attr("name").unwrap_or_default().trim();
                    if !name.eq_ignore_ascii_case("generator") {
                        continue;
                    }
                    (element.attr("content"), &self.generators)
                }
                "script" => (element.attr("src"), &self.sources),
                _ => (element.attr("href"), &self.sources),
            };
            marks.look_in(value.unwrap_or_default(), report);
        }
    }
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

/// Marks of one kind, of all presets, by their text: a page bears thousands of classes, so each must be found at once.
#[derive(Debug, Default)]
struct Index {
    whole: FxHashMap<String, Vec<(usize, u32)>>,
    /// Those that end with `*`, without it.
    beginnings: Vec<(String, usize, u32)>,
}

impl Index {
    fn new(all: &[Preset], pick: fn(&Marks) -> &Vec<String>) -> Self {
        let mut index = Self::default();
        for (i, preset) in all.iter().enumerate() {
            for (marks, weight) in [(&preset.sure, SURE), (&preset.hints, HINT)] {
                for mark in pick(marks) {
                    match mark.strip_suffix('*') {
                        Some(start) => index.beginnings.push((start.to_owned(), i, weight)),
                        None => index
                            .whole
                            .entry(mark.clone())
                            .or_default()
                            .push((i, weight)),
                    }
                }
            }
        }
        index
    }

    fn look_up<'s>(&'s self, text: &str, report: &mut impl FnMut(usize, u32, &'s str)) {
        if let Some((mark, found)) = self.whole.get_key_value(text) {
            for &(preset, weight) in found {
                report(preset, weight, mark);
            }
        }
        for (start, preset, weight) in &self.beginnings {
            if text.starts_with(start) {
                report(*preset, *weight, start);
            }
        }
    }
}

/// Marks that stand somewhere in a text, of all presets, looked for at once: a page has dozens of scripts.
#[derive(Debug)]
struct Parts {
    set: RegexSet,
    marks: Vec<(String, usize, u32)>,
}

impl Parts {
    fn new(all: &[Preset], pick: fn(&Marks) -> &Vec<String>) -> Self {
        let mut marks = Vec::new();
        for (i, preset) in all.iter().enumerate() {
            for (of_kind, weight) in [(&preset.sure, SURE), (&preset.hints, HINT)] {
                marks.extend(pick(of_kind).iter().map(|mark| (mark.clone(), i, weight)));
            }
        }
        let patterns = marks.iter().map(|(mark, _, _)| regex::escape(mark));
        let set = RegexSetBuilder::new(patterns)
            .case_insensitive(true)
            .build();
        Self {
            // literals, a few hundred at most, are always a set
            set: set.unwrap_or_else(|_| RegexSet::empty()),
            marks,
        }
    }

    fn look_in<'s>(&'s self, text: &str, report: &mut impl FnMut(usize, u32, &'s str)) {
        for found in &self.set.matches(text) {
            if let Some((mark, preset, weight)) = self.marks.get(found) {
                report(*preset, *weight, mark);
            }
        }
    }
}

/// What a page of a family bears, compiled.
#[derive(Clone, Debug, Default)]
struct Marks {
    generator: Vec<String>,
    class: Vec<String>,
    id: Vec<String>,
    name: Vec<String>,
    source: Vec<String>,
    address: Vec<Regex>,
}

/// A preset's file, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    marks: RawMarks,
    #[serde(default)]
    hints: RawMarks,
    #[serde(default)]
    list: Vec<RawList>,
    #[serde(default)]
    article: RawArticle,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawMarks {
    generator: Vec<String>,
    class: Vec<String>,
    id: Vec<String>,
    name: Vec<String>,
    source: Vec<String>,
    address: Vec<String>,
}

impl RawMarks {
    fn compile(self) -> Result<Marks, InvalidPreset> {
        let address = self.address.iter().map(|a| Regex::new(a));
        Ok(Marks {
            generator: self.generator,
            class: self.class,
            id: self.id,
            name: self.name,
            source: self.source,
            address: address.collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    item: Option<String>,
    link: Option<String>,
    title: Option<String>,
    date: Option<String>,
    next: Option<String>,
}

impl RawList {
    fn compile(self) -> Result<ListRules, InvalidPreset> {
        let pick = |text: Option<String>| text.as_deref().map(Pick::parse).transpose();
        Ok(ListRules {
            item: self.item.as_deref().map(Selector::parse).transpose()?,
            link: pick(self.link)?,
            title: pick(self.title)?,
            date: pick(self.date)?,
            next: pick(self.next)?,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawArticle {
    title: Vec<String>,
    date: Vec<String>,
    origin: Vec<String>,
    author: Vec<String>,
    breadcrumb: Vec<String>,
    body: Vec<String>,
    attachments: Vec<String>,
    remove: Vec<String>,
}

impl RawArticle {
    fn compile(&self) -> Result<PresetArticle, InvalidPreset> {
        Ok(PresetArticle {
            title: picks(&self.title)?,
            date: picks(&self.date)?,
            origin: picks(&self.origin)?,
            author: picks(&self.author)?,
            breadcrumb: selectors(&self.breadcrumb)?,
            body: selectors(&self.body)?,
            attachments: selectors(&self.attachments)?,
            remove: selectors(&self.remove)?,
        })
    }
}

fn picks(texts: &[String]) -> Result<Vec<Pick>, InvalidSelector> {
    texts.iter().map(|t| Pick::parse(t)).collect()
}

fn selectors(texts: &[String]) -> Result<Vec<Selector>, InvalidSelector> {
    texts.iter().map(|t| Selector::parse(t)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognised(html: &str, url: &str) -> Option<String> {
        let document = Document::parse(html);
        let found = Presets::embedded().recognise(&document, &Url::parse(url).unwrap());
        found.map(|p| p.name.clone())
    }

    #[test]
    fn every_embedded_file_is_good() {
        for (name, text) in FILES {
            if let Err(error) = Preset::parse(name, text) {
                panic!("{name}: {error:?}");
            }
        }
        assert_eq!(Presets::embedded().names().count(), FILES.len());
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/presets");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "toml") {
                let name = path.file_stem().unwrap().to_str().unwrap();
                assert!(Presets::embedded().named(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_mistake_is_told_in_words() {
        let error = Preset::parse("x", "title = 'X'\n[article]\nbody = ['p[']").unwrap_err();
        assert!(error.to_string().starts_with("`p[` is no CSS selector"));
        let error = Preset::parse("x", "title = 'X'\n[articles]\n").unwrap_err();
        assert_eq!(error.to_string(), "expected a preset in TOML");
    }

    #[test]
    fn one_sure_mark_or_two_hints_recognise() {
        let x = Preset::parse(
            "x",
            "title='X'\n[marks]\nid=['xx*']\n[hints]\nclass=['a','b']",
        );
        let y = Preset::parse(
            "y",
            "title='Y'\n[marks]\ngenerator=['ysys']\nsource=['/y.js']\n[hints]\naddress=['^/y/']",
        );
        let presets = Presets::new(vec![x.unwrap(), y.unwrap()]);
        let name = |html: &str, url: &str| {
            let found = presets.recognise(&Document::parse(html), &Url::parse(url).unwrap());
            found.map(|p| p.name.as_str())
        };
        assert_eq!(name("<p id=xx7>", "http://a.cn/"), Some("x"));
        assert_eq!(name("<p class=a><p class=a>", "http://a.cn/"), None);
        assert_eq!(
            name("<p class=a><p class='c b'>", "http://a.cn/"),
            Some("x")
        );
        assert_eq!(
            name("<meta name=Generator content='YSys 2'>", "http://a.cn/"),
            Some("y")
        );
        assert_eq!(
            name("<script src='/y.js?1'></script>", "http://a.cn/"),
            Some("y")
        );
        assert_eq!(name("", "http://a.cn/y/1"), None);
    }

    #[test]
    fn families_recognise_their_pages() {
        for (html, url, name) in [
            (
                "<div class=wp_articlecontent>",
                "http://a.edu.cn/x.html",
                "webplus",
            ),
            ("<div id=vsb_content_2>", "http://a.edu.cn/x.html", "vsb"),
            ("<div class=TRS_Editor>", "http://a.gov.cn/x.html", "trs"),
            (
                "<meta name=generator content='大汉版通'>",
                "http://a.gov.cn/x.html",
                "hanweb",
            ),
            (
                "<script src=/templets/x/js.js></script><script src='/plus/count.php?aid=3'></script>",
                "http://a.cn/",
                "dedecms",
            ),
            (
                "<script src=/r/cms/jquery.js></script>",
                "http://a.cn/",
                "jeecms",
            ),
            ("<div class=epages>", "http://a.cn/", "empirecms"),
            (
                "<meta name=generator content=PbootCMS>",
                "http://a.cn/",
                "pbootcms",
            ),
            (
                "<script src=/zftal-ui/x.js></script>",
                "http://a.cn/",
                "zfsoft",
            ),
            (
                "<script src=/SiteFiles/assets/x.js></script>",
                "http://a.cn/",
                "siteserver",
            ),
            (
                "<link href=/wp-content/themes/x.css>",
                "http://a.cn/",
                "wordpress",
            ),
            (
                "<meta name=Generator content='Drupal 10'>",
                "http://a.cn/",
                "drupal",
            ),
            (
                "<meta name=generator content='Discuz! X3.4'>",
                "http://a.cn/",
                "discuz",
            ),
            ("<div class=gem-c-govspeak>", "http://a.uk/", "govuk"),
            ("<li class=usa-collection__item>", "http://a.gov/", "uswds"),
            ("<div id=UCAP-CONTENT>", "http://a.gov.cn/", "govcn"),
        ] {
            assert_eq!(recognised(html, url).as_deref(), Some(name), "{html}");
        }
        assert_eq!(recognised("<p>", "http://a.cn/"), None);
    }
}
