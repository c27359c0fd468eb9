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
            svg viewBox={ "0 0 " (WIDTH * DAYS) " " (HEIGHT) } role="img" aria-label=(words) {
                @for (i, count) in days.counts.iter().enumerate() {
                    @let height = (count * HEIGHT).div_ceil(most);
                    rect x=(i * WIDTH) y=(HEIGHT - height) width=(WIDTH - 2) height=(height) {
                        title { (day_of(days, i)) ": " (count) }
                    }
                }
            }
            figcaption { (words) }
        } }
    }
}

fn day_of(days: &Days, index: usize) -> String {
    let ago = i64::try_from(DAYS - 1 - index).unwrap_or(0);
    let day = days.last.checked_sub(SignedDuration::from_hours(24 * ago));
    day.map_or_else(|_| String::new(), |day| day.to_string())
}

/// One mark for each of the last polls, the latest last.
pub(super) fn draw_polls(site: &Site, recent: &[Recent]) -> Markup {
    const WIDTH: usize = 6;
    const HEIGHT: usize = 16;
    let failed = recent.iter().filter(|r| **r == Recent::Failed).count();
    let words = format!(
        "{} {} · {} {failed}",
        site.words.last_polls,
        recent.len(),
        site.words.failing
    );
    html! {
        @if !recent.is_empty() {
            svg.polls width=(WIDTH * recent.len()) height=(HEIGHT) viewBox={ "0 0 " (WIDTH * recent.len()) " " (HEIGHT) } role="img" aria-label=(words) {
                @for (i, outcome) in recent.iter().enumerate() {
                    @let (class, height) = match outcome {
                        Recent::New => ("new", HEIGHT),
                        Recent::Nothing => ("nothing", HEIGHT / 2),
                        Recent::Failed => ("failed", HEIGHT),
                    };
                    rect class=(class) x=(i * WIDTH) y=(HEIGHT - height) width=(WIDTH - 2) height=(height) {}
                }
            }
        }
    }
}
