//! Whether a page that is read again still shows the article that was read there.
//!
//! In: an article as it is kept, and another reading of its address. Out: whether the two are readings of one article.
//! A site that is repaired, moved or broken answers its old addresses with a page of its own, most often with status
//! 200: a notice of maintenance, an error of its database, its home page. That page has neither the article's title nor
//! anything of its text, where a revision keeps one or the other.

use std::collections::HashSet;

use super::{fingerprint::normalise, titles};
use crate::article::Article;

/// So many characters in a row count as shared.
const SHINGLE: usize = 4;
/// A title that is part of the other has at least so many characters: `通知` is part of half of all titles.
const LEAST_PART: usize = 6;

/// Whether another reading, whose page titles itself `title`, is one of the same article.
///
/// The page's own title counts, not the one that the article was given: where a page has none, that is the list's.
pub fn is_same(known: &Article, title: Option<&str>, other: &Article) -> bool {
    title.is_some_and(|title| titles_agree(&known.title, title)) || texts_agree(known, other)
}

/// Whether two titles are one, also where one of them was cut short. Short ones are not told apart from a beginning.
pub fn titles_equal(one: &str, other: &str) -> bool {
    let (one, other) = (titles::bare(one), titles::bare(other));
    let is_whole = |title: &str| title.chars().count() >= LEAST_PART;
    is_whole(&one)
        && is_whole(&other)
        && (one.starts_with(other.as_str()) || other.starts_with(one.as_str()))
}

/// Whether two titles are one, or one that was mended.
pub fn titles_agree(one: &str, other: &str) -> bool {
    let (one, other) = (titles::bare(one), titles::bare(other));
    if one.is_empty() || other.is_empty() {
        return false;
    }
    let (short, long) = if one.len() <= other.len() {
        (&one, &other)
    } else {
        (&other, &one)
    };
    if short == long || (short.chars().count() >= LEAST_PART && long.contains(short.as_str())) {
        return true;
    }
    let (a, b) = (shingles(short, 2), shingles(long, 2));
    let shared = a.intersection(&b).count();
    // six tenths of both
    shared * 20 >= (a.len() + b.len()) * 6
}

/// Whether a good part of the text is still there; of an article without text, one of its pictures or files.
fn texts_agree(known: &Article, other: &Article) -> bool {
    let (text, now) = (normalise(&known.body_text), normalise(&other.body_text));
    if text.is_empty() {
        let files: HashSet<&str> = files(known).collect();
        return files_agree(&files, other);
    }
    let (a, b) = (shingles(&text, SHINGLE), shingles(&now, SHINGLE));
    if a.is_empty() || b.is_empty() {
        return text == now || (!now.is_empty() && text.contains(now.as_str()));
    }
    let shared = a.intersection(&b).count();
    // a fifth of what was there; or, where a text grew or shrank much, most of the lesser one: but the foot alone, which
    // every page of a site has, is less than a tenth of an article
    shared * 5 >= a.len() || (shared * 2 >= b.len() && shared * 10 >= a.len())
}

fn files_agree(known: &HashSet<&str>, other: &Article) -> bool {
    files(other).any(|file| known.contains(file))
}

fn files(article: &Article) -> impl Iterator<Item = &str> {
    let images = article.images.iter().map(url::Url::as_str);
    images.chain(article.attachments.iter().map(|file| file.url.as_str()))
}

/// All runs of so many characters.
fn shingles(text: &str, size: usize) -> HashSet<&str> {
    let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    starts.push(text.len());
    starts
        .iter()
        .zip(starts.iter().skip(size))
        .filter_map(|(from, to)| text.get(*from..*to))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{article::ArticleId, source::SourceId};

    const TEXT: &str = "各学院：为做好本学期期末考试工作，现将有关事项通知如下，请遵照执行，确保考试平稳有序进行。各单位要高度重视。";

    fn article(title: &str, text: &str) -> Article {
        let url: url::Url = "http://a.example.cn/1.htm".parse().unwrap();
        Article {
            id: ArticleId::of(&url),
            source: SourceId::parse("s").unwrap(),
            url,
            title: title.to_owned(),
            published: None,
            date_from: None,
            first_seen: Timestamp::UNIX_EPOCH,
            sorted_at: Timestamp::UNIX_EPOCH,
            updated: None,
            origin: None,
            author: None,
            breadcrumb: Vec::new(),
            body_html: String::new(),
            body_text: text.to_owned(),
            summary: String::new(),
            images: Vec::new(),
            attachments: Vec::new(),
            complete: true,
        }
    }

    fn same(title: Option<&str>, text: &str) -> bool {
        let known = article("关于期末考试安排的通知", TEXT);
        is_same(&known, title, &article(title.unwrap_or_default(), text))
    }

    #[test]
    fn another_page_at_the_address_is_no_reading_of_the_article() {
        for (title, text) in [
            (
                Some("网站维护中"),
                "网站正在升级维护，请稍后访问，给您带来不便敬请谅解。",
            ),
            (None, "数据库连接失败，请稍后再试！错误代码：2003"),
            (
                Some("某某大学"),
                "学校召开第3次工作会议研究部署重点工作 某某大学是一所历史悠久的综合性大学",
            ),
            (Some("关于校运会的通知"), "请各学院组织学生参加校运会。"),
            (None, "请遵照执行"),
        ] {
            assert!(!same(title, text), "{title:?}");
        }
    }

    #[test]
    fn a_revision_keeps_the_title_or_of_the_text() {
        let title = Some("关于期末考试安排的通知");
        for (title, text) in [
            (title, "本通知内容已全部更新，详见附件。"),
            (Some("关于期末考试安排的补充通知"), "全部改写。"),
            (Some("[转载]关于期末考试安排的通知"), "全部改写。"),
            (
                Some("另一个完全不同的名称"),
                "各学院：为做好本学期期末考试工作，现将有关事项通知如下，请遵照执行。",
            ),
            (None, TEXT),
        ] {
            assert!(same(title, text), "{title:?} {text}");
        }
    }

    #[test]
    fn an_article_without_text_is_known_by_its_pictures() {
        let picture = |address: &str| Article {
            images: vec![address.parse().unwrap()],
            ..article("校运会掠影", "")
        };
        let one = picture("http://a.example.cn/1.jpg");
        assert!(is_same(&one, None, &one));
        assert!(!is_same(
            &one,
            None,
            &picture("http://a.example.cn/logo.jpg")
        ));
    }
}
