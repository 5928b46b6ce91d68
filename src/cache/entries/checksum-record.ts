import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Of } from '../../bytes/digest.ts'
import { makeFolder } from '../../host/make-folder.ts'
import { bestEffort } from '../process/best-effort.ts'
import type { RestoreOptions } from '../process/restore.ts'
import type { CacheEntry } from '../process/task.ts'
import { entryFormat, readDescription, writeFolder } from './folder.ts'
import { restoreFolder } from './restore-folder.ts'

// The SHA-256 of what an address gave when it was first downloaded, for addresses without a known checksum. An entry of the cache is never
// overwritten, so the first one stays.

const what = "the checksum of this address's first download"

/** The address only as a hash: it can hold secrets. */
function checksumKey(url: string): string {
  return `xenserver-ddk-checksum-${entryFormat}-${sha256Of(url)}`
}

/** @returns in lower-case hexadecimal; undefined if there is no record */
export async function restoreChecksum(url: string, dir: string, options: RestoreOptions): Promise<string | undefined> {
  const key = checksumKey(url)
  const folder = await restoreFolder({ key, dir, what }, options)
  if (folder === undefined) return undefined
  const record = await bestEffort<unknown>(
    () => readDescription(folder),
    () => undefined,
  )
  rmSync(folder, { recursive: true, force: true })
  const { key: itsKey, sha256 } = (record ?? {}) as { readonly key?: unknown; readonly sha256?: unknown }
  return itsKey === key && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined
}

/**
 * Puts a record where `startSaving` finds it.
 * @param dir must not contain anything else, and must stay until the record is saved
 */
export function stageChecksum(url: string, dir: string, sha256: string): CacheEntry {
  const key = checksumKey(url)
  makeFolder(dir)
  const file = join(dir, 'checksum')
  writeFileSync(file, `${sha256}\n`)
  writeFolder(dir, file, 'checksum', { key, sha256 })
  return { key, dir, what }
}
