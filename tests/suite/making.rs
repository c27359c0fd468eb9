//! Made-up articles for the tests of journal and store.

use jiff::{SignedDuration, Timestamp, civil::date};
use schoolbell::{
    article::{
        Article, ArticleId,
        dates::{DateFrom, Published},
    },
    source::SourceId,
};

/// A source's id.
pub(crate) fn source(id: &str) -> SourceId {
    SourceId::parse(id).unwrap()
}

/// A point in time, in minutes since the tests' beginning.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minutes)
}

/// The id of an address; any stable one does for the store.
pub(crate) fn id_of(address: &str) -> ArticleId {
    let high = xxhash_rust::xxh3::xxh3_128(address.as_bytes());
    ArticleId::from_bytes(high.to_be_bytes())
}

/// The `number`th article of a source, seen at minute `number`, with a text like no other's.
pub(crate) fn article(source_id: &str, number: u32) -> Article {
    let text = words(&format!("{source_id} {number}"), 300);
    with_text(
        source_id,
        number,
        &format!("关于{}的通知", words(&format!("{source_id}/{number}"), 6)),
        &text,
    )
}

/// The same with a title and a text.
pub(crate) fn with_text(source_id: &str, number: u32, title: &str, text: &str) -> Article {
    let address = format!("http://{source_id}.example/info/{number}.htm");
    let seen = minute(i64::from(number));
    Article {
        id: id_of(&address),
        source: source(source_id),
        url: address.parse().unwrap(),
        title: title.to_owned(),
        published: Some(Published::Day(date(2026, 3, 2))),
        date_from: Some(DateFrom::List),
        first_seen: seen,
        sorted_at: seen,
        updated: None,
        origin: None,
        author: None,
        breadcrumb: Vec::new(),
        body_html: format!("<p>{text}</p>"),
        body_text: text.to_owned(),
        summary: text.chars().take(200).collect(),
        images: Vec::new(),
        attachments: Vec::new(),
        complete: true,
    }
}

/// So many characters that depend on the seed alone.
pub(crate) fn words(seed: &str, characters: u64) -> String {
    (0..characters)
        .map(|i| {
            let hash = xxhash_rust::xxh3::xxh3_64_with_seed(seed.as_bytes(), i);
            let code = 0x4E00 + u32::try_from(hash % 3000).unwrap();
            let c = char::from_u32(code).unwrap();
            // no numerals by chance: they mean something in titles
            if "一二三四五六七八九十百零〇年月批期".contains(c) {
                '学'
            } else {
                c
            }
        })
        .collect()
}
