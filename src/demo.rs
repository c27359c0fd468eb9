//! Three made-up education departments: what `schoolbell demo` polls where there is no internet, and what the tests poll.
//!
//! In: the times at which further notices were published. Out: for each department an [`axum::Router`] that answers like
//! a site of its family: list pages with a pager, articles, files. Nothing on them depends on the time of asking or on
//! the address that they are served at, so ids and dates are the same at each start.
//!
//! `notice` is a notice as data, `arrivals` makes further ones without end, `family` knows the markup of VSB, `DedeCMS` and
//! `WebPlus`, `files` makes pictures and documents, `site` answers a path. The texts lie in `demo/articles/`, the pages'
//! frames in `demo/pages/`. No institution of these names exists.

mod arrivals;
mod family;
mod files;
mod notice;
mod serve;
mod site;
mod template;

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::site::Site;
use crate::article::dates::Published;

pub use self::serve::serve;

/// A made-up department.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Department {
    /// 云溪省教育厅: VSB, in UTF-8; a pinned notice, titles cut short beside their whole form in `title`.
    #[serde(rename = "jyt")]
    Province,
    /// 青岚市教育局: `DedeCMS`, in GBK declared as gb2312; dates without a year, a title cut short for good.
    #[serde(rename = "jyj")]
    City,
    /// 云溪师范大学教务处: `WebPlus`, in UTF-8; one notice is a PDF.
    #[serde(rename = "jwc")]
    University,
}

impl Department {
    /// All three, in the order of their ports.
    pub fn all() -> [Self; 3] {
        [Self::Province, Self::City, Self::University]
    }

    /// The id of its source: `jyt`, `jyj` or `jwc`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Province => "jyt",
            Self::City => "jyj",
            Self::University => "jwc",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Province => "云溪省教育厅",
            Self::City => "青岚市教育局",
            Self::University => "云溪师范大学教务处",
        }
    }

    /// A title for its source: the department and the column.
    pub fn title(self) -> String {
        format!("{} · 通知公告", self.name())
    }

    /// The group that its source belongs to.
    pub fn group(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::University => "university",
        }
    }

    /// The path of the first list page.
    pub fn list_path(self) -> &'static str {
        match self {
            Self::Province => "/jyzx/tzgg.htm",
            Self::City => "/a/tzgg/",
            Self::University => "/1312/list.htm",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Province => 0,
            Self::City => 1,
            Self::University => 2,
        }
    }
}

/// What was published beyond the fixed notices: kept by the caller, so that a demo started again shows the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrivals {
    /// When each further notice was published, the first one first.
    pub published: Vec<Timestamp>,
}

/// What a reader of a department's page should find in one notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its address on the department's site: path and query.
    pub path: String,
    /// The whole title.
    pub title: String,
    /// The date, with the time where the article's page shows one.
    pub published: Published,
    /// The original publisher, where the page names one.
    pub origin: Option<String>,
    /// The author, where the page names one.
    pub author: Option<String>,
    /// The addresses of its files on the department's site.
    pub attachments: Vec<String>,
    /// How many pictures its text has; the little icons of file types are none.
    pub images: usize,
    /// How its text begins; empty where it has none.
    pub first_words: String,
    /// How its last paragraph ends; on the `DedeCMS` pages a line 责任编辑 follows within the same element.
    pub last_words: String,
}

/// The three departments, with what they have published. A clone shares its state.
#[derive(Clone, Debug)]
pub struct Departments {
    inner: Arc<RwLock<Inner>>,
}

#[derive(Debug)]
struct Inner {
    sites: [Site; 3],
    arrivals: Arrivals,
}

impl Default for Departments {
    fn default() -> Self {
        Self::new()
    }
}

impl Departments {
    /// The departments with their fixed notices alone.
    pub fn new() -> Self {
        Self::resume(Arrivals::default())
    }

    /// The departments as they were when `arrivals` was saved.
    pub fn resume(arrivals: Arrivals) -> Self {
        let mut sites = Department::all().map(Site::new);
        for (index, at) in arrivals.published.iter().enumerate() {
            let (department, notice) = arrivals::notice(index, *at);
            sites[department.index()].publish(notice, *at);
        }
        Self {
            inner: Arc::new(RwLock::new(Inner { sites, arrivals })),
        }
    }

    /// Publishes the next notice, at the next department in turn, dated `now`; says where and under which title.
    ///
    /// It stands at the top of the department's list, below a pinned one.
    pub fn publish(&self, now: Timestamp) -> (Department, String) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let (department, notice) = arrivals::notice(inner.arrivals.published.len(), now);
        let title = notice.title.clone();
        inner.arrivals.published.push(now);
        inner.sites[department.index()].publish(notice, now);
        (department, title)
    }

    /// How many notices were published beyond the fixed ones.
    pub fn published(&self) -> usize {
        self.read(|inner| inner.arrivals.published.len())
    }

    /// What to save for [`Departments::resume`].
    pub fn arrivals(&self) -> Arrivals {
        self.read(|inner| inner.arrivals.clone())
    }

    /// What a reader should find in a department's notices, in the order of its list.
    pub fn expected(&self, department: Department) -> Vec<Expected> {
        self.read(|inner| inner.sites[department.index()].expected())
    }

    /// A department's site. Its links are relative, so it can be served at any address.
    pub fn router(&self, department: Department) -> axum::Router {
        serve::router(self.clone(), department)
    }

    fn answer(&self, department: Department, path_and_query: &str) -> site::Answer {
        self.read(|inner| inner.sites[department.index()].answer(path_and_query))
    }

    fn read<T>(&self, read: impl FnOnce(&Inner) -> T) -> T {
        read(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
