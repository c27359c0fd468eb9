//! Who may read: everybody, or who sends the token.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use subtle::ConstantTimeEq;

use super::Site;
use crate::config::Token;

/// Lets through who sends the token of `[server]`, as `?token=` or by HTTP Basic (RFC 7617) with any name. `/healthz`
/// is for those who watch over the daemon, and tells nothing.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let Some(token) = &site.config.server.token else {
        return next.run(request).await;
    };
    if matches!(
        request.uri().path(),
        "/healthz" | "/style.css" | "/icon.svg"
    ) || sends(&request, token)
    {
        return next.run(request).await;
    }
    let ask = HeaderValue::from_static("Basic realm=\"schoolbell\", charset=\"UTF-8\"");
    let words = "the token of [server] in the configuration is asked for: put ?token=… behind the address, or give it as \
                 password\n";
    let headers = [(header::WWW_AUTHENTICATE, ask)];
    (StatusCode::UNAUTHORIZED, headers, words).into_response()
}

fn sends(request: &Request, token: &Token) -> bool {
    in_query(request.uri().query().unwrap_or_default(), token) || as_password(request, token)
}

/// Whether a query holds the token.
pub(super) fn in_query(query: &str, token: &Token) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "token" && is(token, value.as_bytes()))
}

fn as_password(request: &Request, token: &Token) -> bool {
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.to_str().ok());
    let Some((scheme, credentials)) = given.and_then(|given| given.split_once(' ')) else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case("basic") {
        return false;
    }
    let Ok(decoded) = BASE64_STANDARD.decode(credentials.trim()) else {
        return false;
    };
    // a name has no colon, a password may
    let colon = decoded.iter().position(|byte| *byte == b':');
    colon.is_some_and(|colon| is(token, &decoded[colon + 1..]))
}

/// Compares in a time that tells nothing of where the two differ.
fn is(token: &Token, given: &[u8]) -> bool {
    token.reveal().as_bytes().ct_eq(given).into()
}
