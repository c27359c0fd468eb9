//! Commands and flags.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::commands::{
    catalog::CatalogArgs, check::CheckArgs, completions::CompletionsArgs, demo::DemoArgs,
    discover::DiscoverArgs, extract::ExtractArgs, import::ImportArgs, once::OnceArgs,
    preview::PreviewArgs, restore::RestoreArgs, status::StatusArgs,
};

/// Rings when a school authority publishes: polls pages of education departments and publishes RSS, Atom and JSON Feed.
#[derive(Debug, Parser)]
#[command(name = "schoolbell", version, about, long_about = None)]
pub struct Cli {
    /// The configuration [default: config/schoolbell.toml, else /etc/schoolbell/schoolbell.toml]
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        env = "SCHOOLBELL_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// What is logged: error, warn, info, debug or trace
    #[arg(
        long,
        value_name = "LEVEL",
        global = true,
        env = "SCHOOLBELL_LOG",
        hide_env_values = true
    )]
    pub log: Option<String>,

    /// How it is logged: text, or json with one object a line
    #[arg(
        long,
        value_name = "FORMAT",
        global = true,
        env = "SCHOOLBELL_LOG_FORMAT",
        hide_env_values = true,
        hide_possible_values = true,
        default_value = "text",
        hide_default_value = true
    )]
    pub log_format: LogFormat,

    /// What to do; without a command, `run`
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// One command each, one file each in `commands/`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The daemon: poll, store, publish
    Run,
    /// Poll the due sources, or those named, once
    Once(OnceArgs),
    /// Read the configuration and point at every mistake; with --live, ask each source
    Check(CheckArgs),
    /// Fetch a page and show what would be published; stores nothing
    Preview(PreviewArgs),
    /// From any page of a site to its news columns and feeds, as blocks for the configuration
    Discover(DiscoverArgs),
    /// Known list pages of departments: list, search, or add them to the configuration
    Catalog(CatalogArgs),
    /// Extract from saved pages, offline
    Extract(ExtractArgs),
    /// Each source's health and next poll
    Status(StatusArgs),
    /// The published feeds as OPML
    Opml,
    /// The feeds that an OPML file names, as blocks for the configuration on stdout
    Import(ImportArgs),
    /// The whole store as JSON Lines on stdout, for a backup or another machine
    Export,
    /// Put what `export` has printed into the store, beside what is there
    Restore(RestoreArgs),
    /// Make the database smaller: copy what is alive into a new one
    Compact,
    /// A try-out without internet: made-up departments, their feeds
    Demo(DemoArgs),
    /// A script that completes commands and flags in a shell
    Completions(CompletionsArgs),
    /// The manual page, in roff
    Man,
}

impl Cli {
    /// The log level that was asked for, else `info` for what runs on and `warn` for what ends.
    pub fn log_level(&self) -> &str {
        // a variable that is set to nothing asks for nothing
        let asked = self.log.as_deref().filter(|level| !level.is_empty());
        match (asked, &self.command) {
            (Some(level), _) => level,
            (None, None | Some(Command::Run | Command::Demo(_))) => "info",
            // it says itself how each poll went
            (None, Some(Command::Once(_))) => "error",
            (None, Some(_)) => "warn",
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn definitions_are_sound() {
        <super::Cli as clap::CommandFactory>::command().debug_assert();
    }
}
