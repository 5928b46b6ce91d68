#!/usr/bin/env bash
# Runs dockerd as a sidecar container does: of this machine, it sees the programs, its own data, and the folders in $SHARED_FOLDERS
# (separated by colons) at the same paths. Nothing else is there for it.
#
#   DOCKERD=script/lib/sidecar-dockerd.sh SHARED_FOLDERS=FOLDER:… script/lib/dockerd.sh start DIR
#
# Needs root.
set -euo pipefail

own=()
arguments=("$@")
for ((i = 0; i < $#; i++)); do
  case ${arguments[i]} in
    --data-root) own+=("${arguments[i + 1]}") ;;
    --exec-root) own+=("$(dirname "${arguments[i + 1]}")") ;;
  esac
done
mkdir -p "${own[@]}"
readarray -t shared < <(tr ':' '\n' <<<"${SHARED_FOLDERS-}")

# shellcheck disable=SC2016 # the inner shell expands them
exec unshare --mount --propagation private bash -euo pipefail -c '
  root=$(mktemp -d)
  mount -t tmpfs tmpfs "$root"
  for path in /bin /sbin /lib /lib32 /lib64 /libx32; do
    if [ -L "$path" ]; then cp -P "$path" "$root"; fi
  done
  mkdir -p "$root"/{tmp,run,var,old}
  while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --rbind "$1" "$root$1"
    shift
  done
  shift
  ln -s /run "$root/var/run"
  cd "$root"
  pivot_root . old
  umount --lazy /old
  exec "$@"' sidecar /usr /etc /proc /sys /dev "${own[@]}" "${shared[@]}" -- dockerd "$@"
