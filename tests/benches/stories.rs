//! Republished articles: how many are found, what is merged wrongly, what the look-up costs.
//!
//! `cargo bench --bench stories -- [FAMILIES]`: 2,000 notices, each republished once with each edit, unless said
//! otherwise. The look-up's cost is measured by the bench `store`, in a store of a million articles.
//!
//! `cargo bench --bench stories -- FOLDER`: the same edits of real articles, from a folder with a labels.jsonl (lines with
//! `kind`, `title`, `body_text`), all pairs of different ones, none of which tells the story of another, and each beside
//! the same form of another year and of another place.
//!
//! Notices are made of one stock of 400 phrases, as official prose is: two that have nothing to do with each other
//! share a tenth to a quarter of their five-character shingles. Every second word of a phrase is the notice's own.
#![allow(
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program that prints figures"
)]

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use schoolbell::{
    article::{
        Article, ArticleId,
        dates::{DateFrom, Published},
    },
    journal::Event,
    source::SourceId,
    store::Store,
    story::{
        fingerprint::Fingerprint,
        merge::{self, Told},
    },
};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const START: &str = "2026-01-01T00:00:00Z";
const DAYS: u64 = 60;
/// Unlike pairs of each kind.
const UNLIKE: u64 = 4000;

/// A republished notice, by the original and a seed.
type Edit = fn(&Notice, u64) -> Notice;
/// Two notices of one form, by a seed.
type Form = fn(u64) -> (Notice, Notice);

/// What republishing does to a text: the families of edits.
const EDITS: [(&str, Edit); 9] = [
    ("nothing", |notice, _| notice.clone()),
    ("title prefix 转发：", |notice, _| {
        notice.titled(&format!("转发：{}", notice.title))
    }),
    (
        "title prefix [转载], department in front",
        |notice, seed| notice.titled(&format!("[转载]{}{}", pick(&OFFICES, seed), notice.title)),
    ),
    ("head and foot of the school", |notice, seed| {
        notice.told(&framed(&notice.text, seed))
    }),
    ("last tenth cut", |notice, _| {
        notice.told(&cut(&notice.text, 10))
    }),
    ("last 30 % cut", |notice, _| {
        notice.told(&cut(&notice.text, 30))
    }),
    ("one character in a hundred changed", |notice, seed| {
        notice.told(&changed(&notice.text, 100, seed))
    }),
    ("a paragraph added", |notice, seed| {
        notice.told(&format!("{}\n{}", notice.text, paragraph(seed, seed, 3)))
    }),
    (
        "head, foot, end cut by 5 %, 1 % changed, a paragraph, a prefix",
        |notice, seed| {
            let text = framed(&changed(&cut(&notice.text, 5), 100, seed), seed);
            notice
                .told(&format!("{text}\n{}", paragraph(seed, seed, 2)))
                .titled(&format!("关于转发{}", notice.title))
        },
    ),
];

/// The same form letter for something else: what must not be merged.
const FORMS: [(&str, Form); 11] = [
    ("another year, a third rewritten", |seed| {
        let year = 2020 + seed % 6;
        (form(seed, year, 1, 0, 0), form(seed, year + 1, 1, 0, 3))
    }),
    ("another batch", |seed| {
        (form(seed, 2026, 1, 0, 0), form(seed, 2026, 2, 0, 0))
    }),
    ("another exam", |seed| {
        (form(seed, 2026, 1, 0, 0), form(seed, 2026, 1, 1, 0))
    }),
    ("another school", |seed| (letter(seed, 0), letter(seed, 1))),
    ("the same phrases, another matter", |seed| {
        (notice(seed), notice(seed + 1_000_003))
    }),
    ("one title, another school's text", |seed| {
        (charter(seed, 0), charter(seed, 1))
    }),
    ("one title, another city's text", |seed| {
        (test(seed, 0, 0), test(seed, 1, 0))
    }),
    ("one title, another date's text", |seed| {
        (test(seed, 0, 0), test(seed, 0, 1))
    }),
    ("another half of the year", |seed| {
        let halves = ["上半年", "下半年"];
        let [a, b] = halves.map(|half| same_text(seed, &format!("2026年{half}教师资格认定公告")));
        (a, b)
    }),
    ("another county in the title", |seed| {
        let counties = [0, 1].map(|county| pick_at(&COUNTIES, seed + county));
        let [a, b] =
            counties.map(|county| same_text(seed, &format!("{county}2026年公开招聘教师公告")));
        (a, b)
    }),
    ("the second of two", |seed| {
        let [a, b] = ["一", "二"].map(|n| same_text(seed, &format!("{}考试公告{n}", word(seed))));
        (a, b)
    }),
];

const OFFICES: [&str; 6] = [
    "省教育厅",
    "市教育局",
    "教务处",
    "研究生院",
    "学生处",
    "招生办公室",
];
const EXAMS: [&str; 6] = [
    "英语四级",
    "教师资格",
    "专升本",
    "普通话水平",
    "计算机等级",
    "自学考试",
];
const SCHOOLS: [&str; 6] = [
    "云溪学院",
    "青川大学",
    "白岩师范学院",
    "南屏职业学院",
    "松江理工学院",
    "临河医学院",
];

const CITIES: [&str; 6] = ["郑州市", "银川市", "洛阳市", "大理州", "临河区", "青川县"];
const COUNTIES: [&str; 6] = ["甲县", "乙县", "云溪县", "青川县", "临河区", "白岩市"];

#[derive(Clone)]
struct Notice {
    title: String,
    text: String,
}

impl Notice {
    /// The same form, filled in a year later.
    fn a_year_on(&self) -> Self {
        let later = |text: &str| {
            (2000..2030).rev().fold(text.to_owned(), |text, year| {
                text.replace(&year.to_string(), &(year + 1).to_string())
            })
        };
        Self {
            title: later(&self.title),
            text: later(&self.text),
        }
    }

    /// The two characters that stand most often in front of `省`, `市`, `大学` and the like, and are of no word in general
    /// use.
    fn place(&self) -> Option<String> {
        const GENERAL: &str =
            "各本该全我有在的和与为等及高中国教育区县省市大学生级属地方城农州部直师范";
        let chars: Vec<char> = self.text.chars().collect();
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for at in chars.windows(4) {
            let [a, b, kind, next] = at else { continue };
            let names = matches!(kind, '省' | '市' | '县') || (*kind == '大' && *next == '学');
            let own = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c) && !GENERAL.contains(*c);
            if names && own(a) && own(b) {
                *times.entry(format!("{a}{b}")).or_default() += 1;
            }
        }
        // what stands there once is as often the end of another word
        let most = times.into_iter().max_by_key(|(_, times)| *times);
        most.filter(|(_, times)| *times > 1).map(|(place, _)| place)
    }

    fn titled(&self, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            ..self.clone()
        }
    }

    fn told(&self, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..self.clone()
        }
    }
}

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let families = match wanted.as_deref() {
        None => 2000,
        Some(text) => match text.parse() {
            Ok(families) => families,
            Err(_) => return real(Path::new(text)),
        },
    };
    republished(&(0..families).map(notice).collect::<Vec<_>>());
    unlike();
}

/// The articles of a folder.
fn real(folder: &Path) {
    let labels = fs::read_to_string(folder.join("labels.jsonl")).expect("a folder with labels");
    let read = |line: &str| {
        let label: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| label[name].as_str().unwrap_or_default().to_owned();
        (field("kind") == "article").then(|| Notice {
            title: field("title"),
            text: field("body_text"),
        })
    };
    let articles: Vec<Notice> = labels.lines().filter_map(read).collect();
    // shorter ones are told apart by title and day alone
    let long = articles
        .iter()
        .filter(|a| Fingerprint::of(&a.text).is_some());
    let long: Vec<Notice> = long.cloned().collect();
    println!(
        "{} articles, of which {} are long enough",
        articles.len(),
        long.len()
    );
    republished(&long);
    let (mut pairs, mut merged) = (0, 0);
    for (i, a) in articles.iter().enumerate() {
        for b in &articles[i + 1..] {
            pairs += 1;
            merged += u64::from(are_one(a, b));
        }
    }
    println!("unlike pairs merged, different articles: {merged} of {pairs}  [1 of 1000]");
    let dated = articles.iter().filter(|a| a.title.contains("202"));
    let forms: [(&str, Vec<(&Notice, Notice)>); 3] = [
        (
            "another year throughout",
            dated.map(|a| (a, a.a_year_on())).collect(),
        ),
        ("another place throughout", elsewhere(&long, 2)),
        (
            "one character of a place another throughout",
            elsewhere(&long, 1),
        ),
    ];
    for (name, pairs) in forms {
        let merged = pairs.iter().filter(|(a, b)| are_one(a, b)).count();
        println!(
            "unlike pairs merged, {name}: {merged} of {}  [1 of 1000]",
            pairs.len()
        );
    }
}

/// The articles that name a place of two characters, and the same of another, of which so many characters differ.
fn elsewhere(articles: &[Notice], characters: usize) -> Vec<(&Notice, Notice)> {
    let pairs = articles.iter().filter_map(|a| {
        let place = a.place()?;
        let other: String = ['晋', '宁']
            .into_iter()
            .take(characters)
            .chain(place.chars().skip(characters))
            .collect();
        let there = |text: &str| text.replace(&place, &other);
        let b = Notice {
            title: there(&a.title),
            text: there(&a.text),
        };
        Some((a, b))
    });
    pairs.collect()
}

fn are_one(a: &Notice, b: &Notice) -> bool {
    let (x, y) = (Fingerprint::of(&a.text), Fingerprint::of(&b.text));
    merge::one_story(&told(a, x.as_ref()), &told(b, y.as_ref()))
}

/// Through the store, as polls record them.
fn republished(notices: &[Notice]) {
    let families = u64::try_from(notices.len()).unwrap();
    let dir = tempfile::TempDir::new().unwrap();
    let (store, _) = Store::open(dir.path(), 64 << 20).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut family: HashMap<ArticleId, u64> = HashMap::new();
    let mut copies = Vec::new();
    for first in (0..families).step_by(100) {
        let mut events = Vec::new();
        for number in first..families.min(first + 100) {
            let original = &notices[usize::try_from(number).unwrap()];
            let mut tell = |source: usize, told: &Notice, later: i64| {
                let article = article(source, number, families, told, later);
                family.insert(article.id, number);
                let id = article.id;
                events.push(Event::Published { article });
                id
            };
            tell(0, original, 0);
            for (i, (_, edit)) in EDITS.iter().enumerate() {
                let hours = i64::try_from(i).unwrap() * 7 + 1;
                let copy = edit(original, hash(number, i as u64));
                copies.push((i, tell(i + 1, &copy, hours)));
            }
        }
        runtime.block_on(store.record(events, None)).unwrap();
    }
    let (mut told, mut right, mut found) = (0_u64, 0_u64, [0_u64; EDITS.len()]);
    for (edit, id) in &copies {
        let entry = store.entry(*id).unwrap().unwrap();
        let number = family[id];
        let mut original = false;
        for also in &entry.also {
            let other = ArticleId::of(&also.url);
            told += 1;
            right += u64::from(family[&other] == number);
            original |= also.source.as_str() == "s0" && family[&other] == number;
        }
        found[*edit] += u64::from(original);
    }
    for ((name, _), found) in EDITS.iter().zip(found) {
        println!("recall, {name}: {:.4}", found as f64 / families as f64);
    }
    let all: u64 = found.iter().sum();
    println!("recall: {:.4}  [0.98]", all as f64 / copies.len() as f64);
    println!(
        "precision: {:.4} of {told} pairs told  [0.995]",
        right as f64 / told as f64
    );
}

/// Each pair by itself, as if the look-up always brought it up, of one day.
fn unlike() {
    for (name, make) in FORMS {
        let merged = (0..UNLIKE).filter(|seed| {
            let (a, b) = make(*seed);
            are_one(&a, &b)
        });
        let merged = merged.count();
        println!("unlike pairs merged, {name}: {merged} of {UNLIKE}  [1 of 1000]");
    }
}

fn told<'a>(notice: &'a Notice, fingerprint: Option<&'a Fingerprint>) -> Told<'a> {
    Told {
        title: &notice.title,
        text: &notice.text,
        day: Date::constant(2026, 3, 1),
        fingerprint,
    }
}

fn hash(a: u64, b: u64) -> u64 {
    xxh3_64_with_seed(&a.to_le_bytes(), b)
}

fn pick<'a>(from: &[&'a str], seed: u64) -> &'a str {
    from[usize::try_from(hash(seed, 77)).unwrap_or(0) % from.len()]
}

/// Two characters, no numeral among them.
fn word(seed: u64) -> String {
    let pair = (0..2).map(|half| {
        let code = 0x5200 + u32::try_from(hash(seed, half) % 3000).unwrap();
        char::from_u32(code)
            .filter(|c| !"十千百零万亿年月".contains(*c))
            .unwrap_or('学')
    });
    pair.collect()
}

/// A phrase of the stock, with words of the notice's own in it.
fn sentence(phrase: u64, own: u64) -> String {
    let words = (0..6 + phrase % 6).map(|i| {
        if i % 2 == 0 {
            word(phrase * 100 + i)
        } else {
            word(hash(own, i) % 20_000)
        }
    });
    words.collect::<String>()
        + if phrase.is_multiple_of(3) {
            "。"
        } else {
            "，"
        }
}

fn paragraph(seed: u64, own: u64, sentences: u64) -> String {
    (0..sentences)
        .map(|i| sentence(hash(seed, i) % 400, hash(own, i)))
        .collect()
}

fn notice(seed: u64) -> Notice {
    let paragraphs = 4 + hash(seed, 5) % 12;
    let text = (0..paragraphs).map(|i| paragraph(hash(seed, i), hash(seed, i + 50), 4));
    Notice {
        title: format!(
            "关于{}{}{}工作的通知",
            word(seed),
            word(seed + 9),
            word(seed * 3 + 1)
        ),
        text: text.collect::<Vec<_>>().join("\n"),
    }
}

/// A form letter: the year, the batch and the exam stand in title and text; `rewritten` tenths are others.
fn form(seed: u64, year: u64, batch: u64, exam: u64, rewritten: u64) -> Notice {
    let exam = EXAMS[usize::try_from((seed + exam) % 6).unwrap()];
    let batch = ["一", "二", "三"][usize::try_from(batch - 1).unwrap()];
    let paragraphs = 8 + seed % 8;
    let text = (0..paragraphs).map(|i| {
        let own = if hash(seed, i) % 10 < rewritten {
            hash(seed, i + 900)
        } else {
            hash(seed, i)
        };
        format!("{year}年{exam}第{batch}批：{}", paragraph(own, own, 4))
    });
    Notice {
        title: format!("关于做好{year}年{exam}第{batch}批报名工作的通知"),
        text: text.collect::<Vec<_>>().join("\n"),
    }
}

fn pick_at<'a>(from: &[&'a str], n: u64) -> &'a str {
    from[usize::try_from(n).unwrap_or(0) % from.len()]
}

/// A school's rules, the same for each but for its name, its telephone, its fees and dates.
fn charter(seed: u64, school: u64) -> Notice {
    let name = pick_at(&SCHOOLS, seed + school);
    let own = hash(seed, school + 31);
    let (telephone, fee, day) = (
        10_000_000 + own % 80_000_000,
        3000 + own % 4000,
        1 + own % 27,
    );
    let rules = (0..8).map(|i| paragraph(hash(seed, i), hash(seed, i), 4));
    let rules = rules.collect::<Vec<_>>().join("\n");
    Notice {
        title: "2026年普通本科招生章程".to_owned(),
        text: format!(
            "{name}是经批准设立的全日制普通高等学校，现面向全国招生。\n{rules}\n学费标准为每学年{fee}元，报到时间为9月{day}日。\n\
             本章程由{name}招生办公室负责解释，联系电话：{telephone}。"
        ),
    }
}

/// A notice of a test, the same for each city and date but for these.
fn test(seed: u64, city: u64, date: u64) -> Notice {
    let city = pick_at(&CITIES, seed + city);
    let day = 1 + (hash(seed, 7) + date) % 27;
    let rules = (0..6).map(|i| paragraph(hash(seed, i), hash(seed, i), 4));
    let rules = rules.collect::<Vec<_>>().join("\n");
    Notice {
        title: "普通话水平测试公告".to_owned(),
        text: format!(
            "现将测试有关事项公告如下，请按时参加。\n测试时间为2026年11月{day}日，上午九时开始。\n测试地点为{city}第一中学实验楼。\n{rules}"
        ),
    }
}

fn same_text(seed: u64, title: &str) -> Notice {
    Notice {
        title: title.to_owned(),
        text: notice(seed).text,
    }
}

/// A letter to one school, whose name stands in title and text alone.
fn letter(seed: u64, school: u64) -> Notice {
    let school = SCHOOLS[usize::try_from((seed + school) % 6).unwrap()];
    let text = (0..8)
        .map(|i| paragraph(hash(seed, i), hash(seed, i), 4))
        .collect::<Vec<_>>();
    Notice {
        title: format!("关于同意{school}设置{}专业的函", word(seed)),
        text: format!("{school}：\n{}", text.join("\n")),
    }
}

fn framed(text: &str, seed: u64) -> String {
    let office = pick(&OFFICES, seed);
    format!(
        "各学院、各单位：\n现将有关通知转发给你们，请遵照执行。\n{text}\n{office}\n2026年3月2日\n上一篇：{}下一篇：{}",
        word(seed),
        word(seed + 4)
    )
}

fn cut(text: &str, percent: usize) -> String {
    let count = text.chars().count();
    text.chars().take(count - count * percent / 100).collect()
}

/// Slips of the pen, here one and there another. Another number would be another notice.
fn changed(text: &str, one_in: u64, seed: u64) -> String {
    (0..)
        .zip(text.chars())
        .map(|(i, c)| {
            let kept = c.is_ascii_digit() || "一二三四五六七八九十\n".contains(c);
            if !kept && hash(seed, i).is_multiple_of(one_in) {
                word(hash(seed, i + 1_000_000))
                    .chars()
                    .next()
                    .unwrap_or('改')
            } else {
                c
            }
        })
        .collect()
}

fn article(source: usize, number: u64, of: u64, notice: &Notice, later_hours: i64) -> Article {
    let start: Timestamp = START.parse().unwrap();
    let minutes = i64::try_from(number * DAYS * 1440 / of).unwrap();
    let seen = start + SignedDuration::from_mins(minutes + later_hours * 60);
    let url: url::Url = format!("http://s{source}.example/info/{number}.htm")
        .parse()
        .unwrap();
    Article {
        id: ArticleId::of(&url),
        source: SourceId::parse(&format!("s{source}")).unwrap(),
        url,
        title: notice.title.clone(),
        published: Some(Published::Day(seen.to_zoned_datetime(TimeZone::UTC).date())),
        date_from: Some(DateFrom::Page),
        first_seen: seen,
        sorted_at: seen,
        updated: None,
        origin: None,
        author: None,
        breadcrumb: Vec::new(),
        body_html: format!("<p>{}</p>", notice.text.replace('\n', "</p><p>")),
        summary: notice.text.chars().take(200).collect(),
        body_text: notice.text.clone(),
        images: Vec::new(),
        attachments: Vec::new(),
        complete: true,
    }
}
