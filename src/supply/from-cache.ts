import { join } from 'node:path'
import { restoreImage } from '../cache/image-cache.ts'
import { finishImage } from '../image/description.ts'
import type { Order } from './order.ts'
import type { Supply } from './supply.ts'

/**
 * The image as an earlier run left it in the Actions cache: its layers, verified, made into an archive under the name that is wanted now.
 * @param key in the Actions cache
 * @param sha256 of the ISO, if it is known
 */
export async function fromCache(key: string, sha256: string | undefined, order: Order): Promise<Supply | undefined> {
  const { phase, archive: path, tempDir, cacheHealth: health } = order
  const restored = await restoreImage(key, join(tempDir, 'restored-image'), path, { ...phase, health })
  if (!restored) return undefined
  const { archive, description } = restored
  const { identity } = description.found
  const { isoSha256 } = description
  try {
    if (sha256 !== undefined && isoSha256 !== sha256) {
      phase.say(`The image in the Actions cache isn't used: it was made of an ISO with the SHA-256 ${isoSha256}`)
      await archive.abort()
      return undefined
    }
    const name = order.name(identity)
    const conversion = finishImage(archive, description, [name])
    phase.say(`The Actions cache had the image (${key})`)
    return { origin: 'cache', name, identity, isoSha256, conversion }
  } catch (error) {
    await archive.abort()
    throw error
  }
}
