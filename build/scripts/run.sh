#!/usr/bin/env bash
# Opens Gatehouse on a practice database in .practice/, made when it is not
# there: the Desk where there is a display, else the Gate on this computer.
# LISTEN chooses the Gate's address, 127.0.0.1:8480 unless given.
set -euo pipefail
cd "$(dirname "$0")/../.."

# display_answers tells a display from a variable that outlived one.
display_answers() {
  if [[ $(uname -s) == Darwin ]]; then return 0; fi
  if [[ -n ${WAYLAND_DISPLAY:-} && -S ${XDG_RUNTIME_DIR:-}/$WAYLAND_DISPLAY ]]; then return 0; fi
  case ${DISPLAY:-} in
    "") return 1 ;;
    :*) local number=${DISPLAY#:} && [[ -S /tmp/.X11-unix/X${number%%.*} ]] ;;
    *) return 0 ;;
  esac
}

if display_answers; then face=desk program=bin/gatehouse; else face=gate program=bin/gatehouse-headless; fi
build/scripts/setup.sh "$face"
build/scripts/build.sh "$face"

mkdir -p -m 700 .practice
# Held until the program ends, so that nobody takes the database from under it.
exec 9<.practice
if command -v flock >/dev/null; then flock --shared 9; fi
practice=(--db "sqlite:$PWD/.practice/gatehouse.db" --key-file "$PWD/.practice/gatehouse.key")
[[ -e .practice/gatehouse.db ]] || echo "run: filling a practice database in .practice/" >&2
"$program" demo "${practice[@]}" >/dev/null || {
  echo "run: \"make demo\" makes a new practice database" >&2
  exit 1
}

# Both say that it is a practice database, and how to sign in.
if [[ $face == desk ]]; then
  exec "$program" "${practice[@]}"
fi
listen=${LISTEN:-127.0.0.1:8480}
echo "run: there is no display here, so this is the Gate on $listen, or on what LISTEN says; open its address in a browser" >&2
exec "$program" serve "${practice[@]}" --listen "$listen"
