#!/usr/bin/env bash
# The recipe that this project replaces, as people follow it by hand: mount the ISO, join its chunks, convert the disk, mount its first
# partition, and give a tar of it to a command.
#
#   __tests__/bench/recipe.sh ISO FOLDER COMMAND…   FOLDER has room for the joined chunks and the disk
set -euo pipefail

iso=$1 folder=$2
shift 2
cd_folder=$folder/cd root=$folder/root
mkdir -p "$cd_folder" "$root"
trap 'umount "$root" "$cd_folder" 2>/dev/null || true; rm -rf "$cd_folder" "$folder/joined" "$folder/disk"' EXIT

first_sector() {
  sfdisk --json "$1" | sed -n 's/.*"start": *\([0-9]*\).*/\1/p' | head -n 1
}

# Not every kernel supports ISO 9660; people then copy the files out.
mount -o loop,ro "$iso" "$cd_folder" 2>/dev/null || xorriso -osirrox on -indev "stdio:$iso" -extract / "$cd_folder" 2>/dev/null
find "$cd_folder" -name 'chunk*.gz' | sort | xargs zcat >"$folder/joined"
qemu-img convert -O raw "$folder/joined" "$folder/disk"
mount -o "loop,ro,noload,offset=$(($(first_sector "$folder/disk") * 512))" "$folder/disk" "$root"
tar --numeric-owner -C "$root" -c . | "$@"
