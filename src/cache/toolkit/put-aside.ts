import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../host/make-folder.ts'
import { shellQuote } from '../../host/shell-quote.ts'

/**
 * Makes a `tar` that unpacks nothing, but moves the archive instead. The toolkit would run `tar -xf ARCHIVE -P`, which writes to any path
 * that the archive names, before anything has been verified. It has no option to prevent that, but finds `tar` in PATH.
 * @param temp an existing folder
 * @returns a folder to put first in PATH, and where the archive goes
 */
export function putAside(temp: string): { bin: string; archive: string } {
  const bin = join(temp, 'bin')
  const archive = join(temp, 'archive')
  makeFolder(bin)
  writeFileSync(join(bin, 'tar'), script(archive), { mode: 0o755 })
  return { bin, archive }
}

function script(archive: string): string {
  return `#!/bin/sh
# Stands in for tar while an entry of the Actions cache is restored: moves the archive, and unpacks nothing.
PATH=$PATH:/usr/bin:/bin
if [ "$1" = -xf ]; then exec mv -f -- "$2" ${shellQuote(archive)}; fi
echo "tar: not asked to unpack in the way that is known: $*" >&2
exit 2
`
}
