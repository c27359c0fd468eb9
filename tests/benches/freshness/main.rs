//! How soon articles are seen: a simulated year of a thousand sources, polled by the program's schedule and by two other
//! rules with as many requests.
//!
//!     cargo bench --bench freshness [-- SEED]
//!
//! Without a seed there are three years of each world, so that a figure is not one year's luck, and it ends with 1 where
//! one is missed.
//! `year.rs` says when the sources publish and fail; nothing in it knows how the schedule thinks. The time is injected:
//! the program's own `pace` decides after each poll when the next one is due, and nobody sleeps. What a source published
//! before it was first polled does not count. Compared with
//! - a fixed interval, the same for all sources;
//! - the entry-frequency rule that Miniflux documents: a week divided by the articles of the last week times a factor,
//!   between five minutes and a day.
//!
//! The interval and the factor are sought so that both make as many requests in the year as the program did, failures
//! included.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program that prints figures"
)]

mod year;

use std::{fmt::Write as _, sync::Arc, thread};

use jiff::{Timestamp, tz::TimeZone};
use schoolbell::{
    config::{Config, ScheduleSettings},
    schedule::pace::{self, Hints},
    source::{
        Source,
        rhythm::Rhythm,
        state::{Fault, FaultKind, Outcome, SourceState},
    },
};

use year::{BEGIN, END, Life, World};

const SOURCES: usize = 1000;
/// Items on a list page.
const ON_THE_LIST: usize = 20;

/// What came of polling a source, or many, for a year.
#[derive(Default)]
struct Year {
    requests: u64,
    /// From publishing to poll, in seconds, by source.
    delays: Vec<Vec<u32>>,
}

fn main() {
    let seed = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let seeds = seed.map_or_else(|| vec![1, 2, 3], |seed| vec![seed]);
    let mut met = true;
    for world in [World::Described, World::Wild] {
        for seed in &seeds {
            met &= measure(world, *seed);
        }
    }
    if !met {
        std::process::exit(1);
    }
}

/// Whether all figures are met.
fn measure(world: World, seed: u64) -> bool {
    let lives = world.lives(SOURCES, seed);
    let config = configuration(&lives);
    let articles: usize = lives.iter().map(|life| life.in_the_year().len()).sum();
    println!(
        "\n{}, seed {seed}: {articles} articles of {SOURCES} sources",
        world.name()
    );
    let pairs: Vec<_> = lives.iter().zip(&config.sources).collect();
    let ours = each(&pairs, |(life, source)| {
        adaptive(life, source, &config.schedule)
    });
    let fixed = sought(
        ours.requests,
        |wait| each(&pairs, |(life, source)| fixed(life, source, wait)),
        60.0,
        2.0 * 86_400.0,
    );
    let miniflux = sought(
        ours.requests,
        |scale| {
            each(&pairs, |(life, source)| {
                entry_frequency(life, source, scale)
            })
        },
        1e-3,
        1e3,
    );
    println!(
        "  {:<24} {:>13} {:>10} {:>10} {:>10} {:>16}",
        "", "requests/day", "median", "95th", "mean", "sources' median"
    );
    let rows = [
        ("schoolbell", &ours),
        ("fixed interval", &fixed),
        ("entry frequency", &miniflux),
    ];
    for (name, year) in rows {
        let [median, late, mean, of_sources] = year.figures();
        println!(
            "  {name:<24} {:>13.1} {:>10} {:>10} {:>10} {:>16}",
            year.requests as f64 / SOURCES as f64 / 365.0,
            minutes(median),
            minutes(late),
            minutes(mean),
            minutes(of_sources)
        );
    }
    for (name, other) in &rows[1..] {
        let (ours, other) = (ours.figures(), other.figures());
        let ratio = |n: usize| ours[n] / other[n];
        println!(
            "  against {name:<16} {:>13} {:>9.2}x {:>9.2}x {:>9.2}x {:>15.2}x",
            "",
            ratio(0),
            ratio(1),
            ratio(2),
            ratio(3)
        );
    }
    kinds(&lives, &ours, &fixed);
    let met = [
        ("median against the fixed interval", &fixed, 0, 0.5),
        ("95th against the fixed interval", &fixed, 1, 1.0),
        ("median against the entry frequency", &miniflux, 0, 0.6),
    ]
    .map(|(what, other, n, most)| {
        let ratio = ours.figures()[n] / other.figures()[n];
        let met = ratio <= most;
        let verdict = if met { "met" } else { "missed" };
        println!("  {verdict}: {what} {ratio:.2}x, at most {most:.1}x");
        met
    });
    met == [true; 3]
}

/// The same by kind of source, to see where requests go.
fn kinds(lives: &[Life], ours: &Year, fixed: &Year) {
    let mut names: Vec<_> = lives.iter().map(|life| life.kind).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of = |year: &Year| {
            let chosen = lives
                .iter()
                .zip(&year.delays)
                .filter(|(life, _)| life.kind == name);
            Year {
                requests: 0,
                delays: chosen.map(|(_, delays)| delays.clone()).collect(),
            }
        };
        let (ours, fixed) = (of(ours), of(fixed));
        let articles: usize = ours.delays.iter().map(Vec::len).sum();
        let (a, b) = (ours.figures(), fixed.figures());
        println!(
            "    {name:<28} {articles:>7} articles, median {} / {}, 95th {} / {}",
            minutes(a[0]),
            minutes(b[0]),
            minutes(a[1]),
            minutes(b[1])
        );
    }
}

fn minutes(seconds: f64) -> String {
    format!("{:.1} min", seconds / 60.0)
}

/// All sources, on all cores.
fn each<T: Copy + Sync>(all: &[T], poll: impl Fn(T) -> (u64, Vec<u32>) + Sync) -> Year {
    let cores = thread::available_parallelism().unwrap().get();
    let parts = all.chunks(all.len().div_ceil(cores));
    thread::scope(|scope| {
        let poll = &poll;
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().map(|one| poll(*one)).collect::<Vec<_>>()))
            .collect();
        let mut year = Year::default();
        for (requests, delays) in threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
        {
            year.requests += requests;
            year.delays.push(delays);
        }
        year
    })
}

/// The setting with which a rule makes so many requests, by bisection; what it then achieves.
fn sought(requests: u64, rule: impl Fn(f64) -> Year, mut low: f64, mut high: f64) -> Year {
    let mut year = rule((low * high).sqrt());
    for _ in 0..30 {
        if year.requests.abs_diff(requests) * 2000 < requests {
            break;
        }
        let middle = (low * high).sqrt();
        if year.requests > requests {
            low = middle;
        } else {
            high = middle;
        }
        year = rule((low * high).sqrt());
    }
    year
}

impl Year {
    /// Median, 95th percentile and mean of all articles; the median of the sources' medians.
    fn figures(&self) -> [f64; 4] {
        let mut all: Vec<u32> = self.delays.iter().flatten().copied().collect();
        all.sort_unstable();
        let at =
            |sorted: &[u32], share: f64| f64::from(sorted[(sorted.len() as f64 * share) as usize]);
        let mut medians: Vec<u32> = self
            .delays
            .iter()
            .filter(|delays| !delays.is_empty())
            .map(|delays| {
                let mut delays = delays.clone();
                delays.sort_unstable();
                at(&delays, 0.5) as u32
            })
            .collect();
        medians.sort_unstable();
        let mean = all.iter().map(|delay| f64::from(*delay)).sum::<f64>() / all.len() as f64;
        [at(&all, 0.5), at(&all, 0.95), mean, at(&medians, 0.5)]
    }
}

/// One year of one source: `wait` says after each poll how long until the next one.
struct Visits<'a> {
    life: &'a Life,
    /// What was published before this place is known.
    known: usize,
    delays: Vec<u32>,
}

impl<'a> Visits<'a> {
    fn new(life: &'a Life) -> Self {
        Self {
            life,
            known: 0,
            delays: Vec::new(),
        }
    }

    /// How many new articles a poll finds; None where it fails.
    fn poll(&mut self, at: i64, first: bool) -> Option<u32> {
        if self.life.fails(at) {
            return None;
        }
        let before = self.known;
        self.known = self
            .life
            .published
            .partition_point(|published| *published <= at);
        let new = &self.life.published[before..self.known];
        if !first {
            self.delays
                .extend(new.iter().map(|published| (at - published) as u32));
        }
        Some(new.len() as u32)
    }
}

/// As the program polls: `pace` is asked after each visit, as the daemon does.
fn adaptive(life: &Life, source: &Source, settings: &ScheduleSettings) -> (u64, Vec<u32>) {
    let mut visits = Visits::new(life);
    let mut state = SourceState::default();
    let mut at = BEGIN + pace::first_wait(&source.id, SOURCES).as_secs() as i64;
    let mut requests = 0;
    while at < END {
        requests += 1;
        let now = Timestamp::from_second(at).unwrap();
        let first = state.last_success.is_none();
        let outcome = match visits.poll(at, first) {
            None => Outcome::Failed(Fault {
                kind: FaultKind::Unreachable,
                words: String::new(),
            }),
            Some(0) => Outcome::Unchanged,
            Some(new) => Outcome::Read {
                items: ON_THE_LIST as u32,
                new,
            },
        };
        if first && outcome.fault().is_none() {
            // the list's dates are days
            let shown = &life.published[visits.known.saturating_sub(ON_THE_LIST)..visits.known];
            let days = shown
                .iter()
                .map(|published| day(*published, &source.timezone));
            state.rhythm = Some(Rhythm::of_list(days, now, &source.timezone));
        }
        let plan = pace::conclude(source, settings, &mut state, outcome, Hints::default(), now);
        at = plan.due.as_second();
    }
    (requests, visits.delays)
}

fn day(at: i64, zone: &TimeZone) -> jiff::civil::Date {
    zone.to_datetime(Timestamp::from_second(at).unwrap()).date()
}

/// The same wait for all.
fn fixed(life: &Life, source: &Source, wait: f64) -> (u64, Vec<u32>) {
    // spread, as any scheduler would
    let offset =
        pace::first_wait(&source.id, SOURCES).as_secs_f64() / (SOURCES as f64 * 0.1) * wait;
    by_rule(life, offset, |_, _| wait)
}

/// Miniflux's.
fn entry_frequency(life: &Life, source: &Source, factor: f64) -> (u64, Vec<u32>) {
    const WEEK: f64 = 7.0 * 86_400.0;
    let offset = pace::first_wait(&source.id, SOURCES).as_secs_f64();
    by_rule(life, offset, |at, known| {
        let week_ago = at - WEEK as i64;
        let articles =
            known - life.published[..known].partition_point(|published| *published <= week_ago);
        // a factor below one makes more requests, so that both rules are sought alike
        let wait = if articles == 0 {
            f64::INFINITY
        } else {
            WEEK / articles as f64 * factor
        };
        wait.clamp(300.0, 86_400.0)
    })
}

fn by_rule(life: &Life, offset: f64, wait: impl Fn(i64, usize) -> f64) -> (u64, Vec<u32>) {
    let mut visits = Visits::new(life);
    let (mut at, mut requests, mut first) = (BEGIN as f64 + offset, 0, true);
    while at < END as f64 {
        requests += 1;
        if visits.poll(at as i64, first).is_some() {
            first = false;
        }
        at += wait(at as i64, visits.known);
    }
    (requests, visits.delays)
}

fn configuration(lives: &[Life]) -> Arc<Config> {
    let mut text = String::new();
    for (n, life) in lives.iter().enumerate() {
        write!(
            text,
            "[[source]]\nid = 's{n}'\nurl = 'http://s{n}.example/'\ntimezone = '{}'\n",
            life.timezone
        )
        .unwrap();
    }
    Arc::new(Config::parse(&text, "simulation").unwrap())
}
