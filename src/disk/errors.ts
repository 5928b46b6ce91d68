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

/** Receives one sentence about something odd that doesn't stop the reading. */
export type Warn = (sentence: string) => void
