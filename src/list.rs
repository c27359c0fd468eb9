//! What a list page offers: its items, in order, and the next page.
//!
//! In: a parsed page and what is known of its source. Out: a [`List`], never an error for the whole page.

mod addresses;
mod dated;
mod dates;
mod detect;
pub mod evidence;
mod headings;
pub mod leads;
mod outline;
mod pager;
mod pieces;
mod place;
mod records;
mod regions;
mod rows;
mod said;
mod scripts;
mod select;
mod signs;
pub mod syndicated;
mod tabs;
mod titles;
mod words;
mod worth;

use std::collections::HashSet;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use url::Url;

use self::{detect::Block, outline::Outline, rows::Row};
use crate::{
    article::dates::Published,
    page::document::Document,
    source::{
        ListRules, PresetChoice,
        presets::{Preset, Presets},
    },
};

/// How many of the blocks found are read before giving up.
const MAX_BLOCKS: usize = 4;

/// How many of a page's lists are told.
const MAX_CHOICES: usize = 8;

/// What the extraction of a list page is given beside the page.
#[derive(Clone, Debug)]
pub struct ListContext<'a> {
    /// The page's address: relative links resolve against it.
    pub url: &'a Url,
    /// The user's selectors.
    pub rules: &'a ListRules,
    /// Which site family.
    pub preset: &'a PresetChoice,
    /// Where dates without an offset are at home.
    pub timezone: &'a TimeZone,
    /// The time of fetching: no date lies after it.
    pub now: Timestamp,
}

/// A list page's items and pager.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The page's title, without the site's name where that can be told.
    pub title: Option<String>,
    /// The items, in page order, each address once.
    pub items: Vec<Item>,
    /// The next list page that the page links to.
    pub next: Option<Url>,
    /// The next list page that only a script would link to.
    pub next_by_script: Option<Url>,
    /// The site family that was recognised or forced.
    pub preset: Option<String>,
    /// How the items were found, in words for `preview`: a selector, a preset, detection.
    pub found_by: String,
    /// What could not be understood, in words.
    pub problems: Vec<String>,
}

impl List {
    /// The next list page, linked to or only known to a script.
    pub fn following(&self) -> Option<&Url> {
        self.next.as_ref().or(self.next_by_script.as_ref())
    }
}

/// Where the list of a page without one is: the address that a script of the page asks for its data, or the page that a
/// frame shows. Only what lies on the page's own site is told.
pub fn elsewhere(document: &Document, page: &Url) -> Option<Url> {
    let base = document.base(page);
    scripts::request(document, &base)
        .or_else(|| scripts::frame(document, &base))
        .filter(|url| url.host_str() == page.host_str() && url != page)
}

/// One of several lists on a page.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What `[source.list] item` would be, to have this list.
    pub item: String,
    /// Its items.
    pub items: Vec<Item>,
}

/// A line of a list page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The title, white space folded; may be cut short with `…` by the page.
    pub title: String,
    /// The article's address, absolute.
    pub url: Url,
    /// The date shown beside it.
    pub published: Option<Published>,
}

/// Reads a list page: by the user's selectors, then by the site family's, then by structure.
pub fn extract(document: &Document, context: &ListContext<'_>) -> List {
    let base = document.base(context.url);
    let preset = Presets::embedded().choose(context.preset, document, context.url);
    let mut list = List {
        title: title(document),
        preset: preset.map(|p| p.name.clone()),
        ..List::default()
    };
    if document.is_truncated() {
        list.problems
            .push("the page is too long and was read in part".to_owned());
    }
    let outline = Outline::of(document);
    find_items(&mut list, document, &outline, &base, preset, context);
    // links that could be any page's are a menu where the list is still to be asked for
    let of_articles =
        |item: &Item| item.published.is_some() || addresses::is_article_like(item.url.as_str());
    if context.rules.item.is_none()
        && !list.items.iter().any(of_articles)
        && scripts::unit(document, &base).is_some()
    {
        list.items.clear();
    }
    let of_preset = preset
        .into_iter()
        .flat_map(|p| &p.lists)
        .find_map(|rules| rules.next.as_ref());
    list.next = pager::next(
        document,
        &outline,
        &base,
        context.url,
        context.rules.next.as_ref().or(of_preset),
    );
    if list.next.is_none() {
        list.next_by_script = scripts::next(document, &base);
    }
    let mut seen = HashSet::new();
    list.items.retain(|item| seen.insert(item.url.clone()));
    if list.items.is_empty() {
        list.problems
            .push("no list was found on the page".to_owned());
        if let Some(url) = scripts::request(document, &base) {
            list.problems.push(format!(
                "a script of the page asks for {url}: the list may be there"
            ));
        }
        if let Some(url) = scripts::frame(document, &base) {
            list.problems.push(format!(
                "a frame of the page shows {url}: the list may be there"
            ));
        }
    }
    list
}

fn find_items(
    list: &mut List,
    document: &Document,
    outline: &Outline<'_>,
    base: &Url,
    preset: Option<&Preset>,
    context: &ListContext<'_>,
) {
    if let Some(item) = &context.rules.item {
        let rows = select::rows(document, item);
        list.items = rows::read(&rows, context.rules, base, context);
        list.found_by = format!("item = \"{}\"", item.as_str());
        if list.items.is_empty() {
            let matched = rows.len();
            list.problems.push(format!(
                "`{}` matches {matched} elements, none with a link",
                item.as_str()
            ));
        }
        return;
    }
    let blocks = detect::blocks(outline);
    let (of_preset, single) = by_preset(outline, &blocks, base, preset, context);
    if let Some(found) = of_preset {
        (list.items, list.found_by) = found;
        return;
    }
    let of_script = records::items(document, base, context);
    let of_structure = detected(outline, &blocks, base, context);
    let chosen = match (of_script, of_structure) {
        (Some(script), Some((items, found_by)))
            if script.are_shown_in(&items) || script.yield_to(&items) =>
        {
            Some((items, found_by))
        }
        // a menu may stand in a script, too
        (Some(script), structure) if structure.is_none() || script.is_of_articles() => {
            Some((script.items, script.found_by.to_owned()))
        }
        (_, structure) => structure,
    };
    if let Some(found) = chosen {
        (list.items, list.found_by) = found;
    }
    // a family's single item is believed only where structure finds no list at all
    if list.items.len() < 2
        && let Some(found) = single
    {
        (list.items, list.found_by) = found;
    }
}

/// The lists that structure finds on a page, the surest first: what a selector can choose from.
pub fn choices(document: &Document, context: &ListContext<'_>) -> Vec<Choice> {
    let base = document.base(context.url);
    let outline = Outline::of(document);
    let mut taken: Vec<Block> = Vec::new();
    let mut choices = Vec::new();
    for block in detect::blocks(&outline) {
        if choices.len() >= MAX_CHOICES {
            break;
        }
        if taken.iter().any(|other| other.overlaps(&block, &outline)) {
            continue;
        }
        let rows = headings::with_years(&outline, &block, rows_of(&outline, &block));
        let items = rows::read(&rows, context.rules, &base, context);
        if items.len() > 1 {
            let item = place::selector(document, &rows);
            choices.push(Choice { item, items });
            taken.push(block);
        }
    }
    choices
}

/// Items, and how they were found.
type Found = (Vec<Item>, String);

/// The items by the first of a family's rules that gives a list, and a list of one item if a rule gives no more.
fn by_preset(
    outline: &Outline<'_>,
    blocks: &[Block],
    base: &Url,
    preset: Option<&Preset>,
    context: &ListContext<'_>,
) -> (Option<Found>, Option<Found>) {
    let mut single = None;
    let Some(preset) = preset else {
        return (None, None);
    };
    for rules in &preset.lists {
        let Some(item) = &rules.item else { continue };
        let Some(block) = select::main_block(outline, item) else {
            continue;
        };
        // the rule may match a side column alone
        let is_main = blocks
            .first()
            .is_none_or(|best| block.overlaps(best, outline) || block.score >= best.score * 0.8);
        if !is_main {
            continue;
        }
        let rules = with_user(rules, context.rules);
        let rows = select::rows_of(outline, &block);
        let rows = headings::with_years(outline, &block, rows);
        let items = rows::read(&rows, &rules, base, context);
        let found_by = format!("preset {}, item = \"{}\"", preset.name, item.as_str());
        match items.len() {
            0 => {}
            1 => single = single.or(Some((items, found_by))),
            _ => return (Some((items, found_by)), single),
        }
    }
    (None, single)
}

/// The items of the best block that can be read.
fn detected(
    outline: &Outline<'_>,
    blocks: &[Block],
    base: &Url,
    context: &ListContext<'_>,
) -> Option<Found> {
    let mut best: Option<Found> = None;
    // what is still to come is no news; where a page lists nothing else, it is its list
    let mut calendar: Option<(Found, &Block)> = None;
    let mut read = 0;
    let is_own = |block: &Block| !(outline.says_empty && block.is_beside);
    for block in blocks.iter().filter(|b| is_own(b)) {
        if read >= MAX_BLOCKS {
            break;
        }
        if let Some((_, of_calendar)) = &calendar
            && of_calendar.overlaps(block, outline)
        {
            continue;
        }
        read += 1;
        let whole = block;
        let first = tabs::first(outline, block, |block| {
            let rows = headings::with_years(outline, block, rows_of(outline, block));
            rows::read(&rows, context.rules, base, context)
        });
        let block = first.as_ref().unwrap_or(block);
        let rows = rows_of(outline, block);
        let mut rows = headings::with_years(outline, block, rows);
        let headlines = headings::headlines(outline, block);
        let above = headlines.len();
        rows.splice(0..0, headlines);
        let reading = rows::read_all(&rows, context.rules, base, context);
        let is_calendar = reading.is_calendar();
        let mut items = reading.items;
        // several are the list's beginning only if none is older than what follows
        if above > 1 && !goes_on(&items, above) {
            rows.drain(..above);
            items = rows::read(&rows, context.rules, base, context);
        }
        if is_calendar && calendar.is_none() {
            let found_by = format!("detection: {} of {}", rows.len(), place::in_words(&rows));
            calendar = Some(((items, found_by), whole));
            read -= 1;
            continue;
        }
        if items.len() > best.as_ref().map_or(0, |(items, _)| items.len()) {
            let found_by = format!("detection: {} of {}", rows.len(), place::in_words(&rows));
            let enough = items.len() * 2 > rows.len();
            best = Some((items, found_by));
            if enough {
                break;
            }
        }
    }
    best.or_else(|| calendar.map(|(found, _)| found))
        .or_else(|| single(outline, base, context))
}

/// The one article of a page that shows no other, below the column's name.
fn single(outline: &Outline<'_>, base: &Url, context: &ListContext<'_>) -> Option<Found> {
    let row = outline.nodes[detect::single(outline)?].element;
    let rows = [Row::alone(row)];
    let items = rows::read(&rows, context.rules, base, context);
    let found_by = format!("detection: {}, the only one", place::in_words(&rows));
    (items.len() == 1).then_some((items, found_by))
}

/// Whether the first items are as new as those below.
fn goes_on(items: &[Item], first: usize) -> bool {
    let day = |item: &Item| item.published.map(Published::day);
    let (above, below) = items.split_at(first.min(items.len()));
    let newest = below.iter().filter_map(day).max();
    above
        .iter()
        .all(|item| day(item).is_some_and(|day| Some(day) >= newest))
}

fn rows_of<'a>(outline: &Outline<'a>, block: &Block) -> Vec<Row<'a>> {
    let elements: Vec<_> = block
        .rows
        .iter()
        .map(|&i| outline.nodes[i].element)
        .collect();
    Row::all(&elements)
}

/// A preset's rules, each of the user's in its place.
fn with_user(preset: &ListRules, user: &ListRules) -> ListRules {
    ListRules {
        item: preset.item.clone(),
        link: user.link.clone().or_else(|| preset.link.clone()),
        title: user.title.clone().or_else(|| preset.title.clone()),
        date: user.date.clone().or_else(|| preset.date.clone()),
        next: user.next.clone().or_else(|| preset.next.clone()),
    }
}

/// A page's title, without the site's name where that can be told.
pub fn title(document: &Document) -> Option<String> {
    document.title().map(|title| shortened(&title))
}

/// The site's name in `通知公告-某某学院`, as far as it can be told.
fn site_in(title: &str) -> Option<&str> {
    let mut parts = title.split(SEPARATORS).map(str::trim);
    parts.find(|part| words::is_institution(part))
}

/// What stands between the parts of a page's title.
const SEPARATORS: [char; 9] = ['-', '_', '|', '–', '—', '·', '>', '«', '»'];

/// The column's name in `通知公告-某某学院`, `某某学院_通知公告`, if something of the kind is there.
fn shortened(title: &str) -> String {
    let mut parts = title.split(SEPARATORS).map(str::trim);
    let named = |part: &&str| part.chars().count() >= 2;
    let first = parts.next().filter(named);
    let column = match first {
        // some sites say their own name first
        Some(first) if words::is_institution(first) => parts
            .filter(named)
            .find(|part| !words::is_institution(part))
            .or(Some(first)),
        _ => first,
    };
    column.unwrap_or(title).to_owned()
}
