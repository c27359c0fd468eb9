//! What a request says of the form it wants and of what it has already (RFC 9110, sections 12 and 13), and the answer.

use std::{borrow::Cow, convert::Infallible};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use super::{
    coding::{self, Coding},
    rendition::{Rendition, hash_of},
};

const A_IM: HeaderName = HeaderName::from_static("a-im");
const IM: HeaderName = HeaderName::from_static("im");

/// The header fields that decide an answer; those that come several times are joined (section 5.3).
#[derive(Default)]
pub(super) struct Asked<'a> {
    pub(super) accept_encoding: Option<Cow<'a, str>>,
    pub(super) if_match: Option<Cow<'a, str>>,
    pub(super) unmodified_since: Option<Cow<'a, str>>,
    pub(super) none_match: Option<Cow<'a, str>>,
    pub(super) modified_since: Option<Cow<'a, str>>,
    pub(super) a_im: Option<Cow<'a, str>>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        Self {
            accept_encoding: joined(headers, &header::ACCEPT_ENCODING),
            if_match: joined(headers, &header::IF_MATCH),
            unmodified_since: joined(headers, &header::IF_UNMODIFIED_SINCE),
            none_match: joined(headers, &header::IF_NONE_MATCH),
            modified_since: joined(headers, &header::IF_MODIFIED_SINCE),
            a_im: joined(headers, &A_IM),
        }
    }

    /// The coding that is wanted.
    pub(super) fn coding(&self) -> Coding {
        Coding::wanted(self.accept_encoding.as_deref())
    }

    /// Whether the document is none that the client wants. `If-Match` decides alone where it is sent, and before all
    /// others (section 13.2.2).
    pub(super) fn fails(&self, rendition: &Rendition, coding: Coding) -> bool {
        let etag = &rendition.stamp(coding).feed_etag;
        self.is_unwanted(etag, rendition.last_modified())
    }

    fn is_unwanted(&self, etag: &HeaderValue, last_modified: Timestamp) -> bool {
        if let Some(list) = &self.if_match {
            return !names(list, etag, Compared::Strongly);
        }
        let since = self.unmodified_since.as_deref();
        let since = since.and_then(http_date);
        since.is_some_and(|since| last_modified.as_second() > since.as_second())
    }

    /// Whether what the client has still holds. `If-None-Match` decides alone where it is sent (section 13.2.2).
    pub(super) fn has(&self, rendition: &Rendition, coding: Coding) -> bool {
        let etag = &rendition.stamp(coding).feed_etag;
        self.is_fresh(etag, rendition.last_modified())
    }

    fn is_fresh(&self, etag: &HeaderValue, last_modified: Timestamp) -> bool {
        if let Some(list) = &self.none_match {
            return names(list, etag, Compared::Weakly);
        }
        let since = self.modified_since.as_deref();
        let since = since.and_then(http_date);
        since.is_some_and(|since| last_modified.as_second() <= since.as_second())
    }

    /// Whether only what is new is wanted (RFC 3229 with the manipulation `feed`), and since which documents: the
    /// hashes of their entity tags.
    pub(super) fn news_since(&self) -> Vec<u128> {
        let wanted = self.a_im.as_deref().is_some_and(|list| {
            let mut names = list.split(',').map(|part| {
                let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
                (name.trim(), parameters.trim())
            });
            names.any(|(name, parameters)| {
                name.eq_ignore_ascii_case("feed") && coding::weight(parameters) > 0
            })
        });
        match &self.none_match {
            Some(list) if wanted => list.split(',').filter_map(hash_of).collect(),
            _ => Vec::new(),
        }
    }
}

/// A date in any of the three forms (section 5.6.7); none for another one, which is ignored (section 13.1.3).
fn http_date(text: &str) -> Option<Timestamp> {
    let old = |form| {
        let read = jiff::fmt::strtime::parse(form, text).ok()?;
        let at = read.to_datetime().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(at).ok()
    };
    let imf = DateTimeParser::new().parse_timestamp(text).ok();
    imf.or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| old("%a %b %e %H:%M:%S %Y"))
}

fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let values = headers.get_all(name);
    let mut values = values.iter().filter_map(|value| value.to_str().ok());
    let first = values.next()?;
    Some(values.fold(Cow::Borrowed(first), |mut all, next| {
        let all_mut = all.to_mut();
        all_mut.push_str(", ");
        all_mut.push_str(next);
        all
    }))
}

/// How entity tags are compared (section 8.8.3.2): a weak one is the same as no strong one.
#[derive(Clone, Copy)]
enum Compared {
    Strongly,
    Weakly,
}

/// Whether a list of entity tags, or `*`, names this one, which is strong.
fn names(list: &str, etag: &HeaderValue, compared: Compared) -> bool {
    let ours = etag.as_bytes();
    let is_ours = |tag: &str| match compared {
        Compared::Strongly => tag.as_bytes() == ours,
        Compared::Weakly => tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == ours,
    };
    list.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || is_ours(tag))
}

fn fields(fields: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    fields.iter().cloned().collect()
}

/// Answers a GET or HEAD for a document.
pub(super) async fn answer(
    rendition: &Rendition,
    asked: &Asked<'_>,
    cache_control: HeaderValue,
) -> Response {
    let coding = asked.coding();
    if asked.fails(rendition, coding) {
        return failed();
    }
    if asked.has(rendition, coding) {
        let mut headers = fields(&rendition.stamp(coding).fields);
        headers.insert(header::CACHE_CONTROL, cache_control);
        // a body of unknown length, so that no `Content-Length: 0` is said of a document that has another
        // (RFC 9110, section 8.6)
        let nothing = Body::from_stream(stream::empty::<Result<Bytes, Infallible>>());
        return (StatusCode::NOT_MODIFIED, headers, nothing).into_response();
    }
    let form = rendition.form(coding).await;
    let mut headers = fields(&form.fields);
    headers.insert(header::CACHE_CONTROL, cache_control);
    (headers, form.bytes.clone()).into_response()
}

/// The answer where the document is none that the client wants.
fn failed() -> Response {
    let words = "the document is not the one that `If-Match` or `If-Unmodified-Since` names\n";
    (StatusCode::PRECONDITION_FAILED, words).into_response()
}

/// Answers with what is new in a document (RFC 3229, section 10.4.1): its bytes are those of `news`, its entity tag and
/// date those of the document. Caches that do not know 226 must not take it for the document.
pub(super) async fn answer_news(
    rendition: &Rendition,
    news: &Rendition,
    asked: &Asked<'_>,
) -> Response {
    let coding = asked.coding();
    let form = news.form(coding).await;
    let mut headers = fields(&form.fields);
    for (name, value) in &rendition.stamp(coding).fields {
        headers.insert(name, value.clone());
    }
    headers.insert(IM, HeaderValue::from_static("feed"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (StatusCode::IM_USED, headers, form.bytes.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags_decide_before_dates() {
        let etag = HeaderValue::from_static("\"abc\"");
        let at: Timestamp = "2026-03-01T08:00:00.7Z".parse().unwrap();
        let fresh = |none_match: Option<&'static str>, since: Option<&'static str>| {
            let asked = Asked {
                none_match: none_match.map(Cow::Borrowed),
                modified_since: since.map(Cow::Borrowed),
                ..Asked::default()
            };
            asked.is_fresh(&etag, at)
        };
        for (value, expected) in [
            ("\"abc\"", true),
            ("\"x\", W/\"abc\"", true),
            ("*", true),
            ("\"x\"", false),
            ("abc", false),
            ("", false),
        ] {
            assert_eq!(fresh(Some(value), None), expected, "{value}");
        }
        for (value, expected) in [
            ("Sun, 01 Mar 2026 08:00:00 GMT", true),
            ("Sun, 01 Mar 2026 07:59:59 GMT", false),
            ("Mon, 02 Mar 2026 08:00:00 GMT", true),
            ("yesterday", false),
            ("Sunday, 01-Mar-26 08:00:00 GMT", true),
            ("Sunday, 01-Mar-26 07:59:59 GMT", false),
            ("Sun Mar  1 08:00:00 2026", true),
            ("Sun Mar  1 07:59:59 2026", false),
        ] {
            assert_eq!(fresh(None, Some(value)), expected, "{value}");
        }
        assert!(!fresh(Some("\"x\""), Some("Mon, 02 Mar 2026 08:00:00 GMT")));
    }

    #[test]
    fn a_document_that_is_not_wanted_fails() {
        let etag = HeaderValue::from_static("\"abc\"");
        let at: Timestamp = "2026-03-01T08:00:00.7Z".parse().unwrap();
        let fails = |if_match: Option<&'static str>, since: Option<&'static str>| {
            let asked = Asked {
                if_match: if_match.map(Cow::Borrowed),
                unmodified_since: since.map(Cow::Borrowed),
                ..Asked::default()
            };
            asked.is_unwanted(&etag, at)
        };
        let (before, then) = (
            Some("Sun, 01 Mar 2026 07:59:59 GMT"),
            Some("Sun, 01 Mar 2026 08:00:00 GMT"),
        );
        for (value, expected) in [
            ("\"abc\"", false),
            ("\"x\", \"abc\"", false),
            ("*", false),
            ("W/\"abc\"", true),
            ("\"x\"", true),
            ("", true),
        ] {
            assert_eq!(fails(Some(value), None), expected, "{value}");
        }
        assert!(!fails(Some("*"), before), "the tag decides alone");
        assert!(fails(None, before));
        assert!(!fails(None, then));
        assert!(!fails(None, Some("yesterday")));
    }

    #[test]
    fn fields_that_come_twice_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::IF_NONE_MATCH, HeaderValue::from_static("\"a\""));
        headers.append(header::IF_NONE_MATCH, HeaderValue::from_static("\"b\""));
        let asked = Asked::of(&headers);
        assert_eq!(asked.none_match.as_deref(), Some("\"a\", \"b\""));
        assert_eq!(asked.accept_encoding, None);
    }

    #[test]
    fn news_are_asked_for_by_name() {
        let since = |a_im: &'static str| {
            let asked = Asked {
                a_im: Some(a_im.into()),
                none_match: Some(
                    "\"000000000000000000000000000000ff-gzip\", W/\"00000000000000000000000000000001\", \"x\"".into(),
                ),
                ..Asked::default()
            };
            asked.news_since()
        };
        assert_eq!(since("feed"), [255, 1]);
        assert_eq!(since("vcdiff, Feed;q=0.5"), [255, 1]);
        assert_eq!(since("vcdiff"), []);
        assert_eq!(since("feed;q=0"), []);
    }
}
