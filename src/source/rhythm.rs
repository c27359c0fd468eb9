//! When a source publishes, as far as its polls have told: how much, at which hours, on which days. Pure.
//!
//! In: what each poll found, and since when nobody had looked. Out: how many articles are expected in any stretch of
//! time, and so when the next look is worth a request.
//!
//! The expectation is a rate times a shape. The shape is a profile of the day's hours times one of the week's days, each
//! drawn from the school hours that all sources start with towards what the source itself does. The rate is a long
//! average, corrected by a short one: news raise it at once, silence (holidays, a site that dies) lets it sink. Few
//! articles come when a source is not at work, but they are those that wait longest: each waiting counts, and being late
//! counts extra. A poll
//! only tells that an article came since the last one: it is spread over that stretch as the expectation has it, so that
//! the profiles sharpen from poll to poll.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "rates are estimates, and hours and days are small"
)]

use std::time::Duration;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// What a request is worth: it is made when the articles that are probably out have probably [`burdened`] so much
/// together. The one constant that says how many requests are spent, about ten a day for each of a thousand ordinary
/// sources; they go where they shorten the waiting most.
const WORTH: f64 = 0.11;

/// From when on an article is late, and when it certainly is, in hours: what a fixed interval with as many requests would
/// leave few articles to wait for.
const LATE: (f64, f64) = (2.75, 3.25);
/// What being late adds to the burden of one article an hour, next to the [`PATIENCE`] that it has taken until then (3.5).
const LATE_BURDEN: f64 = 8.0;

/// How the second hour of waiting counts against the first: at 1 the mean of all waiting is shortest and many busy hours
/// pay for a few quiet ones; below it requests go to where most articles are. By itself so low a figure would leave the
/// odd hours of all sources to chance; what is [`LATE`] looks after those. A quarter, because two square roots cost
/// nothing, and a power a good part of a poll that finds nothing.
const PATIENCE: f64 = 0.25;

/// The rate of a source that nothing is known of, in articles an hour: five a week.
const USUAL_RATE: f64 = 5.0 / WEEK;
/// How many hours of watching the usual rate outweighs.
const USUAL_RATE_HOURS: f64 = 24.0;
/// How many articles the usual shape outweighs.
const USUAL_SHAPE_ARTICLES: f64 = 5.0;
/// The share of the articles that come at any hour of any day, whatever the habits: the profiles' product would have next
/// to none where an hour and a day are quiet both, and what comes then would wait until the morning.
const AT_ODD_TIMES: f64 = 0.02;
/// How many articles the long rate outweighs in the short one.
const LONG_RATE_ARTICLES: f64 = 1.5;

/// After how many hours half is forgotten.
const SHAPE_HALF: f64 = 16.0 * WEEK;
const LONG_HALF: f64 = 8.0 * WEEK;
/// The short rate's, between bounds: the time in which [`SHORT_ARTICLES`] come. Spells of a source with ten articles a day
/// last hours, those of one with two a week last days.
const SHORT_HALF: (f64, f64) = (6.0, 3.0 * 24.0);
const SHORT_ARTICLES: f64 = 3.0;

/// How far back one poll's articles are looked for, and a list's dates are counted.
const REACH_HOURS: f64 = 8.0 * WEEK;
/// A poll that finds more than this, and many times what was to be expected, has found a drawer that was emptied or a site
/// that was built anew, not a rhythm.
const A_HEAP: f64 = 5.0;
const TIMES_EXPECTED: f64 = 3.0;

const WEEK: f64 = 7.0 * 24.0;

/// How the day's articles lie in its hours where nothing else is known: office hours with their break, some in the
/// evening, few at night.
const USUAL_HOURS: [f64; 24] = [
    0.15, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.5, 2.0, 3.0, 3.0, 2.5, 0.9, 0.9, 2.0, 2.6, 2.6, 2.0, 0.9,
    0.6, 0.5, 0.4, 0.4, 0.25,
];
/// From Monday.
const USUAL_DAYS: [f64; 7] = [1.25, 1.3, 1.3, 1.3, 1.25, 0.35, 0.25];

/// What is known of a source's rhythm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// Articles by the hour of the day, the older the less they count.
    hours: [f32; 24],
    /// Articles by the day of the week, from Monday.
    days: [f32; 7],
    long: Level,
    short: Level,
}

/// Articles, and the hours of watching in which they came: each as long as its place in the shape makes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Level {
    articles: f32,
    hours: f32,
}

/// How many times the average rate there is at an hour of the day and on a day of the week.
struct Shape {
    hours: [f64; 24],
    days: [f64; 7],
}

/// A piece of time within one hour of the place's clock.
struct Piece {
    hour: usize,
    day: usize,
    /// How much of the hour.
    hours: f64,
}

impl Rhythm {
    /// What the dates of a list's items tell before the source was ever watched.
    pub fn of_list(dates: impl IntoIterator<Item = Date>, now: Timestamp, zone: &TimeZone) -> Self {
        let mut rhythm = Self::default();
        let today = zone.to_datetime(now).date();
        let mut ages: Vec<(i32, Date)> = dates
            .into_iter()
            .map(|date| ((today - date).get_days(), date))
            .filter(|(age, _)| *age >= 0)
            .collect();
        ages.sort_unstable_by_key(|(age, _)| *age);
        // what is pinned to the top is older than the list
        let counted = ages.len() - ages.len() / 10;
        let Some((oldest, _)) = ages.get(counted.wrapping_sub(1)) else {
            return rhythm;
        };
        let span = (f64::from(*oldest) * 24.0 + 12.0).min(REACH_HOURS);
        for (age, date) in ages.iter().take(counted) {
            let age = f64::from(*age) * 24.0;
            if age > REACH_HOURS {
                break;
            }
            let weekday = date.weekday().to_monday_zero_offset();
            if let Some(day) = usize::try_from(weekday)
                .ok()
                .and_then(|day| rhythm.days.get_mut(day))
            {
                *day += 1.0;
            }
            rhythm.long.articles += 1.0;
        }
        rhythm.long.hours = narrow(span);
        let half = rhythm.short_half();
        let ages = ages.iter().take(counted);
        let articles = ages.map(|(age, _)| kept(f64::from(*age) * 24.0, half));
        rhythm.short = Level {
            articles: narrow(articles.sum()),
            // the sum of what is kept of each hour
            hours: narrow((1.0 - kept(span, half)) * half / std::f64::consts::LN_2),
        };
        rhythm
    }

    /// Takes in that `articles` came between two looks.
    pub fn observe(&mut self, from: Timestamp, to: Timestamp, articles: u32, zone: &TimeZone) {
        let elapsed = hours_between(from, to);
        if elapsed <= 0.0 {
            return;
        }
        let shape = self.shape();
        let reach = elapsed.min(REACH_HOURS);
        let begin = seconds_local(to, zone) - reach * 3600.0;
        let (mut hours, mut days, mut watched) = ([0.0; 24], [0.0; 7], 0.0);
        for piece in pieces(begin).scan(reach, |left, piece| {
            let hours = piece.hours.min(*left);
            *left -= hours;
            (hours > 0.0).then_some(Piece { hours, ..piece })
        }) {
            let part = shape.at(&piece) * piece.hours;
            hours[piece.hour] += part;
            days[piece.day] += part;
            watched += part;
        }
        let heap = A_HEAP.max(TIMES_EXPECTED * self.rate() * watched);
        let articles = f64::from(articles).min(heap);
        let old = kept(elapsed, SHAPE_HALF);
        // those that came together were put there by one hand: they say less of when such hands are at work than as many
        // that came apart
        let each = articles.sqrt() / watched.max(f64::MIN_POSITIVE);
        fade_in(&mut self.hours, old, &hours, each);
        fade_in(&mut self.days, old, &days, each);
        let half = self.short_half();
        self.long.add(kept(elapsed, LONG_HALF), articles, watched);
        self.short.add(kept(elapsed, half), articles, watched);
    }

    /// How long after a look the next one is worth a request, between two bounds.
    pub fn wait(&self, now: Timestamp, zone: &TimeZone, min: Duration, max: Duration) -> Duration {
        let (shape, rate) = (self.shape(), self.rate());
        let longest = in_hours(max);
        let mut ahead = pieces(seconds_local(now, zone)).scan(0.0, |until, piece| {
            let from = *until;
            *until += piece.hours;
            Some((from, rate * shape.at(&piece)))
        });
        // no further than is asked for: most waits are short
        let mut expected: Vec<(f64, f64)> = Vec::with_capacity(16);
        let mut is_worth = |at: f64| {
            while expected.last().is_none_or(|(from, _)| *from < at) {
                expected.extend(ahead.next());
            }
            burden(&expected, at) >= WORTH
        };
        let mut low = in_hours(min).min(longest);
        if is_worth(low) {
            return min;
        }
        let mut high = low;
        while !is_worth(high) {
            if high >= longest {
                return max;
            }
            low = high;
            high = (high * 2.0).clamp(0.01, longest);
        }
        // to some seconds of minutes, and some minutes of hours
        for _ in 0..8 {
            let middle = f64::midpoint(low, high);
            if is_worth(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Duration::from_secs_f64(high * 3600.0)
    }

    /// Articles a week that are expected at present.
    pub fn articles_a_week(&self) -> f64 {
        self.rate() * WEEK
    }

    /// When most of its articles come, in words: `Mon–Fri 8–12, 14–18 h`.
    pub fn habits(&self) -> String {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let shape = self.shape();
        let day = |(first, last): (usize, usize)| match last - first {
            0 => DAYS[first].to_owned(),
            _ => format!("{}–{}", DAYS[first], DAYS[last]),
        };
        let hour = |(first, last): (usize, usize)| format!("{first}–{}", last + 1);
        let days: Vec<String> = busy(&shape.days).into_iter().map(day).collect();
        let hours: Vec<String> = busy(&shape.hours).into_iter().map(hour).collect();
        format!("{} {} h", days.join(", "), hours.join(", "))
    }

    /// Articles an hour, on the average of a week.
    fn rate(&self) -> f64 {
        (LONG_RATE_ARTICLES + f64::from(self.short.articles))
            / (LONG_RATE_ARTICLES / self.long_rate() + f64::from(self.short.hours))
    }

    fn long_rate(&self) -> f64 {
        (USUAL_RATE * USUAL_RATE_HOURS + f64::from(self.long.articles))
            / (USUAL_RATE_HOURS + f64::from(self.long.hours))
    }

    fn short_half(&self) -> f64 {
        let (least, most) = SHORT_HALF;
        (SHORT_ARTICLES / self.long_rate()).clamp(least, most)
    }

    fn shape(&self) -> Shape {
        Shape {
            hours: drawn(&USUAL_HOURS, &self.hours),
            days: drawn(&USUAL_DAYS, &self.days),
        }
    }
}

impl Level {
    fn add(&mut self, old: f64, articles: f64, hours: f64) {
        self.articles = narrow(f64::from(self.articles) * old + articles);
        self.hours = narrow(f64::from(self.hours) * old + hours);
    }
}

impl Shape {
    fn at(&self, piece: &Piece) -> f64 {
        let habit = self.hours[piece.hour] * self.days[piece.day];
        AT_ODD_TIMES + (1.0 - AT_ODD_TIMES) * habit
    }
}

/// What the articles that come at these rates, each from an hour on until the next, have burdened together at a later hour.
fn burden(expected: &[(f64, f64)], at: f64) -> f64 {
    let since = |from: f64| burdened((at - from).max(0.0));
    let mut sum = 0.0;
    let mut begun = since(expected.first().map_or(at, |(from, _)| *from));
    for (n, (from, rate)) in expected.iter().enumerate() {
        if *from >= at {
            break;
        }
        let until = expected.get(n + 1).map_or(0.0, |(until, _)| since(*until));
        sum += rate * (begun - until);
        begun = until;
    }
    sum
}

/// What one article an hour has burdened after so many hours.
///
/// At an even rate the best interval is the one at which this, times the rate, has grown to what a request costs, if it
/// grows in each moment by the moment's age times what a longer wait of that age costs more. That is so for a cost that
/// goes with a power of the wait, and for one that falls due all at once, as at the hour from which an article is late:
/// that one adds a step, here with a slope, so that no source's interval hangs on a hair. Past the step growth is slow
/// again: a source for which no request pays by then is left to `max`.
fn burdened(hours: f64) -> f64 {
    let (begin, end) = LATE;
    let late = ((hours - begin) / (end - begin)).clamp(0.0, 1.0);
    // to the power of one and a quarter
    hours * hours.sqrt().sqrt() / (1.0 + PATIENCE) + LATE_BURDEN * late * late * (3.0 - 2.0 * late)
}

/// The usual profile, drawn towards what was seen; its mean is one.
fn drawn<const N: usize>(usual: &[f64; N], seen: &[f32; N]) -> [f64; N] {
    let sum: f64 = usual.iter().sum();
    let scale = USUAL_SHAPE_ARTICLES / sum;
    let total: f64 = USUAL_SHAPE_ARTICLES + seen.iter().copied().map(f64::from).sum::<f64>();
    std::array::from_fn(|n| (usual[n] * scale + f64::from(seen[n])) * (usual.len() as f64) / total)
}

/// Where a profile is not far below its mean: the first and the last place of each stretch.
fn busy(profile: &[f64]) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for (place, _) in profile.iter().enumerate().filter(|(_, x)| **x >= 0.75) {
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == place => *last = place,
            _ => stretches.push((place, place)),
        }
    }
    stretches
}

fn fade_in<const N: usize>(profile: &mut [f32; N], old: f64, shares: &[f64; N], each: f64) {
    for (seen, share) in profile.iter_mut().zip(shares) {
        *seen = narrow(f64::from(*seen) * old + share * each);
    }
}

/// The clock's hours from a moment on, without end.
fn pieces(local_seconds: f64) -> impl Iterator<Item = Piece> {
    let mut hour = (local_seconds / 3600.0).floor() as i64;
    let mut first = Some(hour as f64 + 1.0 - local_seconds / 3600.0);
    std::iter::from_fn(move || {
        let piece = Piece {
            hour: hour.rem_euclid(24) as usize,
            // the first of January 1970 was a Thursday
            day: (hour.div_euclid(24) + 3).rem_euclid(7) as usize,
            hours: first.take().unwrap_or(1.0),
        };
        hour += 1;
        Some(piece)
    })
}

/// A place's clock as seconds; a change of it within the stretch looked at is not worth the trouble.
fn seconds_local(at: Timestamp, zone: &TimeZone) -> f64 {
    at.as_second() as f64 + f64::from(zone.to_offset(at).seconds())
}

fn hours_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / 3600.0
}

fn in_hours(duration: Duration) -> f64 {
    duration.as_secs_f64() / 3600.0
}

/// What is left of something after a while.
fn kept(hours: f64, half: f64) -> f64 {
    (-hours / half).exp2()
}

fn narrow(x: f64) -> f32 {
    x as f32
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    const MIN: Duration = Duration::from_mins(15);
    const MAX: Duration = Duration::from_hours(12);

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    /// A moment on the clock of Shanghai; 2026-03-02 is a Monday.
    fn at(text: &str) -> Timestamp {
        format!("{text}:00+08:00").parse().unwrap()
    }

    fn wait(rhythm: &Rhythm, text: &str) -> Duration {
        rhythm.wait(at(text), &shanghai(), MIN, MAX)
    }

    /// Watched each hour for some weeks from a Monday on; `articles` come in the hour before.
    fn watched(weeks: i64, articles: impl Fn(i64, i64) -> u32) -> Rhythm {
        let mut rhythm = Rhythm::default();
        let begin = at("2026-01-05T00:00");
        for hour in 0..weeks * 7 * 24 {
            let from = begin + hour.hours();
            rhythm.observe(
                from,
                from + 1.hour(),
                articles(hour / 24 % 7, hour % 24),
                &shanghai(),
            );
        }
        rhythm
    }

    #[test]
    fn the_unknown_is_looked_at_in_school_hours_first() {
        let unknown = Rhythm::default();
        let (morning, night) = (
            wait(&unknown, "2026-03-02T09:00"),
            wait(&unknown, "2026-03-02T22:00"),
        );
        let sunday = wait(&unknown, "2026-03-08T09:00");
        assert!(
            morning * 2 < night && morning * 2 < sunday,
            "{morning:?} {night:?} {sunday:?}"
        );
    }

    #[test]
    fn a_source_that_publishes_at_night_is_looked_at_at_night() {
        let nightly = watched(8, |_, hour| u32::from(hour == 2) * 2);
        let (night, morning) = (
            wait(&nightly, "2026-03-02T02:10"),
            wait(&nightly, "2026-03-02T09:00"),
        );
        assert!(night * 4 < morning, "{night:?} {morning:?}");
        assert_eq!(nightly.habits(), "Mon–Sun 2–3 h");
    }

    #[test]
    fn only_coarse_looks_tell_the_hours_in_the_end() {
        // three looks a day, eight hours apart and not in step with the day
        let mut rhythm = Rhythm::default();
        let (begin, zone) = (at("2026-01-05T00:00"), shanghai());
        let mut from = 0;
        for look in 1..300_i64 {
            let to = look * 7;
            let evening = (from + 1..=to).filter(|hour| hour % 24 == 20).count();
            rhythm.observe(
                begin + from.hours(),
                begin + to.hours(),
                u32::try_from(evening).unwrap(),
                &zone,
            );
            from = to;
        }
        let shape = rhythm.shape();
        let best = (0..24)
            .max_by(|a, b| shape.hours[*a].total_cmp(&shape.hours[*b]))
            .unwrap();
        assert!((19..=20).contains(&best), "{:?}", shape.hours);
    }

    #[test]
    fn days_without_school_are_left_alone() {
        let weekdays = watched(8, |day, hour| u32::from(day < 5 && (9..17).contains(&hour)));
        let (friday, saturday) = (
            wait(&weekdays, "2026-03-06T10:00"),
            wait(&weekdays, "2026-03-07T10:00"),
        );
        assert_eq!(friday, MIN);
        assert!(saturday > 4 * MIN, "{saturday:?}");
        assert_eq!(weekdays.habits(), "Mon–Fri 9–17 h");
    }

    #[test]
    fn silence_slows_and_one_article_wakes() {
        let busy = |_, hour| u32::from((9..17).contains(&hour));
        let mut rhythm = watched(8, busy);
        let before = rhythm.articles_a_week();
        let holidays = at("2026-03-02T00:00");
        rhythm.observe(holidays, holidays + 336.hours(), 0, &shanghai());
        let silent = rhythm.articles_a_week();
        assert!(silent < before / 8.0, "{before} then {silent}");
        rhythm.observe(
            holidays + 336.hours(),
            holidays + 346.hours(),
            3,
            &shanghai(),
        );
        let awake = rhythm.articles_a_week();
        assert!(awake > silent * 2.0, "{silent} then {awake}");
    }

    #[test]
    fn a_dead_source_is_looked_at_as_seldom_as_allowed_and_a_portal_as_often() {
        let dead = watched(30, |_, _| 0);
        assert_eq!(wait(&dead, "2026-08-03T10:00"), MAX);
        let portal = watched(2, |_, _| 6);
        assert_eq!(wait(&portal, "2026-03-03T04:00"), MIN);
    }

    #[test]
    fn a_lists_dates_tell_the_rate_before_anything_was_watched() {
        let now = at("2026-03-06T12:00");
        let rate = |step: i64| {
            let today = shanghai().to_datetime(now).date();
            let dates = (0..20_i64).map(|n| today - (n * step / 4).days());
            Rhythm::of_list(dates, now, &shanghai()).articles_a_week()
        };
        let (busy, slow) = (rate(1), rate(40));
        assert!((15.0..40.0).contains(&busy), "four a day: {busy}");
        assert!(slow < 2.0, "three a month: {slow}");
        // one that is pinned to the top for years changes little
        let today = shanghai().to_datetime(now).date();
        let dates = (0..19_i64)
            .map(|n| today - (n / 4).days())
            .chain([today - 3.years()]);
        let pinned = Rhythm::of_list(dates, now, &shanghai()).articles_a_week();
        assert!(pinned > busy * 0.7, "{pinned} against {busy}");
        // neither do dates to come
        let rhythm = Rhythm::of_list([today + 3.days()], now, &shanghai());
        assert_eq!(rhythm, Rhythm::default());
    }

    #[test]
    fn a_burden_grows_with_patience_and_has_a_step_where_late_begins() {
        let patient = |hours: f64| hours.powf(1.0 + PATIENCE) / (1.0 + PATIENCE);
        for quarter in 0..200 {
            let hours = f64::from(quarter) / 4.0;
            let late = if hours >= LATE.1 { LATE_BURDEN } else { 0.0 };
            let between = hours > LATE.0 && hours < LATE.1;
            assert!(between || (burdened(hours) - patient(hours) - late).abs() < 1e-9);
            assert!(burdened(hours + 0.25) > burdened(hours), "{hours}");
        }
        // hours at different rates add up to what each has burdened
        let parts = burden(&[(0.0, 2.0), (0.5, 0.0), (1.5, 1.0)], 5.0);
        let each = 2.0 * (burdened(5.0) - burdened(4.5)) + burdened(3.5);
        assert!((parts - each).abs() < 1e-9, "{parts} {each}");
        assert!(burden(&[], 5.0).abs() < 1e-9);
    }

    #[test]
    fn what_comes_out_of_hours_is_not_left_until_the_morning() {
        // ten a day in school hours, two a week at night: a look each few hours of the night all the same
        let busy = watched(12, |day, hour| {
            u32::from(day < 5 && (8..18).contains(&hour) || day % 3 == 0 && hour == 23)
        });
        let night = wait(&busy, "2026-04-02T20:00");
        assert!(night < MAX / 3, "{night:?}");
        // one a week is not worth that
        let weekly = watched(12, |day, hour| u32::from(day == 3 && hour == 15));
        assert_eq!(wait(&weekly, "2026-04-02T20:00"), MAX);
    }

    #[test]
    fn a_heap_put_online_at_once_is_no_rhythm() {
        let habit = |day, hour| u32::from(day < 5 && hour == 9);
        let mut rhythm = watched(8, habit);
        let rate = rhythm.articles_a_week();
        let sunday = at("2026-03-01T03:00");
        rhythm.observe(sunday, sunday + 1.hour(), 200, &shanghai());
        assert!(rhythm.articles_a_week() < rate * 4.0, "{rhythm:?}");
        let hours = rhythm.shape().hours;
        assert!(hours[3] * 10.0 < hours[9], "{hours:?}");
        // one that comes each day is one
        let daily = watched(8, |_, hour| u32::from(hour == 9) * 30);
        let rate = daily.articles_a_week();
        assert!((190.0..230.0).contains(&rate), "{rate}");
    }

    #[test]
    fn a_clock_that_went_back_teaches_nothing() {
        let mut rhythm = Rhythm::default();
        rhythm.observe(
            at("2026-03-02T10:00"),
            at("2026-03-02T09:00"),
            5,
            &shanghai(),
        );
        assert_eq!(rhythm, Rhythm::default());
    }
}
