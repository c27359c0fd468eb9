//! The store as lines of JSON, and back: what `export` prints and `restore` reads.
//!
//! A line is an event as the journal keeps it, or `{"source":…,"state":…}`, what polls learnt of a source. A line that
//! is neither is refused by its number and in words; the others count.

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::Value;

use super::{
    StoreError,
    prepare::{Prepared, Text},
    records::StateRow,
};
use crate::{
    journal::{self, Damage, Event, Payload, Position},
    source::{SourceId, state::SourceState},
};

/// A piece of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exported {
    /// A line, without its end.
    Line(Vec<u8>),
    /// A place in the journal that cannot be read.
    Damaged(Damage),
}

/// Lines of an export, understood and ready to be kept.
#[derive(Debug, Default)]
pub struct Lines {
    pub(super) events: Vec<Prepared>,
    pub(super) states: Vec<(SourceId, SourceState)>,
    /// What was refused.
    pub refused: Vec<Refused>,
}

/// A line that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub why: String,
}

enum Line {
    Event(Box<Prepared>),
    State(Box<StateRow>),
    Blank,
}

impl Lines {
    /// Understands lines, the first of which has this number. Takes a while: on all cores, and not on an async worker.
    pub fn read(lines: Vec<Vec<u8>>, first: u64) -> Self {
        let understood: Vec<_> = lines
            .into_par_iter()
            .map(|line| understand(&line))
            .collect();
        let mut all = Self::default();
        for (line, understood) in (first..).zip(understood) {
            match understood {
                Ok(Line::Event(event)) => all.events.push(*event),
                Ok(Line::State(row)) => all.states.push((row.source, row.state)),
                Ok(Line::Blank) => {}
                Err(why) => all.refused.push(Refused { line, why }),
            }
        }
        all
    }
}

fn understand(line: &[u8]) -> Result<Line, String> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(Line::Blank);
    }
    let event = match serde_json::from_slice::<Event>(line) {
        Ok(event) => event,
        Err(error) => {
            return match StateRow::decode(line) {
                Some(row) => Ok(Line::State(Box::new(row))),
                None => Err(why_not(line, &error)),
            };
        }
    };
    // the line itself is kept: it may say more than this version knows
    let payload = Payload::of_text(line).map_err(|error| error.to_string())?;
    Ok(Line::Event(Box::new(Prepared {
        payload,
        text: Text::of(&event),
        event: event.into(),
    })))
}

fn why_not(line: &[u8], error: &serde_json::Error) -> String {
    match serde_json::from_slice::<Value>(line) {
        Err(error) => format!("it is no JSON: {error}"),
        Ok(value) if value.get("event").is_none() => {
            "it is neither an event nor what was learnt of a source".to_owned()
        }
        Ok(_) => format!("it is no event: {error}"),
    }
}

pub(super) fn events(
    journal: &journal::Reader,
) -> Result<impl Iterator<Item = Result<Exported, StoreError>> + use<>, StoreError> {
    let texts = journal.replay(Position::START)?.texts();
    Ok(texts.map(|text| {
        Ok(match text? {
            Ok(line) => Exported::Line(line),
            Err(damage) => Exported::Damaged(damage),
        })
    }))
}
