import type { FsBlock } from '../../block-number.ts'
import type { Fork } from '../inode/fork.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'
import { type SelfDescription, verify } from '../self-description.ts'
import { extentSize, type Runs } from './runs.ts'

/** Linux's XFS_BTREE_MAXLEVELS. */
const maxLevels = 9
const rootHeader = 4
const keySize = 8
const pointerSize = 8
const magics = { version4: 'BMAP', version5: 'BMA3' } as const
const headers = { version4: 24, version5: 72 } as const
const fields: SelfDescription = { checksum: 64, block: 24, uuid: 40, owner: 56 }

/**
 * Adds the extents of a fork that has a tree of them (Linux, fs/xfs/libxfs/xfs_bmap_btree.c). Its root is in the inode, and has pointers
 * to nodes; the leaves have extents.
 */
export function btreeRuns(reader: XfsReader, inode: Inode, fork: Fork, runs: Runs): void {
  const { blockSize, hasChecksums } = reader.superblock
  const header = hasChecksums ? headers.version5 : headers.version4
  const magic = hasChecksums ? magics.version5 : magics.version4
  const seen = new Set<FsBlock>()

  /** Adds what `count` pointers lead to. A node has room for `room` keys, and then for as many pointers. */
  const addChildren = (node: Buffer, start: number, room: number, count: number, level: number) => {
    if (count === 0 || count > room) throw runs.error(`has a map with a node of ${count} entries, where ${room} have room`)
    for (let index = 0; index < count; index++) {
      addNode(runs.blockAt(node, start + room * keySize + index * pointerSize), level - 1)
    }
  }
  const addNode = (block: FsBlock, level: number) => {
    if (seen.has(block)) throw runs.error(`has a map that leads to block ${block} twice`)
    seen.add(block)
    reader.metadata.spend(blockSize)
    const node = Buffer.allocUnsafeSlow(blockSize)
    reader.device.read(node, block * blockSize)
    const place = `block ${block} of ${reader.name}, in the map of inode ${inode.number}`
    if (node.toString('latin1', 0, 4) !== magic) throw runs.error(`has a map with block ${block}, which has no magic number`)
    if (hasChecksums) verify(reader, node, fields, { block, owner: inode.number }, place)
    if (node.readUInt16BE(4) !== level) throw runs.error(`has a map with block ${block} on the wrong level`)
    const count = node.readUInt16BE(6)
    if (level > 0) {
      addChildren(node, header, Math.floor((blockSize - header) / (keySize + pointerSize)), count, level)
      return
    }
    if (header + count * extentSize > blockSize) throw runs.error(`has a map with block ${block} of ${count} extents`)
    for (let index = 0; index < count; index++) runs.add(node, header + index * extentSize)
  }

  const level = fork.bytes.length < rootHeader ? 0 : fork.bytes.readUInt16BE(0)
  if (level === 0 || level > maxLevels) throw runs.error(`has a map of ${level} levels`)
  const room = Math.floor((fork.bytes.length - rootHeader) / (keySize + pointerSize))
  addChildren(fork.bytes, rootHeader, room, fork.bytes.readUInt16BE(2), level)
}
