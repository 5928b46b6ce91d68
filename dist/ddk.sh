#!/usr/bin/env bash
# What a step's `shell: ddk.sh {0}` runs: the step's script, in the job's container of the DDK. The first step that comes starts the container.
#
# The file "settings" in the folder above has the rest; src/shell/settings.ts writes it. The step's environment is this script's as well, so
# every variable here begins with an underscore: a step may well have one called "image".
# shellcheck disable=SC2154,SC2016,SC2317 # assigned by the settings; for the container's shell; called by traps

# The engine's command gets a process group of its own: it isn't to be hit by a signal that is forwarded to the step.
set -m

_dir=${BASH_SOURCE[0]%/*}/..
_name=${0##*/}
_pid_file=$_dir/step-$$
_child=
_heard=

# Old rpms close as many descriptors as there may be; the stack bounds the length of command lines. Limits are set here because an engine's
# options for them fail where it may not raise any.
_launch='
{ ulimit -S -n 1024 && ulimit -H -n 4096; ulimit -S -s 65536; } 2>/dev/null
echo $$ >"$1"
PATH=$2$PATH
export PATH
shift 2
if command -v bash >/dev/null; then exec bash -eo pipefail "$@"; fi
exec sh -e "$@"'

# To every process of the step's session, not only of one process group: `timeout` makes one of its own. At once, and to the step's own shell
# first: else it might take a child's end for an ordinary one, and go on. See proc(5) for the fields.
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
  _find_folder || _fail "the container doesn't see $PWD; work in $_workspace, or name the folder in the action's input \"volumes\""
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

# The line that says what went wrong: the last one that isn't about how to use the command.
_last_word() {
  local _line _word=
  while read -r _line; do
    case $_line in '' | Usage:* | *--help*) ;; *) _word=$_line ;; esac
  done <<<"$1"
  printf %s "$_word"
}

# The container's path of the current directory. _mounts has pairs of a host's path, without symlinks, and the container's.
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

# What was put into PATH since the action ran: GITHUB_PATH works from outside and from inside.
_collect_path() {
  local _entry _rest=$PATH:
  _added=
  while [ -n "$_rest" ]; do
    _entry=${_rest%%:*}
    _rest=${_rest#*:}
    if [[ -n $_entry && :$_path: != *":$_entry:"* && $_entry != "$_shells"/* ]]; then _added+=$_entry:; fi
  done
}

# Names only: values would be seen in the list of processes. As this process got them: bash itself hides names that it doesn't like.
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
  # The action's input "env": NAME, or NAME=VALUE. A step's own value comes first.
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
    # Podman takes no spaces, and an asterisk for any name.
    '' | *[[:space:]*]*) return 1 ;;
    # The runner's own folders, user, terminal and shell; and what the engine's command itself goes by.
    PATH | HOME | PWD | OLDPWD | TMPDIR | TMP | TEMP | XDG_* | USER | LOGNAME | MAIL | HOSTNAME | TERM) return 1 ;;
    _ | SHELL | SHLVL | SHELLOPTS | BASH* | ENV | LD_* | DOCKER_* | CONTAINER_HOST | CONTAINERS_*) return 1 ;;
    # Other locales are only there by chance.
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
  # A signal ends `wait`, not the step.
  while
    _heard=
    wait "$_child"
    _code=$?
    [ -n "$_heard" ]
  do :; done
  _child=
  rm -f "$_pid_file"
}

# The runner cancels by SIGINT, SIGTERM 7.5 s later, and its own SIGKILL 2.5 s after that; engines forward none of them to `exec`.
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

# Root's files would be in the way of the runner, and of the next job.
_give_files_back() {
  local _said
  if [ ${#_give_back[@]} = 0 ]; then return; fi
  _said=$("$_engine" exec "$_container" "${_give_back[@]}" 2>&1 </dev/null) ||
    printf "::warning::%s: some of the step's files may not belong to this user: %s\n" "$_name" "$(_last_word "$_said")" >&2
}

_main "$@"
