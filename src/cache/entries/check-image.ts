import { type Archive, configDigest } from '../../image/archive/archive.ts'
import { type Compression, compressionOf } from '../../image/archive/frames.ts'
import type { LayerSink } from '../../image/archive/layer.ts'
import { recompressArchive } from '../../image/archive/recompress.ts'
import { resumeArchive } from '../../image/archive/resume.ts'
import { configOf, type ImageDescription } from '../../image/description.ts'
import { isDescription } from '../../image/parse-description.ts'
import { fileIn, readJson } from './folder.ts'

/** What `image.json` says. */
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
  /** Where the lowest one goes instead of into the archive; all are decompressed then. */
  readonly rootSink?: () => LayerSink
}

/**
 * Checks an image whose entry was restored, and isn't trusted.
 * @param folder of the entry
 * @param archive path for the archive
 * @returns the image, or why it isn't the image with that key
 * @throws Error if a file is missing, or can't be read or written; SinkError if `rootSink` doesn't take the lowest layer
 */
export async function checkImage(
  folder: string,
  key: string,
  archive: string,
  { compression, mayBeZstd = true, rootSink }: Layers = {},
): Promise<CachedImage | string> {
  const entry = readJson(folder, 'image') as Partial<ImageEntry> | null
  if (entry?.key !== key) return 'its contents belong to another key'
  const { description } = entry
  if (!isDescription(description)) return 'its description is damaged'
  if (configDigest(configOf(description)) !== entry.configDigest) return "its description doesn't match the recorded digest"
  const has =
    (other: Compression) =>
    ({ mediaType }: { mediaType: string }) =>
      compressionOf(mediaType) === other
  const wanted = compression ?? (rootSink || (!mayBeZstd && description.layers.some(has('zstd'))) ? 'none' : undefined)
  if (rootSink || (wanted !== undefined && !description.layers.every(has(wanted)))) {
    const made = await recompressArchive(fileIn(folder, 'image'), archive, description.layers, wanted ?? 'none', rootSink)
    if ('unusable' in made) return made.unusable
    const layers = made.layers.map((layer, index) => ({ ...description.layers[index]!, ...layer }))
    return { archive: made.archive, description: { ...description, layers } }
  }
  const resumed = await resumeArchive(fileIn(folder, 'image'), archive, description.layers)
  return 'unusable' in resumed ? resumed.unusable : { archive: resumed.archive, description }
}
