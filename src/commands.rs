//! One short file per command. Results go to stdout, logs and progress to stderr.

pub mod check;
pub mod demo;
pub mod export;
pub mod extract;
pub mod learnt;
pub mod once;
pub mod opml;
pub mod preview;
pub mod restore;
pub mod run;
pub mod status;
mod table;

use std::{process::ExitCode, sync::Arc};

use jiff::Timestamp;

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
    let config = || Config::load(&Config::locate(cli.config.as_deref())?).map(Arc::new);
    match cli.command.unwrap_or(Command::Run) {
        Command::Run => run::run(config()?).await,
        Command::Once(args) => once::run(config()?, args).await,
        Command::Check => Ok(check::run(&Config::locate(cli.config.as_deref())?)),
        Command::Preview(args) => preview::run(config, args).await,
        Command::Extract(args) => extract::run(&args),
        Command::Status(args) => status::run(config()?, args).await,
        Command::Opml => opml::run(config()?).await,
        Command::Export => export::run(config()?).await,
        Command::Restore(args) => restore::run(config()?, args).await,
        Command::Demo(args) => demo::run(args).await,
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
    let hint = near.map_or_else(
        || "`schoolbell status` lists them".to_owned(),
        |(_, source)| format!("did you mean `{}`?", source.id),
    );
    Err(WrongUsage(format!("no source has the id `{id}`; {hint}")))
}

/// How commands read the configuration, where they need one at all.
pub(crate) trait ReadConfig: FnOnce() -> Result<Arc<Config>, ConfigError> {}
impl<F: FnOnce() -> Result<Arc<Config>, ConfigError>> ReadConfig for F {}

#[allow(clippy::print_stdout, reason = "results of commands go to stdout")]
fn print(text: &str) {
    use std::io::Write;
    // a closed pipe (`schoolbell opml | head`) is the reader's choice, no error
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
