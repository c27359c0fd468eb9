//! The store's figures at a million articles: restoring, reopening, memory, disk, new articles into a cold store.
//!
//! `cargo bench --bench store -- [ARTICLES] [DAYS]`: 1,000,000 articles over ten years unless said otherwise; `DAYS` 30
//! puts all of them into the reach of one story. Needs about 12 GB below `target/tmp` (or `SCHOOLBELL_BENCH_DIR`).
//! Run as root, the page cache is dropped where it says "cold".
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program that prints figures"
)]

mod notices;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Instant,
};

use schoolbell::{journal::Event, store::Store};

const CACHE_BYTES: u64 = 64 << 20;
/// New articles that are stored into the cold store, and how many polls do so side by side.
const NEW: u64 = 30_000;
const POLLS: u64 = 64;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    match args.first().map(String::as_str) {
        Some("open") => open(Path::new(&args[1])),
        Some("look") => look(Path::new(&args[1]), number(&args[2]), number(&args[3])),
        Some("write") => write(Path::new(&args[1]), number(&args[2]), number(&args[3])),
        _ => {
            let articles = args.first().map_or(1_000_000, |arg| number(arg));
            let days = args.get(1).map_or(3650, |arg| number(arg));
            measure(articles, days);
        }
    }
}

fn number(text: &str) -> u64 {
    text.replace(['_', ','], "").parse().unwrap()
}

fn measure(articles: u64, days: u64) {
    let dir = std::env::var_os("SCHOOLBELL_BENCH_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("store-bench"),
        PathBuf::from,
    );
    fs::remove_dir_all(&dir).unwrap_or_default();
    fs::create_dir_all(&dir).unwrap();
    println!("{articles} articles over {days} days, in {}", dir.display());
    let text_bytes = make(&dir.join("all.jsonl"), articles, days);
    fs::write(dir.join("bell.toml"), "[store]\npath = 'data'\n").unwrap();

    let started = Instant::now();
    let restored = Command::new(env!("CARGO_BIN_EXE_schoolbell"))
        .args(["--config", "bell.toml", "restore", "all.jsonl"])
        .current_dir(&dir)
        .output()
        .unwrap();
    assert!(restored.status.success(), "{restored:?}");
    figure(
        "restored per second",
        format!(
            "{} ({:.0} us of processors each)",
            per_second(articles, started),
            children_seconds() * 1e6 / articles as f64
        ),
        "10000",
    );
    let data = dir.join("data");
    let (journal, store) = (size(&data.join("journal")), size(&data.join("store")));
    let ratio = |bytes: u64| bytes as f64 / text_bytes as f64;
    figure(
        "disk against the compressed text",
        format!(
            "{:.2} x (journal {:.2}, store {:.2}; text {} MB)",
            ratio(journal + store),
            ratio(journal),
            ratio(store),
            text_bytes >> 20
        ),
        "3 x",
    );

    for round in ["after a clean stop", "once more"] {
        drop_caches();
        let said = child(&["open", data.to_str().unwrap()])
            .wait_with_output()
            .unwrap();
        figure(
            &format!("reopening {round}, cold"),
            text(&said.stdout),
            "5 s; 600 MB",
        );
    }
    compare_look_ups(&dir, articles, days);
    drop_caches();
    let said = child(&[
        "write",
        data.to_str().unwrap(),
        &articles.to_string(),
        &days.to_string(),
    ])
    .wait_with_output()
    .unwrap();
    figure("new articles, cold", text(&said.stdout), "3000/s");

    let mut writing = child(&[
        "write",
        data.to_str().unwrap(),
        &(articles + NEW).to_string(),
        &days.to_string(),
    ]);
    let mut lines = BufReader::new(writing.stdout.take().unwrap()).lines();
    lines.next();
    std::thread::sleep(std::time::Duration::from_secs(2));
    writing.kill().unwrap();
    writing.wait().unwrap();
    drop_caches();
    let said = child(&["open", data.to_str().unwrap()])
        .wait_with_output()
        .unwrap();
    figure("reopening after kill -9, cold", text(&said.stdout), "10 s");
    fs::remove_dir_all(&dir).unwrap();
}

/// Writes an export, and returns the size of its texts, each compressed by itself.
fn make(path: &Path, articles: u64, days: u64) -> u64 {
    use rayon::iter::{IntoParallelIterator, ParallelIterator};
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut text_bytes = 0;
    for from in (0..articles).step_by(4096) {
        let lines: Vec<(Vec<u8>, u64)> = (from..articles.min(from + 4096))
            .into_par_iter()
            .map(|number| {
                let article = notices::article(number, articles, days);
                let packed = zstd::bulk::compress(article.body_text.as_bytes(), 3).unwrap();
                let line = serde_json::to_vec(&Event::Published { article }).unwrap();
                (line, packed.len() as u64)
            })
            .collect();
        for (line, packed) in lines {
            text_bytes += packed;
            out.write_all(&line).unwrap();
            out.write_all(b"\n").unwrap();
        }
    }
    out.into_inner().unwrap().sync_all().unwrap();
    text_bytes
}

fn open(path: &Path) {
    let started = Instant::now();
    let (store, report) = Store::open(path, CACHE_BYTES).unwrap();
    let took = started.elapsed();
    println!(
        "{:.2} s, {} articles, {} MB resident {:?}",
        took.as_secs_f64(),
        report.articles,
        resident_mb(),
        report.notes
    );
    drop(store);
}

/// The story look-up in a small store, and in the large one.
fn compare_look_ups(dir: &Path, articles: u64, days: u64) {
    let data = dir.join("data");
    // the same days in both, so that the small store's months are as full of others as they can be
    let few = dir.join("few");
    let small = articles.min(10_000);
    fill(&few, small, articles, days);
    let mut costs = Vec::new();
    for _ in 0..3 {
        for store in [&few, &data] {
            let said = child(&[
                "look",
                store.to_str().unwrap(),
                &articles.to_string(),
                &days.to_string(),
            ]);
            let said = said.wait_with_output().unwrap();
            costs.push(text(&said.stdout).parse::<f64>().unwrap());
        }
    }
    let median = |of: usize| {
        let mut costs: Vec<f64> = costs.iter().copied().skip(of).step_by(2).collect();
        costs.sort_by(f64::total_cmp);
        costs[1]
    };
    figure(
        "story look-up",
        format!(
            "{:.0} us with {small} articles, {:.0} us with {articles}, {:.2} x",
            median(0),
            median(1),
            median(1) / median(0)
        ),
        "2 x",
    );
    fs::remove_dir_all(&few).unwrap();
}

/// A store of the newest so many articles of all.
fn fill(path: &Path, articles: u64, of: u64, days: u64) {
    let (store, _) = Store::open(path, CACHE_BYTES).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for first in (of - articles..of).step_by(500) {
        let events = (first..of.min(first + 500)).map(|n| Event::Published {
            article: notices::article(n, of, days),
        });
        runtime
            .block_on(store.record(events.collect(), None))
            .unwrap();
    }
}

/// What finding the story of an article costs that is new, in microseconds, with a warm cache: the look-up, not the
/// pages that are read for the first time.
fn look(path: &Path, articles: u64, days: u64) {
    let (store, _) = Store::open(path, CACHE_BYTES).unwrap();
    let new: Vec<_> = (0..2000)
        .map(|n| notices::article(articles + n, articles, days))
        .collect();
    let mut took = Vec::new();
    for _ in 0..3 {
        let started = Instant::now();
        for article in &new {
            assert_eq!(store.same_story(article).unwrap(), None);
        }
        took.push(started.elapsed().as_secs_f64() * 1e6 / new.len() as f64);
    }
    took.sort_by(f64::total_cmp);
    println!("{}", took[0]);
}

/// New articles from many polls, each recorded as polls do: one at a time.
fn write(path: &Path, first: u64, days: u64) {
    let events: Vec<Vec<Event>> = (0..POLLS)
        .map(|poll| {
            (0..NEW)
                .filter(|n| n % POLLS == poll)
                .map(|n| Event::Published {
                    article: notices::article(first + n, first, days),
                })
                .collect()
        })
        .collect();
    let (store, _) = Store::open(path, CACHE_BYTES).unwrap();
    let store = Arc::new(store);
    println!("open");
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let started = Instant::now();
    runtime.block_on(async {
        let polls: Vec<_> = events
            .into_iter()
            .map(|events| {
                let store = store.clone();
                tokio::spawn(async move {
                    for event in events {
                        store.record(vec![event], None).await.unwrap();
                    }
                })
            })
            .collect();
        for poll in polls {
            poll.await.unwrap();
        }
    });
    println!(
        "{}/s, {} MB resident",
        per_second(NEW, started),
        resident_mb()
    );
}

fn child(args: &[&str]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(args)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().replace('\n', " ")
}

fn per_second(count: u64, started: Instant) -> String {
    format!("{:.0}", count as f64 / started.elapsed().as_secs_f64())
}

fn figure(what: &str, reached: impl std::fmt::Display, wanted: &str) {
    println!("{what}: {reached}  [{wanted}]");
}

fn size(path: &Path) -> u64 {
    let meta = fs::metadata(path).unwrap();
    if meta.is_dir() {
        let entries = fs::read_dir(path).unwrap();
        return entries.map(|entry| size(&entry.unwrap().path())).sum();
    }
    meta.len()
}

fn resident_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kb| kb >> 10)
}

/// What the processes that have ended took of the processors.
fn children_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|n| n.parse::<f64>().ok());
    (ticks(15).unwrap_or(0.0) + ticks(16).unwrap_or(0.0)) / 100.0
}

/// Only root may; others measure a warm page cache.
fn drop_caches() {
    let _ = Command::new("sync").status();
    let _ = fs::write("/proc/sys/vm/drop_caches", "3");
}
