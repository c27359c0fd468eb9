//! TOML in, checked settings out.
//!
//! Every mistake of every file is reported in one go, each with file, line, column, what was expected and the
//! nearest known key.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use ipnet::IpNet;
use url::Url;

use crate::source::Source;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The language of pages and generated texts.
    pub lang: Lang,
    /// `[server]`.
    pub server: ServerSettings,
    /// `[store]`.
    pub store: StoreSettings,
    /// `[fetch]`, as far as it speaks of all sources together; the rest is in [`Source::request`].
    pub fetch: FetchSettings,
    /// `[schedule]`.
    pub schedule: ScheduleSettings,
    /// `[feed]`.
    pub feed: FeedSettings,
    /// The `[[source]]` blocks, included files' last.
    pub sources: Vec<Arc<Source>>,
}

/// A language of pages and generated texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// `zh-CN`.
    #[default]
    Chinese,
    /// `en`.
    English,
}

impl Lang {
    /// Its tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// Where the daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A TCP address.
    Tcp(SocketAddr),
    /// `unix:PATH`.
    Unix(PathBuf),
}

/// `[server]`.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where the daemon listens.
    pub listen: Listen,
    /// What links in feeds start with; its path ends with `/`.
    pub public_url: Url,
}

/// `[store]`.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The folder of store and journal, absolute or relative to the working directory.
    pub path: PathBuf,
    /// sled's cache.
    pub cache_bytes: u64,
    /// How long articles are kept.
    pub keep_days: u32,
    /// How many articles of one source are kept.
    pub keep_per_source: u32,
}

/// `[fetch]`: the part that is not a source's own.
#[derive(Clone, Debug)]
pub struct FetchSettings {
    /// Requests under way in all.
    pub concurrency: usize,
    /// Requests under way to one host.
    pub per_host: usize,
    /// Networks that are fetched from although private.
    pub allow_private: Vec<IpNet>,
}

/// `[schedule]`.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleSettings {
    /// The shortest poll interval.
    pub min: Duration,
    /// The longest poll interval.
    pub max: Duration,
}

/// `[feed]`.
#[derive(Clone, Copy, Debug)]
pub struct FeedSettings {
    /// Entries in one feed document.
    pub entries: usize,
}
