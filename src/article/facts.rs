//! The line of facts above an article: date, origin, author; and the breadcrumb.
//!
//! In: a line's text with tabs where elements meet (`发布日期:2024-02-24\t文章来源:陕西省教育厅\t点击:`), in any order, with
//! colons of any width, values missing. Out: [`Facts`], as printed. Editors (责任编辑, 审核, 发布人) are no authors.

use std::sync::LazyLock;

use regex::Regex;

use super::dates::{self, DateContext, Published, Shown};
use crate::page::text;

/// A line that is longer tells a story.
pub(super) const MOST_WIDTH: u32 = 400;

/// What a line of facts says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// A date with a label that says publication, or at least date.
    pub labelled_date: Option<Published>,
    /// A date that stands there alone.
    pub bare_date: Option<Published>,
    pub origin: Option<String>,
    pub author: Option<String>,
    /// 责任编辑
    pub editor: Option<String>,
    /// How many labels, with or without a value.
    pub labels: usize,
    /// Whether the origin's label is there, with or without a value.
    pub names_origin: bool,
}

impl Facts {
    /// The date, labelled or bare.
    pub(super) fn date(&self) -> Option<Published> {
        self.labelled_date.or(self.bare_date)
    }
}

/// What a label announces, the weaker later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    /// 发布日期
    Date,
    /// 更新时间, 成文日期: a date, but rather another one.
    OtherDate,
    /// 来源
    Origin,
    /// 发布机构: who published it, where nobody says who wrote it.
    Publisher,
    /// 作者
    Author,
    /// 供稿, 文/图: author, where nobody is called so.
    Contributor,
    /// 责任编辑
    Editor,
    /// Anything else that ends the value before.
    Other,
}

/// The labels by kind. White space may stand between the two characters of 来源, 作者, 日期.
static LABELS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        (?:
        (?P<date>(?:发布|[發発][布佈]|发表|發表|发文|發文|发稿|公布|公告|公开|信息|新闻|文章|上线|刊登|张贴|張貼|上传|添加|录入|创建)[\s]*(?:日\s*期|[时時]\s*[间間])|[时時]\s*[间間]|日\s*期|(?:首次)?发\s*布|发表于|发布于|掲載日|公開日|投稿日|등록일시?|작성일시?|게시일|공고일|(?-u:\b)(?:posted(?:\ on)?|published(?:\ on)?|publish\ date|release\ date|(?:pub)?date|veröffentlicht(?:\ am)?|datum|publié(?:\ le)?|publicad[oa](?:\ el)?|fecha|data))
        |(?P<other_date>(?:最[后近]|本页)?(?:更新|修改)(?:[\s]*(?:日\s*期|[时時]\s*[间間])|于|日)?|수정일|(?:编辑|成文|印发|生成|生效|实施|截止|失效|浏览|来信|写信|咨询|提问|答复|回复|受理)[\s]*(?:日\s*期|时\s*间)|(?-u:\b)(?:(?:page\ )?last\ (?:updated?|modified|reviewed)|updated(?:\ on)?))
        |(?P<origin>(?:文章|信息|新闻|稿件|内容|消息|资料|原文|文件|转载|本文|图片)?\s*来\s*源(?:于|自|单位|部门)?|稿\s*源|来\s*稿|出\s*处|来自|(?-u:\b)(?:source|quelle))
        |(?P<publisher>发布(?:机构|单位|部门|机关)|(?:[發発][布佈]|公告|張貼|發文)(?:單位|機關)|发文(?:机构|单位|部门|机关)|公开主体|信息提供)
        |(?P<author>作\s*者|작성자|撰\s*稿(?:人|者)?|撰\s*文|(?-u:\b)(?:author|autor(?:in)?|auteur|written\ by))
        |(?P<contributor>供\s*稿(?:人|者|单位)?|投稿人?|通讯员|本网记者|记\s*者|文\s*[/、／]\s*图|图\s*[/、／]\s*文|图文|文字?)
        |(?P<editor>责任编辑|责\s*编|编\s*辑|(?-u:\b)editor)
        |(?P<other>责\s*任|编\s*审|主\s*编|美\s*编|审\s*[核校稿定签]|校\s*[对审]|[初复终一二三]\s*审|签\s*发|发\s*布\s*[人者员]|录\s*入\s*[人者员]?|上传[人者]|管理员|摄\s*影|摄像|视频|图\s*片?|制图|制作|点\s*击\s*(?:次\s*数|率|数|量)?|浏\s*览\s*(?:次\s*数|数|量|人数)?|阅\s*读\s*(?:次\s*数|数|量)?|访\s*问\s*(?:次\s*数|数|量)?|查看(?:次数)?|人\s*气|[點瀏閱][閱覽讀擊](?:次數|人次|率|數)?|조회수?|下载(?:次数|量)?|点赞|评论|字\s*[号体]|字体大小|大小|分\s*享(?:到|至)?|视力保护色?|背景色|关\s*键\s*[词字]|标\s*签|分\s*类|栏\s*目|类\s*[别型]|所属\S{2}|索\s*引\s*号|文\s*号|发文字号|主\s*题\s*(?:词|分类)?|有\s*效\s*性|体\s*裁|信息分类|名\s*称|标\s*题|(?-u:\b)(?:views?|hits|tags?|category|keywords))
        )[\s\t]*(?:：|:|﹕|∶)",
    )
    .expect("a literal")
});

/// What ends a value although no colon follows.
static ENDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\t|[|｜丨【】]|\[|(?:点击|浏览|阅读|访问)(?:次数|量|数)?|字[号体]|打印|分享|收藏|关闭|(?:19|20)[0-9]{2}\s*[-/.年]\s*[0-9]{1,2}").expect("a literal")
});

/// Whether a line is one of facts: it begins with a label, or nearly so, and tells no story.
pub(super) fn is_labelled(text: &str) -> bool {
    const LATEST: usize = 90;
    // `（原标题：…）` is what the text begins with
    !text.contains('。')
        && !text.trim_start_matches(['（', '(']).starts_with("原标题")
        && LABELS
            .find(text)
            .is_some_and(|found| found.start() <= LATEST)
}

/// Whether a line's date is not the article's: of an event (`讲座时间：…`), of the day of reading (`今天是…`).
pub(super) fn is_of_an_event(text: &str) -> bool {
    static TODAY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?:今天|今日|现在|当前|北京时间|欢迎)").expect("a literal"));
    TODAY.is_match(text)
        || LABELS.captures(text).is_some_and(|found| {
            let dated = found.name("date").or_else(|| found.name("other_date"));
            let value = found.get(0).map_or(text.len(), |all| all.end());
            dated.is_some_and(|label| is_an_events(&text[..label.start()], &text[value..]))
        })
        || EVENT.is_match(text)
}

/// Lines that say when something takes place, or until when, as Western, Japanese and Korean pages label them.
static EVENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[\s*•·【]*(?:when|date (?:and|&) time|event dates?|starts?|start date|ends?|end date|deadline|closing date|due(?: date)?|(?:apply|register) by|wann|termin|beginn|ende|anmeldeschluss|quand|date limite|cuándo|fecha límite|plazo|когда|開催日時?|日時|日程|期日|締切|受賞日|일시|일정|(?:접수 ?)?기간)\s*[:：】]").expect("a literal")
});

/// Whether the date behind a label is that of an event, by what the label (`before` its 时间) says. Systems call the
/// date of publication what they like (加入时间, 登载日期): a short word that no event is named by, and a date alone.
fn is_an_events(before: &str, value: &str) -> bool {
    const LONGEST: usize = 4;
    static EVENTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"截[止至稿图]|[报報][名到告考]|活[动動]|考[试試核察查]|[会會][议議]|讲[座授]|检[查测验]|[自督巡普排]查|督导|巡视|开[始幕学放馆标工课通会]|[开開]始|结束|[闭閉][幕馆]|[举舉][办辦行]|演出|赛|竞|面[试谈授]|[笔初复]试|答辩|培训|上课|放假|[缴交收]费|注册|营业|[投招竞评中]标|评[审选]|公示|申[报请領领]|有效|办理|服务|联系|工作|作息|值班|出发|集合|预约|领取|起止|计划|[招应]聘|宣讲|直播|播出|放映|展[览出]|选课|补考|测[试评]|体检|参[观会]|接待|咨询|到期|生效|[实施执]行|实施|失效|废[止除]|出生|入[学学场职]|毕业|聘期|任[职期]|获奖|授课|交[稿货流]|征[稿集]|投票|成交|采购|合同|签[订署到]|到货|调[研剂]|召开|发车|[用就]餐|借[阅书]|停[水电气课]|检修|维[护修]|施工|封闭|[竣完]工|完成|[事案]发|发生|死亡|逝世|成立|创办|建[校立]|制定|通过|批准|具体|主要|研究|学习|实[习践]|[观收][看听]|验收|录[取用制]|[进退]场|[离返]校|[寒暑]假|晚会|仪式|典礼|论坛|沙龙|例会|大会|访问|浏览|关闭|暂停|恢复|搬迁|出版|拍摄|摄影|拍照|创作|作品|收集|现场|线[上下]|本次|备案|登记|处理|响应|受理|反馈|回复|答复|来信|写信|提问|今天|现在|当前|北京|网站|本站|系统").expect("a literal")
    });
    // a span, a day of the week, a time in words: nobody dates a page so
    static TELLS_WHEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[日号]\s*[-—–~～至到]|[0-9]\s*[—–~～至到]|:[0-9]{2}\s*[-—–~～至到]|星期|周[一二三四五六日天]|[上下]午|[早晚]上|中午|[0-9][时時点](?:[0-9整半\s）)]|$)|[。；]").expect("a literal")
    });
    let word = han_before(before);
    !word.is_empty()
        && (word.chars().count() > LONGEST || EVENTS.is_match(word) || TELLS_WHEN.is_match(value))
}

/// Whether a line begins with the label of an update: `最后更新：`, `Last updated`.
pub(super) fn is_update(text: &str) -> bool {
    static UPDATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^[\s（(\[]*(?:(?:最[后近後]|本页|页面)?(?:更新|修改)|(?:page |site )?(?:last )?(?:updated?|modified|reviewed)(?-u:\b)|zuletzt (?:aktualisiert|geändert)|letzte änderung|mis(?:e)? à jour|dernière |última |最終更新|更新日|수정일)").expect("a literal")
    });
    UPDATE.is_match(text)
}

/// Whether a line tells when the page or the site, not the article, was last touched: templates write it below all
/// their pages.
pub(super) fn is_of_the_site(text: &str) -> bool {
    static SITE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?-u:\b)(?:page|site|website|content)\s+(?:was\s+)?(?:last\s+)?(?:updated|modified|reviewed|changed)|(?-u:\b)last[\s-]+(?:updated?|modified|reviewed|changed)|(?:本站|网站|本网站)(?:最[后近])?更新|(?:zuletzt|letzte)\s+(?:aktualisier|geändert|änderung)|dernière (?:mise à jour|modification)|última (?:actualización|modificación)|最終更新").expect("a literal")
    });
    SITE.is_match(text)
}

/// Whether a line says where an event takes place: a time right above it is the event's.
pub(super) fn is_a_venue(text: &str) -> bool {
    static VENUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:[一二三四五六0-9、.\s]*\p{Han}{0,4}地\s*[点點]|where|venue|place|location|ort|veranstaltungsort|lieu|dónde|lugar|場所|会場|장소)\s*[:：]").expect("a literal")
    });
    VENUE.is_match(text)
}

/// The date that a line shows, also as a day apart from its year and month, if there is nothing else.
pub(super) fn date_in(line: &str, context: &DateContext<'_>) -> Option<Published> {
    /// `05 2024-03`
    const SPLIT_BYTES: usize = 24;
    dates::find(line, context).or_else(|| {
        let split = line.len() <= SPLIT_BYTES && !line.contains(char::is_alphabetic);
        match dates::read(line, context) {
            Shown::Whole(date) if split => Some(date),
            _ => None,
        }
    })
}

/// Whether a line is a label alone, whose value stands in the next cell: `<dt>来源</dt><dd>新华社</dd>`.
pub(super) fn is_label(text: &str) -> bool {
    // asked of every short line: anchored, it says no at the first character
    static ALONE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!("^(?:{BARE_LABEL})$")).expect("a literal"));
    text.len() <= 24 && ALONE.is_match(text)
}

/// Labels that need no colon, where a gap, a stroke or the end of an element parts them from the value.
const BARE_LABEL: &str = r"(?:发布|发表|更新|上传)(?:日期|时间)|日\s*期|时\s*间|(?:文章|信息|新闻|稿件|内容)?来\s*源|稿\s*源|作\s*者|撰\s*稿人?|供\s*稿(?:人|单位)?|责任编辑|编\s*辑|审\s*核|(?:点击|浏览|阅读|访问)(?:次数|量|数)?";

static BARE_LABELS: LazyLock<Regex> = LazyLock::new(|| Regex::new(BARE_LABEL).expect("a literal"));

/// Labels of Western, Japanese and Korean pages that a date follows at once.
static WESTERN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[\t|·•–—(\[])\s*(?:(?P<published>(?:first |date |originally )?(?:published|posted)|publication date|date of publication|veröffentlicht|erschienen|publié|mis en ligne|publicad[oa]|pubblicato|gepubliceerd|опубликовано|등록일|작성일|게시일|掲載日|公開日|投稿日)|(?P<updated>(?:page |site )?(?:last )?(?:updated|modified|reviewed)|zuletzt (?:aktualisiert|geändert)|mis à jour|更新日|最終更新日|수정일))(?:\s+(?:on|am|le|el|op|il))?\s+(?P<date>(?:(?:mon|tue|wed|thu|fri|sat|sun|dien|mitt|donn|frei|sonn|lun|mar|mer|jeu|ven|sam|dim|mié|jue|vie|sáb|dom|gio|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|jan|ene|gen|feb|fév|mär|apr|abr|avr|may|mai|jun|juin|jul|juil|aug|ago|aoû|sep|oct|okt|nov|dec|déc|dez|dic)\p{L}{0,9}\.?,?\s+){0,2}[0-9]{1,4})").expect("a literal")
});

/// Whether a line is a sentence: with the mark that ends one, and as long as one where that mark is a point.
pub(super) fn is_sentence(text: &str, width: u32) -> bool {
    text.ends_with(['。', '；', '！', '？']) || width > 50 && text.ends_with('.')
}

/// Whether a line has labels without a colon.
pub(super) fn is_labelled_by_gaps(text: &str) -> bool {
    let text = text.trim();
    with_colons(text) != text
}

/// The line with the colons that it leaves out: `来源 新华社 | 作者 / 张三`.
fn with_colons(line: &str) -> String {
    let mut all = String::with_capacity(line.len() + 12);
    let mut done = 0;
    // `Published on 3 April 2024`
    if let Some(found) = WESTERN.captures(line)
        && let Some(label) = found.name("published").or_else(|| found.name("updated"))
        && let Some(date) = found.name("date")
    {
        all.push_str(&line[..label.start()]);
        all.push_str(if found.name("published").is_some() {
            "published："
        } else {
            "updated："
        });
        done = date.start();
    }
    let from = done;
    for found in BARE_LABELS
        .find_iter(line)
        .filter(|found| found.start() >= from)
    {
        let (before, after) = (&line[..found.start()], &line[found.end()..]);
        let begins = before.chars().next_back().is_none_or(|c| {
            c.is_whitespace() || matches!(c, '|' | '｜' | '[' | '【' | '（' | '(' | '/' | '·')
        });
        let gap = after.trim_start_matches(|c: char| {
            c.is_whitespace() || matches!(c, '/' | '／' | '|' | '｜')
        });
        let parted =
            gap.len() < after.len() && !gap.is_empty() && !gap.starts_with([':', '：', '﹕', '∶']);
        if begins && parted {
            all.push_str(&line[done..found.end()]);
            all.push('：');
            done = line.len() - gap.len();
        }
    }
    all.push_str(&line[done..]);
    all
}

/// Reads a line.
pub(super) fn read(line: &str, context: &DateContext<'_>) -> Facts {
    let line = with_colons(line);
    let line = line.as_str();
    let mut facts = Facts::default();
    let labels: Vec<(Label, usize, usize)> = LABELS
        .captures_iter(line)
        .filter_map(|found| {
            let all = found.get(0)?;
            let label = [
                "date",
                "other_date",
                "origin",
                "publisher",
                "author",
                "contributor",
                "editor",
                "other",
            ]
            .iter()
            .position(|name| found.name(name).is_some())?;
            Some((label_of(label), all.start(), all.end()))
        })
        .collect();
    facts.labels = labels.len();
    let (mut origin, mut author) = (None, None);
    let mut other_date = None;
    for (index, &(label, start, end)) in labels.iter().enumerate() {
        let next = labels
            .get(index + 1)
            .map_or(line.len(), |&(label, start, _)| {
                let is_date = matches!(label, Label::Date | Label::OtherDate);
                start - if is_date { word_before(line, start) } else { 0 }
            });
        let segment = &line[end..next];
        match label {
            Label::Date if !is_an_events(&line[..start], segment) => {
                let date = if joined_before(line, start) {
                    &mut other_date
                } else {
                    &mut facts.labelled_date
                };
                *date = date.or_else(|| dates::find(segment, context));
            }
            Label::OtherDate if other_date.is_none() => other_date = dates::find(segment, context),
            Label::Origin | Label::Publisher => {
                facts.names_origin |= label == Label::Origin;
                keep(&mut origin, label, value(segment));
            }
            // `图片来源` and `本报记者文` are no labels of the article
            Label::Author | Label::Contributor if !joined_before(line, start) => {
                keep(&mut author, label, value(segment));
            }
            Label::Editor if facts.editor.is_none() => facts.editor = value(segment),
            _ => {}
        }
    }
    let before = labels.first().map_or(line, |&(_, start, _)| &line[..start]);
    facts.bare_date = date_in(before.trim(), context)
        .or_else(|| date_in(line.trim(), context))
        .filter(|_| facts.labelled_date.is_none());
    if facts.bare_date.is_some() && facts.bare_date == other_date {
        // the only date is one of another kind
        facts.labelled_date = None;
    }
    facts.origin = origin.map(|(_, value)| value);
    facts.author = author.map(|(_, value)| value);
    facts
}

fn label_of(index: usize) -> Label {
    [
        Label::Date,
        Label::OtherDate,
        Label::Origin,
        Label::Publisher,
        Label::Author,
        Label::Contributor,
        Label::Editor,
        Label::Other,
    ][index.min(7)]
}

/// Keeps the value with the stronger label; of equal ones the first.
fn keep(kept: &mut Option<(Label, String)>, label: Label, value: Option<String>) {
    if let Some(value) = value
        && kept.as_ref().is_none_or(|(before, _)| label < *before)
    {
        *kept = Some((label, value));
    }
}

/// The length in bytes of a word that a label is the end of (`刊发` of `来源：教务处 刊发时间：`), where it stands apart.
fn word_before(line: &str, start: usize) -> usize {
    const LONGEST: usize = 4;
    let word = han_before(&line[..start]);
    let apart = line[..start - word.len()]
        .chars()
        .next_back()
        .is_some_and(|c| {
            c.is_whitespace() || matches!(c, '|' | '｜' | '/' | '[' | '【' | '（' | '(')
        });
    if apart && word.chars().count() <= LONGEST {
        word.len()
    } else {
        0
    }
}

/// The Chinese characters at a text's end.
fn han_before(text: &str) -> &str {
    text.char_indices()
        .rev()
        .take_while(|(_, c)| ('\u{4e00}'..='\u{9fff}').contains(c))
        .last()
        .map_or("", |(at, _)| &text[at..])
}

/// Whether a line's only labels of dates are ones that we do not know: at a text's end they may belong to it
/// (`填报日期：`).
pub(super) fn is_of_unknown_date(text: &str) -> bool {
    let mut labels = LABELS
        .captures_iter(text)
        .filter_map(|found| found.name("date").or_else(|| found.name("other_date")))
        .map(|label| joined_before(text, label.start()))
        .peekable();
    labels.peek().is_some() && labels.all(|joined| joined)
}

fn joined_before(line: &str, start: usize) -> bool {
    line[..start]
        .chars()
        .next_back()
        .is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// A label's value: the first piece of the text up to the next label.
fn value(segment: &str) -> Option<String> {
    let segment = segment.trim_start_matches(|c: char| c.is_whitespace());
    let end = ENDS
        .find(segment)
        .map_or(segment.len(), |found| found.start());
    let value = text::fold(&segment[..end]);
    let value = value.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | '，' | ';' | '；' | '、' | '/' | '-' | '—' | ']' | '·'
            )
    });
    let value = unbracketed(value);
    let length = value.chars().count();
    let nothing = matches!(
        value,
        "无" | "暂无" | "null" | "undefined" | "NULL" | "None"
    );
    (length > 0
        && length <= 60
        && !nothing
        && !value.contains('。')
        && value.chars().any(char::is_alphabetic))
    .then(|| value.to_owned())
}

/// Without a closing bracket that was opened before the label: `（来源：教务处）`.
fn unbracketed(value: &str) -> &str {
    for (open, close) in [('（', '）'), ('(', ')'), ('[', ']'), ('【', '】')] {
        if let Some(inner) = value.strip_suffix(close)
            && !inner.contains(open)
        {
            return inner.trim_end();
        }
    }
    value
}

/// The author in a line as Western pages have it: `By Jane Miller`, `lundi 5 mars 2012, par Marie Dupont`.
pub(super) fn byline(text: &str) -> Option<&str> {
    static BYLINE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|[,|·•–—\d]|\s)\s*(?i:(?:(?:written|posted|published) )?by|par|von)\s+(\p{Lu}[\p{L}'’.-]*(?: (?:de|du|la|le|van|von|der|den)){0,2}(?: \p{Lu}[\p{L}'’.-]+){1,3})(?:$|\t|\s*[,|·•–—(\d])")
            .expect("a literal")
    });
    BYLINE.captures(text)?.get(1).map(|name| name.as_str())
}

/// Whether a line is a byline and nothing else.
pub(super) fn is_byline(text: &str) -> bool {
    text.len() < 120
        && ["by", "par", "von"].iter().any(|word| {
            text.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        })
        && byline(text).is_some_and(|name| {
            // a day may follow
            let rest = text.rsplit(name).next().unwrap_or_default();
            rest.is_empty() || rest.len() <= 24 && rest.contains(|c: char| c.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn facts(line: &str) -> (Option<String>, Option<String>, Option<String>) {
        let timezone = TimeZone::UTC;
        let context = DateContext {
            timezone: &timezone,
            now: "2024-12-01T00:00:00Z".parse().unwrap(),
        };
        let facts = read(line, &context);
        let date = facts.date().map(|date| date.day().to_string());
        (date, facts.origin, facts.author)
    }

    #[test]
    fn reads_fact_lines_in_any_order() {
        for (line, date, origin, author) in [
            (
                "发布日期:2024-02-24     文章来源:陕西省教育厅    点击:",
                "2024-02-24",
                "陕西省教育厅",
                "",
            ),
            (
                "发布日期:2024-02-24文章来源:陕西省教育厅点击:",
                "2024-02-24",
                "陕西省教育厅",
                "",
            ),
            (
                "点击：12次 来源：教务处 时间：2024/2/4",
                "2024-02-04",
                "教务处",
                "",
            ),
            (
                "作者：　来源：　日期：2020-01-10　浏览次数：　次",
                "2020-01-10",
                "",
                "",
            ),
            (
                "稿源：中国教育报\t作　者：张三\t责编：李四\t2024年3月1日",
                "2024-03-01",
                "中国教育报",
                "张三",
            ),
            (
                "信息来源:\t招生办公室\t发布人：admin\t发布时间：2024-03-01",
                "2024-03-01",
                "招生办公室",
                "",
            ),
            (
                "发布机构：省教育厅 | 成文日期：2024-02-01 | 发布日期：2024-02-03",
                "2024-02-03",
                "省教育厅",
                "",
            ),
            (
                "2024-03-01 10:20 来源：新华社 【字体：大 中 小】 打印",
                "2024-03-01",
                "新华社",
                "",
            ),
            (
                "（来源：校团委 文/图：王五 编辑：赵六）",
                "",
                "校团委",
                "王五",
            ),
            (
                "供稿：宣传部 审核：钱七 2024-05-05",
                "2024-05-05",
                "",
                "宣传部",
            ),
            (
                "Source: Ministry of Education\tPublished: 24 Feb 2024",
                "2024-02-24",
                "Ministry of Education",
                "",
            ),
            (
                "更新时间：2024-02-01 发布时间：2024-01-01",
                "2024-01-01",
                "",
                "",
            ),
            (
                "来源：教务处 刊发时间：2024-03-20 14:00",
                "2024-03-20",
                "教务处",
                "",
            ),
            ("Published on 3 April 2024", "2024-04-03", "", ""),
            ("电话：010-62812024", "", "", ""),
        ] {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            assert_eq!(
                facts(line),
                (some(date), some(origin), some(author)),
                "{line}"
            );
        }
    }

    #[test]
    fn times_of_events_are_no_dates_of_articles() {
        for (line, event) in [
            ("报名截止时间：2024年3月20日", true),
            ("培训时间：2024年3月20日", true),
            ("路演时间：2024年3月20日（星期三）", true),
            ("路演时间：2024年3月20日-22日", true),
            ("When: 5 November 2024", true),
            ("今天是2024年3月20日", true),
            ("加入时间：2024-3-20 8:30:00　　点击：55", false),
            ("登载日期：2024年3月20日", false),
            ("發佈日期：2024-03-20", false),
            ("发布时间：2024年3月20日 星期三", false),
            ("更新时间：2024-03-20", false),
        ] {
            assert_eq!(is_of_an_event(line), event, "{line}");
        }
    }

    #[test]
    fn a_western_label_needs_no_colon_before_a_date() {
        for (line, labelled) in [
            ("Published 3 April 2024", true),
            ("Posted on Wednesday, April 3, 2024", true),
            ("Veröffentlicht am 3.4.2024", true),
            ("Publié le mercredi 3 avril 2024", true),
            ("Published research from 2019-03-04 shows it", false),
            ("Published 12 April", true),
        ] {
            assert_eq!(is_labelled_by_gaps(line), labelled, "{line}");
        }
    }
}
