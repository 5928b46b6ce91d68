#!/usr/bin/env bash
# A Docker daemon of our own, for machines where none runs: everything that it keeps lies in one folder, and it changes neither the
# machine's network nor its mounts.
#
#   script/lib/dockerd.sh start DIR   starts it, or finds it running; prints its DOCKER_HOST
#   script/lib/dockerd.sh stop DIR    stops it; its images stay in DIR
#   script/lib/dockerd.sh remove DIR  stops it, and removes DIR
#
# `start` succeeds when the daemon has run a container, and not before. Containers have no network but what `--network host` gives.
# Needs dockerd, docker, busybox-static, and root or sudo.
# $DOCKERD may be another dockerd with its first arguments, such as `chroot FOLDER dockerd`; $DOCKERD_CONFIG, a daemon.json.
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$lib/common.sh"

usage='usage: dockerd.sh start|stop|remove DIR'
command=${1:?$usage}
mkdir -p "${2:?$usage}"
dir=$(cd "$2" && pwd)

# Sockets may have paths of 107 bytes at most, so they can't lie in DIR.
run=/tmp/ddk-dockerd-$(printf %s "$dir" | cksum | cut -d ' ' -f 1)
socket=$run/docker.sock

pid() {
  as_root cat "$run/pid" 2>/dev/null
}

running() {
  local pid
  pid=$(pid) && as_root kill -0 "$pid" 2>/dev/null
}

answers() {
  DOCKER_HOST=unix://$socket docker version >/dev/null 2>&1
}

# The daemon has a mount namespace of its own, so that what it leaves mounted goes with it. Without an init system nobody has mounted the
# control groups: then they are mounted in there too, where no other daemon depends on them.
# shellcheck disable=SC2016 # the inner shell expands them
in_own_namespace='
  if ! grep -qE "^\S+ \S+ cgroup2? " /proc/mounts; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi
  exec "$@"'

launch() {
  local -a dockerd
  read -ra dockerd <<<"${DOCKERD:-dockerd}"
  # Root's sockets and a world-writable /tmp: only root and this user's group may look inside.
  as_root install -d -m 750 -g "$(id -gn)" "$run"
  as_root setsid unshare --mount --propagation slave sh -ec "$in_own_namespace" sh "${dockerd[@]}" \
    ${DOCKERD_CONFIG:+--config-file "$DOCKERD_CONFIG"} \
    --data-root "$dir/data" --exec-root "$run/exec" --pidfile "$run/pid" \
    --host "unix://$socket" --group "$(id -gn)" \
    --bridge none --iptables=false --storage-driver "$1" \
    </dev/null >"$dir/log" 2>&1 &
  local job=$! attempt
  for attempt in $(seq 300); do
    if answers; then return; fi
    # Sudo and setsid may each be a process of their own, so while this job lives, the daemon may be on its way.
    if [ "$attempt" -gt 10 ] && ! kill -0 "$job" 2>/dev/null && ! running; then return 1; fi
    sleep 0.1
  done
  return 1
}

start() {
  local why='' driver
  if running && answers; then return; fi
  stop
  for driver in ${DOCKERD_DRIVER:-overlay2 vfs}; do
    if ! launch "$driver"; then
      why="dockerd doesn't start: $(tail -n 1 "$dir/log")"
    elif why=$(DOCKER_HOST=unix://$socket "$lib/try-engine.sh" docker 2>&1); then
      return
    fi
    stop
  done
  echo "$why" >&2
  exit 1
}

stop() {
  local pid
  if running; then
    pid=$(pid)
    as_root kill "$pid"
    for _ in $(seq 150); do
      as_root kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  fi
  as_root rm -rf "$run"
}

case $command in
  start)
    start
    echo "unix://$socket"
    ;;
  stop) stop ;;
  remove)
    stop
    as_root rm -rf "$dir"
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
