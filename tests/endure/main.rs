//! What a store endures: kills, flipped bytes, power cuts, a full disk, while articles arrive.
//!
//! ```text
//! cargo run --example endure -- kill 200          kill -9 at random moments
//! cargo run --example endure -- flip-store 100    a byte flipped anywhere in sled's files
//! cargo run --example endure -- flip-journal 100  a byte flipped anywhere in the journal's segments
//! cargo run --example endure -- power 20          power cuts; as root, with loop devices
//! cargo run --example endure -- full 5            a disk that fills up and is freed again; as root
//! ```
//!
//! A child writes articles of its own and prints each one's number when `record` has answered: from then on it may be
//! shown, and must be there for good, once, under the same id. `power` lays the store on an ext4 image on a loop device
//! and copies the image while the child is stopped: what was only in the page cache is not in the copy. `SEED` in the
//! environment repeats a run's dice.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "a program that prints figures"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use schoolbell::{
    article::{Article, ArticleId},
    journal::Event,
    source::SourceId,
    store::{OpenReport, Scope, Sizes, Store},
};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const CACHE_BYTES: u64 = 16 << 20;
const SOURCES: u64 = 20;
/// Articles of the stores whose bytes are flipped.
const FLIPPED: u64 = 400;
/// Polls that record side by side.
const POLLS: u64 = 8;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rounds = args.get(1).and_then(|n| n.parse().ok());
    let mut dice = Dice(
        std::env::var("SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| u64::from(std::process::id())),
    );
    println!("SEED={}", dice.0);
    match args.first().map(String::as_str) {
        Some("write") => write(Path::new(&args[1]), args[2].parse()?, args.len() > 3),
        Some("kill") => kill(rounds.unwrap_or(200), &mut dice),
        Some("flip-store") => flip(rounds.unwrap_or(100), "store", &mut dice),
        Some("flip-journal") => flip(rounds.unwrap_or(100), "journal", &mut dice),
        Some("power") => power(rounds.unwrap_or(20), &mut dice),
        Some("full") => full(rounds.unwrap_or(5)),
        _ => anyhow::bail!("kill, flip-store, flip-journal, power or full, and how many rounds"),
    }
}

/// Tells now and then how far it has come: a hundred rounds take minutes.
fn progress(round: u64) {
    if round > 0 && round.is_multiple_of(10) {
        println!("{round} rounds are done");
    }
}

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = xxh3_64_with_seed(b"dice", self.0);
        self.0 % limit.max(1)
    }
}

/// The `number`th article.
fn article(number: u64) -> Article {
    let source = number % SOURCES;
    let url: url::Url = format!("http://d{source}.example/info/{number}.htm")
        .parse()
        .unwrap();
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let seen = start + SignedDuration::from_secs(number.cast_signed() * 60);
    let text: String = (0..400)
        .map(|i| {
            let hash = xxh3_64_with_seed(&number.to_le_bytes(), i) % 3000;
            char::from_u32(0x4E00 + hash as u32).unwrap()
        })
        .collect();
    Article {
        id: ArticleId::of(&url),
        source: SourceId::parse(&format!("d{source}")).unwrap(),
        url,
        title: format!("第{number}号通知"),
        published: None,
        date_from: None,
        first_seen: seen,
        sorted_at: seen,
        updated: None,
        origin: None,
        author: None,
        breadcrumb: Vec::new(),
        body_html: format!("<p>{text}</p>"),
        summary: String::new(),
        body_text: text,
        images: Vec::new(),
        attachments: Vec::new(),
        complete: true,
    }
}

/// The child: records articles from `first` on for ever, and prints the number of each that was kept. A store that
/// cannot keep one is asked to mend itself, and the article is tried again.
fn write(dir: &Path, first: u64, to_the_last_byte: bool) -> anyhow::Result<()> {
    let mut sizes = Sizes {
        cache_bytes: CACHE_BYTES,
        ..Sizes::default()
    };
    if to_the_last_byte {
        sizes.room = |_| Ok(u64::MAX);
    }
    let (store, report) = Store::open_with(dir, sizes, &mut |_| {})?;
    say(&format!("open {}", report.articles));
    for note in report.notes {
        say(&format!("note {note}"));
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let polls = (0..POLLS).map(|poll| record_for_ever(&store, first + poll));
        futures_util::future::join_all(polls).await;
    });
    Ok(())
}

/// One poll: every [`POLLS`]th article.
async fn record_for_ever(store: &Store, first: u64) {
    for number in (first..).step_by(POLLS as usize) {
        loop {
            let event = Event::Published {
                article: article(number),
            };
            match store.record(vec![event], None).await {
                Ok(_) => break say(&format!("kept {number}")),
                Err(error) => {
                    say(&format!("refused {error}"));
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let _ = store.mend().await;
                }
            }
        }
    }
}

fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    // the parent may have gone
    let _ = writeln!(out, "{words}").and_then(|()| out.flush());
}

/// What a child has said so far.
#[derive(Default)]
struct Said {
    kept: BTreeSet<u64>,
    notes: Vec<String>,
    refused: u64,
    last_refusal: String,
}

struct Writer {
    child: Child,
    said: Arc<Mutex<Said>>,
    reading: thread::JoinHandle<()>,
}

impl Writer {
    fn start(dir: &Path, first: u64) -> anyhow::Result<Self> {
        Self::start_with(dir, first, &[])
    }

    fn start_with(dir: &Path, first: u64, more: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("write")
            .arg(dir)
            .arg(first.to_string())
            .args(more)
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no pipe")?);
        let said = Arc::<Mutex<Said>>::default();
        let reading = {
            let said = said.clone();
            thread::spawn(move || listen(lines, &said))
        };
        Ok(Self {
            child,
            said,
            reading,
        })
    }

    fn kept(&self) -> usize {
        self.said.lock().unwrap().kept.len()
    }

    /// Until something was kept, then for so long.
    fn run(&mut self, millis: u64) -> anyhow::Result<()> {
        while self.kept() == 0 {
            ensure!(self.child.try_wait()?.is_none(), "the writer ended");
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(millis));
        ensure!(self.child.try_wait()?.is_none(), "the writer ended");
        Ok(())
    }

    fn signal(&self, name: &str) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        let done = Command::new("kill").args([name, &id]).status()?;
        ensure!(done.success(), "kill {name} {id}");
        Ok(())
    }

    fn kill(mut self) -> anyhow::Result<Said> {
        self.child.kill()?;
        self.child.wait()?;
        let _ = self.reading.join();
        Ok(std::mem::take(&mut *self.said.lock().unwrap()))
    }
}

fn listen(lines: BufReader<ChildStdout>, said: &Mutex<Said>) {
    for line in lines.lines().map_while(Result::ok) {
        let mut said = said.lock().unwrap();
        match line.split_once(' ') {
            Some(("kept", number)) => said.kept.extend(number.parse::<u64>()),
            Some(("note", words)) => said.notes.push(words.to_owned()),
            Some(("refused", why)) => {
                said.refused += 1;
                why.clone_into(&mut said.last_refusal);
            }
            _ => {}
        }
    }
}

/// How a store answers for what was shown.
struct Found {
    report: OpenReport,
    lost: Vec<u64>,
    /// The next number that is free.
    next: u64,
}

/// Opens a store and looks for articles: each once, under its id, with its text.
fn check(dir: &Path, shown: &BTreeSet<u64>) -> anyhow::Result<Found> {
    let (store, report) = Store::open(dir, CACHE_BYTES)?;
    let mut there: BTreeMap<u64, ArticleId> = BTreeMap::new();
    for page in 0.. {
        let entries = store.newest(&Scope::All, 1000, page)?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            let digits: String = entry
                .article
                .title
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            let number: u64 = digits.parse()?;
            let expected = article(number);
            ensure!(entry.article.id == expected.id, "{number} has another id");
            ensure!(
                entry.article.body_text == expected.body_text,
                "{number} reads otherwise"
            );
            ensure!(
                entry.article.sorted_at == expected.sorted_at,
                "{number} has another place"
            );
            ensure!(
                there.insert(number, expected.id).is_none(),
                "{number} is there twice"
            );
        }
    }
    let mut listed = 0;
    for source in 0..SOURCES {
        listed += store.counts(&SourceId::parse(&format!("d{source}"))?);
    }
    ensure!(
        listed >= there.len() as u64,
        "counts say {listed}, {} are there",
        there.len()
    );
    let lost = shown
        .iter()
        .filter(|n| !there.contains_key(n))
        .copied()
        .collect();
    let next = there.keys().chain(shown).max().map_or(0, |last| last + 1);
    Ok(Found { report, lost, next })
}

fn kill(rounds: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let dir = folder()?;
    let (mut shown, mut next, mut notes, mut lost) = (BTreeSet::new(), 0, 0, 0);
    for round in 0..rounds {
        progress(round);
        let mut writer = Writer::start(dir.path(), next)?;
        writer.run(dice.below(120))?;
        shown.extend(writer.kill()?.kept);
        let found = check(dir.path(), &shown).with_context(|| format!("round {round}"))?;
        ensure!(
            found.report.set_aside.is_none(),
            "round {round}: {:?}",
            found.report
        );
        notes += found.report.notes.len();
        lost += found.lost.len();
        ensure!(
            found.lost.is_empty(),
            "round {round}: lost {:?}",
            found.lost
        );
        next = found.next + POLLS;
    }
    println!(
        "kill -9: {rounds} rounds, {} articles shown, {lost} lost, {notes} torn tails cut",
        shown.len()
    );
    Ok(())
}

fn flip(rounds: u64, part: &str, dice: &mut Dice) -> anyhow::Result<()> {
    let dir = folder()?;
    let whole = dir.path().join("whole");
    let shown: BTreeSet<u64> = (0..FLIPPED).collect();
    fill(&whole)?;
    let (mut rebuilt, mut lost, mut named) = (0, 0, 0);
    for round in 0..rounds {
        progress(round);
        let copy = dir.path().join("copy");
        copy_folder(&whole, &copy)?;
        let files = files(&copy.join(part))?;
        let total: u64 = files.iter().map(|(_, size)| size).sum();
        let mut at = dice.below(total);
        let (path, _) = files
            .iter()
            .find(|(_, size)| {
                let here = at < *size;
                if !here {
                    at -= size;
                }
                here
            })
            .context("the byte lies in a file")?;
        flip_byte(path, at, 1 << dice.below(8))?;
        let place = format!("round {round}: byte {at} of {}", path.display());
        let found = check(&copy, &shown).with_context(|| place.clone())?;
        rebuilt += u64::from(found.report.set_aside.is_some());
        named += u64::from(!found.report.notes.is_empty());
        let most = usize::from(part == "journal");
        ensure!(found.lost.len() <= most, "{place}: lost {:?}", found.lost);
        lost += found.lost.len();
        // what was lost is read anew, and everything can be kept
        let (store, _) = Store::open(&copy, CACHE_BYTES)?;
        let events = found
            .lost
            .iter()
            .copied()
            .chain([found.next])
            .map(|number| Event::Published {
                article: article(number),
            });
        tokio::runtime::Runtime::new()?.block_on(store.record(events.collect(), None))?;
        drop(store);
        let again = check(&copy, &shown).with_context(|| place.clone())?;
        ensure!(again.lost.is_empty(), "{place}: {:?} stay lost", again.lost);
        fs::remove_dir_all(&copy)?;
    }
    println!(
        "a byte flipped in the {part}: {rounds} rounds, {lost} articles lost and read anew, {rebuilt} databases made again, {named} told at the opening"
    );
    Ok(())
}

fn fill(dir: &Path) -> anyhow::Result<()> {
    let (store, _) = Store::open(dir, CACHE_BYTES)?;
    let runtime = tokio::runtime::Runtime::new()?;
    for first in (0..FLIPPED).step_by(20) {
        let events = (first..first + 20).map(|number| Event::Published {
            article: article(number),
        });
        runtime.block_on(store.record(events.collect(), None))?;
    }
    Ok(())
}

fn power(rounds: u64, dice: &mut Dice) -> anyhow::Result<()> {
    let dir = folder()?;
    let (mut shown_in_all, mut notes, mut rebuilt) = (0, 0, 0);
    for round in 0..rounds {
        progress(round);
        let (image, cut) = (dir.path().join("disk"), dir.path().join("cut"));
        let disk = Disk::make(&image, &dir.path().join("mounted"))?;
        let data = disk.path.join("data");
        let mut writer = Writer::start(&data, 0)?;
        writer.run(200 + dice.below(3000))?;
        writer.signal("-STOP")?;
        // what the child has said may still be in the pipe
        thread::sleep(Duration::from_millis(100));
        let shown = writer.said.lock().unwrap().kept.clone();
        fs::copy(&image, &cut)?;
        writer.kill()?;
        drop(disk);
        let disk = Disk::mount(&cut, &dir.path().join("mounted"))?;
        let found =
            check(&disk.path.join("data"), &shown).with_context(|| format!("round {round}"))?;
        ensure!(
            found.lost.is_empty(),
            "round {round}: lost {:?}",
            found.lost
        );
        shown_in_all += shown.len();
        notes += found.report.notes.len();
        rebuilt += u64::from(found.report.set_aside.is_some());
    }
    println!(
        "power cut: {rounds} rounds, {shown_in_all} articles shown, 0 lost, {notes} notes, {rebuilt} databases made again"
    );
    Ok(())
}

/// A file system of its own.
struct Disk {
    path: PathBuf,
}

impl Disk {
    fn make(image: &Path, at: &Path) -> anyhow::Result<Self> {
        let file = fs::File::create(image)?;
        file.set_len(0)?;
        file.set_len(512 << 20)?;
        run(Command::new("mkfs.ext4").arg("-q").arg("-F").arg(image))?;
        Self::mount(image, at)
    }

    fn mount(image: &Path, at: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(at)?;
        run(Command::new("mount")
            .args(["-o", "loop"])
            .arg(image)
            .arg(at))?;
        Ok(Self {
            path: at.to_owned(),
        })
    }

    fn in_memory(at: &Path, size: &str) -> anyhow::Result<Self> {
        fs::create_dir_all(at)?;
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"])
            .arg(at))?;
        Ok(Self {
            path: at.to_owned(),
        })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}

/// The disk fills while articles arrive: by what the store writes itself, or by someone else down to the last byte,
/// when sled has half written something.
fn full(rounds: u64) -> anyhow::Result<()> {
    let dir = folder()?;
    let disk = Disk::in_memory(&dir.path().join("mounted"), "200m")?;
    let (data, ballast) = (disk.path.join("data"), disk.path.join("ballast"));
    let mut shown = BTreeSet::new();
    for round in 0..rounds {
        progress(round);
        // in every other round the store keeps no reserve, and meets the end in the middle of a write
        let unguarded: &[&str] = if round % 2 == 0 {
            &["to-the-last-byte"]
        } else {
            &[]
        };
        let mut writer = Writer::start_with(&data, round * 1_000_000, unguarded)?;
        writer.run(300)?;
        // all that there is
        let mut file = fs::File::create(&ballast)?;
        let block = vec![7; 64 << 10];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&block[..512]).is_ok() {}
        thread::sleep(Duration::from_secs(1));
        let kept = writer.kept();
        thread::sleep(Duration::from_millis(500));
        ensure!(writer.kept() == kept, "round {round}: kept on a full disk");
        {
            let said = writer.said.lock().unwrap();
            ensure!(said.refused > 0, "round {round}: nothing was refused");
            println!(
                "round {round}: {} refused: {}",
                said.refused, said.last_refusal
            );
        }
        drop(file);
        fs::remove_file(&ballast)?;
        thread::sleep(Duration::from_secs(2));
        ensure!(
            writer.kept() > kept,
            "round {round}: did not recover by itself"
        );
        shown.extend(writer.kill()?.kept);
        let found = check(&data, &shown)?;
        ensure!(
            found.report.set_aside.is_none() && found.lost.is_empty(),
            "round {round}: lost {:?} {:?}",
            found.lost,
            found.report
        );
    }
    println!(
        "full disk: {rounds} rounds, {} articles shown, 0 lost, recovered each time",
        shown.len()
    );
    Ok(())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

fn folder() -> anyhow::Result<tempfile::TempDir> {
    Ok(tempfile::TempDir::new()?)
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// All files below a folder, with their sizes, in order.
fn files(dir: &Path) -> anyhow::Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (path, meta) = (entry.path(), entry.metadata()?);
        if meta.is_dir() {
            found.extend(files(&path)?);
        } else if meta.len() > 0 {
            found.push((path, meta.len()));
        }
    }
    found.sort();
    Ok(found)
}

fn flip_byte(path: &Path, at: u64, bits: u8) -> anyhow::Result<()> {
    let mut file = fs::File::options().read(true).write(true).open(path)?;
    let mut byte = [0];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut byte)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(&[byte[0] ^ bits])?;
    Ok(())
}
