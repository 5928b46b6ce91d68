#!/usr/bin/env bash
# The command of `shell: ddk.sh {0}`: runs the step's script in the job's container of the DDK. The first step starts the container.
#
# The file "settings" in the parent folder contains the settings; src/shell/settings.ts writes it. This script also has the step's
# environment, so all variables here begin with an underscore: a step may well have a variable called "image".
# shellcheck disable=SC2154,SC2016,SC2317 # assigned by the settings; for the container's shell; called by traps

# Gives the engine's command its own process group, so that signals that are forwarded to the step don't hit it.
set -m

_dir=${BASH_SOURCE[0]%/*}/..
_name=${0##*/}
_pid_file=$_dir/step-$$
_child=
_heard=

# Old versions of rpm close as many descriptors as the limit allows. The stack limits the length of command lines. The limits are set here,
# because the engines' own options fail where the engine may not raise a limit.
_launch='
{ ulimit -S -n 1024 && ulimit -H -n 4096; ulimit -S -s 65536; } 2>/dev/null
echo $$ >"$1"
PATH=$2$PATH
export PATH
shift 2
if command -v bash >/dev/null; then exec bash -eo pipefail "$@"; fi
exec sh -e "$@"'

# Signals every process of the step's session, not just one process group, because `timeout` creates its own group. All are signalled at
# once, the step's own shell first: otherwise it might mistake the end of a child for a normal one, and go on. The fields are described in
# proc(5).
_signal_session='
signal=$1 session=$2 others=
for stat in /proc/[0-9]*/stat; do
  { read -r line <"$stat"; } 2>/dev/null || continue
  pid=${line%% *}
  set -- ${line##*) }
  if [ "$4" = "$session" ] && [ "$pid" != "$session" ]; then others="$others $pid"; fi
done
kill -s "$signal" "$session" $others'

_main() {
  if [ "${1---help}" = --help ]; then
    echo "$_name runs a step's script in the XenServer DDK; in a workflow:  shell: $_name {0}"
    exit
  fi
  if ! [ -r "$_dir/settings" ]; then _fail 'its settings are gone; use it in the steps after the action, in the same job'; fi
  # shellcheck source=/dev/null
  . "$_dir/settings"
  _find_folder || _fail "the container doesn't see $PWD; work in $_workspace, or add the folder to the action's input \"volumes\""
  _collect_path
  _collect_environment
  trap '_forward INT' INT
  trap '_forward TERM' TERM HUP
  _start
  if [ -n "$_heard" ]; then exit 130; fi
  _run_step "$@"
  _give_files_back
  exit "$_code"
}

_fail() {
  printf '::error::%s: %s\n' "$_name" "$1" >&2
  exit 125
}

# Prints the line that says what went wrong: the last one that isn't about the usage of the command.
_last_word() {
  local _line _word=
  while read -r _line; do
    case $_line in '' | Usage:* | *--help*) ;; *) _word=$_line ;; esac
  done <<<"$1"
  printf %s "$_word"
}

# Sets the container's path of the current directory. _mounts has pairs of a host path, without symlinks, and the container's path.
_find_folder() {
  local _here _i
  _here=$(pwd -P)
  for ((_i = 0; _i < ${#_mounts[@]}; _i += 2)); do
    if [[ $_here/ == "${_mounts[_i]}"/* ]]; then
      _folder=${_mounts[_i + 1]}${_here#"${_mounts[_i]}"}
      return
    fi
  done
  return 1
}

# Collects what was added to PATH since the action ran, so that GITHUB_PATH works outside and inside.
_collect_path() {
  local _entry _rest=$PATH:
  _added=
  while [ -n "$_rest" ]; do
    _entry=${_rest%%:*}
    _rest=${_rest#*:}
    if [[ -n $_entry && :$_path: != *":$_entry:"* && $_entry != "$_shells"/* ]]; then _added+=$_entry:; fi
  done
}

# Passes names only, because values would be visible in the process list. The names are read from this process's own environment, because
# bash hides names that aren't valid for it.
_collect_environment() {
  local _entry _variable _seen=' '
  _env=()
  while IFS= read -r -d '' _entry; do
    _variable=${_entry%%=*}
    if _passes "$_variable" "${_entry#*=}"; then
      _env+=(--env "$_variable")
      _seen+="$_variable "
    fi
  done <"/proc/$$/environ"
  # The action's input "env": NAME or NAME=VALUE. A value from the step takes precedence.
  for _entry in "${_given[@]}"; do
    _variable=${_entry%%=*}
    if [[ $_seen == *" $_variable "* ]]; then continue; fi
    if [[ $_entry == *=* ]]; then export "${_entry?}"; fi
    if [ -n "${!_variable+set}" ]; then _env+=(--env "$_variable"); fi
  done
}

# Whether a variable of the step means the same in the container.
_passes() {
  case $1 in
    # Podman doesn't allow spaces, and treats an asterisk as a wildcard.
    '' | *[[:space:]*]*) return 1 ;;
    # The runner's own folders, user, terminal and shell, and the variables of the engine's command.
    PATH | HOME | PWD | OLDPWD | TMPDIR | TMP | TEMP | XDG_* | USER | LOGNAME | MAIL | HOSTNAME | TERM) return 1 ;;
    _ | SHELL | SHLVL | SHELLOPTS | BASH* | ENV | LD_* | DOCKER_* | CONTAINER_HOST | CONTAINERS_*) return 1 ;;
    # The container may not have other locales.
    LANG | LANGUAGE | LC_*) [[ $2 == C || $2 == POSIX ]] ;;
  esac
}

_start() {
  local _said
  if [ "$("$_engine" container inspect --format '{{.State.Running}}' "$_container" 2>/dev/null)" = true ]; then return; fi
  _said=$({ "$_engine" create "${_create[@]}" && "$_engine" start "$_container"; } 2>&1 >/dev/null </dev/null) ||
    _fail "$_engine couldn't start the DDK's container: $(_last_word "$_said")"
}

_run_step() {
  "$_engine" exec --workdir "$_folder" "${_exec[@]}" "${_env[@]}" "$_container" "${_entrypoint[@]}" \
    /bin/sh -c "$_launch" sh "$_pid_file" "$_added" "$@" </dev/null &
  _child=$!
  # A signal interrupts `wait`, not the step.
  while
    _heard=
    wait "$_child"
    _code=$?
    [ -n "$_heard" ]
  do :; done
  _child=
  rm -f "$_pid_file"
}

# To cancel, the runner sends SIGINT, SIGTERM 7.5 s later, and SIGKILL 2.5 s after that. Engines forward none of them to `exec`.
_forward() {
  local _
  _heard=$1
  if [ -z "$_child" ]; then return; fi
  for _ in {1..50}; do
    if [ -s "$_pid_file" ]; then break; fi
    if ! kill -0 "$_child" 2>/dev/null; then return; fi
    sleep 0.1
  done
  _signal "$1"
  if [ "$1" != TERM ]; then return; fi
  for _ in {1..15}; do
    if ! kill -0 "$_child" 2>/dev/null; then return; fi
    sleep 0.1
  done
  _signal KILL
}

_signal() {
  "$_engine" exec "$_container" /bin/sh -c "$_signal_session" sh "$1" "$(<"$_pid_file")" </dev/null >/dev/null 2>&1
}

# Files that belong to root would be in the way of the runner and of the next job.
_give_files_back() {
  local _said
  if [ ${#_give_back[@]} = 0 ]; then return; fi
  _said=$("$_engine" exec "$_container" "${_give_back[@]}" 2>&1 </dev/null) ||
    printf "::warning::%s: some of the step's files may not belong to this user: %s\n" "$_name" "$(_last_word "$_said")" >&2
}

_main "$@"
