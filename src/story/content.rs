//! What of an article is compared, to tell that it reads as it did and that it is another's double.
//!
//! In: articles, list lines. Out: hashes that a change of white space does not change, nor one of what is no content:
//! click counters, the page's own time stamps, related links. They are kept for years, so what is hashed here stays as
//! it is.

use std::{borrow::Cow, fmt::Write, sync::LazyLock};

use regex::Regex;
use xxhash_rust::xxh3::Xxh3;

use super::fingerprint::{SHORT_CHARS, is_han, normalise};
use crate::{
    article::{Article, dates::Published},
    page::text::is_space,
};

/// Two articles of one source with the same text are one only if their days are no further apart: a letter that is
/// sent each week or each year is an announcement each time.
pub const SAME_DAYS: i32 = 3;

/// A hash of what an article says: its title and text without white space and counters. An article without text says what its
/// pictures and files say, so their addresses count.
pub fn content(article: &Article) -> u64 {
    let mut hasher = Xxh3::new();
    push(&mut hasher, &article.title);
    push(&mut hasher, &without_counters(&article.body_text));
    if article.body_text.chars().all(is_space) {
        for address in files(article) {
            push(&mut hasher, address);
        }
    }
    hasher.digest()
}

/// A hash of what a list shows of an article: the title without white space, and the date.
pub fn line(title: &str, published: Option<Published>) -> u64 {
    let mut hasher = Xxh3::new();
    push(&mut hasher, title);
    let mut date = String::new();
    if let Some(published) = published {
        // writing to a String does not fail
        let _ = write!(date, "{published}");
    }
    push(&mut hasher, &date);
    hasher.digest()
}

/// Whether an article of the same source, with the same [`content`], is the same article at another address. Titles and
/// texts are equal then; a text that is too short to tell needs the same pictures or files beside it, and the days must
/// be near.
pub fn is_double(one: &Article, other: &Article) -> bool {
    let near = match (one.published, other.published) {
        (Some(a), Some(b)) => {
            a.day().duration_since(b.day()).as_hours().abs() <= i64::from(SAME_DAYS) * 24
        }
        _ => true,
    };
    let telling = || normalise(&one.body_text).chars().count() >= SHORT_CHARS;
    let same_files = || files(one).next().is_some() && files(one).eq(files(other));
    near && (telling() || same_files())
}

/// Whether an article has moved to another's address: the same source no longer lists it where it was, and both say the
/// same ([`content`]). Besides what [`is_double`] asks for, the same day is enough: sites put a token into their links
/// that is another at each visit, also into those of a photograph with a line of text. Where there is no text at all, as
/// the pages are not read, only the query may differ.
pub fn is_moved(known: &Article, other: &Article) -> bool {
    let day = |article: &Article| article.published.map(Published::day);
    let same_day = day(known).is_some() && day(known) == day(other);
    let is_told = !known.body_text.chars().all(is_space);
    let same_path = known.url.host() == other.url.host() && known.url.path() == other.url.path();
    if (same_day && is_told) || (same_path && (same_day || day(known).is_none())) {
        return true;
    }
    // a letter that is sent again with another file is another one
    let sent_again = !known.attachments.is_empty()
        && !other.attachments.is_empty()
        && known.attachments != other.attachments
        && !same_day;
    !sent_again && is_double(known, other)
}

fn files(article: &Article) -> impl Iterator<Item = &str> {
    let images = article.images.iter().map(url::Url::as_str);
    images.chain(article.attachments.iter().map(|file| file.url.as_str()))
}

/// A text without what counts its readers, and without the day on which it is looked at: `已下载13次`, `浏览量：7`,
/// `本文已被阅读9次`, `今天是2026年11月21日`. That stands in the text where a page has no other place for it, and is another
/// at each visit.
fn without_counters(text: &str) -> Cow<'_, str> {
    static COUNTERS: LazyLock<Regex> = LazyLock::new(|| {
        let what = "(?:下载|下載|点击|點擊|浏览|瀏覽|阅读|閱讀|访问|查看|点赞|收藏|关注)";
        let number = r"[\[【(（]?\s*\d[\d,，.]*\s*[万wWkK]?\+?\s*[\])】）]?";
        let times = "(?:人次|次|人|回|遍)?";
        let patterns = [
            // 已下载13次
            format!(r"(?:已被?|被)(?:累计)?{what}(?:过|了)?\s*{number}\s*(?:人次|次)"),
            // 阅读次数 5, 浏览量7
            format!(
                r"{what}(?:总?次数|人次|人数|总?量|数)\s*(?:为|是)?\s*[:：]?\s*{number}\s*{times}"
            ),
            // 点击：5
            format!(r"(?:{what}|人气|热度|조회수?|閲覧数|アクセス数)\s*[:：]\s*{number}\s*{times}"),
            format!(
                r"(?:조회수?|閲覧数|アクセス数|(?-u:\b)(?:Views?|Hits?|Reads?|Visits?))\s*[:：]?\s+{number}"
            ),
            format!(r"第\s*{number}\s*(?:位|名)(?:访客|访问者|读者|来访者)"),
            r"今天是\s*\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日(?:\s*星期[一二三四五六日天])?"
                .to_owned(),
        ];
        // Unicode's word boundaries would keep the fast engine from texts that are not ASCII
        Regex::new(&patterns.join("|")).expect("the pattern is good")
    });
    COUNTERS.replace_all(text, "")
}

/// Adds a part, and an end that no text holds.
fn push(hasher: &mut Xxh3, text: &str) {
    // ideographs are nearly all there is, and quickly told from white space
    for word in text.split(|c| !is_han(c) && is_space(c)) {
        hasher.update(word.as_bytes());
    }
    hasher.update(&[0xFF]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_count_and_every_other_character_does() {
        let at = |title| line(title, None);
        assert_eq!(at("放假 通知"), at("放假\u{3000}\u{200B}通知\n"));
        assert_ne!(at("放假通知"), at("放假通告"));
        assert_ne!(at("放假通知"), at("放假通知。"));
    }

    #[test]
    fn counters_are_no_content() {
        for (text, left) in [
            ("附件：考试安排表.doc 已下载13次", "附件：考试安排表.doc "),
            ("浏览量：7", ""),
            ("[阅读：9次]", "[]"),
            ("本文已被阅读18次", "本文"),
            ("点击数: 1,204", ""),
            ("Views: 12", ""),
            ("您是第 7 位访客", "您是"),
            ("今天是2026年11月21日 星期六", ""),
            ("每生阅读5本书，下载3份材料", "每生阅读5本书，下载3份材料"),
            ("访问学者30人，关注学生", "访问学者30人，关注学生"),
        ] {
            assert_eq!(without_counters(text), left);
        }
    }

    #[test]
    fn what_is_hashed_stays_as_it_is() {
        let day = Published::Day(jiff::civil::date(2026, 3, 1));
        assert_eq!(line("放假通知", Some(day)), 4_489_672_227_359_837_712);
    }
}
