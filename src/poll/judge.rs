//! What is wrong, in a word and in words: every fault of a source is named here.

use std::{collections::HashSet, sync::LazyLock};

use url::Url;

use super::{PoolError, items::Found};
use crate::{
    article::{self, ArticleId, Refusal},
    fetch::FetchError,
    list::List,
    page::{
        Page, charset,
        document::{Document, Selector},
        links,
    },
    source::{
        Source,
        state::{Fault, FaultKind, Outcome, SourceState},
    },
};

/// An answer that could not be had: the error's chain as one line, then what to do.
pub fn fetch_fault(error: &FetchError) -> Fault {
    let mut words = error.chain();
    if let Some(remedy) = error.remedy() {
        words.push_str("; ");
        words.push_str(&remedy);
    }
    Fault {
        kind: error.kind(),
        words,
    }
}

/// An answer with an error's status, whose page may say that it refuses: campus only, a bot wall, a log-in.
pub(super) fn error_page(error: &FetchError) -> Fault {
    let refusal = error.page().and_then(|page| {
        let decoded = charset::decode(&page.body, page.content_type.as_deref());
        let refusal = article::refusal(&Document::parse(&decoded.text))?;
        Some(refused(page, &refusal))
    });
    match refusal {
        // what the status itself says of a page that is not there is enough
        Some(fault) if fault.kind != FaultKind::Gone => fault,
        _ => fetch_fault(error),
    }
}

pub(super) fn defect(error: &PoolError) -> Fault {
    Fault {
        kind: FaultKind::ServerError,
        words: error.to_string(),
    }
}

pub(super) fn garbled(page: &Page) -> Fault {
    let words = format!("the bytes of {} are text in no known encoding", page.url);
    Fault {
        kind: FaultKind::Garbled,
        words,
    }
}

/// A page without a list: a refusal, a file, or a page that is something else.
pub(super) fn no_list(source: &Source, page: &Page, document: &Document, list: &List) -> Fault {
    if let Some(refusal) = article::refusal(document) {
        return refused(page, &refusal);
    }
    let address = &page.url;
    let words = if let Some(file) = file_type(page) {
        format!("{address} is no HTML page but {file}; name the page that lists the articles")
    } else if page.body.is_empty() {
        format!("{address} answered an empty page")
    } else if let Some(item) = &source.list.item {
        let item = item.as_str();
        format!(
            "no item on {address} matches `{item}`; mend [source.list] item, or leave it out and the list is looked for"
        )
    } else {
        format!(
            "no list of articles found on {address}; name the list's own page, or say what an item is with [source.list] item"
        )
    };
    let words = list
        .problems
        .first()
        .map_or_else(|| words.clone(), |problem| format!("{words} ({problem})"));
    Fault {
        kind: FaultKind::EmptyList,
        words,
    }
}

/// A refusal in the contract's words.
pub(super) fn refused(page: &Page, refusal: &Refusal) -> Fault {
    let address = &page.url;
    let (kind, words) = match refusal {
        Refusal::CampusOnly => (
            FaultKind::CampusOnly,
            "is shown on the campus network only; poll it from there, or through a `proxy` of the source",
        ),
        Refusal::Blocked => (
            FaultKind::Blocked,
            "answered a bot wall or a log-in page; a Cookie in the source's `headers` may pass it",
        ),
        Refusal::Gone => (
            FaultKind::Gone,
            "says that the page does not exist; look for its new address",
        ),
    };
    Fault {
        kind,
        words: format!("{address} {words}"),
    }
}

/// The articles that a page without a list links to: known ones among them tell that the list is there and is missed.
pub(super) fn linked(fault: &Fault, page: &Page) -> Vec<ArticleId> {
    static LINKS: LazyLock<Selector> = LazyLock::new(|| Selector::literal("a"));
    if fault.kind != FaultKind::EmptyList {
        return Vec::new();
    }
    let decoded = charset::decode(&page.body, page.content_type.as_deref());
    let document = Document::parse(&decoded.text);
    let base = document.base(&page.url);
    let links = document.select(&LINKS);
    let ids: HashSet<ArticleId> = links
        .filter_map(|link| links::of_link(&base, link))
        .map(|url| ArticleId::of(&url))
        .collect();
    ids.into_iter().collect()
}

/// A fault at an address that redirects for good: the new one is no list, and that is the trouble.
pub(super) fn moved(fault: Fault, source: &Source, moved_to: Option<&Url>) -> Fault {
    match moved_to {
        Some(to) if matches!(fault.kind, FaultKind::EmptyList | FaultKind::Gone) => {
            let from = &source.url;
            let words = format!(
                "{from} has moved for good to {to}, where no list is; look for the list's new address on the site"
            );
            Fault {
                kind: FaultKind::Moved,
                words,
            }
        }
        _ => fault,
    }
}

/// A list that was not found, held against what is known of the source: how many `known` articles the page still links
/// to, how many items it had when it was last read, and where it has moved to.
pub(super) fn against_history(
    fault: Fault,
    source: &Source,
    state: &SourceState,
    known: usize,
) -> Fault {
    if fault.kind == FaultKind::EmptyList && known > 0 {
        let address = &source.url;
        let s = if known == 1 { "" } else { "s" };
        let words = match &source.list.item {
            Some(item) => format!(
                "{known} known article{s} of {address} are still linked there, but no item matches `{}`; mend [source.list] item, or leave it out and the list is looked for",
                item.as_str()
            ),
            None => format!(
                "{known} known article{s} of {address} are still linked there, but the list is no longer recognised; say what an item is with [source.list] item"
            ),
        };
        return Fault {
            kind: FaultKind::ListChanged,
            words,
        };
    }
    let mut fault = moved(fault, source, state.moved_to.as_ref());
    if fault.kind == FaultKind::EmptyList && state.items > 0 {
        let items = state.items;
        fault.words = format!(
            "{}; there were {items} items when it was last read, so the page has probably changed",
            fault.words
        );
    }
    fault
}

/// New articles of which not one could be read: the list is fine, the articles' pages are not. That those that could
/// not be read before cannot be read again says nothing of the others; that one of them can ends the trouble.
pub(super) fn bodies(found: &Found, again: &Found, state: &SourceState) -> Option<Fault> {
    /// Fewer say little: a single page may be broken by itself.
    const TELLING: usize = 3;
    if found.read + again.read > 0 {
        return None;
    }
    if found.asked < TELLING {
        // where too little was tried this time, what was wrong the last time still is
        let before = state.outcome.as_ref().and_then(Outcome::fault);
        return before
            .filter(|fault| fault.kind == FaultKind::BodyMissing)
            .filter(|_| found.new == 0 || found.asked > 0)
            .cloned();
    }
    let first = found.first_problem.as_deref().unwrap_or("no body found");
    let asked = found.asked;
    let words = format!(
        "none of {asked} articles' pages could be read, so they are kept as title, link and date: {first}"
    );
    Some(Fault {
        kind: FaultKind::BodyMissing,
        words,
    })
}

/// The media type of what is a file rather than a page; a page may also not say what it is.
pub(super) fn file_type(page: &Page) -> Option<String> {
    const PAGES: [&str; 5] = [
        "text/html",
        "application/xhtml+xml",
        "text/xml",
        "application/xml",
        "text/plain",
    ];
    let essence = page
        .content_type
        .as_deref()?
        .split(';')
        .next()?
        .trim()
        .to_ascii_lowercase();
    (!essence.is_empty() && !PAGES.contains(&essence.as_str())).then_some(essence)
}
