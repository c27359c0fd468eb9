//! What addresses say before they are asked for: an article's or a column's.
//!
//! In: an `href`, a script, an element that bears an address. Out: whether it leads to a page, and to what kind of page.

use super::dated;
use crate::page::document::{Child, Element};

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
            "data-href" | "data-url" | "data-link" => borne = borne.or(Some((name, value))),
            _ => {}
        }
    }
    let borne = || borne.filter(|(name, address)| is_borne(name, address, element));
    script.or_else(|| borne().map(|(_, address)| address))
}

/// Whether an element bears the address of a page that a script opens when it is chosen: `<tr data-href="/info/7.htm">`.
/// Such attributes have other purposes too: to share, to answer, to load more. They are none of a row's where there are
/// links in it or beside it, and `data-url` is one only where the row is called so, or is dated.
fn is_borne(name: &str, address: &str, element: Element<'_>) -> bool {
    const SURE_ROWS: [&str; 3] = ["tr", "li", "article"];
    const ROWS: [&str; 9] = ["a", "div", "section", "dl", "dd", "dt", "td", "p", "span"];
    const OTHERS: [&str; 9] = [
        "jpg", "jpeg", "png", "gif", "webp", "svg", "js", "json", "mp4",
    ];
    const SERVICES: [&str; 11] = [
        "ajax", "api", "comment", "comments", "like", "load", "qr", "qrcode", "reply", "share",
        "vote",
    ];
    const MAX_BYTES: usize = 1_000;
    /// With more inside it is no row.
    const MOST_ELEMENTS: usize = 100;
    const BESIDE: usize = 4;
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let is_address = address.len() <= MAX_BYTES
        && address.contains(['/', '.', '?'])
        && !address.contains(|c: char| c.is_whitespace() || matches!(c, '{' | '<' | '"'));
    let ending = path.rsplit('.').next().unwrap_or_default();
    let is_other = OTHERS.contains(&ending)
        || path
            .split(['/', '.'])
            .any(|part| SERVICES.iter().any(|s| part.eq_ignore_ascii_case(s)));
    if !is_address || is_other {
        return false;
    }
    let is_sure = element.is_any(&SURE_ROWS);
    let is_a_link = |e: Element<'_>| e.name() == "a" && e.attr("href").is_some_and(leads_somewhere);
    let beside = || {
        let before = element.preceding_nodes().take(BESIDE);
        let mut all = before.chain(element.following_nodes().take(BESIDE));
        all.any(|node| matches!(node, Child::Element(e) if is_a_link(e)))
    };
    if !is_sure && (!element.is_any(&ROWS) || beside()) {
        return false;
    }
    let mut inside = element.descendants();
    if inside.by_ref().take(MOST_ELEMENTS).any(is_a_link) || inside.next().is_some() {
        return false;
    }
    let is_named_well = name == "data-href" || (is_sure && !is_document(ending));
    is_named_well || dated::holds_date(&element.text())
}

fn is_document(ending: &str) -> bool {
    const DOCUMENTS: [&str; 7] = ["pdf", "doc", "docx", "xls", "xlsx", "zip", "rar"];
    DOCUMENTS.iter().any(|d| ending.eq_ignore_ascii_case(d))
}

/// Whether a text is a document's name: `通知.docx`.
pub(super) fn is_file(name: &str) -> bool {
    name.trim_end_matches([')', '）', ']', '】'])
        .rsplit_once('.')
        .is_some_and(|(_, ending)| is_document(ending))
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
        || is_document(ending)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
