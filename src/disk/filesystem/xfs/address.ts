import { damage } from '../../../bytes/errors.ts'
import { type FsBlock, fsBlock } from '../block-number.ts'
import type { XfsReader } from './reader.ts'
import type { Superblock } from './superblock/superblock.ts'

/**
 * The position of a block in the filesystem. On disk, a block's number has the allocation group in its upper bits, and groups aren't a power
 * of two long. Everywhere else in this reader, blocks are counted without gaps.
 * @returns undefined if `count` blocks from there on aren't blocks of one group that a file can have
 */
export function blockPosition(superblock: Superblock, encoded: number, count: number): FsBlock | undefined {
  const { groupBlockBits, blocksPerGroup, groupsCount, firstBlockOfGroup, blocksCount } = superblock
  const group = Math.floor(encoded / 2 ** groupBlockBits)
  const within = encoded % 2 ** groupBlockBits
  if (group >= groupsCount || within < firstBlockOfGroup || within + count > blocksPerGroup) return undefined
  const position = group * blocksPerGroup + within
  return position + count <= blocksCount ? fsBlock(position) : undefined
}

/**
 * The byte at which an inode begins. Its number consists of its block's number and its index in the block.
 * @throws DiskError if there can't be such an inode
 */
export function inodePosition(reader: XfsReader, number: number): number {
  const { superblock } = reader
  const block = blockPosition(superblock, Math.floor(number / superblock.inodesPerBlock), 1)
  if (block === undefined) throw damage(reader, `inode ${number}`, 'it is needed, but lies outside the filesystem')
  return block * superblock.blockSize + (number % superblock.inodesPerBlock) * superblock.inodeSize
}

export function inodePlace(reader: { readonly name: string }, number: number): string {
  return `inode ${number} of ${reader.name}`
}
