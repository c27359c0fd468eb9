//! What tells the site families apart: addresses, pagers and markup.

mod dede;
mod vsb;
mod webplus;

use std::fmt;

use super::{
    Department,
    notice::Notice,
    template::{cut, escape},
};

/// A list page to be written.
pub(super) struct Listing<'a> {
    pub(super) page: usize,
    pub(super) pages: usize,
    /// Notices on a full page.
    pub(super) per_page: usize,
    /// Notices on all pages.
    pub(super) total: usize,
    /// Each notice with its address, as for [`Reading`].
    pub(super) rows: Vec<(&'a Notice, String)>,
    pub(super) hot: Vec<(&'a Notice, String)>,
}

/// An article's page to be written.
pub(super) struct Reading<'a> {
    pub(super) notice: &'a Notice,
    pub(super) department: Department,
    pub(super) newer: Option<(&'a Notice, String)>,
    pub(super) older: Option<(&'a Notice, String)>,
    pub(super) hot: Vec<(&'a Notice, String)>,
}

/// A content system, as far as it shows in pages. Addresses are paths from the site's root.
pub(super) trait Family: fmt::Debug + Sync {
    /// The address of a list page.
    fn list(&self, page: usize, pages: usize) -> String;
    /// Further addresses of the first list page.
    fn first_list(&self) -> &'static [&'static str];
    /// The address of an article.
    fn article(&self, number: u32) -> String;
    /// The address of a picture or document.
    fn file(&self, name: &str) -> String;
    /// Style sheets, scripts and the like: content type and bytes.
    fn asset(&self, path_and_query: &str) -> Option<(&'static str, &'static [u8])>;
    /// Whether an article's page shows the time of day.
    fn shows_time(&self) -> bool;
    /// The origin that an article's page names.
    fn origin(&self, notice: &Notice, department: Department) -> Option<String>;
    /// A list page's HTML.
    fn list_page(&self, listing: &Listing<'_>) -> String;
    /// An article page's HTML.
    fn article_page(&self, reading: &Reading<'_>) -> String;
    /// The pages' `Content-Type`.
    fn content_type(&self) -> &'static str {
        "text/html; charset=utf-8"
    }
    /// The pages' bytes.
    fn encode(&self, html: &str) -> Vec<u8> {
        html.as_bytes().to_vec()
    }
}

/// The family that a department's site is made with.
pub(super) fn of(department: Department) -> &'static dyn Family {
    match department {
        Department::Province => &vsb::Vsb,
        Department::City => &dede::Dede,
        Department::University => &webplus::WebPlus,
    }
}

/// A transparent pixel: what counters and file icons are here.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// A made-up file name of letters and digits, as systems give to uploads.
fn upload_name(name: &str, length: usize) -> String {
    let hash = xxhash_rust::xxh3::xxh3_128(name.as_bytes());
    format!("{hash:032x}")[..length].to_owned()
}

/// The ending of a file's name, with its dot.
fn ending(name: &str) -> &str {
    name.rfind('.').map_or("", |dot| &name[dot..])
}

/// `(escaped title, escaped title cut to `length`)`.
fn titles(notice: &Notice, length: usize) -> (String, String) {
    (escape(&notice.title), escape(&cut(&notice.title, length)))
}

/// A table's rows as `<tr><td>…`, each cell's text wrapped as `cell` says.
fn table_rows(rows: &[Vec<String>], cell: impl Fn(&str) -> String) -> String {
    let row = |row: &Vec<String>| {
        let cells: String = row.iter().map(|text| cell(&escape(text))).collect();
        ["<tr>", &cells, "</tr>\n"].concat()
    };
    rows.iter().map(row).collect()
}
