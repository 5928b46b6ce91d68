import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
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
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`"${text}" is not a SHA-256; a SHA-256 has 64 hexadecimal digits`)
  return digest
}

/**
 * SHA-256 of a file in hexadecimal; undefined for a folder. The event loop runs between pieces.
 * @throws DiskError if the file can't be read; Error if it isn't the expected one; the reason of `signal`
 */
export async function sha256OfFile(path: string, expected?: string, signal?: AbortSignal): Promise<string | undefined> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    if (expected !== undefined) throw new Error(`${path} is a folder, which has no SHA-256; leave the checksum out, or give the ISO`)
    return undefined
  }
  const found = await digest(path, signal)
  if (expected !== undefined && found !== expected) {
    throw new Error(`${path} has the SHA-256 ${found}, but ${expected} is expected; it is damaged, or another ISO`)
  }
  return found
}

async function digest(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const file = openFile(path)
  try {
    for (const piece of pieces(file, 4 << 20)) {
      hash.update(piece)
      await turn()
      signal?.throwIfAborted()
    }
  } finally {
    file.close()
  }
  return hash.digest('hex')
}
