//! The sections that speak of the whole daemon, with their defaults: the one place that has them.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use url::Url;

use super::{
    Config, FeedSettings, FetchSettings, HubSettings, Lang, Listen, ScheduleSettings,
    ServerSettings, StoreSettings, WebsubSettings, addresses, keys, mistake::Mistake,
    section::Section, values, words,
};
use crate::{
    source::{Content, RequestSettings, Source, Tls},
    story::merge::Across,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const YEAR: Duration = Duration::from_hours(24 * 365);

/// The limits of poll intervals.
pub(super) const INTERVALS: std::ops::RangeInclusive<Duration> = SECOND..=YEAR;

/// What the main file says besides its sources.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) lang: Lang,
    pub(super) server: ServerSettings,
    pub(super) store: StoreSettings,
    pub(super) fetch: FetchSettings,
    pub(super) schedule: ScheduleSettings,
    pub(super) feed: FeedSettings,
    pub(super) across: Across,
    pub(super) websub: WebsubSettings,
    /// `[fetch]`, as far as a source may override it.
    pub(super) request: RequestSettings,
    /// `[feed]`, as far as a source may override it.
    pub(super) content: Content,
}

impl Settings {
    /// The configuration that they make with sources.
    pub(super) fn with(self, sources: Vec<Arc<Source>>) -> Config {
        Config {
            lang: self.lang,
            server: self.server,
            store: self.store,
            fetch: self.fetch,
            schedule: self.schedule,
            feed: self.feed,
            across: self.across,
            websub: self.websub,
            request: self.request,
            content: self.content,
            sources,
        }
    }
}

/// Reads them from the top of the main file.
pub(super) fn read(top: &mut Section<'_>) -> Settings {
    let server = server(top);
    let (fetch, request) = fetch(top, &server.public_url);
    let (feed, content) = feed(top);
    Settings {
        lang: top.get("lang", values::lang).unwrap_or_default(),
        server,
        store: store(top),
        fetch,
        schedule: schedule(top),
        feed,
        across: dedup(top),
        websub: websub(top),
        request,
        content,
    }
}

fn server(top: &mut Section<'_>) -> ServerSettings {
    let mut section = top.section("server", "[server]", keys::SERVER);
    let listen = section
        .get("listen", addresses::listen)
        .unwrap_or(Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 8080))));
    let public_url = section
        .get("public_url", addresses::public_address)
        .unwrap_or_else(|| own_address(&listen));
    let token = section.get("token", values::token);
    let remote_pictures = section.get("remote_pictures", values::flag);
    top.close(section);
    ServerSettings {
        listen,
        public_url,
        token,
        remote_pictures: remote_pictures.unwrap_or_default(),
    }
}

/// Where the daemon is reached from its own machine.
fn own_address(listen: &Listen) -> Url {
    let host = match listen {
        Listen::Tcp(address) => {
            let mut reached = *address;
            match address.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => reached.set_ip(Ipv4Addr::LOCALHOST.into()),
                IpAddr::V6(ip) if ip.is_unspecified() => reached.set_ip(Ipv6Addr::LOCALHOST.into()),
                // a link-local address's zone has no place in a URL
                IpAddr::V6(ip) => reached = SocketAddr::from((ip, address.port())),
                IpAddr::V4(_) => {}
            }
            reached.to_string()
        }
        Listen::Unix(_) | Listen::Systemd => "localhost".to_owned(),
    };
    Url::parse(&format!("http://{host}/")).expect("a socket address is the host of a URL")
}

fn store(top: &mut Section<'_>) -> StoreSettings {
    let mut section = top.section("store", "[store]", keys::STORE);
    let settings = StoreSettings {
        path: section
            .get("path", values::path)
            .unwrap_or_else(|| "data".into()),
        cache_bytes: section
            .get("cache", values::size(1 << 20..=1 << 40))
            .unwrap_or(64 << 20),
        keep_days: section
            .get("keep_days", values::number(1..=36_500))
            .unwrap_or(3_650),
        keep_per_source: section
            .get("keep_per_source", values::number(1..=100_000_000))
            .unwrap_or(20_000),
    };
    top.close(section);
    settings
}

/// How the daemon names itself where nobody says otherwise. Who keeps a site wants to know whom to write to: the feeds'
/// own pages, where others can open them, else the program's.
fn user_agent(public_url: &Url) -> String {
    const VERSION: &str = concat!(
        "schoolbell/",
        env!("CARGO_PKG_VERSION_MAJOR"),
        ".",
        env!("CARGO_PKG_VERSION_MINOR")
    );
    let is_private = match public_url.host() {
        Some(url::Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost") || name.ends_with(".localhost")
        }
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => true,
    };
    let declared = [env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_HOMEPAGE")];
    let program = declared.into_iter().find(|address| !address.is_empty());
    let contact = if is_private {
        program
    } else {
        Some(public_url.as_str())
    };
    match contact {
        Some(address) => format!("{VERSION} (+{address})"),
        // an address that nobody answers at would be worse than none
        None => format!("{VERSION} (feed reader without a public address)"),
    }
}

fn fetch(top: &mut Section<'_>, public_url: &Url) -> (FetchSettings, RequestSettings) {
    let mut section = top.section("fetch", "[fetch]", keys::FETCH);
    let defaults = RequestSettings {
        user_agent: user_agent(public_url),
        delay: SECOND,
        timeout: 30 * SECOND,
        max_body_bytes: 8 << 20,
        robots: true,
        proxy: None,
        tls: Tls::Strict,
        headers: Vec::new(),
    };
    let settings = FetchSettings {
        concurrency: section
            .get("concurrency", values::number(1..=10_000))
            .unwrap_or(64),
        per_host: section
            .get("per_host", values::number(1..=100))
            .unwrap_or(1),
        allow_private: section
            .get_list(
                "allow_private",
                "expected a list of networks, [\"10.0.0.0/8\"]",
                addresses::network,
            )
            .unwrap_or_default()
            .into_iter()
            .map(|(network, _)| network)
            .collect(),
    };
    let request = request(&mut section, &defaults);
    top.close(section);
    (settings, request)
}

/// The keys that `[fetch]` and `[[source]]` share, over what holds without them.
pub(super) fn request(section: &mut Section<'_>, defaults: &RequestSettings) -> RequestSettings {
    RequestSettings {
        user_agent: section
            .get("user_agent", values::header_text)
            .unwrap_or_else(|| defaults.user_agent.clone()),
        delay: section
            .get("delay", values::duration(Duration::ZERO..=HOUR))
            .unwrap_or(defaults.delay),
        timeout: section
            .get("timeout", values::duration(Duration::from_millis(1)..=HOUR))
            .unwrap_or(defaults.timeout),
        max_body_bytes: section
            .get("max_body", values::size(1 << 10..=1 << 30))
            .unwrap_or(defaults.max_body_bytes),
        robots: section
            .get("robots", values::flag)
            .unwrap_or(defaults.robots),
        proxy: section
            .get("proxy", addresses::proxy)
            .unwrap_or_else(|| defaults.proxy.clone()),
        tls: defaults.tls,
        headers: defaults.headers.clone(),
    }
}

fn schedule(top: &mut Section<'_>) -> ScheduleSettings {
    let mut section = top.section("schedule", "[schedule]", keys::SCHEDULE);
    let min_given = section.get_placed("min", values::duration(INTERVALS));
    let max_given = section.get_placed("max", values::duration(INTERVALS));
    let min = min_given.as_ref().map_or(15 * 60 * SECOND, |(min, _)| *min);
    let max = max_given.as_ref().map_or(12 * HOUR, |(max, _)| *max);
    if min > max {
        let (small, large) = (words::duration_in_words(min), words::duration_in_words(max));
        let what = format!("`min` ({small}) is longer than `max` ({large})");
        let mistake = match (min_given, max_given) {
            (Some((_, min)), Some((_, max))) => Some(
                Mistake::new(max, what, format!("expected at least \"{small}\""))
                    .earlier(min, "because of this"),
            ),
            (Some((_, place)), None) => {
                let expected = format!("expected at most \"{large}\", the default of `max`");
                Some(Mistake::new(place, what, expected).help("set `max` too".to_owned()))
            }
            (None, Some((_, place))) => {
                let expected = format!("expected at least \"{small}\", the default of `min`");
                Some(Mistake::new(place, what, expected).help("set `min` too".to_owned()))
            }
            // the defaults are in order
            (None, None) => None,
        };
        if let Some(mistake) = mistake {
            section.add(mistake);
        }
    }
    top.close(section);
    ScheduleSettings { min, max }
}

fn feed(top: &mut Section<'_>) -> (FeedSettings, Content) {
    let mut section = top.section("feed", "[feed]", keys::FEED);
    let entries = section
        .get("entries", values::number(1..=1_000))
        .unwrap_or(50);
    let content = section.get("content", values::content).unwrap_or_default();
    top.close(section);
    (FeedSettings { entries }, content)
}

fn websub(top: &mut Section<'_>) -> WebsubSettings {
    let mut section = top.section("websub", "[websub]", keys::WEBSUB);
    let hub = section.get("hub", addresses::hub);
    top.close(section);
    WebsubSettings {
        hub: hub.unwrap_or(HubSettings::Own),
    }
}

fn dedup(top: &mut Section<'_>) -> Across {
    let mut section = top.section("dedup", "[dedup]", keys::DEDUP);
    let across = section.get("across", values::across).unwrap_or_default();
    top.close(section);
    across
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_says_whom_to_write_to() {
        let agent = |url: &str| user_agent(&Url::parse(url).unwrap());
        assert_eq!(
            agent("https://feeds.example.edu.cn/bell/"),
            "schoolbell/0.1 (+https://feeds.example.edu.cn/bell/)"
        );
        for own in [
            "http://127.0.0.1:8080/",
            "http://[::1]:8080/",
            "http://localhost/",
        ] {
            let agent = agent(own);
            assert!(agent.starts_with("schoolbell/0.1 ("), "{agent}");
            assert!(!agent.contains(own), "{agent}");
        }
    }
}
