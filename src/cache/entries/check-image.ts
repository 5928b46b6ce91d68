import { streamOfFile } from '../../bytes/byte-stream.ts'
import { type Archive, configDigest } from '../../image/archive/archive.ts'
import { type Compression, compressionOf } from '../../image/archive/frames.ts'
import type { LayerSink } from '../../image/archive/layer.ts'
import { type Recompressed, recompressArchive } from '../../image/archive/recompress.ts'
import { resumeArchive } from '../../image/archive/resume.ts'
import { configOf, type ImageDescription } from '../../image/description.ts'
import { isDescription } from '../../image/parse-description.ts'
import { descriptionName, fileIn, readDescription, takeDescription } from './folder.ts'
import type { EntryFile } from './unpack.ts'

/** The file of an entry that is the image's archive. */
export const imageName = 'image'

/** What describes an image. */
export interface ImageEntry {
  readonly key: string
  readonly configDigest: string
  readonly description: ImageDescription
}

export interface CachedImage {
  /** Has all its layers, and must still be finished. */
  readonly archive: Archive
  readonly description: ImageDescription
}

/** How the layers are wanted. */
export interface Layers {
  /** The compression that all of them must have; otherwise they are compressed again. Default: any, as far as `mayBeZstd` allows. */
  readonly compression?: Compression | undefined
  /** Whether they may be compressed with zstd; otherwise they are decompressed. Default: yes. */
  readonly mayBeZstd?: boolean
}

/**
 * Checks an image whose entry was restored, and isn't trusted.
 * @param folder of the entry
 * @param archive path for the archive
 * @returns the image, or why it isn't the image with that key
 * @throws Error if a file is missing, or can't be read or written
 */
export async function checkImage(
  folder: string,
  key: string,
  archive: string,
  { compression, mayBeZstd = true }: Layers = {},
): Promise<CachedImage | string> {
  const description = checkDescription(readDescription(folder), key)
  if (typeof description === 'string') return description
  const path = fileIn(folder, imageName)
  const { layers } = description
  const has =
    (other: Compression) =>
    ({ mediaType }: { mediaType: string }) =>
      compressionOf(mediaType) === other
  const wanted = compression ?? (!mayBeZstd && layers.some(has('zstd')) ? 'none' : undefined)
  if (wanted !== undefined && !layers.every(has(wanted))) {
    return withLayers(description, await recompressArchive(streamOfFile(path, 'its archive'), archive, layers, wanted))
  }
  const resumed = await resumeArchive(path, archive, layers)
  return 'unusable' in resumed ? resumed.unusable : { archive: resumed.archive, description }
}

/**
 * Checks an image while it arrives, and gives its lowest layer to an engine.
 * @param files of the entry
 * @param archive path for the archive, which gets the other layers, all uncompressed
 * @returns the image; or why it isn't the image with that key; or undefined if the entry doesn't begin with its description
 * @throws Error if the entry doesn't arrive, or the archive can't be written; SinkError if `rootSink` doesn't take the layer
 */
export async function checkArrivingImage(
  files: AsyncIterable<EntryFile>,
  key: string,
  archive: string,
  rootSink: () => LayerSink,
): Promise<CachedImage | string | undefined> {
  let description: ImageDescription | undefined
  let image: CachedImage | undefined
  try {
    for await (const file of files) {
      if (file.name === descriptionName) {
        const checked = checkDescription(await takeDescription(file), key)
        if (typeof checked === 'string') return checked
        description = checked
      } else if (file.name === imageName && description) {
        const checked = withLayers(description, await recompressArchive(file.content, archive, description.layers, 'none', rootSink))
        if (typeof checked === 'string') return checked
        image = checked
      } else return undefined
    }
  } catch (error) {
    await image?.archive.abort()
    throw error
  }
  return image ?? 'it has no image'
}

/** Returns the description, or why it isn't that of the image with that key. */
function checkDescription(described: unknown, key: string): ImageDescription | string {
  const entry = described as Partial<ImageEntry> | null
  if (entry?.key !== key) return 'its contents belong to another key'
  const { description } = entry
  if (!isDescription(description)) return 'its description is damaged'
  if (configDigest(configOf(description)) !== entry.configDigest) return "its description doesn't match the recorded digest"
  return description
}

function withLayers(description: ImageDescription, made: Recompressed): CachedImage | string {
  if ('unusable' in made) return made.unusable
  const layers = made.layers.map((layer, index) => ({ ...description.layers[index]!, ...layer }))
  return { archive: made.archive, description: { ...description, layers } }
}
