//! Finding articles by their words: what is found, in which order, and what becomes of a broken index.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use schoolbell::{
    article::Article,
    journal::Event,
    store::{NoQuestion, Question, Scope, Sizes, Store, StoreError},
    story::merge::Across,
};
use tempfile::TempDir;

use crate::making::{article, minute, source, with_text, words};

fn open_with(path: &Path, sizes: Sizes) -> Store {
    let (store, _) = Store::open_with(path, sizes, &mut |_| {}).unwrap();
    store.keep_searchable().unwrap();
    store
}

fn open(path: &Path) -> Store {
    open_with(
        path,
        Sizes {
            cache_bytes: 8 << 20,
            ..Sizes::default()
        },
    )
}

fn block<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn record(store: &Store, events: Vec<Event>) {
    block(store.record(events, None)).unwrap();
    block(store.search_settled()).unwrap();
}

fn publish(store: &Store, articles: &[&Article]) {
    let events = articles.iter().map(|article| Event::Published {
        article: (*article).clone(),
    });
    record(store, events.collect());
}

/// The titles of what is found, and how many there are in all.
fn found_in(store: &Store, text: &str, scope: &Scope) -> (Vec<String>, usize) {
    let question = Question::parse(text).unwrap();
    let found = store.search(&question, scope, 100, 0).unwrap();
    let titles = found.entries.into_iter().map(|entry| entry.article.title);
    (titles.collect(), found.total)
}

fn found(store: &Store, text: &str) -> Vec<String> {
    let (titles, total) = found_in(store, text, &Scope::All);
    assert_eq!(titles.len(), total, "{text}");
    titles
}

/// Three notices: `a` the newest.
fn three(folder: &TempDir) -> Store {
    let store = open(folder.path());
    let text = [
        "各学院：现将2026年研究生招生考试报名工作通知如下。",
        "校园一卡通 Campus Card 将于周末停机，请留意。",
        "招生办公室搬迁，考试中心电话不变；Ｆａｘ 0571-88206666。",
    ];
    let [a, b, c] = [
        with_text("jyt", 3, "a 报名", text[0]),
        with_text("jwc", 2, "b 停机", text[1]),
        with_text("jyt", 1, "c 搬迁", text[2]),
    ];
    publish(&store, &[&c, &a, &b]);
    store
}

#[test]
fn parts_of_chinese_words_phrases_and_what_is_unwanted() {
    let folder = TempDir::new().unwrap();
    let store = three(&folder);
    let table: &[(&str, &[&str])] = &[
        ("招生", &["a 报名", "c 搬迁"]),
        ("招生考试", &["a 报名"]),
        ("招生 考试", &["a 报名", "c 搬迁"]),
        ("\"招生考试报名\"", &["a 报名"]),
        ("究生招", &["a 报名"]),
        ("生", &["a 报名", "c 搬迁"]),
        ("机", &["b 停机"]),
        ("机 -停", &[]),
        ("招生 -搬迁", &["a 报名"]),
        ("-招生", &["b 停机"]),
        ("CAMPUS", &["b 停机"]),
        ("\"campus card\"", &["b 停机"]),
        ("\"card campus\"", &[]),
        ("fax", &["c 搬迁"]),
        ("0571-88206666", &["c 搬迁"]),
        ("2026年", &["a 报名"]),
        ("2026年研", &["a 报名"]),
        ("报名 停机", &[]),
        // of a title and a text no phrase is made
        ("\"报名 各学院\"", &[]),
        ("学院：现将", &["a 报名"]),
    ];
    for (text, expected) in table {
        assert_eq!(found(&store, text), *expected, "{text}");
    }
    assert_eq!(Question::parse("！"), Err(NoQuestion::Empty));
}

#[test]
fn narrowed_to_sources_and_in_pages() {
    let folder = TempDir::new().unwrap();
    let store = three(&folder);
    let only = |scope: &Scope| found_in(&store, "停机", scope);
    let jwc = Scope::Source(source("jwc"));
    assert_eq!(only(&jwc), (vec!["b 停机".to_owned()], 1));
    let jyt = Scope::Sources(vec![source("jyt"), source("unknown")]);
    assert_eq!(only(&jyt), (Vec::new(), 0));
    assert_eq!(only(&Scope::Source(source("unknown"))), (Vec::new(), 0));
    // another source lists it too
    let id = with_text("jwc", 2, "", "").id;
    let listed = Event::Listed {
        id,
        source: source("jyt"),
        at: minute(9),
        sorted_at: minute(9),
    };
    record(&store, vec![listed]);
    assert_eq!(only(&jyt).1, 1);
    let question = Question::parse("招生").unwrap();
    let second = store.search(&question, &Scope::All, 1, 1).unwrap();
    assert_eq!(
        (second.entries[0].article.title.as_str(), second.total),
        ("c 搬迁", 2)
    );
    let third = store.search(&question, &Scope::All, 1, 2).unwrap();
    assert_eq!((third.entries.len(), third.total), (0, 2));
}

#[test]
fn what_is_revised_is_found_by_its_new_words_and_what_expires_not_at_all() {
    let folder = TempDir::new().unwrap();
    let store = three(&folder);
    let mut revised = with_text("jwc", 2, "b 停机", "停机取消。");
    revised.updated = Some(minute(5));
    record(
        &store,
        vec![Event::Revised {
            article: revised.clone(),
        }],
    );
    assert_eq!(found(&store, "取消"), ["b 停机"]);
    assert_eq!(found(&store, "campus"), Vec::<String>::new());
    let withdrawn = Event::Withdrawn {
        id: revised.id,
        at: minute(6),
    };
    record(&store, vec![withdrawn]);
    let question = Question::parse("取消").unwrap();
    let entries = store.search(&question, &Scope::All, 9, 0).unwrap().entries;
    assert!(entries[0].withdrawn.is_some(), "as in feeds");
    let expired = Event::Expired {
        ids: vec![revised.id],
        at: minute(7),
    };
    record(&store, vec![expired]);
    assert_eq!(found(&store, "取消"), Vec::<String>::new());
}

#[test]
fn a_story_is_found_once() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    let text = words("notice", 500);
    let title = "关于做好2026年学生资助工作的通知";
    let ministry = with_text("ministry", 1, title, &text);
    let school = with_text("school", 2, title, &format!("各学院：\n{text}\n学生处转载"));
    let other = with_text("school", 3, "另一份", &words("other", 300));
    publish(&store, &[&ministry, &school, &other]);
    let sources = |text: &str, scope: &Scope| -> (Vec<(String, usize)>, usize) {
        let question = Question::parse(text).unwrap();
        let found = store.search(&question, scope, 9, 0).unwrap();
        let entries = found.entries.iter();
        let told = entries.map(|e| (e.article.source.to_string(), e.also.len()));
        (told.collect(), found.total)
    };
    let one = |id: &str| (vec![(id.to_owned(), 1)], 1);
    let group = Scope::Sources(vec![source("ministry"), source("school")]);
    assert_eq!(sources("学生资助", &Scope::All), one("ministry"));
    assert_eq!(sources("学生资助", &group), one("ministry"));
    // only the copy says that
    assert_eq!(sources("学生处转载", &Scope::All), one("school"));
    assert_eq!(
        sources("学生资助", &Scope::Source(source("school"))),
        one("school")
    );
    assert_eq!(sources("-另一份", &Scope::All).1, 1);
    store.merge_across(Across::Off, HashMap::new());
    assert_eq!(sources("学生资助", &Scope::All).1, 2);
    let groups = HashMap::from([
        (source("ministry"), vec!["state".to_owned()]),
        (source("school"), vec!["city".to_owned()]),
    ]);
    store.merge_across(Across::Group, groups);
    assert_eq!(sources("学生资助", &Scope::All).1, 2);
}

#[test]
fn what_was_recorded_while_nothing_was_indexed_is_found_after_the_start() {
    let folder = TempDir::new().unwrap();
    drop(three(&folder));
    let (store, _) = Store::open(folder.path(), 8 << 20).unwrap();
    let late = with_text("jyt", 9, "d 迟到", "停电通知");
    let revised = Article {
        updated: Some(minute(20)),
        ..with_text("jyt", 3, "a 报名", "报名改期。")
    };
    let gone = with_text("jyt", 1, "", "").id;
    let expired = Event::Expired {
        ids: vec![gone],
        at: minute(21),
    };
    let events = vec![
        Event::Published { article: late },
        Event::Revised { article: revised },
        expired,
    ];
    block(store.record(events, None)).unwrap();
    assert!(matches!(
        store.search(&Question::parse("停电").unwrap(), &Scope::All, 9, 0),
        Err(StoreError::Unsearchable)
    ));
    drop(store);
    let store = open(folder.path());
    block(store.search_settled()).unwrap();
    assert_eq!(found(&store, "停电"), ["d 迟到"]);
    assert_eq!(found(&store, "改期"), ["a 报名"]);
    assert_eq!(found(&store, "研究生"), Vec::<String>::new());
    assert_eq!(found(&store, "搬迁"), Vec::<String>::new());
    assert_eq!(found(&store, "campus"), ["b 停机"]);
}

/// Breaks an index that was closed, and looks whether all is found again.
fn survives(what: &str, harm: impl FnOnce(&Path)) {
    let folder = TempDir::new().unwrap();
    let store = three(&folder);
    let many: Vec<Article> = (10..260).map(|n| article("many", n)).collect();
    publish(&store, &many.iter().collect::<Vec<_>>());
    drop(store);
    harm(&folder.path().join("search"));
    let store = open(folder.path());
    block(store.search_settled()).unwrap();
    assert_eq!(found(&store, "招生"), ["a 报名", "c 搬迁"], "{what}");
    let (_, total) = found_in(&store, "关于", &Scope::All);
    assert_eq!(total, 250, "{what}");
    assert!(store.search_is_complete(), "{what}");
    publish(
        &store,
        &[&with_text("jyt", 999, "e 新的", "后来的招生通知")],
    );
    assert_eq!(found(&store, "后来的招生"), ["e 新的"], "{what}");
}

/// The largest files with this ending.
fn files(dir: &Path, ending: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect()
}

#[test]
fn an_index_that_cannot_be_used_is_made_anew() {
    survives("it is gone", |dir| fs::remove_dir_all(dir).unwrap());
    survives("a file stands in its place", |dir| {
        fs::remove_dir_all(dir).unwrap();
        fs::create_dir(dir).unwrap();
        fs::write(dir.join("meta.json"), "{").unwrap();
    });
    survives("of another version", |dir| {
        let meta = dir.join("meta.json");
        let text = fs::read_to_string(&meta).unwrap();
        let other = text.replace(r#"\"version\":1"#, r#"\"version\":0"#);
        assert_ne!(text, other);
        fs::write(meta, other).unwrap();
    });
    survives("of another journal", |dir| {
        let meta = dir.join("meta.json");
        let text = fs::read_to_string(&meta).unwrap();
        let other = text.replace(r#"\"position\":"#, r#"\"position\":1"#);
        assert_ne!(text, other);
        fs::write(meta, other).unwrap();
    });
    for ending in ["idx", "fast"] {
        survives("a byte of a file is another", |dir| {
            for file in files(dir, ending) {
                let mut bytes = fs::read(&file).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x55;
                fs::write(file, bytes).unwrap();
            }
        });
        survives("a file is cut short", |dir| {
            for file in files(dir, ending) {
                let bytes = fs::read(&file).unwrap();
                fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
            }
        });
    }
}

#[test]
fn a_full_disk_delays_the_index_and_nothing_else() {
    static LEFT: AtomicU64 = AtomicU64::new(u64::MAX);
    let folder = TempDir::new().unwrap();
    let store = open_with(
        folder.path(),
        Sizes {
            cache_bytes: 8 << 20,
            room: |_| {
                let indexing = std::thread::current().name() == Some("search-index");
                Ok(if indexing {
                    LEFT.load(Ordering::SeqCst)
                } else {
                    u64::MAX
                })
            },
            ..Sizes::default()
        },
    );
    let first = with_text("jyt", 1, "一", "先来的");
    publish(&store, &[&first]);
    LEFT.store(0, Ordering::SeqCst);
    let second = with_text("jyt", 2, "二", "后到的");
    let event = Event::Published { article: second };
    block(store.record(vec![event], None)).unwrap();
    assert!(matches!(
        block(store.search_settled()),
        Err(StoreError::Unsearchable)
    ));
    assert_eq!(found(&store, "先来"), ["一"], "what is indexed is found");
    assert_eq!(found(&store, "后到"), Vec::<String>::new());
    LEFT.store(u64::MAX, Ordering::SeqCst);
    block(store.search_settled()).unwrap();
    assert_eq!(found(&store, "后到"), ["二"]);
}
