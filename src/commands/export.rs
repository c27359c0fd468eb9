//! `schoolbell export`: the whole store as JSON Lines.

use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
    sync::Arc,
};

use crate::{
    config::Config,
    daemon,
    store::{Exported, Store, StoreError},
};

/// Prints a line for each event, then one for what polls learnt of each source. Exit code 1 if any part of the journal
/// could not be read.
///
/// # Errors
/// The store cannot be read, or the output not written.
pub(super) async fn run(config: Arc<Config>) -> anyhow::Result<ExitCode> {
    if !daemon::store_exists(&config) {
        // asking must not make a store
        return Ok(ExitCode::SUCCESS);
    }
    let whole = match daemon::open_store(&config).await {
        Ok(store) => {
            let printing = store.clone();
            let whole = tokio::task::spawn_blocking(move || print(printing.export()?)).await??;
            store.close().await?;
            whole
        }
        // events are only ever appended, so they can be read beside the daemon that appends them
        Err(StoreError::Locked { .. }) => {
            tracing::warn!(
                "a running schoolbell holds the store: what its polls learnt of the sources (titles, due times) is not in this export"
            );
            let path = config.store.path.clone();
            tokio::task::spawn_blocking(move || print(Store::export_events(&path)?)).await??
        }
        Err(error) => return Err(error.into()),
    };
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether all could be read.
fn print(pieces: impl Iterator<Item = Result<Exported, StoreError>>) -> anyhow::Result<bool> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut whole = true;
    for piece in pieces {
        match piece? {
            Exported::Line(mut line) => {
                line.push(b'\n');
                if let Err(error) = out.write_all(&line) {
                    return end(error, whole);
                }
            }
            Exported::Damaged(damage) => {
                whole = false;
                tracing::warn!("{damage}");
            }
        }
    }
    match out.flush() {
        Ok(()) => Ok(whole),
        Err(error) => end(error, whole),
    }
}

/// A closed pipe (`schoolbell export | head`) is the reader's choice, no error.
fn end(error: io::Error, whole: bool) -> anyhow::Result<bool> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(whole);
    }
    Err(anyhow::Error::new(error).context("the export could not be written"))
}
