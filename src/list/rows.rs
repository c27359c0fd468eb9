//! Rows read into items: which link, which title, which date.
//!
//! In: the elements that are a list's rows, and rules where given. Out: [`Item`]s. What one row leaves open the
//! others decide: an address that several rows share is a column's, not the article's; the place where most rows show
//! their date is the date's place in all.

use std::collections::HashMap;

use url::Url;

use super::{
    Item, ListContext, addresses, dated,
    dates::{self, Candidate, Habit},
    titles, words,
    words::LinkKind,
};
use crate::{
    article::dates::{self as article_dates, DateContext, Shown, infer_years},
    page::{
        document::{Child, Element, Step},
        links,
        text::visible_chars,
    },
    source::ListRules,
};

/// More nodes beside a row are not its own.
const MAX_TAIL: usize = 12;

/// A row: an element, and the nodes beside it up to the next row, where what it shows goes on, or up to the row before,
/// where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) element: Element<'a>,
    lead: usize,
    tail: usize,
    /// The year of the heading above, for dates that leave theirs out.
    pub(super) year: Option<i16>,
    /// The date or the month above the group that the row stands in.
    pub(super) group: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// A row that is one element.
    pub(super) fn alone(element: Element<'a>) -> Self {
        Self {
            element,
            lead: 0,
            tail: 0,
            year: None,
            group: None,
        }
    }

    /// Leaves out what stands before its element.
    pub(super) fn begin_alone(&mut self) {
        self.lead = 0;
    }

    /// Leaves out what stands behind its element.
    pub(super) fn end_alone(&mut self) {
        self.tail = 0;
    }

    /// Elements as rows, each with what stands between it and the next beside it.
    pub(super) fn all(elements: &[Element<'a>]) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::with_capacity(elements.len());
        for (i, &element) in elements.iter().enumerate() {
            let tail = match elements.get(i + 1) {
                Some(&next) if next.parent() == element.parent() => tail_before(element, next),
                // the last row goes on as far as the one before it did
                None => rows.last().map_or(0, |row| row.tail),
                // the last of a table's line
                Some(_) if element.name() == "td" => rows.last().map_or(0, |row| row.tail),
                Some(_) => 0,
            };
            rows.push(Self {
                element,
                lead: 0,
                tail,
                year: None,
                group: None,
            });
        }
        if begin_with_dates(&rows) {
            // the first row begins as far above as others do
            let first = rows.iter().map(|row| row.tail).find(|&tail| tail > 0);
            let first = first.unwrap_or(0);
            let tails: Vec<usize> = rows.iter().map(|row| row.tail).collect();
            let before = std::iter::once(first).chain(tails);
            for (row, before) in rows.iter_mut().zip(before) {
                (row.lead, row.tail) = (before, 0);
            }
        }
        rows
    }

    /// The nodes before the row's element that belong to it, the element, and the nodes that follow it, but for those
    /// with links of their own.
    pub(super) fn parts(self) -> impl Iterator<Item = Child<'a>> {
        let lead: Vec<Child<'a>> =
            without_links(self.element.preceding_nodes(), self.lead).collect();
        let tail = without_links(self.element.following_nodes(), self.tail);
        let element = std::iter::once(Child::Element(self.element));
        lead.into_iter().rev().chain(element).chain(tail)
    }
}

fn without_links<'a>(
    nodes: impl Iterator<Item = Child<'a>>,
    most: usize,
) -> impl Iterator<Item = Child<'a>> {
    nodes.take(most).take_while(|node| match node {
        Child::Element(e) => !has_link(*e),
        Child::Text(_) => true,
    })
}

/// Whether what stands between two rows belongs to the second: a date stands before the first row, and none behind the
/// last one.
fn begin_with_dates(rows: &[Row<'_>]) -> bool {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return false;
    };
    let is_date = |node: Child<'_>| match node {
        Child::Text(text) => dated::looks_dated(text),
        Child::Element(e) => {
            e.is_any(&[
                "span", "font", "i", "em", "b", "dt", "td", "time", "p", "div",
            ]) && dated::looks_dated(&e.text())
        }
    };
    rows.iter().any(|row| row.tail > 0)
        && without_links(first.element.preceding_nodes(), MAX_TAIL).any(is_date)
        && !without_links(last.element.following_nodes(), MAX_TAIL).any(is_date)
}

fn tail_before(element: Element<'_>, next: Element<'_>) -> usize {
    let nodes = element.following_nodes().take(MAX_TAIL + 1);
    let until = nodes.take_while(|node| !matches!(node, Child::Element(e) if *e == next));
    let count = until.count();
    if count > MAX_TAIL { 0 } else { count }
}

fn has_link(element: Element<'_>) -> bool {
    std::iter::once(element)
        .chain(element.descendants())
        .any(|e| addresses::opened_by(e).is_some())
}

/// A link of a row.
#[derive(Clone, Debug)]
pub(super) struct RowLink<'a> {
    pub(super) element: Element<'a>,
    pub(super) url: Url,
    kind: LinkKind,
    chars: usize,
}

/// What rows were read into.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) items: Vec<Item>,
    /// How many rows show a day that lies ahead.
    ahead: usize,
}

impl Reading {
    /// Whether most rows tell of days to come: a calendar, not news.
    pub(super) fn is_calendar(&self) -> bool {
        self.ahead * 2 > self.items.len()
    }
}

/// Reads rows. Those without a link to somewhere are left out.
pub(super) fn read(
    rows: &[Row<'_>],
    rules: &ListRules,
    base: &Url,
    context: &ListContext<'_>,
) -> Vec<Item> {
    read_all(rows, rules, base, context).items
}

/// As [`read`], with what was noticed.
pub(super) fn read_all(
    rows: &[Row<'_>],
    rules: &ListRules,
    base: &Url,
    context: &ListContext<'_>,
) -> Reading {
    let links: Vec<_> = rows.iter().map(|row| links_of(*row, rules, base)).collect();
    let mut uses: HashMap<&Url, usize> = HashMap::new();
    for row in &links {
        let mut urls: Vec<&Url> = row.iter().map(|l| &l.url).collect();
        urls.sort_unstable();
        urls.dedup();
        for url in urls {
            *uses.entry(url).or_default() += 1;
        }
    }
    let dating = DateContext {
        timezone: context.timezone,
        now: context.now,
    };
    let head = rows
        .first()
        .map(|row| dates::head(*row))
        .unwrap_or_default();
    let language = rows.first().and_then(|row| language_of(row.element));
    let habit = Habit::of(language, context.url, &dating);
    let mut chosen: Vec<(Row<'_>, Vec<Element<'_>>)> = Vec::new();
    let mut targets = Vec::new();
    for (row, links) in rows.iter().zip(&links) {
        let Some(target) = target_of(*row, links, &uses, context.url) else {
            continue;
        };
        let same = links.iter().filter(|l| l.url == target.url);
        chosen.push((*row, same.map(|l| l.element).collect()));
        targets.push(target);
    }
    let title_rule = rules.title.as_ref();
    let mut in_column = match title_rule {
        Some(_) => Vec::new(),
        None => titles::column(&chosen),
    };
    in_column.resize_with(chosen.len(), || None);
    let mut found = Vec::new();
    let mut headings = Vec::new();
    for (((row, same), target), title) in chosen.iter().zip(targets).zip(in_column) {
        let Some(title) = title.or_else(|| titles::of_row(*row, same, title_rule)) else {
            continue;
        };
        let candidates = dates::candidates(*row, &title, rules.date.as_ref(), &head, &dating);
        found.push((title.text, target.url.clone(), candidates));
        headings.push((row.year, *row));
    }
    let repeated = titles::repeated(
        found
            .iter()
            .map(|(title, _, _): &(String, _, _)| title.as_str()),
    );
    if let Some(label) = repeated {
        for ((title, _, _), (_, row)) in found.iter_mut().zip(&headings) {
            if *title == label
                && let Some(beside) = titles::beside(*row, &label)
            {
                *title = beside;
            }
        }
    }
    split_dates_off(&mut found, &dating);
    let columns: Vec<&[Candidate]> = found
        .iter()
        .map(|(_, _, candidates)| candidates.as_slice())
        .collect();
    let shown = dates::column(&columns, habit).into_iter().zip(headings);
    let shown: Vec<Shown> = shown
        .zip(&found)
        .map(|((shown, (year, row)), (_, url, _))| {
            let shown = row
                .group
                .map_or(shown, |group| in_group(shown, group, &row, &dating));
            let year = year.or_else(|| year_in_address(shown, url, &dating));
            in_year(shown, year, &dating)
        })
        .collect();
    let published = infer_years(&shown, &dating);
    let ahead = shown.iter().filter(|s| **s == Shown::Refused).count();
    let items = found.iter().zip(published);
    let items = items.map(|((title, url, _), published)| Item {
        title: title.clone(),
        url: url.clone(),
        published,
    });
    Reading {
        items: without_strays(items.collect()),
        ahead,
    }
}

/// The page's language, as it is declared.
fn language_of(element: Element<'_>) -> Option<&str> {
    element.ancestors().last()?.attr("lang")
}

/// The year of the same day in an article's address: `05-24` beside `/2023/0524/c1a2/page.htm`.
fn year_in_address(shown: Shown, url: &Url, dating: &DateContext<'_>) -> Option<i16> {
    let Shown::YearLess(partial) = shown else {
        return None;
    };
    let day = article_dates::from_address(url, dating)?.day();
    (day.month() == partial.month && day.day() == partial.day).then_some(day.year())
}

/// A row's date below that of its group: the group's own where the row shows none, the day of the group's month.
fn in_group(shown: Shown, group: &str, row: &Row<'_>, dating: &DateContext<'_>) -> Shown {
    match (shown, dates::read(group, dating)) {
        (Shown::Nothing, whole @ (Shown::Whole(_) | Shown::Refused)) => whole,
        (Shown::YearLess(partial), Shown::Whole(published)) => {
            let year = published.day().year();
            partial.in_year(year, dating).map_or(shown, Shown::Whole)
        }
        (Shown::Nothing, of_group) => {
            let whole = day_alone(row).map(|day| dates::read(&format!("{day} {group}"), dating));
            match (whole, of_group) {
                (Some(whole @ (Shown::Whole(_) | Shown::Refused)), _) => whole,
                (_, Shown::YearLess(_)) => of_group,
                _ => shown,
            }
        }
        _ => shown,
    }
}

/// The day of a row that shows no more of its date: `<td>28</td>`.
fn day_alone(row: &Row<'_>) -> Option<u8> {
    const ENDS: [&str; 6] = ["st", "nd", "rd", "th", "日", "."];
    let texts = row.parts().flat_map(|part| -> Vec<&str> {
        match part {
            Child::Text(text) => vec![text],
            Child::Element(e) => e
                .walk()
                .filter_map(|step| match step {
                    Step::Text(text) => Some(text),
                    _ => None,
                })
                .collect(),
        }
    });
    let day = |text: &str| {
        let text = text.trim();
        let bare = ENDS.iter().find_map(|end| text.strip_suffix(end));
        let bare = bare.unwrap_or(text);
        let is_number = (1..=2).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| bare.parse().ok()).flatten()
    };
    texts.filter_map(day).find(|day| (1..=31).contains(day))
}

/// A date that leaves out its year, in the year of the heading above.
fn in_year(shown: Shown, year: Option<i16>, dating: &DateContext<'_>) -> Shown {
    match (shown, year) {
        (Shown::YearLess(partial), Some(year)) => {
            partial.in_year(year, dating).map_or(shown, Shown::Whole)
        }
        _ => shown,
    }
}

/// Takes the dates from the titles' ends where most rows have theirs there. A title may speak of a day of its own.
fn split_dates_off(found: &mut [(String, Url, Vec<Candidate>)], dating: &DateContext<'_>) {
    let split: Vec<_> = found
        .iter()
        .map(|(title, _, candidates)| {
            let is_open = candidates.is_empty();
            is_open.then(|| dates::split_off(title, dating)).flatten()
        })
        .collect();
    let count = split.iter().flatten().count();
    let year_less = split.iter().flatten().any(|(_, date)| date.is_year_less());
    if count * 2 < found.len() || (year_less && count < 2) {
        return;
    }
    for ((title, _, candidates), split) in found.iter_mut().zip(split) {
        if let Some((rest, date)) = split {
            *title = rest;
            candidates.push(date);
        }
    }
}

/// Among items with dates, a word without a date that leads to no article is a link to a column.
fn without_strays(mut items: Vec<Item>) -> Vec<Item> {
    let dated = items.iter().filter(|i| i.published.is_some()).count();
    if dated * 2 >= items.len() {
        items.retain(|item| {
            item.published.is_some()
                || visible_chars(&item.title) > 6
                || addresses::is_article_like(item.url.as_str())
        });
    }
    items
}

/// The row's links, by the rule or all of them; its own where the row stands inside a link.
fn links_of<'a>(row: Row<'a>, rules: &ListRules, base: &Url) -> Vec<RowLink<'a>> {
    let as_link = |element: Element<'a>, url: Url| {
        let text = element.text();
        let shown = visible_chars(&text);
        RowLink {
            element,
            url,
            kind: words::kind_of_text(&text),
            chars: shown.max(element.attr("title").map_or(0, visible_chars)),
        }
    };
    if let Some(pick) = &rules.link {
        let chosen = row.element.select(&pick.selector);
        // an item may be the link itself
        let itself = Some(row.element).filter(|e| e.matches(&pick.selector));
        let links: Vec<_> = itself
            .into_iter()
            .chain(chosen)
            .filter_map(|e| {
                let url = match &pick.attribute {
                    Some(name) => links::resolve(base, e.attr(name)?),
                    None => links::of_link(base, e),
                };
                Some(as_link(e, url?))
            })
            .take(1)
            .collect();
        if !links.is_empty() {
            return links;
        }
    }
    let opens = |e: &Element<'a>| addresses::opened_by(*e).is_some();
    let around = row.element.ancestors().take(2).filter(|e| e.name() == "a");
    let inside = row.element.walk().filter_map(|step| match step {
        Step::Open(e) => Some(e),
        _ => None,
    });
    inside
        .chain(around)
        .filter(opens)
        .filter_map(|e| Some(as_link(e, links::of_link(base, e)?)))
        .collect()
}

/// `[教务处]`: a department or a column before the title.
fn is_tag(text: &str) -> bool {
    const MOST_BYTES: usize = 60;
    text.len() <= MOST_BYTES
        && [('[', ']'), ('【', '】'), ('［', '］')]
            .iter()
            .any(|&(open, close)| text.starts_with(open) && text.ends_with(close))
}

/// The link that leads to the article: not a pager's, not one that other rows have too; of the rest, the one with the
/// longest text, an article's address before a column's, the heading's before any.
fn target_of<'l, 'a>(
    row: Row<'a>,
    links: &'l [RowLink<'a>],
    uses: &HashMap<&Url, usize>,
    page: &Url,
) -> Option<&'l RowLink<'a>> {
    let worth = |link: &RowLink<'_>| {
        let mut worth = i64::try_from(link.chars.min(40)).unwrap_or(40);
        if uses.get(&link.url).is_some_and(|&n| n > 1) {
            worth -= 30;
        }
        if addresses::is_column_like(
            &link.url[url::Position::BeforePath..url::Position::AfterQuery],
        ) {
            worth -= 10;
        }
        if is_tag(&link.element.text()) {
            worth -= 8;
        }
        if link.kind == LinkKind::More {
            // of several files, the first
            worth = -8;
        }
        if links.len() > 1 && titles::is_in_heading(link.element, row.element) {
            worth += 40;
        }
        if link.url == *page {
            worth -= 50;
        }
        worth
    };
    let plain = links.iter().filter(|l| {
        matches!(l.kind, LinkKind::Plain | LinkKind::More)
            || links.len() == 1 && l.kind == LinkKind::Number
    });
    // of equals, the first
    plain.rev().max_by_key(|l| worth(l))
}
