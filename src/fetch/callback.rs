//! Requests that subscribers and hubs get: each one request to one address that somebody else has named.
//!
//! In: an address, and what to send. Out: the status, and the beginning of a body. The same [`guard`](super::guard) as
//! for pages stands before each address, no redirect is followed, and time and size are bounded.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::USER_AGENT};
use tokio::time::timeout;
use url::{Host, Url};

use super::{
    Limits,
    body::{self, Extent},
    client::{Client, Clients, Unresolved, Way},
    error::{FetchError, Stage},
    guard::Guard,
};
use crate::{
    config::FetchSettings,
    source::{RequestSettings, Tls},
};

/// What one request may take in all.
const WHOLE: Duration = Duration::from_secs(20);
/// What is read of an answer to a GET.
const ANSWER_BYTES: u64 = 4 << 10;

/// Asks subscribers, and delivers to them.
#[derive(Debug)]
pub struct Callbacks {
    clients: Clients,
    way: Way,
    limits: Limits,
    user_agent: HeaderValue,
}

impl Callbacks {
    /// What `[fetch]` says of networks, the proxy and the name holds here, too.
    ///
    /// # Errors
    /// The HTTP client cannot be set up.
    pub fn new(settings: &FetchSettings, request: &RequestSettings) -> Result<Self, FetchError> {
        let limits = Limits::default();
        let callbacks = Self {
            clients: Clients::new(Guard::new(&settings.allow_private), limits.connect),
            way: Way {
                tls: Tls::Strict,
                proxy: request.proxy.clone(),
            },
            limits,
            user_agent: HeaderValue::from_bytes(request.user_agent.as_bytes())
                .unwrap_or_else(|_| HeaderValue::from_static("schoolbell")),
        };
        callbacks.client()?;
        Ok(callbacks)
    }

    fn client(&self) -> Result<Cow<'_, Client>, FetchError> {
        self.clients.get(&self.way)
    }

    /// Whether an address, where it is written as numbers, may be asked.
    ///
    /// # Errors
    /// The guard refuses it.
    pub fn check(&self, url: &Url) -> Result<(), FetchError> {
        let checked = self.clients.resolver.guard.check_literal(url);
        let refused = |refusal| FetchError::Refused {
            address: url.into(),
            refusal,
        };
        checked.map(drop).map_err(refused)
    }

    /// The client's own resolver asks the guard again; here it is said what was refused.
    async fn admit(&self, url: &Url) -> Result<(), FetchError> {
        self.check(url)?;
        let Some(Host::Domain(name)) = url.host().filter(|_| self.way.proxy.is_none()) else {
            return Ok(());
        };
        let address = url.into();
        match self.clients.resolver.resolve(name).await {
            Ok(_) => Ok(()),
            Err(Unresolved::Refused(refusal)) => Err(FetchError::Refused { address, refusal }),
            Err(Unresolved::Failed(source)) => Err(FetchError::Resolve { address, source }),
        }
    }

    /// Asks by GET; the status, and the beginning of the body.
    ///
    /// # Errors
    /// The address may not be asked, or gives no answer.
    pub async fn get(&self, url: &Url) -> Result<(u16, Bytes), FetchError> {
        self.admit(url).await?;
        let mut head = HeaderMap::new();
        head.insert(USER_AGENT, self.user_agent.clone());
        let client = self.client()?;
        let asked = async {
            let mut answer = client.get(url, head, &self.limits).await?;
            let status = answer.status().as_u16();
            let extent = Extent::Beginning(ANSWER_BYTES);
            let body = body::read(url, &mut answer, &self.limits, extent).await?;
            Ok((status, body))
        };
        in_time(url, asked).await
    }

    /// Sends by POST; the status. The answer's body is left.
    ///
    /// # Errors
    /// As [`Callbacks::get`].
    pub async fn post(
        &self,
        url: &Url,
        mut head: HeaderMap,
        body: Bytes,
    ) -> Result<u16, FetchError> {
        self.admit(url).await?;
        head.insert(USER_AGENT, self.user_agent.clone());
        let client = self.client()?;
        let sent = async {
            let answer = client.post(url, head, body, &self.limits).await?;
            Ok(answer.status().as_u16())
        };
        in_time(url, sent).await
    }
}

async fn in_time<T>(
    url: &Url,
    asked: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    timeout(WHOLE, asked).await.unwrap_or_else(|_| {
        Err(FetchError::Slow {
            address: url.into(),
            stage: Stage::Whole,
            limit: WHOLE,
        })
    })
}
