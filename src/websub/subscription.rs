//! A subscription, as it is kept, and the signature of what is delivered for it.

use std::fmt;

use jiff::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};
use url::Url;

/// Who gets which feed, until when.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The feed's address, as the subscriber writes it.
    pub topic: String,
    /// Where it is delivered to.
    pub callback: Url,
    /// Signs what is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// When it ends.
    pub expires: Timestamp,
    /// The hash of the document that the subscriber has, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<String>,
}

impl fmt::Debug for Subscription {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("topic", &self.shown_topic())
            .field("callback", &self.callback.as_str())
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// One topic has one subscription for a callback.
pub type Key = (String, Url);

impl Subscription {
    /// What tells it apart.
    pub fn key(&self) -> Key {
        (self.topic.clone(), self.callback.clone())
    }

    /// The topic as logs may show it: its query may hold the token that lets readers in.
    pub fn shown_topic(&self) -> &str {
        let (shown, _) = self.topic.split_once('?').unwrap_or((&self.topic, ""));
        shown
    }
}

/// `X-Hub-Signature` (W3C WebSub, section 8): the body's HMAC.
pub fn signature(secret: &str, body: &[u8]) -> String {
    use fmt::Write;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, body);
    let mut text = "sha256=".to_owned();
    for byte in tag.as_ref() {
        // memory takes it
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_secret_is_not_shown() {
        let subscription = Subscription {
            topic: "https://b.example/all.rss?token=hunter2".to_owned(),
            callback: "https://s.example/".parse().unwrap(),
            secret: Some("hunter2".to_owned()),
            expires: Timestamp::UNIX_EPOCH,
            delivered: None,
        };
        assert!(!format!("{subscription:?}").contains("hunter2"));
        let json = serde_json::to_string(&subscription).unwrap();
        assert_eq!(
            serde_json::from_str::<Subscription>(&json).unwrap(),
            subscription
        );
    }
}
