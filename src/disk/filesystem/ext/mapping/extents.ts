import { crc32c } from '../../../../bytes/crc32c.ts'
import { type FsBlock, fileBlock, fsBlock } from '../../block-number.ts'
import type { Inode } from '../inode/inode.ts'
import { blockField, extentEntrySize, extentMagic, maxWrittenExtent } from '../inode/layout.ts'
import type { ExtReader } from '../reader.ts'
import type { Runs } from './runs.ts'

const maxLevels = 5
/** Extents number a file's blocks with 32 bits. */
const endOfFile = 2 ** 32

/** Adds the runs of the first `blocks` blocks of a file that is mapped by extents (Linux, Documentation/filesystems/ext4/ifork.rst). */
export function extentRuns(reader: ExtReader, inode: Inode, blocks: number, runs: Runs): void {
  const root = blockField(inode)
  const depth = checkHeader(root, runs)
  if (depth > maxLevels) throw runs.damage(`its extent tree is ${depth} levels deep`)
  /** Adds the contents of a node that maps the file's blocks from `from` up to, but not including, `to`. */
  const add = (node: Buffer, nodeDepth: number, from: number, to: number) => {
    const count = node.readUInt16LE(2)
    let free = from
    for (let index = 0; index < count; index++) {
      const at = extentEntrySize * (index + 1)
      const first = fileBlock(node.readUInt32LE(at))
      if (first < free || first >= to) throw runs.damage(`its extent tree is out of order at block ${first} of the file`)
      free =
        nodeDepth === 0
          ? addExtent(node, at, to)
          : addChild(node, at, nodeDepth, index + 1 < count ? node.readUInt32LE(at + extentEntrySize) : to)
    }
  }
  const addExtent = (node: Buffer, at: number, to: number): number => {
    const first = fileBlock(node.readUInt32LE(at))
    const length = node.readUInt16LE(at + 4)
    const count = length > maxWrittenExtent ? length - maxWrittenExtent : length
    if (count === 0 || first + count > to) {
      throw runs.damage(`its extent at block ${first} of the file has the impossible length ${count}`)
    }
    const start = fsBlock(node.readUInt16LE(at + 6) * 2 ** 32 + node.readUInt32LE(at + 8))
    const used = Math.min(count, blocks - first)
    if (length <= maxWrittenExtent && used > 0) runs.add(first, start, used)
    return first + count
  }
  const addChild = (node: Buffer, at: number, nodeDepth: number, to: number): number => {
    const first = fileBlock(node.readUInt32LE(at))
    if (first >= blocks) return first + 1
    const block = fsBlock(node.readUInt32LE(at + 4) + node.readUInt16LE(at + 8) * 2 ** 32)
    const child = Buffer.allocUnsafeSlow(reader.superblock.blockSize)
    runs.readMapBlock(child, block)
    if (checkHeader(child, runs) !== nodeDepth - 1) throw runs.damage(`block ${block} is at the wrong depth of its extent tree`)
    if (reader.superblock.hasChecksums) verifyChecksum(child, inode, block, runs)
    add(child, nodeDepth - 1, first, to)
    return first + 1
  }
  add(root, depth, 0, endOfFile)
}

/**
 * Checks a node's header, and returns the node's depth: 0 for a leaf.
 * @throws DiskError if it is damaged
 */
function checkHeader(node: Buffer, runs: Runs): number {
  if (node.readUInt16LE(0) !== extentMagic) throw runs.damage('its extent tree has a node without the magic number')
  const entries = node.readUInt16LE(2)
  const max = node.readUInt16LE(4)
  const depth = node.readUInt16LE(6)
  if (entries > max || (max + 1) * extentEntrySize > node.length || (entries === 0 && depth > 0)) {
    throw runs.damage(`its extent tree has a node of ${entries} entries with room for ${max}`)
  }
  return depth
}

/** The checksum follows the space for entries. */
function verifyChecksum(node: Buffer, inode: Inode, block: FsBlock, runs: Runs): void {
  const end = (node.readUInt16LE(4) + 1) * extentEntrySize
  if (end + 4 > node.length || crc32c(inode.checksumSeed, node.subarray(0, end)) !== node.readUInt32LE(end)) {
    throw runs.damage(`the checksum of block ${block} of its extent tree is wrong`)
  }
}
