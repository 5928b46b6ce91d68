#!/usr/bin/env bash
# Makes an ISO of the realistic root filesystem, laid out like the ISO of DDK 6.5.0, and prints its path. It is made once, and kept in
# .cache. Needs root, and what `script/bootstrap demo` installs.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$repository/node_modules/.bin:$PATH:/usr/sbin:/sbin

root=$("$repository/script/lib/realistic-root.sh")
# The ISO's name contains a hash of everything that it is made from, so a change makes another ISO. Comments of this script don't count.
recipe=$(sed '/^ *#/d' "${BASH_SOURCE[0]}" | cat <(basename "$root") - | sha256sum)
iso=$repository/.cache/XenServer-6.5.0-DDK-${recipe:0:12}.iso

if [[ ! -e $iso ]]; then
  echo 'realistic-iso: filesystem, chunks and ISO (about a minute)' >&2
  partial=$iso.partial.$$
  trap 'rm -f "$partial"' EXIT
  node "$repository/__tests__/fixtures/make-ddk-iso.ts" --out "$partial" --root "$root" --version 6.5.0 \
    --table mbr --start 63 --filesystem ext3 --mke2fs='-I 128' --indexed --megabytes 2048 --format raw >/dev/null
  # The ISO gets its name only when it is complete, so an unfinished one is never used.
  rm -f "$repository"/.cache/XenServer-6.5.0-DDK-*.iso
  mv "$partial" "$iso"
fi
echo "$iso"
