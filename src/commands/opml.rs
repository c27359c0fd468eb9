//! `schoolbell opml`: the published feeds, for a reader to import.

use std::{collections::HashMap, process::ExitCode, sync::Arc};

use super::{learnt, print};
use crate::{config::Config, feed::opml, serve};

/// Prints OPML 2.0.
///
/// # Errors
/// The store, where titles that pages gave are kept, cannot be read.
pub(super) async fn run(config: Arc<Config>) -> anyhow::Result<ExitCode> {
    let reports = learnt::reports(&config).await?;
    let titles: HashMap<String, String> = reports
        .into_iter()
        .map(|report| (report.id, report.title))
        .collect();
    let title = |source: &crate::source::Source| {
        titles
            .get(source.id.as_str())
            .cloned()
            .unwrap_or_else(|| source.id.to_string())
    };
    print(&String::from_utf8_lossy(&opml::render(
        "schoolbell",
        &serve::outlines(&config, title),
    )))?;
    Ok(ExitCode::SUCCESS)
}
