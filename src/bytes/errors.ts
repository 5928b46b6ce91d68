import { getSystemErrorMessage } from 'node:util'
import { oneLine } from './text.ts'

/** What an error for the user is about. Each kind has a section in docs/troubleshooting.md, which `src/troubleshooting.ts` names. */
export type ErrorKind =
  | DiskErrorKind
  /** An input of the action, or inputs together, can't be used. */
  | 'input'
  /** No address is known for the requested version. */
  | 'no-address'
  /** The ISO isn't the requested version, or states none. */
  | 'other-version'
  /** A file isn't the one with the expected checksum. */
  | 'checksum'
  /** An address gives another file than before. */
  | 'changed'
  /** A server can't be reached, or doesn't have the file. */
  | 'unreachable'
  /** A server wants a token or a login. */
  | 'denied'
  /** The image isn't the one with the expected digest. */
  | 'other-image'
  /** A registry refuses an image, or can't be reached. */
  | 'registry'
  /** Anybody could read the image in the registry. */
  | 'public-registry'
  /** A server's certificate can't be verified. */
  | 'certificate'
  /** There is no container engine that can be used. */
  | 'no-engine'
  /** A container engine failed. */
  | 'engine'
  /** A user namespace of an engine lacks owners that an image has. */
  | 'too-few-ids'
  /** An engine accepted an image, but can't make a container of it. */
  | 'broken-image'
  /** The steps' container can't be made as requested. */
  | 'container'
  /** No container of the image can run on this machine. */
  | 'no-steps'
  /** The packages of an image can't be listed. */
  | 'packages'
  /** There isn't enough memory. */
  | 'memory'
  /** Somebody ended the job. */
  | 'cancelled'

/** An error for the user. The message is one sentence: the place, what is wrong, and what to do. */
export class UserError extends Error {
  override readonly name: string = 'UserError'
  readonly kind: ErrorKind

  constructor(message: string, kind: ErrorKind) {
    super(message)
    this.kind = kind
  }
}

/**
 * Why input can't be used.
 * - `damaged`: the bytes violate their format.
 * - `unsupported`: they may be intact, but use a format or feature that isn't supported.
 * - `encrypted`: they can't be read without a key.
 * - `input-output`: this machine can't read them, or can't unpack them.
 * - `no-room`: its disk is too full for what is unpacked from them.
 * - `permission`: this user may not read them.
 * - `not-a-ddk`: they can be read, but aren't a DDK.
 */
export type DiskErrorKind = 'damaged' | 'unsupported' | 'encrypted' | 'input-output' | 'no-room' | 'permission' | 'not-a-ddk'

/**
 * Input that can't be used. The message is one sentence for the user: where the problem is (`place`, e.g. a source's name and a byte
 * offset), what is wrong, and what to do if something can be done. It is always a single line, whatever characters are in the names it
 * contains.
 */
export class DiskError extends UserError {
  override readonly name = 'DiskError'
  declare readonly kind: DiskErrorKind

  constructor(place: string, what: string, kind: DiskErrorKind = 'damaged') {
    super(oneLine(`${place}: ${what}`), kind)
  }

  /** Rebuilds an error from another thread. */
  static restored(message: string, kind: DiskErrorKind): DiskError {
    return Object.assign(new DiskError('', '', kind), { message })
  }
}

/**
 * An error for a damaged structure.
 * @param source that contains it
 * @param at its position: a byte of the source, or the name of a structure, e.g. `inode 12`
 * @param what is wrong, without the words "is damaged"
 * @param whole what the user calls the source, e.g. `ISO`
 */
export function damage(source: { readonly name: string }, at: number | string, what: string, whole = 'filesystem'): DiskError {
  return damageAt(typeof at === 'number' ? `${source.name}, byte ${at}` : `${at} of ${source.name}`, what, whole)
}

/** The same, for a place that is already put into words, e.g. `inode 12 of partition 1 of ddk.iso`. */
export function damageAt(place: string, what: string, whole = 'filesystem'): DiskError {
  return new DiskError(place, `${what}; the ${whole} is damaged`)
}

/** Turns a system error about a local path into a sentence. */
export function fileError(path: string, error: unknown): DiskError {
  return new DiskError(path, fileProblem(error), kindOfSystemError(error))
}

/** The same without the path. */
export function fileProblem(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'this user has no permission to read it; change its mode or its owner',
  }
  return known[code ?? ''] ?? `it can't be read: ${systemMessage(error)}`
}

/** What Node's codes for a full disk and for a missing permission (errno(3)) mean for the user. */
export const kindOfCode: Readonly<Record<string, 'no-room' | 'permission'>> = {
  ENOSPC: 'no-room',
  EDQUOT: 'no-room',
  EFBIG: 'no-room',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'permission',
}

/** What a system error means for the input that is read or unpacked. */
export function kindOfSystemError(error: unknown): DiskErrorKind {
  return kindOfCode[(error as NodeJS.ErrnoException).code ?? ''] ?? 'input-output'
}

/** The system's message, e.g. `no space left on device`. */
export function systemMessage(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  return errno === undefined ? message : getSystemErrorMessage(errno)
}

/** Receives one sentence about a problem that doesn't stop the reading. */
export type Warn = (sentence: string) => void

/**
 * Returns a `Warn` that passes on each kind of sentence only once, because the same damage is often in every record. Without a kind, each
 * different sentence counts.
 */
export type WarnOnce = (sentence: string, kind?: string) => void

export function onceEach(warn: Warn): WarnOnce {
  const said = new Set<string>()
  return (sentence, kind = sentence) => {
    if (said.has(kind)) return
    said.add(kind)
    warn(sentence)
  }
}
