#!/usr/bin/env bash
# Prints the path of a Go program, which is built in .cache/bin on first use.
#
#   script/lib/go-tool.sh PACKAGE VERSION   e.g. github.com/nektos/act v0.2.89
#
# Exits with 3 if there is no Go.
set -euo pipefail

usage='usage: go-tool.sh PACKAGE VERSION'
package=${1:?$usage} version=${2:?$usage}
bin=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.cache/bin
name=$(basename "$package")
tool=$bin/$name-$version

if [[ ! -x $tool ]]; then
  command -v go >/dev/null || exit 3
  mkdir -p "$bin"
  # The program gets its name only when it is complete.
  partial=$(mktemp -d "$bin/building.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  echo "go-tool: building $name $version (about a minute)" >&2
  GOBIN=$partial go install "$package@$version" 2>"$partial/log" || { tail -n 3 "$partial/log" >&2; exit 1; }
  mv "$partial/$name" "$tool"
fi
echo "$tool"
