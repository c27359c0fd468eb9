//! Searching: the time of two-word queries, and the index's size and speed.
//!
//! `cargo bench --bench search -- [ARTICLES]`: 200,000 generated Chinese notices unless said otherwise, of 800 to 1,000
//! characters. Half of the queries are two words of one notice, half two words taken by chance; each reads the newest
//! 50 articles that match from the store. Needs about 3 GB below `target/tmp` (or `SCHOOLBELL_BENCH_DIR`).
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program that prints figures"
)]

mod notices;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use schoolbell::{
    journal::Event,
    store::{Choice, Question, Scope, Store},
};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const CACHE_BYTES: u64 = 64 << 20;
const DAYS: u64 = 3650;
/// Articles that are recorded together.
const BATCH: u64 = 500;
const QUERIES: u64 = 4000;
const ENTRIES: usize = 50;

fn main() {
    let mut args = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"));
    let articles = args
        .next()
        .map_or(200_000, |arg| arg.replace('_', "").parse().unwrap());
    let dir = std::env::var_os("SCHOOLBELL_BENCH_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("search-bench"),
        PathBuf::from,
    );
    fs::remove_dir_all(&dir).unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let text_bytes = runtime.block_on(fill(&dir, articles));
    println!(
        "{articles} articles, {} MB of text, in {}",
        text_bytes >> 20,
        dir.display()
    );

    let store = open(&dir);
    let started = Instant::now();
    store.keep_searchable().unwrap();
    runtime.block_on(store.search_settled()).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    figure(
        "the index is made",
        format!("{:.0} articles/s", articles as f64 / seconds),
        "",
    );
    let index_bytes = size(&dir.join("search"));
    figure(
        "its size",
        format!(
            "{} MB, {:.2} x the text",
            index_bytes >> 20,
            index_bytes as f64 / text_bytes as f64
        ),
        "",
    );
    drop(store);

    let store = open(&dir);
    store.keep_searchable().unwrap();
    runtime.block_on(store.search_settled()).unwrap();
    // once for the page cache, once for the figures
    ask(&store, articles, 1);
    let (mut times, found) = ask(&store, articles, 2);
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    figure(
        "two-word query, median",
        format!("{:.1} ms", at(0.5)),
        "10 ms",
    );
    figure(
        "two-word query, 99th percentile",
        format!("{:.1} ms", at(0.99)),
        "50 ms",
    );
    figure(
        "articles found per query",
        format!("{:.0}", found as f64 / times.len() as f64),
        "",
    );

    let started = Instant::now();
    let late = Event::Published {
        article: notices::article(articles + 1, articles, DAYS),
    };
    runtime.block_on(store.record(vec![late], None)).unwrap();
    runtime.block_on(store.search_settled()).unwrap();
    figure(
        "a new article is found after",
        format!("{:.0} ms", started.elapsed().as_secs_f64() * 1e3),
        "1000 ms",
    );
    drop(store);
    fs::remove_dir_all(&dir).unwrap();
}

fn open(dir: &Path) -> Arc<Store> {
    Arc::new(Store::open(dir, CACHE_BYTES).unwrap().0)
}

/// A store of so many articles, without an index. The bytes of their titles and texts.
async fn fill(dir: &Path, articles: u64) -> u64 {
    let store = open(dir);
    let mut tasks = tokio::task::JoinSet::new();
    let mut text_bytes = 0;
    for first in (0..articles).step_by(BATCH as usize) {
        let store = store.clone();
        tasks.spawn(async move {
            let articles =
                (first..(first + BATCH).min(articles)).map(|n| notices::article(n, articles, DAYS));
            let events: Vec<_> = articles
                .map(|article| Event::Published { article })
                .collect();
            let bytes = events.iter().map(|event| match event {
                Event::Published { article } => {
                    (article.title.len() + article.body_text.len()) as u64
                }
                _ => 0,
            });
            let bytes: u64 = bytes.sum();
            store.record(events, None).await.unwrap();
            bytes
        });
        if tasks.len() >= 8 {
            text_bytes += tasks.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(bytes) = tasks.join_next().await {
        text_bytes += bytes.unwrap();
    }
    store.close().await.unwrap();
    text_bytes
}

/// A word of a notice: two characters between two places where words begin.
fn word(notice: u64, place: u64) -> String {
    let text = notices::prose(notice, 400);
    let words: Vec<char> = text.chars().filter(|c| !"，。\n".contains(*c)).collect();
    let at = (place % 400) as usize * 2;
    words[at..at + 2].iter().collect()
}

fn ask(store: &Store, articles: u64, seed: u64) -> (Vec<Duration>, usize) {
    let roll = |n: u64, salt: u64| xxh3_64_with_seed(&n.to_le_bytes(), seed << 8 | salt);
    let choice = Choice {
        skip: 0,
        limit: ENTRIES,
        keep: None,
        looked_at: usize::MAX,
        abandoned: None,
    };
    let mut all = 0;
    let times = (0..QUERIES).map(|n| {
        let first = roll(n, 1) % articles;
        let second = if n % 2 == 0 {
            first
        } else {
            roll(n, 2) % articles
        };
        let text = format!("{} {}", word(first, roll(n, 3)), word(second, roll(n, 4)));
        let question = Question::parse(&text).unwrap();
        let started = Instant::now();
        let found = store.search(&question, &Scope::All, &choice).unwrap();
        let took = started.elapsed();
        all += found.total;
        took
    });
    (times.collect(), all)
}

fn size(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum()
}

fn figure(what: &str, got: String, asked: &str) {
    let asked = if asked.is_empty() {
        String::new()
    } else {
        format!("  (asked: {asked})")
    };
    println!("{what:<34} {got}{asked}");
}
