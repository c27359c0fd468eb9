//! The program as people start it: exit codes, messages word for word, stopping, being killed.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

pub(crate) fn schoolbell() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_schoolbell"));
    command
        .env_remove("SCHOOLBELL_CONFIG")
        .env_remove("SCHOOLBELL_LOG")
        .env_remove("SCHOOLBELL_LOG_FORMAT")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    schoolbell()
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

/// Exit code, standard output, standard error.
fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// A folder with a configuration.
fn folder(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bell.toml"), config).unwrap();
    folder
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A program that runs on, killed with the test.
struct Running {
    child: Child,
    errors: BufReader<std::process::ChildStderr>,
}

impl Running {
    /// Starts it and waits for a line of its log.
    fn start(folder: &Path, args: &[&str], line: &str) -> Self {
        let mut child = schoolbell()
            .current_dir(folder)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let mut running = Self { child, errors };
        running.wait_for(line);
        running
    }

    fn wait_for(&mut self, line: &str) {
        let mut seen = String::new();
        loop {
            let mut next = String::new();
            assert_ne!(
                self.errors.read_line(&mut next).unwrap(),
                0,
                "it ended without `{line}`:\n{seen}"
            );
            seen += &next;
            if next.contains(line) {
                return;
            }
        }
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.errors.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of an answer to a plain GET.
fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: bell\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn without_a_configuration_it_says_where_it_looked() {
    let empty = tempfile::tempdir().unwrap();
    for args in [&[][..], &["run"], &["once"], &["status"], &["opml"]] {
        let (code, out, err) = said(&run(empty.path(), args));
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(
            err.contains("config/schoolbell.toml") && err.contains("--config"),
            "{err}"
        );
    }
    let (code, _, err) = said(&run(empty.path(), &["--config", "none.toml"]));
    assert_eq!(code, 2);
    assert!(err.contains("none.toml"), "{err}");
}

#[test]
fn a_broken_configuration_is_shown_with_all_its_mistakes() {
    let folder = folder(
        "[server]\nlisten = \"nowhere\"\n[[source]]\nurl = \"http://a.example/\"\ntitel = \"x\"\n",
    );
    let (code, _, err) = said(&run(folder.path(), &["--config", "bell.toml", "run"]));
    assert_eq!(code, 2);
    assert!(
        err.contains("bell.toml:2:10") && err.contains("bell.toml:5:1") && err.contains("`title`"),
        "{err}"
    );
    let (code, out, _) = said(&run(folder.path(), &["--config", "bell.toml", "check"]));
    assert_eq!(code, 1);
    assert!(
        out.contains("bell.toml:2:10") && out.contains("bell.toml:5:1"),
        "{out}"
    );
}

#[test]
fn a_good_configuration_is_said_to_be_good() {
    let folder = folder(
        "[[source]]\nurl = \"http://a.example/\"\n[[source]]\nurl = \"http://b.example/\"\nenabled = false\n",
    );
    let (code, out, err) = said(&run(folder.path(), &["--config", "bell.toml", "check"]));
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "bell.toml: good, 2 sources, 1 of them not enabled\n", "")
    );
}

#[test]
fn wrong_usage_is_told() {
    let folder = folder("[[source]]\nid = \"jyt-news\"\nurl = \"http://a.example/\"\n");
    let (code, _, err) = said(&run(
        folder.path(),
        &["--config", "bell.toml", "once", "jyt-new"],
    ));
    assert_eq!(
        (code, err.as_str()),
        (
            2,
            "schoolbell: no source has the id `jyt-new`; did you mean `jyt-news`?\n"
        )
    );
    let (code, _, err) = said(&run(
        folder.path(),
        &["--config", "bell.toml", "preview", "zzz"],
    ));
    assert_eq!(
        (code, err.as_str()),
        (
            2,
            "schoolbell: no source has the id `zzz`; `schoolbell status` lists them\n"
        )
    );
    let (code, _, err) = said(&run(
        folder.path(),
        &["--config", "bell.toml", "--log", "loud", "check"],
    ));
    assert_eq!(
        (code, err.as_str()),
        (
            2,
            "schoolbell: `--log loud` is no log level; use error, warn, info, debug or trace\n"
        )
    );
    let (code, _, err) = said(&run(
        folder.path(),
        &["--config", "mine.toml", "preview", "http://127.0.0.1:1/"],
    ));
    assert_eq!(code, 2);
    assert!(err.contains("looked for `mine.toml`"), "{err}");
    assert_eq!(said(&run(folder.path(), &["ring"])).0, 2);
    let (code, out, _) = said(&run(folder.path(), &["--version"]));
    assert_eq!(
        (code, out.as_str()),
        (0, concat!("schoolbell ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = folder(&format!("[server]\nlisten = \"{address}\"\n"));
    let (code, _, err) = said(&run(folder.path(), &["--config", "bell.toml"]));
    let message = format!(
        "schoolbell: {address} is in use by another program; stop that, or set another [server] listen\n"
    );
    assert_eq!((code, err), (1, message));
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[test]
fn a_source_that_cannot_be_reached_fails_in_words() {
    let port = free_port();
    let config = format!(
        "[fetch]\nallow_private = [\"127.0.0.1/32\"]\n[[source]]\nid = \"a\"\nurl = \"http://127.0.0.1:{port}/\"\nrobots = false\n"
    );
    let folder = folder(&config);
    let (code, out, _) = said(&run(folder.path(), &["--config", "bell.toml", "once"]));
    assert_eq!(code, 1);
    assert_eq!(
        out,
        format!(
            "a: unreachable: cannot connect to http://127.0.0.1:{port}/: Connection refused (os error 111)\n"
        )
    );
    let (code, out, _) = said(&run(folder.path(), &["--config", "bell.toml", "status"]));
    assert_eq!(code, 0);
    assert!(out.contains("\na: unreachable: cannot connect to"), "{out}");
    let (code, out, err) = said(&run(
        folder.path(),
        &["--config", "bell.toml", "preview", "a"],
    ));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.starts_with("schoolbell: unreachable: cannot connect to"),
        "{err}"
    );
}

#[test]
fn a_list_of_the_catalogue_is_looked_at_before_it_is_added() {
    // nobody listens there: no department is asked
    let port = free_port();
    let folder = folder(&format!(
        "[fetch]\nrobots = false\nproxy = \"http://127.0.0.1:{port}\"\n"
    ));
    let (code, out, err) = said(&run(
        folder.path(),
        &["--config", "bell.toml", "preview", "moe-szyw"],
    ));
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(
        err.contains("http://www.moe.gov.cn/jyb_sy/shizheng/"),
        "{err}"
    );
}

#[test]
fn a_private_address_is_refused_and_the_remedy_told() {
    let folder = folder("[[source]]\nid = \"a\"\nurl = \"http://127.0.0.1:1/\"\n");
    let (code, out, _) = said(&run(folder.path(), &["--config", "bell.toml", "once"]));
    assert_eq!(code, 1);
    assert!(
        out.starts_with("a: not_allowed: http://127.0.0.1:1/ was not asked: ")
            && out.contains("allow_private = [\"127.0.0.1/32\"]"),
        "{out}"
    );
}

#[test]
fn the_daemon_stops_in_order_and_holds_its_store_alone() {
    let port = free_port();
    let folder = folder(&format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n[[source]]\nid = \"a\"\nurl = \"http://127.0.0.1:1/\"\n"
    ));
    let daemon = Running::start(folder.path(), &["--config", "bell.toml"], "poll failed");
    let (code, _, err) = said(&run(folder.path(), &["--config", "bell.toml", "once"]));
    assert_eq!(code, 1);
    assert!(
        err.contains("data") && err.contains("another process"),
        "{err}"
    );
    // what is asked of the store is asked of the daemon that holds it
    let (code, out, err) = said(&run(
        folder.path(),
        &["--config", "bell.toml", "status", "--json"],
    ));
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&out).unwrap()[0]["id"],
        "a"
    );
    // from another folder too, where the store's relative path leads nowhere
    let elsewhere = tempfile::tempdir().unwrap();
    let config = folder.path().join("bell.toml");
    let status = ["--config", config.to_str().unwrap(), "status"];
    let (code, out, err) = said(&run(elsewhere.path(), &status));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("\na   not_allowed "), "{out}");
    assert!(!elsewhere.path().join("data").exists());
    let (code, out, _) = said(&run(folder.path(), &["--config", "bell.toml", "opml"]));
    assert_eq!(code, 0);
    assert!(
        out.contains(&format!("xmlUrl=\"http://127.0.0.1:{port}/feeds/a.rss\"")),
        "{out}"
    );
    // its own list can be taken up by another one
    std::fs::write(folder.path().join("own.opml"), &out).unwrap();
    let (code, blocks, err) = said(&run(folder.path(), &["import", "own.opml"]));
    assert_eq!((code, err.as_str()), (0, ""));
    std::fs::write(elsewhere.path().join("bell.toml"), &blocks).unwrap();
    let check = ["--config", "bell.toml", "check"];
    let (code, _, err) = said(&run(elsewhere.path(), &check));
    assert_eq!(code, 0, "{err}{blocks}");
    assert!(blocks.contains(&format!("url = \"http://127.0.0.1:{port}/all.rss\"")));
    daemon.signal("TERM");
    let (code, log) = daemon.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("stopping") && log.contains("stopped"), "{log}");
}

#[cfg(unix)]
#[test]
fn the_log_is_json_where_that_is_asked_for() {
    let port = free_port();
    let folder = folder(&format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n[[source]]\nid = \"a\"\nurl = \"http://127.0.0.1:1/\"\n"
    ));
    let args = ["--config", "bell.toml", "--log-format", "json"];
    let daemon = Running::start(folder.path(), &args, "\"message\":\"poll failed\"");
    daemon.signal("TERM");
    let (code, log) = daemon.end();
    assert_eq!(code, Some(0), "{log}");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    let stopped = lines.iter().any(|line| line["message"] == "stopped");
    assert!(stopped, "{log}");
    let (code, _, err) = said(&run(folder.path(), &["--log-format", "xml", "status"]));
    assert_eq!(code, 2);
    assert!(err.contains("[possible values: text, json]"), "{err}");
}

/// `timeout` and some supervisors signal the process and its group: both are one stop, and the poll under way may end.
#[cfg(unix)]
#[cfg(unix)]
#[test]
fn a_socket_that_systemd_hands_over_is_listened_on() {
    let folder = folder(
        "[server]\nlisten = 'systemd'\n[[source]]\nurl = 'http://127.0.0.1:1/'\nenabled = false\n",
    );
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    // as systemd does it (`sd_listen_fds(3)`): the socket is file 3, and the environment names the process
    let hand_over = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$0\" run --config bell.toml";
    let mut child = Command::new("sh")
        .args(["-c", hand_over, env!("CARGO_BIN_EXE_schoolbell")])
        .current_dir(folder.path())
        .stdin(std::os::fd::OwnedFd::from(socket))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let errors = BufReader::new(child.stderr.take().unwrap());
    let mut running = Running { child, errors };
    running.wait_for("listening");
    assert_eq!(get(port, "/healthz"), "ok\n");
    running.signal("TERM");
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn another_configuration_is_taken_up_while_it_runs() {
    let port = free_port();
    let head = format!("include = ['more/*.toml']\n[server]\nlisten = '127.0.0.1:{port}'\n");
    let source = |id: &str| {
        format!("[[source]]\nid = '{id}'\nurl = 'http://127.0.0.1:1/{id}'\nenabled = false\n")
    };
    let folder = folder(&(head.clone() + &source("one")));
    std::fs::create_dir(folder.path().join("more")).unwrap();
    let path = folder.path().join("bell.toml");
    let args = ["run", "--config", "bell.toml"];
    let mut running = Running::start(folder.path(), &args, "listening");
    let ids = || -> Vec<String> {
        let sources: serde_json::Value = serde_json::from_str(&get(port, "/api/sources")).unwrap();
        let sources = sources.as_array().unwrap().iter();
        sources
            .map(|source| source["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(), ["one"]);
    // a connection that stays through all of it
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();

    // as editors do it: another file in its place
    let new = folder.path().join("bell.toml.new");
    std::fs::write(&new, head.clone() + &source("one") + &source("two")).unwrap();
    std::fs::rename(&new, &path).unwrap();
    running.wait_for("the configuration was taken up sources=2 added=1 removed=0");
    assert_eq!(ids(), ["one", "two"]);

    std::fs::write(folder.path().join("more/b.toml"), source("three")).unwrap();
    running.wait_for("the configuration was taken up sources=3 added=1 removed=0");

    std::fs::write(
        &path,
        head.clone() + &source("two") + "[feed]\nentrys = 5\n",
    )
    .unwrap();
    running.wait_for("the configuration is refused");
    running.wait_for("did you mean `entries`?");
    assert_eq!(ids(), ["one", "two", "three"]);
    let status = get(port, "/status");
    assert!(status.contains("did you mean `entries`?"), "{status}");

    // as it is for a moment where it is written anew
    std::fs::remove_file(folder.path().join("more/b.toml")).unwrap();
    std::fs::write(&path, "").unwrap();
    running.wait_for("no source is named any more; if that is meant, send SIGHUP");
    assert_eq!(ids(), ["one", "two", "three"]);

    std::fs::write(folder.path().join("more/b.toml"), source("three")).unwrap();
    std::fs::write(&path, head + &source("two")).unwrap();
    running.wait_for("the configuration was taken up sources=2 added=0 removed=1");
    assert_eq!(ids(), ["two", "three"]);
    assert!(!get(port, "/status").contains("did you mean"));
    #[cfg(unix)]
    {
        running.signal("HUP");
        running.wait_for("the configuration was taken up sources=2 added=0 removed=0");
    }
    stream
        .write_all(b"GET /feeds/two.json HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Folders come and go, and a mistake may stand in a file that was not known before.
#[test]
fn files_are_watched_wherever_they_lie_by_now() {
    let port = free_port();
    let head = format!("[server]\nlisten = '127.0.0.1:{port}'\n");
    let source = |id: &str| {
        format!("[[source]]\nid = '{id}'\nurl = 'http://127.0.0.1:1/{id}'\nenabled = false\n")
    };
    let main = |include: &str| format!("include = [{include}]\n{head}{}", source("one"));
    let folder = folder(&main("'more/*.toml'"));
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("more")).unwrap();
    std::fs::write(at("more/b.toml"), source("two")).unwrap();
    let args = ["run", "--config", "bell.toml"];
    let mut running = Running::start(folder.path(), &args, "listening");

    // the folder is made anew
    std::fs::remove_dir_all(at("more")).unwrap();
    running.wait_for("the configuration was taken up sources=1 added=0 removed=1");
    std::fs::create_dir(at("more")).unwrap();
    std::fs::write(at("more/b.toml"), source("two")).unwrap();
    running.wait_for("the configuration was taken up sources=2 added=1 removed=0");
    std::fs::write(at("more/c.toml"), source("three")).unwrap();
    running.wait_for("the configuration was taken up sources=3 added=1 removed=0");

    // another folder has a mistake, which is mended there; one more is named and not there yet
    std::fs::create_dir(at("other")).unwrap();
    std::fs::write(at("other/d.toml"), "[[source]]\nid = 4\n").unwrap();
    let includes = "'more/*.toml', 'other/*.toml', 'late/r/*.toml'";
    std::fs::write(at("bell.toml"), main(includes)).unwrap();
    running.wait_for("the configuration is refused");
    std::fs::write(at("other/d.toml"), source("four")).unwrap();
    running.wait_for("the configuration was taken up sources=4 added=1 removed=0");
    std::fs::create_dir_all(at("late/r")).unwrap();
    std::fs::write(at("late/r/e.toml"), source("five")).unwrap();
    running.wait_for("the configuration was taken up sources=5 added=1 removed=0");
}

#[cfg(unix)]
#[test]
fn what_a_link_leads_to_is_watched() {
    let port = free_port();
    let source = |id: &str| {
        format!("[[source]]\nid = '{id}'\nurl = 'http://127.0.0.1:1/{id}'\nenabled = false\n")
    };
    let head = format!("[server]\nlisten = '127.0.0.1:{port}'\n");
    let real = folder(&(head.clone() + &source("one")));
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("bell.toml");
    std::os::unix::fs::symlink(real.path().join("bell.toml"), link).unwrap();
    let args = ["run", "--config", "bell.toml"];
    let mut running = Running::start(folder.path(), &args, "listening");
    let new = head + &source("one") + &source("two");
    std::fs::write(real.path().join("bell.toml"), new).unwrap();
    running.wait_for("the configuration was taken up sources=2 added=1 removed=0");
}

#[cfg(unix)]
#[test]
fn what_is_added_leaves_the_file_to_whom_it_belongs() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let folder = folder("lang = 'en'\n");
    let path = folder.path().join("bell.toml");
    // only some may give a file to a group; others learn the rest
    let is_given = chown(&path, Some(1), Some(1)).is_ok();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let beside = folder.path().join("bell.toml.new");
    std::fs::write(&beside, "somebody's").unwrap();
    let add = ["--config", "bell.toml", "catalog", "add", "moe-szyw"];
    let (code, _, err) = said(&run(folder.path(), &add));
    assert_eq!((code, err.as_str()), (0, ""));
    let data = std::fs::metadata(&path).unwrap();
    assert_eq!(data.mode() & 0o777, 0o640);
    if is_given {
        assert_eq!((data.uid(), data.gid()), (1, 1));
    }
    assert_eq!(std::fs::read_to_string(&beside).unwrap(), "somebody's");
    // and one that nobody may write to is not replaced
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o440)).unwrap();
    let before = std::fs::read_to_string(&path).unwrap();
    let (code, out, err) = said(&run(
        folder.path(),
        &["--config", "bell.toml", "catalog", "add", "moe-gzdt"],
    ));
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.contains("cannot write `bell.toml`"), "{err}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_is_added_leaves_all_else_where_it_stands() {
    let add = |config: &str| {
        let folder = folder(config);
        let args = ["--config", "bell.toml", "catalog", "add", "moe-szyw"];
        let (code, _, err) = said(&run(folder.path(), &args));
        assert_eq!((code, err.as_str()), (0, ""), "{config}");
        std::fs::read_to_string(folder.path().join("bell.toml")).unwrap()
    };
    let new = "{ url = \"http://www.moe.gov.cn/jyb_sy/shizheng/\", id = \"moe-szyw\", title = \"教育部 · 时政要闻\", groups = [\"ministry\"] }";
    let first =
        "source = [\n\t{ url = 'http://a.example/' }, # first\n\t{ url = 'http://b.example/' }";
    for (end, expected) in [
        (", # second\n]\n", format!(", # second\n\t{new},\n]\n")),
        (" # second\n]\n", format!(", # second\n\t{new}\n]\n")),
        (",\n# more\n]\n", format!(",\n# more\n\t{new},\n]\n")),
        ("]\n", format!(", {new}]\n")),
    ] {
        assert_eq!(add(&format!("{first}{end}")), format!("{first}{expected}"));
    }
    // blocks go behind what stands there to the byte, however its lines end
    let mixed = "lang = 'en'\r\n# by hand\n[[source]]\r\nurl = 'http://a.example/'\r\n";
    let added = add(mixed);
    assert!(added.starts_with(mixed), "{added:?}");
    assert!(
        added.ends_with("\r\n\r\n[[source]]\r\nurl = \"http://www.moe.gov.cn/jyb_sy/shizheng/\"\r\nid = \"moe-szyw\"\r\ntitle = \"教育部 · 时政要闻\"\r\ngroups = [\"ministry\"]\r\n"),
        "{added:?}"
    );
    let empty = "source = [\n  # none yet\n]\n";
    assert_eq!(
        add(empty),
        format!("source = [\n  # none yet\n  {new}\n]\n")
    );
}

#[test]
fn lists_that_other_programs_write_carelessly_are_imported_whole() {
    let folder = folder("");
    let long = "g".repeat(80);
    let list = format!(
        "<opml version=\"1.0\"><head><title>A & B</title></head><body>\
         <outline text=\"a & b &amp; c &#33;\" xmlUrl=\"http://a.example/rss?x=1&y=2&amp;z=3\"/>\
         <outline text=\"c&nbsp;d\" xmlUrl=http://b.example/rss />\
         <outline text=\"{long}\"><outline text=\"{long}\"><outline xmlUrl=\"feed://c.example/rss\"/></outline></outline>\
         <outline xmlUrl=\"feed:https://d.example/rss\"/>\
         <outline text=\"e\" xmlUrl=\"http://me:secret@e.example/rss\"/>\
         </body></opml>"
    );
    std::fs::write(folder.path().join("list.opml"), list).unwrap();
    let (code, blocks, err) = said(&run(folder.path(), &["import", "list.opml"]));
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains("`e` on e.example has a name or password"),
        "{err}"
    );
    assert!(!err.contains("secret"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    std::fs::write(folder.path().join("bell.toml"), &blocks).unwrap();
    let check = ["--config", "bell.toml", "check"];
    let (code, _, err) = said(&run(folder.path(), &check));
    assert_eq!(code, 0, "{err}{blocks}");
    for part in [
        "url = \"http://a.example/rss?x=1&y=2&z=3\"\n",
        "title = \"a & b & c !\"\n",
        "url = \"http://b.example/rss\"\n",
        "url = \"http://c.example/rss\"\n",
        "url = \"https://d.example/rss\"\n",
    ] {
        assert!(blocks.contains(part), "{part}{blocks}");
    }
}

/// Messages are put into mails and reports.
#[test]
fn a_daemon_that_is_asked_is_sent_the_token_where_no_message_shows_it() {
    let (port, other) = (free_port(), free_port());
    let config = |port: u16| {
        format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"a-secret-of-many-letters\"\n\
             [[source]]\nid = \"a\"\nurl = \"http://127.0.0.1:1/\"\n"
        )
    };
    let folder = folder(&config(port));
    std::fs::write(folder.path().join("other.toml"), config(other)).unwrap();
    let _daemon = Running::start(folder.path(), &["--config", "bell.toml"], "poll failed");
    let status = |file: &str| said(&run(folder.path(), &["--config", file, "status"]));
    let (code, out, err) = status("bell.toml");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("\na   not_allowed "), "{out}");
    let (code, _, err) = status("other.toml");
    assert_eq!(code, 1);
    assert!(err.contains("no schoolbell answers at"), "{err}");
    assert!(!err.contains("secret"), "{err}");
}

#[test]
fn a_stop_that_is_told_twice_is_one() {
    let site = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = folder(&format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[fetch]\nallow_private = [\"127.0.0.1/32\"]\n[[source]]\nid = \"a\"\nurl = \"http://{}/\"\n",
        site.local_addr().unwrap()
    ));
    let mut daemon = Running::start(folder.path(), &["--config", "bell.toml"], "listening");
    let (asked, _) = site.accept().unwrap();
    daemon.signal("TERM");
    daemon.wait_for("stopping");
    daemon.signal("TERM");
    drop((asked, site));
    let (code, log) = daemon.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("stopped"), "{log}");
}

#[cfg(unix)]
#[test]
fn a_file_in_the_place_of_a_socket_is_left_alone() {
    let folder = folder("[server]\nlisten = \"unix:bell.toml\"\n");
    let (code, _, err) = said(&run(folder.path(), &["--config", "bell.toml"]));
    assert_eq!(code, 1);
    assert!(
        err.contains("cannot listen on unix:bell.toml") && err.contains("no socket"),
        "{err}"
    );
}

/// `schoolbell extract … | head` is no failure, and a full disk is one.
#[cfg(target_os = "linux")]
#[test]
fn results_that_nobody_reads_are_no_failure_but_lost_ones_are() {
    let folder = folder("");
    let page = "<h1>题目</h1>".repeat(20_000);
    std::fs::write(folder.path().join("page.html"), page).unwrap();
    let line = r#"{"id":1,"kind":"article","url":"http://a.example/","file":"page.html"}"#;
    std::fs::write(folder.path().join("batch"), line).unwrap();
    for args in [
        &[
            "extract",
            "article",
            "--url",
            "http://a.example/",
            "page.html",
        ][..],
        &["extract", "--batch", "batch"],
        &["--config", "bell.toml", "opml"],
    ] {
        let to = |out: Stdio| {
            let mut command = schoolbell();
            let command = command.current_dir(folder.path()).args(args).stdout(out);
            said(&command.output().unwrap())
        };
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(to(writer.into()), (0, String::new(), String::new()));
        let full = std::fs::File::options().write(true).open("/dev/full");
        let (code, _, err) = to(full.unwrap().into());
        assert_eq!(code, 1, "{args:?}");
        assert!(
            err.starts_with("schoolbell: cannot write to standard output: "),
            "{err}"
        );
    }
}

#[test]
fn killed_and_started_again_every_article_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    // four ports in a row
    let port = (0..50)
        .map(|_| free_port())
        .find(|port| (1..=3).all(|n| TcpListener::bind(("127.0.0.1", port + n)).is_ok()))
        .unwrap();
    let port_text = port.to_string();
    let args = ["demo", "--port", &port_text, "--data", "demo"];
    let ids = || {
        let feed: serde_json::Value = serde_json::from_str(&get(port, "/feeds/jyt.json")).unwrap();
        feed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut demo = Running::start(
        folder.path(),
        &args,
        "poll{source.id=jyt}: polled outcome=\"read\"",
    );
    let before = ids();
    assert!(before.len() >= 12, "{before:?}");
    demo.child.kill().unwrap();
    demo.child.wait().unwrap();
    let demo = Running::start(
        folder.path(),
        &args,
        "poll{source.id=jyt}: polled outcome=\"unchanged\"",
    );
    assert_eq!(ids(), before);
    demo.signal("INT");
    assert_eq!(demo.end().0, Some(0));
}

#[test]
fn a_store_is_looked_at_without_being_made() {
    let port = free_port();
    let folder = folder(&format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n[[source]]\nid = \"a\"\nurl = \"http://a.example/\"\n"
    ));
    let (code, out, _) = said(&run(folder.path(), &["--config", "bell.toml", "status"]));
    assert_eq!(code, 0);
    assert_eq!(
        out,
        "ID  HEALTH   ARTICLES  LAST POLL  NEXT POLL  TITLE\na   waiting  0         -          -          a\n"
    );
    assert!(!folder.path().join("data").exists());
}

#[test]
fn the_catalogue_is_searched_and_added_from() {
    let folder = folder("# mine\n[[source]]\nurl = \"http://a.example/\"\n");
    let (code, found, _) = said(&run(
        folder.path(),
        &["catalog", "教育部", "ministry", "--json"],
    ));
    assert_eq!(code, 0);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let (id, url) = (
        found[0]["id"].as_str().unwrap(),
        found[0]["url"].as_str().unwrap(),
    );
    let add = ["--config", "bell.toml", "catalog", "add", id];
    let (code, out, _) = said(&run(folder.path(), &add));
    assert_eq!(code, 0, "{out}");
    assert!(out.starts_with(&format!("added {id}: ")));
    let written = std::fs::read_to_string(folder.path().join("bell.toml")).unwrap();
    assert!(written.starts_with("# mine\n[[source]]\n") && written.contains(url));
    // once is enough
    let (code, _, error) = said(&run(folder.path(), &add));
    assert_eq!(code, 2);
    assert!(
        error.contains(&format!("`{id}` is there already, as the source `{id}`")),
        "{error}"
    );
    let (code, _, error) = said(&run(
        folder.path(),
        &["--config", "bell.toml", "catalog", "add", "moe-szy"],
    ));
    assert_eq!(code, 2);
    assert!(
        error.contains("the catalogue has no `moe-szy`; did you mean `moe-szyw`?"),
        "{error}"
    );
    let (code, out, _) = said(&run(folder.path(), &["catalog", "zzz"]));
    assert_eq!(code, 1);
    assert!(out.starts_with("nothing in the catalogue bears `zzz`; its groups are "));
}
