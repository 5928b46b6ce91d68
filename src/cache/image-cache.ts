import { rmSync } from 'node:fs'
import { type Archive, configDigest } from '../image/archive/archive.ts'
import { decompressArchive, isZstd } from '../image/archive/decompress.ts'
import { resumeArchive } from '../image/archive/resume.ts'
import { type Conversion, configOf, type ImageDescription } from '../image/description.ts'
import { isDescription } from '../image/parse-description.ts'
import { bestEffort } from './best-effort.ts'
import { fileIn, readJson, writeFolder } from './folder.ts'
import { type RestoreOptions, restoreFolder } from './restore.ts'
import type { CacheEntry } from './task.ts'

/** The name of an image in the cache. The recipe is in the image's own key, so what another version left isn't found. */
export function imageCacheKey(imageKey: string): string {
  return `xenserver-ddk-image-${imageKey}`
}

export interface RestoreImageOptions extends RestoreOptions {
  /** Whether the archive may have layers that are compressed with zstd; by default it may. */
  readonly mayBeZstd?: boolean
}

export interface CachedImage {
  /** With all layers, to be finished. */
  readonly archive: Archive
  readonly description: ImageDescription
}

/**
 * Brings back an image from the Actions cache, and compares its layers and its configuration with their digests. Whatever is wrong is one
 * line for `say`, and as if it weren't there.
 * @param dir for the time it takes
 * @param archive path for the archive
 */
export async function restoreImage(
  key: string,
  dir: string,
  archive: string,
  options: RestoreImageOptions,
): Promise<CachedImage | undefined> {
  const folder = await restoreFolder({ key, dir, what: 'the image' }, options)
  if (folder === undefined) return undefined
  const checked = await bestEffort<CachedImage | string>(
    () => checkImage(folder, key, archive, options.mayBeZstd),
    (why) => why,
  )
  rmSync(folder, { recursive: true, force: true })
  if (typeof checked !== 'string') return checked
  options.say(`The image in the Actions cache isn't used: ${checked}; delete the entry ${key} there, so that a new one can be saved`)
  return undefined
}

/**
 * @param mayBeZstd whether the layers may stay compressed with zstd; else they are decompressed
 * @returns why it isn't the image of that key, if it isn't
 */
export async function checkImage(folder: string, key: string, archive: string, mayBeZstd = true): Promise<CachedImage | string> {
  const entry = readJson(folder, 'image') as Partial<ImageEntry> | null
  if (entry?.key !== key) return 'it is another one than its key says'
  const { description } = entry
  if (!isDescription(description)) return 'its description is damaged'
  if (configDigest(configOf(description)) !== entry.configDigest) return "its description doesn't give the image that it was"
  if (!mayBeZstd && description.layers.some(isZstd)) {
    const made = await decompressArchive(fileIn(folder, 'image'), archive, description.layers)
    if ('unusable' in made) return made.unusable
    const layers = made.layers.map((layer, index) => ({ ...description.layers[index]!, ...layer }))
    return { archive: made.archive, description: { ...description, layers } }
  }
  const resumed = await resumeArchive(fileIn(folder, 'image'), archive, description.layers)
  return 'unusable' in resumed ? resumed.unusable : { archive: resumed.archive, description }
}

/** What `image.json` says. */
interface ImageEntry {
  readonly key: string
  readonly configDigest: string
  readonly description: ImageDescription
}

/**
 * Puts an image where `startSaving` finds it, without copying its archive.
 * @param dir of its own; it must stay until the image is saved
 * @param archive path of the finished archive; it must not change until then, but may be removed
 * @throws Error if that isn't possible
 */
export function stageImage(key: string, dir: string, archive: string, conversion: Conversion): CacheEntry {
  const { names: _names, archive: made, ...description } = conversion
  const entry: ImageEntry = { key, configDigest: made.configDigest, description }
  writeFolder(dir, archive, 'image', entry)
  return { key, dir, what: 'the image' }
}
