#!/bin/sh
# The browser of the site's tests: Debian's Chromium. CHROMIUM names another one.
set -e
command -v "${CHROMIUM:-chromium}" >/dev/null 2>&1 && exit 0
echo "installing Chromium from Debian"
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null && exit 0
echo "no Chromium: install it (Debian: apt-get install chromium), or say CHROMIUM=/path/to/chromium" >&2
exit 1
