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

/// What was read of a page's elements: most bear the same few classes, or the same but for a number (`menu-item-2718`).
#[derive(Debug, Default)]
pub(super) struct Known {
    hints: FxHashMap<String, u8>,
    /// The form of the last one asked for.
    form: String,
}

impl Known {
    fn hints(&mut self, value: &str) -> u8 {
        form(value, &mut self.form);
        if let Some(known) = self.hints.get(&self.form) {
            return *known;
        }
        let hints = hints(value);
        self.hints.insert(self.form.clone(), hints);
        hints
    }
}

/// A class or an id as far as its hints go: of a number it matters whether it begins with the 1 of `h1`, and whether more
/// digits follow.
fn form(value: &str, form: &mut String) {
    form.clear();
    let mut digits = 0;
    for c in value.chars() {
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        match digits {
            0 => form.push(c),
            1 => form.push(if c == '1' { '1' } else { '0' }),
            2 => form.push('0'),
            _ => {}
        }
    }
}

impl Names {
    /// Reads an element's class and id.
    pub(super) fn of(element: Element<'_>) -> Self {
        Self::by(element, hints)
    }

    /// The same, with what is known of other elements.
    pub(super) fn with(known: &mut Known, element: Element<'_>) -> Self {
        Self::by(element, |value| known.hints(value))
    }

    fn by(element: Element<'_>, mut hints: impl FnMut(&str) -> u8) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_by_its_form_is_what_it_would_say_itself() {
        let mut known = Known::default();
        for before in [
            "",
            "item-",
            "h",
            "x h",
            "menu-item item-",
            "tit",
            "nav",
            "foot",
        ] {
            for number in ["", "0", "1", "2", "10", "12", "21", "100", "2718"] {
                for after in ["", "x", " x", "-tit", "_nav", " tt", "a1b2"] {
                    let value = format!("{before}{number}{after}");
                    assert_eq!(known.hints(&value), hints(&value), "{value}");
                }
            }
        }
        let asked = known.hints.len();
        known.hints("menu-item item-31415");
        assert_eq!(known.hints.len(), asked, "as item-2718");
    }
}
