//! How large the store is, and how far its parts have come.

use std::{path::Path, sync::atomic::Ordering};

use super::Store;

/// The store in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    /// Articles that are kept.
    pub articles: u64,
    /// What the journal takes on the disk.
    pub journal_bytes: u64,
    /// What the database takes.
    pub database_bytes: u64,
    /// What the index for searching takes.
    pub search_bytes: u64,
    /// What is left on the disk; 0 where it does not tell.
    pub free_bytes: u64,
    /// Whether new things can be kept.
    pub is_writable: bool,
    /// Events in the journal that the database does not know.
    pub journal_lag: u64,
    /// Events that the index for searching has not seen.
    pub search_lag: u64,
    /// Whether that index holds all articles, and is not being made.
    pub search_is_complete: bool,
}

impl Store {
    /// What there is to measure. Waits for the disk.
    pub fn measures(&self) -> Measures {
        // what cannot be read is told by whoever needs it
        let meta = self.view.meta().unwrap_or_default();
        Measures {
            articles: meta.articles,
            journal_bytes: folder_bytes(&self.path.join("journal")),
            database_bytes: folder_bytes(&self.path.join("store")),
            search_bytes: folder_bytes(&self.path.join("search")),
            free_bytes: (self.room)(&self.path).unwrap_or_default(),
            is_writable: self.trouble().is_none(),
            journal_lag: self.lag.load(Ordering::Relaxed),
            search_lag: meta.applied.saturating_sub(self.search_seen()),
            search_is_complete: self.search_is_complete(),
        }
    }
}

/// The files of a folder and of those in it. What goes away meanwhile counts nothing.
fn folder_bytes(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return 0;
    };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}
