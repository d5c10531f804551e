#!/usr/bin/env bash
# The long runs: the same tests as in "make test" that take GATEHOUSE_SOAK into
# account, with many more rounds, one after the other.
set -euo pipefail
cd "$(dirname "$0")/../.."
build/scripts/setup.sh gate
build/scripts/build.sh gate
GATEHOUSE_SOAK=1 go test -count=1 -p 1 -timeout 3h ./...
