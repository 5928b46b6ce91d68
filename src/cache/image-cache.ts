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

/** Key of an image in the cache. The image key contains the recipe, so entries of another version are never found. */
export function imageCacheKey(imageKey: string): string {
  return `xenserver-ddk-image-${imageKey}`
}

export interface RestoreImageOptions extends RestoreOptions {
  /** Whether the layers may be compressed with zstd. Default: yes. */
  readonly mayBeZstd?: boolean
}

export interface CachedImage {
  /** Has all its layers, and must still be finished. */
  readonly archive: Archive
  readonly description: ImageDescription
}

/**
 * Restores an image from the Actions cache, and checks its layers and its configuration against their digests. Any problem is one line for
 * `say`, and the result is the same as without an entry.
 * @param dir temporary directory
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
  options.say(`The image in the Actions cache is ignored: ${checked}; delete the entry ${key}, so that a new one can be saved`)
  return undefined
}

/**
 * @param mayBeZstd whether the layers may stay compressed with zstd; otherwise they are decompressed
 * @returns the image, or why it isn't the image with that key
 */
export async function checkImage(folder: string, key: string, archive: string, mayBeZstd = true): Promise<CachedImage | string> {
  const entry = readJson(folder, 'image') as Partial<ImageEntry> | null
  if (entry?.key !== key) return 'its contents belong to another key'
  const { description } = entry
  if (!isDescription(description)) return 'its description is damaged'
  if (configDigest(configOf(description)) !== entry.configDigest) return "its description doesn't match the recorded digest"
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
 * @param dir must not contain anything else, and must stay until the image is saved
 * @param archive path of the finished archive; it must not change until then, but may be deleted
 * @throws Error if that fails
 */
export function stageImage(key: string, dir: string, archive: string, conversion: Conversion): CacheEntry {
  const { names: _names, archive: made, ...description } = conversion
  const entry: ImageEntry = { key, configDigest: made.configDigest, description }
  writeFolder(dir, archive, 'image', entry)
  return { key, dir, what: 'the image' }
}
