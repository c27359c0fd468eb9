//! An article's page, read: each field from the most trusted of what names it.
//!
//! In: a parsed page and its context. Out: a [`Reading`], never an error for the whole page. The order of trust: the
//! user's selectors, what the page declares, the site family, structure.

use std::borrow::Cow;

use url::Url;

use super::{
    ArticleContext, Reading,
    body::{self, Body},
    breadcrumb,
    dates::{self, DateContext, DateFrom, Order, Published},
    declared::{self, Declared},
    facts::{self, Facts},
    files,
    heading::{self, Heading, Mark},
    names::Names,
    outline::{Kind, Outline, Piece, measure},
    refusal::{self, Signs},
    render,
    role::{self, Role},
    sanitize::sanitize,
    text::summary,
};
use crate::{
    page::{
        document::{Document, Element, Pick, Selector},
        text,
    },
    source::{
        PresetChoice,
        presets::{PresetArticle, Presets},
    },
};

/// Titles and names are cut here.
const MOST_TITLE: usize = 4_000;

/// How many lines behind the body files are looked for.
const FILES_REACH: usize = 30;

/// Reads an article's page.
pub fn extract(document: &Document, context: &ArticleContext<'_>) -> Reading {
    let outline = Outline::of(document);
    let dates = DateContext {
        timezone: context.timezone,
        now: context.now,
    };
    let preset = Presets::embedded().choose(context.preset, document, context.url);
    let declared = declared::read(&outline, &dates);
    let marks = marks(&outline, &dates);
    let language = document.root().attr("lang").unwrap_or_default();
    let page = Page {
        order: Order::of(language, context.url, &dates),
        document,
        outline: &outline,
        context,
        dates,
        preset: preset.map(|preset| &preset.article),
        base: document.base(context.url),
        heading: heading(&outline, &marks, &declared),
        marks,
        declared,
    };
    let mut reading = page.read();
    reading.preset = preset.map(|preset| preset.name.clone());
    if matches!(context.preset, PresetChoice::Named(_)) && preset.is_none() {
        reading
            .problems
            .push("there is no preset of that name".to_owned());
    }
    reading
}

/// What the lines are.
fn marks(outline: &Outline<'_>, dates: &DateContext<'_>) -> Vec<Mark> {
    let mut marks = vec![Mark::default(); outline.lines.len()];
    for (index, line) in outline.lines.iter().enumerate() {
        if line.width == 0 || line.width > facts::MOST_WIDTH {
            continue;
        }
        let text = outline.text(index);
        let mark = &mut marks[index];
        if line.width <= 240 {
            mark.role = role::role(&text);
        }
        let labelled = if text.contains([':', '：']) {
            facts::is_labelled(&text)
        } else {
            facts::is_label(&text)
        };
        let has_date = dates::may_hold(&text)
            && (facts::date_in(&text, dates).is_some()
                || line.width <= 80 && facts::date_in(&outline.fact_text(index), dates).is_some());
        if has_date && !labelled && is_in_event_row(outline, index) {
            continue;
        }
        let labelled = labelled
            || has_date
                && line.width <= 80
                && facts::is_labelled_by_gaps(&outline.fact_text(index));
        // a number in a table is no click count
        if mark.role == Some(Role::Tool)
            && !has_date
            && !text.contains(char::is_alphabetic)
            && outline.is_in_cell(index)
        {
            mark.role = None;
        }
        if has_date && facts::is_of_an_event(&text) {
            continue;
        }
        // a dated row of a list, a sentence that speaks of a day
        let tells = line.is_linked() || facts::is_sentence(&text, line.width);
        if !labelled && tells {
            continue;
        }
        mark.dated = has_date;
        mark.labelled = labelled;
        mark.fact = labelled || has_date && line.width <= 80 && line.marks <= 4;
        if index > 0 && marks[index - 1].dated && facts::is_a_venue(&text) {
            let role = marks[index - 1].role;
            marks[index - 1] = Mark {
                role,
                ..Mark::default()
            };
        }
    }
    marks
}

/// Whether a date stands in a row of a table that speaks of an event: `报告时间 | 2024年3月8日`.
fn is_in_event_row(outline: &Outline<'_>, line: usize) -> bool {
    line.checked_sub(1).is_some_and(|label| {
        outline.is_in_row(label, line)
            && outline.lines[label].width <= 24
            && facts::is_of_an_event(&format!("{}：", outline.text(label)))
    })
}

fn heading(outline: &Outline<'_>, marks: &[Mark], declared: &Declared) -> Heading {
    let mut titles: Vec<String> = declared
        .title
        .iter()
        .map(|(title, _)| title.clone())
        .collect();
    titles.extend(declared.hints.iter().cloned());
    titles.push(outline.title.clone());
    titles.retain(|title| !declared.names.contains(title) && !heading::is_site_name(title));
    heading::find(outline, marks, &titles, &declared.names)
}

/// A page being read.
struct Page<'p> {
    document: &'p Document,
    outline: &'p Outline<'p>,
    context: &'p ArticleContext<'p>,
    dates: DateContext<'p>,
    order: Option<Order>,
    preset: Option<&'p PresetArticle>,
    base: Url,
    heading: Heading,
    marks: Vec<Mark>,
    declared: Declared,
}

/// A value and what gave it.
type Found<T> = Option<(T, String)>;

impl Page<'_> {
    fn read(&self) -> Reading {
        let mut reading = Reading::default();
        let body = self.body();
        let start = body
            .as_ref()
            .map_or(self.outline.lines.len(), |(body, _)| body.lines.start);
        let facts = self.facts(body.as_ref().map(|(body, _)| body));
        let width = body.as_ref().map_or(0, |(body, _)| self.width(body));
        let signs = Signs {
            body_width: width,
            dated: self.is_dated() || self.declared.published.is_some(),
            titled: refusal::is_titled(self.outline, &self.heading),
            of_article: true,
        };
        let place = body.as_ref().map(|(body, _)| body);
        reading.refusal = refusal::of(self.outline, signs, place);
        take(
            &mut reading.title,
            &mut reading.found_by,
            "title",
            self.title(),
        );
        if let Some((published, from, how)) = self.published(&facts, place) {
            reading.published = Some(published);
            reading.date_from = Some(from);
            reading.found_by.push(("published", how));
        } else if let Some((body, _)) = &body
            && let Some(signed) = self.signed(body)
        {
            reading.published = Some(signed);
            reading.date_from = Some(DateFrom::Page);
            reading.is_signed = true;
            let how = "signature below the text".to_owned();
            reading.found_by.push(("published", how));
        }
        take(
            &mut reading.origin,
            &mut reading.found_by,
            "origin",
            self.origin(&facts),
        );
        take(
            &mut reading.author,
            &mut reading.found_by,
            "author",
            self.author(&facts, body.as_ref().map(|(body, _)| body)),
        );
        let editor = self.editor(&facts, body.as_ref().map(|(body, _)| body));
        take(&mut reading.editor, &mut reading.found_by, "editor", editor);
        if reading.refusal.is_none() && !signs.dated {
            reading.leads_to = refusal::leads_to(self.outline, &self.base);
        }
        let above = if self.heading.title_lines.is_empty() {
            start
        } else {
            self.heading.title_lines.start.max(1).min(start.max(1))
        };
        if let Some((parts, how)) = self.breadcrumb(above, start) {
            reading.breadcrumb = parts;
            reading.found_by.push(("breadcrumb", how));
        }
        match body {
            _ if reading.leads_to.is_some() => {
                reading
                    .problems
                    .push("the page is no article but sends to another address".to_owned());
            }
            Some((body, how)) if reading.refusal.is_none() => {
                self.write(&body, &mut reading);
                reading.found_by.push(("body", how));
            }
            _ if reading.refusal.is_none() => reading.problems.push("no body was found".to_owned()),
            _ => {}
        }
        reading
    }

    /// The body, and what gave it.
    fn body(&self) -> Found<Body> {
        if let Some(selector) = &self.context.rules.body
            && let Some(element) = self.document.select_first(selector)
            && let Some(body) = body::whole(self.outline, element)
        {
            return Some((body, format!("selector {}", selector.as_str())));
        }
        let detected = body::detect(self.outline, &self.marks, &self.heading);
        let detected = detected.filter(|body| self.says_something(body));
        for selector in self.preset.iter().flat_map(|preset| &preset.body) {
            let body = self.document.select(selector).take(5).find_map(|element| {
                let body = body::within(self.outline, &self.marks, &self.heading, element)?;
                let fits =
                    self.says_something(&body) && !self.is_elsewhere(&body, detected.as_ref());
                fits.then_some(body)
            });
            if let Some(body) = body {
                return Some((body, format!("preset, {}", selector.as_str())));
            }
        }
        detected.map(|body| (body, "detection".to_owned()))
    }

    /// Whether a body named by a family is a side block that bears the same class: small, and apart from the text.
    fn is_elsewhere(&self, body: &Body, detected: Option<&Body>) -> bool {
        detected.is_some_and(|detected| {
            !detected.iter().any(|line| body.has(line))
                && self.width(detected) > 2 * self.width(body)
        })
    }

    fn width(&self, body: &Body) -> u32 {
        body.iter().map(|line| self.outline.lines[line].width).sum()
    }

    /// Whether a title stands above a line with a date, as in articles.
    fn is_dated(&self) -> bool {
        self.heading
            .fact_lines
            .iter()
            .any(|&line| self.marks[line].dated)
    }

    /// Whether there is a text, a picture or a file to it.
    fn says_something(&self, body: &Body) -> bool {
        body.iter().any(|line| {
            let line = &self.outline.lines[line];
            line.width > 0 || line.images > 0 || line.embeds > 0
        })
    }

    /// The facts of the lines beside the title, or else behind the body.
    fn facts(&self, body: Option<&Body>) -> Facts {
        let mut all = Facts::default();
        let start = body.map_or(usize::MAX, |body| body.lines.start);
        for &line in self.heading.fact_lines.iter().filter(|&&line| line < start) {
            self.add_facts(line, &mut all);
        }
        if self.heading.fact_lines.is_empty() {
            let start = body.map_or(0, |body| body.lines.start);
            let near = start.saturating_sub(8)..start;
            for line in near.filter(|&line| self.may_tell(line)) {
                self.add_facts(line, &mut all);
            }
        }
        if let Some(body) = body
            && all.date().is_none()
        {
            let end = (body.lines.end + 8)
                .min(body.end.max(body.lines.end))
                .min(self.outline.lines.len());
            let of_the_site = |line: usize| facts::is_of_the_site(&self.outline.text(line));
            // what stands below `相关新闻` are other stories' dates
            let others = |line: &usize| {
                matches!(
                    self.marks[*line].role,
                    Some(Role::Related | Role::Neighbour)
                )
            };
            for line in (body.lines.end..end)
                .take_while(|line| !others(line))
                .filter(|&line| self.may_tell(line) && !of_the_site(line))
            {
                self.add_facts(line, &mut all);
            }
        }
        all
    }

    /// What a text says, its dates read in the page's order.
    fn facts_in(&self, text: &str) -> Facts {
        facts::read(&self.ordered(text), &self.dates)
    }

    fn ordered<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.order
            .map_or(Cow::Borrowed(text), |order| order.apply(text))
    }

    /// Whether a line stands in a foot, a side column or the like.
    fn is_aside(&self, line: usize) -> bool {
        /// A wrapper of more is no such box, whatever it is called.
        const MOST_LINES: usize = 40;
        self.outline
            .around(line)
            .map(|block| &self.outline.blocks[block])
            .take_while(|block| {
                block.lines.len() <= MOST_LINES
                    && !block.lines.contains(&self.heading.title_lines.start)
            })
            .any(|block| block.names.aside())
    }

    /// Whether a line around the text may hold facts: those in a page's foot are the site's.
    fn may_tell(&self, line: usize) -> bool {
        self.marks[line].fact && !self.outline.lines[line].hidden && !self.is_aside(line)
    }

    fn add_facts(&self, line: usize, all: &mut Facts) {
        let mut text = self.outline.fact_text(line);
        let is_label = facts::is_label(text.trim());
        if is_label {
            text = format!("{}：", text.trim());
        }
        let last = self.heading.fact_lines.last();
        if text.trim_end().ends_with([':', '：'])
            && let Some(next) = self.outline.lines.get(line + 1)
            && next.width < 60
            && (is_label || !self.marks[line + 1].labelled)
            && (self.outline.is_in_row(line, line + 1) || last.is_some_and(|&last| line < last))
        {
            // a label and its value in two cells
            text.push_str(&self.outline.fact_text(line + 1));
        }
        let facts = self.facts_in(&text);
        all.labelled_date = all.labelled_date.or(facts.labelled_date);
        all.bare_date = all.bare_date.or(facts.bare_date);
        all.origin = all.origin.take().or(facts.origin);
        all.author = all.author.take().or(facts.author);
        all.editor = all.editor.take().or(facts.editor);
        all.labels += facts.labels;
        all.names_origin |= facts.names_origin;
    }

    fn title(&self) -> Found<String> {
        if let Some(pick) = &self.context.rules.title
            && let Some(title) = self.pick(pick)
        {
            return Some((title, format!("selector {}", pick.selector.as_str())));
        }
        let heading = self.heading.title.as_ref();
        if let Some((title, how)) = &self.declared.title {
            // the declared one may be cut short, or be the site's
            let whole = heading.filter(|heading| {
                self.heading.score >= heading::SURE
                    && heading.chars().count() > title.chars().count()
                    && is_cut(title, heading)
            });
            return Some((whole.unwrap_or(title).clone(), (*how).to_owned()));
        }
        if self.heading.score < heading::SURE
            && let Some((title, selector)) = self.preset_title()
        {
            return Some((title, format!("preset, {selector}")));
        }
        if let Some(title) = heading {
            let whole = self
                .declared
                .hints
                .iter()
                .chain([&self.outline.title])
                .find(|hint| is_cut(title, hint))
                .map(|hint| self.without_site(hint));
            return Some((whole.unwrap_or_else(|| title.clone()), "heading".to_owned()));
        }
        let nameless = self.outline.title.is_empty() || heading::is_site_name(&self.outline.title);
        let declared = self.declared.hints.first().filter(|_| nameless);
        let title = self.without_site(declared.unwrap_or(&self.outline.title));
        (!title.is_empty()).then(|| (title, "<title>".to_owned()))
    }

    fn preset_title(&self) -> Option<(String, &str)> {
        let names: Vec<String> = self
            .declared
            .names
            .iter()
            .map(|name| heading::key(name))
            .collect();
        self.preset?.title.iter().find_map(|pick| {
            let title = self.pick(pick)?;
            let key = heading::key(&title);
            let plausible = (4..400).contains(&measure(&title).0) && !names.contains(&key);
            plausible.then_some((title, pick.selector.as_str()))
        })
    }

    /// A `<title>` without the names of site and column that follow it.
    fn without_site(&self, title: &str) -> String {
        let mut title = title;
        for name in &self.declared.names {
            if let Some(shorter) = title.strip_suffix(name.as_str()) {
                title = shorter.trim_end_matches(|c: char| {
                    c.is_whitespace() || matches!(c, '-' | '_' | '|' | '—' | '–' | '·' | '｜')
                });
            }
        }
        for separator in [
            "_", " - ", " – ", " — ", " | ", " » ", " › ", " :: ", " • ", "|", "｜", "»", "--", "-",
        ] {
            if let Some((first, rest)) = title.split_once(separator)
                && measure(first).0 >= 8
            {
                let is_site = heading::is_site_name(first.trim()) && measure(rest).0 >= 8;
                return text::fold(if is_site { rest } else { first });
            }
        }
        text::fold(title)
    }

    /// The date: what the user's selector holds; the fact line; what is declared; the family's; the address.
    fn published(
        &self,
        facts: &Facts,
        body: Option<&Body>,
    ) -> Option<(Published, DateFrom, String)> {
        if let Some(pick) = &self.context.rules.date
            && let Some(date) = self.pick(pick).and_then(|text| self.facts_in(&text).date())
        {
            return Some((
                date,
                DateFrom::Page,
                format!("selector {}", pick.selector.as_str()),
            ));
        }
        let declared = self.declared.published;
        let touched = self.declared.touched;
        let time = || self.time_element(body).map(|date| (date, "<time>"));
        if let Some(date) = facts.labelled_date {
            // the same day: the declared time is as good as a shown one
            let exact = [declared, touched].into_iter().flatten().chain(time());
            let mut exact = exact.filter(|(exact, _)| {
                matches!((date, exact), (Published::Day(day), Published::At(..)) if day == exact.day())
            });
            return Some(match exact.next() {
                Some((exact, how)) => (exact, DateFrom::Page, format!("fact line, time by {how}")),
                None => (date, DateFrom::Page, "fact line".to_owned()),
            });
        }
        if let Some((date, how)) = declared {
            return Some(match facts.bare_date {
                Some(shown @ Published::At(..))
                    if shown.day() == date.day() && matches!(date, Published::Day(_)) =>
                {
                    (shown, DateFrom::Page, "line beside the title".to_owned())
                }
                _ => (date, DateFrom::Meta, how.to_owned()),
            });
        }
        if let Some((date, selector)) =
            self.preset_fact(|preset| &preset.date, |facts| facts.date())
        {
            return Some((date, DateFrom::Page, format!("preset, {selector}")));
        }
        if let Some(date) = facts.bare_date {
            return Some((date, DateFrom::Page, "line beside the title".to_owned()));
        }
        if let Some(date) = self.time_element(body).or_else(|| self.script_date()) {
            return Some((
                date,
                DateFrom::Page,
                "element or script beside the title".to_owned(),
            ));
        }
        if let Some((date, how)) = touched {
            return Some((date, DateFrom::Meta, how.to_owned()));
        }
        dates::from_address(self.context.url, &self.dates)
            .map(|date| (date, DateFrom::Url, "address".to_owned()))
    }

    /// `<time datetime>` above the text, or the only one below it: not those of other stories and of events.
    fn time_element(&self, body: Option<&Body>) -> Option<Published> {
        /// A title has its time so near.
        const NEAR: usize = 8;
        /// A date alone is no wider.
        const ALONE: u32 = 40;
        /// A shorter line may still be one of facts.
        const TELLS: u32 = 60;
        let text = body.map_or(self.outline.lines.len(), |body| {
            let tells = |line: &usize| self.outline.lines[*line].width > TELLS;
            body.iter().find(tells).unwrap_or(body.lines.start)
        });
        let title = &self.heading.title_lines;
        let near = if title.is_empty() {
            0..text
        } else {
            title.start.saturating_sub(NEAR)..text.max(title.end)
        };
        let mut below = Vec::new();
        for (index, line) in self.outline.lines.iter().enumerate() {
            let time =
                self.outline.pieces[line.pieces.clone()]
                    .iter()
                    .find_map(|piece| match piece {
                        Piece::Open(element, Kind::Inline) if element.name() == "time" => {
                            Some(*element)
                        }
                        _ => None,
                    });
            let Some(time) = time else { continue };
            if line.hidden || self.is_aside(index) {
                continue;
            }
            if near.contains(&index) {
                // above the title, it may be another story's
                let other = line.is_linked() && index < title.start;
                if !other && !facts::is_of_an_event(&self.outline.text(index)) {
                    return self.read_time(time);
                }
            } else if index >= text {
                below.push((index, time));
            }
        }
        let [(index, time)] = below[..] else {
            return None;
        };
        let line = &self.outline.lines[index];
        // a row of another story has a link beside the time
        let holder = self.outline.around(index).nth(1).unwrap_or_default();
        let beside = self.outline.blocks[holder].lines.clone();
        let is_row = beside.len() <= 6
            && beside
                .into_iter()
                .any(|line| self.outline.lines[line].links > 0);
        let told = line.width.saturating_sub(measure(&time.text()).0);
        let tells = line.width > ALONE
            || told > 3 && !self.marks[index].labelled
            || facts::is_of_an_event(&self.outline.text(index));
        (!is_row && !tells).then(|| self.read_time(time))?
    }

    fn read_time(&self, time: Element<'_>) -> Option<Published> {
        let declared = time
            .attr("datetime")
            .and_then(|value| dates::declared(value, &self.dates));
        declared.or_else(|| dates::find(&self.ordered(&time.text()), &self.dates))
    }

    /// A date that a script beside the title writes.
    fn script_date(&self) -> Option<Published> {
        let near = self.heading.title_lines.end.saturating_sub(2)..self.heading.title_lines.end + 8;
        self.outline
            .scripts
            .iter()
            .filter(|(line, _)| near.contains(line))
            .find_map(|(_, script)| {
                let script = script.raw_text();
                // a clock in the page's head
                let today = ["今天", "今日", "现在"]
                    .iter()
                    .any(|word| script.contains(word));
                (script.len() < 2_000 && script.contains("document.write") && !today)
                    .then(|| dates::find(&script, &self.dates))
                    .flatten()
            })
    }

    /// The day that the author signs with below the text, where the page shows no other date. A chronicle has several.
    fn signed(&self, body: &Body) -> Option<Published> {
        const REACH: usize = 6;
        let mut signed = body
            .lines
            .clone()
            .rev()
            .filter(|&line| body.has(line) && !self.outline.is_in_cell(line))
            .take(REACH)
            .filter(|&line| self.outline.lines[line].width < 80)
            .map(|line| self.outline.text(line))
            .filter(|text| role::is_signed(text));
        let first = signed.next()?;
        signed
            .next()
            .is_none()
            .then(|| dates::find(&first, &self.dates))?
    }

    fn origin(&self, facts: &Facts) -> Found<String> {
        if let Some(pick) = &self.context.rules.origin
            && let Some(text) = self.pick_facts(pick)
        {
            let facts = self.facts_in(&text);
            let origin = facts
                .origin
                .or_else(|| (facts.labels == 0).then(|| text::fold(&text)));
            return origin.map(|origin| (origin, format!("selector {}", pick.selector.as_str())));
        }
        // as printed, where it is printed
        if let Some(origin) = &facts.origin {
            return Some((origin.clone(), "fact line".to_owned()));
        }
        if let Some((origin, how)) = &self.declared.origin {
            return Some((origin.clone(), (*how).to_owned()));
        }
        if facts.names_origin {
            return None;
        }
        let preset = self
            .preset_fact(|preset| &preset.origin, |facts| facts.origin)
            .map(|(origin, selector)| (origin, format!("preset, {selector}")));
        preset.or_else(|| self.named_origin())
    }

    /// What stands in the fact lines in an element of that name, without a label.
    fn named_origin(&self) -> Found<String> {
        const MOST_WIDTH: u32 = 40;
        let element = self.heading.fact_lines.iter().take(8).find_map(|&line| {
            let line = &self.outline.lines[line];
            let inline = || {
                self.outline.pieces[line.pieces.clone()]
                    .iter()
                    .filter_map(|piece| match piece {
                        Piece::Open(element, Kind::Inline | Kind::Link) => Some(*element),
                        _ => None,
                    })
                    .find(|element| Names::says_origin(*element))
            };
            inline()
        });
        let beside = || {
            let end = self.heading.title_lines.end;
            (end..self.heading.end.min(end + 8))
                .map(|line| self.outline.blocks[self.outline.lines[line].block].element)
                .find(|element| Names::says_origin(*element))
        };
        let text = text::fold(&element.or_else(beside)?.text());
        let is_name = measure(&text).0 <= MOST_WIDTH
            && text.contains(char::is_alphabetic)
            && !text.contains([':', '：'])
            && facts::date_in(&text, &self.dates).is_none();
        is_name.then(|| (text, "element named as source".to_owned()))
    }

    fn author(&self, facts: &Facts, body: Option<&Body>) -> Found<String> {
        if let Some(pick) = &self.context.rules.author
            && let Some(text) = self.pick_facts(pick)
        {
            let facts = self.facts_in(&text);
            let author = facts
                .author
                .or_else(|| (facts.labels == 0).then(|| text::fold(&text)));
            return author.map(|author| (author, format!("selector {}", pick.selector.as_str())));
        }
        if let Some(author) = &facts.author {
            return Some((author.clone(), "fact line".to_owned()));
        }
        // declared authors are most often the site's makers or its editor: only one that the page shows counts
        if let Some(author) = &self.declared.author {
            let near = self.heading.title_lines.end..self.heading.title_lines.end + 8;
            let shown = near
                .filter(|&line| {
                    line < self.outline.lines.len() && self.outline.lines[line].width < 200
                })
                .any(|line| self.outline.text(line).contains(author.as_str()));
            if shown {
                return Some((author.clone(), "declared".to_owned()));
            }
        }
        let preset = self
            .preset_fact(|preset| &preset.author, |facts| facts.author)
            .map(|(author, selector)| (author, format!("preset, {selector}")));
        preset
            .or_else(|| self.byline())
            .or_else(|| self.contributor(body))
    }

    /// Who is named in the row of editors below the text: `供稿：校团委　编辑：李四　审核：王五`.
    fn contributor(&self, body: Option<&Body>) -> Found<String> {
        let body = body?;
        let end = body.end.max(body.lines.end).min(self.outline.lines.len());
        (body.lines.end..end)
            .filter(|&line| {
                self.marks[line].role == Some(Role::Editor)
                    || role::is_contributor(&self.outline.text(line))
            })
            .find_map(|line| self.facts_in(&self.outline.fact_text(line)).author)
            .map(|author| (author, "row below the text".to_owned()))
    }

    /// `By Jane Miller` in a short line between title and text.
    fn byline(&self) -> Found<String> {
        const REACH: usize = 6;
        let end = self.heading.title_lines.end;
        let near = end..(end + REACH).min(self.outline.lines.len());
        near.filter(|_| !self.heading.title_lines.is_empty())
            .filter(|&line| {
                let line = &self.outline.lines[line];
                line.width < 120 && !line.hidden
            })
            .filter(|&line| !facts::is_sentence(&self.outline.text(line), u32::MAX))
            .find_map(|line| facts::byline(self.outline.fact_text(line).trim()).map(str::to_owned))
            .map(|author| (author, "byline".to_owned()))
    }

    /// The editor, in the fact line or in a row of his own below the text.
    fn editor(&self, facts: &Facts, body: Option<&Body>) -> Found<String> {
        if let Some(editor) = &facts.editor {
            return Some((editor.clone(), "fact line".to_owned()));
        }
        let body = body?;
        let end = body.end.max(body.lines.end).min(self.outline.lines.len());
        (body.lines.end..end)
            .filter(|&line| self.marks[line].role == Some(Role::Editor))
            .find_map(|line| self.facts_in(&self.outline.fact_text(line)).editor)
            .map(|editor| (editor, "row below the text".to_owned()))
    }

    /// A fact in the elements that the site family names.
    fn preset_fact<T>(
        &self,
        picks: impl Fn(&PresetArticle) -> &Vec<Pick>,
        fact: impl Fn(Facts) -> Option<T>,
    ) -> Option<(T, &str)> {
        let preset = self.preset?;
        picks(preset).iter().find_map(|pick| {
            let text = self.pick_facts(pick)?;
            Some((fact(self.facts_in(&text))?, pick.selector.as_str()))
        })
    }

    fn breadcrumb(&self, above: usize, start: usize) -> Found<Vec<String>> {
        let labelled = breadcrumb::labelled(self.outline, &self.marks, start);
        if let Some(parts) = labelled {
            return Some((parts, "its label".to_owned()));
        }
        for selector in self.preset.iter().flat_map(|preset| &preset.breadcrumb) {
            let parts = self
                .document
                .select(selector)
                .take(3)
                .map(|element| breadcrumb::within(self.outline, element))
                .find(|parts| parts.len() > 1);
            if let Some(parts) = parts {
                return Some((parts, format!("preset, {}", selector.as_str())));
            }
        }
        let parts = breadcrumb::find(self.outline, start.max(above));
        (!parts.is_empty()).then(|| (parts, "detection".to_owned()))
    }

    /// Body, text, pictures and files.
    fn write(&self, body: &Body, reading: &mut Reading) {
        let remove = self.removed(body);
        let written = render::write(self.outline, body, &remove, &self.base);
        if written.cut {
            reading
                .problems
                .push("the body is too long and was cut".to_owned());
        }
        reading.body_html = sanitize(&written.html);
        reading.summary = summary(&written.text);
        reading.body_text = written.text;
        reading.images = written.images;
        reading.attachments = written.attachments;
        let inside = reading.attachments.len();
        for line in body.lines.end
            ..body
                .end
                .min(body.lines.end + FILES_REACH)
                .min(self.outline.lines.len())
        {
            let line = &self.outline.lines[line];
            if line.hidden {
                continue;
            }
            for file in self
                .outline
                .links_of_line(line)
                .filter_map(|link| files::of_link(link, &self.base))
            {
                if !reading
                    .attachments
                    .iter()
                    .any(|known| known.url == file.url)
                {
                    reading.attachments.push(file);
                }
            }
        }
        let below = reading.attachments.len() - inside;
        let counts = [
            ("pictures", reading.images.len(), "in the body"),
            ("attachments", inside, "links in the body"),
            ("attachments", below, "links below the body"),
        ];
        for (field, count, how) in counts.into_iter().filter(|&(_, count, _)| count > 0) {
            reading.found_by.push((field, format!("{how}, {count}")));
        }
    }

    /// The pieces that open elements which the user or the family cuts out.
    fn removed(&self, body: &Body) -> Vec<usize> {
        let rules = self.context.rules.remove.iter();
        let preset = self.preset.iter().flat_map(|preset| &preset.remove);
        let selectors: Vec<&Selector> = rules.chain(preset).collect();
        let matches = |index: &usize| match self.outline.pieces[*index] {
            Piece::Open(element, _) => selectors.iter().any(|selector| element.matches(selector)),
            Piece::Text(_) | Piece::Close(..) => false,
        };
        if selectors.is_empty() {
            return Vec::new();
        }
        body.pieces.clone().filter(matches).collect()
    }

    /// What a pick finds: the first that is not empty.
    fn pick(&self, pick: &Pick) -> Option<String> {
        let found = self
            .document
            .select(&pick.selector)
            .take(10)
            .map(|element| match &pick.attribute {
                Some(name) => text::fold(element.attr(name).unwrap_or_default()),
                None => self.element_text(element),
            });
        found
            .map(|found| text::cut(&found, MOST_TITLE).to_owned())
            .find(|found| !found.is_empty())
    }

    /// The same with tabs where elements meet.
    fn pick_facts(&self, pick: &Pick) -> Option<String> {
        if pick.attribute.is_some() {
            return self.pick(pick);
        }
        let found = self
            .document
            .select(&pick.selector)
            .take(10)
            .map(|element| {
                let (_, lines) = body::place(self.outline, element).unwrap_or_default();
                lines
                    .take(20)
                    .map(|line| self.outline.fact_text(line))
                    .collect::<Vec<_>>()
                    .join("\t")
            });
        found
            .map(|found| text::cut(&found, MOST_TITLE).to_owned())
            .find(|found| !found.trim().is_empty())
    }

    /// An element's text; lines broken in it are joined as a title's.
    fn element_text(&self, element: Element<'_>) -> String {
        match body::place(self.outline, element) {
            Some((_, lines)) if (2..=6).contains(&lines.len()) => self.outline.joined(lines),
            _ => element.text(),
        }
    }
}

fn take(
    field: &mut Option<String>,
    found_by: &mut Vec<(&'static str, String)>,
    name: &'static str,
    found: Found<String>,
) {
    if let Some((value, how)) = found {
        *field = Some(text::cut(&value, MOST_TITLE).to_owned());
        found_by.push((name, how));
    }
}

/// Whether a title is cut short with `…` and the other has it whole.
fn is_cut(title: &str, whole: &str) -> bool {
    let stem = title.trim_end_matches(['…', '⋯', '.', '。']);
    stem.len() < title.len()
        && stem.chars().count() >= 6
        && whole.len() > stem.len()
        && heading::key(whole).starts_with(&heading::key(stem))
}
