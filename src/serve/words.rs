//! The words of pages and generated texts, in each language.

use crate::config::Lang;

/// A language's words.
pub(super) struct Words {
    pub(super) everything: &'static str,
    pub(super) also_at: &'static str,
    pub(super) not_kept: &'static str,
    pub(super) tagline: &'static str,
    pub(super) feeds: &'static str,
    pub(super) newest: &'static str,
    pub(super) nothing_yet: &'static str,
    pub(super) all_sources: &'static str,
    pub(super) group: &'static str,
    pub(super) source: &'static str,
    pub(super) articles: &'static str,
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
}

const CHINESE: Words = Words {
    everything: "schoolbell · 全部",
    also_at: "另见：",
    not_kept: "目前无法保存新文章，抓取已暂停：",
    tagline: "教育部门一有发布，这里就响铃。",
    feeds: "订阅",
    newest: "最新文章",
    nothing_yet: "还没有文章：第一次访问正在进行。",
    all_sources: "全部来源",
    group: "分组",
    source: "来源",
    articles: "文章",
    health: "状态",
    next_poll: "下次访问",
    ok: "正常",
    waiting: "等待第一次访问",
    off: "已停用",
    subscribe: "在阅读器里添加下面任一地址即可订阅；也可以一次导入",
    articles_a_week: "每周约",
    because_every: "固定间隔",
    because_rhythm: "按发布规律",
    because_failures: "访问失败，逐步延后",
    because_server: "应服务器要求",
};

const ENGLISH: Words = Words {
    everything: "schoolbell · everything",
    also_at: "Also at:",
    not_kept: "Nothing new can be kept at present, so nothing is fetched:",
    tagline: "It rings when a school authority publishes.",
    feeds: "Feeds",
    newest: "Newest articles",
    nothing_yet: "No articles yet: the first visits are under way.",
    all_sources: "All sources",
    group: "Group",
    source: "Source",
    articles: "Articles",
    health: "Health",
    next_poll: "Next poll",
    ok: "ok",
    waiting: "waiting for the first poll",
    off: "off",
    subscribe: "Add any of these addresses to your feed reader, or import all of them at once:",
    articles_a_week: "articles a week: about",
    because_every: "fixed interval",
    because_rhythm: "by its rhythm",
    because_failures: "after failures, ever later",
    because_server: "as its server asks",
};

impl Words {
    pub(super) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Chinese => &CHINESE,
            Lang::English => &ENGLISH,
        }
    }
}
