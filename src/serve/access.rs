//! Who may read: everybody, or who sends the token.
//!
//! A program sends it with each request. A browser that comes with `?token=` to a page is given a cookie and sent to
//! the address without it, so that links lead on and the address can be shown. A feed that was asked for by `?token=`
//! carries it in its links to itself, its pages and the hub; one that was asked for otherwise holds nothing of it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use subtle::ConstantTimeEq;

use super::{Site, missing, pages};
use crate::{config::Token, websub};

/// The cookie's name.
const COOKIE: &str = "schoolbell";

/// Lets through who sends the token of `[server]`, as `?token=`, by HTTP Basic (RFC 7617) with any name, or the cookie
/// that it was changed for. `/healthz` is for those who watch over the daemon, and tells nothing.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let Some(token) = &site.config.server.token else {
        return next.run(request).await;
    };
    if matches!(
        request.uri().path(),
        "/healthz" | "/style.css" | "/icon.svg"
    ) {
        return next.run(request).await;
    }
    if in_query(request.uri().query().unwrap_or_default(), token) {
        if let Some(entered) = enter(&site, &request, token) {
            return entered;
        }
        return next.run(request).await;
    }
    let headers = request.headers();
    if as_cookie(headers, token) || as_password(headers, token) {
        return next.run(request).await;
    }
    let ask = HeaderValue::from_static("Basic realm=\"schoolbell\", charset=\"UTF-8\"");
    let words = "the token of [server] in the configuration is asked for: put ?token=… behind the address, or give it as \
                 password\n";
    let headers = [(header::WWW_AUTHENTICATE, ask)];
    (StatusCode::UNAUTHORIZED, headers, words).into_response()
}

/// Whether a query holds the token.
pub(super) fn in_query(query: &str, token: &Token) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "token" && is(token, value.as_bytes()))
}

/// Whether links in what is answered are to carry the token: it was sent in the address.
pub(super) fn was_asked_for_with(site: &Site, query: &str) -> bool {
    let token = site.config.server.token.as_ref();
    token.is_some_and(|token| in_query(query, token))
}

/// Whether a query names another token than the one that is asked for.
pub(super) fn is_outdated(site: &Site, query: &str) -> bool {
    let names_one = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "token");
    let token = site.config.server.token.as_ref();
    names_one && token.is_some_and(|token| !in_query(query, token))
}

/// Whether who asks has come with the token in an address, now or before.
pub(super) fn came_by_address(site: &Site, query: &str, headers: &HeaderMap) -> bool {
    let token = site.config.server.token.as_ref();
    token.is_some_and(|token| in_query(query, token) || as_cookie(headers, token))
}

impl Site {
    /// What the query of an address must say for readers to be let in; none where everybody is.
    pub(super) fn access(&self) -> Option<String> {
        let token = self.config.server.token.as_ref()?;
        Some(format!("token={}", token.reveal()))
    }
}

/// Changes the token in a page's address for a cookie. None where it is no browser that asks, or for no page.
fn enter(site: &Site, request: &Request, token: &Token) -> Option<Response> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path();
    if !is_read || !pages::is_page(path) || !missing::accepts_html(request.headers()) {
        return None;
    }
    let rest = request.uri().query().unwrap_or_default().split('&');
    let is_token = |pair: &str| {
        let mut read = form_urlencoded::parse(pair.as_bytes());
        read.next().is_none_or(|(name, _)| name == "token")
    };
    let rest: Vec<&str> = rest.filter(|pair| !is_token(pair)).collect();
    // relative, so that the daemon may lie below any path
    let mut to = format!("./{}", path.rsplit('/').next().unwrap_or_default());
    if !rest.is_empty() {
        to.push('?');
        to.push_str(&rest.join("&"));
    }
    let public = &site.config.server.public_url;
    let secure = match public.scheme() {
        "https" => "; Secure",
        _ => "",
    };
    // not `Strict`: browsers would not send it behind a link in a mail or a message; nothing here is changed by a GET
    let cookie = format!(
        "{COOKIE}={}; Path={}; HttpOnly; SameSite=Lax{secure}",
        pass(token),
        public.path()
    );
    let value = |text: String| HeaderValue::try_from(text).ok();
    let headers = [
        (header::LOCATION, value(to)?),
        (header::SET_COOKIE, value(cookie)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Some((StatusCode::SEE_OTHER, headers).into_response())
}

/// What the cookie says: made of the token, which cannot be made of it. Another token makes it void.
fn pass(token: &Token) -> String {
    let signed = websub::signature(token.reveal(), b"the cookie of a reader");
    signed.trim_start_matches("sha256=").to_owned()
}

fn as_cookie(headers: &HeaderMap, token: &Token) -> bool {
    let fields = headers.get_all(header::COOKIE).iter();
    let pairs = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'));
    let mut ours = pairs.filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    ours.any(|value| value.as_bytes().ct_eq(pass(token).as_bytes()).into())
}

fn as_password(headers: &HeaderMap, token: &Token) -> bool {
    let given = headers.get(header::AUTHORIZATION);
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
