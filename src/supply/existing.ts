import type { Engine } from '../engine/engine.ts'
import type { Store } from '../fetch/store/tool-cache.ts'
import { HttpFailure } from '../http/failure.ts'
import { fromCache } from './cache/from-cache.ts'
import { fromEngine } from './engine/from-engine.ts'
import type { Turn } from './engine/turn.ts'
import type { FirstChecksum } from './iso/first-checksum.ts'
import { type KnownIso, knownByNow } from './iso/known-iso.ts'
import { type Keys, keysOf } from './keys.ts'
import type { Order } from './order.ts'
import { fromRegistry } from './registry/from-registry.ts'
import { findStored, isComplete, type Stored } from './registry/registry-image.ts'
import { type RegistryUse, registryError } from './registry/registry-use.ts'
import type { Supply } from './supply.ts'

/** Where to look for an image. */
export interface Places {
  readonly engine: Engine | undefined
  readonly store: Store
  readonly firstChecksum: FirstChecksum
  /** If other jobs may be making the image. */
  readonly turn: Turn | undefined
}

/**
 * Finds an image that was made before: in the engine, then in the registry, then in the Actions cache. The registry comes before the cache
 * because the workflow names it, and everybody who pins a digest gets the same bytes from it. If another job on this machine is just making
 * the image, waits for that. If the image isn't in the engine, this job then has the turn to bring it there.
 * @throws Error if the image in the registry or the cache was made from another ISO than its address gave first, or if the registry can't be
 *   used and the image is to be pushed
 */
export async function findExisting(known: KnownIso, places: Places, order: Order): Promise<Supply | undefined> {
  const { engine, store, firstChecksum, turn } = places
  const keys = keysOf(known, order)
  let lookUp = lookUpOnce(keys, order)
  const inEngine = await untilTurn(turn, () => {
    // Another job may have pushed the image meanwhile.
    lookUp = lookUpOnce(keys, order)
    return takeFromEngine(keysOf(knownByNow(known, store), order), engine, order, lookUp)
  })
  if (inEngine) return inEngine
  const { registry } = order
  const stored = await lookUp()
  if (registry && stored !== 'unavailable') {
    const fetch = () => fromRegistry(registry, stored, known.sha256, order, firstChecksum)
    const inRegistry = await ifUsable(registry, order, fetch, undefined)
    if (inRegistry) return inRegistry
  }
  return keys.cache !== undefined && order.useCache.restore.image ? fromCache(keys.cache, known.sha256, order, firstChecksum) : undefined
}

/** Looks until there is something, or until this job has the turn and there is nothing. */
async function untilTurn<T>(turn: Turn | undefined, look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (;;) {
    // Before the look, because another job may end its turn just after it.
    const mayMake = !turn || turn.take()
    const found = await look()
    if (found !== undefined || mayMake) return found
    await turn.wait()
  }
}

type LookUp = () => Promise<Stored | 'unavailable' | undefined>

function lookUpOnce({ registry: key }: Keys, order: Order): LookUp {
  const { registry, uname } = order
  let found: ReturnType<LookUp> | undefined
  return async () => {
    if (!registry || key === undefined) return 'unavailable'
    found ??= ifUsable(registry, order, () => findStored(registry.client, key, uname), 'unavailable')
    return found
  }
}

async function takeFromEngine(
  { engine: key }: Keys,
  engine: Engine | undefined,
  order: Order,
  lookUp: LookUp,
): Promise<Supply | undefined> {
  // An archive exported by an engine would differ from ours.
  if (!engine || key === undefined || order.wantsArchive) return undefined
  const { registry, phase } = order
  if (!registry) return fromEngine(engine, key, order)
  const find = async () => {
    const stored = await lookUp()
    return typeof stored === 'object' && 'image' in stored ? stored.image : undefined
  }
  if (registry.push) {
    const image = await find()
    if (!image || !(await ifUsable(registry, order, () => isComplete(registry.client, image), false))) {
      const { text } = registry.client.repository
      phase.say(`${text} lacks the image, and an engine has no blobs to push, so the image isn't taken from ${engine.name}`)
      return undefined
    }
  }
  const otherDigest = async (id: string) => {
    const { configDigest, manifestDigest } = (await find()) ?? {}
    return id === configDigest ? manifestDigest : id === manifestDigest ? configDigest : undefined
  }
  const supply = await fromEngine(engine, key, order, otherDigest)
  if (!supply?.image || !(registry.push || order.expectDigest !== undefined)) return supply
  const { configDigest, manifestDigest } = (await find()) ?? {}
  return manifestDigest !== undefined && [configDigest, manifestDigest].includes(supply.image.id) ? { ...supply, manifestDigest } : supply
}

/** A registry that can't be used is a warning, or the end of the step if the image is to be pushed to it. */
async function ifUsable<T, Other>(registry: RegistryUse, { phase }: Order, use: () => Promise<T>, otherwise: Other): Promise<T | Other> {
  try {
    return await use()
  } catch (error) {
    phase.signal.throwIfAborted()
    if (!(error instanceof HttpFailure)) throw error
    const failure = registryError(registry, error)
    if (registry.push) throw failure
    phase.warn(`${failure.message}; this step goes on without it`)
    return otherwise
  }
}
