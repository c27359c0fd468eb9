//! The published vectors of Google's robots.txt parser, under the names of its tests, and the tables of RFC 9309.
//!
//! Left out: vectors that give the matcher an address that no URL parser would give (unencoded text), and the one
//! that holds `%62%61%7A` and `baz` apart, where RFC 9309, section 2.2.2, says they are the same.

use super::*;

fn may(file: &str, robot: &str, address: &str) -> bool {
    let url = Url::parse(address).unwrap();
    Rules::parse(file.as_bytes(), robot).allows(&url)
}

/// File, robot, then addresses with the verdict.
type Case = (&'static str, &'static str, &'static [(&'static str, bool)]);

fn check(cases: &[Case]) {
    for (file, robot, addresses) in cases {
        for (address, expected) in *addresses {
            let got = may(file, robot, address);
            assert_eq!(got, *expected, "{robot} at {address} under\n{file}");
        }
    }
}

#[test]
fn system() {
    check(&[
        ("", "FooBot", &[("http://foo.bar/", true)]),
        (
            "user-agent: FooBot\ndisallow: /\n",
            "",
            &[("http://foo.bar/", true)],
        ),
        (
            "user-agent: FooBot\ndisallow: /\n",
            "FooBot",
            &[("http://foo.bar", false)],
        ),
        ("", "", &[("http://foo.bar", true)]),
    ]);
}

#[test]
fn line_syntax_line() {
    check(&[
        (
            "user-agent: FooBot\ndisallow: /\n",
            "FooBot",
            &[("http://foo.bar/x/y", false)],
        ),
        (
            "foo: FooBot\nbar: /\n",
            "FooBot",
            &[("http://foo.bar/x/y", true)],
        ),
        (
            "user-agent FooBot\ndisallow /\n",
            "FooBot",
            &[("http://foo.bar/x/y", false)],
        ),
    ]);
}

#[test]
fn line_syntax_groups() {
    let file = "allow: /foo/bar/\n\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\n\
                disallow: /\nallow: /y/\n\n\nallow: /w/\nuser-agent: BazBot\n\nuser-agent: FooBot\n\
                allow: /z/\ndisallow: /\n";
    check(&[
        (
            file,
            "FooBot",
            &[
                ("http://foo.bar/x/b", true),
                ("http://foo.bar/z/d", true),
                ("http://foo.bar/y/c", false),
                ("http://foo.bar/foo/bar/", false),
            ],
        ),
        (
            file,
            "BarBot",
            &[
                ("http://foo.bar/y/c", true),
                ("http://foo.bar/w/a", true),
                ("http://foo.bar/z/d", false),
                ("http://foo.bar/foo/bar/", false),
            ],
        ),
        (
            file,
            "BazBot",
            &[
                ("http://foo.bar/z/d", true),
                ("http://foo.bar/foo/bar/", false),
            ],
        ),
    ]);
}

#[test]
fn line_syntax_groups_other_rules() {
    let closed: &[(&str, bool)] = &[("http://foo.bar/", false)];
    let sitemap =
        "User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n";
    let unknown = "User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n";
    check(&[
        (sitemap, "FooBot", closed),
        (sitemap, "BarBot", closed),
        (unknown, "FooBot", closed),
        (unknown, "BarBot", closed),
    ]);
}

#[test]
fn rep_line_names_case_insensitive() {
    for file in [
        "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n",
        "user-agent: FooBot\nallow: /x/\ndisallow: /\n",
        "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n",
    ] {
        assert!(may(file, "FooBot", "http://foo.bar/x/y"));
        assert!(!may(file, "FooBot", "http://foo.bar/a/b"));
    }
}

#[test]
fn valid_user_agents_to_obey() {
    for (header, token) in [
        ("Foobot", "Foobot"),
        ("Foobot-Bar", "Foobot-Bar"),
        ("Foo_Bar", "Foo_Bar"),
        ("", ""),
        ("Foobot*", "Foobot"),
        ("Foobot/2.1", "Foobot"),
        ("Foobot Bar", "Foobot"),
        ("schoolbell/0.1 (+https://example.org)", "schoolbell"),
        ("校铃", ""),
    ] {
        assert_eq!(product_token(header), token, "{header}");
    }
}

#[test]
fn user_agent_value_case_insensitive() {
    for file in [
        "User-Agent: FOO BAR\nAllow: /x/\nDisallow: /\n",
        "User-Agent: foo bar\nAllow: /x/\nDisallow: /\n",
        "User-Agent: FoO bAr\nAllow: /x/\nDisallow: /\n",
    ] {
        for robot in ["Foo", "foo"] {
            assert!(may(file, robot, "http://foo.bar/x/y"));
            assert!(!may(file, robot, "http://foo.bar/a/b"));
        }
    }
}

#[test]
fn accept_user_agent_up_to_first_space() {
    let file = "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n";
    assert!(may(file, "Foo", "http://foo.bar/x/y"));
    assert!(!may(file, "FooBar", "http://foo.bar/x/y"));
}

#[test]
fn global_groups_secondary() {
    let global = "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n";
    let specific = "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\nuser-agent: BazBot\ndisallow: /\n";
    check(&[
        ("", "FooBot", &[("http://foo.bar/x/y", true)]),
        (global, "FooBot", &[("http://foo.bar/x/y", false)]),
        (global, "BarBot", &[("http://foo.bar/x/y", true)]),
        (specific, "QuxBot", &[("http://foo.bar/x/y", true)]),
    ]);
}

#[test]
fn allow_disallow_value_case_sensitive() {
    check(&[
        (
            "user-agent: FooBot\ndisallow: /x/\n",
            "FooBot",
            &[("http://foo.bar/x/y", false)],
        ),
        (
            "user-agent: FooBot\ndisallow: /X/\n",
            "FooBot",
            &[("http://foo.bar/x/y", true)],
        ),
    ]);
}

#[test]
fn longest_match() {
    const PAGE: &str = "http://foo.bar/x/page.html";
    for (rules, addresses) in [
        (
            "disallow: /x/page.html\nallow: /x/\n",
            &[(PAGE, false)] as &[_],
        ),
        (
            "allow: /x/page.html\ndisallow: /x/\n",
            &[(PAGE, true), ("http://foo.bar/x/", false)],
        ),
        ("disallow: \nallow: \n", &[(PAGE, true)]),
        ("disallow: /\nallow: /\n", &[(PAGE, true)]),
        (
            "disallow: /x\nallow: /x/\n",
            &[("http://foo.bar/x", false), ("http://foo.bar/x/", true)],
        ),
        (
            "disallow: /x/page.html\nallow: /x/page.html\n",
            &[(PAGE, true)],
        ),
        (
            "allow: /page\ndisallow: /*.html\n",
            &[
                ("http://foo.bar/page.html", false),
                ("http://foo.bar/page", true),
            ],
        ),
        (
            "allow: /x/page.\ndisallow: /*.html\n",
            &[(PAGE, true), ("http://foo.bar/x/y.html", false)],
        ),
    ] {
        let file = format!("user-agent: FooBot\n{rules}");
        for (address, expected) in addresses {
            assert_eq!(
                may(&file, "FooBot", address),
                *expected,
                "{address} {rules}"
            );
        }
    }
    let file = "User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n";
    assert!(may(file, "FooBot", "http://foo.bar/x/page"));
    assert!(!may(file, "FooBot", "http://foo.bar/y/page"));
}

#[test]
fn encoding() {
    let file = |allow: &str| format!("User-agent: FooBot\nDisallow: /\nAllow: {allow}\n");
    for (allow, address, expected) in [
        (
            "/foo/bar?qux=taz&baz=http://foo.bar?tar&par",
            "/foo/bar?qux=taz&baz=http://foo.bar?tar&par",
            true,
        ),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84", true),
        ("/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84", true),
        ("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", true),
        ("/foo/bar/%e3%83%84", "/foo/bar/ツ", true),
        ("/foo/bar/%62%61%7A", "/foo/bar/%62%61%7A", true),
        // the table of RFC 9309, section 2.2.2
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", true),
        (
            "/foo/bar?baz=https://foo.bar",
            "/foo/bar?baz=https%3A%2F%2Ffoo.bar",
            true,
        ),
        ("/foo%2Fbar", "/foo/bar", false),
        ("/100%", "/100%", true),
        ("/100%", "/100%2", true),
    ] {
        let address = format!("http://foo.bar{address}");
        assert_eq!(
            may(&file(allow), "FooBot", &address),
            expected,
            "{allow} {address}"
        );
    }
}

#[test]
fn bytes_of_another_charset_match_their_escapes() {
    let file = b"User-agent: *\nDisallow: /\xcd\xa8\xd6\xaa\n";
    let url = Url::parse("http://foo.bar/%CD%A8%D6%AA/1.htm").unwrap();
    assert!(!Rules::parse(file, "FooBot").allows(&url));
}

#[test]
fn special_characters() {
    check(&[
        (
            "User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n",
            "FooBot",
            &[
                ("http://foo.bar/foo/bar/quz", false),
                ("http://foo.bar/foo/quz", true),
                ("http://foo.bar/foo//quz", true),
                ("http://foo.bar/foo/bax/quz", true),
            ],
        ),
        (
            "User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n",
            "FooBot",
            &[
                ("http://foo.bar/foo/bar", false),
                ("http://foo.bar/foo/bar/qux", true),
                ("http://foo.bar/foo/bar/", true),
                ("http://foo.bar/foo/bar/baz", true),
            ],
        ),
        (
            "User-agent: FooBot\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n",
            "FooBot",
            &[
                ("http://foo.bar/foo/bar", true),
                ("http://foo.bar/foo/quz", false),
            ],
        ),
    ]);
}

#[test]
fn index_html_is_directory() {
    check(&[(
        "User-Agent: *\nAllow: /allowed-slash/index.html\nDisallow: /\n",
        "foobot",
        &[
            ("http://foo.com/allowed-slash/", true),
            ("http://foo.com/allowed-slash/index.htm", false),
            ("http://foo.com/allowed-slash/index.html", true),
            ("http://foo.com/anyother-url", false),
        ],
    )]);
}

#[test]
fn line_too_long() {
    let cut = MAX_LINE_BYTES - "disallow: ".len();
    let long = format!("/x/{}", "a".repeat(cut - "/x/".len()));
    let file = format!("user-agent: FooBot\ndisallow: {long}/qux\n");
    assert!(may(&file, "FooBot", "http://foo.bar/fux"));
    assert!(!may(&file, "FooBot", &format!("http://foo.bar{long}/fux")));

    let cut = MAX_LINE_BYTES - "allow: ".len() - "/x/".len();
    let (a, b) = (
        format!("/x/{}", "a".repeat(cut)),
        format!("/x/{}", "b".repeat(cut)),
    );
    let file = format!("user-agent: FooBot\ndisallow: /\nallow: {a}/qux\nallow: {b}/qux\n");
    assert!(!may(&file, "FooBot", "http://foo.bar/"));
    assert!(may(&file, "FooBot", &format!("http://foo.bar{a}/qux")));
    assert!(may(&file, "FooBot", &format!("http://foo.bar{b}/fux")));
}

#[test]
fn documentation_checks() {
    for (allow, open, closed) in [
        (
            "/fish",
            "/fish /fish.html /fish/salmon.html /fishheads /fishheads/yummy.html /fish.html?id=anything",
            "/bar /Fish.asp /catfish /?id=fish",
        ),
        (
            "/fish*",
            "/fish /fish.html /fish/salmon.html /fishheads /fishheads/yummy.html /fish.html?id=anything",
            "/bar /Fish.bar /catfish /?id=fish",
        ),
        (
            "/fish/",
            "/fish/ /fish/salmon /fish/?salmon /fish/salmon.html /fish/?id=anything",
            "/bar /fish /fish.html /Fish/Salmon.html",
        ),
        (
            "/*.php",
            "/filename.php /folder/filename.php /folder/filename.php?parameters //folder/any.php.file.html \
             /filename.php/ /index?f=filename.php/",
            "/bar /php/ /index?php /windows.PHP",
        ),
        (
            "/*.php$",
            "/filename.php /folder/filename.php",
            "/bar /filename.php?parameters /filename.php/ /filename.php5 /php/ /filename?php /aaaphpaaa \
             //windows.PHP",
        ),
        (
            "/fish*.php",
            "/fish.php /fishheads/catfish.php?parameters",
            "/bar /Fish.PHP",
        ),
    ] {
        let file = format!("user-agent: FooBot\ndisallow: /\nallow: {allow}\n");
        for (paths, expected) in [(open, true), (closed, false)] {
            for path in paths.split_whitespace() {
                let got = may(&file, "FooBot", &format!("http://foo.bar{path}"));
                assert_eq!(got, expected, "{allow} on {path}");
            }
        }
    }
}

#[test]
fn order_of_precedence() {
    for (rules, path, expected) in [
        ("allow: /p\ndisallow: /\n", "/page", true),
        ("allow: /folder\ndisallow: /folder\n", "/folder/page", true),
        ("allow: /page\ndisallow: /*.htm\n", "/page.htm", false),
        ("allow: /$\ndisallow: /\n", "/", true),
        ("allow: /$\ndisallow: /\n", "/page.html", false),
    ] {
        let file = format!("user-agent: FooBot\n{rules}");
        let address = format!("http://example.com{path}");
        assert_eq!(may(&file, "FooBot", &address), expected, "{rules} {path}");
    }
}

#[test]
fn any_line_end_separates_lines() {
    for end in ["\n", "\r\n", "\r", "\r\n\r\n"] {
        let lines = [
            "User-Agent: foo",
            "Allow: /some/path",
            "User-Agent: bar",
            "",
            "",
            "Disallow: /",
        ];
        let file = lines.join(end);
        assert!(may(&file, "foo", "http://foo.bar/"), "{end:?}");
        assert!(!may(&file, "bar", "http://foo.bar/"), "{end:?}");
        assert!(
            !may(&format!("{file}{end}"), "bar", "http://foo.bar/"),
            "{end:?}"
        );
    }
}

#[test]
fn utf8_byte_order_mark_is_skipped() {
    let text = b"User-Agent: foo\nDisallow: /\n";
    let open = |mark: &[u8]| {
        let file = [mark, text].concat();
        Rules::parse(&file, "foo").allows(&Url::parse("http://foo.bar/").unwrap())
    };
    assert!(!open(b"\xEF\xBB\xBF"));
    assert!(!open(b"\xEF\xBB"));
    assert!(!open(b"\xEF"));
    // no mark: the first line is lost, and with it the group
    assert!(open(b"\xEF\x11\xBF"));
    // in the middle it spoils its line only
    let file = b"User-Agent: foo\n\xEF\xBB\xBFAllow: /\nDisallow: /x\n";
    assert!(!Rules::parse(file, "foo").allows(&Url::parse("http://foo.bar/x").unwrap()));
}

#[test]
fn typographical_errors_of_keys_are_read() {
    for key in [
        "disallow",
        "dissallow",
        "dissalow",
        "disalow",
        "diasllow",
        "disallaw",
    ] {
        for agent in ["user-agent", "useragent", "user agent"] {
            let file = format!("{agent}: FooBot\n{key}: /\n");
            assert!(!may(&file, "FooBot", "http://foo.bar/"), "{file}");
        }
    }
}

#[test]
fn escape_pattern() {
    for (from, to) in [
        ("/a/b/c", "/a/b/c"),
        ("á", "%C3%A1"),
        ("%aa", "%AA"),
        ("/%zz%2", "/%zz%2"),
        ("/a%2fb?c%2fd", "/a%2Fb?c/d"),
    ] {
        assert_eq!(normalised(from.as_bytes()), to);
    }
}

#[test]
fn a_star_costs_no_backtracking() {
    let pattern = format!("/{}b$", "*a".repeat(5_000));
    let path = format!("/{}", "a".repeat(50_000));
    assert!(!matches(&path, &pattern));
    assert!(matches(&format!("{path}b"), &pattern));
}

#[test]
fn wildcards_at_the_edges() {
    for (pattern, path, expected) in [
        ("*", "/x", true),
        ("*x", "/x", true),
        ("x", "/x", false),
        ("/a*b*b$", "/ab", false),
        ("/a*b*b$", "/abb", true),
        ("/*$", "/anything", true),
        ("/a$b", "/a$b", true),
        ("/a$b", "/a", false),
        ("$", "/", false),
        ("/**x", "/yx", true),
    ] {
        assert_eq!(matches(path, pattern), expected, "{pattern} on {path}");
    }
}

#[test]
fn groups_are_merged_and_a_group_may_name_many() {
    let file = "User-agent: a\nUser-agent: b\nDisallow: /1\n\nUser-agent: c\nDisallow: /2\n\nUser-agent: B\nDisallow: /3\n";
    for (path, expected) in [("/1", false), ("/2", true), ("/3", false)] {
        assert_eq!(may(file, "b", &format!("http://foo.bar{path}")), expected);
    }
}

#[test]
fn crawl_delay_is_of_the_robots_own_group() {
    let file =
        "User-agent: *\nCrawl-delay: 30\n\nUser-agent: foo\nCrawl-delay: 2.5\nDisallow: /x\n";
    let delay = |robot| Rules::parse(file.as_bytes(), robot).crawl_delay();
    assert_eq!(delay("foo"), Some(Duration::from_millis(2500)));
    assert_eq!(delay("bar"), Some(Duration::from_secs(30)));
    for bad in ["-1", "soon", "NaN", "inf", "1e400", ""] {
        let file = format!("User-agent: *\nCrawl-delay: {bad}\n");
        assert_eq!(
            Rules::parse(file.as_bytes(), "foo").crawl_delay(),
            None,
            "{bad}"
        );
    }
}

#[test]
fn robots_txt_itself_and_a_web_page_in_its_place_are_open() {
    assert!(may(
        "User-agent: *\nDisallow: /\n",
        "foo",
        "http://foo.bar/robots.txt"
    ));
    let page = "<!DOCTYPE html>\n<html><head><title>404</title></head>\n<body>disallow it: no</body></html>";
    assert!(may(page, "foo", "http://foo.bar/"));
}

#[test]
fn what_lies_behind_the_limit_is_not_read() {
    let mut file = format!("User-agent: *\nDisallow: /x\n{}", "#".repeat(MAX_BYTES));
    file.replace_range(MAX_BYTES - 12..MAX_BYTES - 11, "\n");
    file.replace_range(MAX_BYTES - 11.., "Disallow: /yz\n");
    assert!(!may(&file, "foo", "http://foo.bar/x"));
    assert!(may(&file, "foo", "http://foo.bar/y"));
    assert!(may(&file, "foo", "http://foo.bar/yz"));
}

proptest::proptest! {
    #[test]
    fn no_file_and_no_address_is_too_odd(file: Vec<u8>, lines in "([A-Za-z-]{0,6}:?[ -~é*$%]{0,12}[\r\n]?){0,9}", path: String) {
        let mut url = Url::parse("http://foo.bar/").unwrap();
        url.set_path(&path);
        for bytes in [&file[..], lines.as_bytes(), format!("user-agent:*\ndisallow:{path}").as_bytes()] {
            Rules::parse(bytes, "foo").allows(&url);
        }
    }
}
