#!/usr/bin/env bash
# Linters and formatters: Go, the app, the end-to-end tests, the scripts.
# --fix formats instead of complaining.
set -euo pipefail
cd "$(dirname "$0")/../.."
