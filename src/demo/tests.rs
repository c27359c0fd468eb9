//! The departments' sites, asked as a reader asks them.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use jiff::Timestamp;
use tower::ServiceExt;

use super::*;

fn now() -> Timestamp {
    "2026-11-23T09:41:27Z".parse().unwrap()
}

async fn ask(
    departments: &Departments,
    department: Department,
    request: axum::http::request::Builder,
) -> (StatusCode, HeaderMap, Bytes) {
    let request = request.body(Body::empty()).unwrap();
    let response = departments
        .router(department)
        .oneshot(request)
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, body)
}

async fn get(departments: &Departments, department: Department, path: &str) -> (StatusCode, Bytes) {
    let (status, _, body) = ask(departments, department, Request::get(path)).await;
    (status, body)
}

/// A page's text, in the charset of its department.
async fn page(departments: &Departments, department: Department, path: &str) -> String {
    let (status, body) = get(departments, department, path).await;
    assert_eq!(status, StatusCode::OK, "{department:?} {path}");
    if department == Department::City {
        let (text, errors) = encoding_rs::GBK.decode_without_bom_handling(&body);
        assert!(!errors, "{path}");
        return text.into_owned();
    }
    String::from_utf8(body.to_vec()).unwrap()
}

/// All list pages, one after the other.
async fn lists(departments: &Departments, department: Department) -> Vec<String> {
    let pages = departments.expected(department).len().div_ceil(8);
    let mut texts = vec![page(departments, department, department.list_path()).await];
    for number in 2..=pages {
        let path = match department {
            Department::Province => format!("/jyzx/tzgg/{}.htm", pages + 1 - number),
            Department::City => format!("/a/tzgg/list_5_{number}.html"),
            Department::University => format!("/1312/list{number}.htm"),
        };
        texts.push(page(departments, department, &path).await);
    }
    texts
}

#[tokio::test]
async fn every_notice_is_listed_in_order_and_has_its_page() {
    let departments = Departments::new();
    for department in Department::all() {
        let lists = lists(&departments, department).await;
        assert_eq!(lists.len(), 2, "{department:?}");
        let listed = lists.concat();
        let mut place = 0;
        for expected in departments.expected(department) {
            let found = listed[place..].find(&expected.path);
            place += found.unwrap_or_else(|| panic!("{} is not listed in order", expected.path));
            if expected.first_words.is_empty() {
                continue;
            }
            let page = page(&departments, department, &expected.path).await;
            for text in [
                &expected.title,
                &expected.first_words,
                &expected.last_words,
                expected.origin.as_ref().unwrap_or(&expected.title),
                expected.author.as_ref().unwrap_or(&expected.title),
                &expected.published.day().to_string(),
            ] {
                assert!(page.contains(text.as_str()), "{text} in {}", expected.path);
            }
            assert!(!page.contains("{{"), "{}", expected.path);
        }
        assert!(!listed.contains("{{"), "{department:?}");
    }
}

#[tokio::test]
async fn files_are_served_as_what_they_are() {
    let departments = Departments::new();
    let (mut documents, mut images) = (0, 0);
    for department in Department::all() {
        for expected in departments.expected(department) {
            for path in &expected.attachments {
                let (status, body) = get(&departments, department, path).await;
                assert_eq!(status, StatusCode::OK, "{path}");
                assert!(body.starts_with(b"%PDF-") || body.starts_with(b"PK"));
                documents += 1;
            }
            images += expected.images;
        }
    }
    assert!(documents >= 12 && images >= 7, "{documents}, {images}");

    let picture = family::of(Department::City).file("pear-tree.png");
    let (status, headers, body) = ask(&departments, Department::City, Request::get(picture)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::CONTENT_TYPE], "image/png");
    assert!(body.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn one_department_speaks_gbk_and_says_so_in_its_page_alone() {
    let departments = Departments::new();
    let list = Request::get(Department::City.list_path());
    let (_, headers, body) = ask(&departments, Department::City, list).await;
    assert_eq!(headers[header::CONTENT_TYPE], "text/html");
    assert!(std::str::from_utf8(&body).is_err());
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(text.contains("charset=gb2312"));
    // nothing had to be written as a number because GBK has no place for it
    for expected in departments.expected(Department::City) {
        let page = page(&departments, Department::City, &expected.path).await;
        assert!(!page.contains("&#"), "{}", expected.path);
    }
}

#[tokio::test]
async fn the_lists_have_the_traps_that_they_promise() {
    let departments = Departments::new();
    let province = page(&departments, Department::Province, "/jyzx/tzgg.htm").await;
    assert!(province.contains("[置顶]"));
    assert!(
        province.contains("title=\"关于做好2026年普通高等学校招生统一考试考务组织工作的通知\"")
    );
    assert!(province.contains(">关于做好2026年普通高等学校招生统一考试考务组…<"));

    let city = page(&departments, Department::City, "/a/tzgg/").await;
    assert!(city.contains("[05-14]") && !city.contains("2026-05-14"));
    assert!(city.contains("公办学校招生服务…</a>"));

    let university = departments.expected(Department::University);
    let files = |e: &&Expected| e.first_words.is_empty() && e.attachments == [e.path.as_str()];
    assert_eq!(university.iter().filter(files).count(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_a_404() {
    let departments = Departments::new();
    for department in Department::all() {
        for path in ["/nowhere.htm", "/info/1063/1.htm", "/jyzx/tzgg/3.htm"] {
            let (status, body) = get(&departments, department, path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{department:?} {path}");
            assert!(String::from_utf8_lossy(&body).contains(department.list_path()));
        }
        let (status, headers, _) = ask(&departments, department, Request::get("/")).await;
        assert_eq!(status, StatusCode::FOUND);
        assert_eq!(headers[header::LOCATION], department.list_path());
    }
}

#[tokio::test]
async fn an_unchanged_list_is_a_304_until_something_is_published() {
    let departments = Departments::new();
    let department = Department::Province;
    let list = || Request::get(department.list_path());
    let (_, headers, _) = ask(&departments, department, list()).await;
    let etag = headers[header::ETAG].clone();
    let modified = headers[header::LAST_MODIFIED].clone();

    let by_etag = list().header(header::IF_NONE_MATCH, &etag);
    let (status, headers, body) = ask(&departments, department, by_etag).await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    assert_eq!(headers[header::ETAG], etag);
    assert!(body.is_empty());
    let by_date = list().header(header::IF_MODIFIED_SINCE, &modified);
    assert_eq!(
        ask(&departments, department, by_date).await.0,
        StatusCode::NOT_MODIFIED
    );

    departments.publish(now());
    let by_etag = list().header(header::IF_NONE_MATCH, &etag);
    let by_date = list().header(header::IF_MODIFIED_SINCE, &modified);
    for request in [by_etag, by_date] {
        assert_eq!(
            ask(&departments, department, request).await.0,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn head_answers_without_a_body() {
    let departments = Departments::new();
    let department = Department::University;
    let path = department.list_path();
    let (_, got, _) = ask(&departments, department, Request::get(path)).await;
    let (status, headers, body) = ask(&departments, department, Request::head(path)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers[header::ETAG], got[header::ETAG]);
    assert!(body.is_empty());
}

#[tokio::test]
async fn what_is_published_tops_the_list_and_survives_a_restart() {
    let departments = Departments::new();
    for turn in 0..12 {
        let (department, title) = departments.publish(now());
        assert_eq!(department, Department::all()[turn % 3]);
        let expected = departments.expected(department);
        // the province has a pinned notice
        let top = usize::from(department == Department::Province);
        assert_eq!(expected[top].title, title);
        assert_eq!(expected[top].published.day().to_string(), "2026-11-23");
        let list = page(&departments, department, department.list_path()).await;
        assert!(list.contains(&expected[top].path));
        let page = page(&departments, department, &expected[top].path).await;
        assert!(page.contains(&title));
    }
    assert_eq!(departments.published(), 12);

    let saved = serde_json::to_string(&departments.arrivals()).unwrap();
    let again = Departments::resume(serde_json::from_str(&saved).unwrap());
    for department in Department::all() {
        assert_eq!(again.expected(department), departments.expected(department));
        let lists = [
            lists(&again, department).await,
            lists(&departments, department).await,
        ];
        assert_eq!(lists[0], lists[1]);
        assert_eq!(
            lists[0].len(),
            3,
            "seventeen notices or more need a third page"
        );
    }
}

#[test]
fn addresses_are_the_same_for_ever() {
    let departments = Departments::new();
    let first = |department| departments.expected(department)[1].path.clone();
    assert_eq!(first(Department::Province), "/info/1063/3541.htm");
    assert_eq!(first(Department::City), "/a/tzgg/1287.html");
    assert_eq!(first(Department::University), "/cc/a6/c1312a52390/page.htm");
    let file = |name| family::of(Department::Province).file(name);
    assert_eq!(
        file("field-visit.png"),
        family::of(Department::Province).file("field-visit.png")
    );
    assert!(file("award-form.docx").starts_with("/system/_content/download.jsp?"));
}
