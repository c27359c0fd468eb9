//! One department's site: a path in, an answer out.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{
    Department, Expected,
    arrivals::OFFSET,
    family::{self, Family, Listing, Reading},
    files,
    notice::{self, Block, Content, Notice},
    template::fill,
};
use crate::article::dates::Published;

/// Notices on one list page.
const PAGE: usize = 8;
/// Notices in the sidebar.
const HOT: usize = 5;
/// What `first_words` and `last_words` hold, in characters.
const WORDS: usize = 12;

/// What a site answers.
pub(super) enum Answer {
    Found {
        content_type: &'static str,
        body: Vec<u8>,
        modified: Timestamp,
    },
    Redirect(&'static str),
    Missing(String),
}

/// A department's notices in the order of its list, and its files by address.
#[derive(Debug)]
pub(super) struct Site {
    department: Department,
    family: &'static dyn Family,
    notices: Vec<Notice>,
    files: HashMap<String, (String, String)>,
    modified: Timestamp,
}

impl Site {
    /// The site with its fixed notices.
    pub(super) fn new(department: Department) -> Self {
        let family = family::of(department);
        let mut notices = notice::of(department);
        notices.sort_by_key(|notice| std::cmp::Reverse((notice.pinned, notice.date)));
        let files = notices
            .iter()
            .flat_map(Notice::files)
            .map(|(file, title)| (family.file(file), (file.to_owned(), title.to_owned())))
            .collect();
        let modified = notices.iter().map(instant).max().unwrap_or_default();
        Self {
            department,
            family,
            notices,
            files,
            modified,
        }
    }

    /// Puts a further notice on top of the list, below the pinned ones.
    pub(super) fn publish(&mut self, notice: Notice, at: Timestamp) {
        let pinned = self.notices.iter().filter(|other| other.pinned).count();
        self.notices.insert(pinned, notice);
        self.modified = self.modified.max(at);
    }

    /// Answers a request for a path with its query.
    pub(super) fn answer(&self, path_and_query: &str) -> Answer {
        if let Some((file, title)) = self.files.get(path_and_query) {
            return self.found(files::media_type(file), files::make(file, title));
        }
        let path = path_and_query.split('?').next().unwrap_or_default();
        if let Some((content_type, body)) = self.family.asset(path_and_query) {
            return self.found(content_type, body.into());
        }
        if matches!(path, "/" | "/index.htm" | "/index.html" | "/main.htm") {
            return Answer::Redirect(self.department.list_path());
        }
        if let Some(page) = (1..=self.pages()).find(|page| self.is_list(path, *page)) {
            return self.page(&self.list(page));
        }
        let position = self.notices.iter().position(|notice| {
            matches!(notice.content, Content::Text(_)) && self.family.article(notice.number) == path
        });
        if let Some(position) = position {
            return self.page(&self.article(position));
        }
        let missing = include_str!("pages/missing.html");
        Answer::Missing(fill(missing, &[("list", self.department.list_path())]))
    }

    /// What a reader should find in each notice.
    pub(super) fn expected(&self) -> Vec<Expected> {
        self.notices
            .iter()
            .map(|notice| self.expect(notice))
            .collect()
    }

    fn expect(&self, notice: &Notice) -> Expected {
        let texts: Vec<String> = notice.blocks().iter().filter_map(text).collect();
        let first = texts.first().map(String::as_str).unwrap_or_default();
        let last: Vec<char> = texts
            .last()
            .map(|t| t.chars().collect())
            .unwrap_or_default();
        let mut attachments: Vec<String> = vec![];
        if let Content::File(file) = &notice.content {
            attachments.push(self.family.file(file));
        }
        attachments.extend(notice.blocks().iter().filter_map(|block| match block {
            Block::Attachment { file, .. } => Some(self.family.file(file)),
            _ => None,
        }));
        Expected {
            path: self.address(notice),
            title: notice.title.clone(),
            published: if self.family.shows_time() && !notice.blocks().is_empty() {
                Published::At(instant(notice), OFFSET)
            } else {
                Published::Day(notice.date.date())
            },
            origin: self
                .family
                .origin(notice, self.department)
                .filter(|_| !notice.blocks().is_empty()),
            author: notice.author.clone(),
            attachments,
            images: notice
                .blocks()
                .iter()
                .filter(|block| matches!(block, Block::Picture { .. }))
                .count(),
            first_words: first.chars().take(WORDS).collect(),
            last_words: last[last.len().saturating_sub(WORDS)..].iter().collect(),
        }
    }

    fn address(&self, notice: &Notice) -> String {
        match &notice.content {
            Content::Text(_) => self.family.article(notice.number),
            Content::File(file) => self.family.file(file),
        }
    }

    fn pages(&self) -> usize {
        self.notices.len().div_ceil(PAGE)
    }

    fn is_list(&self, path: &str, page: usize) -> bool {
        self.family.list(page, self.pages()) == path
            || (page == 1 && self.family.first_list().contains(&path))
    }

    fn hot(&self) -> Vec<(&Notice, String)> {
        // not the newest ones: readers take their time
        let read = self.notices.iter().rev().filter(|n| !n.blocks().is_empty());
        read.take(HOT).map(|n| (n, self.address(n))).collect()
    }

    fn list(&self, page: usize) -> String {
        let rows = self.notices.iter().skip((page - 1) * PAGE).take(PAGE);
        self.family.list_page(&Listing {
            page,
            pages: self.pages(),
            per_page: PAGE,
            total: self.notices.len(),
            rows: rows.map(|n| (n, self.address(n))).collect(),
            hot: self.hot(),
        })
    }

    fn article(&self, position: usize) -> String {
        let notice = &self.notices[position];
        let near = |n: &&Notice| !n.blocks().is_empty();
        let newer = self.notices[..position].iter().rev().find(near);
        let older = self.notices[position + 1..].iter().find(near);
        self.family.article_page(&Reading {
            notice,
            department: self.department,
            newer: newer.map(|n| (n, self.address(n))),
            older: older.map(|n| (n, self.address(n))),
            hot: self.hot(),
        })
    }

    fn page(&self, html: &str) -> Answer {
        self.found(self.family.content_type(), self.family.encode(html))
    }

    fn found(&self, content_type: &'static str, body: Vec<u8>) -> Answer {
        Answer::Found {
            content_type,
            body,
            modified: self.modified,
        }
    }
}

fn instant(notice: &Notice) -> Timestamp {
    // only a date at the calendar's end has no instant
    OFFSET.to_timestamp(notice.date).unwrap_or_default()
}

fn text(block: &Block) -> Option<String> {
    match block {
        Block::Paragraph(text) | Block::Heading(text) => Some(text.clone()),
        Block::Signature(lines) => lines.last().cloned(),
        Block::Picture { caption, .. } => Some(caption.clone()),
        Block::Table(_) | Block::Attachment { .. } => None,
    }
}
