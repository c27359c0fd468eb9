//! Compaction: sled 0.34 gives no space back, so the live rows are copied into a new database that takes its place.
//!
//! The new one is made beside the old one, as `store.new`, and only when it is whole and flushed are the two exchanged:
//! old to `store.old`, new to `store`. A crash before that leaves a `store.new` that is thrown away, one in between is
//! settled at the next start. Copying stops the writer (some ten seconds for a million articles), not the readers, who
//! wait only for the exchange.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use super::{
    Compacted, StoreError,
    open::{self, Place},
    view::View,
};

/// A database below this is not worth the trouble.
const WORTH_BYTES: u64 = 256 << 20;
/// A new database takes about three times its rows' bytes; compaction pays where one takes more than twice that.
const BLOATED: u64 = 6;

fn fresh(path: &Path) -> PathBuf {
    path.join("store.new")
}

/// What an interrupted compaction has left: the new database takes the old one's place if that was gone already.
pub(super) fn settle(path: &Path, dir: &Path) -> Result<(), StoreError> {
    let fresh = fresh(path);
    if !fresh.exists() {
        return Ok(());
    }
    if dir.exists() {
        return open::remove_folder(&fresh);
    }
    rename(&fresh, dir)?;
    flush_folder(path)
}

/// Whether compaction would free much. Reads all rows, while others write.
pub(super) fn pays(view: &View) -> Result<bool, StoreError> {
    let size_bytes = view.size_bytes();
    Ok(size_bytes >= WORTH_BYTES && size_bytes > BLOATED * view.row_bytes()?)
}

/// Copies the live rows into a new database, and goes on with that. By the one who writes only.
pub(super) fn compact(view: &View, place: &Place) -> Result<Compacted, StoreError> {
    let before_bytes = view.size_bytes();
    let new = Place {
        dir: fresh(&place.path),
        ..place.clone()
    };
    open::remove_folder(&new.dir)?;
    if let Err(error) = make(view, &new) {
        // it may be the disk that is full
        open::remove_folder(&new.dir)?;
        return Err(error);
    }
    let old = open::retired(&place.path);
    open::remove_folder(&old)?;
    view.exchange(|| {
        place.wait_until_closed()?;
        rename(&place.dir, &old)?;
        if let Err(error) = rename(&new.dir, &place.dir) {
            rename(&old, &place.dir)?;
            return Err(error);
        }
        flush_folder(&place.path)?;
        place.open().map_err(|failure| place.give_up(failure))
    })?;
    open::remove_folder(&old)?;
    Ok(Compacted {
        before_bytes,
        after_bytes: view.size_bytes(),
    })
}

fn make(view: &View, new: &Place) -> Result<(), StoreError> {
    let open = || new.open().map_err(|failure| new.give_up(failure));
    view.copy_to(&open()?, &new.dir)?;
    new.wait_until_closed()?;
    // the first opening reads the whole log and writes down what it finds there; nobody waits for that yet
    drop(open()?);
    new.wait_until_closed()?;
    flush_folder(&new.dir)
}

fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(StoreError::io("rename", from))
}

fn flush_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("flush", path))
}
