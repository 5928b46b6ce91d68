import { ftruncateSync, writeSync } from 'node:fs'

/** Shorter runs of zeros are written, because each hole costs the filesystem an extent. */
const holeSize = 64 << 10
const zeros = Buffer.alloc(holeSize)

/**
 * Returns a function that appends to a file and turns long runs of zeros into holes.
 * @param length of the file so far
 * @throws the system's error, e.g. ENOSPC
 */
export function sparseAppender(fd: number, length = 0): (piece: Buffer) => void {
  return (piece) => {
    let start = 0
    for (let at = 0; at + holeSize <= piece.length; at += holeSize) {
      if (!piece.subarray(at, at + holeSize).equals(zeros)) continue
      writeFully(fd, piece.subarray(start, at), length + start)
      start = at + holeSize
    }
    writeFully(fd, piece.subarray(start), length + start)
    length += piece.length
    // A reader may need these zeros before anything is written after them.
    if (start === piece.length) ftruncateSync(fd, length)
  }
}

function writeFully(fd: number, bytes: Buffer, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, offset + done)
}
