//! The dates that rows show: every place in a row that may be one, and the place that most rows agree on.
//!
//! In: rows. Out: what each shows ([`Shown`]); years that are left out are filled in by
//! [`crate::article::dates::infer_years`].

use std::{cmp::Reverse, collections::HashMap, sync::LazyLock};

use jiff::civil::Date;
use regex::Regex;
use url::Url;

use super::{
    dated,
    pieces::{self, Orders},
    rows::Row,
    said,
    titles::Title,
};
use crate::{
    article::dates::{self, DateContext, Order, Shown},
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

/// What stands beside a date says of it; the least sure first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// It is part of a sentence: a lead speaks of other days.
    Sentence,
    /// It is another thing's: a deadline, a lecture, a change.
    Other,
    /// Nothing.
    Nothing,
    /// It is that of publishing.
    Published,
}

/// A date and its place in the row.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// A hash of the path of tags and classes from the row to it.
    place: u64,
    shown: Shown,
    /// Its readings where the order of its numbers is open.
    orders: Option<Orders>,
    says: Says,
}

impl Candidate {
    fn new(place: u64, shown: Shown) -> Self {
        Self {
            place,
            shown,
            orders: None,
            says: Says::Nothing,
        }
    }

    /// What a folded text shows.
    fn of_text(place: u64, text: &str, context: &DateContext<'_>) -> Option<Self> {
        // of several dates in one text, the one that is named the publishing's
        let named = said::behind_publishing(text)
            .and_then(|rest| Self::of_part(place, rest, Says::Published, context));
        named.or_else(|| Self::of_part(place, text, said::said_of_date(text), context))
    }

    fn of_part(place: u64, text: &str, says: Says, context: &DateContext<'_>) -> Option<Self> {
        let orders = pieces::orders(text, context);
        let shown = match orders {
            Some(orders) if orders.is_short => orders.shown[orders.usual()],
            _ => read(text, context),
        };
        let shown = match (shown, orders) {
            // a day that is none with the usual order
            (Shown::Nothing, Some(orders)) => {
                let mut readings = orders.shown.into_iter();
                readings
                    .find(|shown| *shown != Shown::Nothing)
                    .unwrap_or(shown)
            }
            (shown, _) => shown,
        };
        (shown != Shown::Nothing).then_some(Self {
            place,
            shown,
            orders,
            says,
        })
    }

    /// Whether it stands at its title's end and leaves out the year, as the day of a lecture does.
    pub(super) fn is_year_less(&self) -> bool {
        matches!(self.shown, Shown::YearLess(_))
    }

    fn is_whole(&self) -> bool {
        matches!(self.shown, Shown::Whole(_) | Shown::Refused)
    }
}

/// How a page's readers write dates, where its numbers do not tell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Habit {
    /// Which of day and month comes first, where anything says so.
    order: Option<Order>,
    /// The year first.
    east_asian: bool,
}

impl Habit {
    /// By the page's language, and by where the site is at home.
    pub(super) fn of(language: Option<&str>, url: &Url, context: &DateContext<'_>) -> Self {
        let language = language.unwrap_or_default().trim().to_ascii_lowercase();
        Self {
            order: Order::of(&language, url, context),
            east_asian: ["zh", "ja", "ko"].iter().any(|l| language.starts_with(l)),
        }
    }

    /// The order that is usual for such a date: an index into [`Orders::shown`].
    fn usual(self, orders: &Orders) -> usize {
        match orders.usual() {
            _ if self.east_asian && orders.is_short => 2,
            0 if self.order == Some(Order::MonthFirst) && orders.sign == b'/' => 1,
            usual => usual,
        }
    }
}

/// The dates of a row, outermost first.
pub(super) fn candidates(
    row: Row<'_>,
    title: &Title<'_>,
    rule: Option<&Pick>,
    head: &[Says],
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
        head,
        line: Some(row.element).filter(|e| e.name() == "tr"),
        cells: 0,
        label: Says::Nothing,
        found: Vec::new(),
    };
    for part in row.parts() {
        match part {
            Child::Element(element) => search.look_through(element),
            Child::Text(text) => search.offer(text, 1),
        }
    }
    search.put_together(row);
    if !search.has_own() {
        search.look_into_scripts(row);
    }
    if !search.has_own() {
        search.look_into_attributes(row);
    }
    search.found
}

/// What speaks for a place as that of the rows' dates.
#[derive(Clone, Copy, Default)]
struct Votes {
    /// How many rows show a date there.
    rows: usize,
    /// More for whole dates.
    weight: usize,
    /// How late in the rows it stands.
    order: usize,
    /// How many rows say what of it.
    says: [usize; 4],
}

impl Votes {
    /// What most rows say.
    fn says(&self) -> usize {
        let most = |&says: &usize| self.says[says] * 2 > self.rows;
        (0..4).find(most).unwrap_or(Says::Nothing as usize)
    }
}

/// What each row shows: in the place where most rows show a date, or else the first whole date of the row.
pub(super) fn column(rows: &[&[Candidate]], habit: Habit) -> Vec<Shown> {
    let mut votes: HashMap<u64, Votes> = HashMap::new();
    for candidates in rows {
        let mut seen = Vec::new();
        for (order, candidate) in candidates.iter().enumerate() {
            if !seen.contains(&candidate.place) {
                seen.push(candidate.place);
                let vote = votes.entry(candidate.place).or_default();
                vote.rows += 1;
                // a whole date says more than one without its year
                vote.weight += match candidate.shown {
                    Shown::Whole(_) => 3,
                    Shown::YearLess(_) => 2,
                    Shown::Refused | Shown::Nothing => 1,
                };
                vote.order += order;
                vote.says[candidate.says as usize] += 1;
            }
        }
    }
    // a date without a year that few rows show is a part of their titles or leads
    let is_column = |weight: usize| rows.len() < 4 || weight * 3 >= rows.len();
    // what is said counts where most rows say it
    let said = |votes: &Votes| match votes.says() {
        says if says > Says::Nothing as usize && votes.rows * 2 < rows.len() => {
            Says::Nothing as usize
        }
        says => says,
    };
    let best = votes
        .into_iter()
        .filter(|(_, votes)| said(votes) > Says::Sentence as usize)
        .max_by_key(|&(place, votes)| {
            let early = Reverse(votes.order);
            (said(&votes), votes.weight, early, place)
        })
        .map(|(place, votes)| (place, is_column(votes.weight)));
    let chosen: Vec<Option<&Candidate>> = rows
        .iter()
        .map(|candidates| {
            let of_place = candidates.iter().find(|c| best == Some((c.place, true)));
            let whole = || {
                let of_row = |c: &&Candidate| c.is_whole() && c.says > Says::Sentence;
                candidates.iter().find(of_row)
            };
            of_place.or_else(whole)
        })
        .collect();
    let order = order_of(&chosen, habit);
    let shown = chosen.into_iter().map(|candidate| match candidate {
        Some(Candidate {
            orders: Some(orders),
            shown,
            ..
        }) => match order.map(|order| orders.shown[order]) {
            None if orders.are_one() => *shown,
            // neither the page nor its neighbours tell
            None => Shown::Nothing,
            // written in another way than the others
            Some(Shown::Nothing) if !orders.is_short => *shown,
            Some(shown) => shown,
        },
        Some(candidate) => candidate.shown,
        None => Shown::Nothing,
    });
    shown.collect()
}

/// Which of its numbers comes first in a column's dates: the order in which most can be read, which lets the list run
/// down, which is usual on such a page, and which keeps the dates together. Absent where none of the dates tells, nor the
/// page.
fn order_of(chosen: &[Option<&Candidate>], habit: Habit) -> Option<usize> {
    /// Fewer dates run down by chance.
    const LEAST_PAIRS: usize = 2;
    let open: Vec<Orders> = chosen.iter().flatten().filter_map(|c| c.orders).collect();
    let usual = habit.usual(open.first()?);
    let worth = |order: usize| {
        let shown = || open.iter().map(|orders| orders.shown[order]);
        let days: Vec<Date> = shown()
            .filter_map(|shown| match shown {
                Shown::Whole(published) => Some(published.day()),
                _ => None,
            })
            .collect();
        let readable = shown().filter(|shown| *shown != Shown::Nothing).count();
        let running_down = days.windows(2).filter(|pair| pair[0] >= pair[1]).count();
        let span = match (days.iter().min(), days.iter().max()) {
            (Some(first), Some(last)) => last.duration_since(*first).as_hours(),
            _ => 0,
        };
        let is_usual = order == usual;
        (
            readable,
            days.len(),
            running_down,
            is_usual,
            Reverse(span),
            Reverse(order),
        )
    };
    let best = (0..3).max_by_key(|&order| worth(order))?;
    if habit.order != Some(Order::Open) {
        return Some(best);
    }
    let (readable, days, down, ..) = worth(best);
    let runs_down = down + 1 >= days && down >= LEAST_PAIRS;
    let is_beaten = |other: usize| {
        let (others_readable, others_days, others_down, ..) = worth(other);
        (others_readable, others_days) < (readable, days) || runs_down && others_down < down
    };
    let mut others = (0..3).filter(|&other| other != best);
    others.all(is_beaten).then_some(best)
}

struct Search<'a, 'c> {
    title: Element<'a>,
    title_text: &'c str,
    is_around_title: Vec<Element<'a>>,
    context: &'c DateContext<'c>,
    /// What a table's head says of its columns.
    head: &'c [Says],
    /// The row, where it is a table's.
    line: Option<Element<'a>>,
    /// How many cells of the row were begun.
    cells: usize,
    /// What the piece of text before says of a date behind it.
    label: Says,
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
                    if self.line.is_some() && e.parent() == self.line {
                        self.cells += 1;
                        self.label = Says::Nothing;
                    }
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
        element == self.title && !element.children().any(|e| dated::looks_dated(&e.text()))
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
        if self.found.len() >= MAX_CANDIDATES || text.len() > MAX_CHARS * 4 {
            return;
        }
        if !may_be_date(text) {
            if visible_chars(text) > 0 {
                self.label = said::label_alone(text);
            }
            return;
        }
        let text = fold(text);
        if text == self.title_text {
            return;
        }
        let Some(mut candidate) = Candidate::of_text(place, &text, self.context) else {
            return;
        };
        if candidate.says == Says::Nothing {
            let of_cell = self.cells.checked_sub(1).and_then(|n| self.head.get(n));
            candidate.says = match (self.label, of_cell) {
                (Says::Nothing, Some(&says)) => says,
                (label, _) => label,
            };
        }
        self.label = Says::Nothing;
        // elements alike whose dates are said to be different things are different places
        candidate.place ^= (candidate.says as u64) << 56;
        self.found.push(candidate);
    }

    /// Whether the row shows a date outside of sentences.
    fn has_own(&self) -> bool {
        self.found.iter().any(|c| c.says > Says::Sentence)
    }

    /// Where no place holds a date with its year, its parts may stand in elements side by side.
    fn put_together(&mut self, row: Row<'a>) {
        let is_whole = |c: &Candidate| c.is_whole() && c.says > Says::Sentence;
        if self.found.iter().any(is_whole) {
            return;
        }
        let shown = pieces::of_row(row, self.title, self.context);
        let adds = match shown {
            Shown::Whole(_) | Shown::Refused => true,
            Shown::YearLess(_) => !self.has_own(),
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
    let mut touch = false;
    let mut last: Option<char> = None;
    for step in element.walk() {
        match step {
            Step::Text(text) => {
                chars += visible_chars(text);
                dated |= may_be_date(text);
                touch |= last.is_some_and(|c| c.is_ascii_digit()) && begins_with_word(text);
                last = text.chars().next_back();
            }
            Step::Open(e) if e.is_unseen() => return None,
            Step::Open(e) | Step::Close(e) if e.is_block() => last = None,
            _ => {}
        }
        if chars > MAX_CHARS {
            return None;
        }
    }
    // a style sheet parts them: `<span>20 mai 2024</span><span>Aucun commentaire</span>`
    let parted = || {
        let texts = element.walk().filter_map(|step| match step {
            Step::Text(text) => Some(text),
            _ => None,
        });
        fold(&texts.collect::<Vec<_>>().join(" "))
    };
    dated.then(|| if touch { parted() } else { element.text() })
}

/// Whether a text begins with a word of letters, longer than the ending of a number: `st`, `er`.
fn begins_with_word(text: &str) -> bool {
    const LEAST_LETTERS: usize = 3;
    let letters = text
        .chars()
        .take_while(|c| c.is_alphabetic() && *c < '\u{2e80}');
    letters.take(LEAST_LETTERS).count() == LEAST_LETTERS
}

fn may_be_date(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
        || text.contains(dated::is_wide_digit)
        || (text.contains('年') && text.contains('月'))
}

/// What a table's head says of its columns, if the rows are a table's: `<th>截止日期<th>发布时间`.
pub(super) fn head(row: Row<'_>) -> Vec<Says> {
    let first = || {
        let table = row
            .element
            .ancestors()
            .take(3)
            .find(|e| e.name() == "table")?;
        let mut lines = table.descendants().take(8);
        lines.find(|e| e.name() == "tr" && *e != row.element)
    };
    let Some(line) = Some(row.element)
        .filter(|e| e.name() == "tr")
        .and_then(|_| first())
    else {
        return Vec::new();
    };
    line.children()
        .map(|cell| said::label_alone(&cell.text()))
        .collect()
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

/// What a short text shows: also a day above its month.
pub(super) fn read(text: &str, context: &DateContext<'_>) -> Shown {
    match dates::read(text, context) {
        Shown::Nothing => {
            day_first(text).map_or(Shown::Nothing, |text| dates::read(&text, context))
        }
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

/// FNV-1a over the tag and its classes; numbers in class names are ignored, since some systems count rows there.
fn mix(hash: u64, element: Element<'_>) -> u64 {
    let name = element.name().bytes().chain([b'.']);
    let classes = element.attr("class").unwrap_or_default();
    let classes = classes.bytes().filter(|b| !b.is_ascii_digit());
    name.chain(classes).fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
