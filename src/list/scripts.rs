//! What a page leaves to its scripts: the next page of a pager that is written by script, and the request that would
//! bring the list.
//!
//! In: a parsed page. Out: addresses that the scripts of known families derive from literals on the page. Nothing runs.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::page::{
    document::{Document, Element},
    links,
};

/// Longer scripts are libraries.
const MAX_BYTES: usize = 64 << 10;

/// More scripts are not looked at.
const MAX_SCRIPTS: usize = 200;

/// The next page as the page's scripts would link to it.
pub(super) fn next(document: &Document, base: &Url) -> Option<Url> {
    texts(document).find_map(|text| {
        let href = created(&text)
            .or_else(|| counted(&text))
            .or_else(|| next_group(&text).map(str::to_owned))?;
        links::resolve(base, &href)
    })
}

/// The address that a script asks for its data, where it is a literal.
pub(super) fn request(document: &Document, base: &Url) -> Option<Url> {
    static ASKS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?:\$\.(?:get|post|getJSON)\s*\(|fetch\s*\(|axios(?:\.get|\.post)?\s*\(|(?:(?-u:\b)url|proxyUrl)\s*:|\.open\s*\(\s*['"](?i:get|post)['"]\s*,)\s*['"]([^'"\s<>]{4,300})['"]"#,
        )
        .expect("the pattern is good")
    });
    let is_data = |target: &str| {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let ending = path.rsplit('.').next().unwrap_or_default();
        !matches!(
            ending,
            "js" | "css" | "png" | "jpg" | "jpeg" | "gif" | "svg" | "swf" | "webp" | "ico"
        )
    };
    if let Some(url) = unit(document, base) {
        return Some(url);
    }
    texts(document).find_map(|text| {
        if let Some(href) = next_group(&text) {
            return links::resolve(base, href);
        }
        let found = ASKS.captures_iter(&text);
        let mut targets = found.filter_map(|f| f.get(1)).map(|m| m.as_str());
        links::resolve(base, targets.find(|t| is_data(t))?)
    })
}

/// Hanweb's newer pages name what their list is built from beside the script that asks for it:
/// `<script url="/…/build/unit" queryData="{'webId':'1','tagId':'列表',…}">`. Menus are built so, too: the unit that is
/// called a list comes first.
pub(super) fn unit(document: &Document, base: &Url) -> Option<Url> {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"['"](\w+)['"]\s*:\s*['"]([^'"]*)['"]"#).expect("the pattern is good")
    });
    let scripts = document.root().descendants();
    let scripts = scripts.filter(|e| e.name() == "script").take(MAX_SCRIPTS);
    let mut units = scripts.filter_map(|e| Some((e.attr("url")?, e.attr("querydata")?)));
    let is_list = |data: &str| {
        let named = data.to_ascii_lowercase();
        ["list", "列表", "分页", "当前栏目"]
            .iter()
            .any(|word| named.contains(word))
    };
    let first = units.next()?;
    let (address, data) = std::iter::once(first)
        .chain(units)
        .find(|(_, data)| is_list(data))
        .unwrap_or(first);
    let mut url = links::resolve(base, address)?;
    for pair in PAIR.captures_iter(data) {
        url.query_pairs_mut().append_pair(&pair[1], &pair[2]);
    }
    url.query().is_some().then_some(url)
}

/// The page that a frame shows: where a page without a list may have put it.
pub(super) fn frame(document: &Document, base: &Url) -> Option<Url> {
    let frames = document.named(&["iframe", "frame"]);
    frames
        .filter_map(|frame| links::resolve(base, frame.attr("src")?))
        .find(|url| url.host_str() == base.host_str())
}

fn texts(document: &Document) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    let scripts = document.named(&["script"]);
    scripts
        .filter(|script| script.attr("src").is_none())
        .take(MAX_SCRIPTS)
        .map(Element::raw_text)
        .filter(|text| text.len() <= MAX_BYTES)
}

/// TRS: `createPageHTML(20, 0, "index", "html")`, perhaps with the name of a box before.
fn created(text: &str) -> Option<String> {
    static CALL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"createPage(?:HTML)?\s*\(\s*(?:['"][^'"]*['"]\s*,\s*)?['"]?([0-9]{1,5})['"]?\s*,\s*['"]?([0-9]{1,5})['"]?\s*,\s*['"]([0-9A-Za-z_-]{1,60})['"]\s*,\s*['"]\.?([0-9A-Za-z_]{2,6})['"]"#,
        )
        .expect("the pattern is good")
    });
    let found = CALL.captures(text)?;
    numbered(&found[1], &found[2], &found[3], &found[4])
}

/// TRS before that: `var countPage = 20; var currentPage = 0;`, and links that are put together from them.
fn counted(text: &str) -> Option<String> {
    static COUNT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)countPage\s*=\s*([0-9]{1,5})(?-u:\b)").expect("the pattern is good")
    });
    static CURRENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)currentPage\s*=\s*([0-9]{1,5})(?-u:\b)").expect("the pattern is good")
    });
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"['"]?([0-9A-Za-z_-]{1,40})_?['"]\s*\+\s*(?:['"]_['"]\s*\+)?[^"';]{1,60}\+\s*['"]\.?['"]?\s*\+?\s*['"]?(s?html?|jsp|aspx?|php)['"]"#)
            .expect("the pattern is good")
    });
    let (count, current) = (COUNT.captures(text)?, CURRENT.captures(text)?);
    let found = NAME.captures(text)?;
    numbered(
        &count[1],
        &current[1],
        found[1].trim_end_matches('_'),
        &found[2],
    )
}

/// These systems count from 0: the first page has no number, the second is `index_1`.
fn numbered(count: &str, current: &str, name: &str, ending: &str) -> Option<String> {
    let (count, next): (u32, u32) = (count.parse().ok()?, current.parse::<u32>().ok()? + 1);
    (next < count).then(|| format!("{name}_{next}.{ending}"))
}

/// Hanweb: `<nextgroup><![CDATA[<a href="/…/dataproxy.jsp?page=2&…"></a>]]></nextgroup>`.
fn next_group(text: &str) -> Option<&str> {
    let (_, group) = text.split_once("<nextgroup>")?;
    let (group, _) = group.split_once("</nextgroup>")?;
    let (_, href) = group.split_once("href=")?;
    let quote = href.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    href[1..].split_once(quote).map(|(href, _)| href)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("http://a.cn/x/").expect("a literal")
    }

    #[test]
    fn pagers_written_by_script_are_followed() {
        for (script, expected) in [
            (
                "createPageHTML(20, 0, \"index\", \"html\");",
                Some("http://a.cn/x/index_1.html"),
            ),
            (
                "createPageHTML('page_div',3,1,'list','shtml',50)",
                Some("http://a.cn/x/list_2.shtml"),
            ),
            ("createPageHTML(1, 0, 'index', 'html')", None),
            ("createPageHTML(3, 2, 'index', 'html')", None),
            ("function createPageHTML(_nPageCount, _nCurrIndex) {}", None),
            (
                "var currentPage = 0; var countPage = 4//all\n document.write('<a href=\"'+\"index\"+\"_\" + (currentPage+1) + \".\"+\"htm\"+'\">')",
                Some("http://a.cn/x/index_1.htm"),
            ),
            (
                "<nextgroup><![CDATA[<a href=\"/module/web/jpage/dataproxy.jsp?page=2&columnid=5\"></a>]]></nextgroup>",
                Some("http://a.cn/module/web/jpage/dataproxy.jsp?page=2&columnid=5"),
            ),
        ] {
            let document = Document::parse(&format!("<script>{script}</script>"));
            let found = next(&document, &base());
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{script}");
        }
    }

    #[test]
    fn requests_for_data_are_told_from_files() {
        for (script, expected) in [
            (
                "$.ajax({type:'get', url: '/api/news?page=1', success: f})",
                Some("http://a.cn/api/news?page=1"),
            ),
            ("axios.get(\"list.json\")", Some("http://a.cn/x/list.json")),
            ("$.getScript('/a.js'); x = {url: '/a.png'}", None),
        ] {
            let document = Document::parse(&format!("<script>{script}</script>"));
            let found = request(&document, &base());
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{script}");
        }
        let document = Document::parse(
            "<script url='/unit' queryData=\"{'webId':'1','tagId':'nav'}\"></script>\
             <script url='/unit' queryData=\"{'webId':'1','tagId':'news_list'}\"></script>",
        );
        let found = request(&document, &base());
        let expected = "http://a.cn/unit?webId=1&tagId=news_list";
        assert_eq!(found.as_ref().map(Url::as_str), Some(expected));
    }
}
