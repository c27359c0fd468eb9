//! Values of one key each: a TOML value in, a checked one out, or what was expected instead.

use std::{fmt::Display, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

use jiff::tz::TimeZone;

use super::{
    Lang, Token, keys,
    section::{Value, Wrong},
    words,
};
use crate::{
    source::{Content, Kind, PresetChoice, SourceId, Tls, filter::Expression, presets::Presets},
    story::merge::Across,
};

/// A value, or why not.
pub(super) type Read<T> = Result<T, Wrong>;

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
        .toml
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
        let Some(digits) = value.toml.as_integer() else {
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
        if let Some(number) = value.toml.as_integer() {
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
        let size = match value.toml.as_integer() {
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

/// A regular expression.
pub(super) fn expression(value: &Value<'_>) -> Read<Expression> {
    let expected = "expected a regular expression such as \"招生|考试\"";
    let text = string(value, expected)?;
    Expression::parse(text).map_err(|why| {
        let what = format!("`{}` is no regular expression: {why}", cut(text));
        Wrong::new(what, expected)
    })
}

/// What readers must send to be answered.
pub(super) fn token(value: &Value<'_>) -> Read<Token> {
    let expected = "expected 16 to 200 letters, digits, `-`, `_`, `.` or `~`";
    let text = string(value, expected)?;
    Token::parse(text).ok_or_else(|| {
        // not the value itself: what is shown of a mistake goes into logs
        Wrong::new("`token` cannot be used", expected)
            .help("for example the output of `openssl rand -hex 16`".to_owned())
    })
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

pub(super) fn across(value: &Value<'_>) -> Read<Across> {
    one_of(
        value,
        &[
            ("all", Across::All),
            ("group", Across::Group),
            ("off", Across::Off),
        ],
    )
}

pub(super) fn kind(value: &Value<'_>) -> Read<Kind> {
    one_of(
        value,
        &[
            ("auto", Kind::Auto),
            ("page", Kind::Page),
            ("feed", Kind::Feed),
        ],
    )
}

pub(super) fn tls(value: &Value<'_>) -> Read<Tls> {
    one_of(
        value,
        &[Tls::Strict, Tls::Legacy, Tls::Insecure].map(|tls| (tls.as_str(), tls)),
    )
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
        let what = if text.is_empty() {
            "an empty id".to_owned()
        } else {
            format!("`{}` is no source id", cut(text))
        };
        Wrong::new(what, expected).help(help)
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
    let presets = Presets::embedded();
    let quoted: Vec<_> = presets.names().map(|name| format!("\"{name}\"")).collect();
    let expected = format!("expected \"auto\", \"none\", {}", quoted.join(", "));
    match string(value, &expected)? {
        "auto" => Ok(PresetChoice::Auto),
        "none" => Ok(PresetChoice::None),
        name if presets.named(name).is_some() => Ok(PresetChoice::Named(name.to_owned())),
        name => {
            let near = keys::nearest(name, presets.names().chain(["auto", "none"]));
            let help = near.map(|near| format!("did you mean \"{near}\"?"));
            let what = format!("`{}` is no site family", cut(name));
            Err(Wrong::new(what, expected).help(help))
        }
    }
}

pub(super) fn timezone(value: &Value<'_>) -> Read<TimeZone> {
    let expected = "expected a name of the time zone database such as \"Asia/Shanghai\"";
    let name = string(value, expected)?;
    TimeZone::get(name).map_err(|_| {
        let names: Vec<_> = jiff::tz::db().available().collect();
        let near = keys::nearest(name, names.iter().map(jiff::tz::TimeZoneName::as_str));
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

/// A string as it is written.
pub(super) fn string<'v>(value: &Value<'v>, expected: &str) -> Read<&'v str> {
    value.toml.as_str().ok_or_else(|| value.not(expected))
}

fn out_of_range(value: &Value<'_>, expected: impl Into<String>) -> Wrong {
    let what = format!("`{}` is out of range", value.key);
    Wrong::new(what, expected)
}
