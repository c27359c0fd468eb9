//! The configuration, taken up anew when its files change, and on SIGHUP. Files with mistakes are refused, and what was
//! in force before stays.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::timeout,
};

use crate::config::{Config, ConfigError, Read};

/// Behind a change, the time in which others are waited for: an editor writes in several steps.
const GATHER: Duration = Duration::from_millis(300);

/// So often the files are looked at for whether they change still.
const READINGS: usize = 10;

const NO_SOURCES: &str = "no source is named any more; if that is meant, send SIGHUP";

/// Why what the files say is not taken up.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// They have mistakes.
    #[error(transparent)]
    Mistakes(#[from] ConfigError),
    /// They name no sources, and did before.
    #[error("{NO_SOURCES}")]
    Empty,
}

impl Refused {
    /// What may be shown to anybody: where and what, without the lines of the files, which may hold secrets.
    pub fn brief(&self) -> String {
        match self {
            Self::Mistakes(ConfigError::Mistakes(mistakes)) => {
                let lines = mistakes.iter().map(|mistake| {
                    let (file, line, column) = (mistake.file(), mistake.line(), mistake.column());
                    let what = mistake.what();
                    match mistake.advice() {
                        Some(help) => format!("{file}:{line}:{column}: {what}; {help}"),
                        None => format!("{file}:{line}:{column}: {what}"),
                    }
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            other => other.to_string(),
        }
    }
}

/// The files of the configuration in force, watched.
pub struct Files {
    path: PathBuf,
    read: Read,
    /// Whether they name sources.
    has_sources: bool,
    /// The last refusal, so that it is told once.
    refused: Option<String>,
    changes: Receiver<()>,
    watcher: Option<RecommendedWatcher>,
    /// Folders that cannot be watched; each is told once.
    unwatched: BTreeSet<PathBuf>,
    #[cfg(unix)]
    hangups: Option<tokio::signal::unix::Signal>,
}

impl Files {
    /// Watches the files that a configuration was read from. Where the system does not let them be watched, it is said,
    /// and SIGHUP is left. Needs a runtime.
    pub fn watch(path: &Path, read: Read, config: &Config) -> Self {
        let (announcer, changes) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(announce(announcer));
        let watcher = watcher
            .inspect_err(|error| {
                tracing::warn!(%error, "the configuration's files cannot be watched; send SIGHUP after a change");
            })
            .ok();
        let mut files = Self {
            path: path.to_owned(),
            read: Read::default(),
            has_sources: !config.sources.is_empty(),
            refused: None,
            changes,
            watcher,
            unwatched: BTreeSet::new(),
            #[cfg(unix)]
            hangups: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        };
        files.watch_folders(&read.folders);
        files.read = read;
        files
    }

    /// Waits until the files say something else, or SIGHUP asks to read them.
    ///
    /// # Errors
    /// They have mistakes now.
    pub async fn next(&mut self) -> Result<Arc<Config>, Refused> {
        loop {
            let asked = self.wait().await;
            match self.load().await {
                (Ok(_), read) if read == self.read && !asked && self.refused.is_none() => {}
                // a file that is being written anew is empty for a moment, and an editor may have been killed there
                (Ok(config), _) if config.sources.is_empty() && self.has_sources && !asked => {
                    if self.refused.replace(NO_SOURCES.to_owned()).as_deref() != Some(NO_SOURCES) {
                        return Err(Refused::Empty);
                    }
                }
                (Ok(config), read) => {
                    self.refused = None;
                    self.has_sources = !config.sources.is_empty();
                    self.read = read;
                    return Ok(Arc::new(config));
                }
                (Err(error), _) => {
                    let words = error.to_string();
                    if asked || self.refused.as_ref() != Some(&words) {
                        self.refused = Some(words);
                        return Err(Refused::Mistakes(error));
                    }
                }
            }
        }
    }

    /// Reads the files until they say the same twice: who writes them may be half done.
    async fn load(&mut self) -> (Result<Config, ConfigError>, Read) {
        let mut before = None;
        for _ in 0..READINGS {
            let reading = self.read_once().await;
            // before they are read again, so that no change falls between
            self.watch_folders(&reading.1.folders);
            let said = match &reading {
                (Ok(_), read) => Ok(read.clone()),
                (Err(error), _) => Err(error.to_string()),
            };
            if before.as_ref() == Some(&said) {
                return reading;
            }
            before = Some(said);
            tokio::time::sleep(GATHER).await;
        }
        self.read_once().await
    }

    async fn read_once(&self) -> (Result<Config, ConfigError>, Read) {
        let path = self.path.clone();
        let reading = tokio::task::spawn_blocking(move || Config::load_with_files(&path)).await;
        // it is neither aborted nor does it panic on any file
        reading.unwrap_or_else(|p| std::panic::resume_unwind(p.into_panic()))
    }

    /// Whether SIGHUP came; else a file has changed.
    async fn wait(&mut self) -> bool {
        #[cfg(unix)]
        let hangup = async {
            match &mut self.hangups {
                Some(hangups) => hangups.recv().await,
                None => std::future::pending().await,
            }
        };
        #[cfg(not(unix))]
        let hangup = std::future::pending::<Option<()>>();
        let asked = tokio::select! {
            Some(()) = self.changes.recv() => false,
            Some(()) = hangup => true,
            else => std::future::pending().await,
        };
        // something else may be written in the same folder all the time
        for _ in 0..READINGS {
            if asked || timeout(GATHER, self.changes.recv()).await.is_err() {
                break;
            }
        }
        asked
    }

    /// Folders, not files: editors put another file in the place of the old one. A folder that is watched already may be
    /// another one of the same name. In the place of one that is missing, the one is watched in which it would be made.
    fn watch_folders(&mut self, folders: &BTreeSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        for folder in folders {
            let there = folder.ancestors().find(|folder| folder.is_dir());
            let folder = there.unwrap_or(Path::new("."));
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive)
                && self.unwatched.insert(folder.to_owned())
            {
                tracing::warn!(%error, folder = %folder.display(), "a folder of the configuration cannot be watched");
            }
        }
    }
}

/// What the watcher calls: one change is as good as many.
fn announce(changed: Sender<()>) -> impl Fn(notify::Result<notify::Event>) + Send + 'static {
    move |event| {
        // reading the files is no change of them
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // full: a change waits already
            let _ = changed.try_send(());
        }
    }
}
