import type { Warn } from '../../../bytes/errors.ts'
import { recent } from '../../../bytes/recent.ts'
import type { Source } from '../../../bytes/source.ts'
import type { FsBlock } from '../block-number.ts'
import { groupDescriptors } from './inode/block-group.ts'
import { inodeTable } from './inode/inode-table.ts'
import type { FastCommits } from './journal/fast-commit/changes.ts'
import type { ExtReader } from './reader.ts'
import type { Superblock } from './superblock/superblock.ts'
import { readAttributeBlock } from './xattr/attribute.ts'

/** Walking five million names reads a tenth of this. */
const maxDirectoryBytes = 4 * 2 ** 30

/** 64 windows of 32 KiB take 2 MiB. Files of one directory have adjacent inodes. */
const windowsKept = 64

/** Many files share an attribute block, e.g. the one with their SELinux label. */
const attributeBlocksKept = 64

export function openReader(device: Source, superblock: Superblock, warn: Warn, fastCommits?: FastCommits): ExtReader {
  const inodeTableBlock = recent(256, groupDescriptors(device, superblock, warn))
  return {
    name: device.name,
    device,
    superblock,
    warn,
    directoryBytesLeft: maxDirectoryBytes,
    inodeTableBlock,
    rawInode: inodeTable(device, superblock, inodeTableBlock, windowsKept),
    attributeBlock: recent(attributeBlocksKept, (block: FsBlock) => readAttributeBlock(device, superblock, block)),
    ...(fastCommits && { fastCommits }),
  }
}
