//! Pictures and documents made on the spot: small, valid, and the same bytes at each start.
//!
//! In: a file's name and what it is called on its page. Out: its bytes, as PNG, SVG, PDF or DOCX.

mod document;
mod picture;

/// The media type of a file, by its name's ending.
pub(super) fn media_type(name: &str) -> &'static str {
    match ending(name) {
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "application/octet-stream",
    }
}

/// The bytes of a file.
pub(super) fn make(name: &str, title: &str) -> Vec<u8> {
    match ending(name) {
        "png" => picture::png(name),
        "svg" => picture::svg(title),
        "pdf" => document::pdf(title),
        "docx" => document::docx(title),
        _ => vec![],
    }
}

fn ending(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}
