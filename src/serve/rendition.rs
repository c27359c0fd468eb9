//! A document as bytes: made once per change, each of its forms packed once, when first asked for, with its validators
//! and the fields of its answers.

use std::fmt::Write;

use axum::http::{HeaderName, HeaderValue, header};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimePrinter};
use tokio::sync::OnceCell;
use xxhash_rust::xxh3::xxh3_128;

use super::{HARDENING, coding::Coding, sendfile};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// What an answer depends on, beside the address: the coding, and whether only news are asked for (RFC 3229).
const VARY: HeaderValue = HeaderValue::from_static("accept-encoding, a-im");

/// A document, ready to send.
pub(super) struct Rendition {
    last_modified: Timestamp,
    hash: u128,
    document: Bytes,
    content_type: &'static str,
    /// In the order of [`Coding::ALL`], as are the forms.
    stamps: [Stamp; 4],
    forms: [OnceCell<Form>; 4],
}

/// What is said of a document in one coding, whether it was packed already or not.
pub(super) struct Stamp {
    /// The strong entity tag (RFC 9110, section 8.8.3: each content coding has its own).
    pub(super) feed_etag: HeaderValue,
    /// The fields of a 304, but for those that depend on the time of asking.
    pub(super) fields: Vec<(HeaderName, HeaderValue)>,
    /// The same as HTTP/1.1 writes them, without the empty line at the end.
    pub(super) head: Bytes,
}

/// A document in one coding.
pub(super) struct Form {
    pub(super) bytes: Bytes,
    /// The fields of a 200, as in a [`Stamp`].
    pub(super) fields: Vec<(HeaderName, HeaderValue)>,
    pub(super) head: Bytes,
    /// The bytes as a file, where the system sends those without copying.
    pub(super) file: Option<sendfile::File>,
}

/// The hash that an entity tag of ours holds.
pub(super) fn hash_of(etag: &str) -> Option<u128> {
    let quoted = etag.trim().strip_prefix("W/").unwrap_or(etag.trim());
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let (hash, coding) = inner.split_at_checked(32)?;
    let known = |c: Coding| c.name().unwrap_or_default() == coding.trim_start_matches('-');
    let hash = u128::from_str_radix(hash, 16).ok()?;
    Coding::ALL.into_iter().any(known).then_some(hash)
}

impl Rendition {
    /// What it takes in memory, with the forms that are still to be made.
    pub(super) fn size_bytes(&self) -> u64 {
        self.document.len() as u64 * 2
    }

    /// Its bytes in no coding.
    pub(super) fn document(&self) -> &Bytes {
        &self.document
    }

    /// What its entity tags are made of.
    pub(super) fn hash(&self) -> u128 {
        self.hash
    }

    pub(super) fn last_modified(&self) -> Timestamp {
        self.last_modified
    }

    /// Stamps a document. The entity tag is a hash of its bytes alone. `Last-Modified` is the moment at which the bytes
    /// were first seen to differ from those `before`: an entry's own dates are older than its coming into a feed where
    /// a poll takes its time, or where another source has had it first.
    pub(super) fn new(
        document: Vec<u8>,
        content_type: &'static str,
        now: Timestamp,
        before: Option<&Self>,
    ) -> Self {
        Self::linked(document, content_type, None, now, before)
    }

    /// The same with a `Link`.
    pub(super) fn linked(
        document: Vec<u8>,
        content_type: &'static str,
        link: Option<&HeaderValue>,
        now: Timestamp,
        before: Option<&Self>,
    ) -> Self {
        let hash = xxh3_128(&document);
        let last_modified = match before {
            Some(before) if before.hash == hash => before.last_modified,
            // the header counts seconds: two changes within one must be told apart
            Some(before) => now.max(before.last_modified.saturating_add(SECOND).unwrap_or(now)),
            None => now,
        };
        let last_modified_header = http_date(last_modified);
        Self {
            last_modified,
            hash,
            document: document.into(),
            content_type,
            stamps: Coding::ALL.map(|coding| Stamp::new(hash, coding, &last_modified_header, link)),
            forms: Default::default(),
        }
    }

    /// What is said of it in a coding.
    pub(super) fn stamp(&self, coding: Coding) -> &Stamp {
        &self.stamps[coding.place()]
    }

    /// The form in a coding, if it was asked for before.
    pub(super) fn made(&self, coding: Coding) -> Option<&Form> {
        self.forms[coding.place()].get()
    }

    /// The form in a coding. However many ask for it at once, it is packed once, on a thread that may take its time.
    pub(super) async fn form(&self, coding: Coding) -> &Form {
        let made = self.forms[coding.place()].get_or_init(async || {
            let document = self.document.clone();
            let packed = match coding {
                Coding::Identity => document,
                _ => tokio::task::spawn_blocking(move || coding.encode(&document).into())
                    .await
                    // the task is neither aborted nor able to panic on any bytes
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())),
            };
            self.packed(coding, packed)
        });
        made.await
    }

    fn packed(&self, coding: Coding, bytes: Bytes) -> Form {
        let mut fields = self.stamp(coding).fields.clone();
        fields.push((
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        ));
        fields.push((header::CONTENT_LENGTH, HeaderValue::from(bytes.len())));
        let mut file = None;
        match coding.name() {
            Some(name) => fields.push((header::CONTENT_ENCODING, HeaderValue::from_static(name))),
            None => file = sendfile::File::of(&bytes),
        }
        Form {
            head: head("200 OK", &fields).into(),
            fields,
            file,
            bytes,
        }
    }
}

impl Stamp {
    fn new(
        hash: u128,
        coding: Coding,
        last_modified: &HeaderValue,
        link: Option<&HeaderValue>,
    ) -> Self {
        let tag = match coding.name() {
            None => format!("\"{hash:032x}\""),
            Some(name) => format!("\"{hash:032x}-{name}\""),
        };
        let feed_etag =
            HeaderValue::try_from(tag).expect("hexadecimal digits in quotes are a header value");
        let mut fields = vec![
            (header::ETAG, feed_etag.clone()),
            (header::LAST_MODIFIED, last_modified.clone()),
            (header::VARY, VARY),
        ];
        fields.extend(link.map(|link| (header::LINK, link.clone())));
        Self {
            head: head("304 Not Modified", &fields).into(),
            feed_etag,
            fields,
        }
    }
}

/// A head of HTTP/1.1 but for its end.
fn head(status: &str, fields: &[(HeaderName, HeaderValue)]) -> String {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    let ours = HARDENING.iter().map(|(name, value)| (name, value));
    for (name, value) in fields.iter().map(|(name, value)| (name, value)).chain(ours) {
        let value = value.to_str().unwrap_or_default();
        // memory takes it
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head
}

/// IMF-fixdate (RFC 9110, section 5.6.7).
pub(super) fn http_date(at: Timestamp) -> HeaderValue {
    let text = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_default();
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
