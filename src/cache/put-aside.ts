import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { shellQuote } from '../host/shell-quote.ts'

/**
 * Makes a `tar` that unpacks nothing, but moves the archive that it is to unpack. The toolkit would have it unpacked as `tar -xf ARCHIVE -P`,
 * which writes wherever the archive's members say, before anything of it has been verified; it has no option for that, and finds its `tar` by PATH.
 * @param temp an existing folder
 * @returns a folder for the beginning of PATH, and where the archive goes
 */
export function putAside(temp: string): { bin: string; archive: string } {
  const bin = join(temp, 'bin')
  const archive = join(temp, 'archive')
  mkdirSync(bin, { recursive: true })
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
