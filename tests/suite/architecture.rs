//! What never happens, held against the source: who may name which library, and that nouns are pure.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(dir).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            found.push((name, code(&fs::read_to_string(&path).unwrap())));
        }
    }
}

/// The program text without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(found.len() > 40, "{}", found.len());
    found
}

fn offenders(word: &str, allowed: impl Fn(&str) -> bool) -> Vec<String> {
    all()
        .into_iter()
        .filter(|(name, code)| code.contains(word) && !allowed(name))
        .map(|(name, _)| format!("{name} names {word}"))
        .collect()
}

#[test]
fn each_large_library_is_known_in_one_room() {
    let mut found = offenders("scraper::", |name| {
        ["page/document.rs", "page/parser.rs"].contains(&name)
    });
    for library in ["html5gum::", "html5ever::"] {
        found.extend(offenders(library, |name| name == "page/parser.rs"));
    }
    found.extend(offenders("sled::", |name| name.starts_with("store")));
    found.extend(offenders("tantivy::", |name| {
        name.starts_with("store/search/")
    }));
    found.extend(offenders("axum::", |name| {
        name.starts_with("serve") || name.starts_with("demo")
    }));
    found.extend(offenders("reqwest::", |name| name.starts_with("fetch")));
    found.extend(offenders("prometheus_client::", |name| {
        name.starts_with("metrics")
    }));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn nouns_do_not_touch_the_world() {
    let nouns = ["source", "page", "list", "article", "story", "feed"];
    let is_noun = |name: &str| {
        nouns
            .iter()
            .any(|noun| name == format!("{noun}.rs") || name.starts_with(&format!("{noun}/")))
    };
    let mut found = Vec::new();
    for word in [
        "Timestamp::now",
        "SystemTime",
        "Instant::now",
        // in whatever braces they are imported
        "fs::",
        "net::",
        "env::",
        "tokio",
        "tracing",
        "println!",
        "rand::",
    ] {
        found.extend(offenders(word, |name| !is_noun(name)));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn only_the_edges_read_the_clock() {
    let found = offenders("Timestamp::now", |name| name == "commands.rs");
    assert_eq!(found, Vec::<String>::new());
}
