//! Where a site's lists may be, as one of its pages tells.
//!
//! In: a parsed page. Out: [`Lead`]s, the most promising first: feeds that it declares, its breadcrumb, `更多` beside its
//! boxes, links with the names that news columns have, the other links of its navigation. Only what lies on the page's
//! own site, and no articles: those are a list's items.

mod names;

use std::collections::{HashMap, HashSet};

use url::Url;

use super::{
    Item, addresses,
    outline::{Link, Outline, Region},
    words::LinkKind,
};
use crate::{
    article::files,
    page::{
        document::{Document, Element},
        links,
        text::{fold, visible_chars},
    },
};

/// More leads of one page are not told.
const MAX_LEADS: usize = 400;

/// A site may have a feed per column; a page needs to name no more.
const MAX_FEEDS: usize = 4;

/// A column's name is no longer: Chinese is short, `Actualités de l'établissement` is not.
const MAX_NAME_CHARS: usize = 40;

/// A link with a shorter text is no article's, whatever its address.
const SHORT_CHARS: usize = 10;

/// An address that may be a list's, and how the page speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    /// The address, normalised.
    pub url: Url,
    /// What the link says; empty where that is no name.
    pub name: String,
    /// What kind of link it is.
    pub way: Way,
}

/// How a page leads to a list, the most promising first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// It was named by the person who asks.
    Asked,
    /// `<link rel="alternate">`, or a link that says RSS or Atom.
    Feed,
    /// The column that the page says that it stands in.
    Breadcrumb,
    /// `更多`, beside a box that shows a list's beginning.
    More,
    /// A link with the name of a news column.
    News,
    /// Another link that may be a column's.
    Navigation,
    /// A folder that the page lies in; nothing links to it.
    Above,
}

impl Way {
    /// In words, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Asked => "the page asked for",
            Self::Feed => "a feed that the site names",
            Self::Breadcrumb => "the breadcrumb",
            Self::More => "a \"more\" link",
            Self::News => "a link with a news column's name",
            Self::Navigation => "the navigation",
            Self::Above => "the folder above",
        }
    }
}

/// The leads of a page that lists these items, the most promising first, each address once.
pub fn of(document: &Document, page: &Url, items: &[Item]) -> Vec<Lead> {
    let base = document.base(page);
    let outline = Outline::of(document);
    let articles: HashSet<String> = items
        .iter()
        .filter(|item| item.published.is_some() || addresses::is_article_like(item.url.as_str()))
        .map(|item| links::identity(&item.url))
        .collect();
    let mut found = declared_feeds(document, &base);
    found.extend(frames(document, &base));
    let breadcrumb = breadcrumb(&outline);
    for link in &outline.links {
        if found.len() >= MAX_LEADS {
            break;
        }
        let element = outline.nodes[link.node].element;
        let Some(url) = links::of_link(&base, element) else {
            continue;
        };
        let name = name_of(element);
        let is_crumb = breadcrumb.contains(&link.node);
        let Some(way) = way(&outline, link, &url, &name, is_crumb) else {
            continue;
        };
        // a box on a page may show what is elsewhere a column's name
        if way != Way::Feed && articles.contains(&links::identity(&url)) {
            continue;
        }
        let name = if way == Way::More {
            String::new()
        } else {
            name
        };
        found.push(Lead { url, name, way });
    }
    in_order(found, page)
}

/// The page's folder and the home page: what may lead to lists where nothing on the page does.
pub fn above(page: &Url) -> Vec<Lead> {
    let folders = ["./", "/"].iter().filter_map(|path| page.join(path).ok());
    let leads = folders.map(|url| Lead {
        url,
        name: String::new(),
        way: Way::Above,
    });
    in_order(leads.collect(), page)
}

/// What a page calls its site: what it declares, else the institution that its title names.
pub fn site_name(document: &Document) -> Option<String> {
    let declared = ["SiteName", "og:site_name"];
    let declared = declared.iter().find_map(|name| document.meta(name));
    let title = document.title();
    let named = declared.or_else(|| super::site_in(title.as_deref()?));
    named
        .map(fold)
        .filter(|name| (2..=MAX_NAME_CHARS).contains(&visible_chars(name)))
}

/// The leads of the page's own site, each address once, in the order in which they promise something.
fn in_order(found: Vec<Lead>, page: &Url) -> Vec<Lead> {
    let own = links::identity(page);
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut leads: Vec<(usize, Lead)> = Vec::new();
    for (turn, lead) in found.into_iter().enumerate() {
        let lead = Lead {
            url: links::normalise(&lead.url),
            ..lead
        };
        let identity = links::identity(&lead.url);
        if identity == own || !links::same_site(&lead.url, page) {
            continue;
        }
        let Some(&at) = places.get(&identity) else {
            places.insert(identity, leads.len());
            leads.push((turn, lead));
            continue;
        };
        let (known_turn, known) = &mut leads[at];
        if known.name.is_empty() {
            known.name.clone_from(&lead.name);
        }
        // a folder has the better name than its index page
        if lead.url.as_str().len() < known.url.as_str().len() {
            known.url = lead.url;
        }
        if lead.way < known.way {
            (*known_turn, known.way) = (turn, lead.way);
        }
    }
    leads.sort_by_key(|(turn, lead)| {
        let is_elsewhere = lead.url.host_str() != page.host_str();
        let turn = match lead.way {
            // the last one is the page's own column
            Way::Breadcrumb => usize::MAX - turn,
            _ => *turn,
        };
        (lead.way, is_elsewhere, turn)
    });
    let mut feeds = 0;
    leads.retain(|(_, lead)| {
        feeds += usize::from(lead.way == Way::Feed);
        lead.way != Way::Feed || feeds <= MAX_FEEDS
    });
    leads.into_iter().map(|(_, lead)| lead).collect()
}

/// `<link rel="alternate" type="application/rss+xml" href="…">`, but those of comments.
fn declared_feeds(document: &Document, base: &Url) -> Vec<Lead> {
    let is_feed = |link: &Element<'_>| {
        let has = |name: &str, words: &[&str]| {
            let value = link.attr(name).unwrap_or_default().to_ascii_lowercase();
            words.iter().any(|word| value.contains(word))
        };
        has("rel", &["alternate"]) && has("type", &["rss+xml", "atom+xml", "rdf+xml", "feed+json"])
    };
    let declared = document.named(&["link"]).filter(is_feed);
    let leads = declared.filter_map(|link| {
        let url = links::resolve(base, link.attr("href")?)?;
        let lead = Lead {
            name: fold(link.attr("title").unwrap_or_default()),
            way: Way::Feed,
            url,
        };
        (!names::is_of_comments(&lead.url)).then_some(lead)
    });
    leads.take(MAX_LEADS).collect()
}

/// The pages that a page shows in frames: old sites have their navigation in one.
fn frames(document: &Document, base: &Url) -> Vec<Lead> {
    /// More are advertisements.
    const MAX_FRAMES: usize = 6;
    let frames = document.named(&["frame", "iframe"]);
    let pages = frames.filter_map(|frame| links::resolve(base, frame.attr("src")?));
    let leads = pages.map(|url| Lead {
        url,
        name: String::new(),
        way: Way::Navigation,
    });
    leads.take(MAX_FRAMES).collect()
}

/// The elements of the breadcrumb, where the page has one.
fn breadcrumb(outline: &Outline<'_>) -> std::ops::Range<usize> {
    /// A wider element is the page, not the breadcrumb.
    const MAX_LINKS: usize = 8;
    let Some(mut node) = outline.breadcrumb else {
        return 0..0;
    };
    // `<span>当前位置：</span><a>首页</a>`
    for _ in 0..2 {
        if !outline.links_in(node).is_empty() {
            break;
        }
        node = outline.nodes[node].parent;
    }
    if (1..=MAX_LINKS).contains(&outline.links_in(node).len()) {
        node..outline.nodes[node].end
    } else {
        0..0
    }
}

/// What a link says: its text, or what stands for it.
fn name_of(link: Element<'_>) -> String {
    let text = link.text();
    if !text.is_empty() {
        return text;
    }
    let picture = || {
        let mut pictures = link.descendants().filter(|e| e.name() == "img");
        pictures.find_map(|e| e.attr("alt").filter(|alt| !alt.trim().is_empty()))
    };
    let told = link.attr("title").or_else(picture).unwrap_or_default();
    fold(told)
}

fn way(
    outline: &Outline<'_>,
    link: &Link<'_>,
    url: &Url,
    name: &str,
    is_crumb: bool,
) -> Option<Way> {
    let is_article = addresses::is_article_like(link.href) && !addresses::is_column_like(link.href);
    if names::is_feed_like(url, name) {
        return Some(Way::Feed);
    }
    if files::media_type(url.path()).is_some() {
        return None;
    }
    match link.kind {
        LinkKind::More if !is_article => return Some(Way::More),
        LinkKind::Plain => {}
        _ => return None,
    }
    let chars = visible_chars(name);
    if !(2..=MAX_NAME_CHARS).contains(&chars) {
        return None;
    }
    if is_crumb {
        return Some(Way::Breadcrumb);
    }
    let is_frame = outline.nodes[link.node].region == Region::Frame;
    // columns are numbered too; so they count as such where no article would stand
    if is_article && !is_frame && chars > SHORT_CHARS {
        return None;
    }
    if names::is_news(name) {
        return Some(Way::News);
    }
    let may_be_column = is_frame || chars <= SHORT_CHARS || addresses::is_column_like(link.href);
    (may_be_column && !names::is_no_column(name)).then_some(Way::Navigation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(page: &str) -> Vec<(Way, String)> {
        let url = "http://www.a.edu.cn/xw/tzgg/12.htm".parse().unwrap();
        let leads = of(&Document::parse(page), &url, &[]);
        leads
            .into_iter()
            .map(|lead| (lead.way, lead.url.to_string()))
            .collect()
    }

    #[test]
    fn feeds_breadcrumbs_more_and_columns_are_told_apart() {
        let page = r#"<html><head><title>x</title>
            <link rel="alternate" type="application/rss+xml" href="/feed/">
            <link rel="alternate" type="application/rss+xml" href="/comments/feed/">
            <link rel="alternate" hreflang="en" href="/en/"></head><body>
            <div class="nav"><ul><li><a href="/">首页</a><li><a href="/xxgk.htm">学校概况</a>
            <li><a href="/1002/list.htm">学院新闻</a><li><a href="/zs/">人才培养</a>
            <li><a href="http://b.edu.cn/news/">兄弟院校新闻</a><li><a href="http://jwc.a.edu.cn/tz/">教务通知</a></ul></div>
            <div class="pos"><span>当前位置：</span><a href="/">首页</a> &gt; <a href="/xw/">新闻</a> &gt; <a href="/xw/tzgg/">通知公告</a></div>
            <div class="box"><h3>媒体</h3><a href="/mt/index.htm">更多&gt;&gt;</a>
              <ul><li><a href="/info/1001/1234.htm">关于开展教学成果奖申报工作的通知新闻</a><span>2026-03-01</span></ul></div>
            <a href="/x.pdf">通知</a><a href="12.htm#top">公告</a><a href="/xw/tzgg/13.htm">下一页</a>
            </body></html>"#;
        let expected = [
            (Way::Feed, "http://www.a.edu.cn/feed/"),
            (Way::Breadcrumb, "http://www.a.edu.cn/xw/tzgg/"),
            (Way::Breadcrumb, "http://www.a.edu.cn/xw/"),
            (Way::More, "http://www.a.edu.cn/mt/index.htm"),
            (Way::News, "http://www.a.edu.cn/1002/list.htm"),
            (Way::News, "http://jwc.a.edu.cn/tz/"),
            (Way::Navigation, "http://www.a.edu.cn/zs/"),
        ];
        assert_eq!(
            leads(page),
            expected.map(|(way, url)| (way, url.to_owned()))
        );
    }

    #[test]
    fn columns_of_other_languages_are_known() {
        let page = r#"<html><body><header><a href="/news">News &amp; Events</a><a href="/about">About us</a>
            <a href="/aktuelles.html">Aktuelles</a><a href="/rss.xml">RSS</a></header></body></html>"#;
        let expected = [
            (Way::Feed, "http://www.a.edu.cn/rss.xml"),
            (Way::News, "http://www.a.edu.cn/news"),
            (Way::News, "http://www.a.edu.cn/aktuelles.html"),
        ];
        assert_eq!(
            leads(page),
            expected.map(|(way, url)| (way, url.to_owned()))
        );
    }

    #[test]
    fn frames_lead_on() {
        let page = "<html><frameset><frame src='top.htm'><frame src='/main.htm'></frameset></html>";
        let expected = [
            (Way::Navigation, "http://www.a.edu.cn/xw/tzgg/top.htm"),
            (Way::Navigation, "http://www.a.edu.cn/main.htm"),
        ];
        assert_eq!(
            leads(page),
            expected.map(|(way, url)| (way, url.to_owned()))
        );
    }

    #[test]
    fn a_page_lies_in_its_folder_and_on_its_site() {
        let told = |url: &str| {
            let leads = above(&url.parse().unwrap());
            leads
                .into_iter()
                .map(|lead| lead.url.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told("http://a.cn/x/1.htm?a=1"),
            ["http://a.cn/x/", "http://a.cn/"]
        );
        assert_eq!(told("http://a.cn/index.html"), Vec::<String>::new());
    }
}
