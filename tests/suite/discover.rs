//! From any page of a site to its lists: what is found, how sure, how politely, and what is written where.

use std::{path::Path, sync::Arc};

use jiff::{Timestamp, ToSpan};
use schoolbell::{
    config::Config,
    discover::{Candidate, Discovery, Explorer},
    fetch::Fetcher,
    list::evidence::Certainty,
    poll::ParserPool,
    source::state::{Fault, FaultKind},
};
use tempfile::TempDir;

use crate::{
    fault_server::{Act, Asked, FaultServer, page},
    fetch::html,
    program::schoolbell,
};

fn now() -> Timestamp {
    "2026-03-02T08:30:00Z".parse().unwrap()
}

/// A page with the navigation that all pages of the made-up school have.
fn in_frame(title: &str, main: &str) -> String {
    format!(
        "<html><head><title>{title}-云溪市第九中学</title></head><body>\
         <div class='nav'><ul><li><a href='/'>首页</a></li><li><a href='/xxgk.htm'>学校概况</a></li>\
         <li><a href='/szdw.htm'>师资队伍</a></li>\
         <li><a href='/xw/index.htm'>校园新闻</a></li><li><a href='/tzgg.htm'>通知公告</a></li>\
         <li><a href='/zlxz.htm'>资料下载</a></li><li><a href='http://other.example/xw/'>兄弟学校新闻</a></li></ul></div>\
         <div class='main'>{main}</div>\
         <div class='footer'>版权所有：云溪市第九中学</div></body></html>"
    )
}

/// Rows of a list; the numbers are those of the articles.
fn rows(numbers: std::ops::Range<i64>, what: &str, dated: bool) -> String {
    let row = |n: i64| {
        let day = now().checked_sub((n * 24).hours()).unwrap().to_string();
        let date = if dated {
            format!("<span>{}</span>", &day[..10])
        } else {
            String::new()
        };
        format!(
            "<li><a href='/info/{}.htm'>关于第{n}批{what}有关事项的说明</a>{date}</li>",
            1000 + n
        )
    };
    format!(
        "<ul class='list'>{}</ul>",
        numbers.map(row).collect::<String>()
    )
}

const TEXT: &str = "各年级组、各处室：为做好本学期的各项工作，现将有关安排通知如下，请认真组织实施，确保平稳有序。\
    一、加强组织领导，明确责任分工，按时完成各项任务。二、严格按照时间节点推进，及时报送材料。\
    三、各部门要密切配合，做好宣传和解释工作，遇到问题及时与教务处联系。四、材料一式三份，逾期不再受理。\
    请各单位于月底之前将总结材料报送至办公室，电子版发送到指定邮箱，联系人：李老师，联系电话见学校主页。";

fn article(number: &str) -> String {
    in_frame(
        "说明",
        &format!(
            "<div class='position'>当前位置：<a href='/'>首页</a> &gt; <a href='/tzgg.htm'>通知公告</a> &gt; 正文</div>\
             <h1>关于第{number}号有关事项的说明</h1><div class='info'>发布时间：2026-02-20 来源：教务处</div>\
             <div class='content'><p>{TEXT}</p><p>{TEXT}</p></div>"
        ),
    )
}

/// A made-up school's site.
fn school(asked: &Asked) -> Act {
    let heading = |name: &str, list: &str| {
        in_frame(
            name,
            &format!(
                "<div class='position'>当前位置：<a href='/'>首页</a> &gt; {name}</div><h2>{name}</h2>{list}"
            ),
        )
    };
    html(&match asked.target.as_str() {
        "/" => in_frame(
            "首页",
            &format!(
                "<div class='box'><h3>校园新闻<a class='more' href='/xw/'>更多&gt;&gt;</a></h3>{}</div>\
                 <div class='box'><h3>媒体聚焦<a href='/mtjj.htm'>更多&gt;&gt;</a></h3>{}</div>",
                rows(0..6, "校园活动", true),
                rows(300..305, "媒体报道", true)
            ),
        ),
        "/xw/" | "/xw/index.htm" => heading(
            "校园新闻",
            &(rows(0..20, "校园活动", true)
                + "<div class='pages'><a href='/xw/2.htm'>下一页</a></div>"),
        ),
        "/tzgg.htm" | "/tz/" => heading("通知公告", &rows(100..115, "放假安排", true)),
        "/mtjj.htm" => heading("媒体聚焦", &rows(300..312, "媒体报道", true)),
        "/zlxz.htm" => heading("资料下载", &rows(500..512, "表格下载", false)),
        "/xxgk.htm" | "/szdw.htm" => in_frame(
            "概况",
            &format!(
                "<h1>学校概况</h1><div class='content'><p>{TEXT}</p><p>{TEXT}</p><p>{TEXT}</p></div>"
            ),
        ),
        path => match path.strip_prefix("/info/") {
            Some(rest) => article(rest.trim_end_matches(".htm")),
            None => return page("404 Not Found", "", ""),
        },
    })
}

const SETTINGS: &str = "[fetch]\ndelay = '0s'\nallow_private = ['127.0.0.1/32']\n";

async fn discover(
    server: &FaultServer,
    path: &str,
    most_pages: usize,
    all: bool,
) -> Result<Discovery, Fault> {
    let config = Arc::new(Config::parse(SETTINGS, "test").unwrap());
    let explorer = Explorer {
        fetcher: Fetcher::new(&config.fetch).unwrap(),
        pool: ParserPool::new().unwrap(),
        config: config.clone(),
        now: now(),
        most_pages,
        all,
    };
    let start = Arc::new(config.unlisted(server.url(path)));
    explorer.discover(start, &|_| {}).await
}

/// Each candidate as a line.
fn told(found: &Discovery) -> Vec<String> {
    let line = |candidate: &Candidate| {
        let certainty = candidate.certainty().map_or("no", Certainty::as_str);
        let title = candidate.title().unwrap_or_default();
        let evidence = &candidate.evidence;
        format!(
            "{certainty} {} {} {} {title}",
            candidate.url.path(),
            evidence.items,
            evidence.dated
        )
    };
    found.candidates.iter().map(line).collect()
}

#[tokio::test]
async fn a_home_page_leads_to_its_columns_each_told_once() {
    let server = FaultServer::without_robots(school).await;
    let found = discover(&server, "/", 30, false).await.unwrap();
    assert_eq!(
        told(&found),
        [
            "sure /xw/ 20 20 云溪市第九中学 · 校园新闻",
            "sure /tzgg.htm 15 15 云溪市第九中学 · 通知公告",
            "sure /mtjj.htm 12 12 云溪市第九中学 · 媒体聚焦",
            "likely /zlxz.htm 12 0 云溪市第九中学 · 资料下载",
        ]
    );
    let best = &found.candidates[0];
    assert_eq!(best.next().unwrap().path(), "/xw/2.htm");
    assert_eq!(best.newest().unwrap().to_string(), "2026-03-02");
    assert_eq!(
        best.evidence.words().join(", "),
        "all dated, has a pager, 2 articles behind were read"
    );
    // the home page shows the beginning of it
    assert_eq!(best.also, [server.url("/")]);
    // each page once, and nothing of another site
    let mut targets = server.targets();
    assert_eq!(
        targets.len(),
        found.asked + 1,
        "with robots.txt: {targets:?}"
    );
    targets.sort();
    targets.dedup();
    assert_eq!(targets.len(), found.asked + 1);
}

#[tokio::test]
async fn a_list_is_its_own_best_candidate_and_its_site_is_left_alone_unless_asked_for() {
    let server = FaultServer::without_robots(school).await;
    let found = discover(&server, "/tz/", 30, false).await.unwrap();
    assert_eq!(told(&found), ["sure /tz/ 15 15 云溪市第九中学 · 通知公告"]);
    assert!(!server.targets().contains(&"/xw/".to_owned()));
    let all = discover(&server, "/tz/", 30, true).await.unwrap();
    let urls: Vec<&str> = all.candidates.iter().map(|c| c.url.path()).collect();
    assert_eq!(urls[0], "/tz/", "{urls:?}");
    assert!(
        urls.contains(&"/xw/index.htm") || urls.contains(&"/xw/"),
        "{urls:?}"
    );
    // the same list at another address
    assert!(!urls.contains(&"/tzgg.htm"), "{urls:?}");
    assert_eq!(all.candidates[0].also, [server.url("/tzgg.htm")]);
}

#[tokio::test]
async fn an_article_leads_up_by_its_breadcrumb() {
    let server = FaultServer::without_robots(school).await;
    let found = discover(&server, "/info/9999.htm", 30, false)
        .await
        .unwrap();
    assert_eq!(
        told(&found)[0],
        "sure /tzgg.htm 15 15 云溪市第九中学 · 通知公告"
    );
    assert!(found.asked < 8, "{}", found.asked);
}

#[tokio::test]
async fn an_undated_column_is_found_and_said_to_be_one() {
    let server = FaultServer::without_robots(school).await;
    let found = discover(&server, "/zlxz.htm", 30, false).await.unwrap();
    assert_eq!(
        told(&found),
        ["likely /zlxz.htm 12 0 云溪市第九中学 · 资料下载"]
    );
    let words = found.candidates[0].evidence.words().join(", ");
    assert_eq!(words, "no dates, 2 articles behind were read");
}

#[tokio::test]
async fn no_more_pages_are_asked_for_than_are_allowed() {
    for most in [1, 2, 6] {
        let server = FaultServer::without_robots(school).await;
        let found = discover(&server, "/", most, true).await.unwrap();
        assert_eq!(found.asked, most);
        assert_eq!(server.targets().len(), most + 1, "with robots.txt");
        assert!(found.left > 0);
    }
}

#[tokio::test]
async fn what_robots_txt_closes_is_not_asked_for_and_told() {
    let server = FaultServer::start(|asked| match asked.target.as_str() {
        "/robots.txt" => page("200 OK", "", "User-agent: *\nDisallow: /tzgg.htm\n"),
        _ => school(asked),
    })
    .await;
    let found = discover(&server, "/", 30, false).await.unwrap();
    assert!(!server.targets().contains(&"/tzgg.htm".to_owned()));
    let [(url, fault)] = &found.faults[..] else {
        panic!("{:?}", found.faults)
    };
    assert_eq!(
        (url.path(), fault.kind),
        ("/tzgg.htm", FaultKind::NotAllowed)
    );
}

/// An old site: frames, tables, pictures for words, nothing named.
fn old_site(asked: &Asked) -> Act {
    let row = |n: i64| {
        let link = format!(
            "<a href='show.asp?id={}'>第{n}次教研活动安排和有关说明</a>",
            400 + n
        );
        format!("<tr><td>·{link}</td><td>2026-2-{}</td></tr>", 28 - n)
    };
    let rows = |numbers: std::ops::Range<i64>| {
        let rows: Vec<String> = numbers.map(row).collect();
        format!("<table>{}</table>", rows.concat())
    };
    html(&match asked.target.as_str() {
        "/" => "<html><head><title>云溪县教研室</title></head><frameset rows='80,*'><frame src='top.htm'><frame src='main.asp'></frameset></html>".to_owned(),
        "/top.htm" => "<html><body><table><tr><td><a href='main.asp'>首页</a></td><td><a href='jj.htm'>单位简介</a></td>\
            <td><a href='list.asp?c=3' target=main>教研动态</a></td></tr></table></body></html>".to_owned(),
        "/main.asp" => format!("<html><head><title>云溪县教研室</title></head><body><table><tr><td>教研动态</td>\
            <td><a href='list.asp?c=3'><img src='images/more.gif'></a></td></tr></table>{}</body></html>", rows(0..5)),
        "/list.asp?c=3" => format!("<html><head><title>云溪县教研室</title></head><body><b>教研动态</b>{}\
            <a href='list.asp?c=3&page=2'>下一页</a></body></html>", rows(0..20)),
        path if path.starts_with("/show.asp?id=4") => format!("<html><head><title>云溪县教研室</title></head><body>\
            <table><tr><td align=center><b>教研活动安排和有关说明</b></td></tr><tr><td>2026-2-12</td></tr><tr><td>{TEXT}</td></tr></table></body></html>"),
        _ => return page("404 Not Found", "", ""),
    })
}

#[tokio::test]
async fn frames_tables_and_pictures_of_an_old_site_are_followed() {
    let server = FaultServer::without_robots(old_site).await;
    let found = discover(&server, "/", 30, false).await.unwrap();
    let best = &found.candidates[0];
    assert_eq!(best.url, server.url("/list.asp?c=3"), "{:?}", told(&found));
    assert_eq!(best.certainty(), Some(Certainty::Sure));
    assert_eq!((best.items().len(), found.candidates.len()), (20, 1));
    assert_eq!(best.title().as_deref(), Some("云溪县教研室 · 教研动态"));
}

/// A school abroad, with a feed, whose news has no numbers in its addresses.
fn abroad(asked: &Asked) -> Act {
    const SLUGS: [&str; 10] = [
        "science-fair-winners-announced-for-the-spring-term",
        "new-library-opens-its-doors-to-all-students",
        "board-approves-budget-for-the-next-school-year",
        "teachers-honoured-for-long-service-in-the-district",
        "enrolment-opens-for-kindergarten-and-first-grade",
        "choir-takes-first-prize-at-the-national-contest",
        "bus-routes-change-after-the-winter-holidays",
        "parents-invited-to-an-evening-on-online-safety",
        "sports-day-moved-because-of-heavy-rainfall",
        "alumni-donate-instruments-to-the-music-room",
    ];
    let title = |slug: &str| slug.replace('-', " ");
    let frame = |main: &str| {
        format!(
            "<html lang=en><head><title>News | Brookfield School</title><meta property='og:site_name' content='Brookfield School'>\
             <link rel=alternate type='application/rss+xml' title='Brookfield School » Feed' href='/feed/'>\
             <link rel=alternate type='application/rss+xml' title='Comments' href='/comments/feed/'></head><body>\
             <nav><a href='/'>Home</a><a href='/about/'>About us</a><a href='/news/'>News</a><a href='/contact/'>Contact</a></nav>\
             <main>{main}</main><footer><a href='/privacy/'>Privacy policy</a></footer></body></html>"
        )
    };
    let date = |n: usize| format!("February {}, 2026", 20 - n);
    html(&match asked.target.as_str() {
        "/news/" => {
            let items = SLUGS.iter().enumerate().map(|(n, slug)| {
                format!(
                    "<article><h2><a href='/{slug}/'>{}</a></h2><time datetime='2026-02-{:02}'>{}</time></article>",
                    title(slug),
                    20 - n,
                    date(n)
                )
            });
            frame(&items.collect::<String>())
        }
        "/feed/" => {
            let items = SLUGS.iter().enumerate().map(|(n, slug)| {
                format!(
                    "<item><title>{}</title><link>/{slug}/</link><pubDate>{} Feb 2026 08:00:00 GMT</pubDate></item>",
                    title(slug),
                    20 - n
                )
            });
            let items: String = items.collect();
            let feed = format!(
                "<?xml version='1.0'?><rss version='2.0'><channel><title>Brookfield School</title>{items}</channel></rss>"
            );
            return page("200 OK", "Content-Type: application/rss+xml\r\n", &feed);
        }
        "/" => frame("<h1>Welcome to Brookfield</h1><p>A school for everybody.</p>"),
        path if SLUGS.iter().any(|slug| path.trim_matches('/') == *slug) => {
            let text = "The school is glad to tell that all went well, and thanks everybody who has helped. ".repeat(8);
            frame(&format!(
                "<article><h1>{}</h1><time datetime='2026-02-12'>February 12, 2026</time><p>{text}</p></article>",
                title(path.trim_matches('/'))
            ))
        }
        _ => return page("404 Not Found", "", ""),
    })
}

#[tokio::test]
async fn a_feed_that_the_site_has_goes_before_the_page_that_lists_the_same() {
    let server = FaultServer::without_robots(abroad).await;
    for path in ["/", "/news/"] {
        let found = discover(&server, path, 30, false).await.unwrap();
        assert_eq!(
            told(&found),
            ["sure /feed/ 10 10 Brookfield School · News"],
            "{path}"
        );
        let best = &found.candidates[0];
        assert!(best.evidence.is_feed);
        assert_eq!(best.also, [server.url("/news/")]);
        assert_eq!(
            best.evidence.words().join(", "),
            "a feed, all dated, 2 articles behind were read"
        );
    }
    assert!(!server.targets().contains(&"/comments/feed/".to_owned()));
    // the feed itself may be asked for, too
    let found = discover(&server, "/feed/", 30, false).await.unwrap();
    assert!(told(&found)[0].starts_with("sure /feed/ 10 10"));
}

/// A folder with a configuration that lets the tests' server be asked, and what else it is to hold.
fn folder(more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bell.toml"), format!("{more}{SETTINGS}")).unwrap();
    folder
}

/// Exit code, standard output, standard error of the program.
async fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = schoolbell();
    command
        .current_dir(folder)
        .args(["--config", "bell.toml"])
        .args(args);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn the_best_is_printed_as_a_block_and_the_table_beside() {
    let server = FaultServer::without_robots(school).await;
    let folder = folder("");
    let url = server.url("/");
    let (code, out, err) = run(folder.path(), &["discover", url.as_str()]).await;
    assert_eq!(code, 0, "{err}");
    let config = Config::parse(&out, "stdout").unwrap();
    assert_eq!(config.sources.len(), 1, "{out}");
    let source = &config.sources[0];
    assert_eq!(source.url, server.url("/xw/"));
    assert_eq!(source.title.as_deref(), Some("云溪市第九中学 · 校园新闻"));
    let lines: Vec<&str> = err.lines().collect();
    assert!(
        lines[0].starts_with("HOW SURE  ITEMS  NEWEST      TITLE "),
        "{err}"
    );
    assert!(
        lines[1].starts_with("sure      20     2026-03-02  云溪市第九中学 · 校园新闻  http://"),
        "{err}"
    );
    assert!(!err.contains('\x1b'), "no colour but on a terminal");

    let (code, out, _) = run(folder.path(), &["discover", "--all", url.as_str()]).await;
    assert_eq!(code, 0);
    assert_eq!(Config::parse(&out, "stdout").unwrap().sources.len(), 4);

    let (code, out, err) = run(folder.path(), &["discover", "--json", url.as_str()]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let best = &report["candidates"][0];
    assert_eq!(best["certainty"], "sure");
    assert_eq!(best["next"], server.url("/xw/2.htm").as_str());
    assert_eq!((&best["items"], &best["dated"]), (&20.into(), &20.into()));
    assert_eq!(best["because"][0], "all dated");
    assert!(best["block"].as_str().unwrap().starts_with("[[source]]\n"));
}

#[tokio::test]
async fn blocks_are_added_to_a_file_once_and_its_comments_stay() {
    let server = FaultServer::without_robots(school).await;
    let url = server.url("/");
    let folder = folder("include = ['mine.toml']\n");
    let old = "# my sources, by hand\n[[source]]   # the first\nid = 'hand'\nurl = 'http://a.example/'\n# the end\n";
    let mine = folder.path().join("mine.toml");
    std::fs::write(&mine, old).unwrap();
    let write = ["discover", url.as_str(), "--write", "mine.toml"];
    let (code, out, err) = run(folder.path(), &write).await;
    assert_eq!(code, 0, "{err}");
    assert!(
        out.starts_with("added 127-0-0-1-") && out.ends_with(": 云溪市第九中学 · 校园新闻\n"),
        "{out}"
    );
    let written = std::fs::read_to_string(&mine).unwrap();
    assert!(
        written.starts_with(&format!("{old}\n[[source]]\n")),
        "{written}"
    );
    assert_eq!(written.matches("# the end").count(), 1, "{written}");
    assert_eq!(run(folder.path(), &["check"]).await.0, 0);

    // once is enough
    let (code, out, err) = run(folder.path(), &write).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains("is there already, as the source") && err.contains("in mine.toml, line 8"),
        "{err}"
    );
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), written);
    // another file of the same configuration is told apart, and what is new is added
    let more = ["discover", url.as_str(), "--all", "--write", "more.toml"];
    let (code, out, err) = run(folder.path(), &more).await;
    assert_eq!((code, out.lines().count()), (0, 3), "{out}{err}");
    assert!(
        err.contains("is the configuration's source `127-0-0-1-"),
        "{err}"
    );
    let more = Config::load(&folder.path().join("more.toml")).unwrap();
    assert_eq!(more.sources.len(), 3);
}

#[tokio::test]
async fn a_file_with_mistakes_is_pointed_at_before_anything_is_asked_for() {
    let server = FaultServer::without_robots(school).await;
    let folder = folder("");
    let bad = "[[source]]\nurl = 'http://a.example/'\ntitel = 'x'\n";
    std::fs::write(folder.path().join("bad.toml"), bad).unwrap();
    let url = server.url("/");
    let (code, out, err) = run(
        folder.path(),
        &["discover", url.as_str(), "--write", "bad.toml"],
    )
    .await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("bad.toml:3:1") && err.contains("title"),
        "{err}"
    );
    assert_eq!(server.targets(), Vec::<String>::new());
    assert_eq!(
        std::fs::read_to_string(folder.path().join("bad.toml")).unwrap(),
        bad
    );
}

#[tokio::test]
async fn what_cannot_be_found_or_asked_for_is_said() {
    let server = FaultServer::without_robots(|asked| match asked.target.as_str() {
        "/" => html("<html><head><title>建设中</title></head><body><p>网站正在建设，敬请期待。</p></body></html>"),
        _ => page("404 Not Found", "", ""),
    })
    .await;
    let folder = folder("");
    let url = server.url("/");
    let (code, out, err) = run(folder.path(), &["discover", url.as_str()]).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains(&format!(
            "no list of news and no feed was found behind {url}; "
        )),
        "{err}"
    );
    let (code, out, _) = run(folder.path(), &["discover", "--json", url.as_str()]).await;
    assert_eq!(code, 1);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["candidates"], serde_json::json!([]));

    let gone = server.url("/none.htm");
    let (code, out, err) = run(folder.path(), &["discover", gone.as_str()]).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("schoolbell: gone: "), "{err}");
    let (code, _, err) = run(folder.path(), &["discover", "http://127.0.0.1:1/"]).await;
    assert_eq!(code, 1);
    assert!(
        err.starts_with("schoolbell: unreachable: cannot connect to "),
        "{err}"
    );

    for (args, words) in [
        (
            &["discover", "jyt.example.gov.cn"][..],
            "did you mean http://jyt.example.gov.cn/?",
        ),
        (&["discover", "ftp://a.example/"], "is no web address"),
        (&["discover"], "<URL>"),
        (&["discover", "--pages", "0", url.as_str()], "--pages"),
    ] {
        let (code, _, err) = run(folder.path(), args).await;
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(words), "{err}");
    }
}

#[tokio::test]
async fn completions_and_the_manual_come_from_the_definitions() {
    let folder = folder("");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, _) = run(folder.path(), &["completions", shell]).await;
        assert_eq!(code, 0);
        for word in ["discover", "catalog", "--write", "--config"] {
            let word = if shell == "fish" {
                word.trim_start_matches("--")
            } else {
                word
            };
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(run(folder.path(), &["completions", "csh"]).await.0, 2);
    let (code, manual, _) = run(folder.path(), &["man"]).await;
    assert_eq!(code, 0);
    assert!(manual.contains(".TH schoolbell 1"), "{manual}");
    for heading in [
        "SCHOOLBELL DISCOVER",
        "SCHOOLBELL CATALOG ADD",
        "EXIT STATUS",
    ] {
        assert!(
            manual.contains(&format!(".SH \"{heading}\"")),
            "{heading}:\n{manual}"
        );
    }
    assert!(manual.contains(r"\-\-pages"));
    // a flag of all commands is told once
    assert_eq!(
        manual.matches(".TP\n\\fB\\-\\-config\\fR").count(),
        1,
        "{manual}"
    );
}

#[tokio::test]
async fn a_check_says_as_json_what_stands_in_the_configuration_and_what_is_wrong() {
    let folder = folder("");
    let block = "[[source]]\nid = 'a'\nurl = 'http://a.example/'\n";
    std::fs::write(folder.path().join("bell.toml"), block).unwrap();
    let (code, out, _) = run(folder.path(), &["check", "--json"]).await;
    assert_eq!(code, 0);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["good"], true);
    assert_eq!(report["sources"][0]["id"], "a");
    std::fs::write(folder.path().join("bell.toml"), "[[source]]\nurl = 1\n").unwrap();
    let (code, out, _) = run(folder.path(), &["check", "--json"]).await;
    assert_eq!(code, 1);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let mistake = &report["mistakes"][0];
    assert_eq!(
        (&mistake["line"], &mistake["column"]),
        (&2.into(), &7.into())
    );
    std::fs::remove_file(folder.path().join("bell.toml")).unwrap();
    let (code, out, _) = run(folder.path(), &["check", "--json"]).await;
    assert_eq!(code, 1, "{out}");
}

/// A page's title may be its whole text, or hold orders that turn the direction of what stands behind them.
#[tokio::test]
async fn a_strange_title_leaves_the_table_and_the_block_in_order() {
    let title = format!("\u{202e}\"新闻\" {}", "长".repeat(20_000));
    let list = rows(100..115, "放假安排", true);
    let text = format!("<html><head><title>{title}</title></head><body>{list}</body></html>");
    let server = FaultServer::without_robots(move |asked| match asked.target.as_str() {
        "/" => html(&text),
        path => match path.strip_prefix("/info/") {
            Some(rest) => html(&article(rest.trim_end_matches(".htm"))),
            None => page("404 Not Found", "", ""),
        },
    })
    .await;
    let folder = folder("");
    let url = server.url("/");
    let (code, out, err) = run(folder.path(), &["discover", url.as_str()]).await;
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains('\u{202e}'), "{err}");
    let config = Config::parse(&out, "test").unwrap();
    let title = config.sources[0].title.as_deref().unwrap();
    assert!(title.chars().count() <= 201, "{title}");
    assert!(
        title.contains("\"新闻\"") && title.ends_with('…'),
        "{title}"
    );
    // the heading's columns are not pushed out of sight by one line's
    let heading = err.lines().next().unwrap();
    assert!(
        heading.contains("ADDRESS") && heading.len() < 250,
        "{heading}"
    );
}

/// Thirty pages later it would be too late.
#[tokio::test]
async fn what_cannot_come_of_it_is_told_before_anything_is_asked_for() {
    let server = FaultServer::without_robots(school).await;
    let folder = folder("");
    let url = server.url("/");
    let with_password = url.as_str().replace("http://", "http://me:secret@");
    let (code, out, err) = run(folder.path(), &["discover", &with_password]).await;
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("would be published with it"), "{err}");
    let missing = ["discover", "--write", "none/s.toml", url.as_str()];
    let (code, out, err) = run(folder.path(), &missing).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("cannot write `none/s.toml`"), "{err}");
    let closed = folder.path().join("closed.toml");
    std::fs::write(&closed, "lang = 'en'\n").unwrap();
    let mut permissions = std::fs::metadata(&closed).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&closed, permissions).unwrap();
    let write = ["discover", "--write", "closed.toml", url.as_str()];
    let (code, out, err) = run(folder.path(), &write).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("cannot write `closed.toml`"), "{err}");
    assert_eq!(server.targets(), Vec::<String>::new());
}
