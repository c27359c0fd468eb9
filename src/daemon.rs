//! Start, work, stop.
//!
//! The caller binds the socket, opens the store and owns the stop signal; stopping waits for polls in flight, then
//! flushes the store.

mod reload;

use std::{collections::HashSet, path::PathBuf, pin::pin, sync::Arc, time::Duration};

use anyhow::Context;
use futures_util::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use sd_notify::NotifyState;
use tokio::sync::watch;

pub use self::reload::Files;
use crate::{
    config::{Config, HubSettings},
    fetch::{Callbacks, Fetcher},
    poll::{ParserPool, Poller},
    schedule,
    serve::{self, Current, Listener, Site},
    source::SourceId,
    store::{Store, StoreError},
    websub::{self, Hub, Pace},
};

/// How often articles past their retention are looked for, and whether compaction pays.
const EXPIRY: Duration = Duration::from_hours(6);
/// How often the store is asked whether it can be written.
const MENDING: Duration = Duration::from_secs(15);
/// How often the journal is read through, and how long after the start first.
const SCRUBBING: Duration = Duration::from_hours(24);
const FIRST_SCRUBBING: Duration = Duration::from_hours(1);

/// Runs until `stop` turns true: polls, serves, keeps within the retention, and takes up what `files` say anew.
///
/// # Errors
/// The store cannot be read at the start, or the listener fails.
pub async fn run(
    config: Arc<Config>,
    files: Option<Files>,
    listener: Listener,
    store: Arc<Store>,
    clock: fn() -> Timestamp,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let poller = poller(&config, store.clone())?;
    store.keep_searchable()?;
    let callbacks = Callbacks::new(&config.fetch, &config.request)?;
    let site = Arc::new(Site::new(config.clone(), store.clone(), clock));
    tracing::info!(
        address = listener.address(),
        sources = config.sources.len(),
        "listening"
    );
    let current = Current::from(site.clone());
    let delivering = deliver(&config, &current, &store, callbacks, clock)?;
    site.set_ready(true);
    tell_systemd(&[NotifyState::Ready]);

    let stopped = stopped(stop.clone()).shared();
    let serving = serve::serve(listener, current.clone(), stopped.clone());
    let poller = poller.counted(site.metrics());
    let polling = poll(poller, &store, config, files, &current, clock, stop);
    let keeping = keep_within_retention(&current, &store, clock);
    let working = async {
        let serving = async { serving.await.context("the listener failed") };
        let polling = async {
            polling.await;
            Ok(())
        };
        let saying = async {
            stopped.await;
            say_stopping(&current.site());
            Ok(())
        };
        tokio::try_join!(serving, polling, saying).map(|_| ())
    };
    let ended = tokio::select! {
        ended = working => ended,
        () = keeping => Ok(()),
        () = keep_writable(&store) => Ok(()),
        () = scrub(&store) => Ok(()),
        () = delivering => Ok(()),
        () = feed_watchdog() => Ok(()),
    };
    store.close().await?;
    tracing::info!("stopped");
    ended
}

/// Polls what the configuration names, until a stop is asked for; when the configuration is another one, that.
async fn poll(
    poller: Poller,
    store: &Arc<Store>,
    mut config: Arc<Config>,
    mut files: Option<Files>,
    current: &Current,
    clock: fn() -> Timestamp,
    stop: watch::Receiver<bool>,
) {
    let mut poller = Arc::new(poller);
    loop {
        let (halt, halted) = watch::channel(false);
        let in_force = config.clone();
        let mut polling = pin!(schedule::run(
            Arc::clone(&poller),
            store,
            &in_force,
            clock,
            halted
        ));
        let another = tokio::select! {
            () = polling.as_mut() => return,
            () = stopped(stop.clone()) => None,
            another = another(files.as_mut(), current) => Some(another),
        };
        if let Some(another) = &another {
            take_up(another, &config, current, store);
        }
        // polls under way end as they began; due times are kept, so each source's next one comes as it would have
        halt.send_replace(true);
        polling.await;
        let Some(another) = another else { return };
        // a host's turn and its robots.txt are remembered as long as nothing is said that concerns them
        let concerns = |config: &Config| format!("{:?} {:?}", config.fetch, config.schedule);
        if concerns(&config) != concerns(&another) {
            match self::poller(&another, store.clone()) {
                Ok(another) => poller = Arc::new(another.counted(current.site().metrics())),
                Err(error) => tracing::error!(%error, "[fetch] and [schedule] stay as they were"),
            }
        }
        config = another;
    }
}

/// Waits for another configuration. What is wrong with one is told, and waited on.
async fn another(files: Option<&mut Files>, current: &Current) -> Arc<Config> {
    let Some(files) = files else {
        return std::future::pending().await;
    };
    loop {
        match files.next().await {
            Ok(config) => return config,
            Err(error) => {
                tracing::error!(
                    "the configuration is refused, and what was in force stays:\n{error}"
                );
                current.site().set_refused(Some(error.brief()));
            }
        }
    }
}

/// Puts another configuration in force for who reads.
fn take_up(another: &Arc<Config>, before: &Config, current: &Current, store: &Store) {
    introduce(another, store);
    current.replace(Arc::new(current.site().reconfigured(another.clone())));
    let ids = |config: &Config| -> HashSet<SourceId> {
        config
            .sources
            .iter()
            .map(|source| source.id.clone())
            .collect()
    };
    let (was, is) = (ids(before), ids(another));
    tracing::info!(
        sources = is.len(),
        added = is.difference(&was).count(),
        removed = was.difference(&is).count(),
        "the configuration was taken up"
    );
    for (key, is_other) in [
        (
            "[server] listen",
            before.server.listen != another.server.listen,
        ),
        ("[store] path", before.store.path != another.store.path),
        (
            "[store] cache",
            before.store.cache_bytes != another.store.cache_bytes,
        ),
        ("[websub] hub", before.websub.hub != another.websub.hub),
    ] {
        if is_other {
            tracing::warn!("another {key} is in force after a restart");
        }
    }
}

/// Delivers feeds to subscribers, or tells an outside hub of changes, for as long as it is polled.
fn deliver(
    config: &Config,
    current: &Current,
    store: &Arc<Store>,
    callbacks: Callbacks,
    clock: fn() -> Timestamp,
) -> Result<BoxFuture<'static, ()>, StoreError> {
    Ok(match &config.websub.hub {
        HubSettings::Own => {
            let hub = Arc::new(Hub::new(store.clone(), callbacks, clock)?);
            current.site().set_hub(hub.clone());
            hub.run(current.clone()).boxed()
        }
        HubSettings::Outside(url) => {
            let (current, store) = (current.clone(), store.clone());
            websub::ping(current, store, callbacks, url.clone(), Pace::default()).boxed()
        }
        HubSettings::Off => std::future::pending().boxed(),
    })
}

/// Turns unready at once, then leaves the stage to the polls and connections that end.
fn say_stopping(site: &Site) {
    site.set_ready(false);
    tell_systemd(&[NotifyState::Stopping]);
    tracing::info!("stopping");
}

/// Ends when a stop is asked for.
pub(crate) async fn stopped(mut stop: watch::Receiver<bool>) {
    // an error means that the sender is gone, and with it whoever could ask for anything else
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn keep_within_retention(current: &Current, store: &Arc<Store>, clock: fn() -> Timestamp) {
    let mut turns = tokio::time::interval(EXPIRY);
    loop {
        turns.tick().await;
        let kept = current.site().config().store.clone();
        match store
            .expire(clock(), kept.keep_days, kept.keep_per_source)
            .await
        {
            Ok(0) => {}
            Ok(articles) => tracing::info!(articles, "expired"),
            Err(error) => {
                tracing::error!(%error, "articles past their retention could not be removed");
            }
        }
        if let Err(error) = compact_where_it_pays(store).await {
            tracing::error!(%error, "the store could not be compacted");
        }
    }
}

async fn compact_where_it_pays(store: &Arc<Store>) -> Result<(), StoreError> {
    if !aside(store, Store::compaction_pays).await? {
        return Ok(());
    }
    let done = store.compact().await?;
    tracing::info!(
        before_bytes = done.before_bytes,
        after_bytes = done.after_bytes,
        "the store was compacted"
    );
    Ok(())
}

/// Learns early that the disk is full, and goes on when it is not any more.
async fn keep_writable(store: &Store) {
    let mut turns = tokio::time::interval(MENDING);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        // what is wrong is told by the store, and kept there for who asks
        let _ = store.mend().await;
    }
}

/// Finds damage in the journal while what was lost can still be fetched again.
async fn scrub(store: &Arc<Store>) {
    let first = tokio::time::Instant::now() + FIRST_SCRUBBING;
    let mut turns = tokio::time::interval_at(first, SCRUBBING);
    loop {
        turns.tick().await;
        match aside(store, Store::scrub).await {
            Ok(damaged) => {
                for damage in damaged {
                    tracing::error!(
                        "{damage}; the articles are read anew where their sources have them"
                    );
                }
            }
            Err(error) => tracing::error!(%error, "the journal could not be checked"),
        }
    }
}

/// What waits for the disk does so apart from the async workers.
async fn aside<T: Send + 'static>(
    store: &Arc<Store>,
    ask: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let store = store.clone();
    let asked = tokio::task::spawn_blocking(move || ask(&store)).await;
    // it panics only where the runtime ends
    asked.unwrap_or(Err(StoreError::Closed))
}

/// Tells systemd's watchdog twice per period that the runtime still turns. Without a watchdog, never ends.
async fn feed_watchdog() {
    let Some(period) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    // a period of zero would panic
    let mut turns = tokio::time::interval((period / 2).max(Duration::from_millis(1)));
    loop {
        turns.tick().await;
        tell_systemd(&[NotifyState::Watchdog]);
    }
}

fn tell_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

/// A supervisor that signals the process and its group sends one stop twice.
#[cfg(unix)]
const SAME_STOP: Duration = Duration::from_secs(1);

/// SIGTERM, SIGINT and Ctrl-C turn it true. Another one a moment later ends the process at once: what was shown is
/// flushed already.
///
/// # Errors
/// The system gives no signal handler.
pub fn stop_signal() -> std::io::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        let mut signalled = async move || {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        tokio::spawn(async move {
            signalled().await;
            sender.send_replace(true);
            let echoes = async {
                loop {
                    signalled().await;
                }
            };
            let _: Result<(), _> = tokio::time::timeout(SAME_STOP, echoes).await;
            signalled().await;
            std::process::exit(1);
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            sender.send_replace(true);
        }
    });
    Ok(receiver)
}

/// What polls are made with.
///
/// # Errors
/// No HTTP client or no thread can be had.
pub fn poller(config: &Config, store: Arc<Store>) -> anyhow::Result<Poller> {
    let fetcher = Fetcher::new(&config.fetch)?;
    let pool = ParserPool::new().context("no threads for parsing")?;
    Ok(Poller::new(fetcher, store, pool, config.schedule))
}

/// Opens the store, and logs what had to be mended.
///
/// # Errors
/// See [`StoreError`].
pub async fn open_store(config: &Config) -> Result<Arc<Store>, StoreError> {
    let (path, cache_bytes) = (config.store.path.clone(), config.store.cache_bytes);
    let opened = tokio::task::spawn_blocking(move || Store::open(&path, cache_bytes)).await;
    // the task is neither aborted nor able to panic past the store's own guard
    let (store, report) =
        opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
    for note in &report.notes {
        tracing::warn!("{note}");
    }
    introduce(config, &store);
    Ok(Arc::new(store))
}

/// Tells the store what of the configuration decides how stories are told.
fn introduce(config: &Config, store: &Store) {
    // an origin names a department by its title; without one, the page's own, which the store knows
    let titled = config
        .sources
        .iter()
        .filter_map(|source| Some((source.id.clone(), vec![source.title.clone()?])));
    store.name_sources(titled.collect());
    store.merge_across(config.across, config.groups());
}

/// Whether a store was ever made.
pub fn store_exists(config: &Config) -> bool {
    let path: &PathBuf = &config.store.path;
    path.is_dir()
}
