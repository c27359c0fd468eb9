//! Text that XML 1.0 can hold and that the feed validators accept.

use std::borrow::Cow;

/// What stands for a character that could not be read: a reader that meets U+FFFD takes the feed for damaged (the W3C
/// feed validator: `BadCharacters`), and what is wrong is the page.
const UNREADABLE: char = '□';

/// Drops the characters that XML 1.0 (section 2.2, production `Char`) has no way to write, not even escaped, and the
/// control characters U+0080 to U+009F, which it allows and nobody means; marks those that could not be read. The feed
/// libraries escape the rest.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| kept(c) == Some(c)) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter_map(kept).collect())
    }
}

/// Whether anything of a text can be seen: what is blank has no place where a name or a title must be.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars()
        .any(|c| kept(c).is_some() && !c.is_whitespace())
}

fn kept(c: char) -> Option<char> {
    match c {
        '\0'..='\u{8}'
        | '\u{b}'
        | '\u{c}'
        | '\u{e}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{fffe}'
        | '\u{ffff}' => None,
        char::REPLACEMENT_CHARACTER => Some(UNREADABLE),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_what_cannot_be_written_goes() {
        assert_eq!(
            super::clean("a\0\u{1b}\tb\u{fffe}\n\u{10ffff}通\u{85}\u{fffd}知"),
            "a\tb\n\u{10ffff}通□知"
        );
    }
}
