//! A forward proxy that answers from a folder of saved pages, each at its own address.
//!
//! In: a folder with a `labels.jsonl`, whose lines name a page's `id`, `kind` (`article` or `list`), `url`, `file` and, where
//! its server's header is known, `content_type`; other fields are left alone. Out: an [`axum::Router`] that answers requests
//! in absolute form (RFC 9112, section 3.2.2). A page saved from `https:` is found under its `http:` address too, so that
//! no certificates are needed; CONNECT is refused. What is not saved, robots.txt included, is a 404.

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, ensure};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, Response, StatusCode, header},
};
use serde::{Deserialize, Serialize};
use url::Url;

/// Saved pages by address.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    pages: HashMap<String, SavedPage>,
    lists: Vec<List>,
    asked: Mutex<Vec<(StatusCode, String)>>,
}

#[derive(Debug)]
struct SavedPage {
    content_type: String,
    body: Bytes,
}

#[derive(Debug)]
enum Bytes {
    InFile(PathBuf),
    InMemory(Vec<u8>),
}

/// A saved list page: what a source is made of.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// The page's id, as a source's id.
    pub(crate) id: String,
    /// Its address, with `http:`.
    pub(crate) url: Url,
}

#[derive(Deserialize)]
struct Label {
    id: String,
    kind: String,
    url: Url,
    file: PathBuf,
    content_type: Option<String>,
}

impl Replay {
    /// Reads a folder's labels. The pages themselves are read when asked for.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("labels.jsonl");
        let labels = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut replay = Self::default();
        for (line, text) in labels.lines().enumerate() {
            let at = || format!("{}:{}", path.display(), line + 1);
            let label: Label = serde_json::from_str(text).with_context(at)?;
            let file = folder.join(&label.file);
            ensure!(file.is_file(), "{}: no file {}", at(), file.display());
            if label.kind == "list" {
                replay.add_list(&label.id, &label.url);
            }
            replay.add(&label.url, label.content_type, Bytes::InFile(file));
        }
        Ok(replay)
    }

    /// Adds a page that lies in no file.
    pub(crate) fn page(mut self, url: &Url, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = Bytes::InMemory(body.into());
        self.add(url, Some(content_type.to_owned()), body);
        self
    }

    fn add(&mut self, url: &Url, content_type: Option<String>, body: Bytes) {
        let page = SavedPage {
            // without a charset, as most of these sites send it
            content_type: content_type.unwrap_or_else(|| "text/html".to_owned()),
            body,
        };
        self.pages.insert(key(url), page);
    }

    fn add_list(&mut self, id: &str, url: &Url) {
        let mut url = url.clone();
        url.set_fragment(None);
        // https: → http: is always possible
        let _ = url.set_scheme("http");
        let id = id.to_ascii_lowercase();
        self.lists.push(List { id, url });
    }

    /// The saved list pages.
    pub(crate) fn lists(&self) -> &[List] {
        &self.lists
    }

    /// How many pages are saved.
    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// What was asked for so far, and how it was answered.
    pub(crate) fn asked(&self) -> Vec<(StatusCode, String)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    /// A configuration that polls every saved list page through the proxy at `proxy`, keeping its store at `store`.
    pub(crate) fn configuration(&self, proxy: SocketAddr, store: &Path) -> anyhow::Result<String> {
        let configuration = Configuration {
            store: Store { path: store },
            fetch: Fetch {
                proxy: format!("http://{proxy}"),
                delay: "0s",
                robots: true,
            },
            source: self
                .lists
                .iter()
                .map(|list| Source {
                    id: &list.id,
                    url: &list.url,
                })
                .collect(),
        };
        Ok(toml::to_string(&configuration)?)
    }

    /// The proxy.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(respond).with_state(Arc::clone(self))
    }

    fn answer(&self, method: &Method, url: Option<&Url>) -> Result<(&SavedPage, Vec<u8>), Refusal> {
        if method == Method::CONNECT {
            return Err(Refusal::Tunnel);
        }
        if method != Method::GET && method != Method::HEAD {
            return Err(Refusal::Method);
        }
        let url = url.ok_or(Refusal::NotAbsolute)?;
        let page = self.pages.get(&key(url)).ok_or(Refusal::NotSaved)?;
        let body = match &page.body {
            Bytes::InMemory(body) => body.clone(),
            Bytes::InFile(file) => fs::read(file).map_err(|_| Refusal::NotSaved)?,
        };
        Ok((page, body))
    }
}

/// Why a request is not answered with a page.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Tunnel,
    Method,
    NotAbsolute,
    NotSaved,
}

impl Refusal {
    fn answer(self) -> (StatusCode, &'static str) {
        match self {
            Self::Tunnel => (
                StatusCode::NOT_IMPLEMENTED,
                "this proxy has no tunnels: write http: for https:",
            ),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only"),
            Self::NotAbsolute => (
                StatusCode::BAD_REQUEST,
                "this is a proxy: an absolute address is expected",
            ),
            Self::NotSaved => (StatusCode::NOT_FOUND, "not saved"),
        }
    }
}

async fn respond(State(replay): State<Arc<Replay>>, request: Request) -> Response<Body> {
    let address = request.uri().to_string();
    let url = Url::parse(&address).ok().filter(Url::has_host);
    let (status, content_type, body) = match replay.answer(request.method(), url.as_ref()) {
        Ok((page, body)) => (StatusCode::OK, page.content_type.as_str(), body),
        Err(refusal) => {
            let (status, words) = refusal.answer();
            (status, "text/plain", words.into())
        }
    };
    let mut asked = replay.asked.lock().unwrap_or_else(PoisonError::into_inner);
    asked.push((status, address));
    drop(asked);
    let response = Response::builder().status(status);
    response
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(body))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

/// An address without scheme and fragment.
fn key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    let query = url.query().map(|query| format!("?{query}"));
    [
        host,
        &port.unwrap_or_default(),
        url.path(),
        &query.unwrap_or_default(),
    ]
    .concat()
}

#[derive(Serialize)]
struct Configuration<'a> {
    store: Store<'a>,
    fetch: Fetch,
    source: Vec<Source<'a>>,
}

#[derive(Serialize)]
struct Store<'a> {
    path: &'a Path,
}

#[derive(Serialize)]
struct Fetch {
    proxy: String,
    delay: &'static str,
    robots: bool,
}

#[derive(Serialize)]
struct Source<'a> {
    id: &'a str,
    url: &'a Url,
}
