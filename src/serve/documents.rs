//! Documents that are made at each asking: pages, the list of feeds, the API. The last rendition of each is kept for a
//! while, so that one that has not changed is told as such and keeps its validators.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, HeaderValue},
    response::Response,
};
use jiff::Timestamp;
use quick_cache::{Weighter, sync::Cache};

use super::{
    Site,
    conditional::{self, Asked},
    rendition::Rendition,
};

/// The most bytes that are kept.
const KEPT_BYTES: u64 = 16 << 20;

/// The last rendition of each document, by its address.
pub(super) struct Documents(Cache<String, Arc<Rendition>, Size>);

#[derive(Clone)]
struct Size;

impl Weighter<String, Arc<Rendition>> for Size {
    fn weight(&self, _: &String, rendition: &Arc<Rendition>) -> u64 {
        rendition.size_bytes() + 2048
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self(Cache::with_weighter(200, KEPT_BYTES, Size))
    }
}

impl Documents {
    /// Answers a GET or HEAD for a document that was just made.
    pub(super) async fn answer(
        &self,
        site: &Site,
        address: String,
        document: Vec<u8>,
        content_type: &'static str,
        request: &HeaderMap,
    ) -> Response {
        let rendition = self.renewed(address, document, content_type, (site.clock)());
        let stale = match site.config.server.token {
            Some(_) => "private, max-age=0",
            None => "max-age=0",
        };
        let stale = HeaderValue::from_static(stale);
        conditional::answer(&rendition, &Asked::of(request), stale).await
    }

    fn renewed(
        &self,
        address: String,
        document: Vec<u8>,
        content_type: &'static str,
        now: Timestamp,
    ) -> Arc<Rendition> {
        let before = self.0.get(&address);
        if let Some(before) = before.as_ref().filter(|b| b.document() == &document) {
            return before.clone();
        }
        let made = Rendition::new(document, content_type, now, before.as_deref());
        let made = Arc::new(made);
        self.0.insert(address, made.clone());
        made
    }
}
