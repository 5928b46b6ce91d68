import type { Engine } from '../engine/engine.ts'
import { fromCache } from './from-cache.ts'
import { fromEngine } from './from-engine.ts'
import { keysOf } from './keys.ts'
import type { KnownIso } from './known-iso.ts'
import type { Order } from './order.ts'
import type { Supply } from './supply.ts'

/** The image as it was made before: the engine's own, else the Actions cache's. */
export async function findExisting(known: KnownIso, engine: Engine | undefined, order: Order): Promise<Supply | undefined> {
  const keys = keysOf(known, order)
  // An engine gives no archive back that would be the same as ours.
  const inEngine = engine && keys.engine !== undefined && !order.keepArchive ? await fromEngine(engine, keys.engine, order) : undefined
  if (inEngine) return inEngine
  return keys.cache !== undefined && order.useCache.image ? fromCache(keys.cache, known.sha256, order) : undefined
}
