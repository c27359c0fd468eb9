//! Which article is which, and an item with its page's reading made one article.
//!
//! Identity comes from the address alone: `http` and `https`, session ids and campaigns make no difference
//! ([`links::identity`]).

use jiff::{Timestamp, tz::TimeZone};
use url::Url;
use uuid::Uuid;

use super::{
    Article, ArticleId, Attachment, Reading,
    dates::{self, DateContext, DateFrom, Published},
    files, heading,
};
use crate::{
    list::Item,
    page::{links, text},
    source::{Source, SourceId},
    story::readings,
};

/// Titles are cut here.
const MOST_TITLE: usize = 4_000;

impl ArticleId {
    /// The id of an address: UUID version 5 in the name space of URLs (RFC 9562, section 5.5).
    pub fn of(url: &Url) -> Self {
        Self(Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            links::identity(url).as_bytes(),
        ))
    }
}

/// The times and the place that an article is made with.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When it was first listed.
    pub first_seen: Timestamp,
    /// Its place in feeds.
    pub sorted_at: Timestamp,
    /// Where dates without an offset are at home.
    pub timezone: &'a TimeZone,
    /// What the source's pages call themselves, as far as that is known: its list's title, titles that several of its
    /// articles' pages bear.
    pub names: &'a [String],
}

/// What an article takes from its source.
struct Place<'a> {
    source: SourceId,
    /// The configured title.
    title: Option<&'a str>,
    host: &'a str,
}

/// An article from a list's item and, if its page was read, the page's reading.
///
/// An item that is no page but a file is complete as it is: the file is its attachment.
pub fn compose(reading: Option<Reading>, item: &Item, source: &Source, seen: &Seen<'_>) -> Article {
    let place = Place {
        source: source.id.clone(),
        title: source.title.as_deref(),
        host: source.url.host_str().unwrap_or_default(),
    };
    assemble(reading, item, &place, seen)
}

fn assemble(reading: Option<Reading>, item: &Item, place: &Place<'_>, seen: &Seen<'_>) -> Article {
    let url = links::normalise(&item.url);
    let refused = reading
        .as_ref()
        .is_some_and(|reading| reading.refusal.is_some());
    let reading = reading.filter(|_| !refused).unwrap_or_default();
    let file = files::media_type(url.path());
    let (published, date_from) = published(&reading, item, &url, seen);
    let mut article = Article {
        id: ArticleId::of(&item.url),
        source: place.source.clone(),
        title: text::cut(&title(&reading, item, place, seen.names), MOST_TITLE).to_owned(),
        published,
        date_from,
        first_seen: seen.first_seen,
        sorted_at: seen.sorted_at,
        updated: None,
        origin: reading.origin,
        author: reading.author,
        breadcrumb: reading.breadcrumb,
        complete: !reading.body_html.is_empty() || !reading.attachments.is_empty(),
        body_html: reading.body_html,
        body_text: reading.body_text,
        summary: reading.summary,
        images: reading.images,
        attachments: reading.attachments,
        url,
    };
    if let Some(media_type) = file
        && !article.complete
    {
        article.attachments = vec![Attachment {
            url: article.url.clone(),
            title: article.title.clone(),
            media_type: media_type.to_owned(),
        }];
        article.complete = true;
    }
    article
}

/// The page's title; the item's where the page has none, or one that is no title: the site's, the column's or the
/// source's name. An item's title that the list cut short gives way in any case; a whole one goes before a page's title
/// that has nothing to do with it, if it stands in the page's text: there it is the heading that was not recognised.
fn title(reading: &Reading, item: &Item, place: &Place<'_>, names: &[String]) -> String {
    let listed = text::fold(&item.title);
    let Some(title) = reading
        .title
        .as_deref()
        .map(text::fold)
        .filter(|title| !title.is_empty())
    else {
        return listed;
    };
    let (page, list) = (heading::key(&title), heading::key(&listed));
    let configured = place.title.map(heading::key);
    let host = title.eq_ignore_ascii_case(place.host);
    let column = reading
        .breadcrumb
        .iter()
        .any(|part| heading::key(part) == page)
        && page != list;
    let implausible = page.is_empty()
        || configured.as_ref() == Some(&page)
        || host
        || column
        || (names.iter().any(|name| heading::key(name) == page) && !completes(&page, &list))
        || (is_institution(&title) && page != list)
        || (is_another(&title, &listed) && heading::key(&reading.body_text).contains(&list));
    if implausible && !list.is_empty() {
        listed
    } else {
        title
    }
}

/// Whether a page's title goes on where the list's ends: no name of a column does.
fn completes(page: &str, list: &str) -> bool {
    !list.is_empty() && page.len() > list.len() && page.starts_with(list)
}

/// Whether a page's title has nothing to do with the one that its list gives, which is whole.
pub fn is_another(title: &str, listed: &str) -> bool {
    /// A shorter one may stand anywhere.
    const LEAST: usize = 6;
    let is_cut = listed.trim_end().ends_with(['…', '.', '·']);
    let (page, list) = (heading::key(title), heading::key(listed));
    let count = |text: &str| text.chars().count();
    let is_part =
        page.contains(&list) || (list.contains(&page) && count(&page) * 2 >= count(&list));
    !is_cut && count(&list) >= LEAST && !is_part && !readings::titles_agree(title, listed)
}

/// `某某大学`: a name and no more.
fn is_institution(title: &str) -> bool {
    const KINDS: [&str; 14] = [
        "大学",
        "学院",
        "学校",
        "中学",
        "小学",
        "幼儿园",
        "教育局",
        "教育厅",
        "教育部",
        "教育体育局",
        "教育委员会",
        "教委",
        "考试院",
        "考试中心",
    ];
    const MOST: usize = 16;
    let name = title
        .trim_end_matches(['网', '站'])
        .trim_end_matches("官方")
        .trim();
    let is_news = [
        "关于", "在", "举行", "召开", "走进", "赴", "与", "和", "向", "到", "获", "我",
    ];
    name.chars().count() <= MOST
        && KINDS.iter().any(|kind| name.ends_with(kind))
        && !is_news.iter().any(|word| name.contains(word))
        && !name.contains(|c: char| c.is_ascii_digit() || c.is_whitespace())
}

/// Page, meta, list, address, in that order. A time that the list or the page shows refines a day that the other shows.
fn published(
    reading: &Reading,
    item: &Item,
    url: &Url,
    seen: &Seen<'_>,
) -> (Option<Published>, Option<DateFrom>) {
    let context = DateContext {
        timezone: seen.timezone,
        now: seen.first_seen,
    };
    if let Some(published) = reading.published {
        let from = reading.date_from.unwrap_or(DateFrom::Page);
        if (from == DateFrom::Url || reading.is_signed) && item.published.is_some() {
            return (item.published, Some(DateFrom::List));
        }
        return match (published, item.published) {
            (Published::Day(day), Some(listed @ Published::At(..))) if listed.day() == day => {
                (Some(listed), Some(from))
            }
            _ => (Some(published), Some(from)),
        };
    }
    if let Some(published) = item.published {
        return (Some(published), Some(DateFrom::List));
    }
    let published = dates::from_address(url, &context);
    (published, published.map(|_| DateFrom::Url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn ids_are_these_for_ever() {
        for (address, id) in [
            (
                "http://jyt.example.gov.cn/202402/t20240224_1.html",
                "9899c5e1-3ed5-5dd9-ad82-fe181c181d23",
            ),
            (
                "https://www.example.edu.cn/info/1024/1.htm?a=%e4%b8%80#top",
                "edfd8601-ffc9-5bc4-a69c-79c6357d4154",
            ),
        ] {
            assert_eq!(ArticleId::of(&url(address)).to_string(), id);
        }
        let one = ArticleId::of(&url("http://a.example.cn/1.htm;jsessionid=1?utm_source=x"));
        assert_eq!(one, ArticleId::of(&url("https://a.example.cn:443/1.htm")));
        assert_ne!(one, ArticleId::of(&url("https://a.example.cn/2.htm")));
    }

    fn item(title: &str, address: &str, published: Option<&str>) -> Item {
        Item {
            title: title.to_owned(),
            url: url(address),
            published: published.map(|text| text.parse().unwrap()),
        }
    }

    fn reading(title: &str, published: Option<&str>) -> Reading {
        Reading {
            title: Some(title.to_owned()),
            published: published.map(|text| text.parse().unwrap()),
            date_from: published.map(|_| DateFrom::Page),
            body_html: "<p>x</p>".to_owned(),
            ..Reading::default()
        }
    }

    fn composed(reading: Option<Reading>, item: &Item) -> Article {
        let timezone = TimeZone::get("Asia/Shanghai").unwrap();
        let now: Timestamp = "2024-06-01T00:00:00Z".parse().unwrap();
        let place = Place {
            source: SourceId::parse("s").unwrap(),
            title: Some("教务处"),
            host: "a.example.cn",
        };
        let seen = Seen {
            first_seen: now,
            sorted_at: now,
            timezone: &timezone,
            names: &["通知公告".to_owned()],
        };
        assemble(reading, item, &place, &seen)
    }

    #[test]
    fn the_page_completes_the_list() {
        let listed = item(
            "关于组织参加机器人大赛的…",
            "http://a.example.cn/1.htm?spm=1#a",
            Some("2024-02-24"),
        );
        let article = composed(
            Some(reading(
                "关于组织参加机器人大赛的通知",
                Some("2024-02-24T09:30:00+08:00"),
            )),
            &listed,
        );
        assert_eq!(article.title, "关于组织参加机器人大赛的通知");
        assert_eq!(
            article.published.unwrap().to_string(),
            "2024-02-24T09:30:00+08:00"
        );
        assert_eq!(article.date_from, Some(DateFrom::Page));
        assert_eq!(article.url.as_str(), "http://a.example.cn/1.htm");
        assert!(article.complete);
    }

    #[test]
    fn the_list_stands_in_for_a_page_that_says_nothing() {
        let listed = item(
            "停水通知",
            "http://a.example.cn/2024/0203/1.htm",
            Some("2024-02-24"),
        );
        let article = composed(Some(reading("教务处", None)), &listed);
        assert_eq!(article.title, "停水通知");
        assert_eq!(article.date_from, Some(DateFrom::List));
        let unread = composed(None, &listed);
        assert!(!unread.complete);
        let refused = Reading {
            refusal: Some(super::super::Refusal::CampusOnly),
            ..reading("您当前IP并非校内地址", None)
        };
        let refused = composed(Some(refused), &listed);
        assert_eq!(
            (refused.title.as_str(), refused.complete),
            ("停水通知", false)
        );
        let undated = composed(
            None,
            &item("停水通知", "http://a.example.cn/2024/0203/1.htm", None),
        );
        assert_eq!(undated.date_from, Some(DateFrom::Url));
        assert_eq!(undated.published.unwrap().to_string(), "2024-02-03");
    }

    #[test]
    fn the_name_of_a_column_or_a_site_is_no_title() {
        let listed = |title: &str| item(title, "http://a.example.cn/1.htm", None);
        let whole = "关于做好2026年普通高校招生工作的通知";
        let with_text = |title: &str, text: &str| Reading {
            body_text: text.to_owned(),
            ..reading(title, None)
        };
        let title = |page: &str, list: &str, text: &str| {
            composed(Some(with_text(page, text)), &listed(list)).title
        };
        // the list's own name, known or not, a site's name
        assert_eq!(title("通知公告", whole, "请遵照执行。"), whole);
        assert_eq!(title("某某大学", whole, "请遵照执行。"), whole);
        assert_eq!(
            title("政务公开", whole, &format!("{whole}\n请遵照执行。")),
            whole
        );
        // a page's own title completes and corrects the list's
        let page = "某某大学关于做好2026年普通高校招生工作的通知（修订）";
        assert_eq!(title(page, whole, whole), page);
        assert_eq!(
            title(whole, "关于做好2026年普通高校…", "请遵照执行。"),
            whole
        );
        assert_eq!(title(whole, "招生", "招生"), whole);
        assert_eq!(title("通知公告", "通知公…", "请遵照执行。"), "通知公告");
        let other = "招生工作有新的规定";
        assert_eq!(title(other, whole, "请遵照执行。"), other, "who knows");
        let news = "校领导赴某某大学";
        assert_eq!(title(news, "校领导外出调研", "请遵照执行。"), news);
    }

    #[test]
    fn a_file_is_an_article_too() {
        let article = composed(None, &item("课程表", "http://a.example.cn/f/kcb.PDF", None));
        assert!(article.complete);
        assert_eq!(article.attachments[0].media_type, "application/pdf");
        assert_eq!(article.attachments[0].title, "课程表");
    }

    #[test]
    fn titles_are_cut() {
        let long = "长".repeat(5_000);
        let article = composed(None, &item(&long, "http://a.example.cn/1", None));
        assert_eq!(article.title.chars().count(), MOST_TITLE);
    }
}
