//! A `[[source]]` block to be written: what names a source, and nothing else.
//!
//! In: values that are checked already. Out: TOML. The catalogue, `import` and `discover` propose sources by it.

use std::{
    collections::HashSet,
    fmt::{self, Write as _},
};

use serde::Serialize;
use url::Url;

use super::SourceId;

/// A `[[source]]` block; written with an empty line behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Block {
    /// Its address.
    pub url: Url,
    /// Its id.
    pub id: SourceId,
    /// Its title, where one is known.
    pub title: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Whether its address is known to give a feed.
    pub is_feed: bool,
}

impl Block {
    /// A block with the id of its address, made unlike the ids that are `taken`; it takes it.
    pub fn new(url: Url, title: Option<String>, taken: &mut HashSet<SourceId>) -> Self {
        let id = unlike(SourceId::from_address(&url), taken);
        let title = title.map(|title| short(&title));
        taken.insert(id.clone());
        Self {
            url,
            id,
            title,
            groups: Vec::new(),
            is_feed: false,
        }
    }
}

/// A title that people would put into a file: a broken page may have its whole text as one.
fn short(title: &str) -> String {
    /// The longest.
    const CHARS: usize = 200;
    match title.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
        None => title.to_owned(),
    }
}

/// Two addresses may give one id: the later one is numbered.
fn unlike(id: SourceId, taken: &HashSet<SourceId>) -> SourceId {
    /// What leaves room for a number.
    const MOST: usize = 58;
    if !taken.contains(&id) {
        return id;
    }
    let stem = id.as_str();
    let stem = stem[..stem.len().min(MOST)].trim_end_matches('-');
    let numbered = (2..).filter_map(|n: u32| SourceId::parse(&format!("{stem}-{n}")).ok());
    let mut free = numbered.filter(|id| !taken.contains(id));
    free.next().unwrap_or(id)
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        writeln!(f, "[[source]]")?;
        writeln!(f, "url = {}", quoted(self.url.as_str()))?;
        writeln!(f, "id = {}", quoted(self.id.as_str()))?;
        if let Some(title) = &self.title {
            writeln!(f, "title = {}", quoted(title))?;
        }
        if !self.groups.is_empty() {
            let groups: Vec<String> = self.groups.iter().map(|group| quoted(group)).collect();
            writeln!(f, "groups = [{}]", groups.join(", "))?;
        }
        if self.is_feed {
            writeln!(f, "kind = \"feed\"")?;
        }
        f.write_char('\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let mut taken = HashSet::new();
        let mut block = |url: &str, title: Option<&str>| {
            Block::new(url.parse().unwrap(), title.map(str::to_owned), &mut taken)
        };
        let title = "通知 \"公告\" \\ '1'";
        let long = format!("http://a.example/{}/", "x".repeat(80));
        let blocks = [
            Block {
                groups: vec!["学校".to_owned(), "b".to_owned()],
                ..block("http://a.example/rss", Some(title))
            },
            Block {
                is_feed: true,
                ..block("https://a.example/rss", None)
            },
            block(&long, None),
            block(&long.replace("http:", "https:"), None),
        ];
        let text: String = blocks.iter().map(Block::to_string).collect();
        let config = Config::parse(&text, "test").unwrap();
        for (block, source) in blocks.iter().zip(&config.sources) {
            assert_eq!(
                (&block.url, &block.id, &block.title, &block.groups),
                (&source.url, &source.id, &source.title, &source.groups)
            );
        }
        assert_eq!(config.sources[1].id.as_str(), "a-example-rss-2");
        assert_eq!(config.sources[1].kind, crate::source::Kind::Feed);
    }
}
