//! What several behaviours need: a configuration, articles, a site over a store, requests to it.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use jiff::Timestamp;
use schoolbell::{
    article::{Article, ArticleId},
    config::Config,
    journal::Event,
    serve::{Site, router},
    source::SourceId,
    store::{Sizes, Store},
};
use tempfile::TempDir;
use tower::ServiceExt;

/// The time of all tests that do not say otherwise.
pub(crate) fn now() -> Timestamp {
    "2026-03-02T08:30:00Z".parse().unwrap()
}

/// An article of a source, told apart by its number: one minute older than the one before.
pub(crate) fn article(source: &str, number: u32) -> Article {
    let url = format!("https://{source}.example/info/1001/{number}.htm")
        .parse()
        .unwrap();
    let seen = now()
        .checked_sub(jiff::SignedDuration::from_mins(i64::from(number)))
        .unwrap();
    Article {
        id: ArticleId::of(&url),
        source: SourceId::parse(source).unwrap(),
        url,
        title: format!("{source} 第{number}号通知"),
        published: Some("2026-03-02".parse().unwrap()),
        date_from: None,
        first_seen: seen,
        sorted_at: seen,
        updated: None,
        origin: None,
        author: None,
        breadcrumb: vec![],
        body_html: format!("<p>{source} 的第{number}号通知正文。</p>"),
        body_text: format!("{source} 的第{number}号通知正文。"),
        summary: format!("{source} 的第{number}号通知正文。"),
        images: vec![],
        attachments: vec![],
        complete: true,
    }
}

pub(crate) fn published(article: Article) -> Event {
    Event::Published { article }
}

/// Two sources, `jyt` in two groups and `jwc` in one.
pub(crate) fn config() -> Arc<Config> {
    let text = "
        [[source]]
        id = 'jyt'
        url = 'https://jyt.example/tzgg.htm'
        title = '云溪省教育厅'
        groups = ['province', '招生']
        [[source]]
        id = 'jwc'
        url = 'https://jwc.example/1001/list.htm'
        groups = ['province']
    ";
    Arc::new(Config::parse(text, "test").unwrap())
}

/// A site over a fresh store.
pub(crate) struct Published {
    pub(crate) store: Arc<Store>,
    pub(crate) site: Arc<Site>,
    _folder: TempDir,
}

pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Published {
    pub(crate) fn new() -> Self {
        Self::with(Sizes {
            cache_bytes: 8 << 20,
            ..Sizes::default()
        })
    }

    pub(crate) fn with(sizes: Sizes) -> Self {
        Self::configured(config(), sizes)
    }

    /// With another configuration, as TOML.
    pub(crate) fn of(text: &str) -> Self {
        let config = Config::parse(text, "test").unwrap_or_else(|error| panic!("{error}"));
        Self::configured(Arc::new(config), Sizes::default())
    }

    fn configured(config: Arc<Config>, sizes: Sizes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open_with(folder.path(), sizes, &mut |_| {}).unwrap();
        store.keep_searchable().unwrap();
        let store = Arc::new(store);
        let site = Arc::new(Site::new(config, store.clone(), now));
        Self {
            store,
            site,
            _folder: folder,
        }
    }

    pub(crate) async fn record(&self, events: Vec<Event>) {
        self.store.record(events, None).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.ask("GET", path, &[]).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Got {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router(self.site.clone())
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        Got {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
