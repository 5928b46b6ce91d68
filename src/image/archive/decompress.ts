import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { tarBlockSize, tarPadding } from '../../bytes/tar-header.ts'
import { checkFreeSpace } from '../../host/free-space.ts'
import { type Archive, createArchive, layerHeader } from './archive.ts'
import { type Layer, type LayerSink, type LayerWriter, SinkError } from './layer.ts'
import { bytesAt, frameLength } from './zstd-frames.ts'

const decompress = promisify(zstdDecompress)

/** More than `layerWriter` ever puts into a frame. */
const maxFrameContent = 64 << 20

/** An archive up to the end of its layers, with the layers as stored in it; or why the file can't be used. */
export type Decompressed = { readonly archive: Archive; readonly layers: readonly Layer[] } | { readonly unusable: string }

/** Whether an engine without zstd can't load it. */
export function isZstd({ mediaType }: Layer): boolean {
  return mediaType.endsWith('+zstd')
}

/**
 * Makes a new archive from an earlier one, with decompressed layers, for engines that can't read zstd. Both digests of every layer are
 * verified.
 * @param from the earlier archive, which begins with `layers` and isn't changed
 * @param path of the new archive
 * @param rootSink where the lowest layer goes instead of into the new archive
 * @throws Error if there is no such file, or the new one can't be written; SinkError if `rootSink` doesn't take the layer
 */
export async function decompressArchive(
  from: string,
  path: string,
  layers: readonly Layer[],
  rootSink?: () => LayerSink,
): Promise<Decompressed> {
  const needed = layers.slice(rootSink ? 1 : 0).reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0)
  checkFreeSpace(dirname(path), needed, 'The archive of the image')
  const fd = openSync(from, 'r')
  const archive = createArchive(path)
  try {
    const plain: Layer[] = []
    let position = 0
    for (const layer of layers) {
      if (!bytesAt(fd, position, tarBlockSize).equals(layerHeader(layer))) throw new Error(`layer ${layer.digest} isn't where it should be`)
      position += tarBlockSize
      const writer = rootSink && plain.length === 0 ? archive.addAbsentLayer(rootSink()) : archive.addLayer({ compression: 'none' })
      const digest = await (isZstd(layer) ? copyFrames : copyPlain)(fd, position, layer, writer)
      if (digest !== layer.digest) throw new Error(`a layer should have the digest ${layer.digest}, but has ${digest}`)
      const written = await writer.finish()
      if (written.diffId !== layer.diffId) throw new Error(`a layer should hold ${layer.diffId}, but holds ${written.diffId}`)
      plain.push(written)
      position += layer.size + tarPadding(layer.size)
    }
    return { archive, layers: plain }
  } catch (error) {
    await archive.abort()
    if (error instanceof SinkError) throw error
    return { unusable: (error as Error).message }
  } finally {
    closeSync(fd)
  }
}

type Copy = (fd: number, start: number, layer: Layer, writer: LayerWriter) => Promise<string>

const copyFrames: Copy = async (fd, start, { size, uncompressedSize }, writer) => {
  const hash = createHash('sha256')
  let left = uncompressedSize
  for (let position = start; position < start + size; ) {
    const frame = bytesAt(fd, position, frameLength(fd, position, start + size))
    hash.update(frame)
    position += frame.length
    const content = await decompress(frame, { maxOutputLength: Math.min(maxFrameContent, left + 1) })
    left -= content.length
    await writer.write(new Uint8Array(content))
  }
  return `sha256:${hash.digest('hex')}`
}

const copyPlain: Copy = async (fd, start, { size }, writer) => {
  const hash = createHash('sha256')
  for (let position = start; position < start + size; ) {
    const piece = bytesAt(fd, position, Math.min(4 << 20, start + size - position))
    if (piece.length === 0) throw new Error('it is cut short')
    hash.update(piece)
    position += piece.length
    await writer.write(new Uint8Array(piece))
  }
  return `sha256:${hash.digest('hex')}`
}
