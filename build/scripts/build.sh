#!/usr/bin/env bash
# Builds the binaries: build.sh gate|desk|all|devtools
#   gate       bin/gatehouse-headless   the Gate and the command line, no system library
#   desk       bin/gatehouse            everything, with the window
#   devtools   .cache/e2e/              the window open to inspection, and a security key in software, for tests only
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=build/scripts/version.sh
source build/scripts/version.sh

# Go compiles in silence, and for minutes when nothing is in its cache.
say() { [[ -e $1 ]] || echo "build: $1 (some minutes the first time)" >&2; }
gate() {
  say bin/gatehouse-headless
  CGO_ENABLED=0 go build -ldflags "$ldflags" -o bin/gatehouse-headless .
}
desk() {
  say bin/gatehouse
  CGO_ENABLED=1 go build -tags "$desk_tags" -ldflags "$ldflags" -o bin/gatehouse .
}
devtools() {
  mkdir -p .cache/e2e
  CGO_ENABLED=1 go build -tags "$desk_tags,devtools" -ldflags "$ldflags" -o .cache/e2e/gatehouse-devtools .
  CGO_ENABLED=1 go build -tags "$desk_tags,devtools" -o .cache/e2e/probe-devtools ./app/probe
  CGO_ENABLED=1 go build -tags "$desk_tags" -o .cache/e2e/probe ./app/probe
  CGO_ENABLED=0 go build -o .cache/e2e/softkey ./internal/securitykey/softkey/cmd
}

build/scripts/frontend.sh
case ${1:-all} in
  gate | desk | devtools) "$1" ;;
  all) gate && desk ;;
  *) echo "build: gate, desk, all or devtools" >&2 && exit 2 ;;
esac
