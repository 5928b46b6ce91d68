import { createHash } from 'node:crypto'
import { append, type Output } from '../../host/new-file.ts'
import { type FrameOptions, frameCompressor } from './frames.ts'

/** A layer's blob, as an image's manifest and config speak of it. Digests are `sha256:` and hexadecimal. */
export interface Layer {
  /** Of the uncompressed tar. */
  readonly diffId: string
  /** Of the blob. */
  readonly digest: string
  /** Of the blob, in bytes. */
  readonly size: number
  /** Of the uncompressed tar, in bytes. */
  readonly uncompressedSize: number
  readonly mediaType: string
}

export interface LayerOptions extends FrameOptions {
  /** Gets the memory of each piece as soon as nothing needs it, to be filled anew. */
  readonly release?: (buffer: ArrayBuffer) => void
}

export interface LayerWriter {
  /**
   * Takes the next piece of the tar; resolves when it may be given another.
   * @throws Error with one sentence if the blob can't be written, here or in `finish`
   */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>
  finish(): Promise<Layer>
  /** Resolves when nothing more will be written. */
  cancel(): Promise<void>
}

/** Pieces in compression at once: as many as libuv has threads for them. With one at each end, it bounds the memory. */
const maxPending = 4

/**
 * Makes a layer's blob out of a tar that comes in pieces: both digests, the compression, and the bytes at `out`. Each piece becomes a frame
 * of its own, so the blob depends on where the tar is cut, and on the compressor; the `diffId` depends on neither.
 */
export function layerWriter(out: Output, options: LayerOptions): LayerWriter {
  const { compress, mediaType } = frameCompressor(options)
  const diffId = createHash('sha256')
  const digest = createHash('sha256')
  const start = out.position
  const pending: Promise<void>[] = []
  let uncompressedSize = 0
  let last = Promise.resolve()
  let cancelled = false

  const store = (frame: Uint8Array) => {
    if (cancelled) return
    digest.update(frame)
    append(out, frame)
  }
  const storeInOrder = async (before: Promise<void>, frame: Promise<Uint8Array>) => {
    // Both at once: if one fails while the other is awaited, nobody would have heard of it.
    const [bytes] = await Promise.all([frame, before])
    store(bytes)
  }

  return {
    async write(piece) {
      diffId.update(piece)
      uncompressedSize += piece.length
      if (!compress) {
        store(piece)
        options.release?.(piece.buffer)
        return
      }
      const frame = compress(piece).finally(() => options.release?.(piece.buffer))
      last = storeInOrder(last, frame)
      // Whoever waits next hears of a failure; until then it isn't an unhandled one.
      last.catch(() => {})
      pending.push(last)
      if (pending.length >= maxPending) await pending.shift()
    },
    async finish() {
      await last
      return {
        diffId: `sha256:${diffId.digest('hex')}`,
        digest: `sha256:${digest.digest('hex')}`,
        size: out.position - start,
        uncompressedSize,
        mediaType,
      }
    },
    async cancel() {
      cancelled = true
      await Promise.allSettled([last])
    },
  }
}
