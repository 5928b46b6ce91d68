import type { Source } from '../../bytes/source.ts'

/** Limit for a file that doesn't say how large it is unpacked: some bytes of zstd can stand for gigabytes of zeros. */
export const unpackedLimit = 256 * 2 ** 30

/** How the bytes of a file are stored. `deflate` has no header of its own, as in a zip (RFC 1951). */
export type Compression = 'none' | 'gzip' | 'zstd' | 'deflate'

/** A file as it is stored: a chunk of a disk, a file of a zip, or an input that is compressed as a whole. */
export interface PackedFile {
  /** Name for messages, e.g. its path in the tree. */
  readonly name: string
  /** The stored bytes. */
  readonly source: Source
  readonly compression: Compression
  /** What a zip says about the unpacked bytes. */
  readonly expected?: Expected
}

export interface Expected {
  /** In bytes. */
  readonly size: number
  readonly crc32: number
}
