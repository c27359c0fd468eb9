#!/bin/sh
# Reads the demo's feeds through nginx and Caddy as deploy/ sets them up: bytes, ETags, codings and 304 come through as
# they are; /metrics does not.
#
#   tests/proxies.sh [PORT]       uses PORT (default 18200) and the nine after it
#
# Needs a built schoolbell (or SCHOOLBELL=path), and Debian's nginx, caddy, curl and openssl. Nothing outside loopback is
# asked.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
port=${1:-18200}
by_nginx=$((port + 5)) by_caddy=$((port + 6))

binary=${SCHOOLBELL:-}
if [ -z "$binary" ]; then
    binary=$(ls -t "$here"/../target/release/schoolbell "$here"/../target/debug/schoolbell 2>/dev/null | head -n 1)
fi
[ -n "$binary" ] || { echo "no schoolbell is built: run 'cargo build' first, or set SCHOOLBELL" >&2; exit 2; }
for program in nginx caddy curl openssl; do
    command -v "$program" >/dev/null || { echo "no $program: apt install $program" >&2; exit 2; }
done

work=$(mktemp -d)
# nginx's worker is another user, who has its logs and files for a moment here
chmod 755 "$work"
running=
finish() {
    status=$?
    for process in $running; do kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true; done
    if [ "$status" -ne 0 ]; then tail -n 20 "$work"/*.log >&2; fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

wrong() {
    echo "WRONG  $*" >&2
    exit 1
}

"$binary" demo --port "$port" --data "$work/data" >"$work/demo.log" 2>&1 &
running="$running $!"

# nginx, with its file as it is but for ports and the certificate
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
sed -e '/listen \[::\]/d; /^    listen 80;/s/80/127.0.0.1:'$((port + 7))'/' \
    -e 's/listen 443/listen 127.0.0.1:'"$by_nginx"'/' -e "s|127.0.0.1:8080|127.0.0.1:$port|" \
    -e "s|/etc/letsencrypt/live/[^/]*/fullchain.pem|$work/cert.pem|; s|/etc/letsencrypt/live/[^/]*/privkey.pem|$work/key.pem|" \
    "$here/../deploy/nginx.conf" >"$work/server.conf"
cat >"$work/nginx.conf" <<END
daemon off;
pid $work/nginx.pid;
error_log $work/nginx-errors.log;
events {}
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    # as distributions have it: the server's block must undo it
    gzip on;
    gzip_proxied any;
    gzip_types application/rss+xml application/atom+xml;
    include $work/server.conf;
}
END
nginx -t -q -e "$work/nginx-errors.log" -c "$work/nginx.conf" || wrong "nginx refuses deploy/nginx.conf"
nginx -e "$work/nginx-errors.log" -c "$work/nginx.conf" &
running="$running $!"
echo "ok  nginx accepts deploy/nginx.conf"

# Caddy, without a certificate
export HOME="$work" XDG_CONFIG_HOME="$work" XDG_DATA_HOME="$work"
export SCHOOLBELL_NAME="http://127.0.0.1:$by_caddy" SCHOOLBELL_UPSTREAM="127.0.0.1:$port"
{ printf '{\n\tadmin off\n}\n'; cat "$here/../deploy/Caddyfile"; } >"$work/Caddyfile"
caddy run --adapter caddyfile --config "$work/Caddyfile" >"$work/caddy.log" 2>&1 &
running="$running $!"

ask() {
    curl --silent --show-error --insecure --noproxy '*' --max-time 20 "$@"
}

field() {
    sed -n "s/^$1: //Ip" "$2" | tr -d '\r'
}

# every department has been read, and both proxies answer
is_ready() {
    ask --fail --output "$work/sources.json" "http://127.0.0.1:$port/api/sources" 2>/dev/null || return 1
    [ "$(grep -o '"articles":[1-9]' "$work/sources.json" | wc -l)" -eq 3 ] || return 1
    ask --output /dev/null "https://127.0.0.1:$by_nginx/healthz" 2>/dev/null || return 1
    ask --output /dev/null "http://127.0.0.1:$by_caddy/healthz" 2>/dev/null
}
tries=0
until is_ready; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || wrong "the demo, nginx or Caddy does not answer"
    sleep 0.1
done

# Whether the answer is the same by both ways, and is not sent again to who has it. A new article in between is no fault:
# it is tried again.
is_the_same() {
    base=$1 path=$2 coding=$3
    for way in "http://127.0.0.1:$port direct" "$base proxied"; do
        name=${way##* }
        ask --header "Accept-Encoding: $coding" --dump-header "$work/$name.head" --output "$work/$name.body" "${way%% *}$path"
        for one in etag content-encoding content-type cache-control vary last-modified; do
            printf '%s: %s\n' "$one" "$(field "$one" "$work/$name.head")"
        done >"$work/$name.fields"
    done
    etag=$(field etag "$work/proxied.head")
    again=$(ask --header "Accept-Encoding: $coding" --header "If-None-Match: $etag" --output /dev/null --write-out '%{http_code}' \
        "$base$path")
    cmp -s "$work/direct.body" "$work/proxied.body" && cmp -s "$work/direct.fields" "$work/proxied.fields" && [ "$again" = 304 ]
}

for base in "https://127.0.0.1:$by_nginx" "http://127.0.0.1:$by_caddy"; do
    for path in /feeds/jyt.rss /all.atom /feeds/jyj.json /feeds.opml /; do
        for coding in identity gzip br zstd; do
            tries=0
            until is_the_same "$base" "$path" "$coding"; do
                tries=$((tries + 1))
                [ "$tries" -lt 10 ] || {
                    diff "$work/direct.fields" "$work/proxied.fields" >&2 || true
                    wrong "$base$path as $coding is not what schoolbell sends, or answers $again to its own ETag"
                }
                sleep 0.2
            done
            case $etag in
                '"'*'"') ;;
                *) wrong "$base$path as $coding has no strong ETag: $etag" ;;
            esac
        done
    done
    echo "ok  $base: bytes, ETags, codings and 304 as schoolbell sends them"
done
status_of() {
    ask --path-as-is --output /dev/null --write-out '%{http_code}' "$1"
}
[ "$(status_of "http://127.0.0.1:$port/metrics")" = 200 ] || wrong "schoolbell itself does not answer /metrics"
for base in "https://127.0.0.1:$by_nginx" "http://127.0.0.1:$by_caddy"; do
    for path in /metrics '/metrics?a=b' //metrics /./metrics /%6detrics; do
        got=$(status_of "$base$path")
        [ "$got" = 404 ] || wrong "$base$path answers $got, to everybody"
    done
    echo "ok  $base: /metrics is not for everybody"
done
to=$(ask --output /dev/null --write-out '%{redirect_url}' "http://127.0.0.1:$((port + 7))/all.rss")
case $to in
    https://*/all.rss) echo "ok  http leads to https" ;;
    *) wrong "http leads to '$to'" ;;
esac
echo "all well"
