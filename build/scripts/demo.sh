#!/usr/bin/env bash
# Makes the practice database in .practice/ anew and prints how to sign in.
set -euo pipefail
cd "$(dirname "$0")/../.."
build/scripts/setup.sh gate
build/scripts/build.sh gate
rm -rf .practice
mkdir -m 700 .practice
bin/gatehouse-headless demo --db "sqlite:$PWD/.practice/gatehouse.db" --key-file "$PWD/.practice/gatehouse.key"
