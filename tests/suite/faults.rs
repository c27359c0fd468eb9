//! Every fault of a server, and what a poll makes of it: the outcome, the words, the next poll, and feeds as they were.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{Timestamp, ToSpan};
use schoolbell::{
    config::Config,
    daemon,
    fetch::{Fetcher, Limits},
    poll::{ParserPool, Poller},
    source::{
        Source,
        state::{FaultKind, Outcome},
    },
    store::{Entry, Scope, Store},
};
use tempfile::TempDir;
use url::Url;

use crate::{
    fault_server::{Act, Asked, FaultServer, head_of, page},
    fetch::{gzip, html},
};

type Answer = Arc<dyn Fn(&Asked) -> Act + Send + Sync>;

/// A department that was polled well once, and whose list then answers as a test says.
struct Department {
    server: FaultServer,
    list: Arc<Mutex<Answer>>,
    source: Source,
    store: Arc<Store>,
    poller: Poller,
    _folder: TempDir,
}

/// How a visit ended.
struct Ended {
    outcome: Outcome,
    waits: Duration,
}

fn now() -> Timestamp {
    "2026-06-01T02:00:00Z".parse().unwrap()
}

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";

fn list(items: u32) -> String {
    let row = |n| {
        format!(
            "<li><a href='/info/{n}.htm'>关于第{n}批教学成果奖申报工作的通知</a><span>2026-05-{n:02}</span></li>"
        )
    };
    let rows: String = (1..=items).map(row).collect();
    format!(
        "<html><head><title>通知公告</title></head><body><div class=list><ul>{rows}</ul></div></body></html>"
    )
}

fn article(path: &str) -> String {
    let n = path.trim_start_matches("/info/").trim_end_matches(".htm");
    let text =
        format!("第{n}批材料请各学院按照要求认真组织申报，于本月二十日前报送教务处。").repeat(4);
    format!(
        "<html><body><h1>关于第{n}批教学成果奖申报工作的通知</h1><div class=content><p>{text}</p><p>{text}</p></div></body></html>"
    )
}

impl Department {
    async fn new() -> Self {
        let good: Answer = Arc::new(|_| html(&list(6)));
        let list = Arc::new(Mutex::new(good));
        let answer = Arc::clone(&list);
        let server = FaultServer::without_robots(move |asked| {
            if asked.target.starts_with("/info/") {
                return html(&article(&asked.target));
            }
            let answer = answer.lock().unwrap().clone();
            answer(asked)
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[store]\npath = '{}'\n[fetch]\ndelay = '0s'\nmax_body = '1 MiB'\nallow_private = ['127.0.0.1/32']\n\
             [[source]]\nid = 'jwc'\nurl = '{}'\n",
            folder.path().display(),
            server.url("/list.htm"),
        );
        let config = Config::parse(&text, "test").unwrap();
        let store = daemon::open_store(&config).await.unwrap();
        let limits = Limits {
            headers: Duration::from_millis(700),
            idle: Duration::from_millis(700),
            ..Limits::USUAL
        };
        let fetcher = Fetcher::with_limits(&config.fetch, limits).unwrap();
        let pool = ParserPool::new().unwrap();
        let poller = Poller::new(fetcher, store.clone(), pool, config.schedule);
        let department = Self {
            source: Source::clone(&config.sources[0]),
            server,
            list,
            store,
            poller,
            _folder: folder,
        };
        let first = department.poll(&department.source, 0).await;
        assert_eq!(first.outcome, Outcome::Read { items: 6, new: 6 });
        department
    }

    /// What the list answers from now on.
    fn answers(&self, answer: impl Fn(&Asked) -> Act + Send + Sync + 'static) {
        *self.list.lock().unwrap() = Arc::new(answer);
    }

    async fn poll(&self, source: &Source, hours: i64) -> Ended {
        let at = now() + hours.hours();
        let visit = self.poller.poll(&Arc::new(source.clone()), at).await;
        let visit = visit.unwrap();
        Ended {
            outcome: visit.outcome,
            waits: visit.next_poll.duration_since(at).unsigned_abs(),
        }
    }

    fn feed(&self) -> (u64, Vec<Entry>) {
        let scope = Scope::Source(self.source.id.clone());
        let entries = self.store.newest(&scope, 100, 0).unwrap();
        (self.store.generation(&scope), entries)
    }

    /// Polls an hour later, finds this fault, and the feed as it was; gives the wait until the next poll.
    async fn fails(&self, source: &Source, kind: FaultKind, words: &str) -> Duration {
        let before = self.feed();
        let ended = self.poll(source, 1).await;
        let Outcome::Failed(fault) = &ended.outcome else {
            panic!("{words}: no fault but {:?}", ended.outcome);
        };
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.words.contains(words), "{fault}");
        assert!(fault.words.contains(source.url.as_str()), "{fault}");
        let state = self.store.state(&source.id).unwrap();
        assert_eq!(state.failures, 1);
        assert_eq!(state.last_success, Some(now()));
        assert_eq!(self.feed(), before, "{words}: another feed");
        ended.waits
    }

    /// As `fails`, where the server does not say when to come again.
    async fn fails_at(&self, source: &Source, kind: FaultKind, words: &str) {
        let waits = self.fails(source, kind, words).await;
        let (soonest, latest) = (Duration::from_mins(15), Duration::from_hours(5));
        assert!((soonest..latest).contains(&waits), "{words}: {waits:?}");
    }
}

fn with_body(head: &str, body: &[u8]) -> Vec<u8> {
    [head_of("200 OK", &format!("{HTML}{head}")), body.to_vec()].concat()
}

/// Polls a department whose list answers so.
async fn fault(
    kind: FaultKind,
    words: &str,
    answer: impl Fn(&Asked) -> Act + Send + Sync + 'static,
) {
    let department = Department::new().await;
    department.answers(answer);
    department.fails_at(&department.source, kind, words).await;
    // and it is well again as soon as its server is
    department.answers(|_| html(&list(7)));
    let ended = department.poll(&department.source, 2).await;
    assert_eq!(ended.outcome, Outcome::Read { items: 7, new: 1 });
    let state = department.store.state(&department.source.id).unwrap();
    assert_eq!(state.failures, 0);
}

#[tokio::test]
async fn a_reset_in_the_middle() {
    fault(FaultKind::Unreachable, "was reset", |_| {
        Act::Reset(with_body("Content-Length: 5000\r\n", list(3).as_bytes()))
    })
    .await;
}

#[tokio::test]
async fn an_endless_body() {
    fault(
        FaultKind::ServerError,
        "answers with more than 1048576 bytes (max_body); raise `max_body`",
        |_| Act::Endless(head_of("200 OK", HTML), list(6).into_bytes()),
    )
    .await;
}

#[tokio::test]
async fn a_drip() {
    let department = Department::new().await;
    department.answers(|_| Act::Drip(head_of("200 OK", HTML), Duration::from_millis(20)));
    let mut source = department.source.clone();
    source.request.timeout = Duration::from_millis(500);
    department
        .fails_at(
            &source,
            FaultKind::Unreachable,
            "took longer than 500ms to answer in all (timeout); raise `timeout`",
        )
        .await;
}

#[tokio::test]
async fn silence() {
    fault(
        FaultKind::Unreachable,
        "took longer than 700ms to begin its answer",
        |_| Act::Stall(Vec::new()),
    )
    .await;
    fault(
        FaultKind::Unreachable,
        "took longer than 700ms to send more of its answer",
        |_| Act::Stall(head_of("200 OK", "Content-Length: 100\r\n")),
    )
    .await;
}

#[tokio::test]
async fn a_gzip_bomb() {
    let bomb = gzip(&vec![b'a'; 16 << 20]);
    fault(
        FaultKind::ServerError,
        "answers with more than 1048576 bytes (max_body)",
        move |_| {
            page(
                "200 OK",
                &format!("{HTML}Content-Encoding: gzip\r\n"),
                &bomb,
            )
        },
    )
    .await;
}

#[tokio::test]
async fn a_truncated_gzip() {
    let whole = gzip(list(6).repeat(20).as_bytes());
    let half = whole[..whole.len() / 2].to_vec();
    fault(
        FaultKind::ServerError,
        "it is cut short or damaged",
        move |_| {
            page(
                "200 OK",
                &format!("{HTML}Content-Encoding: gzip\r\n"),
                &half,
            )
        },
    )
    .await;
}

#[tokio::test]
async fn a_wrong_length() {
    fault(FaultKind::ServerError, "it is cut short or damaged", |_| {
        Act::Send(with_body("Content-Length: 9000\r\n", list(6).as_bytes()))
    })
    .await;
    // too short a length is half a page
    let department = Department::new().await;
    department.answers(|_| Act::Send(with_body("Content-Length: 300\r\n", list(6).as_bytes())));
    let before = department.feed();
    department.poll(&department.source, 1).await;
    assert_eq!(department.feed(), before);
}

#[tokio::test]
async fn a_redirect_loop() {
    fault(
        FaultKind::ServerError,
        "redirects more than 5 times",
        |asked| {
            let to = if asked.target == "/list.htm" {
                "/b.htm"
            } else {
                "/list.htm"
            };
            page("302 Found", &format!("Location: {to}\r\n"), "")
        },
    )
    .await;
}

#[tokio::test]
async fn a_redirect_to_a_private_address() {
    for (to, words) in [
        (
            "http://10.1.2.3/",
            "http://10.1.2.3/ was not asked: 10.1.2.3 is a private address",
        ),
        (
            "http://0xa9fea9fe/latest/meta-data/",
            "http://169.254.169.254/latest/meta-data/ was not asked: 169.254.169.254 is a link-local address",
        ),
        ("http://[64:ff9b::a00:1]/", "10.0.0.1"),
        (
            "http://[2002:a00:1::]/",
            "2002:a00:1:: is a private address",
        ),
    ] {
        let department = Department::new().await;
        department.answers(move |_| page("302 Found", &format!("Location: {to}\r\n"), ""));
        let ended = department.poll(&department.source, 1).await;
        let fault = ended.outcome.fault().unwrap();
        assert_eq!(fault.kind, FaultKind::NotAllowed);
        let allowed = fault.words.contains("allow_private = [");
        assert!(
            (fault.words.contains(words) || to.contains("64:")) && allowed,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_rest_until_a_date_of_a_server_that_does_not_tell_its_own() {
    let department = Department::new().await;
    // six hours after the poll
    let head = "Retry-After: Mon, 01 Jun 2026 09:00:00 GMT\r\n";
    department.answers(move |_| page("503 Service Unavailable", head, ""));
    let words = "it asks for fewer requests; if it lasts, see whether the page opens in a browser";
    let waits = department
        .fails(&department.source, FaultKind::ServerError, words)
        .await;
    let asked = Duration::from_hours(6);
    assert!((asked..asked * 2).contains(&waits), "{waits:?}");
}

#[tokio::test]
async fn too_many_requests_and_a_rest_in_both_forms() {
    let date =
        "Date: Sun, 06 Nov 1994 08:00:00 GMT\r\nRetry-After: Sun, 06 Nov 1994 14:00:00 GMT\r\n";
    for (status, kind) in [
        ("429 Too Many Requests", FaultKind::RateLimited),
        ("503 Service Unavailable", FaultKind::ServerError),
    ] {
        for head in ["Retry-After: 21600\r\n", date] {
            let department = Department::new().await;
            department.answers(move |_| page(status, head, ""));
            let waits = department
                .fails(&department.source, kind, &format!("answers {status}"))
                .await;
            let asked = Duration::from_hours(6);
            assert!((asked..asked * 2).contains(&waits), "{head}: {waits:?}");
            // the host itself is left alone, too
            let before = department.server.targets().len();
            department.poll(&department.source, 1).await;
            assert_eq!(department.server.targets().len(), before);
        }
    }
}

#[tokio::test]
async fn a_bad_chain_and_an_old_tls() {
    let department = Department::new().await;
    let self_signed = FaultServer::self_signed("over tls");
    let old = FaultServer::old_tls("RC4-SHA", |_| html(&list(6))).await;
    for (server, words) in [
        (
            &self_signed,
            "; if you trust the way to this server, set `tls = \"insecure\"`",
        ),
        (&old, "; it may be an old server: set `tls = \"legacy\"`"),
    ] {
        let department_source = &department.source;
        let url: Url = format!("https://{}/", server.address()).parse().unwrap();
        let mut source = Source {
            url,
            ..department_source.clone()
        };
        source.request.robots = false;
        let before = department.feed();
        let ended = department.poll(&source, 1).await;
        let fault = ended.outcome.fault().unwrap();
        assert_eq!(fault.kind, FaultKind::Tls, "{fault}");
        assert!(fault.words.contains(words), "{fault}");
        assert!(ended.waits >= Duration::from_mins(15));
        assert_eq!(department.feed(), before);
    }
}

#[tokio::test]
async fn a_wrong_charset_and_half_a_page_change_no_feed() {
    let whole = list(6);
    let gbk = encoding_rs::GBK.encode(&whole).0.into_owned();
    let department = Department::new().await;
    let before = department.feed();
    department.answers(move |_| page("200 OK", HTML, &gbk));
    let ended = department.poll(&department.source, 1).await;
    assert_eq!(ended.outcome, Outcome::Read { items: 6, new: 0 });
    assert_eq!(
        department.feed(),
        before,
        "titles were read in the wrong charset"
    );

    let half = whole.floor_char_boundary(whole.len() * 2 / 3);
    department.answers(move |_| html(&whole[..half]));
    let ended = department.poll(&department.source, 2).await;
    assert!(
        matches!(ended.outcome, Outcome::Read { new: 0, .. }),
        "{:?}",
        ended.outcome
    );
    assert_eq!(department.feed(), before);
    assert!(ended.waits >= Duration::from_mins(15));

    let noise: Vec<u8> = (0..20_000_u32)
        .map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[1])
        .collect();
    fault(
        FaultKind::Garbled,
        "are text in no known encoding",
        move |_| page("200 OK", HTML, &noise),
    )
    .await;
}

#[tokio::test]
async fn statuses_and_walls_that_refuse() {
    for (status, kind) in [
        ("401 Unauthorized", FaultKind::Blocked),
        ("403 Forbidden", FaultKind::Blocked),
        ("412 Precondition Failed", FaultKind::Blocked),
        ("521 Web Server Is Down", FaultKind::Blocked),
        ("404 Not Found", FaultKind::Gone),
        ("410 Gone", FaultKind::Gone),
        ("500 Internal Server Error", FaultKind::ServerError),
    ] {
        // 521 is no status of any standard, and its words are the server's own
        let words = format!("answers {}", status.trim_end_matches(" Web Server Is Down"));
        fault(kind, &words, move |_| page(status, HTML, "")).await;
    }
    for (body, kind, words) in [
        (
            "<html><head><script>document.cookie='acw_sc__v2=x';location.reload()</script></head></html>",
            FaultKind::Blocked,
            "answered a bot wall or a log-in page",
        ),
        (
            "<html><body>您当前ip并非校内地址，该信息仅允许校内地址访问</body></html>",
            FaultKind::CampusOnly,
            "is shown on the campus network only",
        ),
        (
            "<html><body><h1>您访问的页面不存在或已被删除</h1></body></html>",
            FaultKind::Gone,
            "says that the page does not exist",
        ),
        (
            "<html><body><p>本栏目正在建设</p></body></html>",
            FaultKind::EmptyList,
            "there were 6 items when it was last read",
        ),
    ] {
        fault(kind, words, move |_| html(body)).await;
    }
}

#[tokio::test]
async fn a_list_whose_known_articles_the_selectors_miss() {
    let department = Department::new().await;
    let mut source = department.source.clone();
    let rules = "[[source]]\nurl = 'http://a.example/'\n[source.list]\nitem = 'ul.news > li'\n";
    source.list = Config::parse(rules, "test").unwrap().sources[0]
        .list
        .clone();
    department
        .fails_at(
            &source,
            FaultKind::ListChanged,
            "are still linked there, but no item matches `ul.news > li`; mend [source.list] item",
        )
        .await;
}

#[tokio::test]
async fn a_list_that_has_moved_for_good_is_followed_and_its_address_proposed() {
    let department = Department::new().await;
    let moved = |status: &'static str, body: String| {
        move |asked: &Asked| match asked.target.as_str() {
            "/list.htm" => page(status, "Location: /new.htm\r\n", ""),
            _ => html(&body),
        }
    };
    let proposed = || {
        department
            .store
            .state(&department.source.id)
            .unwrap()
            .moved_to
    };
    department.answers(moved("301 Moved Permanently", list(7)));
    let ended = department.poll(&department.source, 1).await;
    assert_eq!(ended.outcome, Outcome::Read { items: 7, new: 1 });
    assert_eq!(proposed(), Some(department.server.url("/new.htm")));
    // a redirect for now proposes nothing
    department.answers(moved("302 Found", list(8)));
    department.poll(&department.source, 2).await;
    assert_eq!(proposed(), None);

    let department = Department::new().await;
    let nothing = "<html><body><p>本栏目正在建设</p></body></html>".to_owned();
    department.answers(moved("308 Permanent Redirect", nothing));
    department
        .fails_at(
            &department.source,
            FaultKind::Moved,
            "has moved for good to",
        )
        .await;
}
