//! What titles say about two alike texts: whether they can tell one story at all.
//!
//! In: titles as printed. Out: what is left without the marks of republishing, the numbers that tell this year's
//! notice from last year's, and the words in which two titles differ.

use std::collections::BTreeSet;

use super::fingerprint::{narrow, normalise};

/// A title without the marks that a republisher adds: `[转载]`, `转发:`, `关于转发`.
pub fn bare(title: &str) -> String {
    let narrowed: String = title.chars().map(narrow).collect();
    let mut rest = narrowed.trim();
    loop {
        let shorter = strip_tag(rest).or_else(|| strip_words(rest));
        match shorter {
            Some(shorter) if !shorter.is_empty() => rest = shorter,
            _ => break,
        }
    }
    normalise(rest)
}

/// `[转载]`, `【转发】`, `(转)`.
fn strip_tag(title: &str) -> Option<&str> {
    let inside = title.strip_prefix(['[', '【', '(', '〔', '<', '《'])?;
    let (tag, rest) = inside.split_once([']', '】', ')', '〕', '>', '》'])?;
    ["转", "转载", "转发", "转贴"]
        .contains(&tag.trim())
        .then(|| rest.trim_start())
}

/// `转载:`, `转发`, `关于转发`.
fn strip_words(title: &str) -> Option<&str> {
    let rest = title.strip_prefix("关于").unwrap_or(title);
    let rest = ["转载", "转发", "转:"]
        .iter()
        .find_map(|word| rest.strip_prefix(word))?;
    Some(rest.trim_start_matches([':', ' ', '的']))
}

/// What a title is about, without who forwards it: `甲县教育局关于转发…`.
pub fn subject(title: &str) -> String {
    /// What is left is a title of its own.
    const LEAST: usize = 6;
    let bare = bare(title);
    let forwarded = ["转发", "转载"]
        .iter()
        .filter_map(|word| bare.rsplit_once(word))
        .map(|(_, subject)| subject)
        .find(|subject| subject.chars().count() >= LEAST);
    forwarded.map(ToOwned::to_owned).unwrap_or(bare)
}

/// The numbers of a title: years, batches, rounds, months. Document numbers (`〔2026〕12号`) are apart, because a
/// republisher adds its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// All numbers but document numbers, without leading zeros.
    pub plain: BTreeSet<String>,
    /// Document numbers: year and number.
    pub documents: BTreeSet<(String, String)>,
}

impl Numbers {
    /// Reads a title's numbers.
    pub fn of(title: &str) -> Self {
        let tokens = tokens(title);
        let mut numbers = Self::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if let Some((document, length)) = document(&tokens[at..]) {
                numbers.documents.insert(document);
                at += length;
                continue;
            }
            if let Token::Number(number) = token {
                numbers.plain.insert(number.clone());
            }
            at += 1;
        }
        numbers
    }

    /// Whether two titles with these numbers can name the same notice.
    pub fn agree(&self, other: &Self) -> bool {
        let documents_differ = !self.documents.is_empty()
            && !other.documents.is_empty()
            && self.documents.is_disjoint(&other.documents);
        self.plain == other.plain && !documents_differ
    }
}

/// A part of a text: what counts, or a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A number without leading zeros, in Arabic digits; or what tells one half of a year from the other.
    Number(String),
    Char(char),
}

/// `〔2026〕12号`, with any brackets.
fn document(tokens: &[Token]) -> Option<((String, String), usize)> {
    let [
        Token::Char(open),
        Token::Number(year),
        Token::Char(close),
        rest @ ..,
    ] = tokens
    else {
        return None;
    };
    if !"〔[(【﹝".contains(*open) || !"〕])】﹞".contains(*close) || year.len() != 4 {
        return None;
    }
    match rest {
        [Token::Number(number), Token::Char('号'), ..] => {
            Some(((year.clone(), number.clone()), 5))
        }
        [
            Token::Char('第'),
            Token::Number(number),
            Token::Char('号'),
            ..,
        ] => Some(((year.clone(), number.clone()), 6)),
        _ => None,
    }
}

/// A text's numbers and other characters, in order.
pub(super) fn tokens(title: &str) -> Vec<Token> {
    let chars: Vec<char> = title.chars().map(narrow).collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let digits = run(&chars[at..], |c| c.is_ascii_digit());
        let numerals = run(&chars[at..], |c| {
            chinese_digit(c).is_some() || "十百千万".contains(c)
        });
        if digits > 0 {
            let text: String = chars[at..at + digits].iter().collect();
            let bare = text.trim_start_matches('0');
            tokens.push(Token::Number(
                if bare.is_empty() { "0" } else { bare }.to_owned(),
            ));
            at += digits;
        } else if numerals > 0 && is_number(&chars, at, numerals) {
            tokens.push(Token::Number(arabic(&chars[at..at + numerals])));
            at += numerals;
        } else if numerals == 0 && is_half(&chars[at..]) {
            tokens.push(Token::Number(chars[at].to_string()));
            at += 1;
        } else {
            let length = numerals.max(1);
            tokens.extend(chars[at..at + length].iter().copied().map(Token::Char));
            at += length;
        }
    }
    tokens
}

fn run(chars: &[char], good: impl Fn(char) -> bool) -> usize {
    chars.iter().take_while(|c| good(**c)).count()
}

/// `一` is a word as often as a number (`一流`, `统一`): it counts after `第`, in brackets, before `年` or `月` and what is
/// counted (`二十名`, `七年级`), in the name of a school (`一中`) and of a day (`周一`).
fn is_number(chars: &[char], at: usize, length: usize) -> bool {
    let before = at
        .checked_sub(1)
        .and_then(|i| chars.get(i))
        .copied()
        .unwrap_or(' ');
    let rest = &chars[at + length..];
    let behind = rest.first().copied().unwrap_or(' ');
    let next = rest.get(1).copied().unwrap_or(' ');
    let counts = match behind {
        '级' | '模' | '日' | '名' | '元' | '届' | '次' | '轮' => true,
        '年' => next == '级',
        // `一中心`, `三中全会`, `一小时`, `二小部分`
        '中' => !"心央间全国外文华学等专".contains(next),
        '小' => !"时部组步学区型微".contains(next),
        _ => false,
    };
    // `统一名称`, `唯一`
    let is_word = "统唯同单专划归".contains(before);
    before == '第'
        || (counts && !is_word)
        || ("周".contains(before) && length == 1 && !"年期边围到".contains(behind))
        || (before == '期' && at >= 2 && chars[at - 2] == '星' && length == 1)
        || (before == '(' && behind == ')')
        || (behind == '年' && length == 4)
        || (behind == '月' && length <= 2)
        || "批期".contains(behind)
        // the second of several notices: `考试公告二`
        || (at + length == chars.len() && "告示知报单".contains(before))
}

/// `上半年`, `下学期`, `秋季`: as good as a number.
fn is_half(chars: &[char]) -> bool {
    matches!(
        chars,
        ['上' | '下', '半', '年', ..]
            | ['上' | '中' | '下', '旬', ..]
            | ['上' | '下', '学', '期', ..]
            | ['上' | '下', '册', ..]
            | ['春' | '夏' | '秋' | '冬', '季', ..]
    )
}

fn chinese_digit(c: char) -> Option<u32> {
    match c {
        '〇' | '零' | '○' => Some(0),
        _ => "一二三四五六七八九"
            .chars()
            .position(|d| d == c)
            .and_then(|i| u32::try_from(i + 1).ok()),
    }
}

/// `十二` and `一二` as 12, `二〇二六` as 2026, `三百一十` as 310.
fn arabic(numerals: &[char]) -> String {
    if numerals.iter().all(|c| chinese_digit(*c).is_some()) {
        let digits: String = numerals
            .iter()
            .filter_map(|c| chinese_digit(*c).and_then(|d| char::from_digit(d, 10)))
            .collect();
        return digits;
    }
    // a run of nonsense is a number as well
    let (mut sum, mut digit) = (0_u64, None);
    for c in numerals {
        let unit = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1000,
            '万' => {
                sum = sum.saturating_add(u64::from(digit.take().unwrap_or(0)));
                sum = sum.saturating_mul(10_000);
                continue;
            }
            _ => {
                digit = chinese_digit(*c);
                continue;
            }
        };
        sum = sum.saturating_add(unit * u64::from(digit.take().unwrap_or(1)));
    }
    sum.saturating_add(u64::from(digit.unwrap_or(0)))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_republishing_go() {
        for title in [
            "[转载]关于做好资助工作的通知",
            "【转发】 关于做好资助工作的通知",
            "转发:关于做好资助工作的通知",
            "转载:关于做好资助工作的通知",
            "关于转发关于做好资助工作的通知",
            "(转)关于做好资助工作的通知",
        ] {
            assert_eq!(bare(title), "关于做好资助工作的通知", "{title}");
        }
        assert_eq!(bare("转发"), "转发", "a title of nothing else stays");
    }

    #[test]
    fn who_forwards_is_not_what_a_title_is_about() {
        let title = "关于做好资助工作的通知";
        assert_eq!(
            subject(&format!("甲县教育局关于转发省教育厅{title}")),
            format!("省教育厅{title}")
        );
        assert_eq!(subject(title), title);
        assert_eq!(subject("关于文件转发"), "关于文件转发");
    }

    #[test]
    fn numbers_tell_notices_apart() {
        let agree = |a, b| Numbers::of(a).agree(&Numbers::of(b));
        assert!(agree("2026年招生简章", "2026年招生简章"));
        assert!(agree("二〇二六年第三批公示", "2026年第3批公示"));
        assert!(agree("第十二批名单", "第12批名单"));
        assert!(
            agree("统一考试一流学科通知", "考试学科通知"),
            "words are no numbers"
        );
        assert!(!agree("2026年招生简章", "2025年招生简章"));
        assert!(!agree("2026年招生简章", "招生简章"));
        assert!(!agree("第二批名单", "第三批名单"));
        assert!(!agree("公示(一)", "公示(二)"));
        assert!(!agree("专升本考试公告一", "专升本考试公告二"));
        assert!(
            agree("坚持标准统一", "坚持标准统二"),
            "words are no numbers"
        );
        assert!(!agree("2026年上半年认定公告", "2026年下半年认定公告"));
        assert!(!agree("秋季招生公告", "春季招生公告"));
        assert!(!agree("三月份安排", "四月份安排"));
        for (one, other) in [
            ("沛县一中招聘公告", "沛县二中招聘公告"),
            ("实验一小招生公告", "实验二小招生公告"),
            ("英语四级考试公告", "英语六级考试公告"),
            ("高三一模考试安排", "高三二模考试安排"),
            ("七年级期末安排", "八年级期末安排"),
            ("九月一日开学公告", "九月五日开学公告"),
            ("招聘教师二十名公告", "招聘教师三十名公告"),
            ("每人补助三千元", "每人补助五千元"),
            ("周一培训公告", "周三培训公告"),
        ] {
            assert!(!agree(one, other), "{one} / {other}");
        }
        assert!(agree("补助三千元公告", "补助3000元公告"));
        assert!(agree("补助一万二千元公告", "补助12000元公告"));
        for (one, other) in [
            ("学习三中全会精神", "学习中全会精神"),
            ("统一名称公告", "统名称公告"),
            ("一小时体育活动", "小时体育活动"),
        ] {
            assert!(agree(one, other), "words are no numbers: {one}");
        }
        let nonsense = format!("第{}次", "九万".repeat(40));
        assert!(agree(&nonsense, &nonsense));
    }

    #[test]
    fn a_document_number_may_be_added_but_not_differ() {
        let agree = |a, b| Numbers::of(a).agree(&Numbers::of(b));
        assert!(agree("资助工作的通知(教财〔2026〕12号)", "资助工作的通知"));
        assert!(agree(
            "资助工作的通知(教财〔2026〕12号)",
            "资助工作的通知 教财[2026]12号"
        ));
        assert!(!agree("通知〔2026〕12号", "通知〔2026〕13号"));
    }
}
