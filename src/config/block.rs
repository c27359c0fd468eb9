//! One `[[source]]` block, and what only all blocks together show: ids are unique.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use http::HeaderName;
use jiff::tz::TimeZone;
use url::Url;

use super::{
    addresses, keys,
    mistake::{Mistake, Place},
    section::{Section, Value},
    selectors,
    settings::{self, Settings},
    values,
};
use crate::source::{
    ArticleRules, Content, Kind, ListRules, PresetChoice, RequestSettings, Source, SourceId,
    filter::{Expression, Filter},
};

/// Headers that the client sets by itself, and why.
const OWN_HEADERS: [(&str, &str); 9] = [
    ("user-agent", "use the key `user_agent`"),
    ("host", "it is made from the address"),
    ("accept-encoding", "it names what the client can read"),
    ("if-none-match", "it is what the server said before"),
    ("if-modified-since", "it is what the server said before"),
    ("connection", "connections are the client's own matter"),
    ("upgrade", "connections are the client's own matter"),
    ("content-length", "requests have no body"),
    ("transfer-encoding", "requests have no body"),
];

/// A block as it was read; what is wrong in it has been said already.
pub(super) struct Block {
    source: Option<Source>,
    id: Option<SourceId>,
    /// Where the id is, or else the address that it is made from.
    place: Place,
    /// Whether the block sets its id.
    named: bool,
    url: Option<Url>,
    /// The ids that it had before, and where they are.
    aliases: Vec<(SourceId, Place)>,
    /// Whether it comes from the catalogue, not from the user.
    of_catalog: bool,
}

/// A source with the defaults of every key.
pub(super) fn unlisted(url: Url, request: RequestSettings, content: Content) -> Source {
    Source {
        id: SourceId::from_address(&url),
        aliases: Vec::new(),
        url,
        title: None,
        groups: Vec::new(),
        every: None,
        kind: Kind::Auto,
        preset: PresetChoice::Auto,
        // the departments that this program was made for
        timezone: TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC),
        pages: 1,
        full_text: true,
        enabled: true,
        request,
        content,
        list: ListRules::default(),
        article: ArticleRules::default(),
        filter: Filter::default(),
    }
}

/// Reads a block whose header is at `header`.
pub(super) fn read(
    section: &mut Section<'_>,
    header: &Place,
    settings: &Settings,
    of_catalog: bool,
) -> Block {
    let url_place = section.value("url").map(|value| value.place);
    let id_place = section.value("id").map(|value| value.place);
    let url = section.get("url", addresses::page_address);
    let id = section.get("id", values::source_id);
    if url_place.is_none() && section.whole() {
        section.add(
            Mistake::new(
                header.clone(),
                "a source without an address",
                "expected the key `url` in this block",
            )
            .help("for example: url = \"http://jyt.example.gov.cn/jynews/\"".to_owned()),
        );
    }
    let expected = "expected a list of ids, [\"old-id\"]";
    let aliases = section
        .get_list("aliases", expected, values::source_id)
        .unwrap_or_default();
    let rest = rest(section, settings);
    let named = id_place.is_some();
    let id = match (id, &url) {
        (None, Some(url)) if !named => Some(SourceId::from_address(url)),
        (id, _) => id,
    };
    let source = id.clone().zip(url.clone()).map(|(id, url)| Source {
        id,
        aliases: aliases.iter().map(|(alias, _)| alias.clone()).collect(),
        url,
        ..rest
    });
    Block {
        source,
        aliases,
        id,
        place: id_place.or(url_place).unwrap_or_else(|| header.clone()),
        named,
        url,
        of_catalog,
    }
}

/// A block's keys but `url` and `id`, for which stand-ins are filled in.
fn rest(section: &mut Section<'_>, settings: &Settings) -> Source {
    let default = unlisted(
        settings.server.public_url.clone(),
        settings.request.clone(),
        settings.content,
    );
    let mut request = settings::request(section, &settings.request);
    request.tls = section.get("tls", values::tls).unwrap_or_default();
    request.headers = headers(section);
    Source {
        title: section.get("title", values::text),
        groups: groups(section),
        every: section.get("every", values::duration(settings::INTERVALS)),
        kind: section.get("kind", values::kind).unwrap_or_default(),
        preset: section.get("preset", values::preset).unwrap_or_default(),
        timezone: section
            .get("timezone", values::timezone)
            .unwrap_or(default.timezone),
        pages: section
            .get("pages", values::number(1..=10_000))
            .unwrap_or(default.pages),
        full_text: section
            .get("full_text", values::flag)
            .unwrap_or(default.full_text),
        enabled: section
            .get("enabled", values::flag)
            .unwrap_or(default.enabled),
        content: section
            .get("content", values::content)
            .unwrap_or(default.content),
        list: list_rules(section),
        article: article_rules(section),
        filter: filter(section),
        request,
        ..default
    }
}

fn groups(section: &mut Section<'_>) -> Vec<String> {
    let mut groups = Vec::new();
    let expected = "expected a list of names, [\"province\"]";
    for (group, place) in section
        .get_list("groups", expected, values::group)
        .unwrap_or_default()
    {
        if groups.contains(&group) {
            section.add(Mistake::new(
                place,
                format!("group `{group}` is named twice"),
                "expected each name once",
            ));
        } else {
            groups.push(group);
        }
    }
    groups
}

/// `headers = { Name = "value" }`: the one table whose keys are free.
fn headers(section: &mut Section<'_>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    let Some(value) = section.value("headers") else {
        return headers;
    };
    let Some(table) = value.toml.as_table() else {
        section.add(Mistake::new(
            value.place,
            "`headers` is no table",
            "expected names and values, { Referer = \"http://…\" }",
        ));
        return headers;
    };
    for (name, text) in table {
        let place = |span| Place {
            file: Arc::clone(&value.place.file),
            span,
        };
        if let Some(mistake) = wrong_header(name.get_ref(), place(name.span())) {
            section.add(mistake);
            continue;
        }
        let text = Value {
            key: name.get_ref(),
            toml: text.get_ref(),
            place: place(text.span()),
        };
        match values::header_text(&text) {
            Ok(text) => headers.push((name.get_ref().to_string(), text)),
            Err(wrong) => section.add(wrong.into_mistake(&text.place)),
        }
    }
    headers
}

fn wrong_header(name: &str, place: Place) -> Option<Mistake> {
    let shown = values::cut(name);
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        let what = format!("`{shown}` is no header's name");
        return Some(Mistake::new(
            place,
            what,
            "expected letters, digits and `-`, such as Referer",
        ));
    }
    let (_, why) = OWN_HEADERS
        .iter()
        .find(|(own, _)| name.eq_ignore_ascii_case(own))?;
    let what = format!("the header `{shown}` is not to be set");
    Some(Mistake::new(place, what, "no such header here").help((*why).to_owned()))
}

fn list_rules(section: &mut Section<'_>) -> ListRules {
    let mut list = section.section("list", "[source.list]", keys::LIST);
    let rules = ListRules {
        item: list.get("item", selectors::selector),
        link: list.get("link", selectors::pick),
        title: list.get("title", selectors::pick),
        date: list.get("date", selectors::pick),
        next: list.get("next", selectors::pick),
    };
    section.close(list);
    rules
}

fn article_rules(section: &mut Section<'_>) -> ArticleRules {
    let mut article = section.section("article", "[source.article]", keys::ARTICLE);
    let rules = ArticleRules {
        title: article.get("title", selectors::pick),
        date: article.get("date", selectors::pick),
        origin: article.get("origin", selectors::pick),
        author: article.get("author", selectors::pick),
        body: article.get("body", selectors::selector),
        remove: article
            .get_list(
                "remove",
                "expected a list of CSS selectors, [\".share\"]",
                selectors::selector,
            )
            .unwrap_or_default()
            .into_iter()
            .map(|(selector, _)| selector)
            .collect(),
    };
    section.close(article);
    rules
}

fn filter(section: &mut Section<'_>) -> Filter {
    let mut table = section.section("filter", "[source.filter]", keys::FILTER);
    let mut expressions = |key| -> Vec<Expression> {
        let expected = "expected a list of regular expressions, [\"招生\"]";
        let found = table.get_list(key, expected, values::expression);
        found
            .unwrap_or_default()
            .into_iter()
            .map(|(expression, _)| expression)
            .collect()
    };
    let filter = Filter {
        include: expressions("include"),
        exclude: expressions("exclude"),
    };
    section.close(table);
    filter
}

/// The sources of all blocks, in order, with a mistake for each id that is taken already. A block of the catalogue
/// gives way to one that the user wrote for the same address or id.
pub(super) fn unite(mut blocks: Vec<Block>) -> (Vec<Arc<Source>>, Vec<Mistake>) {
    let own = blocks.iter().filter(|block| !block.of_catalog);
    let (ids, urls): (HashSet<_>, HashSet<_>) = own
        .map(|block| (block.id.clone(), block.url.clone()))
        .unzip();
    let mut met = HashSet::new();
    blocks.retain(|block| {
        // groups of the catalogue overlap
        !block.of_catalog
            || !ids.contains(&block.id)
                && !urls.contains(&block.url)
                && met.insert(block.id.clone())
    });
    let mut mistakes = Vec::new();
    let mut taken: HashMap<&SourceId, &Block> = HashMap::new();
    for block in &blocks {
        let Some(id) = &block.id else { continue };
        match taken.get(id) {
            Some(first) => mistakes.push(collision(id, first, block)),
            None => {
                taken.insert(id, block);
            }
        }
    }
    mistakes.extend(taken_aliases(&blocks, &taken));
    let sources = blocks
        .into_iter()
        .filter_map(|block| block.source.map(Arc::new))
        .collect();
    (sources, mistakes)
}

/// An alias leads to one source, and an id that is in use leads to its own.
fn taken_aliases(blocks: &[Block], ids: &HashMap<&SourceId, &Block>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut met: HashMap<&SourceId, &Place> = HashMap::new();
    for (alias, place) in blocks.iter().flat_map(|block| &block.aliases) {
        let earlier = match ids.get(alias) {
            Some(block) => Some(&block.place),
            None => met.insert(alias, place),
        };
        if let Some(earlier) = earlier {
            let what = format!("the alias `{alias}` is taken");
            let expected = "expected an id that no source has or had";
            mistakes.push(
                Mistake::new(place.clone(), what, expected).earlier(earlier.clone(), "taken here"),
            );
        }
    }
    mistakes
}

fn collision(id: &SourceId, first: &Block, second: &Block) -> Mistake {
    let place = second.place.clone();
    let (mistake, words) = if first.named && second.named {
        let what = format!("two sources have the id `{id}`");
        (
            Mistake::new(place, what, "expected another id"),
            "taken here",
        )
    } else if first.url.is_some() && first.url == second.url {
        let what = "two sources have the same address, and so the same id";
        let mistake = Mistake::new(place, what, "named again here")
            .help("remove one, or set `id` in one of them".to_owned());
        (mistake, "named here")
    } else {
        let what = format!("two sources get the id `{id}`");
        let mistake = Mistake::new(place, what, "the id made from this, or set here, is taken")
            .help("set `id` in one of them".to_owned());
        (mistake, "taken here")
    };
    mistake.earlier(first.place.clone(), words)
}
