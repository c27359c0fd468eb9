//! Made-up notices for the benchmarks: 800 to 1,000 characters of two-character words, some common and most rare, as
//! Chinese official prose has them, so that they compress about as well.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use schoolbell::{
    article::{
        Article, ArticleId,
        dates::{DateFrom, Published},
    },
    source::SourceId,
};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The first notice's time.
const START: &str = "2016-01-01T00:00:00Z";
const SOURCES: u64 = 2000;
const WORDS: u64 = 6000;

fn hash(a: u64, b: u64) -> u64 {
    xxh3_64_with_seed(&a.to_le_bytes(), b)
}

/// So many two-character words, with a comma or a full stop here and there.
pub(crate) fn prose(seed: u64, words: u64) -> String {
    let mut text = String::with_capacity(usize::try_from(words * 7).unwrap_or(0));
    for i in 0..words {
        let roll = hash(seed, i);
        // the square makes the first words frequent and the last ones rare
        let unit = ((roll % (1 << 20)) * (roll % (1 << 20))) >> 20;
        let word = (unit * WORDS) >> 20;
        for half in 0..2 {
            let code = 0x4E00 + u32::try_from(hash(word, half) % 3500).unwrap_or(0);
            text.extend(char::from_u32(code));
        }
        match roll >> 40 & 31 {
            0..4 => text.push('，'),
            4 => text.push_str("。\n"),
            _ => {}
        }
    }
    text
}

/// The `number`th notice of `total`, spread evenly over so many days.
pub(crate) fn article(number: u64, total: u64, days: u64) -> Article {
    let source = hash(number, 1) % SOURCES;
    let text = prose(number, 400 + hash(number, 2) % 100);
    let millis = i64::try_from(number * days * 86_400_000 / total.max(1)).unwrap_or(0);
    let start: Timestamp = START.parse().unwrap();
    let seen = start + SignedDuration::from_millis(millis);
    let url: url::Url = format!("http://d{source}.example/info/1001/{number}.htm")
        .parse()
        .unwrap();
    Article {
        id: ArticleId::of(&url),
        source: SourceId::parse(&format!("d{source}")).unwrap(),
        url,
        title: format!(
            "关于{}的通知",
            prose(number ^ 0xABCD, 8).replace(['，', '。', '\n'], "")
        ),
        published: Some(Published::Day(seen.to_zoned_datetime(TimeZone::UTC).date())),
        date_from: Some(DateFrom::Page),
        first_seen: seen,
        sorted_at: seen,
        updated: None,
        origin: Some(format!("第{source}学院")),
        author: None,
        breadcrumb: ["首页", "通知公告", "正文"].map(str::to_owned).to_vec(),
        body_html: format!("<p>{}</p>", text.trim_end().replace('\n', "</p><p>")),
        summary: text.chars().take(200).collect(),
        body_text: text,
        images: Vec::new(),
        attachments: Vec::new(),
        complete: true,
    }
}
