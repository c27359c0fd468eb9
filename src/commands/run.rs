//! `schoolbell run`: the daemon.

use std::{process::ExitCode, sync::Arc};

use super::now;
use crate::{
    config::Config,
    daemon,
    serve::{self, Listener},
};

/// Runs until SIGTERM or Ctrl-C.
///
/// # Errors
/// The address or the store cannot be had.
pub(super) async fn run(config: Arc<Config>) -> anyhow::Result<ExitCode> {
    serve::allow_many_files();
    let listener = Listener::bind(&config.server.listen).await?;
    let store = daemon::open_store(&config).await?;
    daemon::run(config, listener, store, now, daemon::stop_signal()?).await?;
    Ok(ExitCode::SUCCESS)
}
