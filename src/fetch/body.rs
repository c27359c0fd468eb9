//! The body of an answer, read as far as it is wanted.

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::timeout;
use url::Url;

use super::{
    Limits, client,
    error::{FetchError, Stage},
};

/// How much room is made for a body by what its head announces, which may not be true.
const MOST_RESERVED: usize = 256 << 10;

/// How much of a body is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Extent {
    /// So many bytes after decompression, and not one more: more is an error.
    Whole(u64),
    /// So many bytes; the rest is left.
    Beginning(u64),
}

/// Reads a body, decompressed.
///
/// # Errors
/// It is too large, pauses for too long, breaks off, or is damaged.
pub(super) async fn read(
    url: &Url,
    answer: &mut Response,
    limits: &Limits,
    extent: Extent,
) -> Result<Bytes, FetchError> {
    if let Extent::Whole(most) = extent
        && answer.content_length().is_some_and(|length| length > most)
    {
        return Err(too_large(url, most));
    }
    match chunk(url, answer, limits).await? {
        Some(first) => read_on(url, answer, limits, first, extent).await,
        None => Ok(Bytes::new()),
    }
}

/// Reads a file's body only where it proves to be a page: servers call pages and feeds `application/octet-stream`.
///
/// # Errors
/// As [`read`].
pub(super) async fn read_if_page(
    url: &Url,
    answer: &mut Response,
    limits: &Limits,
    extent: Extent,
) -> Result<Bytes, FetchError> {
    let first = chunk(url, answer, limits).await?.unwrap_or_default();
    let text = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&first);
    if text.trim_ascii_start().starts_with(b"<") {
        read_on(url, answer, limits, first, extent).await
    } else {
        Ok(Bytes::new())
    }
}

async fn read_on(
    url: &Url,
    answer: &mut Response,
    limits: &Limits,
    first: Bytes,
    extent: Extent,
) -> Result<Bytes, FetchError> {
    let (Extent::Whole(most) | Extent::Beginning(most)) = extent;
    let mut body = Gathered::One(first);
    let announced = answer.content_length().unwrap_or_default();
    let room = usize::try_from(announced.min(most)).unwrap_or(usize::MAX);
    let room = room.min(MOST_RESERVED);
    while within(body.len(), most) {
        match chunk(url, answer, limits).await? {
            Some(more) => body.push(&more, room),
            None => return Ok(body.into_bytes()),
        }
    }
    if matches!(extent, Extent::Whole(_)) {
        return Err(too_large(url, most));
    }
    let mut body = body.into_bytes();
    body.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(body)
}

fn too_large(url: &Url, limit_bytes: u64) -> FetchError {
    FetchError::TooLarge {
        address: url.into(),
        limit_bytes,
    }
}

/// Whether a media type is of a file to be offered, not of a page to be read.
pub(super) fn is_file(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default();
    let media = media.trim().to_ascii_lowercase();
    let textual = ["xml", "html", "json", "javascript", "text"];
    match media.split_once('/') {
        Some(("image" | "video" | "audio" | "font", _)) => true,
        Some(("application", kind)) => {
            !textual.iter().any(|word| kind.contains(word)) || office(kind)
        }
        _ => false,
    }
}

/// The media types of office files hold the word xml too.
fn office(kind: &str) -> bool {
    kind.starts_with("vnd.openxmlformats") || kind.starts_with("vnd.oasis")
}

async fn chunk(
    url: &Url,
    answer: &mut Response,
    limits: &Limits,
) -> Result<Option<Bytes>, FetchError> {
    let slow = |_| FetchError::Slow {
        address: url.into(),
        stage: Stage::Idle,
        limit: limits.idle,
    };
    let next = timeout(limits.idle, answer.chunk()).await.map_err(slow)?;
    next.map_err(|error| client::explain(url, limits, error))
}

fn within(length: usize, most: u64) -> bool {
    u64::try_from(length).is_ok_and(|length| length <= most)
}

/// Small bodies come in one piece and need no copy.
enum Gathered {
    One(Bytes),
    Many(BytesMut),
}

impl Gathered {
    fn len(&self) -> usize {
        match self {
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    /// `room`: how many bytes the whole is said to have.
    fn push(&mut self, more: &Bytes, room: usize) {
        if let Self::One(first) = self {
            let mut bytes = BytesMut::with_capacity(room.max(first.len() + more.len()));
            bytes.extend_from_slice(first);
            *self = Self::Many(bytes);
        }
        if let Self::Many(bytes) = self {
            bytes.extend_from_slice(more);
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_pages_by_their_media_type() {
        for file in [
            "application/pdf",
            "application/msword",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/octet-stream",
            "Image/PNG",
            "video/mp4; x=y",
        ] {
            assert!(is_file(file), "{file}");
        }
        for page in [
            "text/html; charset=gbk",
            "application/xhtml+xml",
            "application/rss+xml",
            "application/json",
            "text/plain",
            "",
            "nonsense",
        ] {
            assert!(!is_file(page), "{page}");
        }
    }
}
