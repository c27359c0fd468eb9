//! Whether two articles of different sources tell one story, and which one speaks for a story.
//!
//! In: titles, texts, dates, fingerprints. Out: a decision. Wrongly apart costs a reader a second look; wrongly
//! together hides an announcement, so every doubt says apart. What merges most wrongly in the wild is the same form
//! letter for another year, batch, city or school: their texts are 57 to 99 % alike. Numbers and names decide there, in
//! titles and in texts (`particulars`).

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    fingerprint::{Fingerprint, normalise},
    particulars,
    titles::{self, Numbers},
};

/// Likeness from which on texts are one.
pub const ALIKE: f32 = 0.6;
/// Likeness from which on the sentences are looked at.
pub const DOUBTFUL: f32 = 0.45;
/// Republished within so many days.
pub const DAYS: i32 = 60;
/// Short texts say little of what they are about (`明天放假一天`), and are one only within so many days.
pub const SHORT_DAYS: i32 = 7;
/// An original publisher seen this much later than the first teller no longer takes the floor: readers have seen the
/// story by then, and would see it again.
pub const FLOOR_SECONDS: i64 = 3600;

/// Among which sources republished articles are shown as one: `[dedup] across`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Across {
    /// All.
    #[default]
    All,
    /// Those that share a group.
    Group,
    /// None: each article stands for itself.
    Off,
}

/// An article as far as stories go.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The title.
    pub title: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The day of publishing, or else the day of being seen first.
    pub day: Date,
    /// Of the text; none where that is short.
    pub fingerprint: Option<&'a Fingerprint>,
}

/// The day that stands for an article: as published, else as seen first (UTC).
pub fn day(article: &crate::article::Article) -> Date {
    article.published.map_or_else(
        || article.first_seen.to_zoned_datetime(TimeZone::UTC).date(),
        crate::article::dates::Published::day,
    )
}

/// Whether two articles of different sources tell one story.
pub fn one_story(a: &Told<'_>, b: &Told<'_>) -> bool {
    near(a.day, b.day, DAYS)
        && match (a.fingerprint, b.fingerprint) {
            (Some(x), Some(y)) => {
                let likeness = x.likeness(y);
                likeness >= DOUBTFUL
                    && titles_agree(a, b)
                    && (likeness >= ALIKE || half_of_the_sentences(a.text, b.text))
                    && !particulars::differ(a.text, b.text)
            }
            (None, None) => near(a.day, b.day, SHORT_DAYS) && same_short_text(a, b),
            _ => false,
        }
}

fn near(a: Date, b: Date, days: i32) -> bool {
    a.duration_since(b).as_hours().abs() <= i64::from(days) * 24
}

fn same_short_text(a: &Told<'_>, b: &Told<'_>) -> bool {
    let text = normalise(a.text);
    !text.is_empty() && text == normalise(b.text) && titles::bare(a.title) == titles::bare(b.title)
}

fn titles_agree(a: &Told<'_>, b: &Told<'_>) -> bool {
    if !Numbers::of(a.title).agree(&Numbers::of(b.title)) {
        return false;
    }
    let (title_a, title_b) = (titles::subject(a.title), titles::subject(b.title));
    let texts = || (normalise(a.text), normalise(b.text));
    if let Some((name_a, name_b)) = particulars::names(&title_a, &title_b) {
        // a slip of the pen only where both texts know one of the names
        let (text_a, text_b) = texts();
        let known = |name: &str| text_a.contains(name) && text_b.contains(name);
        return known(&name_a) || known(&name_b);
    }
    match particulars::words(&title_a, &title_b) {
        // a name, and not a slip of the pen, where each text knows its own word alone
        Some((word_a, word_b)) => {
            let (text_a, text_b) = texts();
            let foreign =
                |word: &str, own: &str, other: &str| own.contains(word) && !other.contains(word);
            !(foreign(&word_a, &text_a, &text_b) && foreign(&word_b, &text_b, &text_a))
        }
        None => true,
    }
}

/// Half of the shorter text's sentences are in the other.
fn half_of_the_sentences(a: &str, b: &str) -> bool {
    let (a, b) = (sentences(a), sentences(b));
    let shorter = a.len().min(b.len());
    shorter > 0 && a.intersection(&b).count() * 2 >= shorter
}

fn sentences(text: &str) -> HashSet<String> {
    text.split(particulars::SENTENCE_ENDS)
        .map(normalise)
        .filter(|sentence| sentence.chars().count() >= 12)
        .collect()
}

/// One of a story's articles, as far as speaking goes.
#[derive(Clone, Debug)]
pub struct Teller<'a> {
    /// When it was first listed.
    pub first_seen: Timestamp,
    /// Whether it is gone from its site.
    pub withdrawn: bool,
    /// The original publisher that it names.
    pub origin: Option<&'a str>,
    /// Its address' host.
    pub host: &'a str,
    /// What its source is called: titles, as configured and as learnt.
    pub names: &'a [String],
}

/// Which of the tellers, given in the order in which they were seen, speaks: the original publisher that one of them
/// names, if it was seen early enough; else the first. None only where there is no teller.
pub fn speaker(tellers: &[Teller<'_>]) -> Option<usize> {
    let present: Vec<usize> = (0..tellers.len())
        .filter(|i| !tellers[*i].withdrawn)
        .collect();
    let first = *present
        .first()
        .or(if tellers.is_empty() { None } else { Some(&0) })?;
    let early = |i: usize| {
        tellers[i].first_seen.as_second() - tellers[first].first_seen.as_second() <= FLOOR_SECONDS
    };
    let original = present
        .iter()
        .copied()
        .filter(|i| early(*i))
        .map(|i| (named(tellers, i), i))
        .filter(|(weight, _)| *weight > 0)
        // the longest match; among equals the first seen
        .max_by_key(|(weight, i)| (*weight, std::cmp::Reverse(*i)));
    Some(original.map_or(first, |(_, i)| i))
}

/// By how many characters the tellers' origins name this one's source.
fn named(tellers: &[Teller<'_>], i: usize) -> usize {
    let teller = &tellers[i];
    tellers
        .iter()
        .filter_map(|other| other.origin)
        .map(|origin| {
            let by_host = if origin.contains(teller.host) {
                teller.host.len()
            } else {
                0
            };
            let origin = normalise(origin);
            let by_name = teller
                .names
                .iter()
                .map(|name| shared_name(name, &origin))
                .max();
            by_host.max(by_name.unwrap_or(0))
        })
        .max()
        .unwrap_or(0)
}

/// A source's title is often its department's name and its column's, `省教育厅 · 教育要闻`; the origin may say more
/// (`某省教育厅`) or less. Two characters alone (`首页`) name nobody.
fn shared_name(name: &str, origin: &str) -> usize {
    name.split(['·', '|', '-', '—', '_', '–', '>', ':', '：', ' ', '/', '・'])
        .map(normalise)
        .filter(|part| part.chars().count() >= 3 && origin.chars().count() >= 3)
        .filter(|part| origin.contains(part.as_str()) || part.contains(origin))
        .map(|part| part.chars().count().min(origin.chars().count()))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = jiff::civil::date(2026, 3, 1);

    fn body(subject: &str) -> String {
        use std::fmt::Write;
        (0..30).fold(String::new(), |mut text, i| {
            let matter = i * 37;
            let line = format_args!(
                "第{i}条 {subject}应当按照规定办理事项{matter},并于每月{i}日前报送材料。\n"
            );
            text.write_fmt(line).unwrap();
            text
        })
    }

    fn decide(a: (&str, &str, Date), b: (&str, &str, Date)) -> bool {
        let (x, y) = (Fingerprint::of(a.1), Fingerprint::of(b.1));
        let told = |(title, text, day), fingerprint| Told {
            title,
            text,
            day,
            fingerprint,
        };
        one_story(&told(a, x.as_ref()), &told(b, y.as_ref()))
    }

    #[test]
    fn a_republished_notice_is_one_story() {
        let text = body("各高校");
        let republished = format!("各学院:\n现将通知转发如下。\n{text}\n某某大学办公室");
        let title = "关于做好2026年资助工作的通知";
        for prefix in ["", "[转载]", "转发:", "省教育厅"] {
            let title_b = format!("{prefix}{title}");
            assert!(
                decide((title, &text, DAY), (&title_b, &republished, DAY)),
                "{prefix}"
            );
        }
    }

    #[test]
    fn another_year_batch_or_time_is_another_story() {
        let text = body("各高校");
        let title = "关于做好2026年第二批资助工作的通知";
        let later = jiff::civil::date(2026, 5, 10);
        assert!(decide((title, &text, DAY), (title, &text, DAY)));
        assert!(!decide((title, &text, DAY), (title, &text, later)));
        for other in [
            "关于做好2025年第二批资助工作的通知",
            "关于做好2026年第三批资助工作的通知",
        ] {
            assert!(!decide((title, &text, DAY), (other, &text, DAY)), "{other}");
        }
    }

    #[test]
    fn the_same_letter_for_another_school_is_another_story() {
        let (a, b) = (
            format!("甲辰学院:\n{}", body("贵校")),
            format!("乙巳学院:\n{}", body("贵校")),
        );
        let (title_a, title_b) = ("关于同意甲辰学院更名的函", "关于同意乙巳学院更名的函");
        assert!(!decide((title_a, &a, DAY), (title_b, &b, DAY)));
        assert!(
            decide((title_a, &a, DAY), ("关于同意甲晨学院更名的函", &a, DAY)),
            "a slip of the pen"
        );
    }

    fn charter(school: &str, telephone: &str, road: &str, day: u32, fee: u32) -> String {
        format!(
            "{school}是经教育部批准设立的全日制普通高等学校，现面向全国招收本科学生。\n\
             第一条 为了保证{school}招生工作顺利进行，规范招生行为，维护考生合法权益，根据有关规定，制定本章程。\n\
             第二条 学校招生工作贯彻公平竞争、公正选拔、公开透明的原则，德智体美劳全面考核、综合评价、择优录取。\n\
             第三条 学校成立招生工作委员会，负责制定招生政策、招生规模，讨论决定招生重大事宜。\n\
             第四条 学校根据发展规划、办学条件、学科发展、学生就业和社会需求情况，制订分省分专业招生计划。\n\
             第五条 学校认可各省教育主管部门关于加分或降低分数投档的政策性照顾规定，安排专业时以实考分为准。\n\
             第六条 学费标准为每学年{fee}元，报到时间为2026年9月{day}日。\n\
             第七条 本章程由{school}招生办公室负责解释。联系电话：{telephone}，地址：{road}。"
        )
    }

    fn test_notice(subject: &str, day: &str, city: &str) -> String {
        format!(
            "现将{subject}有关事项公告如下，请参加测试的人员仔细阅读并按时参加。\n\
             一、测试对象。应接受测试的人员为教师和申请教师资格的人员、广播电台及电视台的播音员与节目主持人。\n\
             二、测试时间：{day}。\n三、测试地点：{city}第一中学实验楼。\n\
             四、报名方式。考生登录测试在线报名系统，按照提示填写个人信息，上传近期免冠证件照片并缴纳测试费用。\n\
             五、注意事项。考生须携带本人有效身份证件和准考证，提前三十分钟到达考点候测，迟到者视为自动放弃。"
        )
    }

    #[test]
    fn one_form_of_two_schools_cities_or_dates_is_two_stories() {
        let title = "2026年普通本科招生章程";
        let (a, b) = (
            charter("甲辰理工学院", "0371-65651234", "郑州市中原路1号", 1, 5000),
            charter("乙巳师范大学", "0951-20788888", "银川市文昌路99号", 5, 3800),
        );
        assert!(decide((title, &a, DAY), (title, &a, DAY)));
        assert!(!decide((title, &a, DAY), (title, &b, DAY)));
        let title = "普通话水平测试公告";
        let notice = |day, city| test_notice("普通话水平测试", day, city);
        let a = notice("2026年11月28日", "郑州市");
        assert!(!decide(
            (title, &a, DAY),
            (title, &notice("2026年12月5日", "郑州市"), DAY)
        ));
        assert!(!decide(
            (title, &a, DAY),
            (title, &notice("2026年11月28日", "银川市"), DAY)
        ));
        let (a, b) = (
            test_notice("甲县公开招聘教师", "2026年3月1日", "本县"),
            test_notice("乙县公开招聘教师", "2026年3月1日", "本县"),
        );
        let title = "2026年公开招聘教师公告";
        assert!(!decide((title, &a, DAY), (title, &b, DAY)));
    }

    #[test]
    fn titles_that_differ_in_a_name_or_a_number_alone_are_two_stories_of_one_text() {
        let text = body("各单位");
        for (one, other) in [
            ("甲县2026年公开招聘教师公告", "乙县2026年公开招聘教师公告"),
            ("专升本考试公告一", "专升本考试公告二"),
            (
                "2026年上半年教师资格认定公告",
                "2026年下半年教师资格认定公告",
            ),
            ("下半年考试公告", "上半年考试公告"),
        ] {
            assert!(
                !decide((one, &text, DAY), (other, &text, DAY)),
                "{one} / {other}"
            );
        }
        // who forwards it is not what it is about
        let title = "关于做好2026年资助工作的通知";
        let by = |name: &str| format!("{name}教育局关于转发省教育厅{title}");
        assert!(decide((&by("甲县"), &text, DAY), (&by("乙县"), &text, DAY)));
    }

    #[test]
    fn short_texts_are_one_story_only_when_equal() {
        let (title, text) = ("放假通知", "三月一日放假,二日上课。");
        assert!(decide(
            (title, text, DAY),
            ("[转载]放假通知", "三月一日放假, 二日上课", DAY)
        ));
        assert!(!decide(
            (title, text, DAY),
            (title, "三月一日放假,三日上课。", DAY)
        ));
        assert!(!decide((title, text, DAY), ("补课通知", text, DAY)));
        let later = jiff::civil::date(2026, 3, 20);
        assert!(
            !decide((title, text, DAY), (title, text, later)),
            "another day off"
        );
        assert!(
            !decide((title, "", DAY), (title, "", DAY)),
            "nothing is no text"
        );
    }

    fn teller<'a>(
        second: i64,
        origin: Option<&'a str>,
        host: &'a str,
        names: &'a [String],
    ) -> Teller<'a> {
        Teller {
            first_seen: Timestamp::from_second(second).unwrap(),
            withdrawn: false,
            origin,
            host,
            names,
        }
    }

    #[test]
    fn the_named_original_speaks_if_it_came_early_enough() {
        let (school, office) = (
            ["某某大学 - 通知".to_owned()],
            ["省教育厅 · 教育要闻".to_owned()],
        );
        let by_name = Some("某省教育厅");
        let early = [
            teller(0, by_name, "www.u.example", &school),
            teller(60, None, "jyt.example", &office),
        ];
        assert_eq!(speaker(&early), Some(1));
        let late = [
            teller(0, by_name, "www.u.example", &school),
            teller(7200, None, "jyt.example", &office),
        ];
        assert_eq!(speaker(&late), Some(0));
        let by_host = Some("转自 http://jyt.example/a");
        let host = [
            teller(0, by_host, "www.u.example", &[]),
            teller(60, None, "jyt.example", &[]),
        ];
        assert_eq!(speaker(&host), Some(1));
        let nobody = [
            teller(0, Some("人民日报"), "www.u.example", &school),
            teller(60, None, "jyt.example", &office),
        ];
        assert_eq!(speaker(&nobody), Some(0));
        assert_eq!(speaker(&[]), None);
    }

    #[test]
    fn a_withdrawn_article_speaks_only_alone() {
        let mut tellers = vec![
            teller(0, None, "a.example", &[]),
            teller(9, None, "b.example", &[]),
        ];
        tellers[0].withdrawn = true;
        assert_eq!(speaker(&tellers), Some(1));
        tellers[1].withdrawn = true;
        assert_eq!(speaker(&tellers), Some(0));
    }
}
