//! One article's page: asked for, read, and made an article, as complete as it allows.

use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::{Poller, ask, fault_of, judge};
use crate::{
    article::{self, Article, ArticleContext, Attachment, Reading, files, identity::Seen},
    fetch::Request,
    list::Item,
    page::{Page, charset, document::Document},
    source::{
        Source,
        state::{Fault, FaultKind, SourceValidators},
    },
};

/// An article as far as it could be read, and what is missing.
pub(super) struct Attempt {
    pub(super) article: Article,
    /// Whether its own page was asked for.
    pub(super) asked: bool,
    /// What kept it from being read.
    pub(super) problem: Option<Fault>,
    /// What its page's server gave for the next conditional GET.
    pub(super) validators: SourceValidators,
}

/// What an article's address answered.
pub(super) struct Answered {
    pub(super) what: What,
    pub(super) validators: SourceValidators,
}

/// What an article's address holds.
pub(super) enum What {
    /// A page, as it reads.
    Page(Box<Reading>),
    /// A file behind an address that does not look like one.
    File { media_type: String },
    /// What is known: it has not changed.
    Unmodified,
}

/// Why an article's page was not read. `for_good`: it may not be asked for, and title, link and date are all that there
/// will be.
pub(super) struct Unread {
    pub(super) fault: Fault,
    pub(super) for_good: bool,
}

impl Poller {
    /// An item's article, as complete as its page allows.
    pub(super) async fn attempt(
        &self,
        source: &Arc<Source>,
        item: &Item,
        seen: &Seen<'_>,
        now: Timestamp,
    ) -> Attempt {
        let compose = |reading| article::compose(reading, item, source, seen);
        let without_page = |article, problem| Attempt {
            article,
            asked: false,
            problem,
            validators: SourceValidators::default(),
        };
        if !source.full_text || files::media_type(item.url.path()).is_some() {
            let article = Article {
                complete: true,
                ..compose(None)
            };
            return without_page(article, None);
        }
        match self.ask_for_article(source, item, None, now).await {
            Ok(Answered {
                what: What::Page(reading),
                validators,
            }) => {
                if let Some(fault) = judge::stands_in(item, &reading) {
                    return Attempt {
                        asked: true,
                        ..without_page(compose(None), Some(fault))
                    };
                }
                let article = compose(Some(*reading));
                let problem = (!article.complete).then(|| no_body(item));
                Attempt {
                    article,
                    asked: true,
                    problem,
                    validators,
                }
            }
            Ok(Answered {
                what: What::File { media_type },
                ..
            }) => {
                let article = compose(None);
                without_page(as_file(article, media_type), None)
            }
            // 304 answers conditional requests only, and this was none
            Ok(Answered {
                what: What::Unmodified,
                ..
            }) => without_page(compose(None), Some(no_body(item))),
            Err(Unread { fault, for_good }) => {
                tracing::debug!(url = %item.url, error = %fault, for_good, "kept as title, link and date");
                let article = Article {
                    complete: for_good,
                    ..compose(None)
                };
                Attempt {
                    asked: !for_good,
                    ..without_page(article, Some(fault))
                }
            }
        }
    }

    /// fetch → page → article.
    pub(super) async fn ask_for_article(
        &self,
        source: &Arc<Source>,
        item: &Item,
        known: Option<&SourceValidators>,
        now: Timestamp,
    ) -> Result<Answered, Unread> {
        let request = Request {
            url: &item.url,
            home: &source.url,
            settings: &source.request,
            validators: known,
        };
        // a page that says that the article is gone, and leads home then, is to be read itself
        let may = |to: &Url| judge::led_away(&item.url, to, false, source).is_none();
        let (answer, away) = match ask::ask(&self.fetcher, &self.pool, request, may).await {
            Ok(answered) => answered,
            Err(error) => {
                let for_good = error.is_for_good();
                let fault = fault_of(&self.pool, error).await;
                return Err(Unread { fault, for_good });
            }
        };
        let what = match answer.page {
            None => What::Unmodified,
            Some(page) => {
                let for_good = answer.permanent.is_some();
                if let Some(media_type) = judge::file_type(&page) {
                    What::File { media_type }
                } else if let Some(fault) = judge::led_away(&item.url, &page.url, for_good, source)
                {
                    return Err(unread(fault));
                } else {
                    self.read_its_page(source, item, page, away, now).await?
                }
            }
        };
        Ok(Answered {
            what,
            validators: answer.validators,
        })
    }

    /// Reads the page that an article's address gave, unless it leads `away` to another's.
    async fn read_its_page(
        &self,
        source: &Arc<Source>,
        item: &Item,
        page: Page,
        away: Option<Url>,
        now: Timestamp,
    ) -> Result<What, Unread> {
        let reading = self.read_page(source, page, now).await?;
        let Some(to) = away else {
            return Ok(What::Page(Box::new(reading)));
        };
        let mut fault = judge::led_away(&item.url, &to, false, source)
            .unwrap_or_else(|| judge::sent_on(&item.url, &to));
        if judge::tells_of_removal(&reading.body_text) {
            fault.kind = FaultKind::Gone;
        }
        Err(unread(fault))
    }

    async fn read_page(
        &self,
        source: &Arc<Source>,
        page: Page,
        now: Timestamp,
    ) -> Result<Reading, Unread> {
        let source = source.clone();
        let reading = self
            .pool
            .run(page.body.len(), move || read_article(&source, &page, now))
            .await;
        let reading = reading.unwrap_or_else(|error| Err(judge::defect(&error)));
        reading.map_err(unread)
    }
}

/// What may be read another time.
fn unread(fault: Fault) -> Unread {
    Unread {
        fault,
        for_good: false,
    }
}

/// An article that is a file: it is complete as it is.
fn as_file(article: Article, media_type: String) -> Article {
    let file = Attachment {
        url: article.url.clone(),
        title: article.title.clone(),
        media_type,
    };
    Article {
        complete: true,
        attachments: vec![file],
        ..article
    }
}

fn no_body(item: &Item) -> Fault {
    Fault {
        kind: FaultKind::BodyMissing,
        words: format!("no body found on {}", item.url),
    }
}

/// What an article's page says, or why it cannot be read. Pure: the same page gives the same answer.
///
/// # Errors
/// The page is no text, or refuses.
pub fn read_article(source: &Source, page: &Page, now: Timestamp) -> Result<Reading, Fault> {
    let decoded = charset::decode(&page.body, page.content_type.as_deref());
    if decoded.garbled {
        return Err(judge::garbled(page));
    }
    let document = Document::parse(&decoded.text);
    let context = ArticleContext {
        url: &page.url,
        rules: &source.article,
        preset: &source.preset,
        timezone: &source.timezone,
        now,
    };
    let reading = article::extract(&document, &context);
    match &reading.refusal {
        Some(refusal) => Err(judge::refused(page, refusal)),
        None => Ok(reading),
    }
}
