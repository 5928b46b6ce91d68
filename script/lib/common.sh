# shellcheck shell=bash
# What several scripts need; they source it.

# Runs a command as root: by itself where this is root, else by sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The Debian mirror that roots are made from: DEBIAN_MIRROR, else the first Debian repository of the machine's apt sources; nothing on
# another distribution, where debootstrap's default is meant.
debian_mirror() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    echo "$DEBIAN_MIRROR"
    return
  fi
  # shellcheck disable=SC2016 # apt's own variables, not the shell's
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n '0,/^Debian|Debian|/s///p'
}
