//! How fast pages are read, against scraper parsing the same pages.
//!
//!     cargo bench --bench extract [-- FOLDER]
//!
//! FOLDER holds a labels.jsonl (lines with `kind`, `url`, `file`) and the pages that it names; without it, the project's
//! own pages are taken. Timed by turns: scraper alone parsing the pages' decoded text on one core, and the program's
//! `extract --batch` over the same pages on one core (reading, decoding, extracting, sanitising, JSON) and on two.
//! Medians of the turns are printed, and their ratios: of scraper in seconds of the processor, which other work on the
//! machine disturbs least (Linux; elsewhere by the clock), of the second core by the clock.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use schoolbell::page::charset;

/// How often each page stands in the batch, so that starting the program does not count: with its first pages all
/// expressions are made.
const TIMES: usize = 60;
const TURNS: usize = 5;

struct SavedPage {
    kind: String,
    url: String,
    file: PathBuf,
}

fn main() {
    // cargo passes `--bench`
    let folder = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let pages = folder
        .as_deref()
        .map_or_else(own_pages, |folder| labelled_pages(Path::new(folder)));
    let texts: Vec<String> = pages
        .iter()
        .map(|page| charset::decode(&fs::read(&page.file).unwrap(), None).text)
        .collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let scratch = tempfile::tempdir().unwrap();
    let batch = scratch.path().join("batch.jsonl");
    fs::write(&batch, lines(&pages)).unwrap();

    let mut timed = [const { Vec::new() }; 4];
    for _ in 0..TURNS {
        timed[0].push(parse(&texts).cpu);
        let one = extract(&batch, 1);
        timed[1].push(one.cpu);
        timed[2].push(one.clock);
        timed[3].push(extract(&batch, 2).clock);
    }
    let [parsing, one, one_by_clock, two] = timed.map(median);
    #[allow(
        clippy::cast_precision_loss,
        reason = "sizes of pages are far below 2^52"
    )]
    let rate = |time: Duration| (bytes * TIMES) as f64 / 1e6 / time.as_secs_f64();
    println!(
        "{} pages, {} kB, each {TIMES} times; medians of {TURNS} turns",
        pages.len(),
        bytes / 1000
    );
    println!("scraper alone, one core        {:8.1} MB/s", rate(parsing));
    println!(
        "extract --batch, one core      {:8.1} MB/s   {:.2} of scraper alone (asked: 0.5)",
        rate(one),
        rate(one) / rate(parsing)
    );
    println!(
        "extract --batch, two cores     {:8.1} MB/s   {:.2} of one core (asked: 1.8)",
        rate(two),
        rate(two) / rate(one_by_clock)
    );
}

/// The pages that were made for the tests.
fn own_pages() -> Vec<SavedPage> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let mut pages = Vec::new();
    for folder in fs::read_dir(root).unwrap() {
        let folder = folder.unwrap().path();
        let kind = if folder.join("list.toml").exists() {
            "list"
        } else {
            "article"
        };
        let url = "http://www.department.example/xwzx/tzgg.htm".to_owned();
        pages.push(SavedPage {
            kind: kind.to_owned(),
            url,
            file: folder.join("page.html"),
        });
    }
    pages.sort_by(|a, b| a.file.cmp(&b.file));
    pages
}

fn labelled_pages(folder: &Path) -> Vec<SavedPage> {
    let labels =
        fs::read_to_string(folder.join("labels.jsonl")).expect("a folder with labels.jsonl");
    let field = |label: &serde_json::Value, name: &str| label[name].as_str().unwrap().to_owned();
    let page = |line: &str| {
        let label = serde_json::from_str(line).unwrap();
        let file = folder.join(field(&label, "file")).canonicalize().unwrap();
        SavedPage {
            kind: field(&label, "kind"),
            url: field(&label, "url"),
            file,
        }
    };
    labels
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(page)
        .collect()
}

fn lines(pages: &[SavedPage]) -> String {
    let mut lines = String::new();
    for id in 0..TIMES {
        for page in pages {
            let line = serde_json::json!({"id": id, "kind": page.kind, "url": page.url, "file": page.file});
            writeln!(lines, "{line}").unwrap();
        }
    }
    lines
}

struct Spent {
    cpu: Duration,
    clock: Duration,
}

fn spent(work: impl FnOnce()) -> Spent {
    let (start, before) = (Instant::now(), cpu_time());
    work();
    let clock = start.elapsed();
    let cpu = cpu_time()
        .zip(before)
        .map(|(after, before)| after.saturating_sub(before));
    Spent {
        cpu: cpu.unwrap_or(clock),
        clock,
    }
}

/// What this process and those that it waited for have used of the processor (proc(5), `/proc/pid/stat`).
fn cpu_time() -> Option<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    // utime, stime, cutime and cstime are fields 14 to 17, the first after the name is field 3
    let ticks = fields.split_whitespace().skip(11).take(4);
    let ticks = ticks.map(|field| field.parse::<u32>().unwrap_or(0)).sum();
    Some(TICK * ticks)
}

fn parse(texts: &[String]) -> Spent {
    spent(|| {
        for _ in 0..TIMES {
            for text in texts {
                std::hint::black_box(scraper::Html::parse_document(text));
            }
        }
    })
}

fn extract(batch: &Path, threads: usize) -> Spent {
    spent(|| {
        // pages that refuse are answered with an error, and the program says so with its exit code
        Command::new(env!("CARGO_BIN_EXE_schoolbell"))
            .args(["extract", "--batch"])
            .arg(batch)
            .env("RAYON_NUM_THREADS", threads.to_string())
            .stdout(Stdio::null())
            .status()
            .unwrap();
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
