#!/usr/bin/env bash
# Runs a newer Docker than the machine's: Debian's newest, in its own folder.
#
#   script/lib/newer-docker.sh start classic|containerd DIR   like `dockerd.sh start DIR`, with layers in this store
#   script/lib/newer-docker.sh stop|remove DIR                like dockerd.sh
#
# The folder is .cache/newer-docker (700 MB), made once. Needs root or sudo, debootstrap, and a Debian mirror: DEBIAN_MIRROR, else
# debootstrap's.
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$lib/common.sh"
folder=$(cd "$lib/../.." && pwd)/.cache/newer-docker


# One process makes it; others wait for it.
make_folder() {
  if [ -d "$folder" ]; then return; fi
  mkdir -p "${folder%/*}"
  exec {lock}>"$folder.lock"
  flock "$lock"
  if [ -d "$folder" ]; then return; fi
  echo "newer-docker: debootstrap (one minute)" >&2
  as_root rm -rf "$folder.part"
  local mirror
  mirror=$(debian_mirror)
  if ! as_root debootstrap --variant=minbase --include=docker.io,docker-cli sid "$folder.part" ${mirror:+"$mirror"} >"$folder.log" 2>&1; then
    tail -n 3 "$folder.log" >&2
    as_root rm -rf "$folder.part"
    exit 1
  fi
  as_root mv "$folder.part" "$folder"
  exec {lock}>&-
}

# dockerd runs in its own mount namespace, which has the folder's programs and settings and everything else of this machine. So paths are
# the same inside and outside, and nothing stays mounted when it ends. A chroot doesn't work: the classic store needs a root that is a mount
# point.
run_dockerd() {
  # shellcheck disable=SC2016 # the inner shell expands them
  exec unshare --mount --propagation private sh -ec '
    mount --bind "$0/usr" /usr
    mount --bind "$0/etc" /etc
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    exec dockerd "$@"' "$folder" "$@"
}

start() {
  local store=$1 dir=$2 driver snapshotter
  case $store in
    classic) driver=overlay2 snapshotter=false ;;
    containerd) driver=overlayfs snapshotter=true ;;
    *) usage ;;
  esac
  make_folder
  mkdir -p "$dir"
  printf '{"features": {"containerd-snapshotter": %s}}\n' "$snapshotter" >"$dir/daemon.json"
  DOCKERD="$lib/newer-docker.sh run" DOCKERD_CONFIG=$dir/daemon.json DOCKERD_DRIVER=$driver "$lib/dockerd.sh" start "$dir"
}

usage() {
  echo 'usage: newer-docker.sh start classic|containerd DIR, or newer-docker.sh stop|remove DIR' >&2
  exit 2
}

case ${1:-} in
  start) start "${2:-}" "${3:?}" ;;
  stop | remove) "$lib/dockerd.sh" "$1" "${2:?}" ;;
  run) run_dockerd "${@:2}" ;;
  *) usage ;;
esac
