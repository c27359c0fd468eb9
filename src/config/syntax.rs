//! A file's text to tables, going on after errors of syntax as far as that makes sense.

use std::{ops::Range, sync::Arc};

use toml::de::DeTable;

use super::{
    include::Opened,
    mistake::{File, Mistake, Place},
    values,
};

/// What could be parsed.
pub(super) struct Parsed<'a> {
    pub(super) table: DeTable<'a>,
    pub(super) mistakes: Vec<Mistake>,
    /// The lines with errors, in order.
    lines: Vec<Range<usize>>,
}

/// Parses an opened file.
pub(super) fn parse(opened: &Opened) -> Parsed<'_> {
    if let Some(garbled) = &opened.garbled {
        // what a charset has broken is not worth a second word
        return Parsed {
            table: DeTable::new(),
            mistakes: vec![garbled.clone()],
            lines: std::iter::once(0..usize::MAX).collect(),
        };
    }
    let text = opened.file.text.as_str();
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut errors: Vec<_> = errors
        .iter()
        .map(|error| (error.span().unwrap_or_default(), error.message()))
        .collect();
    errors.sort_by_key(|(span, _)| span.start);
    let mut mistakes = Vec::new();
    let mut lines: Vec<Range<usize>> = Vec::new();
    for (span, message) in errors {
        // the first error of a line brings forth the others
        if lines.last().is_some_and(|line| span.start <= line.end) {
            continue;
        }
        lines.push(line_around(text, span.start));
        mistakes.push(mistake(&opened.file, span, message));
    }
    Parsed {
        table: table.into_inner(),
        mistakes,
        lines,
    }
}

impl Parsed<'_> {
    /// Whether all of the file could be parsed.
    pub(super) fn whole(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds what was found in the tables, but for lines that could not be parsed.
    pub(super) fn add(&mut self, found: Vec<Mistake>) {
        let broken = |mistake: &Mistake| {
            let at = mistake.place.span.start;
            let after = self.lines.partition_point(|line| line.start <= at);
            after > 0 && at <= self.lines[after - 1].end
        };
        let found: Vec<_> = found
            .into_iter()
            .filter(|mistake| !broken(mistake))
            .collect();
        self.mistakes.extend(found);
    }
}

fn line_around(text: &str, at: usize) -> Range<usize> {
    let at = text.floor_char_boundary(at);
    let (before, after) = text.split_at(at);
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    start..after.find('\n').map_or(text.len(), |i| at + i)
}

fn mistake(file: &Arc<File>, span: Range<usize>, message: &str) -> Mistake {
    let place = Place {
        file: Arc::clone(file),
        span,
    };
    let found = place.text().to_owned();
    let (reason, expected) = match message.split_once(", expected ") {
        Some((reason, expected)) => (reason, format!("expected {expected}")),
        None => (message, String::new()),
    };
    match reason {
        "duplicate key" => Mistake::new(
            place,
            format!("`{}` is set twice", values::cut(&found)),
            "expected each key and section once",
        ),
        "string values must be quoted" => {
            let help = (!found.is_empty() && !found.contains(['"', '\\', '\n']))
                .then(|| format!("write \"{}\"", values::cut(&found)));
            let what = if found.is_empty() {
                "a key without a value"
            } else {
                "a text without quotes"
            };
            Mistake::new(place, what, "expected a value; texts stand in quotes").help(help)
        }
        _ => Mistake::new(place, format!("not TOML: {reason}"), expected),
    }
}
