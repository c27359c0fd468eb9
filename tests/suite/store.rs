//! The store across restarts, crashes, damage, and time.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use jiff::Timestamp;
use proptest::prelude::*;
use schoolbell::{
    article::{Article, ArticleId},
    journal::Event,
    source::state::{SourceState, SourceValidators},
    store::{Batch, Entry, Known, Note, OpenReport, Recorded, Scope, Sizes, Store, StoreError},
};
use tempfile::TempDir;

use crate::making::{article, id_of, minute, source, with_text, words};

const CACHE_BYTES: u64 = 8 << 20;

fn open(path: &Path) -> (Store, OpenReport) {
    Store::open(path, CACHE_BYTES).unwrap()
}

fn published(article: &Article) -> Event {
    Event::Published {
        article: article.clone(),
    }
}

fn record(store: &Store, events: Vec<Event>) -> Recorded {
    block(store.record(events, None)).unwrap()
}

fn block<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn newest(store: &Store, scope: &Scope) -> Vec<Entry> {
    store.newest(scope, 1000, 0).unwrap()
}

fn ids(entries: &[Entry]) -> Vec<ArticleId> {
    entries.iter().map(|entry| entry.article.id).collect()
}

fn known(store: &Store, id: ArticleId) -> Option<Known> {
    store.known(&[id]).unwrap().remove(0)
}

/// A copy of a store's folder as a crash would leave it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Ten articles of `office`, two of `school`.
fn fill(store: &Store) -> Vec<ArticleId> {
    let mut events: Vec<_> = (1..=10).map(|n| published(&article("office", n))).collect();
    events.extend((11..=12).map(|n| published(&article("school", n))));
    let recorded = record(store, events);
    assert_eq!(recorded.published.len(), 12);
    let mut newest_first = recorded.published;
    newest_first.reverse();
    newest_first
}

#[test]
fn articles_come_back_after_a_restart_and_not_twice() {
    let dir = TempDir::new().unwrap();
    let (store, report) = open(dir.path());
    assert_eq!(
        (report.notes.len(), report.replayed, report.articles),
        (0, 0, 0)
    );
    let all = fill(&store);
    assert_eq!(ids(&newest(&store, &Scope::All)), all);
    block(store.close()).unwrap();
    assert!(matches!(
        block(store.record(Vec::new(), None)),
        Err(StoreError::Closed)
    ));
    drop(store);

    let (store, report) = open(dir.path());
    assert_eq!(
        (report.notes, report.replayed, report.articles),
        (vec![], 0, 12)
    );
    let again = record(&store, vec![published(&article("office", 3))]);
    assert_eq!(again, Recorded::default());
    assert_eq!(ids(&newest(&store, &Scope::All)), all);
    let office = newest(&store, &Scope::Source(source("office")));
    assert_eq!(ids(&office), all[2..]);
    assert_eq!(office[7].article, article("office", 3));
    assert_eq!(store.counts(&source("office")), 10);
    let size = fs::metadata(dir.path().join("journal/00000001.log"))
        .unwrap()
        .len();
    record(&store, vec![published(&article("office", 3))]);
    assert_eq!(
        fs::metadata(dir.path().join("journal/00000001.log"))
            .unwrap()
            .len(),
        size
    );
}

#[test]
fn what_was_answered_survives_a_kill() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(&dir.path().join("a"));
    let all = fill(&store);
    // the files as they lie while the store is open: what a killed process leaves
    copy(&dir.path().join("a"), &dir.path().join("b"));
    drop(store);
    for folder in ["a", "b"] {
        let (store, report) = open(&dir.path().join(folder));
        assert_eq!(report.notes, Vec::<String>::new());
        assert_eq!(ids(&newest(&store, &Scope::All)), all, "{folder}");
    }
}

#[test]
fn a_database_that_missed_the_last_events_catches_up() {
    let dir = TempDir::new().unwrap();
    let (path, old) = (dir.path().join("a"), dir.path().join("old"));
    let (store, _) = open(&path);
    fill(&store);
    copy(&path.join("store"), &old);
    record(&store, vec![published(&article("school", 13))]);
    drop(store);
    fs::remove_dir_all(path.join("store")).unwrap();
    fs::rename(&old, path.join("store")).unwrap();
    let (store, report) = open(&path);
    assert_eq!(
        (report.replayed, report.articles, report.set_aside),
        (1, 13, None)
    );
    assert_eq!(store.counts(&source("school")), 3);
}

#[test]
fn a_torn_journal_costs_what_was_never_answered() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let all = fill(&store);
    drop(store);
    let file = dir.path().join("journal/00000001.log");
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend_from_slice(&[0xB5, b'r', b'e', 0xC1, 40, 0, 0, 0, 9]);
    fs::write(&file, bytes).unwrap();
    let (store, report) = open(dir.path());
    assert_eq!(report.notes.len(), 1);
    assert!(report.notes[0].contains("00000001.log"), "{report:?}");
    assert_eq!(ids(&newest(&store, &Scope::All)), all);
}

#[test]
fn a_flipped_bit_in_the_journal_costs_one_article() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    fill(&store);
    drop(store);
    let file = dir.path().join("journal/00000001.log");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    for rebuild in [false, true] {
        if rebuild {
            fs::remove_dir_all(dir.path().join("store")).unwrap();
        }
        let (store, report) = open(dir.path());
        assert!(
            report
                .notes
                .iter()
                .any(|note| note.contains("00000001.log")),
            "{report:?}"
        );
        assert_eq!(newest(&store, &Scope::All).len(), 11);
    }
}

#[test]
fn a_segment_that_is_gone_costs_its_articles_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let sizes = Sizes {
        cache_bytes: CACHE_BYTES,
        segment_bytes: 4000,
        ..Sizes::default()
    };
    let (store, _) = Store::open_with(dir.path(), sizes, &mut |_| {}).unwrap();
    fill(&store);
    drop(store);
    fs::remove_file(dir.path().join("journal/00000001.log")).unwrap();
    let (store, _) = open(dir.path());
    let left = newest(&store, &Scope::All).len();
    assert!((1..12).contains(&left), "{left}");
    record(&store, vec![published(&article("office", 13))]);
    assert_eq!(newest(&store, &Scope::All).len(), left + 1);
}

#[test]
fn a_list_whose_articles_the_journal_lost_is_read_anew() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let state = SourceState {
        last_success: Some(minute(20)),
        items: 10,
        page_hash: Some(7),
        validators: SourceValidators {
            etag: Some("\"a\"".to_owned()),
            last_modified: None,
        },
        ..SourceState::default()
    };
    fill(&store);
    block(store.record(Vec::new(), Some((source("office"), state.clone())))).unwrap();
    drop(store);
    let file = dir.path().join("journal/00000001.log");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let (store, report) = open(dir.path());
    assert!(report.set_aside.is_some(), "{report:?}");
    assert_eq!(newest(&store, &Scope::All).len(), 11);
    let unread = SourceState {
        page_hash: None,
        validators: SourceValidators::default(),
        ..state
    };
    assert_eq!(store.state(&source("office")), Some(unread));
}

#[test]
fn a_broken_database_is_set_aside_and_made_again() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let all = fill(&store);
    let before = newest(&store, &Scope::All);
    drop(store);
    for (round, break_it) in [garble as fn(&Path), cut_off, clear_conf]
        .into_iter()
        .enumerate()
    {
        break_it(&dir.path().join("store"));
        let (store, report) = open(dir.path());
        let aside = dir.path().join(format!("store.broken-{}", round + 1));
        assert_eq!(report.set_aside.as_ref(), Some(&aside), "{report:?}");
        assert!(aside.join("db").exists());
        assert!(
            report.notes[0].contains("made again from the journal"),
            "{report:?}"
        );
        assert_eq!((report.replayed, report.articles), (12, 12));
        assert_eq!(ids(&newest(&store, &Scope::All)), all);
        assert_eq!(newest(&store, &Scope::All), before);
    }
}

/// Every second block of the file becomes noise.
fn garble(store: &Path) {
    let mut bytes = fs::read(store.join("db")).unwrap();
    for block in bytes.chunks_mut(512).step_by(2) {
        block.fill(0xA5);
    }
    fs::write(store.join("db"), bytes).unwrap();
}

fn cut_off(store: &Path) {
    fs::write(store.join("db"), b"").unwrap();
    for entry in fs::read_dir(store).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("snap") {
            fs::remove_file(path).unwrap();
        }
    }
    // nothing at all is a new database: what is lost must show as rows that are missing
    fs::write(store.join("damaged"), b"").unwrap();
}

fn clear_conf(store: &Path) {
    fs::write(store.join("conf"), b"no configuration at all").unwrap();
}

#[test]
fn a_byte_flipped_in_the_database_leaves_all_articles() {
    let dir = TempDir::new().unwrap();
    let whole = dir.path().join("whole");
    let (store, _) = open(&whole);
    let all = fill(&store);
    drop(store);
    let files = ["db", "conf", "snap"].map(|name| {
        let entries = fs::read_dir(whole.join("store")).unwrap();
        let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.find(|other| other.starts_with(name))
    });
    for (round, name) in (0_u64..12).zip(files.iter().flatten().cycle()) {
        let path = dir.path().join(round.to_string());
        copy(&whole, &path);
        let file = path.join("store").join(name);
        let mut bytes = fs::read(&file).unwrap();
        // the first part of the file holds the rows of so few articles
        let size = bytes.len().min(16 << 10);
        let at = usize::try_from(round * 7919 + 13).unwrap() % size;
        bytes[at] ^= 0x20;
        fs::write(&file, bytes).unwrap();
        let (store, report) = open(&path);
        let shown = ids(&newest(&store, &Scope::All));
        assert_eq!(shown, all, "{name}, byte {at}: {report:?}");
    }
}

#[test]
fn a_database_of_another_version_is_made_again_and_keeps_what_polls_learnt() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let all = fill(&store);
    let state = SourceState {
        last_success: Some(minute(7)),
        items: 20,
        ..SourceState::default()
    };
    block(store.record(Vec::new(), Some((source("office"), state.clone())))).unwrap();
    drop(store);
    let db = sled::open(dir.path().join("store")).unwrap();
    // rows begin with their version; the meta row's key is a zero
    let mut meta = db.get([0]).unwrap().unwrap().to_vec();
    meta[0] = 1;
    db.insert([0], meta).unwrap();
    db.flush().unwrap();
    drop(db);
    let mut told = Vec::new();
    let sizes = Sizes {
        cache_bytes: CACHE_BYTES,
        segment_bytes: 1 << 20,
        ..Sizes::default()
    };
    let (store, report) =
        Store::open_with(dir.path(), sizes, &mut |progress| told.push(progress)).unwrap();
    assert_eq!(
        (report.notes.len(), report.set_aside, report.articles),
        (1, None, 12)
    );
    assert!(report.notes[0].contains("another version"));
    let end = told.last().unwrap();
    assert_eq!((end.done_bytes, end.events), (end.total_bytes, 12));
    assert_eq!(ids(&newest(&store, &Scope::All)), all);
    assert_eq!(store.state(&source("office")), Some(state));
    let mut left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["journal", "lock", "store"]);
}

#[test]
fn a_store_is_open_once() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let all = fill(&store);
    let error = Store::open(dir.path(), CACHE_BYTES).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    let words = error.to_string();
    assert!(
        words.contains(&dir.path().display().to_string()) && words.contains("another process"),
        "{words}"
    );
    assert!(!dir.path().join("store.broken-1").exists());
    assert_eq!(ids(&newest(&store, &Scope::All)), all);
    record(&store, vec![published(&article("school", 13))]);
    drop(store);
    let (store, report) = open(dir.path());
    assert_eq!((report.articles, report.notes.len()), (13, 0));
    drop(store);
}

#[test]
fn a_folder_that_is_a_file_is_named() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("data");
    fs::write(&path, "").unwrap();
    let error = Store::open(&path, CACHE_BYTES).unwrap_err();
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{error}"
    );
}

#[test]
fn one_address_at_two_sources_is_one_article_in_both() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let first = article("portal", 1);
    let mut second = first.clone();
    (second.source, second.first_seen, second.sorted_at) =
        (source("column"), minute(30), minute(30));
    record(&store, vec![published(&first)]);
    let recorded = record(&store, vec![published(&second)]);
    assert_eq!((recorded.changed, recorded.published.len()), (1, 0));
    assert_eq!(
        record(&store, vec![published(&second)]),
        Recorded::default()
    );
    let both = Scope::Sources(vec![source("column"), source("portal")]);
    for scope in [Scope::All, both, Scope::Source(source("portal"))] {
        assert_eq!(newest(&store, &scope)[0].article, first, "{scope:?}");
        assert_eq!(newest(&store, &scope).len(), 1, "{scope:?}");
    }
    let column = newest(&store, &Scope::Source(source("column")));
    assert_eq!(column.len(), 1);
    assert_eq!(
        (
            column[0].article.source.as_str(),
            column[0].article.sorted_at
        ),
        ("column", minute(30))
    );
    let known = known(&store, first.id).unwrap();
    assert_eq!(known.sources, [source("portal"), source("column")]);
}

#[test]
fn pages_follow_each_other_and_ties_are_sorted_by_permalink() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let mut events = Vec::new();
    for n in [5, 3, 9, 1, 7, 2] {
        let mut article = article("office", n);
        article.sorted_at = if n < 6 { minute(0) } else { minute(1) };
        events.push(published(&article));
    }
    record(&store, events);
    let numbers = |entries: &[Entry]| -> Vec<String> {
        entries
            .iter()
            .map(|entry| {
                entry
                    .article
                    .url
                    .path()
                    .replace(|c: char| !c.is_ascii_digit(), "")
            })
            .collect()
    };
    for scope in [
        Scope::All,
        Scope::Source(source("office")),
        Scope::Sources(vec![source("office")]),
    ] {
        let page = |page| numbers(&store.newest(&scope, 2, page).unwrap());
        assert_eq!(
            [page(0), page(1), page(2)].concat(),
            ["7", "9", "1", "2", "3", "5"]
        );
        assert_eq!(page(3), Vec::<String>::new());
    }
}

#[test]
fn a_generation_moves_only_where_something_changed() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let group = Scope::Sources(vec![source("office"), source("other")]);
    let scopes = [
        Scope::Source(source("office")),
        Scope::Source(source("school")),
        group,
        Scope::All,
    ];
    let mut last = [0; 4];
    let mut moved = |store: &Store| {
        let now = [0, 1, 2, 3].map(|i| store.generation(&scopes[i]));
        let moved = [0, 1, 2, 3].map(|i| now[i] > last[i]);
        last = now;
        moved
    };
    assert_eq!(moved(&store), [false; 4]);
    record(&store, vec![published(&article("office", 1))]);
    assert_eq!(moved(&store), [true, false, true, true]);
    record(&store, vec![published(&article("school", 1))]);
    assert_eq!(moved(&store), [false, true, false, true]);
    record(&store, vec![published(&article("school", 1))]);
    assert_eq!(moved(&store), [false; 4]);
    let mut state = SourceState {
        failures: 3,
        ..SourceState::default()
    };
    block(store.record(Vec::new(), Some((source("office"), state.clone())))).unwrap();
    moved(&store);
    state.failures = 4;
    block(store.record(Vec::new(), Some((source("office"), state.clone())))).unwrap();
    assert_eq!(moved(&store), [false; 4], "feeds do not show failures");
    state.title = Some("要闻".to_owned());
    block(store.record(Vec::new(), Some((source("office"), state)))).unwrap();
    assert_eq!(
        moved(&store),
        [true, false, true, true],
        "they show the title"
    );
    let recorded = record(
        &store,
        vec![Event::Withdrawn {
            id: article("school", 1).id,
            at: minute(9),
        }],
    );
    assert_eq!(recorded.touched, [source("school")].into());
    assert_eq!(moved(&store), [false, true, false, true]);
}

#[test]
fn states_are_kept_over_a_restart() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let state = SourceState {
        first_poll: Some(minute(1)),
        next_poll: Some(minute(60)),
        interval: Some(std::time::Duration::from_mins(59)),
        outcome: Some(schoolbell::source::state::Outcome::Read { items: 20, new: 3 }),
        items: 20,
        ..SourceState::default()
    };
    block(store.record(Vec::new(), Some((source("office"), state.clone())))).unwrap();
    drop(store);
    let (store, _) = open(dir.path());
    assert_eq!(store.state(&source("office")), Some(state.clone()));
    assert_eq!(store.states(), [(source("office"), state)].into());
    assert_eq!(store.state(&source("school")), None);
}

#[test]
fn what_a_quiet_poll_learnt_is_there_at_once_and_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let office = source("office");
    let polled = |at| SourceState {
        first_poll: Some(minute(1)),
        next_poll: Some(minute(at)),
        ..SourceState::default()
    };
    block(store.record(Vec::new(), Some((office.clone(), polled(15))))).unwrap();
    for at in [30, 45] {
        block(store.learn(&office, polled(at))).unwrap();
        assert_eq!(store.state(&office), Some(polled(at)));
    }
    // of a source that is new, and of one that feeds show otherwise now
    block(store.learn(&source("school"), polled(20))).unwrap();
    block(store.learn(&source("school"), SourceState::default())).unwrap();
    block(store.close()).unwrap();
    let refused = block(store.learn(&office, polled(60)));
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    drop(store);
    let (store, _) = open(dir.path());
    assert_eq!(store.state(&office), Some(polled(45)));
    assert_eq!(store.state(&source("school")), Some(SourceState::default()));
}

#[test]
fn what_a_quiet_poll_learnt_reaches_the_disk_with_what_others_find() {
    let (dir, image) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (store, _) = open(dir.path());
    let office = source("office");
    let polled = |at| SourceState {
        next_poll: Some(minute(at)),
        ..SourceState::default()
    };
    block(store.record(Vec::new(), Some((office.clone(), polled(15))))).unwrap();
    block(store.learn(&office, polled(30))).unwrap();
    record(&store, vec![published(&article("school", 1))]);
    copy(dir.path(), image.path());
    let (killed, _) = open(image.path());
    assert_eq!(killed.state(&office), Some(polled(30)));
}

#[tokio::test(start_paused = true)]
async fn what_a_quiet_poll_learnt_reaches_the_disk_by_itself() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let office = source("office");
    let polled = |at| SourceState {
        next_poll: Some(minute(at)),
        ..SourceState::default()
    };
    let first = Some((office.clone(), polled(15)));
    store.record(Vec::new(), first).await.unwrap();
    store.learn(&office, polled(30)).await.unwrap();
    let on_disk = || {
        let image = TempDir::new().unwrap();
        copy(dir.path(), image.path());
        open(image.path()).0.state(&office)
    };
    assert_eq!(on_disk(), Some(polled(15)), "it waits for company");
    // its clock starts, and rings
    tokio::task::yield_now().await;
    tokio::time::advance(std::time::Duration::from_mins(1)).await;
    tokio::task::yield_now().await;
    // the writer is a thread of its own, which may take as long as a hundred copies
    assert!((0..100).any(|_| on_disk() == Some(polled(30))));
}

#[test]
fn a_source_is_idle_until_something_of_it_is_due() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let office = source("office");
    let idle = |at| {
        store.look_idle(&office, minute(2)).unwrap();
        store.is_idle(&office, minute(at))
    };
    assert!(!store.is_idle(&office, minute(2)), "it was never seen");
    let read = article("office", 1);
    record(&store, vec![published(&read)]);
    assert!(!store.is_idle(&office, minute(2)), "nobody has looked");
    let due = |at| {
        !store
            .due_checks(&office, minute(at), 10)
            .unwrap()
            .is_empty()
    };
    let first = (2..10_000).find(|at| due(*at)).unwrap();
    assert!(idle(first - 1) && !idle(first));
    let mut bare = with_text("office", 2, "通知", "");
    bare.complete = false;
    record(&store, vec![published(&bare)]);
    assert!(!store.is_idle(&office, minute(2)), "another article came");
    let next = known(&store, bare.id).unwrap().next_reading.unwrap();
    assert!(next < minute(first));
    store.look_idle(&office, minute(2)).unwrap();
    assert!(!store.is_idle(&office, next));
    assert!(store.is_idle(&office, minute(2)));
    block(store.record_attempts(vec![bare.id], next)).unwrap();
    assert!(!store.is_idle(&office, minute(2)), "it was tried again");
}

#[test]
fn an_incomplete_article_is_due_again_ever_later_until_it_is_read() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let mut bare = with_text("office", 1, "通知", "");
    bare.complete = false;
    record(&store, vec![published(&bare)]);
    let due = |at| store.incomplete(&source("office"), at, 10).unwrap().len();
    let first = known(&store, bare.id).unwrap();
    assert_eq!((first.attempts, due(minute(1))), (1, 0));
    let next = first.next_reading.unwrap();
    assert_eq!(due(next), 1);
    block(store.record_attempts(vec![bare.id], next)).unwrap();
    let second = known(&store, bare.id).unwrap();
    assert_eq!((second.attempts, due(next)), (2, 0));
    let waits = |from: Timestamp, to: Timestamp| to.duration_since(from);
    assert!(waits(next, second.next_reading.unwrap()) > waits(bare.first_seen, next));
    let mut read = article("office", 1);
    read.updated = Some(minute(100));
    record(
        &store,
        vec![Event::Revised {
            article: read.clone(),
        }],
    );
    assert_eq!(store.article(bare.id).unwrap(), Some(read));
    assert_eq!(
        (
            known(&store, bare.id).unwrap().complete,
            due(Timestamp::MAX)
        ),
        (true, 0)
    );
}

#[test]
fn what_an_article_said_before_is_known_also_after_a_rebuild() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let first = article("office", 1);
    record(&store, vec![published(&first)]);
    assert_eq!(store.earlier(first.id).unwrap(), []);
    let version = |n: i64| {
        let mut revised = first.clone();
        revised.title = format!("第{n}次更正");
        revised.updated = Some(minute(100 + n));
        revised
    };
    for n in 1..=30 {
        record(
            &store,
            vec![Event::Revised {
                article: version(n),
            }],
        );
    }
    // the first, and the last but the present one
    let mut expected = vec![first.clone()];
    expected.extend((11..30).map(version));
    assert_eq!(store.earlier(first.id).unwrap(), expected);
    block(store.close()).unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    let (store, _) = open(dir.path());
    assert_eq!(store.earlier(first.id).unwrap(), expected);
    assert_eq!(block(store.expire(minute(100_000), 1, 1000)).unwrap(), 1);
    assert_eq!(store.earlier(first.id).unwrap(), []);
}

#[test]
fn a_moved_article_is_known_under_both_addresses() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let old = article("office", 1);
    let url: url::Url = "http://office.example/new/1.htm".parse().unwrap();
    let moved = Event::Moved {
        id: old.id,
        alias: id_of(url.as_str()),
        url: url.clone(),
        at: minute(5),
    };
    record(&store, vec![published(&old), moved.clone()]);
    assert_eq!(record(&store, vec![moved]).changed, 0);
    assert_eq!(known(&store, id_of(url.as_str())).unwrap().id, old.id);
    let mut shown = old.clone();
    shown.url = url.clone();
    assert_eq!(store.article(id_of(url.as_str())).unwrap(), Some(shown));
    let mut again = old.clone();
    (again.id, again.url) = (id_of(url.as_str()), url);
    assert_eq!(
        record(&store, vec![published(&again)]).changed,
        0,
        "the new address is no new article"
    );
}

#[test]
fn a_withdrawn_article_stays_and_says_so_until_it_is_back() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let mut article = article("office", 1);
    record(
        &store,
        vec![
            published(&article),
            Event::Withdrawn {
                id: article.id,
                at: minute(9),
            },
        ],
    );
    assert_eq!(newest(&store, &Scope::All)[0].withdrawn, Some(minute(9)));
    article.updated = Some(minute(20));
    record(
        &store,
        vec![Event::Revised {
            article: article.clone(),
        }],
    );
    assert_eq!(newest(&store, &Scope::All)[0].withdrawn, None);
    let late = Event::Withdrawn {
        id: article.id,
        at: minute(9),
    };
    assert_eq!(
        record(&store, vec![late]).changed,
        0,
        "an old withdrawal is no new one"
    );
}

#[test]
fn only_another_text_or_title_moves_updated() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let first = article("office", 1);
    record(&store, vec![published(&first)]);
    let generation = store.generation(&Scope::All);
    let revised = |minutes, title: &str, text: &str| {
        let mut article = first.clone();
        (article.title, article.body_text) = (title.to_owned(), text.to_owned());
        article.updated = Some(minute(minutes));
        article.origin = Some(format!("阅读 {minutes} 次"));
        record(&store, vec![Event::Revised { article }]).changed
    };
    let spaced: String = first
        .body_text
        .chars()
        .flat_map(|c| [c, '\u{3000}'])
        .collect();
    assert_eq!(revised(10, &first.title, &spaced), 0);
    assert_eq!(store.generation(&Scope::All), generation);
    assert_eq!(revised(20, &first.title, "另一个"), 1);
    assert_eq!(revised(30, "另一个标题", "另一个"), 1);
    assert_eq!(revised(25, "过时的标题", "另一个"), 0, "an older revision");
    let shown = store.article(first.id).unwrap().unwrap();
    assert_eq!(
        (shown.title.as_str(), shown.updated),
        ("另一个标题", Some(minute(30)))
    );
}

#[test]
fn an_article_withdrawn_is_back_with_its_return() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let first = article("office", 1);
    let gone = |minutes| Event::Withdrawn {
        id: first.id,
        at: minute(minutes),
    };
    let back = |minutes| Event::Returned {
        id: first.id,
        at: minute(minutes),
    };
    let changed = |event| record(&store, vec![event]).changed;
    assert_eq!(record(&store, vec![published(&first), back(5)]).changed, 1);
    assert_eq!(changed(gone(9)), 1);
    assert_eq!(changed(back(9)), 0, "not seen since");
    assert_eq!(changed(back(20)), 1);
    assert_eq!(changed(gone(9)), 0, "an old withdrawal is no new one");
    let shown = store.entry(first.id).unwrap().unwrap();
    assert_eq!((shown.withdrawn, shown.article), (None, first.clone()));
    assert_eq!(changed(gone(30)), 1);
}

#[test]
fn the_same_text_of_the_same_source_is_found_at_another_address() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let old = article("office", 1);
    let (short, file) = ("见附件。", "http://office.example/files/1.pdf");
    let attach = |article: &mut Article| {
        article.attachments = vec![schoolbell::article::Attachment {
            url: file.parse().unwrap(),
            title: "附件".to_owned(),
            media_type: "application/pdf".to_owned(),
        }];
    };
    let mut filed = with_text("office", 2, "公示", short);
    attach(&mut filed);
    let bare = with_text("office", 3, "放假", short);
    record(
        &store,
        vec![published(&old), published(&filed), published(&bare)],
    );
    let at = |source_id: &str, title: &str, text: &str| {
        let mut article = with_text(source_id, 77, title, text);
        article.first_seen = minute(999);
        article
    };
    let same = |article: &Article| store.same_text(article).unwrap();
    let moved = at("office", &old.title, &format!(" {}", old.body_text));
    assert_eq!(same(&moved), Some(old.id));
    assert_eq!(same(&old), None, "it is not its own double");
    assert_eq!(same(&at("school", &old.title, &old.body_text)), None);
    assert_eq!(same(&at("office", "另一个标题", &old.body_text)), None);
    let mut later = moved.clone();
    later.published = Some(schoolbell::article::dates::Published::Day(
        jiff::civil::date(2026, 3, 9),
    ));
    assert_eq!(same(&later), None, "sent again a week later");
    assert_eq!(
        same(&at("office", "放假", short)),
        None,
        "too short to tell"
    );
    let mut again = at("office", "公示", short);
    assert_eq!(same(&again), None);
    attach(&mut again);
    assert_eq!(same(&again), Some(filed.id));
}

#[test]
fn a_moved_article_may_move_back() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let old = article("office", 1);
    let new: url::Url = "http://office.example/new/1.htm".parse().unwrap();
    let moved = |url: &url::Url, at| Event::Moved {
        id: old.id,
        alias: id_of(url.as_str()),
        url: url.clone(),
        at: minute(at),
    };
    let events = [moved(&new, 5), moved(&old.url, 9), moved(&new, 5)];
    let mut all = vec![published(&old)];
    all.extend(events);
    assert_eq!(record(&store, all).changed, 3);
    assert_eq!(store.article(id_of(new.as_str())).unwrap(), Some(old));
}

#[test]
fn articles_are_due_to_be_read_again_ever_more_rarely() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let (office, hour) = (source("office"), 60);
    let mut old = article("office", 2);
    old.sorted_at = minute(-365 * 24 * hour);
    let new = article("office", 1);
    record(&store, vec![published(&new), published(&old)]);
    let due = |minutes| {
        let due = store.due_checks(&office, minute(minutes), 10).unwrap();
        assert!(due.len() < 2, "an old article is not read again");
        due.into_iter().next()
    };
    let note = |note: Note| {
        let batch = Batch {
            notes: vec![note],
            ..Batch::default()
        };
        assert_eq!(
            block(store.record_batch(batch)).unwrap(),
            Recorded::default()
        );
    };
    let mut gaps = Vec::new();
    let (mut now, mut last) = (0, 1);
    while now < 60 * 24 * hour {
        now += 10;
        let Some(check) = due(now) else { continue };
        assert_eq!(check.article, new);
        gaps.push(now - last);
        last = now;
        note(Note::Read {
            id: new.id,
            at: minute(now),
            validators: SourceValidators {
                etag: Some(format!("\"{now}\"")),
                last_modified: None,
            },
        });
    }
    assert_eq!(gaps.len(), 6, "{gaps:?}");
    assert!(gaps.is_sorted(), "{gaps:?}");

    let line = |line, at| {
        note(Note::Line {
            id: new.id,
            source: office.clone(),
            line,
            at: minute(at),
        });
    };
    line(7, now);
    line(7, now);
    assert_eq!(due(now), None);
    line(8, now);
    assert_eq!(known(&store, new.id).unwrap().line(&office), Some(8));
    let check = due(now).unwrap();
    assert_eq!(check.validators.etag, Some(format!("\"{last}\"")));
    let miss = |at| {
        note(Note::Missing {
            id: new.id,
            at: minute(at),
        });
    };
    miss(now);
    assert_eq!(due(now + hour - 1), None);
    miss(now + hour);
    let check = due(now + 7 * hour).unwrap();
    assert_eq!((check.misses, check.missing_since), (2, Some(minute(now))));
    note(Note::Read {
        id: new.id,
        at: minute(now + 7 * hour),
        validators: SourceValidators::default(),
    });
    assert_eq!(due(now + 60 * 24 * hour), None);
}

#[test]
fn retention_lets_go_for_good() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let day = 24 * 60;
    let mut events = Vec::new();
    for n in 1..=10 {
        let mut article = article("office", n);
        article.first_seen = minute(i64::from(n) * day);
        article.sorted_at = article.first_seen;
        events.push(published(&article));
    }
    record(&store, events);
    let now = minute(11 * day);
    assert_eq!(block(store.expire(now, 8, 1000)).unwrap(), 2);
    assert_eq!(block(store.expire(now, 8, 1000)).unwrap(), 0);
    assert_eq!(block(store.expire(now, 8, 5)).unwrap(), 3);
    let check = |store: &Store| {
        assert_eq!(newest(store, &Scope::All).len(), 5);
        assert_eq!(store.counts(&source("office")), 5);
        assert_eq!(
            newest(store, &Scope::All)[4].article.id,
            article("office", 6).id
        );
        let gone = known(store, article("office", 1).id).unwrap();
        assert!(gone.expired, "its source may go on listing it");
        assert_eq!(
            record(store, vec![published(&article("office", 1))]),
            Recorded::default()
        );
    };
    check(&store);
    drop(store);
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    let (store, report) = open(dir.path());
    assert_eq!(report.articles, 5);
    check(&store);
}

#[test]
fn what_another_source_still_keeps_is_not_crowded_out() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let mut events: Vec<_> = (1..=4).map(|n| published(&article("busy", n))).collect();
    let quiet = Event::Listed {
        id: article("busy", 1).id,
        source: source("quiet"),
        at: minute(5),
        sorted_at: minute(5),
    };
    events.push(quiet);
    record(&store, events);
    assert_eq!(block(store.expire(minute(9), 100, 2)).unwrap(), 1);
    assert!(!known(&store, article("busy", 1).id).unwrap().expired);
    assert!(known(&store, article("busy", 2).id).unwrap().expired);
}

#[test]
fn the_oldest_journal_segments_go_when_all_in_them_is_old() {
    let dir = TempDir::new().unwrap();
    let sizes = Sizes {
        cache_bytes: CACHE_BYTES,
        segment_bytes: 4000,
        ..Sizes::default()
    };
    let (store, _) = Store::open_with(dir.path(), sizes, &mut |_| {}).unwrap();
    let left = |n: u32| dir.path().join(format!("journal/{n:08}.log")).exists();
    let year = 365 * 24 * 60;
    let mut number = 0;
    while !left(4) {
        number += 1;
        record(&store, vec![published(&article("office", number))]);
    }
    let old = number;
    let mut young = article("office", number + 1);
    (young.first_seen, young.sorted_at) = (minute(year), minute(year));
    record(&store, vec![published(&young)]);
    assert_eq!(
        block(store.expire(minute(year + 1), 30, 1000)).unwrap(),
        u64::from(old)
    );
    assert_eq!([1, 2, 3, 4].map(left), [false, false, false, true]);
    assert_eq!(ids(&newest(&store, &Scope::All)), [young.id]);
    drop(store);
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    let (store, report) = open(dir.path());
    assert_eq!(ids(&newest(&store, &Scope::All)), [young.id], "{report:?}");
}

#[test]
fn what_arrives_together_is_answered_and_kept_whole() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let store = std::sync::Arc::new(store);
    block(async {
        let tasks: Vec<_> = (1..=200)
            .map(|n| {
                let store = std::sync::Arc::clone(&store);
                tokio::spawn(async move {
                    store
                        .record(vec![published(&article("office", n % 100))], None)
                        .await
                })
            })
            .collect();
        let mut new = 0;
        for task in tasks {
            new += task.await.unwrap().unwrap().published.len();
        }
        assert_eq!(new, 100);
    });
    assert_eq!(store.counts(&source("office")), 100);
    drop(store);
    let (store, report) = open(dir.path());
    assert_eq!((report.articles, report.notes), (100, vec![]));
    assert_eq!(newest(&store, &Scope::All).len(), 100);
}

/// All that can be asked of a store.
/// Everything, each source, what is known of each address, and what it said before.
type WholeView = (
    Vec<Entry>,
    Vec<Vec<Entry>>,
    Vec<Option<Known>>,
    Vec<Vec<Article>>,
);

fn whole_view(store: &Store) -> WholeView {
    let sources = ["a", "b"].map(|id| newest(store, &Scope::Source(source(id))));
    let addresses: Vec<_> = ["a", "b"]
        .iter()
        .flat_map(|id| (0..4).map(move |n| id_of(&format!("http://{id}.example/info/{n}.htm"))))
        .collect();
    (
        newest(store, &Scope::All),
        sources.into(),
        store.known(&addresses).unwrap(),
        addresses
            .iter()
            .map(|id| store.earlier(*id).unwrap())
            .collect(),
    )
}

fn any_event() -> impl Strategy<Value = Event> {
    let any_article = (prop_oneof!["a", "b"], 0..4_u32, 0..3_i64, any::<bool>());
    let made = any_article.prop_map(|(id, n, version, complete)| {
        // texts differ by number only, so that sources tell stories together
        let text = words(&n.to_string(), if complete { 200 } else { 0 });
        let mut article = with_text(&id, n, &words(&format!("t{n}"), 5), &text);
        article
            .title
            .push_str(["", "甲", "乙"][usize::try_from(version).unwrap()]);
        article.updated = (version > 0).then(|| minute(version * 10));
        article.complete = complete;
        article
    });
    (made, 0..7_u8, "[ab]").prop_map(|(article, kind, other)| {
        let (id, at) = (article.id, article.updated.unwrap_or(minute(3)));
        match kind {
            0 | 1 => Event::Published { article },
            2 => Event::Revised { article },
            3 => Event::Withdrawn { id, at },
            6 => Event::Returned { id, at },
            4 => Event::Listed {
                id,
                source: source(&other),
                at,
                sorted_at: at,
            },
            _ => Event::Moved {
                id,
                alias: id_of(&format!("{id}/{at}")),
                url: format!("http://moved.example/{id}").parse().unwrap(),
                at,
            },
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn events_applied_twice_and_replayed_give_the_same_view(
        events in prop::collection::vec(any_event(), 1..25)
    ) {
        let dir = TempDir::new().unwrap();
        let (once, _) = open(&dir.path().join("once"));
        let (twice, _) = open(&dir.path().join("twice"));
        for event in &events {
            record(&once, vec![event.clone()]);
            record(&twice, vec![event.clone(), event.clone()]);
            prop_assert_eq!(record(&twice, vec![event.clone()]).changed, 0);
        }
        let expected = whole_view(&once);
        prop_assert_eq!(&whole_view(&twice), &expected);
        drop(once);
        fs::remove_dir_all(dir.path().join("once/store")).unwrap();
        let (again, report) = open(&dir.path().join("once"));
        prop_assert!(report.replayed > 0 || expected.0.is_empty());
        prop_assert_eq!(&whole_view(&again), &expected);
    }
}

#[test]
fn a_full_disk_refuses_new_things_and_is_told_until_there_is_room() {
    static LEFT: AtomicU64 = AtomicU64::new(u64::MAX);
    let dir = TempDir::new().unwrap();
    let sizes = Sizes {
        cache_bytes: CACHE_BYTES,
        room: |_| Ok(LEFT.load(Ordering::SeqCst)),
        ..Sizes::default()
    };
    let (store, _) = Store::open_with(dir.path(), sizes, &mut |_| {}).unwrap();
    let before = fill(&store);
    assert!(store.trouble().is_none());
    LEFT.store(1000, Ordering::SeqCst);
    let refused = block(store.record(vec![published(&article("office", 13))], None));
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("no room left on the disk of"), "{words}");
    assert!(matches!(store.trouble(), Some(StoreError::Full { .. })));
    assert!(block(store.mend()).is_err());
    assert_eq!(ids(&newest(&store, &Scope::All)), before, "reading goes on");
    assert_eq!(
        block(store.expire(minute(60), 36_500, 1)).unwrap(),
        10,
        "retention frees room"
    );
    LEFT.store(u64::MAX, Ordering::SeqCst);
    block(store.mend()).unwrap();
    assert!(store.trouble().is_none());
    block(store.writable());
    record(&store, vec![published(&article("office", 13))]);
    assert_eq!(newest(&store, &Scope::All).len(), 3);
}

#[test]
fn who_waits_for_room_waits_for_good_once_the_writer_has_ended() {
    let dir = TempDir::new().unwrap();
    let sizes = Sizes {
        cache_bytes: CACHE_BYTES,
        room: |_| Ok(0),
        ..Sizes::default()
    };
    let (store, _) = Store::open_with(dir.path(), sizes, &mut |_| {}).unwrap();
    assert!(block(store.mend()).is_err());
    block(store.close()).unwrap();
    // asked once: a schedule that was answered here would ask again at once, for ever
    let pending = block(async {
        let mut waiting = std::pin::pin!(store.writable());
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending())
        })
        .await
    });
    assert!(pending);
}

#[test]
fn an_article_whose_record_is_damaged_is_read_anew_also_where_the_database_is_whole() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let all = fill(&store);
    let state = SourceState {
        page_hash: Some(7),
        ..SourceState::default()
    };
    block(store.record(Vec::new(), Some((source("office"), state)))).unwrap();
    drop(store);
    let file = dir.path().join("journal/00000001.log");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let (store, report) = open(dir.path());
    assert!(report.set_aside.is_none(), "{report:?}");
    // whatever is recorded next
    record(&store, vec![published(&article("school", 13))]);
    let shown = ids(&newest(&store, &Scope::All));
    let lost = *all.iter().find(|id| !shown.contains(id)).unwrap();
    assert!(known(&store, lost).unwrap().is_lost());
    let learnt = store.state(&source("office")).unwrap();
    assert_eq!(learnt.page_hash, None, "its list is read anew");
    // a poll finds it in the list, and reads it later than it did first
    let number = (1..=10).find(|n| article("office", *n).id == lost).unwrap();
    let again = Article {
        first_seen: minute(900),
        sorted_at: minute(900),
        ..article("office", number)
    };
    assert!(record(&store, vec![published(&again)]).published.is_empty());
    let check = |store: &Store| {
        let entry = store.entry(lost).unwrap().unwrap();
        assert_eq!(entry.article.sorted_at, minute(i64::from(number)));
        assert_eq!(ids(&newest(store, &Scope::All))[1..], all);
    };
    check(&store);
    drop(store);
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    check(&open(dir.path()).0);
}

#[test]
fn damage_that_no_reader_met_is_found() {
    let dir = TempDir::new().unwrap();
    let sizes = Sizes {
        cache_bytes: CACHE_BYTES,
        segment_bytes: 4000,
        ..Sizes::default()
    };
    let (store, _) = Store::open_with(dir.path(), sizes, &mut |_| {}).unwrap();
    let all = fill(&store);
    assert_eq!(store.scrub().unwrap(), []);
    let file = dir.path().join("journal/00000001.log");
    let mut bytes = fs::read(&file).unwrap();
    bytes[100] ^= 1;
    fs::write(&file, bytes).unwrap();
    let damaged = store.scrub().unwrap();
    assert_eq!(damaged.len(), 1);
    assert!(damaged[0].to_string().contains("00000001.log"));
    record(&store, vec![published(&article("school", 13))]);
    let oldest = *all.last().unwrap();
    assert!(known(&store, oldest).unwrap().is_lost());
    let due = store.incomplete(&source("office"), minute(60), 10).unwrap();
    assert_eq!(
        due.len(),
        0,
        "an id that is not its address' is found by its list alone"
    );
}

#[test]
fn compaction_keeps_everything_and_shrinks() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let state = SourceState {
        items: 20,
        ..SourceState::default()
    };
    block(store.record(Vec::new(), Some((source("office"), state)))).unwrap();
    for n in 1..=200 {
        record(&store, vec![published(&article("office", n))]);
    }
    let before = whole_view(&store);
    assert!(!store.compaction_pays().unwrap(), "it is small");
    let done = block(store.compact()).unwrap();
    assert!(done.after_bytes <= done.before_bytes, "{done:?}");
    assert_eq!(whole_view(&store), before);
    record(&store, vec![published(&article("office", 201))]);
    let grown = whole_view(&store);
    drop(store);
    let (store, report) = open(dir.path());
    assert_eq!((report.notes, report.replayed), (Vec::new(), 0));
    assert_eq!(whole_view(&store), grown);
    assert_eq!(store.state(&source("office")).unwrap().items, 20);
}

#[test]
fn a_compaction_that_was_cut_short_costs_nothing() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    let all = fill(&store);
    drop(store);
    let (old, new) = (dir.path().join("store"), dir.path().join("store.new"));
    // before the exchange
    fs::create_dir(&new).unwrap();
    let (store, report) = open(dir.path());
    assert_eq!((report.notes, new.exists()), (Vec::new(), false));
    drop(store);
    // in the middle of it
    copy(&old, &new);
    fs::rename(&old, dir.path().join("store.old")).unwrap();
    let (store, report) = open(dir.path());
    assert_eq!((report.notes, report.replayed), (Vec::new(), 0));
    assert_eq!(ids(&newest(&store, &Scope::All)), all);
    assert!(!new.exists() && !dir.path().join("store.old").exists());
}

/// Stores as versions of this program wrote them: `tests/stores/FORMAT/`, sled's file compressed.
const STORES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stores");
const KEPT: [&str; 3] = ["journal/00000001.log", "store/conf", "store/db"];

#[test]
#[ignore = "lays down the store of this version, once for each new format of rows"]
fn a_store_of_this_version_is_laid_down() {
    let dir = TempDir::new().unwrap();
    let (store, _) = open(dir.path());
    fill(&store);
    let revised = Article {
        updated: Some(minute(30)),
        ..with_text("office", 2, "另一个标题", &words("revised", 300))
    };
    let events = vec![
        Event::Listed {
            id: article("office", 1).id,
            source: source("school"),
            at: minute(29),
            sorted_at: minute(29),
        },
        Event::Revised { article: revised },
        Event::Withdrawn {
            id: article("office", 3).id,
            at: minute(31),
        },
    ];
    let state = SourceState {
        title: Some("通知公告".to_owned()),
        ..SourceState::default()
    };
    block(store.record(events, Some((source("office"), state)))).unwrap();
    drop(store);
    let db = sled::open(dir.path().join("store")).unwrap();
    let format = db.get([0]).unwrap().unwrap()[0];
    drop(db);
    for name in KEPT {
        let bytes = fs::read(dir.path().join(name)).unwrap();
        let to = Path::new(STORES).join(format!("{format}/{name}.zst"));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, zstd::encode_all(bytes.as_slice(), 19).unwrap()).unwrap();
    }
}

#[test]
fn stores_of_every_version_open() {
    let mut seen = 0;
    for kept in fs::read_dir(STORES).unwrap() {
        let kept = kept.unwrap().path();
        let dir = TempDir::new().unwrap();
        for name in KEPT {
            let packed = fs::read(kept.join(format!("{name}.zst"))).unwrap();
            let to = dir.path().join(name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, zstd::decode_all(packed.as_slice()).unwrap()).unwrap();
        }
        let (store, report) = open(dir.path());
        let words = format!("{}: {report:?}", kept.display());
        assert_eq!((report.articles, report.set_aside), (12, None), "{words}");
        assert_eq!(newest(&store, &Scope::All).len(), 12, "{words}");
        assert_eq!(newest(&store, &Scope::Source(source("school"))).len(), 3);
        let entry = |n| store.entry(article("office", n).id).unwrap().unwrap();
        assert_eq!(entry(2).article.title, "另一个标题");
        assert_eq!(entry(2).article.updated, Some(minute(30)));
        assert_eq!(entry(3).withdrawn, Some(minute(31)));
        let title = store.state(&source("office")).unwrap().title;
        assert_eq!(title.as_deref(), Some("通知公告"));
        seen += 1;
    }
    assert!(seen > 0);
}
