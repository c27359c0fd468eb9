//! `schoolbell catalog`: known list pages, listed, searched, and added to the configuration.

use std::{path::Path, process::ExitCode};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::{
    WrongUsage, print,
    table::{self, Cell, Tone},
    terminal::colour,
};
use crate::{
    config::{AppendError, ConfigError, Editable},
    source::catalog::{self, Catalog, Entry},
};

/// The arguments of `catalog`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CatalogArgs {
    #[command(subcommand)]
    add: Option<CatalogCommand>,
    /// What must stand in id, title, address or groups, all words of it
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// Add sources to the configuration, by their ids
    Add {
        /// Ids, as `catalog` lists them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// Lists, or adds. Exit code 1 where nothing was found.
///
/// # Errors
/// An id is not known or is there already, or the configuration has mistakes or cannot be written.
pub(super) fn run(
    path: impl FnOnce() -> Result<std::path::PathBuf, ConfigError>,
    args: &CatalogArgs,
) -> anyhow::Result<ExitCode> {
    match &args.add {
        Some(CatalogCommand::Add { ids }) => add(&path()?, ids),
        None => list(&args.words.join(" "), args.json),
    }
}

fn list(words: &str, json: bool) -> anyhow::Result<ExitCode> {
    let found: Vec<&Entry> = Catalog::embedded().search(words).collect();
    if json {
        print(&format!("{}\n", serde_json::to_string_pretty(&found)?))?;
    } else if found.is_empty() {
        let groups = Catalog::embedded().groups();
        let groups: Vec<&str> = groups.into_keys().collect();
        let groups = groups.join(", ");
        print(&format!(
            "nothing in the catalogue bears `{words}`; its groups are {groups}\n"
        ))?;
    } else {
        let rows = found.iter().map(|entry| {
            let Entry {
                id,
                title,
                url,
                groups,
            } = entry;
            let groups = groups.join(" ");
            let url = Cell::new(url, Tone::Faint);
            [
                id.as_str().into(),
                groups.into(),
                title.as_str().into(),
                url,
            ]
        });
        let heading = ["ID", "GROUPS", "TITLE", "ADDRESS"];
        let rows: Vec<_> = rows.collect();
        let colour = colour(&std::io::stdout());
        print(&table::aligned(heading, &rows, colour))?;
    }
    Ok(if found.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn add(path: &Path, ids: &[String]) -> anyhow::Result<ExitCode> {
    let mut entries: Vec<&Entry> = Vec::new();
    for id in ids {
        let Some(entry) = Catalog::embedded().get(id) else {
            let hint = match Catalog::embedded().nearest(id) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`schoolbell catalog WORD` searches it".to_owned(),
            };
            return Err(WrongUsage(format!("the catalogue has no `{id}`; {hint}")).into());
        };
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let added = Editable::open(path).and_then(|file| {
        let blocks = catalog::blocks(entries.iter().copied());
        file.add(&blocks)
    });
    match added {
        Ok(()) => {}
        Err(AppendError::Mistakes(mistakes)) => return Err(mistakes.into()),
        Err(AppendError::Known(known)) => {
            return Err(WrongUsage(format!("{known}; nothing was added")).into());
        }
        Err(error) => {
            return Err(error).with_context(|| format!("nothing was added to {}", path.display()));
        }
    }
    for entry in &entries {
        print(&format!("added {}: {}\n", entry.id, entry.title))?;
    }
    print(&format!(
        "to {}; addresses are as last known: `schoolbell preview {}` shows what is there now\n",
        path.display(),
        entries[0].id
    ))?;
    Ok(ExitCode::SUCCESS)
}
