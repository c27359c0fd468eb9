//! The names, dates and numbers in which two texts of one form differ.
//!
//! In: two texts that are much alike. Out: the differences that make them two notices. Forms are sent each year, by each
//! city and by each school, and only what they are about differs: 郑州市 and 银川市, 11月28日 and 12月5日, one telephone
//! number and another. A republished notice differs too, in slips of the pen, in a head, a foot, an end that is cut; but
//! not in these, where a sentence is kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    fingerprint::{is_han, normalise},
    titles::{Token, tokens},
};

/// What ends a sentence.
pub(super) const SENTENCE_ENDS: [char; 8] = ['。', '！', '？', '!', '?', '；', ';', '\n'];
/// Shorter sentences are addresses, signatures, dates of the one who publishes.
const LEAST_CHARS: usize = 12;
/// Longer ones are compared as far as that.
const MOST_TOKENS: usize = 160;
/// So many sentences that the other text does not have are looked at.
const MOST_SENTENCES: usize = 40;
/// A common run within two sentences has at least so many parts.
const ANCHOR: usize = 2;
/// Behind a difference, a name ends within so many characters: `郑州` and `洛阳`, with `师范学院` behind.
const REACH: usize = 6;
/// One word in another's place, in so many sentences, is a name whatever it looks like.
const OFTEN: usize = 3;
/// One character in another's place, in front of what places are called with: so often is no slip.
const TWICE: usize = 2;
/// So many slips for each such name, and it is one as well.
const SLIPS: usize = 3;
/// The last sentences may be a signature.
const FOOT: usize = 3;

/// What places and schools are called with, the longer first.
const KINDS: [&str; 28] = [
    "幼儿园",
    "大学",
    "学院",
    "学校",
    "中学",
    "小学",
    // as a token has it: 一中
    "1中",
    "2中",
    "3中",
    "4中",
    "1小",
    "2小",
    "医院",
    "街道",
    "省",
    "市",
    "县",
    "区",
    "州",
    "盟",
    "旗",
    "镇",
    "乡",
    "村",
    "路",
    "街",
    "校",
    "园",
];
/// The longer ones, which count a few characters further on as well.
const LONG_KINDS: usize = 14;
/// Kinds of one character count right behind the difference; of names that differ in one character, so near: `河南省` and
/// `湖南省`.
const NEAR: usize = 1;
/// What is said of no place in particular: `我省`, `各市教育局`, `本校`.
const GENERAL: &str = "省市县区州盟旗镇乡村全各我本该有关相校院系厅局部委级教育国家地方中小学大高等职业技术单位机构学生老师考人员会办公室处科";

/// Words of which each means another thing than the others: one in another's place is no slip of the pen.
const CONTRASTS: [&str; 9] = [
    "硕博本专",
    "初高",
    "上下",
    "文理工",
    "男女",
    "春夏秋冬",
    "东西南北",
    "甲乙丙丁",
    "笔面复",
];
/// Spellings of one word.
const VARIANTS: [&str; 14] = [
    "它他她",
    "须需",
    "内內",
    "账帐",
    "作做",
    "像象",
    "的地得",
    "份分",
    "你您贵",
    "订定",
    "后後",
    "其该",
    "和与及并",
    "为爲",
];

/// A difference between two sentences: one word in another's place, and what stands before and behind both.
struct Difference<'a> {
    one: &'a [Token],
    other: &'a [Token],
    before: &'a [Token],
    behind: &'a [Token],
}

/// What is found in all sentences of two texts, as words that stand in each other's place and how often.
#[derive(Default)]
struct Swaps {
    /// Whole words.
    words: HashMap<(String, String), usize>,
    /// Single characters.
    letters: HashMap<(char, char), Letter>,
    /// What stands in front of a kind in one text alone: `江苏大学`, `江苏师范大学`.
    parts: HashMap<String, usize>,
}

/// One character in another's place.
#[derive(Default)]
struct Letter {
    times: usize,
    /// Whether in front of what places are called with.
    named: bool,
}

/// Whether two texts of one form tell of different places, dates or numbers.
///
/// A character in another's place in front of `市` or `学校` may be another name, `甲县` and `乙县`, or a slip of the pen like
/// those elsewhere in a text typed anew. Names come again, and slips come anywhere: it is a name where it stands twice, or
/// where there are not three times as many slips that are none.
pub(super) fn differ(a: &str, b: &str) -> bool {
    let (a, b) = (sentences(a), sentences(b));
    // each sentence is held beside the one most like it, which is not the same from both sides
    differ_from(&a, &b) || differ_from(&b, &a)
}

fn differ_from(a: &[String], b: &[String]) -> bool {
    let mut swaps = Swaps::default();
    for (one, other) in pairs(a, b) {
        let mut told = false;
        compare(&one, &other, &mut |difference| {
            told = told || difference.tells(&mut swaps);
        });
        if told {
            return true;
        }
    }
    swaps.tell()
}

impl Swaps {
    fn tell(&self) -> bool {
        let names = self.letters.values().filter(|letter| letter.named);
        let slips = self.letters.values();
        let slips = slips.filter(|letter| !letter.named && letter.times == 1);
        let words = self.words.values().chain(self.parts.values()).copied();
        let mut times = self
            .letters
            .values()
            .map(|letter| letter.times)
            .chain(words);
        names.clone().count() * SLIPS > slips.count()
            || names.clone().any(|letter| letter.times >= TWICE)
            || times.any(|times| times >= OFTEN)
    }
}

/// The names in which two titles differ, as far as the first such difference.
pub(super) fn names(a: &str, b: &str) -> Option<(String, String)> {
    let (a, b) = (first_tokens(a), first_tokens(b));
    let first = |a: &[Token], b: &[Token]| {
        let mut found = None;
        compare(a, b, &mut |difference| {
            if found.is_none() {
                found = difference.names().or_else(|| difference.longer_name());
            }
        });
        found
    };
    // what stands behind a difference is looked for in the first of the two
    first(&a, &b).or_else(|| first(&b, &a).map(|(b, a)| (a, b)))
}

/// The words in which two titles differ, where nothing but one word stands in another's place.
///
/// A word of one character comes with the next one: `本科`, not `本`, which stands in many words.
pub(super) fn words(a: &str, b: &str) -> Option<(String, String)> {
    let (a, b) = (first_tokens(a), first_tokens(b));
    let mut found = Vec::new();
    compare(&a, &b, &mut |difference| {
        let whole = |word: &[Token]| match (word, difference.behind.first()) {
            ([Token::Char(_)], Some(next @ Token::Char(_))) => {
                text(word) + &text(std::slice::from_ref(next))
            }
            _ => text(word),
        };
        found.push((whole(difference.one), whole(difference.other)));
    });
    match found.as_slice() {
        [(one, other)] => {
            let shared = a.len().saturating_sub(one.chars().count());
            let alike = shared * 2 >= a.len().min(b.len());
            (alike && !one.is_empty() && !other.is_empty()).then(|| (one.clone(), other.clone()))
        }
        _ => None,
    }
}

/// A text's numbers and other characters, as far as they are compared.
fn first_tokens(text: &str) -> Vec<Token> {
    let mut tokens = tokens(text);
    tokens.truncate(MOST_TOKENS);
    tokens
}

/// A text's sentences as they are compared, in order, without those of its publisher.
fn sentences(text: &str) -> Vec<String> {
    let all = text
        .split(SENTENCE_ENDS)
        .flat_map(|sentence| sentence.split(". "))
        .filter(|sentence| !is_of_the_page(sentence));
    let mut kept: Vec<String> = all
        .map(normalise)
        .filter(|sentence| sentence.chars().count() >= LEAST_CHARS || says_when(sentence))
        .collect();
    let foot = kept.len().saturating_sub(FOOT);
    let mut place = 0;
    kept.retain(|sentence| {
        place += 1;
        place <= foot || !is_signature(sentence)
    });
    kept
}

/// `时间：3月5日`, `二、地点：甲县一中`: short, and what a notice is about. With a year it may be the page's own date.
fn says_when(sentence: &str) -> bool {
    let numeral = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    let said = sentence.trim_start_matches(numeral);
    let value = ["时间", "地点"]
        .iter()
        .find_map(|label| said.strip_prefix(label));
    value
        .is_some_and(|value| !value.is_empty() && !value.starts_with("20") && !value.contains('年'))
}

/// `发布时间：…`, `点击：…`: said by the page that shows the text.
fn is_of_the_page(sentence: &str) -> bool {
    const LABELS: [&str; 12] = [
        "发布时间",
        "发布日期",
        "发布人",
        "发布单位",
        "来源",
        "日期",
        "点击",
        "浏览",
        "阅读",
        "访问",
        "更新",
        "编辑",
    ];
    let sentence = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
    LABELS.iter().any(|label| sentence.starts_with(label))
}

/// `某市教育局办公室2026年3月1日`: a name and a date and no more.
fn is_signature(sentence: &str) -> bool {
    const LONGEST: usize = 36;
    let Some(rest) = sentence.strip_suffix('日') else {
        return false;
    };
    let date = |c: char| c.is_ascii_digit() || "年月〇零一二三四五六七八九十".contains(c);
    let name = rest.trim_end_matches(date);
    let has_year = rest.len() - name.len() >= "1年1月1".len() && rest.contains('年');
    let is_name = !name.contains(['于', '在', '至', '为', '前', '间', '期', '起']);
    has_year && is_name && sentence.chars().count() <= LONGEST
}

/// Each sentence that the other text does not have, with the one there that is most like it, if one is.
fn pairs(a: &[String], b: &[String]) -> Vec<(Vec<Token>, Vec<Token>)> {
    let own = |a: &[String], b: &[String]| {
        let others: HashSet<&str> = b.iter().map(String::as_str).collect();
        // what stands twice differs once
        let mut seen = HashSet::new();
        let left = a.iter().filter(|sentence| {
            !others.contains(sentence.as_str()) && seen.insert(sentence.as_str())
        });
        left.take(MOST_SENTENCES)
            .map(|sentence| {
                let tokens = first_tokens(sentence);
                let form = form(&tokens);
                (tokens, form)
            })
            .collect::<Vec<_>>()
    };
    let (left, right) = (own(a, b), own(b, a));
    let mut pairs = Vec::new();
    for (one, form) in &left {
        let best = right
            .iter()
            .map(|(other, other_form)| (likeness(form, other_form), other))
            .max_by_key(|(likeness, _)| *likeness);
        if let Some((likeness, other)) = best
            && likeness >= 50
        {
            pairs.push((one.clone(), other.clone()));
        }
    }
    pairs
}

/// How often each two parts follow each other, numbers being all the same.
type Form = BTreeMap<(char, char), u32>;

fn form(tokens: &[Token]) -> Form {
    let mut form = Form::new();
    let chars: Vec<char> = tokens
        .iter()
        .map(|token| match token {
            Token::Number(_) => '#',
            Token::Char(c) => *c,
        })
        .collect();
    for pair in chars.windows(2) {
        if let [one, other] = pair {
            *form.entry((*one, *other)).or_default() += 1;
        }
    }
    form
}

/// In percent.
fn likeness(a: &Form, b: &Form) -> u32 {
    let shared: u32 = a
        .iter()
        .map(|(pair, times)| b.get(pair).map_or(0, |other| (*times).min(*other)))
        .sum();
    let all: u32 = a.values().sum::<u32>() + b.values().sum::<u32>();
    (shared * 200).checked_div(all).unwrap_or(0)
}

/// Tells each difference between two sentences, from the first to the last: the longest common run of [`ANCHOR`] parts or
/// more parts them, and so on on both sides of it.
fn compare<'a>(one: &'a [Token], other: &'a [Token], tell: &mut dyn FnMut(&Difference<'a>)) {
    let mut anchors = Vec::new();
    anchor(one, other, (0, 0), &mut anchors);
    anchors.push((one.len(), other.len(), 0));
    let (mut at, mut at_other) = (0, 0);
    for (start, start_other, length) in anchors {
        let difference = Difference {
            one: one.get(at..start).unwrap_or_default(),
            other: other.get(at_other..start_other).unwrap_or_default(),
            before: one.get(..at).unwrap_or_default(),
            behind: one.get(start..).unwrap_or_default(),
        };
        if !(difference.one.is_empty() && difference.other.is_empty()) {
            tell(&difference);
        }
        (at, at_other) = (start + length, start_other + length);
    }
}

/// The common runs of two sentences, in order: where each begins in both, and its length.
fn anchor(
    one: &[Token],
    other: &[Token],
    from: (usize, usize),
    found: &mut Vec<(usize, usize, usize)>,
) {
    let (start, start_other, length) = longest(one, other);
    // at the ends a single part is enough: what follows a name may be short
    let at_end = start + length == one.len() && start_other + length == other.len();
    let at_start = start == 0 && start_other == 0;
    if length == 0 || (length < ANCHOR && !at_end && !at_start) {
        return;
    }
    anchor(&one[..start], &other[..start_other], from, found);
    found.push((from.0 + start, from.1 + start_other, length));
    let (end, end_other) = (start + length, start_other + length);
    anchor(
        &one[end..],
        &other[end_other..],
        (from.0 + end, from.1 + end_other),
        found,
    );
}

fn longest(one: &[Token], other: &[Token]) -> (usize, usize, usize) {
    let mut best = (0, 0, 0);
    let mut before = vec![0_usize; other.len() + 1];
    for (i, token) in one.iter().enumerate() {
        let mut runs = vec![0_usize; other.len() + 1];
        for (j, twin) in other.iter().enumerate() {
            if token == twin {
                let length = before[j] + 1;
                runs[j + 1] = length;
                if length > best.2 {
                    best = (i + 1 - length, j + 1 - length, length);
                }
            }
        }
        before = runs;
    }
    best
}

fn text(tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Number(number) => text.push_str(number),
            Token::Char(c) => text.push(*c),
        }
    }
    text
}

impl Difference<'_> {
    /// Whether it makes two notices of the texts by itself. If not, it counts towards `swaps`.
    fn tells(&self, swaps: &mut Swaps) -> bool {
        let (one, other) = (text(self.one), text(self.other));
        if self.is_of_letters() {
            let named = self.names().is_some();
            for (one, other) in one.chars().zip(other.chars()).filter(|(a, b)| a != b) {
                let among = |groups: &[&str]| {
                    let holds = |group: &&str| group.contains(one) && group.contains(other);
                    groups.iter().any(holds)
                };
                if among(&CONTRASTS) {
                    return true;
                }
                if !among(&[GENERAL]) && !among(&VARIANTS) {
                    let letter = swaps.letters.entry((one, other)).or_default();
                    letter.times += 1;
                    letter.named |= named;
                }
            }
            return false;
        }
        if let Some(swap) = self.swap() {
            *swaps.words.entry(swap).or_default() += 1;
        }
        if let Some((_, longer)) = self.longer_name() {
            *swaps.parts.entry(longer).or_default() += 1;
        }
        self.names().is_some() || self.number_differs()
    }

    /// Whether one has other numbers than the other. The numbers of paragraphs (`三、`, `第五条`) are none: they shift where
    /// one is left out.
    fn number_differs(&self) -> bool {
        let numbers = |tokens: &[Token]| -> Vec<String> {
            let numbers = tokens.iter().filter_map(|token| match token {
                Token::Number(number) => Some(number.clone()),
                Token::Char(_) => None,
            });
            numbers.collect()
        };
        let (one, other) = (numbers(self.one), numbers(self.other));
        // `3月5日起`, `第一批`; but `3、年龄`, whose mark is gone
        let is_counted = match self.behind {
            [Token::Char('月'), Token::Number(_), ..] => true,
            [Token::Char('批' | '期' | '届'), ..] => {
                matches!(self.before, [Token::Char('第')])
            }
            _ => false,
        };
        let counts_paragraphs = self.before.len() <= 1
            && self.one.len() == 1
            && !is_counted
            && one
                .iter()
                .chain(&other)
                .all(|number| number.len() <= 2 && number.chars().all(|c| c.is_ascii_digit()));
        let differ = if one.len() == other.len() {
            // `10月12日` and `12月5日`
            one != other
        } else {
            !one.iter().any(|number| other.contains(number))
        };
        !one.is_empty() && !other.is_empty() && differ && !counts_paragraphs
    }

    /// The names of places or schools in which they differ.
    fn names(&self) -> Option<(String, String)> {
        let behind: String = text(self.behind).chars().take(REACH).collect();
        let near = if self.is_of_letters() { NEAR } else { 0 };
        let one = name(&text(self.one), &behind, near)?;
        let other = name(&text(self.other), &behind, near)?;
        (one != other).then_some((one, other))
    }

    /// The names where one of them has more to it in front of its kind, and before that the same name begins: `江苏大学` and
    /// `江苏师范大学`, in that order.
    fn longer_name(&self) -> Option<(String, String)> {
        const BEGINS: usize = 2;
        let ((more, []) | ([], more)) = (self.one, self.other) else {
            return None;
        };
        let more = text(more);
        let behind: String = text(self.behind).chars().take(REACH).collect();
        let kind = KINDS[..LONG_KINDS]
            .iter()
            .find(|kind| behind.starts_with(**kind))?;
        let before = text(&self.before[self.before.len().checked_sub(BEGINS)?..]);
        let is_name = |text: &str| text.chars().any(|c| !GENERAL.contains(c));
        let is_han = |text: &str| text.chars().all(is_han);
        (is_name(&before) && is_han(&before) && is_han(&more))
            .then(|| (format!("{before}{kind}"), format!("{before}{more}{kind}")))
    }

    /// Whether they differ in single characters, no two of them side by side, and in nothing else: as slips of the pen do.
    fn is_of_letters(&self) -> bool {
        let same: Vec<bool> = self
            .one
            .iter()
            .zip(self.other)
            .map(|(one, other)| one == other)
            .collect();
        let letters = |tokens: &[Token]| tokens.iter().all(|t| matches!(t, Token::Char(_)));
        self.one.len() == self.other.len()
            && letters(self.one)
            && letters(self.other)
            && same.windows(2).all(|pair| pair[0] || pair[1])
    }

    /// One word in another's place, if both are words.
    fn swap(&self) -> Option<(String, String)> {
        let (one, other) = (text(self.one), text(self.other));
        let is_word = |word: &str| {
            (2..=8).contains(&word.chars().count()) && word.chars().any(|c| !GENERAL.contains(c))
        };
        (is_word(&one) && is_word(&other)).then_some((one, other))
    }
}

/// The name that a word is, or that it is with what stands behind it.
fn name(word: &str, behind: &str, near: usize) -> Option<String> {
    let own = |core: &str| {
        core.chars()
            .any(|c| c.is_alphabetic() && !GENERAL.contains(c))
    };
    for kind in KINDS {
        if let Some((core, _)) = word.split_once(kind)
            && own(core)
        {
            return Some(format!("{core}{kind}"));
        }
    }
    if !own(word) {
        return None;
    }
    for (i, kind) in KINDS.iter().enumerate() {
        match behind.split_once(kind) {
            // `在我省`, `对各县`: no name
            Some((between, _)) if near > 0 && !between.is_empty() && !own(between) => {}
            Some((between, _)) if between.chars().count() <= near || i < LONG_KINDS => {
                return Some(format!("{word}{between}{kind}"));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form_of(sentence: &str) -> String {
        format!(
            "现将有关事项公告如下，请参加测试的人员仔细阅读并按时参加。\n{sentence}\n考生登录报名系统，按照提示填写个人信息并缴纳测试费用。"
        )
    }

    #[test]
    fn names_dates_and_numbers_make_two_notices_of_one_form() {
        for (one, other) in [
            (
                "测试时间为2026年11月28日，名额不限",
                "测试时间为2026年12月5日，名额不限",
            ),
            (
                "测试地点为郑州市第一中学实验楼",
                "测试地点为银川市第一中学实验楼",
            ),
            (
                "根据安排，现将甲县公开招聘教师事项公布如下",
                "根据安排，现将乙县公开招聘教师事项公布如下",
            ),
            (
                "甲辰理工学院招生办公室负责解释本章程",
                "乙巳师范大学招生办公室负责解释本章程",
            ),
            ("测试地点为黄冈一中实验楼", "测试地点为孝感一中实验楼"),
            (
                "咨询电话：0371-65651234（招生办公室）",
                "咨询电话：0951-20788888（招生办公室）",
            ),
            (
                "现将2026年上半年教师资格认定工作安排如下",
                "现将2026年下半年教师资格认定工作安排如下",
            ),
            (
                "现将第一批拟录取考生的名单予以公示",
                "现将第二批拟录取考生的名单予以公示",
            ),
            (
                "经河南师范学院招生委员会讨论决定",
                "经湖北师范学院招生委员会讨论决定",
            ),
        ] {
            assert!(differ(&form_of(one), &form_of(other)), "{one} / {other}");
        }
    }

    #[test]
    fn a_republished_notice_differs_in_other_things() {
        for (one, other) in [
            (
                "请各单位于3月5日前将材料报送学生处",
                "请各单位于3月05日前将材料报送学生处",
            ),
            (
                "请各单位认真组织，确保工作平稳有序",
                "请各单位认针组织，确保工作平稳有序",
            ),
            (
                "三、各单位要严格审核考生的报名资格",
                "四、各单位要严格审核考生的报名资格",
            ),
            (
                "4、年龄在35周岁以下，身体健康，能够胜任",
                "3、年龄在35周岁以下，身体健康，能够胜任",
            ),
            (
                "三、名额分配由各单位按规定自行确定",
                "四、名额分配由各单位按规定自行确定",
            ),
            (
                "第五条 各单位要严格审核考生的报名资格",
                "第六条 各单位要严格审核考生的报名资格",
            ),
            (
                "省教育厅要求各市教育局认真组织实施",
                "市教育局要求各县教育局认真组织实施",
            ),
            (
                "我省各高等学校要认真组织实施本办法",
                "我市各高等学校要认真组织实施本办法",
            ),
            (
                "发布时间：2026-03-01 10:20 来源：省教育厅",
                "发布时间：2026-03-05 08:00 来源：省教育厅",
            ),
            ("省教育厅\n2026年3月1日", "某某大学学生处\n2026年3月2日"),
        ] {
            assert!(!differ(&form_of(one), &form_of(other)), "{one} / {other}");
        }
        let (text, cut) = (form_of("郑州市第一中学实验楼一至三层"), form_of(""));
        assert!(!differ(&text, &cut), "what is left out is no difference");
        let signed = |foot: &str| form_of("请各单位认真组织") + foot;
        assert!(!differ(
            &signed("\n甲县教育局办公室2026年3月1日"),
            &signed("\n乙县教育局办公室2026年3月5日")
        ));
    }

    #[test]
    fn a_slip_of_the_pen_in_front_of_a_school_is_no_name() {
        let text = form_of("学校要提醒广大学员，请社区和有关部门做好考试期间的服务保障工作");
        let slips = |slips: &[(&str, &str)]| {
            slips.iter().fold(text.clone(), |text, (one, other)| {
                text.replacen(one, other, 1)
            })
        };
        let elsewhere = [
            ("公告如下", "公吿如下"),
            ("仔细阅读", "仔佃阅读"),
            ("填写", "塡写"),
        ];
        for name in [("社区", "杜区"), ("提醒", "提酲"), ("广大", "厂大")] {
            let copy = slips(&[&[name], elsewhere.as_slice()].concat());
            assert!(!differ(&text, &copy), "{name:?} among others");
            assert!(
                differ(&text, &slips(&[name])),
                "{name:?} alone may be a name"
            );
        }
    }

    #[test]
    fn a_name_that_differs_in_one_character_is_another_though_slips_stand_beside_it() {
        let text = form_of("经河南省招生委员会讨论决定，河南省各考点应当认真组织");
        let slips = [
            ("公告如下", "公吿如下"),
            ("仔细阅读", "仔佃阅读"),
            ("填写", "塡写"),
        ];
        let copy = slips.iter().fold(text.clone(), |text, (one, other)| {
            text.replacen(one, other, 1)
        });
        assert!(!differ(&text, &copy));
        assert!(differ(&text, &copy.replace("河南", "湖南")));
        assert!(differ(
            &form_of("请贵单位转告广东省教育考试院有关负责同志"),
            &form_of("请贵单位转告山东省教育考试院有关负责同志")
        ));
    }

    /// What a form is filled in with: the name stands three times, as in a real one.
    fn of(name: &str) -> String {
        form_of(&format!(
            "现将{name}公开招聘教师有关事项公告如下\n{name}负责组织实施，{name}人事科受理咨询，纪检人员全程参与监督"
        ))
    }

    #[test]
    fn names_that_are_much_alike_are_two_all_the_same() {
        for (one, other) in [
            ("沛县", "萧县"),
            ("江西省", "山西省"),
            ("南京市", "北京市"),
            ("中山市", "佛山市"),
            ("大庆市", "安庆市"),
            ("江苏大学", "江苏师范大学"),
            ("河南大学", "河南科技大学"),
            ("沛县一中", "沛县二中"),
            ("实验一小", "实验二小"),
            ("文学院", "理学院"),
            ("湖北工业职业技术学院", "湖南工业职业技术学院"),
            ("山西考区", "陕西考区"),
            ("广西", "江西"),
            ("南师附中", "北师附中"),
        ] {
            assert!(differ(&of(one), &of(other)), "{one} / {other}");
            assert!(differ(&of(other), &of(one)), "{other} / {one}");
        }
    }

    #[test]
    fn what_is_told_by_one_character_is_another_thing() {
        for (one, other) in [
            ("高三一模考试", "高三二模考试"),
            ("大学英语四级考试", "大学英语六级考试"),
            ("本科批征集志愿", "专科批征集志愿"),
            ("九月一日开学", "九月五日开学"),
            ("周一至周三培训", "周二至周四培训"),
            ("招聘教师二十名", "招聘教师三十名"),
            ("每人补助三千元", "每人补助五千元"),
            ("教师资格笔试", "教师资格面试"),
            ("硕士研究生复试", "博士研究生复试"),
            ("初中学业水平考试", "高中学业水平考试"),
            ("七年级期末质量监测", "八年级期末质量监测"),
        ] {
            let filled = |matter: &str| form_of(&format!("现将{matter}有关事项公告如下"));
            assert!(differ(&filled(one), &filled(other)), "{one} / {other}");
        }
    }

    #[test]
    fn dates_are_compared_part_by_part_wherever_they_stand() {
        for (one, other) in [
            (
                "本次考试定于10月12日在各考点举行",
                "本次考试定于12月5日在各考点举行",
            ),
            (
                "本次考试定于3月4日在各考点举行",
                "本次考试定于4月3日在各考点举行",
            ),
            ("3月5日起接受申请人员报名", "4月5日起接受申请人员报名"),
            (
                "第一批拟录取人员名单已经审核",
                "第二批拟录取人员名单已经审核",
            ),
            ("时间：3月5日\n地点：礼堂", "时间：4月9日\n地点：礼堂"),
            ("二、地点：沛县一中", "二、地点：丰县一中"),
        ] {
            assert!(differ(&form_of(one), &form_of(other)), "{one} / {other}");
        }
        let english = |day: &str| {
            form_of(&format!(
                "Applications for a place at the school are open to all children of the county who will be five by September. \
                 Forms must be handed in at the office by {day} at the latest"
            ))
        };
        assert!(differ(&english("15 January"), &english("31 January")));
        assert!(!differ(
            &form_of("时间：2026年3月5日"),
            &form_of("时间：2026年3月9日")
        ));
    }

    #[test]
    fn what_means_something_is_no_slip_that_excuses_a_name() {
        let text = |county: &str, school: &str, year: &str, day: &str| {
            form_of(&format!(
                "现将{county}公开招聘教师有关事项公告如下\n{year}教师优先，联系人{school}老师，资格审查于{day}在人事科进行"
            ))
        };
        let one = text("沛县", "张", "七年级", "周一");
        assert!(differ(&one, &text("萧县", "李", "七年级", "周一")));
        assert!(differ(&one, &text("萧县", "李", "八年级", "周三")));
        let (one, other) = ("南京市", "北京市");
        let by = |city: &str, who: &str| {
            form_of(&format!(
                "现将{city}公开招聘教师有关事项公告如下\n我{who}中小学教师岗位由{who}人事科统一组织，{who}纪检人员全程参与监督"
            ))
        };
        assert!(differ(&by(one, "省"), &by(other, "市")));
    }

    #[test]
    fn another_spelling_is_no_difference() {
        for (one, other) in [
            (
                "其它学校参照执行，其它人员不得参与，其它事项另行通知",
                "其他学校参照执行，其他人员不得参与，其他事项另行通知",
            ),
            (
                "考生须按学校要求报名，并须如实填写信息",
                "考生需按学校要求报名，并需如实填写信息",
            ),
            (
                "并对各县教师予以倾斜，认真落实有关要求",
                "并为各县教师予以倾斜，认真落实有关要求",
            ),
        ] {
            assert!(!differ(&form_of(one), &form_of(other)), "{one} / {other}");
        }
    }

    #[test]
    fn a_title_is_compared_as_far_as_a_sentence() {
        let long = "关于同意设立甲学院的通知".repeat(300);
        let (one, other) = (format!("{long}甲县公告"), format!("{long}乙县公告"));
        assert_eq!(names(&one, &other), None);
        assert_eq!(words(&one, &other), None);
    }

    #[test]
    fn words_of_titles_that_stand_in_each_others_place_are_found() {
        let (a, b) = ("关于同意设立甲学院的通知", "关于同意设立乙丙学院的通知");
        let pair = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        assert_eq!(words(a, b), pair("甲学", "乙丙"));
        assert_eq!(names(a, b), pair("甲学院", "乙丙学院"));
        assert_eq!(words(a, "省厅关于同意设立甲学院的通知"), None);
        assert_eq!(words(a, "今日要闻"), None);
        assert_eq!(words(a, a), None);
        let (a, b) = ("甲乙考试中学公告", "丙丁考试中心公告");
        assert_eq!(names(a, b), names(b, a).map(|(b, a)| (a, b)));
    }
}
