//! What serving costs, beside nginx on the same cores with the same bytes as static files.
//!
//! `cargo bench --bench serve [-- throughput|latency|fresh|idle]`; needs `nginx` and `wrk` (Debian's packages), `taskset`
//! and two cores: the servers share the first, who asks sits on the second.
//!
//! - throughput: requests per second of server CPU for an Atom feed of 60 KB, by `wrk`, 64 connections, alternating.
//! - latency: the 99th percentile at half of nginx's throughput, counted from when a request was due.
//! - fresh: from a change of a source to the bytes of its feed, 50 entries with full text.
//! - idle: memory for 10,000 keep-alive connections.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::format_collect,
    reason = "a bench that cannot go on shall stop there, and prints what it found"
)]

mod load;
mod servers;

use std::{fs, path::Path, sync::Arc, time::Instant};

use jiff::Timestamp;
use schoolbell::{
    article::{Article, ArticleId},
    config::Config,
    journal::Event,
    serve::{Site, allow_many_files, router},
    store::Store,
};
use tower::ServiceExt;

use self::servers::{Feed, Server};

const ROUNDS: usize = 5;
const SOURCE: &str =
    "[[source]]\nid = 'jyt'\nurl = 'https://jyt.example/tzgg.htm'\nenabled = false\n";

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|word| word == name);
    allow_many_files();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if wanted("fresh") {
        runtime.block_on(fresh());
    }
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(fill(&folder.path().join("data"), 50));
    if wanted("idle") {
        idle(folder.path());
    }
    if wanted("throughput") || wanted("latency") {
        beside_nginx(folder.path(), wanted("throughput"), wanted("latency"));
    }
}

/// An article of about a kilobyte of text.
fn article(number: u32) -> Article {
    let url = format!("https://jyt.example/info/1001/{number}.htm")
        .parse()
        .unwrap();
    let seen = Timestamp::from_second(1_770_000_000 + i64::from(number) * 600).unwrap();
    let text: String = (0..4)
        .map(|part| {
            format!(
                "<p>各市（区）教育局，各高等学校：第{}条，经研究，现将{number}号文件的有关事项通知如下，请结合实际认真贯彻\
                 落实，于{}月{}日前将材料报送至省教育厅办公室（联系电话{}）。</p>",
                part + 1,
                (number + part) % 12 + 1,
                (number * 7 + part) % 28 + 1,
                u64::from(number + part).wrapping_mul(2_654_435_761) % 100_000_000
            )
        })
        .collect();
    Article {
        id: ArticleId::of(&url),
        source: "jyt".to_owned().try_into().unwrap(),
        url,
        title: format!("关于开展第{number}批教育教学改革项目申报工作的通知"),
        published: None,
        date_from: None,
        first_seen: seen,
        sorted_at: seen,
        updated: None,
        origin: Some("省教育厅".to_owned()),
        author: None,
        breadcrumb: vec!["首页".to_owned(), "通知公告".to_owned()],
        body_text: text.replace("<p>", "").replace("</p>", "\n"),
        body_html: text,
        summary: "各市（区）教育局，各高等学校".to_owned(),
        images: vec![],
        attachments: vec![],
        complete: true,
    }
}

async fn fill(path: &Path, articles: u32) {
    let (store, _) = Store::open(path, 16 << 20).unwrap();
    let events = (0..articles).map(|number| Event::Published {
        article: article(number),
    });
    store.record(events.collect(), None).await.unwrap();
    store.close().await.unwrap();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn fresh() {
    fn now() -> Timestamp {
        Timestamp::from_second(1_780_000_000).unwrap()
    }
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), 50).await;
    let (store, _) = Store::open(folder.path(), 16 << 20).unwrap();
    let store = Arc::new(store);
    let config = Arc::new(Config::parse(SOURCE, "bench").unwrap());
    let site = Arc::new(Site::new(config, store.clone(), now));
    let router = router(site);
    println!(
        "fresh: a feed of 50 entries, asked for in the moment after its source changed (asked: at most 5 ms)"
    );
    let mut number = 50;
    for format in ["rss", "atom", "json"] {
        for coding in ["identity", "gzip", "br", "zstd"] {
            let mut took = Vec::new();
            for _ in 0..21 {
                let event = Event::Published {
                    article: article(number),
                };
                number += 1;
                store.record(vec![event], None).await.unwrap();
                let request = axum::http::Request::builder()
                    .uri(format!("/feeds/jyt.{format}"))
                    .header("accept-encoding", coding);
                let request = request.body(axum::body::Body::empty()).unwrap();
                let begun = Instant::now();
                let answer = router.clone().oneshot(request).await.unwrap();
                let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
                took.push(begun.elapsed().as_secs_f64() * 1e3);
                assert!(body.unwrap().len() > 2_000);
            }
            println!("  {format:5} {coding:8} {:6.2} ms", median(took));
        }
    }
}

fn idle(folder: &Path) {
    const CONNECTIONS: usize = 10_000;
    let server = Server::schoolbell(folder);
    let feed = server.feed("");
    assert!(feed.bytes > 10_000);
    let before = server.resident_bytes();
    let open = load::hold_open(server.port, CONNECTIONS);
    let after = server.resident_bytes();
    println!(
        "idle: {} keep-alive connections, each after one answer: {:.1} MB above idle (asked: at most 100)",
        open.len(),
        (after.saturating_sub(before)) as f64 / 1e6
    );
}

fn beside_nginx(folder: &Path, throughput: bool, latency: bool) {
    let ours = Server::schoolbell(folder);
    let site = folder.join("static");
    fs::create_dir_all(&site).unwrap();
    fs::write(site.join("jyt.atom"), ours.body("")).unwrap();
    fs::write(site.join("jyt.atom.gz"), ours.body("gzip")).unwrap();
    let nginx = Server::nginx(folder, &site);
    println!(
        "a feed of {} bytes, {} with gzip",
        ours.body("").len(),
        ours.body("gzip").len()
    );
    let cases = [
        ("gzip", "gzip", false, 1.1),
        ("304", "gzip", true, 1.0),
        ("identity", "", false, 0.9),
    ];
    for (name, coding, conditional, asked) in cases {
        let request = |server: &Server| {
            let feed = server.feed(coding);
            Feed {
                etag: conditional.then_some(feed.etag).flatten(),
                ..feed
            }
        };
        let sides = [(&ours, request(&ours)), (&nginx, request(&nginx))];
        let (mut per_cpu, mut per_second) = ([vec![], vec![]], vec![]);
        for _ in 0..ROUNDS {
            for (side, (server, feed)) in sides.iter().enumerate() {
                let measured = server.wrk(feed, coding);
                per_cpu[side].push(measured.per_cpu_second);
                if side == 1 {
                    per_second.push(measured.per_second);
                }
            }
        }
        let [ours_per_cpu, nginx_per_cpu] = per_cpu.map(median);
        if throughput {
            println!(
                "throughput {name:8}: {ours_per_cpu:7.0} requests per second of CPU, nginx {nginx_per_cpu:7.0}: {:.2} \
                 (asked: at least {asked})",
                ours_per_cpu / nginx_per_cpu
            );
        }
        if latency {
            let rate = median(per_second) / 2.0;
            let mut at_99 = [vec![], vec![]];
            for _ in 0..ROUNDS {
                for (side, (server, feed)) in sides.iter().enumerate() {
                    at_99[side].push(load::at_rate(server.port, &feed.request(coding), rate));
                }
            }
            let [ours_at_99, nginx_at_99] = at_99.map(median);
            println!(
                "latency    {name:8}: 99th percentile at {rate:.0} requests per second {ours_at_99:.0} µs, nginx \
                 {nginx_at_99:.0} µs: {:.2} (asked: at most 1.2)",
                ours_at_99 / nginx_at_99
            );
        }
    }
}
