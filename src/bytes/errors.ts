import { getSystemErrorMessage } from 'node:util'
import { oneLine } from './text.ts'

/**
 * Input that can't be used. The message is one sentence for the user: where it is (`place`, e.g. a source's name and a byte offset),
 * what is wrong there, and, where there is one, the way out. It is one line, whatever characters the names in it have.
 */
export class DiskError extends Error {
  override readonly name = 'DiskError'

  constructor(place: string, what: string) {
    super(oneLine(`${place}: ${what}`))
  }
}

/** What the file system said about a path of this machine, as a sentence. */
export function fileError(path: string, error: unknown): DiskError {
  const { code } = error as NodeJS.ErrnoException
  const known: Readonly<Record<string, string>> = { ENOENT: 'there is no such file', EACCES: 'this user may not read it' }
  return new DiskError(path, known[code ?? ''] ?? `it can't be read: ${systemMessage(error)}`)
}

/** What the system said, e.g. `no space left on device`. */
export function systemMessage(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  return errno === undefined ? message : getSystemErrorMessage(errno)
}

/** Receives one sentence about something odd that doesn't stop the reading. */
export type Warn = (sentence: string) => void

/** `warn`, but each sentence once. */
export function withoutRepeats(warn: Warn): Warn {
  const said = new Set<string>()
  return (sentence) => {
    if (said.has(sentence)) return
    said.add(sentence)
    warn(sentence)
  }
}
