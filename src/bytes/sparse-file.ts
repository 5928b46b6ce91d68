import { ftruncateSync, writeSync } from 'node:fs'

/** Zeros shorter than this are written: a hole costs the filesystem an extent. */
const holeSize = 64 << 10
const zeros = Buffer.alloc(holeSize)

/** Gives a function that appends to an empty file, and makes holes of long runs of zeros. @throws the system's error, e.g. ENOSPC */
export function sparseAppender(fd: number): (piece: Buffer) => void {
  let length = 0
  return (piece) => {
    let start = 0
    for (let at = 0; at + holeSize <= piece.length; at += holeSize) {
      if (!piece.subarray(at, at + holeSize).equals(zeros)) continue
      writeFully(fd, piece.subarray(start, at), length + start)
      start = at + holeSize
    }
    writeFully(fd, piece.subarray(start), length + start)
    length += piece.length
    // A reader may want these zeros before anything is written behind them.
    if (start === piece.length) ftruncateSync(fd, length)
  }
}

function writeFully(fd: number, bytes: Buffer, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, offset + done)
}
