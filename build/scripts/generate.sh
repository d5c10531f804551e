#!/usr/bin/env bash
# Writes anew what is generated from the table of operations and from the bound
# methods, and formats it: docs/access.md, the REST document, the typed client.
set -euo pipefail
cd "$(dirname "$0")/../.."
build/scripts/setup.sh gate
export CGO_ENABLED=0 # as in the other scripts: nothing is compiled twice
go test -count=1 ./internal/rest -run '^TestContract$' -update
go test -count=1 ./app -run '^TestBound$' -update
npm --prefix frontend run --silent generate
cd frontend
npm exec --no -- prettier --log-level warn --write src/api
