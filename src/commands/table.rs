//! Aligned columns for a terminal, right for wide characters (Unicode Standard Annex 11).

use unicode_width::UnicodeWidthStr;

/// Rows as lines of text: columns two spaces apart, the last one ragged. The first row is the heading.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn wide_characters_take_two_columns() {
        let rows = [
            ["教育厅".to_owned(), "1".to_owned()],
            ["ab".to_owned(), "22".to_owned()],
        ];
        assert_eq!(super::aligned(&rows), "教育厅  1\nab      22\n");
    }
}
