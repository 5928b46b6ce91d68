import { createReadStream } from 'node:fs'

/** Bytes that arrive in pieces, read one after the other, by one reader at a time. */
export class ByteStream {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #name: string
  #piece = Buffer.alloc(0)

  /** @param name for messages, e.g. `its archive` */
  constructor(pieces: AsyncIterable<Uint8Array>, name: string) {
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#name = name
  }

  /** Whether there are no bytes left. */
  async atEnd(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#pieces.next()
      if (done) return true
      this.#piece = Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, value.length)
    }
    return false
  }

  /**
   * The next bytes, without a copy: at least one, at most `count`.
   * @throws Error if there are none
   */
  async some(count: number): Promise<Buffer<ArrayBuffer>> {
    if (await this.atEnd()) throw new Error(`${this.#name} is cut short`)
    const part = this.#piece.subarray(0, count)
    this.#piece = this.#piece.subarray(part.length)
    return part
  }

  /** @throws Error if there are fewer than `count` */
  async take(count: number): Promise<Buffer<ArrayBuffer>> {
    const parts: Buffer<ArrayBuffer>[] = []
    for (let left = count; left > 0; left -= parts.at(-1)!.length) parts.push(await this.some(left))
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  /**
   * The next bytes in pieces of at most `pieceSize`. They have to be read before anything else is.
   * @throws Error if there are fewer than `count`
   */
  async *pieces(count: number, pieceSize = count): AsyncGenerator<Buffer<ArrayBuffer>> {
    for (let left = count; left > 0; ) {
      const piece = await this.some(Math.min(left, pieceSize))
      left -= piece.length
      yield piece
    }
  }
}

/** The bytes of a file. */
export function streamOfFile(path: string, name: string): ByteStream {
  return new ByteStream(createReadStream(path, { highWaterMark: 1 << 20 }), name)
}
