#!/usr/bin/env bash
# Installs the Debian packages that are missing. Each argument says how to see
# that something is there, and the package that brings it:
#   rsvg-convert:librsvg2-bin     a program
#   pc=libfido2:libfido2-dev      a library, by pkg-config
#   file=/usr/share/x:package     a file
# Quick when nothing is missing. On other systems it names what to install.
set -euo pipefail

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

if ! command -v apt-get >/dev/null; then
  echo "packages: please install what on Debian is called: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "packages: please install as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "packages: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --quiet=2)
# The lists may be missing or old: fetch them when it does not work without.
"${install[@]}" "${missing[@]}" >/dev/null 2>&1 </dev/null || {
  "${as_root[@]}" apt-get update --quiet=2 </dev/null
  "${install[@]}" "${missing[@]}" </dev/null >&2
}
