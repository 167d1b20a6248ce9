#!/bin/sh
# Installs Debian's Chromium for the browser tests if it is missing. CHROMIUM is the path of another one to use instead.
set -e
test -x "$(command -v "${CHROMIUM:-/usr/bin/chromium}" 2>/dev/null)" && exit 0
help="no Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM=/path/to/chromium"
if [ -n "$CHROMIUM" ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "$help" >&2
	exit 1
fi
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing Chromium from Debian"
# Waits for another apt-get to finish.
if $as_root apt-get update -qq >"$log" 2>&1 && $as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 chromium fonts-dejavu-core >>"$log" 2>&1
then
	exit 0
fi
cat "$log" >&2
echo "$help" >&2
exit 1
