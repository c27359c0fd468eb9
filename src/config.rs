//! TOML in, checked settings out.
//!
//! Every mistake of every file is reported in one go, each with file, line, column, what was expected and the
//! nearest known key. The steps are in [`Config::load`]: files are read (`include`), their tables asked key by key
//! (`section`), each value checked where it stands (`values`).

mod addresses;
mod append;
mod block;
#[cfg(test)]
mod documented;
mod include;
mod keys;
mod mistake;
mod section;
mod selectors;
mod settings;
mod syntax;
mod values;
mod words;

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use url::Url;

pub use self::{
    append::{AlreadyThere, AppendError, Editable},
    include::Read,
    mistake::{ConfigError, Mistake},
};
use self::{
    block::Block,
    include::{Files, Opened},
    section::Section,
    settings::Settings,
};
use crate::{
    source::{Content, RequestSettings, Source, SourceId},
    story::merge::Across,
};

/// Where a configuration is looked for when none is named.
pub const STANDARD_PATHS: [&str; 2] = ["config/schoolbell.toml", "/etc/schoolbell/schoolbell.toml"];

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The language of pages and generated texts.
    pub lang: Lang,
    /// `[server]`.
    pub server: ServerSettings,
    /// `[websub]`.
    pub websub: WebsubSettings,
    /// `[store]`.
    pub store: StoreSettings,
    /// `[fetch]`, as far as it speaks of all sources together; the rest is in [`Source::request`].
    pub fetch: FetchSettings,
    /// `[schedule]`.
    pub schedule: ScheduleSettings,
    /// `[feed]`.
    pub feed: FeedSettings,
    /// `[dedup]`'s `across`: among which sources republished articles are shown as one.
    pub across: Across,
    /// `[fetch]`, as far as sources may override it: what holds for an address that no block names.
    pub request: RequestSettings,
    /// `[feed]`'s `content`, which sources may override.
    pub content: Content,
    /// The `[[source]]` blocks, included files' last.
    pub sources: Vec<Arc<Source>>,
}

impl Config {
    /// The path of the configuration: the one that was named, else the first standard one that is there.
    ///
    /// # Errors
    /// None is there.
    pub fn locate(named: Option<&Path>) -> Result<PathBuf, ConfigError> {
        if let Some(path) = named {
            return Ok(path.to_owned());
        }
        let mut paths = STANDARD_PATHS.iter().map(PathBuf::from);
        paths
            .find(|path| path.exists())
            .ok_or_else(|| ConfigError::NotFound {
                looked_at: STANDARD_PATHS.iter().map(PathBuf::from).collect(),
            })
    }

    /// Reads a file and those that it includes.
    ///
    /// # Errors
    /// The file cannot be read, or the files have mistakes: all of them are in the error.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::load_with_files(path).0
    }

    /// As [`Config::load`], and says which files that took, for who watches them: also where they have mistakes, which
    /// may be mended in any of them.
    pub fn load_with_files(path: &Path) -> (Result<Self, ConfigError>, Read) {
        match include::read(path) {
            Ok(bytes) => Self::read(path, &bytes),
            Err(error) => {
                let error = match error.kind() {
                    std::io::ErrorKind::NotFound => ConfigError::NotFound {
                        looked_at: vec![path.to_owned()],
                    },
                    _ => ConfigError::Unreadable {
                        path: path.to_owned(),
                        why: include::in_words(&error),
                    },
                };
                (Err(error), Read::default())
            }
        }
    }

    /// Reads a text as if it were the file `name`, beside which included files are looked for.
    ///
    /// # Errors
    /// The text has mistakes: all of them are in the error.
    pub fn parse(text: &str, name: &str) -> Result<Self, ConfigError> {
        Self::read(Path::new(name), text.as_bytes()).0
    }

    /// The groups of each source.
    pub fn groups(&self) -> HashMap<SourceId, Vec<String>> {
        let sources = self.sources.iter();
        sources
            .map(|source| (source.id.clone(), source.groups.clone()))
            .collect()
    }

    /// A source for an address that no block names, with the defaults of this configuration.
    pub fn unlisted(&self, url: Url) -> Source {
        block::unlisted(url, self.request.clone(), self.content)
    }

    fn read(path: &Path, bytes: &[u8]) -> (Result<Self, ConfigError>, Read) {
        let mut files = Files::default();
        let mut mistakes = Vec::new();
        let main = files.main(path, bytes);
        let (settings, mut blocks) = read_main(&main, &mut files, &mut mistakes);
        while let Some(included) = files.next() {
            match included {
                Ok(opened) => {
                    blocks.extend(read_included(&opened, &settings, &mut files, &mut mistakes));
                }
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let (sources, collisions) = block::unite(blocks);
        mistakes.extend(collisions);
        if mistakes.is_empty() {
            return (Ok(settings.with(sources)), files.read);
        }
        mistakes.sort_by_key(Mistake::turn);
        (Err(ConfigError::Mistakes(mistakes)), files.read)
    }
}

fn read_main(
    main: &Opened,
    files: &mut Files,
    mistakes: &mut Vec<Mistake>,
) -> (Settings, Vec<Block>) {
    let mut parsed = syntax::parse(main);
    let mut top = Section::top(&main.file, &parsed.table, keys::TOP, parsed.whole());
    let settings = settings::read(&mut top);
    let blocks = read_blocks(&mut top, main, &settings, files);
    let found = top.finish();
    parsed.add(found);
    mistakes.extend(parsed.mistakes);
    (settings, blocks)
}

fn read_included(
    included: &Opened,
    settings: &Settings,
    files: &mut Files,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Block> {
    let mut parsed = syntax::parse(included);
    let mut top = Section::top(
        &included.file,
        &parsed.table,
        keys::INCLUDED,
        parsed.whole(),
    );
    let blocks = read_blocks(&mut top, included, settings, files);
    let found = top.finish();
    parsed.add(found);
    mistakes.extend(parsed.mistakes);
    blocks
}

/// What all files may hold: `include` and `[[source]]`.
fn read_blocks(
    top: &mut Section<'_>,
    opened: &Opened,
    settings: &Settings,
    files: &mut Files,
) -> Vec<Block> {
    let expected = "expected a list of files, [\"sources.d/*.toml\"]";
    top.get_list("include", expected, |value| {
        files.include(value, &opened.chain)
    });
    let mut blocks = Vec::new();
    for (mut section, header) in top.blocks("source", "[[source]]", keys::SOURCE) {
        blocks.push(block::read(
            &mut section,
            &header,
            settings,
            opened.is_catalog,
        ));
        top.close(section);
    }
    blocks
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
    /// The socket that systemd hands over (`sd_listen_fds(3)`).
    Systemd,
}

/// What readers must send to be answered: 16 to 200 characters that need no escaping in an address (RFC 3986,
/// section 2.3). Not shown, not logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Checks a text; none where it is too short to be a secret, or holds other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
        let good = (16..=200).contains(&text.len()) && text.bytes().all(plain);
        good.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// `[server]`.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where the daemon listens.
    pub listen: Listen,
    /// What links in feeds start with; its path ends with `/`.
    pub public_url: Url,
    /// What readers must send, if anything.
    pub token: Option<Token>,
    /// Whether the page of an article loads its pictures from where they are.
    pub remote_pictures: bool,
}

/// `[websub]`.
#[derive(Clone, Debug)]
pub struct WebsubSettings {
    /// Who delivers feeds to subscribers.
    pub hub: HubSettings,
}

/// Who delivers feeds to subscribers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubSettings {
    /// The daemon.
    Own,
    /// A hub elsewhere, which is told of changes.
    Outside(Url),
    /// Nobody.
    Off,
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
