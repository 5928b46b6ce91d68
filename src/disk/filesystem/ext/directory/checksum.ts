import { crc32c } from '../../../../bytes/crc32c.ts'
import type { Inode } from '../inode/inode.ts'
import { inodeFlags } from '../inode/layout.ts'

/** The checksum is in an entry at the end of the block, without an inode, and with a type that no real entry has. */
const tailSize = 12
const tailType = 0xde
const dotSize = 12
const fourZeros = Buffer.alloc(4)

/**
 * Whether a directory block has a checksum, and it is right. In a block of entries, the checksum is in the last entry; in a node of the hash
 * tree, it follows the space for the node's pointers.
 */
export function directoryBlockHolds(block: Buffer, inode: Inode, isFirstBlock: boolean): boolean {
  const tree = treeNode(block, isFirstBlock && (inode.flags & inodeFlags.index) !== 0)
  return tree === undefined ? tailHolds(block, inode.checksumSeed) : treeHolds(block, inode.checksumSeed, tree)
}

/** The offset of a tree node's count and limit; undefined if the block isn't a node. */
function treeNode(block: Buffer, mayBeRoot: boolean): number | undefined {
  // In the root, `.`, `..` and the eight bytes that describe the tree come first, and the entry of `..` covers the rest of the block.
  if (mayBeRoot && block.readUInt16LE(dotSize + 4) === block.length - dotSize && block.readUInt8(29) === 8) return 32
  const length = block.readUInt16LE(4)
  const coversBlock = length === block.length || (block.length === 65536 && (length === 0 || length === 65535))
  return block.readUInt32LE(0) === 0 && coversBlock ? 8 : undefined
}

function tailHolds(block: Buffer, seed: number): boolean {
  const at = block.length - tailSize
  const isTail = block.readUInt32LE(at) === 0 && block.readUInt16LE(at + 4) === tailSize && block.readUInt16LE(at + 6) === tailType << 8
  return isTail && crc32c(seed, block.subarray(0, at)) === block.readUInt32LE(at + 8)
}

function treeHolds(block: Buffer, seed: number, pointers: number): boolean {
  const limit = block.readUInt16LE(pointers)
  const count = block.readUInt16LE(pointers + 2)
  const tail = pointers + limit * 8
  if (count > limit || tail + 8 > block.length) return false
  let crc = crc32c(seed, block.subarray(0, pointers + count * 8))
  crc = crc32c(crc, block.subarray(tail, tail + 4))
  return crc32c(crc, fourZeros) === block.readUInt32LE(tail + 4)
}
