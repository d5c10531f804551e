#!/usr/bin/env bash
# Everything that must be true before a change lands. Its last line counts what
# ran; it fails when anything failed, was skipped or did not run.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=build/scripts/stages.sh
source build/scripts/stages.sh
# shellcheck source=build/scripts/version.sh
source build/scripts/version.sh

begin_run test
set_up test
stage check "build the app" build/scripts/frontend.sh
stage check "build without window" build/scripts/build.sh gate
stage check "build with window" build/scripts/build.sh desk
# Nobody runs this one: it says that the code fits, and need not be fast.
stage check "build for Windows" env GOOS=windows CGO_ENABLED=0 go build -gcflags "all=-N -l" -tags desktop,production -o .cache/gatehouse.exe .
stage check "lint" build/scripts/lint.sh
# Without cgo, and without -trimpath in any of these: what one stage compiles, the next finds in the cache.
stage go "Go tests" env CGO_ENABLED=0 go test -json -vet=all ./...
stage go "Go tests with window" go test -json -vet=all -tags "$desk_tags" . ./app/... ./internal/page ./internal/securitykey/...
# On macOS, libfido2 does its own input and output: here once with it, too.
stage go "Go tests of libfido2 alone" go test -json -vet=all -tags "$desk_tags,libfido2hid" -run '^TestClient' -skip memory ./internal/securitykey/native
stage vitest "app tests" npm --prefix frontend test -- --reporter=json --outputFile="$PWD/.cache/runs/test/app-tests.json"
stage check "app size" npm --prefix frontend run size
stage check "build for inspection" build/scripts/build.sh devtools
stage playwright "end to end" build/scripts/e2e.sh
count_up
