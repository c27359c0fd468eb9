//! A feed as bytes: made once per change, with its compressed form, its validators and their header values.

use std::io::Write;

use axum::http::HeaderValue;
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimePrinter};
use xxhash_rust::xxh3::xxh3_128;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// One form of a feed's bytes with its strong `ETag` (RFC 9110, section 8.8.3: each content coding has its own).
pub(super) struct Form {
    pub(super) bytes: Bytes,
    pub(super) feed_etag: HeaderValue,
}

/// A feed in one format, ready to send.
pub(super) struct Rendition {
    pub(super) content_type: &'static str,
    pub(super) last_modified: Timestamp,
    pub(super) last_modified_header: HeaderValue,
    pub(super) identity: Form,
    pub(super) gzip: Form,
}

impl Rendition {
    /// What it takes in memory.
    pub(super) fn size_bytes(&self) -> u64 {
        (self.identity.bytes.len() + self.gzip.bytes.len()) as u64
    }

    /// Compresses and stamps a document. The `ETag` is a hash of its bytes alone. `Last-Modified` is the moment at
    /// which the bytes were first seen to differ from those `before`: an entry's own dates are older than its coming
    /// into a feed where a poll takes its time, or where another source has had it first.
    pub(super) fn new(
        document: Vec<u8>,
        content_type: &'static str,
        now: Timestamp,
        before: Option<&Self>,
    ) -> Self {
        let hash = xxh3_128(&document);
        let feed_etag = etag(&format!("\"{hash:032x}\""));
        let last_modified = match before {
            Some(before) if before.identity.feed_etag == feed_etag => before.last_modified,
            // the header counts seconds: two changes within one must be told apart
            Some(before) => now.max(before.last_modified.saturating_add(SECOND).unwrap_or(now)),
            None => now,
        };
        let gzip = gzip(&document);
        Self {
            content_type,
            last_modified,
            last_modified_header: http_date(last_modified),
            identity: Form {
                bytes: document.into(),
                feed_etag,
            },
            gzip: Form {
                bytes: gzip.into(),
                feed_etag: etag(&format!("\"{hash:032x}-gzip\"")),
            },
        }
    }
}

fn etag(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("hexadecimal digits in quotes are a header value")
}

/// Without a time stamp or a name in its header, equal documents give equal bytes.
fn gzip(document: &[u8]) -> Vec<u8> {
    let mut encoder =
        GzBuilder::new().write(Vec::with_capacity(document.len() / 4), Compression::new(6));
    encoder
        .write_all(document)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}

/// IMF-fixdate (RFC 9110, section 5.6.7).
fn http_date(at: Timestamp) -> HeaderValue {
    let text = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_default();
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
