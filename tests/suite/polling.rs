//! The whole way, from departments' pages to articles in the store: the demo's departments, polled by the ordinary code.

use std::{path::Path, sync::Arc};

use jiff::{Timestamp, ToSpan};
use schoolbell::{
    article::ArticleId,
    config::Config,
    daemon,
    demo::{self, Department, Departments},
    poll::Poller,
    source::{
        Source,
        report::SourceReport,
        state::{FaultKind, Outcome, Reason},
    },
    store::{Entry, Scope, Store},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};

/// After the newest of the fixed notices.
fn now() -> Timestamp {
    "2026-06-01T02:00:00Z".parse().unwrap()
}

/// The departments on loopback, and a daemon's parts that poll them.
struct World {
    departments: Departments,
    ports: Vec<u16>,
    folder: TempDir,
    config: Arc<Config>,
    store: Arc<Store>,
    poller: Poller,
    stop: Vec<oneshot::Sender<()>>,
}

impl World {
    async fn new(extra: &str) -> Self {
        let departments = Departments::new();
        let (mut ports, mut stop) = (Vec::new(), Vec::new());
        for department in Department::all() {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            ports.push(listener.local_addr().unwrap().port());
            let (sender, receiver) = oneshot::channel::<()>();
            stop.push(sender);
            let router = departments.router(department);
            tokio::spawn(demo::serve(listener, router, async {
                drop(receiver.await);
            }));
        }
        let folder = tempfile::tempdir().unwrap();
        let config = configuration(&ports, folder.path(), extra);
        let (store, poller) = open(&config).await;
        Self {
            departments,
            ports,
            folder,
            config,
            store,
            poller,
            stop,
        }
    }

    fn source(&self, department: Department) -> &Arc<Source> {
        self.config
            .sources
            .iter()
            .find(|source| source.id.as_str() == department.id())
            .unwrap()
    }

    async fn poll(&self, department: Department, now: Timestamp) -> Outcome {
        self.poller
            .poll(self.source(department), now)
            .await
            .unwrap()
            .outcome
    }

    fn feed(&self, department: Department) -> Vec<Entry> {
        self.store
            .newest(&Scope::Source(self.source(department).id.clone()), 100, 0)
            .unwrap()
    }

    /// Stops and starts again on the same folder.
    async fn restart(&mut self, extra: &str) {
        self.store.close().await.unwrap();
        let config = configuration(&self.ports, self.folder.path(), extra);
        // the folder's lock goes with the last handle
        let other = tempfile::tempdir().unwrap();
        (self.store, self.poller) = open(&configuration(&self.ports, other.path(), extra)).await;
        (self.store, self.poller) = open(&config).await;
        self.config = config;
    }
}

async fn open(config: &Config) -> (Arc<Store>, Poller) {
    let store = daemon::open_store(config).await.unwrap();
    let poller = daemon::poller(config, store.clone()).unwrap();
    (store, poller)
}

fn configuration(ports: &[u16], folder: &Path, extra: &str) -> Arc<Config> {
    let mut text = format!(
        "[store]\npath = '{}'\ncache = '8 MiB'\n[fetch]\ndelay = '0s'\nallow_private = ['127.0.0.1/32']\n",
        folder.display()
    );
    for (department, port) in Department::all().into_iter().zip(ports) {
        let source = format!(
            "[[source]]\nid = '{}'\nurl = 'http://127.0.0.1:{port}{}'\ntitle = '{}'\ngroups = ['demo']\npages = 2\n{extra}\n",
            department.id(),
            department.list_path(),
            department.title(),
        );
        text += &source;
    }
    Arc::new(Config::parse(&text, "test").unwrap())
}

#[tokio::test]
async fn every_notice_is_found_and_read_whole() {
    let world = World::new("").await;
    for department in Department::all() {
        let expected = world.departments.expected(department);
        let outcome = world.poll(department, now()).await;
        let number = u32::try_from(expected.len()).unwrap();
        assert_eq!(
            outcome,
            Outcome::Read {
                items: number,
                new: number
            },
            "{department:?}"
        );
        let feed = world.feed(department);
        assert_eq!(feed.len(), expected.len());
        for expected in expected {
            let found = feed
                .iter()
                .map(|entry| &entry.article)
                .find(|article| article.url.as_str().ends_with(&expected.path));
            let article = found.unwrap_or_else(|| panic!("{} is missing", expected.path));
            assert_eq!(article.title, expected.title);
            assert_eq!(
                article.published,
                Some(expected.published),
                "{}",
                expected.title
            );
            assert_eq!(article.origin, expected.origin, "{}", expected.title);
            assert_eq!(article.author, expected.author, "{}", expected.title);
            assert!(
                article.body_text.starts_with(&expected.first_words),
                "{}: {}",
                expected.title,
                article.body_text
            );
            assert!(
                article.body_text.contains(&expected.last_words),
                "{}: {}",
                expected.title,
                article.body_text
            );
            assert_eq!(article.images.len(), expected.images, "{}", expected.title);
            let files: Vec<_> = article
                .attachments
                .iter()
                .map(|file| &file.url[url::Position::BeforePath..])
                .collect();
            assert_eq!(files, expected.attachments, "{}", expected.title);
            assert!(article.complete);
        }
    }
}

#[tokio::test]
async fn a_new_notice_is_found_once_and_comes_first() {
    let world = World::new("").await;
    world.poll(Department::Province, now()).await;
    let later = now() + 1.hour();
    assert_eq!(
        world.poll(Department::Province, later).await,
        Outcome::Unchanged
    );
    let (department, title) = world.departments.publish(later);
    let later = later + 1.hour();
    assert!(
        matches!(
            world.poll(department, later).await,
            Outcome::Read { new: 1, .. }
        ),
        "{department:?}"
    );
    let feed = world.feed(department);
    assert_eq!(feed[0].article.title, title);
    assert_eq!(feed[0].article.first_seen, later);
    assert_eq!(
        world.poll(department, later + 1.hour()).await,
        Outcome::Unchanged
    );
    assert_eq!(world.feed(department).len(), feed.len());
}

#[tokio::test]
async fn a_restart_goes_on_without_a_duplicate() {
    let mut world = World::new("").await;
    world.poll(Department::City, now()).await;
    let before: Vec<ArticleId> = world
        .feed(Department::City)
        .iter()
        .map(|entry| entry.article.id)
        .collect();
    let state = world.store.state(&world.source(Department::City).id);
    world.restart("").await;
    assert_eq!(
        world.store.state(&world.source(Department::City).id),
        state,
        "due times outlive a restart"
    );
    assert_eq!(
        world.poll(Department::City, now() + 1.hour()).await,
        Outcome::Unchanged
    );
    let after: Vec<ArticleId> = world
        .feed(Department::City)
        .iter()
        .map(|entry| entry.article.id)
        .collect();
    assert_eq!(after, before);
}

#[tokio::test]
async fn it_is_told_when_and_why_the_next_poll_comes_also_after_a_restart() {
    let mut world = World::new("").await;
    let report = |world: &World| {
        let source = world.source(Department::Province);
        SourceReport::new(source, world.store.state(&source.id), 0)
    };
    assert_eq!(report(&world).next_poll_reason, None);
    world.poll(Department::Province, now()).await;
    let told = report(&world);
    let reason = told.next_poll_reason.clone().unwrap();
    assert_eq!(reason.kind, Reason::Rhythm);
    assert!(
        reason
            .words
            .contains(" articles a week expected, most of them Mon"),
        "{}",
        reason.words
    );
    assert!(told.articles_a_week.is_some_and(|rate| rate > 0.0));
    let wait = told.next_poll.unwrap().duration_since(now());
    assert!((15 * 60..=12 * 3600).contains(&wait.as_secs()), "{wait}");
    world.restart("").await;
    assert_eq!(report(&world), told);
    // a fixed interval decides from the next poll on
    world.restart("every = '30m'").await;
    world.poll(Department::Province, now() + 1.hour()).await;
    let told = report(&world);
    assert_eq!(told.next_poll, Some(now() + 90.minutes()));
    assert_eq!(
        told.next_poll_reason.unwrap().words,
        "polled every 30m, as configured"
    );
}

#[tokio::test]
async fn a_republished_notice_stands_once_in_merged_feeds_by_its_first_publisher() {
    let world = World::new("").await;
    // those that republish are seen first
    for department in [
        Department::City,
        Department::University,
        Department::Province,
    ] {
        world.poll(department, now()).await;
    }
    let all = world.store.newest(&Scope::All, 100, 0).unwrap();
    let total: usize = Department::all()
        .into_iter()
        .map(|department| world.feed(department).len())
        .sum();
    let told: Vec<&Entry> = all.iter().filter(|entry| !entry.also.is_empty()).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].article.source.as_str(), "jyt");
    assert_eq!(all.len(), total - told[0].also.len());
}

#[tokio::test]
async fn selectors_of_the_configuration_win() {
    let world = World::new(
        "[source.list]\nitem = 'li'\nlink = 'a[title]'\n[source.article]\ntitle = 'title'\n",
    )
    .await;
    world.poll(Department::Province, now()).await;
    let feed = world.feed(Department::Province);
    assert!(!feed.is_empty());
    assert!(
        feed.iter()
            .any(|entry| entry.article.title.contains("云溪省教育厅")),
        "{}",
        feed[0].article.title
    );
    let world = World::new("[source.list]\nitem = 'li.nowhere'\n").await;
    let Outcome::Failed(fault) = world.poll(Department::Province, now()).await else {
        panic!("nothing matches")
    };
    assert_eq!(fault.kind, FaultKind::EmptyList);
    let port = world.ports[0];
    let words = format!(
        "no item on http://127.0.0.1:{port}/jyzx/tzgg.htm matches `li.nowhere`; mend [source.list] item, or leave it out and the list is looked for"
    );
    assert!(fault.words.starts_with(&words), "{}", fault.words);
}

#[tokio::test]
async fn other_rules_read_an_unchanged_page_anew() {
    let mut world = World::new("").await;
    let department = Department::Province;
    world.poll(department, now()).await;
    world
        .restart("[source.list]\nitem = 'li'\nlink = 'a[title]'\n")
        .await;
    let outcome = world.poll(department, now() + 1.hour()).await;
    assert!(matches!(outcome, Outcome::Read { .. }), "{outcome:?}");
    let outcome = world.poll(department, now() + 2.hour()).await;
    assert_eq!(outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn without_full_text_only_the_list_is_asked_for() {
    let world = World::new("full_text = false").await;
    world.poll(Department::University, now()).await;
    let feed = world.feed(Department::University);
    assert!(feed.iter().all(|entry| entry.article.complete
        && entry.article.body_html.is_empty()
        && !entry.article.title.is_empty()));
    assert!(feed.iter().all(|entry| entry.article.published.is_some()));
}

#[tokio::test]
async fn a_source_that_fails_keeps_its_articles_and_says_why() {
    let mut world = World::new("").await;
    world.poll(Department::Province, now()).await;
    let (feed, id) = (
        world.feed(Department::Province),
        world.source(Department::Province).id.clone(),
    );
    let generation = world.store.generation(&Scope::Source(id.clone()));
    world.stop.clear();
    tokio::task::yield_now().await;
    // a port that nobody listens on
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    world.ports[0] = free;
    world.restart("").await;
    let Outcome::Failed(fault) = world.poll(Department::Province, now() + 1.hour()).await else {
        panic!("nobody listens")
    };
    assert_eq!(fault.kind, FaultKind::Unreachable);
    assert_eq!(
        fault.words,
        format!(
            "cannot connect to http://127.0.0.1:{free}/robots.txt: Connection refused (os error 111)"
        )
    );
    assert_eq!(world.feed(Department::Province), feed);
    assert_eq!(world.store.generation(&Scope::Source(id)), generation);
}
