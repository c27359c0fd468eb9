//! Where an article begins: its title and the lines of facts around it.
//!
//! In: the page's [`Outline`] and what it declares its title to be. Out: the title's lines, the fact lines beside it,
//! and the title's text. The page's heading is preferred to `<title>`, which sites fill with their own name.

use std::{cell::OnceCell, collections::HashSet, ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    facts,
    names::Names,
    outline::{Kind, Outline, Piece},
    role::Role,
};

/// A table of facts shows the date in one of its first cells.
const FACT_CELLS: usize = 10;

/// A heading is at least and at most so wide.
const WIDTHS: Range<u32> = 4..400;

/// How many lines below the title facts are looked for.
const REACH: usize = 14;

/// Where an article begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Heading {
    /// The lines of the title; empty where only `<title>` names the article.
    pub title_lines: Range<usize>,
    pub title: Option<String>,
    /// How sure: at least [`SURE`] where the page's own heading is beyond doubt.
    pub score: f32,
    /// Lines of facts, in order, most often right below the title.
    pub fact_lines: Vec<usize>,
    /// The first line that may belong to the body.
    pub end: usize,
}

/// From here on a heading is beyond doubt.
pub(super) const SURE: f32 = 11.0;

/// A lower score is no heading.
const LEAST: f32 = 4.0;

/// What a line is to its page, as far as that does not depend on where the article is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// It has a date or at least one label of a fact line.
    pub fact: bool,
    /// It has a label of a fact line.
    pub labelled: bool,
    /// It has a date.
    pub dated: bool,
    pub role: Option<Role>,
}

/// Finds the heading. `declared` are the texts that may name the article, `<title>` among them.
pub(super) fn find(
    outline: &Outline<'_>,
    marks: &[Mark],
    declared: &[String],
    not: &[String],
) -> Heading {
    let declared: Vec<String> = declared
        .iter()
        .map(|text| key(text))
        .filter(|key| !key.is_empty())
        .collect();
    let not: Vec<String> = not
        .iter()
        .map(|text| key(text))
        .filter(|key| !key.is_empty())
        .collect();
    let columns = OnceCell::new();
    let columns = || columns.get_or_init(|| columns_of(outline));
    let mut placed: Vec<(usize, Placed)> = candidates(outline, marks, &declared)
        .map(|lines| Placed::of(outline, marks, lines))
        .enumerate()
        .collect();
    // those that stand best first: what the others say need not be looked at
    placed.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
    let mut best: Option<(f32, usize, Range<usize>)> = None;
    for (index, placed) in placed {
        let least = best.as_ref().map_or(LEAST, |(score, ..)| *score);
        if placed.score + MOST_TOLD < least {
            break;
        }
        let score = placed.told(outline, marks, &declared, &not, &columns);
        // of equals the first candidate
        let is_better = best
            .as_ref()
            .is_none_or(|(before, first, _)| score > *before || score >= *before && index < *first);
        if score >= LEAST && is_better {
            best = Some((score, index, placed.lines));
        }
    }
    let mut heading = Heading::default();
    if let Some((score, _, lines)) = best {
        heading.title = Some(outline.joined(lines.clone()));
        heading.score = score;
        heading.end = lines.end;
        heading.title_lines = lines;
    }
    collect_facts(outline, marks, &mut heading);
    heading
}

/// Single lines, and blocks of two to four lines that look like a heading broken by `<br>`.
fn candidates<'o>(
    outline: &'o Outline<'_>,
    marks: &'o [Mark],
    declared: &'o [String],
) -> impl Iterator<Item = Range<usize>> + 'o {
    let single = (0..outline.lines.len()).filter(move |&line| {
        let l = &outline.lines[line];
        WIDTHS.contains(&l.width) && !l.hidden && marks[line].role.is_none()
    });
    let broken = outline.blocks.iter().filter(move |block| {
        let lines = || block.lines.clone();
        (2..=4).contains(&block.lines.len())
            && lines().all(|line| {
                let l = &outline.lines[line];
                !l.hidden && !marks[line].fact && marks[line].role.is_none()
            })
            && lines().map(|line| outline.lines[line].width).sum::<u32>() < WIDTHS.end
            && if lines()
                .all(|line| outline.lines[line].block == outline.lines[block.lines.start].block)
            {
                (matches!(block.kind, Kind::Heading(1..=3)) || block.names.title())
                    && !is_column_name(&key(&outline.text(block.lines.start)))
                    || is_declared(&key(&outline.joined(lines())), declared)
                    || is_broken(outline, marks, &block.lines)
            } else {
                is_declared(&key(&outline.joined(lines())), declared)
                    && block.lines.len() == 2
                    && !outline.lines[block.lines.start].is_linked()
                    || is_issued(outline, marks, &block.lines)
            }
    });
    broken
        .map(|block| block.lines.clone())
        .chain(single.map(|line| line..line + 1))
}

/// Whether the lines of a block, right above a date, are one title broken by `<br>`: none is a sentence, a link or a
/// column's name.
fn is_broken(outline: &Outline<'_>, marks: &[Mark], lines: &Range<usize>) -> bool {
    const MOST_WIDTH: u32 = 200;
    let width: u32 = lines.clone().map(|line| outline.lines[line].width).sum();
    width <= MOST_WIDTH
        && nearness(marks, lines.end) >= 6.0
        && lines.clone().all(|line| {
            let l = &outline.lines[line];
            let text = outline.text(line);
            l.links == 0
                && l.images == 0
                && l.marks <= 1
                && !facts::is_sentence(&text, l.width)
                && !is_column_name(&key(&text))
        })
}

/// Whether a block above a date holds who issues a document and what it is called (`某省教育厅`, `关于……的通知`), or a
/// title and its subtitle (`——校长张三`).
fn is_issued(outline: &Outline<'_>, marks: &[Mark], lines: &Range<usize>) -> bool {
    let last = lines.end - 1;
    let begins = |word: &&str| outline.text(last).starts_with(*word);
    let plain = |line: usize| outline.lines[line].links == 0 && outline.lines[line].images == 0;
    nearness(marks, lines.end) >= 6.0
        && (lines.start..last).all(plain)
        && (["关于", "转发", "印发"].iter().any(begins)
            && (lines.start..last).all(|line| is_site_name(&outline.text(line)))
            || lines.len() == 2
                && begins(&"—")
                && !is_column_name(&key(&outline.text(lines.start))))
}

/// Whether a text of several lines is what the page is called.
fn is_declared(text: &str, declared: &[String]) -> bool {
    text.chars().count() >= 8 && declared.iter().any(|title| title.contains(text))
}

/// Lines that may be the title, and what speaks for them before they are read: where they stand and what they are
/// called.
struct Placed {
    lines: Range<usize>,
    score: f32,
    /// The level of the heading that they stand in; 0 if in none.
    level: u8,
    near: f32,
    kicker: bool,
}

/// What a text can add to where it stands: as much as [`likeness`].
const MOST_TOLD: f32 = 10.0;

impl Placed {
    fn of(outline: &Outline<'_>, marks: &[Mark], lines: Range<usize>) -> Self {
        let first = lines.start;
        let line = &outline.lines[first];
        let mut heading = 0_u8;
        let (mut title_hint, mut chrome) = (false, false);
        for (depth, block) in outline.around(first).take(6).enumerate() {
            let block = &outline.blocks[block];
            // a wrapper of much else says nothing of this line
            if block.lines.len() > lines.len() + 3
                && depth > 0
                && !matches!(block.element.name(), "nav" | "footer")
            {
                chrome |= depth < 4
                    && block.lines.len() < 30
                    && (block.names.chrome() || block.names.breadcrumb());
                continue;
            }
            if let Kind::Heading(level) = block.kind
                && (heading == 0 || level < heading)
            {
                heading = level;
            }
            title_hint |= block.names.title();
            chrome |= block.names.chrome() || block.names.breadcrumb();
        }
        let mut score = match heading {
            1 => 6.0,
            2 => 5.0,
            3 => 4.0,
            4 => 2.5,
            5 | 6 => 1.0,
            _ => 0.0,
        };
        if title_hint || inline_hint(outline, first) {
            score += 3.5;
        }
        if chrome {
            score -= 5.0;
        }
        if line.is_linked() {
            score -= 4.0;
        }
        let near = nearness(marks, lines.end);
        let kicker = near > 0.0 && is_kicker(outline, marks, &lines);
        let near = match near {
            _ if kicker => 0.0,
            near if near < 6.0 && is_below_date(outline, marks, first) => 6.0,
            near => near,
        };
        Self {
            score: score + near,
            lines,
            level: heading,
            near,
            kicker,
        }
    }

    /// The score with what the text says.
    fn told<'c>(
        &self,
        outline: &Outline<'_>,
        marks: &[Mark],
        declared: &[String],
        not: &[String],
        columns: &impl Fn() -> &'c HashSet<String>,
    ) -> f32 {
        let Self {
            lines,
            level,
            near,
            kicker,
            ..
        } = self;
        let (first, near) = (lines.start, *near);
        let line = &outline.lines[first];
        let mut score = self.score;
        let text = key(&outline.joined(lines.clone()));
        // the facts are not right below it; a page that is called like its column says nothing
        let column = near < 6.0 && (*level == 0 || near > 0.0 || *kicker) && is_column_name(&text);
        if !column {
            score += likeness(&text, declared);
        }
        if not.contains(&text) {
            score -= 5.0;
        }
        if text.chars().count() < 4 {
            score -= if near < 6.0 { 3.0 } else { 1.0 };
        }
        if line.marks > 3 && line.width > 160 {
            score -= 3.0;
        }
        let links_to_column = || text.chars().count() <= COLUMN_CHARS && columns().contains(&text);
        if column || near < 6.0 && links_to_column() {
            score -= 4.0;
        }
        if HOME.is_match(&text) || near < 6.0 && is_site_name(&text) {
            score -= 6.0;
        }
        // a subtitle, or a fact, is no title by itself
        if marks[first].fact && *level == 0 || outline.text(first).starts_with('—') {
            score -= 5.0;
        }
        score
    }
}

/// A fact line with a date stands right below, or not far.
fn nearness(marks: &[Mark], end: usize) -> f32 {
    let below = marks.get(end..).unwrap_or_default();
    let Some(distance) = below.iter().take(4).position(|mark| mark.fact) else {
        return 0.0;
    };
    if !below
        .iter()
        .skip(distance)
        .take(FACT_CELLS)
        .any(|mark| mark.fact && mark.dated)
    {
        return 0.0;
    }
    [6.0, 3.0, 1.5, 0.5][distance]
}

/// No kicker is wider: `Pressemitteilung 45/2024`.
const KICKER_WIDTH: u32 = 52;

/// The level of the heading that a line stands in; 0 if in none.
fn level(outline: &Outline<'_>, line: usize) -> u8 {
    outline
        .around(line)
        .take(3)
        .find_map(|block| match outline.blocks[block].kind {
            Kind::Heading(level) => Some(level),
            _ => None,
        })
        .unwrap_or_default()
}

/// Whether a short line says what kind of text follows: between it and the page's `<h1>`, or below a column's name a
/// lesser heading, there is only a date.
fn is_kicker(outline: &Outline<'_>, marks: &[Mark], lines: &Range<usize>) -> bool {
    let next = (lines.end..marks.len())
        .take(3)
        .find(|&line| !marks[line].fact)
        .filter(|&line| line > lines.end);
    let Some(next) = next.filter(|_| lines.len() == 1) else {
        return false;
    };
    match level(outline, next) {
        1 => is_short(outline, lines.start) && level(outline, lines.start) != 1,
        2 | 3 => is_column_name(&key(&outline.text(lines.start))),
        _ => false,
    }
}

fn is_short(outline: &Outline<'_>, line: usize) -> bool {
    outline.lines[line].width <= KICKER_WIDTH && !outline.text(line).starts_with("关于")
}

/// Whether a line is the page's `<h1>` below a date, and above that there is no other title: a kicker at most. The same
/// goes for a notice's name in bold letters that begins the text, where the page shows no other.
fn is_below_date(outline: &Outline<'_>, marks: &[Mark], line: usize) -> bool {
    let facts = (0..line)
        .rev()
        .take(3)
        .take_while(|&line| marks[line].fact && !outline.lines[line].hidden)
        .collect::<Vec<_>>();
    let Some(&first) = facts.last() else {
        return false;
    };
    let above = first.checked_sub(1);
    let is_title = match level(outline, line) {
        1 => above.is_none_or(|above| outline.lines[above].is_linked() || is_short(outline, above)),
        2 | 3 => above.is_some_and(|above| is_column_name(&key(&outline.text(above)))),
        _ => is_set_apart(outline, line),
    };
    is_title && facts.iter().any(|&line| marks[line].dated)
}

/// Whether a line that is called like a notice stands in the middle or in bold letters, alone in its block.
fn is_set_apart(outline: &Outline<'_>, line: usize) -> bool {
    static NOTICE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^关于.{4}|(?:通知|公告|公示|通告|通报|意见|办法|方案|决定|启事|倡议书)$")
            .expect("a literal")
    });
    let block = &outline.blocks[outline.lines[line].block];
    let is_centred = block.element.attrs().any(|(name, value)| match name {
        "align" => value.eq_ignore_ascii_case("center"),
        "style" => value.contains("center"),
        _ => false,
    });
    let is_bold = || {
        outline.pieces[outline.lines[line].pieces.clone()]
            .iter()
            .find_map(|piece| match piece {
                Piece::Open(element, Kind::Inline) if element.is_any(&["b", "strong"]) => {
                    Some(true)
                }
                Piece::Text(text) if !text.trim().is_empty() => Some(false),
                _ => None,
            })
            .unwrap_or(false)
    };
    let here = &outline.lines[line];
    block.lines.len() == 1
        && here.links == 0
        && here.marks <= 1
        && (is_centred || is_bold())
        && NOTICE.is_match(&outline.text(line))
}

static HOME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:首页|主页|网站首页|home)").expect("a literal"));

/// A column's name is no longer.
const COLUMN_CHARS: usize = 8;

/// The names that columns may have: what the page's short links say. A heading that a link elsewhere on the page bears
/// is a column's.
fn columns_of(outline: &Outline<'_>) -> HashSet<String> {
    let lines = outline.lines.iter().take(400);
    let linked = lines.filter(|line| line.links > 0 && line.width < 400);
    linked
        .flat_map(|line| outline.links_of_line(line).take(30))
        .map(|link| key(&link.text()))
        .filter(|name| name.chars().count() <= COLUMN_CHARS)
        .collect()
}

/// Whether a short text, as [`key`] has it, is what columns are called.
pub(super) fn is_column_name(text: &str) -> bool {
    static WESTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?:latest|school|district|our|all)?news(?:room|details?|articles?|items?|story|stories|archive|cent(?:er|re)|events|andevents)?|press(?:room|releases?|cent(?:er|re))?|mediareleases?|announcements?|events?|blog|articles?|details?|aktuelles|neuigkeiten|nachrichten|presse(?:mitteilung(?:en)?|information(?:en)?)?|actualités?|communiqués?(?:depresse)?|noticias|notasdeprensa|новости|お知らせ|ニュース|新着情報|トピックス|공지(?:사항)?|새소식|보도자료)$").expect("a literal")
    });
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\p{Han}{0,4}(?:新闻|公告|公开|通知|公示|动态|要闻|快讯|资讯|信息|简报|政策|法规|文件|制度|下载|专栏|专题|活动|风采|园地|之窗|天地|工作|教育|教学|科研|党建|招生|就业|正文|内容|详情|详细|展示|浏览|阅读)$").expect("a literal")
    });
    text.chars().count() <= 6 && NAME.is_match(text) || WESTERN.is_match(text)
}

/// Whether a short text is the name of an institution: in large letters above its pages, or at the end of `<title>`.
pub(super) fn is_site_name(text: &str) -> bool {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:欢迎(?:访问|来到|光临|您))?[\p{Han}（）()·]{2,18}(?:大学|学院|学校|[中小]学|幼儿园|教育[厅局部]|教委|考试院|委员会|处|部|中心|办公室|图书馆|研究[院所]|系|官?网|网站|门户|协会|政府)$").expect("a literal")
    });
    NAME.is_match(text)
}

/// A `<span class="title">` around the line, or one that is set large and bold by its style.
fn inline_hint(outline: &Outline<'_>, line: usize) -> bool {
    outline.pieces[outline.lines[line].pieces.clone()]
        .iter()
        .any(|piece| match piece {
            Piece::Open(element, Kind::Inline) => Names::of(*element).title(),
            _ => false,
        })
}

/// How much a line is what the page declares as its title: 10 where it is just that.
fn likeness(text: &str, declared: &[String]) -> f32 {
    let length = text.chars().count();
    if length < 2 {
        return 0.0;
    }
    declared
        .iter()
        .map(|title| {
            let whole = title.chars().count();
            #[allow(clippy::cast_precision_loss, reason = "a few hundred characters")]
            let part = |a: usize, b: usize| a as f32 / b.max(1) as f32;
            if title == text {
                10.0
            } else if title.starts_with(text) {
                // the rest is the column and the site
                6.0 + 4.0 * part(length, whole)
            } else if title.contains(text) {
                10.0 * part(length, whole)
            } else if text.starts_with(title) && whole >= 6 {
                // declared cut short, or the line has a subtitle; or it greets in the site's name
                9.0 * part(whole, length)
            } else {
                0.0
            }
        })
        .fold(0.0, f32::max)
}

/// A text by its letters and digits alone, in one width and case: what titles are compared by.
pub(super) fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        let c = match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            c => c,
        };
        match c {
            // nearly all, told without a look into Unicode's tables
            'a'..='z' | '0'..='9' | '\u{4e00}'..='\u{9fff}' => key.push(c),
            c if c.is_alphanumeric() => key.extend(c.to_lowercase()),
            _ => {}
        }
    }
    key
}

/// Fact lines below the title, up to the first line that tells a story; if there are none, those right above it.
fn collect_facts(outline: &Outline<'_>, marks: &[Mark], heading: &mut Heading) {
    if heading.title.is_none() {
        return;
    }
    let mut between = 0;
    let below = marks.iter().zip(&outline.lines).enumerate();
    for (line, (mark, l)) in below.skip(heading.title_lines.end).take(REACH) {
        if l.hidden {
            continue;
        }
        let known = !heading.fact_lines.is_empty();
        let shows = l.embeds > 0 || l.images > 0 && l.width == 0 && l.links == 0;
        if shows || is_behind(*mark, known && between > 0) {
            break;
        }
        if !mark.fact && tells(outline, line) {
            if known || !is_lead(outline, marks, line) {
                break;
            }
            continue;
        }
        if mark.fact && known && is_header_cell(outline, *mark, line, &heading.fact_lines) {
            break;
        }
        if mark.fact {
            heading.fact_lines.push(line);
            // a label alone has its value beside it
            let alone = mark.labelled && !mark.dated && outline.is_in_row(line, line + 1);
            heading.end = line + 1 + usize::from(alone);
            between = 0;
        } else if mark.role.is_none() {
            between += 1;
            // a subtitle, a label and its value in two cells; not a paragraph
            if between > 3 || (l.width > 60 && l.marks > 1) {
                break;
            }
        }
    }
    if heading.fact_lines.is_empty() {
        let above = above_of(outline, marks, heading.title_lines.start)..heading.title_lines.start;
        let facts = above.filter(|&line| marks[line].fact && !outline.lines[line].hidden);
        heading.fact_lines = facts.collect();
        if !heading.fact_lines.iter().any(|&line| marks[line].dated) {
            heading.fact_lines.clear();
        }
    }
}

/// Whether a label alone (`日期`) is the first cell of a table that begins below the facts: the text's.
fn is_header_cell(outline: &Outline<'_>, mark: Mark, line: usize, facts: &[usize]) -> bool {
    let table = || {
        outline
            .around(line)
            .map(|block| &outline.blocks[block])
            .find(|block| block.element.is_any(&["table", "dl"]))
    };
    mark.labelled
        && !mark.dated
        && facts::is_label(&outline.text(line))
        && table().is_some_and(|table| !facts.iter().any(|fact| table.lines.contains(fact)))
}

/// Where facts above a title may begin: a few lines above, or where the table of them begins.
fn above_of(outline: &Outline<'_>, marks: &[Mark], title: usize) -> usize {
    const NEAR: usize = 4;
    /// A longer table is one of the layout.
    const MOST_CELLS: usize = 40;
    let near = title.saturating_sub(NEAR);
    let table = (near..title).rev().find_map(|line| {
        outline
            .around(line)
            .map(|block| &outline.blocks[block])
            .take_while(|block| block.lines.end <= title && block.lines.len() <= MOST_CELLS)
            .filter(|block| block.element.is_any(&["table", "dl", "ul"]))
            .find(|block| {
                let labelled = block.lines.clone().filter(|&line| marks[line].labelled);
                labelled.count() > 2
            })
    });
    table.map_or(near, |table| table.lines.start.min(near))
}

/// Whether a line is a sentence, however short: `见附件。`
fn tells(outline: &Outline<'_>, line: usize) -> bool {
    facts::is_sentence(&outline.text(line), outline.lines[line].width)
}

/// Whether a sentence below a title is a lead: facts follow, and then the text.
fn is_lead(outline: &Outline<'_>, marks: &[Mark], line: usize) -> bool {
    let facts = (line + 1..marks.len().min(line + 7))
        .rev()
        .find(|&line| marks[line].dated);
    facts.is_some_and(|last| {
        (last + 1..marks.len()).take(6).any(|line| {
            let l = &outline.lines[line];
            marks[line].role.is_none() && !l.is_linked() && l.marks > 0 && l.width > 60
        })
    })
}

/// Whether a line stands behind an article: neighbours, related articles; editors, where there has been some `text`.
fn is_behind(mark: Mark, text: bool) -> bool {
    match mark.role {
        Some(Role::Neighbour | Role::Related | Role::Footer) => true,
        Some(Role::Editor) => text,
        _ => false,
    }
}
