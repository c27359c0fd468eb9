//! The one line that a poll leaves in the log.

use std::time::Duration;

use super::Visit;
use crate::source::{Source, state::Outcome};

/// Says how a poll went, in the span that names its source. One that failed is a warning, with the cause.
pub(super) fn tell(source: &Source, visit: &Visit, revised: usize, took: Duration) {
    let (outcome, next) = (visit.outcome.word(), &visit.next_poll);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match &visit.outcome {
        Outcome::Failed(fault) => tracing::warn!(
            outcome,
            articles.new = 0,
            articles.revised = revised,
            duration_ms,
            next = %next,
            url = %source.url,
            error = fault.words,
            "poll failed"
        ),
        Outcome::Read { items, new } => tracing::info!(
            outcome,
            items,
            articles.new = new,
            articles.revised = revised,
            duration_ms,
            next = %next,
            "polled"
        ),
        Outcome::Unchanged => tracing::info!(
            outcome,
            articles.new = 0,
            articles.revised = revised,
            duration_ms,
            next = %next,
            "polled"
        ),
    }
}
