#!/usr/bin/env bash
# Runs a private Docker daemon, for machines without a running one. All its data is in one folder, and it changes neither the machine's
# network nor its mounts.
#
#   script/lib/dockerd.sh start DIR   starts it unless it is running; prints its DOCKER_HOST
#   script/lib/dockerd.sh stop DIR    stops it; its images stay in DIR
#   script/lib/dockerd.sh remove DIR  stops it, and removes DIR
#
# `start` succeeds only when the daemon has run a container. Containers have no network except with `--network host`. Needs dockerd, docker,
# busybox-static, and root or sudo. $DOCKERD may be another dockerd with its first arguments, such as `chroot FOLDER dockerd`;
# $DOCKERD_CONFIG may be a daemon.json, $DOCKERD_ALSO_HOST a second address to listen on, without TLS.
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$lib/common.sh"

usage='usage: dockerd.sh start|stop|remove DIR'
command=${1:?$usage}
mkdir -p "${2:?$usage}"
dir=$(cd "$2" && pwd)

# Paths of sockets may have at most 107 bytes, so they can't be in DIR.
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

# The daemon has its own mount namespace, so that leftover mounts disappear with it. Without an init system, control groups may not be
# mounted; they are then mounted in that namespace, where no other daemon depends on them.
# shellcheck disable=SC2016 # the inner shell expands them
in_own_namespace='
  if ! grep -qE "^\S+ \S+ cgroup2? " /proc/mounts; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi
  exec "$@"'

launch() {
  local -a dockerd
  read -ra dockerd <<<"${DOCKERD:-dockerd}"
  # The folder contains root's sockets and a world-writable /tmp, so only root and this user's group may access it.
  as_root install -d -m 750 -g "$(id -gn)" "$run"
  as_root setsid unshare --mount --propagation slave sh -ec "$in_own_namespace" sh "${dockerd[@]}" \
    ${DOCKERD_CONFIG:+--config-file "$DOCKERD_CONFIG"} \
    --data-root "$dir/data" --exec-root "$run/exec" --pidfile "$run/pid" \
    --host "unix://$socket" --group "$(id -gn)" ${DOCKERD_ALSO_HOST:+--host "$DOCKERD_ALSO_HOST" --tls=false} \
    --bridge none --iptables=false --storage-driver "$1" \
    </dev/null >"$dir/log" 2>&1 &
  local job=$! attempt
  for attempt in $(seq 300); do
    if answers; then return; fi
    # sudo and setsid may each be a separate process, so while this job is alive, the daemon may still be starting.
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
  # With userns-remap, dockerd has another folder beside it.
  as_root rm -rf "$run" "$run".[0-9]*
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
