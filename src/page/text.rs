//! White space as pages misuse it: folded away.
//!
//! Word processors and content systems indent with full-width and no-break spaces, and leave zero-width characters
//! behind; a title pasted from one of them must equal the same title typed by hand.

/// Whether a character is white space to a reader: Unicode white space, or one that has no width at all.
pub fn is_space(c: char) -> bool {
    match c {
        // nearly all characters of a page, told without a look into Unicode's tables
        '!'..='~' | '\u{3001}'..='\u{FEFE}' => false,
        c => c.is_whitespace() || is_invisible(c),
    }
}

/// Whether a character shows nothing and takes no room: soft hyphen, zero-width spaces and joiners, byte-order mark,
/// direction marks.
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
    )
}

/// The text with each run of white space as one space, none at the ends, invisible characters gone.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    push_folded(&mut folded, text);
    folded.truncate(folded.trim_end().len());
    folded
}

/// Appends a piece of text so that the whole stays folded but for one space at its end.
pub fn push_folded(folded: &mut String, piece: &str) {
    let mut rest = piece;
    // words are copied whole
    while let Some((at, space)) = find_space(rest) {
        folded.push_str(&rest[..at]);
        if space.is_whitespace() && !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
        rest = &rest[at + space.len_utf8()..];
    }
    folded.push_str(rest);
}

/// The first space of a text, and where it is. Bytes that are none are passed over without being decoded.
fn find_space(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(lead) = bytes.get(at) {
        match lead {
            b'!'..=b'~' => at += 1,
            // of U+4000 to U+DFFF, among them nearly all that is written in Chinese
            0xE4..=0xED => at += 3,
            _ => {
                let c = text.get(at..)?.chars().next()?;
                if is_space(c) {
                    return Some((at, c));
                }
                at += c.len_utf8();
            }
        }
    }
    None
}

/// The text cut to at most `limit` characters.
pub fn cut(text: &str, limit: usize) -> &str {
    match text.char_indices().nth(limit) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// How many characters a reader sees: white space and invisible ones left out.
pub fn visible_chars(text: &str) -> usize {
    text.chars().filter(|&c| !is_space(c)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_every_kind_of_space() {
        assert_eq!(
            fold("\u{3000}\u{3000}关于\u{a0}\n 开学\u{200b}的\u{feff}通知 "),
            "关于 开学的通知"
        );
        assert_eq!(fold(" \u{3000}\t"), "");
    }

    #[test]
    fn finds_the_first_space_of_any_text() {
        for c in ('\0'..=char::MAX).filter(|c| u32::from(*c) < 0x1_1000) {
            let text = format!("通a{c}知");
            let found = is_space(c).then_some((4, c));
            assert_eq!(find_space(&text), found, "{c:?}");
        }
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("通知公告", 2), "通知");
        assert_eq!(cut("通知", 9), "通知");
    }
}
