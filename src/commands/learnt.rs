//! What the store knows of the sources: from the store itself, or from the daemon that holds it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use anyhow::Context;
use base64::{Engine, prelude::BASE64_STANDARD};
use url::Url;

use crate::{
    config::{Config, FetchSettings, Listen},
    daemon,
    fetch::{Fetcher, Request},
    serve,
    source::{RequestSettings, Source, Tls, report::SourceReport},
    store::{Store, StoreError},
};

/// Each source's health, in the order of the configuration.
///
/// # Errors
/// The store cannot be read, or another process holds it and does not answer as the configured daemon.
pub(super) async fn reports(config: &Config) -> anyhow::Result<Vec<SourceReport>> {
    if !daemon::store_exists(config) {
        // asking must not make a store; the daemon's may lie elsewhere, as `path` is relative to where it was started
        let unpolled = || {
            let report = |source: &Arc<Source>| SourceReport::new(source, None, 0);
            config.sources.iter().map(report).collect()
        };
        return Ok(from_daemon_of(config).await.unwrap_or_else(unpolled));
    }
    match daemon::open_store(config).await {
        Ok(store) => from_store(config, &store).await,
        Err(StoreError::Locked { .. }) => from_daemon(config).await,
        Err(error @ StoreError::NotWritable { .. }) => {
            from_daemon_of(config).await.ok_or_else(|| error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks the daemon, if one answers for the sources of this configuration.
async fn from_daemon_of(config: &Config) -> Option<Vec<SourceReport>> {
    let reports = from_daemon(config).await.ok()?;
    let told = reports.iter().map(|report| report.id.as_str());
    let ours = config.sources.iter().map(|source| source.id.as_str());
    told.eq(ours).then_some(reports)
}

async fn from_store(config: &Config, store: &Store) -> anyhow::Result<Vec<SourceReport>> {
    let reports = serve::reports(config, store);
    store.close().await?;
    Ok(reports)
}

/// Asks the daemon as any client would.
async fn from_daemon(config: &Config) -> anyhow::Result<Vec<SourceReport>> {
    let base: Url = match &config.server.listen {
        Listen::Tcp(address) => {
            let mut address = *address;
            if address.ip().is_unspecified() {
                address.set_ip(if address.is_ipv4() {
                    [127, 0, 0, 1].into()
                } else {
                    IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])
                });
            }
            format!("http://{address}/").parse()?
        }
        // where that is, only systemd knows
        Listen::Systemd => config.server.public_url.clone(),
        Listen::Unix(path) => anyhow::bail!(
            "a running schoolbell holds the store; ask it with `curl --unix-socket {} http://schoolbell/api/sources`",
            path.display()
        ),
    };
    // not in the address, which messages name
    let password = config.server.token.iter().map(|token| {
        let credentials = BASE64_STANDARD.encode(format!(":{}", token.reveal()));
        ("Authorization".to_owned(), format!("Basic {credentials}"))
    });
    let url = base.join("api/sources")?;
    let fetcher = Fetcher::new(&FetchSettings {
        concurrency: 1,
        per_host: 1,
        allow_private: ["0.0.0.0/0", "::/0"]
            .iter()
            .filter_map(|own| own.parse().ok())
            .collect(),
    })?;
    let settings = RequestSettings {
        user_agent: concat!("schoolbell/", env!("CARGO_PKG_VERSION")).to_owned(),
        delay: Duration::ZERO,
        timeout: Duration::from_secs(10),
        max_body_bytes: 64 << 20,
        robots: false,
        proxy: None,
        tls: Tls::Strict,
        headers: password.collect(),
    };
    let asking = || format!("another process holds the store, and no schoolbell answers at {base}");
    let answer = fetcher
        .get(Request {
            url: &url,
            home: &url,
            settings: &settings,
            validators: None,
        })
        .await
        .with_context(asking)?;
    // such as a full disk, which is no one source's trouble
    let ready = base.join("readyz")?;
    let asked = fetcher.get(Request {
        url: &ready,
        home: &ready,
        settings: &settings,
        validators: None,
    });
    if let Err(error) = asked.await
        && let Some(page) = error.page()
    {
        let words = String::from_utf8_lossy(&page.body);
        tracing::warn!("the running schoolbell is not ready: {}", words.trim());
    }
    let page = answer.page.with_context(asking)?;
    serde_json::from_slice(&page.body).with_context(asking)
}
