#!/usr/bin/env bash
# Makes a root filesystem of about 850 MB and 33,000 files that resembles the one of XenServer's DDK 6.5.0, and prints the path of its tar.
# Its contents are Debian's: only its size and shape matter, and that a kernel module can be built in it. It is made once, and kept in
# .cache. Needs root, debootstrap and a Debian mirror: DEBIAN_MIRROR, else the one in the machine's apt sources, else debootstrap's default.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$repository/script/lib/common.sh"
version=6.5.0 build=90233c kernel=3.10.0+2

main() {
  # The tar's name contains a hash of everything that it is made from, so a change makes another tar. Comments of this script don't count.
  local name recipe tar
  recipe=$(sed '/^ *#/d' "${BASH_SOURCE[0]}" | cat - "$repository"/script/lib/driver-example/* | sha256sum)
  name=realistic-root-${recipe:0:12}.tar.zst
  tar=$repository/.cache/$name
  if [[ ! -e $tar ]]; then
    ((EUID == 0)) || fail 'debootstrap needs root: run this as root or with sudo'
    command -v debootstrap >/dev/null || fail 'debootstrap is missing: run script/bootstrap demo first'
    build_root "$tar"
  fi
  echo "$tar"
}

fail() {
  echo "realistic-root: $*" >&2
  exit 1
}

say() {
  echo "realistic-root: $*" >&2
}

build_root() {
  local tar=$1
  mkdir -p "$repository/.cache"
  work=$(mktemp -d "${TMPDIR:-/tmp}/realistic-root.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  local root=$work/root

  say 'debootstrap (2 to 4 minutes)'
  bootstrap_debian "$root" >"$work/log" 2>&1 || { tail -n 40 "$work/log" "$root/debootstrap/debootstrap.log" >&2; fail 'debootstrap failed'; }
  say 'kernel headers, release files and the driver example'
  install_kernel_headers "$root"
  install_release "$root"
  install_example "$root"
  remove_traces "$root"
  say "$(du -s --block-size=1MB "$root" | cut -f1) MB, $(find "$root" | wc -l) entries"

  # The tar gets its name only when it is complete, so an unfinished one is never used.
  tar --create --zstd --numeric-owner --xattrs --acls --sort=name --directory "$root" --file "$work/root.tar.zst" .
  rm -f "$repository"/.cache/realistic-root-*
  mv "$work/root.tar.zst" "$tar.partial.$$"
  mv "$tar.partial.$$" "$tar"
}

bootstrap_debian() {
  local root=$1 packages mirror
  packages=(
    gcc make rpm kmod file genisoimage bzip2 xz-utils patch linux-headers-amd64 # for builds
    g++ perl python3 git locales locales-all openssl                            # many files of all kinds
  )
  mirror=$(debian_mirror)
  debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" bookworm "$root" ${mirror:+"$mirror"}
}

# Debian splits the headers of a kernel into three packages. A DDK has a single tree, named after its kernel, so this makes one of the three.
install_kernel_headers() {
  local root=$1 source common kbuild tree=/usr/src/kernels/$kernel-x86_64
  source=$(only "$root"/usr/src/linux-headers-*-amd64)
  common=$(only "$root"/usr/src/linux-headers-*-common)
  kbuild=$(only "$root"/usr/lib/linux-kbuild-*)
  mkdir -p "$root/usr/src/kernels"
  mv "$common" "$root$tree"
  # Replace links to the other two trees, and a Makefile that only includes the common one, by the actual files.
  rm -rf "$root$tree/scripts" "$root$tree/tools"
  rm -f "$source/Makefile" "$source/scripts" "$source/tools"
  cp -a "$source/." "$root$tree/"
  mv "$kbuild/scripts" "$kbuild/tools" "$root$tree/"
  # Debian's own variables would restore its kernel release.
  rm -rf "$source" "$kbuild" "$root"/lib/modules/* "$root$tree/.kernelvariables" "$root"/usr/src/linux-kbuild-*

  printf '#define UTS_RELEASE "%s"\n' "$kernel" >"$root$tree/include/generated/utsrelease.h"
  echo "$kernel" >"$root$tree/include/config/kernel.release"
  mkdir -p "$root/lib/modules/$kernel/updates"
  ln -s "$tree" "$root/lib/modules/$kernel/build"
  ln -s build "$root/lib/modules/$kernel/source"
}

only() {
  if (($# != 1)) || [[ ! -e $1 ]]; then fail "expected exactly one: $*"; fi
  echo "$1"
}

install_release() {
  local root=$1
  echo "XenServer DDK release $version-$build (xenenterprise)" >"$root/etc/redhat-release"
  rm -f "$root/etc/os-release" "$root/usr/lib/os-release" "$root/etc/debian_version"
  echo 'ddk' >"$root/etc/hostname"
  printf '/dev/xvda1 / ext3 defaults 1 1\nnone /proc proc defaults 0 0\n' >"$root/etc/fstab"
}

install_example() {
  local root=$1 example=$1/root/examples/driver
  mkdir -p "$example"
  cp "$repository"/script/lib/driver-example/* "$example/"
  chmod 644 "$example"/*
  chroot "$root" rpm --initdb
}

# Removes what identifies this machine, and what a DDK doesn't have.
remove_traces() {
  local root=$1
  rm -rf "$root"/usr/lib/locale/[n-z]* # half of the locales are enough
  rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/tmp/*
  rm -f "$root/etc/machine-id" "$root/etc/resolv.conf" "$root"/etc/apt/sources.list
}

main
