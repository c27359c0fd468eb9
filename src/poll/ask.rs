//! A page, and on to where it sends its reader: one hop.
//!
//! In: a request. Out: the answer, or that of the page that the first one is a sign to. Sites that were moved leave such
//! signs at their old addresses, with status 200. The hop is a request like any other: guarded, paced, and bounded.

use url::Url;

use super::ParserPool;
use crate::{
    fetch::{Answer, FetchError, Fetcher, Request},
    page::{Page, charset, document::Document, onward},
    source::state::SourceValidators,
};

/// Asks for a page, and for the page that it is a sign to, if that `may` be asked for; else that page's address comes with
/// the sign. So does that of a third page.
pub(super) async fn ask(
    fetcher: &Fetcher,
    pool: &ParserPool,
    request: Request<'_>,
    may: impl Fn(&Url) -> bool,
) -> Result<(Answer, Option<Url>), FetchError> {
    let answer = fetcher.get(request).await?;
    let Some(target) = onward(pool, &answer).await else {
        return Ok((answer, None));
    };
    if !may(&target) {
        return Ok((answer, Some(target)));
    }
    tracing::debug!(url = %request.url, to = %target, "the page sends its reader on");
    let hop = Request {
        url: &target,
        validators: None,
        ..request
    };
    let answer = Answer {
        // they would be sent to the first page, and its staying the same says nothing of the other
        validators: SourceValidators::default(),
        permanent: None,
        ..fetcher.get(hop).await?
    };
    let further = onward(pool, &answer).await;
    Ok((answer, further))
}

/// Where an answer's page sends its reader on. One that cannot be parsed leads nowhere: whoever reads it says why.
async fn onward(pool: &ParserPool, answer: &Answer) -> Option<Url> {
    let page = answer.page.as_ref()?;
    if !onward::may_lead_on(&page.body) {
        return None;
    }
    let shown = page.clone();
    let target = pool.run(page.body.len(), move || leads_to(&shown)).await;
    target.ok().flatten()
}

fn leads_to(page: &Page) -> Option<Url> {
    let decoded = charset::decode(&page.body, page.content_type.as_deref());
    onward::of(&Document::parse(&decoded.text), &page.url)
}
