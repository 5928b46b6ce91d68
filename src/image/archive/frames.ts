import { promisify } from 'node:util'
import { constants, gzip, zstdCompress } from 'node:zlib'

/** Values of the input `layer-compression`. */
export const compressions = ['zstd', 'gzip', 'none'] as const

export type Compression = (typeof compressions)[number]

export interface FrameOptions {
  readonly compression: Compression
  /** Default 3 for zstd, 1 for gzip. */
  readonly level?: number
}

export interface FrameCompressor {
  /** OCI Image Layer Filesystem Changeset: the media type of a tar in such frames. */
  readonly mediaType: string
  /** Compresses a piece in one of libuv's threads. `piece` must not change until then. Absent if there is no compression. */
  readonly compress?: (piece: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>
}

/** OCI Image Layout Filesystem Changeset: the media type of an uncompressed layer. */
export const tarMediaType = 'application/vnd.oci.image.layer.v1.tar'

const mediaTypes: Readonly<Record<Compression, string>> = {
  zstd: `${tarMediaType}+zstd`,
  gzip: `${tarMediaType}+gzip`,
  none: tarMediaType,
}

/** The compression of a layer with this media type. */
export function compressionOf(mediaType: string): Compression {
  return compressions.find((compression) => mediaTypes[compression] === mediaType) ?? 'none'
}

/** Whether it is the media type of a layer that this project writes. */
export function isLayerType(mediaType: string): boolean {
  return compressions.some((compression) => mediaTypes[compression] === mediaType)
}

/**
 * Compresses pieces independently of each other, as zstd frames (RFC 8878) or gzip members (RFC 1952), whose concatenation is a valid file.
 * So they can be compressed in parallel, and the bytes don't depend on timing, as those of Node's zstd stream do.
 */
export function frameCompressor({ compression, level }: FrameOptions): FrameCompressor {
  if (compression === 'zstd') return { mediaType: mediaTypes.zstd, compress: zstdFrame(level ?? 3) }
  if (compression === 'gzip') return { mediaType: mediaTypes.gzip, compress: gzipMember(level ?? 1) }
  return { mediaType: tarMediaType }
}

/** Enough space for the frame of an incompressible piece. With less, Node would go through libuv's threads many times. */
const roomFor = (size: number) => size + (size >> 7) + 1024

function zstdFrame(level: number): (piece: Uint8Array<ArrayBuffer>) => Promise<Uint8Array> {
  const compress = promisify(zstdCompress)
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  return (piece) => compress(piece, { params, chunkSize: roomFor(piece.length), pledgedSrcSize: piece.length })
}

function gzipMember(level: number): (piece: Uint8Array<ArrayBuffer>) => Promise<Uint8Array> {
  const compress = promisify(gzip)
  return async (piece) => {
    const member = await compress(piece, { level, chunkSize: roomFor(piece.length) })
    // The OS field of the gzip header, 255 for unknown. zlib writes the OS that it runs on.
    member[9] = 255
    return member
  }
}
