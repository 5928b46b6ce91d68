import { join } from 'node:path'
import { UserError } from '../../bytes/errors.ts'
import { restoreIso } from '../../cache/entries/iso-cache.ts'
import { changedSentence, identifyingUrl } from '../../fetch/http/address.ts'
import type { Store } from '../../fetch/store/tool-cache.ts'
import { progressLines } from '../../phase/progress-line.ts'
import type { Order } from '../order.ts'
import type { Origin } from '../supply.ts'
import type { FirstChecksum } from './first-checksum.ts'
import type { AddressRequest } from './iso-request.ts'
import type { KnownIso } from './known-iso.ts'

/** An ISO on this machine, complete and verified. */
export interface Iso {
  readonly origin: Exclude<Origin, 'engine' | 'registry' | 'cache'>
  readonly path: string
  /** In hexadecimal; undefined for a folder. */
  readonly sha256: string | undefined
}

/**
 * Finds an ISO that was fetched before, in the tool cache or the Actions cache.
 * @throws Error with one sentence if the one in the Actions cache isn't what its address gave first
 */
export async function findKeptIso(
  { address, version }: AddressRequest,
  { identity, sha256 }: KnownIso,
  store: Store,
  order: Order,
  firstChecksum: FirstChecksum,
): Promise<Iso | undefined> {
  const { phase, tempDir, cacheHealth: health } = order
  const kept = sha256 === undefined ? undefined : await store.find({ sha256, version }, phase.signal)
  if (kept) {
    phase.say(`Found the ISO in the tool cache: ${kept.path}`)
    return { origin: 'tool-cache', ...kept }
  }
  const options = { ...phase, health, show: progressLines(phase.say) }
  const cached = order.useCache.restore.iso && identity && (await restoreIso(identity, join(tempDir, 'restored-iso'), options))
  if (!cached) return undefined
  const before = await firstChecksum()
  if ((before ?? cached.sha256) !== cached.sha256)
    throw new UserError(changedSentence(identifyingUrl(address), before!, cached.sha256), 'changed')
  phase.say('Found the ISO in the Actions cache')
  return { origin: 'iso-cache', ...cached }
}
