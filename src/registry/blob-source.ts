import { Readable } from 'node:stream'
import type { Blob } from './blob.ts'
import type { RequestBody } from './client.ts'

/** A blob that can be read again from any offset. */
export interface BlobSource extends Blob {
  /** Reads up to `length` bytes at `offset`. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** Bytes that are read from the file at once. */
const pieceSize = 1 << 20

/** A part of a blob, as the body of a request. */
export function bodyOf(blob: BlobSource, offset: number, size: number): RequestBody {
  return {
    size,
    open: (moved) =>
      Readable.from(
        (async function* () {
          for (let at = offset; at < offset + size; ) {
            const piece = await blob.read(at, Math.min(pieceSize, offset + size - at))
            if (piece.length === 0) throw new Error('the archive became shorter while it was pushed')
            at += piece.length
            yield piece
            moved()
          }
        })(),
        { objectMode: true, highWaterMark: 1 },
      ),
  }
}
