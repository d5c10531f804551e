#!/usr/bin/env bash
# Installs the npm modules of a folder exactly as its lock file says.
set -euo pipefail
cd "$(dirname "$0")/../../$1"
echo "setup: installing the npm modules of $1" >&2
# Playwright would fetch a browser of its own; the tests use the system's.
PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error >&2
