//! The cookies of sources' sessions: many sites set one and redirect to the same address.
//!
//! In: the heads of answers. Out: what is added to the heads of requests. A session begins with the first cookie, so
//! sources whose sites set none cost nothing here; it is over some minutes later, or as soon as it leads to an error.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use tokio::time::Instant;
use url::Url;

use super::client::Way;

/// More cookies than this are not kept in one session.
const MAX_COOKIES: usize = 20;

/// A longer cookie is not kept (RFC 6265, section 6.1, asks for no more).
const MAX_COOKIE_BYTES: usize = 4096;

/// Below this many sessions none is looked at for being over.
const FEW: usize = 256;

/// Whose cookies: a source is told by its list's address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) home: &'a Url,
    pub(super) way: &'a Way,
}

/// The sessions under way.
#[derive(Debug)]
pub(super) struct Sessions {
    kept_for: Duration,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    sessions: HashMap<Key, Session>,
    sweep_at: usize,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    home: Box<str>,
    way: Way,
}

/// A session, with the time until which it is found.
type Session = (Instant, Arc<Cookies>);

/// The cookies of one session.
#[derive(Debug, Default)]
pub(super) struct Cookies(Mutex<Vec<Cookie>>);

#[derive(Debug)]
struct Cookie {
    host: Box<str>,
    name: Box<str>,
    value: Box<str>,
    secure: bool,
}

impl Sessions {
    /// No sessions; those to come are kept for so long.
    pub(super) fn new(kept_for: Duration) -> Self {
        Self {
            kept_for,
            table: Mutex::new(Table {
                sessions: HashMap::new(),
                sweep_at: FEW,
            }),
        }
    }

    /// The session that is under way, if there is one. Who holds it keeps it: a redirect may wait for its turn for longer
    /// than the session is found.
    pub(super) fn of(&self, owner: Owner<'_>) -> Option<Arc<Cookies>> {
        let table = self.lock();
        if table.sessions.is_empty() {
            return None;
        }
        let (until, cookies) = table.sessions.get(&owner.key())?;
        (Instant::now() < *until).then(|| Arc::clone(cookies))
    }

    /// The session that is under way, or else a new one.
    pub(super) fn begin(&self, owner: Owner<'_>) -> Arc<Cookies> {
        let now = Instant::now();
        let fresh = || (now + self.kept_for, Arc::default());
        let mut table = self.lock();
        table.sweep(now);
        let session = table.sessions.entry(owner.key()).or_insert_with(fresh);
        if session.0 <= now {
            *session = fresh();
        }
        Arc::clone(&session.1)
    }

    /// Ends a session, which led nowhere.
    pub(super) fn end(&self, owner: Owner<'_>) {
        let mut table = self.lock();
        if table.sessions.is_empty() {
            return;
        }
        // whoever holds it goes on without cookies
        if let Some((_, cookies)) = table.sessions.remove(&owner.key()) {
            cookies.lock().clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owner<'_> {
    fn key(self) -> Key {
        Key {
            home: self.home.as_str().into(),
            way: self.way.clone(),
        }
    }
}

impl Table {
    /// Drops the sessions that are over; looks again when the others have doubled.
    fn sweep(&mut self, now: Instant) {
        if self.sessions.len() < self.sweep_at {
            return;
        }
        self.sessions.retain(|_, (until, _)| now < *until);
        self.sweep_at = (self.sessions.len() * 2).max(FEW);
    }
}

/// Whether an answer sets cookies.
pub(super) fn sets_any(head: &HeaderMap) -> bool {
    head.contains_key(SET_COOKIE)
}

impl Cookies {
    /// Takes in what an answer sets. Path, domain and all but the shortest expiry are not looked at: a session is over
    /// in minutes, and a cookie returns to its own host only.
    pub(super) fn learn(&self, url: &Url, head: &HeaderMap) {
        let Some(host) = url.host_str() else { return };
        let mut kept = self.lock();
        for line in head.get_all(SET_COOKIE) {
            let Some(line) = line
                .to_str()
                .ok()
                .filter(|line| line.len() <= MAX_COOKIE_BYTES)
            else {
                continue;
            };
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            let mut secure = false;
            let mut taken_back = false;
            for part in parts {
                let (key, value) = part.split_once('=').unwrap_or((part, ""));
                secure |= key.eq_ignore_ascii_case("secure");
                taken_back |= key.eq_ignore_ascii_case("max-age")
                    && value.trim().parse().is_ok_and(|age: i64| age <= 0);
            }
            kept.retain(|c| &*c.host != host || &*c.name != name);
            if kept.len() < MAX_COOKIES && !taken_back {
                kept.push(Cookie {
                    host: host.into(),
                    name: name.into(),
                    value: value.into(),
                    secure,
                });
            }
        }
    }

    /// Adds the host's cookies to those that the configuration sends.
    pub(super) fn add_to(&self, url: &Url, head: &mut HeaderMap) {
        let host = url.host_str().unwrap_or_default();
        let open = url.scheme() != "https";
        let configured = head.get(COOKIE).and_then(|value| value.to_str().ok());
        let mut line = configured.unwrap_or_default().to_owned();
        for cookie in &*self.lock() {
            if &*cookie.host != host || (cookie.secure && open) {
                continue;
            }
            if !line.is_empty() {
                line.push_str("; ");
            }
            line.extend([&cookie.name, "=", &cookie.value]);
        }
        // all its parts have been header values
        if !line.is_empty()
            && let Ok(value) = HeaderValue::from_str(&line)
        {
            head.insert(COOKIE, value);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Cookie>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn owner(home: &Url) -> Owner<'_> {
        Owner {
            home,
            way: &Way::USUAL,
        }
    }

    fn set(lines: &[&str]) -> HeaderMap {
        let line = |line: &&str| (SET_COOKIE, HeaderValue::from_str(line).unwrap());
        lines.iter().map(line).collect()
    }

    /// What is sent to an address beside `configured`.
    fn sent(cookies: &Cookies, to: &Url, configured: &str) -> String {
        let mut head = HeaderMap::new();
        if !configured.is_empty() {
            head.insert(COOKIE, HeaderValue::from_str(configured).unwrap());
        }
        cookies.add_to(to, &mut head);
        let line = head.get(COOKIE).map(|line| line.to_str().unwrap());
        line.unwrap_or_default().to_owned()
    }

    #[test]
    fn a_cookie_returns_to_its_host_only_and_beside_the_configured_ones() {
        let (site, other) = (url("http://a.example/"), url("http://b.example/"));
        let cookies = Cookies::default();
        cookies.learn(&site, &set(&["id=1; Path=/; HttpOnly", "k = v"]));
        cookies.learn(&site, &set(&["id=2", "nonsense"]));
        assert_eq!(sent(&cookies, &site, "mine=0"), "mine=0; k=v; id=2");
        assert_eq!(sent(&cookies, &other, ""), "");

        cookies.learn(&site, &set(&["id=; Max-Age=0", "s=1; Secure"]));
        let long = "x".repeat(5000).replacen('x', "y=", 1);
        cookies.learn(&site, &set(&[&long]));
        assert_eq!(sent(&cookies, &site, ""), "k=v");
        assert_eq!(sent(&cookies, &url("https://a.example/"), ""), "k=v; s=1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_its_sources_own_and_ends_with_an_error_or_in_time() {
        let (site, other) = (url("http://a.example/1"), url("http://a.example/2"));
        let sessions = Sessions::new(MINUTE);
        assert!(sessions.of(owner(&site)).is_none());
        sessions.begin(owner(&site)).learn(&site, &set(&["id=1"]));
        let found = sessions.of(owner(&site)).unwrap();
        assert_eq!(sent(&found, &site, ""), "id=1");
        assert!(sessions.of(owner(&other)).is_none());
        sessions.end(owner(&site));
        assert!(sessions.of(owner(&site)).is_none());
        assert_eq!(sent(&found, &site, ""), "");

        let held = sessions.begin(owner(&site));
        held.learn(&site, &set(&["id=2"]));
        tokio::time::advance(MINUTE).await;
        assert!(sessions.of(owner(&site)).is_none());
        assert_eq!(sent(&held, &site, ""), "id=2");
        let new = sessions.begin(owner(&site));
        assert_eq!(sent(&new, &site, ""), "");
    }

    #[tokio::test(start_paused = true)]
    async fn sessions_that_are_over_are_swept() {
        let sessions = Sessions::new(MINUTE);
        for n in 0..10 * FEW {
            let site = url(&format!("http://{n}.example/"));
            sessions.begin(owner(&site));
            tokio::time::advance(MINUTE).await;
        }
        assert!(sessions.lock().sessions.len() <= FEW);
    }
}
