//! A source: an address we watch, with everything that its `[[source]]` block says.
//!
//! Values come checked from `config`; nothing here parses TOML or reaches out. What was learnt of a source while
//! polling it is its [`state`].

pub mod block;
pub mod catalog;
pub mod filter;
pub mod presets;
pub mod report;
pub mod rhythm;
pub mod state;

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::page::document::{Pick, Selector};

/// A source's id: `[a-z0-9-]`, 1 to 64 characters, unique in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(Arc<str>);

/// Why a text is no [`SourceId`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no source id: expected 1 to 64 of a-z, 0-9 and `-`")]
pub struct InvalidSourceId(String);

impl SourceId {
    /// Checks a text.
    ///
    /// # Errors
    /// It is empty, longer than 64 characters, or holds other characters than `a-z`, `0-9` and `-`.
    pub fn parse(text: &str) -> Result<Self, InvalidSourceId> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(good) {
            return Err(InvalidSourceId(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// The default id of an address: host without `www.`, then the path's words, `-` between.
    ///
    /// `http://jyt.example.gov.cn/jynews/` gives `jyt-example-gov-cn-jynews`.
    pub fn from_address(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let host = host.strip_prefix("www.").unwrap_or(host);
        let port = url.port().map(|p| format!("-{p}")).unwrap_or_default();
        let raw = format!(
            "{host}{port}{}{}",
            url.path(),
            url.query().map(|q| format!("-{q}")).unwrap_or_default()
        );
        let mut id = String::new();
        for c in raw.to_ascii_lowercase().chars() {
            if c.is_ascii_alphanumeric() {
                id.push(c);
            } else if !id.is_empty() && !id.ends_with('-') {
                id.push('-');
            }
        }
        for end in [
            "-index-html",
            "-index-htm",
            "-index-shtml",
            "-html",
            "-htm",
            "-shtml",
        ] {
            if let Some(shorter) = id.strip_suffix(end) {
                id.truncate(shorter.len());
                break;
            }
        }
        id.truncate(64);
        let id = id.trim_end_matches('-');
        Self(if id.is_empty() { "source" } else { id }.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceId {
    type Error = InvalidSourceId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0.as_ref().to_owned()
    }
}

/// One `[[source]]` block, checked, with the defaults of the other sections filled in.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// The ids that it had before: what is asked for by one of them is found under the present one.
    pub aliases: Vec<SourceId>,
    /// The list page's address, as configured.
    pub url: Url,
    /// The configured title; the page's own stands in for it where absent.
    pub title: Option<String>,
    /// The groups that it belongs to, in the order of the file.
    pub groups: Vec<String>,
    /// What its address gives.
    pub kind: Kind,
    /// A fixed poll interval, or else the adaptive one.
    pub every: Option<Duration>,
    /// Which site family reads its pages.
    pub preset: PresetChoice,
    /// Where dates without an offset are at home.
    pub timezone: TimeZone,
    /// How many list pages the first poll follows.
    pub pages: u32,
    /// Whether each article's own page is read.
    pub full_text: bool,
    /// Whether it is polled.
    pub enabled: bool,
    /// How its pages are asked for.
    pub request: RequestSettings,
    /// What its feed's entries carry.
    pub content: Content,
    /// `[source.list]`.
    pub list: ListRules,
    /// `[source.article]`.
    pub article: ArticleRules,
    /// `[source.filter]`.
    pub filter: filter::Filter,
}

impl Source {
    /// What is shown where a title is needed: the configured one, else the page's, else the id.
    pub fn shown_title<'a>(&'a self, learnt: Option<&'a str>) -> &'a str {
        self.title.as_deref().or(learnt).unwrap_or(self.id.as_str())
    }

    /// A hash of all that decides what its list page gives: where another one is found, the page is to be read anew
    /// although it has not changed. The program's version counts too: a later one may read better.
    pub fn rules_hash(&self) -> u64 {
        let mut hash = Gathered(Vec::with_capacity(256));
        env!("CARGO_PKG_VERSION").hash(&mut hash);
        self.url.as_str().hash(&mut hash);
        self.kind.hash(&mut hash);
        self.preset.hash(&mut hash);
        self.list.hash(&mut hash);
        self.request.headers.hash(&mut hash);
        hash.finish()
    }
}

/// Hashes all at once, in the end: a hash that takes piece by piece is made for long texts.
struct Gathered(Vec<u8>);

impl Hasher for Gathered {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        xxh3_64(&self.0)
    }
}

/// How a source's pages are asked for: `[fetch]`, overridden by the source.
#[derive(Clone, Debug)]
pub struct RequestSettings {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The pause between two requests to one host.
    pub delay: Duration,
    /// The time that one request may take in all.
    pub timeout: Duration,
    /// The most bytes of a body, counted after decompression.
    pub max_body_bytes: u64,
    /// Whether robots.txt (RFC 9309) is obeyed.
    pub robots: bool,
    /// `http://`, `https://`, `socks5://` or `socks5h://`.
    pub proxy: Option<Url>,
    /// What is asked of a server's TLS.
    pub tls: Tls,
    /// Further request headers, as configured.
    pub headers: Vec<(String, String)>,
}

/// What is asked of a server's TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// TLS 1.2 or newer, and a certificate that is good.
    #[default]
    Strict,
    /// TLS 1.0 and its ciphers too; the certificate must be good.
    Legacy,
    /// TLS 1.2 or newer; any certificate will do.
    Insecure,
}

impl Tls {
    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Legacy => "legacy",
            Self::Insecure => "insecure",
        }
    }
}

/// What a source's address gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Whatever it turns out to be.
    #[default]
    Auto,
    /// A page with a list.
    Page,
    /// An RSS, Atom or JSON feed.
    Feed,
}

/// Which site family reads a source's pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum PresetChoice {
    /// The one that recognises the page.
    #[default]
    Auto,
    /// None: declared facts and detection by structure alone.
    None,
    /// This one, by its name.
    Named(String),
}

/// What a feed's entries carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// The whole body.
    #[default]
    Full,
    /// The first sentences.
    Summary,
}

/// `[source.list]`, and the list part of a preset: each optional, each winning over detection.
#[derive(Clone, Debug, Default, Hash)]
pub struct ListRules {
    /// The items.
    pub item: Option<Selector>,
    /// The link, inside the item.
    pub link: Option<Pick>,
    /// The title, inside the item.
    pub title: Option<Pick>,
    /// The date, inside the item.
    pub date: Option<Pick>,
    /// The link to the next list page.
    pub next: Option<Pick>,
}

/// `[source.article]`, and the article part of a preset.
#[derive(Clone, Debug, Default)]
pub struct ArticleRules {
    /// The title.
    pub title: Option<Pick>,
    /// The date, or the fact line that holds it.
    pub date: Option<Pick>,
    /// The original publisher, or the fact line that holds it.
    pub origin: Option<Pick>,
    /// The author, or the fact line that holds it.
    pub author: Option<Pick>,
    /// The body.
    pub body: Option<Selector>,
    /// What is cut out of the body.
    pub remove: Vec<Selector>,
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn what_decides_what_a_list_page_gives_decides_its_rules_hash() {
        let hash = |block: &str| {
            let text = format!("[[source]]\nid = 'jyt'\n{block}");
            Config::parse(&text, "test").unwrap().sources[0].rules_hash()
        };
        let plain = hash("url = 'http://jyt.example/'");
        assert_eq!(
            hash("url = 'http://jyt.example/'\ntitle = 'T'\nevery = '5m'"),
            plain
        );
        for other in [
            "url = 'http://jyt.example/tzgg/'",
            "url = 'http://jyt.example/'\npreset = 'none'",
            "url = 'http://jyt.example/'\nheaders = { Cookie = 'a=b' }",
            "url = 'http://jyt.example/'\n[source.list]\ntitle = 'a@title'",
        ] {
            assert_ne!(hash(other), plain, "{other}");
        }
        assert_ne!(
            hash("url = 'http://jyt.example/'\n[source.list]\ntitle = 'a@title'"),
            hash("url = 'http://jyt.example/'\n[source.list]\ntitle = 'a'")
        );
    }
}
