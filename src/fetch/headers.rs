//! What goes into the head of a request, and what is read from the head of an answer.
//!
//! In: settings and validators, or a header map. Out: a header map, or values. No clock, no network.

use std::time::Duration;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, ACCEPT_LANGUAGE, AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER, USER_AGENT,
    },
};
use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};
use url::Url;

use crate::source::{RequestSettings, state::SourceValidators};

/// Pages first, then feeds, then whatever there is.
const ACCEPTED: HeaderValue = HeaderValue::from_static(
    "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/feed+json,\
     application/xml;q=0.9,*/*;q=0.8",
);

/// Sites with several languages are read in the one that their news come in first.
const LANGUAGES: HeaderValue = HeaderValue::from_static("zh-CN,zh;q=0.9,en;q=0.5");

/// The head of a request; the configured headers win, and are left out where another host is asked.
///
/// # Errors
/// The name of a header that cannot be sent.
pub(super) fn request<'a>(
    settings: &'a RequestSettings,
    validators: Option<&SourceValidators>,
    own_host: bool,
) -> Result<HeaderMap, &'a str> {
    let mut head = HeaderMap::with_capacity(8);
    head.insert(ACCEPT, ACCEPTED);
    head.insert(ACCEPT_LANGUAGE, LANGUAGES);
    let agent = HeaderValue::from_bytes(settings.user_agent.as_bytes());
    head.insert(USER_AGENT, agent.map_err(|_| "User-Agent")?);
    if let Some(known) = validators {
        // what is no header value was not sent by a server either
        let mut put = |name, text: &Option<String>| {
            if let Some(value) = text.as_ref().and_then(|t| HeaderValue::from_str(t).ok()) {
                head.insert(name, value);
            }
        };
        put(IF_NONE_MATCH, &known.etag);
        put(IF_MODIFIED_SINCE, &known.last_modified);
    }
    for (name, value) in settings.headers.iter().filter(|_| own_host) {
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| name.as_str())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| name.as_str())?;
        head.insert(key, value);
    }
    Ok(head)
}

/// The validators of an answer, verbatim.
pub(super) fn validators(head: &HeaderMap) -> SourceValidators {
    SourceValidators {
        etag: text(head, ETAG),
        last_modified: text(head, LAST_MODIFIED),
    }
}

/// The `Content-Type`, verbatim.
pub(super) fn content_type(head: &HeaderMap) -> Option<String> {
    text(head, CONTENT_TYPE)
}

fn text(head: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = head.get(name)?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// How long the answer stays fresh (RFC 9111, sections 4.2 and 5.2.2).
pub(super) fn max_age(head: &HeaderMap) -> Option<Duration> {
    let lines = head.get_all(CACHE_CONTROL).into_iter();
    let mut age = None;
    for directive in lines
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
    {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return None,
            "max-age" => age = value.trim().trim_matches('"').parse::<u64>().ok(),
            _ => {}
        }
    }
    let spent = text(head, AGE).and_then(|a| a.trim().parse::<u64>().ok());
    age.map(|a| Duration::from_secs(a.saturating_sub(spent.unwrap_or(0))))
}

/// How long the host asks to be left alone: seconds, or a date (RFC 9110, section 10.2.3).
///
/// A date counts from the answer's own `Date`: the server's clock may be wrong, and all servers that have one must
/// send it. For those that do not, see [`retry_at`].
pub(super) fn retry_after(head: &HeaderMap) -> Option<Duration> {
    let value = text(head, RETRY_AFTER)?;
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (until, from) = (http_date(&value)?, date(head)?);
    Some(Duration::try_from(until.duration_since(from)).unwrap_or_default())
}

/// Until when the host asks to be left alone, where it says that as a date and does not tell its own time: who knows the
/// time can tell how long that is.
pub(super) fn retry_at(head: &HeaderMap) -> Option<Timestamp> {
    match date(head) {
        Some(_) => None,
        None => http_date(&text(head, RETRY_AFTER)?),
    }
}

fn date(head: &HeaderMap) -> Option<Timestamp> {
    http_date(&text(head, DATE)?)
}

/// The three forms of RFC 9110, section 5.6.7; servers confuse the day of the week.
fn http_date(text: &str) -> Option<Timestamp> {
    let reader = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    reader.parse_timestamp(text.trim()).ok().or_else(|| {
        let old = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
        let date = old
            .iter()
            .find_map(|form| DateTime::strptime(form, text.trim()).ok());
        let date = date?.to_zoned_datetime(TimeZone::UTC).ok()?;
        Some(date.timestamp())
    })
}

/// Where an answer redirects to; the text itself where that is no address.
pub(super) fn location(head: &HeaderMap, from: &Url) -> Option<Result<Url, Box<str>>> {
    // servers send paths in their own charset: those bytes cannot be known here, UTF-8 is likeliest
    let text = String::from_utf8_lossy(head.get(LOCATION)?.as_bytes()).into_owned();
    Some(from.join(&text).map_err(|_| text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[(&'static str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_in_any_form() {
        let hour = Some(Duration::from_hours(1));
        for (value, expected) in [
            ("120", Some(Duration::from_mins(2))),
            ("Sun, 06 Nov 1994 09:00:00 GMT", hour),
            ("Mon, 06 Nov 1994 09:00:00 GMT", hour),
            ("Sunday, 06-Nov-94 09:00:00 GMT", hour),
            ("Sun Nov  6 09:00:00 1994", hour),
            ("Sun, 06 Nov 1994 07:00:00 GMT", Some(Duration::ZERO)),
            ("-5", None),
            ("soon", None),
        ] {
            let date = ("date", "Sun, 06 Nov 1994 08:00:00 GMT");
            let answer = head(&[("retry-after", value), date]);
            assert_eq!(retry_after(&answer), expected, "{value}");
            assert_eq!(retry_at(&answer), None, "{value}");
        }
        // what that comes to is told by our own clock, where the server does not tell its own
        let noon = "Sun, 06 Nov 1994 12:00:30 GMT";
        for date in [None, Some(("date", "yesterday"))] {
            let lines: Vec<_> = date.into_iter().chain([("retry-after", noon)]).collect();
            let dateless = head(&lines);
            assert_eq!(retry_after(&dateless), None);
            assert_eq!(retry_at(&dateless), http_date(noon));
        }
        assert_eq!(retry_at(&head(&[("retry-after", "120")])), None);
    }

    #[test]
    fn max_age_is_read_less_the_age() {
        for (lines, expected) in [
            (
                &[("cache-control", "public, max-age=600")] as &[_],
                Some(600),
            ),
            (
                &[("cache-control", "Max-Age=\"600\""), ("age", "500")],
                Some(100),
            ),
            (&[("cache-control", "max-age=600"), ("age", "900")], Some(0)),
            (
                &[
                    ("cache-control", "max-age=600"),
                    ("cache-control", "no-cache"),
                ],
                None,
            ),
            (&[("cache-control", "max-age=-1")], None),
            (&[], None),
        ] {
            assert_eq!(
                max_age(&head(lines)),
                expected.map(Duration::from_secs),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn a_location_is_joined_and_what_is_none_is_given_back() {
        let from = Url::parse("http://a.example/x/y").unwrap();
        let to = |value: &[u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            let head = HeaderMap::from_iter([(LOCATION, value)]);
            location(&head, &from).unwrap().map(String::from)
        };
        assert_eq!(to(b"../z").as_deref(), Ok("http://a.example/z"));
        assert_eq!(to(b"//b.example/").as_deref(), Ok("http://b.example/"));
        assert_eq!(
            to("/通知".as_bytes()).as_deref(),
            Ok("http://a.example/%E9%80%9A%E7%9F%A5")
        );
        assert_eq!(to(b"http://[").as_deref(), Err(&"http://[".into()));
    }
}
