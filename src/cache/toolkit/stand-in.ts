import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { makeFolder } from '../../host/make-folder.ts'
import { shellQuote } from '../../host/shell-quote.ts'

// The toolkit has no options for the programs that it runs, but finds them in PATH.

/**
 * Puts a script in the place of a program, for this process and what it starts.
 * @param commands in sh; PATH is without the script
 * @param temp an existing folder
 */
export function standIn(program: string, commands: string, temp: string): void {
  const bin = join(temp, 'bin')
  // An empty word in PATH would be the current folder.
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '' && folder !== bin)
  const real = [...folders, '/usr/bin', '/bin'].join(delimiter)
  makeFolder(bin)
  writeFileSync(join(bin, program), `#!/bin/sh\nPATH=${shellQuote(real)}\n${commands}`, { mode: 0o755 })
  process.env.PATH = [bin, ...folders].join(delimiter)
}

/**
 * A tar that unpacks nothing, but moves the archive. The toolkit would run `tar -xf ARCHIVE -P`, which writes to any path that the archive
 * names, before anything has been verified.
 */
export function tarThatMoves(archive: string): string {
  return `# Stands in for tar while an entry of the Actions cache is restored.
if [ "$1" = -xf ]; then exec mv -f -- "$2" ${shellQuote(archive)}; fi
echo "tar: not asked to unpack in the way that is known: $*" >&2
exit 2
`
}

/**
 * A zstdmt with the smallest effort and window: what an entry has is compressed already. With the toolkit's --long=30, whoever restores an
 * entry would need as much memory as it is large, up to 1 GiB.
 */
export const zstdmtWithSmallWindow = `# Stands in for zstdmt while an entry of the Actions cache is saved.
exec zstd -q -1 -c
`
