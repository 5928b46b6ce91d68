#!/usr/bin/env bash
# Removes engines that tests left behind when they failed or were stopped, and their folder.
#
#   script/lib/remove-engines.sh DIR   contains a folder per engine, SCRIPT.XXXXXX, named after the script that started it
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${1:?usage: remove-engines.sh DIR}

if [ ! -d "$dir" ]; then exit; fi
for engine in "$dir"/*.sh.*; do
  if [ ! -d "$engine" ]; then continue; fi
  script=$(basename "${engine%.*}")
  "$lib/$script" remove "$engine"
done
rm -rf "$dir"
