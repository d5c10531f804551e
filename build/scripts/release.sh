#!/usr/bin/env bash
# Builds what is given to people into dist/, with checksums: the window for this
# Linux and for Windows, the Gate for servers. The window for macOS needs a Mac:
# there, wails build makes the application bundle.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=build/scripts/version.sh
source build/scripts/version.sh
[[ $version != *-dirty ]] || { echo "release: there are changes that are not committed" >&2; exit 1; }
build/scripts/setup.sh desk
build/scripts/frontend.sh

rm -rf dist
mkdir dist
name=gatehouse-${version#v}
arch=$(go env GOARCH)

echo "release: $name for Linux ($arch) with window" >&2
CGO_ENABLED=1 go build -trimpath -tags "$desk_tags" -ldflags "$ldflags" -o "dist/$name-linux-$arch" .

# The error page instead of the default, which downloads WebView2 from the
# network without asking.
echo "release: $name for Windows (amd64) with window" >&2
GOOS=windows GOARCH=amd64 CGO_ENABLED=0 go build -trimpath -tags desktop,production,wv2runtime.error \
  -ldflags "$ldflags -H windowsgui" -o "dist/$name-windows-amd64.exe" .

for goarch in amd64 arm64; do
  echo "release: $name for Linux ($goarch) without window" >&2
  GOOS=linux GOARCH=$goarch CGO_ENABLED=0 go build -trimpath -ldflags "$ldflags" -o "dist/$name-server-linux-$goarch" .
done

(cd dist && sha256sum -- * >SHA256SUMS)
ls -l dist >&2
