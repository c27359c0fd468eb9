//! Small charts as inline SVG: articles of each day, and how the last polls went. Each says the same in words.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use maud::{Markup, html};

use crate::{
    serve::Site,
    source::state::Recent,
    store::{Scope, StoreError},
};

/// How far back the chart goes.
const DAYS: usize = 30;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// More articles than these are counted as so many: a chart of a whole archive's first day shows no more.
const COUNTED: usize = 100_000;

/// The articles of each of the last days, the latest last.
pub(super) struct Days {
    counts: Vec<usize>,
    /// The day that the last count is of.
    last: jiff::civil::Date,
}

/// Counts the articles of a scope by the day on which they came, by the clock of the first source.
pub(super) fn articles_a_day(site: &Site, scope: &Scope) -> Result<Days, StoreError> {
    let zone = site
        .config
        .sources
        .first()
        .map_or(TimeZone::UTC, |source| source.timezone.clone());
    let day = |at: Timestamp| at.to_zoned_datetime(zone.clone()).date();
    let now = (site.clock)();
    let last = day(now);
    let since = now.saturating_sub(DAY * i32::try_from(DAYS).unwrap_or(i32::MAX));
    let mut counts = vec![0; DAYS];
    for at in site.store.times(scope, since.unwrap_or(now), COUNTED)? {
        let ago = day(at).until(last).map_or(0, |span| span.get_days());
        // what was listed with a date ahead came today
        let ago = usize::try_from(ago).unwrap_or(0);
        if let Some(count) = DAYS.checked_sub(ago + 1).and_then(|i| counts.get_mut(i)) {
            *count += 1;
        }
    }
    Ok(Days { counts, last })
}

/// One bar for each day.
pub(super) fn draw_days(site: &Site, days: &Days) -> Markup {
    const WIDTH: usize = 8;
    const HEIGHT: usize = 40;
    let most = days.counts.iter().copied().max().unwrap_or(0).max(1);
    let all: usize = days.counts.iter().sum();
    let words = format!("{} {all}", site.words.articles_of_30_days);
    html! {
        @if all > 0 { figure.chart {
            figcaption { (words) " · " (site.words.most_on_a_day) " " (most) }
            // as wide as its place
            svg viewBox={ "0 0 " (WIDTH * DAYS) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(words) {
                @for (i, count) in days.counts.iter().enumerate() {
                    @let height = (count * HEIGHT).div_ceil(most);
                    rect x=(i * WIDTH) y=(HEIGHT - height) width=(WIDTH - 2) height=(height) {
                        title { (day_of(days, i)) ": " (count) }
                    }
                }
            }
            p.axis { span { (day_of(days, 0)) } " " span { (day_of(days, DAYS - 1)) } }
        } }
    }
}

fn day_of(days: &Days, index: usize) -> String {
    let ago = i64::try_from(DAYS - 1 - index).unwrap_or(0);
    let day = days.last.checked_sub(SignedDuration::from_hours(24 * ago));
    day.map_or_else(|_| String::new(), |day| day.to_string())
}

/// One mark for each of the last polls, the latest last. They are told apart by height and place too, not by colour alone.
pub(super) fn draw_polls(site: &Site, recent: &[Recent]) -> Markup {
    let count = |outcome: Recent| recent.iter().filter(|r| **r == outcome).count();
    let site_words = site.words;
    let words = format!(
        "{} {}{comma}{} {}{comma}{} {}",
        site_words.poll_new,
        count(Recent::New),
        site_words.poll_nothing,
        count(Recent::Nothing),
        site_words.poll_failed,
        count(Recent::Failed),
        comma = site_words.comma,
    );
    html! {
        @if !recent.is_empty() {
            svg.polls width=(MARK * recent.len()) height=(TALL) viewBox={ "0 0 " (MARK * recent.len()) " " (TALL) } role="img" aria-label=(words) {
                @for (i, outcome) in recent.iter().enumerate() { (mark(*outcome, i * MARK)) }
            }
        }
    }
}

/// What the marks mean.
pub(super) fn legend(site: &Site) -> Markup {
    let words = site.words;
    let meanings = [
        (Recent::New, words.poll_new),
        (Recent::Nothing, words.poll_nothing),
        (Recent::Failed, words.poll_failed),
    ];
    html! {
        p.legend {
            (words.last_polls)
            @for (outcome, meaning) in meanings {
                " "
                span {
                    svg.polls width=(MARK) height=(TALL) viewBox={ "0 0 " (MARK) " " (TALL) } aria-hidden="true" { (mark(outcome, 0)) }
                    " " (meaning)
                }
            }
        }
    }
}

/// A mark's width, with the gap behind it, and the height of all.
const MARK: usize = 6;
const TALL: usize = 18;

fn mark(outcome: Recent, x: usize) -> Markup {
    let (class, y, height) = match outcome {
        Recent::New => ("new", 0, TALL),
        Recent::Nothing => ("nothing", TALL - 5, 5),
        Recent::Failed => ("failed", 0, 10),
    };
    html! { rect class=(class) x=(x) y=(y) width=(MARK - 2) height=(height) {} }
}
