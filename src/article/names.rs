//! What the class and the id of an element say it is. Hints, never proof.

use std::sync::LazyLock;

use regex::RegexSet;
use rustc_hash::FxHashMap;

use crate::page::document::Element;

/// What an element's names hint at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Names(u8);

const TITLE: u8 = 1;
const BODY: u8 = 2;
const CHROME: u8 = 4;
const BREADCRUMB: u8 = 8;
const ASIDE: u8 = 16;

static NAMES: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new([
        // title
        r"title|(?:^|[^a-z])(?:tit|tt|bt|h1|subject|heading)(?:$|[^a-z])|biaoti|headline",
        // body
        r"(?:article|news|content|detail|info|text|con|txt|entry|post|page|main|view)[-_]?(?:body|content|con|text|detail|txt|article|main|box|info)|articlebody|zoom|editor|zhengwen|neirong|nrong|^(?:content|article|nr|zw|text|detail|body)$|pages_content|ucap",
        // what stands around articles
        r"nav(?:$|[^a-z]|bar|box|list|igation)|menu|footer|sidebar|copyright|search|login|banner|(?:^|[^a-z])(?:foot|crumbs?|aside|share|sharing|social|relate|comments?|pager|pagination|prev|next|prevnext|toolbar|tools|print|recommend|hot|rank|friendlink|logo|topbar|advert|ads?|qrcode|ewm|erweima|tags?|meta|author-?(?:box|bio|info)|about-?(?:the-?)?author|newsletter|subscribe|subscription|promo|cookie|cookies|consent|widget|upcoming)(?:$|[^a-z])|bdshare|bshare|jiathis|addthis|sharethis|shang_?yi|xia_?yi|related|share_|breadcrumb",
        // breadcrumb
        r"crumb|position|location|weizhi|dqwz|(?:^|[^a-z])(?:mbx|wz|path|current|place|where|local|sitepath|dq)(?:$|[^a-z])|currentpath|mianbaoxie|bread",
        // what is about the site or other stories
        r"foot(?:$|er|[^a-z])|copyright|sidebar|(?:^|[^a-z])(?:relate[sd]?|recommend(?:ed)?|upcoming|latest|recent)(?:$|[^a-z])",
    ])
    .expect("literals")
});

/// What was read of a page's elements: most bear the same few classes.
#[derive(Debug, Default)]
pub(super) struct Known<'a>(FxHashMap<&'a str, u8>);

impl Names {
    /// Reads an element's class and id.
    pub(super) fn of(element: Element<'_>) -> Self {
        Self::by(element, hints)
    }

    /// The same, with what is known of other elements.
    pub(super) fn with<'a>(known: &mut Known<'a>, element: Element<'a>) -> Self {
        Self::by(element, |value| {
            *known.0.entry(value).or_insert_with(|| hints(value))
        })
    }

    fn by<'a>(element: Element<'a>, mut hints: impl FnMut(&'a str) -> u8) -> Self {
        let mut names = 0;
        for (name, value) in element.attrs() {
            if matches!(name, "class" | "id") && !value.is_empty() && value.len() < 500 {
                names |= hints(value);
            }
        }
        if matches!(element.name(), "nav" | "footer" | "aside") {
            names |= CHROME | ASIDE;
        }
        Self(names)
    }

    /// Whether an element is named as an article's origin: `<a class="source">新华网</a>`.
    pub(super) fn says_origin(element: Element<'_>) -> bool {
        const ORIGINS: [&str; 5] = [
            "source",
            "laiyuan",
            "origin",
            "articlesource",
            "news_source",
        ];
        element.attrs().any(|(name, value)| {
            matches!(name, "class" | "id")
                && value.split_ascii_whitespace().any(|word| {
                    ORIGINS
                        .iter()
                        .any(|origin| word.eq_ignore_ascii_case(origin))
                })
        })
    }

    /// A title.
    pub(super) fn title(self) -> bool {
        self.0 & TITLE != 0
    }

    /// An article's body.
    pub(super) fn body(self) -> bool {
        self.0 & BODY != 0
    }

    /// Navigation, foot, share row and the like, and no body at the same time.
    pub(super) fn chrome(self) -> bool {
        self.0 & CHROME != 0 && !self.body()
    }

    /// The foot, a side column, a box of other stories: dates there are none of the article's.
    pub(super) fn aside(self) -> bool {
        self.0 & ASIDE != 0
    }

    /// A breadcrumb, or a path of some kind.
    pub(super) fn breadcrumb(self) -> bool {
        self.0 & BREADCRUMB != 0
    }
}

/// What a class or an id hints at.
fn hints(value: &str) -> u8 {
    let lower = value.to_ascii_lowercase();
    let names = NAMES
        .matches(&lower)
        .iter()
        .fold(0, |names, index| names | 1 << index);
    // a page builder calls each paragraph so
    if lower.contains("elementor") {
        names & !CHROME
    } else {
        names
    }
}
