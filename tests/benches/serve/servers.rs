//! The two servers, each a process of its own on the first core, and what is read of them.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const SECONDS: &str = "3s";

pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    process: Child,
    /// The process that answers: nginx's worker is a child of its master.
    worker: u32,
}

/// How a feed is asked for.
pub(crate) struct Feed {
    pub(crate) path: &'static str,
    pub(crate) etag: Option<String>,
    pub(crate) bytes: usize,
}

pub(crate) struct Measured {
    pub(crate) per_cpu_second: f64,
    pub(crate) per_second: f64,
}

impl Server {
    pub(crate) fn schoolbell(folder: &Path) -> Self {
        let port = free_port();
        let config = folder.join("bell.toml");
        let text = format!(
            "[server]\nlisten = '127.0.0.1:{port}'\n[store]\npath = '{}'\n{}",
            folder.join("data").display(),
            super::SOURCE
        );
        fs::write(&config, text).unwrap();
        let process = pinned(env!("CARGO_BIN_EXE_schoolbell"))
            .args(["run", "--log", "error", "--config"])
            .arg(config)
            // one thread, as nginx has one worker
            .env("TOKIO_WORKER_THREADS", "1")
            .spawn()
            .unwrap();
        let worker = process.id();
        Self {
            name: "schoolbell",
            port,
            process,
            worker,
        }
        .awaited()
    }

    pub(crate) fn nginx(folder: &Path, site: &Path) -> Self {
        let port = free_port();
        let config = folder.join("nginx.conf");
        let text = format!(
            "daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log error;\n\
             user root;\nevents {{ worker_connections 1024; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000;\n\
             open_file_cache max=100; open_file_cache_valid 600s; gzip_static on; etag on;\n\
             types {{ application/atom+xml atom; }}\n\
             server {{ listen 127.0.0.1:{port}; location /feeds/ {{ alias {site}/; }} }} }}\n",
            folder = folder.display(),
            site = site.display()
        );
        fs::write(&config, text).unwrap();
        let process = pinned("nginx").arg("-c").arg(config).spawn().unwrap();
        let mut server = Self {
            name: "nginx",
            port,
            worker: process.id(),
            process,
        }
        .awaited();
        let children = format!("/proc/{0}/task/{0}/children", server.process.id());
        // the socket is there before the worker is
        server.worker = loop {
            let children = fs::read_to_string(&children).unwrap();
            match children.split_whitespace().next() {
                Some(worker) => break worker.parse().unwrap(),
                None => std::thread::yield_now(),
            }
        };
        server
    }

    fn awaited(self) -> Self {
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "{} does not answer", self.name);
            std::thread::yield_now();
        }
        self
    }

    /// The feed, asked for once.
    pub(crate) fn feed(&self, coding: &str) -> Feed {
        let (head, body) = self.answer(coding);
        let etag = head.lines().find_map(|line| {
            line.to_lowercase()
                .starts_with("etag:")
                .then(|| line[5..].trim().to_owned())
        });
        Feed {
            path: "/feeds/jyt.atom",
            etag,
            bytes: body.len(),
        }
    }

    /// The feed's bytes in a coding.
    pub(crate) fn body(&self, coding: &str) -> Vec<u8> {
        self.answer(coding).1
    }

    fn answer(&self, coding: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!(
            "GET /feeds/jyt.atom HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: {coding}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        (head, answer[end + 4..].to_vec())
    }

    /// Asks as fast as it goes from the other core.
    pub(crate) fn wrk(&self, feed: &Feed, coding: &str) -> Measured {
        let mut wrk = Command::new("taskset");
        wrk.args(["-c", "1", "wrk", "-t1", "-c64", "-d", SECONDS]);
        wrk.arg("-H").arg(format!("Accept-Encoding: {coding}"));
        if let Some(etag) = &feed.etag {
            wrk.arg("-H").arg(format!("If-None-Match: {etag}"));
        }
        wrk.arg(format!("http://127.0.0.1:{}{}", self.port, feed.path));
        let before = self.cpu_seconds();
        let begun = Instant::now();
        let output = wrk.output().unwrap();
        let (cpu, took) = (self.cpu_seconds() - before, begun.elapsed().as_secs_f64());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("Socket errors"), "{text}");
        let line = text
            .lines()
            .find(|line| line.contains(" requests in "))
            .unwrap();
        let requests: f64 = line.split_whitespace().next().unwrap().parse().unwrap();
        Measured {
            per_cpu_second: requests / cpu,
            per_second: requests / took,
        }
    }

    /// User and system time (`proc(5)`, `stat`, fields 14 and 15, in hundredths).
    fn cpu_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.worker)).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let ticks: f64 = fields[11..13]
            .iter()
            .map(|field| field.parse::<f64>().unwrap())
            .sum();
        ticks / 100.0
    }

    /// `VmRSS`.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.worker)).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS"))
            .unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }
}

impl Feed {
    /// A request of it.
    pub(crate) fn request(&self, coding: &str) -> String {
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding}\r\n",
            self.path
        );
        if let Some(etag) = &self.etag {
            request = request + "If-None-Match: " + etag + "\r\n";
        }
        request + "\r\n"
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM, so that nginx takes its worker with it
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        let _ = self.process.wait();
    }
}

fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0", program]);
    command.stdout(Stdio::null());
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
