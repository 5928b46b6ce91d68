#!/bin/sh
# Says what uname says in this DDK's Dom0. A container has the kernel of the machine that it runs on, but what is built here is for Dom0's.
# What isn't known here is asked of the uname behind this one in PATH: the container's own name, --help, --version, and every mistake.

release='@release@'
version='@version@'
machine='@machine@'
processor='@processor@'
platform='@platform@'

# In place of this process. By its bare name, since that is what it calls itself in its messages.
real_uname() {
  PATH=/bin:/usr/bin
  exec uname "$@"
}

# Sets `letter` to the short form of a long option, which may be cut short where no other begins like it, else to a dash.
shorten() {
  letter=
  for long in all=a kernel-name=s sysname=s nodename=n kernel-release=r release=r kernel-version=v machine=m processor=p \
    hardware-platform=i operating-system=o help=- version=-; do
    case ${long%=*} in
      "$1")
        letter=${long#*=}
        return
        ;;
      "$1"*) letter=$letter${long#*=} ;;
    esac
  done
  case $letter in
    ?) ;;
    *) letter=- ;;
  esac
}

letters=
end=
for argument in "$@"; do
  case $end$argument in
    --) end=reached ;;
    --*)
      shorten "${argument#--}"
      letters=$letters$letter
      ;;
    -?*) letters=$letters${argument#-} ;;
    *) letters=$letters- ;;
  esac
done
case $letters in
  '') letters=s ;;
  *[!asnrvmpio]*) real_uname "$@" ;;
esac

answer=
for letter in s n r v m p i o; do
  case $letters in
    *a* | *$letter*) ;;
    *) continue ;;
  esac
  case $letter in
    s) value=Linux ;;
    n) value= ;;
    r) value=$release ;;
    v) value=$version ;;
    m) value=$machine ;;
    p) value=$processor ;;
    i) value=$platform ;;
    o) value=GNU/Linux ;;
  esac
  if [ -z "$value" ]; then value=$(real_uname "-$letter"); fi
  answer="$answer $value"
done
printf '%s\n' "${answer# }"
