//! Serves saved pages at their own addresses: `cargo run --example replay -- FOLDER [--listen ADDRESS] [--write-config FILE]`.
//!
//! `FOLDER` holds a `labels.jsonl` and the pages. With `--write-config` a configuration is written that polls every saved list
//! page through this proxy, its store in a folder `data` beside it; then `schoolbell once --config FILE` polls them.

#[path = "../suite/support/replay.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests, which use what is not used here"
)]
mod replay;

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use clap::Parser;
use tokio::net::TcpListener;

use self::replay::Replay;

/// A forward proxy that answers from a folder of saved pages.
#[derive(Parser)]
struct Arguments {
    /// The folder with `labels.jsonl`
    folder: PathBuf,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Write a configuration that polls every saved list page
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "a command's result")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let replay = Arc::new(Replay::open(&arguments.folder)?);
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    if let Some(file) = &arguments.write_config {
        let beside = std::path::absolute(file)?.with_file_name("data");
        let configuration = replay.configuration(address, &beside)?;
        fs::write(file, configuration).with_context(|| file.display().to_string())?;
    }
    println!(
        "http://{address} serves {} pages, {} of them lists",
        replay.len(),
        replay.lists().len()
    );
    axum::serve(listener, replay.router()).await?;
    Ok(())
}
