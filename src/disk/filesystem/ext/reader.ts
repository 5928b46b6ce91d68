import type { Warn } from '../../../bytes/errors.ts'
import type { Source } from '../../../bytes/source.ts'
import type { FsBlock } from '../block-number.ts'
import type { FastCommits } from './journal/fast-commit/changes.ts'
import type { Superblock } from './superblock/superblock.ts'
import type { Attribute } from './xattr/attribute.ts'

/** The filesystem that a structure is read from. */
export interface ExtReader {
  readonly name: string
  readonly device: Source
  readonly superblock: Superblock
  readonly warn: Warn
  /** Bytes of directories that may still be read: directories that share blocks could otherwise go on forever. */
  directoryBytesLeft: number
  /** The first block of a group's inode table. */
  readonly inodeTableBlock: (group: number) => FsBlock
  /** An inode's `inodeSize` bytes, not verified. */
  readonly rawInode: (number: number) => Buffer
  /** The attributes in an attribute block. */
  readonly attributeBlock: (block: FsBlock) => readonly Attribute[]
  /** Changes in the journal that aren't blocks of the device. */
  readonly fastCommits?: FastCommits
}
