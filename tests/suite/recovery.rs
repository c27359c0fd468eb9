//! What a source in trouble costs: words on the status page, never an article. And what becomes of articles later:
//! revised, moved, withdrawn, back again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Redirect, Response},
};
use jiff::{Timestamp, ToSpan};
use schoolbell::{
    config::Config,
    daemon,
    poll::Poller,
    source::{
        Source,
        state::{FaultKind, Outcome},
    },
    store::{Entry, Scope, Store},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

type Pages = Arc<Mutex<HashMap<&'static str, String>>>;

/// A site whose pages the test puts up and takes down; what is not there answers 404.
pub(crate) struct Site {
    pages: Pages,
    pub(crate) config: Arc<Config>,
    pub(crate) store: Arc<Store>,
    pub(crate) poller: Poller,
    _folder: TempDir,
}

pub(crate) fn now() -> Timestamp {
    "2026-06-01T02:00:00Z".parse().unwrap()
}

async fn answer(State(pages): State<Pages>, uri: Uri) -> Response {
    match pages.lock().unwrap().get(uri.path()) {
        Some(page) => match (page.strip_prefix("-> "), page.strip_prefix("=> ")) {
            (Some(to), _) => Redirect::temporary(to).into_response(),
            (_, Some(to)) => (StatusCode::MOVED_PERMANENTLY, [("Location", to)]).into_response(),
            _ => Html(page.clone()).into_response(),
        },
        None if uri.path() == "/walled.htm" => {
            (StatusCode::FORBIDDEN, Html(CAMPUS)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

const CAMPUS: &str =
    "<html><meta charset=utf-8><body>您当前ip并非校内地址，该信息仅允许校内地址访问</body></html>";

fn list(items: std::ops::RangeInclusive<u32>) -> String {
    let row = |n| {
        format!(
            "<li><a href='/info/{n}.htm'>关于第{n}批教学成果奖申报工作的通知</a><span>2026-05-{n:02}</span></li>"
        )
    };
    let rows = items.map(row).collect::<Vec<_>>().concat();
    format!(
        "<html><head><meta charset=utf-8><title>通知公告</title></head><body><div class=list><ul>{rows}</ul></div></body></html>"
    )
}

pub(crate) fn article(n: u32) -> String {
    let text =
        "请各学院按照要求认真组织申报，材料于本月二十日前报送教务处，逾期不再受理。".repeat(4);
    format!(
        "<html><head><meta charset=utf-8></head><body><h1>关于第{n}批教学成果奖申报工作的通知</h1><div class=content><p>{text}</p><p>{text}</p></div></body></html>"
    )
}

impl Site {
    pub(crate) async fn new() -> Self {
        let pages = Pages::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(answer).with_state(pages.clone());
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[store]\npath = '{}'\n[fetch]\ndelay = '0s'\nallow_private = ['127.0.0.1/32']\n[[source]]\nid = 'jwc'\nurl = 'http://127.0.0.1:{port}/list.htm'\n",
            folder.path().display()
        );
        let config = Arc::new(Config::parse(&text, "test").unwrap());
        let store = daemon::open_store(&config).await.unwrap();
        let poller = daemon::poller(&config, store.clone()).unwrap();
        Self {
            pages,
            config,
            store,
            poller,
            _folder: folder,
        }
    }

    pub(crate) fn put(&self, path: &'static str, page: String) {
        self.pages.lock().unwrap().insert(path, page);
    }

    /// Takes a page down.
    pub(crate) fn take(&self, path: &str) -> String {
        self.pages.lock().unwrap().remove(path).unwrap()
    }

    async fn poll(&self, hours: i64) -> Outcome {
        self.poller
            .poll(&self.config.sources[0], now() + hours.hours())
            .await
            .unwrap()
            .outcome
    }

    /// A visit to another address of the site.
    async fn fault_at(&self, path: &str) -> FaultKind {
        let mut source = Source::clone(&self.config.sources[0]);
        source.url.set_path(path);
        let visit = self.poller.poll(&Arc::new(source), now()).await.unwrap();
        visit.outcome.fault().expect("a fault").kind
    }

    async fn fault(&self, hours: i64) -> (FaultKind, String) {
        match self.poll(hours).await {
            Outcome::Failed(fault) => (fault.kind, fault.words),
            other => panic!("no fault but {other:?}"),
        }
    }

    fn complete(&self) -> Vec<bool> {
        let newest = self.store.newest(&Scope::All, 100, 0).unwrap();
        newest.iter().map(|entry| entry.article.complete).collect()
    }
}

#[tokio::test]
async fn an_article_that_cannot_be_read_is_kept_and_read_again_later() {
    let site = Site::new().await;
    site.put("/list.htm", list(1..=3));
    site.put("/info/1.htm", article(1));
    site.put("/info/2.htm", article(2));
    assert_eq!(site.poll(0).await, Outcome::Read { items: 3, new: 3 });
    assert_eq!(site.complete(), [false, true, true]);
    let kept = &site.store.newest(&Scope::All, 1, 0).unwrap()[0].article;
    assert_eq!(kept.title, "关于第3批教学成果奖申报工作的通知");
    assert_eq!(kept.published.unwrap().to_string(), "2026-05-03");
    assert!(kept.body_html.is_empty() && kept.updated.is_none());

    site.put("/info/3.htm", article(3));
    assert_eq!(site.poll(24).await, Outcome::Unchanged);
    let read = &site.store.newest(&Scope::All, 1, 0).unwrap()[0].article;
    assert!(read.complete && read.body_text.starts_with("请各学院"));
    assert_eq!(
        (read.id, read.first_seen, read.updated),
        (kept.id, kept.first_seen, Some(now() + 24.hours()))
    );
    assert_eq!(site.complete().len(), 3);
}

#[tokio::test]
async fn articles_of_which_none_can_be_read_are_a_trouble_until_one_can() {
    let site = Site::new().await;
    site.put("/list.htm", list(1..=4));
    let (kind, words) = site.fault(0).await;
    assert_eq!(kind, FaultKind::BodyMissing);
    assert!(words.starts_with("none of 4 articles' pages could be read, so they are kept as title, link and date: gone: "), "{words}");
    assert_eq!(site.complete(), [false; 4]);
    // nothing is due to be read again within a minute, and the trouble stands
    assert_eq!(site.fault(0).await.0, FaultKind::BodyMissing);
    let state = site.store.state(&site.config.sources[0].id).unwrap();
    assert_eq!((state.failures, state.last_success), (0, Some(now())));
    site.put("/info/2.htm", article(2));
    assert_eq!(site.poll(48).await, Outcome::Unchanged);
}

#[tokio::test]
async fn articles_that_stay_unreadable_are_no_trouble_of_a_source_whose_others_can_be_read() {
    let site = Site::new().await;
    site.put("/list.htm", list(1..=4));
    site.put("/info/1.htm", article(1));
    assert_eq!(site.poll(0).await, Outcome::Read { items: 4, new: 4 });
    assert_eq!(site.poll(24).await, Outcome::Unchanged);
    site.put("/info/5.htm", article(5));
    site.put("/list.htm", list(1..=5));
    assert_eq!(site.poll(48).await, Outcome::Read { items: 5, new: 1 });
}

#[tokio::test]
async fn a_page_that_only_titles_itself_anew_changes_no_feed() {
    let site = Site::new().await;
    let id = &site.config.sources[0].id;
    let title = || site.store.state(id).unwrap().title.unwrap();
    for (n, path) in (1..).zip(["/info/1.htm", "/info/2.htm", "/info/3.htm", "/info/4.htm"]) {
        site.put(path, article(n));
    }
    site.put("/list.htm", list(1..=3));
    site.poll(0).await;
    let (first, generation) = (title(), site.store.generation(&Scope::All));
    site.put(
        "/list.htm",
        list(1..=3).replace("通知公告", "通知公告 3月2日"),
    );
    assert_eq!(site.poll(24).await, Outcome::Read { items: 3, new: 0 });
    assert_eq!(title(), first);
    assert_eq!(site.store.generation(&Scope::All), generation);
    site.put("/list.htm", list(1..=4).replace("通知公告", "学校公告"));
    assert_eq!(site.poll(48).await, Outcome::Read { items: 4, new: 1 });
    assert_ne!(title(), first);
}

#[tokio::test]
async fn a_first_visit_sorts_by_the_articles_dates_where_the_list_shows_none() {
    let site = Site::new().await;
    let undated = (1..=3).fold(list(1..=3), |page, n| {
        page.replace(&format!("<span>2026-05-{n:02}</span>"), "")
    });
    site.put("/list.htm", undated);
    for (n, path) in (1..).zip(["/info/1.htm", "/info/2.htm", "/info/3.htm"]) {
        let date = format!("</h1><p>发布日期：2026-04-{n:02}</p>");
        site.put(path, article(n).replace("</h1>", &date));
    }
    assert_eq!(site.poll(0).await, Outcome::Read { items: 3, new: 3 });
    let newest = site.store.newest(&Scope::All, 3, 0).unwrap();
    let dates: Vec<String> = newest
        .iter()
        .map(|entry| entry.article.published.unwrap().to_string())
        .collect();
    assert_eq!(dates, ["2026-04-03", "2026-04-02", "2026-04-01"]);
}

#[tokio::test]
async fn a_list_that_is_gone_or_refuses_is_told_as_such() {
    let site = Site::new().await;
    assert_eq!(
        site.fault_at("/walled.htm").await,
        FaultKind::CampusOnly,
        "its page says more than its status"
    );
    assert_eq!(site.fault(0).await.0, FaultKind::Gone);
    site.put(
        "/list.htm",
        "<html><body>您当前ip并非校内地址，该信息仅允许校内地址访问</body></html>".into(),
    );
    assert_eq!(site.fault(1).await.0, FaultKind::CampusOnly);
    site.put(
        "/list.htm",
        "<html><body><p>本栏目正在建设</p></body></html>".into(),
    );
    assert_eq!(site.fault(2).await.0, FaultKind::EmptyList);
    site.put("/list.htm", list(1..=5));
    for (n, path) in [
        "/info/1.htm",
        "/info/2.htm",
        "/info/3.htm",
        "/info/4.htm",
        "/info/5.htm",
    ]
    .into_iter()
    .enumerate()
    {
        site.put(path, article(u32::try_from(n).unwrap() + 1));
    }
    assert_eq!(site.poll(3).await, Outcome::Read { items: 5, new: 5 });
    site.put(
        "/list.htm",
        "<html><body><p>本栏目正在建设</p></body></html>".into(),
    );
    let (kind, words) = site.fault(4).await;
    assert_eq!(kind, FaultKind::EmptyList);
    assert!(
        words.ends_with(
            "there were 5 items when it was last read, so the page has probably changed"
        ),
        "{words}"
    );
    assert_eq!(site.complete(), [true; 5]);
    let state = site.store.state(&site.config.sources[0].id).unwrap();
    assert_eq!(
        (state.failures, state.last_success),
        (1, Some(now() + 3.hours()))
    );
    // the page as it was before is read anew, not taken for unchanged
    site.put("/list.htm", list(1..=6));
    assert_eq!(site.poll(5).await, Outcome::Read { items: 6, new: 1 });
}

#[tokio::test]
async fn a_date_is_never_in_the_future_nor_made_up() {
    let site = Site::new().await;
    let rows = "<li><a href='/info/1.htm'>关于召开2030年工作会议的预备通知</a><span>2030-01-01</span></li>\
                <li><a href='/info/2.htm'>关于办公楼临时停水检修的紧急通知</a></li>\
                <li><a href='/info/3.htm'>关于公布本学期课程表的正式通知稿</a><span>2026-05-30</span></li>";
    site.put(
        "/list.htm",
        format!("<meta charset=utf-8><div><ul>{rows}</ul></div>"),
    );
    for path in ["/info/1.htm", "/info/2.htm", "/info/3.htm"] {
        site.put(path, article(9));
    }
    assert_eq!(site.poll(0).await, Outcome::Read { items: 3, new: 3 });
    let newest = site.store.newest(&Scope::All, 10, 0).unwrap();
    let date = |path: &str| {
        newest
            .iter()
            .find(|entry| entry.article.url.path() == path)
            .unwrap()
            .article
            .published
            .map(|date| date.to_string())
    };
    assert_eq!(date("/info/1.htm"), None);
    assert_eq!(date("/info/2.htm"), None);
    assert_eq!(date("/info/3.htm").as_deref(), Some("2026-05-30"));
}

impl Site {
    fn only(&self) -> Entry {
        let mut newest = self.store.newest(&Scope::All, 10, 0).unwrap();
        assert_eq!(newest.len(), 1);
        newest.remove(0)
    }
}

/// A list of one item of today: what was old when it was first seen is not read again.
pub(crate) fn fresh_list() -> String {
    list(1..=1).replace("2026-05-01", "2026-06-01")
}

/// A site with one article, read at hour 0.
async fn with_one_article() -> Site {
    let site = Site::new().await;
    site.put("/list.htm", fresh_list() + "<p>共1条</p>");
    site.put("/info/1.htm", article(1));
    assert_eq!(site.poll(0).await, Outcome::Read { items: 1, new: 1 });
    site
}

#[tokio::test]
async fn only_another_title_or_text_is_a_revision() {
    let site = with_one_article().await;
    let first = site.only().article;
    // a click counter, a time stamp and related links are no revision
    let live = article(1).replace(
        "</body>",
        "<p>点击数：4711</p><ul class=related><li><a href=/info/7.htm>相关</a></li></ul></body>",
    );
    site.put("/info/1.htm", live);
    site.poll(24).await;
    assert_eq!(site.only().article, first);
    site.put("/info/1.htm", article(1).replace("二十日", "三十日"));
    site.poll(24 * 4).await;
    let revised = site.only().article;
    assert!(
        revised.body_text.contains("三十日"),
        "{}",
        revised.body_text
    );
    assert_eq!(revised.updated, Some(now() + (24 * 4).hours()));
    assert_eq!(
        (revised.id, revised.first_seen, revised.sorted_at),
        (first.id, first.first_seen, first.sorted_at)
    );
}

/// A page with a title, a heading and a text, as broken sites put up.
fn notice(title: &str, text: &str) -> String {
    format!(
        "<html><head><meta charset=utf-8><title>{title}</title></head><body><a href=/>首页</a><h1>{title}</h1><div><p>{text}</p></div></body></html>"
    )
}

fn home() -> String {
    let row = |n| {
        format!(
            "<li><a href=/n{n}.htm>学校召开第{n}次工作会议研究部署重点工作</a><span>2026-05-1{n}</span></li>"
        )
    };
    let rows: String = (0..8).map(row).collect();
    format!(
        "<html><head><meta charset=utf-8><title>某某大学</title></head><body><div><h2>学校要闻</h2><ul>{rows}</ul><p>某某大学是一所历史悠久的综合性大学，创建于一九五二年，现有在校生两万余人。学校坚持立德树人根本任务。</p></div></body></html>"
    )
}

#[tokio::test]
async fn a_page_that_stands_in_for_an_article_does_not_overwrite_it() {
    let site = with_one_article().await;
    let first = site.only();
    site.put("/home.htm", home());
    let pages = [
        notice(
            "网站维护中",
            "网站正在升级维护，请稍后访问，给您带来不便敬请谅解。",
        ),
        notice("提示信息", "数据库连接失败，请稍后再试！错误代码：2003"),
        "-> /home.htm".to_owned(),
        "-> /list.htm".to_owned(),
        home(),
    ];
    // another line in the list has the article read at once
    let another_line = |n: u32| fresh_list().replace("的通知", &format!("的通知（{n}）"));
    for (page, n) in pages.into_iter().zip(1..) {
        site.put("/info/1.htm", page.clone());
        site.put("/list.htm", another_line(n));
        site.poll(24).await;
        assert_eq!(site.only(), first, "{page}");
    }
    site.put("/info/1.htm", article(1).replace("二十日", "三十日"));
    site.put("/list.htm", another_line(9));
    site.poll(24).await;
    assert!(site.only().article.body_text.contains("三十日"));
}

#[tokio::test]
async fn an_article_that_is_rewritten_under_its_title_is_revised() {
    let site = with_one_article().await;
    let title = "关于第1批教学成果奖申报工作的通知";
    let text = "经研究，原定安排全部取消，新的时间另行公布，请留意本栏目。".repeat(3);
    site.put("/info/1.htm", notice(title, &text));
    site.poll(24).await;
    assert!(site.only().article.body_text.starts_with("经研究"));
    // and what the list names is the article, however little it has in common with what was read before
    site.put(
        "/info/1.htm",
        notice(
            "本年度优秀课程评选结果现予以公布",
            "现将评审结果公示如下，公示期五个工作日，如有异议请书面反映。",
        ),
    );
    site.put(
        "/list.htm",
        fresh_list().replace(title, "本年度优秀课程评选结果现予以公布"),
    );
    site.poll(25).await;
    let revised = site.only().article;
    assert!(
        revised.body_text.starts_with("现将评审"),
        "{}",
        revised.body_text
    );
}

#[tokio::test]
async fn a_page_that_says_the_article_was_taken_away_withdraws_it_in_the_end() {
    let site = with_one_article().await;
    site.put(
        "/info/1.htm",
        notice(
            "某某大学",
            "抱歉，您访问的内容已经下架。5秒后自动跳转到首页",
        ),
    );
    site.poll(2).await;
    assert_eq!(site.only().withdrawn, None);
    let mut hour = 2;
    while site.only().withdrawn.is_none() {
        hour += 6;
        assert!(hour < 24 * 14, "two weeks away and not withdrawn");
        site.poll(hour).await;
    }
    assert!(hour > 24, "a day's repairs withdraw nothing");
    assert!(site.only().article.body_text.starts_with("请各学院"));
}

#[tokio::test]
async fn a_listed_address_that_leads_to_the_home_page_is_no_article_yet() {
    let site = Site::new().await;
    site.put("/list.htm", fresh_list());
    site.put("/home.htm", home());
    site.put("/info/1.htm", "-> /home.htm".to_owned());
    site.poll(0).await;
    let kept = site.only().article;
    assert!(!kept.complete && kept.body_text.is_empty());
    assert_eq!(kept.title, "关于第1批教学成果奖申报工作的通知");
    site.put("/info/1.htm", article(1));
    site.poll(24).await;
    assert!(site.only().article.complete);
}

#[tokio::test]
async fn an_article_whose_address_leads_home_for_good_is_withdrawn_in_the_end() {
    let site = with_one_article().await;
    site.put("/home.htm", home());
    // for some days it may be a repair, and says nothing
    site.put("/info/1.htm", "-> /home.htm".to_owned());
    let mut hour = 0;
    while hour < 24 * 4 {
        hour += 6;
        site.poll(hour).await;
    }
    assert_eq!(site.only().withdrawn, None);
    site.put("/info/1.htm", "=> /home.htm".to_owned());
    let begun = hour;
    while site.only().withdrawn.is_none() {
        hour += 6;
        assert!(hour < 24 * 30, "a month away and not withdrawn");
        site.poll(hour).await;
    }
    assert!(hour > begun + 24, "a day's repairs withdraw nothing");
    assert!(site.only().article.body_text.starts_with("请各学院"));
}

#[tokio::test]
async fn an_article_that_was_gone_before_it_was_read_stays_as_listed_and_is_not_asked_for_on_and_on()
 {
    let site = Site::new().await;
    let id = &site.config.sources[0].id;
    site.put("/list.htm", fresh_list());
    site.put("/home.htm", home());
    site.put("/info/1.htm", "=> /home.htm".to_owned());
    site.poll(0).await;
    let listed = site.only();
    assert!(!listed.article.complete);
    let mut hour = 0;
    while !site.only().article.complete {
        hour += 6;
        assert!(hour < 24 * 14, "two weeks gone and still asked for");
        site.poll(hour).await;
    }
    assert!(hour >= 72, "what is listed may go online later");
    let never = now() + (24 * 3650).hours();
    assert!(site.store.incomplete(id, never, 10).unwrap().is_empty());
    let kept = site.only();
    assert_eq!(kept.article.title, listed.article.title);
    assert_eq!(
        (kept.article.updated, kept.article.sorted_at),
        (None, listed.article.sorted_at)
    );
    // it is looked at as others are, and nothing is taken back that nobody has seen
    while hour < 24 * 20 {
        hour += 12;
        site.poll(hour).await;
    }
    assert_eq!(site.only(), kept);
    // until its page comes after all
    site.put("/info/1.htm", article(1));
    while site.only().article.body_text.is_empty() {
        hour += 24;
        assert!(hour < 24 * 60, "there, and nobody looked");
        site.poll(hour).await;
    }
    assert!(site.only().article.updated.is_some());
}

#[tokio::test]
async fn another_line_in_the_list_has_its_article_read_at_once() {
    let site = with_one_article().await;
    site.put("/info/1.htm", article(1).replace("二十日", "三十日"));
    site.put(
        "/list.htm",
        fresh_list().replace("申报工作的通知", "申报工作的补充通知"),
    );
    site.poll(0).await;
    assert!(site.only().article.body_text.contains("三十日"));
}

#[tokio::test]
async fn the_same_text_at_another_address_has_moved() {
    let site = with_one_article().await;
    let first = site.only().article;
    site.put(
        "/list.htm",
        fresh_list().replace("/info/1.htm", "/content/2026/1.htm"),
    );
    site.put("/content/2026/1.htm", article(1));
    assert!(matches!(site.poll(2).await, Outcome::Read { items: 1, .. }));
    let moved = site.only().article;
    assert_eq!(
        (moved.id, moved.sorted_at, moved.updated),
        (first.id, first.sorted_at, None)
    );
    assert!(
        moved.url.path().ends_with("/content/2026/1.htm"),
        "{}",
        moved.url
    );
    // seen again, it is known
    site.put(
        "/list.htm",
        fresh_list().replace("/info/1.htm", "/content/2026/1.htm") + "<p>共1条</p>",
    );
    assert_eq!(site.poll(4).await, Outcome::Read { items: 1, new: 0 });
}

#[tokio::test]
async fn an_article_that_stays_away_is_withdrawn_and_kept_and_may_come_back() {
    let site = with_one_article().await;
    let page = site.pages.lock().unwrap().remove("/info/1.htm").unwrap();
    site.poll(2).await;
    assert_eq!(site.only().withdrawn, None, "once is not for good");
    let mut hour = 2;
    while site.only().withdrawn.is_none() {
        hour += 6;
        assert!(hour < 24 * 14, "two weeks away and not withdrawn");
        site.poll(hour).await;
    }
    assert!(hour > 24, "a day's repairs withdraw nothing");
    assert!(
        site.only().article.body_text.starts_with("请各学院"),
        "kept in the archive"
    );
    site.put("/info/1.htm", page);
    while site.only().withdrawn.is_some() {
        hour += 24;
        assert!(hour < 24 * 60, "back, and nobody looked");
        site.poll(hour).await;
    }
    assert_eq!(site.only().article.updated, None, "it reads as it did");
}

#[tokio::test]
async fn a_list_in_a_frame_is_read_from_there_and_again_at_each_visit() {
    let site = Site::new().await;
    site.put(
        "/list.htm",
        "<meta charset=utf-8><title>通知公告</title><iframe src='frame.htm'></iframe>".to_owned(),
    );
    site.put("/frame.htm", list(1..=3));
    for n in 1..=4 {
        let path = ["/info/1.htm", "/info/2.htm", "/info/3.htm", "/info/4.htm"][n as usize - 1];
        site.put(path, article(n));
    }
    let read = |items, new| Outcome::Read { items, new };
    assert_eq!(site.poll(0).await, read(3, 3));
    // the page itself is as it was
    site.put("/frame.htm", list(1..=4));
    assert_eq!(site.poll(1).await, read(4, 1));
}

const PATHS: [&str; 8] = [
    "/info/1.htm",
    "/info/2.htm",
    "/info/3.htm",
    "/info/4.htm",
    "/info/5.htm",
    "/info/6.htm",
    "/info/7.htm",
    "/info/8.htm",
];

/// Items at other addresses, under other titles, from a day of a month on.
fn other_items(folder: &str, month: u32, days: std::ops::RangeInclusive<u32>) -> String {
    let row = |n| {
        format!(
            "<li><a href='/{folder}/{n}.htm'>学校召开第{n}次工作会议研究部署重点工作</a><span>2026-{month:02}-{n:02}</span></li>"
        )
    };
    let rows: String = days.map(row).collect();
    format!(
        "<html><head><meta charset=utf-8><title>通知公告</title></head><body><div class=side><ul>{rows}</ul></div></body></html>"
    )
}

/// A site with eight articles that are known.
async fn with_eight_articles() -> Site {
    let site = Site::new().await;
    for (n, path) in (1..).zip(PATHS) {
        site.put(path, article(n));
    }
    site.put("/list.htm", list(1..=8));
    assert_eq!(site.poll(0).await, Outcome::Read { items: 8, new: 8 });
    site
}

#[tokio::test]
async fn what_stands_in_a_lists_place_is_not_published_as_new() {
    let site = with_eight_articles().await;
    let before = site.store.newest(&Scope::All, 100, 0).unwrap();
    // the list fails to load, and the hot articles beside it are all that is left
    site.put("/list.htm", other_items("hot", 1, 1..=8));
    let (kind, words) = site.fault(1).await;
    assert_eq!(kind, FaultKind::EmptyList);
    assert!(
        words.contains(
            "shows 8 items where its list was, and all are older than what was listed before"
        ),
        "{words}"
    );
    // its address leads to the home page, whose news are the newest
    site.put("/home.htm", other_items("news", 5, 10..=30));
    site.put("/list.htm", "-> /home.htm".to_owned());
    let (_, words) = site.fault(2).await;
    assert!(words.contains("leads to the site's home page"), "{words}");
    site.put("/list.htm", other_items("info/notice", 5, 30..=31));
    let (_, words) = site.fault(3).await;
    assert!(words.contains("far fewer"), "{words}");
    assert_eq!(site.store.newest(&Scope::All, 100, 0).unwrap(), before);
    // the list is back, and one more is on it
    site.put("/list.htm", list(1..=9));
    assert_eq!(site.poll(40).await, Outcome::Read { items: 9, new: 1 });
    let state = site.store.state(&site.config.sources[0].id).unwrap();
    assert_eq!((state.failures, state.stranger), (0, None));
}

#[tokio::test]
async fn known_articles_beside_another_block_tell_that_the_list_is_missed() {
    let site = with_eight_articles().await;
    let page = other_items("hot", 1, 1..=8).replace(
        "</body>",
        "<p>上一篇：<a href=/info/8.htm>关于第8批教学成果奖申报工作的通知</a></p></body>",
    );
    site.put("/list.htm", page);
    assert_eq!(site.fault(1).await.0, FaultKind::ListChanged);
}

#[tokio::test]
async fn a_site_made_anew_is_taken_up_by_itself_and_loses_nothing() {
    let site = with_eight_articles().await;
    // other titles, other addresses, no article of before
    site.put(
        "/list.htm",
        other_items("a/tzgg", 6, 1..=1).replace("</ul>", &rest_of(20..=28)),
    );
    assert_eq!(site.fault(1).await.0, FaultKind::EmptyList);
    // while it is in doubt, one comes and others go
    site.put(
        "/list.htm",
        other_items("a/tzgg", 6, 1..=1).replace("</ul>", &rest_of(21..=29)),
    );
    assert_eq!(site.fault(5).await.0, FaultKind::EmptyList);
    site.put(
        "/list.htm",
        other_items("a/tzgg", 6, 1..=1).replace("</ul>", &rest_of(23..=30)),
    );
    assert_eq!(site.fault(20).await.0, FaultKind::EmptyList);
    assert_eq!(site.complete().len(), 8);
    let outcome = site.poll(26).await;
    assert!(
        matches!(outcome, Outcome::Failed(_)),
        "{outcome:?}: no page of an article was put up"
    );
    // each that was listed since the change, also those that are gone from the list by now
    let newest = site.store.newest(&Scope::All, 100, 0).unwrap();
    let listed = newest
        .iter()
        .filter(|entry| entry.article.url.path().starts_with("/a/tzgg/"));
    assert_eq!(listed.count(), 12);
    // old news sort by their own days, as at a first visit
    assert_eq!(
        newest[0].article.published.unwrap().to_string(),
        "2026-06-01"
    );
    let state = site.store.state(&site.config.sources[0].id).unwrap();
    assert_eq!((state.failures, state.stranger), (0, None));
    // from here on it is the list
    site.put(
        "/list.htm",
        other_items("a/tzgg", 6, 1..=2).replace("</ul>", &rest_of(23..=30)),
    );
    site.poll(30).await;
    assert_eq!(site.store.newest(&Scope::All, 100, 0).unwrap().len(), 21);
}

/// Further rows of May.
fn rest_of(days: std::ops::RangeInclusive<u32>) -> String {
    let row = |n| {
        format!(
            "<li><a href='/a/tzgg/5{n}.htm'>学校召开第5{n}次工作会议研究部署重点工作</a><span>2026-05-{n:02}</span></li>"
        )
    };
    days.map(row).collect::<String>() + "</ul>"
}

#[tokio::test]
async fn a_list_that_has_gone_on_or_keeps_its_titles_is_not_in_doubt() {
    let site = with_eight_articles().await;
    // nobody looked for long: all is new, and of the same kind
    site.put("/list.htm", list(11..=18));
    assert!(
        matches!(site.poll(1).await, Outcome::Failed(fault) if fault.kind == FaultKind::BodyMissing)
    );
    assert_eq!(site.complete().len(), 16);
    // the site was made anew with its articles
    site.put(
        "/list.htm",
        list(11..=19).replace("/info/", "/content/2026/"),
    );
    site.poll(2).await;
    let state = site.store.state(&site.config.sources[0].id).unwrap();
    assert_eq!((state.items, state.stranger), (9, None));
}

#[tokio::test]
async fn other_rules_may_list_something_else_at_once() {
    let site = with_eight_articles().await;
    site.put("/list.htm", other_items("hot", 1, 1..=8));
    assert_eq!(site.fault(1).await.0, FaultKind::EmptyList);
    let mut source = Source::clone(&site.config.sources[0]);
    source.list.item = Some(schoolbell::page::document::Selector::literal("li"));
    let at = now() + 2.hours();
    site.poller.poll(&Arc::new(source), at).await.unwrap();
    assert_eq!(site.complete().len(), 16);
}

#[tokio::test]
async fn a_name_that_several_pages_bear_is_none_of_their_titles() {
    let site = Site::new().await;
    site.put("/list.htm", list(1..=3));
    let text = "请各学院按照要求认真组织申报，材料于本月二十日前报送教务处，逾期不再受理。";
    for (n, path) in (1..).zip(&PATHS[..3]) {
        site.put(
            path,
            notice("教学研究科", &format!("第{n}号。{text}{text}")),
        );
    }
    assert_eq!(site.poll(0).await, Outcome::Read { items: 3, new: 3 });
    let newest = site.store.newest(&Scope::All, 10, 0).unwrap();
    for entry in &newest {
        assert!(
            entry.article.title.ends_with("批教学成果奖申报工作的通知"),
            "{}",
            entry.article.title
        );
    }
    // it is remembered, and a single article that comes later is not titled so either
    site.put(
        PATHS[3],
        notice("教学研究科", &format!("第4号。{text}{text}")),
    );
    site.put("/list.htm", list(1..=4));
    assert_eq!(site.poll(24).await, Outcome::Read { items: 4, new: 1 });
    let newest = &site.store.newest(&Scope::All, 1, 0).unwrap()[0].article;
    assert_eq!(newest.title, "关于第4批教学成果奖申报工作的通知");
}

#[tokio::test]
async fn what_a_list_shows_twice_is_two_articles_whatever_their_texts() {
    let site = Site::new().await;
    let row = |path: &str, day: u32| {
        format!(
            "<li><a href='{path}'>关于公布本周食堂食谱的通知</a><span>2026-05-{day}</span></li>"
        )
    };
    let rows = row("/info/1.htm", 23) + &row("/info/2.htm", 21) + &row("/info/3.htm", 21);
    site.put(
        "/list.htm",
        format!("<meta charset=utf-8><div><ul>{rows}</ul></div>"),
    );
    let text =
        "请师生监督，如有意见建议请向后勤处反馈，欢迎监督，早餐供应时间六点半到九点。".repeat(4);
    let page = |file: &str| {
        notice("关于公布本周食堂食谱的通知", &text).replace(
            "</p></div>",
            &format!("</p><p><a href='/f/{file}.doc'>附件：食谱.doc</a></p></div>"),
        )
    };
    site.put("/info/1.htm", page("1"));
    site.put("/info/2.htm", page("2"));
    site.put("/info/3.htm", page("2"));
    assert_eq!(site.poll(0).await, Outcome::Read { items: 3, new: 3 });
    assert_eq!(site.complete(), [true; 3]);
}

#[tokio::test]
async fn a_token_in_the_links_that_changes_at_each_visit_publishes_nothing_anew() {
    let site = Site::new().await;
    let rows = |token: u32| {
        let row = |n: u32, title: &str| {
            format!(
                "<li><a href='/info/{n}.htm?t={token}'>{title}</a><span>2026-05-2{n}</span></li>"
            )
        };
        let rows = row(3, "春季校运会掠影图片报道")
            + &row(2, "关于端午节放假安排的通知")
            + &row(1, "关于期末考试安排的通知");
        format!("<html><meta charset=utf-8><body><div><ul>{rows}</ul></div></body></html>")
    };
    site.put(
        "/info/1.htm",
        notice(
            "关于期末考试安排的通知",
            &"请各学院按照要求认真组织，确保平稳有序。".repeat(6),
        ),
    );
    site.put(
        "/info/2.htm",
        notice("关于端午节放假安排的通知", "明天放假一天，请知悉。"),
    );
    site.put(
        "/info/3.htm",
        notice("春季校运会掠影图片报道", "</p><p><img src='/1.jpg'></p><p>"),
    );
    site.put("/list.htm", rows(1));
    assert_eq!(site.poll(0).await, Outcome::Read { items: 3, new: 3 });
    let ids = |site: &Site| {
        let newest = site.store.newest(&Scope::All, 10, 0).unwrap();
        newest
            .iter()
            .map(|entry| entry.article.id)
            .collect::<Vec<_>>()
    };
    let first = ids(&site);
    for token in 2..4 {
        site.put("/list.htm", rows(token));
        let outcome = site.poll(i64::from(token)).await;
        assert_eq!(
            outcome,
            Outcome::Read { items: 3, new: 0 },
            "moved is not new"
        );
        assert_eq!(ids(&site), first, "token {token}");
    }
}

#[tokio::test]
async fn a_counter_in_the_text_is_no_revision() {
    let site = with_one_article().await;
    let counted = |n: u32| {
        article(1).replace("</div>", &format!("<p>附件：<a href='/f/1.doc'>安排表.doc</a> 已下载{n}次</p><p>[阅读：{n}次]</p></div>"))
    };
    site.put("/info/1.htm", counted(7));
    site.poll(24).await;
    let first = site.only();
    site.put("/info/1.htm", counted(9));
    site.put(
        "/list.htm",
        fresh_list().replace("的通知", "的通知（更新）"),
    );
    site.poll(25).await;
    assert_eq!(site.only(), first);
}

#[tokio::test]
async fn a_page_that_only_sends_its_reader_on_is_followed_one_hop() {
    let site = Site::new().await;
    let sign = |to: &str| {
        format!(
            "<html><head><meta http-equiv='refresh' content='0;url={to}'></head><body>页面跳转中</body></html>"
        )
    };
    site.put("/list.htm", sign("/new/list.htm"));
    site.put("/new/list.htm", list(1..=3));
    site.put("/info/1.htm", sign("/new/1.htm"));
    site.put("/new/1.htm", article(1));
    site.put(
        "/info/2.htm",
        "<html><head><script>window.location.href='/new/2.htm';</script></head><body>正在跳转……</body></html>".to_owned(),
    );
    site.put("/new/2.htm", article(2));
    // home is no article, and two hops are one too many
    site.put("/info/3.htm", sign("/"));
    site.put("/", home());
    assert_eq!(site.poll(0).await, Outcome::Read { items: 3, new: 3 });
    assert_eq!(site.complete(), [false, true, true]);
    // the list is there at each visit, not only at the first
    site.put("/new/list.htm", list(1..=4));
    site.put("/info/4.htm", article(4));
    assert_eq!(site.poll(1).await, Outcome::Read { items: 4, new: 1 });
    site.put("/info/5.htm", sign("/new/5.htm"));
    site.put("/new/5.htm", sign("/new/6.htm"));
    site.put("/new/6.htm", article(5));
    site.put("/new/list.htm", list(1..=5));
    site.poll(2).await;
    let newest = &site.store.newest(&Scope::All, 1, 0).unwrap()[0].article;
    assert!(!newest.complete, "{}", newest.body_text);
}

#[tokio::test]
async fn a_page_of_the_sites_trouble_is_not_the_article_that_it_stands_for() {
    let site = Site::new().await;
    site.put("/list.htm", list(1..=3));
    site.put("/info/1.htm", article(1));
    site.put(
        "/info/2.htm",
        notice(
            "网站维护中",
            "网站正在升级维护，请稍后访问，给您带来不便敬请谅解。",
        ),
    );
    site.put(
        "/info/3.htm",
        notice("提示信息", "数据库连接失败，请稍后再试！错误代码：2003"),
    );
    site.poll(0).await;
    assert_eq!(site.complete(), [false, false, true]);
    let newest = &site.store.newest(&Scope::All, 1, 0).unwrap()[0].article;
    assert_eq!(newest.title, "关于第3批教学成果奖申报工作的通知");
    // what the list announces is an article, whatever it tells of
    site.put(
        "/list.htm",
        list(1..=3).replace("</ul>", "<li><a href=/info/4.htm>校园网维护公告及停机时间安排</a><span>2026-05-04</span></li></ul>"),
    );
    site.put(
        "/info/4.htm",
        notice(
            "停机公告",
            "校园网将于周六上午维护，网站停止服务，请各单位提前做好准备。",
        ),
    );
    site.put("/info/2.htm", article(2));
    site.put("/info/3.htm", article(3));
    site.poll(24).await;
    assert_eq!(site.complete(), [true; 4]);
}

#[tokio::test]
async fn a_few_items_at_other_addresses_are_no_other_list() {
    let site = Site::new().await;
    for (n, path) in (1..).zip(&PATHS[..3]) {
        site.put(path, article(n));
    }
    site.put("/list.htm", list(1..=3));
    site.poll(0).await;
    site.put("/list.htm", other_items("s", 5, 30..=31));
    site.poll(24).await;
    assert_eq!(site.complete().len(), 5);
}
