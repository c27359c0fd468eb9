//! The words of pages and generated texts, in each language.

use crate::{config::Lang, source::state::FaultKind};

/// A language's words.
pub(super) struct Words {
    pub(super) everything: &'static str,
    pub(super) also_at: &'static str,
    pub(super) not_kept: &'static str,
    pub(super) tagline: &'static str,
    pub(super) feeds: &'static str,
    pub(super) newest: &'static str,
    pub(super) nothing_yet: &'static str,
    pub(super) no_articles: &'static str,
    pub(super) all_sources: &'static str,
    pub(super) group: &'static str,
    pub(super) source: &'static str,
    pub(super) articles: &'static str,
    pub(super) articles_behind_number: &'static str,
    pub(super) health: &'static str,
    pub(super) next_poll: &'static str,
    pub(super) ok: &'static str,
    pub(super) waiting: &'static str,
    pub(super) off: &'static str,
    pub(super) subscribe: &'static str,
    pub(super) articles_a_week: &'static str,
    pub(super) because_every: &'static str,
    pub(super) because_rhythm: &'static str,
    pub(super) because_failures: &'static str,
    pub(super) because_server: &'static str,
    pub(super) search: &'static str,
    pub(super) search_in: &'static str,
    pub(super) search_how: &'static str,
    pub(super) search_empty: &'static str,
    pub(super) search_too_long: &'static str,
    pub(super) search_unready: &'static str,
    pub(super) search_incomplete: &'static str,
    pub(super) found: &'static str,
    pub(super) nothing_found: &'static str,
    pub(super) newer: &'static str,
    pub(super) older: &'static str,
    pub(super) pages: &'static str,
    pub(super) navigation: &'static str,
    pub(super) subscribe_heading: &'static str,
    pub(super) copy_address: &'static str,
    pub(super) subscribe_search: &'static str,
    pub(super) open_in_reader: &'static str,
    pub(super) feed_links: &'static str,
    pub(super) untitled: &'static str,
    /// Behind their number: one, several.
    are_failing: [&'static str; 2],
    pub(super) failing: &'static str,
    pub(super) refused: &'static str,
    pub(super) back: &'static str,
    pub(super) health_feed: &'static str,
    pub(super) last_polls: &'static str,
    pub(super) last_success: &'static str,
    pub(super) origin: &'static str,
    pub(super) author: &'static str,
    pub(super) original: &'static str,
    pub(super) withdrawn: &'static str,
    pub(super) no_text: &'static str,
    pub(super) pictures: &'static str,
    pub(super) files: &'static str,
    pub(super) first_seen: &'static str,
    pub(super) updated: &'static str,
    pub(super) articles_of_30_days: &'static str,
    pub(super) most_on_a_day: &'static str,
    pub(super) poll_new: &'static str,
    pub(super) poll_nothing: &'static str,
    pub(super) poll_failed: &'static str,
    pub(super) skip: &'static str,
    pub(super) missing: &'static str,
    pub(super) missing_why: &'static str,
    pub(super) removed_source: &'static str,
    pub(super) to_front_page: &'static str,
    pub(super) import_all: &'static str,
    pub(super) groups: &'static str,
    pub(super) sources: &'static str,
    pub(super) versions: &'static str,
    pub(super) present_version: &'static str,
    pub(super) earlier_version: &'static str,
    pub(super) table: &'static str,
    pub(super) picture: &'static str,
    pub(super) what_to_do: &'static str,
    pub(super) moved_to: &'static str,
    pub(super) tls_legacy: &'static str,
    pub(super) tls_insecure: &'static str,
    pub(super) no_sources: &'static str,
    /// Between two things of a list.
    pub(super) comma: &'static str,
    faults: fn(FaultKind) -> Fault,
}

/// A trouble of a source, for who has never heard of it.
#[derive(Clone, Copy)]
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) advice: &'static str,
}

const CHINESE: Words = Words {
    everything: "schoolbell · 全部",
    also_at: "另见：",
    not_kept: "目前无法保存新文章，抓取已暂停：",
    tagline: "教育部门一有发布，这里就响铃。",
    feeds: "订阅",
    newest: "最新文章",
    nothing_yet: "还没有文章：第一次访问正在进行。",
    no_articles: "还没有文章。",
    all_sources: "全部来源",
    group: "分组",
    source: "来源",
    articles: "文章",
    articles_behind_number: "篇",
    health: "状态",
    next_poll: "下次访问",
    ok: "正常",
    waiting: "等待第一次访问",
    off: "已停用",
    subscribe: "在阅读器里添加任一地址即可订阅。",
    articles_a_week: "每周约",
    because_every: "固定间隔",
    because_rhythm: "按发布规律",
    because_failures: "访问失败，逐步延后",
    because_server: "应服务器要求",
    search: "搜索",
    search_in: "在标题和正文里搜索",
    search_how: "所有词都要出现；“引号”里的连在一起找；减号后的词不要出现。",
    search_empty: "请写下要找的词。",
    search_too_long: "要找的内容太长，最多 500 个字符。",
    search_unready: "索引正在建立，请稍后再试。",
    search_incomplete: "索引正在建立，目前只找得到较新的文章。",
    found: "找到的文章：",
    nothing_found: "没有找到。",
    newer: "较新的",
    older: "较早的",
    pages: "翻页",
    navigation: "导航",
    subscribe_heading: "订阅",
    subscribe_search: "订阅这次搜索",
    copy_address: "把这个地址复制到阅读器里：",
    feed_links: "“feed:” 链接会直接在装好的阅读器里打开。",
    open_in_reader: "在阅读器里打开",
    untitled: "（无标题）",
    are_failing: ["个来源有问题"; 2],
    failing: "有问题",
    refused: "配置文件有错，仍按之前的配置运行：",
    back: "已恢复",
    health_feed: "来源状况（订阅）",
    last_polls: "最近几次访问",
    last_success: "最近一次成功",
    origin: "来源：",
    author: "作者：",
    original: "原文",
    withdrawn: "原网站已撤下这篇文章，发现于",
    no_text: "没有读到正文，请看原文。",
    pictures: "图片",
    files: "附件",
    first_seen: "收录于 ",
    updated: "更新于 ",
    articles_of_30_days: "最近 30 天的文章：",
    most_on_a_day: "最多的一天：",
    poll_new: "有新文章",
    poll_nothing: "没有新文章",
    poll_failed: "失败",
    skip: "跳到正文",
    missing: "没有这一页",
    missing_why: "地址可能不完整，或者文章已过保存期限。",
    removed_source: "这个来源已从配置中移除。",
    to_front_page: "回到首页",
    import_all: "一次导入全部订阅（OPML）",
    groups: "分组",
    sources: "来源",
    versions: "版本",
    present_version: "现在的版本",
    earlier_version: "这是较早的版本，看",
    table: "表格",
    picture: "图片",
    what_to_do: "怎么办：",
    moved_to: "这个栏目已永久搬到新地址，请把 url 改为",
    tls_legacy: "与它使用旧的加密协议（tls = \"legacy\"）",
    tls_insecure: "不验证它的证书（tls = \"insecure\"）",
    no_sources: "还没有来源：在配置文件里写一个 [[source]]，填上列表页的地址。",
    comma: "、",
    faults: chinese_fault,
};

const ENGLISH: Words = Words {
    everything: "schoolbell · everything",
    also_at: "Also at:",
    not_kept: "Nothing new can be kept at present, so nothing is fetched:",
    tagline: "It rings when a school authority publishes.",
    feeds: "Feeds",
    newest: "Newest articles",
    nothing_yet: "No articles yet: the first visits are under way.",
    no_articles: "No articles yet.",
    all_sources: "All sources",
    group: "Group",
    source: "Source",
    articles: "Articles",
    articles_behind_number: "articles",
    health: "Health",
    next_poll: "Next poll",
    ok: "ok",
    waiting: "waiting for the first poll",
    off: "off",
    subscribe: "Add any of these addresses to your feed reader.",
    articles_a_week: "articles a week: about",
    because_every: "fixed interval",
    because_rhythm: "by its rhythm",
    because_failures: "after failures, ever later",
    because_server: "as its server asks",
    search: "Search",
    search_in: "Search titles and texts",
    search_how: "All words must occur; a \"phrase\" in quotes as it stands; a -word must not.",
    search_empty: "Write the words to search for.",
    search_too_long: "That is too long to search for; write 500 characters at most.",
    search_unready: "The index is being made; try again in a while.",
    search_incomplete: "The index is being made, so only the newer articles are found yet.",
    found: "Articles found:",
    nothing_found: "Nothing was found.",
    newer: "Newer",
    older: "Older",
    pages: "Pages",
    navigation: "Navigation",
    subscribe_heading: "Subscribe",
    subscribe_search: "Subscribe to this search",
    copy_address: "Copy this address into your feed reader:",
    feed_links: "“feed:” opens the reader that is installed.",
    open_in_reader: "Open in a reader",
    untitled: "(no title)",
    are_failing: ["source is failing", "sources are failing"],
    failing: "failing",
    refused: "The configuration has mistakes, so what was in force before still is:",
    back: "back again",
    health_feed: "Troubles of the sources as a feed",
    last_polls: "Last polls",
    last_success: "Last success",
    origin: "from ",
    author: "by ",
    original: "The original",
    withdrawn: "Its site has withdrawn this article, as was seen on",
    no_text: "Its text was not read; see the original.",
    pictures: "Pictures",
    files: "Files",
    first_seen: "First seen ",
    updated: "updated ",
    articles_of_30_days: "Articles of the last 30 days:",
    most_on_a_day: "Most on one day:",
    poll_new: "new articles",
    poll_nothing: "nothing new",
    poll_failed: "failed",
    skip: "Skip to the content",
    missing: "There is no such page",
    missing_why: "The address may be incomplete, or the article is past the time that articles are kept.",
    removed_source: "This source was removed from the configuration.",
    to_front_page: "To the front page",
    import_all: "Import all feeds at once (OPML)",
    groups: "Groups",
    sources: "Sources",
    versions: "Versions",
    present_version: "the present version",
    earlier_version: "This is an earlier version; see",
    table: "Table",
    picture: "Picture",
    what_to_do: "What to do: ",
    moved_to: "This list has moved for good. Set url to",
    tls_legacy: "Old protocols and ciphers are spoken with it (tls = \"legacy\")",
    tls_insecure: "Any certificate is taken from it (tls = \"insecure\")",
    no_sources: "There are no sources yet: write a [[source]] into the configuration, with the address of a list page.",
    comma: ", ",
    faults: english_fault,
};

impl Words {
    /// A title, or the words that stand for one.
    pub(super) fn titled<'a>(&self, title: &'a str) -> &'a str
    where
        Self: 'a,
    {
        if title.trim().is_empty() {
            return self.untitled;
        }
        title
    }

    /// What stands behind the number of sources that fail.
    pub(super) fn are_failing(&self, count: usize) -> &'static str {
        self.are_failing[usize::from(count > 1)]
    }

    /// What a trouble is called, and what somebody can do about it.
    pub(super) fn fault(&self, kind: FaultKind) -> Fault {
        (self.faults)(kind)
    }

    pub(super) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Chinese => &CHINESE,
            Lang::English => &ENGLISH,
        }
    }
}

fn chinese_fault(kind: FaultKind) -> Fault {
    let (name, advice) = match kind {
        FaultKind::Unreachable => (
            "连不上",
            "多半是网站或网络一时的问题，会自动重试。如果一直这样，请在浏览器里看看这个地址是否还能打开。",
        ),
        FaultKind::Tls => (
            "加密连接失败",
            "证书有问题，或者协议太旧。确认网站可信之后，可以为这个来源设 tls = \"legacy\"（旧协议）或 tls = \"insecure\"（不验证证书）。",
        ),
        FaultKind::Blocked => (
            "被网站拦截",
            "网站不让程序访问。可以把 every 设得长一些，或者通过 proxy 换一个网络。",
        ),
        FaultKind::CampusOnly => (
            "只限校园网访问",
            "请在校园网内运行 schoolbell，或者为这个来源设 proxy。",
        ),
        FaultKind::RateLimited => (
            "访问太频繁",
            "网站要求慢一些，会照办，不用管。常常如此的话，把 every 设得长一些。",
        ),
        FaultKind::ServerError => ("网站出错", "是网站自己的问题，会自动重试，一般不用管。"),
        FaultKind::Gone => (
            "页面不存在",
            "请到网站上找到这个栏目的新地址，改写配置里的 url。",
        ),
        FaultKind::Moved => (
            "页面搬走了",
            "新地址没有列表。请到网站上找到这个栏目，改写配置里的 url。",
        ),
        FaultKind::EmptyList => (
            "没有找到列表",
            "url 应当是栏目自己的列表页。用 schoolbell preview 看看找到了什么，或者用 [source.list] item 指明每一条在哪里。",
        ),
        FaultKind::ListChanged => (
            "列表变样了",
            "运行 schoolbell check --live，它会说明应当改什么。",
        ),
        FaultKind::Garbled => ("无法辨认的内容", "请在浏览器里看看这个地址给出的是什么。"),
        FaultKind::BodyMissing => (
            "读不到正文",
            "列表正常，正文没有找到。可以用 [source.article] body 指明正文，或者设 full_text = false，只收标题。",
        ),
        FaultKind::NotAllowed => (
            "不允许访问",
            "robots.txt 不许访问，或者地址在内网。自己的内网地址要写进 [fetch] allow_private。",
        ),
    };
    Fault { name, advice }
}

fn english_fault(kind: FaultKind) -> Fault {
    let (name, advice) = match kind {
        FaultKind::Unreachable => (
            "Cannot be reached",
            "Most often the site or the network is down for a while; it is tried again. If it lasts, see in a browser whether the address still opens.",
        ),
        FaultKind::Tls => (
            "No secure connection",
            "The certificate is bad, or the protocol is old. Where you trust the site, set tls = \"legacy\" (old protocols) or tls = \"insecure\" (any certificate) for this source.",
        ),
        FaultKind::Blocked => (
            "Blocked by the site",
            "The site refuses programs. Set a longer every, or go by way of another network with proxy.",
        ),
        FaultKind::CampusOnly => (
            "On the campus network only",
            "Run schoolbell there, or set proxy for this source.",
        ),
        FaultKind::RateLimited => (
            "Asked too often",
            "The site wants to be asked less often, and will be. If this comes again and again, set a longer every.",
        ),
        FaultKind::ServerError => (
            "The site is broken",
            "It is the site's own trouble and is tried again; there is nothing to do.",
        ),
        FaultKind::Gone => (
            "The page is gone",
            "Look for the list's new address on the site, and set url to it.",
        ),
        FaultKind::Moved => (
            "The page has moved",
            "There is no list at its new address. Look for it on the site, and set url.",
        ),
        FaultKind::EmptyList => (
            "No list was found",
            "url should be the list's own page. See with schoolbell preview what is found, or say with [source.list] item what an item is.",
        ),
        FaultKind::ListChanged => (
            "The list looks different",
            "Run schoolbell check --live: it says what to change.",
        ),
        FaultKind::Garbled => ("Unreadable", "See in a browser what the address gives."),
        FaultKind::BodyMissing => (
            "No text is found",
            "The list is well, the articles' texts are not found. Say with [source.article] body where they are, or take titles only with full_text = false.",
        ),
        FaultKind::NotAllowed => (
            "Not allowed",
            "robots.txt closes it, or it lies in a private network. Name your own networks in [fetch] allow_private.",
        ),
    };
    Fault { name, advice }
}
