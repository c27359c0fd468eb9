//! Text templates: the departments' markup is kept as the families write it, which no HTML builder would write.

/// Puts values where the template says `{{name}}`. What a value contains is not looked at again.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            filled.push_str("{{");
            rest = after;
            break;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            // stays visible: a test looks for it
            None => filled.push_str(&["{{", name, "}}"].concat()),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Text for an element or a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// The first `length` characters with `…` after them, or the whole text if it is no longer.
pub(super) fn cut(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(length).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_once() {
        let filled = fill(
            "<{{a}}-{{b}}-{{c}}> {{",
            &[("a", "{{b}}"), ("b", "2"), ("d", "4")],
        );
        assert_eq!(filled, "<{{b}}-2-{{c}}> {{");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("通知公告", 4), "通知公告");
        assert_eq!(cut("通知公告栏", 4), "通知公告…");
    }
}
