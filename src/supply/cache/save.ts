import { join } from 'node:path'
import { stageChecksum } from '../../cache/entries/checksum-record.ts'
import { stageImage, stageImageToMake } from '../../cache/entries/image-cache.ts'
import { stageIso } from '../../cache/entries/iso-cache.ts'
import { startSaving } from '../../cache/process/saving.ts'
import type { CacheEntry } from '../../cache/process/task.ts'
import { identifyingUrl } from '../../fetch/http/address.ts'
import { sentenceOf } from '../../host/system-error.ts'
import { compressionOf } from '../../image/archive/frames.ts'
import type { KnownIso } from '../iso/known-iso.ts'
import { keysOf } from '../keys.ts'
import type { Order } from '../order.ts'
import type { Supply } from '../supply.ts'

/** The file that says how the saving of a step goes. */
export function savingStatusOf({ tempDir }: Pick<Order, 'tempDir'>): string {
  return join(tempDir, 'saving')
}

/**
 * Starts to save a new image or a new ISO for the next run, while the job goes on. Never fails.
 * @returns names of what is being saved, for people, e.g. `the image`
 */
export function saveForNextRun(supply: Supply, known: KnownIso, order: Order): readonly string[] {
  if (order.cacheHealth.failing) {
    order.phase.say('Nothing is saved to the Actions cache, because it was too slow before')
    return []
  }
  try {
    const entries = [...checksumEntry(supply, known, order), ...imageEntry(supply, known, order), ...isoEntry(supply, known, order)]
    startSaving(entries, savingStatusOf(order), order.phase.say)
    return entries.map(({ what }) => what)
  } catch (error) {
    order.phase.say(`Nothing is saved to the Actions cache: ${sentenceOf(error)}`)
    return []
  }
}

function checksumEntry({ origin, isoSha256 }: Supply, { request }: KnownIso, order: Order): CacheEntry[] {
  const { iso, image } = order.useCache.save
  if (!(iso || image) || origin !== 'download' || request.kind !== 'address' || request.address.sha256 !== undefined) return []
  return [stageChecksum(identifyingUrl(request.address), join(order.tempDir, 'save-checksum'), isoSha256)]
}

function imageEntry({ origin, conversion, imported, isoPath }: Supply, known: KnownIso, order: Order): CacheEntry[] {
  const { cache: key } = keysOf(known, order)
  if (!order.useCache.save.image || key === undefined || !conversion || origin === 'cache') return []
  const dir = join(order.tempDir, 'save-image')
  const { layers } = conversion
  const isCompressed = order.onlyCompression !== undefined || layers.every(({ mediaType }) => compressionOf(mediaType) === 'zstd')
  return [
    (imported || !isCompressed) && isoPath !== undefined
      ? stageImageToMake(key, dir, isoPath, conversion, order.maxZeroBytes)
      : stageImage(key, dir, order.archive, conversion),
  ]
}

/** An ISO that was already in the tool cache will be there for the next job as well. */
function isoEntry({ origin, isoPath, isoSha256 }: Supply, { identity }: KnownIso, order: Order): CacheEntry[] {
  if (!order.useCache.save.iso || !identity || isoPath === undefined || origin !== 'download') return []
  return [stageIso(identity, join(order.tempDir, 'save-iso'), isoPath, isoSha256)]
}
