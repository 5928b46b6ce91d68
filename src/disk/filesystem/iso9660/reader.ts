import type { WarnOnce } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'

/** What every part of this reader needs to know about the ISO. */
export interface IsoReader {
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
