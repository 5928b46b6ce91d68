import type { WarnOnce } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'
import type { Budget } from './budget.ts'
import type { Superblock } from './superblock/superblock.ts'

/** The filesystem that a structure is read from. */
export interface XfsReader {
  readonly name: string
  readonly device: Source
  readonly superblock: Superblock
  readonly warn: WarnOnce
  /** For directories and maps of blocks, which could otherwise be shared by any number of inodes. */
  readonly metadata: Budget
  /** For attributes outside their inodes. */
  readonly attributes: Budget
  /** The bytes of the inode at a position of the device, not verified. */
  readonly rawInode: (position: number) => Buffer
}
