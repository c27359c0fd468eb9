#!/usr/bin/env python3
"""The whole way over saved real pages: for how many of them do the feeds show what a person sees on them?

    replayed.py CORPUS [--bin target/release/schoolbell] [--replay target/release/examples/replay]

CORPUS is a folder with labels.jsonl and the pages that it names. They are served at their own addresses by the replay proxy, the
daemon polls the saved lists through it, and its feeds are compared with the labels. Standard library only.
Exit: 0 all as labelled, 1 not all, 2 wrong usage.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

PORT, PROXY_PORT = 18431, 18432


def address(url):
    """Without scheme, fragment and the ways to write the same character: what makes two addresses one page."""
    parts = urlsplit(url)
    return parts.netloc.lower(), quote(unquote(parts.path)) or "/", parts.query


def folded(text):
    return "".join(text.split()).replace("\u200b", "")


def ask(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=30) as answer:
        return json.load(answer)


def wait_for_polls(daemon):
    for _ in range(600):
        if daemon.poll() is not None:
            sys.exit("the daemon ended; see its log above")
        try:
            sources = ask("/api/sources")
            if all(source["last_poll"] for source in sources):
                return sources
        except OSError:
            pass
        time.sleep(0.5)
    sys.exit("not every source was polled within five minutes")


def compare(labels):
    lists = [label for label in labels if label["kind"] == "list"]
    articles = {address(label["url"]): label for label in labels if label["kind"] == "article"}
    good, read, expected = 0, 0, set()
    for label in lists:
        feed = ask(f"/feeds/{label['id']}.json")["items"]
        shown = {address(item["url"]): item for item in feed}
        wanted = {address(urljoin(label["url"], item["href"])): item for item in label["items"]}
        missing = [item["title"] for key, item in wanted.items() if key not in shown]
        dated = [item["title"] for key, item in wanted.items()
                 if key in shown and item["date"] and shown[key]["date_published"][:10] != item["date"][:10] and key not in articles]
        extra = [item["title"] for key, item in shown.items() if key not in wanted]
        if missing or extra or dated:
            print(f"{label['id']} {label['url']}: missing {missing[:3]}, extra {extra[:3]}, other date {dated[:3]}")
        else:
            good += 1
        for key in wanted.keys() & articles.keys():
            expected.add(key)
            article, entry = articles[key], shown.get(key)
            text = folded(entry.get("content_html", "")) if entry else ""
            if entry and folded(entry["title"]) == folded(article["title"]) and folded(article["body_start"])[:8] in text:
                read += 1
            else:
                print(f"{article['id']} {article['url']}: shown as {entry and entry['title']!r}, labelled {article['title']!r}")
    print(f"lists whose feeds show exactly the labelled items with their dates: {good} of {len(lists)}")
    print(f"labelled articles on these lists whose entries have the labelled title and body: {read} of {len(expected)}")
    return good == len(lists) and read == len(expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--bin", type=Path, default=Path("target/release/schoolbell"))
    parser.add_argument("--replay", type=Path, default=Path("target/release/examples/replay"))
    args = parser.parse_args()
    for needed in (args.corpus / "labels.jsonl", args.bin, args.replay):
        if not needed.exists():
            print(f"{needed} is not there; build with `cargo build --release --bins --examples`", file=sys.stderr)
            sys.exit(2)
    labels = [json.loads(line) for line in open(args.corpus / "labels.jsonl", encoding="utf-8") if line.strip()]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "bell.toml"
        replay = subprocess.Popen([args.replay, args.corpus, "--listen", f"127.0.0.1:{PROXY_PORT}", "--write-config", config],
                                  stdout=subprocess.DEVNULL)
        try:
            while not config.exists() and replay.poll() is None:
                time.sleep(0.1)
            config.write_text(f'[server]\nlisten = "127.0.0.1:{PORT}"\n[feed]\nentries = 500\n' + config.read_text())
            daemon = subprocess.Popen([args.bin, "--config", config, "--log", "error"])
            try:
                wait_for_polls(daemon)
                good = compare(labels)
            finally:
                daemon.terminate()
                daemon.wait()
        finally:
            replay.terminate()
            replay.wait()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
