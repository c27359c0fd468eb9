//! Text that XML 1.0 can hold.

use std::borrow::Cow;

/// Drops the characters that XML 1.0 (section 2.2, production `Char`) has no way to write, not even escaped: control
/// characters, U+FFFE and U+FFFF. The feed libraries escape the rest.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_char) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|c| is_char(*c)).collect())
    }
}

fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_what_xml_cannot_write_goes() {
        assert_eq!(
            super::clean("a\0\u{1b}\tb\u{fffe}\n\u{10ffff}通知"),
            "a\tb\n\u{10ffff}通知"
        );
    }
}
