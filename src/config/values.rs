//! Values of one key each: a TOML value in, a checked one out, or what was expected instead.

use std::{
    fmt::Display, net::IpAddr, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration,
};

use ipnet::IpNet;
use jiff::tz::TimeZone;
use url::{Host, Url};

use super::{
    Lang, Listen, keys,
    section::{Value, Wrong},
    words,
};
use crate::{
    page::document::{Pick, Selector},
    source::{Content, PresetChoice, SourceId, Tls},
};

type Read<T> = Result<T, Wrong>;

/// The longest selector that is compiled: a compiler of nested selectors recurses.
const SELECTOR_BYTES: usize = 1_000;

/// A text for a message, cut where it is long.
pub(super) fn cut(text: &str) -> String {
    const SHOWN_CHARS: usize = 60;
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(super) fn flag(value: &Value<'_>) -> Read<bool> {
    value
        .value
        .as_bool()
        .ok_or_else(|| value.not("expected true or false"))
}

/// A text with something in it, white space folded.
pub(super) fn text(value: &Value<'_>) -> Read<String> {
    let text = string(value, "expected a text in quotes")?;
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.is_empty() {
        let what = format!("`{}` is empty", value.key);
        return Err(Wrong::new(what, "expected a text")
            .help("leave the key out to have its default".to_owned()));
    }
    Ok(folded)
}

pub(super) fn path(value: &Value<'_>) -> Read<PathBuf> {
    let expected = "expected a path in quotes";
    match string(value, expected)? {
        "" => Err(Wrong::new(format!("`{}` is empty", value.key), expected)),
        path if path.contains('\0') => Err(Wrong::new("a path cannot hold NUL", expected)),
        path => Ok(path.into()),
    }
}

/// A whole number within limits.
pub(super) fn number<T>(limits: RangeInclusive<T>) -> impl FnOnce(&Value<'_>) -> Read<T>
where
    T: FromStr + PartialOrd + Display,
{
    move |value| {
        let expected = format!(
            "expected a whole number from {} to {}",
            limits.start(),
            limits.end()
        );
        let Some(digits) = value.value.as_integer() else {
            return Err(value.not(expected));
        };
        // numbers of another base are rare enough to be read by way of the widest type
        let number = i128::from_str_radix(digits.as_str(), digits.radix()).ok();
        number
            .and_then(|number| number.to_string().parse().ok())
            .filter(|number| limits.contains(number))
            .ok_or_else(|| out_of_range(value, expected))
    }
}

/// A duration within limits.
pub(super) fn duration(
    limits: RangeInclusive<Duration>,
) -> impl FnOnce(&Value<'_>) -> Read<Duration> {
    move |value| {
        let expected = "expected a time such as \"30s\", \"15m\", \"1h 30m\" or \"7 days\"";
        if let Some(number) = value.value.as_integer() {
            let help = format!("write a unit and quotes: \"{number}s\" are seconds");
            return Err(value.not(expected).help(help));
        }
        let text = string(value, expected)?;
        let Some(duration) = words::duration(text) else {
            return Err(Wrong::new(
                format!("`{}` is no length of time", cut(text)),
                expected,
            ));
        };
        if limits.contains(&duration) {
            return Ok(duration);
        }
        let from = words::duration_in_words(*limits.start());
        let to = words::duration_in_words(*limits.end());
        Err(out_of_range(
            value,
            format!("expected a time from \"{from}\" to \"{to}\""),
        ))
    }
}

/// A size in bytes within limits.
pub(super) fn size(limits: RangeInclusive<u64>) -> impl FnOnce(&Value<'_>) -> Read<u64> {
    move |value| {
        let expected = "expected a size such as \"500 KiB\", \"8 MiB\" or \"64 MB\"";
        let size = match value.value.as_integer() {
            Some(digits) => u64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            None => words::size(string(value, expected)?),
        };
        let Some(size) = size else {
            let shown = value.place.text().trim_matches('"');
            let help = shown
                .strip_suffix(['k', 'K', 'm', 'M', 'g', 'G'])
                .filter(|number| words::size(number).is_some())
                .map(|number| {
                    format!(
                        "did you mean \"{number} {}iB\"?",
                        shown[number.len()..].to_uppercase()
                    )
                });
            let what = format!("`{}` is no size", cut(shown));
            return Err(Wrong::new(what, expected).help(help));
        };
        if limits.contains(&size) {
            return Ok(size);
        }
        let from = words::size_in_words(*limits.start());
        let to = words::size_in_words(*limits.end());
        Err(out_of_range(
            value,
            format!("expected a size from \"{from}\" to \"{to}\""),
        ))
    }
}

pub(super) fn lang(value: &Value<'_>) -> Read<Lang> {
    one_of(value, &[("zh-CN", Lang::Chinese), ("en", Lang::English)])
}

pub(super) fn content(value: &Value<'_>) -> Read<Content> {
    one_of(
        value,
        &[("full", Content::Full), ("summary", Content::Summary)],
    )
}

pub(super) fn tls(value: &Value<'_>) -> Read<Tls> {
    one_of(
        value,
        &[("strict", Tls::Strict), ("insecure", Tls::Insecure)],
    )
}

pub(super) fn listen(value: &Value<'_>) -> Read<Listen> {
    let expected =
        "expected an address with its port such as \"127.0.0.1:8080\", or \"unix:/path\"";
    let text = string(value, expected)?;
    if let Some(path) = text.strip_prefix("unix:") {
        return match path {
            "" => Err(Wrong::new("`unix:` without a path", expected)),
            path => Ok(Listen::Unix(path.into())),
        };
    }
    text.parse().map(Listen::Tcp).map_err(|_| {
        let better = match text.rsplit_once(':') {
            Some(("localhost", port)) => format!("127.0.0.1:{port}"),
            Some(("" | "*", port)) => format!("0.0.0.0:{port}"),
            None if text.parse::<u16>().is_ok() => format!("127.0.0.1:{text}"),
            None if text.parse::<IpAddr>().is_ok() => format!("{text}:8080"),
            _ => String::new(),
        };
        let help = (!better.is_empty()).then(|| format!("did you mean \"{better}\"?"));
        Wrong::new(
            format!("`{}` is no address to listen on", cut(text)),
            expected,
        )
        .help(help)
    })
}

/// The address of a page: HTTP, a host, no credentials. The fragment is dropped.
pub(super) fn page_address(value: &Value<'_>) -> Read<Url> {
    let expected = "expected an address such as \"http://jyt.example.gov.cn/jynews/\"";
    let mut url = web_address(value, expected)?;
    url.set_fragment(None);
    Ok(url)
}

/// What links in feeds start with: as a page's address, without a query, ending in `/`.
pub(super) fn public_address(value: &Value<'_>) -> Read<Url> {
    let expected = "expected an address such as \"https://feeds.example.edu.cn\"";
    let mut url = web_address(value, expected)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(
            format!("`{}` cannot start links", cut(url.as_str())),
            "expected an address without `?` and `#`",
        ));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// A proxy's address, or `none`.
pub(super) fn proxy(value: &Value<'_>) -> Read<Option<Url>> {
    let expected = "expected an address such as \"socks5h://127.0.0.1:1080\" (or http, https, socks5), or \"none\"";
    let text = string(value, expected)?;
    if text == "none" {
        return Ok(None);
    }
    let known = |url: &Url| {
        matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
            && url.host_str().is_some_and(|host| !host.is_empty())
    };
    match Url::parse(text) {
        Ok(url) if known(&url) => Ok(Some(url)),
        _ => Err(Wrong::new(
            format!("`{}` is no proxy's address", cut(text)),
            expected,
        )),
    }
}

pub(super) fn network(value: &Value<'_>) -> Read<IpNet> {
    let expected = "expected a network such as \"10.0.0.0/8\" or \"fd00::/8\", or one address";
    let text = string(value, expected)?;
    let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse()
        .ok()
        .or_else(one)
        .ok_or_else(|| Wrong::new(format!("`{}` is no network", cut(text)), expected))
}

pub(super) fn source_id(value: &Value<'_>) -> Read<SourceId> {
    let expected = "expected 1 to 64 of a-z, 0-9 and `-`";
    let text = string(value, expected)?;
    SourceId::parse(text).map_err(|_| {
        let better: String = text
            .to_ascii_lowercase()
            .chars()
            .map(|c| {
                if matches!(c, '_' | ' ' | '.' | '/') {
                    '-'
                } else {
                    c
                }
            })
            .collect();
        let help = SourceId::parse(&better)
            .ok()
            .map(|better| format!("did you mean \"{better}\"?"));
        Wrong::new(format!("`{}` is no source id", cut(text)), expected).help(help)
    })
}

/// A group's name: it becomes part of an address, `/groups/NAME.rss`.
pub(super) fn group(value: &Value<'_>) -> Read<String> {
    const LONGEST_CHARS: usize = 64;
    let expected = "expected 1 to 64 letters, digits, `-` or `_`";
    let name = string(value, expected)?;
    let good = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.chars().count() > LONGEST_CHARS || !name.chars().all(good) {
        return Err(
            Wrong::new(format!("`{}` is no name for a group", cut(name)), expected)
                .help("the name becomes part of an address, `/groups/NAME.rss`".to_owned()),
        );
    }
    Ok(name.to_owned())
}

pub(super) fn preset(value: &Value<'_>) -> Read<PresetChoice> {
    let expected = "expected \"auto\", \"none\" or a site family's name such as \"vsb\"";
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    match string(value, expected)? {
        "auto" => Ok(PresetChoice::Auto),
        "none" => Ok(PresetChoice::None),
        name if !name.is_empty() && name.bytes().all(good) => {
            Ok(PresetChoice::Named(name.to_owned()))
        }
        name => Err(Wrong::new(
            format!("`{}` is no site family", cut(name)),
            expected,
        )),
    }
}

pub(super) fn timezone(value: &Value<'_>) -> Read<TimeZone> {
    let expected = "expected a name of the time zone database such as \"Asia/Shanghai\"";
    let name = string(value, expected)?;
    TimeZone::get(name).map_err(|_| {
        let names: Vec<_> = jiff::tz::db().available().collect();
        let near = keys::nearest(name, names.iter().map(|name| name.as_str()));
        let help = near.map(|near| format!("did you mean \"{near}\"?"));
        Wrong::new(format!("`{}` is no time zone", cut(name)), expected).help(help)
    })
}

/// A text that can be sent as a header.
pub(super) fn header_text(value: &Value<'_>) -> Read<String> {
    let text = text(value)?;
    if http::HeaderValue::from_str(&text).is_err() {
        return Err(Wrong::new(
            format!("`{}` cannot be sent as a header", cut(&text)),
            "expected a text without control characters",
        ));
    }
    Ok(text)
}

pub(super) fn selector(value: &Value<'_>) -> Read<Selector> {
    let text = short(value, "expected a CSS selector such as \"ul.news > li\"")?;
    Selector::parse(text)
        .map_err(|_| no_selector(value, text, |part| Selector::parse(part).is_ok()))
}

pub(super) fn pick(value: &Value<'_>) -> Read<Pick> {
    let expected = "expected a CSS selector such as \"a\", or with an attribute \"a@title\"";
    let text = short(value, expected)?;
    Pick::parse(text).map_err(|_| no_selector(value, text, |part| Pick::parse(part).is_ok()))
}

fn short<'v>(value: &Value<'v>, expected: &str) -> Read<&'v str> {
    let text = string(value, expected)?;
    if text.len() > SELECTOR_BYTES {
        return Err(Wrong::new(
            format!("a selector of {} bytes", text.len()),
            format!("expected at most {SELECTOR_BYTES}"),
        ));
    }
    Ok(text)
}

/// Points behind the longest beginning that is a selector: the parser itself does not say where it stopped.
fn no_selector(value: &Value<'_>, text: &str, good: impl Fn(&str) -> bool) -> Wrong {
    let cuts = text.char_indices().map(|(at, _)| at).rev();
    let read = cuts
        .into_iter()
        .find(|&at| good(&text[..at]))
        .map_or(0, |at| {
            at + text[at..].len() - text[at..].trim_start().len()
        });
    let help = if text.starts_with('/') {
        Some("this looks like XPath, which is not read here".to_owned())
    } else if text.contains("::attr(") || text.contains("::text") {
        Some(
            "an element's text needs no mark; an attribute is written `SELECTOR@ATTRIBUTE`"
                .to_owned(),
        )
    } else {
        None
    };
    if text.trim().is_empty() {
        return Wrong::new("an empty selector", "expected a CSS selector")
            .help("leave the key out to have the place detected".to_owned());
    }
    let what = format!("`{}` is no CSS selector", cut(text));
    let expected = match read {
        0 => "not understood",
        _ => "not understood from here on",
    };
    // only in a string without escapes do the bytes of the value lie where those of the file do
    let inside = value
        .place
        .text()
        .find(text)
        .map(|quote| quote + read..quote + text.len());
    match inside {
        Some(part) if !part.is_empty() => Wrong::new(what, expected).at(value.place.inside(part)),
        _ => Wrong::new(what, expected),
    }
    .help(help)
}

fn web_address(value: &Value<'_>, expected: &str) -> Read<Url> {
    let text = string(value, expected)?;
    let shown = cut(text);
    let url = Url::parse(text).map_err(|error| {
        let help = match error {
            url::ParseError::RelativeUrlWithoutBase => {
                let bare = text.trim_start_matches('/');
                // a word with a dot before its first slash is a host that lost its scheme
                let host = bare.split('/').next().unwrap_or_default();
                host.contains('.')
                    .then(|| format!("did you mean \"http://{}\"?", cut(bare)))
            }
            _ => None,
        };
        Wrong::new(format!("`{shown}` is no web address"), expected).help(help)
    })?;
    let named = match url.host() {
        Some(Host::Domain(name)) => !name.is_empty(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    };
    if !matches!(url.scheme(), "http" | "https") || !named {
        return Err(Wrong::new(format!("`{shown}` is no web address"), expected));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new(
            "a name or password in an address would be published with it",
            "expected an address without",
        )
        .help("send them by `headers = { Authorization = \"Basic …\" }`".to_owned()));
    }
    Ok(url)
}

fn one_of<T: Copy>(value: &Value<'_>, choices: &[(&str, T)]) -> Read<T> {
    let names: Vec<_> = choices
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let expected = format!("expected {}", names.join(" or "));
    let text = string(value, &expected)?;
    if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
        return Ok(*choice);
    }
    let help = keys::nearest(text, choices.iter().map(|(name, _)| *name))
        .map(|near| format!("did you mean \"{near}\"?"));
    Err(Wrong::new(
        format!("`{}` is none of the choices of `{}`", cut(text), value.key),
        expected,
    )
    .help(help))
}

fn string<'v>(value: &Value<'v>, expected: &str) -> Read<&'v str> {
    value.value.as_str().ok_or_else(|| value.not(expected))
}

fn out_of_range(value: &Value<'_>, expected: impl Into<String>) -> Wrong {
    let what = format!("`{}` is out of range", value.key);
    Wrong::new(what, expected)
}
