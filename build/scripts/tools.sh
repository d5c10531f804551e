#!/usr/bin/env bash
# Builds the Go tools that checking needs, at exact versions, into .cache/tools.
# golangci-lint brings staticcheck, revive and gofumpt along; built from source
# it takes three minutes once.
set -euo pipefail
cd "$(dirname "$0")/../.."

tool() { # PACKAGE VERSION
  local name=${1##*/} folder
  folder=$PWD/.cache/tools/$name-$2-$(go env GOVERSION)
  if [[ ! -x $folder/$name ]]; then
    echo "setup: building $name $2 (some minutes, once)" >&2
    CGO_ENABLED=0 GOBIN=$folder GOFLAGS='' go install "$1@$2"
  fi
  ln -sfn "$folder/$name" ".cache/tools/$name"
}
tool github.com/golangci/golangci-lint/v2/cmd/golangci-lint v2.15.0
