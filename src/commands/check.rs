//! `schoolbell check`: every mistake of the configuration, in one go; with `--live`, what each source gives now.

use std::{path::Path, process::ExitCode, sync::Arc};

use clap::Args;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    now, print, print_json,
    table::{self, Cell, Tone},
    terminal::{colour, progress},
};
use crate::{
    config::{Config, ConfigError, Mistake},
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
    /// As JSON: the mistakes and the sources, or with --live what the sources give
    #[arg(long)]
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
    let colour = colour(&std::io::stdout());
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) if args.json => {
            print_json(&Report::of_mistakes(path, &error))?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => {
            print(&format!("{}\n", error.render(colour).trim_end()))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    if !args.json {
        print(&in_sum(path, &config))?;
    }
    if !args.live {
        if args.json {
            print_json(&Report::of(path, &config))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let findings = ask_all(&config, now()).await?;
    if args.json {
        print_json(&findings)?;
    } else {
        print(&in_table(&findings, colour))?;
    }
    let good = findings.iter().all(|finding| finding.outcome == OK);
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

const OK: &str = "ok";

/// What the configuration amounts to, or what is wrong with it.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    good: bool,
    /// Why there is no configuration at all.
    error: Option<String>,
    mistakes: Vec<MistakeReport>,
    sources: Vec<SourceReport>,
}

#[derive(Debug, Serialize)]
struct MistakeReport {
    file: String,
    line: usize,
    column: usize,
    what: String,
    expected: String,
    help: Option<String>,
}

#[derive(Debug, Serialize)]
struct SourceReport {
    id: String,
    url: String,
    title: Option<String>,
    groups: Vec<String>,
    enabled: bool,
}

impl Report {
    fn of(path: &Path, config: &Config) -> Self {
        let told = |source: &Arc<Source>| SourceReport {
            id: source.id.to_string(),
            url: source.url.to_string(),
            title: source.title.clone(),
            groups: source.groups.clone(),
            enabled: source.enabled,
        };
        Self {
            file: path.display().to_string(),
            good: true,
            error: None,
            mistakes: Vec::new(),
            sources: config.sources.iter().map(told).collect(),
        }
    }

    fn of_mistakes(path: &Path, error: &ConfigError) -> Self {
        let told = |mistake: &Mistake| MistakeReport {
            file: mistake.file().to_owned(),
            line: mistake.line(),
            column: mistake.column(),
            what: mistake.what().to_owned(),
            expected: mistake.expected().to_owned(),
            help: mistake.advice().map(ToOwned::to_owned),
        };
        let mistakes: Vec<MistakeReport> = error.mistakes().iter().map(told).collect();
        Self {
            file: path.display().to_string(),
            good: false,
            error: mistakes.is_empty().then(|| error.to_string()),
            mistakes,
            sources: Vec::new(),
        }
    }
}

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
    let bar = progress(sources.len(), "sources asked");
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

fn in_table(findings: &[Finding], colour: bool) -> String {
    let heading = [
        "ID",
        "OUTCOME",
        "PRESET",
        "ITEMS",
        "NEWEST",
        "WHAT TO CHANGE",
    ];
    let or_dash = |text: &Option<String>| Cell::from(text.as_deref().unwrap_or("-"));
    let row = |finding: &Finding| {
        let tone = match (finding.outcome, &finding.change) {
            (OK, None) => Tone::Good,
            (OK, Some(_)) => Tone::Doubtful,
            _ => Tone::Bad,
        };
        [
            finding.id.clone().into(),
            Cell::new(finding.outcome, tone),
            or_dash(&finding.preset),
            finding.items.into(),
            or_dash(&finding.newest),
            finding.change.clone().unwrap_or_default().into(),
        ]
    };
    let rows: Vec<_> = findings.iter().map(row).collect();
    table::aligned(heading, &rows, colour)
}
