//! The names, dates and numbers in which two texts of one form differ.
//!
//! In: two texts that are much alike. Out: the differences that make them two notices. Forms are sent each year, by each
//! city and by each school, and only what they are about differs: 郑州市 and 银川市, 11月28日 and 12月5日, one telephone
//! number and another. A republished notice differs too, in slips of the pen, in a head, a foot, an end that is cut; but
//! not in these, where a sentence is kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    fingerprint::normalise,
    titles::{Token, tokens},
};

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
/// The last sentences may be a signature.
const FOOT: usize = 3;

/// What places and schools are called with, the longer first.
const KINDS: [&str; 24] = [
    "幼儿园",
    "大学",
    "学院",
    "学校",
    "中学",
    "小学",
    "一中",
    "二中",
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
/// Kinds of one character count only right behind the difference.
const LONG_KINDS: usize = 10;
/// Of names that differ in one character they stand so near: `河南省` and `湖南省`.
const NEAR: usize = 1;
/// What is said of no place in particular: `我省`, `各市教育局`, `本校`.
const GENERAL: &str = "省市县区州盟旗镇乡村全各我本该有关相校院系厅局部委级教育国家地方中小学大高等职业技术单位机构学生老师考人员会办公室处科";

/// A difference between two sentences: one word in another's place, and what stands behind both.
struct Difference<'a> {
    one: &'a [Token],
    other: &'a [Token],
    behind: &'a [Token],
    /// How many parts stand before.
    before: usize,
}

/// One character in another's place.
#[derive(Default)]
struct Letter {
    times: usize,
    /// How often in front of what places are called with.
    named: usize,
}

/// Whether two texts of one form tell of different places, dates or numbers.
///
/// A character in another's place in front of `市` or `学校` may be another name, `甲县` and `乙县`, or a slip of the pen like
/// those elsewhere in a text typed anew. Names come again, and slips come anywhere: it is a name where it stands twice, or
/// where there are not twice as many slips that are none.
pub(super) fn differ(a: &str, b: &str) -> bool {
    let (a, b) = (sentences(a), sentences(b));
    let mut swaps: HashMap<(String, String), usize> = HashMap::new();
    let mut letters: HashMap<(String, String), Letter> = HashMap::new();
    for (one, other) in pairs(&a, &b) {
        let mut told = false;
        compare(&one, &other, &mut |difference| {
            let named = difference.names().is_some();
            if difference.is_of_letters() {
                let swap = (text(difference.one), text(difference.other));
                let letter = letters.entry(swap).or_default();
                letter.times += 1;
                letter.named += usize::from(named);
            } else {
                told |= named || difference.number_differs();
            }
            if let Some(swap) = difference.swap() {
                *swaps.entry(swap).or_default() += 1;
            }
        });
        if told {
            return true;
        }
    }
    let names = letters.values().filter(|letter| letter.named > 0);
    let slips: usize = letters
        .values()
        .map(|letter| letter.times - letter.named)
        .sum();
    names.clone().count() * 2 > slips
        || names.clone().any(|letter| letter.times >= TWICE)
        || swaps.values().any(|times| *times >= OFTEN)
}

/// The names in which two titles differ, as far as the first such difference.
pub(super) fn names(a: &str, b: &str) -> Option<(String, String)> {
    let (a, b) = (tokens(a), tokens(b));
    let mut found = None;
    compare(&a, &b, &mut |difference| {
        if found.is_none() {
            found = difference.names();
        }
    });
    found
}

/// The words in which two titles differ, where nothing but one word stands in another's place.
pub(super) fn words(a: &str, b: &str) -> Option<(String, String)> {
    let (a, b) = (tokens(a), tokens(b));
    let mut found = Vec::new();
    compare(&a, &b, &mut |difference| {
        found.push((text(difference.one), text(difference.other)));
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

/// A text's sentences as they are compared, in order, without those of its publisher.
fn sentences(text: &str) -> Vec<String> {
    let all = text
        .split(['。', '！', '？', '!', '?', '；', ';', '\n'])
        .filter(|sentence| !is_of_the_page(sentence));
    let mut kept: Vec<String> = all
        .map(normalise)
        .filter(|sentence| sentence.chars().count() >= LEAST_CHARS)
        .collect();
    let foot = kept.len().saturating_sub(FOOT);
    let mut place = 0;
    kept.retain(|sentence| {
        place += 1;
        place <= foot || !is_signature(sentence)
    });
    kept
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
        let left = a
            .iter()
            .filter(|sentence| !others.contains(sentence.as_str()));
        left.take(MOST_SENTENCES)
            .map(|sentence| {
                let mut tokens = tokens(sentence);
                tokens.truncate(MOST_TOKENS);
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

/// Tells each difference between two sentences, from the first to the last: the longest common run parts them, and so on
/// on both sides of it.
fn compare<'a>(one: &'a [Token], other: &'a [Token], tell: &mut dyn FnMut(&Difference<'a>)) {
    let mut anchors = Vec::new();
    anchor(one, other, (0, 0), &mut anchors);
    anchors.push((one.len(), other.len(), 0));
    let (mut at, mut at_other) = (0, 0);
    for (start, start_other, length) in anchors {
        let difference = Difference {
            one: one.get(at..start).unwrap_or_default(),
            other: other.get(at_other..start_other).unwrap_or_default(),
            behind: one.get(start..).unwrap_or_default(),
            before: at,
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
    /// Whether one has other numbers than the other. The numbers of paragraphs (`三、`, `第五条`) are none: they shift where
    /// one is left out.
    fn number_differs(&self) -> bool {
        let numbers = |tokens: &[Token]| -> HashSet<String> {
            let numbers = tokens.iter().filter_map(|token| match token {
                Token::Number(number) => Some(number.clone()),
                Token::Char(_) => None,
            });
            numbers.collect()
        };
        let (one, other) = (numbers(self.one), numbers(self.other));
        let counts_paragraphs = self.before <= 1
            && self.one.len() == 1
            && one
                .iter()
                .chain(&other)
                .all(|number| number.len() <= 2 && number.chars().all(|c| c.is_ascii_digit()));
        !one.is_empty() && !other.is_empty() && one.is_disjoint(&other) && !counts_paragraphs
    }

    /// The names of places or schools in which they differ.
    fn names(&self) -> Option<(String, String)> {
        let behind: String = text(self.behind).chars().take(REACH).collect();
        let near = if self.is_of_letters() { NEAR } else { 0 };
        let one = name(&text(self.one), &behind, near)?;
        let other = name(&text(self.other), &behind, near)?;
        (one != other).then_some((one, other))
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

    #[test]
    fn words_of_titles_that_stand_in_each_others_place_are_found() {
        let (a, b) = ("关于同意设立甲学院的通知", "关于同意设立乙丙学院的通知");
        let pair = |one: &str, other: &str| Some((one.to_owned(), other.to_owned()));
        assert_eq!(words(a, b), pair("甲", "乙丙"));
        assert_eq!(names(a, b), pair("甲学院", "乙丙学院"));
        assert_eq!(words(a, "省厅关于同意设立甲学院的通知"), None);
        assert_eq!(words(a, "今日要闻"), None);
        assert_eq!(words(a, a), None);
    }
}
