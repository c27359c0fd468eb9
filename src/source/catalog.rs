//! Known list pages of education departments, to pick sources from.
//!
//! The files of `config/catalog/` are embedded: addresses, titles and groups, as last known. In: a group, a word or an
//! id. Out: [`Entry`]s, and the `[[source]]` blocks that name them. Nothing here says that an address still answers.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{SourceId, block::Block};

/// Embeds the files of `config/catalog/`.
macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../config/catalog/", $name, ".toml")))),*]
    };
}

const FILES: [(&str, &str); 29] = files![
    "ministry",
    "provinces",
    "exams",
    "international",
    "universities-anhui",
    "universities-beijing",
    "universities-chongqing",
    "universities-fujian",
    "universities-gansu",
    "universities-guangdong",
    "universities-guangxi",
    "universities-hainan",
    "universities-hebei",
    "universities-heilongjiang",
    "universities-henan",
    "universities-hubei",
    "universities-hunan",
    "universities-jiangsu",
    "universities-jiangxi",
    "universities-jilin",
    "universities-liaoning",
    "universities-shaanxi",
    "universities-shandong",
    "universities-shanghai",
    "universities-shanxi",
    "universities-sichuan",
    "universities-tianjin",
    "universities-yunnan",
    "universities-zhejiang",
];

/// A known list page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The id that its source gets.
    pub id: String,
    /// Who publishes, and what.
    pub title: String,
    /// The list page, as last known.
    pub url: String,
    /// The groups that its source is put into.
    pub groups: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    source: Vec<Entry>,
}

/// All known list pages.
#[derive(Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
}

impl Catalog {
    /// Those that the program brings along.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
            // a test reads every file, so that a bad one never gets here; leaving it out is better than to stop
            let files = FILES.iter().filter_map(|(_, text)| parse(text).ok());
            Catalog::new(files.flatten().collect())
        });
        &EMBEDDED
    }

    fn new(entries: Vec<Entry>) -> Self {
        let by_id = entries.iter().enumerate();
        Self {
            by_id: by_id.map(|(i, entry)| (entry.id.clone(), i)).collect(),
            entries,
        }
    }

    /// The entry of that id.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.by_id.get(id).map(|&i| &self.entries[i])
    }

    /// The id that is most like a mistyped one.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        let ids = self.entries.iter().map(|entry| entry.id.as_str());
        let near = ids.map(|known| (strsim::jaro_winkler(known, id), known));
        let near = near.filter(|(likeness, _)| *likeness > 0.8);
        near.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id)
    }

    /// The entries of a group.
    pub fn group<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Entry> {
        let is_in = move |entry: &&Entry| entry.groups.iter().any(|group| group == name);
        self.entries.iter().filter(is_in)
    }

    /// The groups, and how many entries each has.
    pub fn groups(&self) -> BTreeMap<&str, usize> {
        let mut groups = BTreeMap::new();
        for group in self.entries.iter().flat_map(|entry| &entry.groups) {
            *groups.entry(group.as_str()).or_default() += 1;
        }
        groups
    }

    /// The entries that bear all words in id, title, address or groups, whatever their case; all without a word.
    pub fn search(&self, words: &str) -> impl Iterator<Item = &Entry> {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        self.entries.iter().filter(move |entry| {
            let Entry {
                id,
                title,
                url,
                groups,
            } = entry;
            let text = format!("{id} {title} {url} {}", groups.join(" ")).to_lowercase();
            words.iter().all(|word| text.contains(word))
        })
    }
}

fn parse(text: &str) -> Result<Vec<Entry>, toml::de::Error> {
    toml::from_str(text).map(|file: File| file.source)
}

/// The `[[source]]` blocks that name some entries.
pub fn blocks<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<Block> {
    let block = |entry: &Entry| {
        Some(Block {
            url: Url::parse(&entry.url).ok()?,
            id: SourceId::parse(&entry.id).ok()?,
            title: Some(entry.title.clone()),
            groups: entry.groups.clone(),
            is_feed: false,
        })
    };
    // a test reads every file, so that nothing is left out
    entries.filter_map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_file_is_embedded_and_a_good_configuration() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/config/catalog");
        let mut whole = String::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let (_, text) = FILES.iter().find(|(file, _)| *file == name).unwrap();
            assert!(text.contains("# Addresses are as last known"), "{name}");
            assert!(!parse(text).unwrap().is_empty(), "{name}");
            whole.push_str(text);
        }
        let config = Config::parse(&whole, "catalog.toml").unwrap();
        assert_eq!(config.sources.len(), Catalog::embedded().entries.len());
        assert_eq!(
            blocks(Catalog::embedded().entries.iter()).len(),
            config.sources.len()
        );
    }

    #[test]
    fn words_are_looked_for_everywhere() {
        let entry = |id: &str, title: &str, groups: &[&str]| Entry {
            id: id.to_owned(),
            title: title.to_owned(),
            url: format!("http://{id}.example.cn/"),
            groups: groups.iter().map(ToString::to_string).collect(),
        };
        let catalog = Catalog::new(vec![
            entry("a-news", "某省教育厅 · 要闻", &["province"]),
            entry("a-exam", "某省考试院 · 高考", &["exam", "province"]),
        ]);
        let found = |words: &str| {
            let found = catalog.search(words).map(|entry| entry.id.as_str());
            found.collect::<Vec<_>>()
        };
        assert_eq!(found(""), ["a-news", "a-exam"]);
        assert_eq!(found("PROVINCE 考试"), ["a-exam"]);
        assert_eq!(found("a-news.example"), ["a-news"]);
        assert!(found("高中").is_empty());
        assert_eq!(
            catalog.groups(),
            BTreeMap::from([("exam", 1), ("province", 2)])
        );
        assert_eq!(catalog.nearest("a-exams"), Some("a-exam"));
    }

    #[test]
    fn blocks_are_read_as_what_they_name() {
        let blocks = blocks(Catalog::embedded().group("ministry"));
        let text: String = blocks.iter().map(Block::to_string).collect();
        let entries = parse(&text).unwrap();
        assert!(entries.iter().eq(Catalog::embedded().group("ministry")));
        assert!(entries.len() > 10);
    }
}
