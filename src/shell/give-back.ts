/**
 * Runs in a directory of the container for each piece of a list of paths. It goes to each path's directory and changes what lies in there, and
 * nothing else: a path may lead elsewhere by the time it is used, a directory that has been entered may not. So each component must be on the
 * folder's own mount, which also stops at bind mounts of the same filesystem (proc(5), fdinfo: mnt_id), and must lie in the directory before
 * it, which a symlink's target doesn't. It is itself an argument of `find`, which would replace braces.
 */
const changeListed = `
set -f
folder=$1 owner=$2 since=$3 except=$4
shift 4
mount_of() {
  while IFS=' 	' read -r key value; do
    if [ "$key" = mnt_id: ]; then mount=$value; fi
  done <"/proc/self/fdinfo/$1"
}
enter() {
  cd -P "$folder" 2>/dev/null && command exec 3<. && mount_of 3 || return 1
  top=$mount
  IFS=/
  set -- $1
  unset IFS
  for part; do
    [ -n "$part" ] || continue
    cd -P "./$part" 2>/dev/null && [ .. -ef /proc/self/fd/3 ] && command exec 3<. && mount_of 3 && [ "$mount" = "$top" ] || return 1
  done
}
last=
for path; do
  if [ -d "$path" ] && ! [ -L "$path" ]; then dir=$path; else dir=\${path%/*}; fi
  if [ "$dir" = "$last" ]; then continue; fi
  last=$dir
  # Its directory has been visited already.
  if ! [ -L "$path" ] && ! [ -O "$path" ]; then continue; fi
  enter "\${dir#"$folder"}" || continue
  set --
  while read -r inode name; do
    [ -n "$name" ] && found=$(ls -Ldi "./$name" 2>/dev/null) || continue
    found=\${found#"\${found%%[0-9]*}"}
    if [ "\${found%%[!0-9]*}" != "$inode" ]; then continue; fi
    case $name in *[[*?\\\\]*) set -- -type d ;; *) set -- "$@" ! -name "$name" ;; esac
  done <<END
$except
END
  find . -maxdepth 1 -user 0 -cnewer "$since" "$@" '(' ! -type d -o -name . ')' -exec chown -h "$owner" '{''}' + || failed=1
done
[ -z "$failed" ]`

/**
 * A file that is a mount point is in the directory like any other. It is recognized by its name, which can't change while it is one, and by
 * its inode. `find` can't report that inode, because it may use the one in the directory, which is not the mounted file's. Paths in
 * mountinfo have octal escapes.
 */
const giveBack = `
owner=$1 since=$2 change=$3
shift 3
except=
while read -r _ _ _ _ point _; do
  point=$(printf %b "$point")
  if [ -d "$point" ]; then continue; fi
  for folder; do
    case $point in "$folder"/*)
        inode=$(ls -Ldi "$point") || continue
        inode=\${inode#"\${inode%%[0-9]*}"}
        except="$except
\${inode%%[!0-9]*} \${point##*/}" ;;
    esac
  done
done </proc/self/mountinfo
for folder; do
  find "$folder" -xdev -user 0 -cnewer "$since" -exec /bin/sh -c "$change" sh "$folder" "$owner" "$since" "$except" '{}' + || failed=1
done
[ -z "$failed" ]`

/**
 * The command that gives to the runner's user what the container's root has changed since the shell was made: in the folders themselves,
 * not in what is mounted there, and not what symlinks lead to. What belongs to other users was given to them on purpose, or was
 * written by somebody else.
 * @param folders mount points of the container
 * @param owner UID:GID
 * @param since path of a file that is as old as the shell
 */
export function giveBackCommand(folders: readonly string[], owner: string, since: string): string[] {
  return ['/bin/sh', '-c', giveBack, 'sh', owner, since, changeListed, ...folders]
}
