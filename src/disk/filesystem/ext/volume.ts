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
  /** Bytes of directories that may still be read: directories that share blocks could otherwise go on forever. */
  directoryBytesLeft: number
  /** The first block of a group's inode table. */
  readonly inodeTableBlock: (group: number) => number
  /** An inode's `inodeSize` bytes, not verified. */
  readonly rawInode: (number: number) => Buffer
  /** The attributes in an attribute block. */
  readonly attributeBlock: (block: number) => readonly Attribute[]
  /** Changes in the journal that aren't blocks of the device. */
  readonly fastCommits?: FastCommits
}

/** Walking five million names reads a tenth of this. */
const mostDirectoryBytes = 4 * 2 ** 30

/** 64 windows of 32 KiB take 2 MiB. Files of one directory have adjacent inodes. */
const windowsKept = 64

/** Many files share an attribute block, e.g. the one with their SELinux label. */
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
