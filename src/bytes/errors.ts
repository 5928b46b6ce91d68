import { getSystemErrorMessage } from 'node:util'
import { oneLine } from './text.ts'

/**
 * Why input can't be used:
 * `damaged`: the bytes aren't what their format wants;
 * `unsupported`: they may be sound, but they are in a format, or use a feature, that isn't read here;
 * `encrypted`: they can be read only with a key;
 * `input-output`: this machine doesn't give the bytes, or has no room for them;
 * `not-a-ddk`: they can be read, and aren't what a DDK has.
 */
export type DiskErrorKind = 'damaged' | 'unsupported' | 'encrypted' | 'input-output' | 'not-a-ddk'

/**
 * Input that can't be used. The message is one sentence for the user: where the problem is (`place`, e.g. a source's name and a byte
 * offset), what is wrong, and what to do if something can be done. It is always a single line, whatever characters are in the names it
 * contains.
 */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly kind: DiskErrorKind

  constructor(place: string, what: string, kind: DiskErrorKind = 'damaged') {
    super(oneLine(`${place}: ${what}`))
    this.kind = kind
  }

  /** One that came from another thread. */
  static restored(message: string, kind: DiskErrorKind): DiskError {
    return Object.assign(new DiskError('', '', kind), { message })
  }
}

/**
 * The error for a structure that isn't sound.
 * @param source what it is in
 * @param at where: a byte of the source, or the name of a structure in it, e.g. `inode 12`
 * @param what is wrong, without saying that this is damage
 * @param whole what the user knows it as, e.g. `ISO`
 */
export function damage(source: { readonly name: string }, at: number | string, what: string, whole = 'filesystem'): DiskError {
  const place = typeof at === 'number' ? `${source.name}, byte ${at}` : `${at} of ${source.name}`
  return new DiskError(place, `${what}; the ${whole} is damaged`)
}

/** Turns a system error about a local path into a sentence. */
export function fileError(path: string, error: unknown): DiskError {
  const { code } = error as NodeJS.ErrnoException
  const known: Readonly<Record<string, string>> = { ENOENT: 'there is no such file', EACCES: 'this user has no permission to read it' }
  return new DiskError(path, known[code ?? ''] ?? `it can't be read: ${systemMessage(error)}`, 'input-output')
}

/** The system's message, e.g. `no space left on device`. */
export function systemMessage(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  return errno === undefined ? message : getSystemErrorMessage(errno)
}

/** Receives one sentence about a problem that doesn't stop the reading. */
export type Warn = (sentence: string) => void

/** A `Warn` that says each kind of sentence once: damage repeats itself in every record. Without a kind, a sentence is its own. */
export type WarnOnce = (sentence: string, kind?: string) => void

export function onceEach(warn: Warn): WarnOnce {
  const said = new Set<string>()
  return (sentence, kind = sentence) => {
    if (said.has(kind)) return
    said.add(kind)
    warn(sentence)
  }
}
