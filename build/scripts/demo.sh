#!/usr/bin/env bash
# Makes the practice database in .practice/ anew and prints how to sign in.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ -d .practice ]] && command -v flock >/dev/null && ! flock --nonblock .practice true; then
  echo "demo: Gatehouse is open on the practice database; end it first" >&2
  exit 1
fi
build/scripts/setup.sh gate
build/scripts/build.sh gate
rm -rf .practice
mkdir -m 700 .practice
bin/gatehouse-headless demo --db "sqlite:$PWD/.practice/gatehouse.db" --key-file "$PWD/.practice/gatehouse.key"
