//! `schoolbell compact`: the database without what it wastes.

use std::{process::ExitCode, sync::Arc};

use super::print;
use crate::{
    config::Config,
    daemon,
    store::{Compacted, StoreError},
};

/// Compacts the store, and says what that came to. A running daemon does so by itself.
///
/// # Errors
/// The store is in use, or the disk has no room for a copy.
pub(super) async fn run(config: Arc<Config>) -> anyhow::Result<ExitCode> {
    if !daemon::store_exists(&config) {
        // asking must not make a store
        return Ok(ExitCode::SUCCESS);
    }
    let store = match daemon::open_store(&config).await {
        Ok(store) => store,
        Err(error @ StoreError::Locked { .. }) => {
            let hint = "a running schoolbell compacts its store by itself when that pays";
            return Err(anyhow::Error::new(error).context(hint));
        }
        Err(error) => return Err(error.into()),
    };
    let Compacted {
        before_bytes,
        after_bytes,
    } = store.compact().await?;
    store.close().await?;
    print(&format!(
        "the database took {}, and takes {} now\n",
        megabytes(before_bytes),
        megabytes(after_bytes)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
