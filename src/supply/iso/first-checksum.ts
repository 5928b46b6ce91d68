import { join } from 'node:path'
import { restoreChecksum } from '../../cache/entries/checksum-record.ts'
import { identifyingUrl } from '../../fetch/http/address.ts'
import type { Store } from '../../fetch/store/tool-cache.ts'
import type { Order } from '../order.ts'
import type { IsoRequest } from './iso-request.ts'

/** The SHA-256 of what an address without a known checksum gave first, on this machine or in an earlier run; undefined without a record. */
export type FirstChecksum = () => Promise<string | undefined>

/** Looks for it when it is first called, in the tool cache, then in the Actions cache. */
export function firstChecksum(request: IsoRequest, store: Store, order: Order): FirstChecksum {
  let known: Promise<string | undefined> | undefined
  return () => {
    known ??= look(request, store, order)
    // Whoever awaits it gets the error; it may come before anybody does.
    known.catch(() => {})
    return known
  }
}

async function look(request: IsoRequest, store: Store, order: Order): Promise<string | undefined> {
  if (request.kind === 'file' || request.address.sha256 !== undefined) return undefined
  const { phase, tempDir, cacheHealth: health, useCache } = order
  const { iso, image } = useCache.restore
  const url = identifyingUrl(request.address)
  return (
    store.checksumBefore(url) ?? (iso || image ? restoreChecksum(url, join(tempDir, 'restored-checksum'), { ...phase, health }) : undefined)
  )
}
