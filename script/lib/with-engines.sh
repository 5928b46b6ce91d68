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

clean_up() {
  end_processes
  script/lib/remove-engines.sh "$state/engines" || true
  rm -rf "$state"
}

# All that has been started here has the name of the folder in its environment or its arguments. A cancelled run leaves daemons; rootless Podman
# keeps a process that holds its user namespace, and its service one for each `exec`, for five minutes.
end_processes() {
  local pid attempt
  local -a pids
  for attempt in {1..100}; do
    mapfile -t pids < <(grep -lsF -- "$state" /proc/[0-9]*/environ /proc/[0-9]*/cmdline | cut -d / -f 3 | sort -u)
    # grep finds itself. Without a number, `return` in a trap gives the status of the run.
    if ((${#pids[@]} <= 1)); then return 0; fi
    # Once is enough for those that can end in order.
    if ((attempt == 1 || attempt > 50)); then
      for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    fi
    sleep 0.1
  done
}

state=$(mktemp -d "${TMPDIR:-/tmp}/ddk-engines-XXXXXX")
# Other users' engines are in it.
chmod 755 "$state"
trap clean_up EXIT
export DDK_TEST_ENGINES=$state/engines
TMPDIR=$state node --disable-warning=ExperimentalWarning "__tests__/engines/$1" "${@:2}"
