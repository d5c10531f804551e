#!/usr/bin/env bash
# Runs a command only when something it depends on has changed since it last
# succeeded: fresh.sh STAMP PATH… -- COMMAND…
# Compares the content of files, so a fresh clone or a changed branch never
# fools it. Paths may be files or folders; what git ignores does not count.
set -euo pipefail
cd "$(dirname "$0")/../.."

stamp=.cache/stamps/$1
shift
paths=()
while [[ $1 != -- ]]; do
  paths+=("$1")
  shift
done
shift

state=$({
  node --version
  printf '%s\n' "$@"
  git ls-files -z --cached --others --exclude-standard -- "${paths[@]}" | sort -zu | while IFS= read -r -d '' file; do
    [[ -f $file ]] && printf '%s\0' "$file"
  done | xargs -0 -r sha256sum
} | sha256sum)
[[ -f $stamp && $(<"$stamp") == "$state" ]] && exit 0

rm -f "$stamp"
"$@"
mkdir -p "$(dirname "$stamp")"
printf '%s\n' "$state" >"$stamp"
