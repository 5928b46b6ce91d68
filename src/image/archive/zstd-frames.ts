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

/**
 * The length of all that the zstd frames between two positions of a file hold, as their headers say (RFC 8878, 3.1.1.1.4).
 * @throws Error if a frame isn't complete, or doesn't say
 */
export function contentSize(fd: number, position: number, end: number): number {
  let size = 0
  for (let at = position; at < end; at += frameLength(fd, at, end)) {
    const head = bytesAt(fd, at, Math.min(18, end - at))
    const descriptor = head[4] ?? 0
    const isSingleSegment = (descriptor & 0x20) !== 0
    const field = 5 + (isSingleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!
    const length = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
    if (length === 0 || head.length < field + length) throw new Error("a frame of zstd doesn't say what it holds")
    size += length === 8 ? Number(head.readBigUInt64LE(field)) : head.readUIntLE(field, length) + (length === 2 ? 256 : 0)
  }
  return size
}
