//! Pages for people: what can be read and subscribed to, and how the sources are. No script, nothing foreign.

mod article;
mod chart;
mod home;
mod status;
mod subject;

use std::sync::{Arc, LazyLock};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use maud::{DOCTYPE, Markup, html};
use xxhash_rust::xxh3::xxh3_64;

pub(super) use self::{
    article::page as article,
    home::page as home,
    status::page as status,
    subject::{group, source},
};
use super::{Site, broken, not_found};
use crate::{
    config::Lang,
    feed::Format,
    source::{SourceId, Tls, report::SourceReport, state::Reason},
    store::{Entry, StoreError},
};

/// Nothing is loaded but the style sheet and the icon, and no page may frame this one.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The same, and the pictures of an article from wherever they are.
const POLICY_WITH_PICTURES: &str = "default-src 'none'; style-src 'self'; img-src 'self' http: https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");

/// Behind the address of style sheet and icon: those of another version are other ones, and not taken from a cache.
static EDITION: LazyLock<String> = LazyLock::new(|| {
    let both = [STYLE, ICON].concat();
    format!("{:08x}", xxh3_64(both.as_bytes()) >> 32)
});

/// Whether a path is that of a page for people.
pub(super) fn is_page(path: &str) -> bool {
    let named = |folder: &str| path.strip_prefix(folder);
    matches!(path, "/" | "/status" | "/search")
        || named("/sources/").or(named("/articles/")).is_some()
        // a name has no dot, so what has one is a feed
        || named("/groups/").is_some_and(|name| !name.contains('.'))
}

/// `/style.css`
pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

/// `/icon.svg`
pub(super) async fn icon() -> Response {
    asset("image/svg+xml", ICON)
}

fn asset(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "max-age=604800"),
        // an icon that is opened by itself is a document
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    (headers, content).into_response()
}

/// What stands around a page's content.
pub(super) struct Frame<'a> {
    /// Its title; none for the front page.
    pub(super) title: Option<&'a str>,
    /// The way to the front page, relative, so that pages may lie below any path.
    pub(super) root: &'a str,
    /// Its place in the navigation, as that names it; empty where it has none.
    pub(super) place: &'static str,
    /// The title of the feed of the same, and its address in each format; where there is none, that of everything is named.
    pub(super) feed: Option<(String, &'a dyn Fn(Format) -> String)>,
}

impl Frame<'_> {
    /// The whole page.
    pub(super) fn around(&self, site: &Site, content: &Markup) -> Markup {
        let words = site.words;
        html! {
            (DOCTYPE)
            html lang=(site.config.lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { @if let Some(title) = self.title { (title) " · " } "schoolbell" }
                    link rel="stylesheet" href={ (self.root) "style.css?" (*EDITION) };
                    link rel="icon" type="image/svg+xml" href={ (self.root) "icon.svg?" (*EDITION) };
                    @match &self.feed {
                        Some((title, address)) => { (alternates(title, address)) }
                        None => { (alternates(words.everything, &|format| site.feed_address(&["all"], format))) }
                    }
                }
                body {
                    a.skip href="#main" { (words.skip) }
                    header {
                        p.name {
                            a href={ (self.root) "./" } {
                                img src={ (self.root) "icon.svg?" (*EDITION) } alt="" width="26" height="26";
                                "schoolbell"
                            }
                        }
                        nav aria-label=(words.navigation) {
                            @for (place, name) in [("./", words.newest), ("status", words.health), ("search", words.search)] {
                                a href={ (self.root) (place) } aria-current=[(self.place == place).then_some("page")] { (name) }
                                " "
                            }
                        }
                    }
                    main #main tabindex="-1" {
                        @if let Some(trouble) = site.store.trouble() {
                            p.trouble role="alert" { strong { (words.not_kept) } " " (trouble) }
                        }
                        (content)
                    }
                }
            }
        }
    }
}

/// By these, readers find a page's feed when they are given the page.
fn alternates(title: &str, address: &dyn Fn(Format) -> String) -> Markup {
    html! {
        @for format in Format::ALL {
            link rel="alternate" type=(media_type(format)) title={ (title) " (" (format.name()) ")" } href=(address(format));
        }
    }
}

/// What a page is made of, or why there is none.
enum Made {
    Page(Markup),
    /// Another address has it, relative to the one asked for.
    Elsewhere(String),
    Unknown,
    /// A source that the configuration named once.
    Gone,
}

/// The way to the front page from the pages of what may be missing.
const BELOW: &str = "../";

/// Makes a page aside, since it asks the store, and answers with it.
async fn answer(
    site: &Arc<Site>,
    address: String,
    headers: &HeaderMap,
    policy: &'static str,
    make: impl FnOnce(&Site) -> Result<Made, StoreError> + Send + 'static,
) -> Response {
    let making = tokio::task::spawn_blocking({
        let site = site.clone();
        move || make(&site)
    });
    let page = match making.await {
        Ok(Ok(Made::Page(page))) => page,
        Ok(Ok(Made::Unknown)) => return missing(site, StatusCode::NOT_FOUND, BELOW),
        Ok(Ok(Made::Gone)) => return missing(site, StatusCode::GONE, BELOW),
        Ok(Ok(Made::Elsewhere(address))) => {
            return match HeaderValue::try_from(address) {
                Ok(value) => {
                    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, value)]).into_response()
                }
                Err(_) => missing(site, StatusCode::NOT_FOUND, BELOW),
            };
        }
        Ok(Err(error)) => return broken(&error),
        Err(error) => return broken(&error),
    };
    let kind = "text/html; charset=utf-8";
    let bytes = page.into_string().into_bytes();
    let mut answer = site
        .documents
        .answer(site, address, bytes, kind, headers)
        .await;
    answer.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    answer
}

/// An address that is none: a page for browsers, a line for others.
pub(super) async fn nowhere(
    State(site): State<Arc<Site>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !super::missing::accepts_html(&headers) {
        return not_found("this address");
    }
    let deep = uri.path().matches('/').count().saturating_sub(1);
    // addresses that are deeper than any of ours are not written by people
    missing(&site, StatusCode::NOT_FOUND, &"../".repeat(deep.min(20)))
}

/// What stands where there is no page, none any more, or none for this method.
pub(super) fn missing(site: &Site, status: StatusCode, root: &str) -> Response {
    let words = site.words;
    let (title, why) = match status {
        StatusCode::GONE => (words.missing, words.removed_source),
        StatusCode::METHOD_NOT_ALLOWED => (words.not_allowed, words.not_allowed_why),
        _ => (words.missing, words.missing_why),
    };
    let frame = Frame {
        title: Some(title),
        root,
        place: "",
        feed: None,
    };
    let page = frame.around(
        site,
        &html! {
            h1 { (title) }
            p { (why) }
            p { a href={ (root) "./" } { (words.to_front_page) } }
        },
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (status, headers, page.into_string()).into_response()
}

/// A feed in each of its formats, for readers that ask for an address, and for those that take links.
fn formats(site: &Site, address: &str) -> Markup {
    html! {
        span.formats {
            @for format in Format::ALL { a href={ (address) "." (format.ending()) } { (format.name()) } " " }
            a href={ "feed:" (address) ".rss" } title=(site.words.open_in_reader) { "feed:" }
        }
    }
}

/// How to subscribe: the address to copy, which the keyboard marks as a whole, and links.
fn subscribe(site: &Site, address: &str) -> Markup {
    let words = site.words;
    html! {
        section.subscribe aria-labelledby="subscribe" {
            h2 #subscribe { (words.subscribe_heading) }
            label for="address" { (words.copy_address) }
            input #address type="url" readonly value={ (address) ".rss" };
            p { (formats(site, address)) }
            p { small { (words.feed_links) } }
            (how_to_be_let_in(site))
        }
    }
}

/// What a reader must send beside an address, where it must. The token itself is not shown.
fn how_to_be_let_in(site: &Site) -> Markup {
    html! { @if site.config.server.token.is_some() { p { (site.words.with_token) } } }
}

/// How a source is, in a word, and where it is in trouble, what to do.
fn health(site: &Site, report: &SourceReport) -> Markup {
    let words = site.words;
    match (&report.last_error, report.health.as_str()) {
        (Some(error), _) => {
            let fault = words.fault(error.kind);
            html! {
                p { strong { (fault.name) } " " code { (error.kind.as_str()) } }
                p { (words.what_to_do) (fault.advice) }
                p.said lang="en" { (error.words) }
            }
        }
        (None, "off") => html! { p { (words.off) } },
        (None, "waiting") => html! { p { (words.waiting) } },
        (None, _) => html! { p.well { (words.ok) } },
    }
}

/// What a person should know of how a source is reached, although it works.
fn notes(site: &Site, report: &SourceReport) -> Markup {
    let words = site.words;
    let loose = match report.tls {
        None | Some(Tls::Strict) => None,
        Some(Tls::Legacy) => Some(words.tls_legacy),
        Some(Tls::Insecure) => Some(words.tls_insecure),
    };
    html! {
        @if let Some(to) = &report.moved_to { p { (words.moved_to) " " code { (to) } } }
        @if let Some(loose) = loose { p { (loose) } }
    }
}

/// What decides when the next poll comes.
fn why(site: &Site, report: &SourceReport) -> Markup {
    let words = site.words;
    let Some(reason) = &report.next_poll_reason else {
        return html! {};
    };
    let because = match reason.kind {
        Reason::Every => words.because_every,
        Reason::Rhythm => words.because_rhythm,
        Reason::Failures => words.because_failures,
        Reason::RetryAfter | Reason::MaxAge => words.because_server,
    };
    html! {
        small {
            (because)
            @if let (Reason::Rhythm, Some(rate)) = (reason.kind, report.articles_a_week) {
                " · " (words.articles_a_week) " " (rate)
            }
        }
    }
}

/// Articles as lines, each with a link to its page here. Their source is named where it is not that of the whole page.
pub(super) fn articles(
    site: &Site,
    root: &str,
    entries: &[Entry],
    of: Option<&SourceId>,
) -> Markup {
    html! {
        ol.articles {
            @for entry in entries {
                @let article = &entry.article;
                @let source = site.present(&article.source);
                li {
                    a href={ (root) "articles/" (article.id) } lang=[language(site, &article.title)] { (site.words.titled(&article.title)) }
                    p.facts {
                        @if let Some(date) = article.published { time datetime=(date) { (date.day()) } }
                        @if article.published.is_some() && of != Some(&source) { " · " }
                        @if of != Some(&source) { (source_link(site, root, &source)) }
                        @if !entry.also.is_empty() {
                            " · " (site.words.also_at)
                            @for (n, also) in entry.also.iter().enumerate() {
                                @if n > 0 { (site.words.comma) } @else { " " }
                                @let title = site.title(&site.present(&also.source));
                                a href=(also.url) rel="noopener noreferrer" lang=[language(site, &title)] { (title) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A source's name, with a link to its page if it has one.
fn source_link(site: &Site, root: &str, id: &SourceId) -> Markup {
    let title = site.title(id);
    let lang = language(site, &title);
    html! {
        @if site.source(id).is_some() { a href={ (root) "sources/" (id) } lang=[lang] { (title) } }
        @else { span lang=[lang] { (title) } }
    }
}

/// The language of a text, where that is another than the page's: voices and typesetting follow it. Only Chinese is told,
/// which is what nearly all sources write.
fn language(site: &Site, text: &str) -> Option<&'static str> {
    let is_kana = |c: char| matches!(c, '\u{3041}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}');
    let is_han = |c: char| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}');
    let is_chinese = text.contains(is_han) && !text.contains(is_kana);
    (is_chinese && site.config.lang != Lang::Chinese).then_some(Lang::Chinese.tag())
}

/// Links to the pages before and after.
fn pager(site: &Site, page: usize, more: bool) -> Markup {
    html! {
        @if page > 1 || more {
            nav.pager aria-label=(site.words.pages) {
                @if page > 1 { a rel="prev" href={ "?page=" (page - 1) } { (site.words.newer) } " " }
                @if more { a rel="next" href={ "?page=" (page + 1) } { (site.words.older) } }
            }
        }
    }
}

/// The number of a page, from a query; the first where it says nothing, or nothing that can be understood.
fn page_number(query: Option<&str>) -> usize {
    let number = number(query, "page");
    number.unwrap_or(1).clamp(1, super::address::LAST_PAGE)
}

/// A number of a query.
fn number(query: Option<&str>, key: &str) -> Option<usize> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let (_, value) = pairs.filter(|(name, _)| name == key).last()?;
    value.parse().ok()
}

/// A moment on the clock of a source's place.
fn time(site: &Site, id: &str, at: Timestamp) -> Markup {
    let id = SourceId::parse(id).ok();
    let zone = id
        .and_then(|id| site.source(&id))
        .map_or(TimeZone::UTC, |source| source.timezone.clone());
    let local = at.to_zoned_datetime(zone);
    let at = at.strftime("%Y-%m-%dT%H:%M:%SZ");
    html! { time datetime=(at) { (local.strftime("%Y-%m-%d %H:%M")) } }
}

fn media_type(format: Format) -> &'static str {
    format.content_type().split(';').next().unwrap_or_default()
}
