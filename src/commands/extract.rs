//! `schoolbell extract`: saved pages in, JSON out; no network.
//!
//! One page (`extract article`, `extract list`), or many named in a file of JSON Lines (`extract --batch`): read on all
//! cores, answered in order, a bad page answered with an error in words while the rest goes on.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::{Timestamp, tz::TimeZone};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use url::Url;

use super::WrongUsage;
use crate::{
    article::{self, ArticleContext, Attachment, Reading, Refusal, dates::Published},
    list::{self, Item, List, ListContext},
    page::{charset, document::Document},
    source::{ArticleRules, ListRules, PresetChoice, presets::Presets},
};

/// A saved page is read up to here.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// How many pages are under way before the first of them is written.
const CHUNK_PAGES: usize = 256;

/// A line of a batch file is no longer.
const MAX_LINE_BYTES: usize = 1 << 20;

/// What `extract` is asked for.
#[derive(Args, Debug)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct ExtractArgs {
    /// One page.
    #[command(subcommand)]
    page: Option<PageArgs>,
    /// Many pages: lines {"id","kind":"article"|"list","url","file"}, `file` relative to FILE.
    #[arg(long, value_name = "FILE", required = true)]
    batch: Option<PathBuf>,
    /// The site family: `auto`, `none`, or its name.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    preset: String,
}

#[derive(Subcommand, Debug)]
enum PageArgs {
    /// Reads an article's page.
    Article(OnePage),
    /// Reads a list page.
    List(OnePage),
}

#[derive(Args, Debug)]
struct OnePage {
    /// The page's address: relative links resolve against it.
    #[arg(long)]
    url: Url,
    /// The `Content-Type` header that the page came with.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// The site family: `auto`, `none`, or its name.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    preset: String,
    /// The saved page.
    file: PathBuf,
}

/// Runs the command: the one place of it that reads the clock. The exit code is 1 if a page could not be read.
///
/// # Errors
/// The preset is unknown, the batch file cannot be read, or stdout cannot be written.
#[allow(
    clippy::disallowed_methods,
    reason = "a command is the program's edge: the time is read here, once"
)]
pub fn run(args: &ExtractArgs) -> anyhow::Result<ExitCode> {
    let preset_name = match &args.page {
        Some(PageArgs::Article(page) | PageArgs::List(page)) => &page.preset,
        None => &args.preset,
    };
    let Some(preset) = preset_choice(preset_name) else {
        let known: Vec<&str> = Presets::embedded().names().collect();
        let known = known.join(", ");
        return Err(WrongUsage(format!(
            "unknown preset `{preset_name}`: expected auto, none, or one of {known}"
        ))
        .into());
    };
    let reader = PageReader {
        preset,
        timezone: TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC),
        now: super::now(),
    };
    let all_good = match (&args.page, &args.batch) {
        (Some(PageArgs::Article(page)), _) => one(&reader, Kind::Article, page).map(|()| true)?,
        (Some(PageArgs::List(page)), _) => one(&reader, Kind::List, page).map(|()| true)?,
        (None, Some(batch)) => many(&reader, batch)?,
        (None, None) => {
            return Err(
                WrongUsage("expected `article`, `list` or `--batch FILE`".to_owned()).into(),
            );
        }
    };
    Ok(if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn preset_choice(name: &str) -> Option<PresetChoice> {
    match name {
        "auto" => Some(PresetChoice::Auto),
        "none" => Some(PresetChoice::None),
        name => Presets::embedded()
            .named(name)
            .map(|_| PresetChoice::Named(name.to_owned())),
    }
}

fn one(reader: &PageReader, kind: Kind, page: &OnePage) -> anyhow::Result<()> {
    let answer = reader.read(kind, &page.url, page.content_type.as_deref(), &page.file);
    let answer = match answer {
        // it names the file itself
        Err(error @ PageError::File { .. }) => return Err(error.into()),
        answer => answer.with_context(|| page.file.display().to_string())?,
    };
    super::print(&format!("{}\n", serde_json::to_string(&answer)?))
}

/// Reads pages in chunks, so that memory stays bounded however long the batch is.
fn many(reader: &PageReader, batch: &Path) -> anyhow::Result<bool> {
    let file = File::open(batch)
        .with_context(|| format!("cannot open the batch file {}", batch.display()))?;
    let folder = batch.parent().unwrap_or(Path::new(""));
    let mut lines = Lines(BufReader::new(file));
    let mut out = BufWriter::new(io::stdout().lock());
    let mut all_good = true;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_PAGES);
        while chunk.len() < CHUNK_PAGES
            && let Some(line) = lines.next_line().context("cannot read the batch file")?
        {
            chunk.push(line);
        }
        if chunk.is_empty() {
            break;
        }
        let answers: Vec<(bool, Vec<u8>)> = chunk
            .par_iter()
            .map(|line| reader.answer(line, folder))
            .collect();
        for (good, answer) in answers {
            all_good &= good;
            if !super::still_read(out.write_all(&answer))? {
                return Ok(all_good);
            }
        }
    }
    super::still_read(out.flush())?;
    Ok(all_good)
}

/// The non-empty lines of a batch file, each of bounded length.
struct Lines<R>(R);

impl<R: BufRead> Lines<R> {
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut line = Vec::new();
            let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
            if self.0.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            if line.len() == MAX_LINE_BYTES && !line.ends_with(b"\n") {
                self.0.skip_until(b'\n')?;
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }
}

/// A line of a batch file.
#[derive(Deserialize)]
struct Request {
    kind: Kind,
    url: Url,
    file: PathBuf,
    #[serde(default)]
    content_type: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Article,
    List,
}

/// What every page is read with.
struct PageReader {
    preset: PresetChoice,
    timezone: TimeZone,
    now: Timestamp,
}

/// A page that could not be read: why, in words.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error("cannot read {}: {}", file.display(), cause)]
    File { file: PathBuf, cause: io::Error },
    #[error("garbled: no charset fits the page's bytes")]
    Garbled,
    #[error("{0}")]
    Refused(&'static str),
    #[error("moved: the page says nothing but sends to {0}")]
    Moved(Url),
    #[error("the page could not be understood: reading it failed inside")]
    Inside,
}

impl PageReader {
    /// A batch's line answered by a line, and whether that is no error.
    fn answer(&self, line: &[u8], folder: &Path) -> (bool, Vec<u8>) {
        // the id is given back whatever else is wrong with the line
        let value: Result<serde_json::Value, _> = serde_json::from_slice(line);
        let id = value
            .as_ref()
            .ok()
            .and_then(|v| v.get("id"))
            .cloned()
            .unwrap_or_default();
        let request = value.and_then(serde_json::from_value::<Request>);
        let answer = match request {
            Err(error) => Err(format!("not a line of a batch: {error}")),
            Ok(request) => {
                let content_type = request.content_type.as_deref();
                let answer = self.read(
                    request.kind,
                    &request.url,
                    content_type,
                    &folder.join(&request.file),
                );
                answer.map_err(|error| error.to_string())
            }
        };
        let good = answer.is_ok();
        let bytes = match answer {
            Ok(answer) => serde_json::to_vec(&WithId { id, answer }),
            Err(error) => serde_json::to_vec(&Failed { id, error }),
        };
        // strings and numbers alone: writing them to memory cannot fail
        let mut bytes = bytes.unwrap_or_default();
        bytes.push(b'\n');
        (good, bytes)
    }

    fn read(
        &self,
        kind: Kind,
        url: &Url,
        content_type: Option<&str>,
        file: &Path,
    ) -> Result<Answer, PageError> {
        let body = read_file(file).map_err(|cause| PageError::File {
            file: file.to_owned(),
            cause,
        })?;
        // a page that the libraries below choke on must not end the batch
        catch_unwind(AssertUnwindSafe(|| {
            self.understand(kind, url, content_type, &body)
        }))
        .unwrap_or(Err(PageError::Inside))
    }

    fn understand(
        &self,
        kind: Kind,
        url: &Url,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, PageError> {
        let decoded = charset::decode(body, content_type);
        if decoded.garbled {
            return Err(PageError::Garbled);
        }
        let document = Document::parse(&decoded.text);
        drop(decoded);
        match kind {
            Kind::Article => {
                let context = ArticleContext {
                    url,
                    rules: &ArticleRules::default(),
                    preset: &self.preset,
                    timezone: &self.timezone,
                    now: self.now,
                };
                let reading = article::extract(&document, &context);
                match (&reading.refusal, &reading.leads_to) {
                    (Some(refusal), _) => Err(PageError::Refused(in_words(refusal))),
                    (None, Some(to)) => Err(PageError::Moved(to.clone())),
                    (None, None) => Ok(Answer::Article(Box::new(reading.into()))),
                }
            }
            Kind::List => {
                let context = ListContext {
                    url,
                    rules: &ListRules::default(),
                    preset: &self.preset,
                    timezone: &self.timezone,
                    now: self.now,
                };
                Ok(Answer::List(list::extract(&document, &context).into()))
            }
        }
    }
}

fn in_words(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::CampusOnly => "campus_only: the page is shown on the campus network alone",
        Refusal::Blocked => {
            "blocked: a bot wall, a log-in page or an error of the site stands before the article"
        }
        Refusal::Gone => "gone: the page says that the article does not exist",
    }
}

fn read_file(file: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(file)?;
    let size = file.metadata().map_or(0, |m| m.len()).min(MAX_FILE_BYTES);
    let mut body = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(MAX_FILE_BYTES).read_to_end(&mut body)?;
    Ok(body)
}

#[derive(Serialize)]
struct WithId {
    id: serde_json::Value,
    #[serde(flatten)]
    answer: Answer,
}

#[derive(Serialize)]
struct Failed {
    id: serde_json::Value,
    error: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Article(Box<ArticleAnswer>),
    List(ListAnswer),
}

/// The contract, section 6.
#[derive(Serialize)]
struct ArticleAnswer {
    title: Option<String>,
    published: Option<Published>,
    origin: Option<String>,
    author: Option<String>,
    breadcrumb: Vec<String>,
    body_html: String,
    body_text: String,
    summary: String,
    images: Vec<Url>,
    attachments: Vec<Attachment>,
}

impl From<Reading> for ArticleAnswer {
    fn from(reading: Reading) -> Self {
        Self {
            title: reading.title,
            published: reading.published,
            origin: reading.origin,
            author: reading.author,
            breadcrumb: reading.breadcrumb,
            body_html: reading.body_html,
            body_text: reading.body_text,
            summary: reading.summary,
            images: reading.images,
            attachments: reading.attachments,
        }
    }
}

/// The contract, section 6.
#[derive(Serialize)]
struct ListAnswer {
    items: Vec<Item>,
    next: Option<Url>,
    preset: Option<String>,
}

impl From<List> for ListAnswer {
    fn from(list: List) -> Self {
        Self {
            items: list.items,
            next: list.next,
            preset: list.preset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(lines: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let list = "<ul><li><a href=1.htm>the first of the items</a> 2024-02-24<li><a href=2.htm>the second of the items</a> 2024-02-23</ul>";
        std::fs::write(folder.path().join("list.html"), list).unwrap();
        std::fs::write(folder.path().join("soup.html"), "\u{FFFD}".repeat(500)).unwrap();
        let reader = PageReader {
            preset: PresetChoice::Auto,
            timezone: TimeZone::UTC,
            now: "2024-06-01T00:00:00Z".parse().unwrap(),
        };
        let answer = |line: &&str| {
            let (good, bytes) = reader.answer(line.as_bytes(), folder.path());
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(good, !text.contains("\"error\":"), "{text}");
            text.replace(folder.path().to_str().unwrap(), "FOLDER")
        };
        lines.iter().map(answer).collect()
    }

    #[test]
    fn a_list_is_answered_as_the_contract_says() {
        let line = r#"{"id":7,"kind":"list","url":"http://a.example/x/","file":"list.html"}"#;
        assert_eq!(
            answers(&[line]),
            [concat!(
                r#"{"id":7,"items":["#,
                r#"{"title":"the first of the items","url":"http://a.example/x/1.htm","published":"2024-02-24"},"#,
                r#"{"title":"the second of the items","url":"http://a.example/x/2.htm","published":"2024-02-23"}"#,
                r#"],"next":null,"preset":null}"#,
                "\n"
            )]
        );
    }

    #[test]
    fn a_bad_line_is_an_error_in_words() {
        let found = answers(&[
            r#"{"id":"a","kind":"list","url":"http://a.example/","file":"none.html"}"#,
            r#"{"id":"b","kind":"article","url":"http://a.example/","file":"soup.html"}"#,
            r#"{"id":"c","kind":"feed","url":"http://a.example/","file":"list.html"}"#,
            "no json",
        ]);
        let start = |i: usize, text: &str| assert!(found[i].starts_with(text), "{}", found[i]);
        start(0, r#"{"id":"a","error":"cannot read FOLDER/none.html: "#);
        start(1, r#"{"id":"b","error":"garbled: no charset fits"#);
        start(
            2,
            r#"{"id":"c","error":"not a line of a batch: unknown variant `feed`"#,
        );
        start(3, r#"{"id":null,"error":"not a line of a batch: "#);
    }

    #[test]
    fn endless_lines_are_cut() {
        let text = [vec![b'x'; MAX_LINE_BYTES * 3], b"\nnext\n\n".to_vec()].concat();
        let mut lines = Lines(text.as_slice());
        assert_eq!(
            lines.next_line().unwrap().map(|l| l.len()),
            Some(MAX_LINE_BYTES)
        );
        assert_eq!(lines.next_line().unwrap().as_deref(), Some(&b"next\n"[..]));
        assert_eq!(lines.next_line().unwrap(), None);
    }
}
