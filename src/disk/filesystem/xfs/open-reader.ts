import type { WarnOnce } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'
import { Budget } from './budget.ts'
import { inodeWindows } from './inode/inode-windows.ts'
import type { XfsReader } from './reader.ts'
import type { Superblock } from './superblock/superblock.ts'

/** Walking five million names reads a tenth of this. */
const maxMetadata = 4 * 2 ** 30
/** A block of attributes for each of four million inodes. */
const maxAttributes = 16 * 2 ** 30

export function openReader(device: Source, superblock: Superblock, warn: WarnOnce): XfsReader {
  return {
    name: device.name,
    device,
    superblock,
    warn,
    metadata: new Budget(device.name, "the XFS filesystem's directories and maps of blocks", maxMetadata),
    attributes: new Budget(device.name, "the XFS filesystem's extended attributes", maxAttributes),
    rawInode: inodeWindows(device, superblock),
  }
}
