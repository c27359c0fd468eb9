//! What an address gives when it is asked now, with nothing known of it: for people who ask, not for the daemon.
//!
//! In: a source, or an article's address. Out: the page, its list or why there is none. Stores nothing.

use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::{ParserPool, ask, fault_of, judge, read_article, read_list};
use crate::{
    article::Reading,
    fetch::{Fetcher, Request},
    list::{self, List},
    page::{Page, charset, document::Document},
    source::{
        Source,
        state::{Fault, FaultKind},
    },
};

/// What a source's address gives when it is asked now, with nothing known of it.
#[derive(Clone, Debug)]
pub struct Look {
    /// The page, at its address after all redirects.
    pub page: Page,
    /// Its list.
    pub list: List,
    /// The page's new address, if every redirect on the way was for good.
    pub moved_to: Option<Url>,
}

/// As [`Look`], for a page that may well have no list.
#[derive(Clone, Debug)]
pub struct View {
    /// The page, at its address after all redirects.
    pub page: Page,
    /// Its list, or why none is there.
    pub list: Result<List, Fault>,
    /// The page's new address, if every redirect on the way was for good.
    pub moved_to: Option<Url>,
}

/// Asks for a source's list and reads it; stores nothing.
///
/// # Errors
/// What a poll would call a fault.
pub async fn look(
    fetcher: &Fetcher,
    pool: &ParserPool,
    source: &Arc<Source>,
    now: Timestamp,
) -> Result<Look, Fault> {
    let View {
        page,
        list,
        moved_to,
    } = view(fetcher, pool, source, now).await?;
    Ok(Look {
        page,
        list: list?,
        moved_to,
    })
}

/// Asks for a source's page and reads the list that it has, if it has one; stores nothing.
///
/// # Errors
/// The page cannot be had.
pub async fn view(
    fetcher: &Fetcher,
    pool: &ParserPool,
    source: &Arc<Source>,
    now: Timestamp,
) -> Result<View, Fault> {
    let request = Request {
        url: &source.url,
        home: &source.url,
        settings: &source.request,
        validators: None,
    };
    let answer = match ask::ask(fetcher, pool, request, |_| true).await {
        Ok((answer, _)) => answer,
        Err(error) => return Err(fault_of(pool, error).await),
    };
    let moved_to = answer.permanent;
    let page = answer.page.unwrap_or_else(|| nothing_at(&source.url));
    let (reader, shown) = (source.clone(), page.clone());
    let read = pool
        .run(page.body.len(), move || read_list(&reader, &shown, now))
        .await;
    let list = match read.unwrap_or_else(|error| Err(judge::defect(&error))) {
        Ok(list) => Ok(list),
        Err(fault) => elsewhere(fetcher, pool, source, &page, &fault, now)
            .await
            .ok_or_else(|| judge::moved(fault, source, moved_to.as_ref())),
    };
    Ok(View {
        page,
        list,
        moved_to,
    })
}

/// Asks for an article's page and reads it; stores nothing.
///
/// # Errors
/// The page cannot be had, is no text, or refuses.
pub async fn look_at_article(
    fetcher: &Fetcher,
    pool: &ParserPool,
    source: &Arc<Source>,
    url: &Url,
    now: Timestamp,
) -> Result<Reading, Fault> {
    let request = Request {
        url,
        home: &source.url,
        settings: &source.request,
        validators: None,
    };
    let answer = match fetcher.get(request).await {
        Ok(answer) => answer,
        Err(error) => return Err(fault_of(pool, error).await),
    };
    let page = answer.page.unwrap_or_else(|| nothing_at(url));
    let reader = source.clone();
    let read = pool
        .run(page.body.len(), move || read_article(&reader, &page, now))
        .await;
    read.unwrap_or_else(|error| Err(judge::defect(&error)))
}

/// 304 answers conditional requests only, and there are none here.
fn nothing_at(url: &Url) -> Page {
    Page {
        url: url.clone(),
        content_type: None,
        body: bytes::Bytes::new(),
    }
}

/// The list that a page without one leaves to a script's request or to a frame.
pub(super) async fn elsewhere(
    fetcher: &Fetcher,
    pool: &ParserPool,
    source: &Arc<Source>,
    page: &Page,
    fault: &Fault,
    now: Timestamp,
) -> Option<List> {
    if fault.kind != FaultKind::EmptyList || source.list.item.is_some() {
        return None;
    }
    let shown = page.clone();
    let size = page.body.len();
    let url = pool
        .run(size, move || list_elsewhere(&shown))
        .await
        .ok()??;
    let request = Request {
        url: &url,
        home: &source.url,
        settings: &source.request,
        validators: None,
    };
    let page = fetcher.get(request).await.ok()?.page?;
    let reader = source.clone();
    let size = page.body.len();
    let read = pool.run(size, move || read_list(&reader, &page, now)).await;
    let mut list = read.ok()?.ok()?;
    list.found_by = format!(
        "{}, on {url}, which the page has its list from",
        list.found_by
    );
    Some(list)
}

/// Where the list of a page without one is, if the page tells: see [`list::elsewhere`].
fn list_elsewhere(page: &Page) -> Option<Url> {
    let decoded = charset::decode(&page.body, page.content_type.as_deref());
    list::elsewhere(&Document::parse(&decoded.text), &page.url)
}
