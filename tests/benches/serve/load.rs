//! Who asks: at a given rate, or once and then never again.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

const CONNECTIONS: usize = 64;
const SECONDS: f64 = 3.0;

struct Connection {
    stream: TcpStream,
    /// When the request under way was due.
    due: Option<Instant>,
    got: usize,
    /// Bytes of an answer, from the first one.
    answer_bytes: usize,
}

/// The 99th percentile of the time from when a request was due to the end of its answer, in microseconds. Busy: a timer
/// would be coarser than what is measured.
pub(crate) fn at_rate(port: u16, request: &str, per_second: f64) -> f64 {
    pin();
    let mut connections: Vec<Connection> =
        (0..CONNECTIONS).map(|_| connect(port, request)).collect();
    let mut free: VecDeque<usize> = (0..CONNECTIONS).collect();
    let mut busy: Vec<usize> = Vec::new();
    let mut took = Vec::new();
    let between = Duration::from_secs_f64(1.0 / per_second);
    let begun = Instant::now();
    let mut due = begun;
    let mut buffer = vec![0; 128 << 10];
    while begun.elapsed().as_secs_f64() < SECONDS {
        while due <= Instant::now()
            && let Some(i) = free.pop_front()
        {
            let connection = &mut connections[i];
            connection.stream.write_all(request.as_bytes()).unwrap();
            connection.due = Some(due);
            connection.got = 0;
            busy.push(i);
            due += between;
        }
        busy.retain(|i| {
            let connection = &mut connections[*i];
            match connection.stream.read(&mut buffer) {
                Ok(0) => panic!("the server has closed a connection"),
                Ok(size_bytes) => connection.got += size_bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) => panic!("{error}"),
            }
            if connection.got < connection.answer_bytes {
                return true;
            }
            took.push(connection.due.take().unwrap().elapsed().as_secs_f64() * 1e6);
            free.push_back(*i);
            false
        });
    }
    took.sort_by(f64::total_cmp);
    took[took.len() * 99 / 100]
}

/// Connections that have got an answer and are left open.
pub(crate) fn hold_open(port: u16, count: usize) -> Vec<TcpStream> {
    let request = "GET /feeds/jyt.atom HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
    (0..count).map(|_| connect(port, request).stream).collect()
}

/// A connection over which one answer came, so that its length is known.
fn connect(port: u16, request: &str) -> Connection {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut buffer = vec![0; 128 << 10];
    let end = loop {
        let size_bytes = stream.read(&mut buffer).unwrap();
        answer.extend_from_slice(&buffer[..size_bytes]);
        if let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length = length.filter(|_| !head.starts_with("http/1.1 304"));
    let whole = end + length.map_or(0, |length| length.trim().parse().unwrap());
    while answer.len() < whole {
        let size_bytes = stream.read(&mut buffer).unwrap();
        answer.extend_from_slice(&buffer[..size_bytes]);
    }
    stream.set_nonblocking(true).unwrap();
    Connection {
        stream,
        due: None,
        got: 0,
        answer_bytes: whole,
    }
}

/// To the second core, away from the servers.
fn pin() {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut cores = CpuSet::new();
    cores.set(1);
    let _ = sched_setaffinity(None, &cores);
}
