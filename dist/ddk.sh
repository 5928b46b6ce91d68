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
  if [ "${1-}" = --help ]; then
    echo "$_name runs a step's script in the XenServer DDK; in a workflow:  shell: $_name {0}"
    exit
  fi
  if ! [ -r "$_dir/settings" ]; then _fail 'its settings are gone; use it in the steps after the action, in the same job'; fi
  # shellcheck source=/dev/null
  . "$_dir/settings"
  if [ -n "${_refusal-}" ]; then _fail "$_refusal"; fi
  case ${1-} in
    --user) _choose_user "${2-}" && shift 2 ;;
    --user=*) _choose_user "${1#*=}" && shift ;;
    *) _choose_user "$_user" ;;
  esac
  # Called in a script of the runner's, it would do nothing, and what follows would run outside the DDK.
  if [ $# = 0 ]; then _fail "it needs a step's script; give the step the line \"shell: $_name {0}\" instead of calling $_name in it"; fi
  # Bash would look for a script of that name in PATH, and say that the program it finds can't be executed.
  case $1 in
    -* | +* | */*) ;;
    *) [ -e "$1" ] || _fail "there is no script \"$1\" in $PWD; to run a command in the DDK, write: $_name -c '$*'" ;;
  esac
  _find_folder || _fail "the container doesn't see $PWD; work in $_workspace, or add the folder to the action's input \"volumes\""
  _collect_path
  _collect_environment
  trap '_forward INT' INT
  trap '_forward TERM' TERM HUP
  _start
  if [ -n "$_heard" ]; then exit 130; fi
  : >"$_dir/used"
  _run_step "$@"
  if [ "$_user" = root ]; then _give_files_back; fi
  exit "$_code"
}

_fail() {
  printf '::error::%s: %s%s\n' "$_name" "$(_harmless "$1")" "${_explanation:+. See $_explanation}" >&2
  exit 125
}

_warn() {
  printf '::warning::%s: %s\n' "$_name" "$(_harmless "$1")" >&2
}

# The runner takes ##[NAME] for a command, wherever it is in a line, and the text may come from the engine, or contain a folder's name.
_harmless() {
  local _text=${1//[[:cntrl:]]/?}
  printf %s "${_text//'##['/'#\u0023['}"
}

_choose_user() {
  _user=$1
  case $1 in
    root) _exec=("${_as_root[@]}") ;;
    runner) _exec=("${_as_runner[@]}") ;;
    *) _fail "there is no user \"$1\"; --user may be root or runner" ;;
  esac
}

# Runs a short command of the engine. Its output is in _said.
_call() {
  local _deadline=$1 _status
  local -a _limit=()
  shift
  if type -P timeout >/dev/null; then _limit=(timeout -k 2 "$_deadline"); fi
  # Without the lock, because processes that the engine leaves behind would keep it.
  _said=$("${_limit[@]}" "$_engine" "$@" 2>&1 </dev/null 9>&-)
  _status=$?
  # Exit codes of `timeout`: its own, and with BusyBox those of a program that SIGTERM or SIGKILL ended.
  case $_status in 124 | 137 | 143) _said="it didn't answer within $_deadline seconds" ;; esac
  return "$_status"
}

# Prints the line that says what went wrong: the last one that isn't about the usage of the command.
_last_word() {
  local _line _word=
  while read -r _line; do
    case $_line in '' | Usage:* | *--help* | 'Error: failed to start containers:'*) ;; *) _word=$_line ;; esac
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
    _ | SHELL | SHLVL | SHELLOPTS | BASH* | ENV | LD_* | DOCKER_* | CONTAINER_* | CONTAINERS_*) return 1 ;;
    # The container may not have other locales.
    LANG | LANGUAGE | LC_*) [[ $2 == C || $2 == POSIX ]] ;;
  esac
}

# Steps may start at the same time. The first one creates the container, and the others wait.
_start() {
  {
    if type -P flock >/dev/null; then flock 9; else _take_turn; fi
    _make_ready
    if type -P flock >/dev/null; then flock -u 9; else rm -f "$_dir/turn"; fi
  } 9>"$_dir/lock"
}

# For machines without flock: a link to a process ID is made by one process only. The link of a process that was killed is removed under a
# lock of its own, because another one may have taken its place meanwhile. Nothing here is worth more than the time that the first step may
# take.
_take_turn() {
  local _holder _try
  for ((_try = 0; _try < 10 * (_question_deadline + _change_deadline); _try++)); do
    if [ -n "$_heard" ] || ln -sn "$$" "$_dir/turn" 2>/dev/null; then return; fi
    _holder=$(readlink "$_dir/turn")
    if [[ -n $_holder && ! -d /proc/$_holder ]] && mkdir "$_dir/turn-removal" 2>/dev/null; then
      if [ "$(readlink "$_dir/turn")" = "$_holder" ]; then rm -f "$_dir/turn"; fi
      rmdir "$_dir/turn-removal"
      continue
    fi
    sleep 0.1
  done
}

# Makes sure that the container runs, and has the current folders.
_make_ready() {
  local _now _replaced _why
  _now=$(stat -Lc '%d:%i %n' -- "${_sources[@]}" 2>/dev/null)
  if _call "$_question_deadline" container inspect --format '{{.State.Running}}' "$_container"; then
    if [ "${_said##*$'\n'}" = true ]; then
      if ! _find_replaced; then
        _warn_of_missing
        return
      fi
      if [ "$_restarts" = true ] && _call "$_change_deadline" restart -t 0 "$_container" && _runs_again; then
        printf '%s\n' "$_now" >"$_dir/mounted"
        _warn "$_replaced was replaced since the last step, so the container was restarted to see it; programs that earlier steps left running have ended"
        return
      fi
      _warn "$_replaced was replaced since the last step, so a new container was made to see it; what earlier steps installed is gone"
    elif [ -e "$_dir/used" ]; then
      _warn_of_loss
    fi
    _call "$_change_deadline" rm --force "$_container" || :
  else
    case $_said in
      *[Nn]'o such container'*) ;;
      *) _fail "$_engine couldn't say whether the DDK's container runs: $(_last_word "$_said")" ;;
    esac
    if [ -e "$_dir/used" ]; then _warn_of_loss; fi
  fi
  # Before the start, which looks up the folders.
  printf '%s\n' "$_now" >"$_dir/mounted"
  if _create_and_start; then return; fi
  _why=$(_last_word "$_said")
  # It would be in the way of the next step.
  _call "$_change_deadline" rm --force "$_container" || :
  _fail "$_engine couldn't start the DDK's container: $_why"
}

# Whether the container is usable after a restart. A busy Docker may take the end of the old process for that of the new one, and then
# removes the container, as it does with all that were created with --rm.
_runs_again() {
  local _try
  for ((_try = 0; _try < 3; _try++)); do
    _call "$_question_deadline" exec --user 0:0 "$_container" /bin/sh -c : || return 1
    sleep 0.3
  done
}

# Creates the container and starts it. Waits while the engine is still removing one of that name, which takes a busy one long.
_create_and_start() {
  local _until=$((SECONDS + _change_deadline))
  until _call "$_change_deadline" create "${_create[@]}"; do
    if [[ $_said != *'already in use'* && $_said != *'in progress'* ]] || ((SECONDS >= _until)); then return 1; fi
    sleep 0.2
    _call "$_change_deadline" rm --force "$_container" || :
  done
  _call "$_change_deadline" start "$_container"
}

# The container still has a folder that was removed, but nobody else sees it.
_warn_of_missing() {
  local _line
  while IFS= read -r _line; do
    if [ -n "$_line" ] && _is_gone "${_line#* }"; then
      _warn "${_line#* } has been removed since the container was started, so whatever this step writes there is lost"
    fi
  done <"$_dir/mounted"
}

# A file that this user can't see isn't gone: the innermost folder that is left must be one where this user would see it.
_is_gone() {
  local _left=$1
  if [ -e "$1" ]; then return 1; fi
  while [[ $_left == /*/* && ! -e $_left ]]; do _left=${_left%/*}; done
  [[ ! -e $_left || -x $_left ]]
}

_warn_of_loss() {
  _warn "the container of earlier steps has ended, so a new one was made; what they installed is gone"
}

# Finds a folder that isn't the one that the container was started with. Folders that this user can't access aren't compared.
_find_replaced() {
  local _line _known
  _known=$'\n'$(cat "$_dir/mounted" 2>/dev/null)$'\n'
  while IFS= read -r _line; do
    _replaced=${_line#* }
    case $_known in
      *$'\n'"$_line"$'\n'*) ;;
      *" $_replaced"$'\n'*) return ;;
    esac
  done <<<"$_now"
  return 1
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
  # An engine that hangs doesn't forward it.
  kill -s KILL "$_child" 2>/dev/null
}

_signal() {
  _call 3 exec --user 0:0 "$_container" /bin/sh -c "$_signal_session" sh "$1" "$(<"$_pid_file")"
}

# Files that belong to root would be in the way of the runner and of the next job.
_give_files_back() {
  if [ ${#_give_back[@]} = 0 ]; then return; fi
  _call 300 exec --user 0:0 "$_container" "${_give_back[@]}" ||
    _warn "some of the step's files may not belong to this user: $(_last_word "$_said")"
}

_main "$@"
