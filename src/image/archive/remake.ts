import { createHash, type Hash } from 'node:crypto'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGunzip, zstdDecompress } from 'node:zlib'
import type { ByteStream } from '../../bytes/byte-stream.ts'
import { free } from '../../bytes/free.ts'
import { tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { checkFreeSpace } from '../../host/free-space.ts'
import { defaultPieceSize } from '../tar/tar.ts'
import { type Archive, createArchive, layerHeader } from './archive.ts'
import { type Compression, compressionOf } from './frames.ts'
import { type Layer, type LayerSink, type LayerWriter, SinkError } from './layer.ts'
import { takeFrame } from './zstd-frames.ts'

const decompress = promisify(zstdDecompress)

/** More than `layerWriter` ever puts into a frame, or makes of it. */
const maxFrameContent = 64 << 20

/** More than a piece, so that Node decompresses a frame in one step: with its default of 16 KiB, that takes seven times as long. */
const roomForPiece = defaultPieceSize + 1024

/** How many pieces are decompressed while another is written. */
const maxAhead = 2

/** A root filesystem compresses to about a third of its size. */
const usualRatio = 3

/** An archive up to the end of its layers, with the layers as stored in it; or why the file can't be used. */
export type Remade = { readonly archive: Archive; readonly layers: readonly Layer[] } | { readonly unusable: string }

/** How the layers get into the new archive. */
export interface RemakeOptions {
  /** Their compression; absent if they stay as they are. The bytes are those of a conversion with that compression. */
  readonly compression?: Compression | undefined
  /** Where the lowest one goes, uncompressed, instead of into the archive. Only with a compression for the others. */
  readonly rootSink?: (() => LayerSink) | undefined
}

/**
 * Makes a new archive from an earlier one, with the same layers. Every layer's digest is verified; with a compression or a sink, also that
 * of its tar.
 * @param from the earlier archive, which begins with `layers`; nothing after them is read
 * @param path of the new archive
 * @throws Error if the new archive can't be written; SinkError if `rootSink` doesn't take the layer
 */
export async function remakeArchive(
  from: ByteStream,
  path: string,
  layers: readonly Layer[],
  { compression, rootSink }: RemakeOptions = {},
): Promise<Remade> {
  checkFreeSpace(dirname(path), sizeOf(layers.slice(rootSink ? 1 : 0), compression), 'The archive of the image')
  const archive = createArchive(path)
  try {
    const made: Layer[] = []
    for (const layer of layers) {
      if (!(await from.take(tarBlockSize)).equals(layerHeader(layer))) throw new Error(`layer ${layer.digest} isn't where it should be`)
      const writer =
        compression === undefined
          ? archive.addCopiedLayer(layer)
          : rootSink && made.length === 0
            ? archive.addAbsentLayer(rootSink(), free)
            : archive.addLayer({ compression, release: free })
      const digest = await copiers[compression === undefined ? 'none' : compressionOf(layer.mediaType)](from, layer, writer)
      if (digest !== layer.digest) throw new Error(`a layer should have the digest ${layer.digest}, but has ${digest}`)
      const written = await writer.finish()
      if (written.diffId !== layer.diffId) throw new Error(`a layer should hold ${layer.diffId}, but holds ${written.diffId}`)
      made.push(written)
      await from.take(tarPadding(layer.size))
    }
    return { archive, layers: made }
  } catch (error) {
    await archive.abort()
    if (error instanceof SinkError) throw error
    return { unusable: (error as Error).message }
  }
}

/** Bytes that the layers take in the new archive. If they are compressed again, that is only an estimate. */
function sizeOf(layers: readonly Layer[], compression: Compression | undefined): number {
  if (compression === undefined) return layers.reduce((sum, { size }) => sum + size, 0)
  const content = layers.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0)
  return compression === 'none' ? content : content / usualRatio
}

/** Gives a layer's tar to the writer in the pieces of a conversion, and returns the digest of the layer's blob. */
type Copy = (from: ByteStream, layer: Layer, writer: LayerWriter) => Promise<string>

/** Each frame holds a piece. The next ones are decompressed while one is written. */
const copyFrames: Copy = async (from, { size, uncompressedSize }, writer) => {
  const hash = createHash('sha256')
  const pieces: Promise<Buffer>[] = []
  let content = uncompressedSize
  const writeNext = async () => {
    const piece = await pieces.shift()!
    content -= piece.length
    if (content < 0) throw new Error(`a layer holds more than ${uncompressedSize} bytes`)
    await writer.write(new Uint8Array(piece.buffer as ArrayBuffer, piece.byteOffset, piece.length))
  }
  for (let left = size; left > 0; ) {
    const frame = await takeFrame(from, Math.min(maxFrameContent, left))
    hash.update(frame)
    left -= frame.length
    const piece = decompress(frame, { maxOutputLength: Math.min(maxFrameContent, content + 1), chunkSize: roomForPiece })
    // Whoever waits for it gets the error; until then it must not count as unhandled.
    piece.catch(() => {})
    pieces.push(piece)
    if (pieces.length > maxAhead) await writeNext()
  }
  while (pieces.length > 0) await writeNext()
  return digestOf(hash)
}

/** Nothing in a gzip member says how long it is, so all of them are read as one stream. */
const copyMembers: Copy = async (from, { size, uncompressedSize }, writer) => {
  const hash = createHash('sha256')
  const members = async function* () {
    for await (const piece of from.pieces(size)) {
      hash.update(piece)
      yield piece
    }
  }
  await pipeline(members, createGunzip({ chunkSize: 1 << 20 }), (content: AsyncIterable<Buffer>) =>
    writePieces(content, uncompressedSize, writer),
  )
  return digestOf(hash)
}

const copyPlain: Copy = async (from, { size }, writer) => {
  const hash = createHash('sha256')
  const content = async function* () {
    for await (const piece of from.pieces(size)) {
      hash.update(piece)
      yield piece
    }
  }
  await writePieces(content(), size, writer)
  return digestOf(hash)
}

const copiers: Readonly<Record<Compression, Copy>> = { zstd: copyFrames, gzip: copyMembers, none: copyPlain }

/** @throws Error if there is more than `size` bytes of content */
async function writePieces(content: AsyncIterable<Buffer>, size: number, writer: LayerWriter): Promise<void> {
  let left = size
  let piece = new Uint8Array(Math.min(defaultPieceSize, left))
  let used = 0
  for await (const bytes of content) {
    if (bytes.length > left) throw new Error(`a layer holds more than ${size} bytes`)
    left -= bytes.length
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + piece.length - used)
      piece.set(part, used)
      at += part.length
      used += part.length
      if (used < piece.length) continue
      await writer.write(piece)
      piece = new Uint8Array(Math.min(defaultPieceSize, left + bytes.length - at))
      used = 0
    }
  }
  if (used > 0) await writer.write(piece.subarray(0, used))
}

function digestOf(hash: Hash): string {
  return `sha256:${hash.digest('hex')}`
}
