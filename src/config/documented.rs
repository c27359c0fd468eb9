//! `config/schoolbell.toml` tells the truth: it loads as it is, its defaults are the code's, and no key is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::{Config, keys};
use crate::source::presets::Presets;

const DOCUMENTED: &str = include_str!("../../config/schoolbell.toml");

/// The address in the block that explains the keys of `[[source]]`.
const EXAMPLE_URL: &str = "url = \"http://jyt.example.gov.cn/jynews/\"";

/// A line that explains a key or opens a section, without its `#`.
fn explained(line: &str) -> Option<&str> {
    let line = line.strip_prefix('#').unwrap_or(line);
    let first = line.chars().next()?;
    let setting = first.is_ascii_lowercase() && line.contains(" = ");
    (setting || first == '[').then_some(line)
}

fn read(text: &str) -> Config {
    Config::parse(text, "config/schoolbell.toml").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The file up to the sources that it names.
fn reference() -> &'static str {
    let end = DOCUMENTED
        .find("\n[[source]]")
        .expect("the file names sources");
    &DOCUMENTED[..end]
}

#[test]
fn it_loads_as_it_is() {
    let config = read(DOCUMENTED);
    assert!(config.sources.len() >= 5);
    assert!(config.sources.iter().all(|source| source.enabled));
}

#[test]
fn its_defaults_are_those_of_the_code() {
    let defaults: Vec<_> = reference()
        .lines()
        .filter_map(explained)
        .filter(|line| !line.ends_with("# example") || line.starts_with(EXAMPLE_URL))
        .collect();
    let bare = format!("[[source]]\n{EXAMPLE_URL}\n");
    assert_eq!(
        format!("{:#?}", read(&defaults.join("\n"))),
        format!("{:#?}", read(&bare))
    );
}

#[test]
fn every_key_is_explained_in_its_section() {
    let mut explained_keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut section = "";
    for line in reference().lines().filter_map(explained) {
        match line.split_once(" = ") {
            Some((key, _)) if !line.starts_with('[') => {
                explained_keys.entry(section).or_default().insert(key);
            }
            _ => section = line,
        }
    }
    for (title, known) in keys::SECTIONS {
        let below =
            |key: &&str| !(*title == "[[source]]" && matches!(*key, "list" | "article" | "filter"));
        let known: BTreeSet<&str> = known.iter().copied().filter(below).collect();
        assert_eq!(explained_keys.get(title), Some(&known), "{title}");
    }
    assert_eq!(
        explained_keys.get(""),
        Some(&BTreeSet::from(["lang", "include"]))
    );
}

#[test]
fn its_examples_are_understood() {
    // an example stands below the default of the same key, and takes its place
    let mut lines: Vec<&str> = Vec::new();
    for line in reference().lines().filter_map(explained) {
        let key = |line: &str| line.split(" = ").next().map(str::to_owned);
        if line.ends_with("# example") && lines.last().and_then(|last| key(last)) == key(line) {
            lines.pop();
        }
        lines.push(line);
    }
    let config = read(&lines.join("\n"));
    let [source] = config.sources.as_slice() else {
        panic!("one block explains the keys");
    };
    assert_eq!(source.id.as_str(), "jyt-news");
    assert_eq!(source.groups, ["province"]);
    assert_eq!(source.article.remove.len(), 2);
    assert_eq!(source.request.headers.len(), 1);
    assert!(config.request.proxy.is_some());
}

#[test]
fn it_names_every_preset() {
    let (_, after) = DOCUMENTED
        .split_once("# The site family:")
        .expect("the file explains `preset`");
    let (words, _) = after
        .split_once("#preset")
        .expect("its default stands below");
    for name in Presets::embedded().names() {
        assert!(words.contains(&format!("\"{name}\"")), "{name}");
    }
}
