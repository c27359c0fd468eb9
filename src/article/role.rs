//! What a line is for that is no part of the text: tools, editors, notes, neighbours, the page's foot.
//!
//! In: a line's text. Out: its [`Role`], or whether it is one of the lines that stand between paragraphs too. Told by how
//! the line begins, wherever that is enough.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::heading;

/// How a short line that is no part of the text is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// 当前位置
    Breadcrumb,
    /// Print, share, font size, click count, close: left out wherever it stands.
    Tool,
    /// 责任编辑: left out at the end.
    Editor,
    /// Disclaimers, terms of reprinting, places of comments not made: left out at the end.
    Note,
    /// Previous and next: the article is over.
    Neighbour,
    /// Related articles, comments: over, if links follow.
    Related,
    /// Copyright, 备案: the page is over.
    Footer,
}

/// How lines of each role begin. Nothing is looked for further on: most lines are told by their first characters.
static ROLES: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new([
        // breadcrumb
        r"^(?:您|你)?(?:现在|当前|目前|所在)?的?(?:所在)?(?:的)?位置(?:是)?\s*[:：>]|^(?:您|你)(?:现在|当前)?(?:所在)?的?位置|^当前(?:位置|所在|栏目)|^所在位置|(?i)^(?:you are here|location|position)\s*[:：]",
        // tools: nothing but such words
        r"(?i)^(?:打\s*印|关\s*[闭注]|官方|识别|长按|收\s*藏|分\s*享|转发|推荐给?|好友|本页面?|本文章?|此文|此页|文章|信息|页面|窗口|本窗|字\s*[号体]|大小|放大|缩小|默认|正常|特?大|中|小|加入|添加|返\s*回|回到?|顶部|上一?[级页]|列表|首页|我要|内容|[纠挑]错|平台|分隔线|[顶踩]一下|赞|邀请|路过|鲜花|鸡蛋|握手|雷人|复制|反馈|参与|评论|用|链接|地址|扫[一码]扫?|手机|在?查?看|阅读|浏览|访问|点击|微信|朋友圈|公众号|新浪|腾讯|微博|人人网|豆瓣网?|空间|QQ|二维码|点赞|[量数率數]|次[数數]?|下[载載]|[點瀏閱][閱覽讀擊]|人次|조회수?|人数|人气|已被|设为|语音|播报|朗读|无障碍|视力|保护色?|背景色?|颜色|编辑|默认|至|到|在|更多|和|的|已经?|有|人|您是第|位访客|print|share(?: this| on)?|teilen|drucken|partager|imprimer|tweet|cet article|cette page|this (?:page|article|story)|diese seite|facebook|twitter|linkedin|whatsapp|weibo|e-?mail|mail|back|to|top|pdf|nach oben|font size|views?|hits?|document\.write|loading|[\s【】\[\]()（）<>《》|｜丨:：;；/·•,，.\d+\-×xA!！%]|加载中)+$|^(?:今天|今日|现在|当前时间|北京时间)(?:是|为)?\s*[:：]?\s*(?:19|20)[0-9]{2}\s*[-年/][^。，]{0,40}$",
        // editor
        r"^[\s（(【\[]*(?:(?:发布|发表|更新)?(?:日期|时间)|(?:本文|文章|信息)?来源|稿源|作者|[供撰投]\s*稿(?:人|者|单位)?|撰文|通讯员|记者|[图文]\s*[/、／]?\s*[图文]|摄影|摄像)\s*[:：/／][^。]{0,60}(?:责任编辑|责\s*编|编\s*辑|审\s*核)\s*[:：]|^(?:[【\[]纠错[】\]])?[\s（(【\[]*(?:(?:文章|信息|稿件)?录入|责任?\s*编辑?|编\s*辑|编\s*审|审\s*[核校稿定签]|校\s*对|[初复终一二三]\s*审|签\s*发|发\s*布\s*[人者]|录\s*入\s*[人者]?|网络编辑|值班编辑|本文编辑|本期编辑)\s*[:：/|｜丨 ][^。]{0,60}$|^[\s（(【\[]*(?:文|图|文\s*[/、／]?\s*图)\s*[/／|｜丨 :：]\s*\S{2,6}[^。]{0,30}(?:编辑|审核|责编)\s*[:：/／|｜丨 ][^。]{0,40}$",
        // notes
        r"^[\s【\[（(※*]*(?:免责|版权|特别|郑重)(?:声明|申明|说明|提示)\s*[:：】\]）)]|^[\s【\[（(※*]*声明\s*[:：】\]）)].{0,40}(?:转载|版权|本[网站]|观点)|(?i)^(?:标签|(?:文章)?关键[词字]|tags?|tagged|themen|schlagw(?:orte|örter)|mots[- ]clés|filed under|posted in)(?:\s*[:：]|\s+in\s|$)|^(?:本文|本页|原文|文章)(?:链接|地址|网址|标题|出处)\s*[:：]|^(?:暂无|还没有|没有)(?:任何|相关)?评论|^(?:votre|your|ihre) (?:adresse )?e-?mail|^(?:was this (?:page|article|information|content) (?:useful|helpful)|did you find (?:what|this)|is this page useful|report a problem with this page|help us improve|hat ihnen diese seite|cette page vous a|¿le (?:resultó|fue) útil|이 페이지에서 제공하는|このページ(?:は|の内容は|に関する)|この記事は)|^(?:pour citer cet article|how to cite|cite this|gardons le contact|suivez-nous|follow us|folgen sie uns)",
        // previous and next
        r"(?i)^[\s【\[<«‹←↑>|-]*(?:上\s*一?\s*[篇条页则个]|下\s*一?\s*[篇条页则个]|前一[篇条页]|后一[篇条页]|上一(?:新闻|文章|信息|主题)|下一(?:新闻|文章|信息|主题)|previous|prev(?-u:\b)|next(?-u:\b)|vorheriger|nächster|précédent|suivant|zurück|retour$|retour (?:à|au|aux|vers) |back to |(?:(?:お知らせ|ニュース)?一覧|トップ|前のページ|ページの?(?:先頭|トップ))(?:へ|に)?戻る$|(?:前|次)の(?:記事|ページ)(?:へ)?|목록(?:으로| ?보기)?$|(?:이전|다음) ?글|回(?:上一?頁|列表|首頁)$)",
        // related
        r"(?i)^[\s【\[<>|·■◆●]*(?:相\s*关\s*(?:文\s*章|新\s*闻|链\s*接|阅\s*读|资\s*讯|信\s*息|推\s*荐|内\s*容|热\s*词|专\s*题|报道|政策|解读|稿件|图文|标签)|延伸阅读|推荐(?:阅读|文章|新闻|资讯)|热\s*[门点]\s*(?:文\s*章|新\s*闻|阅\s*读|资\s*讯|推\s*荐|信\s*息|点击|标签)|最\s*新\s*(?:文\s*章|新\s*闻|资\s*讯|信\s*息|动\s*态|发\s*布|更\s*新|推荐)|猜你喜欢|你可能(?:喜欢|感兴趣)|精彩推荐|本类(?:最新|热门|推荐)|同类文章|更多(?:相关|文章|新闻|内容)|网友评论|发表评论|我要评论|我来说两句|参与评论|related(?-u:\b)|read more|see also|more (?:news|stories)|comments?(?-u:\b)|leave a|kommentare|weitere |à lire|lire aussi|vos commentaires|commentaires?(?-u:\b)|dans la même|mehr zum|das könnte|ähnliche |auch interessant|lesen sie auch|voir aussi|articles? (?:liés|similaires|connexes)|sur le même |you (?:may|might) also|recommended for|aller plus loin)(?:.{0,24})$",
        // footer
        r"(?i)^\s*(?:copyright|©)|^impressum|^mentions légales|^(?:updates? to this page|(?:page|version|document) history|explore the topic)$",
    ])
    .expect("literals")
});

/// What makes a note wherever it stands in a line.
static NOTE_WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:如有|若有|如涉及|涉及|存在)侵权|侵犯.{0,16}(?:版权|权益|权利).{0,24}(?:联系|告知|通知)|转载请(?:注明|标明|保留|联系)|未经.{0,16}(?:授权|许可|允许|同意).{0,12}(?:不得|禁止|严禁)|抢沙发|(?i:(?:abonnez-vous|inscrivez-vous|subscribe|sign ?up|abonnieren sie|jetzt).{0,60}newsletter|newsletter.{0,40}(?:abonnieren|anmelden|inbox))",
    )
    .expect("a literal")
});

/// What makes a footer wherever it stands in a line.
static FOOTER_WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)版\s*权\s*所\s*有|copyright\s*(?:©|\(c\)|(?:19|20)[0-9]{2})|©\s*(?:19|20)[0-9]{2}|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼港]\s*(?:ICP|公网安备)|公网安备|ICP备|网站标识码|备案(?:编|序)?号\s*[:：]|技术支持\s*[:：]|all rights reserved|(?:建议|推荐)使用.{0,20}(?:浏览|分辨率)",
    )
    .expect("a literal")
});

/// Characters of which every [`NOTE_WITHIN`] and every [`FOOTER_WITHIN`] has one. Most lines have none of them.
fn is_within(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(
            c,
            '侵' | '转' | '未' | '抢' | '版' | '©' | '网' | '备' | '技' | '使'
        )
}

/// The role of a short line, if it plays one.
pub(super) fn role(text: &str) -> Option<Role> {
    const ROLES_IN_ORDER: [Role; 7] = [
        Role::Breadcrumb,
        Role::Tool,
        Role::Editor,
        Role::Note,
        Role::Neighbour,
        Role::Related,
        Role::Footer,
    ];
    // the first that fits: a neighbour's title may well say 评论
    let begins = ROLES.matches(text).iter().next();
    let begins = begins.map(|index| ROLES_IN_ORDER[index]);
    match begins {
        Some(Role::Breadcrumb | Role::Tool | Role::Editor | Role::Note) => begins,
        _ if !text.contains(is_within) => begins,
        _ if NOTE_WITHIN.is_match(text) => Some(Role::Note),
        Some(_) => begins,
        None => FOOTER_WITHIN.is_match(text).then_some(Role::Footer),
    }
}

/// Whether a line that is nothing but words of tools shares, prints or counts: it stands between paragraphs too.
pub(super) fn is_furniture(text: &str) -> bool {
    static FURNITURE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^[\s【\[（(]*(?:分享[到至:：]|share (?:this|on)|字[号体]\s*[:：]|(?:浏览|点击|阅读|访问|下载)(?:次数|人数|量|数|率)?\s*[:：]|已?(?:下载|浏览|阅读)\s*[0-9]*\s*次|조회|[點瀏閱][閱覽讀擊]|【?打印|今天是)").expect("a literal")
    });
    FURNITURE.is_match(text)
}

/// Whether a line names who contributed, as rows of editors begin.
pub(super) fn is_contributor(text: &str) -> bool {
    static CONTRIBUTOR: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[\s（(【\[]*(?:[供撰投来]\s*稿(?:人|者|单位)?|撰文|作者|通讯员|文\s*[/、／]?\s*图|图\s*[/、／]?\s*文|文字|摄影|摄像|来源)\s*[:：/／|｜][^。]{1,40}$").expect("a literal")
    });
    CONTRIBUTOR.is_match(text)
}

/// Whether a line is a summary of the text that follows: cut short, or announced as one.
pub(super) fn is_summary(text: &str, following: impl FnOnce() -> String) -> bool {
    const LEAST: usize = 15;
    let bare = [
        "内容摘要",
        "内容提要",
        "摘要",
        "核心提示",
        "导读",
        "导语",
        "提要",
        "简介",
    ]
    .iter()
    .find_map(|label| {
        let rest = text.trim_start_matches(['[', '【']).strip_prefix(label)?;
        rest.trim_start()
            .starts_with([':', '：', ']', '】'])
            .then_some(rest)
    });
    let stem = text.trim_end_matches(['…', '.', '。', '⋯']);
    let cut = text.len() - stem.len() > 2 && !text.ends_with("。。");
    if bare.is_none() && !cut {
        return false;
    }
    let stem = heading::key(bare.unwrap_or(stem));
    stem.chars().count() >= LEAST && heading::key(&following()).starts_with(&stem)
}

/// Whether a line is where an author signs, with the day: `教务处2024年2月24日`.
pub(super) fn is_signed(text: &str) -> bool {
    static SIGNED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:[\p{Han}（）()·\s]{2,30}[\s)）]?)?(?:(?:19|20)[0-9]{2}\s*[-/.年]\s*[0-9]{1,2}\s*[-/.月]\s*[0-9]{1,2}\s*日?|[二○〇零Ｏ０][\p{Han}○〇Ｏ０]{3}年[\p{Han}]{1,2}月[\p{Han}]{1,3}日)$").expect("a literal")
    });
    text.len() <= 120 && SIGNED.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_and_feet_are_told_wherever_their_words_stand() {
        for (text, role_of) in [
            ("如有侵权请告知删除", Role::Note),
            ("若侵犯了您的版权请与我们联系", Role::Note),
            ("欢迎阅览，转载请注明出处", Role::Note),
            ("文字未经授权不得使用", Role::Note),
            ("快来抢沙发", Role::Note),
            ("Abonnez-vous à notre newsletter", Role::Note),
            ("甲县一中版权所有", Role::Footer),
            ("甲县一中 Copyright © 2024", Role::Footer),
            ("甲县一中 © 2024", Role::Footer),
            ("甲县一中 京ICP备 1 号", Role::Footer),
            ("甲县一中 京公网安备 1 号", Role::Footer),
            ("政府网站标识码 1", Role::Footer),
            ("域名备案序号：1", Role::Footer),
            ("甲公司技术支持：乙", Role::Footer),
            ("School of A. All rights reserved", Role::Footer),
            ("建议使用谷歌浏览", Role::Footer),
        ] {
            assert_eq!(role(text), Some(role_of), "{text}");
        }
        assert_eq!(role("甲县一中校园开放日"), None);
    }

    #[test]
    fn knows_lines_that_are_no_text() {
        for (line, expected) in [
            ("当前位置 : 首页 - 形势政策 - 正文", Some(Role::Breadcrumb)),
            ("您现在的位置：首页", Some(Role::Breadcrumb)),
            ("【打印本页】 【关闭窗口】", Some(Role::Tool)),
            ("分享到： 微信 新浪微博", Some(Role::Tool)),
            ("字号：大 中 小", Some(Role::Tool)),
            ("责任编辑：王老师", Some(Role::Editor)),
            ("上一篇：关于放假的通知", Some(Role::Neighbour)),
            ("下一条：没有了", Some(Role::Neighbour)),
            ("相关阅读", Some(Role::Related)),
            ("版权所有 © 2024 南河学院", Some(Role::Footer)),
            ("湘ICP备00000000号", Some(Role::Footer)),
            ("分享是一种美德，阅读使人快乐。", None),
            ("关闭学校大门的通知", None),
            ("打印机使用办法", None),
            ("返回学校的安排", None),
            ("编辑部召开会议。", None),
            ("下一步，各单位要抓好落实。", None),
            ("相关学院要做好准备工作。", None),
        ] {
            assert_eq!(role(line), expected, "{line}");
        }
    }
}
