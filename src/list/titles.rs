//! An item's title: the `title` attribute where it is the whole of what is shown, else the text.
//!
//! In: a row and its links to the article. Out: the title, and the element that holds it, whose text is no date.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{dated, rows::Row, words};
use crate::page::{
    document::{Child, Element, Pick, Step},
    text::{fold, push_folded, visible_chars},
};

/// A title is no longer (contract, section 5).
const MAX_CHARS: usize = 4_000;

/// A title and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Title<'a> {
    pub(super) text: String,
    /// The element that shows it.
    pub(super) element: Element<'a>,
}

/// The title of a row. `links` lead to its article, in page order.
pub(super) fn of_row<'a>(
    row: Row<'a>,
    links: &[Element<'a>],
    rule: Option<&Pick>,
) -> Option<Title<'a>> {
    let ruled = rule.and_then(|pick| by_rule(row, pick));
    ruled
        .or_else(|| by_structure(row, links))
        .map(|title| Title {
            text: crate::page::text::cut(&title.text, MAX_CHARS).to_owned(),
            ..title
        })
}

fn by_rule<'a>(row: Row<'a>, pick: &Pick) -> Option<Title<'a>> {
    let itself = Some(row.element).filter(|e| e.matches(&pick.selector));
    itself
        .into_iter()
        .chain(row.element.select(&pick.selector))
        .find_map(|element| pick.of(element).map(|text| Title { text, element }))
}

fn by_structure<'a>(row: Row<'a>, links: &[Element<'a>]) -> Option<Title<'a>> {
    let shown: Vec<Title<'a>> = links.iter().filter_map(|&link| shown_in(link)).collect();
    // a card has a picture, a title, a lead and a `[详细]`, all with the same address: the title is the link in a
    // heading, or else the first that says something
    let best = shown
        .iter()
        .find(|t| is_titled(t.element) || t.element.ancestors().take(2).any(is_titled))
        .or_else(|| shown.iter().find(|t| visible_chars(&t.text) >= 4))
        .or_else(|| shown.first());
    if let Some(heading) = best.and_then(|title| headed_beside(row, title)) {
        return Some(heading);
    }
    if let Some(title) = best {
        return Some(Title {
            text: completed(&title.text, title.element, links, row.element),
            element: title.element,
        });
    }
    // the links say nothing of their own (a picture, `[详细]`): the title stands beside them
    if let Some(element) = heading_of(row) {
        return Some(Title {
            text: element.text(),
            element,
        });
    }
    let link = *links.first()?;
    let attribute = links.iter().find_map(|l| l.attr("title")).map(fold);
    let picture = link
        .descendants()
        .find(|e| e.name() == "img")
        .and_then(|e| e.attr("alt"))
        .map(fold);
    let around = || longest_text(row);
    let text = attribute
        .filter(|t| !t.is_empty())
        .or_else(|| picture.filter(|t| !t.is_empty()))
        .or_else(around)?;
    Some(Title {
        text,
        element: link,
    })
}

/// A part of a link's text that stands in an element of its own, and where.
struct Part<'a> {
    /// Its tag and classes, and how many like it stand before.
    place: (&'a str, &'a str, usize),
    text: String,
    element: Element<'a>,
}

/// The parts of a link that is the whole row; empty where its text is one, or a heading tells the title.
fn parts_of(link: Element<'_>) -> Vec<Part<'_>> {
    const MAX_PARTS: usize = 12;
    const MAX_WRAPPERS: usize = 3;
    let says = |e: &Element<'_>| !e.is_unseen() && !e.text().is_empty();
    let mut holder = link;
    for _ in 0..MAX_WRAPPERS {
        let mut inside = holder.children().filter(says);
        match (inside.next(), inside.next()) {
            (Some(only), None) if holder.own_text().is_empty() => holder = only,
            _ => break,
        }
    }
    if holder.children().next().is_none() || link.descendants().any(is_titled) {
        return Vec::new();
    }
    let mut parts: Vec<Part<'_>> = Vec::new();
    for element in holder.children().filter(says).take(MAX_PARTS) {
        let kind = (element.name(), element.attr("class").unwrap_or_default());
        let like = |part: &&Part<'_>| (part.place.0, part.place.1) == kind;
        let before = parts.iter().filter(like).count();
        parts.push(Part {
            place: (kind.0, kind.1, before),
            text: element.text(),
            element,
        });
    }
    let own = holder.own_text();
    if !own.is_empty() {
        parts.push(Part {
            place: ("", "", 0),
            text: own,
            element: holder,
        });
    }
    parts
}

/// The titles of rows that are links as a whole: what stands where most rows show a text of their own. A category, a
/// number, a count of readers are the same in many rows or say nothing; a lead comes after.
pub(super) fn column<'a>(rows: &[(Row<'a>, Vec<Element<'a>>)]) -> Vec<Option<Title<'a>>> {
    const LEAST_ROWS: usize = 4;
    const LEAST_CHARS: usize = 4;
    let none = || rows.iter().map(|_| None).collect();
    let parts: Vec<Vec<Part<'a>>> = rows
        .iter()
        .map(|(_, links)| match links[..] {
            [link] => parts_of(link),
            _ => Vec::new(),
        })
        .collect();
    let several = parts.iter().filter(|parts| parts.len() > 1).count();
    if rows.len() < LEAST_ROWS || several * 10 < rows.len() * 6 {
        return none();
    }
    let at = |place, row: &'_ [Part<'a>]| row.iter().position(|part| part.place == place);
    let is_title = |place| {
        let texts: Vec<&str> = parts
            .iter()
            .filter_map(|row| Some(row[at(place, row)?].text.as_str()))
            .filter(|text| !is_date_or_sign(text) && !words::is_flag(text) && !is_count(text))
            .collect();
        let different: HashSet<Cow<'_, str>> = texts.iter().map(|t| undated(t)).collect();
        let chars: usize = texts.iter().map(|text| visible_chars(text)).sum();
        texts.len() * 10 >= rows.len() * 6
            && different.len() * 3 > texts.len() * 2
            && chars >= texts.len() * LEAST_CHARS
    };
    let Some(most) = parts.iter().max_by_key(|row| row.len()) else {
        return none();
    };
    let Some(place) = most.iter().map(|part| part.place).find(|p| is_title(*p)) else {
        return none();
    };
    let title = |(row, (around, links)): (Vec<Part<'a>>, &(Row<'a>, Vec<Element<'a>>))| {
        let found = at(place, &row)?;
        let part = row.into_iter().nth(found)?;
        let text = completed(&part.text, part.element, links, around.element);
        Some(Title {
            text: crate::page::text::cut(&text, MAX_CHARS).to_owned(),
            element: part.element,
        })
    };
    parts.into_iter().zip(rows).map(title).collect()
}

/// What a line of facts says beside its date, the same in many rows: `Press release • May 20, 2024`. Other texts whole.
fn undated(text: &str) -> Cow<'_, str> {
    if !dated::is_fact_line(text) {
        return Cow::Borrowed(text);
    }
    let parts = text.split(|c: char| !c.is_alphabetic());
    let others: Vec<&str> = parts.filter(|word| !dated::is_month(word)).collect();
    Cow::Owned(others.concat())
}

/// `阅读 32`, `浏览次数：5`: how often an article was read.
fn is_count(text: &str) -> bool {
    const MAX_CHARS: usize = 12;
    ["阅读", "浏览", "点击", "访问", "views"]
        .iter()
        .any(|word| text.contains(word))
        && visible_chars(text) <= MAX_CHARS
        && text.ends_with(|c: char| c.is_ascii_digit() || c == '次')
}

/// The heading that a link beside it repeats for those who do not see: `<h3>…</h3><a>Read more about …</a>`.
fn headed_beside<'a>(row: Row<'a>, link: &Title<'a>) -> Option<Title<'a>> {
    const LEAST_CHARS: usize = 8;
    let mut headings = row
        .element
        .descendants()
        .filter(|e| e.is_any(&["h1", "h2", "h3", "h4", "h5", "h6"]));
    let element = headings.next().filter(|e| *e != link.element)?;
    let text = element.text();
    let is_repeated = link.text.len() > text.len() && link.text.ends_with(&text);
    (is_repeated && visible_chars(&text) >= LEAST_CHARS).then_some(Title { text, element })
}

/// The heading of a row, or what is set in bold in it.
fn heading_of(row: Row<'_>) -> Option<Element<'_>> {
    let says = |e: &Element<'_>| {
        let text = e.text();
        visible_chars(&text) >= 4 && !is_date_or_sign(&text)
    };
    let find = |fits: fn(Element<'_>) -> bool| {
        let mut inside = row.element.descendants();
        inside.find(|e| fits(*e) && says(e))
    };
    find(is_titled).or_else(|| find(|e| e.is_any(&["strong", "b", "th"])))
}

/// Whether a link stands in a heading of its row, or holds one.
pub(super) fn is_in_heading(link: Element<'_>, row: Element<'_>) -> bool {
    let is_heading = |e: &Element<'_>| e.is_any(&["h1", "h2", "h3", "h4", "h5", "h6"]);
    let mut around = link.ancestors().take_while(|e| *e != row).take(3);
    around.any(|e| is_heading(&e)) || link.descendants().any(|e| is_heading(&e))
}

/// The text that most rows have for a title: a label, whatever it says (`Watch the story`).
pub(super) fn repeated<'t>(titles: impl Iterator<Item = &'t str>) -> Option<String> {
    const LEAST_ROWS: usize = 3;
    const MAX_LABEL_CHARS: usize = 40;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut rows = 0;
    for title in titles {
        rows += 1;
        *counts.entry(title).or_default() += 1;
    }
    let (label, count) = counts.into_iter().max_by_key(|&(label, n)| (n, label))?;
    let is_label = count >= LEAST_ROWS && count * 2 > rows;
    (is_label && visible_chars(label) <= MAX_LABEL_CHARS).then(|| label.to_owned())
}

/// The title beside a link that bears but a label.
pub(super) fn beside(row: Row<'_>, label: &str) -> Option<String> {
    let heading = heading_of(row).map(Element::text);
    let title = heading.filter(|text| text != label);
    title
        .or_else(|| longest_text(row))
        .filter(|text| text != label)
}

/// What a link shows that may be a title: its heading or its part of that name, else its text without dates and flags.
fn shown_in(link: Element<'_>) -> Option<Title<'_>> {
    let parts: Vec<Element<'_>> = link.descendants().collect();
    let named = parts
        .iter()
        .copied()
        .find(|e| is_titled(*e) && visible_chars(&e.text()) >= 2 && !is_date_or_sign(&e.text()));
    let (text, element) = match named {
        Some(element) => (element.text(), element),
        // a link around blocks shows a title, a lead, a date: the first block that says something
        None if parts.iter().any(|e| e.is_block() && e.name() != "br") => first_block(link)?,
        None => (text_without_dates(link), link),
    };
    let says_something = words::kind_of_text(&text) == words::LinkKind::Plain
        || visible_chars(&text) > words::MAX_SIGN_CHARS && !words::ends_with_size(&text);
    (!text.is_empty() && says_something).then_some(Title { text, element })
}

fn is_date_or_sign(text: &str) -> bool {
    dated::looks_dated(text) || words::kind_of_text(text) != words::LinkKind::Plain
}

fn first_block(link: Element<'_>) -> Option<(String, Element<'_>)> {
    let says = |text: &str| visible_chars(text) >= 4 && !dated::looks_dated(text);
    let blocks = link
        .descendants()
        .filter(|e| !e.is_unseen() && !e.children().any(Element::is_block));
    let mut blocks = blocks.map(|e| (e.text(), e)).filter(|(text, _)| says(text));
    // text of the link's own stands before or beside its blocks: `<a>title<p>date</p></a>`
    let own = link.own_text();
    if says(&own) {
        return Some((own, link));
    }
    // a date with its category stands above titles, too
    let first = blocks.next()?;
    if dated::is_fact_line(&first.0) {
        return blocks
            .find(|(text, _)| !dated::is_fact_line(text))
            .or(Some(first));
    }
    Some(first)
}

/// The text of a link but for what in it is a date or a flag of its own: `<a><span>02-24</span>title<i>new</i></a>`.
fn text_without_dates(link: Element<'_>) -> String {
    let mut text = String::new();
    let mut walk = link.walk();
    while let Some(step) = walk.next() {
        match step {
            Step::Open(e) if e.is_unseen() => walk.skip_inside(),
            Step::Open(e) if e != link && is_aside(e) => walk.skip_inside(),
            Step::Text(piece) => push_folded(&mut text, piece),
            Step::Open(e) | Step::Close(e) if e.is_block() => push_folded(&mut text, " "),
            _ => {}
        }
    }
    text.truncate(text.trim_end().len());
    let bare = text
        .trim_start_matches([
            '·', '•', '●', '■', '▪', '◆', '►', '▶', '○', '※', '★', '☆', '・', '∙', '»', '›',
        ])
        .trim_start();
    bare.to_owned()
}

fn is_aside(element: Element<'_>) -> bool {
    if !element.is_any(&[
        "span", "i", "em", "b", "font", "small", "time", "label", "strong",
    ]) {
        return false;
    }
    if is_hidden(element) {
        return true;
    }
    let text = element.text();
    element.name() == "time"
        || dated::looks_dated(&text)
        || (!text.is_empty() && words::is_flag(&text))
}

/// Whether a part of a row is not shown, by its own style.
fn is_hidden(element: Element<'_>) -> bool {
    element
        .attr("style")
        .is_some_and(|style| style.contains("none") && style.contains("display"))
        || element.attr("hidden").is_some()
}

/// Whether a part of a row is called hidden; some such are shown on wide screens.
fn is_named_hidden(element: Element<'_>) -> bool {
    element.classes().any(|class| {
        matches!(
            class,
            "hidden" | "hide" | "d-none" | "sr-only" | "visually-hidden"
        )
    })
}

/// Whether an element is a heading or named as a title.
fn is_titled(element: Element<'_>) -> bool {
    if element.is_any(&["h1", "h2", "h3", "h4", "h5", "h6"]) {
        return true;
    }
    element.classes().any(|class| {
        let class = class.to_ascii_lowercase();
        ["title", "tit", "bt", "biaoti", "headline", "subject"]
            .iter()
            .any(|word| {
                class == *word
                    || class.ends_with(word) && class.len() <= 24 && !class.contains("sub")
                    || class.starts_with("title")
            })
    })
}

/// The shown text, or the `title` attribute that says it whole.
fn completed(shown: &str, element: Element<'_>, links: &[Element<'_>], row: Element<'_>) -> String {
    let inside = element.descendants().filter_map(|e| e.attr("title"));
    let around = element
        .ancestors()
        .take(3)
        .filter(|e| links.contains(e))
        .filter_map(|e| e.attr("title"));
    let own = element.attr("title");
    let of_links = links.iter().filter_map(|l| l.attr("title"));
    let attributes = own
        .into_iter()
        .chain(around)
        .chain(of_links)
        .chain(inside)
        .chain(row.attr("title"));
    let stem = squeezed(words::uncut(shown));
    for attribute in attributes {
        let whole = without_facts(&without_tags(attribute));
        let whole = words::without_link_words(&whole).to_owned();
        let squeezed_whole = squeezed(words::uncut(&whole));
        // the attribute may be the site's name, `点击查看`, or all facts of the row in one
        if squeezed_whole.starts_with(&stem)
            && squeezed_whole.chars().count() <= stem.chars().count() + 300
        {
            let adds_facts =
                whole.contains("发布时间") || whole.contains("更新时间") || whole.contains("点击");
            if !adds_facts || words::is_cut(shown) {
                return if words::is_cut(&whole) && !words::is_cut(shown) {
                    shown.to_owned()
                } else {
                    whole
                };
            }
        }
    }
    if words::is_cut(shown)
        && let Some(whole) = whole_elsewhere(&stem, element, links, row)
    {
        return whole;
    }
    shown.to_owned()
}

/// The whole of a title that is shown cut short, where the row holds it for those who point at it or do not see: in a part
/// that is hidden, in a label, in what a script shows.
fn whole_elsewhere(
    stem: &str,
    element: Element<'_>,
    links: &[Element<'_>],
    row: Element<'_>,
) -> Option<String> {
    const LABELS: [&str; 5] = [
        "aria-label",
        "data-title",
        "data-original-title",
        "data-bs-title",
        "data-full-title",
    ];
    const MAX_MORE_CHARS: usize = 300;
    /// Any text may begin with less; a Chinese character counts for two.
    const LEAST_STEM: usize = 8;
    let weight = |c: char| if c < '\u{1100}' { 1 } else { 2 };
    if stem.chars().map(weight).sum::<usize>() < LEAST_STEM {
        return None;
    }
    let is_whole = |text: &String| {
        let text = squeezed(words::uncut(text));
        let chars = text.chars().count();
        text.len() > stem.len()
            && text.starts_with(stem)
            && chars <= stem.chars().count() + MAX_MORE_CHARS
    };
    let labels = [element].into_iter().chain(links.iter().copied());
    let labels = labels.flat_map(Element::attrs);
    let mut labels = labels.filter(|(name, _)| LABELS.contains(name));
    let read = |text: String| Some(words::without_link_words(&text).to_owned()).filter(is_whole);
    let labelled = labels.find_map(|(_, value)| read(fold(value)));
    labelled.or_else(|| {
        let mut inside = row
            .descendants()
            .filter(|e| is_hidden(*e) || is_named_hidden(*e));
        inside.find_map(|e| read(e.text()))
    })
}

/// A text without the tags that some editors leave in it: `…的通知<br>（第二版）`.
fn without_tags(text: &str) -> Cow<'_, str> {
    let begins_tag = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    if !text
        .match_indices('<')
        .any(|(at, _)| begins_tag(&text[at + 1..]))
    {
        return Cow::Borrowed(text);
    }
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        bare.push_str(before);
        if let Some(end) = tag.find('>').filter(|_| begins_tag(&tag[1..])) {
            rest = &tag[end + 1..];
        } else {
            bare.push('<');
            rest = &tag[1..];
        }
    }
    bare.push_str(rest);
    Cow::Owned(bare)
}

/// An attribute may hold all facts of the row: `标题：…&#10;作者：…&#10;发布时间：…`.
fn without_facts(attribute: &str) -> String {
    let named = ["标题：", "标题:", "文章标题：", "文章标题:"];
    let attribute = attribute.trim();
    let Some(rest) = named.iter().find_map(|name| attribute.strip_prefix(name)) else {
        // the title in a line of its own, the facts below
        let facts = ["日期", "时间", "点击", "作者", "来源", "浏览"];
        let first = attribute.split_once(['\n', '\r']);
        let first = first.filter(|(_, below)| facts.iter().any(|fact| below.contains(fact)));
        return fold(first.map_or(attribute, |(title, _)| title));
    };
    let ends = [
        "\n",
        "\r",
        "发布时间",
        "发布日期",
        "更新时间",
        "作者：",
        "作者:",
        "来源：",
        "点击",
    ];
    let end = ends.iter().filter_map(|end| rest.find(end)).min();
    fold(&rest[..end.unwrap_or(rest.len())])
}

/// Letters and digits alone: shown texts and attributes differ in spaces and quotation marks.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The longest piece of text of a row that is no date and no sign.
fn longest_text(row: Row<'_>) -> Option<String> {
    let mut pieces: Vec<String> = Vec::new();
    for part in row.parts() {
        match part {
            Child::Text(text) => pieces.push(fold(text)),
            Child::Element(e) => pieces.extend(e.walk().filter_map(|step| match step {
                Step::Text(text) => Some(fold(text)),
                _ => None,
            })),
        }
    }
    let says = |text: &String| {
        visible_chars(text) >= 4
            && !dated::looks_dated(text)
            && words::kind_of_text(text) == words::LinkKind::Plain
    };
    pieces.retain(says);
    let longest = |pieces: &[String]| {
        let places = 0..pieces.len();
        places.max_by_key(|&at| visible_chars(&pieces[at]))
    };
    let at = longest(&pieces)?;
    // a lead stands below its title
    let above =
        longest(&pieces[..at]).filter(|_| pieces[at].ends_with(['。', '.', '…', '！', '!']));
    pieces.into_iter().nth(above.unwrap_or(at))
}
