#!/usr/bin/env bash
# Runs a program of __tests__/engines, and removes the engines that it leaves behind.
#
#   script/lib/with-engines.sh PROGRAM [ARGUMENT…]
#
# Needs root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ((EUID != 0)); then
  echo 'it starts engines of root and of other users, so this needs root: run it as root or with sudo' >&2
  exit 1
fi
script/bootstrap engines >&2
PATH=$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin
if [[ ! -e dist/main.cjs ]]; then
  echo 'dist/main.cjs is missing: npm run build makes it' >&2
  exit 1
fi

state=$(mktemp -d "${TMPDIR:-/tmp}/ddk-engines-XXXXXX")
# Other users' engines are in it.
chmod 755 "$state"
trap 'script/lib/remove-engines.sh "$state/engines"; rm -rf "$state"' EXIT
export DDK_TEST_ENGINES=$state/engines
node --disable-warning=ExperimentalWarning "__tests__/engines/$1" "${@:2}"
