//! How long until the next visit. Pure.
//!
//! The interval follows the source: halved when a visit brought news, widened by a quarter when it brought none,
//! between `[schedule] min` and `max`; `every` fixes it. Failures back off from it, doubling up to `max`, and never
//! give up. A server's `Retry-After` and `Cache-Control: max-age` are obeyed up to `max`.

use std::time::Duration;

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    config::ScheduleSettings,
    source::{
        Source, SourceId,
        state::{Outcome, SourceState},
    },
};

/// What the list's server said of the next visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `Retry-After` (RFC 9110, section 10.2.3).
    pub retry_after: Option<Duration>,
    /// `Cache-Control: max-age` (RFC 9111, section 5.2.2.1).
    pub max_age: Option<Duration>,
}

/// When to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The interval in force, without jitter and back-off.
    pub interval: Duration,
    /// When the source is due.
    pub due: Timestamp,
}

/// The next visit after one that ended as `state` says.
pub fn next(
    source: &Source,
    settings: &ScheduleSettings,
    state: &SourceState,
    hints: Hints,
    now: Timestamp,
) -> Plan {
    let interval = source.every.unwrap_or_else(|| adapted(settings, state));
    let longest = settings.max.max(interval);
    let mut wait = interval;
    if state.failures > 0 {
        wait = interval
            .saturating_mul(1 << state.failures.min(16))
            .min(longest);
    } else if source.every.is_none() {
        wait = wait.max(hints.max_age.unwrap_or_default().min(longest));
    }
    if source.every.is_none() || state.failures > 0 {
        wait = wait.mul_f64(jitter(&source.id)).min(longest);
    }
    // a server may ask for patience, but not for being forgotten
    let wait = wait.max(hints.retry_after.unwrap_or_default().min(longest));
    Plan {
        interval,
        due: whole_seconds(now.checked_add(wait).unwrap_or(Timestamp::MAX)),
    }
}

fn adapted(settings: &ScheduleSettings, state: &SourceState) -> Duration {
    let before = state.interval.unwrap_or(settings.min * 2);
    let interval = match state.outcome {
        Some(Outcome::Read { new, .. }) if new > 0 => before / 2,
        Some(Outcome::Read { .. } | Outcome::Unchanged) => before.mul_f64(1.25),
        Some(Outcome::Failed(_)) | None => before,
    };
    interval.clamp(settings.min, settings.max)
}

/// Fractions only make due times harder to read.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// The due time that the last run left, unless the configuration has since asked for a shorter interval, or the clock
/// was ahead when it was planned: no source waits longer than its longest interval from now.
pub fn still_due(
    source: &Source,
    settings: &ScheduleSettings,
    state: &SourceState,
    now: Timestamp,
) -> Option<Timestamp> {
    let due = state.next_poll?;
    let longest = match source.every {
        Some(every) if state.failures == 0 => every,
        every => every.unwrap_or_default().max(settings.max),
    };
    let polled = state.last_poll.map_or(now, |polled| polled.min(now));
    let latest = polled.checked_add(longest).unwrap_or(Timestamp::MAX);
    Some(due.min(latest))
}

/// How long a source that was never polled waits after the start: few sources hardly at all, thousands up to some
/// minutes.
pub fn first_wait(id: &SourceId, sources: usize) -> Duration {
    const EACH: Duration = Duration::from_millis(100);
    let span = EACH.saturating_mul(u32::try_from(sources.saturating_sub(1)).unwrap_or(u32::MAX));
    span.mul_f64(share(id))
}

/// Between 0.9 and 1.1, the same for a source at all times: sources that started together drift apart.
fn jitter(id: &SourceId) -> f64 {
    0.9 + 0.2 * share(id)
}

/// Between 0 and 1, by the id alone.
fn share(id: &SourceId) -> f64 {
    // 32 of the hash's bits are exact in a double
    let bits = u32::try_from(xxh3_64(id.as_str().as_bytes()) >> 32).unwrap_or(u32::MAX);
    f64::from(bits) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        source::state::{Fault, FaultKind},
    };

    const MINUTE: Duration = Duration::from_mins(1);

    fn source(every: &str) -> Source {
        let text = format!("[[source]]\nid = \"jyt\"\nurl = \"http://jyt.example/\"\n{every}");
        Source::clone(&Config::parse(&text, "test").unwrap().sources[0])
    }

    fn settings() -> ScheduleSettings {
        ScheduleSettings {
            min: 15 * MINUTE,
            max: 720 * MINUTE,
        }
    }

    fn now() -> Timestamp {
        "2026-03-02T00:00:00Z".parse().unwrap()
    }

    fn state(outcome: Outcome, failures: u32, interval: Duration) -> SourceState {
        SourceState {
            outcome: Some(outcome),
            failures,
            interval: Some(interval),
            ..SourceState::default()
        }
    }

    fn failed() -> Outcome {
        Outcome::Failed(Fault {
            kind: FaultKind::Unreachable,
            words: String::new(),
        })
    }

    fn wait(plan: Plan) -> Duration {
        plan.due.duration_since(now()).unsigned_abs()
    }

    #[test]
    fn news_quicken_and_silence_slows() {
        let after = |outcome, interval| {
            next(
                &source(""),
                &settings(),
                &state(outcome, 0, interval),
                Hints::default(),
                now(),
            )
        };
        let news = Outcome::Read { items: 20, new: 2 };
        assert_eq!(after(news.clone(), 60 * MINUTE).interval, 30 * MINUTE);
        assert_eq!(after(news, 20 * MINUTE).interval, 15 * MINUTE);
        assert_eq!(after(Outcome::Unchanged, 60 * MINUTE).interval, 75 * MINUTE);
        assert_eq!(
            after(Outcome::Unchanged, 700 * MINUTE).interval,
            720 * MINUTE
        );
        let plan = after(Outcome::Unchanged, 60 * MINUTE);
        assert!(
            wait(plan) >= plan.interval.mul_f64(0.9) && wait(plan) <= plan.interval.mul_f64(1.1),
            "{plan:?}"
        );
        assert_eq!(
            plan,
            after(Outcome::Unchanged, 60 * MINUTE),
            "jitter is the source's own"
        );
    }

    #[test]
    fn failures_double_up_to_the_longest_interval() {
        let waits: Vec<u64> = [1, 2, 10, 4_000_000]
            .map(|failures| {
                next(
                    &source("every = \"10m\""),
                    &settings(),
                    &state(failed(), failures, MINUTE),
                    Hints::default(),
                    now(),
                )
            })
            .map(|plan| wait(plan).as_secs() / 60)
            .to_vec();
        assert!(
            (18..=22).contains(&waits[0]) && (36..=44).contains(&waits[1]),
            "{waits:?}"
        );
        assert!(
            waits[2..]
                .iter()
                .all(|minutes| (648..=720).contains(minutes)),
            "{waits:?}"
        );
    }

    #[test]
    fn every_is_kept_to_the_second_and_may_be_below_the_minimum() {
        let plan = next(
            &source("every = \"5m\""),
            &settings(),
            &state(Outcome::Unchanged, 0, MINUTE),
            Hints::default(),
            now(),
        );
        assert_eq!(wait(plan), 5 * MINUTE);
    }

    #[test]
    fn servers_may_ask_for_patience_up_to_the_longest_interval() {
        let asked = |hints| {
            wait(next(
                &source(""),
                &settings(),
                &state(failed(), 1, 15 * MINUTE),
                hints,
                now(),
            ))
        };
        let retry = |minutes| Hints {
            retry_after: Some(minutes * MINUTE),
            max_age: None,
        };
        assert_eq!(asked(retry(100)), 100 * MINUTE);
        assert_eq!(asked(retry(10_000)), 720 * MINUTE);
        let fresh = Hints {
            retry_after: None,
            max_age: Some(300 * MINUTE),
        };
        let plan = next(
            &source(""),
            &settings(),
            &state(Outcome::Unchanged, 0, 15 * MINUTE),
            fresh,
            now(),
        );
        assert!(wait(plan) >= 270 * MINUTE, "{plan:?}");
    }

    #[test]
    fn a_due_time_outlives_a_restart_unless_the_interval_was_shortened() {
        let state = SourceState {
            last_poll: Some(now()),
            next_poll: now().checked_add(60 * MINUTE).ok(),
            ..SourceState::default()
        };
        let later = |minutes: u32| now().checked_add(minutes * MINUTE).ok();
        let due = |every, max, asked_at: Option<Timestamp>| {
            let settings = ScheduleSettings {
                max: max * MINUTE,
                ..settings()
            };
            still_due(&source(every), &settings, &state, asked_at.unwrap())
        };
        assert_eq!(due("", 720, later(1)), state.next_poll);
        assert_eq!(due("every = \"5m\"", 720, later(1)), later(5));
        assert_eq!(due("", 20, later(1)), later(20));
        let unknown = SourceState::default();
        assert_eq!(still_due(&source(""), &settings(), &unknown, now()), None);
    }

    #[test]
    fn a_due_time_that_a_wrong_clock_has_left_is_not_waited_for() {
        let years = Duration::from_hours(10 * 365 * 24);
        let state = SourceState {
            last_poll: now().checked_add(years).ok(),
            next_poll: now().checked_add(years + MINUTE).ok(),
            ..SourceState::default()
        };
        let due = still_due(&source(""), &settings(), &state, now());
        assert_eq!(due, now().checked_add(720 * MINUTE).ok());
    }

    #[test]
    fn first_polls_are_spread_by_number() {
        let id = |n: u32| SourceId::parse(&format!("s{n}")).unwrap();
        assert_eq!(first_wait(&id(1), 1), Duration::ZERO);
        let waits: Vec<Duration> = (0..1000).map(|n| first_wait(&id(n), 1000)).collect();
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(100)));
        let early = waits
            .iter()
            .filter(|wait| **wait < Duration::from_secs(50))
            .count();
        assert!((400..600).contains(&early), "{early}");
    }
}
