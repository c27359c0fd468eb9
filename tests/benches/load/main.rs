//! The figures of polling, against bare libraries on the same machine in the same run.
//!
//!     cargo bench --bench load -- unchanged    polls of 2,000 unchanged sources, of a bare reqwest loop
//!     cargo bench --bench load -- crawl        articles of first visits, of bare fetching and bare parsing on the same cores
//!     cargo bench --bench load -- memory       resident memory of the program with 10,000 sources, idle and crawling
//!     cargo bench --bench load -- faults       how long news of 250 sources wait, with and without 250 others at fault
//!
//! Each source has an address of its own in 127.0.0.0/8, answered by a process of its own (`server.rs`). Timed by turns;
//! medians are printed. `crawl` is held against what bare reqwest and bare scraper would do one after the other on the
//! same cores: with F pages fetched and P pages parsed a second, 1 / (1/F + 1/P).
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program that prints figures"
)]

mod server;

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    net::IpAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use jiff::{Timestamp, ToSpan};
use rayon::prelude::*;
use schoolbell::{config::Config, daemon, poll::Poller, store::Store};

const CONCURRENCY: usize = 64;
/// Polls under way: the daemon has four for each request, as most wait for their host or the store.
const POLLS: usize = 4 * CONCURRENCY;
/// Each is short, and each is disturbed by something.
const TURNS: usize = 45;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    // the bare client is made before the program's, which does this too
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match wanted.as_deref() {
        Some("serve") => {
            runtime.block_on(server::serve());
            std::process::exit(0);
        }
        Some("unchanged") => runtime.block_on(unchanged()),
        Some("crawl") => runtime.block_on(crawl()),
        Some("memory") => memory(),
        Some("faults") => faults(),
        _ => {
            runtime.block_on(unchanged());
            runtime.block_on(crawl());
            memory();
            faults();
        }
    }
}

/// The process that answers.
struct Sites {
    process: Child,
    lines: BufReader<ChildStdout>,
    port: u16,
}

impl Sites {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut port = String::new();
        lines.read_line(&mut port).unwrap();
        Self {
            process,
            lines,
            port: port.trim().parse().unwrap(),
        }
    }

    /// The milliseconds that news waited.
    fn stop(mut self) -> f64 {
        drop(self.process.stdin.take());
        let mut waited = String::new();
        self.lines.read_line(&mut waited).unwrap();
        self.process.wait().unwrap();
        waited.trim().parse().unwrap_or(f64::NAN)
    }
}

fn address(n: usize) -> IpAddr {
    IpAddr::from([
        127,
        1 + (n / 62_500) as u8,
        (n / 250 % 250) as u8,
        (n % 250 + 1) as u8,
    ])
}

/// So many sources with lists of so many articles.
fn configuration(folder: &Path, port: u16, sources: usize, articles: usize, more: &str) -> String {
    let mut text = format!(
        "{more}\n[store]\npath = '{}'\n[fetch]\ndelay = '0s'\nconcurrency = {CONCURRENCY}\nallow_private = ['127.0.0.0/8']\n",
        folder.join("data").display()
    );
    for n in 0..sources {
        write!(
            text,
            "[[source]]\nid = 's{n}'\nurl = 'http://{}:{port}/{articles}/'\n",
            address(n)
        )
        .unwrap();
    }
    text
}

async fn open(text: &str) -> (Arc<Config>, Arc<Store>, Arc<Poller>) {
    let config = Arc::new(Config::parse(text, "bench").unwrap());
    let store = daemon::open_store(&config).await.unwrap();
    let poller = daemon::poller(&config, store.clone()).unwrap();
    (config, store, Arc::new(poller))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Polls all sources once.
async fn poll_all(config: &Config, poller: &Arc<Poller>, now: Timestamp) {
    stream::iter(config.sources.clone())
        .map(|source| {
            let poller = Arc::clone(poller);
            tokio::spawn(async move {
                let visit = poller.poll(&source, now).await.unwrap();
                assert!(visit.outcome.fault().is_none(), "{}", visit.outcome);
            })
        })
        .buffer_unordered(POLLS)
        .for_each(async |ended| ended.unwrap())
        .await;
}

fn bare_client() -> reqwest::Client {
    // as the program's, so that both open as many connections
    let builder = reqwest::Client::builder()
        .no_proxy()
        .pool_idle_timeout(Duration::from_secs(5));
    builder.build().unwrap()
}

/// Asks for all addresses once; gives their bytes.
async fn ask_all(
    client: &reqwest::Client,
    urls: &[String],
    conditional: bool,
) -> Vec<bytes::Bytes> {
    stream::iter(urls.to_vec())
        .map(|url| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut request = client.get(&url);
                if conditional {
                    request = request.header("if-none-match", "\"1\"");
                }
                request.send().await.unwrap().bytes().await.unwrap()
            })
        })
        .buffer_unordered(CONCURRENCY)
        .map(Result::unwrap)
        .collect()
        .await
}

async fn unchanged() {
    const SOURCES: usize = 2000;
    let (sites, folder) = (Sites::start(), folder());
    let (config, store, poller) =
        open(&configuration(folder.path(), sites.port, SOURCES, 2, "")).await;
    let begin: Timestamp = "2026-06-01T02:00:00Z".parse().unwrap();
    poll_all(&config, &poller, begin).await;
    let urls: Vec<String> = config
        .sources
        .iter()
        .map(|source| source.url.to_string())
        .collect();
    let client = bare_client();
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS {
        let started = Instant::now();
        ask_all(&client, &urls, true).await;
        bare.push(per_second(SOURCES, started));
        let started = Instant::now();
        poll_all(&config, &poller, begin + (turn as i64).minutes()).await;
        ours.push(per_second(SOURCES, started));
    }
    store.close().await.unwrap();
    sites.stop();
    let (bare, ours) = (median(bare), median(ours));
    println!(
        "unchanged sources a second: {ours:.0}, bare reqwest {bare:.0}: {:.2} x (wanted: 0.7 x)",
        ours / bare
    );
}

async fn crawl() {
    const SOURCES: usize = 100;
    const ARTICLES: usize = 20;
    let sites = Sites::start();
    let client = bare_client();
    let urls: Vec<String> = (0..SOURCES)
        .flat_map(|n| (0..ARTICLES).map(move |article| (n, article)))
        .map(|(n, article)| format!("http://{}:{}/a/{article}.html", address(n), sites.port))
        .collect();
    let (mut fetched, mut parsed, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let started = Instant::now();
        let pages = ask_all(&client, &urls, false).await;
        fetched.push(per_second(urls.len(), started));

        let pages: Vec<String> = pages
            .iter()
            .map(|page| String::from_utf8_lossy(page).into_owned())
            .collect();
        let started = Instant::now();
        pages
            .par_iter()
            .for_each(|page| drop(std::hint::black_box(scraper::Html::parse_document(page))));
        parsed.push(per_second(pages.len(), started));

        let folder = folder();
        let (config, store, poller) = open(&configuration(
            folder.path(),
            sites.port,
            SOURCES,
            ARTICLES,
            "",
        ))
        .await;
        let started = Instant::now();
        poll_all(&config, &poller, "2026-06-01T02:00:00Z".parse().unwrap()).await;
        ours.push(per_second(urls.len(), started));
        store.close().await.unwrap();
    }
    sites.stop();
    let (fetched, parsed, ours) = (median(fetched), median(parsed), median(ours));
    let both = 1.0 / (1.0 / fetched + 1.0 / parsed);
    println!(
        "articles a second at first visits: {ours:.0}; bare fetch {fetched:.0} and bare parse {parsed:.0}, together {both:.0}: {:.2} x (wanted: 0.5 x)",
        ours / both
    );
}

/// The program itself, on a configuration.
fn program(folder: &Path, text: &str) -> Child {
    fs::write(folder.join("bell.toml"), text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_schoolbell"))
        .args(["--config", "bell.toml", "--log", "error", "run"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn memory() {
    const SOURCES: usize = 10_000;
    const SERVER: &str = "[server]\nlisten = '127.0.0.1:0'";
    let (sites, folder) = (Sites::start(), folder());
    let crawling = configuration(folder.path(), sites.port, SOURCES, 20, SERVER);
    let mut process = program(folder.path(), &crawling);
    std::thread::sleep(Duration::from_secs(90));
    let peak = resident(&process, "VmHWM");
    process.kill().unwrap();
    process.wait().unwrap();
    println!(
        "resident while crawling {SOURCES} sources: {peak} MB at most in 90 s (wanted: 400 MB)"
    );

    let folder = self::folder();
    let idle = configuration(folder.path(), sites.port, SOURCES, 5, SERVER)
        .replace("/5/'\n", "/5/'\nfull_text = false\n");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (config, store, poller) = open(&idle).await;
        poll_all(&config, &poller, jiff::Timestamp::now()).await;
        store.close().await.unwrap();
    });
    drop(runtime);
    let mut process = program(folder.path(), &idle);
    std::thread::sleep(Duration::from_secs(10));
    let (now, peak) = (resident(&process, "VmRSS"), resident(&process, "VmHWM"));
    process.kill().unwrap();
    process.wait().unwrap();
    sites.stop();
    println!(
        "resident with {SOURCES} sources and {} articles idle: {now} MB, {peak} MB at most (wanted: 150 MB)",
        SOURCES * 5
    );
}

fn resident(process: &Child, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

fn faults() {
    // failures are tried again as often as this allows, which is far too often but for a test
    const SETTINGS: &str = "[server]\nlisten = '127.0.0.1:0'\n[schedule]\nmin = '10s'\nmax = '20s'";
    const SECONDS: u64 = 120;
    let mut waited = Vec::new();
    for faulty in [0, 250] {
        let (sites, folder) = (Sites::start(), folder());
        let mut text = configuration(folder.path(), sites.port, 250, 3, SETTINGS)
            .replace("/3/'\n", "/3/'\nevery = '10s'\n");
        for n in 0..faulty {
            let fault = server::FAULTS[n % server::FAULTS.len()];
            write!(
                text,
                "[[source]]\nid = 'f{n}'\nurl = 'http://{}:{}/fault/{fault}'\nevery = '10s'\n",
                address(1000 + n),
                sites.port
            )
            .unwrap();
        }
        let mut process = program(folder.path(), &text);
        std::thread::sleep(Duration::from_secs(SECONDS));
        process.kill().unwrap();
        process.wait().unwrap();
        waited.push(sites.stop());
    }
    println!(
        "news of 250 sources that are polled every 10 s wait {:.0} ms, beside 250 sources at fault {:.0} ms: {:.2} x (wanted: 1.1 x at most)",
        waited[0],
        waited[1],
        waited[1] / waited[0]
    );
}

fn per_second(number: usize, started: Instant) -> f64 {
    number as f64 / started.elapsed().as_secs_f64()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
