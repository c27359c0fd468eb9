//! Aligned columns for a terminal, right for wide characters (Unicode Standard Annex 11).
//!
//! In: cells, whose texts may come from a page of anybody's. Out: lines, in colour where that is wanted.

use unicode_width::UnicodeWidthStr;

/// How a cell looks in colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// As all text.
    Plain,
    /// All is well.
    Good,
    /// Not quite.
    Doubtful,
    /// Something is wrong.
    Bad,
    /// Not the main thing.
    Faint,
}

/// A text of one line, and how it looks.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell; what is no text in it, such as a terminal's orders, is left out.
    pub(super) fn new(text: &str, tone: Tone) -> Self {
        // those that turn the direction of a whole line are orders, too
        let is_order = |c: char| {
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let shown = |c: char| if is_order(c) { ' ' } else { c };
        Self {
            text: text.chars().map(shown).collect(),
            tone,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::from(number.to_string())
    }
}

/// A cell that is wider pushes its own row's others aside, and makes no column wider: one title of a thousand characters
/// would put the next column out of sight in every row.
const WIDEST: usize = 80;

/// Rows as lines of text below a heading: columns two spaces apart, the last one ragged.
pub(super) fn aligned<const N: usize>(
    heading: [&str; N],
    rows: &[[Cell; N]],
    colour: bool,
) -> String {
    let mut widths = heading.map(UnicodeWidthStr::width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            let own = cell.text.width();
            if own <= WIDEST {
                *width = (*width).max(own);
            }
        }
    }
    let mut out = String::new();
    let heading = heading.map(|text| Cell::new(text, Tone::Plain));
    push_line(&mut out, &heading, widths, |_| colour.then_some(BOLD));
    for row in rows {
        push_line(&mut out, row, widths, |cell| {
            code(cell.tone).filter(|_| colour)
        });
    }
    out
}

fn push_line<const N: usize>(
    out: &mut String,
    cells: &[Cell; N],
    widths: [usize; N],
    code: impl Fn(&Cell) -> Option<&'static str>,
) {
    let last = cells.iter().rposition(|cell| !cell.text.is_empty());
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        match code(cell) {
            Some(code) if !cell.text.is_empty() => {
                out.extend([code, cell.text.as_str(), RESET]);
            }
            _ => out.push_str(&cell.text),
        }
        if last.is_none_or(|last| i >= last) {
            break;
        }
        let rest = width.saturating_sub(cell.text.width());
        out.extend(std::iter::repeat_n(' ', rest + 2));
    }
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

// ECMA-48, section 8.3.117
const RESET: &str = "\x1b[0m";
const BOLD: &str = "\x1b[1m";

fn code(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some("\x1b[32m"),
        Tone::Doubtful => Some("\x1b[33m"),
        Tone::Bad => Some("\x1b[31m"),
        Tone::Faint => Some("\x1b[2m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        let rows = [["教育厅".into(), 1.into()], ["ab".into(), 22.into()]];
        let table = aligned(["名", "N"], &rows, false);
        assert_eq!(table, "名      N\n教育厅  1\nab      22\n");
    }

    #[test]
    fn one_long_cell_leaves_the_other_rows_as_they_are() {
        let long = "长".repeat(300);
        let rows = [
            ["短题".into(), "a".into()],
            [long.clone().into(), "b".into()],
        ];
        let table = aligned(["TITLE", "N"], &rows, false);
        assert_eq!(table, format!("TITLE  N\n短题   a\n{long}  b\n"));
    }

    #[test]
    fn colour_takes_no_columns_and_what_is_no_text_is_left_out() {
        let rows = [
            [Cell::new("ok", Tone::Good), "x\x1b[2Jy\u{202e}z".into()],
            ["-".into(), "".into()],
        ];
        let table = aligned(["A", "B"], &rows, true);
        assert_eq!(
            table,
            "\x1b[1mA\x1b[0m   \x1b[1mB\x1b[0m\n\x1b[32mok\x1b[0m  x [2Jy z\n-\n"
        );
    }
}
