//! One request on the wire, and what its answer means.
//!
//! In: a client, an address that may be asked now, and the errand it is part of. Out: a redirect, or the final answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::StatusCode;
use reqwest::Response;
use url::Url;

use super::{
    Answer, Errand, Limits,
    body::{self, Extent},
    client::Client,
    error::FetchError,
    headers,
    sessions::{self, Cookies, Sessions},
};
use crate::{page::Page, source::state::SourceValidators};

/// One answer on the way.
pub(super) enum Reply {
    Redirect { to: Url, permanent: bool },
    Final(Box<Answer>),
}

/// What a request is made with.
#[derive(Clone, Copy)]
pub(super) struct Wire<'a> {
    pub(super) client: &'a Client,
    pub(super) limits: &'a Limits,
    pub(super) sessions: &'a Sessions,
    pub(super) progress: &'a Progress,
}

/// How far a request has come, for who waits for it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    head: AtomicBool,
}

impl Progress {
    /// Notes that the answer's head has come.
    pub(super) fn note_head(&self) {
        self.head.store(true, Ordering::Relaxed);
    }

    /// Whether the answer's head is here.
    pub(super) fn has_head(&self) -> bool {
        self.head.load(Ordering::Relaxed)
    }
}

/// Sends the request and reads the answer, whose cookies are kept for the next redirect: in `cookies`, if there are any.
pub(super) async fn ask(
    wire: Wire<'_>,
    url: &Url,
    errand: &Errand<'_>,
    cookies: &mut Option<Arc<Cookies>>,
) -> Result<Reply, FetchError> {
    let limits = wire.limits;
    let known = errand.request.validators;
    let mut answer = send(wire, url, errand, cookies).await?;
    wire.progress.note_head();
    if sessions::sets_any(answer.headers()) {
        let cookies = cookies.get_or_insert_with(|| wire.sessions.begin(errand.owner()));
        cookies.learn(url, answer.headers());
    }
    if let Some(redirect) = redirect(url, &answer)? {
        return Ok(redirect);
    }
    let status = answer.status();
    let page = match status {
        StatusCode::NOT_MODIFIED if known.is_some() => None,
        _ if status.is_success() => Some(read_page(url, &mut answer, limits, errand.extent).await?),
        _ => return Err(refuse(url, &mut answer, limits).await),
    };
    let head = answer.headers();
    Ok(Reply::Final(Box::new(Answer {
        page,
        status: status.as_u16(),
        validators: renewed(headers::validators(head), known, status),
        permanent: None,
        max_age: headers::max_age(head),
    })))
}

/// The same host, and no less safe a way to it.
fn is_at_home(home: &Url, url: &Url) -> bool {
    home.host() == url.host() && (home.scheme() == url.scheme() || url.scheme() == "https")
}

async fn send(
    wire: Wire<'_>,
    url: &Url,
    errand: &Errand<'_>,
    cookies: &mut Option<Arc<Cookies>>,
) -> Result<Response, FetchError> {
    let settings = errand.request.settings;
    let at_home = settings.headers.is_empty() || is_at_home(errand.request.home, url);
    let head = headers::request(settings, errand.request.validators, at_home);
    let mut head = head.map_err(|name| FetchError::Header {
        address: url.into(),
        name: name.into(),
    })?;
    // another request of the source may have begun a session meanwhile
    if cookies.is_none() {
        *cookies = wire.sessions.of(errand.owner());
    }
    if let Some(cookies) = cookies {
        cookies.add_to(url, &mut head);
    }
    wire.client.get(url, head, wire.limits).await
}

fn redirect(url: &Url, answer: &Response) -> Result<Option<Reply>, FetchError> {
    let permanent = match answer.status().as_u16() {
        301 | 308 => true,
        302 | 303 | 307 => false,
        _ => return Ok(None),
    };
    match headers::location(answer.headers(), url) {
        Some(Ok(mut to)) => {
            to.set_fragment(None);
            Ok(Some(Reply::Redirect { to, permanent }))
        }
        Some(Err(location)) => Err(FetchError::Location {
            address: url.into(),
            location,
        }),
        None => Ok(None),
    }
}

async fn read_page(
    url: &Url,
    answer: &mut Response,
    limits: &Limits,
    extent: Extent,
) -> Result<Page, FetchError> {
    let content_type = headers::content_type(answer.headers());
    let body = match content_type.as_deref() {
        // a beginning is wanted whatever it is: robots.txt, an error page
        Some(media) if body::is_file(media) && matches!(extent, Extent::Whole(_)) => {
            body::read_if_page(url, answer, limits, extent).await?
        }
        _ => body::read(url, answer, limits, extent).await?,
    };
    Ok(Page {
        url: url.clone(),
        content_type,
        body,
    })
}

/// Makes the error of an answer that is no page.
async fn refuse(url: &Url, answer: &mut Response, limits: &Limits) -> FetchError {
    let beginning = Extent::Beginning(limits.error_page_bytes);
    // an error page that breaks off does not make another error of it
    let body = body::read(url, answer, limits, beginning).await;
    FetchError::Status {
        address: url.into(),
        status: answer.status(),
        retry_after: headers::retry_after(answer.headers()),
        retry_at: headers::retry_at(answer.headers()),
        page: Box::new(Page {
            url: url.clone(),
            content_type: headers::content_type(answer.headers()),
            body: body.unwrap_or_default(),
        }),
    }
}

/// A 304 may leave out the validators that it confirms.
fn renewed(
    sent: SourceValidators,
    known: Option<&SourceValidators>,
    status: StatusCode,
) -> SourceValidators {
    match known {
        Some(known) if status == StatusCode::NOT_MODIFIED => SourceValidators {
            etag: sent.etag.or_else(|| known.etag.clone()),
            last_modified: sent.last_modified.or_else(|| known.last_modified.clone()),
        },
        _ => sent,
    }
}
