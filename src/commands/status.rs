//! `schoolbell status`: each source's health and its next poll.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    learnt, print,
    table::{self, Cell, Tone},
    terminal::colour,
};
use crate::{config::Config, source::report::SourceReport};

/// The flags of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// As JSON, like /api/sources
    #[arg(long)]
    json: bool,
}

/// Prints a table, and the troubles in words below it.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn run(config: Arc<Config>, args: StatusArgs) -> anyhow::Result<ExitCode> {
    let reports = learnt::reports(&config).await?;
    if args.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&reports)?))?;
        return Ok(ExitCode::SUCCESS);
    }
    let heading = [
        "ID",
        "HEALTH",
        "ARTICLES",
        "LAST POLL",
        "NEXT POLL",
        "TITLE",
    ];
    let rows: Vec<_> = reports.iter().map(row).collect();
    let colour = colour(&std::io::stdout());
    print(&table::aligned(heading, &rows, colour))?;
    for report in &reports {
        if let Some(fault) = &report.last_error {
            print(&format!("\n{}: {fault}\n", report.id))?;
        }
        for note in report.notes() {
            print(&format!("\n{}: {note}\n", report.id))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(report: &SourceReport) -> [Cell; 6] {
    let tone = match report.health.as_str() {
        "ok" => Tone::Good,
        "waiting" | "off" => Tone::Faint,
        _ => Tone::Bad,
    };
    [
        report.id.clone().into(),
        Cell::new(&report.health, tone),
        report.articles.to_string().into(),
        moment(report.last_poll).into(),
        next_poll(report).into(),
        report.title.clone().into(),
    ]
}

/// When, and why then.
fn next_poll(report: &SourceReport) -> String {
    let when = moment(report.next_poll);
    match &report.next_poll_reason {
        Some(reason) => format!("{when}: {}", reason.words),
        None => when,
    }
}

/// On the clock of the person who asks.
fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || "-".to_owned(),
        |at| {
            at.to_zoned_datetime(TimeZone::system())
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        },
    )
}
