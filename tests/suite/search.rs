//! Finding articles by their words: what is found, in which order, and what becomes of a broken index.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::StatusCode;
use schoolbell::{
    article::Article,
    journal::Event,
    store::{Choice, Found, NoQuestion, Question, Scope, Sizes, Store, StoreError},
    story::merge::Across,
};
use tempfile::TempDir;

use crate::{
    making::{article, minute, source, with_text, words},
    site::{self, Published},
};

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

fn search(store: &Store, text: &str, scope: &Scope, skip: usize) -> Result<Found, StoreError> {
    let choice = Choice {
        skip,
        limit: 100,
        keep: None,
        looked_at: usize::MAX,
        abandoned: None,
    };
    store.search(&Question::parse(text).unwrap(), scope, &choice)
}

/// The titles of what is found, and how many there are in all.
fn found_in(store: &Store, text: &str, scope: &Scope) -> (Vec<String>, usize) {
    let found = search(store, text, scope, 0).unwrap();
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
    let second = search(&store, "招生", &Scope::All, 1).unwrap();
    assert_eq!(
        (second.entries[0].article.title.as_str(), second.total),
        ("c 搬迁", 2)
    );
    let third = search(&store, "招生", &Scope::All, 2).unwrap();
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
    let entries = search(&store, "取消", &Scope::All, 0).unwrap().entries;
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
        let found = search(&store, text, scope, 0).unwrap();
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
        search(&store, "停电", &Scope::All, 0),
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
                // a merge that the end has cut short leaves an empty one
                if let Some(byte) = bytes.get_mut(middle) {
                    *byte ^= 0x55;
                    fs::write(file, bytes).unwrap();
                }
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

async fn site_with_articles() -> Published {
    let site = Published::new();
    let events = [("jyt", 1), ("jyt", 2), ("jwc", 3)]
        .map(|(source, number)| site::published(site::article(source, number)));
    site.record(events.to_vec()).await;
    site.store.search_settled().await.unwrap();
    site
}

#[tokio::test]
async fn a_search_is_a_page_and_a_feed() {
    let site = site_with_articles().await;
    let page = site.get("/search?q=%E9%80%9A%E7%9F%A5+-jwc").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'; style-src 'self'")
    );
    for part in [
        "找到的文章： 2",
        "jyt 第1号通知",
        "value=\"通知 -jwc\"",
        "<label for=\"q\">",
        "http://127.0.0.1:8080/search.atom?q=%E9%80%9A%E7%9F%A5+-jwc",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    assert!(!page.text().contains("jwc 第3号"));
    for (ending, kind) in [
        ("rss", "application/rss+xml; charset=utf-8"),
        ("atom", "application/atom+xml; charset=utf-8"),
        ("json", "application/feed+json; charset=utf-8"),
    ] {
        let path = format!("/search.{ending}?q=%E9%80%9A%E7%9F%A5");
        let got = site.get(&path).await;
        assert_eq!(got.header("content-type"), kind);
        let parsed = feed_rs::parser::parse(got.body.as_slice()).unwrap();
        let titles: Vec<_> = parsed
            .entries
            .iter()
            .map(|e| &e.title.as_ref().unwrap().content)
            .collect();
        assert_eq!(titles, ["jyt 第1号通知", "jyt 第2号通知", "jwc 第3号通知"]);
        assert!(
            got.text().contains(&format!("http://127.0.0.1:8080{path}")),
            "itself"
        );
        let again = site
            .ask("GET", &path, &[("if-none-match", got.header("etag"))])
            .await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        let head = site.ask("HEAD", &path, &[]).await;
        assert_eq!(head.header("content-length"), got.body.len().to_string());
    }
    assert!(site.get("/").await.text().contains("action=\"search\""));
}

#[tokio::test]
async fn a_search_is_answered_anew_when_something_else_is_found() {
    let site = site_with_articles().await;
    let path = "/search.json?q=%E9%80%9A%E7%9F%A5&source=jwc";
    let first = site.get(path).await;
    site.record(vec![site::published(site::article("jyt", 7))])
        .await;
    site.store.search_settled().await.unwrap();
    let fields = [("if-modified-since", first.header("last-modified"))];
    let same = site.ask("GET", path, &fields).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    site.record(vec![site::published(site::article("jwc", 8))])
        .await;
    site.store.search_settled().await.unwrap();
    let other = site.ask("GET", path, &fields).await;
    assert_eq!(other.status, StatusCode::OK);
    assert_eq!(other.json()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn searches_are_narrowed_and_refused_in_words() {
    let site = site_with_articles().await;
    let count = async |query: &str| {
        let got = site
            .get(&format!("/search.json?q=%E9%80%9A%E7%9F%A5{query}"))
            .await;
        assert_eq!(got.status, StatusCode::OK, "{query}");
        got.json()["items"].as_array().unwrap().len()
    };
    for (query, expected) in [
        ("", 3),
        ("&source=jwc", 1),
        ("&source=jwc&source=jyt", 3),
        ("&group=province", 3),
        ("&group=%E6%8B%9B%E7%94%9F", 2),
        ("&group=%E6%8B%9B%E7%94%9F&source=jwc", 0),
        ("&group=&source=", 3),
        ("&page=2", 0),
    ] {
        assert_eq!(count(query).await, expected, "{query}");
    }
    let long = format!("q={}", "a".repeat(501));
    for (query, status, words) in [
        (
            "",
            StatusCode::BAD_REQUEST,
            "there is no word to search for",
        ),
        (
            "q=",
            StatusCode::BAD_REQUEST,
            "there is no word to search for",
        ),
        (
            long.as_str(),
            StatusCode::BAD_REQUEST,
            "write 500 characters at most",
        ),
        ("q=a&page=x", StatusCode::BAD_REQUEST, "expected a number"),
        (
            "q=a&source=none",
            StatusCode::NOT_FOUND,
            "this source is not known",
        ),
        (
            "q=a&group=none",
            StatusCode::NOT_FOUND,
            "this group is not known",
        ),
    ] {
        let got = site.get(&format!("/search.rss?{query}")).await;
        assert_eq!(got.status, status, "{query}");
        assert!(got.text().contains(words), "{}", got.text());
    }
    let page = site.get("/search?q=%22%3E%3Cscript%3E").await;
    assert!(!page.text().contains("<script>"), "{}", page.text());
    let not_asked = site.get("/search").await;
    assert_eq!(not_asked.status, StatusCode::OK);
    assert!(!not_asked.text().contains("role=\"alert\""));
    let empty = site.get("/search?q=+").await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    assert!(empty.text().contains("请写下要找的词"));
}

#[tokio::test]
async fn results_come_in_pages() {
    let site = Published::new();
    let events = (1..=70).map(|n| site::published(site::article("jyt", n)));
    site.record(events.collect()).await;
    site.store.search_settled().await.unwrap();
    let second = site.get("/search?q=%E9%80%9A%E7%9F%A5&page=2").await;
    for part in [
        "第31号",
        "第60号",
        "rel=\"prev\" href=\"search?q=%E9%80%9A%E7%9F%A5\"",
        "&amp;page=3\"",
    ] {
        assert!(second.text().contains(part), "{part}");
    }
    assert!(!second.text().contains("第30号"));
    let last = site.get("/search?q=%E9%80%9A%E7%9F%A5&page=3").await;
    assert!(last.text().contains("第70号") && !last.text().contains("page=4"));
    let feed = site.get("/search.json?q=%E9%80%9A%E7%9F%A5&page=2").await;
    assert_eq!(feed.json()["items"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn what_a_source_leaves_out_is_not_found() {
    let site = Published::of(
        "[[source]]
        id = 'jyt'
        url = 'https://jyt.example/tzgg.htm'
        [source.filter]
        exclude = ['第2号']",
    );
    let events = (1..=3).map(|n| site::published(site::article("jyt", n)));
    site.record(events.collect()).await;
    site.store.search_settled().await.unwrap();
    let found = site.get("/search.json?q=%E9%80%9A%E7%9F%A5").await;
    assert_eq!(found.json()["items"].as_array().unwrap().len(), 2);
}

/// So many characters of five, one of which stands between words.
fn few(seed: u64, length: u64) -> String {
    let roll = |i: u64| xxhash_rust::xxh3::xxh3_64_with_seed(&i.to_le_bytes(), seed);
    let chars = ['甲', '乙', '丙', '丁', '，'];
    let letters = (0..length).map(|i| chars[usize::try_from(roll(i) % 5).unwrap()]);
    letters.collect()
}

#[test]
fn what_is_found_is_what_looking_through_all_texts_finds() {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path());
    store.merge_across(Across::Off, HashMap::new());
    let texts: Vec<String> = (0..120).map(|n| few(n, 4 + n % 40)).collect();
    // in several commits, so that the index has several segments
    for (first, part) in (1_u32..).step_by(30).zip(texts.chunks(30)) {
        let articles: Vec<Article> = (first..)
            .zip(part)
            .map(|(n, text)| with_text("jyt", n, &n.to_string(), text))
            .collect();
        publish(&store, &articles.iter().collect::<Vec<_>>());
    }
    let mut some = 0;
    for n in 0..200 {
        let words: Vec<String> = (0..=n % 3)
            .map(|i| few(10_000 + n * 3 + i, 1 + (n + i) % 4).replace('，', "甲"))
            .collect();
        let unwanted = n % 4 == 3;
        let question = match words.as_slice() {
            [first, rest @ ..] if unwanted => format!("-{first} {}", rest.join(" ")),
            words => words.join(" "),
        };
        let matches = |text: &String| {
            let mut words = words.iter().map(|word| text.contains(word.as_str()));
            let first = words.next().unwrap();
            first != unwanted && words.all(|found| found)
        };
        let expected: Vec<String> = (1..)
            .zip(&texts)
            .filter(|(_, text)| matches(text))
            .map(|(n, _)| n.to_string())
            .collect();
        let choice = Choice {
            skip: 0,
            limit: 1000,
            keep: None,
            looked_at: usize::MAX,
            abandoned: None,
        };
        let found = store
            .search(&Question::parse(&question).unwrap(), &Scope::All, &choice)
            .unwrap();
        let mut titles: Vec<String> = found.entries.into_iter().map(|e| e.article.title).collect();
        titles.reverse();
        assert_eq!(titles, expected, "{question}");
        some += usize::from(!expected.is_empty());
    }
    assert!(some > 100, "{some}");
}
