import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { UserError } from './errors.ts'
import { openFile, pieces, type Source } from './source.ts'

/** SHA-256 of bytes or of a text's UTF-8, in hexadecimal. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** SHA-256 of all of a source, in hexadecimal. */
export function sha256OfSource(source: Source): string {
  const hash = createHash('sha256')
  for (const piece of pieces(source)) hash.update(piece)
  return hash.digest('hex')
}

/**
 * Returns a SHA-256 in lower case.
 * @throws Error unless `text` is a SHA-256 in hexadecimal
 */
export function parseSha256(text: string): string {
  const digest = text
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '')
  if (/^[0-9a-f]{64}$/.test(digest)) return digest
  const other = /^[0-9a-f]+$/.test(digest) ? otherDigests[digest.length] : undefined
  const what = other === undefined ? 'is not a SHA-256' : `is ${other}, not a SHA-256`
  const wayOut = /^[0-9a-f]{64}\s/.test(digest) ? '; remove what is after them' : ''
  throw new Error(`"${text}" ${what}; a SHA-256 has 64 hexadecimal digits${wayOut}`)
}

/** What has this many hexadecimal digits. */
const otherDigests: Readonly<Record<number, string>> = { 32: 'an MD5', 40: 'a SHA-1', 96: 'a SHA-384', 128: 'a SHA-512' }

export interface DigestOptions {
  /** In lower-case hexadecimal. */
  readonly expected?: string | undefined
  readonly signal?: AbortSignal
  /** Called with the number of bytes so far, and of all. */
  onProgress?(done: number, size: number): void
}

/**
 * SHA-256 of a file in hexadecimal; undefined for a folder. The event loop runs between pieces.
 * @throws UserError if the file can't be read, or isn't the expected one; the reason of `signal`
 */
export async function sha256OfFile(path: string, options: DigestOptions = {}): Promise<string | undefined> {
  const { expected } = options
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    if (expected !== undefined)
      throw new UserError(`${path} is a folder, which has no SHA-256; leave the checksum out, or give the ISO`, 'checksum')
    return undefined
  }
  const found = await digest(path, options)
  if (expected !== undefined && found !== expected) {
    throw new UserError(`${path} has the SHA-256 ${found}, but ${expected} is expected; it is damaged, or another ISO`, 'checksum')
  }
  return found
}

async function digest(path: string, { signal, onProgress }: DigestOptions): Promise<string> {
  const hash = createHash('sha256')
  const file = openFile(path)
  try {
    let done = 0
    for (const piece of pieces(file, 4 << 20)) {
      hash.update(piece)
      done += piece.length
      await turn()
      signal?.throwIfAborted()
      onProgress?.(done, file.size)
    }
  } finally {
    file.close()
  }
  return hash.digest('hex')
}
