//! Notices that several departments publish, in merged feeds and in their own.

use std::collections::HashMap;

use schoolbell::{
    article::Article,
    journal::Event,
    store::{Entry, Scope, Store},
    story::merge::Across,
};
use tempfile::TempDir;

use crate::making::{minute, source, with_text, words};

const TITLE: &str = "关于做好2026年学生资助工作的通知";

fn store() -> (TempDir, Store) {
    let dir = TempDir::new().unwrap();
    let (store, _) = Store::open(&dir.path().join("data"), 8 << 20).unwrap();
    (dir, store)
}

fn record(store: &Store, articles: &[&Article]) -> std::collections::BTreeSet<String> {
    let events = articles.iter().map(|article| Event::Published {
        article: (*article).clone(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let recorded = runtime
        .block_on(store.record(events.collect(), None))
        .unwrap();
    recorded.touched.into_iter().map(String::from).collect()
}

fn newest(store: &Store, scope: &Scope) -> Vec<Entry> {
    store.newest(scope, 100, 0).unwrap()
}

/// Who is shown, and who is named beside.
fn shown(store: &Store, scope: &Scope) -> Vec<(String, Vec<String>)> {
    newest(store, scope)
        .into_iter()
        .map(|entry| {
            let also = entry.also.into_iter().map(|also| also.source.to_string());
            (entry.article.source.to_string(), also.collect())
        })
        .collect()
}

fn pair(shown: &str, also: &[&str]) -> (String, Vec<String>) {
    (
        shown.to_owned(),
        also.iter().map(|id| (*id).to_owned()).collect(),
    )
}

/// A notice, and the same with a head, a foot and another title.
fn notice() -> (Article, Article) {
    let text = words("notice", 500);
    let original = with_text("ministry", 1, TITLE, &text);
    let republished = format!("各学院:\n现转发如下。\n{text}\n某某大学学生处");
    let mut copy = with_text("school", 2, &format!("[转载]{TITLE}"), &republished);
    copy.origin = Some("国家教育部".to_owned());
    (original, copy)
}

#[test]
fn a_republished_notice_is_shown_once_and_names_the_others() {
    let (_dir, store) = store();
    let (original, copy) = notice();
    record(&store, &[&original]);
    let touched = record(&store, &[&copy]);
    assert_eq!(
        touched,
        ["ministry", "school"].map(str::to_owned).into(),
        "both feeds name the other"
    );
    let group = Scope::Sources(vec![source("school"), source("ministry")]);
    for scope in [Scope::All, group] {
        assert_eq!(shown(&store, &scope), [pair("ministry", &["school"])]);
    }
    let also = &newest(&store, &Scope::All)[0].also[0];
    assert_eq!(
        (also.title.as_str(), &also.url),
        (copy.title.as_str(), &copy.url)
    );
    let school = Scope::Source(source("school"));
    assert_eq!(shown(&store, &school), [pair("school", &["ministry"])]);
    let alone = Scope::Sources(vec![source("school")]);
    assert_eq!(shown(&store, &alone), [pair("school", &["ministry"])]);
}

#[test]
fn the_original_speaks_also_when_it_was_seen_a_little_later() {
    let (_dir, store) = store();
    let (original, mut copy) = notice();
    (copy.first_seen, copy.sorted_at) = (minute(0), minute(0));
    record(&store, &[&copy]);
    record(&store, &[&original]);
    assert_eq!(
        shown(&store, &Scope::All),
        [pair("school", &["ministry"])],
        "nobody knows who that is"
    );
    store.name_sources(HashMap::from([(
        source("ministry"),
        vec!["教育部 · 通知公告".to_owned()],
    )]));
    assert_eq!(shown(&store, &Scope::All), [pair("ministry", &["school"])]);
}

#[test]
fn a_story_once_told_keeps_its_speaker() {
    let (_dir, store) = store();
    store.name_sources(HashMap::from([(
        source("ministry"),
        vec!["教育部".to_owned()],
    )]));
    let (mut original, copy) = notice();
    (original.first_seen, original.sorted_at) = (minute(600), minute(600));
    record(&store, &[&copy]);
    let before = newest(&store, &Scope::All)[0].article.clone();
    record(&store, &[&original]);
    assert_eq!(shown(&store, &Scope::All), [pair("school", &["ministry"])]);
    assert_eq!(newest(&store, &Scope::All)[0].article, before);
}

#[test]
fn annual_notices_are_not_one_story() {
    let (_dir, store) = store();
    let text = words("form", 400);
    let years = ["2025", "2026"].map(|year| format!("关于做好{year}年招生工作的通知"));
    let a = with_text("ministry", 1, &years[0], &text);
    let b = with_text("school", 2, &years[1], &text);
    record(&store, &[&a, &b]);
    assert_eq!(
        shown(&store, &Scope::All),
        [pair("school", &[]), pair("ministry", &[])]
    );
}

#[test]
fn one_form_of_two_cities_is_two_stories() {
    let (_dir, store) = store();
    let text = words("test", 300);
    let told = |city: &str, day: u32| {
        format!(
            "{text}\n测试时间：2026年11月{day}日上午九时。\n测试地点：{city}第一中学实验楼。\n{text}"
        )
    };
    let title = "普通话水平测试公告";
    let a = with_text("ministry", 1, title, &told("郑州市", 28));
    let b = with_text("school", 2, title, &told("银川市", 28));
    let c = with_text("office", 3, title, &told("郑州市", 29));
    let again = with_text("college", 4, title, &told("郑州市", 28));
    record(&store, &[&a, &b, &c, &again]);
    assert_eq!(
        shown(&store, &Scope::All),
        [
            pair("office", &[]),
            pair("school", &[]),
            pair("ministry", &["college"])
        ]
    );
}

#[test]
fn two_addresses_of_one_source_stay_two() {
    let (_dir, store) = store();
    let text = words("twice", 400);
    let (a, b) = (
        with_text("school", 1, TITLE, &text),
        with_text("school", 2, TITLE, &text),
    );
    let c = with_text("ministry", 3, TITLE, &text);
    record(&store, &[&a, &b, &c]);
    let entries = shown(&store, &Scope::All);
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(shown(&store, &Scope::Source(source("school"))).len(), 2);
}

#[test]
fn pages_of_a_merged_feed_show_each_story_once() {
    let (_dir, store) = store();
    let mut articles = Vec::new();
    for n in 1..=20_u32 {
        let (title, text) = (
            words(&format!("title {n}"), 8),
            words(&format!("text {n}"), 300),
        );
        for (i, id) in ["ministry", "office", "school"].iter().enumerate() {
            articles.push(with_text(
                id,
                n * 3 + u32::try_from(i).unwrap(),
                &title,
                &text,
            ));
        }
    }
    record(&store, &articles.iter().collect::<Vec<_>>());
    let all: Vec<_> = (0..4)
        .flat_map(|page| store.newest(&Scope::All, 6, page).unwrap())
        .collect();
    assert_eq!(all.len(), 20);
    assert!(
        all.iter()
            .all(|entry| entry.article.source.as_str() == "ministry" && entry.also.len() == 2)
    );
    let times: Vec<_> = all.iter().map(|entry| entry.article.sorted_at).collect();
    assert!(times.is_sorted_by(|a, b| a > b));
}

#[test]
fn a_story_is_found_again_when_the_page_is_read_at_last() {
    let (_dir, store) = store();
    let (original, copy) = notice();
    let mut bare = copy.clone();
    (bare.body_text, bare.body_html, bare.complete) = (String::new(), String::new(), false);
    record(&store, &[&original, &bare]);
    assert_eq!(shown(&store, &Scope::All).len(), 2);
    let mut read = copy;
    read.updated = Some(minute(50));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(store.record(vec![Event::Revised { article: read }], None))
        .unwrap();
    assert_eq!(shown(&store, &Scope::All), [pair("ministry", &["school"])]);
}

#[test]
fn hundreds_of_stories_do_not_hide_each_other() {
    let (_dir, store) = store();
    let articles: Vec<_> = (1..=300_u32)
        .flat_map(|n| {
            let (title, text) = (
                words(&format!("title {n}"), 8),
                words(&format!("text {n}"), 120),
            );
            [
                with_text("ministry", n, &title, &text),
                with_text("school", n, &title, &text),
            ]
        })
        .collect();
    record(&store, &articles.iter().collect::<Vec<_>>());
    let all = store.newest(&Scope::All, 2000, 0).unwrap();
    assert_eq!(all.len(), 300);
    assert!(all.iter().all(|entry| entry.also.len() == 1));
}

#[test]
fn stories_are_merged_across_what_the_configuration_says() {
    let (_dir, store) = store();
    let (original, copy) = notice();
    let third = with_text("office", 3, TITLE, &original.body_text);
    record(&store, &[&original, &copy, &third]);
    let groups = [
        ("ministry", vec!["state"]),
        ("school", vec!["city", "schools"]),
        ("office", vec!["city"]),
    ];
    let groups: HashMap<_, Vec<String>> = groups
        .into_iter()
        .map(|(id, names)| (source(id), names.into_iter().map(str::to_owned).collect()))
        .collect();
    let all = || shown(&store, &Scope::All);
    store.merge_across(Across::Group, groups.clone());
    assert_eq!(
        all(),
        [pair("school", &["office"]), pair("ministry", &[])],
        "school and office are of one city"
    );
    let office = Scope::Source(source("office"));
    assert_eq!(shown(&store, &office), [pair("office", &["school"])]);
    store.merge_across(Across::Off, groups.clone());
    assert_eq!(
        all(),
        ["office", "school", "ministry"].map(|id| pair(id, &[]))
    );
    // by way of the school, which shares a group with each
    let mut bridged = groups;
    bridged
        .get_mut(&source("school"))
        .unwrap()
        .push("state".to_owned());
    store.merge_across(Across::Group, bridged);
    assert_eq!(all(), [pair("ministry", &["school", "office"])]);
}
