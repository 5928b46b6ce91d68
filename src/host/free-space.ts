import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../bytes/errors.ts'
import { bytesText } from '../phase/units.ts'

/** There isn't enough room for a file. The message is one sentence with both sizes. */
export class NoRoom extends UserError {
  override readonly name = 'NoRoom'

  constructor(message: string) {
    super(message, 'no-room')
  }
}

/**
 * Checks that a disk has enough free space.
 * @param path a file or folder, which needn't exist yet
 * @param needed bytes that will be written there
 * @param what is written, as the beginning of a sentence, e.g. `The ISO`
 * @throws NoRoom with both sizes if the space is too small; never if the free space is unknown
 */
export function checkFreeSpace(path: string, needed: number, what: string): void {
  const free = freeSpace(path)
  if (free !== undefined && free < needed) {
    throw new NoRoom(
      `${what} needs ${bytesText(needed)} of disk at ${path}, but only ${bytesText(free)} are free; free some space or use a larger disk`,
    )
  }
}

function freeSpace(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  } catch (error) {
    const parent = dirname(path)
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== path ? freeSpace(parent) : undefined
  }
}
