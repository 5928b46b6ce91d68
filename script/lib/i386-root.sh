#!/usr/bin/env bash
# Makes a 32-bit root filesystem that resembles the one of XenServer's DDK 6.2.0, and prints the path of its tar (about 120 MB). Its contents
# are Debian's for i386, with a compiler, rpmbuild and kernel headers: it only matters that a driver can be built in it. It is made once,
# and kept in .cache. Needs root, debootstrap and a Debian mirror: DEBIAN_MIRROR, else the one in the machine's apt sources, else
# debootstrap's default.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$repository/script/lib/common.sh"

main() {
  # The tar's name contains a hash of everything that it is made from, so a change makes another tar. Comments of this script don't count.
  local recipe tar
  recipe=$(sed '/^ *#/d' "${BASH_SOURCE[0]}" | cat - "$repository"/script/lib/driver-example/* | sha256sum)
  tar=$repository/.cache/i386-root-${recipe:0:12}.tar.zst
  if [[ ! -e $tar ]]; then build_root "$tar"; fi
  echo "$tar"
}

build_root() {
  local tar=$1 root
  ((EUID == 0)) || { echo 'i386-root: debootstrap needs root' >&2; exit 1; }
  mkdir -p "$repository/.cache"
  work=$(mktemp -d "${TMPDIR:-/tmp}/i386-root.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  root=$work/root

  echo 'i386-root: debootstrap (1 to 3 minutes)' >&2
  if ! bootstrap_debian "$root" >"$work/log" 2>&1; then
    tail -n 10 "$work/log" >&2
    exit 1
  fi
  install_release "$root"
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale,man}/*

  # The tar gets its name only when it is complete, so an unfinished one is never used.
  tar --create --zstd --numeric-owner --xattrs --acls --sort=name --directory "$root" --file "$work/root.tar.zst" .
  rm -f "$repository"/.cache/i386-root-*
  mv "$work/root.tar.zst" "$tar.partial.$$"
  mv "$tar.partial.$$" "$tar"
}

bootstrap_debian() {
  local mirror
  mirror=$(debian_mirror)
  debootstrap --arch=i386 --variant=minbase --include=gcc,make,rpm,kmod,python3-minimal,linux-headers-686 bookworm "$1" \
    ${mirror:+"$mirror"}
}

# The kernel keeps Debian's name; it only matters that it isn't the running one.
install_release() {
  local root=$1
  echo 'XenServer DDK release 6.2.0-70446c (xenenterprise)' >"$root/etc/redhat-release"
  rm -f "$root/etc/os-release" "$root/usr/lib/os-release" "$root/etc/debian_version"
  mkdir -p "$root/etc/rpm" "$root/root/examples/driver"
  echo 'i686-redhat-linux' >"$root/etc/rpm/platform"
  install -m 644 "$repository"/script/lib/driver-example/* "$root/root/examples/driver/"
  chroot "$root" rpm --initdb
}

main
