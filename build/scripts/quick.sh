#!/usr/bin/env bash
# The inner loop: types, vet, and the tests that need no window and no browser.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=build/scripts/stages.sh
source build/scripts/stages.sh

# -short leaves out what takes long; "make test" runs all.
export MAY_SKIP=1
begin_run quick
set_up gate
stage go "Go tests" env CGO_ENABLED=0 go test -json -vet=all -short ./...
stage check "app types" npm --prefix frontend exec --no -- svelte-check --tsconfig frontend/tsconfig.json
stage vitest "app tests" npm --prefix frontend test -- --reporter=json --outputFile="$PWD/.cache/runs/quick/app-tests.json"
count_up
