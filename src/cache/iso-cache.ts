import { rmSync, statSync } from 'node:fs'
import { sha256OfFile } from '../bytes/digest.ts'
import { type IsoIdentity, isoKey } from '../image/key/key.ts'
import { bestEffort } from './best-effort.ts'
import { fileIn, readJson, writeFolder } from './folder.ts'
import { type RestoreOptions, restoreFolder } from './restore.ts'
import type { CacheEntry } from './task.ts'

/** Key of an ISO in the cache. */
export function isoCacheKey(identity: IsoIdentity): string {
  return `xenserver-ddk-iso-v1-${isoKey(identity)}`
}

export interface CachedIso {
  readonly path: string
  /** In hexadecimal. */
  readonly sha256: string
  /** In bytes. */
  readonly size: number
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
    () => checkIso(folder, identity),
    (why) => why,
  )
  if (typeof checked !== 'string') return checked
  rmSync(folder, { recursive: true, force: true })
  options.say(`The ISO in the Actions cache is ignored: ${checked}; delete the entry ${key}, so that a new one can be saved`)
  return undefined
}

/** @returns the ISO, or why it isn't the ISO with that identity */
export async function checkIso(folder: string, identity: IsoIdentity): Promise<CachedIso | string> {
  const entry = readJson(folder, 'iso') as Partial<IsoEntry> | null
  if (entry?.key !== isoCacheKey(identity)) return 'its contents belong to another key'
  const path = fileIn(folder, 'iso')
  const { size } = statSync(path)
  const expected = 'sha256' in identity ? undefined : identity.size
  if (size !== entry.size || (expected !== undefined && size !== expected))
    return `it has ${size} bytes, but should have ${expected ?? entry.size}`
  const wanted = 'sha256' in identity ? identity.sha256.toLowerCase() : entry.sha256
  const sha256 = await sha256OfFile(path)
  if (sha256 === undefined || sha256 !== wanted) return `it has the SHA-256 ${sha256}, but should have ${wanted}`
  return { path, sha256, size }
}

/** What `iso.json` says. */
interface IsoEntry {
  readonly key: string
  readonly sha256: string
  readonly size: number
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
