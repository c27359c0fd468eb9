//! Searching titles and texts: an index of words beside the store, in its folder `search`.
//!
//! In: a [`Question`] and a scope. Out: the articles that match, newest first, read from the store. tantivy keeps the
//! index; it can be thrown away, and is made anew where it is damaged or of another version. Words are in [`words`],
//! the question in [`query`], the thread that keeps the index up with the store in [`keep`].

mod files;
mod gather;
mod keep;
mod matches;
mod news;
mod query;
mod words;

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
};

pub use self::query::{NoQuestion, QUESTION_CHARS, Question};
use self::{
    files::{Broken, sound},
    keep::{Keeper, Shown},
};
pub(super) use self::{gather::changes, news::News};
use super::{Choice, Entry, Scope, Store, StoreError, room, view::View, walk};

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The articles chosen, newest first.
    pub entries: Vec<Entry>,
    /// How many there are in all, each story counted once. Those that were not looked at count, whether they would be
    /// kept or not.
    pub total: usize,
}

/// A store's index.
pub(super) struct Search {
    news: Arc<News>,
    shown: Arc<Shown>,
    thread: Option<JoinHandle<()>>,
}

impl Search {
    /// Starts the thread that opens the index, or makes it, and keeps it.
    pub(super) fn start(
        view: &Arc<View>,
        path: &Path,
        room: room::Left,
    ) -> Result<Self, StoreError> {
        let (news, shown) = (Arc::new(News::default()), Arc::new(Shown::default()));
        view.listen(Arc::clone(&news));
        let keeper = Keeper::new(
            Arc::clone(view),
            Arc::clone(&news),
            Arc::clone(&shown),
            path.to_owned(),
            room,
        );
        let thread = thread::Builder::new()
            .name("search-index".to_owned())
            .spawn(move || keeper.run())
            .map_err(StoreError::io("start the indexing of", path))?;
        Ok(Self {
            news,
            shown,
            thread: Some(thread),
        })
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.news.close();
        if let Some(thread) = self.thread.take() {
            // a panic was told by the panic itself
            let _ = thread.join();
        }
    }
}

impl Store {
    /// Keeps an index for [`Store::search`] from now on, in the folder `search` of the store. It is made or brought up
    /// to date by a thread of its own.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn keep_searchable(&self) -> Result<(), StoreError> {
        let mut search = self.search_lock();
        if search.is_none() {
            *search = Some(Arc::new(Search::start(&self.view, &self.path, self.room)?));
        }
        Ok(())
    }

    /// The articles that match, newest first, in a scope of several sources each story once. Waits for the disk. What
    /// was recorded a second ago is found.
    ///
    /// # Errors
    /// [`StoreError::Unsearchable`] where there is no index at present. As [`Store::known`].
    pub fn search(
        &self,
        question: &Question,
        scope: &Scope,
        choice: &Choice<'_>,
    ) -> Result<Found, StoreError> {
        let search = self.searching()?;
        let files = search.shown.files().ok_or(StoreError::Unsearchable)?;
        let only = walk::only(&self.view, scope);
        match sound(|| matches::collect(&files, question, &only)) {
            Ok(found) => matches::choose(&self.view, found, (scope, &only), choice),
            Err(broken) => {
                tracing::error!(error = &broken as &dyn std::error::Error, "a search failed");
                if matches!(broken, Broken::Damaged(_)) {
                    search.news.damaged();
                }
                Err(StoreError::Unsearchable)
            }
        }
    }

    /// A number that changes when the index does.
    pub fn search_generation(&self) -> u64 {
        let shown = self.searching().map(|search| Arc::clone(&search.shown));
        shown.map_or(0, |shown| shown.generation.load(Ordering::Acquire))
    }

    /// Whether the index holds all articles, and is not being made.
    pub fn search_is_complete(&self) -> bool {
        let shown = self.searching().map(|search| Arc::clone(&search.shown));
        shown.is_ok_and(|shown| shown.complete.load(Ordering::Acquire))
    }

    /// The sequence number of the last event that the index has seen.
    pub(super) fn search_seen(&self) -> u64 {
        let shown = self.searching().map(|search| Arc::clone(&search.shown));
        shown.map_or(0, |shown| shown.seen.load(Ordering::Relaxed))
    }

    /// Waits until a search finds all that was recorded before.
    ///
    /// # Errors
    /// [`StoreError::Unsearchable`] where the index cannot be kept at present.
    pub async fn search_settled(&self) -> Result<(), StoreError> {
        let settled = self.searching()?.news.settled();
        settled.await.map_err(|_| StoreError::Unsearchable)
    }

    fn searching(&self) -> Result<Arc<Search>, StoreError> {
        self.search_lock().clone().ok_or(StoreError::Unsearchable)
    }
}
