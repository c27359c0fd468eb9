//! Why an address gave no page: in a word for machines, in words for people, and what to do about it.

use std::{error::Error, fmt, io, sync::Arc, time::Duration};

use jiff::Timestamp;
use url::Url;

use super::{client::Cause, guard::Refusal};
use crate::{page::Page, source::state::FaultKind};

/// An address as messages show it: without the password that may stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(Box<str>);

impl From<&Url> for Shown {
    fn from(url: &Url) -> Self {
        if url.password().is_none() {
            return Self(url.as_str().into());
        }
        let mut url = url.clone();
        // fails only for addresses without a host, which have no password either
        let _ = url.set_password(None);
        Self(url.as_str().into())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why an address gave no page.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The HTTP client could not be made: no root certificates, or an odd proxy.
    #[error("cannot set up the http client")]
    Client {
        /// What the client says.
        source: Cause,
    },
    /// A header of the configuration cannot be sent.
    #[error("{address} was not asked: `{name}` is no header that can be sent")]
    Header {
        /// Whose request it was.
        address: Shown,
        /// The header's name.
        name: Box<str>,
    },
    /// Neither `http` nor `https`.
    #[error("{address} was not asked: expected http or https")]
    Scheme {
        /// The address.
        address: Shown,
    },
    /// The guard refuses the host's address.
    #[error("{address} was not asked: {refusal}")]
    Refused {
        /// The address.
        address: Shown,
        /// What the guard says.
        refusal: Refusal,
    },
    /// robots.txt closes the address.
    #[error("{address} is closed by {robots}")]
    Robots {
        /// The address.
        address: Shown,
        /// The robots.txt.
        robots: Shown,
    },
    /// robots.txt could not be read, which closes its origin until it can (RFC 9309, section 2.3.1.4).
    #[error("{address} was not asked, as robots.txt could not be read")]
    RobotsUnread {
        /// The address.
        address: Shown,
        /// What became of robots.txt.
        source: Arc<FetchError>,
    },
    /// The host has asked for peace.
    #[error("{address} was not asked, as its host wants no request for {}", words(*left))]
    Resting {
        /// The address.
        address: Shown,
        /// How long that will last.
        left: Duration,
    },
    /// The host's name has no address.
    #[error("the name of {address} does not resolve")]
    Resolve {
        /// The address.
        address: Shown,
        /// What the resolver says.
        source: Arc<io::Error>,
    },
    /// No connection.
    #[error("cannot connect to {address}")]
    Connect {
        /// The address.
        address: Shown,
        /// What the connection says.
        source: Cause,
    },
    /// The TLS hand-shake failed.
    #[error("cannot agree on tls with {address}: {reason}")]
    Tls {
        /// The address.
        address: Shown,
        /// The TLS library's words.
        reason: Box<str>,
        /// What that is about.
        trouble: TlsTrouble,
        /// What the connection says.
        source: Cause,
    },
    /// It took too long.
    #[error("{address} took longer than {} {stage}", words(*limit))]
    Slow {
        /// The address.
        address: Shown,
        /// What took long: `to connect`.
        stage: Stage,
        /// How long that may take.
        limit: Duration,
    },
    /// The body is larger than a page may be.
    #[error("{address} answers with more than {limit_bytes} bytes (max_body)")]
    TooLarge {
        /// The address.
        address: Shown,
        /// The most bytes that are read.
        limit_bytes: u64,
    },
    /// One redirect after another.
    #[error("{address} redirects more than {limit} times")]
    Redirects {
        /// The address that was asked first.
        address: Shown,
        /// How many redirects are followed.
        limit: usize,
    },
    /// A redirect to nowhere.
    #[error("{address} redirects to `{location}`, which is no address")]
    Location {
        /// The address.
        address: Shown,
        /// What the answer says.
        location: Box<str>,
    },
    /// The connection broke off in the middle.
    #[error("the connection to {address} was reset")]
    Reset {
        /// The address.
        address: Shown,
        /// What the client says.
        source: Cause,
    },
    /// The answer breaks the rules: a short body, a damaged compression.
    #[error("the answer of {address} is broken: {reason}")]
    Broken {
        /// The address.
        address: Shown,
        /// What is broken.
        reason: &'static str,
        /// What the client says.
        source: Cause,
    },
    /// An answer that is no page.
    #[error("{address} answers {}", code(*status))]
    Status {
        /// The address.
        address: Shown,
        /// The status code.
        status: http::StatusCode,
        /// How long the host asks to be left alone.
        retry_after: Option<Duration>,
        /// Until when, where the server does not tell its own time with it.
        retry_at: Option<Timestamp>,
        /// The error page: it may say why.
        page: Box<Page>,
    },
}

/// What a TLS hand-shake failed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsTrouble {
    /// The certificate is not trusted: its chain, its name, its time.
    Certificate,
    /// Nothing in common with TLS 1.2 and newer: an old server, or none that wants to talk.
    Old,
    /// Nothing in common with the second stack either.
    Protocol,
    /// The server speaks no TLS.
    None,
}

/// What a limit of time is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Connecting.
    Connect,
    /// Waiting for the answer to begin.
    Headers,
    /// Waiting for more of the body.
    Idle,
    /// The whole request.
    Whole,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "to connect",
            Self::Headers => "to begin its answer",
            Self::Idle => "to send more of its answer",
            Self::Whole => "to answer in all (timeout)",
        })
    }
}

impl FetchError {
    /// The kind of trouble that the source is in.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::Client { .. }
            | Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Reset { .. }
            | Self::Slow { .. } => FaultKind::Unreachable,
            Self::Header { .. }
            | Self::Scheme { .. }
            | Self::Refused { .. }
            | Self::Robots { .. } => FaultKind::NotAllowed,
            // a site that is down or walled off is not told by the file that was asked first
            Self::RobotsUnread { source, .. } => match source.kind() {
                FaultKind::ServerError => FaultKind::NotAllowed,
                kind => kind,
            },
            Self::Resting { .. } => FaultKind::RateLimited,
            Self::Tls { .. } => FaultKind::Tls,
            Self::TooLarge { .. }
            | Self::Redirects { .. }
            | Self::Location { .. }
            | Self::Broken { .. } => FaultKind::ServerError,
            Self::Status { status, .. } => status_kind(status.as_u16()),
        }
    }

    /// How long the host asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Resting { left, .. } => Some(*left),
            Self::RobotsUnread { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// The same by our own clock, which matters where the host says until when, and not what time it has.
    pub fn retry_after_from(&self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Status {
                retry_at: Some(at), ..
            } => Some(Duration::try_from(at.duration_since(now)).unwrap_or_default()),
            Self::RobotsUnread { source, .. } => source.retry_after_from(now),
            _ => self.retry_after(),
        }
    }

    /// Whether the host wants fewer requests.
    pub(super) fn asks_for_rest(&self) -> bool {
        matches!(self.status(), Some(429 | 503))
    }

    /// Whether asking again is of no use: the address may not be asked for.
    pub fn is_for_good(&self) -> bool {
        matches!(
            self,
            Self::Robots { .. } | Self::Refused { .. } | Self::Scheme { .. }
        )
    }

    /// The status code that was answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(status.as_u16()),
            _ => None,
        }
    }

    /// The page that came with an error status, cut short if it is long: it may say why.
    pub fn page(&self) -> Option<&Page> {
        match self {
            Self::Status { page, .. } => Some(page),
            _ => None,
        }
    }

    /// What a person can do about it, where there is something to do.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Client { .. } => {
                "install the system's root certificates (the package ca-certificates), and see whether `proxy` is an \
                 http, https, socks5 or socks5h address"
                    .into()
            }
            Self::Header { name, .. } => format!("correct `{name}` in `headers` or `user_agent`"),
            Self::Refused { refusal, .. } => format!(
                "if that is meant, add it to [fetch]: allow_private = [\"{}\"]",
                refusal.network()
            ),
            Self::Robots { .. } | Self::RobotsUnread { .. } if self.kind() == FaultKind::NotAllowed => {
                "ask the site's keeper, or if you may, set `robots = false` for this source".into()
            }
            Self::RobotsUnread { source, .. } => return source.remedy(),
            Self::Tls { trouble, .. } => match trouble {
                TlsTrouble::Certificate => {
                    "if you trust the way to this server, set `tls = \"insecure\"` for this source".into()
                }
                TlsTrouble::Old => {
                    "it may be an old server: set `tls = \"legacy\"` for this source".into()
                }
                TlsTrouble::Protocol => return None,
                TlsTrouble::None => "see whether its address begins with http://".into(),
            },
            Self::Slow {
                stage: Stage::Whole,
                ..
            } => "raise `timeout` for this source".into(),
            Self::TooLarge { .. } => "raise `max_body` for this source".into(),
            Self::Status { .. } => match self.kind() {
                FaultKind::Blocked => {
                    "see whether the page opens in a browser; a `user_agent`, a Cookie in `headers` or a `proxy` may help"
                        .into()
                }
                FaultKind::Gone => "look for the page's new address on the site".into(),
                FaultKind::RateLimited => format!(
                    "{}; if this comes often, poll it more rarely with `every`, and raise `delay` for this source",
                    asked_rest(self.retry_after())
                ),
                _ if self.asks_for_rest() => format!(
                    "{}; if it lasts, see whether the page opens in a browser, and raise `delay` for this source",
                    asked_rest(self.retry_after())
                ),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The message and its cause in one line: `cannot connect to http://…: Connection refused (os error 111)`.
    ///
    /// Of the client's nested errors only the innermost is told: the others say in their words what was said before.
    pub fn chain(&self) -> String {
        if let Self::RobotsUnread { source, .. } = self {
            // where the site itself is in trouble, that is what matters; which file was asked first does not
            return match self.kind() {
                FaultKind::NotAllowed => format!("{self}: {}", source.chain()),
                _ => source.chain(),
            };
        }
        let line = self.to_string();
        let causes = std::iter::successors(self.source(), |&error| error.source());
        match causes.last().map(ToString::to_string) {
            Some(cause) if !line.contains(&cause) => format!("{line}: {cause}"),
            _ => line,
        }
    }
}

/// What a status says of a source. Firewalls in front of sites answer with these when they take us for an intruder.
fn status_kind(status: u16) -> FaultKind {
    match status {
        401 | 402 | 403 | 405 | 406 | 412 | 418 | 444 | 451 | 521 => FaultKind::Blocked,
        404 | 410 => FaultKind::Gone,
        429 => FaultKind::RateLimited,
        _ => FaultKind::ServerError,
    }
}

/// What a host that wants fewer requests asks for.
fn asked_rest(rest: Option<Duration>) -> String {
    match rest {
        Some(rest) => format!("it asks to be left alone for {}", words(rest)),
        None => "it asks for fewer requests".to_owned(),
    }
}

/// A status with its reason, where it has one: sites make up their own codes.
fn code(status: http::StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// A time in words: `30s`, `1h 5m`.
fn words(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        return format!("{time:?}");
    }
    let seconds = time.as_secs();
    let parts = [
        (seconds / 3600, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let parts: Vec<_> = parts.map(|(n, unit)| format!("{n}{unit}")).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_tell_the_kind() {
        for (status, kind) in [
            (403, FaultKind::Blocked),
            (412, FaultKind::Blocked),
            (521, FaultKind::Blocked),
            (404, FaultKind::Gone),
            (410, FaultKind::Gone),
            (429, FaultKind::RateLimited),
            (400, FaultKind::ServerError),
            (500, FaultKind::ServerError),
            (503, FaultKind::ServerError),
        ] {
            assert_eq!(status_kind(status), kind, "{status}");
        }
    }

    #[test]
    fn what_to_do_about_a_host_that_wants_rest_is_told() {
        let remedy = |status: u16, minutes: Option<u64>| {
            let error = FetchError::Status {
                address: (&Url::parse("http://example.com/").unwrap()).into(),
                status: http::StatusCode::from_u16(status).unwrap(),
                retry_after: minutes.map(Duration::from_mins),
                retry_at: None,
                page: Box::new(Page {
                    url: Url::parse("http://example.com/").unwrap(),
                    content_type: None,
                    body: bytes::Bytes::new(),
                }),
            };
            error.remedy()
        };
        let told = remedy(429, Some(120)).unwrap();
        assert!(
            told.starts_with("it asks to be left alone for 2h; "),
            "{told}"
        );
        assert!(
            told.contains("`every`") && told.contains("`delay`"),
            "{told}"
        );
        let told = remedy(503, None).unwrap();
        assert!(told.starts_with("it asks for fewer requests; "), "{told}");
        assert_eq!(remedy(500, None), None);
    }

    #[test]
    fn messages_hold_no_password() {
        let url = Url::parse("http://me:secret@example.com/").unwrap();
        let error = FetchError::Scheme {
            address: (&url).into(),
        };
        let line = error.to_string();
        assert_eq!(
            line,
            "http://me@example.com/ was not asked: expected http or https"
        );
    }

    #[test]
    fn times_are_told_in_words() {
        for (time, expected) in [
            (Duration::from_millis(300), "300ms"),
            (Duration::from_secs(5), "5s"),
            (Duration::from_secs(30), "30s"),
            (Duration::from_mins(65), "1h 5m"),
            (Duration::from_millis(90_500), "1m 30s"),
        ] {
            assert_eq!(words(time), expected);
        }
    }
}
