import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Of, sha256OfFile } from '../../bytes/digest.ts'
import { sentenceOf } from '../../host/system-error.ts'
import { shownUrl } from '../../http/shown-url.ts'
import { progressLines } from '../../phase/progress-line.ts'
import type { Downloaded } from '../http/download.ts'
import type { Facts } from '../http/reply.ts'

/** An ISO in the store, with what was known when it was stored. */
export interface StoredIso extends Facts {
  /** Absolute. */
  readonly path: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly size: number
  /** Hash of the address that identifies it, because addresses may contain secrets. */
  readonly urlSha256: string
}

/** Properties of the wanted ISO; absent ones are ignored. If a checksum is given, nothing else matters. */
export interface Wanted extends Facts {
  readonly sha256?: string
  readonly url?: string
}

const descriptionName = 'iso.json'

/** Writes what is known about the ISO `file` to `dir`. */
export function describeIso(dir: string, file: string, url: string, { sha256, size, etag, lastModified }: Downloaded): void {
  const description = { file, sha256, size, url: shownUrl(url), urlSha256: sha256Of(url), etag, lastModified }
  writeFileSync(join(dir, descriptionName), `${JSON.stringify(description, undefined, 2)}\n`)
}

/** Reads what is known about the ISO in `dir`; undefined if there is none. */
export function readIso(dir: string): StoredIso | undefined {
  try {
    const { file, sha256, size, urlSha256, etag, lastModified } = JSON.parse(readFileSync(join(dir, descriptionName), 'utf8'))
    if (typeof file !== 'string' || !/^[\w.-]+$/.test(file) || !/^[0-9a-f]{64}$/.test(sha256)) return undefined
    return { path: join(dir, file), sha256, size, urlSha256, ...(etag && { etag }), ...(lastModified && { lastModified }) }
  } catch {
    return undefined
  }
}

/** Whether the ISO in `dir` was stored at or after a time in milliseconds. Filesystems round times down, so 20 ms are tolerated. */
export function cameAfter(dir: string, time: number): boolean {
  return (statSync(join(dir, descriptionName), { throwIfNoEntry: false })?.mtimeMs ?? 0) > time - 20
}

/** Whether an ISO has the wanted properties. */
export function isWanted(iso: StoredIso, wanted: Wanted): boolean {
  if (wanted.sha256 !== undefined) return iso.sha256 === wanted.sha256
  const keys = ['etag', 'lastModified', 'size'] as const
  return (
    (wanted.url === undefined || iso.urlSha256 === sha256Of(wanted.url)) &&
    keys.every((key) => wanted[key] === undefined || wanted[key] === iso[key])
  )
}

/**
 * How an ISO differs from when it was stored; undefined if it doesn't.
 * @throws the reason of `signal`
 */
export async function flawOf(
  { path, sha256, size }: StoredIso,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const found = statSync(path, { throwIfNoEntry: false })?.size
  if (found === undefined) return 'the file is missing'
  if (found !== size) return `it has ${found} bytes, not ${size}`
  try {
    const show = progressLines(say)
    await sha256OfFile(path, {
      expected: sha256,
      signal,
      onProgress: (done, total) => show({ doing: 'Verifying the ISO in the tool cache', done, total }),
    })
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return sentenceOf(error)
  }
}
