//! `schoolbell once`: poll what is due, or what is named, and say how it went.

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use futures_util::{StreamExt, stream};

use super::{WrongUsage, find, now, print};
use crate::{
    config::Config, daemon, poll::Visit, schedule::pace, source::Source, store::StoreError,
};

/// The flags of `once`.
#[derive(Debug, Args)]
pub struct OnceArgs {
    /// Sources to poll, due or not; without any, those that are due
    #[arg(value_name = "ID")]
    ids: Vec<String>,
}

/// Polls side by side, prints a line per source in the order of the configuration. Exit code 1 if any failed.
///
/// # Errors
/// An id is unknown, or the store cannot be had.
pub(super) async fn run(config: Arc<Config>, args: OnceArgs) -> anyhow::Result<ExitCode> {
    let named = args
        .ids
        .iter()
        .map(|id| find(&config, id).cloned())
        .collect::<Result<Vec<_>, WrongUsage>>()?;
    let store = daemon::open_store(&config).await?;
    let poller = daemon::poller(&config, store.clone())?;
    let start = now();
    let mut sources = named;
    if sources.is_empty() {
        for source in config.sources.iter().filter(|source| source.enabled) {
            let due = store
                .state(&source.id)
                .and_then(|state| pace::still_due(source, &config.schedule, &state, start));
            if due.is_none_or(|due| due <= start) {
                sources.push(source.clone());
            }
        }
        if sources.is_empty() {
            print("no source is due; name one to poll it all the same\n")?;
        }
    }
    let mut visits = stream::iter(sources)
        .map(|source| {
            let poller = poller.clone();
            async move {
                let visit = poller.poll(&source, now()).await;
                (source, visit)
            }
        })
        .buffered(config.fetch.concurrency);
    let mut all_good = true;
    while let Some((source, visit)) = visits.next().await {
        all_good &= tell(&source, &visit)?;
    }
    drop(visits);
    store.close().await?;
    Ok(if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// One line; whether the source was reached and understood.
fn tell(source: &Source, visit: &Result<Visit, StoreError>) -> anyhow::Result<bool> {
    let (line, good) = match visit {
        Ok(visit) => (visit.outcome.to_string(), visit.outcome.fault().is_none()),
        Err(error) => (format!("not stored: {error}"), false),
    };
    print(&format!("{}: {line}\n", source.id))?;
    Ok(good)
}
