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
pub fn next(source: &Source, settings: &ScheduleSettings, state: &SourceState, hints: Hints, now: Timestamp) -> Plan {
    let interval = source.every.unwrap_or_else(|| adapted(settings, state));
    let longest = settings.max.max(interval);
    let mut wait = interval;
    if state.failures > 0 {
        wait = interval.saturating_mul(1 << state.failures.min(16)).min(longest);
    } else if source.every.is_none() {
        wait = wait.max(hints.max_age.unwrap_or_default().min(longest));
    }
    if source.every.is_none() || state.failures > 0 {
        wait = wait.mul_f64(jitter(&source.id)).min(longest);
    }
    // a server may ask for patience, but not for being forgotten
    let wait = wait.max(hints.retry_after.unwrap_or_default().min(longest));
    Plan { interval, due: now.checked_add(wait).unwrap_or(Timestamp::MAX) }
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

/// The due time that the last run left, unless the configuration has since asked for a shorter interval.
pub fn still_due(source: &Source, state: &SourceState) -> Option<Timestamp> {
    let due = state.next_poll?;
    let every = source.every.filter(|_| state.failures == 0);
    let shorter = every.and_then(|every| state.last_poll?.checked_add(every).ok());
    Some(shorter.map_or(due, |shorter| due.min(shorter)))
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
