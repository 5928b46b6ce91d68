import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { DiskError } from '../bytes/errors.ts'
import { pieces, type Source } from '../bytes/source.ts'
import { sparseAppender } from '../bytes/sparse-file.ts'
import { openDisk } from '../disk/disk.ts'
import { openContainer } from '../disk/input.ts'
import { newFile, writing } from '../host/new-file.ts'
import { partOf } from '../image/archive/archive.ts'
import { parseWords, UsageError, warnOnStderr } from './usage.ts'

const help = `Usage: xenserver-ddk raw INPUT -o FILE

Writes the disk in INPUT, whatever it comes in, as a raw image: for tools that want one.
Runs of zeros become holes.

  -o, --output FILE   where to; it must not exist
  --temp-dir DIR      where the disk is unpacked meanwhile (default: the system's)
`

export function rawCommand(words: string[]): number {
  const parsed = parseWords(words, { output: { type: 'string', short: 'o' }, 'temp-dir': { type: 'string' } }, help)
  if (!parsed) return 0
  const { output, 'temp-dir': tempDir = tmpdir() } = parsed.values
  if (!output) throw new UsageError('raw wants -o FILE')
  if (existsSync(output)) throw new Error(`${output} is there already; remove it, or give another name`)
  const container = openContainer(parsed.input, { tempDir, warn: warnOnStderr })
  try {
    if (!container.image) throw new DiskError(parsed.input, 'there is neither an ova.xml nor an .xva in it, so no disk')
    const disk = openDisk(container.image, warnOnStderr)
    writeSparse(disk.bytes, output, () => {
      container.image?.finish()
      disk.check()
    })
  } finally {
    container.close()
  }
  return 0
}

/** The file has its name only if all bytes could be read, and `check` doesn't throw. */
function writeSparse(source: Source, path: string, check: () => void): void {
  const file = newFile(path, partOf(path))
  try {
    const append = sparseAppender(file.fd)
    for (const piece of pieces(source)) writing(path, () => append(piece))
    check()
    file.keep()
  } finally {
    file.discard()
  }
}
