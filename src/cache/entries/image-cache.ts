import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../host/make-folder.ts'
import { SinkError } from '../../image/archive/layer.ts'
import { convert } from '../../image/convert.ts'
import type { Conversion } from '../../image/description.ts'
import type { ArrivingArchive } from '../process/arriving-archive.ts'
import { type RestoreOptions, restore } from '../process/restore.ts'
import type { CacheEntry, ImageToMake } from '../process/task.ts'
import { archiveFile, type CachedImage, checkImage, type ImageEntry, type Known, type Layers } from './check-image.ts'
import { entryFormat, writeFolder } from './folder.ts'
import { unpack } from './unpack.ts'

/** Key of an image in the cache. The image key contains the recipe, so entries of another version are never found. */
export function imageCacheKey(imageKey: string): string {
  return `xenserver-ddk-image-${entryFormat}-${imageKey}`
}

export interface RestoreImageOptions extends RestoreOptions, Layers {}

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
  const entry = { key, dir, what: 'the image' }
  const checked = await restore(entry, options, (arriving) => takeImage(arriving, key, archive, options))
  if (typeof checked !== 'string') return checked
  options.signal?.throwIfAborted()
  options.say(`The image in the Actions cache is ignored: ${checked}; delete the entry ${key}, so that a new one can be saved`)
  return undefined
}

/** Returns the image, or why it isn't the image with that key. If the sink doesn't take the lowest layer, it goes into the archive after all. */
async function takeImage(
  arriving: ArrivingArchive,
  key: string,
  archive: string,
  { signal, say, ...options }: RestoreImageOptions,
): Promise<CachedImage | string> {
  const known: Known = {}
  let wanted: Layers = options
  for (;;) {
    try {
      const checked = await unpack(arriving.read(), (files) => checkImage(files, key, archive, wanted, known))
      if (checked !== undefined) return checked
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof SinkError)) throw error
      say(`${error.message}; an archive is made instead`)
      wanted = { ...options, rootSink: undefined }
    }
  }
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
  writeFolder(dir, archive, archiveFile, entry)
  return { key, dir, what: 'the image' }
}

/**
 * Like `stageImage`, for an image whose archive isn't complete or isn't compressed: the process that saves it makes it again.
 * @param iso path of the ISO, which is read later
 * @param maxZeroBytes as in the conversion's options
 */
export function stageImageToMake(key: string, dir: string, iso: string, conversion: Conversion, maxZeroBytes?: number): CacheEntry {
  const { isoSha256, uname, archive } = conversion
  const limit = maxZeroBytes !== undefined && { maxZeroBytes }
  return { key, dir, what: 'the image', image: { iso, isoSha256, uname, configDigest: archive.configDigest, ...limit } }
}

/**
 * Makes the image of an entry, and stages it. The layers are compressed with zstd, and any engine's action can use them.
 * @throws Error with one sentence if that fails, or if the ISO isn't the same any more
 */
export async function makeImage({ key, dir }: CacheEntry, image: ImageToMake): Promise<void> {
  const { iso, isoSha256, uname, configDigest, maxZeroBytes } = image
  makeFolder(dir)
  const archive = join(dir, 'image.tar')
  const conversion = await convert({
    input: iso,
    archive,
    compression: 'zstd',
    uname,
    maxZeroBytes,
    tempDir: dir,
    inputSha256: Promise.resolve(isoSha256),
    name: () => [],
    // The main step has said them.
    warn() {},
    note() {},
  })
  if (conversion.archive.configDigest !== configDigest) throw new Error(`${iso} has changed since the image was made`)
  stageImage(key, dir, archive, conversion)
  rmSync(archive)
}
