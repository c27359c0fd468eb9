//! One polite GET.
//!
//! In: an address, and how its source wants to be asked. Out: the page, the news that it has not changed, or a
//! [`FetchError`] that says what is wrong and what to do. On the way, and again on the way of each redirect: the
//! [`guard`] lets only public addresses through, robots.txt is fetched, kept for a day and obeyed ([`robots`]),
//! requests queue for their host (`hosts`), and all that is read is bounded by [`LIMITS`]. The HTTP client is known
//! here and below only.

mod body;
mod client;
mod error;
pub mod guard;
mod headers;
mod hosts;
mod kept;
pub mod robots;

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use jiff::Timestamp;
use reqwest::Response;
use tokio::time::{Instant, timeout};
use url::{Host, Url};

pub use self::error::{FetchError, Shown, Stage};
use self::{
    body::Extent,
    client::{Clients, Unresolved, Way},
    guard::Guard,
    headers::Cookies,
    hosts::{HostKey, Hosts, Turn},
    kept::Kept,
    robots::Rules,
};
use crate::{
    config::FetchSettings,
    page::Page,
    source::{RequestSettings, state::SourceValidators},
};

/// What no configuration raises; the body's size and the whole request's time are each source's own.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Redirects that are followed.
    pub redirects: usize,
    /// The time until a connection stands.
    pub connect: Duration,
    /// The time until an answer begins.
    pub headers: Duration,
    /// The time between two pieces of a body.
    pub idle: Duration,
    /// The longest pause between two requests that a robots.txt can ask for.
    pub crawl_delay: Duration,
    /// What is read of an error page.
    pub error_page_bytes: u64,
    /// How long a robots.txt is kept (RFC 9309, section 2.4).
    pub robots_kept: Duration,
    /// How long a robots.txt that could not be read closes its origin before it is tried again.
    pub robots_unread: Duration,
    /// How long a host rests that asks for it (429, 503) without saying how long.
    pub rest: Duration,
}

/// The limits in force.
pub const LIMITS: Limits = Limits {
    redirects: 5,
    connect: Duration::from_secs(10),
    headers: Duration::from_secs(60),
    idle: Duration::from_secs(20),
    crawl_delay: Duration::from_secs(60),
    error_page_bytes: 64 * 1024,
    robots_kept: Duration::from_secs(24 * 60 * 60),
    robots_unread: Duration::from_secs(60),
    rest: Duration::from_secs(30),
};

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The address.
    pub url: &'a Url,
    /// How to ask.
    pub settings: &'a RequestSettings,
    /// What the server gave with the page that is known, for a conditional GET.
    pub validators: Option<&'a SourceValidators>,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The page, or `None` where it has not changed (304). A file's body (PDF, picture, archive) is left empty.
    pub page: Option<Page>,
    /// The status code.
    pub status: u16,
    /// What to send with the next GET, verbatim.
    pub validators: SourceValidators,
    /// Where the page is now, if every redirect on the way was for good (301, 308).
    pub permanent: Option<Url>,
    /// How long the answer stays fresh.
    pub max_age: Option<Duration>,
}

/// Fetches, politely. A clone shares queues, connections and what robots.txt said.
#[derive(Clone, Debug)]
pub struct Fetcher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clients: Clients,
    hosts: Hosts,
    robots: Kept<RobotsKey, Robots>,
}

/// A robots.txt is asked for as its pages are: it may answer otherwise on another way or to another robot.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RobotsKey {
    origin: Box<str>,
    token: Box<str>,
    way: Way,
}

type Robots = Result<Arc<Rules>, Arc<FetchError>>;

/// A request with what is decided about it, for all its redirects.
struct Errand<'a> {
    request: Request<'a>,
    way: Way,
    robots: bool,
    extent: Extent,
}

/// One answer on the way.
enum Reply {
    Redirect { to: Url, permanent: bool },
    Final(Box<Answer>),
}

impl Fetcher {
    /// A fetcher with empty queues.
    ///
    /// # Errors
    /// The HTTP client cannot be set up, as the system has no root certificates.
    pub fn new(settings: &FetchSettings) -> Result<Self, FetchError> {
        let clients = Clients::new(Guard::new(&settings.allow_private));
        clients.get(&Way {
            tls: crate::source::Tls::Strict,
            proxy: None,
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                clients,
                hosts: Hosts::new(settings.per_host, settings.concurrency),
                robots: Kept::default(),
            }),
        })
    }

    /// Waits for the host's turn and asks, following redirects.
    ///
    /// The time in the queue does not count against the source's `timeout`.
    ///
    /// # Errors
    /// Whatever gave no page: see [`FetchError`].
    pub async fn get(&self, request: Request<'_>) -> Result<Answer, FetchError> {
        let settings = request.settings;
        let errand = Errand {
            request,
            way: Way {
                tls: settings.tls,
                proxy: settings.proxy.clone(),
            },
            robots: settings.robots,
            extent: Extent::Whole(settings.max_body_bytes),
        };
        self.inner.follow(&errand).await
    }
}

impl Inner {
    async fn follow(&self, errand: &Errand<'_>) -> Result<Answer, FetchError> {
        let start = errand.request.url;
        let mut url = start.clone();
        url.set_fragment(None);
        let mut left = errand.request.settings.timeout;
        let mut cookies = Cookies::default();
        let mut for_good = true;
        for redirects in 0..=LIMITS.redirects {
            let host = self.admit(&url, errand).await?;
            let delay = self.obey_robots(&url, errand).await?;
            let turn = self.hosts.turn(host, delay).await;
            let turn = turn.map_err(|resting| FetchError::Resting {
                address: (&url).into(),
                left: resting.left,
            })?;
            let began = Instant::now();
            let asked = timeout(left, self.ask(&url, errand, &mut cookies, &turn)).await;
            left = left.saturating_sub(began.elapsed());
            let reply = asked.map_err(|_| FetchError::Slow {
                address: (&url).into(),
                stage: Stage::Whole,
                limit: errand.request.settings.timeout,
            })??;
            match reply {
                Reply::Final(mut answer) => {
                    answer.permanent = (redirects > 0 && for_good).then_some(url);
                    return Ok(*answer);
                }
                Reply::Redirect { to, permanent } => {
                    for_good &= permanent;
                    url = to;
                }
            }
        }
        Err(FetchError::Redirects {
            address: start.into(),
            limit: LIMITS.redirects,
        })
    }

    /// Lets an address pass, or not, and says in which queue it stands.
    async fn admit(&self, url: &Url, errand: &Errand<'_>) -> Result<HostKey, FetchError> {
        let address = || Shown::from(url);
        let refused = |refusal| FetchError::Refused {
            address: address(),
            refusal,
        };
        let (true, Some(host)) = (matches!(url.scheme(), "http" | "https"), url.host()) else {
            return Err(FetchError::Scheme { address: address() });
        };
        let resolver = &self.clients.resolver;
        if let Some(literal) = resolver.guard.check_literal(url).map_err(refused)? {
            return Ok(HostKey::Address(literal));
        }
        // behind a proxy names are its affair: here they may not resolve at all
        if errand.way.proxy.is_some() {
            return Ok(HostKey::Name(host.to_string().into()));
        }
        let found = match host {
            Host::Domain(name) => resolver.resolve(name).await,
            Host::Ipv4(_) | Host::Ipv6(_) => Ok(Vec::new()),
        };
        match found {
            // servers turn the order of a name's addresses; the smallest stays
            Ok(found) => Ok(found
                .into_iter()
                .min()
                .map_or_else(|| HostKey::Name(host.to_string().into()), HostKey::Address)),
            Err(Unresolved::Refused(refusal)) => Err(refused(refusal)),
            Err(Unresolved::Failed(source)) => Err(FetchError::Resolve {
                address: address(),
                source,
            }),
        }
    }

    /// Asks robots.txt whether the address is open; gives the pause between two requests.
    async fn obey_robots(&self, url: &Url, errand: &Errand<'_>) -> Result<Duration, FetchError> {
        let delay = errand.request.settings.delay;
        if !errand.robots {
            return Ok(delay);
        }
        let rules = self
            .robots(url, errand)
            .await
            .map_err(|source| match *source {
                // the host's rest is no fault of its robots.txt
                FetchError::Resting { left, .. } => FetchError::Resting {
                    address: url.into(),
                    left,
                },
                _ => FetchError::RobotsUnread {
                    address: url.into(),
                    source,
                },
            })?;
        if !rules.allows(url) {
            return Err(FetchError::Robots {
                address: url.into(),
                robots: Shown::from(&robots_of(url)),
            });
        }
        let asked = rules.crawl_delay().unwrap_or_default();
        Ok(delay.max(asked.min(LIMITS.crawl_delay)))
    }

    /// What the robots.txt of an address says, kept or fetched.
    async fn robots(&self, url: &Url, errand: &Errand<'_>) -> Robots {
        let agent = &errand.request.settings.user_agent;
        let key = RobotsKey {
            origin: url[..url::Position::BeforePath].into(),
            token: robots::product_token(agent).into(),
            way: errand.way.clone(),
        };
        // boxed: a fetch needs robots.txt, which is a fetch
        self.robots
            .get(key, Box::pin(self.fetch_robots(url, errand)))
            .await
    }

    async fn fetch_robots(&self, url: &Url, errand: &Errand<'_>) -> (Robots, Duration) {
        let address = robots_of(url);
        let settings = errand.request.settings;
        let errand = Errand {
            request: Request {
                url: &address,
                settings,
                validators: None,
            },
            way: errand.way.clone(),
            robots: false,
            extent: Extent::Beginning(robots::MAX_BYTES as u64),
        };
        match self.follow(&errand).await {
            Ok(answer) => {
                let token = robots::product_token(&settings.user_agent);
                let body = answer.page.map(|page| page.body).unwrap_or_default();
                (Ok(Arc::new(Rules::parse(&body, token))), LIMITS.robots_kept)
            }
            Err(error) if means_no_rules(&error) => (Ok(Arc::default()), LIMITS.robots_kept),
            // not kept: the host says itself how long
            Err(error @ FetchError::Resting { .. }) => (Err(Arc::new(error)), Duration::ZERO),
            Err(error) => (Err(Arc::new(error)), LIMITS.robots_unread),
        }
    }

    /// One request and its answer.
    async fn ask(
        &self,
        url: &Url,
        errand: &Errand<'_>,
        cookies: &mut Cookies,
        turn: &Turn,
    ) -> Result<Reply, FetchError> {
        let Request {
            url: start,
            settings,
            validators,
        } = errand.request;
        let own_host = url.host() == start.host();
        let mut head = headers::request(settings, validators, own_host).map_err(|name| {
            FetchError::Header {
                address: url.into(),
                name: name.into(),
            }
        })?;
        cookies.add_to(url, &mut head);
        let client = self.clients.get(&errand.way)?;
        let answer = timeout(LIMITS.headers, client.get(url.clone()).headers(head).send()).await;
        let mut answer = answer
            .map_err(|_| FetchError::Slow {
                address: url.into(),
                stage: Stage::Headers,
                limit: LIMITS.headers,
            })?
            .map_err(|error| client::explain(url, error))?;
        cookies.learn(url, answer.headers());
        if let Some(redirect) = redirect(url, &answer)? {
            return Ok(redirect);
        }
        let page = match answer.status() {
            StatusCode::NOT_MODIFIED if validators.is_some() => None,
            status if status.is_success() => {
                Some(read_page(url, &mut answer, errand.extent).await?)
            }
            _ => return Err(refuse(url, &mut answer, turn).await),
        };
        Ok(Reply::Final(Box::new(Answer {
            page,
            status: answer.status().as_u16(),
            validators: renewed(
                headers::validators(answer.headers()),
                validators,
                answer.status(),
            ),
            permanent: None,
            max_age: headers::max_age(answer.headers()),
        })))
    }
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

async fn read_page(url: &Url, answer: &mut Response, extent: Extent) -> Result<Page, FetchError> {
    let content_type = headers::content_type(answer.headers());
    let body = match content_type.as_deref() {
        Some(media) if body::is_file(media) => body::read_if_page(url, answer, extent).await?,
        _ => body::read(url, answer, extent).await?,
    };
    Ok(Page {
        url: url.clone(),
        content_type,
        body,
    })
}

/// Makes the error of an answer that is no page, and lets the host rest if it asks for it.
async fn refuse(url: &Url, answer: &mut Response, turn: &Turn) -> FetchError {
    #[allow(
        clippy::disallowed_methods,
        reason = "a date of Retry-After is told from now where the answer has no Date"
    )]
    let now = Timestamp::now();
    let status = answer.status();
    let retry_after = headers::retry_after(answer.headers(), now);
    if matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        turn.rest(retry_after.unwrap_or(LIMITS.rest));
    }
    let content_type = headers::content_type(answer.headers());
    let beginning = Extent::Beginning(LIMITS.error_page_bytes);
    // an error page that breaks off does not make another error of it
    let body = body::read(url, answer, beginning).await.unwrap_or_default();
    FetchError::Status {
        address: url.into(),
        status,
        retry_after,
        page: Box::new(Page {
            url: url.clone(),
            content_type,
            body,
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

fn robots_of(url: &Url) -> Url {
    let mut robots = url.clone();
    robots.set_path("/robots.txt");
    robots.set_query(None);
    robots
}

/// Whether a robots.txt that gave no page leaves its origin open (RFC 9309, section 2.3.1.3): it does not exist, or
/// it redirects without end or to where nothing may be asked.
fn means_no_rules(error: &FetchError) -> bool {
    match error {
        FetchError::Status { status, .. } => status.is_client_error() || status.is_redirection(),
        FetchError::Redirects { .. }
        | FetchError::Location { .. }
        | FetchError::Refused { .. }
        | FetchError::Scheme { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_can_be_spawned() {
        fn sendable<T: Send>(_: impl Fn(&'static Fetcher, Request<'static>) -> T) {}
        sendable(|fetcher, request| fetcher.get(request));
    }
}
