# shellcheck shell=bash
# Functions that several scripts source.

# Runs a command as root: directly if this is root, else with sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Prints the Debian mirror for root filesystems: DEBIAN_MIRROR, else the first Debian repository in the machine's apt sources. Prints
# nothing on another distribution, where debootstrap's default is used.
debian_mirror() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    echo "$DEBIAN_MIRROR"
    return
  fi
  # shellcheck disable=SC2016 # apt's own variables, not the shell's
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n '0,/^Debian|Debian|/s///p'
}
