import { DiskError, type Warn } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'

/** What every part of this reader needs to know about the ISO. */
export interface Volume {
  readonly source: Source
  /** Bytes in a logical block, the unit of all positions: 512, 1024 or 2048. */
  readonly blockSize: number
  /** Bytes to skip in each system use field; undefined if the System Use Sharing Protocol isn't used. */
  readonly skip: number | undefined
  readonly naming: Naming
  readonly warnOnce: WarnOnce
  /** Inode numbers of files with several names, by what identifies the file. */
  readonly hardLinks: Map<string, number>
  readonly budget: Budget
}

/** Passes on only the first sentence of each `kind`, because the same damage is often in every record. */
export type WarnOnce = (kind: string, sentence: string) => void

/** Which set of names is used. */
export type Naming = 'rock-ridge' | 'joliet' | 'plain'

/** Counts what has been read, so that a hostile image can't cause a lot of work with little data. */
export interface Budget {
  directoryBytes: number
  continuationBytes: number
  /** For each directory block: the first byte of the directory that it belongs to. The key is the block's first byte. */
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
