//! What short texts say on list pages, in Chinese and English.
//!
//! In: a link, a text. Out: whether it is a pager's link, a "more" sign, a heading, a flag.

use super::{dated, signs};
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
        _ if dated::is_date_alone(bare) => LinkKind::Date,
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

/// Whether a text ends where it was cut.
pub(super) fn is_cut(text: &str) -> bool {
    text.ends_with(['…', '⋯']) || text.ends_with("..") || text.ends_with("。。")
}

/// The text without the marks of a cut.
pub(super) fn uncut(text: &str) -> &str {
    text.trim_end_matches(|c: char| matches!(c, '…' | '⋯' | '.') || is_space(c))
}

/// A label without what it says of its link behind the title: `… (opens in a new window)`, `…, read the full article`,
/// `…（新窗口打开）`.
pub(super) fn without_link_words(label: &str) -> &str {
    const MAX_CHARS: usize = 60;
    const PARTS: [char; 15] = [
        '(', '（', '[', '【', ',', '，', ';', '；', ':', '：', '|', '-', '–', '—', '。',
    ];
    let mut rest = label.trim_end();
    loop {
        let parts = rest.rmatch_indices(PARTS).map(|(at, _)| at);
        let sentences = rest.rmatch_indices(['.', '!', '?']);
        let sentences = sentences.map(|(at, mark)| at + mark.len());
        let opens = rest.rmatch_indices(" opens in").map(|(at, _)| at);
        let mut ends = parts.chain(sentences).chain(opens);
        let says = |at: &usize| {
            let tail = rest[*at..].trim_matches(|c: char| !c.is_alphanumeric());
            tail.chars().count() <= MAX_CHARS && says_of_link(tail)
        };
        let Some(at) = ends.find(says) else {
            return rest;
        };
        rest = rest[..at].trim_end_matches(|c: char| PARTS.contains(&c) || is_space(c));
        // a label's sentence, not the mark of a cut
        if let Some(bare) = rest.strip_suffix('.').filter(|bare| !bare.ends_with('.')) {
            rest = bare;
        }
    }
}

/// Whether a text says what a link does or that there is more behind it, and nothing else: a title may speak of windows.
fn says_of_link(text: &str) -> bool {
    const WHOLE: [&str; 9] = [
        "点击查看",
        "点击查看详情",
        "点击查看全文",
        "查看详情",
        "查看全文",
        "查看更多",
        "阅读全文",
        "阅读更多",
        "外部链接",
    ];
    const ENDS: [&str; 9] = [
        "新窗口",
        "新窗口打开",
        "新窗口中打开",
        "新标签页打开",
        "新标签页中打开",
        "in neuem fenster",
        "in neuem tab",
        "dans une nouvelle fenêtre",
        "dans un nouvel onglet",
    ];
    const SIGNS: [&str; 12] = [
        "read more",
        "read the ",
        "read full",
        "read this ",
        "continue reading",
        "learn more",
        "find out more",
        "view more",
        "click ",
        "new window",
        "new tab",
        "external ",
    ];
    const AROUND: &str = " a about an article browser click continue details entry external find full here in it \
        item learn link more new news of open opens out page post read reading rest site story tab the this to view \
        website whole will window ";
    let text = text.to_lowercase();
    if WHOLE.contains(&text.as_str()) || ENDS.iter().any(|end| text.ends_with(end)) {
        return true;
    }
    let is_around = |word: &str| AROUND.split(' ').any(|known| known == word);
    SIGNS.iter().any(|sign| text.contains(sign)) && text.split_whitespace().all(is_around)
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
    fn what_a_label_says_of_its_link_is_no_part_of_the_title() {
        let title = "School wins the county prize";
        for tail in [
            " (opens in a new window)",
            " (opens in new tab)",
            " opens in a new window",
            " - Link opens in a new tab",
            ", read the full article",
            ", read more, opens in a new window",
            ". Read more about this story",
            " – Continue reading",
            " [external link]",
            "（新窗口打开）",
            "，在新窗口打开",
            "，点击查看详情",
            " (öffnet in neuem Fenster)",
            "",
        ] {
            let label = format!("{title}{tail}");
            assert_eq!(without_link_words(&label), title, "{label}");
        }
        for title in [
            "Appeal: a new window for the chapel",
            "Book week: read more books this year",
            "2024年读书月：阅读点亮人生",
            "关于开放服务的通知（新窗口服务安排）",
        ] {
            assert_eq!(without_link_words(title), title);
        }
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
}
