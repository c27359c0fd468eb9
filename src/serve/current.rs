//! The site as it is now: another one takes its place when the configuration changes, and no connection is dropped.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::extract::FromRef;

use super::Site;

/// The present site; clones share it.
#[derive(Clone)]
pub struct Current(Arc<ArcSwap<Site>>);

impl Current {
    /// The present one.
    pub fn site(&self) -> Arc<Site> {
        self.0.load_full()
    }

    /// Puts another one in its place. What is being answered is answered by the one before.
    pub fn replace(&self, site: Arc<Site>) {
        self.0.store(site);
    }
}

impl From<Arc<Site>> for Current {
    fn from(site: Arc<Site>) -> Self {
        Self(Arc::new(ArcSwap::new(site)))
    }
}

impl FromRef<Current> for Arc<Site> {
    fn from_ref(current: &Current) -> Self {
        current.site()
    }
}
