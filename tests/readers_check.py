#!/usr/bin/env python3
"""Checks the feeds of a running demo with independent readers. Started by readers.sh.

Each line printed is something that was checked. The first thing that is wrong ends it, in words, with exit code 1.
Python 3.9 or newer, feedparser, newsboat, sfeed, node with rss-parser in the folder `npm` of the work folder.
"""

import argparse
import calendar
import datetime
import gzip
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

import feedparser

SOURCES = ["jyt", "jyj", "jwc"]
FORMATS = ["rss", "atom", "json"]
# [feed] entries: a document holds no more
MOST_ENTRIES = 50
PATIENCE_SECONDS = 120


class Wrong(Exception):
    """Something is not as it should be."""


def expect(good, words):
    if not good:
        raise Wrong(words)


# --- asking ---------------------------------------------------------------------------------------------------------


def ask(address, method="GET", **headers):
    """Status, headers (names in lower case) and body; 304 and errors too. Proxies of the environment are left alone."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, method=method, headers=names)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer = opener.open(request, timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, headers, answer.read()


def sources(base):
    """The three sources as /api/sources tells of them, by id."""
    status, _, body = ask(f"{base}/api/sources")
    expect(status == 200, f"/api/sources answers {status}")
    return {source["id"]: source for source in json.loads(body)}


def wait_until_polled(base, process):
    """Waits until the demo is ready and every source has been polled well and stands still."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    before = None
    why = "it does not answer"
    while time.monotonic() < deadline:
        if process:
            expect(alive(process), "the demo has ended")
        try:
            ready, _, _ = ask(f"{base}/readyz")
            why = f"/readyz answers {ready}"
            if ready == 200:
                known = sources(base)
                why = "; ".join(f"{s['id']}: {s['articles']} articles, error {s['last_error']}" for s in known.values())
                counts = {name: known[name]["articles"] for name in SOURCES if name in known}
                if len(counts) == len(SOURCES) and all(counts.values()) and counts == before:
                    return
                before = counts
        except (OSError, ValueError, KeyError) as error:
            why = str(error)
        time.sleep(1)
    raise Wrong(f"not ready after {PATIENCE_SECONDS} seconds: {why}")


def alive(process):
    try:
        os.kill(process, 0)
    except OSError:
        return False
    # a process that has ended and was not waited for yet
    stat = pathlib.Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


# --- reading --------------------------------------------------------------------------------------------------------


def entries_of_xml(name, headers, body):
    """A feed's entries by link: title, date in seconds, length of the content, number of files."""
    feed = feedparser.parse(body, response_headers={"content-type": headers["content-type"]})
    expect(not feed.bozo, f"{name}: feedparser complains: {feed.get('bozo_exception')}")
    expect(feed.version in ("rss20", "atom10"), f"{name}: feedparser takes it for {feed.version!r}")
    expect(feed.feed.get("title"), f"{name}: the feed has no title")
    entries = {}
    for entry in feed.entries:
        link = entry.get("link")
        expect(link, f"{name}: an entry has no link: {entry.get('title')}")
        expect(link not in entries, f"{name}: two entries for {link}")
        expect(entry.get("id"), f"{name}: no id: {link}")
        date = entry.get("published_parsed")
        expect(date, f"{name}: no date: {link}")
        content = "".join(part.value for part in entry.get("content", [])) or entry.get("summary", "")
        entries[link] = (entry.get("title", ""), calendar.timegm(date), len(content), len(entry.get("enclosures", [])))
    return entries


def entries_of_json(name, headers, body):
    """The same of a JSON Feed."""
    expect(headers["content-type"].startswith("application/feed+json"), f"{name}: is {headers['content-type']}")
    try:
        feed = json.loads(body)
    except ValueError as error:
        raise Wrong(f"{name}: is no JSON: {error}") from None
    expect(feed.get("version") == "https://jsonfeed.org/version/1.1", f"{name}: version {feed.get('version')!r}")
    expect(feed.get("title"), f"{name}: the feed has no title")
    entries = {}
    for item in feed["items"]:
        link = item.get("url")
        expect(link, f"{name}: an item has no url: {item.get('title')}")
        expect(link not in entries, f"{name}: two items for {link}")
        expect(item.get("id"), f"{name}: no id: {link}")
        expect(item.get("date_published"), f"{name}: no date: {link}")
        date = datetime.datetime.fromisoformat(item["date_published"].replace("Z", "+00:00"))
        expect(date.tzinfo, f"{name}: the date has no offset: {link}")
        content = item.get("content_html") or item.get("content_text") or ""
        files = len(item.get("attachments", []))
        entries[link] = (item.get("title", ""), int(date.timestamp()), len(content), files)
    return entries


def read_all(base):
    """All documents of all sources, while nothing is published in between: {id: {format: entries}}."""
    for _ in range(6):
        before = sources(base)
        read = {}
        for source in SOURCES:
            read[source] = {}
            for form in FORMATS:
                name = f"/feeds/{source}.{form}"
                status, headers, body = ask(base + name)
                expect(status == 200, f"{name} answers {status}")
                reader = entries_of_json if form == "json" else entries_of_xml
                read[source][form] = reader(name, headers, body)
        after = sources(base)
        if {i: s["articles"] for i, s in before.items()} == {i: s["articles"] for i, s in after.items()}:
            return after, read
    raise Wrong("the number of articles never stands still for the time of a reading")


# --- checks ---------------------------------------------------------------------------------------------------------


def check_entries(base):
    known, read = read_all(base)
    for source in SOURCES:
        expect(known[source]["last_error"] is None, f"{source}: last_error is {known[source]['last_error']}")
        expected = min(known[source]["articles"], MOST_ENTRIES)
        for form in FORMATS:
            name, entries = f"/feeds/{source}.{form}", read[source][form]
            expect(len(entries) == expected, f"{name}: {len(entries)} entries, /api/sources says {expected}")
            for link, (title, _, length, files) in entries.items():
                expect(title.strip(), f"{name}: an empty title: {link}")
                expect(length or files, f"{name}: neither content nor a file: {link}")
            texts = sum(1 for entry in entries.values() if entry[2])
            print(f"ok  {name}: {len(entries)} entries as /api/sources says, all with title, date and id, {texts} with text")
        rss = read[source]["rss"]
        for form in ("atom", "json"):
            other = read[source][form]
            expect(list(rss) == list(other), f"{source}: {form} has other entries than rss, or another order")
            for link, entry in rss.items():
                expect(entry[:2] == other[link][:2], f"{source}: rss says {entry[:2]}, {form} {other[link][:2]}: {link}")
        print(f"ok  {source}: titles, dates and order are equal in rss, atom and json")


def still(base, check):
    """Runs a check again if a new article came in between."""
    for attempt in range(4):
        before = ask(base)[2]
        try:
            return check(base)
        except Wrong:
            if attempt == 3 or ask(base)[2] == before:
                raise
    return None


def check_document(address):
    status, headers, body = ask(address)
    expect(status == 200, f"{address} answers {status}")
    for name in ("etag", "last-modified", "cache-control", "vary", "content-type"):
        expect(name in headers, f"{address}: no {name}")
    expect(headers["etag"].startswith('"'), f"{address}: the ETag is not strong: {headers['etag']}")
    expect("accept-encoding" in headers["vary"].lower(), f"{address}: Vary is {headers['vary']}")

    expect(ask(address)[2] == body, f"{address}: two GETs differ")

    conditions = {"If_None_Match": headers["etag"], "If_Modified_Since": headers["last-modified"]}
    for name, value in conditions.items():
        again, _, rest = ask(address, **{name: value})
        expect(again == 304 and not rest, f"{address}: {again} to {name.replace('_', '-')}: {value}")
    again, _, _ = ask(address, If_None_Match='"something-else"', If_Modified_Since=headers["last-modified"])
    expect(again == 200, f"{address}: {again} to another ETag")

    for encoding in ("identity", "gzip"):
        _, got, _ = ask(address, Accept_Encoding=encoding)
        head, told, rest = ask(address, "HEAD", Accept_Encoding=encoding)
        for one in (got, told):
            one.pop("date", None)
            # max-age reaches to the next poll, so it counts down between the two
            one["cache-control"] = re.sub(r"\d+", "N", one.get("cache-control", ""))
        expect(head == 200 and not rest, f"{address}: HEAD answers {head} with {len(rest)} bytes")
        expect(got == told, f"{address}: HEAD says {told}, GET {got}")

    _, headers, packed = ask(address, Accept_Encoding="gzip")
    expect(headers.get("content-encoding") == "gzip", f"{address}: not in gzip: {headers.get('content-encoding')}")
    expect(gzip.decompress(packed) == body, f"{address}: the gzip form is another document")
    again, _, _ = ask(address, Accept_Encoding="gzip", If_None_Match=headers["etag"])
    expect(again == 304, f"{address}: {again} to the ETag of the gzip form")
    return len(body), len(packed)


def check_http(base):
    for source in SOURCES:
        for form in FORMATS:
            name = f"/feeds/{source}.{form}"
            plain, packed = still(base + name, check_document)
            print(f"ok  {name}: 304, HEAD as GET, two GETs equal, gzip ({plain} bytes, {packed} in gzip)")
    status, _, _ = ask(f"{base}/feeds/nowhere.rss")
    expect(status == 404, f"/feeds/nowhere.rss answers {status}")
    print("ok  /feeds/nowhere.rss: 404")


def newsboat(work, addresses):
    """What newsboat keeps of some feeds after one reload: {feed: {link: (title, date, length)}}, and what it prints."""
    home = work / f"newsboat-{time.monotonic_ns()}"
    home.mkdir()
    (home / "urls").write_text("".join(f"{address}\n" for address in addresses))
    (home / "config").write_text("max-items 0\nuse-proxy no\nauto-reload no\n")
    environment = {"HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    files = ["-u", home / "urls", "-C", home / "config", "-c", home / "cache.db"]
    command = ["newsboat", *map(str, files), "-x", "reload", "print-unread"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    expect(run.returncode == 0, f"newsboat ends with {run.returncode}: {run.stderr or run.stdout}")
    kept = {address: {} for address in addresses}
    with sqlite3.connect(home / "cache.db") as cache:
        rows = cache.execute("select feedurl, url, title, pubDate, content from rss_item where deleted = 0")
        for feed, link, title, date, content in rows:
            kept[feed][link] = (title, date, len(content))
    return kept, run.stdout.strip()


def check_newsboat(base, work):
    for form in ("rss", "atom"):
        addresses = {source: f"{base}/feeds/{source}.{form}" for source in SOURCES}
        for _ in range(4):
            before = read_all(base)[1]
            kept, printed = newsboat(work, list(addresses.values()))
            if read_all(base)[1] == before:
                break
        else:
            raise Wrong("new articles come too fast for newsboat to be compared")
        total = 0
        for source, address in addresses.items():
            ours, its = before[source][form], kept[address]
            missing = set(ours) - set(its)
            expect(not missing, f"newsboat lacks of {address}: {sorted(missing)}")
            expect(len(its) == len(ours), f"newsboat has {len(its)} entries of {address}, the feed {len(ours)}")
            for link, (title, date, length, files) in ours.items():
                expect(its[link][0] == title, f"newsboat calls it {its[link][0]!r}, the feed {title!r}: {link}")
                expect(its[link][1] == date, f"newsboat dates it {its[link][1]}, the feed {date}: {link}")
                expect(its[link][2] or files or not length, f"newsboat shows no text: {link}")
            total += len(its)
            average = sum(entry[2] for entry in its.values()) // max(len(its), 1)
            newest = max(its.values(), key=lambda entry: entry[1])
            print(f"ok  newsboat, {address}: {len(its)} entries, {average} characters on average, newest: {newest[0]}")
        expect(printed.startswith(str(total)), f"newsboat prints {printed!r}, its cache has {total} entries")
        print(f"ok  newsboat -x reload print-unread: {printed}")


def sfeed(address):
    """What sfeed makes of a feed: {link: (title, date, length)}."""
    body = ask(address)[2]
    run = subprocess.run(["sfeed"], input=body, capture_output=True, timeout=60)
    expect(run.returncode == 0, f"sfeed ends with {run.returncode} on {address}: {run.stderr.decode()}")
    entries = {}
    for line in run.stdout.decode().splitlines():
        # sfeed(5): timestamp, title, link, content, content type, id, author, enclosure, category
        date, title, link, content, *_ = line.split("\t")
        entries[link] = (title, int(date), len(content))
    return entries


def npm(work, addresses):
    """What npm's rss-parser makes of feeds, as sfeed."""
    script = pathlib.Path(__file__).with_name("readers_npm.mjs")
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    command = ["node", str(script), str(work / "npm"), *addresses]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    expect(run.returncode == 0, f"rss-parser ends with {run.returncode}: {run.stderr}")
    read = json.loads(run.stdout)
    return {address: {item[0]: tuple(item[1:]) for item in items} for address, items in read.items()}


def check_other_readers(base, work):
    addresses = [f"{base}/feeds/{source}.{form}" for source in SOURCES for form in ("rss", "atom")]
    for _ in range(4):
        before = read_all(base)[1]
        readers = {"sfeed": {address: sfeed(address) for address in addresses}, "npm's rss-parser": npm(work, addresses)}
        if read_all(base)[1] == before:
            break
    else:
        raise Wrong("new articles come too fast for other readers to be compared")
    for reader, read in readers.items():
        total = 0
        for source in SOURCES:
            for form in ("rss", "atom"):
                address, ours = f"{base}/feeds/{source}.{form}", before[source][form]
                theirs = read[address]
                expect(set(theirs) == set(ours), f"{reader} has other entries of {address}")
                for link, (title, date, length, files) in ours.items():
                    expect(theirs[link][0] == title, f"{reader} calls it {theirs[link][0]!r}, the feed {title!r}: {link}")
                    expect(theirs[link][1] == date, f"{reader} dates it {theirs[link][1]}, the feed {date}: {link}")
                    expect(theirs[link][2] or files or not length, f"{reader} has no text: {link}")
                total += len(theirs)
        print(f"ok  {reader}: {total} entries of {len(addresses)} feeds, titles and dates as feedparser has them")


def check_documents(base):
    """Every further document of a feed is good for feedparser, and all together lead back to the first article."""
    for subject in ("/all", "/feeds/jyt"):
        for link in ("next", "prev-archive"):
            address, entries, documents = f"{base}{subject}.atom", set(), 0
            while address:
                status, headers, body = ask(address)
                expect(status == 200, f"{address} answers {status}")
                feed = feedparser.parse(body, response_headers={"content-type": headers["content-type"]})
                expect(not feed.bozo, f"{address}: feedparser complains: {feed.get('bozo_exception')}")
                entries.update(entry.id for entry in feed.entries)
                documents += 1
                address = next((one.href for one in feed.feed.links if one.rel == link), None)
            print(f"ok  {subject}.atom, by {link}: {documents} documents, {len(entries)} entries")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="what the feeds' addresses start with: http://127.0.0.1:8080")
    parser.add_argument("--process", type=int, help="the demo's process id: its end ends the waiting")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder for newsboat's files")
    arguments = parser.parse_args()
    base = arguments.base.rstrip("/")
    try:
        wait_until_polled(base, arguments.process)
        print("ok  /readyz: 200, all sources polled")
        check_entries(base)
        check_http(base)
        check_documents(base)
        check_newsboat(base, arguments.work)
        check_other_readers(base, arguments.work)
    except Wrong as wrong:
        print(f"WRONG  {wrong}", file=sys.stderr)
        return 1
    print("all well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
