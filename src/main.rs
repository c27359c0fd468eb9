//! The program starts here: the command line, logging, and what an exit code means.

use std::{error::Error, process::ExitCode};

use clap::Parser;
use schoolbell::{
    cli::{Cli, LogFormat},
    commands::{self, terminal::colour},
    config::ConfigError,
};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// Parsing and rendering allocate much and briefly; this allocator is measurably faster at it than the system's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Something that was asked for did not work.
const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = log_to_stderr(&cli) {
        complain(error.as_ref());
        return WRONG.into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error);
            return FAILED.into();
        }
    };
    let ended = runtime.block_on(commands::run(cli));
    // what is left is name look-ups, which may hang for half a minute: what had to be kept is kept
    runtime.shutdown_background();
    match ended {
        Ok(code) => code,
        Err(error) => report(&error),
    }
}

/// Text or JSON, `SCHOOLBELL_LOG` beside `--log`, `SCHOOLBELL_LOG_FORMAT` beside `--log-format`.
fn log_to_stderr(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let level = cli.log_level();
    // a lone word that is no level would be taken for the name of a part of the program, and all others fall silent
    let known = |part: &str| part.contains('=') || part.parse::<LevelFilter>().is_ok();
    let filter = level
        .split(',')
        .all(|part| known(part.trim()))
        // the HTML parser warns of what old pages hold, the watcher of folders that went: nobody can act on that
        .then(|| EnvFilter::try_new(format!("html5ever=error,notify=off,{level}")).ok())
        .flatten();
    let filter = filter.ok_or_else(|| {
        format!("`--log {level}` is no log level; use error, warn, info, debug or trace")
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    match cli.log_format {
        LogFormat::Text => log.with_ansi(colour(&std::io::stderr())).init(),
        // the span of a poll names its source
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    Ok(())
}

fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<ConfigError>() {
        let text = error.render(colour(&std::io::stderr()));
        write_stderr(text.trim_end());
        return WRONG.into();
    }
    complain(error.as_ref());
    if error.is::<commands::WrongUsage>() {
        WRONG
    } else {
        FAILED
    }
    .into()
}

/// One line: the error and its causes.
fn complain(error: &dyn Error) {
    let mut line = format!("schoolbell: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !line.ends_with(&said) {
            line.push_str(": ");
            line.push_str(&said);
        }
        cause = inner.source();
    }
    write_stderr(&line);
}

#[allow(
    clippy::print_stderr,
    reason = "the one place where the program speaks to the person who started it"
)]
fn write_stderr(text: &str) {
    eprintln!("{text}");
}
