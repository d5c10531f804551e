#!/usr/bin/env bash
# Builds the single-page app into frontend/dist when its sources have changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ -f frontend/dist/index.html ]] || rm -f .cache/stamps/frontend
build/scripts/fresh.sh frontend frontend/src frontend/public frontend/index.html frontend/package-lock.json \
  frontend/vite.config.ts frontend/svelte.config.js frontend/tsconfig.json -- bash -euc '
    echo "build: the app (frontend/dist)" >&2
    npm --prefix frontend run --silent build -- --logLevel error >&2
    touch frontend/dist/.gitkeep # it is in the repository, so that Go can embed the folder
  '
