import { type DiskError, damage } from '../../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import type { JournalSuperblock } from './superblock.ts'

/** The journal's circular log of transactions. */
export interface Log {
  readonly name: string
  readonly superblock: JournalSuperblock
  /** Reads one of the journal's blocks. */
  block(at: number): Buffer<ArrayBuffer>
  /** The block that is `count` blocks further, wrapping around at the end. */
  after(at: number, count: number): number
  /** An error for one of the journal's blocks that is damaged; `what` as for `damage` in bytes/errors.ts. */
  damage(at: number, what: string): DiskError
}

/** Opens the log of the journal in `journal`. */
export function openLog(journal: Source, superblock: JournalSuperblock): Log {
  const { blockSize, first, end } = superblock
  return {
    name: journal.name,
    superblock,
    block: (at) => bytesAt(journal, at * blockSize, blockSize),
    after: (at, count) => first + ((at - first + count) % (end - first)),
    damage: (at, what) => damage(journal, `block ${at}`, what, 'journal'),
  }
}
