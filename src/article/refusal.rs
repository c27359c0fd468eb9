//! Pages that answer 200 and refuse: shown on the campus network only, log-in pages, bot walls, soft 404s.
//!
//! In: the page's [`Outline`]. Out: a [`Refusal`], only for pages that say little else: an article that tells of such
//! a page is an article.

use std::sync::LazyLock;

use regex::Regex;

use super::{Refusal, body::Body, facts, outline::Outline};

/// A refusal says no more than this, in widths: some hundred characters.
const MOST_WIDTH: u32 = 300;

/// Below a title and a date, only so much can be a refusal, and all of it must be.
const MOST_WIDTH_DATED: u32 = 120;

static CAMPUS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:您|你)?(?:的|当前)*\s*ip\s*(?:地址)?.{0,20}(?:不在|并?非|不是|不属于).{0,10}(?:校内|校园网|允许|内网|本校|访问范围)|(?:仅|只)(?:限|允许|能|可|对|供).{0,12}(?:校内|校园网|内网|本校).{0,12}|(?:校外|非校园网|非校内).{0,10}(?:不能|无法|禁止|无权|限制|不允许)|请(?:使用|在|连接|通过|登录)?.{0,6}(?:校园网|校内网|VPN).{0,10}(?:访问|浏览|查看|登录|环境)|(?:您|你)(?:当前|所在)?.{0,6}(?:没有|无)(?:访问)?权限?.{0,8}(?:访问|浏览|查看)|无权(?:访问|查看|浏览)|没有权限(?:访问|查看|浏览)|不是校内|(?:请|须|需)(?:使用|在|连接|通过)?.{0,8}(?:校内|内网|VPN)(?:访问|浏览|查看|$)|(?:内网|校内)(?:访问|浏览)[，,。！!；;].{0,20}(?:VPN|校园网)|campus network only|only (?:accessible|available) (?:from|on|within) campus")
        .expect("a literal")
});

static GONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:您|你)?(?:要|所|正在|当前|请求|访问|查找|浏览|查看|想|的)*(?:页面|网页|文章|内容|信息|资源|文件|新闻|地址|链接|栏目)[^。，]{0,12}(?:不存在|已(?:经)?被?(?:删除|移除|下线|撤销|失效)|未找到|找不到|无法找到|没有找到|已失效|走丢|飞走)|(?:找不到|没有找到|无法找到|不存在)(?:您|你)?(?:要|所|请求|访问|的)*(?:页面|网页|文章|内容|信息|资源)|404\s*(?:not found|错误|页面|error|-)|(?:page|document|file|article)\s+(?:you\s+\w+\s+\w+\s+)?(?:is |was |could |can ?not |has |been )*(?:not (?:be )?found|removed|deleted|no longer)|seite (?:wurde )?nicht gefunden|page (?:introuvable|non trouvée)|(?:文档|信息|文章|内容|新闻|页面)(?:尚|还)?(?:已|未)(?:通过)?(?:删除|发布|审核)|参数错误|^404$")
        .expect("a literal")
});

static BLOCKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)请(?:先)?\s*(?:登录|登陆)(?:后|再|系统)?|(?:用户|统一身份|身份)\s*(?:登录|登陆|认证)|(?:安全|人机|滑动|点击)?验证(?:码)?.{0,12}(?:后|继续|访问|通过)|(?:正在|进行).{0,6}(?:安全|浏览器)(?:检查|检测|验证)|访问(?:过于|太|被)(?:频繁|拦截|阻断|限制|拒绝)|(?:请求|行为).{0,8}(?:被拦截|被阻断|存在威胁|异常|可疑)|请(?:开启|启用|打开)\s*javascript|按住滑块|拖动.{0,6}最右|访问频率|(?:频率|速度)过[快高]|操作过于频繁|(?:enable|requires?) (?:javascript|cookies)|checking your browser|just a moment|access denied|are you (?:a )?human|captcha|web application firewall|(?:sign|log) ?in to (?:continue|view)|403 forbidden|url was rejected|request rejected|your support id|(?:被|已)(?:网站)?(?:管理员)?(?:设置)?拦截|unusual traffic|bot (?:protection|detection)|ddos protection|please (?:sign|log) ?in")
        .expect("a literal")
});

/// Scripts of bot walls: they set a cookie and load the page again.
static WALLS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)acw_sc__v2|__jsl_clearance|_0x[0-9a-f]{4,6}\s*[=(\[]|\$_ts\s*[=\[.]|_\$[a-zA-Z0-9]{2}\(|challenge-platform|cf_chl_|wzws[-_]|yunsuo_session|safeline|location[^;<]{0,80}(?:/cas/|/login|authserver|/sso/|passport)|document\.cookie\s*=[^;]{0,200};[^<]{0,200}(?:location|reload)")
        .expect("a literal")
});

/// Whether the page refuses. `body` is what was taken for the article's, and how wide; `dated` says that a date shows it
/// to be one.
pub(super) fn of(
    outline: &Outline<'_>,
    body_width: u32,
    body: Option<&Body>,
    dated: bool,
) -> Option<Refusal> {
    let plain: u32 = outline
        .lines
        .iter()
        .filter(|line| !line.hidden)
        .map(|line| line.width.saturating_sub(line.link_width))
        .sum();
    let most = if dated { MOST_WIDTH_DATED } else { MOST_WIDTH };
    if body_width > most || plain > 6 * MOST_WIDTH {
        return None;
    }
    if let Some(body) = body.filter(|_| dated)
        && body.iter().next().is_some()
    {
        return answers(outline, body);
    }
    if plain < 100
        && let Some(refusal) = wall(outline)
    {
        return Some(refusal);
    }
    // where sentences are told, a box beside them that asks to log in is none of it
    let told = body.filter(|body| tells(outline, body));
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

/// Whether a text has several sentences.
fn tells(outline: &Outline<'_>, body: &Body) -> bool {
    let sentences = body.iter().filter(|&line| {
        let width = outline.lines[line].width;
        width > 30 && facts::is_sentence(&outline.text(line), width)
    });
    sentences.count() > 1
}

/// Whether the text below a title and a date speaks to the reader of his own request.
fn answers(outline: &Outline<'_>, body: &Body) -> Option<Refusal> {
    static ANSWER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:很?对不起|很?抱歉|您(?:好|所|的|当|要|访|无|没|不)|你(?:所|的|当|要|访|无|没|不)|(?:当前|本|该|此)(?:ip|页面?|网页|信息|内容|文章|文档|栏目)|ip|无权|没有权限|仅[限供]|只[限供]|请先?(?:登[录陆](?:后|再|[！!。]|$)|使用校园网|在校内|连接)|sorry|you |this (?:page|content)|access|404)").expect("a literal")
    });
    let mut lines = body.iter().filter(|&line| outline.lines[line].width > 0);
    let (first, rest) = (lines.next()?, lines.count());
    let text = outline.text(first);
    (rest <= 2 && ANSWER.is_match(&text)).then(|| said(&text))?
}

fn said(text: &str) -> Option<Refusal> {
    if CAMPUS.is_match(text) {
        return Some(Refusal::CampusOnly);
    }
    if GONE.is_match(text) {
        return Some(Refusal::Gone);
    }
    BLOCKED.is_match(text).then_some(Refusal::Blocked)
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
            .then(|| said(start))
            .flatten()
        {
            return Some(refusal);
        }
    }
    None
}
