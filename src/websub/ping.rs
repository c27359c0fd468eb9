//! Telling an outside hub which feeds have changed: it fetches them, and delivers to its subscribers.
//!
//! How a publisher tells a hub is not part of the Recommendation; all hubs take the form of PubSubHubbub 0.4,
//! `hub.mode=publish` with one `hub.url` for each feed.

use std::{collections::BTreeSet, sync::Arc};

use http::{HeaderMap, HeaderValue, header};
use tokio::time::{Instant, sleep, sleep_until};
use url::{Url, form_urlencoded};

use super::Pace;
use crate::{fetch::Callbacks, serve::Current, store::Store};

/// Feeds in one form at most.
const AT_ONCE: usize = 100;

/// Tells a hub of changes, for as long as it is polled.
pub async fn ping(
    current: impl Into<Current>,
    store: Arc<Store>,
    callbacks: Callbacks,
    hub: Url,
    pace: Pace,
) {
    let current: Current = current.into();
    let mut changes = store.changes();
    let mut seen = current.site().generations();
    let mut untold: BTreeSet<String> = BTreeSet::new();
    let mut failures = 0;
    let mut next: Option<Instant> = None;
    loop {
        let retry = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            told = changes.changed() => {
                if told.is_err() {
                    // the store is gone
                    return std::future::pending().await;
                }
                sleep(pace.gather).await;
                changes.mark_unchanged();
                untold.extend(current.site().changed_feeds(&mut seen));
                if next.is_some() {
                    continue;
                }
            }
            () = retry => {}
        }
        match tell(&callbacks, &hub, &mut untold).await {
            Ok(()) => (failures, next) = (0, None),
            Err(why) => {
                failures += 1;
                next = pace.pause(failures).map(|pause| Instant::now() + pause);
                tracing::warn!(hub = hub.as_str(), why, "the hub could not be told");
                if next.is_none() {
                    // the next change begins anew
                    untold.clear();
                    failures = 0;
                }
            }
        }
    }
}

/// Takes off the set what the hub has taken.
async fn tell(
    callbacks: &Callbacks,
    hub: &Url,
    changed: &mut BTreeSet<String>,
) -> Result<(), String> {
    while !changed.is_empty() {
        let some: Vec<String> = changed.iter().take(AT_ONCE).cloned().collect();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let head = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        let sent = callbacks.post(hub, head, form(&some).into()).await;
        match sent {
            Ok(200..=299) => {}
            Ok(status) => return Err(format!("it answered {status}")),
            Err(error) => return Err(error.chain()),
        }
        for feed in &some {
            changed.remove(feed);
        }
    }
    Ok(())
}

fn form(feeds: &[String]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("hub.mode", "publish");
    for feed in feeds {
        form.append_pair("hub.url", feed);
    }
    form.finish()
}
