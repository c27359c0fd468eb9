//! The dates that rows show: every place in a row that may be one, and the place that most rows agree on.
//!
//! In: rows. Out: what each shows ([`Shown`]); years that are left out are filled in by
//! [`crate::article::dates::infer_years`].

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use super::{pieces, rows::Row, titles::Title, words};
use crate::{
    article::dates::{self, DateContext, Shown},
    page::{
        document::{Child, Element, Pick, Step},
        text::{fold, visible_chars},
    },
};

/// Longer texts are no dates with a word or two beside.
const MAX_CHARS: usize = 40;

/// Scripts that write a date are no longer.
const MAX_SCRIPT_BYTES: usize = 600;

/// More are not looked at in one row.
const MAX_CANDIDATES: usize = 12;

/// A date and its place in the row.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// A hash of the path of tags and classes from the row to it.
    place: u64,
    shown: Shown,
    /// `03/04/2024` read with the day first and with the month first.
    orders: Option<[Shown; 2]>,
}

impl Candidate {
    fn new(place: u64, shown: Shown) -> Self {
        Self {
            place,
            shown,
            orders: None,
        }
    }

    fn of_text(place: u64, text: &str, context: &DateContext<'_>) -> Option<Self> {
        let orders = pieces::orders(text, context);
        let shown = match (read(text, context), orders) {
            // one of the two may lie in the future
            (Shown::Nothing, Some([_, month_first])) => month_first,
            (shown, _) => shown,
        };
        (shown != Shown::Nothing).then_some(Self {
            place,
            shown,
            orders,
        })
    }

    /// Whether it stands at its title's end and leaves out the year, as the day of a lecture does.
    pub(super) fn is_year_less(&self) -> bool {
        matches!(self.shown, Shown::YearLess(_))
    }
}

/// The dates of a row, outermost first.
pub(super) fn candidates(
    row: Row<'_>,
    title: &Title<'_>,
    rule: Option<&Pick>,
    context: &DateContext<'_>,
) -> Vec<Candidate> {
    if let Some(pick) = rule {
        let itself = Some(row.element).filter(|e| e.matches(&pick.selector));
        let picked = itself.into_iter().chain(row.element.select(&pick.selector));
        let mut found = picked
            .filter_map(|e| pick.of(e))
            .filter_map(|text| Candidate::of_text(0, &text, context));
        if let Some(candidate) = found.next() {
            return vec![candidate];
        }
    }
    let mut search = Search {
        title: title.element,
        title_text: &title.text,
        is_around_title: title
            .element
            .ancestors()
            .take_while(|e| *e != row.element)
            .chain([row.element])
            .collect(),
        context,
        found: Vec::new(),
    };
    for part in row.parts() {
        match part {
            Child::Element(element) => search.look_through(element),
            Child::Text(text) => search.offer(text, 1),
        }
    }
    search.put_together(row);
    if search.found.is_empty() {
        search.look_into_scripts(row);
    }
    if search.found.is_empty() {
        search.look_into_attributes(row);
    }
    search.found
}

/// What each row shows: in the place where most rows show a date, or else the first whole date of the row.
pub(super) fn column(rows: &[&[Candidate]]) -> Vec<Shown> {
    let mut votes: HashMap<u64, (usize, usize)> = HashMap::new();
    for candidates in rows {
        let mut seen = Vec::new();
        for (order, candidate) in candidates.iter().enumerate() {
            if !seen.contains(&candidate.place) {
                seen.push(candidate.place);
                let vote = votes.entry(candidate.place).or_insert((0, 0));
                // a whole date says more than one without its year
                vote.0 += if matches!(candidate.shown, Shown::Whole(_)) {
                    3
                } else {
                    2
                };
                vote.1 += order;
            }
        }
    }
    // a date without a year that few rows show is a part of their titles or leads
    let is_column = |votes: usize| rows.len() < 4 || votes * 3 >= rows.len();
    let best = votes
        .into_iter()
        .max_by_key(|&(place, (votes, order))| (votes, std::cmp::Reverse(order), place))
        .map(|(place, (votes, _))| (place, is_column(votes)));
    let chosen: Vec<Option<&Candidate>> = rows
        .iter()
        .map(|candidates| {
            let of_place = candidates.iter().find(|c| best == Some((c.place, true)));
            let whole = || {
                candidates
                    .iter()
                    .find(|c| matches!(c.shown, Shown::Whole(_)))
            };
            of_place.or_else(whole)
        })
        .collect();
    let month_first = is_month_first(&chosen);
    let shown = chosen.into_iter().map(|candidate| match candidate {
        Some(Candidate {
            orders: Some([day, month]),
            shown,
            ..
        }) => match (month_first, day, month) {
            (true, _, Shown::Whole(_)) => *month,
            (false, Shown::Whole(_), _) => *day,
            _ => *shown,
        },
        Some(candidate) => candidate.shown,
        None => Shown::Nothing,
    });
    shown.collect()
}

/// Whether `03/04/2024` is a day in March here: where some dates can only be read so, or where it puts the list in order.
fn is_month_first(chosen: &[Option<&Candidate>]) -> bool {
    let orders = || chosen.iter().flatten().filter_map(|c| c.orders);
    let (mut day_only, mut month_only) = (0, 0);
    for order in orders() {
        match order {
            [Shown::Nothing, Shown::Whole(_)] => month_only += 1,
            [Shown::Whole(_), Shown::Nothing] => day_only += 1,
            _ => {}
        }
    }
    if day_only != month_only {
        return month_only > day_only;
    }
    let in_order = |which: usize| {
        let days: Vec<_> = orders()
            .filter_map(|order| match order[which] {
                Shown::Whole(published) => Some(published.day()),
                _ => None,
            })
            .collect();
        days.windows(2).filter(|pair| pair[0] >= pair[1]).count()
    };
    in_order(1) > in_order(0)
}

struct Search<'a, 'c> {
    title: Element<'a>,
    title_text: &'c str,
    is_around_title: Vec<Element<'a>>,
    context: &'c DateContext<'c>,
    found: Vec<Candidate>,
}

impl<'a> Search<'a, '_> {
    /// Offers every element that holds a short text, and every piece of text beside longer ones.
    fn look_through(&mut self, part: Element<'a>) {
        let mut places = Vec::new();
        let mut walk = part.walk();
        while let Some(step) = walk.next() {
            match step {
                Step::Open(e) => {
                    let place = mix(places.last().copied().unwrap_or(7), e);
                    places.push(place);
                    if e.is_unseen() || self.is_the_title(e) {
                        walk.skip_inside();
                    } else if let Some(value) = e.attr("datetime").filter(|_| e.name() == "time") {
                        self.declare(value, place);
                    } else if self.take_whole(e, place) {
                        walk.skip_inside();
                    }
                }
                Step::Close(_) => {
                    places.pop();
                }
                Step::Text(text) => {
                    let place = places.last().copied().unwrap_or(7);
                    self.offer(text, place.wrapping_add(1));
                }
            }
        }
    }

    /// The title's own text may speak of any date; a link around the whole row also holds the row's.
    fn is_the_title(&self, element: Element<'a>) -> bool {
        element == self.title && !element.children().any(|e| words::looks_dated(&e.text()))
    }

    /// Takes an element's text if it is short and a date; so a day and a month in two elements are read together.
    fn take_whole(&mut self, element: Element<'a>, place: u64) -> bool {
        if self.is_around_title.contains(&element) || element == self.title {
            return false;
        }
        let Some(text) = short_text(element) else {
            return false;
        };
        let before = self.found.len();
        self.offer(&text, place);
        self.found.len() > before
    }

    fn offer(&mut self, text: &str, place: u64) {
        if self.found.len() >= MAX_CANDIDATES || text.len() > MAX_CHARS * 4 || !may_be_date(text) {
            return;
        }
        let text = fold(text);
        if text == self.title_text {
            return;
        }
        let candidate = Candidate::of_text(place, &text, self.context);
        self.found.extend(candidate);
    }

    /// Where no place holds a date with its year, its parts may stand in elements side by side.
    fn put_together(&mut self, row: Row<'a>) {
        let is_whole = |c: &Candidate| matches!(c.shown, Shown::Whole(_));
        if self.found.iter().any(is_whole) {
            return;
        }
        let shown = pieces::of_row(row, self.title, self.context);
        let adds = match shown {
            Shown::Whole(_) => true,
            Shown::YearLess(_) => self.found.is_empty(),
            Shown::Nothing => false,
        };
        if adds {
            self.found.insert(0, Candidate::new(5, shown));
        }
    }

    fn declare(&mut self, value: &str, place: u64) {
        if let Some(published) = dates::declared(value, self.context) {
            self.found
                .push(Candidate::new(place, Shown::Whole(published)));
        }
    }

    /// `<script>var pubdata = "2020-04-30"…</script>` in the row.
    fn look_into_scripts(&mut self, row: Row<'a>) {
        for part in row.parts() {
            let Child::Element(part) = part else { continue };
            let inside = std::iter::once(part).chain(part.descendants());
            for script in inside.filter(|e| e.name() == "script") {
                let text = script.raw_text();
                if text.len() <= MAX_SCRIPT_BYTES
                    && let Some(published) = dates::find(&text, self.context)
                {
                    self.found.push(Candidate::new(2, Shown::Whole(published)));
                    return;
                }
            }
        }
    }

    /// `title="标题:…&#13;发布时间:2024-02-24"`, `data-date="2024-02-24"`.
    fn look_into_attributes(&mut self, row: Row<'a>) {
        let inside = std::iter::once(row.element).chain(row.element.descendants());
        for (name, value) in inside.flat_map(Element::attrs) {
            let declared = name.contains("date") || name.contains("time");
            let told = name == "title" && (value.contains("时间") || value.contains("日期"));
            if (declared || told)
                && value.len() <= 1_000
                && let Some(published) = dates::find(value, self.context)
            {
                self.found.push(Candidate::new(3, Shown::Whole(published)));
                return;
            }
        }
    }
}

/// The element's text if it is short, dates it may hold included.
fn short_text(element: Element<'_>) -> Option<String> {
    let mut chars = 0;
    let mut dated = false;
    for step in element.walk() {
        match step {
            Step::Text(text) => {
                chars += visible_chars(text);
                dated |= may_be_date(text);
            }
            Step::Open(e) if e.is_unseen() => return None,
            _ => {}
        }
        if chars > MAX_CHARS {
            return None;
        }
    }
    dated.then(|| element.text())
}

fn may_be_date(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
        || text.contains(words::is_wide_digit)
        || (text.contains('年') && text.contains('月'))
}

/// A title without the date at its end or beginning, and that date: `…的通知 (2024-02-24)`, `[02-24]…的通知`.
pub(super) fn split_off(title: &str, context: &DateContext<'_>) -> Option<(String, Candidate)> {
    static AT_END: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(.*?)(?:\s*[(（\[【]\s*([0-9]{2,4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?(?:\s[0-9:]+)?|[0-9]{1,2}[-/月][0-9]{1,2}日?)\s*[)）\]】]|\s+((?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?:\s[0-9:]+)?))$")
            .expect("the pattern is good")
    });
    static AT_START: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:[(（\[【]\s*((?:(?:19|20)[0-9]{2}[-/.年])?[0-9]{1,2}[-/.月][0-9]{1,2}日?)\s*[)）\]】]|((?:19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2})[\s:：])\s*(.*)$")
            .expect("the pattern is good")
    });
    if title.starts_with(['(', '（', '[', '【']) || title.starts_with(|c: char| c.is_ascii_digit())
    {
        let at_start = AT_START.captures(title).and_then(|found| {
            let date = Candidate::of_text(4, found.get(1).or(found.get(2))?.as_str(), context)?;
            (visible_chars(&found[3]) >= 4).then(|| (found[3].to_owned(), date))
        });
        if at_start.is_some() {
            return at_start;
        }
    }
    if !title.ends_with([')', '）', ']', '】']) && !title.ends_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let found = AT_END.captures(title)?;
    let date = Candidate::of_text(4, found.get(2).or(found.get(3))?.as_str(), context)?;
    let rest = found[1].trim_end();
    (visible_chars(rest) >= 4).then(|| (rest.to_owned(), date))
}

/// What a short text shows: also a year of two digits, `17-05-02`.
pub(super) fn read(text: &str, context: &DateContext<'_>) -> Shown {
    match dates::read(text, context) {
        Shown::Nothing => match four_digit_year(text).or_else(|| day_first(text)) {
            Some(text) => dates::read(&text, context),
            None => Shown::Nothing,
        },
        shown => shown,
    }
}

/// `24/2024-05`, `24 / 2024.05`: a day above its month.
fn day_first(text: &str) -> Option<String> {
    let (day, month) = text.split_once('/')?;
    let (year, month) = month.trim().split_once(['-', '.', '年'])?;
    let day = day.trim().trim_end_matches('日');
    let month = month.trim_end_matches('月');
    let is_number = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    (year.len() == 4 && is_number(year, 4) && is_number(month, 2) && is_number(day, 2))
        .then(|| format!("{year}-{month}-{day}"))
}

fn four_digit_year(text: &str) -> Option<String> {
    let bare = text.trim_matches(|c: char| !c.is_ascii_digit());
    let mut parts = bare.split(['-', '/', '.']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let day: String = day.chars().take_while(char::is_ascii_digit).collect();
    let is_number =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (year.len() == 2
        && is_number(year)
        && is_number(month)
        && is_number(&day)
        && parts.next().is_none())
    .then(|| format!("20{year}-{month}-{day}"))
}

/// FNV-1a over the tag and its classes; numbers in class names are ignored, since some systems count rows there.
fn mix(hash: u64, element: Element<'_>) -> u64 {
    let name = element.name().bytes().chain([b'.']);
    let classes = element.attr("class").unwrap_or_default();
    let classes = classes.bytes().filter(|b| !b.is_ascii_digit());
    name.chain(classes).fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
