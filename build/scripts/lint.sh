#!/usr/bin/env bash
# Linters and formatters: Go in both builds, the app, the end-to-end tests, the
# scripts. All of them run, and then it fails if any complained. With --fix the
# formatters write instead of complaining.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=build/scripts/version.sh
source build/scripts/version.sh
lint=.cache/tools/golangci-lint

if [[ ${1:-} == --fix ]]; then
  "$lint" fmt
  npm --prefix frontend run --silent format
  npm --prefix frontend/e2e run --silent format
  exit 0
fi

complaints=0
check() { "$@" || complaints=$((complaints + 1)); }
# Without cgo, as the Go tests: both find in the cache what the other compiled.
check env CGO_ENABLED=0 "$lint" run --allow-parallel-runners --show-stats=false ./...
check "$lint" run --allow-parallel-runners --show-stats=false --build-tags "${desk_tags//,/ }" ./app/... ./internal/securitykey/...
check npm --prefix frontend run --silent check
check npm --prefix frontend/e2e run --silent check
check shellcheck --external-sources --severity=style .ci/run build/scripts/*.sh
[[ $complaints -eq 0 ]] || { echo "lint: $complaints of the linters complained" >&2; exit 1; }
