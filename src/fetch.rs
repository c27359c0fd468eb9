//! One polite GET.
//!
//! In: an address, and how its source wants to be asked. Out: the page, the news that it has not changed, or a
//! [`FetchError`] that says what is wrong and what to do. On the way, and again on the way of each redirect: the
//! [`guard`] lets only public addresses through, robots.txt is fetched, kept for a day and obeyed ([`robots`]),
//! requests queue for their host (`hosts`), and all that is read and waited for is bounded by [`Limits`]. The HTTP client is known
//! here and below only.

mod body;
mod callback;
mod client;
mod error;
mod exchange;
pub mod guard;
mod headers;
mod hosts;
mod kept;
mod legacy;
mod limits;
mod permission;
pub mod robots;
mod sessions;

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};
use url::Url;

use self::{
    body::Extent,
    client::{Clients, Unresolved, Way},
    exchange::{Progress, Reply, Wire},
    guard::Guard,
    hosts::{HostKey, Hosts, Turn},
    permission::Permissions,
    sessions::{Cookies, Owner, Sessions},
};
pub use self::{
    callback::Callbacks,
    error::{FetchError, Shown, Stage, TlsTrouble},
    limits::Limits,
};
use crate::{
    config::FetchSettings,
    metrics::Metrics,
    page::Page,
    source::{RequestSettings, state::SourceValidators},
};

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The address.
    pub url: &'a Url,
    /// The address that the settings were made for: their headers, which may hold a password, go to its host alone.
    pub home: &'a Url,
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
    limits: Limits,
    clients: Clients,
    hosts: Hosts,
    permissions: Permissions,
    sessions: Sessions,
    metrics: OnceLock<Metrics>,
}

/// A request with what is decided about it, for all its redirects.
struct Errand<'a> {
    /// What to ask for; for a robots.txt other than the page that it is about.
    request: Request<'a>,
    way: Way,
    robots: bool,
    extent: Extent,
}

impl Errand<'_> {
    /// Whose cookies are sent.
    fn owner(&self) -> Owner<'_> {
        Owner {
            home: self.request.home,
            way: &self.way,
        }
    }
}

impl Fetcher {
    /// A fetcher with empty queues.
    ///
    /// # Errors
    /// The HTTP client cannot be set up, as the system has no root certificates.
    pub fn new(settings: &FetchSettings) -> Result<Self, FetchError> {
        Self::with_limits(settings, Limits::default())
    }

    /// A fetcher with other limits than the usual ones.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_limits(settings: &FetchSettings, limits: Limits) -> Result<Self, FetchError> {
        let clients = Clients::new(Guard::new(&settings.allow_private), limits.connect);
        // made now, so that a system without root certificates is told at the start
        clients.get(&Way::USUAL)?;
        Ok(Self {
            inner: Arc::new(Inner {
                limits,
                clients,
                hosts: Hosts::new(settings.per_host, settings.concurrency),
                permissions: Permissions::default(),
                sessions: Sessions::new(limits.session),
                metrics: OnceLock::new(),
            }),
        })
    }

    /// Measures requests there from now on.
    pub fn measure(&self, metrics: &Metrics) {
        // a fetcher belongs to one daemon
        let _ = self.inner.metrics.set(metrics.clone());
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
    /// Asks with the cookies of the source's session. One that led to an error is over: its cookies may be why.
    async fn follow(&self, errand: &Errand<'_>) -> Result<Answer, FetchError> {
        let answer = self.walk(errand).await;
        // that a robots.txt is missing says nothing of the session
        if answer.is_err() && matches!(errand.extent, Extent::Whole(_)) {
            self.sessions.end(errand.owner());
        }
        answer
    }

    async fn walk(&self, errand: &Errand<'_>) -> Result<Answer, FetchError> {
        let mut url = Cow::Borrowed(errand.request.url);
        if url.fragment().is_some() {
            url.to_mut().set_fragment(None);
        }
        let mut left = errand.request.settings.timeout;
        let mut cookies = None;
        let mut for_good = true;
        for redirects in 0..=self.limits.redirects {
            match self.visit(&url, errand, &mut cookies, &mut left).await? {
                Reply::Final(mut answer) => {
                    answer.permanent = (redirects > 0 && for_good).then(|| url.into_owned());
                    return Ok(*answer);
                }
                Reply::Redirect { to, permanent } => {
                    for_good &= permanent;
                    url = Cow::Owned(to);
                }
            }
        }
        Err(FetchError::Redirects {
            address: errand.request.url.into(),
            limit: self.limits.redirects,
        })
    }

    /// Asks one address when its turn has come; the time on the wire is taken off what is left.
    async fn visit(
        &self,
        url: &Url,
        errand: &Errand<'_>,
        cookies: &mut Option<Arc<Cookies>>,
        left: &mut Duration,
    ) -> Result<Reply, FetchError> {
        let hosts = self.admit(url, errand).await?;
        let delay = self.obey_robots(url, errand).await?;
        let turn = self.hosts.turn(&hosts, delay).await;
        let mut turn = turn.map_err(|resting| FetchError::Resting {
            address: url.into(),
            left: resting.left,
        })?;
        let client = self.clients.get(&errand.way)?;
        let began = Instant::now();
        let progress = Progress::default();
        let wire = Wire {
            client: client.as_ref(),
            limits: &self.limits,
            sessions: &self.sessions,
            progress: &progress,
        };
        // boxed: it is waited for twice, and must not be moved between
        let asked = Box::pin(exchange::ask(wire, url, errand, cookies));
        let reply = in_time(asked, &progress, &mut turn, &self.limits, *left).await;
        let reply = reply.unwrap_or_else(|stage| {
            Err(FetchError::Slow {
                address: url.into(),
                stage,
                limit: match stage {
                    Stage::Headers => self.limits.headers,
                    _ => errand.request.settings.timeout,
                },
            })
        });
        let took = began.elapsed();
        *left = left.saturating_sub(took);
        log(url, &reply, took);
        if let Some(metrics) = self.metrics.get() {
            metrics.fetched(took);
        }
        if let Err(error) = &reply
            && error.asks_for_rest()
        {
            turn.rest(error.retry_after().unwrap_or(self.limits.rest));
        }
        reply
    }

    /// Lets an address pass, or not, and says in which queues it stands.
    async fn admit(&self, url: &Url, errand: &Errand<'_>) -> Result<Vec<HostKey>, FetchError> {
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
            return Ok(vec![HostKey::Address(literal)]);
        }
        let mut queues = vec![HostKey::Name(host.to_string().into())];
        // behind a proxy names are its affair: here they may not resolve at all
        if errand.way.proxy.is_some() {
            return Ok(queues);
        }
        match resolver.resolve(url.host_str().unwrap_or_default()).await {
            // servers turn the order of a name's addresses; the smallest stays
            Ok(found) => {
                queues.extend(found.into_iter().min().map(HostKey::Address));
                Ok(queues)
            }
            Err(Unresolved::Refused(refusal)) => Err(refused(refusal)),
            Err(Unresolved::Failed(source)) => Err(FetchError::Resolve {
                address: address(),
                source,
            }),
        }
    }
}

/// The answer, if its head and then all of it come in time, or what was waited for; when it has not come after a while,
/// the request hands on its place among all.
async fn in_time<T>(
    mut asked: impl Future<Output = T> + Unpin,
    progress: &Progress,
    turn: &mut Turn<'_>,
    limits: &Limits,
    left: Duration,
) -> Result<T, Stage> {
    // one timer for all three: most answers come before any of them is due
    let soon = limits.slow.min(limits.headers).min(left);
    if let Ok(answer) = timeout(soon, &mut asked).await {
        return Ok(answer);
    }
    let head = async {
        sleep(limits.headers.saturating_sub(soon)).await;
        if progress.has_head() {
            std::future::pending::<()>().await;
        }
    };
    let whole = sleep(left.saturating_sub(soon));
    let give_way = async {
        sleep(limits.slow.saturating_sub(soon)).await;
        turn.give_way().await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        answer = asked => Ok(answer),
        () = head => Err(Stage::Headers),
        () = whole => Err(Stage::Whole),
        // never ends
        () = give_way => Err(Stage::Whole),
    }
}

/// One line per request, for those who look closely; a poll has a line of its own.
fn log(url: &Url, reply: &Result<Reply, FetchError>, took: Duration) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let (url, duration_ms) = (Shown::from(url), took.as_millis());
    match reply {
        Ok(Reply::Final(answer)) => {
            let size_bytes = answer.page.as_ref().map_or(0, |page| page.body.len());
            let status = answer.status;
            tracing::debug!(%url, http.status = status, size_bytes, duration_ms, "fetched");
        }
        Ok(Reply::Redirect { to, .. }) => {
            tracing::debug!(%url, to = %Shown::from(to), duration_ms, "redirected");
        }
        Err(error) => tracing::debug!(%url, error = error.chain(), duration_ms, "not fetched"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How a request ends whose answer's head and end come after so many seconds, and when.
    async fn ending(
        limits: Limits,
        left: Duration,
        head: u64,
        end: u64,
    ) -> (Result<&'static str, Stage>, u64) {
        let hosts = Hosts::new(1, 1);
        let key = [HostKey::Name("a.example".into())];
        let mut turn = hosts.turn(&key, Duration::ZERO).await.unwrap();
        let progress = Progress::default();
        let begun = Instant::now();
        let asked = Box::pin(async {
            sleep(seconds(head)).await;
            progress.note_head();
            sleep(seconds(end - head)).await;
            "answered"
        });
        let ended = in_time(asked, &progress, &mut turn, &limits, left).await;
        (ended, begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn each_of_the_three_times_ends_a_request() {
        let usual = Limits::USUAL;
        let strict = Limits {
            headers: seconds(1),
            ..usual
        };
        let never = 1_000_000;
        for (limits, left, head, end, expected) in [
            (usual, 30, 1, 1, (Ok("answered"), 1)),
            (usual, 30, 20, 29, (Ok("answered"), 29)),
            (usual, 30, never, never, (Err(Stage::Whole), 30)),
            (usual, 30, 1, never, (Err(Stage::Whole), 30)),
            (usual, 90, never, never, (Err(Stage::Headers), 60)),
            // raising the source's `timeout` would not help
            (usual, 60, never, never, (Err(Stage::Headers), 60)),
            (usual, 90, 59, 80, (Ok("answered"), 80)),
            (usual, 90, 59, never, (Err(Stage::Whole), 90)),
            (usual, 1, 1, never, (Err(Stage::Whole), 1)),
            (strict, 30, 2, 2, (Err(Stage::Headers), 1)),
            (strict, 30, 0, never, (Err(Stage::Whole), 30)),
        ] {
            let ended = ending(limits, seconds(left), head, end).await;
            assert_eq!(ended, expected, "{left} s left, head {head} s, end {end} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_long_makes_room_for_another() {
        let hosts = Hosts::new(1, 1);
        let [a, b] = ["a", "b"].map(|name| [HostKey::Name(name.into())]);
        let mut turn = hosts.turn(&a, Duration::ZERO).await.unwrap();
        let progress = Progress::default();
        let begun = Instant::now();
        let asked = Box::pin(sleep(seconds(20)));
        let (ended, begins) = tokio::join!(
            in_time(asked, &progress, &mut turn, &Limits::USUAL, seconds(30)),
            async {
                let turn = timeout(seconds(100), hosts.turn(&b, Duration::ZERO)).await;
                turn.map(|_| begun.elapsed().as_secs())
            }
        );
        assert_eq!(ended, Ok(()));
        assert_eq!(begins, Ok(Limits::USUAL.slow.as_secs()));
    }

    #[test]
    fn a_get_can_be_spawned() {
        fn sendable<T: Send>(_: impl Fn(&'static Fetcher, Request<'static>) -> T) {}
        sendable(|fetcher, request| fetcher.get(request));
    }
}
