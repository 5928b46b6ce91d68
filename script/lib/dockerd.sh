#!/usr/bin/env bash
# A Docker daemon of our own, for machines where none runs: everything that it keeps lies in one folder, and it changes no network.
#
#   script/lib/dockerd.sh start DIR   starts it, or finds it running; prints its DOCKER_HOST
#   script/lib/dockerd.sh stop DIR    stops it; its images stay in DIR
#   script/lib/dockerd.sh remove DIR  stops it, and removes DIR
#
# Containers have no network but what `--network host` gives. Needs dockerd, and root or sudo.
# $DOCKERD may be another dockerd with its first arguments, such as `chroot FOLDER dockerd`; $DOCKERD_CONFIG, a daemon.json.
set -euo pipefail

usage='usage: dockerd.sh start|stop|remove DIR'
command=${1:?$usage}
mkdir -p "${2:?$usage}"
dir=$(cd "$2" && pwd)

# Sockets may have paths of 107 bytes at most, so they can't lie in DIR.
run=/tmp/ddk-dockerd-$(printf %s "$dir" | cksum | cut -d ' ' -f 1)
socket=$run/docker.sock

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

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

# Without an init system, nobody has mounted the control groups.
mount_cgroups() {
  if ! grep -qE '^\S+ \S+ cgroup2? ' /proc/mounts; then
    as_root mount -t cgroup2 cgroup2 /sys/fs/cgroup
    touch "$dir/mounted-cgroups"
  fi
}

launch() {
  local -a dockerd
  read -ra dockerd <<<"${DOCKERD:-dockerd}"
  # Root's sockets and a world-writable /tmp: only root and this user's group may look inside.
  as_root install -d -m 750 -g "$(id -gn)" "$run"
  as_root setsid "${dockerd[@]}" \
    ${DOCKERD_CONFIG:+--config-file "$DOCKERD_CONFIG"} \
    --data-root "$dir/data" --exec-root "$run/exec" --pidfile "$run/pid" \
    --host "unix://$socket" --group "$(id -gn)" \
    --bridge none --iptables=false --storage-driver "$1" \
    </dev/null >"$dir/log" 2>&1 &
  # Its pid is known by its file only: sudo and setsid may each be one process more.
  local attempt
  for attempt in $(seq 300); do
    if answers; then return; fi
    if [ "$attempt" -gt 30 ] && ! running; then return 1; fi
    sleep 0.1
  done
  return 1
}

start() {
  if running && answers; then return; fi
  stop
  mount_cgroups
  for driver in ${DOCKERD_DRIVER:-overlay2 vfs}; do
    if launch "$driver"; then return; fi
    stop
  done
  echo "dockerd doesn't start; the end of $dir/log:" >&2
  tail -n 3 "$dir/log" >&2
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
  # What dockerd leaves mounted: its data folder on itself, and its network namespace.
  awk -v a="$dir/data" -v b="$run/exec" 'index($2, a) == 1 || index($2, b) == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r mounted; do as_root umount --lazy "$mounted"; done
  as_root rm -rf "$run"
  if [ -e "$dir/mounted-cgroups" ]; then
    as_root umount /sys/fs/cgroup
    rm "$dir/mounted-cgroups"
  fi
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
