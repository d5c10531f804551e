# shellcheck shell=bash
# What every build has in common; meant to be sourced.
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
ldflags="-s -w -X gatehouse/internal/cli.Version=${version#v}"
# webkit2_41 chooses the WebKitGTK that Debian 12 has; other systems ignore it.
desk_tags=desktop,production,webkit2_41
export version ldflags desk_tags
