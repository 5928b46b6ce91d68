import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../bytes/errors.ts'
import { restoreImage } from '../../cache/entries/image-cache.ts'
import { finishImage } from '../../image/description.ts'
import { progressLines } from '../../phase/progress-line.ts'
import { isExpected } from '../expected.ts'
import type { FirstChecksum } from '../iso/first-checksum.ts'
import type { Order } from '../order.ts'
import type { Supply } from '../supply.ts'

/**
 * Takes the image from the Actions cache: restores and verifies its layers, and makes an archive with the requested name.
 * @param key in the Actions cache
 * @param sha256 of the ISO, if it is known
 * @throws Error if the image was made from another ISO than its address gave first
 */
export async function fromCache(
  key: string,
  sha256: string | undefined,
  order: Order,
  firstChecksum: FirstChecksum,
): Promise<Supply | undefined> {
  const { phase, archive: path, tempDir, cacheHealth: health, takesZstd, onlyCompression: compression, rootImport } = order
  // Meanwhile, because each question to the cache takes a while.
  const first = firstChecksum()
  const restored = await restoreImage(key, join(tempDir, 'restored-image'), path, {
    ...phase,
    show: progressLines(phase.say),
    health,
    takesZstd,
    compression,
    ...(rootImport?.sink && { rootSink: rootImport.sink }),
  })
  if (!restored) return undefined
  const { archive, description } = restored
  const { identity } = description.found
  const { isoSha256 } = description
  try {
    if (sha256 !== undefined && isoSha256 !== sha256) {
      phase.say(`The image in the Actions cache is ignored: it was made from an ISO with the SHA-256 ${isoSha256}`)
      await archive.abort()
      return undefined
    }
    const expected = await first
    if (expected !== undefined && isoSha256 !== expected) {
      throw new UserError(
        `The image in the Actions cache was made from an ISO with the SHA-256 ${isoSha256}, but its address first gave one with ${expected}. ` +
          `Someone may have forged the entry ${key}: delete it, or pin the ISO that you trust with "iso-sha256"`,
        'changed',
      )
    }
    const name = order.name(identity)
    const conversion = finishImage(archive, description, [name])
    const { archive: summary } = conversion
    if (!isExpected([summary.configDigest, summary.manifestDigest], order)) {
      phase.say(`The image in the Actions cache is ignored: it is ${summary.configDigest}, but ${order.expectDigest} is expected`)
      rmSync(path, { force: true })
      return undefined
    }
    phase.say(`Found the image in the Actions cache (${key})`)
    return { origin: 'cache', name, identity, isoSha256, archive: summary, conversion, imported: rootImport?.done ?? false }
  } catch (error) {
    await archive.abort()
    throw error
  }
}
