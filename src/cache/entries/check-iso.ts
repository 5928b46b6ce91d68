import { statSync } from 'node:fs'
import { sha256OfFile } from '../../bytes/digest.ts'
import type { IsoIdentity } from '../../image/key/key.ts'
import { fileIn, readDescription } from './folder.ts'

/** What describes an ISO. */
export interface IsoEntry {
  readonly key: string
  readonly sha256: string
  readonly size: number
}

export interface CachedIso {
  readonly path: string
  /** In hexadecimal. */
  readonly sha256: string
  /** In bytes. */
  readonly size: number
}

/**
 * Checks an ISO whose entry was restored, and isn't trusted.
 * @param folder of the entry
 * @returns the ISO, or why it isn't the ISO with that identity
 * @throws Error if a file is missing or can't be read
 */
export async function checkIso(folder: string, key: string, identity: IsoIdentity): Promise<CachedIso | string> {
  const entry = readDescription(folder) as Partial<IsoEntry> | null
  if (entry?.key !== key) return 'its contents belong to another key'
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
