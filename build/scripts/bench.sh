#!/usr/bin/env bash
# Measures what has to be fast, with the bars beside it. Arguments go to the
# program: bench.sh -only writers
set -euo pipefail
cd "$(dirname "$0")/../.."
build/scripts/setup.sh gate
build/scripts/build.sh gate
exec go run ./internal/bench "$@"
