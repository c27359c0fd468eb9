//! Subscriptions to feeds, kept for the hub. As JSON, like what polls learnt: the journal does not know them, so every
//! later version must be able to read them.

use xxhash_rust::xxh3::xxh3_128;

use super::{
    Store, StoreError,
    keys::{self, Key},
    view::View,
    writer::Command,
};
use crate::websub::Subscription;

pub(super) fn key(topic: &str, callback: &url::Url) -> Key {
    let named = format!("{topic}\n{callback}");
    Key::Subscription(xxh3_128(named.as_bytes()).to_be_bytes())
}

pub(super) fn encode(subscription: &Subscription) -> Vec<u8> {
    serde_json::to_vec(subscription).expect("a subscription is plain data, and a Vec takes it")
}

/// None for a row that this version does not understand: the subscriber subscribes again.
pub(super) fn decode(bytes: &[u8]) -> Option<Subscription> {
    serde_json::from_slice(bytes).ok()
}

fn all(view: &View) -> Result<Vec<Subscription>, StoreError> {
    let _steady = view.steady();
    let mut found = Vec::new();
    for row in view.range(keys::range(
        Key::Subscription([0; 16]),
        Key::Subscription([u8::MAX; 16]),
    )) {
        found.extend(decode(&row?.1));
    }
    Ok(found)
}

impl Store {
    /// The subscriptions that are kept, also those that have ended meanwhile.
    ///
    /// # Errors
    /// As [`Store::known`].
    pub fn subscriptions(&self) -> Result<Vec<Subscription>, StoreError> {
        all(&self.view)
    }

    /// Keeps subscriptions; each takes the place of that with the same topic and callback.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn keep_subscriptions(
        &self,
        subscriptions: Vec<Subscription>,
    ) -> Result<(), StoreError> {
        let rows = subscriptions
            .iter()
            .map(|s| (key(&s.topic, &s.callback), Some(encode(s))));
        let rows = rows.collect();
        self.ask(|reply| Command::Keep { rows, reply }).await
    }

    /// Forgets subscriptions.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn end_subscriptions(
        &self,
        ended: Vec<(String, url::Url)>,
    ) -> Result<(), StoreError> {
        let rows = ended
            .iter()
            .map(|(topic, callback)| (key(topic, callback), None));
        let rows = rows.collect();
        self.ask(|reply| Command::Keep { rows, reply }).await
    }
}
