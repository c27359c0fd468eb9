//! The proxy that replays saved pages answers like the sites that they were saved from.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use tower::ServiceExt;

use crate::support::replay::Replay;

const LIST: &str = r#"{"id":"L1","kind":"list","url":"https://jyj.example/tzgg/index.html","file":"pages/l1.html","items":[]}"#;
const ARTICLE: &str = r#"{"id":"A1","kind":"article","url":"http://jyj.example:8000/show.jsp?id=3&x=%E7%94%B2#top","file":"pages/a1.html","content_type":"text/html; charset=gbk"}"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("pages")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("labels.jsonl", format!("{LIST}\n{ARTICLE}\n").as_bytes());
    write("pages/l1.html", "<ul><li>通知</li></ul>".as_bytes());
    write("pages/a1.html", b"<p>\xcd\xa8\xd6\xaa</p>");
    folder
}

async fn ask(replay: &Arc<Replay>, method: Method, address: &str) -> (StatusCode, String, Vec<u8>) {
    let request = Request::builder().method(method).uri(address);
    let request = request.body(Body::empty()).unwrap();
    let (parts, body) = replay.router().oneshot(request).await.unwrap().into_parts();
    let content_type = parts.headers[header::CONTENT_TYPE].to_str().unwrap();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, content_type.to_owned(), body.to_vec())
}

#[tokio::test]
async fn pages_are_found_at_their_own_addresses() {
    let folder = folder();
    let replay = Arc::new(Replay::open(folder.path()).unwrap());
    assert_eq!((replay.len(), replay.lists().len()), (2, 1));

    let list = ask(
        &replay,
        Method::GET,
        "http://JYJ.example:80/tzgg/index.html",
    )
    .await;
    assert_eq!(list.0, StatusCode::OK);
    assert_eq!(list.1, "text/html");
    assert_eq!(list.2, "<ul><li>通知</li></ul>".as_bytes());

    let address = "http://jyj.example:8000/show.jsp?id=3&x=%E7%94%B2";
    let article = ask(&replay, Method::GET, address).await;
    assert_eq!(article.0, StatusCode::OK);
    assert_eq!(article.1, "text/html; charset=gbk");
    assert_eq!(article.2, b"<p>\xcd\xa8\xd6\xaa</p>");
}

#[tokio::test]
async fn what_is_not_saved_is_a_404_and_what_is_no_proxying_is_refused() {
    let folder = folder();
    let replay = Arc::new(Replay::open(folder.path()).unwrap());
    for (method, address, status) in [
        (Method::GET, "http://jyj.example/robots.txt", 404),
        (Method::GET, "http://jyj.example/show.jsp?id=4", 404),
        (
            Method::GET,
            "http://jyj.example/show.jsp?id=3&x=%E7%94%B2",
            404,
        ),
        (Method::GET, "/tzgg/index.html", 400),
        (Method::POST, "http://jyj.example/tzgg/index.html", 405),
    ] {
        let answer = ask(&replay, method, address).await;
        assert_eq!(answer.0.as_u16(), status, "{address}");
    }
    let asked = replay.asked();
    assert_eq!(asked.len(), 5);
    assert_eq!(asked[0].1, "http://jyj.example/robots.txt");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_speaks_as_a_proxy_over_a_socket() {
    let url = "http://jyj.example/a/".parse().unwrap();
    let replay = Arc::new(Replay::default().page(&url, "text/html", "saved"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, replay.router()).await });
    let answers = tokio::task::spawn_blocking(move || {
        [
            talk(address, "GET http://jyj.example/a/ HTTP/1.1"),
            talk(address, "CONNECT jyj.example:443 HTTP/1.1"),
        ]
    });
    let [page, tunnel] = answers.await.unwrap();
    server.abort();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(page.ends_with("\r\n\r\nsaved"), "{page}");
    assert!(tunnel.starts_with("HTTP/1.1 501 "), "{tunnel}");
}

fn talk(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{request}\r\nHost: jyj.example\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_configuration_names_every_list_and_the_proxy() {
    let folder = folder();
    let replay = Replay::open(folder.path()).unwrap();
    let proxy = "127.0.0.1:3128".parse().unwrap();
    let store = folder.path().join("data");
    let text = replay.configuration(proxy, &store).unwrap();
    let expected = format!(
        "[store]\npath = \"{}\"\n\n[fetch]\nproxy = \"http://127.0.0.1:3128\"\ndelay = \"0s\"\nrobots = true\n\n[[source]]\nid = \"l1\"\nurl = \"http://jyj.example/tzgg/index.html\"\n",
        store.display()
    );
    assert_eq!(text, expected);
}

#[test]
fn a_folder_with_a_mistake_says_where() {
    let folder = folder();
    fs::remove_file(folder.path().join("pages/a1.html")).unwrap();
    let error = Replay::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("labels.jsonl:2: no file"), "{error}");
}
