#!/bin/sh
# Looks at the pages for people as people do: in Chromium, on a phone and on a desktop, in light and dark, in Chinese and
# English, by keyboard, without script. axe-core looks for what keeps people out.
#
#   tests/browser.sh [PORT]       uses PORT (default 18100) and the nine after it
#
# Needs a built schoolbell (or SCHOOLBELL=path) and Chromium (or CHROMIUM=path; Debian: apt install chromium nodejs npm).
# Nothing outside loopback is asked, but npm's registry for the driver and axe-core. SCREENSHOTS=folder keeps a picture of
# each page.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
port=${1:-18100}

binary=${SCHOOLBELL:-}
if [ -z "$binary" ]; then
    binary=$(ls -t "$here"/../target/release/schoolbell "$here"/../target/debug/schoolbell 2>/dev/null | head -n 1)
fi
[ -n "$binary" ] || { echo "no schoolbell is built: run 'cargo build' first, or set SCHOOLBELL" >&2; exit 2; }

chromium=${CHROMIUM:-$(command -v chromium || true)}
[ -n "$chromium" ] || { echo "no Chromium: apt install chromium, or set CHROMIUM" >&2; exit 2; }
command -v npm >/dev/null || { echo "no npm: apt install nodejs npm" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" playwright-core@1.56.1 axe-core@4.11.0

echo "looking at the pages of: $binary"
SCHOOLBELL=$binary CHROMIUM=$chromium node "$here/browser/main.mjs" "$work" "$port"
