//! `Host` (RFC 9112, section 3.2): a request must say, once and rightly, whom it is for.

use std::{net::Ipv6Addr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Site, metrics};

/// Refuses a request that lacks a `Host`, has several, or one that names no host.
pub(super) async fn check(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    if is_sound(request.version(), request.headers()) {
        return next.run(request).await;
    }
    let refused = StatusCode::BAD_REQUEST;
    let resource = metrics::resource(request.uri().path());
    site.metrics.answered(resource, refused.as_u16());
    let words = "expected one `Host` field that names a host\n";
    super::harden((refused, words).into_response()).await
}

/// HTTP/1.0 knows no `Host`, and HTTP/2 has `:authority` for it: with them it may be missing.
fn is_sound(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host.as_bytes()),
        (None, _) => version != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// Whether this is `uri-host [ ":" port ]` (RFC 3986, section 3.2.2). An empty host is none for `http`.
pub(super) fn is_host(value: &[u8]) -> bool {
    let is_port = |rest: &[u8]| match rest {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if let [b'[', rest @ ..] = value {
        let Some(end) = rest.iter().position(|byte| *byte == b']') else {
            return false;
        };
        let literal = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        return literal.parse::<Ipv6Addr>().is_ok() && is_port(&rest[end + 1..]);
    }
    let end = value.iter().position(|byte| *byte == b':');
    let (name, port) = value.split_at(end.unwrap_or(value.len()));
    !name.is_empty() && is_name(name) && is_port(port)
}

/// Whether all of it may stand in `reg-name`.
fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    loop {
        rest = match rest {
            [] => return true,
            [b'%', a, b, rest @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest,
            [byte, rest @ ..]
                if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte) =>
            {
                rest
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_what_is_none() {
        for host in [
            "a",
            "bell.example:8080",
            "127.0.0.1:80",
            "[::1]",
            "[2001:db8::1]:8080",
            "bell_1.example:",
            "xn--fiq228c.example",
            "%e6%a0%a1.example",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            ":80",
            "a b",
            "a/b",
            "me@a",
            "a:b",
            "a:80:80",
            "[::1",
            "[x]",
            "[::1]x",
            "a,b",
            "校.example",
            "%zz",
            "http://a",
        ] {
            // a list is a name by its letters: two fields that were joined are seen by nobody
            assert_eq!(is_host(host.as_bytes()), host == "a,b", "{host}");
        }
    }

    #[test]
    fn only_http_1_1_must_have_one() {
        let fields = |hosts: &[&'static str]| {
            let mut fields = HeaderMap::new();
            for host in hosts {
                let value = axum::http::HeaderValue::from_static(host);
                fields.append(header::HOST, value);
            }
            fields
        };
        for (version, hosts, expected) in [
            (Version::HTTP_11, &["a"][..], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_2, &[], true),
            (Version::HTTP_11, &["a", "a"], false),
            (Version::HTTP_10, &["a", "a"], false),
            (Version::HTTP_10, &["a b"], false),
        ] {
            assert_eq!(
                is_sound(version, &fields(hosts)),
                expected,
                "{version:?} {hosts:?}"
            );
        }
    }
}
