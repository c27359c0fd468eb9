//! Documents that are made at each asking: the front page, the list of feeds, the API. The last rendition of each is
//! kept, so that one that has not changed is told as such and keeps its validators.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    http::{HeaderMap, HeaderValue},
    response::Response,
};
use jiff::Timestamp;

use super::{
    Site,
    conditional::{self, Asked},
    rendition::Rendition,
};

/// The last rendition of each document, by its address.
#[derive(Default)]
pub(super) struct Documents(Mutex<HashMap<&'static str, Arc<Rendition>>>);

impl Documents {
    /// Answers a GET or HEAD for a document that was just made.
    pub(super) async fn answer(
        &self,
        site: &Site,
        address: &'static str,
        document: Vec<u8>,
        content_type: &'static str,
        request: &HeaderMap,
    ) -> Response {
        let rendition = self.renewed(address, document, content_type, (site.clock)());
        let now_stale = HeaderValue::from_static("max-age=0");
        conditional::answer(&rendition, &Asked::of(request), now_stale).await
    }

    fn renewed(
        &self,
        address: &'static str,
        document: Vec<u8>,
        content_type: &'static str,
        now: Timestamp,
    ) -> Arc<Rendition> {
        // a map of whole renditions is whole at every moment, so a poisoned lock guards nothing broken
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.get(address);
        if let Some(before) = before.filter(|before| before.document() == &document) {
            return before.clone();
        }
        let made = Rendition::new(document, content_type, now, before.map(AsRef::as_ref));
        let made = Arc::new(made);
        kept.insert(address, made.clone());
        made
    }
}
