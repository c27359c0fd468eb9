//! `schoolbell status`: each source's health and its next poll.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};

use super::{learnt, print, table};
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
    let mut rows = vec![
        [
            "ID",
            "HEALTH",
            "ARTICLES",
            "LAST POLL",
            "NEXT POLL",
            "TITLE",
        ]
        .map(ToOwned::to_owned),
    ];
    rows.extend(reports.iter().map(row));
    print(&table::aligned(&rows))?;
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

fn row(report: &SourceReport) -> [String; 6] {
    [
        report.id.clone(),
        report.health.clone(),
        report.articles.to_string(),
        moment(report.last_poll),
        next_poll(report),
        report.title.clone(),
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
