//! What links to feeds and to columns are called, in the languages of the sites that were seen.
//!
//! In: a link's address and its text. Out: what it may lead to.

use url::Url;

/// Whether an address or its link's name says that it is a feed.
pub(super) fn is_feed_like(url: &Url, name: &str) -> bool {
    let path = url.path().to_ascii_lowercase();
    let path = path.trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let (stem, ending) = last.split_once('.').unwrap_or((last, ""));
    let by_address = matches!(ending, "rss" | "atom" | "rdf")
        || matches!(stem, "rss" | "feed" | "atom" | "feeds" | "rss2");
    let word = name.trim().to_lowercase();
    let by_name = matches!(
        word.as_str(),
        "rss" | "atom" | "rss feed" | "rss订阅" | "atom feed"
    );
    (by_address || by_name) && !is_of_comments(url)
}

/// Whether a name is one that columns of news have, in the languages of the sites that were seen.
pub(super) fn is_news(name: &str) -> bool {
    const CHINESE: [&str; 33] = [
        "新闻", "要闻", "动态", "通知", "公告", "公示", "通告", "快讯", "简讯", "资讯", "信息",
        "文件", "政策", "招生", "招考", "招聘", "考试", "时讯", "头条", "报道", "发布", "讲座",
        "学术", "活动", "采购", "招标", "预告", "速递", "公文", "聚焦", "新聞", "消息", "公开",
    ];
    const OTHERS: [&str; 33] = [
        "news",
        "announcement",
        "notice",
        "press",
        "update",
        "bulletin",
        "blog",
        "event",
        "media",
        "stories",
        "circular",
        "release",
        "aktuell",
        "meldung",
        "nachricht",
        "mitteilung",
        "neuigkeit",
        "actualit",
        "communiqu",
        "annonce",
        "noticia",
        "comunicad",
        "avisos",
        "novedad",
        "notizie",
        "avvisi",
        "circolari",
        "notícia",
        "nieuws",
        "новост",
        "объявлен",
        "お知らせ",
        "ニュース",
    ];
    let lower = name.to_lowercase();
    CHINESE
        .iter()
        .chain(&OTHERS)
        .any(|word| lower.contains(word))
}

/// Whether a name is one that pages have which list no news, on all sites.
pub(super) fn is_no_column(name: &str) -> bool {
    const WORDS: [&str; 36] = [
        "首页",
        "主页",
        "登录",
        "登陆",
        "注册",
        "邮箱",
        "简介",
        "概况",
        "联系",
        "地图",
        "english",
        "版权",
        "收藏",
        "设为",
        "搜索",
        "机构设置",
        "领导",
        "章程",
        "校历",
        "图书馆",
        "无障碍",
        "手机版",
        "home",
        "login",
        "log in",
        "sign in",
        "contact",
        "about",
        "sitemap",
        "privacy",
        "imprint",
        "impressum",
        "datenschutz",
        "mentions légales",
        "kontakt",
        "cookie",
    ];
    let lower = name.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// Whether an address is that of a feed of comments.
pub(super) fn is_of_comments(url: &Url) -> bool {
    url.path().to_ascii_lowercase().contains("comment")
}
