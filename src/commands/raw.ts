import { closeSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openContainer } from '../disk/container.ts'
import { openDisk } from '../disk/disk.ts'
import { DiskError } from '../disk/errors.ts'
import { pieces, type Source } from '../disk/source.ts'
import { sparseAppender } from '../disk/sparse-file.ts'
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
  if (output === undefined) throw new UsageError('raw wants -o FILE')
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

/** Leaves no file behind if the bytes can't be read, or `check` throws. */
function writeSparse(source: Source, path: string, check: () => void): void {
  const fd = openSync(path, 'wx')
  try {
    const append = sparseAppender(fd)
    for (const piece of pieces(source)) append(piece)
    check()
  } catch (error) {
    rmSync(path)
    throw error
  } finally {
    closeSync(fd)
  }
}
