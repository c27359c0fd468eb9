//! What polls tell of themselves: counters, and one line each in the log.

use std::{
    io,
    sync::{Arc, Mutex},
};

use jiff::ToSpan;
use schoolbell::metrics::{Metrics, Snapshot};
use serde_json::Value;
use tracing::instrument::WithSubscriber;

use crate::{
    metrics::value,
    recovery::{Site, article, fresh_list, now},
};

/// Where lines of the log are kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Those since the last time.
    fn take(&self) -> Vec<Value> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(bytes).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }
}

#[tokio::test]
async fn what_polls_do_is_counted_and_told_in_one_line_each() {
    let metrics = Metrics::default();
    let mut site = Site::new().await;
    site.poller = site.poller.clone().counted(&metrics);
    let lines = Lines::default();
    let poll = async |hours: i64| {
        let writer = lines.clone();
        let log = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        let polling = site
            .poller
            .poll(&site.config.sources[0], now() + hours.hours());
        let visit = polling.with_subscriber(log).await;
        let mut told = lines.take();
        assert!(told.len() <= 1, "{told:?}");
        (visit.ok(), told.pop())
    };
    let count = |series: &str| {
        let text = metrics.encode(&Snapshot::default());
        value(&text, &format!("schoolbell_{series}"))
    };
    // one line, with these words
    let check = |line: Option<Value>, level: &str, outcome: &str, new: u64, revised: u64| {
        let line = line.unwrap();
        assert_eq!(line["span"]["source.id"], "jwc", "{line}");
        assert_eq!(
            (&line["level"], &line["outcome"]),
            (&level.into(), &outcome.into())
        );
        assert_eq!(line["articles.new"], new, "{line}");
        assert_eq!(line["articles.revised"], revised, "{line}");
        assert!(line["duration_ms"].is_u64(), "{line}");
        let next: jiff::Timestamp = line["next"].as_str().unwrap().parse().unwrap();
        assert!(next > now(), "{line}");
    };

    site.put("/list.htm", fresh_list());
    site.put("/info/1.htm", article(1));
    let (_, line) = poll(0).await;
    check(line, "INFO", "read", 1, 0);
    assert_eq!(count("polls_total{outcome=\"read\"}"), 1);
    assert_eq!(count("article_events_total{event=\"new\"}"), 1);
    // robots.txt, the list, the article
    assert_eq!(count("fetch_seconds_count"), 3);
    assert_eq!(count("extract_seconds_count"), 2);

    site.put("/info/1.htm", article(1).replace("二十日", "三十日"));
    let (_, line) = poll(24 * 4).await;
    check(line, "INFO", "unchanged", 0, 1);
    assert_eq!(count("polls_total{outcome=\"unchanged\"}"), 1);
    assert_eq!(count("article_events_total{event=\"revised\"}"), 1);

    let page = site.take("/info/1.htm");
    let mut hours = 24 * 8;
    while count("article_events_total{event=\"withdrawn\"}") == 0 {
        let (_, line) = poll(hours).await;
        check(line, "INFO", "unchanged", 0, 0);
        hours += 6;
        assert!(hours < 24 * 30, "never withdrawn");
    }
    site.put("/info/1.htm", page);
    while count("article_events_total{event=\"returned\"}") == 0 {
        poll(hours).await;
        hours += 24;
        assert!(hours < 24 * 90, "never back");
    }
    assert_eq!(count("article_events_total{event=\"withdrawn\"}"), 1);
    assert_eq!(count("article_events_total{event=\"new\"}"), 1);

    site.take("/list.htm");
    let (_, line) = poll(hours).await;
    let words = line.clone().unwrap()["error"].as_str().unwrap().to_owned();
    assert!(words.contains("404"), "{words}");
    check(line, "WARN", "gone", 0, 0);
    assert_eq!(count("polls_total{outcome=\"gone\"}"), 1);

    // what cannot be kept is told by who asked for the poll
    site.store.close().await.unwrap();
    let (visit, line) = poll(hours + 1).await;
    assert!(visit.is_none() && line.is_none());
    assert_eq!(count("polls_total{outcome=\"not_kept\"}"), 1);
}
