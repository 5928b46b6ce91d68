import type { Environment } from './environment.ts'

/**
 * The folder that an entry is. Entries are told apart by their key and by the literal path, so it is relative and the same for all:
 * `@actions/cache` stores what it finds relative to `GITHUB_WORKSPACE`, and another job's may lie at another depth.
 */
export const entryFolder = 'xenserver-ddk'

/** An entry of the cache, and the directory in which its folder is, or will be. */
export interface CacheEntry {
  readonly key: string
  readonly dir: string
  /** What messages call it, e.g. `the image`. */
  readonly what: string
}

/** What the process gets, as JSON on its standard input. */
export interface Handover {
  readonly task: CacheTask
  readonly environment: Environment
}

/** What the process is to do. */
export interface CacheTask {
  readonly kind: 'restore' | 'save'
  readonly entries: readonly CacheEntry[]
  readonly statusFile: string
}

/** What came of it so far. */
export interface Status {
  /** In the order of the entries. */
  readonly results: readonly EntryResult[]
  /** Whether it is all that there will be. */
  readonly ended: boolean
  /** Why it ended before its time; else empty. */
  readonly failure: string
}

export interface EntryResult {
  readonly outcome: 'restored' | 'missing' | 'saved' | 'exists' | 'refused'
  /** Why it is missing or refused; empty if there is nothing to say. */
  readonly reason: string
  readonly milliseconds: number
}

/** The files of one process. */
export function filesOf(statusFile: string): { status: string; log: string; temp: string; started: string } {
  return { status: statusFile, log: `${statusFile}.log`, temp: `${statusFile}.temp`, started: `${statusFile}.started` }
}
