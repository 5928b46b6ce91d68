import { DiskError, type Warn } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'

/** What every part of this reader needs to know of the ISO. */
export interface Volume {
  readonly source: Source
  /** Bytes in a logical block, the unit of all locations: 512, 1024 or 2048. */
  readonly blockSize: number
  /** Bytes to skip in each system use field; nothing if the System Use Sharing Protocol isn't used. */
  readonly skip: number | undefined
  readonly naming: Naming
  readonly warnOnce: WarnOnce
  /** The inode number of each file that has several names, by what identifies it. */
  readonly hardLinks: Map<string, number>
  readonly budget: Budget
}

/** Says a sentence the first time that its `kind` comes up: damage repeats itself in every record. */
export type WarnOnce = (kind: string, sentence: string) => void

/** Which of its names an ISO is read by. */
export type Naming = 'rock-ridge' | 'joliet' | 'plain'

/** What has been read so far, so that a hostile image can't make a little data into a lot of work. */
export interface Budget {
  directoryBytes: number
  continuationBytes: number
  /** The first byte of the directory that each directory block belongs to, by the first byte of the block. */
  readonly owners: Map<number, number>
}

/** Bytes in a logical sector, the unit in which directory records are packed (ECMA-119, 6.1.2). */
export const sectorSize = 2048

export function onceEach(warn: Warn): WarnOnce {
  const said = new Set<string>()
  return (kind, sentence) => {
    if (said.has(kind)) return
    said.add(kind)
    warn(sentence)
  }
}

/** An error about the structure at a byte of the ISO. */
export function damage(source: Source, at: number, what: string): DiskError {
  return new DiskError(`${source.name}, byte ${at}`, `${what}; the ISO is damaged`)
}
