//! Selectors, compiled when the configuration is read, with a finger on where they end to be ones.

use super::{
    section::{Value, Wrong},
    values::{Read, cut, string},
};
use crate::page::document::{Pick, Selector};

/// The longest selector that is compiled: a compiler of nested selectors recurses.
const SELECTOR_BYTES: usize = 1_000;

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
