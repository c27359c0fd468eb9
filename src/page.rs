//! A page: bytes and headers received once, and what can be asked of them.
//!
//! In: a response's body with the headers that matter. Out: text ([`charset`]), a parsed tree ([`document`]),
//! absolute and normalised addresses ([`links`]), where a page sends its reader on ([`onward`]).

pub mod charset;
pub mod document;
pub mod index;
pub mod links;
mod nesting;
pub mod onward;
mod parser;
pub mod text;
mod write;

use bytes::Bytes;
use url::Url;

/// What was received once.
#[derive(Clone, Debug)]
pub struct Page {
    /// The address that answered, after redirects: what relative links resolve against.
    pub url: Url,
    /// The `Content-Type` header, as sent.
    pub content_type: Option<String>,
    /// The body, decompressed.
    pub body: Bytes,
}
