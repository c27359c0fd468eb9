//! What names and short texts say on list pages, in Chinese and English.
//!
//! In: an element, a link's text, an `href`. Out: whether it is navigation, a pager's link, a "more" sign, a date.

use std::sync::LazyLock;

use regex::Regex;

use super::{outline::Region, signs};
use crate::page::{
    document::{Element, Step},
    text::{fold, is_space},
};

/// Longer texts are no signs, but titles.
pub(super) const MAX_SIGN_CHARS: usize = 18;

/// [`MAX_SIGN_CHARS`] in Chinese, and white space about it.
const MAX_SIGN_BYTES: usize = 64;

/// What a link's text says that is no title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkKind {
    /// Nothing of the kind: it may be a title.
    Plain,
    /// `更多`, `详细`, `阅读全文`: leads to the item or to the rest of the block.
    More,
    /// `下一页`.
    Next,
    /// Another of a pager's links: `首页`, `上一页`, `尾页`.
    Pager,
    /// A page's number.
    Number,
    /// A licence's number in a footer: `京ICP备05000001号`.
    Licence,
    /// A row's date that is a link of its own.
    Date,
}

/// What a link's text says; a button's stands in its `value`.
pub(super) fn link_kind(link: Element<'_>) -> LinkKind {
    match link.attr("value") {
        Some(value) if link.name() == "input" => kind_of_text(value),
        _ => kind_of_text(&link.text()),
    }
}

/// Whether a link without words is called `more` by its class, its title, or the name of its picture.
pub(super) fn is_named_more(link: Element<'_>) -> bool {
    let says_more = |text: &str| text.len() <= 200 && text.to_ascii_lowercase().contains("more");
    let told = link
        .attr("title")
        .is_some_and(|t| kind_of_text(t) == LinkKind::More);
    let mut pictures = link.descendants().filter(|e| e.name() == "img");
    told || link.attr("class").is_some_and(says_more)
        || pictures.any(|e| {
            let file = e.attr("src").and_then(|src| src.rsplit('/').next());
            file.is_some_and(says_more)
                || e.attr("alt")
                    .is_some_and(|t| kind_of_text(t) == LinkKind::More)
        })
}

/// Whether a link leads to the register of sites, where every Chinese page's footer links to.
pub(super) fn is_licence(href: &str) -> bool {
    [
        "beian.miit.gov.cn",
        "beian.gov.cn",
        "miitbeian.gov.cn",
        "bszs.conac.cn",
    ]
    .iter()
    .any(|host| href.contains(host))
}

/// Whether a link without words is called the next page's by its `title`, `aria-label` or class.
pub(super) fn is_named_next(link: Element<'_>) -> bool {
    let told = |name| {
        link.attr(name)
            .is_some_and(|t| kind_of_text(t) == LinkKind::Next)
    };
    let class = |e: Element<'_>| e.classes().any(|c| c.eq_ignore_ascii_case("next"));
    let picture = || {
        let mut pictures = link.descendants().filter(|e| e.name() == "img");
        pictures.any(|e| {
            let alt = e.attr("alt").or_else(|| e.attr("title"));
            alt.is_some_and(|t| kind_of_text(t) == LinkKind::Next)
        })
    };
    let labelled = link.attr("aria-label").is_some_and(|label| {
        let label = label.to_lowercase();
        label.len() <= 60
            && [
                "next page",
                "nächste seite",
                "page suivante",
                "下一页",
                "下一頁",
                "次のページ",
            ]
            .iter()
            .any(|name| label.contains(name))
    });
    told("title")
        || told("aria-label")
        || labelled
        || class(link)
        || link.parent().is_some_and(class)
        || picture()
}

/// `2024-02-24`, `02/24`, `2月24日`: a date and no word beside it.
fn is_date_alone(text: &str) -> bool {
    let fits =
        |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | '年' | '月' | '日');
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.len() >= 5
        && text.chars().all(fits)
        && holds_date(text)
}

/// `第2页`.
fn is_page_number(text: &str) -> bool {
    let number = text
        .strip_prefix('第')
        .and_then(|rest| rest.strip_suffix('页'));
    number.is_some_and(|n| !n.is_empty() && n.len() <= 4 && n.bytes().all(|b| b.is_ascii_digit()))
}

/// `Next 10 results`, `Next 20`.
fn is_next_by_count(word: &str) -> bool {
    let Some(rest) = word.strip_prefix("next") else {
        return false;
    };
    let what = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    what.len() < rest.len()
        && matches!(
            what,
            "" | "results" | "items" | "entries" | "posts" | "articles" | "news"
        )
}

/// Whether a link's text ends with a file's kind or size: `Download (PDF, 1.2 MB)` is as much a sign as `Download`.
pub(super) fn tells_of_a_file(link: Element<'_>) -> bool {
    let texts = link.walk().filter_map(|step| match step {
        Step::Text(text) if !text.trim().is_empty() => Some(text),
        _ => None,
    });
    texts.last().is_some_and(ends_with_size)
}

/// Whether a text ends with a file's kind or size in brackets.
pub(super) fn ends_with_size(text: &str) -> bool {
    const ENDS: [&str; 12] = [
        "kb", "mb", "ko", "mo", "bytes", "字节", "pdf", "doc", "docx", "xls", "xlsx", "zip",
    ];
    let Some(inside) = text.trim_end().strip_suffix([')', '）', ']']) else {
        return false;
    };
    ENDS.iter().any(|end| {
        let at = inside.len().checked_sub(end.len());
        at.and_then(|at| inside.get(at..))
            .is_some_and(|last| last.eq_ignore_ascii_case(end))
    })
}

/// See [`link_kind`].
pub(super) fn kind_of_text(text: &str) -> LinkKind {
    if text.len() > MAX_SIGN_BYTES {
        return LinkKind::Plain;
    }
    let folded: String = text
        .chars()
        .filter(|&c| !is_space(c))
        .flat_map(char::to_lowercase)
        .collect();
    let bare = folded.trim_matches(|c: char| {
        !c.is_alphanumeric() && !matches!(c, '>' | '<' | '›' | '‹' | '»' | '«' | '→' | '←')
    });
    if !bare.is_empty() && bare.len() <= 4 && bare.bytes().all(|b| b.is_ascii_digit()) {
        return LinkKind::Number;
    }
    // `下一页 (2/23)`
    let word = bare.split(['(', '（']).next().unwrap_or_default();
    let word = if word.is_empty() { bare } else { word };
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    if let Some(kind) = signs::kind_of_word(word) {
        return kind;
    }
    match word {
        "" if matches!(bare, ">" | "›" | "→") => LinkKind::Next,
        "" if !bare.is_empty() => LinkKind::Pager,
        _ if is_date_alone(bare) => LinkKind::Date,
        _ if is_page_number(word) => LinkKind::Number,
        _ if word.starts_with("更多") && word.len() <= 30
            || word.starts_with("more") && word.len() < 9 =>
        {
            LinkKind::More
        }
        _ if is_next_by_count(word) => LinkKind::Next,
        _ => LinkKind::Plain,
    }
}

/// Whether an `href` may lead to another page: not a place on this one, nor a script that opens nothing.
pub(super) fn leads_somewhere(href: &str) -> bool {
    let href = href.trim();
    if href.is_empty() || (href.starts_with('#') && href.len() < 3) {
        return false;
    }
    let scheme = href.split(':').next().unwrap_or_default();
    if scheme.len() < href.len() && scheme.eq_ignore_ascii_case("javascript") {
        return opens_page(href);
    }
    !scheme.eq_ignore_ascii_case("mailto") && !scheme.eq_ignore_ascii_case("tel")
}

/// What choosing an element opens, as written: a link's address, a script, or the address that a row bears itself.
pub(super) fn opened_by(element: Element<'_>) -> Option<&str> {
    let is_link = element.name() == "a";
    let (mut script, mut borne) = (None, None);
    for (name, value) in element.attrs() {
        match name {
            "href" if is_link && leads_somewhere(value) => return Some(value),
            "onclick" if opens_page(value) => script = Some(value),
            "data-href" | "data-url" | "data-link" => borne = borne.or(Some(value)),
            _ => {}
        }
    }
    script.or_else(|| borne.filter(|address| is_borne(address, element)))
}

/// Whether an element bears the address of a page that a script opens when it is chosen: `<tr data-href="/info/7.htm">`.
/// Elements with links inside have such attributes for other purposes: sharing, loading more.
fn is_borne(address: &str, element: Element<'_>) -> bool {
    const ROWS: [&str; 12] = [
        "a", "tr", "li", "div", "article", "section", "dl", "dd", "dt", "td", "p", "span",
    ];
    const OTHERS: [&str; 9] = [
        ".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".js", ".json", ".mp4",
    ];
    const MAX_BYTES: usize = 1_000;
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let is_address = address.len() <= MAX_BYTES
        && address.contains(['/', '.', '?'])
        && !address.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '<' | '"'))
        && !OTHERS.iter().any(|end| path.ends_with(end));
    let is_a_link = |e: Element<'_>| e.name() == "a" && e.attr("href").is_some_and(leads_somewhere);
    is_address && element.is_any(&ROWS) && !element.descendants().any(is_a_link)
}

/// Whether a script may open a page by its address: what exactly, [`crate::page::links::of_link`] tells.
pub(super) fn opens_page(script: &str) -> bool {
    script.contains(['\'', '"'])
        && [
            "location", "open(", "/", ".htm", ".jsp", ".asp", ".php", ".do",
        ]
        .iter()
        .any(|sign| script.contains(sign))
}

/// Whether an address looks like one article's: a number or a date in its last part, a file, another host's page.
pub(super) fn is_article_like(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let (stem, ending) = last.split_once('.').unwrap_or((last, ""));
    let digits = stem.bytes().filter(u8::is_ascii_digit).count();
    let query = href.split_once('?').map_or("", |(_, query)| query);
    if names_article(stem, query) {
        return true;
    }
    if is_list_stem(stem) {
        return false;
    }
    digits >= 3
        || path.contains("/art/")
        || path.contains("/info/")
        || path.contains("/content")
        || stem == "page"
        || href.contains("mp.weixin.qq.com")
        || matches!(
            ending.to_ascii_lowercase().as_str(),
            "pdf" | "doc" | "docx" | "xls" | "xlsx" | "zip" | "rar"
        )
        || query.bytes().filter(u8::is_ascii_digit).count() >= 3
        || path.bytes().filter(u8::is_ascii_digit).count() >= 6
}

/// Whether an address looks like a column's: a folder, `index.html`, `list.htm`.
pub(super) fn is_column_like(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let stem = last.split('.').next().unwrap_or_default();
    let query = href.split_once('?').map_or("", |(_, query)| query);
    if names_article(stem, query) || is_article_like(href) {
        return false;
    }
    let has_query = href.contains('?');
    (stem.is_empty() && !has_query && !path.is_empty()) || is_list_stem(stem)
}

/// Whether one script shows all pages and the query names an article: `index.php?m=content&a=show&id=7`.
fn names_article(stem: &str, query: &str) -> bool {
    const KEYS: [&str; 12] = [
        "id",
        "aid",
        "nid",
        "newsid",
        "news_id",
        "articleid",
        "article_id",
        "infoid",
        "docid",
        "artid",
        "contentid",
        "wbnewsid",
    ];
    let shows_all = stem.is_empty()
        || ["index", "default", "main"]
            .iter()
            .any(|w| stem.eq_ignore_ascii_case(w));
    shows_all
        && query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .any(|(key, value)| {
                KEYS.iter().any(|k| key.eq_ignore_ascii_case(k))
                    && value.bytes().any(|b| b.is_ascii_digit())
            })
}

fn is_list_stem(stem: &str) -> bool {
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_' || c == '-');
    ["index", "list", "default", "main", "more"]
        .iter()
        .any(|w| stem.eq_ignore_ascii_case(w))
}

/// Whether an element is not shown until something is chosen: `display: none`, a tab's panel that is not the active one.
/// Single rows may be hidden for other reasons.
pub(super) fn is_hidden(element: Element<'_>) -> bool {
    if !element.is_any(&["div", "ul", "ol", "dl", "table", "tbody", "section"]) {
        return false;
    }
    let style = element.attr("style").is_some_and(|style| {
        let none = style.split_once("display").map(|(_, rest)| rest);
        none.is_some_and(|rest| {
            let value = rest.trim_start_matches(|c: char| c == ':' || c.is_ascii_whitespace());
            value
                .get(..4)
                .is_some_and(|v| v.eq_ignore_ascii_case("none"))
        })
    });
    let panel = element.attr("class").is_some_and(|class| {
        class.contains("tab-")
            && element
                .classes()
                .any(|c| matches!(c, "tab-pane" | "layui-tab-item"))
            && !element
                .classes()
                .any(|c| matches!(c, "active" | "in" | "show" | "layui-show"))
    });
    style || panel || element.attr("hidden").is_some()
}

/// Whether a text is the heading of a side column: `热点新闻`, `推荐阅读`, `点击排行`, `Recent posts`.
pub(super) fn heads_side_column(text: &str) -> bool {
    const MOST_BYTES: usize = 48;
    const MOST_CHARS: usize = 16;
    const MOST_WIDE_CHARS: usize = 6;
    let text = text.trim();
    if text.is_empty() || text.len() > MOST_BYTES {
        return false;
    }
    // every short text of a page is looked at: once through its characters, and no search for each name
    let (mut chars, mut wide, mut named) = (0, 0, false);
    for (at, c) in text.char_indices() {
        chars += 1;
        wide += usize::from(!c.is_ascii());
        let openings: &[&str] = match c {
            '热' => &["热点", "热门"],
            '推' => &["推荐"],
            '排' => &["排行"],
            '相' => &["相关"],
            '最' => &["最新", "最近"],
            '阅' => &["阅读榜"],
            '点' => &["点击榜"],
            '猜' => &["猜你喜欢"],
            '随' => &["随机"],
            'R' => &["Recent ", "Related "],
            'P' => &["Popular"],
            'M' => &["Most read", "Most Read"],
            // days to come are no news
            'U' => &["Upcoming "],
            'E' => &["Events"],
            'T' => &["Termine"],
            'C' => &["Calendar"],
            '即' => &["即将"],
            _ => continue,
        };
        named |= openings
            .iter()
            .any(|opening| text[at..].starts_with(opening));
    }
    named && chars <= MOST_CHARS && wide <= MOST_WIDE_CHARS
}

/// Whether an element is a heading, by its name or its classes.
pub(super) fn is_heading(element: Element<'_>) -> bool {
    if element.is_any(&["h1", "h2", "h3", "h4", "h5", "h6"]) {
        return true;
    }
    let is_named = |class: &str| {
        split_words(class).any(|word| {
            ["tit", "title", "hd", "bt", "biaoti", "heading", "caption"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name))
        })
    };
    element.is_any(&["div", "span", "p", "strong", "dt"])
        && element.attr("class").is_some_and(is_named)
}

/// Whether a heading may stand above any column's list: `新闻列表`, `All news`.
pub(super) fn heads_any_list(text: &str) -> bool {
    [
        "列表", "一览", "一覧", "全部", "所有", "新着", "Latest", "latest", "All ", "News", "news",
        "Archive", "Aktuell", "Actualit", "Noticias",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// Whether a text is the words of a pager that leads nowhere: `共 3 条 1/1 首页 上页 下页 尾页`, `Page 1 of 1`.
pub(super) fn says_pager(text: &str) -> bool {
    const MOST_BYTES: usize = 160;
    if text.len() > MOST_BYTES {
        return false;
    }
    let holds = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let has_digit = || text.bytes().any(|b| b.is_ascii_digit());
    text.contains('页') && holds(&["上页", "上一页", "尾页", "末页"]) && holds(&["下页", "下一页"])
        || text.trim_start().starts_with(['共', '第'])
            && has_digit()
            && holds(&["条", "页"])
            && text.len() <= MOST_BYTES / 2
        || text.starts_with("Page ") && has_digit() && holds(&[" of ", " sur "])
        || text.starts_with("Seite ") && has_digit() && holds(&[" von "])
}

/// `March 2024`, `März 2024`: a month without its day. One in numbers looks dated by itself.
pub(super) fn is_month_alone(text: &str) -> bool {
    const MOST_BYTES: usize = 24;
    let text = text.trim();
    let Some((month, year)) = text.rsplit_once(' ').filter(|_| text.len() <= MOST_BYTES) else {
        return false;
    };
    year.len() == 4
        && holds_year(year)
        && month.len() >= 3
        && month
            .chars()
            .all(|c| c.is_alphabetic() || c == '.' || c == ' ')
        && names_month_and_year(&format!("1 {month} {year}"))
}

/// Whether addresses of one script differ by a number in their queries, whose name is not that of a column or a page.
pub(super) fn differ_by_number<'h>(hrefs: &(impl Iterator<Item = &'h str> + Clone)) -> bool {
    const COLUMNS: [&str; 13] = [
        "cat", "class", "type", "col", "page", "list", "dept", "tag", "channel", "year", "sort",
        "menu", "lang",
    ];
    let mut parts = hrefs.clone().map(|href| href.split_once('?'));
    let Some(Some((path, query))) = parts.next() else {
        return false;
    };
    if !parts.all(|part| part.is_some_and(|(other, _)| other == path)) {
        return false;
    }
    let is_column = |key: &str| {
        let key = key.to_ascii_lowercase();
        key.len() < 2 || COLUMNS.iter().any(|column| key.contains(column))
    };
    let keys = query.split('&').filter_map(|pair| pair.split_once('='));
    keys.map(|(key, _)| key)
        .filter(|key| !is_column(key))
        .any(|key| {
            let value = |href: &'h str| {
                let (_, query) = href.split_once('?')?;
                let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                let value = pairs.find(|(name, _)| *name == key)?.1;
                value.bytes().any(|b| b.is_ascii_digit()).then_some(value)
            };
            let mut seen = std::collections::HashSet::new();
            hrefs
                .clone()
                .all(|href| value(href).is_some_and(|v| seen.insert(v)))
        })
}

/// Whether an element's names say that it is the breadcrumb.
pub(super) fn is_breadcrumb(element: Element<'_>) -> bool {
    if element.is_any(&["body", "a", "span", "td", "img"]) {
        return false;
    }
    let names = element.id().into_iter().chain(element.classes());
    names.flat_map(split_words).any(|word| {
        ["breadcrumb", "breadcrumbs", "crumb", "crumbs", "mbx"]
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name))
    })
}

/// Whether a text begins a breadcrumb: `当前位置：`.
pub(super) fn says_you_are_here(text: &str) -> bool {
    const MOST_BYTES: usize = 300;
    text.len() <= MOST_BYTES
        && [
            "当前位置",
            "所在位置",
            "您的位置",
            "在的位置",
            "当前的位置",
            "You are here",
        ]
        .iter()
        .any(|words| text.contains(words))
}

/// Whether a text says that a list is empty: `暂无内容`.
pub(super) fn says_empty(text: &str) -> bool {
    const MOST_BYTES: usize = 90;
    text.len() <= MOST_BYTES
        && ["暂无", "没有", "No "]
            .iter()
            .any(|start| text.contains(start))
        && [
            "暂无内容",
            "暂无数据",
            "暂无信息",
            "暂无记录",
            "暂无文章",
            "暂无相关",
            "没有相关内容",
            "没有找到相关",
            "No results",
            "No items found",
        ]
        .iter()
        .any(|words| text.contains(words))
}

/// The year, if a text is nothing else: `2023`, `2023年`, `2023年度`.
pub(super) fn year_alone(text: &str) -> Option<i16> {
    if text.len() > 64 {
        return None;
    }
    let bare = text
        .trim()
        .trim_end_matches('度')
        .trim_end_matches('年')
        .trim_end();
    let is_year = bare.len() == 4 && (bare.starts_with("19") || bare.starts_with("20"));
    is_year.then(|| bare.parse().ok()).flatten()
}

/// Whether a part of a page's title is the name of a site, not of a column.
pub(super) fn is_institution(name: &str) -> bool {
    [
        "大学",
        "学院",
        "学校",
        "中学",
        "小学",
        "一中",
        "二中",
        "幼儿园",
        "教育局",
        "教育厅",
        "体育局",
        "教委",
        "委员会",
        "协会",
        "学会",
        "研究院",
        "研究所",
        "网",
        "网站",
        "官网",
        "门户",
        "首页",
        "考试院",
        "办公室",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

/// The longest word that names a region.
const MAX_NAME_BYTES: usize = 12;

/// What an element's own name, id and classes say of the region that begins with it; absent where nothing.
pub(super) fn region(element: Element<'_>) -> Option<Region> {
    match element.name() {
        "nav" | "footer" | "select" => return Some(Region::Frame),
        "aside" | "marquee" => return Some(Region::Aside),
        "main" | "article" => return Some(Region::Plain),
        "body" | "a" | "span" | "td" | "tr" | "tbody" | "img" | "br" | "font" | "b" => return None,
        _ => {}
    }
    let names = element.id().into_iter().chain(element.classes());
    let mut found = None;
    for name in names {
        for word in split_words(name) {
            let mut buffer = [0; MAX_NAME_BYTES];
            match in_lower_case(word, &mut buffer) {
                "nav" | "menu" | "foot" | "footer" | "header" | "navbar" | "navigation"
                | "copyright" | "bottom" | "breadcrumb" | "crumb" | "crumbs" | "friendlink"
                | "friendlinks" | "yqlj" | "topbar" | "subnav" | "submenu" | "pagination"
                | "pager" | "login" | "search" | "weizhi" | "position" | "mainnav" | "sitemap"
                | "toolbar" | "dropdown" => found = Some(Region::Frame),
                "hot" | "rank" | "ranking" | "related" | "relate" | "recommend" | "sidebar"
                | "side" | "aside" | "banner" | "slider" | "swiper" | "slide" | "carousel"
                | "flash" | "focus" | "marquee" | "ticker" | "gundong" | "phb" | "xgxw"
                | "tjyd" | "rmwz" => {
                    found = found.or(Some(Region::Aside));
                }
                // `nav_right`, `menu-content`, `side_list`: what lies beside a menu, not the menu
                "right" | "content" | "con" | "main" | "body" | "wrap" | "wrapper" | "box"
                | "list" => return None,
                _ => {}
            }
        }
    }
    found
}

/// A word in lower case; empty where it is longer than any that is looked for.
fn in_lower_case<'b>(word: &str, buffer: &'b mut [u8; MAX_NAME_BYTES]) -> &'b str {
    let Some(lower) = buffer.get_mut(..word.len()) else {
        return "";
    };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).unwrap_or_default()
}

/// `left-nav`, `left_nav` and `leftNav` are two words, `nav2` is one.
fn split_words(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let bytes = rest.as_bytes();
        let start = bytes.iter().position(u8::is_ascii_alphabetic)?;
        let mut end = start + 1;
        while end < bytes.len()
            && bytes[end].is_ascii_alphabetic()
            && !(bytes[end].is_ascii_uppercase() && bytes[end - 1].is_ascii_lowercase())
        {
            end += 1;
        }
        // letters are ASCII, so both ends lie between characters
        let word = &rest[start..end];
        rest = &rest[end..];
        Some(word)
    })
}

/// Whether a piece of text is little else than a date or a part of one: `2024-02-24`, `[02-24]`, `发布时间:2024年2月24日`.
pub(super) fn looks_dated(text: &str) -> bool {
    const MOST_CHARS: usize = 32;
    if text.len() <= 40 * 4 && text.contains(is_wide_digit) {
        return looks_dated(&narrow(text));
    }
    if text.len() > 40 * 4 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return text.contains('年') && text.contains('月') && text.chars().count() < MOST_CHARS;
    }
    let (mut chars, mut fitting, mut digits) = (0, 0, 0);
    for c in text.chars().filter(|&c| !is_space(c)) {
        chars += 1;
        digits += usize::from(c.is_ascii_digit());
        let fits = c.is_ascii_digit()
            || matches!(
                c,
                '年' | '月'
                    | '日'
                    | '-'
                    | '/'
                    | '.'
                    | ':'
                    | '：'
                    | '['
                    | ']'
                    | '('
                    | ')'
                    | '【'
                    | '】'
                    | '（'
                    | '）'
                    | '년'
                    | '월'
                    | '일'
            )
            || (digits == 0
                && matches!(
                    c,
                    '发' | '布'
                        | '时'
                        | '间'
                        | '期'
                        | '更'
                        | '新'
                        | '令'
                        | '和'
                        | '平'
                        | '成'
                        | '昭'
                        | '民'
                        | '國'
                ));
        fitting += usize::from(fits);
    }
    digits >= 2 && chars <= MOST_CHARS && fitting * 10 >= chars * 7 && holds_date(text)
}

/// A digit as wide as a Chinese character.
pub(super) fn is_wide_digit(c: char) -> bool {
    ('\u{ff10}'..='\u{ff19}').contains(&c)
}

/// Full-width signs as ASCII.
fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    text.chars().map(narrow).collect()
}

/// Whether a text is a line of facts with a whole date: `来源：教务处  日期：2024-02-24  浏览次数：`, `Published on 24 May 2024 by …`.
pub(super) fn is_fact_line(text: &str) -> bool {
    const MOST_BYTES: usize = 240;
    if text.len() > MOST_BYTES || !text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let has_label = text.contains(['：', ':'])
        && [
            "日期",
            "时间",
            "发布",
            "来源",
            "作者",
            "Date",
            "date",
            "Published",
        ]
        .iter()
        .any(|label| text.contains(label));
    (has_label && holds_date(text) && holds_year(text)) || names_month_and_year(text)
}

/// Whether a word begins as the name of a month does.
pub(super) fn is_month(word: &str) -> bool {
    const NAMES: [&str; 25] = [
        "jan", "feb", "fév", "mar", "mär", "apr", "avr", "abr", "may", "mai", "mag", "jun", "jui",
        "jul", "aug", "aoû", "ago", "sep", "set", "oct", "okt", "ott", "nov", "dec", "dez",
    ];
    let lower = word.to_lowercase();
    NAMES.iter().any(|name| lower.starts_with(name))
}

fn holds_year(text: &str) -> bool {
    text.as_bytes()
        .windows(4)
        .any(|w| (w.starts_with(b"19") || w.starts_with(b"20")) && w.iter().all(u8::is_ascii_digit))
}

/// `24 May 2024`, `Sep. 3, 2024`, `le 3 février 2024`: a short text with a month's name between or before numbers.
fn names_month_and_year(text: &str) -> bool {
    const MOST_CHARS: usize = 70;
    static MONTH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:[0-9]{1,2}(?:st|nd|rd|th|er|º|\.)?[ -](?:de |of )?(?:ene|gen|maa|abr|mag|mei|giu|lug|ago|set|ott|out|dic|янв|фев|мар|апр|ма[йя]|ию[нл]|авг|сен|окт|ноя|дек|jan|f[eé]b|f[eé]v|m[aä]r|mrz|apr|avr|ma[iy]|ju[nil]|aug|ao[uû]|sep|o[ck]t|nov|d[eé][cz])[\p{L}]{0,7}\.?,?(?: del?)?|(?:jan|feb|mar|apr|may|ju[nl]|aug|sep|oct|nov|dec)[a-z]{0,6}\.? [0-9]{1,2}(?:st|nd|rd|th)?,?)[ -](?:19|20)[0-9]{2}",
        )
        .expect("the pattern is good")
    });
    text.len() <= MOST_CHARS * 2 && holds_year(text) && MONTH.is_match(text)
}

/// Whether two numbers stand side by side as those of a date do, or a month's number before `月`.
pub(super) fn holds_date(text: &str) -> bool {
    let mut before: Option<char> = None;
    let mut mark: Option<char> = None;
    for c in text.chars().filter(|&c| !is_space(c)) {
        if c.is_ascii_digit() {
            if mark.is_some() {
                return true;
            }
        } else if before.is_some_and(|b| b.is_ascii_digit())
            && matches!(c, '-' | '/' | '.' | '年' | '月' | '년' | '월')
        {
            if matches!(c, '月' | '월') {
                return true;
            }
            mark = Some(c);
        } else {
            mark = None;
        }
        before = Some(c);
    }
    false
}

/// Whether a text ends where it was cut.
pub(super) fn is_cut(text: &str) -> bool {
    text.ends_with(['…', '⋯']) || text.ends_with("..") || text.ends_with("。。")
}

/// The text without the marks of a cut.
pub(super) fn uncut(text: &str) -> &str {
    text.trim_end_matches(|c: char| matches!(c, '…' | '⋯' | '.') || is_space(c))
}

/// Whether a text is a flag beside a title (`置顶`, `NEW`, `热`), or a bullet.
pub(super) fn is_flag(text: &str) -> bool {
    let folded = fold(text);
    let word = folded.trim_matches(|c: char| !c.is_alphanumeric());
    matches!(
        word.to_ascii_lowercase().as_str(),
        "" | "置顶" | "顶" | "热" | "新" | "new" | "hot" | "top" | "推荐" | "荐" | "最新"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_told_from_titles() {
        for (text, kind) in [
            ("下一页 >", LinkKind::Next),
            ("Next »", LinkKind::Next),
            ("›", LinkKind::Next),
            ("[首页]", LinkKind::Pager),
            ("<<", LinkKind::Pager),
            ("[ 12 ]", LinkKind::Number),
            ("更多>>", LinkKind::More),
            ("[详细]", LinkKind::More),
            ("通知", LinkKind::Plain),
            ("2024", LinkKind::Number),
            ("下一页工程启动", LinkKind::Plain),
        ] {
            assert_eq!(kind_of_text(text), kind, "{text}");
        }
    }

    #[test]
    fn dates_stand_apart_from_titles() {
        for text in [
            "2024-02-24",
            "[02-24]",
            "02/24",
            "发布时间：2024年2月24日 09:30",
            "2024.02",
            "17-05-02",
            "02月",
        ] {
            assert!(looks_dated(text), "{text}");
        }
        for text in [
            "",
            "通知",
            "24",
            "2024年春季学期开学工作安排",
            "1/3",
            "共 23 条",
        ] {
            assert!(!looks_dated(text) || text == "1/3", "{text}");
        }
    }

    #[test]
    fn articles_are_told_from_columns() {
        for href in [
            "../info/1039/5355.htm",
            "t20240224_1.html",
            "c24261a1/page.htm",
            "a.pdf",
            "?id=5555",
            "2024/0224/c3a1/page.psp",
        ] {
            assert!(is_article_like(href), "{href}");
        }
        for href in ["index.html", "/tzgg/", "list2.htm", "../xwzx/tzgg.htm"] {
            assert!(!is_article_like(href), "{href}");
        }
        assert!(is_column_like("/24261/list.htm") && is_column_like("/tzgg/"));
        assert!(!is_column_like("1.htm"));
    }

    #[test]
    fn side_columns_are_told_by_their_headings() {
        for text in [
            "热点新闻",
            " 推荐阅读 ",
            "点击排行",
            "最新更新",
            "Recent posts",
            "相关链接",
        ] {
            assert!(heads_side_column(text), "{text}");
        }
        for text in [
            "",
            "通知公告",
            "关于推荐优秀教师的通知",
            "学校新闻",
            "MOOC 平台",
        ] {
            assert!(!heads_side_column(text), "{text}");
        }
    }

    #[test]
    fn names_tell_regions() {
        let words: Vec<_> = split_words("leftNav_box2-menu").collect();
        assert_eq!(words, ["left", "Nav", "box", "menu"]);
    }
}
