//! Pages that answer 200 and refuse: shown on the campus network only, log-in pages, bot walls, soft 404s, errors of
//! the site's own programs.
//!
//! In: the page's [`Outline`]. Out: a [`Refusal`], only for pages whose whole point it is. The same words stand in
//! notices (`仅限校内师生使用`, `该信息已被删除`): below a notice's title or a date, only a text that speaks to the reader of
//! his own request, and of nothing else, refuses.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::{
    Refusal,
    body::Body,
    facts,
    heading::{self, Heading},
    outline::{Outline, measure},
};
use crate::page::links;

/// A refusal says no more than this, in widths: some hundred characters.
const MOST_WIDTH: u32 = 300;

/// The same of pages that machines write, with their explanations and stack traces.
const MOST_WIDTH_OF_MACHINES: u32 = 3_000;

/// Below a title and a date, only so much can be a refusal, and all of it must be.
const MOST_WIDTH_DATED: u32 = 120;

static CAMPUS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:您|你)?(?:的|当前)*\s*ip\s*(?:地址)?.{0,20}(?:不在|并?非|不是|不属于).{0,10}(?:校内|校园网|允许|内网|本校|访问范围)|(?:仅|只)(?:限|允许|能|可|对|供).{0,12}(?:校内|校园网|内网|本校).{0,12}|(?:校外|非校园网|非校内).{0,10}(?:不能|无法|禁止|无权|限制|不允许)|请(?:使用|在|连接|通过|登录)?.{0,6}(?:校园网|校内网|VPN).{0,10}(?:访问|浏览|查看|登录|环境)|(?:您|你)(?:当前|所在)?.{0,6}(?:没有|无)(?:访问)?权限?.{0,8}(?:访问|浏览|查看)|无权(?:访问|查看|浏览)|没有权限(?:访问|查看|浏览)|不是校内|(?:请|须|需)(?:使用|在|连接|通过)?.{0,8}(?:校内|内网|VPN)(?:访问|浏览|查看|$)|(?:内网|校内)(?:访问|浏览)[，,。！!；;].{0,20}(?:VPN|校园网)|campus network only|only (?:accessible|available) (?:from|on|within) campus")
        .expect("a literal")
});

static GONE: LazyLock<Regex> = LazyLock::new(|| {
    let words = [
        // Chinese
        r"(?:您|你)?(?:要|所|正在|当前|请求|访问|查找|浏览|查看|想|的)*(?:页面?|网页|文章|内容|信息|资源|文件|新闻|地址|链接|栏目|数据|记录)[^。，]{0,12}(?:不存在|已(?:经)?被?(?:删除|移除|下线|下架|撤[销稿回]|失效|关闭|屏蔽)|未找到|找不到|无法找到|没有找到|已失效|走丢|飞走)",
        r"(?:找不到|没有找到|无法找到|不存在)(?:您|你)?(?:要|所|请求|访问|的)*(?:页面|网页|文章|内容|信息|资源)",
        r"(?:没有|未能?|无法)找到(?:对应|相应|指定|符合条件|该|此)的?(?:数据|记录|信息|内容|文章|页面)",
        r"(?:没有|无)(?:该|此|这[条篇个])(?:信息|文章|新闻|记录|页面)|404\s*(?:错误|页面)",
        r"(?:文档|信息|文章|内容|新闻|页面)(?:尚|还)?(?:已|未)(?:通过)?(?:删除|发布|审核)|参数错误",
        r"(?:網頁|頁面|文章|資料|資訊|檔案|內容)[^。，]{0,12}(?:不存在|已(?:經)?被?(?:刪除|移除|下架)|找不到)",
        r"(?:找不到|查無|沒有找到)(?:您|此|該|這個?)?(?:所|要|瀏覽|查詢|的)*(?:網頁|頁面|資料|文章|資訊)",
        // English
        r"^404$|404\s*(?:not found|error|-)|^(?:page )?not found\W*$",
        r"(?:page|document|file|article)\s+(?:(?:that |which )?you(?:['’]re| are| were| have)? \w+(?: for)? )?(?:is |was |could |may |might |can ?not |can['’]t |has |have |been |cannot )*(?:not (?:be )?found|be found|removed|deleted|no longer)",
        r"(?:page|document|article|content)\s+(?:(?:that |which )?you(?:['’]re| are| were| have)? \w+(?: for)? )?(?:does(?: not|n['’]t) exist|no longer exists|is(?: not|n['’]t) available|may have (?:been )?(?:moved|removed|deleted))",
        r"(?:could(?: not|n['’]t)|can(?:not|['’]t| not)|unable to) (?:find|locate) (?:the |that |this |your |what |any )(?:\w+ )?(?:page|document|article|you)|nothing (?:was |could be )?found (?:at|here)",
        // other languages of Europe
        r"seite (?:wurde |konnte )?(?:leider )?nicht gefunden|seite (?:existiert nicht|ist nicht (?:mehr )?(?:verfügbar|vorhanden))",
        r"(?:page|document|contenu)[^.]{0,40}(?:n['’]existe (?:pas|plus)|introuvable|non trouvée?|n['’]a pas (?:été|pu être) trouvée?|n['’]est plus disponible)|erreur 404",
        r"página[^.]{0,40}no (?:existe|encontrada|se (?:ha )?encontr|está disponible)|no se (?:ha )?(?:encontr\w+|pudo encontrar) la página",
        r"página[^.]{0,40}não (?:existe|encontrada|foi encontrada)|pagina[^.]{0,40}non (?:esiste|trovata|è (?:stata trovata|disponibile))",
        r"pagina niet gevonden|strona nie (?:istnieje|została znaleziona)|страниц[аы][^.]{0,40}(?:не (?:найдена|существует)|удалена)",
        // Japanese, Korean
        r"(?:ページ|記事|ファイル|URL)[^。]{0,12}(?:見つかりません|見当たりません|存在しません|ございません)|お探しのページ",
        r"(?:페이지|게시물|게시글)[^.]{0,12}(?:찾을 수 없|존재하지 않|삭제되)",
    ];
    Regex::new(&format!("(?i){}", words.join("|"))).expect("a literal")
});

/// Programs that failed, and sites that are being mended: another visit may find the page.
static FAILED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:系统|服务器?|网络)繁?忙|(?:数据库|服务器?|程序|系统)(?:连接|查询|运行|内部|发生|出现|响应|端)?(?:的?错误|失败|出错|异常|超时)|(?:网站|系统|本站|平台|服务器|页面|栏目)(?:正在)?(?:进行)?(?:升级|维护|改版|调整|建设)(?:升级|维护|改版)?中|(?:网站|系统|本站|平台|服务器|页面)正在(?:进行)?(?:升级|维护|改版|建设)|(?:under|for|undergoing) (?:scheduled |routine |planned )?maintenance|temporarily unavailable|service unavailable|bad gateway|internal server error|wartungsarbeiten|maintenance en cours|site en maintenance|メンテナンス中|점검 ?중")
        .expect("a literal")
});

/// The same as no person writes it for readers.
static MACHINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)应用程序中的服务器错误|server error in '/|system\.(?:\w+\.){0,3}\w*exception|runtime error|mysqli?_\w+\(|sqlstate\[|(?-u:\b)ora-[0-9]{5}|java\.\w+\.\w*(?:exception|error)|http status [45][0-9]{2}|(?:fatal error|warning|parse error|notice): .{0,200} on line [0-9]+|whitelabel error page|microsoft ole db provider|microsoft jet database|adodb\.|traceback \(most recent call last\)|error establishing a database connection")
        .expect("a literal")
});

/// What shields of several sites say.
static SHIELD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)you have been blocked|(?:verify|confirm|make sure)(?:ing)? (?:that )?you(?: are|['’]re) (?:a |not a )?(?:human|robot)|needs to review the security of your connection|checking if the site connection is secure|security service to protect itself|cloudflare ray id|attention required! \| cloudflare|incapsula incident|pardon our interruption|the request could not be satisfied")
        .expect("a literal")
});

static BLOCKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)请(?:先)?\s*(?:登录|登陆)(?:后|再|系统)?|(?:用户|统一身份|身份)\s*(?:登录|登陆|认证)|(?:安全|人机|滑动|点击)?验证(?:码)?.{0,12}(?:后|继续|访问|通过)|(?:正在|进行).{0,6}(?:安全|浏览器)(?:检查|检测|验证)|访问(?:过于|太|被)(?:频繁|拦截|阻断|限制|拒绝)|(?:请求|行为).{0,8}(?:被拦截|被阻断|存在威胁|异常|可疑)|请(?:开启|启用|打开)\s*javascript|按住滑块|请在(?:微信|手机)(?:客户)?端?(?:中|内|上)?打开|拖动.{0,6}最右|访问频率|(?:频率|速度)过[快高]|操作过于频繁|(?:enable|requires?) (?:javascript|cookies)|checking your browser|just a moment|access denied|are you (?:a )?human|captcha|web application firewall|(?:sign|log) ?in to (?:continue|view)|403 forbidden|url was rejected|request rejected|your support id|(?:被|已)(?:网站)?(?:管理员)?(?:设置)?拦截|(?:unable|not allowed|no permission) to access|unusual traffic from your|bot (?:protection|detection)|ddos protection|please (?:sign|log) ?in")
        .expect("a literal")
});

/// Scripts of bot walls: they set a cookie and load the page again.
static WALLS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)acw_sc__v2|__jsl_clearance|_0x[0-9a-f]{4,6}\s*[=(\[]|\$_ts\s*[=\[.]|_\$[a-zA-Z0-9]{2}\(|challenge-platform|cf_chl_|wzws[-_]|yunsuo_session|safeline|location[^;<]{0,80}(?:/cas/|/login|authserver|/sso/|passport)|document\.cookie\s*=[^;]{0,200};[^<]{0,200}(?:location|reload)")
        .expect("a literal")
});

/// What speaks for an article.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signs {
    /// How wide the body is.
    pub body_width: u32,
    /// A date shows it to be one.
    pub dated: bool,
    /// It has a notice's title.
    pub titled: bool,
    /// An article is looked for, which a page is not that tells of a failure. Of lists, and of answers with an error's
    /// status, others know more.
    pub of_article: bool,
}

/// Whether the page refuses. `body` is what was taken for the article's.
pub(super) fn of(outline: &Outline<'_>, signs: Signs, body: Option<&Body>) -> Option<Refusal> {
    let plain: u32 = outline
        .lines
        .iter()
        .filter(|line| !line.hidden)
        .map(|line| line.width.saturating_sub(line.link_width))
        .sum();
    if plain > MOST_WIDTH_OF_MACHINES {
        return None;
    }
    let said = |text: &str| says(text, signs.of_article);
    // a shield's page has a title of its own: `Before we continue`
    let failures = signs.of_article && !signs.titled;
    if !signs.dated && is_by_a_machine(outline, failures) {
        return Some(Refusal::Blocked);
    }
    let most = if signs.dated {
        MOST_WIDTH_DATED
    } else {
        MOST_WIDTH
    };
    if signs.body_width > most || plain > 6 * MOST_WIDTH {
        return None;
    }
    let told = body.filter(|body| tells(outline, body));
    if let Some(body) = body.filter(|_| signs.dated || signs.titled)
        && body.iter().next().is_some()
    {
        let asks = !signs.dated && outline.asks_password && plain < 200 && told.is_none();
        let is_sentence = |line| facts::is_sentence(&outline.text(line), outline.lines[line].width);
        let is_form = || asks && !body.iter().any(is_sentence);
        return answers(outline, body).or_else(|| is_form().then_some(Refusal::Blocked));
    }
    if plain < 100
        && let Some(refusal) = wall(outline)
    {
        return Some(refusal);
    }
    // where sentences are told, a box beside them that asks to log in is none of it
    let lines = (0..outline.lines.len()).filter(|&line| {
        !outline.lines[line].hidden
            && !outline.lines[line].is_linked()
            && outline.lines[line].width < 240
            && told.is_none_or(|body| {
                body.has(line) || facts::is_sentence(&outline.text(line), outline.lines[line].width)
            })
    });
    for line in lines.take(200) {
        let text = outline.text(line);
        if let Some(refusal) = said(&text) {
            return Some(refusal);
        }
    }
    if plain < 200
        && let Some(refusal) = said(&outline.title)
    {
        return Some(refusal);
    }
    if plain < 200 && outline.asks_password && told.is_none() {
        return Some(Refusal::Blocked);
    }
    let mut unscripted = outline.unscripted.iter().filter(|_| plain < 40).take(3);
    unscripted.find_map(|element| said(&element.raw_text()))
}

/// Whether a page's heading, or else its `<title>`, is that of a notice: not `提示`, `Oops!`, a site's name, nor itself
/// the refusal.
pub(super) fn is_titled(outline: &Outline<'_>, heading: &Heading) -> bool {
    const GENERIC_CHARS: usize = 16;
    static NOTICE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^关于.{4}|(?:通知|公告|通报|公示|通告|启事|简报|须知|办法|说明|指南|提醒|预告|简介|安排|方案|名单|倡议书|邀请函)$")
            .expect("a literal")
    });
    static GENERIC: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)提示(?:信息)?[!！：:]?$|错误|錯誤|出错|异常|失败|受限|警告|登[录陆]|身份认证|认证$|^(?:安全|访问|人机|滑动)?验证|验证(?:码|页面?)?$|跳转|^(?:attention|warning|notice|access|log ?in|sign ?in)")
            .expect("a literal")
    });
    static OOPS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:oops|oh no|error|whoops|sorry(?:[,.!]| (?:we|you|but)(?-u:\b)|$)|forbidden|access to this|fehler|erreur|エラー|[45][0-9]{2}(?-u:\b))")
            .expect("a literal")
    });
    let title = match &heading.title {
        Some(title) if heading.score >= heading::SURE / 2.0 => title.as_str(),
        _ => outline.title.as_str(),
    };
    // longer, and such a word is only one of it
    let is_generic = |title: &str| {
        OOPS.is_match(title) || title.chars().count() <= GENERIC_CHARS && GENERIC.is_match(title)
    };
    let of_a_notice = |title: &str| {
        NOTICE.is_match(title)
            && !MACHINE.is_match(title)
            && (title.starts_with("关于") || !is_generic(title))
    };
    if heading.title.as_deref() != Some(title) {
        let first = title.split(['-', '_', '|', '—']).next().unwrap_or(title);
        return of_a_notice(first.trim());
    }
    let is_host = !title.contains(' ') && title.is_ascii() && title.contains('.');
    of_a_notice(title)
        || measure(title).0 >= 6
            && !is_host
            && !is_generic(title)
            && !heading::is_site_name(title)
            && !heading::is_column_name(title)
            && said(title).is_none()
}

/// Whether a page is what a shield says, or a program when it fails.
fn is_by_a_machine(outline: &Outline<'_>, failures: bool) -> bool {
    let is_it = |text: &str| SHIELD.is_match(text) || failures && MACHINE.is_match(text);
    is_it(&outline.title)
        || (0..outline.lines.len())
            .filter(|&line| !outline.lines[line].hidden && outline.lines[line].width < 1_000)
            .take(60)
            .any(|line| is_it(&outline.text(line)))
}

/// Whether a text has several sentences.
fn tells(outline: &Outline<'_>, body: &Body) -> bool {
    let sentences = body.iter().filter(|&line| {
        let width = outline.lines[line].width;
        width > 30 && facts::is_sentence(&outline.text(line), width)
    });
    sentences.count() > 1
}

/// Whether the text below a title or a date speaks to the reader of his own request, and of nothing else.
fn answers(outline: &Outline<'_>, body: &Body) -> Option<Refusal> {
    static ANSWER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:很?对不起|很?抱歉|您(?:好|所|的|当|要|访|无|没|不)|你(?:所|的|当|要|访|无|没|不)|(?:当前|本|该|此)(?:ip|页面?|网页|信息|内容|文章|文档|栏目)|ip|无权|没有权限|仅[限供]|只[限供]|请先?(?:登[录陆](?:后|再|[！!。]|$)|使用校园网|在校内|连接)|(?:没有|未|无法)找到|找不到|查無|参数|sorry|oops|you |(?:this|the|that) (?:page|content|document|article|url|link)|(?:page|file|document) not found|we (?:can|could|are unable)|it (?:looks like|seems)|access|404|(?:la|le|cette|ce) (?:page|document)|die(?:se)? (?:\w+ )?seite|(?:l?[ao]s? )?(?:página|pagina|documento)|запрошенн|(?:эта )?страниц|lo sentimos|désolé|leider|entschuldig|お探しの|ご指定の|申し訳|요청하신|죄송)").expect("a literal")
    });
    let mut lines = body.iter().filter(|&line| outline.lines[line].width > 0);
    let (first, rest) = (lines.next()?, lines.count());
    let text = outline.text(first);
    (rest <= 2 && ANSWER.is_match(&text) && says_nothing_else(&text)).then(|| said(&text))?
}

/// Whether each clause refuses, excuses, or shows the way back.
fn says_nothing_else(text: &str) -> bool {
    static COURTESY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:您|你)好$|对不起|抱歉|谅解|不便|见谅|返回|跳转|首页|刷新|重试|稍[后候]|联系.{0,6}(?:管理员|我们|客服)|管理员|访问|浏览|查看|校内|校园网|vpn|(?-u:\b)ip(?-u:\b)|sorry|oops|apolog|lo sentimos|désolé|leider|entschuldig|申し訳|죄송|home ?page|go back|return to|try again|search|navigation|moved|administrator|contact us|(?:this|the|that) (?:page|content)$|looks like")
            .expect("a literal")
    });
    // whoever is told to log in for something of his own is not refused
    static TASK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"登[录陆][^，。]*(?:完成|填[写报]|提交|选课|报名|缴费|申[请报]|办理|更新|核对|注册|预约)")
            .expect("a literal")
    });
    !TASK.is_match(text)
        && text
            .split(['。', '！', '!', '；', ';', '，', ',', '.', '？', '?'])
            .map(str::trim)
            .filter(|clause| clause.contains(char::is_alphabetic))
            .all(|clause| said(clause).is_some() || COURTESY.is_match(clause))
}

fn said(text: &str) -> Option<Refusal> {
    says(text, true)
}

/// What a text refuses with; failures of the site's programs where they count.
fn says(text: &str, failures: bool) -> Option<Refusal> {
    if CAMPUS.is_match(text) {
        return Some(Refusal::CampusOnly);
    }
    if GONE.is_match(text) {
        return Some(Refusal::Gone);
    }
    let failed = || failures && (FAILED.is_match(text) || MACHINE.is_match(text));
    (BLOCKED.is_match(text) || SHIELD.is_match(text) || failed()).then_some(Refusal::Blocked)
}

/// Where a page leads that says nothing itself: a `<meta>` refresh at once, or a script that goes elsewhere.
pub(super) fn leads_to(outline: &Outline<'_>, base: &Url) -> Option<Url> {
    /// `正在跳转，如果没有反应请点击这里`
    const MOST_WIDTH: u32 = 100;
    /// Longer scripts do more than that.
    const MOST_BYTES: usize = 2_000;
    static REFRESH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)^\s*([0-9]{1,2})(?:\.[0-9]*)?\s*[;,]\s*url\s*=\s*["']?\s*([^"'\s>]+)"#)
            .expect("a literal")
    });
    static GOES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:^|[;{}\s>.])location(?:\.href)?\s*=\s*["']([^"'\s]+)["']|location\.(?:replace|assign)\(\s*["']([^"'\s]+)["']\s*\)"#)
            .expect("a literal")
    });
    let shown = outline.lines.iter().filter(|line| !line.hidden);
    let width: u32 = shown.map(|line| line.width).sum();
    if width > MOST_WIDTH {
        return None;
    }
    let refresh = || {
        outline
            .metas
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("refresh"))
            .find_map(|(_, content)| REFRESH.captures(content))
            .map(|found| found[2].to_owned())
    };
    let script = || {
        let inside = outline.scripts.iter().map(|(_, script)| script);
        inside
            .chain(&outline.head_scripts)
            .take(10)
            .find_map(|script| {
                let script = script.raw_text();
                let found = (script.len() <= MOST_BYTES && !script.contains("function"))
                    .then(|| GOES.captures(&script))??;
                found
                    .iter()
                    .skip(1)
                    .flatten()
                    .next()
                    .map(|to| to.as_str().to_owned())
            })
    };
    let to = links::resolve(base, &refresh().or_else(script)?)?;
    (links::normalise(&to) != links::normalise(base)).then_some(to)
}

fn wall(outline: &Outline<'_>) -> Option<Refusal> {
    let to_login = outline.metas.iter().any(|(name, content)| {
        name.eq_ignore_ascii_case("refresh")
            && ["/cas/", "/login", "authserver", "/sso/", "passport"]
                .iter()
                .any(|part| content.contains(part))
    });
    if to_login {
        return Some(Refusal::Blocked);
    }
    let scripts = outline
        .scripts
        .iter()
        .map(|(_, script)| script)
        .chain(&outline.head_scripts);
    for script in scripts.take(20) {
        let script = script.raw_text();
        let start = &script[..script.floor_char_boundary(20_000)];
        if WALLS.is_match(start) {
            return Some(Refusal::Blocked);
        }
        // scripts that write the whole page
        if let Some(refusal) = (start.contains("alert(") || start.contains("document.write"))
            .then(|| says(start, false))
            .flatten()
        {
            return Some(refusal);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::document::Document;

    fn refusal(page: &str, of_article: bool) -> Option<Refusal> {
        let document = Document::parse(page);
        let signs = Signs {
            of_article,
            ..Signs::default()
        };
        of(&Outline::of(&document), signs, None)
    }

    #[test]
    fn failures_are_no_articles_and_no_bot_walls_of_lists() {
        for page in [
            "<title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>",
            "<h1>网站维护中</h1>",
            "<p>Fatal error: Out of memory in /www/a.php on line 3</p>",
        ] {
            assert_eq!(refusal(page, true), Some(Refusal::Blocked), "{page}");
            assert_eq!(refusal(page, false), None, "{page}");
        }
        let shield = "<h1>Sorry, you have been blocked</h1>";
        assert_eq!(refusal(shield, false), Some(Refusal::Blocked));
    }

    #[test]
    fn pages_that_only_send_on_name_their_target() {
        let base = Url::parse("http://a.example.cn/1.htm").expect("a literal");
        for (page, to) in [
            (
                "<meta http-equiv=refresh content='0;url=2.htm'>",
                "http://a.example.cn/2.htm",
            ),
            (
                "<meta http-equiv=Refresh content=\"0; URL='/b/'\">",
                "http://a.example.cn/b/",
            ),
            (
                "<script>location.replace('http://b.example.cn/')</script>",
                "http://b.example.cn/",
            ),
            (
                "<script>top.location='/c'</script>",
                "http://a.example.cn/c",
            ),
            ("<meta http-equiv=refresh content='60'>", ""),
            ("<meta http-equiv=refresh content='0;url=1.htm'>", ""),
            (
                "<script>function go() { location.href = '/d'; }</script>",
                "",
            ),
        ] {
            let document = Document::parse(page);
            let got = leads_to(&Outline::of(&document), &base);
            assert_eq!(
                got.map_or_else(String::new, |url| url.to_string()),
                to,
                "{page}"
            );
        }
    }
}
