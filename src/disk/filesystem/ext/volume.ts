import type { Warn } from '../../../bytes/errors.ts'
import { recent } from '../../../bytes/recent.ts'
import type { Source } from '../../../bytes/source.ts'
import { groupDescriptors } from './inode/block-group.ts'
import { inodeTable } from './inode/inode-table.ts'
import type { FastCommits } from './journal/fast-commit/changes.ts'
import type { Superblock } from './superblock/superblock.ts'
import { type Attribute, readAttributeBlock } from './xattr/xattr.ts'

/** The filesystem that a structure is read from. */
export interface Volume {
  readonly name: string
  readonly device: Source
  readonly superblock: Superblock
  readonly warn: Warn
  /** How many bytes of directories may still be read: directories that share their blocks could go on for ever. */
  directoryBytesLeft: number
  /** The first block of a group's inode table. */
  readonly inodeTableBlock: (group: number) => number
  /** An inode's bytes, `inodeSize` of them, not yet verified. */
  readonly rawInode: (number: number) => Buffer
  /** What an attribute block holds. */
  readonly attributeBlock: (block: number) => readonly Attribute[]
  /** What the journal changes beyond the device's blocks. */
  readonly fastCommits?: FastCommits
}

/** A walk of five million names takes a tenth of it. */
const mostDirectoryBytes = 4 * 2 ** 30

/** Windows of 32 KiB make 2 MiB; files of one directory have their inodes side by side. */
const windowsKept = 64

/** Many files share an attribute block, e.g. that with their SELinux label. */
const attributeBlocksKept = 64

export function openVolume(device: Source, superblock: Superblock, warn: Warn, fastCommits?: FastCommits): Volume {
  const inodeTableBlock = recent(256, groupDescriptors(device, superblock, warn))
  return {
    name: device.name,
    device,
    superblock,
    warn,
    directoryBytesLeft: mostDirectoryBytes,
    inodeTableBlock,
    rawInode: inodeTable(device, superblock, inodeTableBlock, windowsKept),
    attributeBlock: recent(attributeBlocksKept, (block) => readAttributeBlock(device, superblock, block)),
    ...(fastCommits && { fastCommits }),
  }
}
