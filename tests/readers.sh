#!/bin/sh
# Reads the demo's feeds as people do: with feedparser, newsboat, sfeed and npm's rss-parser.
#
#   tests/readers.sh [PORT]       feeds on PORT (default 18080), the departments on the three ports after it
#
# Needs a built schoolbell (or SCHOOLBELL=path), newsboat, and a Python with feedparser
# (Debian: apt install newsboat python3-feedparser sfeed nodejs npm). Nothing outside loopback is asked, but npm's
# registry for rss-parser.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
port=${1:-18080}

binary=${SCHOOLBELL:-}
if [ -z "$binary" ]; then
    binary=$(ls -t "$here"/../target/release/schoolbell "$here"/../target/debug/schoolbell 2>/dev/null | head -n 1)
fi
[ -n "$binary" ] || { echo "no schoolbell is built: run 'cargo build' first, or set SCHOOLBELL" >&2; exit 2; }

python=
for candidate in "${PYTHON:-python3}" /usr/bin/python3; do
    if "$candidate" -c 'import feedparser' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "no Python with feedparser: apt install python3-feedparser, or set PYTHON" >&2; exit 2; }
command -v newsboat >/dev/null || { echo "no newsboat: apt install newsboat" >&2; exit 2; }

command -v sfeed >/dev/null || { echo "no sfeed: apt install sfeed" >&2; exit 2; }
command -v npm >/dev/null || { echo "no npm: apt install nodejs npm" >&2; exit 2; }

work=$(mktemp -d)
demo=
finish() {
    status=$?
    if [ -n "$demo" ]; then kill "$demo" 2>/dev/null && wait "$demo" 2>/dev/null || true; fi
    if [ "$status" -ne 0 ] && [ -s "$work/demo.err" ]; then
        echo "--- the demo's last lines:" >&2
        tail -n 20 "$work/demo.err" >&2
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

mkdir "$work/npm"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work/npm" rss-parser@3.13.0

echo "reading the feeds of: $binary demo --port $port"
"$binary" demo --port "$port" --data "$work/data" >"$work/demo.out" 2>"$work/demo.err" &
demo=$!
"$python" "$here/readers_check.py" "http://127.0.0.1:$port" --process "$demo" --work "$work"
