//! One short file per command. Results go to stdout, logs and progress to stderr.

pub mod catalog;
pub mod check;
pub mod compact;
pub mod completions;
pub mod demo;
pub mod discover;
pub mod export;
pub mod extract;
pub mod import;
pub mod learnt;
pub mod man;
pub mod once;
pub mod opml;
pub mod preview;
pub mod restore;
pub mod run;
pub mod status;
mod table;
pub mod terminal;

use std::{process::ExitCode, sync::Arc};

use jiff::Timestamp;
use url::Url;

use crate::{
    cli::{Cli, Command},
    config::{Config, ConfigError},
    source::{Source, SourceId},
};

/// The command line asks for something that there is not; ends with exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);

/// Does what the command line asks for.
///
/// # Errors
/// What was asked for did not work, in words for the person who asked.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // a variable that is set to nothing names nothing
    let named = cli
        .config
        .as_deref()
        .filter(|path| !path.as_os_str().is_empty());
    let config = || Config::load(&Config::locate(named)?).map(Arc::new);
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => run::run(&Config::locate(named)?).await,
        Command::Once(args) => once::run(config()?, args).await,
        Command::Catalog(args) => catalog::run(|| Config::locate(named), &args),
        Command::Check(args) => check::run(&Config::locate(named)?, args).await,
        Command::Preview(args) => preview::run(config, named.is_some(), args).await,
        Command::Discover(args) => discover::run(config, named.is_some(), args).await,
        Command::Extract(args) => extract::run(&args),
        Command::Status(args) => status::run(config()?, args).await,
        Command::Opml => opml::run(config()?).await,
        Command::Import(args) => import::run(&args),
        Command::Export => export::run(config()?).await,
        Command::Restore(args) => restore::run(config()?, args).await,
        Command::Compact => compact::run(config()?).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Completions(args) => completions::run(&args),
        Command::Man => man::run(),
    }
}

/// The time. Read here and in the daemon's loop only; everything below takes it as an argument.
#[allow(
    clippy::disallowed_methods,
    reason = "the edge at which the clock is read"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A source by its id.
fn find<'a>(config: &'a Config, id: &str) -> Result<&'a Arc<Source>, WrongUsage> {
    let parsed = SourceId::parse(id).ok();
    if let Some(source) = config
        .sources
        .iter()
        .find(|source| Some(&source.id) == parsed.as_ref())
    {
        return Ok(source);
    }
    let near = config
        .sources
        .iter()
        .map(|source| (strsim::jaro_winkler(source.id.as_str(), id), source));
    let near = near
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, source)) => format!("did you mean `{}`?", source.id),
        None if id.contains(['.', '/']) => {
            "`schoolbell status` lists them, and an address begins with http:// or https://"
                .to_owned()
        }
        None => "`schoolbell status` lists them".to_owned(),
    };
    Err(WrongUsage(format!("no source has the id `{id}`; {hint}")))
}

/// The configuration, for a command that can do without one: the defaults where none is there. One that was named has to
/// be there.
fn config_or_defaults(
    read_config: impl ReadConfig,
    config_named: bool,
) -> Result<Arc<Config>, ConfigError> {
    match read_config() {
        Err(ConfigError::NotFound { .. }) if !config_named => {
            Ok(Arc::new(Config::parse("", "the defaults")?))
        }
        other => other,
    }
}

/// The source that a configuration has for an address, else one with its defaults.
fn source_at(config: &Config, url: Url) -> Arc<Source> {
    let mut sources = config.sources.iter();
    let listed = sources.find(|source| source.url == url).cloned();
    listed.unwrap_or_else(|| Arc::new(config.unlisted(url)))
}

/// A text as a web address, if it is one.
fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// How commands read the configuration, where they need one at all.
pub(crate) trait ReadConfig: FnOnce() -> Result<Arc<Config>, ConfigError> {}
impl<F: FnOnce() -> Result<Arc<Config>, ConfigError>> ReadConfig for F {}

/// Writes a result to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    still_read(written).map(|_| ())
}

/// Writes a result to standard output as JSON.
fn print_json(result: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(result)?))
}

/// Whether standard output is still read. A closed pipe (`schoolbell opml | head`) is the reader's choice, no error.
fn still_read(written: std::io::Result<()>) -> anyhow::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(anyhow::Error::new(error).context("cannot write to standard output")),
    }
}
