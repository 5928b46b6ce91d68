import type { ByteStream } from '../../bytes/byte-stream.ts'
import { type Archive, configDigest } from '../../image/archive/archive.ts'
import { type Compression, compressionOf } from '../../image/archive/frames.ts'
import type { LayerSink } from '../../image/archive/layer.ts'
import { remakeArchive } from '../../image/archive/remake.ts'
import { configOf, type ImageDescription } from '../../image/description.ts'
import { isDescription } from '../../image/parse-description.ts'
import { descriptionName, takeDescription } from './folder.ts'
import type { EntryFile } from './unpack.ts'

/** The file of an entry that is the image's archive. */
export const archiveFile = 'image'

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
  /** The compression that all of them must have; otherwise they are compressed again. Default: any, as far as `takesZstd` allows. */
  readonly compression?: Compression | undefined
  /** Whether they may be compressed with zstd; otherwise they are decompressed. Default: yes. */
  readonly takesZstd?: boolean
  /** Where the lowest one goes instead of into the archive; all are decompressed then. */
  readonly rootSink?: (() => LayerSink) | undefined
}

/** What an entry says of its image, once that is known: its description, or why it can't be used. */
export interface Known {
  description?: ImageDescription | string
}

/**
 * Checks an image whose entry was restored, and isn't trusted.
 * @param files of the entry
 * @param archive path for the archive
 * @param known gets the description; if it has one already, the files are those of the same entry
 * @returns the image; or why it isn't the image with that key; or undefined if the image came before its description, so that it has to be
 *   read again
 * @throws Error if the entry doesn't arrive, or the archive can't be written; SinkError if `rootSink` doesn't take the layer
 */
export async function checkImage(
  files: AsyncIterable<EntryFile>,
  key: string,
  archive: string,
  wanted: Layers,
  known: Known,
): Promise<CachedImage | string | undefined> {
  let image: CachedImage | undefined
  let isTooEarly = false
  try {
    for await (const file of files) {
      const { description } = known
      if (file.name === descriptionName) {
        known.description ??= checkDescription(await takeDescription(file), key)
        if (typeof known.description === 'string') return known.description
      } else if (file.name === archiveFile && typeof description === 'object') {
        const taken = await takeLayers(file.content, description, archive, wanted)
        if (typeof taken === 'string') return taken
        image = taken
      } else isTooEarly ||= file.name === archiveFile
    }
  } catch (error) {
    await image?.archive.abort()
    throw error
  }
  if (image) return image
  if (!known.description) return 'its description is missing'
  return isTooEarly ? undefined : 'its image is missing'
}

async function takeLayers(
  content: ByteStream,
  description: ImageDescription,
  archive: string,
  { compression, takesZstd = true, rootSink }: Layers,
): Promise<CachedImage | string> {
  const { layers } = description
  const has =
    (other: Compression) =>
    ({ mediaType }: { mediaType: string }) =>
      compressionOf(mediaType) === other
  const wanted = compression ?? (rootSink || (!takesZstd && layers.some(has('zstd'))) ? 'none' : undefined)
  const isAsWanted = wanted === undefined || (!rootSink && layers.every(has(wanted)))
  const made = await remakeArchive(content, archive, layers, isAsWanted ? {} : { compression: wanted, rootSink })
  if ('unusable' in made) return made.unusable
  return {
    archive: made.archive,
    description: { ...description, layers: layers.map((layer, index) => ({ ...layer, ...made.layers[index] })) },
  }
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
