//! The configuration as its user meets it: what is read, and what is said about mistakes, word for word.

use std::{fs, path::Path, time::Duration};

use schoolbell::{
    config::{Config, ConfigError, Lang, Listen},
    source::{Content, PresetChoice, Tls},
};
use tempfile::TempDir;

/// What is said about a text.
fn report(text: &str) -> String {
    match Config::parse(text, "bell.toml") {
        Ok(_) => "no mistakes".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Asserts what is said about a text.
#[track_caller]
fn says(text: &str, expected: &str) {
    same(&report(text), expected);
}

#[track_caller]
fn same(report: &str, expected: &str) {
    assert_eq!(report, expected.trim(), "\n{report}");
}

/// Files in a folder of their own; what is said names them relative to it.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        for (name, bytes) in files {
            let path = folder.path(name);
            let parent = path.parent().expect("it is in the folder");
            fs::create_dir_all(parent).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        folder
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, name: &str) -> Result<Config, String> {
        let folder = format!("{}/", self.0.path().display());
        Config::load(&self.path(name)).map_err(|error| error.to_string().replace(&folder, ""))
    }
}

#[test]
fn an_address_is_enough() {
    let config = Config::parse("[[source]]\nurl = \"http://a.example/news/\"", "x").unwrap();
    let [source] = config.sources.as_slice() else {
        panic!("one source")
    };
    assert_eq!(source.id.as_str(), "a-example-news");
    assert_eq!(source.url.as_str(), "http://a.example/news/");
    assert_eq!(source.timezone.iana_name(), Some("Asia/Shanghai"));
    assert_eq!(source.preset, PresetChoice::Auto);
    assert_eq!(source.request.delay, Duration::from_secs(1));
    assert_eq!(config.lang, Lang::Chinese);
    assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.store.cache_bytes, 64 << 20);
}

#[test]
fn everything_set() {
    let text = r##"
lang = "en"
[server]
listen = "unix:/run/schoolbell.sock"
public_url = "https://feeds.example.edu/bell"
[store]
path = "/var/lib/bell"
cache = "1 GiB"
keep_days = 7
keep_per_source = 100
[fetch]
user_agent = "bell (+https://feeds.example.edu)"
concurrency = 8
per_host = 2
delay = "0s"
timeout = "1m 30s"
max_body = 1_000_000
robots = false
proxy = "socks5h://127.0.0.1:1080"
allow_private = ["127.0.0.0/8", "fd00::1"]
[schedule]
min = "1h"
max = "7 days"
[feed]
entries = 20
content = "summary"
[[source]]
url = "https://教育.example/news?x=1#top"
id = "news"
title = " 省教育厅 · \n 教育要闻 "
groups = ["province", "省厅"]
every = "30m"
preset = "none"
timezone = "Asia/Urumqi"
pages = 3
full_text = false
tls = "insecure"
headers = { Referer = "https://a.example/", Cookie = "a=b" }
enabled = false
delay = "2s"
timeout = "5s"
user_agent = "other"
proxy = "none"
robots = true
max_body = "64 MB"
content = "full"
[source.list]
item = "ul.news > li"
link = "a"
title = "a@title"
date = "span"
next = "a.next"
[source.article]
title = "h1"
date = ".info"
origin = ".from"
author = ".author"
body = "#vsb_content"
remove = [".share", "script"]
[[source]]
url = "https://b.example/"
"##;
    let config = Config::parse(text, "x").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.lang, Lang::English);
    assert_eq!(
        config.server.listen,
        Listen::Unix("/run/schoolbell.sock".into())
    );
    assert_eq!(
        config.server.public_url.as_str(),
        "https://feeds.example.edu/bell/"
    );
    assert_eq!(config.fetch.allow_private[1].to_string(), "fd00::1/128");
    assert_eq!(config.schedule.max, Duration::from_hours(7 * 24));
    let [news, other] = config.sources.as_slice() else {
        panic!("two sources")
    };
    assert_eq!(news.url.as_str(), "https://xn--wcvs22d.example/news?x=1");
    assert_eq!(news.title.as_deref(), Some("省教育厅 · 教育要闻"));
    assert_eq!(news.groups, ["province", "省厅"]);
    assert_eq!(news.every, Some(Duration::from_mins(30)));
    assert_eq!(news.request.tls, Tls::Insecure);
    assert_eq!(news.request.headers.len(), 2);
    assert_eq!(news.request.delay, Duration::from_secs(2));
    assert_eq!(news.request.max_body_bytes, 64_000_000);
    assert_eq!(news.request.proxy, None);
    assert!(news.request.robots && !news.enabled && !news.full_text);
    assert_eq!(news.content, Content::Full);
    let title = news.list.title.as_ref().unwrap();
    assert_eq!(title.attribute.as_deref(), Some("title"));
    assert_eq!(other.request.timeout, Duration::from_secs(90));
    assert_eq!(other.request.max_body_bytes, 1_000_000);
    assert!(other.request.proxy.is_some() && !other.request.robots);
    assert_eq!(other.content, Content::Summary);
}

#[test]
fn an_address_that_no_block_names_has_the_defaults_of_the_file() {
    let config = Config::parse(
        "[fetch]\ntimeout = \"3s\"\n[feed]\ncontent = \"summary\"",
        "x",
    );
    let source = config
        .unwrap()
        .unlisted("http://a.example/x/".parse().unwrap());
    assert_eq!(source.id.as_str(), "a-example-x");
    assert_eq!(source.request.timeout, Duration::from_secs(3));
    assert_eq!(source.content, Content::Summary);
}

#[test]
fn own_address_is_made_from_where_it_listens() {
    for (listen, public) in [
        ("0.0.0.0:80", "http://127.0.0.1/"),
        ("[::]:8080", "http://[::1]:8080/"),
        ("192.168.1.2:8081", "http://192.168.1.2:8081/"),
        ("unix:/run/x", "http://localhost/"),
    ] {
        let config = Config::parse(&format!("[server]\nlisten = \"{listen}\""), "x").unwrap();
        assert_eq!(config.server.public_url.as_str(), public, "{listen}");
    }
}

#[test]
fn all_mistakes_of_all_files_in_one_go() {
    let folder = Folder::with(&[
        (
            "bell.toml",
            b"lang = \"fr\"\ninclude = [\"sources.d/*.toml\", \"none.d/*.toml\", \"more.toml\"]\n\n[fetch]\ndely = \"1s\"\n",
        ),
        (
            "sources.d/a.toml",
            "[[source]]\nurl = \"http://a.example/\"\nid = \"news\"\ntitle = \"省教育厅 · 教育要闻\" \"\n".as_bytes(),
        ),
        (
            "sources.d/b.toml",
            b"[server]\n[[source]]\nid = \"news\"\nurl = \"http://b.example/\"\n[source.list]\nitem = \"ul > > li\"\n",
        ),
        ("sources.d/.b.toml.swp", b"\0\0"),
    ]);
    let report = folder.load("bell.toml").unwrap_err();
    same(
        &report,
        r#"
error: `fr` is none of the choices of `lang`
 --> bell.toml:1:8
  |
1 | lang = "fr"
  |        ^^^^ expected "zh-CN" or "en"

error: cannot read `more.toml`
 --> bell.toml:2:49
  |
2 | include = ["sources.d/*.toml", "none.d/*.toml", "more.toml"]
  |                                                 ^^^^^^^^^^^ there is no such file
  |
  = help: paths are relative to the file that names them

error: unknown key `dely` in `[fetch]`
 --> bell.toml:5:1
  |
5 | dely = "1s"
  | ^^^^ no such key here
  |
  = help: did you mean `delay`?

error: not TOML: unexpected key or value
 --> sources.d/a.toml:4:23
  |
4 | title = "省教育厅 · 教育要闻" "
  |                               ^ expected newline, `#`

error: unknown key or section `server`
 --> sources.d/b.toml:1:2
  |
1 | [server]
  |  ^^^^^^ no such key or section
  |
  = help: an included file holds `[[source]]` blocks; other sections belong in the main file

error: two sources have the id `news`
 --> sources.d/b.toml:3:6
  |
3 | id = "news"
  |      ^^^^^^ expected another id
  |
 ::: sources.d/a.toml:3:6
  |
3 | id = "news"
  |      ------ taken here

error: `ul > > li` is no CSS selector
 --> sources.d/b.toml:6:12
  |
6 | item = "ul > > li"
  |            ^^^^^^ not understood from here on

7 mistakes in 3 files
"#,
    );
}

#[test]
fn mistakes_word_for_word() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut cases = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let name = path.file_name().unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let error = Config::parse(&text, name).expect_err(name);
            let expected = fs::read_to_string(path.with_extension("txt")).expect(name);
            same(&error.to_string(), &expected);
            cases += 1;
        }
    }
    assert!(cases >= 10, "{cases}");
}

#[test]
fn a_long_line_is_told_not_shown() {
    let text = format!("[feed]\nentries = [{}]", "\"教育\", ".repeat(1_000));
    says(
        &text,
        r"
error: `entries` is a list
--> bell.toml:2:11
 = note: expected a whole number from 1 to 1000

1 mistake in bell.toml
",
    );
}

#[test]
fn a_site_family_that_is_none() {
    let report = report("[[source]]\nurl = \"http://a.example/\"\npreset = \"VSB\"");
    assert!(report.starts_with("error: `VSB` is no site family\n --> bell.toml:3:10\n"));
    // the families are data: which there are is not for this test to say
    assert!(report.contains("expected \"auto\", \"none\", \""));
    assert!(report.contains("= help: did you mean \"vsb\"?"));
}

#[test]
fn circles_folders_and_patterns() {
    let folder = Folder::with(&[
        (
            "bell.toml",
            b"include = [\"*.toml\", \"a.toml\", \"sub\", \"sub/*\", \"x[.toml\"]\n",
        ),
        (
            "a.toml",
            b"include = [\"./bell.toml\", \"sub/../a.toml\"]\n",
        ),
        (
            "sub/b.toml",
            b"include = [\"../a.toml\"]\n[[source]]\nurl = \"http://a.example/\"\n",
        ),
    ]);
    let report = folder.load("bell.toml").unwrap_err();
    same(
        &report,
        r#"
error: `sub` is a folder
 --> bell.toml:1:32
  |
1 | include = ["*.toml", "a.toml", "sub", "sub/*", "x[.toml"]
  |                                ^^^^^ expected a file or a pattern
  |
  = help: did you mean "sub/*.toml"?

error: `x[.toml` is no pattern
 --> bell.toml:1:48
  |
1 | include = ["*.toml", "a.toml", "sub", "sub/*", "x[.toml"]
  |                                                ^^^^^^^^^ expected a pattern such as "sources.d/*.toml": invalid range pattern

error: files include each other in a circle
 --> a.toml:1:12
  |
1 | include = ["./bell.toml", "sub/../a.toml"]
  |            ^^^^^^^^^^^^^ named while it is read: bell.toml → a.toml → ./bell.toml

error: files include each other in a circle
 --> a.toml:1:27
  |
1 | include = ["./bell.toml", "sub/../a.toml"]
  |                           ^^^^^^^^^^^^^^^ named while it is read: bell.toml → a.toml → sub/../a.toml

4 mistakes in 2 files
"#,
    );
}

#[test]
fn included_files_are_read_once_and_last() {
    let folder = Folder::with(&[
        (
            "bell.toml",
            b"include = [\"b.toml\", \"*.toml\"]\n[[source]]\nurl = \"http://main.example/\"\n",
        ),
        ("a.toml", b"[[source]]\nurl = \"http://a.example/\"\n"),
        (
            "b.toml",
            b"include = [\"a.toml\"]\n[[source]]\nurl = \"http://b.example/\"\n",
        ),
    ]);
    let config = folder
        .load("bell.toml")
        .unwrap_or_else(|report| panic!("{report}"));
    let ids: Vec<_> = config
        .sources
        .iter()
        .map(|source| source.id.as_str())
        .collect();
    assert_eq!(ids, ["main-example", "b-example", "a-example"]);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::with(&[
        ("gbk.toml", b"lang = \"en\"\n# \xbd\xcc\xd3\xfd\n[dedup]\n"),
        ("utf16.toml", b"\xff\xfel\0a\0"),
        ("folder/x", b""),
    ]);
    same(
        &folder.load("gbk.toml").unwrap_err(),
        r"
error: the file is not UTF-8
 --> gbk.toml:2:3
  |
2 | # ����
  |   ^ these bytes are none
  |
  = help: save the file as UTF-8; editors on Windows may save GBK or UTF-16

1 mistake in gbk.toml
",
    );
    same(
        &folder.load("utf16.toml").unwrap_err(),
        r"
error: the file is not UTF-8
 --> utf16.toml:1:1
  |
1 | ��l␀a␀
  | ^ these bytes are none
  |
  = help: save the file as UTF-8; editors on Windows may save GBK or UTF-16

1 mistake in utf16.toml
",
    );
    same(
        &folder.load("folder").unwrap_err(),
        r"
error: cannot read `folder`: it is a folder, a file was expected
",
    );
    same(
        &folder.load("none.toml").unwrap_err(),
        r#"
error: no configuration file
 |
 = note: looked for `none.toml`
 = help: name a file with `--config FILE` or in `SCHOOLBELL_CONFIG`; it needs no more than `[[source]]` and below it `url = "http://jyt.example.gov.cn/jynews/"`
 = help: `config/schoolbell.toml` of the project explains every key, see README.md; `schoolbell demo` needs no file
"#,
    );
    assert!(matches!(
        Config::load(&folder.path("none.toml")),
        Err(ConfigError::NotFound { looked_at }) if looked_at == [folder.path("none.toml")]
    ));
    assert_eq!(
        Config::locate(Some(Path::new("x"))).unwrap(),
        Path::new("x")
    );
}

#[test]
fn a_mistake_is_data() {
    let error = Config::parse("# 省\n[fetch]\n\"省\" = 1", "bell.toml").unwrap_err();
    let [mistake] = error.mistakes() else {
        panic!("{error}")
    };
    assert_eq!(
        (mistake.file(), mistake.line(), mistake.column()),
        ("bell.toml", 3, 1)
    );
    assert_eq!(mistake.what(), "unknown key `省` in `[fetch]`");
    assert!(error.render(true).contains("\u{1b}["));
    assert!(!error.render(false).contains('\u{1b}'));
}

#[test]
fn hostile_files_end_in_words() {
    let deep_lists = format!("lang = {}", "[".repeat(200_000));
    let deep_keys = format!("{}x = 1", "a.".repeat(200_000));
    let deep_tables = format!("lang = {}", "{a=".repeat(100_000));
    let one_line = format!("lang = \"{}\"", "省".repeat(3_000_000));
    let many_keys: Vec<_> = (0..300_000).map(|i| format!("key{i} = {i}")).collect();
    let many_keys = many_keys.join("\n");
    let brackets = "[".repeat(10_000_000);
    let selector = format!(
        "[[source]]\nurl = \"http://a.example/\"\n[source.list]\nitem = \"{}\"",
        ":not(".repeat(100_000)
    );
    let nested = format!(
        "[[source]]\nurl = \"http://a.example/\"\n[source.list]\nitem = \"{}\"",
        ":not(".repeat(190)
    );
    let huge = "[fetch]\nconcurrency = 99999999999999999999999\ntimeout = \"99999999999999999999h\"\nmax_body = -1\n";
    let control = "lang = \"\u{1b}[2J\u{7}\"\n\"\\u001b[31m\" = 1\nid = \"\\u202e\"\n\u{feff}";
    for text in [
        deep_lists.as_str(),
        &deep_keys,
        &deep_tables,
        &one_line,
        &many_keys,
        &brackets,
        &selector,
        &nested,
        huge,
        control,
        "\u{feff}lang = \"fr\"",
        "\0",
        "\r\r\r",
        "[[source]]\n[source]\n[[source.list]]\n",
        "source = [1, [], {}]\nfetch = 1\nserver = []\n",
        "\"\" = 1\n'' = 2\n[\"\"]\n",
    ] {
        let report = report(text);
        let start: String = text.chars().take(40).collect();
        assert!(report.starts_with("error: "), "{start:?}");
        assert!(report.len() < 200_000, "{start:?}: {}", report.len());
        let unseen = |c: char| c.is_control() && c != '\n';
        assert!(!report.contains(unseen), "{start:?}: {report:?}");
    }
}

#[test]
fn a_group_of_the_catalogue_gives_way_to_blocks_of_ones_own() {
    let all = Config::parse("include = [\"catalog:ministry\"]", "bell.toml").unwrap();
    let first = &all.sources[0];
    assert!(first.title.is_some() && first.groups.contains(&"ministry".to_owned()));
    let text = format!(
        "include = [\"catalog:ministry\", \"catalog:ministry\"]\n[[source]]\nurl = \"{}\"\nid = \"mine\"\n",
        first.url
    );
    let mixed = Config::parse(&text, "bell.toml").unwrap();
    assert_eq!(mixed.sources.len(), all.sources.len());
    let same_address = mixed.sources.iter().filter(|s| s.url == first.url);
    assert_eq!(
        same_address.map(|s| s.id.as_str()).collect::<Vec<_>>(),
        ["mine"]
    );
}
