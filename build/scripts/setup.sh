#!/usr/bin/env bash
# Installs what is missing: setup.sh gate|desk|test
#   gate   to build the Gate and the command line: npm modules
#   desk   … and the window: WebKitGTK, and libfido2 for security keys
#   test   … and to run all tests: virtual display, Chromium, linters
set -euo pipefail
cd "$(dirname "$0")/../.."
what=${1:-test}

need() { # PROGRAM WANTED HAVE
  [[ $(printf '%s\n' "$2" "$3" | sort -V | head -1) == "$2" ]] || {
    echo "setup: Gatehouse needs $1 $2 or newer; here is $3" >&2
    exit 1
  }
}
for program in go node npm git; do
  command -v "$program" >/dev/null || { echo "setup: please install $program first" >&2; exit 1; }
done
go=$(go env GOVERSION) # the one that it fetches for go.mod, where it may
need Go "$(sed -n 's/^go //p' go.mod)" "${go#go}"
need Node.js 20.19 "$(node --version | tr -d v)"

# The linters are built meanwhile: that needs nothing of what follows.
if [[ $what == test ]]; then
  build/scripts/tools.sh &
  tools=$!
  trap 'kill "$tools" 2>/dev/null || true' EXIT
fi

packages=()
if [[ $what != gate && $(uname -s) == Linux ]]; then
  packages+=(cc:build-essential pkg-config:pkg-config pc=webkit2gtk-4.1:libwebkit2gtk-4.1-dev pc=gtk+-3.0:libgtk-3-dev pc=libfido2:libfido2-dev)
fi
if [[ $what == test ]]; then
  packages+=(Xvfb:xvfb xdotool:xdotool setxkbmap:x11-xkb-utils xprop:x11-utils import:imagemagick chromium:chromium dbus-daemon:dbus-daemon valgrind:valgrind fc-match:fontconfig file=/usr/share/i18n/locales/de_DE:locales shellcheck:shellcheck)
fi
build/scripts/packages.sh "${packages[@]}"

modules() { # FOLDER
  build/scripts/fresh.sh "npm-${1//\//-}" "$1/package.json" "$1/package-lock.json" -- \
    build/scripts/modules.sh "$1"
}
[[ -d frontend/node_modules ]] || rm -f .cache/stamps/npm-frontend
modules frontend
if [[ $what == test ]]; then
  [[ -d frontend/e2e/node_modules ]] || rm -f .cache/stamps/npm-frontend-e2e
  modules frontend/e2e
  wait "$tools"
fi
