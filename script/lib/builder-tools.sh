#!/usr/bin/env bash
# Gives the tests the builders that Debian's stable release doesn't have: buildx and Apptainer from Debian's newest, and BuildKit from its
# Go module.
#
#   script/lib/builder-tools.sh make            makes the folder .cache/builder-tools, once; prints its path
#   script/lib/builder-tools.sh run COMMAND…    runs a command with the folder as its root, and this machine's /tmp
#   script/lib/builder-tools.sh image           writes an image of BuildKit, in the form that `docker import` takes
#
# The folder needs root or sudo, debootstrap, a Debian mirror, and Go 1.25 or later; it takes five minutes and 600 MB. Exits with 3 if
# something for it is missing.
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$lib/common.sh"
folder=$(cd "$lib/../.." && pwd)/.cache/builder-tools
buildkit=v0.34.2
programs=(github.com/moby/buildkit/cmd/buildkitd github.com/moby/buildkit/cmd/buildctl)

# One process makes it; others wait for it.
make_folder() {
  if [ -d "$folder" ]; then return; fi
  if ! command -v debootstrap >/dev/null; then missing debootstrap; fi
  if ! command -v go >/dev/null; then missing 'Go 1.25 or later'; fi
  mkdir -p "${folder%/*}"
  exec {lock}>"$folder.lock"
  flock "$lock"
  if [ -d "$folder" ]; then return; fi
  as_root rm -rf "$folder.part"
  local mirror
  mirror=$(debian_mirror)
  {
    build_buildkit &&
      as_root debootstrap --variant=minbase --include=docker-cli,docker-buildx,apptainer sid "$folder.part/root" ${mirror:+"$mirror"}
  } >"$folder.log" 2>&1 || failed
  as_root mv "$folder.part" "$folder"
  exec {lock}>&-
}

# Its go.mod has directives that `go install` refuses, so it is built as a dependency of an empty module.
build_buildkit() {
  echo "builder-tools: building BuildKit $buildkit (a few minutes)" >&2
  mkdir -p "$folder.part/module" "$folder.part/bin"
  (
    cd "$folder.part/module" &&
      printf 'module builder-tools\n' >go.mod &&
      go get "${programs[@]/%/@$buildkit}" &&
      CGO_ENABLED=0 go build -o ../bin/ "${programs[@]}"
  )
}

missing() {
  echo "builder-tools: $1 is missing" >&2
  exit 3
}

failed() {
  tail -n 3 "$folder.log" >&2
  as_root rm -rf "$folder.part"
  exit 1
}

# The folder is the root of this one process and its children. They have this machine's temporary folder, which has the tests' files.
run_with_tools() {
  # shellcheck disable=SC2016 # the inner shell expands them
  exec unshare --mount --propagation private sh -ec '
    mount --bind "$0" "$0"
    for path in /proc /sys /dev /tmp; do mount --rbind "$path" "$0$path"; done
    # Apptainer reads it. debootstrap makes none, and Debian has no package that does.
    [ -e "$0/etc/hosts" ] || echo "127.0.0.1 localhost" >"$0/etc/hosts"
    here=$PWD
    cd "$0"
    # Apptainer refuses to run in a chroot.
    pivot_root . mnt
    umount --lazy /mnt
    cd "$here"
    exec "$@"' "$folder/root" "$@"
}

# BuildKit's own image has the same programs, and more. `runc` is the machine's, with its libraries.
write_image() {
  local root file
  root=$(mktemp -d)
  mkdir -p "$root/usr/bin" "$root/tmp"
  cp "$folder/bin/buildkitd" "$folder/bin/buildctl" "$(command -v runc)" "$root/usr/bin"
  cp /bin/busybox "$root/usr/bin/sh"
  for file in $(ldd "$root/usr/bin/runc" | grep -o '/[^ ]*'); do
    mkdir -p "$root${file%/*}"
    cp --dereference "$file" "$root$file"
  done
  tar -C "$root" -c .
  rm -rf "$root"
}

case ${1:-} in
  make)
    make_folder
    echo "$folder"
    ;;
  run) run_with_tools "${@:2}" ;;
  image) write_image ;;
  *)
    echo 'usage: builder-tools.sh make|run|image' >&2
    exit 2
    ;;
esac
