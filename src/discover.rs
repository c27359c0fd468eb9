//! From any page of a site to its lists of news and its feeds.
//!
//! In: an address. Out: [`Discovery`], the surest [`Candidate`] first. Pages are asked for and read as a poll does it, a
//! bounded number of them, all of one site: first the page itself, then what it names as its feeds and its column, then
//! where its navigation and its boxes lead, then where those pages lead; last some of the articles behind, to see whether
//! they are any. Where the page itself turns out to be a list, or a column's page or article, the site's other columns
//! are left alone unless all are wanted.

mod candidates;
mod told;

use std::{collections::HashSet, sync::Arc};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use url::Url;

pub use self::candidates::Candidate;
use self::{candidates::Near, told::Told};
use crate::{
    article::files,
    config::Config,
    fetch::Fetcher,
    list::{
        List,
        evidence::{Certainty, Evidence},
        leads::{self, Lead, Way},
    },
    page::links,
    poll::{self, ParserPool, View},
    source::{RequestSettings, Source, state::Fault},
};

/// Pages asked for at the same time; of one host the fetcher asks for one at a time.
const AT_ONCE: usize = 4;

/// How many rounds of links are followed from the page asked for.
const ROUNDS: usize = 2;

/// Of the surest candidates so many have two of their articles read, the others one.
const THOROUGHLY: usize = 3;

/// What is needed to look for lists.
pub struct Explorer {
    /// What pages are asked for with.
    pub fetcher: Fetcher,
    /// Where they are read.
    pub pool: ParserPool,
    /// The defaults of all sources.
    pub config: Arc<Config>,
    /// The time.
    pub now: Timestamp,
    /// How many pages are asked for at most, articles among them.
    pub most_pages: usize,
    /// Whether the site's other columns are looked at although the page itself is a list.
    pub all: bool,
}

/// What was found behind an address.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// The page, at its address after all redirects.
    pub url: Url,
    /// The lists and feeds, the surest first.
    pub candidates: Vec<Candidate>,
    /// How many pages were asked for.
    pub asked: usize,
    /// How many links that may be columns were not followed.
    pub left: usize,
    /// Which of the pages could not be had, and why.
    pub faults: Vec<(Url, Fault)>,
}

/// A page that was asked for, as far as it matters here.
struct Visited {
    lead: Lead,
    seen: Result<Seen, Fault>,
}

/// What a page shows.
struct Seen {
    url: Url,
    list: Option<List>,
    told: Told,
}

/// A search under way.
struct Search<'e> {
    explorer: &'e Explorer,
    start: Arc<Source>,
    /// An address of the site, which the first page may have led to.
    site: Url,
    met: HashSet<String>,
    asked: usize,
    waiting: Vec<Lead>,
    /// What the site's home page is called.
    home: Option<String>,
    near: Near,
    candidates: Vec<Candidate>,
    faults: Vec<(Url, Fault)>,
    progress: &'e (dyn Fn(&Url) + Sync),
}

impl Explorer {
    /// Looks for the lists behind a source's address; `progress` is told of each page that is asked for.
    ///
    /// # Errors
    /// The page itself cannot be had.
    pub async fn discover(
        &self,
        start: Arc<Source>,
        progress: &(dyn Fn(&Url) + Sync),
    ) -> Result<Discovery, Fault> {
        let first = Lead {
            url: start.url.clone(),
            name: String::new(),
            way: Way::Asked,
        };
        let mut search = Search {
            explorer: self,
            met: HashSet::from([links::identity(&start.url)]),
            site: start.url.clone(),
            start,
            asked: 1,
            waiting: Vec::new(),
            home: None,
            near: Near::default(),
            candidates: Vec::new(),
            faults: Vec::new(),
            progress,
        };
        let Visited { seen, .. } = search.visit(first.clone()).await;
        let seen = seen?;
        let url = seen.url.clone();
        search.site = url.clone();
        search.near = Near::of(&url, &seen.told.leads);
        search.take(Visited {
            lead: first,
            seen: Ok(seen),
        });
        search.wait(leads::above(&url));
        search.follow().await;
        candidates::unite(&mut search.candidates);
        search.read_articles(|_| true).await;
        candidates::rank(&mut search.candidates);
        candidates::name(&mut search.candidates, search.home.as_deref());
        Ok(Discovery {
            url,
            candidates: search.candidates,
            asked: search.asked,
            left: search.waiting.len(),
            faults: search.faults,
        })
    }

    /// A source for an address of the site, asked for as the first one is: its own headers go to its own host alone.
    fn source(&self, start: &Source, url: Url) -> Arc<Source> {
        if start.url == url {
            return Arc::new(start.clone());
        }
        let headers = if start.url.host() == url.host() {
            start.request.headers.clone()
        } else {
            Vec::new()
        };
        Arc::new(Source {
            request: RequestSettings {
                headers,
                ..start.request.clone()
            },
            timezone: start.timezone.clone(),
            ..self.config.unlisted(url)
        })
    }
}

impl Search<'_> {
    /// Follows what is waiting, round after round.
    async fn follow(&mut self) {
        // first what the page says of itself
        let own = |lead: &Lead| lead.way <= Way::Breadcrumb;
        self.round(own).await;
        if !self.explorer.all {
            candidates::unite(&mut self.candidates);
            self.read_articles(Candidate::is_near).await;
            if self.has_own_list() {
                return;
            }
        }
        for _ in 0..ROUNDS {
            self.round(|_| true).await;
        }
    }

    /// Whether what the page says of itself leaves nothing to look for.
    fn has_own_list(&self) -> bool {
        self.candidates.iter().any(|candidate| {
            candidate.is_near() && candidate.certainty() >= Some(Certainty::Likely)
        })
    }

    /// Asks for the waiting pages that are meant, as many as there is room for.
    async fn round(&mut self, is_meant: impl Fn(&Lead) -> bool) {
        // articles want to be looked at, too
        let for_articles = self.explorer.most_pages / 4;
        let room = (self.explorer.most_pages - for_articles).saturating_sub(self.asked);
        self.waiting.sort_by_key(|lead| lead.way);
        let mut leads = Vec::new();
        self.waiting.retain(|lead| {
            let goes = leads.len() < room && is_meant(lead);
            if goes {
                leads.push(lead.clone());
            }
            !goes
        });
        self.asked += leads.len();
        let visits = stream::iter(leads).map(|lead| self.visit(lead));
        let visited: Vec<Visited> = visits.buffered(AT_ONCE).collect().await;
        for page in visited {
            self.take(page);
        }
    }

    async fn visit(&self, lead: Lead) -> Visited {
        (self.progress)(&lead.url);
        let source = self.explorer.source(&self.start, lead.url.clone());
        let Explorer {
            fetcher, pool, now, ..
        } = self.explorer;
        let seen = match poll::view(fetcher, pool, &source, *now).await {
            Ok(View { page, list, .. }) => {
                let url = page.url.clone();
                let list = list.ok();
                let items = list
                    .as_ref()
                    .map(|list| list.items.clone())
                    .unwrap_or_default();
                let now = *now;
                let told = pool
                    .run(page.body.len(), move || {
                        Told::of(&source, &page, &items, now)
                    })
                    .await;
                Ok(Seen {
                    url,
                    list,
                    told: told.unwrap_or_default(),
                })
            }
            Err(fault) => Err(fault),
        };
        Visited { lead, seen }
    }

    /// Takes what a page shows: its list as a candidate, its links to be followed.
    fn take(&mut self, Visited { lead, seen }: Visited) {
        let seen = match seen {
            Ok(seen) if links::same_site(&seen.url, &self.site) => seen,
            Ok(_) => return,
            // nothing on the site leads there
            Err(_) if lead.way == Way::Above => return,
            Err(fault) => {
                self.faults.push((lead.url, fault));
                return;
            }
        };
        let Seen { url, list, told } = seen;
        let url = links::normalise(&url);
        let is_known = !self.met.insert(links::identity(&url)) && {
            // it led to a page that was seen, or will be
            links::identity(&url) != links::identity(&lead.url)
        };
        if is_known {
            return;
        }
        if poll::is_home(&url) {
            self.home = self.home.take().or(told.title);
        }
        if let Some(list) = list {
            let evidence = Evidence {
                is_feed: told.is_feed,
                // a box has no pager: the list is the site's
                is_home: poll::is_home(&url) && list.following().is_none(),
                own_text: if list.following().is_some() {
                    0
                } else {
                    told.own_text
                },
                ..Evidence::of(&list, &url, self.explorer.now, &self.start.timezone)
            };
            let candidate = Candidate::new(url, list, told.site, lead, evidence, &self.near);
            if candidate.certainty().is_some() {
                self.candidates.push(candidate);
            }
        }
        self.wait(told.leads);
    }

    fn wait(&mut self, leads: Vec<Lead>) {
        for lead in leads {
            if self.met.insert(links::identity(&lead.url)) {
                self.waiting.push(lead);
            }
        }
    }

    /// Reads some of the articles behind the candidates that are meant, with the pages that are left.
    async fn read_articles(&mut self, is_meant: impl Fn(&Candidate) -> bool) {
        candidates::rank(&mut self.candidates);
        let mut asks: Vec<(usize, Url)> = Vec::new();
        let mut met = HashSet::new();
        let unread = |(_, candidate): &(usize, &Candidate)| {
            candidate.evidence.asked == 0 && is_meant(candidate)
        };
        for (at, candidate) in self.candidates.iter().enumerate().filter(unread) {
            let each = if at < THOROUGHLY { 2 } else { 1 };
            let pages = candidate
                .items()
                .iter()
                .map(|item| &item.url)
                .filter(|url| {
                    links::same_site(url, &candidate.url) && files::media_type(url.path()).is_none()
                });
            let new = pages.filter(|url| met.insert(links::identity(url)));
            asks.extend(new.take(each).map(|url| (at, url.clone())));
        }
        asks.truncate(self.explorer.most_pages.saturating_sub(self.asked));
        self.asked += asks.len();
        let reads = stream::iter(asks).map(|(at, url)| {
            let list = self.candidates[at].url.clone();
            let source = self.explorer.source(&self.start, list);
            let this = &*self;
            async move { (at, this.is_article(&source, &url).await) }
        });
        let read: Vec<(usize, Option<bool>)> = reads.buffered(AT_ONCE).collect().await;
        for (at, is_article) in read {
            self.candidates[at].note_article(is_article);
        }
        self.candidates
            .retain(|candidate| candidate.certainty().is_some());
    }

    /// Whether an item's page has a title, and a text, files or pictures; none where it cannot be had.
    async fn is_article(&self, source: &Arc<Source>, url: &Url) -> Option<bool> {
        /// A notice may be one sentence.
        const LEAST_TEXT: usize = 20;
        (self.progress)(url);
        let Explorer {
            fetcher, pool, now, ..
        } = self.explorer;
        let reading = poll::look_at_article(fetcher, pool, source, url, *now).await;
        let reading = reading.ok()?;
        let has_content = reading.body_text.chars().count() >= LEAST_TEXT
            || !reading.attachments.is_empty()
            || !reading.images.is_empty();
        Some(reading.title.is_some() && has_content)
    }
}
