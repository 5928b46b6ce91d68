import { basename } from 'node:path'
import { FileGrowth } from './growth.ts'
import { checkRange, type OpenFile, openFile, readFully } from './source.ts'

/** How much of a file has arrived that another thread is still writing, from its beginning to its end. */
export interface Arrival {
  /** Size of the complete file in bytes. */
  readonly size: number
  /** Memory of the FileGrowth whose only file it is. */
  readonly growth: SharedArrayBuffer
}

export interface ArrivingFile extends OpenFile {
  /**
   * Waits for the last byte.
   * @throws DiskError if it won't arrive
   */
  finish(): void
}

/**
 * Opens a file that is still arriving. Its size is known, so that only reads have to wait. Messages have its name without the folder, which
 * it will leave when it is complete.
 * @throws DiskError if it can't be opened
 */
export function openArrivingFile(path: string, { size, growth: shared }: Arrival): ArrivingFile {
  const name = basename(path)
  const file = openFile(path, name)
  const growth = new FileGrowth(shared)
  let known = 0
  const waitFor = (end: number) => {
    if (end > known) known = growth.waitFor(0, end)
  }
  const { fd } = file
  const arriving: ArrivingFile = {
    ...file,
    size,
    runs: [{ file: fd, offset: 0, length: size, growth: shared }],
    read(into, offset) {
      checkRange(arriving, offset, into.length)
      waitFor(offset + into.length)
      readFully(fd, into, offset, name)
    },
    finish: () => waitFor(size),
  }
  return arriving
}
