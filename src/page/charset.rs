//! Bytes to text: the one place that chooses a charset.
//!
//! In: a body and its `Content-Type` header. Out: text. The order is a browser's (Encoding Standard; HTML 13.2.3):
//! byte-order mark, header, `<meta>` in the first bytes, then a look at the bytes themselves. One step goes beyond a
//! browser's: a declared charset that the bytes plainly contradict is set aside, since sites that moved to UTF-8 keep
//! the old `<meta charset=gb2312>` in a template, and the other way round.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

/// Where a `<meta>` that names the charset is looked for. The standard says 1024 bytes; pages in the wild put scripts
/// and comments before it.
const META_BYTES: usize = 4 << 10;

/// How much is shown to the statistical guess, which is ten times slower than parsing.
const GUESS_BYTES: usize = 4 << 10;

/// A body as text.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The text, without byte-order mark.
    pub text: String,
    /// The charset that was used.
    pub charset: &'static Encoding,
    /// No charset fits: so much is unreadable that nothing should be made of it.
    pub garbled: bool,
}

/// Decodes a body. `content_type` is the header as sent.
pub fn decode(body: &[u8], content_type: Option<&str>) -> Decoded {
    if let Some((charset, mark)) = Encoding::for_bom(body) {
        return finish(&body[mark..], charset);
    }
    let declared = content_type
        .and_then(charset_of_header)
        .or_else(|| charset_of_meta(&body[..body.len().min(META_BYTES)]));
    // quicker than the standard library's look, by the processor's vectors
    if let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(body) {
        return utf_8_unless_declared(text, body, declared);
    }
    // a page cut in the middle of a character, or a single bad byte, is no reason to doubt UTF-8
    let as_utf_8 = finish(body, UTF_8);
    if is_nearly_clean(&as_utf_8.text) {
        return as_utf_8;
    }
    let first = finish(body, declared.unwrap_or_else(|| guess(body)));
    if is_nearly_clean(&first.text) {
        return first;
    }
    let rivals = [finish(body, GB18030), finish(body, guess(body))];
    let best = rivals
        .into_iter()
        .find(|rival| is_nearly_clean(&rival.text));
    best.unwrap_or(first)
}

/// Valid UTF-8 is no accident but where it is plain ASCII: then only a charset that is no superset of ASCII matters.
fn utf_8_unless_declared(
    text: Cow<'_, str>,
    body: &[u8],
    declared: Option<&'static Encoding>,
) -> Decoded {
    match declared {
        Some(charset) if !charset.is_ascii_compatible() => finish(body, charset),
        _ => Decoded {
            garbled: is_garbled(&text),
            text: text.into_owned(),
            charset: UTF_8,
        },
    }
}

fn finish(body: &[u8], charset: &'static Encoding) -> Decoded {
    let (text, _) = charset.decode_without_bom_handling(body);
    Decoded {
        garbled: is_garbled(&text),
        text: Cow::into_owned(text),
        charset,
    }
}

/// How many characters could not be read.
fn unreadable(text: &str) -> usize {
    memchr::memmem::find_iter(text.as_bytes(), "\u{FFFD}").count()
}

/// How many characters there are beyond ASCII.
fn beyond_ascii(text: &str) -> usize {
    text.bytes().filter(|&b| b >= 0xC0).count()
}

/// At most one character in twenty of those beyond ASCII is unreadable.
fn is_nearly_clean(text: &str) -> bool {
    let lost = unreadable(text);
    lost == 0 || lost * 20 <= beyond_ascii(text)
}

/// So many characters are unreadable, or so many bytes are zero, that this is no text.
fn is_garbled(text: &str) -> bool {
    let lost = unreadable(text);
    let zeros = memchr::memchr_iter(0, text.as_bytes()).count();
    lost > 3 && lost * 20 > beyond_ascii(text) || zeros * 100 > text.len()
}

fn charset_of_header(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let label = lower.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        (name.trim() == "charset").then(|| value.trim().trim_matches(['"', '\'']))
    })?;
    for_label(label.as_bytes())
}

/// The charset that the first `<meta charset=…>` or `<meta … content="…charset=…">` names.
fn charset_of_meta(head: &[u8]) -> Option<&'static Encoding> {
    let lower = head.to_ascii_lowercase();
    let mut rest = &lower[..];
    while let Some(at) = position(rest, b"<meta") {
        rest = &rest[at + 5..];
        let end = position(rest, b">").unwrap_or(rest.len());
        if let Some(label) = label_in(&rest[..end])
            && let Some(charset) = for_label(label)
        {
            // a page that says UTF-16 in ASCII is not
            let wide = charset == UTF_16LE || charset == UTF_16BE;
            return Some(if wide { UTF_8 } else { charset });
        }
    }
    // XML says it otherwise
    let declaration = lower.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..position(declaration, b"?>")?];
    let value = &declaration[position(declaration, b"encoding=")? + 9..];
    for_label(label(value))
}

fn label_in(meta: &[u8]) -> Option<&[u8]> {
    let mut value = &meta[position(meta, b"charset")? + 7..];
    value = value.trim_ascii_start().strip_prefix(b"=")?;
    Some(label(value))
}

fn label(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii_start();
    let value = value
        .strip_prefix(b"\"")
        .or(value.strip_prefix(b"'"))
        .unwrap_or(value);
    let end = value
        .iter()
        .position(|b| !b.is_ascii_alphanumeric() && !b"-_:.".contains(b))
        .unwrap_or(value.len());
    &value[..end]
}

/// gb2312 and gbk read as GB18030, which holds both.
fn for_label(label: &[u8]) -> Option<&'static Encoding> {
    let charset = Encoding::for_label(label)?;
    Some(if charset == GBK { GB18030 } else { charset })
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// What the bytes look like, judged by a piece around the first one beyond ASCII.
fn guess(body: &[u8]) -> &'static Encoding {
    let first = body.iter().position(|b| !b.is_ascii()).unwrap_or(0);
    let start = first.saturating_sub(GUESS_BYTES / 16);
    let piece = &body[start..body.len().min(start + GUESS_BYTES)];
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(piece, piece.len() < GUESS_BYTES);
    let charset = detector.guess(Some(b"cn"), chardetng::Utf8Detection::Allow);
    if charset == GBK { GB18030 } else { charset }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<title>关于做好2024年春季学期开学工作的通知</title>";

    fn gbk(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    #[test]
    fn header_comes_before_meta() {
        let body = gbk(&format!("<meta charset=utf-8>{TEXT}"));
        let decoded = decode(&body, Some("text/html; Charset=\"GB2312\""));
        assert!(decoded.text.ends_with(TEXT));
        assert_eq!(decoded.charset, GB18030);
    }

    #[test]
    fn meta_is_read_in_all_its_spellings() {
        for meta in [
            "<meta charset=gb2312>",
            "<META http-equiv='Content-Type' content='text/html; charset=GBK'>",
            "<meta content=\"text/html;charset = gb2312\" http-equiv=content-type />",
            "<?xml version=\"1.0\" encoding=\"gb18030\"?>",
        ] {
            let decoded = decode(&gbk(&format!("{meta}{TEXT}")), None);
            assert_eq!(decoded.charset, GB18030, "{meta}");
            assert!(decoded.text.ends_with(TEXT));
        }
    }

    #[test]
    fn a_wrong_declaration_is_set_aside() {
        let utf_8 = format!("<meta charset=gb2312>{TEXT}");
        assert_eq!(decode(utf_8.as_bytes(), None).text, utf_8);
        let body = gbk(&format!("<meta charset=utf-8>{TEXT}"));
        assert!(decode(&body, None).text.ends_with(TEXT));
    }

    #[test]
    fn nothing_declared_is_guessed() {
        assert!(decode(&gbk(TEXT), None).text.ends_with(TEXT));
        assert!(
            decode(TEXT.as_bytes(), Some("text/html"))
                .text
                .ends_with(TEXT)
        );
    }

    #[test]
    fn the_byte_order_mark_wins() {
        let body = [b"\xEF\xBB\xBF", TEXT.as_bytes()].concat();
        let decoded = decode(&body, Some("text/html; charset=gbk"));
        assert_eq!(decoded.text, TEXT);
        let wide: Vec<u8> = [0xFEFF]
            .into_iter()
            .chain(TEXT.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(decode(&wide, None).text, TEXT);
    }

    #[test]
    fn half_a_character_spoils_nothing() {
        let mut body = gbk(&TEXT.repeat(20));
        body.truncate(body.len() - 9);
        let decoded = decode(&body, Some("text/html; charset=gbk"));
        assert_eq!(decoded.charset, GB18030);
        assert!(!decoded.garbled);
        let mut body = format!("<meta charset=utf-8>{}", TEXT.repeat(20)).into_bytes();
        body.insert(60, 0xB9);
        let decoded = decode(&body, None);
        assert_eq!(decoded.charset, UTF_8);
        assert!(!decoded.garbled);
    }

    #[test]
    fn soup_is_called_garbled() {
        let soup = "\u{FFFD}\u{FFFD}关\u{FFFD}".repeat(50);
        assert!(decode(soup.as_bytes(), None).garbled);
        assert!(decode(&[0, 159, 146, 0, 7].repeat(100), None).garbled);
        assert!(!decode(b"", None).garbled);
    }
}
