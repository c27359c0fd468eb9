//! `schoolbell discover`: from any page of a site to its news columns and feeds, as blocks for the configuration.
//!
//! The blocks go to standard output, to be put into a file; the table, and how far it is, to standard error.

use std::{
    collections::HashSet,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use url::Url;

use super::{
    ReadConfig, WrongUsage, config_or_defaults, now, print, print_json, source_at,
    table::{self, Cell, Tone},
    terminal::{colour, progress},
    web_address,
};
use crate::{
    config::{AppendError, Config, Editable},
    discover::{Candidate, Discovery, Explorer},
    fetch::Fetcher,
    list::evidence::Certainty,
    page::links,
    poll::ParserPool,
    source::{SourceId, block::Block},
};

/// The flags of `discover`.
#[derive(Debug, Args)]
pub struct DiscoverArgs {
    /// Any page of a site: the home page, a list, an article
    #[arg(value_name = "URL")]
    url: String,
    /// A block for each candidate, not only for the best; looks at the whole site even where URL is a list itself
    #[arg(long)]
    all: bool,
    /// As JSON, with what each candidate rests on
    #[arg(long)]
    json: bool,
    /// Add the blocks to this file instead of printing them; what stands there stays as it is
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// How many pages are visited at most, articles among them; one that only sends on, or has its list in a frame, counts once
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=300))]
    pages: u16,
}

/// Sites have many dead links; so many are told to people.
const SHOWN_FAULTS: usize = 3;

/// What was found, for machines.
#[derive(Serialize)]
struct Report<'a> {
    url: &'a Url,
    /// How many pages were asked for.
    pages: usize,
    /// How many links that may be columns were not followed.
    not_followed: usize,
    candidates: Vec<Told<'a>>,
    problems: Vec<String>,
}

/// A candidate, for machines.
#[derive(Serialize)]
struct Told<'a> {
    url: &'a Url,
    /// `page` or `feed`.
    kind: &'static str,
    title: Option<String>,
    items: usize,
    dated: usize,
    /// The day of the newest item.
    newest: Option<String>,
    next: Option<&'a Url>,
    preset: Option<&'a str>,
    certainty: Option<Certainty>,
    /// What that rests on.
    because: Vec<String>,
    found_by: &'static str,
    also_at: &'a [Url],
    /// The source of the configuration that it is already.
    source: Option<&'a SourceId>,
    /// The block for it.
    block: String,
}

/// Prints what was found, and the best as a block. Exit code 1 where nothing was.
///
/// # Errors
/// The address is none, its page cannot be had, or the configuration or FILE has mistakes or cannot be written.
pub(super) async fn run(
    read_config: impl ReadConfig,
    config_named: bool,
    args: DiscoverArgs,
) -> anyhow::Result<ExitCode> {
    let url = web_address(&args.url).ok_or_else(|| no_address(&args.url))?;
    if !url.username().is_empty() || url.password().is_some() {
        let words = "a name or password in an address would be published with it; give the address without, and put \
                     `headers = { Authorization = \"Basic …\" }` into the block";
        return Err(WrongUsage(words.to_owned()).into());
    }
    let config = config_or_defaults(read_config, config_named)?;
    // what cannot be written to is told before anything is asked for
    let file = args.write.as_deref().map(open).transpose()?;
    let found = explore(&config, url, &args).await?;
    let blocks = blocks(&found, &config, file.as_ref());
    if args.json {
        print_json(&report(&found, &blocks, &config))?;
    } else {
        say(&in_words(&found, &config, colour(&std::io::stderr())))?;
    }
    if found.candidates.is_empty() {
        if !args.json {
            say(&nothing(&found))?;
        }
        return Ok(ExitCode::FAILURE);
    }
    let chosen = if args.all { &blocks[..] } else { &blocks[..1] };
    match file {
        Some(file) => write(&file, chosen, &config, args.json),
        None if args.json => Ok(ExitCode::SUCCESS),
        None => {
            let text: String = chosen.iter().map(Block::to_string).collect();
            print(&text)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn no_address(text: &str) -> WrongUsage {
    let hint = match web_address(&format!("http://{text}")) {
        Some(url) if text.contains('.') && !text.contains("://") => {
            format!("; did you mean {url}?")
        }
        _ => String::new(),
    };
    WrongUsage(format!(
        "`{text}` is no web address; expected one that begins with http:// or https://{hint}"
    ))
}

fn open(path: &Path) -> anyhow::Result<Editable> {
    match Editable::open_or_new(path) {
        // shown with its place in the file
        Err(AppendError::Mistakes(mistakes)) => Err(mistakes.into()),
        other => Ok(other?),
    }
}

async fn explore(config: &Arc<Config>, url: Url, args: &DiscoverArgs) -> anyhow::Result<Discovery> {
    let most_pages = usize::from(args.pages);
    let explorer = Explorer {
        fetcher: Fetcher::new(&config.fetch)?,
        pool: ParserPool::new()?,
        config: config.clone(),
        now: now(),
        most_pages,
        all: args.all,
    };
    let bar = progress(most_pages, "pages at most");
    let start = source_at(config, url);
    let tell = |url: &Url| {
        bar.inc(1);
        bar.set_message(url.to_string());
    };
    let found = explorer.discover(start, &tell).await;
    bar.finish_and_clear();
    found.map_err(|fault| anyhow::anyhow!("{fault}"))
}

/// A block for each candidate, with ids that nothing else has.
fn blocks(found: &Discovery, config: &Config, file: Option<&Editable>) -> Vec<Block> {
    let configured = config.sources.iter().map(|source| &source.id);
    let standing = file.into_iter().flat_map(Editable::ids);
    let mut taken: HashSet<SourceId> = configured.chain(standing).cloned().collect();
    let block = |candidate: &Candidate| {
        let url = candidate.url.clone();
        // what is there already is told by its id
        if let Some(known) = known(config, &url) {
            taken.remove(known);
        }
        Block {
            is_feed: candidate.evidence.is_feed,
            ..Block::new(url, candidate.title(), &mut taken)
        }
    };
    found.candidates.iter().map(block).collect()
}

/// The source that a configuration has for an address.
fn known<'c>(config: &'c Config, url: &Url) -> Option<&'c SourceId> {
    let address = links::identity(url);
    let mut sources = config.sources.iter();
    let source = sources.find(|source| links::identity(&source.url) == address)?;
    Some(&source.id)
}

/// Adds the blocks whose addresses are not there yet. Exit code 1 where all are.
fn write(
    file: &Editable,
    blocks: &[Block],
    config: &Config,
    quiet: bool,
) -> anyhow::Result<ExitCode> {
    let mut new = Vec::new();
    for block in blocks {
        let in_file = file.already(block).map(|known| known.to_string());
        let in_config = known(config, &block.url).map(|id| {
            format!(
                "`{}` is the configuration's source `{id}` already",
                block.url
            )
        });
        match in_file.or(in_config) {
            Some(why) => say(&format!("left out: {why}\n"))?,
            None => new.push(block.clone()),
        }
    }
    if new.is_empty() {
        say("nothing was added\n")?;
        return Ok(ExitCode::FAILURE);
    }
    match file.add(&new) {
        Err(AppendError::Mistakes(mistakes)) => return Err(mistakes.into()),
        other => other.context("nothing was added")?,
    }
    for block in new.iter().filter(|_| !quiet) {
        let title = block.title.as_deref().unwrap_or(block.url.as_str());
        print(&format!("added {}: {title}\n", block.id))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report<'a>(found: &'a Discovery, blocks: &[Block], config: &'a Config) -> Report<'a> {
    let told = |(candidate, block): (&'a Candidate, &Block)| Told {
        url: &candidate.url,
        kind: kind(candidate),
        title: candidate.title(),
        items: candidate.evidence.items,
        dated: candidate.evidence.dated,
        newest: candidate.newest().map(|day| day.to_string()),
        next: candidate.next(),
        preset: candidate.preset(),
        certainty: candidate.certainty(),
        because: candidate.evidence.words(),
        found_by: candidate.way.words(),
        also_at: &candidate.also,
        source: known(config, &candidate.url),
        block: block.to_string(),
    };
    Report {
        url: &found.url,
        pages: found.asked,
        not_followed: found.left,
        candidates: found.candidates.iter().zip(blocks).map(told).collect(),
        problems: found
            .faults
            .iter()
            .map(|(_, fault)| fault.to_string())
            .collect(),
    }
}

fn kind(candidate: &Candidate) -> &'static str {
    if candidate.evidence.is_feed {
        "feed"
    } else {
        "page"
    }
}

fn in_words(found: &Discovery, config: &Config, colour: bool) -> String {
    let heading = ["HOW SURE", "ITEMS", "NEWEST", "TITLE", "ADDRESS", "BECAUSE"];
    let rows: Vec<_> = found
        .candidates
        .iter()
        .map(|candidate| row(candidate, config))
        .collect();
    let mut parts = Vec::new();
    if !rows.is_empty() {
        parts.push(table::aligned(heading, &rows, colour));
        parts.push("\n".to_owned());
    }
    let s = |n: usize| if n == 1 { "" } else { "s" };
    let (asked, left) = (found.asked, found.left);
    parts.push(format!("{asked} page{} asked for", s(asked)));
    if left > 0 {
        parts.push(format!(
            "; {left} more link{} may be columns (--pages N follows more, --all looks beyond a list)",
            s(left)
        ));
    }
    parts.push("\n".to_owned());
    let shown = found.faults.iter().take(SHOWN_FAULTS);
    parts.extend(shown.map(|(_, fault)| format!("not read: {fault}\n")));
    let more = found.faults.len().saturating_sub(SHOWN_FAULTS);
    if more > 0 {
        parts.push(format!("and {more} more; --json tells them\n"));
    }
    parts.push("\n".to_owned());
    parts.concat()
}

fn row(candidate: &Candidate, config: &Config) -> [Cell; 6] {
    let (word, tone) = match candidate.certainty() {
        Some(certainty @ Certainty::Sure) => (certainty.as_str(), Tone::Good),
        Some(certainty @ Certainty::Likely) => (certainty.as_str(), Tone::Plain),
        Some(certainty @ Certainty::Doubtful) => (certainty.as_str(), Tone::Doubtful),
        None => ("no list", Tone::Bad),
    };
    let mut because = candidate.evidence.words();
    if !candidate.also.is_empty() {
        let also: Vec<&str> = candidate.also.iter().map(Url::as_str).collect();
        because.push(format!("also at {}", also.join(" ")));
    }
    if let Some(id) = known(config, &candidate.url) {
        because.push(format!("it is the source `{id}` already"));
    }
    [
        Cell::new(word, tone),
        candidate.evidence.items.into(),
        candidate
            .newest()
            .map_or_else(|| "-".to_owned(), |day| day.to_string())
            .into(),
        candidate.title().unwrap_or_else(|| "-".to_owned()).into(),
        candidate.url.as_str().into(),
        Cell::new(&because.join(", "), Tone::Faint),
    ]
}

fn nothing(found: &Discovery) -> String {
    format!(
        "no list of news and no feed was found behind {}; name the list's own page, and see with `schoolbell preview` what is read there\n",
        found.url
    )
}

/// Says something to the person who asks, beside the result.
fn say(words: &str) -> anyhow::Result<()> {
    let written = std::io::stderr().lock().write_all(words.as_bytes());
    written.context("cannot write to standard error")
}
