//! Which form of a document a request wants, and whether it has it already (RFC 9110, sections 12 and 13).

use std::convert::Infallible;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use super::rendition::Rendition;

/// Answers a GET or HEAD for a document.
pub(super) fn answer(rendition: &Rendition, request: &HeaderMap, max_age_seconds: u64) -> Response {
    let zipped = accepts_gzip(request);
    let form = if zipped {
        &rendition.gzip
    } else {
        &rendition.identity
    };
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::ETAG, form.feed_etag.clone());
    headers.insert(
        header::LAST_MODIFIED,
        rendition.last_modified_header.clone(),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(value) = HeaderValue::try_from(format!("max-age={max_age_seconds}")) {
        headers.insert(header::CACHE_CONTROL, value);
    }
    if is_fresh(request, &form.feed_etag, rendition.last_modified) {
        // a body of unknown length, so that no `Content-Length: 0` is said of a document that has another
        // (RFC 9110, section 8.6)
        let nothing = Body::from_stream(stream::empty::<Result<Bytes, Infallible>>());
        return (StatusCode::NOT_MODIFIED, headers, nothing).into_response();
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(rendition.content_type),
    );
    if zipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    (headers, form.bytes.clone()).into_response()
}

/// Whether what the client has still holds. `If-None-Match` decides alone where it is sent (section 13.2.2).
fn is_fresh(request: &HeaderMap, etag: &HeaderValue, last_modified: Timestamp) -> bool {
    let mut asked = request.get_all(header::IF_NONE_MATCH).iter().peekable();
    if asked.peek().is_some() {
        return asked
            .filter_map(|value| value.to_str().ok())
            .any(|list| names(list, etag));
    }
    let since = request
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok());
    // a date in another form than IMF-fixdate is ignored (section 13.1.3)
    let since = since.and_then(|text| DateTimeParser::new().parse_timestamp(text).ok());
    since.is_some_and(|since| last_modified.as_second() <= since.as_second())
}

/// Whether a list of entity tags, or `*`, names this one. Compared weakly (section 13.1.2).
fn names(list: &str, etag: &HeaderValue) -> bool {
    let ours = etag.as_bytes();
    list.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == ours)
}

/// Whether gzip is welcome (section 12.5.3): named, or covered by `*`, and not with `q=0`.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let mut any = false;
    for value in request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
    {
        for coding in value.split(',') {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            let refused = parameters.split(';').any(|p| {
                let quality = p
                    .trim()
                    .strip_prefix("q=")
                    .or_else(|| p.trim().strip_prefix("Q="));
                quality.is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0))
            });
            match name.trim() {
                name if name.eq_ignore_ascii_case("gzip")
                    || name.eq_ignore_ascii_case("x-gzip") =>
                {
                    return !refused;
                }
                "*" => any = !refused,
                _ => {}
            }
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn codings_are_chosen_by_name_and_quality() {
        let table = [
            ("gzip", true),
            ("deflate, gzip;q=1.0, *;q=0.5", true),
            ("gzip;q=0", false),
            ("*", true),
            ("*, gzip;q=0", false),
            ("br, zstd", false),
            ("identity", false),
            ("", false),
            ("GZIP", true),
        ];
        for (value, expected) in table {
            assert_eq!(
                accepts_gzip(&request(header::ACCEPT_ENCODING, value)),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn entity_tags_decide_before_dates() {
        let etag = HeaderValue::from_static("\"abc\"");
        let at: Timestamp = "2026-03-01T08:00:00.7Z".parse().unwrap();
        let fresh = |headers: &HeaderMap| is_fresh(headers, &etag, at);
        for (value, expected) in [
            ("\"abc\"", true),
            ("\"x\", W/\"abc\"", true),
            ("*", true),
            ("\"x\"", false),
            ("abc", false),
            ("", false),
        ] {
            assert_eq!(
                fresh(&request(header::IF_NONE_MATCH, value)),
                expected,
                "{value}"
            );
        }
        for (value, expected) in [
            ("Sun, 01 Mar 2026 08:00:00 GMT", true),
            ("Sun, 01 Mar 2026 07:59:59 GMT", false),
            ("Mon, 02 Mar 2026 08:00:00 GMT", true),
            ("yesterday", false),
        ] {
            assert_eq!(
                fresh(&request(header::IF_MODIFIED_SINCE, value)),
                expected,
                "{value}"
            );
        }
        let mut both = request(header::IF_NONE_MATCH, "\"x\"");
        both.insert(
            header::IF_MODIFIED_SINCE,
            HeaderValue::from_static("Mon, 02 Mar 2026 08:00:00 GMT"),
        );
        assert!(!fresh(&both));
    }
}
