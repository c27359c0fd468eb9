//! The whole store as lines of JSON, and back.

use std::{fs, path::Path, process::Command};

use jiff::ToSpan;
use schoolbell::{
    article::{Article, ArticleId},
    journal::Event,
    source::{SourceId, state::SourceState},
    store::{Exported, Lines, Store},
};

use crate::site::{Published, article, now, published};

/// A site over events of every kind.
#[allow(
    clippy::many_single_char_names,
    reason = "the first, the second, the third"
)]
async fn everything_happened() -> Published {
    let site = Published::new();
    let office = || SourceId::parse("jwc").unwrap();
    let [a, b, c, d, e] = [1, 2, 3, 4, 5].map(|n| article("jyt", n));
    let moved = "https://jyt.example/new/2.htm".parse().unwrap();
    site.record((1..=5).map(|n| published(article("jyt", n))).collect())
        .await;
    site.record(vec![
        Event::Listed {
            id: a.id,
            source: office(),
            at: now(),
            sorted_at: now(),
        },
        Event::Moved {
            id: b.id,
            alias: ArticleId::of(&moved),
            url: moved,
            at: now(),
        },
        Event::Withdrawn {
            id: c.id,
            at: now(),
        },
        Event::Withdrawn {
            id: d.id,
            at: now(),
        },
        Event::Returned {
            id: d.id,
            at: now() + 1.hour(),
        },
        Event::Revised {
            article: Article {
                body_text: "更正。".to_owned(),
                body_html: "<p>更正。</p>".to_owned(),
                updated: Some(now() + 1.hour()),
                ..a
            },
        },
        Event::Expired {
            ids: vec![e.id],
            at: now(),
        },
    ])
    .await;
    let state = SourceState {
        title: Some("教务处通知".to_owned()),
        first_poll: Some(now()),
        last_success: Some(now()),
        ..SourceState::default()
    };
    site.store
        .record(Vec::new(), Some((office(), state)))
        .await
        .unwrap();
    site
}

fn export(store: &Store) -> Vec<Vec<u8>> {
    let pieces = store.export().unwrap();
    pieces
        .map(|piece| match piece.unwrap() {
            Exported::Line(line) => line,
            Exported::Damaged(damage) => panic!("{damage}"),
        })
        .collect()
}

async fn feeds(site: &Published) -> Vec<Vec<u8>> {
    let mut feeds = Vec::new();
    for feed in ["all", "feeds/jyt", "feeds/jwc", "groups/province"] {
        for format in ["rss", "atom", "json"] {
            feeds.push(site.get(&format!("/{feed}.{format}")).await.body);
        }
    }
    feeds
}

#[tokio::test]
async fn a_store_restored_elsewhere_publishes_the_same_bytes() {
    let first = everything_happened().await;
    let lines = export(&first.store);
    assert_eq!(lines.len(), 13, "twelve events and a state");
    let second = Published::new();
    let recorded = second
        .store
        .restore(Lines::read(lines.clone(), 1))
        .await
        .unwrap();
    assert_eq!((recorded.published.len(), recorded.changed), (5, 12));
    assert_eq!(feeds(&second).await, feeds(&first).await);
    assert_eq!(export(&second.store), lines);

    let again = second.store.restore(Lines::read(lines, 1)).await.unwrap();
    assert_eq!((again.published.len(), again.changed), (0, 0));
    assert_eq!(feeds(&second).await, feeds(&first).await);
}

#[tokio::test]
async fn restoring_merges_with_what_is_there() {
    let (first, second) = (everything_happened().await, Published::new());
    second
        .record(vec![
            published(article("jyt", 1)),
            published(article("jwc", 9)),
        ])
        .await;
    let lines = Lines::read(export(&first.store), 1);
    let recorded = second.store.restore(lines).await.unwrap();
    assert_eq!(recorded.published.len(), 4);
    assert_eq!(second.store.counts(&SourceId::parse("jwc").unwrap()), 2);
    let revised = second.store.article(article("jyt", 1).id).unwrap().unwrap();
    assert_eq!(revised.body_text, "更正。");
}

#[tokio::test]
async fn what_this_version_does_not_know_of_an_event_is_kept() {
    let (first, second) = (everything_happened().await, Published::new());
    let line = String::from_utf8(export(&first.store).remove(0)).unwrap();
    let newer = line.replacen('{', "{\"mood\":\"festive\",", 1).into_bytes();
    let lines = Lines::read(vec![newer.clone()], 1);
    second.store.restore(lines).await.unwrap();
    assert_eq!(export(&second.store), [newer]);
}

fn schoolbell(folder: &Path, args: &[&str]) -> (i32, Vec<u8>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_schoolbell"))
        .args(["--config", "bell.toml"])
        .args(args)
        .current_dir(folder)
        .env_remove("SCHOOLBELL_LOG")
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), output.stdout, errors)
}

#[tokio::test]
async fn the_commands_stream_and_name_each_bad_line() {
    let site = everything_happened().await;
    let mut lines = export(&site.store);
    lines.insert(1, b"{\"event\":\"published\"}".to_vec());
    lines.insert(3, b"no JSON".to_vec());
    lines.insert(4, b"{\"name\":\"x\"}".to_vec());
    lines.insert(5, Vec::new());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bell.toml"), "[store]\npath = 'data'\n").unwrap();
    fs::write(folder.path().join("all.jsonl"), lines.join(&b'\n')).unwrap();
    assert_eq!(
        schoolbell(folder.path(), &["export"]),
        (0, Vec::new(), String::new()),
        "no store is made by asking"
    );
    let (code, out, errors) = schoolbell(folder.path(), &["restore", "all.jsonl"]);
    assert_eq!(
        (code, String::from_utf8(out).unwrap().as_str()),
        (
            1,
            "17 lines read: 5 articles new, 12 events new in all, 3 lines refused\n"
        )
    );
    assert_eq!(
        errors.lines().collect::<Vec<_>>(),
        [
            "all.jsonl, line 2: it is no event: missing field `article`; the line is left out",
            "all.jsonl, line 4: it is no JSON: expected ident at line 1 column 2; the line is left out",
            "all.jsonl, line 5: it is neither an event nor what was learnt of a source; the line is left out",
        ]
    );
    let (code, out, errors) = schoolbell(folder.path(), &["export"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    let mut expected = export(&site.store).join(&b'\n');
    expected.push(b'\n');
    assert!(out == expected);

    let held = Store::open(&folder.path().join("data"), 8 << 20).unwrap();
    let (code, _, errors) = schoolbell(folder.path(), &["restore", "all.jsonl"]);
    assert_eq!(code, 1);
    assert!(errors.contains("in use by another process"), "{errors}");
    let (code, out, errors) = schoolbell(folder.path(), &["export"]);
    assert_eq!(code, 0);
    assert_eq!(out.split(|byte| *byte == b'\n').count(), 13, "events alone");
    assert!(errors.contains("is not in this export"), "{errors}");
    drop(held);
    let (code, _, errors) = schoolbell(folder.path(), &["restore", "none.jsonl"]);
    assert_eq!(code, 2);
    assert!(errors.contains("cannot open none.jsonl"), "{errors}");
}
