#!/usr/bin/env bash
# A store of our own for Podman, with settings that work without systemd: everything lies in one folder.
#
#   eval "$(script/lib/podman.sh start DIR)"   makes every later `podman` of this shell use it
#   script/lib/podman.sh remove DIR            removes it
#
# Needs podman. `start` prints assignments, which are to be exported.
set -euo pipefail

usage='usage: podman.sh start|remove DIR'
command=${1:?$usage}
mkdir -p "${2:?$usage}"
dir=$(cd "$2" && pwd)

# Whether overlays can lie on DIR's filesystem. Without root, it is Podman that knows how.
driver() {
  local trial=$dir/trial
  mkdir -p "$trial"/{lower,upper,work,merged}
  if mount -t overlay -o "lowerdir=$trial/lower,upperdir=$trial/upper,workdir=$trial/work" overlay "$trial/merged" 2>/dev/null; then
    umount "$trial/merged"
    echo overlay
  else
    echo vfs
  fi
  rm -rf "$trial"
}

start() {
  # Sockets may have paths of 107 bytes at most, so they can't lie in DIR.
  local run
  run=/tmp/ddk-podman-$(printf %s "$dir" | cksum | cut -d ' ' -f 1)
  cat >"$dir/storage.conf" <<CONF
[storage]
driver = "$(driver)"
graphroot = "$dir/root"
runroot = "$run"
CONF
  # Podman asks for the highest limits there are, which fails for a root without CAP_SYS_RESOURCE; and an old rpm closes as many
  # descriptors as it may have.
  cat >"$dir/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$run/tmp"
CONF
  printf 'export CONTAINERS_STORAGE_CONF=%q CONTAINERS_CONF=%q\n' "$dir/storage.conf" "$dir/containers.conf"
}

remove() {
  local run
  run=$(sed -n 's/^runroot = "\(.*\)"/\1/p' "$dir/storage.conf" 2>/dev/null || true)
  awk -v a="$dir/root" -v b="${run:-$dir/root}" 'index($2, a) == 1 || index($2, b) == 1 { print $2 }' /proc/mounts | sort -r |
    while read -r mounted; do umount --lazy "$mounted"; done
  rm -rf "$dir" ${run:+"$run"}
}

case $command in
  start) start ;;
  remove) remove ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
