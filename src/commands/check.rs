//! `schoolbell check`: every mistake of the configuration, in one go; with `--live`, what each source gives now.

use std::{io::IsTerminal, path::Path, process::ExitCode, sync::Arc};

use clap::Args;
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::Serialize;

use super::{now, print, table};
use crate::{
    config::Config,
    fetch::Fetcher,
    poll::{self, Look, ParserPool},
    source::{Source, state::Fault},
};

/// The flags of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Ask each enabled source once, and say what it gives; stores nothing
    #[arg(long)]
    live: bool,
    /// What the sources give, as JSON
    #[arg(long, requires = "live")]
    json: bool,
}

/// What a source gave when it was asked.
#[derive(Debug, Serialize)]
struct Finding {
    id: String,
    url: String,
    /// `ok`, or the kind of the fault.
    outcome: &'static str,
    preset: Option<String>,
    items: usize,
    /// The day of the newest item that shows one.
    newest: Option<String>,
    /// What is wrong and what to change, in words.
    change: Option<String>,
}

/// Prints the mistakes, or what the configuration amounts to. Exit code 0 or 1.
///
/// # Errors
/// Standard output cannot be written, or nothing can be fetched on this machine.
pub(super) async fn run(path: &Path, args: CheckArgs) -> anyhow::Result<ExitCode> {
    let colour = std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            print(&format!("{}\n", error.render(colour).trim_end()))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    if !args.json {
        print(&in_sum(path, &config))?;
    }
    if !args.live {
        return Ok(ExitCode::SUCCESS);
    }
    let findings = ask_all(&config, now()).await?;
    if args.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&findings)?))?;
    } else {
        print(&in_table(&findings))?;
    }
    let good = findings.iter().all(|finding| finding.outcome == OK);
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

const OK: &str = "ok";

fn in_sum(path: &Path, config: &Config) -> String {
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
    format!("{}: good, {count} source{s}{off}\n", path.display())
}

/// Asks the enabled sources side by side, as politely as the daemon does; in the order of the configuration.
async fn ask_all(config: &Config, now: Timestamp) -> anyhow::Result<Vec<Finding>> {
    let fetcher = Fetcher::new(&config.fetch)?;
    let pool = ParserPool::new()?;
    let sources: Vec<&Arc<Source>> = config.sources.iter().filter(|s| s.enabled).collect();
    let bar = progress(sources.len());
    let asked = stream::iter(sources).map(|source| {
        let (fetcher, pool, bar) = (&fetcher, &pool, &bar);
        async move {
            let look = poll::look(fetcher, pool, source, now).await;
            bar.inc(1);
            Finding::new(source, look)
        }
    });
    // queues per host and the bound on all requests are the fetcher's
    let findings = asked.buffered(config.sources.len().max(1)).collect().await;
    bar.finish_and_clear();
    Ok(findings)
}

/// A bar on standard error, where that is a terminal.
fn progress(sources: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} sources asked, {elapsed}");
    let bar = ProgressBar::new(sources as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Finding {
    fn new(source: &Source, look: Result<Look, Fault>) -> Self {
        let found = Self {
            id: source.id.to_string(),
            url: source.url.to_string(),
            outcome: OK,
            preset: None,
            items: 0,
            newest: None,
            change: None,
        };
        match look {
            Ok(look) => {
                let dates = look.list.items.iter().filter_map(|item| item.published);
                Self {
                    preset: look.list.preset,
                    items: look.list.items.len(),
                    newest: dates.map(|date| date.day().to_string()).max(),
                    change: look
                        .moved_to
                        .map(|to| format!("it has moved for good: set url = \"{to}\"")),
                    ..found
                }
            }
            Err(fault) => Self {
                outcome: fault.kind.as_str(),
                change: Some(fault.words),
                ..found
            },
        }
    }
}

fn in_table(findings: &[Finding]) -> String {
    let heading = [
        "ID",
        "OUTCOME",
        "PRESET",
        "ITEMS",
        "NEWEST",
        "WHAT TO CHANGE",
    ];
    let mut rows = vec![heading.map(ToOwned::to_owned)];
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    rows.extend(findings.iter().map(|finding| {
        [
            finding.id.clone(),
            finding.outcome.to_owned(),
            or_dash(&finding.preset),
            finding.items.to_string(),
            or_dash(&finding.newest),
            finding.change.clone().unwrap_or_default(),
        ]
    }));
    table::aligned(&rows)
}
