#!/usr/bin/env bash
# The recipe for people without root: join the ISO's chunks, and let guestfish read the disk in a virtual machine. Gives the tar of the first
# partition to a command.
#
#   __tests__/bench/libguestfs.sh ISO FOLDER COMMAND…   FOLDER has room for the chunks and the joined disk
set -euo pipefail

iso=$1 folder=$2
shift 2
trap 'rm -rf "$folder/cd" "$folder/joined"' EXIT

xorriso -osirrox on -indev "stdio:$iso" -extract / "$folder/cd" 2>/dev/null
find "$folder/cd" -name 'chunk*.gz' | sort | xargs zcat >"$folder/joined"
LIBGUESTFS_BACKEND=direct guestfish --ro --add "$folder/joined" --mount /dev/sda1 tar-out / - numericowner:true | "$@"
