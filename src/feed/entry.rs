//! An article inside a feed document: what all formats say of it.

use jiff::{Timestamp, ZonedDateTime, tz::Offset, tz::TimeZone};
use maud::html;
use url::Url;

use super::xml::is_visible;
use crate::{
    article::Article,
    source::{Content, SourceId},
};

/// An article as a feed carries it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The article.
    pub article: Article,
    /// The time zone of its source: where a day without a time begins.
    pub timezone: TimeZone,
    /// The title of its source.
    pub source_title: String,
    /// The address of its source's own feed, without the format's ending.
    pub source_feed: String,
    /// The whole body, or the first sentences.
    pub content: Content,
    /// The same story at other sources.
    pub also: Vec<Also>,
    /// When it was found to be gone from its site.
    pub withdrawn: Option<Timestamp>,
    /// The word before [`also`](Self::also) where a format has no element for it: "also at", "另见".
    pub also_label: &'static str,
}

/// The same story elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Also {
    /// The other source.
    pub source: SourceId,
    /// Its title.
    pub source_title: String,
    /// The article's address there.
    pub url: Url,
    /// The article's title there.
    pub title: String,
}

impl Entry {
    /// The entry's id: `urn:uuid:…` (RFC 9562, section 4), the same wherever it is published.
    pub fn urn(&self) -> String {
        format!("urn:uuid:{}", self.article.id)
    }

    /// When it was published. A day without a time begins at midnight of its source's zone; an undated article keeps
    /// the moment when it was first seen.
    pub fn published(&self) -> ZonedDateTime {
        use crate::article::dates::Published;
        match self.article.published {
            Some(Published::At(at, offset)) => at.to_zoned_datetime(TimeZone::fixed(offset)),
            Some(day @ Published::Day(_)) => self.at(day.instant(&self.timezone)),
            None => self.at(self.article.first_seen),
        }
    }

    /// When it was last changed: Atom's `updated`.
    pub fn updated(&self) -> ZonedDateTime {
        self.article
            .updated
            .map_or_else(|| self.published(), |at| self.at(at))
    }

    /// When the feed changed because of it.
    pub fn changed(&self) -> Timestamp {
        self.article
            .updated
            .max(self.withdrawn)
            .map_or(self.article.first_seen, |updated| {
                updated.max(self.article.first_seen)
            })
    }

    /// Its title, or its address where it has none.
    pub fn title(&self) -> &str {
        visible(&self.article.title).unwrap_or(self.article.url.as_str())
    }

    /// Its first sentences, if it has any.
    pub fn summary(&self) -> Option<&str> {
        visible(&self.article.summary)
    }

    /// The title of its source, or the source's id.
    pub fn source_title(&self) -> &str {
        visible(&self.source_title).unwrap_or(self.article.source.as_str())
    }

    /// Who is named as its author: the author, else the original publisher.
    pub fn creator(&self) -> Option<&str> {
        let author = self.article.author.as_deref().and_then(visible);
        author.or_else(|| self.article.origin.as_deref().and_then(visible))
    }

    /// What readers file it under: the breadcrumb's inner parts. The first is the front page, and a last one that only
    /// says "text" is dropped too.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        let parts = &self.article.breadcrumb;
        parts.iter().skip(1).map(String::as_str).filter(|part| {
            visible(part).is_some()
                && !matches!(*part, "正文" | "详细内容" | "内容")
                && *part != self.article.title
        })
    }

    /// The HTML that it carries: the body or the first sentences, then what the body does not link to itself, its
    /// files. `None` where there is nothing to show.
    pub fn html(&self) -> Option<String> {
        let article = &self.article;
        let mut out = match self.content {
            Content::Full => article.body_html.clone(),
            Content::Summary => match self.summary() {
                Some(summary) => html! { p { (summary) } }.into_string(),
                None => String::new(),
            },
        };
        let files: Vec<_> = article
            .attachments
            .iter()
            .filter(|file| !mentions(&article.body_html, &file.url))
            .collect();
        if !files.is_empty() {
            let list = html! { ul { @for file in files { li { a href=(file.url) { (name_of(file)) } } } } };
            out.push_str(&list.into_string());
        }
        (!out.is_empty()).then_some(out)
    }

    /// [`html`](Self::html), and a line that names the other sources.
    pub fn html_with_also(&self) -> Option<String> {
        if self.also.is_empty() {
            return self.html();
        }
        let line = html! {
            p { (self.also_label) @for also in &self.also { " " a href=(also.url) { (also.source_title()) } } }
        };
        Some(self.html().unwrap_or_default() + &line.into_string())
    }

    fn at(&self, at: Timestamp) -> ZonedDateTime {
        let offset: Offset = self.timezone.to_offset(at);
        at.to_zoned_datetime(TimeZone::fixed(offset))
    }
}

impl Also {
    /// The other source's title, or its id.
    pub fn source_title(&self) -> &str {
        visible(&self.source_title).unwrap_or(self.source.as_str())
    }
}

fn visible(text: &str) -> Option<&str> {
    is_visible(text).then_some(text)
}

fn name_of(file: &crate::article::Attachment) -> &str {
    visible(&file.title).unwrap_or(file.url.as_str())
}

/// Whether a body links to an address, as it stands in its attributes.
fn mentions(body_html: &str, url: &Url) -> bool {
    body_html.contains(&format!("\"{}\"", html! { (url.as_str()) }.into_string()))
}
