//! A story: the articles of several sources that tell the same piece of news.
//!
//! In: texts, titles, dates. Out: a [`fingerprint`] that finds alike texts among millions, the decision whether two
//! articles tell one story, and which of a story's articles speaks for it ([`merge`]); and whether a page that is read again
//! is still the article's ([`readings`]). Articles are never thrown away
//! for being alike: each source's own feed keeps its own, only merged feeds show one.

pub mod content;
pub mod fingerprint;
pub mod merge;
mod particulars;
pub mod readings;
pub mod titles;
