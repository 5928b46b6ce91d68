import { pipeline, Readable } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'

/** A zstd file that isn't one, or ends too early. node:zlib has codes of its own for everything else. */
class ZstdError extends Error {
  readonly code: 'ZSTD_cut_short' | 'ZSTD_no_frame'

  constructor(code: ZstdError['code']) {
    super(code)
    this.code = code
  }
}

/**
 * Decompresses a zstd file: any number of frames (RFC 8878). Node's own stream stops after the first frame, and takes a frame that is cut
 * short for a complete one, so the ends of the frames are found here.
 * @throws ZstdError, or an error of node:zlib, in the iteration
 */
export async function* decodeZstd(stored: AsyncIterable<Buffer>, chunkSize: number): AsyncGenerator<Buffer> {
  const input = new Input(stored)
  while (await input.fill(1)) {
    const frame = await framePieces(input)
    if (frame === undefined) return
    const decoder = createZstdDecompress({ chunkSize })
    pipeline(Readable.from(frame, { highWaterMark: 1 }), decoder, () => {})
    for await (const piece of decoder) yield piece as Buffer
  }
}

/** Bytes that come in pieces. */
class Input {
  readonly #pieces: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** Makes at least `length` bytes ready for `peek`; returns whether there are that many. */
  async fill(length: number): Promise<boolean> {
    while (this.#rest.length < length) {
      const { value, done } = await this.#pieces.next()
      if (done) return false
      this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value])
    }
    return true
  }

  /** @throws ZstdError if there are fewer than `length` bytes */
  async peek(length: number): Promise<Buffer> {
    if (!(await this.fill(length))) throw new ZstdError('ZSTD_cut_short')
    return this.#rest.subarray(0, length)
  }

  /** @throws ZstdError if there are fewer than `length` bytes */
  async take(length: number): Promise<Buffer> {
    const taken = await this.peek(length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }

  /** Between 1 and `limit` bytes. */
  async takeSome(limit: number): Promise<Buffer> {
    await this.peek(1)
    return this.take(Math.min(limit, this.#rest.length))
  }
}

const magic = 0xfd2fb528
const zeros = Buffer.alloc(4)

/**
 * The pieces of the next frame; skippable frames are passed over. Returns undefined at the end of the file, which may be padded with zeros.
 * @throws ZstdError
 */
async function framePieces(input: Input): Promise<AsyncIterable<Buffer> | undefined> {
  while (await input.fill(1)) {
    if (!(await input.fill(4))) {
      while (await input.fill(1)) if ((await input.take(1))[0] !== 0) throw new ZstdError('ZSTD_no_frame')
      return undefined
    }
    const start = (await input.peek(4)).readUInt32LE()
    if (start === magic) return standardFrame(input)
    if (start >>> 4 === 0x184d2a5) {
      let left = (await input.take(8)).readUInt32LE(4)
      while (left > 0) left -= (await input.takeSome(left)).length
    } else if ((await input.take(4)).equals(zeros)) continue
    else throw new ZstdError('ZSTD_no_frame')
  }
  return undefined
}

/** RFC 8878, 3.1.1: a header of at most 18 bytes; blocks with headers of 3 bytes; a checksum. */
async function* standardFrame(input: Input): AsyncGenerator<Buffer> {
  const descriptor = (await input.peek(5))[4]!
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSizeField = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const dictionaryField = [0, 1, 2, 4][descriptor & 3]!
  yield await input.take(5 + (isSingleSegment ? 0 : 1) + dictionaryField + contentSizeField)
  for (let isLast = false; !isLast; ) {
    const bytes = await input.take(3)
    const header = bytes.readUIntLE(0, 3)
    isLast = (header & 1) === 1
    yield bytes
    // A block of type RLE is one byte, regardless of how many it represents.
    for (let left = ((header >> 1) & 3) === 1 ? 1 : header >> 3; left > 0; ) {
      const some = await input.takeSome(left)
      yield some
      left -= some.length
    }
  }
  if ((descriptor & 4) !== 0) yield await input.take(4)
}
