import { readSync } from 'node:fs'
import type { ByteStream } from '../../bytes/byte-stream.ts'

/** A frame has a magic number, a descriptor, at most 13 bytes of header fields, and blocks, each with a header of 3 bytes (RFC 8878, 3.1.1). */
const magic = 0xfd2fb528
/** The magic number and the descriptor. */
const beginningSize = 5
const blockHeaderSize = 3

/** What a frame's descriptor says (RFC 8878, 3.1.1.1.1); sizes in bytes. */
interface Descriptor {
  /** The fields between the descriptor and the first block. */
  readonly fieldsSize: number
  /** The last of these fields, which says how much the frame holds. */
  readonly contentSizeField: number
  readonly checksumSize: number
}

/** @throws Error unless a frame begins here */
function readDescriptor(beginning: Buffer): Descriptor {
  if (beginning.length < beginningSize || beginning.readUInt32LE() !== magic) throw new Error('a frame of zstd should be here')
  const descriptor = beginning[4]!
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSizeField = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const dictionaryField = [0, 1, 2, 4][descriptor & 3]!
  return {
    fieldsSize: (isSingleSegment ? 0 : 1) + dictionaryField + contentSizeField,
    contentSizeField,
    checksumSize: (descriptor & 4) !== 0 ? 4 : 0,
  }
}

/** A block's header (RFC 8878, 3.1.1.2). */
function readBlockHeader(bytes: Buffer): { readonly isLast: boolean; readonly size: number } {
  const header = bytes.readUIntLE(0, blockHeaderSize)
  // A block of type RLE is one byte, regardless of how many it represents.
  return { isLast: (header & 1) === 1, size: ((header >> 1) & 3) === 1 ? 1 : header >> 3 }
}

/**
 * Takes the next zstd frame of a stream, compressed as it is.
 * @param maxSize its limit in bytes
 * @throws Error if there is no complete frame
 */
export async function takeFrame(stream: ByteStream, maxSize: number): Promise<Buffer<ArrayBuffer>> {
  const parts: Buffer<ArrayBuffer>[] = []
  let left = maxSize
  const take = async (size: number) => {
    left -= size
    if (left < 0) throw new Error('a frame of zstd is cut short')
    const part = await stream.take(size)
    parts.push(part)
    return part
  }
  const { fieldsSize, checksumSize } = readDescriptor(await take(beginningSize))
  await take(fieldsSize)
  for (let isLast = false; !isLast; ) {
    const block = readBlockHeader(await take(blockHeaderSize))
    await take(block.size)
    isLast = block.isLast
  }
  await take(checksumSize)
  return Buffer.concat(parts)
}

/** Finds the length of the zstd frame at a position of a file, without decompressing it. */
function frameLength(fd: number, position: number, end: number): number {
  const { fieldsSize, checksumSize } = readDescriptor(bytesAt(fd, position, beginningSize))
  let at = position + beginningSize + fieldsSize
  for (let isLast = false; !isLast; ) {
    const header = bytesAt(fd, at, blockHeaderSize)
    if (at + blockHeaderSize > end || header.length < blockHeaderSize) throw new Error('a frame of zstd is cut short')
    const block = readBlockHeader(header)
    at += blockHeaderSize + block.size
    isLast = block.isLast
  }
  at += checksumSize
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
    const head = bytesAt(fd, at, beginningSize + 13)
    const { fieldsSize, contentSizeField: length } = readDescriptor(head.subarray(0, beginningSize))
    const field = beginningSize + fieldsSize - length
    if (length === 0 || head.length < field + length) throw new Error("a frame of zstd doesn't say what it holds")
    size += length === 8 ? Number(head.readBigUInt64LE(field)) : head.readUIntLE(field, length) + (length === 2 ? 256 : 0)
  }
  return size
}
