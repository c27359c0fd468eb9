//! `schoolbell man`: the manual page, from the definitions of commands and flags; the subcommands are on it, too.

use std::{io, process::ExitCode};

use clap::{Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::print;
use crate::cli::Cli;

/// Prints the page, for `man -l -` or a file `schoolbell.1`.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    print(&page()?)?;
    Ok(ExitCode::SUCCESS)
}

fn page() -> io::Result<String> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    subcommands(&command, &mut page)?;
    exit_status().to_writer(&mut page)?;
    Ok(with_one_preamble(&String::from_utf8_lossy(&page)))
}

/// A section for each command, those below commands included.
fn subcommands(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    for command in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        let name = command.get_bin_name().unwrap_or(command.get_name());
        let mut heading = Roff::new();
        heading.control("SH", [name.to_uppercase().as_str()]);
        heading.to_writer(page)?;
        // the flags that all commands have are told once
        let own = command.clone().mut_args(|arg| {
            let is_shared = arg.is_global_set() || arg.get_id() == "help";
            arg.hide(is_shared)
        });
        let has_own = own.get_arguments().any(|arg| !arg.is_hide_set());
        let man = Man::new(own);
        let mut part = Vec::new();
        man.render_description_section(&mut part)?;
        man.render_synopsis_section(&mut part)?;
        if has_own {
            man.render_options_section(&mut part)?;
        }
        page.extend(below_a_heading(&String::from_utf8_lossy(&part)).into_bytes());
        subcommands(command, page)?;
    }
    Ok(())
}

/// A page's sections as parts of one: the description needs no heading, the others have lesser ones.
fn below_a_heading(part: &str) -> String {
    let lines = part.lines().filter(|line| *line != ".SH DESCRIPTION");
    let lines = lines.map(|line| match line.strip_prefix(".SH ") {
        Some(heading) => format!(".SS {heading}\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// Each part defines what an apostrophe is; once is enough.
fn with_one_preamble(page: &str) -> String {
    let is_preamble = |line: &str| line.contains(" .ds Aq ");
    let first = page.lines().take_while(|line| is_preamble(line)).count();
    let lines = page.lines().enumerate();
    let kept = lines.filter(|(at, line)| *at < first || !is_preamble(line));
    kept.flat_map(|(_, line)| [line, "\n"]).collect()
}

fn exit_status() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in [
        ("0", "What was asked for is done."),
        ("1", "Something that was asked for did not work."),
        ("2", "The command line or the configuration is wrong."),
    ] {
        section.control("TP", []);
        section.text([bold(code)]);
        section.text([roman(meaning)]);
    }
    section
}
