//! Addresses, absolute and normalised.
//!
//! In: what stands in a page's `href`, `src` or `onclick`, and the address it resolves against. Out: absolute
//! addresses ([`resolve`], [`of_link`]), one spelling per resource ([`normalise`], RFC 3986 section 6), and the text
//! that an article's id is hashed from ([`identity`]).

use std::sync::LazyLock;

use regex::Regex;
use url::{Host, Url};

use super::document::Element;

/// Longer addresses are `data:` of their own kind: nothing that could be fetched.
const MAX_HREF_BYTES: usize = 8 << 10;

/// Query parameters that name a session, a campaign or the way a link was shared: never the resource.
const TRACKING: [&str; 27] = [
    "phpsessid",
    "jsessionid",
    "sessionid",
    "session_id",
    "sid",
    "aspsessionid",
    "spm",
    "scm",
    "fbclid",
    "gclid",
    "msclkid",
    "yclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "wt_mc",
    "share_token",
    "share_source",
    "share_medium",
    "share_from",
    "sharefrom",
    "isappinstalled",
    "nsukey",
    "wechat_redirect",
    "bd_vid",
    "from_source",
];

/// Values of `from` that tell where a link was shared: `from` alone may be a parameter of the site's own.
const SHARED_FROM: [&str; 6] = [
    "singlemessage",
    "timeline",
    "groupmessage",
    "weixin",
    "qq",
    "wechat",
];

/// An address as a browser resolves it: absent where it leads to no page (`javascript:`, `mailto:`, empty, `#top`).
///
/// White space inside, backslashes and a missing scheme (`//host/…`) are taken as browsers take them.
pub fn resolve(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}');
    if href.is_empty() || href.len() > MAX_HREF_BYTES {
        return None;
    }
    // a fragment is a place on the same page, unless it is a route of a page made by script
    if href.starts_with('#') && !is_route(&href[1..]) {
        return None;
    }
    let url = base.join(&mended(href)).ok()?;
    let fetchable = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    fetchable.then_some(url)
}

/// What people type for addresses: `http:///host`, `http:\\host`, `http//host`, `www.host.cn/…`.
fn mended(href: &str) -> String {
    static BROKEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(https?)(?::\s*[/\\]+|[/\\]{2,})\s*").expect("the pattern is good")
    });
    let mended = BROKEN.replace(href, |found: &regex::Captures<'_>| {
        format!("{}://", &found[1])
    });
    if mended.len() > 8 && mended.as_bytes()[..4].eq_ignore_ascii_case(b"www.") {
        return format!("http://{mended}");
    }
    mended.into_owned()
}

/// Where a link leads: its `href`, or for `javascript:` and empty ones the address that the script opens
/// (`window.open('…')`, `location.href='…'`), in the link itself or in its `onclick`.
pub fn of_link(base: &Url, link: Element<'_>) -> Option<Url> {
    let href = link.attr("href").unwrap_or_default();
    let scripts = [Some(href), link.attr("onclick")];
    if let Some(url) = resolve(base, href) {
        return Some(url);
    }
    let mut scripts = scripts.into_iter().flatten();
    scripts
        .find_map(opened_by)
        .or_else(|| {
            ["data-href", "data-url", "data-link"]
                .iter()
                .find_map(|n| link.attr(n))
        })
        .and_then(|target| resolve(base, target))
}

/// The address that a script opens, as it stands there.
fn opened_by(script: &str) -> Option<&str> {
    static OPENS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?i)(?:(?-u:\b)open\s*\(|location(?:\.href)?\s*=|location\.(?:assign|replace)\s*\()\s*['"]([^'"]+)['"]"#,
        )
        .expect("the pattern is good")
    });
    // a function of the site's own, called with what can only be an address
    static CALLS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)\w\s*\(\s*['"]([^'"\s<>]*(?:/|\.s?html?|\.jsp|\.aspx?|\.php|\.do)[^'"\s<>]*)['"]"#)
            .expect("the pattern is good")
    });
    if script.len() > MAX_HREF_BYTES || !script.contains(['(', '=']) {
        return None;
    }
    let found = OPENS.captures(script).or_else(|| CALLS.captures(script))?;
    found.get(1).map(|target| target.as_str())
}

/// One spelling per address: no fragment (but for routes), session id or tracking parameter; percent-encoding in upper
/// case and only where needed; host and default port as the `url` crate writes them, dot segments resolved.
pub fn normalise(url: &Url) -> Url {
    let mut url = url.clone();
    if !url.fragment().is_some_and(is_route) {
        url.set_fragment(None);
    }
    // sites link to themselves by host with and without a closing dot
    if let Some(host) = url
        .host_str()
        .and_then(|h| h.strip_suffix('.'))
        .map(str::to_owned)
        && !host.is_empty()
    {
        let _ = url.set_host(Some(&host));
    }
    let path = even_percents(&without_session(url.path()));
    if path != url.path() {
        url.set_path(&path);
    }
    if let Some(query) = url.query() {
        let kept: Vec<String> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_tracking(pair))
            .map(even_percents)
            .collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(kept.as_str()));
    }
    url
}

/// What stands for an address in an article's id: normalised, `http` = `https`, a folder = its index page.
pub fn identity(url: &Url) -> String {
    let url = normalise(url);
    let mut text = String::from("http://");
    text.push_str(url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        text.push(':');
        text.push_str(&port.to_string());
    }
    let path = url.path();
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split_once('.').map_or("", |(stem, _)| stem);
    let is_index = matches!(stem.to_ascii_lowercase().as_str(), "index" | "default")
        && file.len() <= "default.shtml".len();
    text.push_str(folder);
    text.push('/');
    if !is_index {
        text.push_str(file);
    }
    for (mark, part) in [('?', url.query()), ('#', url.fragment())] {
        if let Some(part) = part {
            text.push(mark);
            text.push_str(part);
        }
    }
    text
}

/// Whether two addresses are of one site: of one host, or of hosts below one name that somebody has registered
/// (publicsuffix.org): `jyt.a.gov.cn` and `www.a.gov.cn`, but not `a.gov.cn` and `b.gov.cn`.
pub fn same_site(a: &Url, b: &Url) -> bool {
    match (a.host(), b.host()) {
        (Some(Host::Domain(a)), Some(Host::Domain(b))) => {
            let registered = psl::domain_str(a);
            a == b || registered.is_some() && registered == psl::domain_str(b)
        }
        (a, b) => a.is_some() && a == b,
    }
}

/// Whether a fragment is a page of its own, made by script: `#/news/1`, `#!/news/1`.
fn is_route(fragment: &str) -> bool {
    (fragment.starts_with('/') || fragment.starts_with('!')) && fragment.len() > 1
}

/// The path without `;jsessionid=…`.
fn without_session(path: &str) -> String {
    let mut kept = String::with_capacity(path.len());
    for (i, segment) in path.split('/').enumerate() {
        if i > 0 {
            kept.push('/');
        }
        let cut = segment.char_indices().find(|&(at, c)| {
            c == ';' && {
                let rest = segment[at + 1..].to_ascii_lowercase();
                ["jsessionid", "phpsessid", "sid=", "sessionid"]
                    .iter()
                    .any(|s| rest.starts_with(s))
            }
        });
        kept.push_str(cut.map_or(segment, |(at, _)| &segment[..at]));
    }
    kept
}

fn is_tracking(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_")
        || name.starts_with("aspsessionid")
        || TRACKING.contains(&name.as_str())
        || (name == "from" && SHARED_FROM.contains(&value.to_ascii_lowercase().as_str()))
}

/// RFC 3986, section 6.2.2: escapes in upper case, and none for what needs none. What the URL standard lets stand and
/// RFC 3986 does not is escaped: feeds are held to the latter.
fn even_percents(part: &str) -> String {
    let mut even = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('%') {
        even.push_str(&rest[..at]);
        let digits = rest
            .get(at + 1..at + 3)
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(byte) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) else {
            even.push('%');
            rest = &rest[at + 1..];
            continue;
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            even.push(char::from(byte));
        } else {
            even.push_str(&rest[at..at + 3].to_ascii_uppercase());
        }
        rest = &rest[at + 3..];
    }
    even.push_str(rest);
    if !even.contains(UNESCAPED) {
        return even;
    }
    let escaped = |c: char| {
        let one = char::to_string(&c);
        if UNESCAPED.contains(&c) {
            format!("%{:02X}", u32::from(c))
        } else {
            one
        }
    };
    even.chars().map(escaped).collect::<Vec<_>>().concat()
}

const UNESCAPED: [char; 6] = ['|', '^', '[', ']', '\\', '`'];

#[cfg(test)]
mod tests {
    use super::super::document::{Document, Selector};
    use super::*;

    #[test]
    fn resolves_as_browsers_do() {
        let base = Url::parse("https://a.edu.cn/xw/tzgg/index.htm").unwrap();
        for (href, expected) in [
            (" ../1.htm\n", Some("https://a.edu.cn/xw/1.htm")),
            (
                "info\\1039\\1.htm",
                Some("https://a.edu.cn/xw/tzgg/info/1039/1.htm"),
            ),
            ("//b.cn/1", Some("https://b.cn/1")),
            ("/a\n b.htm", Some("https://a.edu.cn/a%20b.htm")),
            ("http:// b.cn/1", Some("http://b.cn/1")),
            ("http:///b.cn/1", Some("http://b.cn/1")),
            ("http//b.cn/1", Some("http://b.cn/1")),
            ("www.b.cn/1", Some("http://www.b.cn/1")),
            ("?page=2", Some("https://a.edu.cn/xw/tzgg/index.htm?page=2")),
            (
                "#/news/1",
                Some("https://a.edu.cn/xw/tzgg/index.htm#/news/1"),
            ),
            ("#", None),
            ("#top", None),
            ("", None),
            ("javascript:void(0)", None),
            ("mailto:a@b.cn", None),
            ("http://[", None),
        ] {
            let found = resolve(&base, href);
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{href:?}");
        }
    }

    #[test]
    fn scripts_that_open_pages_are_links() {
        let base = Url::parse("http://a.cn/x/").unwrap();
        for (link, expected) in [
            (
                "<a href=\"javascript:window.open('1.htm')\">",
                Some("http://a.cn/x/1.htm"),
            ),
            (
                "<a href=# onclick=\"window.open('/2.htm','_blank');return false\">",
                Some("http://a.cn/2.htm"),
            ),
            (
                "<a href='javascript:;' onclick='location.href=\"3.htm\"'>",
                Some("http://a.cn/x/3.htm"),
            ),
            (
                "<a onclick=\"goTo('4.jsp?id=1')\">",
                Some("http://a.cn/x/4.jsp?id=1"),
            ),
            ("<a href='javascript:void(0)'>", None),
            ("<a onclick=\"show('tab')\">", None),
        ] {
            let document = Document::parse(link);
            let a = document.select_first(&Selector::literal("a")).unwrap();
            let found = of_link(&base, a);
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{link}");
        }
    }

    #[test]
    fn one_spelling_per_address() {
        for (url, expected) in [
            (
                "HTTP://A.Edu.CN:80/x/./y/../1.htm#top",
                "http://a.edu.cn/x/1.htm",
            ),
            ("https://a.cn:443/%e5%85%b3%41", "https://a.cn/%E5%85%B3A"),
            (
                "http://a.cn/x|y.htm?z[]=1",
                "http://a.cn/x%7Cy.htm?z%5B%5D=1",
            ),
            (
                "http://a.cn/1.jsp;jsessionid=0AF?id=3&utm_source=x&spm=1",
                "http://a.cn/1.jsp?id=3",
            ),
            (
                "http://a.cn/1?from=singlemessage&isappinstalled=0",
                "http://a.cn/1",
            ),
            ("http://a.cn/1?from=list", "http://a.cn/1?from=list"),
            ("http://a.cn/#/news/7", "http://a.cn/#/news/7"),
            ("http://a.cn/?&a=1&&PHPSESSID=2", "http://a.cn/?a=1"),
            ("http://a.cn./1%", "http://a.cn/1%"),
            ("http://a.cn/1%E", "http://a.cn/1%E"),
        ] {
            let normal = normalise(&Url::parse(url).unwrap());
            assert_eq!(normal.as_str(), expected);
            assert_eq!(normalise(&normal), normal, "twice changes nothing");
        }
    }

    #[test]
    fn a_site_is_what_lies_below_a_registered_name() {
        for (a, b, same) in [
            ("http://jyt.a.gov.cn/", "https://www.a.gov.cn/x", true),
            ("http://a.gov.cn/", "http://b.gov.cn/", false),
            ("http://a.edu.cn/", "http://jwc.a.edu.cn:8080/", true),
            ("http://a.ac.uk/", "http://b.ac.uk/", false),
            ("http://localhost:1/", "http://localhost:2/", true),
            ("http://127.0.0.1/", "http://128.0.0.1/", false),
            ("http://[::1]/", "http://[::1]/x", true),
        ] {
            let [a, b] = [a, b].map(|url| Url::parse(url).unwrap());
            assert_eq!(same_site(&a, &b), same, "{a} {b}");
        }
    }

    #[test]
    fn an_identity_knows_no_scheme_and_no_index_page() {
        for (a, b) in [
            ("http://a.cn/x/", "https://a.cn/x/index.html"),
            ("http://a.cn/", "https://a.cn/Default.aspx"),
            ("http://a.cn/1.htm#a", "https://a.cn/1.htm"),
        ] {
            let [a, b] = [a, b].map(|u| identity(&Url::parse(u).unwrap()));
            assert_eq!(a, b);
        }
        let other = identity(&Url::parse("http://a.cn:8080/x/index_1.html?a=1#!b").unwrap());
        assert_eq!(other, "http://a.cn:8080/x/index_1.html?a=1#!b");
    }
}
