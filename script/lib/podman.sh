#!/usr/bin/env bash
# Gives Podman a private store, with settings that work with this machine's kernel and control groups. Everything is in one folder.
#
#   eval "$(script/lib/podman.sh start DIR)"   makes every later `podman` of this shell use it
#   script/lib/podman.sh remove DIR            removes it
#
# `start` prints assignments, and succeeds only when a container has run with them. Needs podman and busybox-static.
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage='usage: podman.sh start|remove DIR'
command=${1:?$usage}
mkdir -p "${2:?$usage}"
dir=$(cd "$2" && pwd)

# Paths of sockets may have at most 107 bytes, so they can't be in DIR.
run=/tmp/ddk-podman-$(printf %s "$dir" | cksum | cut -d ' ' -f 1)
export CONTAINERS_STORAGE_CONF=$dir/storage.conf CONTAINERS_CONF=$dir/containers.conf

# Podman asks for the highest possible limits, which fails for a root user without CAP_SYS_RESOURCE; and old versions of rpm close as many
# descriptors as the limit allows. Both numbers of a limit are the same, because the service of Podman 4.3 takes one for the other.
write_settings() {
  local driver=$1 runtime=$2 cgroups=$3
  cat >"$CONTAINERS_STORAGE_CONF" <<CONF
[storage]
driver = "$driver"
graphroot = "$dir/root"
runroot = "$run"
CONF
  cat >"$CONTAINERS_CONF" <<CONF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
netns = "none"
cgroups = "$cgroups"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$run/tmp"
CONF
  if [ -n "$runtime" ]; then echo "runtime = \"$runtime\"" >>"$CONTAINERS_CONF"; fi
}

# Finds working settings by trying them. crun refuses to work with both versions of control groups mounted, but runc doesn't. Without any
# control groups, only crun works. An overlay store doesn't work on every filesystem.
start() {
  local driver cgroups runtime why=''
  local -a reasons=()
  for driver in overlay vfs; do
    for cgroups in enabled disabled; do
      for runtime in '' crun runc; do
        if [ -n "$runtime" ] && ! command -v "$runtime" >/dev/null; then continue; fi
        write_settings "$driver" "$runtime" "$cgroups"
        if why=$("$lib/try-engine.sh" podman 2>&1); then
          printf 'export CONTAINERS_STORAGE_CONF=%q CONTAINERS_CONF=%q\n' "$CONTAINERS_STORAGE_CONF" "$CONTAINERS_CONF"
          return
        fi
        reasons+=("$why")
      done
    done
    clear_store
  done
  # First try Podman's own settings.
  echo "${reasons[0]}" >&2
  exit 1
}

# Files of a rootless store belong to users that only Podman can switch to.
clear_store() {
  awk -v a="$dir/root" -v b="$run" 'index($2, a) == 1 || index($2, b) == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r mounted; do umount --lazy "$mounted" 2>/dev/null || true; done
  rm -rf "$dir/root" "$run" 2>/dev/null || podman unshare rm -rf "$dir/root" "$run"
}

case $command in
  start) start ;;
  remove)
    clear_store
    rm -rf "$dir"
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
