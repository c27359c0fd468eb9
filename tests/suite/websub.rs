//! Feeds delivered to subscribers (W3C WebSub): asked for, verified, signed, tried again, ended.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use http_body_util::BodyExt;
use jiff::Timestamp;
use schoolbell::{
    config::Config,
    fetch::Callbacks,
    serve::{NoDocument, Site, router},
    store::Store,
    websub::{Hub, Limits, Pace, ping, signature},
};
use tempfile::TempDir;
use tokio::{sync::mpsc, task::JoinHandle};
use tower::ServiceExt;

use crate::site::{article, published};

const TOPIC: &str = "http://127.0.0.1:8080/feeds/jyt.atom";

/// What a subscriber was sent.
#[derive(Debug)]
enum Sent {
    Question(Vec<(String, String)>),
    Document(HeaderMap, Bytes),
}

/// How a subscriber answers.
#[derive(Clone, Copy)]
struct Manners {
    /// Whether it confirms what it is asked.
    confirms: bool,
    /// The status of its answers to documents, one after another; the last stays.
    takes: &'static [u16],
}

const GOOD: Manners = Manners {
    confirms: true,
    takes: &[200],
};

/// A subscriber that listens on loopback.
struct Subscriber {
    callback: String,
    sent: mpsc::UnboundedReceiver<Sent>,
    serving: JoinHandle<()>,
}

type Shared = Arc<(Manners, Mutex<usize>, mpsc::UnboundedSender<Sent>)>;

impl Subscriber {
    async fn start(manners: Manners) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let callback = format!("http://{}/got?who=me", listener.local_addr().unwrap());
        let (sender, sent) = mpsc::unbounded_channel();
        let shared: Shared = Arc::new((manners, Mutex::new(0), sender));
        let routes = Router::new().route("/got", any(got)).with_state(shared);
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            callback,
            sent,
            serving,
        }
    }

    /// The next question, as its parameters; those of the callback itself are looked at here.
    async fn question(&mut self) -> Vec<(String, String)> {
        match self.sent.recv().await.unwrap() {
            Sent::Question(mut pairs) => {
                assert_eq!(pairs.remove(0), ("who".to_owned(), "me".to_owned()));
                pairs
            }
            other @ Sent::Document(..) => panic!("no question: {other:?}"),
        }
    }

    async fn document(&mut self) -> (HeaderMap, Bytes) {
        match self.sent.recv().await.unwrap() {
            Sent::Document(head, body) => (head, body),
            other @ Sent::Question(_) => panic!("no document: {other:?}"),
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn got(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    method: Method,
    head: HeaderMap,
    request: Request,
) -> Response {
    let (manners, answered, sender) = &*shared;
    if method == Method::GET {
        let query = query.unwrap_or_default();
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let challenge = pairs.iter().find(|(name, _)| name == "hub.challenge");
        let challenge = challenge
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        sender.send(Sent::Question(pairs)).unwrap();
        return if manners.confirms {
            challenge.into_response()
        } else {
            "something else".into_response()
        };
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut answered = answered.lock().unwrap();
    let status = manners.takes[(*answered).min(manners.takes.len() - 1)];
    *answered += 1;
    sender.send(Sent::Document(head, body)).unwrap();
    StatusCode::from_u16(status).unwrap().into_response()
}

fn config(private: bool, websub: &str) -> Arc<Config> {
    let text = format!(
        "[fetch]
        allow_private = [{}]
        [websub]
        hub = '{websub}'
        [[source]]
        id = 'jyt'
        url = 'https://jyt.example/tzgg.htm'
        groups = ['province']
        [[source]]
        id = 'jwc'
        url = 'https://jwc.example/1001/list.htm'
        ",
        if private { "'127.0.0.0/8'" } else { "" }
    );
    Arc::new(Config::parse(&text, "test").unwrap_or_else(|error| panic!("{error}")))
}

fn quick() -> Pace {
    Pace {
        gather: Duration::ZERO,
        retry: Duration::from_millis(1),
        retries: 2,
    }
}

/// A daemon's part that delivers.
struct Publisher {
    store: Arc<Store>,
    site: Arc<Site>,
    delivering: JoinHandle<()>,
}

impl Publisher {
    fn open(folder: &TempDir, config: &Arc<Config>, clock: fn() -> Timestamp) -> Self {
        Self::with(folder, config, clock, Limits::default())
    }

    fn with(
        folder: &TempDir,
        config: &Arc<Config>,
        clock: fn() -> Timestamp,
        limits: Limits,
    ) -> Self {
        let (store, _) = Store::open(folder.path(), 8 << 20).unwrap();
        let store = Arc::new(store);
        let site = Arc::new(Site::new(config.clone(), store.clone(), clock));
        let callbacks = Callbacks::new(&config.fetch, &config.request).unwrap();
        let hub = Hub::with(store.clone(), callbacks, clock, limits, quick()).unwrap();
        let hub = Arc::new(hub);
        site.set_hub(hub.clone());
        let delivering = tokio::spawn(hub.run(site.clone()));
        Self {
            store,
            site,
            delivering,
        }
    }

    /// Ends as a daemon does, so that another may open the folder.
    async fn stop(self) {
        self.delivering.abort();
        let _ = self.delivering.await;
        self.store.close().await.unwrap();
    }

    async fn publish(&self, source: &str, number: u32) {
        let events = vec![published(article(source, number))];
        self.store.record(events, None).await.unwrap();
    }

    async fn ask(&self, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let form = axum::body::Body::from(form.finish());
        let request = Request::post("/hub").body(form).unwrap();
        let answer = router(self.site.clone()).oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> (HeaderMap, Bytes) {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let answer = router(self.site.clone()).oneshot(request).await.unwrap();
        let head = answer.headers().clone();
        (head, answer.into_body().collect().await.unwrap().to_bytes())
    }

    /// Asks for a subscription, and waits until it is kept.
    async fn subscribe(&self, subscriber: &mut Subscriber, more: &[(&str, &str)]) {
        let before = self.store.subscriptions().unwrap().len();
        let callback = subscriber.callback.clone();
        let mut fields = vec![
            ("hub.mode", "subscribe"),
            ("hub.topic", TOPIC),
            ("hub.callback", callback.as_str()),
        ];
        fields.extend_from_slice(more);
        assert_eq!(
            self.ask(&fields).await,
            (StatusCode::ACCEPTED, String::new())
        );
        subscriber.question().await;
        self.until(|kept| kept > before).await;
    }

    /// Waits until so many subscriptions are kept.
    async fn until(&self, enough: impl Fn(usize) -> bool) {
        while !enough(self.store.subscriptions().unwrap().len()) {
            tokio::task::yield_now().await;
        }
    }
}

fn now() -> Timestamp {
    crate::site::now()
}

#[tokio::test]
async fn a_new_article_arrives_by_push_with_a_right_signature() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    publisher.publish("jyt", 1).await;
    let mut subscriber = Subscriber::start(GOOD).await;
    let callback = subscriber.callback.clone();
    let fields = [
        ("hub.mode", "subscribe"),
        ("hub.topic", TOPIC),
        ("hub.callback", callback.as_str()),
        ("hub.secret", "a secret"),
        ("hub.lease_seconds", "3600"),
    ];
    assert_eq!(publisher.ask(&fields).await.0, StatusCode::ACCEPTED);
    let question = subscriber.question().await;
    let value = |name: &str| {
        let pair = question.iter().find(|(n, _)| n == name);
        pair.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    assert_eq!(value("hub.mode"), "subscribe");
    assert_eq!(value("hub.topic"), TOPIC);
    assert_eq!(value("hub.lease_seconds"), "3600");
    assert!(value("hub.challenge").len() >= 32);
    publisher.until(|kept| kept == 1).await;

    // what another source publishes is no news here
    publisher.publish("jwc", 5).await;
    publisher.publish("jyt", 2).await;
    let (head, body) = subscriber.document().await;
    assert_eq!(head["content-type"], "application/atom+xml; charset=utf-8");
    assert_eq!(
        head["link"],
        format!("<http://127.0.0.1:8080/hub>; rel=\"hub\", <{TOPIC}>; rel=\"self\"")
    );
    assert_eq!(head["x-hub-signature"], signature("a secret", &body));
    assert!(String::from_utf8_lossy(&body).contains("jyt 第2号通知"));
    assert_eq!(body, publisher.get("/feeds/jyt.atom").await.1);
}

#[tokio::test]
async fn feeds_name_their_hub() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    publisher.publish("jyt", 1).await;
    for (path, said) in [
        (
            "/feeds/jyt.rss",
            "<atom:link href=\"http://127.0.0.1:8080/hub\" rel=\"hub\"/>",
        ),
        (
            "/groups/province.atom",
            "href=\"http://127.0.0.1:8080/hub\" rel=\"hub\"",
        ),
        (
            "/all.json",
            r#""hubs":[{"type":"WebSub","url":"http://127.0.0.1:8080/hub"}]"#,
        ),
        ("/all.rss?limit=1", "http://127.0.0.1:8080/hub"),
    ] {
        let (head, body) = publisher.get(path).await;
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains(said), "{path}: {text}");
        let link = head["link"].to_str().unwrap();
        assert_eq!(
            link,
            format!(
                "<http://127.0.0.1:8080/hub>; rel=\"hub\", <http://127.0.0.1:8080{path}>; rel=\"self\""
            )
        );
    }
    let off = Site::new(config(true, "off"), publisher.store.clone(), now);
    let request = Request::get("/all.json")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = router(Arc::new(off)).oneshot(request).await.unwrap();
    assert_eq!(answer.headers().get("link"), None);
}

#[tokio::test]
async fn subscriptions_survive_a_restart_and_so_does_what_was_missed() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    let mut subscriber = Subscriber::start(GOOD).await;
    publisher.subscribe(&mut subscriber, &[]).await;
    publisher.stop().await;
    {
        // something happens while nothing is delivered
        let (store, _) = Store::open(folder.path(), 8 << 20).unwrap();
        let events = vec![published(article("jyt", 3))];
        store.record(events, None).await.unwrap();
        store.close().await.unwrap();
    }
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    let (head, body) = subscriber.document().await;
    assert!(String::from_utf8_lossy(&body).contains("jyt 第3号通知"));
    assert_eq!(head.get("x-hub-signature"), None, "no secret");
    publisher.publish("jyt", 4).await;
    let (_, body) = subscriber.document().await;
    assert!(String::from_utf8_lossy(&body).contains("jyt 第4号通知"));
}

#[tokio::test]
async fn subscriptions_survive_a_database_that_is_made_again() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    publisher.publish("jyt", 1).await;
    let mut subscriber = Subscriber::start(GOOD).await;
    publisher.subscribe(&mut subscriber, &[]).await;
    publisher.stop().await;
    // the database knows more than the journal: it cannot be used
    std::fs::remove_dir_all(folder.path().join("journal")).unwrap();
    let (store, report) = Store::open(folder.path(), 8 << 20).unwrap();
    assert!(report.set_aside.is_some(), "{report:?}");
    assert_eq!(store.subscriptions().unwrap().len(), 1);
}

#[tokio::test]
async fn a_lease_ends() {
    static NOW: AtomicI64 = AtomicI64::new(0);
    fn clock() -> Timestamp {
        Timestamp::from_second(1_772_000_000 + NOW.load(Ordering::SeqCst)).unwrap()
    }
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), clock);
    let mut short = Subscriber::start(GOOD).await;
    let mut long = Subscriber::start(GOOD).await;
    publisher
        .subscribe(&mut short, &[("hub.lease_seconds", "600")])
        .await;
    publisher
        .subscribe(&mut long, &[("hub.lease_seconds", "900")])
        .await;
    publisher.publish("jyt", 1).await;
    short.document().await;
    long.document().await;
    NOW.store(700, Ordering::SeqCst);
    publisher.publish("jyt", 2).await;
    long.document().await;
    publisher.until(|kept| kept == 1).await;
    assert!(short.sent.try_recv().is_err());
}

#[tokio::test]
async fn who_answers_410_gets_no_more() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    let mut subscriber = Subscriber::start(Manners {
        takes: &[410],
        ..GOOD
    })
    .await;
    publisher.subscribe(&mut subscriber, &[]).await;
    publisher.publish("jyt", 1).await;
    subscriber.document().await;
    publisher.until(|kept| kept == 0).await;
}

#[tokio::test]
async fn what_fails_is_tried_again_for_a_while_and_with_the_next_change() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    // a redirect is not followed
    let mut subscriber = Subscriber::start(Manners {
        takes: &[500, 302, 503, 200],
        ..GOOD
    })
    .await;
    publisher.subscribe(&mut subscriber, &[]).await;
    publisher.publish("jyt", 1).await;
    let mut bodies = Vec::new();
    for _ in 0..3 {
        bodies.push(subscriber.document().await.1);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0], bodies[2]);
    publisher.publish("jyt", 2).await;
    let (_, body) = subscriber.document().await;
    assert!(String::from_utf8_lossy(&body).contains("jyt 第2号通知"));
}

#[tokio::test]
async fn what_is_not_confirmed_is_not_kept_and_unsubscribing_is_confirmed_too() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    let mut wrong = Subscriber::start(Manners {
        confirms: false,
        ..GOOD
    })
    .await;
    let callback = wrong.callback.clone();
    let mut fields = [
        ("hub.mode", "subscribe"),
        ("hub.topic", TOPIC),
        ("hub.callback", callback.as_str()),
    ];
    assert_eq!(publisher.ask(&fields).await.0, StatusCode::ACCEPTED);
    wrong.question().await;
    let mut right = Subscriber::start(GOOD).await;
    publisher.subscribe(&mut right, &[]).await;
    let kept = publisher.store.subscriptions().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].callback.as_str(), right.callback);
    fields[0].1 = "unsubscribe";
    let callback = right.callback.clone();
    fields[2].1 = callback.as_str();
    assert_eq!(publisher.ask(&fields).await.0, StatusCode::ACCEPTED);
    let question = right.question().await;
    assert!(question.contains(&("hub.mode".to_owned(), "unsubscribe".to_owned())));
    publisher.until(|kept| kept == 0).await;
}

#[tokio::test]
async fn what_cannot_be_subscribed_to_is_refused_in_words() {
    let folder = TempDir::new().unwrap();
    let few = Limits {
        host: 1,
        ..Limits::default()
    };
    let publisher = Publisher::with(&folder, &config(true, "self"), now, few);
    let mut subscriber = Subscriber::start(GOOD).await;
    publisher.subscribe(&mut subscriber, &[]).await;
    // the same once more renews it
    let callback = subscriber.callback.clone();
    let other = callback.replace("/got", "/other");
    let at_home = "http://127.0.0.1:8080";
    for (callback, topic, status, words) in [
        (
            callback.as_str(),
            TOPIC.to_owned(),
            StatusCode::ACCEPTED,
            "",
        ),
        (
            other.as_str(),
            TOPIC.to_owned(),
            StatusCode::SERVICE_UNAVAILABLE,
            "too many subscriptions for this callback's host",
        ),
        (
            callback.as_str(),
            "http://127.0.0.1:9/feeds/jyt.atom".to_owned(),
            StatusCode::NOT_FOUND,
            "this `hub.topic` is not known",
        ),
        (
            callback.as_str(),
            format!("{at_home}/feeds/none.rss"),
            StatusCode::NOT_FOUND,
            "this `hub.topic`",
        ),
        (
            callback.as_str(),
            format!("{at_home}/all.rss?page=2"),
            StatusCode::NOT_FOUND,
            "this `hub.topic`",
        ),
        (
            callback.as_str(),
            format!("{at_home}/search.rss?q=a"),
            StatusCode::NOT_FOUND,
            "this `hub.topic`",
        ),
        (
            "gopher://x.example/",
            TOPIC.to_owned(),
            StatusCode::BAD_REQUEST,
            "`hub.callback` is no address",
        ),
    ] {
        let fields = [
            ("hub.mode", "subscribe"),
            ("hub.topic", topic.as_str()),
            ("hub.callback", callback),
        ];
        let (got, said) = publisher.ask(&fields).await;
        assert_eq!(got, status, "{callback} {topic}: {said}");
        assert!(said.contains(words), "{said}");
    }
    let large = "x".repeat(20_000);
    let (status, _) = publisher.ask(&[("hub.mode", &large)]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_private_callback_is_refused() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(false, "self"), now);
    let mut subscriber = Subscriber::start(GOOD).await;
    let by_name = subscriber.callback.replace("127.0.0.1", "localhost");
    for (callback, status) in [
        (subscriber.callback.clone(), StatusCode::FORBIDDEN),
        ("http://[::1]/got".to_owned(), StatusCode::FORBIDDEN),
        (
            "http://169.254.169.254/latest/".to_owned(),
            StatusCode::FORBIDDEN,
        ),
        // a name is judged where it is resolved
        (by_name, StatusCode::ACCEPTED),
    ] {
        let fields = [
            ("hub.mode", "subscribe"),
            ("hub.topic", TOPIC),
            ("hub.callback", callback.as_str()),
        ];
        let (got, said) = publisher.ask(&fields).await;
        assert_eq!(got, status, "{callback}: {said}");
    }
    let config = config(false, "self");
    let callbacks = Callbacks::new(&config.fetch, &config.request).unwrap();
    let by_name = subscriber.callback.replace("127.0.0.1", "localhost");
    let refused = callbacks.get(&by_name.parse().unwrap()).await.unwrap_err();
    assert!(refused.to_string().contains("loopback"), "{refused}");
    publisher.publish("jyt", 1).await;
    publisher.stop().await;
    assert!(subscriber.sent.try_recv().is_err());
}

#[tokio::test]
async fn an_outside_hub_is_told_which_feeds_have_changed() {
    let folder = TempDir::new().unwrap();
    let mut hub = Subscriber::start(Manners {
        takes: &[503, 204],
        ..GOOD
    })
    .await;
    let config = config(true, &hub.callback);
    let (store, _) = Store::open(folder.path(), 8 << 20).unwrap();
    let store = Arc::new(store);
    let site = Arc::new(Site::new(config.clone(), store.clone(), now));
    let callbacks = Callbacks::new(&config.fetch, &config.request).unwrap();
    let url = hub.callback.parse().unwrap();
    let told = tokio::spawn(ping(site.clone(), store.clone(), callbacks, url, quick()));
    // it looks at what there is before it waits for changes
    tokio::task::yield_now().await;
    let events = vec![published(article("jyt", 1))];
    store.record(events, None).await.unwrap();
    for _ in 0..2 {
        let (head, body) = hub.document().await;
        assert_eq!(head["content-type"], "application/x-www-form-urlencoded");
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(&body).into_owned().collect();
        assert_eq!(pairs[0], ("hub.mode".to_owned(), "publish".to_owned()));
        let urls: Vec<&str> = pairs[1..].iter().map(|(_, url)| url.as_str()).collect();
        let mut expected: Vec<String> = ["all", "feeds/jyt", "groups/province"]
            .iter()
            .flat_map(|feed| {
                ["atom", "json", "rss"].map(|e| format!("http://127.0.0.1:8080/{feed}.{e}"))
            })
            .collect();
        expected.sort();
        assert_eq!(urls, expected);
    }
    told.abort();
    let request = Request::get("/all.rss")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = router(site).oneshot(request).await.unwrap();
    let link = answer.headers()["link"].to_str().unwrap();
    assert!(
        link.starts_with(&format!("<{}>; rel=\"hub\"", hub.callback)),
        "{link}"
    );
}

#[tokio::test]
async fn who_subscribed_to_a_feed_that_is_gone_is_told() {
    let folder = TempDir::new().unwrap();
    let publisher = Publisher::open(&folder, &config(true, "self"), now);
    let mut subscriber = Subscriber::start(GOOD).await;
    publisher.subscribe(&mut subscriber, &[]).await;
    publisher.stop().await;
    let text = "
        [fetch]
        allow_private = ['127.0.0.0/8']
        [[source]]
        id = 'jwc'
        url = 'https://jwc.example/1001/list.htm'
    ";
    let without = Arc::new(Config::parse(text, "test").unwrap());
    let publisher = Publisher::open(&folder, &without, now);
    let told = subscriber.question().await;
    let expected = [
        ("hub.mode", "denied"),
        ("hub.topic", TOPIC),
        ("hub.reason", "there is no such feed"),
    ];
    assert_eq!(told, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    publisher.until(|kept| kept == 0).await;
}

#[tokio::test]
async fn a_feed_behind_a_token_is_delivered_to_who_has_it_until_it_is_another() {
    const TOKEN: &str = "1f0c6d0e7b5a4c3f9d2e";
    let folder = TempDir::new().unwrap();
    let guarded = |token: &str| {
        let text = format!(
            "[server]
            token = '{token}'
            [fetch]
            allow_private = ['127.0.0.0/8']
            [[source]]
            id = 'jyt'
            url = 'https://jyt.example/tzgg.htm'"
        );
        Arc::new(Config::parse(&text, "test").unwrap())
    };
    let publisher = Publisher::open(&folder, &guarded(TOKEN), now);
    let (head, body) = publisher
        .get(&format!("/feeds/jyt.atom?token={TOKEN}"))
        .await;
    let topic = format!("{TOPIC}?token={TOKEN}");
    let hub = format!("http://127.0.0.1:8080/hub?token={TOKEN}");
    let link = format!("<{hub}>; rel=\"hub\", <{topic}>; rel=\"self\"");
    assert_eq!(head["link"], link.as_str());
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains(&topic) && body.contains(&hub), "{body}");
    let document = publisher.site.document(&topic).await.unwrap();
    assert_eq!(document.bytes, body.as_bytes());
    assert_eq!(document.hub, hub);
    // another token, and who has the old one gets nothing any more
    let site = Arc::new(publisher.site.reconfigured(guarded("another-token-1234")));
    assert_eq!(
        site.document(&topic).await.unwrap_err(),
        NoDocument::Unknown
    );
    assert!(site.document(TOPIC).await.is_ok());
    publisher.stop().await;
}

#[tokio::test]
async fn feeds_that_have_changed_are_told_apart_by_name_whatever_was_configured_meanwhile() {
    let folder = TempDir::new().unwrap();
    let (store, _) = Store::open(folder.path(), 8 << 20).unwrap();
    let store = Arc::new(store);
    let configured = |blocks: &[(&str, &str)]| {
        let block = |(id, groups): &(&str, &str)| {
            format!("[[source]]\nid = '{id}'\nurl = 'https://{id}.example/'\ngroups = [{groups}]\n")
        };
        let blocks: Vec<String> = blocks.iter().map(block).collect();
        let blocks = blocks.concat();
        Arc::new(Config::parse(&blocks, "test").unwrap())
    };
    let (jyt, jwc, jyj) = (("jyt", "'a', 'b'"), ("jwc", "'b'"), ("jyj", "'c'"));
    let site = Site::new(configured(&[jyt, jwc]), store.clone(), now);
    let publish = async |source: &str, number: u32| {
        let events = vec![published(article(source, number))];
        store.record(events, None).await.unwrap();
    };
    publish("jyt", 1).await;
    publish("jwc", 2).await;
    let mut seen = site.generations();
    let names = |changed: Vec<String>| -> Vec<String> {
        let rss = changed.iter().filter_map(|feed| feed.strip_suffix(".rss"));
        rss.map(|feed| feed.replace("http://127.0.0.1:8080/", ""))
            .collect()
    };
    assert_eq!(names(site.changed_feeds(&mut seen)), [""; 0]);
    // the same sources in another order, and one more
    let site = site.reconfigured(configured(&[jyj, jwc, jyt]));
    assert_eq!(
        names(site.changed_feeds(&mut seen)),
        ["feeds/jyj", "groups/c"]
    );
    publish("jwc", 3).await;
    let changed = names(site.changed_feeds(&mut seen));
    assert_eq!(changed, ["feeds/jwc", "groups/b", "all"]);
    publish("jyt", 4).await;
    assert_eq!(
        names(site.changed_feeds(&mut seen)),
        ["feeds/jyt", "groups/b", "groups/a", "all"]
    );
    // a group of other members is another feed, also where the new one has said nothing lately
    let site = site.reconfigured(configured(&[jyj, ("jwc", "'a', 'b'"), jyt]));
    assert_eq!(names(site.changed_feeds(&mut seen)), ["groups/a"]);
    store.close().await.unwrap();
}
