import type { Engine } from '../engine/engine.ts'
import type { FirstChecksum } from './first-checksum.ts'
import { fromCache } from './from-cache.ts'
import { fromEngine } from './from-engine.ts'
import { keysOf } from './keys.ts'
import type { KnownIso } from './known-iso.ts'
import type { Order } from './order.ts'
import type { Supply } from './supply.ts'

/**
 * Finds an image that was made before, first in the engine, then in the Actions cache.
 * @throws Error if the image in the cache was made from another ISO than its address gave first
 */
export async function findExisting(
  known: KnownIso,
  engine: Engine | undefined,
  order: Order,
  firstChecksum: FirstChecksum,
): Promise<Supply | undefined> {
  const keys = keysOf(known, order)
  const inEngine = engine && keys.engine !== undefined && !order.wantsArchive ? await fromEngine(engine, keys.engine, order) : undefined
  if (inEngine) return inEngine
  return keys.cache !== undefined && order.useCache.restore.image ? fromCache(keys.cache, known.sha256, order, firstChecksum) : undefined
}
