#!/usr/bin/env bash
# Checks whether an engine can run a container. An installed engine, or a daemon that answers, doesn't prove that.
#
#   script/lib/try-engine.sh docker|podman   silent if it can; else prints the engine's last line of output, and exits with 1
#
# Imports an image that contains only busybox, runs it once, and removes it. Needs a statically linked busybox (busybox-static).
set -euo pipefail

engine=${1:?usage: try-engine.sh docker|podman}
work=$(mktemp -d "${TMPDIR:-/tmp}/try-engine.XXXXXX")
image=localhost/try-engine-$$-$RANDOM:1
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$engine can't run a container: $1" >&2
  exit 1
}

# The last non-empty line.
last_word() {
  grep '[^[:space:]]' "$work/error" | tail -n 1
}

attempt() {
  local status=0
  timeout --kill-after=5 60 "$@" >/dev/null 2>"$work/error" || status=$?
  case $status in
    0) ;;
    124 | 137) fail "'${*:1:2}' didn't end within 60 seconds" ;;
    *) fail "$(last_word)" ;;
  esac
}

command -v "$engine" >/dev/null || fail "it isn't installed"
busybox=$(command -v busybox) || fail 'busybox is missing, which is needed to try it (apt-get install busybox-static)'

mkdir -p "$work/root/bin"
cp "$busybox" "$work/root/bin/busybox"
tar -C "$work/root" -cf "$work/root.tar" .
attempt "$engine" import "$work/root.tar" "$image"
trap '"$engine" image rm --force "$image" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
attempt "$engine" run --rm --network none "$image" /bin/busybox true
