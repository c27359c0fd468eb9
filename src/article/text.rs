//! The plain text of a body, shortened.

/// A summary has at most this many characters.
const SUMMARY: usize = 200;

/// A sentence that ends earlier would say too little.
const LEAST: usize = 60;

/// The first sentences of a plain text, at most 200 characters; cut in a sentence, it ends with `…`.
pub fn summary(body_text: &str) -> String {
    let mut folded = String::new();
    let mut ends = 0;
    let mut count = 0;
    for c in body_text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c == ' ' && (folded.is_empty() || folded.ends_with(' ')) {
            continue;
        }
        if count == SUMMARY {
            return cut(&folded, ends);
        }
        folded.push(c);
        count += 1;
        if matches!(c, '。' | '！' | '？' | '；' | '.' | '!' | '?') && count >= LEAST {
            ends = folded.len();
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// At the last sentence's end, or one character earlier with `…`.
fn cut(folded: &str, ends: usize) -> String {
    if ends > 0 {
        return folded[..ends].to_owned();
    }
    let last = folded.char_indices().next_back().map_or(0, |(at, _)| at);
    format!("{}…", folded[..last].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_ends_with_a_sentence_where_it_can() {
        assert_eq!(summary("第一段。\n第二段\t表格"), "第一段。 第二段 表格");
        let sentence = format!("{}。", "字".repeat(99));
        assert_eq!(summary(&sentence.repeat(3)), sentence.repeat(2));
        let endless = "字".repeat(300);
        let short = summary(&endless);
        assert_eq!(short.chars().count(), SUMMARY);
        assert!(short.ends_with('…'));
        assert_eq!(summary(&"字".repeat(200)), "字".repeat(200));
        assert_eq!(summary(""), "");
    }
}
