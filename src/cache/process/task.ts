import type { UnameChoice } from '../../image/config/uname-choice.ts'
import type { Environment } from './environment.ts'

/**
 * The folder that an entry consists of. The service identifies an entry by its key and by this literal path, so the path is relative and
 * always the same: `@actions/cache` stores paths relative to `GITHUB_WORKSPACE`, which may be at another depth in another job.
 */
export const entryFolder = 'xenserver-ddk'

/** An entry of the cache, and the directory that contains its folder. */
export interface CacheEntry {
  readonly key: string
  readonly dir: string
  /** Name for messages, e.g. `the image`. */
  readonly what: string
  /** Set if the folder isn't there yet, and is made once it is certain that the cache doesn't have the entry. */
  readonly image?: ImageToMake
}

/** An image without a complete, compressed archive. It is made again, from the same ISO. */
export interface ImageToMake {
  /** Path of the ISO. */
  readonly iso: string
  /** In hexadecimal. */
  readonly isoSha256: string
  readonly uname: UnameChoice
  /** As in the conversion's options. */
  readonly maxZeroBytes?: number
  /** `sha256:` and the digest of its configuration, which the same ISO always gives. */
  readonly configDigest: string
}

/** What the process reads from its standard input, as JSON. */
export interface Handover {
  readonly task: CacheTask
  readonly environment: Environment
}

/** The task of the process. */
export interface CacheTask {
  readonly kind: 'restore' | 'save'
  readonly entries: readonly CacheEntry[]
  readonly statusFile: string
}

/** What the process has done so far. */
export interface Status {
  /** In the order of the entries. */
  readonly results: readonly EntryResult[]
  /** Whether the process is done. */
  readonly ended: boolean
  /** Why the process ended early; else empty. */
  readonly failure: string
}

export interface EntryResult {
  readonly outcome: 'restored' | 'missing' | 'saved' | 'exists' | 'refused'
  /** Why the entry is missing or was refused; empty if unknown. */
  readonly reason: string
  readonly milliseconds: number
}

/** The files that belong to one process. */
export interface ProcessFiles {
  readonly status: string
  /** The next status, until it is complete. */
  readonly statusPart: string
  readonly log: string
  /** A folder for temporary files. */
  readonly temp: string
  readonly started: string
  /** The archive that was downloaded. */
  readonly archive: string
}

export function filesOf(statusFile: string): ProcessFiles {
  const temp = `${statusFile}.temp`
  return {
    status: statusFile,
    statusPart: `${statusFile}.part`,
    log: `${statusFile}.log`,
    temp,
    started: `${statusFile}.started`,
    archive: `${temp}/archive`,
  }
}
