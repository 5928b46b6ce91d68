/**
 * Input that can't be used. The message is one sentence for the user: where it is (`place`, e.g. a source's name and a byte offset),
 * what is wrong there, and, where there is one, the way out.
 */
export class DiskError extends Error {
  override readonly name = 'DiskError'

  constructor(place: string, what: string) {
    super(`${place}: ${what}`)
  }
}

/** What the file system said about a path of this machine, as a sentence. */
export function fileError(path: string, error: unknown): DiskError {
  const { code, message } = error as NodeJS.ErrnoException
  const known: Readonly<Record<string, string>> = { ENOENT: 'there is no such file', EACCES: 'this user may not read it' }
  return new DiskError(path, known[code ?? ''] ?? `it can't be read: ${message}`)
}

/** Receives one sentence about something odd that doesn't stop the reading. */
export type Warn = (sentence: string) => void
