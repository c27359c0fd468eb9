//! `schoolbell check`: every mistake of the configuration, in one go.

use std::{io::IsTerminal, path::Path, process::ExitCode};

use super::print;
use crate::config::Config;

/// Prints the mistakes, or what the configuration amounts to. Exit code 0 or 1.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let colour = std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    match Config::load(path) {
        Ok(config) => {
            let off = config
                .sources
                .iter()
                .filter(|source| !source.enabled)
                .count();
            let off = if off == 0 {
                String::new()
            } else {
                format!(", {off} of them not enabled")
            };
            let count = config.sources.len();
            let s = if count == 1 { "" } else { "s" };
            print(&format!(
                "{}: good, {count} source{s}{off}\n",
                path.display()
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            print(&format!("{}\n", error.render(colour).trim_end()))?;
            Ok(ExitCode::FAILURE)
        }
    }
}
