//! `schoolbell restore`: what `export` has printed, into the store.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use clap::Args;
use tokio::sync::mpsc;

use super::{WrongUsage, print};
use crate::{
    config::Config,
    daemon,
    store::{Lines, Refused},
};

/// The flags of `restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// What `schoolbell export` has printed; `-` reads it from standard input
    file: PathBuf,
}

/// Lines of one batch, and bytes.
const BATCH_LINES: usize = 4096;
const BATCH_BYTES: usize = 32 << 20;
/// A longer line is no event.
const LINE_BYTES: u64 = 128 << 20;

/// What the batches have come to.
#[derive(Default)]
struct Total {
    lines: u64,
    articles: u64,
    changed: u64,
    refused: u64,
}

/// Puts the file's events into the store, beside those that are there. Exit code 1 if a line was refused.
///
/// # Errors
/// The file cannot be read, the store not written: what was told as restored stays.
pub(super) async fn run(config: Arc<Config>, args: RestoreArgs) -> anyhow::Result<ExitCode> {
    let input = open(&args.file)?;
    let store = daemon::open_store(&config).await?;
    // one batch is understood while the one before is written
    let (sender, mut batches) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || read(input, &sender));
    let mut total = Total::default();
    while let Some(batch) = batches.recv().await {
        let batch: Batch = batch;
        total.refused += batch.lines.refused.len() as u64;
        for refused in &batch.lines.refused {
            complain(&args.file, refused);
        }
        let recorded = store.restore(batch.lines).await?;
        total.lines = batch.last;
        total.articles += recorded.published.len() as u64;
        total.changed += u64::from(recorded.changed);
        progress(&total);
    }
    reading
        .await?
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    store.close().await?;
    drop(store);
    // the first opening reads the whole log and writes down what it finds there: so that it is not the daemon's
    drop(daemon::open_store(&config).await?);
    print(&format!(
        "{} lines read: {} articles new, {} events new in all, {} lines refused\n",
        total.lines, total.articles, total.changed, total.refused
    ))?;
    Ok(if total.refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path)
        .map_err(|error| WrongUsage(format!("cannot open {}: {error}", path.display())))?;
    Ok(Box::new(file))
}

struct Batch {
    lines: Lines,
    /// The last line's number.
    last: u64,
}

/// Reads lines and makes them ready, batch by batch, until the file or the restoring ends.
fn read(input: Box<dyn Read + Send>, batches: &mpsc::Sender<Batch>) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 20, input);
    let mut first = 1;
    loop {
        let mut lines = Vec::new();
        let mut bytes = 0;
        while lines.len() < BATCH_LINES && bytes < BATCH_BYTES {
            let mut line = Vec::new();
            if (&mut input).take(LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            bytes += line.len();
            lines.push(line);
        }
        if lines.is_empty() {
            return Ok(());
        }
        let next = first + lines.len() as u64;
        let batch = Batch {
            lines: Lines::read(lines, first),
            last: next - 1,
        };
        first = next;
        if batches.blocking_send(batch).is_err() {
            return Ok(());
        }
    }
}

#[allow(clippy::print_stderr, reason = "complaints of commands go to stderr")]
fn complain(file: &Path, refused: &Refused) {
    eprintln!(
        "{}, line {}: {}; the line is left out",
        file.display(),
        refused.line,
        refused.why
    );
}

#[allow(clippy::print_stderr, reason = "progress goes to stderr")]
fn progress(total: &Total) {
    if io::stderr().is_terminal() {
        eprint!("\r{} lines, {} articles new ", total.lines, total.articles);
    }
}
