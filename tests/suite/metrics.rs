//! `/metrics`: what Prometheus reads, what is counted there, and the dashboard and alerts that are made of it.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::http::StatusCode;
use jiff::SignedDuration;
use regex::Regex;
use schoolbell::{
    config::Config,
    source::state::{Fault, FaultKind, Outcome, SourceState},
    store::Sizes,
};

use crate::site::{Published, article, now, published};

/// A metric with its samples, by name and labels as they are written.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    samples: BTreeMap<String, f64>,
}

/// Reads the text format, version 0.0.4, as strictly as `promtool check metrics` does.
fn read(text: &str) -> BTreeMap<String, Family> {
    let sample = Regex::new(r#"^([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)+)\})? (\S+)$"#).unwrap();
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut lines = text.lines().peekable();
    assert!(text.ends_with('\n'), "the last line ends too");
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(help.len() > 5, "{line}");
            let kind = lines.next().unwrap();
            let kind = kind.strip_prefix(&format!("# TYPE {name} ")).unwrap();
            let family = Family {
                kind: kind.to_owned(),
                ..Family::default()
            };
            let before = families.insert(name.to_owned(), family);
            assert!(before.is_none(), "{name} comes twice");
            name.clone_into(&mut current);
            continue;
        }
        let parts = sample.captures(line);
        let parts = parts.unwrap_or_else(|| panic!("no sample: {line:?}"));
        let family = families.get_mut(&current).unwrap();
        let suffix = parts[1].strip_prefix(current.as_str());
        let suffix = suffix.unwrap_or_else(|| panic!("{line} stands below {current}"));
        let suffixes: &[&str] = match family.kind.as_str() {
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        assert!(suffixes.contains(&suffix), "{line}");
        let value: f64 = parts[3].parse().unwrap();
        let series = line.rsplit_once(' ').unwrap().0.to_owned();
        let before = family.samples.insert(series, value);
        assert!(before.is_none(), "{line} comes twice");
    }
    families
}

/// The value of a series, written as in the text: a whole number.
pub(crate) fn value(text: &str, series: &str) -> u64 {
    said(text, series).parse().unwrap()
}

fn said<'a>(text: &'a str, series: &str) -> &'a str {
    let line = text.lines().find_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        (name == series).then_some(value)
    });
    line.unwrap_or_else(|| panic!("no {series} in\n{text}"))
}

async fn metrics(site: &Published) -> String {
    let got = site.get("/metrics").await;
    assert_eq!(got.status, StatusCode::OK);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(got.header("content-type"), kind);
    got.text().to_owned()
}

#[tokio::test]
async fn the_output_is_what_prometheus_reads() {
    let site = Published::new();
    site.record(vec![published(article("jyt", 1))]).await;
    site.get("/feeds/jyt.rss").await;
    let families = read(&metrics(&site).await);
    for (name, family) in &families {
        assert!(
            name.starts_with("schoolbell_") || name.starts_with("process_"),
            "{name}"
        );
        assert!(!family.samples.is_empty(), "{name} says nothing");
        let is_counter = family.kind == "counter";
        assert_eq!(name.ends_with("_total"), is_counter, "{name}");
        for reserved in ["_bucket", "_sum", "_count", "_info_total"] {
            assert!(!name.ends_with(reserved), "{name}");
        }
        // base units only
        for unit in ["_milliseconds", "_ms", "_minutes", "_kilobytes", "_percent"] {
            assert!(!name.contains(unit), "{name}");
        }
        if family.kind == "histogram" {
            assert!(name.ends_with("_seconds"), "{name}");
            let buckets: Vec<f64> = {
                let of = |(series, value): (&String, &f64)| {
                    let bound = series.split("le=\"").nth(1)?.trim_end_matches("\"}");
                    Some((bound.parse::<f64>().unwrap(), *value))
                };
                let mut buckets: Vec<_> = family.samples.iter().filter_map(of).collect();
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(buckets.last().unwrap().0.is_infinite());
                buckets.into_iter().map(|(_, value)| value).collect()
            };
            assert!(buckets.is_sorted(), "{name}");
            let count = family.samples[&format!("{name}_count")];
            assert_eq!(buckets.last().copied(), Some(count), "{name}");
        }
    }
    let kinds: HashSet<&str> = families.values().map(|f| f.kind.as_str()).collect();
    assert_eq!(kinds, HashSet::from(["counter", "gauge", "histogram"]));
    assert_eq!(
        families["schoolbell_build_info"]
            .samples
            .keys()
            .next()
            .unwrap(),
        concat!(
            "schoolbell_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"}"
        )
    );
}

#[tokio::test]
async fn requests_are_counted_by_what_they_ask_for_and_by_status() {
    let site = Published::new();
    site.record(vec![published(article("jyt", 1))]).await;
    // a search that comes before there is an index is answered by 503
    site.store.search_settled().await.unwrap();
    let etag = site.get("/feeds/jyt.rss").await.header("etag").to_owned();
    let header = ("if-none-match", etag.as_str());
    for (path, headers, resource, status) in [
        ("/groups/province.atom", &[][..], "feed", 200),
        ("/feeds/jyt.rss", &[header], "feed", 304),
        ("/feeds/jyt.rss", &[("if-match", "\"x\"")], "feed", 412),
        ("/all.pdf", &[], "feed", 404),
        ("/", &[], "page", 200),
        ("/groups/province", &[], "page", 200),
        ("/search?q=x", &[], "search", 200),
        ("/search.rss", &[], "search", 400),
        ("/healthz", &[], "other", 200),
        ("/nowhere", &[], "other", 404),
    ] {
        let series = format!(
            "schoolbell_http_requests_total{{resource=\"{resource}\",status=\"{status}\"}}"
        );
        let before = value(&metrics(&site).await, &series);
        let got = site.ask("GET", path, headers).await;
        assert_eq!(got.status.as_u16(), status, "{path}");
        let after = value(&metrics(&site).await, &series);
        // asking for the metrics is one, too
        let own = u64::from((resource, status) == ("other", 200));
        assert_eq!(after - before, 1 + own, "{series}");
    }
}

#[tokio::test]
async fn gauges_tell_how_the_daemon_is() {
    static LEFT: AtomicU64 = AtomicU64::new(1 << 40);
    let site = Published::with(Sizes {
        room: |_| Ok(LEFT.load(Ordering::SeqCst)),
        ..Sizes::default()
    });
    let numbers = (1..=3).map(|number| published(article("jyt", number)));
    site.record(numbers.collect()).await;
    let text = metrics(&site).await;
    for (series, expected) in [
        ("schoolbell_sources{health=\"waiting\"}", 2),
        ("schoolbell_queue_sources{due=\"overdue\"}", 2),
        ("schoolbell_queue_lag_seconds", 0),
        ("schoolbell_articles", 3),
        ("schoolbell_store_writable", 1),
        ("schoolbell_store_free_bytes", 1_099_511_627_776),
        ("schoolbell_journal_lag_events", 0),
        ("schoolbell_websub_subscriptions", 0),
        ("schoolbell_configuration_refused", 0),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
    assert_eq!(said(&text, "process_start_time_seconds"), "1772440200.0");
    assert!(value(&text, "schoolbell_store_bytes{part=\"journal\"}") > 0);
    assert!(value(&text, "schoolbell_store_bytes{part=\"database\"}") > 0);
    #[cfg(target_os = "linux")]
    assert!(value(&text, "process_resident_memory_bytes") > 1_000_000);
    site.store.search_settled().await.unwrap();
    let text = metrics(&site).await;
    assert_eq!(value(&text, "schoolbell_search_lag_events"), 0);
    assert_eq!(value(&text, "schoolbell_search_complete"), 1);

    let fault = Fault {
        kind: FaultKind::Tls,
        words: "its certificate has expired".to_owned(),
    };
    for (id, outcome, seconds) in [
        ("jyt", Outcome::Unchanged, 300),
        ("jwc", Outcome::Failed(fault), -90),
    ] {
        let state = SourceState {
            outcome: Some(outcome),
            next_poll: Some(now() + SignedDuration::from_secs(seconds)),
            ..SourceState::default()
        };
        let id = id.to_owned().try_into().unwrap();
        let kept = site.store.record(Vec::new(), Some((id, state))).await;
        kept.unwrap();
    }
    LEFT.store(0, Ordering::SeqCst);
    site.store.mend().await.unwrap_err();
    site.site.set_refused(Some("a mistake".to_owned()));
    let text = metrics(&site).await;
    for (series, expected) in [
        ("schoolbell_sources{health=\"waiting\"}", 0),
        ("schoolbell_sources{health=\"ok\"}", 1),
        ("schoolbell_sources{health=\"tls\"}", 1),
        ("schoolbell_queue_sources{due=\"overdue\"}", 1),
        ("schoolbell_queue_sources{due=\"10m\"}", 1),
        ("schoolbell_queue_lag_seconds", 90),
        ("schoolbell_store_writable", 0),
        ("schoolbell_store_free_bytes", 0),
        ("schoolbell_configuration_refused", 1),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
}

#[tokio::test]
async fn ten_thousand_sources_make_no_more_series_than_one() {
    let of = async |sources: usize| {
        let block =
            |n: usize| format!("[[source]]\nurl = 'https://s{n}.example/'\ngroups = ['g{n}']\n");
        let blocks: Vec<String> = (0..sources).map(block).collect();
        let site = Published::of(&blocks.concat());
        site.get("/feeds/s0-example.rss").await;
        let text = metrics(&site).await;
        assert_eq!(
            value(&text, "schoolbell_sources{health=\"waiting\"}"),
            u64::try_from(sources).unwrap()
        );
        let series = |line: &str| line.rsplit_once(' ').map(|(series, _)| series.to_owned());
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.filter_map(series).collect::<BTreeSet<_>>()
    };
    assert_eq!(of(10_000).await, of(1).await);
}

#[tokio::test]
async fn counts_outlive_another_configuration() {
    let mut site = Published::new();
    site.get("/all.rss").await;
    let config = Config::parse("[[source]]\nurl = 'https://a.example/'", "test").unwrap();
    site.site = std::sync::Arc::new(site.site.reconfigured(config.into()));
    let series = "schoolbell_http_requests_total{resource=\"feed\",status=\"200\"}";
    assert_eq!(value(&metrics(&site).await, series), 1);
}

fn deployed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The metrics that expressions name, and the labels' values.
async fn is_made_of_what_there_is(text: &str) {
    let families = read(&metrics(&Published::new()).await);
    let series: Vec<&String> = families.values().flat_map(|f| f.samples.keys()).collect();
    let name = Regex::new(r"\b(?:schoolbell|process)_[a-z_]+\b(?:\{([^{}]*)\})?").unwrap();
    let label = Regex::new(r#"([a-z_]+)(=|!=|=~|!~)\\?"([^"\\]*)\\?""#).unwrap();
    let mut found = 0;
    for named in name.find_iter(text) {
        let (metric, labels) = named
            .as_str()
            .split_once('{')
            .unwrap_or((named.as_str(), ""));
        let is_of = |series: &&&String| series.split('{').next() == Some(metric);
        let of: Vec<&&String> = series.iter().filter(is_of).collect();
        assert!(!of.is_empty(), "there is no {metric}");
        found += 1;
        for label in label.captures_iter(labels) {
            let (key, how, said) = (&label[1], &label[2], &label[3]);
            // those that Prometheus adds
            if matches!(key, "job" | "instance") {
                continue;
            }
            let said: Vec<&str> = if how.ends_with('~') {
                said.split('|').collect()
            } else {
                vec![said]
            };
            for said in said {
                let pattern = Regex::new(&format!("{key}=\"{said}\"")).unwrap();
                let is_there = of.iter().any(|series| pattern.is_match(series));
                assert!(is_there, "{metric} has no {key}={said}");
            }
        }
    }
    assert!(found >= 10, "{found}");
}

#[tokio::test]
async fn alerts_are_made_of_what_there_is() {
    let text = deployed("alerts.yml");
    is_made_of_what_there_is(&text).await;
    let count = |part: &str| text.matches(part).count();
    let alerts = count("- alert: ");
    assert!(alerts >= 8);
    for part in ["expr:", "for:", "severity:", "summary:", "description:"] {
        assert_eq!(count(&format!("  {part}")), alerts, "{part}");
    }
}

#[tokio::test]
async fn the_dashboard_can_be_imported_and_is_made_of_what_there_is() {
    let text = deployed("grafana.json");
    is_made_of_what_there_is(&text).await;
    let board: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(board["schemaVersion"].as_u64().unwrap() >= 36);
    assert_eq!(board["id"], serde_json::Value::Null);
    let variables = board["templating"]["list"].as_array().unwrap();
    assert_eq!(variables[0]["name"], "datasource");
    assert_eq!(variables[0]["type"], "datasource");
    let (mut ids, mut cells) = (HashSet::new(), HashSet::new());
    for panel in board["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{panel}");
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(cells.insert((x, y)), "two panels at {x}, {y}");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}");
            let expression = target["expr"].as_str().unwrap();
            assert!(
                expression.contains("{job=\"$job\",instance=~\"$instance\""),
                "{expression}"
            );
            let brackets = |of: [char; 2]| of.map(|c| expression.matches(c).count());
            for pair in [['(', ')'], ['{', '}'], ['[', ']']] {
                let [open, close] = brackets(pair);
                assert_eq!(open, close, "{expression}");
            }
        }
    }
    assert!(ids.len() > 15);
}
