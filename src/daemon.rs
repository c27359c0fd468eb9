//! Start, work, stop.
//!
//! The caller binds the socket, opens the store and owns the stop signal; stopping waits for polls in flight, then
//! flushes the store.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use futures_util::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use sd_notify::NotifyState;
use tokio::sync::watch;

use crate::{
    config::{Config, HubSettings},
    fetch::{Callbacks, Fetcher},
    poll::{ParserPool, Poller},
    schedule,
    serve::{self, Listener, Site},
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

/// Runs until `stop` turns true: polls, serves, keeps within the retention.
///
/// # Errors
/// The store cannot be read at the start, or the listener fails.
pub async fn run(
    config: Arc<Config>,
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
    let delivering = deliver(&config, &site, &store, callbacks, clock)?;
    site.set_ready(true);
    tell_systemd(&[NotifyState::Ready]);

    let stopped = stopped(stop.clone()).shared();
    let serving = serve::serve(listener, site.clone(), stopped.clone());
    let polling = schedule::run(poller, &store, &config, clock, stop);
    let keeping = keep_within_retention(&config, &store, clock);
    let working = async {
        let serving = async { serving.await.context("the listener failed") };
        let polling = async {
            polling.await;
            Ok(())
        };
        let saying = async {
            stopped.await;
            say_stopping(&site);
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

/// Delivers feeds to subscribers, or tells an outside hub of changes, for as long as it is polled.
fn deliver(
    config: &Config,
    site: &Arc<Site>,
    store: &Arc<Store>,
    callbacks: Callbacks,
    clock: fn() -> Timestamp,
) -> Result<BoxFuture<'static, ()>, StoreError> {
    Ok(match &config.websub.hub {
        HubSettings::Own => {
            let hub = Arc::new(Hub::new(store.clone(), callbacks, clock)?);
            site.set_hub(hub.clone());
            hub.run(site.clone()).boxed()
        }
        HubSettings::Outside(url) => {
            let (site, store) = (site.clone(), store.clone());
            websub::ping(site, store, callbacks, url.clone(), Pace::default()).boxed()
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

async fn keep_within_retention(config: &Config, store: &Arc<Store>, clock: fn() -> Timestamp) {
    let mut turns = tokio::time::interval(EXPIRY);
    loop {
        turns.tick().await;
        match store
            .expire(
                clock(),
                config.store.keep_days,
                config.store.keep_per_source,
            )
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
    // an origin names a department by its title; without one, the page's own, which the store knows
    let titled = config
        .sources
        .iter()
        .filter_map(|source| Some((source.id.clone(), vec![source.title.clone()?])));
    store.name_sources(titled.collect());
    store.merge_across(config.across, config.groups());
    Ok(Arc::new(store))
}

/// Whether a store was ever made.
pub fn store_exists(config: &Config) -> bool {
    let path: &PathBuf = &config.store.path;
    path.is_dir()
}
