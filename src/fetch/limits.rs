//! What is read, waited for and kept at most.

use std::time::Duration;

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
    /// The time after which a request that is not answered in full no longer counts among those under way.
    pub slow: Duration,
    /// The longest pause between two requests that a robots.txt can ask for.
    pub crawl_delay: Duration,
    /// What is read of an error page.
    pub error_page_bytes: u64,
    /// How long a robots.txt is kept (RFC 9309, section 2.4).
    pub robots_kept: Duration,
    /// How long a robots.txt that could not be read closes its origin before it is tried again.
    pub robots_unread: Duration,
    /// How long a source's cookies are kept: for the articles of a visit, not for the next one.
    pub session: Duration,
    /// How long a host rests that asks for it (429, 503) without saying how long.
    pub rest: Duration,
}

impl Limits {
    /// The usual ones.
    pub const USUAL: Self = Self {
        redirects: 5,
        connect: Duration::from_secs(10),
        headers: Duration::from_mins(1),
        idle: Duration::from_secs(20),
        slow: Duration::from_secs(2),
        crawl_delay: Duration::from_mins(1),
        error_page_bytes: 64 * 1024,
        robots_kept: Duration::from_hours(24),
        robots_unread: Duration::from_mins(1),
        session: Duration::from_mins(10),
        rest: Duration::from_secs(30),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::USUAL
    }
}
