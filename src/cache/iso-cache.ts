import { rmSync, statSync } from 'node:fs'
import { sha256OfFile } from '../bytes/digest.ts'
import { type IsoIdentity, isoKey } from '../image/config/key.ts'
import { bestEffort } from './best-effort.ts'
import { fileIn, readJson, writeFolder } from './folder.ts'
import { type RestoreOptions, restoreFolder } from './restore.ts'
import type { CacheEntry } from './task.ts'

/** The name of an ISO in the cache. */
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
 * Brings back an ISO from the Actions cache, and compares it with its SHA-256: the one that was asked for, else the one that it had when
 * it was saved. Whatever is wrong is one line for `say`, and as if it weren't there.
 * @param dir where it stays, until the caller moves or removes it
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
  options.say(`The ISO in the Actions cache isn't used: ${checked}; delete the entry ${key} there, so that a new one can be saved`)
  return undefined
}

/** @returns why it isn't the ISO of that identity, if it isn't */
export async function checkIso(folder: string, identity: IsoIdentity): Promise<CachedIso | string> {
  const entry = readJson(folder, 'iso') as Partial<IsoEntry> | null
  if (entry?.key !== isoCacheKey(identity)) return 'it is another one than its key says'
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
 * @param dir of its own; it must stay until the ISO is saved
 * @param path of the whole, verified ISO; it must not change until then
 * @param sha256 in hexadecimal
 * @throws Error if that isn't possible
 */
export function stageIso(identity: IsoIdentity, dir: string, path: string, sha256: string): CacheEntry {
  const key = isoCacheKey(identity)
  const entry: IsoEntry = { key, sha256: sha256.toLowerCase(), size: statSync(path).size }
  writeFolder(dir, path, 'iso', entry)
  return { key, dir, what: 'the ISO' }
}
