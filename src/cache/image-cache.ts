import { rmSync } from 'node:fs'
import type { Conversion } from '../image/description.ts'
import { bestEffort } from './best-effort.ts'
import { type CachedImage, checkImage, type ImageEntry } from './check-image.ts'
import { writeFolder } from './folder.ts'
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
