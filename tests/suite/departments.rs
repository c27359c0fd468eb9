//! The made-up departments' pages are read as they were meant: with their family's preset, and by structure alone.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use jiff::{Timestamp, tz::TimeZone};
use schoolbell::{
    article::{self, ArticleContext, Reading, dates::Published},
    demo::{Department, Departments, Expected},
    list::{self, List, ListContext},
    page::{charset, document::Document},
    source::{ArticleRules, ListRules, PresetChoice},
};
use tower::ServiceExt;
use url::Url;

struct Reader {
    departments: Departments,
    preset: PresetChoice,
    now: Timestamp,
    timezone: TimeZone,
}

impl Reader {
    /// Reads what the departments have after `arrivals` further notices.
    fn new(preset: PresetChoice, arrivals: usize) -> Self {
        let now = "2026-11-23T09:41:27Z".parse().unwrap();
        let departments = Departments::new();
        for _ in 0..arrivals {
            departments.publish(now);
        }
        let timezone = TimeZone::get("Asia/Shanghai").unwrap();
        Self {
            departments,
            preset,
            now,
            timezone,
        }
    }

    async fn document(&self, department: Department, url: &Url) -> Document {
        let path = &url[url::Position::BeforePath..];
        let request = Request::get(path).body(Body::empty()).unwrap();
        let router = self.departments.router(department);
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        assert_eq!(parts.status, StatusCode::OK, "{url}");
        let content_type = parts.headers[header::CONTENT_TYPE].to_str().unwrap();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Document::parse(&charset::decode(&body, Some(content_type)).text)
    }

    async fn list(&self, department: Department, url: &Url) -> List {
        let context = ListContext {
            url,
            rules: &ListRules::default(),
            preset: &self.preset,
            timezone: &self.timezone,
            now: self.now,
        };
        list::extract(&self.document(department, url).await, &context)
    }

    async fn article(&self, department: Department, url: &Url) -> Reading {
        let context = ArticleContext {
            url,
            rules: &ArticleRules::default(),
            preset: &self.preset,
            timezone: &self.timezone,
            now: self.now,
        };
        article::extract(&self.document(department, url).await, &context)
    }
}

fn site(department: Department) -> Url {
    let site = format!("http://{}.example/", department.id());
    site.parse().unwrap()
}

#[tokio::test]
async fn the_lists_are_followed_from_the_first_page_to_the_last() {
    for preset in [PresetChoice::Auto, PresetChoice::None] {
        for arrivals in [0, 15] {
            let reader = Reader::new(preset.clone(), arrivals);
            for department in Department::all() {
                follow(&reader, department).await;
            }
        }
    }
}

async fn follow(reader: &Reader, department: Department) {
    let mut next = Some(site(department).join(department.list_path()).unwrap());
    let mut items = vec![];
    while let Some(url) = next {
        let list = reader.list(department, &url).await;
        assert!(!list.items.is_empty(), "{url}: {}", list.found_by);
        items.extend(list.items);
        next = list.next;
    }
    let expected = reader.departments.expected(department);
    let how = format!("{department:?}, {:?}", reader.preset);
    let paths: Vec<&str> = items
        .iter()
        .map(|item| &item.url[url::Position::BeforePath..])
        .collect();
    let all: Vec<&str> = expected.iter().map(|e| e.path.as_str()).collect();
    assert_eq!(paths, all, "{how}");
    for (item, expected) in items.iter().zip(&expected) {
        let short = item.title.trim_end_matches('…');
        assert!(expected.title.starts_with(short), "{how}: {}", item.title);
        let day = item.published.map(Published::day);
        assert_eq!(day, Some(expected.published.day()), "{how}: {}", item.title);
    }
}

#[tokio::test]
async fn the_articles_are_read_whole() {
    for preset in [PresetChoice::Auto, PresetChoice::None] {
        let reader = Reader::new(preset.clone(), 6);
        for department in Department::all() {
            for expected in reader.departments.expected(department) {
                if expected.first_words.is_empty() {
                    continue;
                }
                let url = site(department).join(&expected.path).unwrap();
                let reading = reader.article(department, &url).await;
                compare(&reading, &expected, &site(department), &preset);
            }
        }
    }
}

fn compare(reading: &Reading, expected: &Expected, site: &Url, preset: &PresetChoice) {
    let how = format!("{preset:?}, {}: {:?}", expected.path, reading.found_by);
    assert_eq!(reading.title.as_ref(), Some(&expected.title), "{how}");
    assert_eq!(reading.published, Some(expected.published), "{how}");
    assert_eq!(reading.origin, expected.origin, "{how}");
    assert_eq!(reading.author, expected.author, "{how}");
    assert!(
        reading.body_text.starts_with(&expected.first_words),
        "{how}"
    );
    assert!(reading.body_text.contains(&expected.last_words), "{how}");
    for chrome in ["上一条", "上一篇", "分享到", "友情链接", "当前位置"] {
        assert!(!reading.body_text.contains(chrome), "{chrome} in {how}");
    }
    assert_eq!(reading.images.len(), expected.images, "{how}");
    let files: Vec<&str> = reading
        .attachments
        .iter()
        .map(|attachment| attachment.url.as_str())
        .collect();
    let all: Vec<String> = expected
        .attachments
        .iter()
        .map(|path| site.join(path).unwrap().into())
        .collect();
    assert_eq!(files, all, "{how}");
}
