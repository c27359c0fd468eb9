//! What the hub has of HTTP: the form that subscribers post, and feeds as topics.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use tokio::time::timeout;
use url::Url;

use super::{
    Site, access,
    address::{Address, Part, Subject},
    coding::Coding,
    feeds::{self, Failure},
    not_found,
};
use crate::{
    config::HubSettings,
    feed::Format,
    store::Scope,
    websub::{Hub, Refused, Request},
};

/// How long a form may take to come.
const FORM_TIME: Duration = Duration::from_secs(20);

/// The most bytes of a form.
const FORM_BYTES: usize = 16 << 10;

/// A feed as it is delivered.
#[derive(Clone, Debug)]
pub struct Document {
    /// What tells its versions apart.
    pub hash: u128,
    /// Its bytes, in no coding.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: &'static str,
    /// The hub's address.
    pub hub: String,
}

/// Why an address gives no document to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDocument {
    /// It is no feed's.
    Unknown,
    /// It could not be made; the log was told.
    Broken,
}

/// `POST /hub`
pub(super) async fn post(State(site): State<Arc<Site>>, body: Body) -> Response {
    let reading = timeout(FORM_TIME, to_bytes(body, FORM_BYTES));
    let form = match reading.await {
        Ok(Ok(form)) => form,
        Ok(Err(_)) => {
            let words = "expected a form of at most 16 KiB\n";
            return (StatusCode::PAYLOAD_TOO_LARGE, words).into_response();
        }
        Err(_) => {
            let close = [(header::CONNECTION, "close")];
            return (
                StatusCode::REQUEST_TIMEOUT,
                close,
                "the form did not come\n",
            )
                .into_response();
        }
    };
    let Some(hub) = site.hub() else {
        return not_found("a hub");
    };
    let say = |status: StatusCode, words: String| (status, format!("{words}\n")).into_response();
    let request = match Request::parse(&form) {
        Ok(request) => request,
        Err(words) => return say(StatusCode::BAD_REQUEST, words),
    };
    let document = match site.document(&request.topic).await {
        Ok(document) => document,
        Err(NoDocument::Unknown) => return not_found("this `hub.topic`"),
        Err(NoDocument::Broken) => return super::unreadable(),
    };
    match hub.take_up(request, document.hash) {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(refused) => {
            let status = match refused {
                Refused::Callback(_) => StatusCode::FORBIDDEN,
                Refused::Full(_) | Refused::Busy => StatusCode::SERVICE_UNAVAILABLE,
            };
            say(status, refused.to_string())
        }
    }
}

impl Site {
    /// Gives the hub that answers at `/hub`.
    pub fn set_hub(&self, hub: Arc<Hub>) {
        // a site starts its hub once
        let _ = self.own_hub.set(hub);
    }

    pub(super) fn hub(&self) -> Option<&Arc<Hub>> {
        let is_own = matches!(self.config.websub.hub, HubSettings::Own);
        self.own_hub.get().filter(|_| is_own)
    }

    /// The hub's address that feeds name, for who must send the token with it or not.
    pub(super) fn hub_address(&self, with_token: bool) -> Option<String> {
        match &self.config.websub.hub {
            // what is not running, since the configuration had another one at the start, is not named
            HubSettings::Own => {
                self.own_hub.get()?;
                let address = self.address(&["hub"]);
                Some(match self.access().filter(|_| with_token) {
                    Some(access) => format!("{address}?{access}"),
                    None => address,
                })
            }
            HubSettings::Outside(url) => Some(url.to_string()),
            HubSettings::Off => None,
        }
    }

    /// The feed at an address, as it is now.
    ///
    /// # Errors
    /// See [`NoDocument`].
    pub async fn document(self: &Arc<Self>, topic: &str) -> Result<Document, NoDocument> {
        let address = topic_address(self, topic).ok_or(NoDocument::Unknown)?;
        let rendered = feeds::rendered(self, &address).await;
        let rendered = rendered.map_err(|failure| match failure {
            Failure::Unknown(_) => NoDocument::Unknown,
            Failure::Broken => NoDocument::Broken,
        })?;
        let rendition = &rendered.rendition;
        Ok(Document {
            hash: rendition.hash(),
            bytes: rendition.form(Coding::Identity).await.bytes.clone(),
            content_type: address.format.content_type(),
            hub: self.hub_address(address.with_token).unwrap_or_default(),
        })
    }

    /// What [`Site::changed_feeds`] compares with.
    pub fn generations(&self) -> Generations {
        let state = |subject: Subject| {
            let mut scope = subject.scope(self);
            let generation = self.store.generation(&scope);
            if let Scope::Sources(ids) = &mut scope {
                // in whatever order they are configured
                ids.sort_unstable();
            }
            (subject, (scope, generation))
        };
        Generations(self.subjects().into_iter().map(state).collect())
    }

    /// The addresses of the feeds that have changed since, also by another configuration: those that are made of other
    /// sources now, and those that were not there.
    pub fn changed_feeds(&self, seen: &mut Generations) -> Vec<String> {
        let now = self.generations();
        let mut changed = Vec::new();
        for subject in self.subjects() {
            if seen.0.get(&subject) == now.0.get(&subject) {
                continue;
            }
            let address = match &subject {
                Subject::Source(id) => self.address(&["feeds", id.as_str()]),
                Subject::Group(name) => self.address(&["groups", name]),
                Subject::All => self.address(&["all"]),
            };
            changed.extend(Format::ALL.map(|format| format!("{address}.{}", format.ending())));
        }
        *seen = now;
        changed
    }

    fn subjects(&self) -> Vec<Subject> {
        let sources = self.config.sources.iter();
        let sources = sources.map(|source| Subject::Source(source.id.clone()));
        let groups = self.groups().iter();
        let groups = groups.map(|(name, _)| Subject::Group(name.clone()));
        sources.chain(groups).chain([Subject::All]).collect()
    }
}

/// How far each feed has come.
#[derive(Debug)]
pub struct Generations(HashMap<Subject, (Scope, u64)>);

/// The feed that an absolute address names: one that readers subscribe to, not a page of it.
fn topic_address(site: &Site, topic: &str) -> Option<Address> {
    let url = Url::parse(topic).ok()?;
    let ours = &site.config.server.public_url;
    if url.origin() != ours.origin() || url.fragment().is_some() {
        return None;
    }
    let path = url.path().strip_prefix(ours.path())?;
    let query = url.query().unwrap_or_default();
    if access::is_outdated(site, query) {
        return None;
    }
    let named = |file: &str| {
        let decoded = percent_encoding::percent_decode_str(file);
        decoded.decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    let address = if let Some(file) = path.strip_prefix("feeds/") {
        Address::of_source(site, &named(file)?, query)
    } else if let Some(file) = path.strip_prefix("groups/") {
        Address::of_group(site, &named(file)?, query)
    } else {
        Address::of_all(Format::of_ending(path.strip_prefix("all.")?)?, query)
    };
    let address = address.ok()?.asked_by(site, query);
    (address.part == Part::Newest).then_some(address)
}
