//! How long until the next visit. Pure.
//!
//! The interval follows the source's own rhythm ([`Rhythm`]): short when news are likely, long when they are not, between
//! `[schedule] min` and `max`; `every` fixes it. Failures back off from the shortest interval, doubling up to `max`, and
//! never give up. A server's `Retry-After` and `Cache-Control: max-age` are obeyed up to `max`.

use std::time::Duration;

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    config::ScheduleSettings,
    source::{
        Source, SourceId,
        rhythm::Rhythm,
        state::{FaultKind, Outcome, Reason, SourceState},
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
    /// What decided it.
    pub reason: Reason,
}

/// Writes down how a visit ended, what that tells of the source's rhythm, and when the next one is due.
pub fn conclude(
    source: &Source,
    settings: &ScheduleSettings,
    state: &mut SourceState,
    outcome: Outcome,
    hints: Hints,
    now: Timestamp,
) -> Plan {
    // a list that was read is a success, whatever its articles' pages are like
    let failed = outcome
        .fault()
        .is_some_and(|fault| fault.kind != FaultKind::BodyMissing);
    if failed {
        state.failures = state.failures.saturating_add(1);
    } else {
        // what a first visit finds is old news
        if let Some(before) = state.last_success {
            let new = match outcome {
                Outcome::Read { new, .. } => new,
                Outcome::Unchanged | Outcome::Failed(_) => 0,
            };
            let rhythm = state.rhythm.get_or_insert_default();
            rhythm.observe(before, now, new, &source.timezone);
        }
        state.failures = 0;
        state.last_success = Some(now);
    }
    state.first_poll.get_or_insert(now);
    state.last_poll = Some(now);
    state.outcome = Some(outcome);
    let plan = next(source, settings, state, hints, now);
    state.interval = Some(plan.interval);
    state.next_poll = Some(plan.due);
    state.reason = Some(plan.reason);
    plan
}

/// The next visit after one that ended as `state` says.
pub fn next(
    source: &Source,
    settings: &ScheduleSettings,
    state: &SourceState,
    hints: Hints,
    now: Timestamp,
) -> Plan {
    let failed = state.failures > 0;
    let (interval, mut reason) = match source.every {
        Some(every) => (every, Reason::Every),
        // where nothing was read there is nothing to adapt to
        None if failed => (settings.min, Reason::Failures),
        None => (adapted(source, settings, state, now), Reason::Rhythm),
    };
    let longest = settings.max.max(interval);
    let mut wait = interval;
    if failed {
        reason = Reason::Failures;
        wait = interval
            .saturating_mul(1 << state.failures.min(16))
            .min(longest);
    }
    if reason != Reason::Every {
        wait = wait.mul_f64(jitter(&source.id)).min(longest);
    }
    if reason == Reason::Rhythm {
        wait = wait.max(settings.min);
        let fresh = hints.max_age.unwrap_or_default().min(longest);
        if fresh > wait {
            (wait, reason) = (fresh, Reason::MaxAge);
        }
    }
    // a server may ask for patience, but not for being forgotten
    let patience = hints.retry_after.unwrap_or_default().min(longest);
    if patience > wait {
        (wait, reason) = (patience, Reason::RetryAfter);
    }
    Plan {
        interval,
        due: whole_seconds(now.checked_add(wait).unwrap_or(Timestamp::MAX)),
        reason,
    }
}

fn adapted(
    source: &Source,
    settings: &ScheduleSettings,
    state: &SourceState,
    now: Timestamp,
) -> Duration {
    let unknown = Rhythm::default();
    let rhythm = state.rhythm.as_ref().unwrap_or(&unknown);
    rhythm.wait(now, &source.timezone, settings.min, settings.max)
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
    use jiff::ToSpan;

    use super::*;
    use crate::{config::Config, source::state::Fault};

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

    /// Polls for some days, with as many new articles in each; gives the last plan.
    fn polled(state: &mut SourceState, days: i64, new: u32) -> Plan {
        let begin = state.last_poll.unwrap_or_else(now);
        let mut plan = None;
        for hour in 1..=days * 24 {
            let outcome = match new {
                0 => Outcome::Unchanged,
                new => Outcome::Read { items: 20, new },
            };
            let at = begin + hour.hours();
            plan = Some(conclude(
                &source(""),
                &settings(),
                state,
                outcome,
                Hints::default(),
                at,
            ));
        }
        plan.unwrap()
    }

    #[test]
    fn news_quicken_and_silence_slows() {
        let mut state = SourceState::default();
        let busy = polled(&mut state, 14, 1);
        let silent = polled(&mut state, 14, 0);
        let awake = polled(&mut state, 7, 1);
        assert_eq!(busy.reason, Reason::Rhythm);
        assert!(busy.interval * 4 < silent.interval, "{busy:?} {silent:?}");
        assert!(awake.interval * 4 < silent.interval, "{awake:?} {silent:?}");
        assert!((15 * MINUTE..=720 * MINUTE).contains(&busy.interval));
        // jitter is the source's own, and stays within the bounds
        let again = next(&source(""), &settings(), &state, Hints::default(), now());
        assert_eq!(
            again,
            next(&source(""), &settings(), &state, Hints::default(), now())
        );
        assert!(wait(again) >= 15 * MINUTE, "{again:?}");
    }

    #[test]
    fn what_a_first_visit_finds_is_no_news() {
        let mut state = SourceState::default();
        let first = Outcome::Read { items: 20, new: 20 };
        conclude(
            &source(""),
            &settings(),
            &mut state,
            first,
            Hints::default(),
            now(),
        );
        assert_eq!(state.rhythm, None);
        assert_eq!(state.last_success, Some(now()));
    }

    #[test]
    fn failures_teach_nothing_of_the_rhythm_and_a_success_ends_them() {
        let mut state = SourceState::default();
        polled(&mut state, 2, 1);
        let (rhythm, succeeded) = (state.rhythm.clone(), state.last_success);
        let at = state.last_poll.unwrap() + 5.hours();
        let plan = conclude(
            &source(""),
            &settings(),
            &mut state,
            failed(),
            Hints::default(),
            at,
        );
        assert_eq!((plan.reason, state.failures), (Reason::Failures, 1));
        assert_eq!((&state.rhythm, state.last_success), (&rhythm, succeeded));
        let well = conclude(
            &source(""),
            &settings(),
            &mut state,
            Outcome::Unchanged,
            Hints::default(),
            at + 1.hour(),
        );
        assert_eq!((well.reason, state.failures), (Reason::Rhythm, 0));
        assert_ne!(state.rhythm, rhythm);
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
        assert_eq!((wait(plan), plan.reason), (300 * MINUTE, Reason::MaxAge));
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
