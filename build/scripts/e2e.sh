#!/usr/bin/env bash
# The end-to-end tests: the real window under a virtual display, the real
# server in Chromium. Arguments go to Playwright: e2e.sh --project=window
# Pictures of every screen are in frontend/e2e/pictures afterwards.
set -euo pipefail
cd "$(dirname "$0")/../.."
report=${REPORT:-$PWD/frontend/e2e/results/report.json}
rm -rf frontend/e2e/pictures
cd frontend/e2e
E2E_REPORT=$report exec npm exec --no -- playwright test "$@"
