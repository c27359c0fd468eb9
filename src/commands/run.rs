//! `schoolbell run`: the daemon.

use std::{path::Path, process::ExitCode, sync::Arc};

use super::now;
use crate::{
    config::Config,
    daemon::{self, Files},
    serve::{self, Listener},
};

/// Runs until SIGTERM or Ctrl-C, with what the configuration's files say, also when they change.
///
/// # Errors
/// The configuration has mistakes; the address or the store cannot be had.
pub(super) async fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let (config, read) = Config::load_with_files(path);
    let config = config?;
    let config = Arc::new(config);
    let files = Files::watch(path, read, &config);
    serve::allow_many_files();
    let listener = Listener::bind(&config.server.listen).await?;
    let store = daemon::open_store(&config).await?;
    let stop = daemon::stop_signal()?;
    daemon::run(config, Some(files), listener, store, now, stop).await?;
    Ok(ExitCode::SUCCESS)
}
