//! The servers that are polled: every address of 127.0.0.0/8 on one port is a site of its own, in a process of its own.
//!
//! A site shows a list of as many articles as its path says (`/20/`), whose pages have 30 KB. A path below `/fault/` does
//! what a server should not.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, Write as _},
    net::IpAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// The bytes of an article's page.
const ARTICLE_BYTES: usize = 30_000;

/// What a site at fault may do.
pub(crate) const FAULTS: [&str; 15] = [
    "reset",
    "endless",
    "drip",
    "bomb",
    "cut-gzip",
    "wrong-length",
    "loop",
    "private",
    "429",
    "503",
    "never",
    "half",
    "nonsense",
    "garbled",
    "empty",
];

/// When each site's list was asked for.
type Asked = Arc<Mutex<HashMap<IpAddr, Vec<Instant>>>>;

/// Serves until its standard input ends, then says how long news waited for a poll on the average, in milliseconds, at
/// sites that are not at fault.
pub(crate) async fn serve() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    io::stdout().flush().unwrap();
    let asked = Asked::default();
    let log = asked.clone();
    tokio::spawn(async move {
        let bomb: Arc<[u8]> = bomb().into();
        while let Ok((stream, _)) = listener.accept().await {
            let (log, bomb) = (log.clone(), bomb.clone());
            tokio::spawn(async move { drop(converse(stream, &log, &bomb).await) });
        }
    });
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()))
        .await
        .unwrap()
        .unwrap();
    println!("{:.1}", waited(&asked.lock().unwrap()));
}

/// News that come at any time wait for half the gap that they fall into: longer gaps catch more of them.
fn waited(asked: &HashMap<IpAddr, Vec<Instant>>) -> f64 {
    let gaps = || {
        asked
            .values()
            .flat_map(|times| times.windows(2))
            .map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e3)
    };
    gaps().map(|gap| gap * gap / 2.0).sum::<f64>() / gaps().sum::<f64>()
}

async fn converse(mut stream: TcpStream, log: &Asked, bomb: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let site = stream.local_addr()?.ip();
    let mut head = Vec::with_capacity(1024);
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&head);
        let target = text.split(' ').nth(1).unwrap_or("/");
        if let Some(fault) = target.strip_prefix("/fault/") {
            return misbehave(stream, fault, bomb).await;
        }
        if target == "/robots.txt" {
            stream
                .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                .await?;
            continue;
        }
        if let Some(article) = target.strip_prefix("/a/") {
            stream
                .write_all(&page("", &article_page(site, article)))
                .await?;
            continue;
        }
        log.lock()
            .unwrap()
            .entry(site)
            .or_default()
            .push(Instant::now());
        if text.contains("if-none-match") {
            stream
                .write_all(b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n")
                .await?;
            continue;
        }
        let number = target.trim_matches('/').parse().unwrap_or(20);
        stream
            .write_all(&page("ETag: \"1\"\r\n", &list_page(site, number)))
            .await?;
    }
}

pub(crate) fn page(head: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{head}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

pub(crate) fn list_page(site: IpAddr, articles: usize) -> String {
    let mut items = String::new();
    for n in 0..articles {
        let _ = writeln!(
            items,
            "<li><span>2026-05-{:02}</span><a href=\"/a/{n}.html\">{}</a></li>",
            n % 28 + 1,
            title(site, n)
        );
    }
    format!(
        "<!DOCTYPE html><html><head><meta charset=utf-8><title>通知公告</title></head><body><h2>通知公告</h2><ul class=list>{items}</ul></body></html>"
    )
}

fn title(site: IpAddr, n: usize) -> String {
    format!(
        "关于做好{}第{n}批工作的通知",
        words(&format!("{site}/{n}"), 8)
    )
}

pub(crate) fn article_page(site: IpAddr, name: &str) -> String {
    let n = name.trim_end_matches(".html").parse().unwrap_or(0);
    let (title, mut text, mut menu) = (title(site, n), String::new(), String::new());
    for paragraph in 0..12 {
        let _ = writeln!(
            text,
            "<p style=\"text-indent:2em\">{}。</p>",
            words(&format!("{site}/{n}/{paragraph}"), 160)
        );
    }
    let mut link = 0;
    while menu.len() + text.len() + 700 < ARTICLE_BYTES {
        let _ = writeln!(
            menu,
            "<li class=\"menu-item item-{link}\"><a href=\"/column/{link}/\" title=\"栏目\">{}</a></li>",
            words(&format!("menu/{link}"), 6)
        );
        link += 1;
    }
    format!(
        "<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title></head><body><div class=head><ul>{menu}</ul></div>\
        <div class=content><h1>{title}</h1><div class=info>发布日期：2026-05-{:02} 来源：教务处</div><div id=vsb_content>{text}</div></div>\
        <div class=foot>版权所有</div></body></html>",
        n % 28 + 1
    )
}

/// So many characters, the same for the same seed.
fn words(seed: &str, characters: usize) -> String {
    let mut state = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (0..characters)
        .map(|n| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if n % 17 == 16 {
                '，'
            } else {
                char::from_u32(0x4e00 + (state >> 33) as u32 % 3000).unwrap_or('学')
            }
        })
        .collect()
}

/// 64 MiB of blanks in few bytes.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap()
}

async fn misbehave(mut stream: TcpStream, fault: &str, bomb: &[u8]) -> io::Result<()> {
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    let list = page("", &list_page(IpAddr::from([127, 0, 0, 1]), 20));
    let forever = Duration::from_hours(1);
    match fault.trim_end_matches('/') {
        "reset" => {
            stream.write_all(&list[..list.len() / 2]).await?;
            stream.set_zero_linger()?;
        }
        "endless" => {
            stream.write_all(format!("{ok}\r\n").as_bytes()).await?;
            loop {
                stream.write_all(&list).await?;
            }
        }
        "drip" => {
            stream
                .write_all(format!("{ok}\r\n<html>").as_bytes())
                .await?;
            loop {
                sleep(Duration::from_millis(500)).await;
                stream.write_all(b"x").await?;
            }
        }
        "bomb" | "cut-gzip" => {
            let head = format!(
                "{ok}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                bomb.len()
            );
            let sent = if fault == "bomb" {
                bomb
            } else {
                &bomb[..bomb.len() / 2]
            };
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(sent).await?;
        }
        "wrong-length" => {
            stream
                .write_all(format!("{ok}Content-Length: 9\r\n\r\nabc").as_bytes())
                .await?;
        }
        "loop" => {
            stream
                .write_all(
                    b"HTTP/1.1 302 Found\r\nLocation: /fault/loop\r\nContent-Length: 0\r\n\r\n",
                )
                .await?;
        }
        "private" => stream
            .write_all(
                b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
            )
            .await?,
        "429" => {
            stream
                .write_all(b"HTTP/1.1 429 Slow Down\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n")
                .await?;
        }
        "503" => {
            stream
                .write_all(b"HTTP/1.1 503 Away\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
                .await?;
        }
        "half" => {
            stream.write_all(&list[..list.len() / 2]).await?;
            sleep(forever).await;
        }
        "nonsense" => {
            let piece = "<div><a href=x>三</a><td><b><!-- ".repeat(1000);
            let mut body = piece.repeat((8 << 20) / piece.len());
            body.push_str("-->");
            stream.write_all(&page("", &body)).await?;
        }
        "garbled" => {
            let body: Vec<u8> = (0..20_000_u32)
                .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
                .collect();
            stream
                .write_all(format!("{ok}Content-Length: {}\r\n\r\n", body.len()).as_bytes())
                .await?;
            stream.write_all(&body).await?;
        }
        "empty" => {
            stream
                .write_all(format!("{ok}Content-Length: 0\r\n\r\n").as_bytes())
                .await?;
        }
        _ => sleep(forever).await,
    }
    stream.shutdown().await
}
