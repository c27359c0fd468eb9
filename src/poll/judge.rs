//! What is wrong, in a word and in words: every fault of a source is named here.

use std::{collections::HashSet, sync::LazyLock};

use url::Url;

use super::{PoolError, items::Found, place::Doubt};
use crate::{
    article::{self, ArticleId, Reading, Refusal, identity},
    fetch::FetchError,
    list::{Item, List},
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

/// What came of reading a feed.
pub(super) fn feed(source: &Source, read: Result<List, String>) -> Result<List, Fault> {
    match read {
        Ok(list) if !list.items.is_empty() => Ok(list),
        Ok(_) => Err(Fault {
            kind: FaultKind::EmptyList,
            words: format!("the feed at {} has no entry with a link", source.url),
        }),
        Err(why) => Err(Fault {
            kind: FaultKind::EmptyList,
            words: format!(
                "{why}; if {} is a page, set kind = \"page\" or leave `kind` out",
                source.url
            ),
        }),
    }
}

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

/// An article's address that leads to the site's home page, its list or a page for errors: the article is not there,
/// whatever that page reads like. Sites send requests for pages that they do not have there, and, while they are
/// repaired, all requests; so only the page for what is not there is taken to say that it is gone, and a redirect
/// `for_good` (301, 308), which servers are not given for some days' repairs. A server that sends all of http so to the
/// first page of https has only lost the path on the way.
pub(super) fn led_away(
    asked: &Url,
    landed: &Url,
    for_good: bool,
    source: &Source,
) -> Option<Fault> {
    if links::identity(asked) == links::identity(landed) {
        return None;
    }
    let stem = stem(landed);
    let for_good = for_good && asked.scheme() == landed.scheme();
    let elsewhere = if for_good {
        FaultKind::Gone
    } else {
        FaultKind::BodyMissing
    };
    let (kind, place) = if matches!(stem.as_str(), "404" | "notfound" | "not_found" | "404page") {
        (FaultKind::Gone, "a page for what is not there")
    } else if matches!(
        stem.as_str(),
        "error" | "err" | "500" | "503" | "maintenance"
    ) {
        (FaultKind::BodyMissing, "a page for errors")
    } else if is_home(landed) && !is_home(asked) {
        (elsewhere, "the site's home page")
    } else if links::identity(landed) == links::identity(&source.url) {
        (elsewhere, "the list")
    } else if is_folder_of(landed, asked) {
        (elsewhere, "a list")
    } else {
        return None;
    };
    Some(Fault {
        kind,
        words: format!(
            "{asked} leads{} to {landed}, {place}, and not to the article",
            if for_good { " for good" } else { "" }
        ),
    })
}

/// An article's page that is nothing but a sign to another one, which is not followed any further.
pub(super) fn sent_on(asked: &Url, to: &Url) -> Fault {
    Fault {
        kind: FaultKind::BodyMissing,
        words: format!("{asked} only sends its reader on to {to}"),
    }
}

/// The last part of an address's path without its ending, in lower case.
fn stem(url: &Url) -> String {
    let file = url.path().rsplit('/').next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    stem.to_ascii_lowercase()
}

/// Whether an address is a site's first page: its root, or what sites call that.
pub fn is_home(url: &Url) -> bool {
    let at_root = url.path().matches('/').count() <= 1;
    let stem = stem(url);
    at_root
        && url.query().is_none()
        && matches!(stem.as_str(), "" | "index" | "default" | "home" | "main")
}

/// Whether an address is the page of a folder that another lies in.
fn is_folder_of(folder: &Url, url: &Url) -> bool {
    let path = folder.path();
    let (above, _) = path.rsplit_once('/').unwrap_or_default();
    folder.host() == url.host()
        && folder.query().is_none()
        && matches!(stem(folder).as_str(), "" | "index" | "default" | "list")
        && url
            .path()
            .strip_prefix(above)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a page that stands where an article was says that it was taken away.
pub(super) fn tells_of_removal(text: &str) -> bool {
    /// A longer text is another article, which may tell of anything.
    const LONGEST: usize = 200;
    const WORDS: [&str; 10] = [
        "下架",
        "已删除",
        "被删除",
        "已撤",
        "不存在",
        "已失效",
        "no longer available",
        "has been removed",
        "not found",
        "does not exist",
    ];
    let text = text.to_lowercase();
    text.chars().count() <= LONGEST && WORDS.iter().any(|word| text.contains(word))
}

/// A page that stands in for an article that was never read: it titles itself otherwise than the list, and is a short
/// text that tells of the site's trouble.
pub(super) fn stands_in(item: &Item, reading: &Reading) -> Option<Fault> {
    const LONGEST: usize = 160;
    const SITE: [&str; 9] = [
        "网站",
        "系统",
        "页面",
        "数据库",
        "服务器",
        "database",
        "server",
        "site",
        "page",
    ];
    const TROUBLE: [&str; 10] = [
        "稍后",
        "稍候",
        "连接失败",
        "错误代码",
        "服务器错误",
        "系统错误",
        "系统繁忙",
        "maintenance",
        "try again",
        "error",
    ];
    let names = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    if reading.body_text.chars().nth(LONGEST).is_some() {
        return None;
    }
    let text = reading.body_text.to_lowercase();
    let title = reading.title.as_deref().unwrap_or_default();
    let is_it = reading.attachments.is_empty()
        && names(&text, &SITE)
        && names(&text, &TROUBLE)
        // a notice of a site's repair is one
        && !names(&item.title.to_lowercase(), &SITE)
        && (title.is_empty() || identity::is_another(title, &item.title));
    is_it.then(|| Fault {
        kind: FaultKind::BodyMissing,
        words: format!(
            "{} shows a page of the site's trouble instead of the article",
            item.url
        ),
    })
}

/// The articles that a page without a list links to: known ones among them tell that the list is there and is missed.
pub(super) fn linked(fault: &Fault, page: &Page) -> Vec<ArticleId> {
    if fault.kind != FaultKind::EmptyList {
        return Vec::new();
    }
    linked_on(page)
}

/// The addresses that a page links to.
pub(super) fn linked_on(page: &Page) -> Vec<ArticleId> {
    static LINKS: LazyLock<Selector> = LazyLock::new(|| Selector::literal("a"));
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

/// Items that seem to be another list's than the source's, on a page that still links to `linked` known articles.
pub(super) fn other_list(source: &Source, items: usize, doubt: Doubt, linked: usize) -> Fault {
    let address = &source.url;
    let (why, lasting) = (doubt.words(), doubt.lasting_in_words());
    let kind = if linked > 0 && doubt != Doubt::AtHome {
        FaultKind::ListChanged
    } else {
        FaultKind::EmptyList
    };
    let what_to_do = format!(
        "if it is the list now, wait: once it has stayed for {lasting} it is taken for it; else say what an item is \
         with [source.list] item, or correct `url`"
    );
    Fault {
        kind,
        words: format!(
            "{address} shows {items} items where its list was, and {why}: that is probably another list, so nothing \
             of it is published; {what_to_do}"
        ),
    }
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
