#!/usr/bin/env bash
# Installs the Debian packages that are missing. Each argument says how to see
# that something is there, and the package that brings it:
#   rsvg-convert:librsvg2-bin     a program
#   pc=libfido2:libfido2-dev      a library, by pkg-config
#   file=/usr/share/x:package     a file
# Quick when nothing is missing. Where it may not install, or on other systems,
# it says in one sentence what to do.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
for want in "$@"; do
  have=${want%%:*} package=${want#*:}
  case $have in
    pc=*) command -v pkg-config >/dev/null && pkg-config --exists "${have#pc=}" || missing+=("$package") ;;
    file=*) [[ -e ${have#file=} ]] || missing+=("$package") ;;
    *) command -v "$have" >/dev/null || missing+=("$package") ;;
  esac
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

by_hand() { # WHY
  echo "packages: $1; please run as root: apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
}

if ! command -v apt-get >/dev/null; then
  echo "packages: please install what on Debian is called: ${missing[*]}" >&2
  exit 1
fi
as_root=(env)
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || by_hand "there is no sudo here to install Debian packages with"
  as_root=(sudo env)
  sudo -n env true 2>/dev/null || {
    echo "packages: to install ${missing[*]}, sudo asks for your password" >&2
    sudo env true || by_hand "sudo did not let us install Debian packages"
  }
fi

log=.cache/packages.log
mkdir -p .cache
: >"$log"
# Just after a start, Debian may be busy with its own updates: wait for those.
apt() { "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet=2 -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1; }

echo "packages: installing ${missing[*]} (a few minutes; $log has the details)" >&2
# The lists may be missing or old: fetch them when it does not work without.
apt install --no-install-recommends "${missing[@]}" ||
  { apt update && apt install --no-install-recommends "${missing[@]}"; } || {
    tail -n 20 "$log" >&2
    by_hand "apt-get failed, as it says above"
  }
