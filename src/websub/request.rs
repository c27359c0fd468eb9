//! What a subscriber asks of the hub (W3C WebSub, section 5.1): the form that it posts, understood.
//!
//! In: a form's text. Out: a [`Request`], or words for who sent it. Whether there is such a topic is decided elsewhere.

use std::time::Duration;

use url::Url;

/// A secret is shorter than this (section 5.1).
pub const SECRET_BYTES: usize = 200;
/// Longer addresses are refused: they are kept, and sent with each delivery.
const ADDRESS_BYTES: usize = 2_000;
/// How long a subscription lasts, where the subscriber does not say.
pub const LEASE: Duration = Duration::from_hours(24 * 10);
/// However short or long a lease is asked for, it lasts between these.
pub const SHORTEST_LEASE: Duration = Duration::from_mins(5);
/// See [`SHORTEST_LEASE`].
pub const LONGEST_LEASE: Duration = Duration::from_hours(24 * 30);

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where to deliver to.
    pub callback: Url,
    /// The feed's address, as the subscriber writes it.
    pub topic: String,
    /// To subscribe, or to end that.
    pub wish: Wish,
}

/// To subscribe, or to end that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// `hub.mode=subscribe`
    Subscribe {
        /// Signs what is delivered.
        secret: Option<String>,
        /// For so long.
        lease: Duration,
    },
    /// `hub.mode=unsubscribe`
    Unsubscribe,
}

impl Wish {
    /// As `hub.mode` says it.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Subscribe { .. } => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

impl Request {
    /// Understands a form (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(form: &[u8]) -> Result<Self, String> {
        let (mut mode, mut callback, mut topic) = (None, None, None);
        let (mut secret, mut lease) = (None, LEASE);
        for (name, value) in url::form_urlencoded::parse(form) {
            match &*name {
                "hub.mode" => mode = Some(value.into_owned()),
                "hub.callback" => callback = Some(address(&name, &value)?),
                "hub.topic" => topic = Some(topic_of(&value)?),
                "hub.secret" if value.len() >= SECRET_BYTES => {
                    return Err(format!(
                        "`hub.secret` has {} bytes; expected less than {SECRET_BYTES}",
                        value.len()
                    ));
                }
                "hub.secret" if !value.is_empty() => secret = Some(value.into_owned()),
                "hub.lease_seconds" if !value.is_empty() => lease = lease_of(&value)?,
                // subscribers of earlier versions send more
                _ => {}
            }
        }
        let missing = |name: &str| format!("`{name}` is missing");
        let wish = match mode.as_deref() {
            Some("subscribe") => Wish::Subscribe { secret, lease },
            Some("unsubscribe") => Wish::Unsubscribe,
            Some(_) => {
                return Err("`hub.mode` is neither `subscribe` nor `unsubscribe`".to_owned());
            }
            None => return Err(missing("hub.mode")),
        };
        Ok(Self {
            callback: callback.ok_or_else(|| missing("hub.callback"))?,
            topic: topic.ok_or_else(|| missing("hub.topic"))?,
            wish,
        })
    }
}

fn address(name: &str, value: &str) -> Result<Url, String> {
    let wrong = || format!("`{name}` is no address; expected http or https, a host, no password");
    if value.len() > ADDRESS_BYTES {
        return Err(format!("`{name}` is longer than {ADDRESS_BYTES} bytes"));
    }
    let mut url = Url::parse(value).map_err(|_| wrong())?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
        return Err(wrong());
    }
    url.set_fragment(None);
    Ok(url)
}

fn topic_of(value: &str) -> Result<String, String> {
    address("hub.topic", value).map(|_| value.to_owned())
}

fn lease_of(value: &str) -> Result<Duration, String> {
    let seconds: u64 = value.parse().map_err(|_| {
        "`hub.lease_seconds` is no number of seconds; leave it out for ten days".to_owned()
    })?;
    let lease = Duration::from_secs(seconds);
    Ok(lease.clamp(SHORTEST_LEASE, LONGEST_LEASE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "hub.callback=https%3A%2F%2Fs.example%2Fc%3Fa%3D1&hub.topic=https%3A%2F%2Fb.example%2Fall.rss&hub.mode=";

    fn parse(rest: &str) -> Result<Request, String> {
        Request::parse(format!("{START}{rest}").as_bytes())
    }

    #[test]
    fn a_subscription_is_understood() {
        let request = parse("subscribe&hub.secret=s3&hub.lease_seconds=864000&foo=bar").unwrap();
        assert_eq!(request.callback.as_str(), "https://s.example/c?a=1");
        assert_eq!(request.topic, "https://b.example/all.rss");
        let secret = Some("s3".to_owned());
        assert_eq!(
            request.wish,
            Wish::Subscribe {
                secret,
                lease: LEASE
            }
        );
        assert_eq!(parse("unsubscribe").unwrap().wish, Wish::Unsubscribe);
    }

    #[test]
    fn leases_keep_within_their_bounds() {
        for (asked, given) in [
            ("1", SHORTEST_LEASE),
            ("3600", Duration::from_hours(1)),
            ("99999999999", LONGEST_LEASE),
            ("", LEASE),
        ] {
            let wish = parse(&format!("subscribe&hub.lease_seconds={asked}"))
                .unwrap()
                .wish;
            assert!(
                matches!(wish, Wish::Subscribe { lease, .. } if lease == given),
                "{asked}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let long = format!("subscribe&hub.secret={}", "x".repeat(200));
        for (rest, words) in [
            (
                "publish",
                "`hub.mode` is neither `subscribe` nor `unsubscribe`",
            ),
            (
                "subscribe&hub.lease_seconds=-1",
                "`hub.lease_seconds` is no number",
            ),
            (
                long.as_str(),
                "`hub.secret` has 200 bytes; expected less than 200",
            ),
            (
                "subscribe&hub.callback=ftp%3A%2F%2Fs.example%2F",
                "`hub.callback` is no address",
            ),
            (
                "subscribe&hub.callback=https%3A%2F%2Fa%3Ab%40s.example%2F",
                "`hub.callback` is no address",
            ),
        ] {
            let error = parse(rest).unwrap_err();
            assert!(error.starts_with(words), "{rest}: {error}");
        }
        for (form, words) in [
            ("", "`hub.mode` is missing"),
            (
                "hub.mode=subscribe&hub.topic=https%3A%2F%2Fb.example",
                "`hub.callback` is missing",
            ),
            (
                "hub.mode=subscribe&hub.callback=https%3A%2F%2Fb.example",
                "`hub.topic` is missing",
            ),
        ] {
            assert_eq!(Request::parse(form.as_bytes()).unwrap_err(), words);
        }
    }
}
