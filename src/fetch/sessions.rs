//! The cookies of sources' sessions: many sites set one and redirect to the same address.
//!
//! In: the heads of answers. Out: what is added to the heads of requests. A session begins with the first cookie, so
//! sources whose sites set none cost nothing here; it is over some minutes later, or as soon as it leads to an error.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
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

#[derive(Debug)]
struct Session {
    until: Instant,
    cookies: Vec<Cookie>,
}

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

    /// Takes in what an answer sets. Path, domain and all but the shortest expiry are not looked at: a session is over
    /// in minutes, and a cookie returns to its own host only.
    pub(super) fn learn(&self, owner: Owner<'_>, url: &Url, head: &HeaderMap) {
        let (Some(host), true) = (url.host_str(), head.contains_key(SET_COOKIE)) else {
            return;
        };
        let now = Instant::now();
        let mut table = self.lock();
        table.sweep(now);
        let fresh = || Session {
            until: now + self.kept_for,
            cookies: Vec::new(),
        };
        let session = table.sessions.entry(owner.key()).or_insert_with(fresh);
        if session.until <= now {
            *session = fresh();
        }
        for line in head.get_all(SET_COOKIE) {
            session.learn(host, line);
        }
    }

    /// Adds the host's cookies to those that the configuration sends.
    pub(super) fn add_to(&self, owner: Owner<'_>, url: &Url, head: &mut HeaderMap) {
        let table = self.lock();
        if table.sessions.is_empty() {
            return;
        }
        let session = table.sessions.get(&owner.key());
        let Some(session) = session.filter(|session| Instant::now() < session.until) else {
            return;
        };
        let host = url.host_str().unwrap_or_default();
        let open = url.scheme() != "https";
        let configured = head.get(COOKIE).and_then(|value| value.to_str().ok());
        let mut line = configured.unwrap_or_default().to_owned();
        for cookie in &session.cookies {
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

    /// Ends a session, which led nowhere.
    pub(super) fn end(&self, owner: Owner<'_>) {
        let mut table = self.lock();
        if !table.sessions.is_empty() {
            table.sessions.remove(&owner.key());
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
        self.sessions.retain(|_, session| now < session.until);
        self.sweep_at = (self.sessions.len() * 2).max(FEW);
    }
}

impl Session {
    /// Takes in one `Set-Cookie`.
    fn learn(&mut self, host: &str, line: &HeaderValue) {
        let line = line.to_str().ok();
        let Some(line) = line.filter(|line| line.len() <= MAX_COOKIE_BYTES) else {
            return;
        };
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
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
        self.cookies
            .retain(|c| &*c.host != host || &*c.name != name);
        if self.cookies.len() < MAX_COOKIES && !taken_back {
            self.cookies.push(Cookie {
                host: host.into(),
                name: name.into(),
                value: value.into(),
                secure,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const WAY: Way = Way::USUAL;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn set(lines: &[&str]) -> HeaderMap {
        let line = |line: &&str| (SET_COOKIE, HeaderValue::from_str(line).unwrap());
        lines.iter().map(line).collect()
    }

    /// What a session sends to an address beside `configured`.
    fn sent(sessions: &Sessions, home: &Url, to: &Url, configured: &str) -> String {
        let mut head = HeaderMap::new();
        if !configured.is_empty() {
            head.insert(COOKIE, HeaderValue::from_str(configured).unwrap());
        }
        sessions.add_to(Owner { home, way: &WAY }, to, &mut head);
        let line = head.get(COOKIE).map(|line| line.to_str().unwrap());
        line.unwrap_or_default().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_cookie_returns_to_its_host_only_and_beside_the_configured_ones() {
        let (site, other) = (url("http://a.example/"), url("http://b.example/"));
        let sessions = Sessions::new(MINUTE);
        let owner = Owner {
            home: &site,
            way: &WAY,
        };
        sessions.learn(owner, &site, &set(&["id=1; Path=/; HttpOnly", "k = v"]));
        sessions.learn(owner, &site, &set(&["id=2", "nonsense"]));
        assert_eq!(sent(&sessions, &site, &site, "mine=0"), "mine=0; k=v; id=2");
        assert_eq!(sent(&sessions, &site, &other, ""), "");
        // another source's session is another, though the site is the same
        assert_eq!(sent(&sessions, &other, &site, "mine=0"), "mine=0");

        sessions.learn(owner, &site, &set(&["id=; Max-Age=0", "s=1; Secure"]));
        let long = "x".repeat(5000).replacen('x', "y=", 1);
        sessions.learn(owner, &site, &set(&[&long]));
        assert_eq!(sent(&sessions, &site, &site, ""), "k=v");
        assert_eq!(
            sent(&sessions, &site, &url("https://a.example/"), ""),
            "k=v; s=1"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_with_an_error_or_in_time() {
        let site = url("http://a.example/");
        let sessions = Sessions::new(MINUTE);
        let owner = Owner {
            home: &site,
            way: &WAY,
        };
        sessions.learn(owner, &site, &set(&["id=1"]));
        sessions.end(owner);
        assert_eq!(sent(&sessions, &site, &site, ""), "");

        sessions.learn(owner, &site, &set(&["id=1"]));
        tokio::time::advance(MINUTE).await;
        assert_eq!(sent(&sessions, &site, &site, ""), "");
        sessions.learn(owner, &site, &set(&["k=v"]));
        assert_eq!(sent(&sessions, &site, &site, ""), "k=v");
    }

    #[tokio::test(start_paused = true)]
    async fn sessions_that_are_over_are_swept() {
        let sessions = Sessions::new(MINUTE);
        for n in 0..10 * FEW {
            let site = url(&format!("http://{n}.example/"));
            let owner = Owner {
                home: &site,
                way: &WAY,
            };
            sessions.learn(owner, &site, &set(&["id=1"]));
            tokio::time::advance(MINUTE).await;
        }
        assert!(sessions.lock().sessions.len() <= FEW);
        // an answer that sets nothing begins none
        let site = url("http://a.example/");
        let owner = Owner {
            home: &site,
            way: &WAY,
        };
        let before = sessions.lock().sessions.len();
        sessions.learn(owner, &site, &HeaderMap::new());
        assert_eq!(sessions.lock().sessions.len(), before);
    }
}
