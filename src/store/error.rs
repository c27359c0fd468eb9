//! Why the store could not do what it was asked.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::journal::JournalError;

/// Why the store could not do what it was asked. Cheap to clone: all that wait for one batch are told the same.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error(
        "the store in {} is in use by another process; stop that one, or give this one another folder (`[store] path`)",
        path.display()
    )]
    Locked {
        /// The store's folder.
        path: PathBuf,
    },
    /// The folder does not let this process write.
    #[error(
        "the store cannot be kept: {} is not writable for this user; change its owner, or name another folder (`[store] path`)",
        path.display()
    )]
    NotWritable {
        /// The folder, or the file in it.
        path: PathBuf,
        /// The cause.
        source: Arc<io::Error>,
    },
    /// The disk is full.
    #[error(
        "there is no room left on the disk of {}: nothing new is kept until some is freed, or `[store] keep_days` lowered",
        path.display()
    )]
    Full {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the disk said; none where the store itself stopped short of that.
        source: Option<Arc<io::Error>>,
    },
    /// The file system refused.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// The cause.
        source: Arc<io::Error>,
    },
    /// The database is damaged. The next start makes it again from the journal.
    #[error("the store in {} is damaged ({why}); the next start makes it again from its journal", path.display())]
    Damaged {
        /// sled's folder.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// The journal could not do its part.
    #[error(transparent)]
    Journal(Arc<JournalError>),
    /// There is no index of words at present.
    #[error("nothing can be searched for at present: the index is being made")]
    Unsearchable,
    /// It was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| {
            let source = Arc::new(error);
            match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Self::NotWritable { path, source }
                }
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full {
                    path,
                    source: Some(source),
                },
                _ => Self::Io { what, path, source },
            }
        }
    }
}

impl From<JournalError> for StoreError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Io { what, path, source } => Self::io(what, &path)(source),
            other => Self::Journal(Arc::new(other)),
        }
    }
}
