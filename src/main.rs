//! The program starts here.

use std::process::ExitCode;

use clap::Parser;
use schoolbell::commands::extract::{self, ExtractArgs};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
enum Command {
    /// Reads saved pages.
    Extract(ExtractArgs),
}

fn main() -> anyhow::Result<ExitCode> {
    let Command::Extract(args) = Command::parse();
    extract::run(&args)
}
