#!/bin/sh
# Installs the Debian package, looks at what it has put where, and removes it again. As root, on a machine that has no
# schoolbell: everything of it is gone in the end.
#
#   tests/package.sh FILE.deb
set -eu

package=${1:?the package}
[ "$(id -u)" -eq 0 ] || { echo "only root can install packages" >&2; exit 2; }
for there in /usr/bin/schoolbell /etc/schoolbell /var/lib/schoolbell /var/lib/private/schoolbell; do
    [ ! -e "$there" ] || { echo "$there is here already, and would be removed: run this where no schoolbell is" >&2; exit 2; }
done

work=$(mktemp -d)
finish() {
    status=$?
    if dpkg-query --show schoolbell >/dev/null 2>&1; then dpkg --purge schoolbell >/dev/null 2>&1 || true; fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

wrong() {
    echo "WRONG  $*" >&2
    exit 1
}

dpkg --install "$package" >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log" >&2; wrong "dpkg does not install $package"; }
for file in /usr/bin/schoolbell /etc/schoolbell/schoolbell.toml /usr/share/doc/schoolbell/copyright \
    /usr/lib/systemd/system/schoolbell.service /usr/lib/systemd/system/schoolbell.socket; do
    [ -f "$file" ] || wrong "$file is not installed"
    dpkg-query --listfiles schoolbell | grep -qx "$file" || wrong "dpkg does not know $file"
done
[ "$(stat -c %a /etc/schoolbell/schoolbell.toml)" = 644 ] || wrong "the service cannot read its configuration"
dpkg-query --show --showformat '${Conffiles}' schoolbell | grep -q /etc/schoolbell/schoolbell.toml \
    || wrong "an upgrade would overwrite the configuration"
echo "ok  installed: $(dpkg-query --show schoolbell)"

version=$(dpkg-query --show --showformat '${Version}' schoolbell)
[ "$(schoolbell --version)" = "schoolbell ${version%-*}" ] || wrong "schoolbell --version says '$(schoolbell --version)'"
# outside of the project's folder, the installed configuration is the one that is found
(cd "$work" && schoolbell check >"$work/check.log" 2>&1) || { cat "$work/check.log" >&2; wrong "the installed configuration has mistakes"; }
echo "ok  schoolbell check: the installed configuration has no mistakes"
if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify /usr/lib/systemd/system/schoolbell.service /usr/lib/systemd/system/schoolbell.socket \
        || wrong "systemd does not take the installed units"
    echo "ok  systemd takes the installed units"
fi

echo '# mine' >>/etc/schoolbell/schoolbell.toml
dpkg --install "$package" >"$work/dpkg.log" 2>&1 </dev/null || wrong "dpkg does not install $package a second time"
grep -q '# mine' /etc/schoolbell/schoolbell.toml || wrong "an upgrade overwrites the configuration"
echo "ok  an upgrade leaves the configuration alone"

# what the service would have made
mkdir -p /var/lib/private/schoolbell/data && ln -s private/schoolbell /var/lib/schoolbell
dpkg --remove schoolbell >/dev/null
[ ! -e /usr/bin/schoolbell ] || wrong "dpkg --remove leaves the program"
[ -f /etc/schoolbell/schoolbell.toml ] || wrong "dpkg --remove takes the configuration"
[ -d /var/lib/private/schoolbell/data ] || wrong "dpkg --remove takes the articles"
echo "ok  removed: configuration and articles stay"
dpkg --purge schoolbell >/dev/null
for there in /etc/schoolbell /var/lib/schoolbell /var/lib/private/schoolbell; do
    [ ! -e "$there" ] && [ ! -L "$there" ] || wrong "dpkg --purge leaves $there"
done
echo "ok  purged: nothing is left"
echo "all well"
