import { rmSync, statSync } from 'node:fs'
import { type IsoIdentity, isoKey } from '../../image/key/key.ts'
import { bestEffort } from '../process/best-effort.ts'
import type { RestoreOptions } from '../process/restore.ts'
import type { CacheEntry } from '../process/task.ts'
import { type CachedIso, checkIso, type IsoEntry } from './check-iso.ts'
import { entryFormat, writeFolder } from './folder.ts'
import { restoreFolder } from './restore-folder.ts'

/** Key of an ISO in the cache. */
function isoCacheKey(identity: IsoIdentity): string {
  return `xenserver-ddk-iso-${entryFormat}-${isoKey(identity)}`
}

/**
 * Restores an ISO from the Actions cache, and checks it against the requested SHA-256, or else against the one recorded when it was saved.
 * Any problem is one line for `say`, and the result is the same as without an entry.
 * @param dir where the ISO stays until the caller moves or removes it
 */
export async function restoreIso(identity: IsoIdentity, dir: string, options: RestoreOptions): Promise<CachedIso | undefined> {
  const key = isoCacheKey(identity)
  const folder = await restoreFolder({ key, dir, what: 'the ISO' }, options)
  if (folder === undefined) return undefined
  const checked = await bestEffort<CachedIso | string>(
    () => checkIso(folder, key, identity),
    (why) => why,
  )
  if (typeof checked !== 'string') return checked
  rmSync(folder, { recursive: true, force: true })
  options.say(`The ISO in the Actions cache is ignored: ${checked}; delete the entry ${key}, so that a new one can be saved`)
  return undefined
}

/**
 * Puts an ISO where `startSaving` finds it, without copying it.
 * @param dir must not contain anything else, and must stay until the ISO is saved
 * @param path of the whole, verified ISO; it must not change until then
 * @param sha256 in hexadecimal
 * @throws Error if that fails
 */
export function stageIso(identity: IsoIdentity, dir: string, path: string, sha256: string): CacheEntry {
  const key = isoCacheKey(identity)
  const entry: IsoEntry = { key, sha256: sha256.toLowerCase(), size: statSync(path).size }
  writeFolder(dir, path, 'iso', entry)
  return { key, dir, what: 'the ISO' }
}
