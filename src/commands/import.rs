//! `schoolbell import`: the feeds of another program's list, as blocks for the configuration.

use std::{borrow::Cow, collections::HashSet, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;
use url::Url;

use super::print;
use crate::{
    feed::opml::{self, Outline},
    page::charset,
    source::{SourceId, block::Block},
};

/// The flags of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// An OPML file, as feed readers export it
    file: PathBuf,
}

/// The longest name of a group.
const GROUP_CHARS: usize = 64;

/// The largest file.
const FILE_BYTES: u64 = 64 << 20;

/// Prints a `[[source]]` block for each feed.
///
/// # Errors
/// The file cannot be read, or is no OPML.
pub(super) fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let name = args.file.display();
    let reading = || format!("cannot read `{name}`");
    let size = std::fs::metadata(&args.file).with_context(reading)?.len();
    anyhow::ensure!(
        size <= FILE_BYTES,
        "`{name}` is larger than {} MiB, which no list of feeds is",
        FILE_BYTES >> 20
    );
    let bytes = std::fs::read(&args.file).with_context(reading)?;
    let text = charset::decode(&bytes, None).text;
    let outlines =
        opml::parse(&text).map_err(|why| anyhow::anyhow!("cannot read `{name}`: {why}"))?;
    let mut code = ExitCode::SUCCESS;
    let mut ids = HashSet::new();
    let mut blocks = String::new();
    for outline in &outlines {
        match block(outline, &mut ids) {
            Ok(block) => blocks.push_str(&block.to_string()),
            Err(why) => {
                tracing::error!("left out: {why}");
                code = ExitCode::from(1);
            }
        }
    }
    print(&blocks)?;
    Ok(code)
}

/// A block for a feed; in words why there can be none.
fn block(outline: &Outline, ids: &mut HashSet<SourceId>) -> Result<Block, String> {
    let url = Url::parse(&without_feed(&outline.feed)).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| format!("`{}` is no web address", outline.feed))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "the address of `{}` on {} has a name or password, which would be published with it; add it by hand, with \
             `headers = {{ Authorization = \"Basic …\" }}`",
            outline.title,
            url.host_str().unwrap_or_default()
        ));
    }
    let title = Some(outline.title.clone()).filter(|title| !title.is_empty());
    let mut groups: Vec<String> = Vec::new();
    for name in outline.groups.iter().map(|name| group(name)) {
        if !name.is_empty() && !groups.contains(&name) {
            groups.push(name);
        }
    }
    Ok(Block {
        groups,
        is_feed: true,
        ..Block::new(url, title, ids)
    })
}

/// An address without the scheme that only opens a reader: `feed://…` and `feed:https://…`.
fn without_feed(address: &str) -> Cow<'_, str> {
    match address.split_at_checked("feed:".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("feed:") => {
            if rest.starts_with("//") {
                format!("http:{rest}").into()
            } else {
                rest.into()
            }
        }
        _ => address.into(),
    }
}

/// A name as groups may have it: at most 64 letters, digits, `-` and `_`.
fn group(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let words: Vec<String> = name
        .split(|c: char| !plain(c))
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    words.join("-").chars().take(GROUP_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn blocks_can_be_put_into_a_configuration_as_they_are() {
        let outline = |feed: &str, groups: &[&str]| Outline {
            title: "通知 \"公告\"".into(),
            feed: feed.into(),
            home: String::new(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        let mut ids = HashSet::new();
        let blocks: Vec<_> = [
            outline("https://a.example/rss", &["学校 & 部门", "!"]),
            outline("http://a.example/rss", &[]),
            outline("ftp://a.example/rss", &[]),
        ]
        .iter()
        .filter_map(|outline| block(outline, &mut ids).ok())
        .map(|block| block.to_string())
        .collect();
        let config = Config::parse(&blocks.concat(), "test").unwrap();
        let told: Vec<_> = config
            .sources
            .iter()
            .map(|source| {
                (
                    source.id.as_str(),
                    source.groups.clone(),
                    source.title.as_deref(),
                )
            })
            .collect();
        let title = Some("通知 \"公告\"");
        assert_eq!(
            told,
            [
                ("a-example-rss", vec!["学校-部门".to_owned()], title),
                ("a-example-rss-2", vec![], title)
            ]
        );
    }
}
