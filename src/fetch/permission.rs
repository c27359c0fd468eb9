//! What robots.txt permits: each origin's file fetched once a day, however many of its pages are asked for.
//!
//! In: an address. Out: the pause between two requests that is due, or the error that says who closes the address.

use std::{sync::Arc, time::Duration};

use url::{Position, Url};

use super::{
    Errand, Inner, Request,
    body::Extent,
    client::Way,
    error::{FetchError, Shown},
    kept::Kept,
    robots::{self, Rules},
};

/// The files read, and those that could not be.
pub(super) type Permissions = Kept<Key, Robots>;

type Robots = Result<Arc<Rules>, Arc<FetchError>>;

/// A robots.txt is asked for as its pages are: it may answer otherwise on another way or to another robot.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    origin: Box<str>,
    token: Box<str>,
    way: Way,
}

impl Inner {
    /// Asks robots.txt whether the address is open; gives the pause between two requests.
    pub(super) async fn obey_robots(
        &self,
        url: &Url,
        errand: &Errand<'_>,
    ) -> Result<Duration, FetchError> {
        let delay = errand.request.settings.delay;
        if !errand.robots {
            return Ok(delay);
        }
        let rules = self
            .robots(url, errand)
            .await
            .map_err(|source| match *source {
                // the host's rest is no fault of its robots.txt
                FetchError::Resting { left, .. } => FetchError::Resting {
                    address: url.into(),
                    left,
                },
                _ => FetchError::RobotsUnread {
                    address: url.into(),
                    source,
                },
            })?;
        if !rules.allows(url) {
            return Err(FetchError::Robots {
                address: url.into(),
                robots: Shown::from(&robots_of(url)),
            });
        }
        let asked = rules.crawl_delay().unwrap_or_default();
        Ok(delay.max(asked.min(self.limits.crawl_delay)))
    }

    async fn robots(&self, url: &Url, errand: &Errand<'_>) -> Robots {
        let key = Key {
            origin: url[..Position::BeforePath].into(),
            token: robots::product_token(&errand.request.settings.user_agent).into(),
            way: errand.way.clone(),
        };
        // boxed, when it comes to it: a fetch needs robots.txt, which is a fetch
        let fetch = async { Box::pin(self.fetch_robots(url, errand)).await };
        self.permissions.get(key, fetch).await
    }

    /// Fetches the robots.txt of an address; says how long what it gave is good for.
    async fn fetch_robots(&self, url: &Url, errand: &Errand<'_>) -> (Robots, Duration) {
        let file = robots_of(url);
        let settings = errand.request.settings;
        let errand = Errand {
            request: Request {
                url: &file,
                home: errand.request.home,
                settings,
                validators: None,
            },
            way: errand.way.clone(),
            robots: false,
            extent: Extent::Beginning(robots::MAX_BYTES as u64),
        };
        let limits = &self.limits;
        match self.follow(&errand).await {
            Ok(answer) => {
                let token = robots::product_token(&settings.user_agent);
                let body = answer.page.map(|page| page.body).unwrap_or_default();
                let rules = Rules::parse(&body, token);
                (Ok(Arc::new(rules)), limits.robots_kept)
            }
            Err(error) if means_no_rules(&error) => (Ok(Arc::default()), limits.robots_kept),
            // not kept: the host says itself how long
            Err(error @ FetchError::Resting { .. }) => (Err(Arc::new(error)), Duration::ZERO),
            Err(error) => (Err(Arc::new(error)), limits.robots_unread),
        }
    }
}

fn robots_of(url: &Url) -> Url {
    let mut robots = url.clone();
    robots.set_path("/robots.txt");
    robots.set_query(None);
    robots
}

/// Whether a robots.txt that gave no page leaves its origin open (RFC 9309, section 2.3.1.3): it does not exist, or
/// it redirects without end or to where nothing may be asked.
fn means_no_rules(error: &FetchError) -> bool {
    match error {
        FetchError::Status { status, .. } => status.is_client_error() || status.is_redirection(),
        FetchError::Redirects { .. }
        | FetchError::Location { .. }
        | FetchError::Refused { .. }
        | FetchError::Scheme { .. } => true,
        _ => false,
    }
}
