//! Where a page sends its reader on, by itself.
//!
//! In: a parsed page. Out: the address of the page that is meant, for pages that are nothing but a sign to another one:
//! `<meta http-equiv="refresh">`, or a script that sets `location`. What renews itself, what counts down for long, what
//! has a text of its own, and the scripts that ask which browser or which screen is there, are no such signs.

use std::sync::LazyLock;

use regex::{Regex, bytes};
use url::Url;

use super::{
    document::{Document, Element},
    links,
};

/// A sign is shorter.
pub const MAX_BYTES: usize = 32 << 10;
/// A page with more visible characters is one of its own.
const MOST_TEXT: usize = 160;
/// Who sends on later lets read first.
const MOST_SECONDS: f32 = 10.0;

/// Whether a page may be such a sign: much quicker than to parse it.
pub fn may_lead_on(body: &[u8]) -> bool {
    static WORDS: LazyLock<bytes::Regex> =
        LazyLock::new(|| bytes::Regex::new("(?i-u)refresh|location").expect("a literal"));
    body.len() <= MAX_BYTES && WORDS.is_match(body)
}

/// The page that is meant, if this one only leads there.
pub fn of(document: &Document, page: &Url) -> Option<Url> {
    if document.body().text().chars().count() > MOST_TEXT {
        return None;
    }
    let base = document.base(page);
    let target = refresh(document).or_else(|| script(document))?;
    let url = links::resolve(&base, &target)?;
    (links::identity(&url) != links::identity(page)).then_some(url)
}

/// `<meta http-equiv="refresh" content="0; url=…">`.
fn refresh(document: &Document) -> Option<String> {
    let metas = document.named(&["meta"]);
    let mut refreshes = metas.filter(|meta| {
        meta.attr("http-equiv")
            .is_some_and(|name| name.trim().eq_ignore_ascii_case("refresh"))
    });
    let content = refreshes.find_map(|meta| meta.attr("content"))?;
    let (wait, target) = content.split_once([';', ','])?;
    if wait.trim().parse::<f32>().unwrap_or(0.0) > MOST_SECONDS {
        return None;
    }
    let target = target.trim();
    let target = match target.get(..3) {
        Some(name) if name.eq_ignore_ascii_case("url") => {
            target.get(3..)?.trim_start().strip_prefix('=')?
        }
        _ => target,
    };
    Some(target.trim().trim_matches(['\'', '"']).to_owned())
}

/// How long an address may be. Not said in the expression: two thousand states for each kind of character cost more
/// than reading many pages.
const MAX_TARGET_BYTES: usize = 4000;

/// `location.href = '…'`, `location.replace('…')`.
fn script(document: &Document) -> Option<String> {
    static SETS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)(?-u:\b)location(?:\.href)?\s*=\s*['"]([^'"]+)['"]|(?-u:\b)location\.(?:assign|replace)\s*\(\s*['"]([^'"]+)['"]"#,
        )
        .expect("the pattern is good")
    });
    // which browser, which screen; or a wall that wants a cookie first
    const ASKS: [&str; 5] = [
        "navigator",
        "userAgent",
        "screen.",
        "innerWidth",
        "document.cookie",
    ];
    let scripts = document.named(&["script"]);
    scripts
        .map(Element::raw_text)
        .filter(|script| !ASKS.iter().any(|word| script.contains(word)))
        .find_map(|script| {
            let found = SETS.captures(&script)?;
            let target = found.get(1).or_else(|| found.get(2))?.as_str();
            (target.len() <= MAX_TARGET_BYTES).then(|| target.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn onward(page: &str) -> Option<String> {
        assert!(may_lead_on(page.as_bytes()) || of(&Document::parse(page), &url()).is_none());
        of(&Document::parse(page), &url()).map(String::from)
    }

    fn url() -> Url {
        "http://a.example.cn/tzgg/1.htm".parse().unwrap()
    }

    #[test]
    fn signs_to_another_page_are_read() {
        for page in [
            r#"<html><head><meta http-equiv="refresh" content="0;url=/r6.htm"></head><body>页面跳转中</body></html>"#,
            r#"<META HTTP-EQUIV=Refresh CONTENT="3; URL='../r6.htm'">"#,
            r#"<meta http-equiv="refresh" content="0, /r6.htm">"#,
            r#"<script>window.location.href="/r6.htm";</script>正在跳转……"#,
            "<script>top.location.replace('http://a.example.cn/r6.htm')</script>",
            "<script>location='/r6.htm'</script>",
        ] {
            assert_eq!(
                onward(page).as_deref(),
                Some("http://a.example.cn/r6.htm"),
                "{page}"
            );
        }
    }

    #[test]
    fn what_is_no_sign_stays() {
        let long = "现将有关事项通知如下，请遵照执行，确保平稳有序。".repeat(10);
        for page in [
            r#"<meta http-equiv="refresh" content="300;url=/r6.htm">"#.to_owned(),
            r#"<meta http-equiv="refresh" content="5">"#.to_owned(),
            r#"<meta http-equiv="refresh" content="0;url=/tzgg/1.htm#top">"#.to_owned(),
            format!(r#"<meta http-equiv="refresh" content="0;url=/r6.htm"><p>{long}</p>"#),
            r#"<script>if (/Mobile/.test(navigator.userAgent)) location.href="/m/";</script>"#
                .to_owned(),
            r#"<script>document.cookie="k=v";location.href="/x";</script>"#.to_owned(),
            r#"<meta http-equiv="refresh" content="0;url=javascript:x()">"#.to_owned(),
        ] {
            assert_eq!(onward(&page), None, "{page}");
        }
    }
}
