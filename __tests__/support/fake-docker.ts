import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes a `docker` into `bin` that writes its calls down, one a line in the file `calls`, and does nothing. An archive that it has loaded is
 * an image to it, by the name `a:1` and by its ID, as Docker's classic store has it. It tells the digest of a layer that it has imported.
 * @param extra what it does first, in shell; the call's words are its arguments, and `bin` is its directory
 */
export function fakeDocker(bin: string, extra = ''): void {
  const script = `#!/bin/sh
cd '${bin}'
echo "$*" | tr '\n' ' ' | sed 's| $||' >>calls; echo >>calls
${extra}
case $1 in
  info) echo '{"ServerVersion":"28.5.1","Driver":"overlay2"}' ;;
  image)
    case "$*" in *RootFS*) cat imported; exit ;; esac
    if [ ! -e loaded ]; then echo 'Error: No such image: a:1' >&2; exit 1; fi
    echo '[{"Id":"sha256:'"$(cat loaded)"'","RepoTags":["a:1"],"Os":"linux","Architecture":"amd64","Config":{}}]' ;;
  create) echo container ;;
  container) echo "sha256:$(cat loaded)" ;;
  import) echo "sha256:$(sha256sum | cut -d ' ' -f 1)" >imported; echo sha256:nameless ;;
  load) tar -xOf - manifest.json | sed 's/.*"Config":"blobs.sha256.\\([0-9a-f]*\\)".*/\\1/' >loaded ;;
esac
`
  writeFileSync(join(bin, 'docker'), script, { mode: 0o755 })
}

/** The calls so far. */
export function callsOf(bin: string): string[] {
  const path = join(bin, 'calls')
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
}
