//! Addresses of each kind: of pages, of the daemon, of proxies and networks.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::{
    HubSettings, Listen,
    section::{Value, Wrong},
    values::{Read, cut, string},
};

pub(super) fn listen(value: &Value<'_>) -> Read<Listen> {
    let expected = "expected an address with its port such as \"127.0.0.1:8080\", \"unix:/path\", or \"systemd\"";
    let text = string(value, expected)?;
    if text == "systemd" {
        return Ok(Listen::Systemd);
    }
    if let Some(path) = text.strip_prefix("unix:") {
        return match path {
            "" => Err(Wrong::new("`unix:` without a path", expected)),
            path => Ok(Listen::Unix(path.into())),
        };
    }
    text.parse().map(Listen::Tcp).map_err(|_| {
        let better = match text.rsplit_once(':') {
            Some(("localhost", port)) => format!("127.0.0.1:{port}"),
            Some(("" | "*", port)) => format!("0.0.0.0:{port}"),
            None if text.parse::<u16>().is_ok() => format!("127.0.0.1:{text}"),
            None if text.parse::<IpAddr>().is_ok() => format!("{text}:8080"),
            _ => String::new(),
        };
        let help = (!better.is_empty()).then(|| format!("did you mean \"{better}\"?"));
        Wrong::new(
            format!("`{}` is no address to listen on", cut(text)),
            expected,
        )
        .help(help)
    })
}

/// The address of a page: HTTP, a host, no credentials. The fragment is dropped.
pub(super) fn page_address(value: &Value<'_>) -> Read<Url> {
    let expected = "expected an address such as \"http://jyt.example.gov.cn/jynews/\"";
    let mut url = web_address(value, expected)?;
    url.set_fragment(None);
    Ok(url)
}

/// What links in feeds start with: as a page's address, without a query, ending in `/`.
pub(super) fn public_address(value: &Value<'_>) -> Read<Url> {
    let expected = "expected an address such as \"https://feeds.example.edu.cn\"";
    let mut url = web_address(value, expected)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(
            format!("`{}` cannot start links", cut(url.as_str())),
            "expected an address without `?` and `#`",
        ));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// A hub's address, `self` or `off`.
pub(super) fn hub(value: &Value<'_>) -> Read<HubSettings> {
    let expected =
        "expected \"self\", \"off\", or the address of a hub such as \"https://hub.example.org/\"";
    match string(value, expected)? {
        "self" => Ok(HubSettings::Own),
        "off" => Ok(HubSettings::Off),
        _ => web_address(value, expected).map(HubSettings::Outside),
    }
}

/// A proxy's address, or `none`.
pub(super) fn proxy(value: &Value<'_>) -> Read<Option<Url>> {
    let expected = "expected an address such as \"socks5h://127.0.0.1:1080\" (or http, https, socks5), or \"none\"";
    let text = string(value, expected)?;
    if text == "none" {
        return Ok(None);
    }
    let known = |url: &Url| {
        matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
            && url.host_str().is_some_and(|host| !host.is_empty())
    };
    match Url::parse(text) {
        Ok(url) if known(&url) => Ok(Some(url)),
        _ => Err(Wrong::new(
            format!("`{}` is no proxy's address", cut(text)),
            expected,
        )),
    }
}

pub(super) fn network(value: &Value<'_>) -> Read<IpNet> {
    let expected = "expected a network such as \"10.0.0.0/8\" or \"fd00::/8\", or one address";
    let text = string(value, expected)?;
    let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse()
        .ok()
        .or_else(one)
        .ok_or_else(|| Wrong::new(format!("`{}` is no network", cut(text)), expected))
}

fn web_address(value: &Value<'_>, expected: &str) -> Read<Url> {
    let text = string(value, expected)?;
    let shown = cut(text);
    let url = Url::parse(text).map_err(|error| {
        let help = match error {
            url::ParseError::RelativeUrlWithoutBase => {
                let bare = text.trim_start_matches('/');
                // a word with a dot before its first slash is a host that lost its scheme
                let host = bare.split('/').next().unwrap_or_default();
                host.contains('.')
                    .then(|| format!("did you mean \"http://{}\"?", cut(bare)))
            }
            _ => None,
        };
        Wrong::new(format!("`{shown}` is no web address"), expected).help(help)
    })?;
    let named = match url.host() {
        Some(Host::Domain(name)) => !name.is_empty(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    };
    if !matches!(url.scheme(), "http" | "https") || !named {
        return Err(Wrong::new(format!("`{shown}` is no web address"), expected));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new(
            "a name or password in an address would be published with it",
            "expected an address without",
        )
        .help("send them by `headers = { Authorization = \"Basic …\" }`".to_owned()));
    }
    Ok(url)
}
