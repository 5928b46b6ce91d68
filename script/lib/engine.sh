#!/usr/bin/env bash
# Finds a container engine that works: the machine's own, else a private one, else one that apt installs.
#
#   eval "$(script/lib/engine.sh start DIR [docker|podman])"   sets `engine`, and the variables that its command needs
#   script/lib/engine.sh remove DIR                            stops and removes whatever `start` has started
#
# An engine works if it has run a container. Without a name, the first one that works is used, Docker before Podman. If none works, the last
# line says why for each engine, and the exit code is 1. Everything but the assignments goes to standard error.
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$lib/common.sh"
PATH=$PATH:/usr/sbin:/sbin

usage='usage: engine.sh start DIR [docker|podman], or engine.sh remove DIR'
command=${1:?$usage}
dir=${2:?$usage}

reasons=()

# Tries the machine's own engine. A client without a daemon fails here, for example.
as_it_is() {
  command -v "$1" >/dev/null || return 1
  attempt "$lib/try-engine.sh" "$1" || return
  echo "the machine's own $1" >&2
  echo "engine=$1"
}

private_docker() {
  command -v dockerd >/dev/null || return 1
  attempt "$lib/dockerd.sh" start "$dir/docker" || return
  echo 'a private Docker daemon' >&2
  printf 'engine=docker; export DOCKER_HOST=%q; unset DOCKER_CONTEXT\n' "$output"
}

private_podman() {
  command -v podman >/dev/null || return 1
  attempt "$lib/podman.sh" start "$dir/podman" || return
  echo 'Podman with private settings' >&2
  printf 'engine=podman; %s\n' "$output"
}

# Runs a command and keeps its standard output or, if it fails, the reason.
attempt() {
  local error
  error=$(mktemp)
  if output=$("$@" 2>"$error"); then
    rm "$error"
    return
  fi
  reasons+=("$(tail -n 1 "$error")")
  rm "$error"
  return 1
}

install() {
  if "$lib/../bootstrap" "$1" >&2; then return; fi
  reasons+=("$1 can't be installed")
  return 1
}

# Prints the first engine that has run a container, and ends the search.
start() {
  local -a wanted=(docker podman)
  local name
  if [ $# != 0 ]; then wanted=("$1"); fi
  mkdir -p "$dir"
  # The check needs a busybox.
  command -v busybox >/dev/null || "$lib/../bootstrap" busybox >&2 || true
  for name in "${wanted[@]}"; do
    if as_it_is "$name" || "private_$name"; then return; fi
  done
  for name in "${wanted[@]}"; do
    # What failed above would fail again, unless something was installed.
    if install "$name" && "private_$name"; then return; fi
  done
  printf '%s\n' "${reasons[@]}" | awk '!said[$0]++ { printf "%s%s", separator, $0; separator = "; " } END { print "" }' >&2
  return 1
}

case $command in
  start)
    case ${3:-docker} in docker | podman) ;; *) echo "$usage" >&2; exit 2 ;; esac
    start "${@:3}"
    ;;
  remove)
    if [ -d "$dir/docker" ]; then "$lib/dockerd.sh" remove "$dir/docker"; fi
    if [ -d "$dir/podman" ]; then "$lib/podman.sh" remove "$dir/podman"; fi
    rm -rf "$dir"
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
