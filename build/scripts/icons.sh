#!/usr/bin/env bash
# Draws the icons of the program from the mark, frontend/public/icon.svg. Their PNG files are in the
# repository, so this runs only after the mark has changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
build/scripts/packages.sh rsvg-convert:librsvg2-bin convert:imagemagick

rsvg-convert --width 1024 --height 1024 --output build/appicon.png frontend/public/icon.svg
for size in 16 32 48 128 256; do
  rsvg-convert --width "$size" --height "$size" --output "build/icons/gatehouse-$size.png" frontend/public/icon.svg
done
convert build/icons/gatehouse-{16,32,48,128,256}.png build/windows/icon.ico
echo "icons: drawn into build/"
