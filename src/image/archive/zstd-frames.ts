import { readSync } from 'node:fs'

/** A frame has a magic number, a descriptor, at most 13 bytes of header fields, and blocks, each with a header of 3 bytes (RFC 8878, 3.1.1). */
const magic = 0xfd2fb528
const blockHeaderSize = 3

/**
 * Finds the length of the zstd frame at a position of a file, without decompressing it.
 * @param end position at which the file's frames end
 * @throws Error if there is no complete frame
 */
export function frameLength(fd: number, position: number, end: number): number {
  const head = bytesAt(fd, position, Math.min(5, end - position))
  if (head.length < 5 || head.readUInt32LE() !== magic) throw new Error('a frame of zstd should be here')
  const descriptor = head[4]!
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSizeField = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const dictionaryField = [0, 1, 2, 4][descriptor & 3]!
  let at = position + 5 + (isSingleSegment ? 0 : 1) + dictionaryField + contentSizeField
  for (let isLast = false; !isLast; ) {
    if (at + blockHeaderSize > end) throw new Error('a frame of zstd is cut short')
    const bytes = bytesAt(fd, at, blockHeaderSize)
    if (bytes.length < blockHeaderSize) throw new Error('a frame of zstd is cut short')
    const header = bytes.readUIntLE(0, blockHeaderSize)
    isLast = (header & 1) === 1
    // A block of type RLE is one byte, regardless of how many it represents.
    at += blockHeaderSize + (((header >> 1) & 3) === 1 ? 1 : header >> 3)
  }
  at += (descriptor & 4) !== 0 ? 4 : 0
  if (at > end) throw new Error('a frame of zstd is cut short')
  return at - position
}

/** Returns fewer than `length` bytes if the file ends before. */
export function bytesAt(fd: number, position: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, position + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}
