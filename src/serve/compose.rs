//! The feed that an address asks for: from the store's entries to [`Feed`].

use std::{collections::HashMap, sync::atomic::AtomicBool};

use jiff::Timestamp;
use xxhash_rust::xxh3::Xxh3Default;

use super::{
    Site,
    address::{Address, Narrowing, Part, Subject},
};
use crate::{
    article::{Article, ArticleId},
    feed::{Also, Entry, Feed, Pages},
    source::{Content, SourceId},
    store::{self, Choice, StoreError},
};

/// A filter that anybody may ask for and that finds little looks no further;
const LOOKED_AT: usize = 5_000;
/// one of the configuration.
const OWN_LOOKED_AT: usize = 100_000;

/// A feed document, still to be rendered.
pub(super) struct Composed {
    pub(super) feed: Feed,
    /// What it holds: each entry's id, and a hash of what is said of it.
    pub(super) held: Vec<Held>,
}

/// An entry of a document that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    id: ArticleId,
    hash: u64,
}

/// The document of an address; none where there is none: a page behind the last, an archive that is none.
/// `before` is what the document held that [news](Part::News) are asked since.
pub(super) fn compose(
    site: &Site,
    address: &Address,
    before: &[Held],
    abandoned: Option<&AtomicBool>,
) -> Result<Option<Composed>, StoreError> {
    let scope = address.subject.scope(site);
    let limit = address.narrowing.limit.unwrap_or(site.config.feed.entries);
    let archive = |first: ArticleId| format!("archive={first}");
    let mut pages = Pages::default();
    let entries = match address.part {
        Part::Archive(first) => {
            let Some(found) = site.store.archive(&scope, first)? else {
                return Ok(None);
            };
            pages.this = Some(archive(first));
            pages.archive = true;
            pages.prev_archive = found.earlier.map(archive);
            pages.next_archive = found.later.map(archive);
            let shows = |entry: &store::Entry| shows(site, address, &entry.article);
            found.entries.into_iter().filter(shows).collect()
        }
        Part::Newest | Part::News(_) | Part::Page(_) => {
            let page = match address.part {
                Part::Page(page) => page,
                _ => 1,
            };
            let (entries, more) = chosen(site, address, &scope, (limit, page), abandoned)?;
            if page > 1 {
                if entries.is_empty() {
                    return Ok(None);
                }
                pages.this = Some(format!("page={page}"));
                pages.previous = Some((page > 2).then(|| format!("page={}", page - 1)));
            } else if address.narrowing == Narrowing::default() {
                let shown: Vec<_> = entries.iter().map(|entry| entry.article.id).collect();
                pages.prev_archive = site.store.newest_archive(&scope, &shown)?.map(archive);
            }
            pages.next = more.then(|| format!("page={}", page + 1));
            entries
        }
    };
    let mut composed = assemble(site, address, pages, entries);
    if let Part::News(_) = address.part {
        let news = |held: &Held| !before.contains(held);
        let mut kept = composed.held.iter().map(news);
        composed.feed.entries.retain(|_| kept.next() == Some(true));
        composed.held.retain(news);
    }
    Ok(Some(composed))
}

/// The entries of a page, and whether there are others behind them.
fn chosen(
    site: &Site,
    address: &Address,
    scope: &store::Scope,
    (limit, page): (usize, usize),
    abandoned: Option<&AtomicBool>,
) -> Result<(Vec<store::Entry>, bool), StoreError> {
    let shows = |article: &Article| shows(site, address, article);
    let narrowed = is_narrowed(site, address);
    let skip = limit.saturating_mul(page - 1);
    let mut entries = site.store.choose(
        scope,
        &Choice {
            skip,
            limit: limit + 1,
            keep: narrowed.then_some(&shows),
            looked_at: match (narrowed, address.narrowing.filter.is_open()) {
                (false, _) => usize::MAX,
                (true, true) => OWN_LOOKED_AT,
                (true, false) => LOOKED_AT,
            },
            abandoned,
        },
    )?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok((entries, more))
}

/// Whether an address or a source leaves anything out.
fn is_narrowed(site: &Site, address: &Address) -> bool {
    let filters = |id: &SourceId| site.source(id).is_some_and(|s| !s.filter.is_open());
    !address.narrowing.filter.is_open() || address.subject.members(site).any(filters)
}

fn shows(site: &Site, address: &Address, article: &Article) -> bool {
    site.shows(article) && address.narrowing.filter.shows(article)
}

fn assemble(site: &Site, address: &Address, pages: Pages, entries: Vec<store::Entry>) -> Composed {
    let mut titles = Titles::new(site);
    let (path, mut title, home) = match &address.subject {
        Subject::Source(id) => {
            let home = site.source(id).map_or_else(
                || site.config.server.public_url.clone(),
                |source| source.url.clone(),
            );
            (site.address(&["feeds", id.as_str()]), titles.of(id), home)
        }
        Subject::Group(name) => (
            site.address(&["groups", name]),
            name.clone(),
            site.config.server.public_url.clone(),
        ),
        Subject::All => (
            site.address(&["all"]),
            site.words.everything.to_owned(),
            site.config.server.public_url.clone(),
        ),
    };
    // two feeds of one source are told apart in a reader's list by what they are narrowed to
    for expression in &address.narrowing.filter.include {
        title = format!("{title} · {}", expression.as_str());
    }
    let first_polls = address
        .subject
        .members(site)
        .filter_map(|id| site.store.state(id)?.first_poll);
    let entries: Vec<_> = entries
        .into_iter()
        .map(|entry| titles.entry(entry))
        .collect();
    Composed {
        held: entries.iter().map(Held::of).collect(),
        feed: Feed {
            address: path,
            narrowing: address.narrowing.query(),
            access: site.access().filter(|_| address.with_token),
            // pages and archives are not subscribed to
            hub: site
                .hub_address(address.with_token)
                .filter(|_| pages.this.is_none()),
            pages,
            title,
            home,
            lang: site.config.lang.tag(),
            born: first_polls.min().unwrap_or(Timestamp::UNIX_EPOCH),
            merged: !matches!(address.subject, Subject::Source(_)),
            entries,
        },
    }
}

impl Held {
    fn of(entry: &Entry) -> Self {
        let article = &entry.article;
        let mut hash = Xxh3Default::new();
        let mut said = |text: &str| {
            hash.update(text.as_bytes());
            hash.update(&[0]);
        };
        said(article.url.as_str());
        said(&article.title);
        said(&article.summary);
        said(&article.body_html);
        said(&format!("{:?} {:?}", article.updated, entry.withdrawn));
        for also in &entry.also {
            said(also.url.as_str());
            said(&also.source_title);
        }
        Self {
            id: article.id,
            hash: hash.digest(),
        }
    }
}

/// The sources' titles, each looked up once per document.
pub(super) struct Titles<'a> {
    site: &'a Site,
    known: HashMap<SourceId, String>,
}

impl<'a> Titles<'a> {
    pub(super) fn new(site: &'a Site) -> Self {
        Self {
            site,
            known: HashMap::new(),
        }
    }

    fn of(&mut self, id: &SourceId) -> String {
        if let Some(title) = self.known.get(id) {
            return title.clone();
        }
        let title = self.site.title(id);
        self.known.insert(id.clone(), title.clone());
        title
    }

    pub(super) fn entry(&mut self, mut entry: store::Entry) -> Entry {
        // what was read under an id that the source had before is told under its present one
        let id = self.site.present(&entry.article.source);
        entry.article.source = id.clone();
        let source = self.site.source(&id);
        let mut also = Vec::with_capacity(entry.also.len());
        for other in entry.also {
            let source = self.site.present(&other.source);
            also.push(Also {
                source_title: self.of(&source),
                source,
                url: other.url,
                title: other.title,
            });
        }
        Entry {
            timezone: source.map_or(jiff::tz::TimeZone::UTC, |source| source.timezone.clone()),
            source_title: self.of(&id),
            source_feed: self.site.address(&["feeds", id.as_str()]),
            content: source.map_or(Content::Full, |source| source.content),
            also,
            withdrawn: entry.withdrawn,
            also_label: self.site.words.also_at,
            article: entry.article,
        }
    }
}
