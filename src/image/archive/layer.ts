import { createHash } from 'node:crypto'
import { free } from '../../bytes/free.ts'
import { usableThreads } from '../../bytes/usable-threads.ts'
import { append, type Output } from '../../host/new-file.ts'
import { type FrameOptions, frameCompressor, tarMediaType } from './frames.ts'

/** A layer's blob, in the terms of an image's manifest and config. Digests are `sha256:` and hexadecimal. */
export interface Layer {
  /** Digest of the uncompressed tar. */
  readonly diffId: string
  /** Of the blob. */
  readonly digest: string
  /** Size of the blob in bytes. */
  readonly size: number
  /** Size of the uncompressed tar in bytes. */
  readonly uncompressedSize: number
  readonly mediaType: string
}

export interface LayerOptions extends FrameOptions {
  /** Gets back the memory of each piece, as soon as it can be reused. */
  readonly release?: (buffer: ArrayBuffer) => void
}

export interface LayerWriter {
  /**
   * Takes the next piece of the tar. Resolves when it can take another.
   * @throws Error with one sentence if the blob can't be written, here or in `finish`
   */
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>
  finish(): Promise<Layer>
  /** Resolves when nothing more will be written. */
  cancel(): Promise<void>
}

/**
 * Makes a layer's blob from a tar that arrives in pieces: both digests, the compression, and the bytes at `out`. Each piece becomes a
 * separate frame, so the blob depends on the size of the pieces and on the compressor; the `diffId` depends on neither.
 */
export function layerWriter(out: Output, options: LayerOptions): LayerWriter {
  const { compress, mediaType } = frameCompressor(options)
  const diffId = createHash('sha256')
  // Without compression, the blob is the tar.
  const digest = compress && createHash('sha256')
  const start = out.position
  /** The pieces that are being compressed. Their number also limits the memory. */
  const pending: Promise<void>[] = []
  const maxPending = usableThreads()
  let uncompressedSize = 0
  let last = Promise.resolve()
  let cancelled = false

  const store = (frame: Uint8Array) => {
    if (cancelled) return
    digest?.update(frame)
    append(out, frame)
  }
  const storeInOrder = async (before: Promise<void>, frame: Promise<Uint8Array>) => {
    // Await both together: if one failed while only the other was awaited, the rejection would be unhandled.
    const [bytes] = await Promise.all([frame, before])
    store(bytes)
    free(bytes.buffer)
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
      // The next caller that waits gets the error; until then it must not count as unhandled.
      last.catch(() => {})
      pending.push(last)
      if (pending.length >= maxPending) await pending.shift()
    },
    async finish() {
      await last
      const tarDigest = diffId.digest('hex')
      return {
        diffId: `sha256:${tarDigest}`,
        digest: `sha256:${digest?.digest('hex') ?? tarDigest}`,
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

/**
 * Writes a layer's blob that comes from elsewhere, compressed as it is.
 * @throws Error from `finish` if the bytes weren't the blob's
 */
export function copiedLayerWriter(out: Output, layer: Layer): LayerWriter {
  const hash = createHash('sha256')
  const start = out.position
  return {
    async write(piece) {
      hash.update(piece)
      append(out, piece)
    },
    async finish() {
      const digest = `sha256:${hash.digest('hex')}`
      const size = out.position - start
      if (digest !== layer.digest || size !== layer.size)
        throw new Error(`a layer should have the digest ${layer.digest}, but has ${digest}`)
      return layer
    },
    async cancel() {},
  }
}

/** Where a layer goes that isn't stored in the archive: into an engine. */
export interface LayerSink {
  /**
   * Takes the next piece of the uncompressed tar. Resolves when its memory can be reused.
   * @throws Error if it takes no more
   */
  write(piece: Uint8Array): Promise<void>
  /**
   * Resolves when it has the whole layer.
   * @returns `sha256:` and the digest of the tar, as computed by the receiver
   * @throws Error if it hasn't
   */
  finish(): Promise<string>
  /** Gives up an unfinished layer. */
  abort(): Promise<void>
}

/** A sink didn't take a layer, which may be fine itself. `cause` says why. */
export class SinkError extends Error {
  override readonly name = 'SinkError'

  constructor(cause: unknown) {
    super((cause as Error).message, { cause })
  }
}

/**
 * The description of an uncompressed layer, whose bytes go to `sink` instead of into an archive. The receiver hashes them anyway, so they
 * aren't hashed here.
 * @throws SinkError from `write` and `finish`
 */
export function absentLayerWriter(sink: LayerSink, release: LayerOptions['release'] = () => {}): LayerWriter {
  let size = 0
  let last = Promise.resolve()
  const attempt = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step()
    } catch (error) {
      throw new SinkError(error)
    }
  }
  return {
    async write(piece) {
      const { buffer } = piece
      size += piece.length
      await last
      last = attempt(() => sink.write(piece)).then(() => release(buffer))
      // The next caller that waits gets the error; until then it must not count as unhandled.
      last.catch(() => {})
    },
    async finish() {
      await last
      const digest = await attempt(sink.finish)
      return { diffId: digest, digest, size, uncompressedSize: size, mediaType: tarMediaType }
    },
    async cancel() {
      await sink.abort()
      await Promise.allSettled([last])
    },
  }
}
