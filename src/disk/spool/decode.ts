import { pipeline, Readable } from 'node:stream'
import { createGunzip, createInflateRaw } from 'node:zlib'
import { bytesAt, type Source } from '../../bytes/source.ts'
import type { Compression } from './packed-file.ts'
import { decodeZstd } from './zstd.ts'

/** Each piece goes to one of libuv's threads and back. Measured: smaller ones take longer, larger ones not less. */
export const pieceSize = 1 << 20

export interface Decoding {
  readonly output: AsyncIterable<Buffer>
  /** How many stored bytes were used, once all of the output has been read. zlib ignores what follows the data, zstd doesn't. */
  consumed(): number
}

/**
 * Decompresses a file that comes in pieces.
 * @throws the errors of node:zlib, and those of `stored`, in the iteration of the output
 */
export function decode(compression: Compression, stored: AsyncIterable<Buffer> | Iterable<Buffer>): Decoding {
  if (compression === 'none' || compression === 'zstd') {
    let bytes = 0
    const counted = (async function* () {
      for await (const piece of stored) {
        bytes += piece.length
        yield piece
      }
    })()
    return { output: compression === 'zstd' ? decodeZstd(counted, pieceSize) : Readable.from(counted), consumed: () => bytes }
  }
  const stream = compression === 'gzip' ? createGunzip({ chunkSize: pieceSize }) : createInflateRaw({ chunkSize: pieceSize })
  pipeline(Readable.from(stored, { highWaterMark: 1 }), stream, () => {})
  return { output: stream, consumed: () => stream.bytesWritten }
}

/**
 * The first `length` bytes of a compressed file, or fewer if it ends before or is damaged, for a look at what it contains. Only a part of
 * the file is read.
 */
export async function peekDecoded(compression: Compression, source: Source, length: number): Promise<Buffer> {
  const found: Buffer[] = []
  let size = 0
  try {
    for await (const piece of decode(compression, startOf(source)).output) {
      found.push(piece)
      size += piece.length
      if (size >= length) break
    }
  } catch {
    // Whoever needs the rest of the file will say what is wrong with it.
  }
  return Buffer.concat(found).subarray(0, length)
}

/** Small pieces, because each may decompress to a thousand times as much. */
function* startOf(source: Source): Generator<Buffer> {
  for (let at = 0; at < source.size; at += 4096) yield bytesAt(source, at, Math.min(4096, source.size - at))
}
