#!/usr/bin/env bash
# Makes the ISO of the realistic root, in the shape of DDK 6.5.0's, and prints its path. Made once, kept under .cache/.
# Needs root, and what `script/bootstrap demo` installs.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$repository/node_modules/.bin:$PATH:/usr/sbin:/sbin

root=$("$repository/script/lib/realistic-root.sh")
# A changed root or recipe makes another ISO: its name holds their hash.
recipe=$(cat <(basename "$root") "${BASH_SOURCE[0]}" | sha256sum)
iso=$repository/.cache/XenServer-6.5.0-DDK-${recipe:0:12}.iso

if [[ ! -e $iso ]]; then
  echo 'realistic-iso: filesystem, chunks and ISO (about a minute)' >&2
  partial=$iso.partial.$$
  trap 'rm -f "$partial"' EXIT
  node "$repository/__tests__/fixtures/make-ddk-iso.ts" --out "$partial" --root "$root" --version 6.5.0 \
    --table mbr --start 63 --filesystem ext3 --mke2fs='-I 128' --indexed --megabytes 2048 --format raw >/dev/null
  # The new name appears when the ISO is whole, so a half-built one is never used.
  rm -f "$repository"/.cache/XenServer-6.5.0-DDK-*.iso
  mv "$partial" "$iso"
fi
echo "$iso"
