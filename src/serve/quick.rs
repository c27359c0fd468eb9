//! The way of feeds that are ready: from a request's bytes to the answer's without a detour.
//!
//! A reader asks for the same feed again and again, so most requests are a GET of a feed's plain address, answered from
//! memory by 304 or by bytes that lie there packed. Those are understood and answered here, by one read and one write.
//! All else, a body, a query, an escaped address, a route that is no feed, goes to hyper with what was read so far.
//! Both ways take their decisions and their header fields from [`conditional`](super::conditional) and
//! [`rendition`](super::rendition), so the answers are the same.

use std::{
    borrow::Cow,
    cell::RefCell,
    future::poll_fn,
    io::{self, ErrorKind, IoSlice, Write},
    mem::MaybeUninit,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use tokio::{
    io::{AsyncRead, Interest, ReadBuf},
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{
    Current, Site,
    address::Address,
    coding::Coding,
    conditional::Asked,
    connections::{self, IDLE},
    feeds::{self, Rendered},
    host::is_host,
    rendition::http_date,
};
use crate::metrics::Resource;

/// The longest head that is looked at here.
const HEAD_BYTES: usize = 4 << 10;
/// The most fields of a head that is looked at here.
const FIELDS: usize = 32;

/// Answers what it knows until the peer goes, or a stop is asked for. What it does not know it returns, as far as it
/// was read: none where the connection is over.
pub(super) async fn answer(
    stream: &mut TcpStream,
    current: &Current,
    stopped: &mut watch::Receiver<bool>,
) -> Option<Vec<u8>> {
    // read and not answered
    let mut begun = Vec::new();
    let mut stop = pin!(connections::stopped(stopped));
    let mut idle = pin!(sleep(IDLE));
    loop {
        let mut done = if begun.is_empty() {
            tokio::select! {
                biased;
                done = next(stream, current, &mut begun) => done,
                () = stop.as_mut() => return None,
                () = idle.as_mut() => return None,
            }
        } else {
            let bytes = std::mem::take(&mut begun);
            step(&bytes, stream, &current.site(), &mut begun)
        };
        if let Step::Make(address, coding) = done {
            let site = current.site();
            let Ok(rendered) = feeds::rendered(&site, &address).await else {
                return Some(begun);
            };
            rendered.rendition.form(coding).await;
            let bytes = std::mem::take(&mut begun);
            done = step(&bytes, stream, &site, &mut begun);
        }
        match done {
            Step::Sent => {}
            Step::Rest(unsent) => unsent.finish(stream).await.ok()?,
            Step::Over => return None,
            // what changes faster than it is rendered is answered elsewhere
            Step::Other | Step::Make(..) => return Some(begun),
        }
        // setting a timer anew costs more than a request whose answer is ready: that is done once in a while
        let left = idle.deadline().saturating_duration_since(Instant::now());
        if left < IDLE / 2 {
            idle.as_mut().reset(Instant::now() + IDLE);
        }
    }
}

/// Waits for a request, and answers it. Room for it is taken only when it is there: most connections wait.
async fn next(stream: &mut TcpStream, current: &Current, begun: &mut Vec<u8>) -> Step {
    poll_fn(|context| {
        let mut room = [const { MaybeUninit::uninit() }; HEAD_BYTES];
        let mut read = ReadBuf::uninit(&mut room);
        // this way of reading, unlike others, knows that a socket that gave less than there was room for is empty
        match Pin::new(&mut *stream).poll_read(context, &mut read) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                Poll::Ready(step(read.filled(), stream, &current.site(), begun))
            }
            Poll::Ready(_) => Poll::Ready(Step::Over),
        }
    })
    .await
}

/// How far a request was answered.
enum Step {
    /// It was answered.
    Sent,
    /// The socket has not taken all of the answer.
    Rest(Unsent),
    /// Its document must be made first.
    Make(Address, Coding),
    /// It is not for here.
    Other,
    /// The peer is gone.
    Over,
}

/// Answers the request at the beginning of these bytes. What is not answered is left in `begun`.
fn step(bytes: &[u8], stream: &TcpStream, site: &Arc<Site>, begun: &mut Vec<u8>) -> Step {
    let (done, used) = match Plain::read(bytes) {
        Some((request, used)) => (request.answer(stream, site), used),
        None => (Step::Other, 0),
    };
    let answered = matches!(done, Step::Sent | Step::Rest(_));
    *begun = bytes[if answered { used } else { 0 }..].to_vec();
    done
}

/// A GET or HEAD of a plain path by HTTP/1.1, without a body, without a wish that is not known here.
struct Plain<'a> {
    path: &'a str,
    is_head: bool,
    asked: Asked<'a>,
}

impl<'a> Plain<'a> {
    /// A whole request at the beginning of these bytes, and its length.
    fn read(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let httparse::Status::Complete(used) = request.parse(bytes).ok()? else {
            return None;
        };
        let is_head = match request.method? {
            "GET" => false,
            "HEAD" => true,
            _ => return None,
        };
        if request.version? != 1 {
            return None;
        }
        let mut asked = Asked::default();
        let mut has_host = false;
        for field in request.headers.iter() {
            let value = std::str::from_utf8(field.value).ok()?;
            let is = |name: &str| field.name.eq_ignore_ascii_case(name);
            let place = match field.name.len() {
                // a wrong one is refused elsewhere
                4 if is("host") && !has_host && is_host(field.value) => {
                    has_host = true;
                    continue;
                }
                4 if is("host") => return None,
                4 if is("a-im") => return None,
                6 if is("expect") => return None,
                7 if is("upgrade") => return None,
                10 if is("connection") && !value.eq_ignore_ascii_case("keep-alive") => return None,
                8 if is("if-match") => return None,
                13 if is("if-none-match") => &mut asked.none_match,
                14 if is("content-length") => return None,
                15 if is("accept-encoding") => &mut asked.accept_encoding,
                17 if is("if-modified-since") => &mut asked.modified_since,
                17 if is("transfer-encoding") => return None,
                19 if is("if-unmodified-since") => return None,
                _ => continue,
            };
            // one that comes twice is a list, which is put together elsewhere
            if place.replace(Cow::Borrowed(value)).is_some() {
                return None;
            }
        }
        let path = request.path?;
        let plain = has_host && path.starts_with('/') && !path.contains(['?', '#', '%']);
        let request = Self {
            path,
            is_head,
            asked,
        };
        plain.then_some((request, used))
    }

    fn answer(&self, stream: &TcpStream, site: &Arc<Site>) -> Step {
        // what is asked for with a password is answered where that is read
        if site.config.server.token.is_some() {
            return Step::Other;
        }
        let Some(Ok(address)) = Address::of_path(site, self.path) else {
            return Step::Other;
        };
        let coding = self.asked.coding();
        let Some(rendered) = feeds::kept(site, &address) else {
            return Step::Make(address, coding);
        };
        let rendition = &rendered.rendition;
        let mut head = Vec::with_capacity(640);
        let mut part = None;
        let status = if self.asked.has(rendition, coding) {
            head.extend_from_slice(&rendition.stamp(coding).head);
            304
        } else {
            let Some(form) = rendition.made(coding) else {
                return Step::Make(address, coding);
            };
            head.extend_from_slice(&form.head);
            if !self.is_head {
                part = Some((form.file.is_some(), form.bytes.len()));
            }
            200
        };
        let age = rendered.max_age(site, &address);
        let now = (site.clock)().as_second();
        // memory takes it
        let _ = write!(head, "cache-control: max-age={age}\r\ndate: ");
        with_date(now, |date| head.extend_from_slice(date));
        head.extend_from_slice(b"\r\n\r\n");
        site.metrics.answered(Resource::Feed, status);
        tracing::debug!(
            method = if self.is_head { "HEAD" } else { "GET" },
            path = self.path,
            http.status = status,
            "request"
        );
        let mut unsent = Unsent {
            head,
            body: part.map(|_| (rendered, coding)),
            sent: 0,
        };
        match unsent.send(stream) {
            Ok(true) => Step::Sent,
            Ok(false) => Step::Rest(unsent),
            Err(_) => Step::Over,
        }
    }
}

/// Calls with `Date` (RFC 9110, section 6.6.1), which is written once a second.
fn with_date(now: i64, take: impl FnOnce(&[u8])) {
    thread_local! {
        static DATE: RefCell<(i64, Vec<u8>)> = const { RefCell::new((i64::MIN, Vec::new())) };
    }
    DATE.with_borrow_mut(|(at, date)| {
        if *at != now {
            let written = jiff::Timestamp::from_second(now).map(http_date);
            *date = written.map_or_else(|_| Vec::new(), |value| value.as_bytes().to_vec());
            *at = now;
        }
        take(date);
    });
}

/// An answer that is being sent.
struct Unsent {
    head: Vec<u8>,
    body: Option<(Arc<Rendered>, Coding)>,
    /// Bytes of head and body that the socket has taken.
    sent: usize,
}

impl Unsent {
    /// Sends what the socket takes now, and says whether that was all.
    fn send(&mut self, stream: &TcpStream) -> io::Result<bool> {
        let form = self.body.as_ref();
        let form = form.and_then(|(rendered, coding)| rendered.rendition.made(*coding));
        let body = form.map_or(&[][..], |form| &form.bytes);
        let file = form.and_then(|form| form.file.as_ref());
        let whole = self.head.len() + body.len();
        while self.sent < whole {
            let rest_of_head = self.head.get(self.sent..).unwrap_or_default();
            let of_body = self.sent.saturating_sub(self.head.len());
            let taken = match file {
                Some(_) if !rest_of_head.is_empty() => {
                    stream.try_io(Interest::WRITABLE, || send_more(stream, rest_of_head))
                }
                Some(file) => {
                    let mut offset = of_body as u64;
                    let count = body.len() - of_body;
                    stream.try_io(Interest::WRITABLE, || file.send(stream, &mut offset, count))
                }
                None => stream.try_write_vectored(&[
                    IoSlice::new(rest_of_head),
                    IoSlice::new(&body[of_body..]),
                ]),
            };
            match taken {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(size_bytes) => self.sent += size_bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Sends the rest. The system cuts off who takes nothing of it for long.
    async fn finish(mut self, stream: &TcpStream) -> io::Result<()> {
        while !self.send(stream)? {
            timeout(IDLE, stream.writable()).await??;
        }
        Ok(())
    }
}

/// Sends what more will follow at once.
#[cfg(unix)]
fn send_more(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    use rustix::net::{SendFlags, send};
    Ok(send(stream, bytes, SendFlags::MORE | SendFlags::NOSIGNAL)?)
}

#[cfg(not(unix))]
fn send_more(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    stream.try_write(bytes)
}
