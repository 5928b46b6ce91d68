#!/usr/bin/env bash
# Makes a folder with the container engines of another release of Debian or Ubuntu, and prints its path.
#
#   script/lib/engine-folder.sh bookworm|trixie|sid|resolute
#
# It is .cache/engines/RELEASE (about 1 GB), made once, with Docker, Podman and busybox. `__tests__/engines/machine.ts` runs its programs.
# Needs root, debootstrap, and a mirror: DEBIAN_MIRROR or UBUNTU_MIRROR, else the distribution's own.
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$lib/common.sh"
release=${1:?usage: engine-folder.sh RELEASE}
folder=$(cd "$lib/../.." && pwd)/.cache/engines/$release
packages=docker.io,podman,crun,uidmap,busybox-static

# Debian has no package of Ubuntu's keys. This one is from Ubuntu's archive, and is used only if its checksum is right.
keyring_package=pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb
keyring_sha256=36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8

main() {
  if [ ! -d "$folder" ]; then
    mkdir -p "${folder%/*}"
    exec {lock}>"$folder.lock"
    flock "$lock"
    if [ ! -d "$folder" ]; then make_folder; fi
    exec {lock}>&-
  fi
  echo "$folder"
}

make_folder() {
  echo "engine-folder: debootstrap of $release (two minutes)" >&2
  rm -rf "$folder.part"
  case $release in
    bookworm | trixie | sid) bootstrap_debian ;;
    resolute) bootstrap_ubuntu ;;
    *) fail "there is no $release, but: bookworm, trixie, sid, resolute" ;;
  esac >"$folder.log" 2>&1 || fail "$(tail -n 1 "$folder.log")"
  mv "$folder.part" "$folder"
}

bootstrap_debian() {
  local mirror
  mirror=$(debian_mirror)
  debootstrap --variant=minbase --include="$packages,docker-cli" "$release" "$folder.part" ${mirror:+"$mirror"}
}

# debootstrap knows no release that is newer than it, but all of Ubuntu's are made in the same way.
bootstrap_ubuntu() {
  local mirror=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu} keyring=$folder.keyring
  mkdir -p "$keyring"
  curl -fsSL --max-time 60 -o "$keyring/package.deb" "$mirror/$keyring_package"
  echo "$keyring_sha256  $keyring/package.deb" | sha256sum --check
  dpkg --extract "$keyring/package.deb" "$keyring"
  debootstrap --variant=minbase --components=main,universe --include="$packages" \
    --keyring="$keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg" "$release" "$folder.part" "$mirror" /usr/share/debootstrap/scripts/gutsy
  rm -rf "$keyring"
}

fail() {
  echo "engine-folder: $*" >&2
  rm -rf "$folder.part"
  exit 1
}

main
