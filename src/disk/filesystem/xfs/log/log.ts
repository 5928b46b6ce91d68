import { damageAt } from '../../../../bytes/errors.ts'
import { bytesAt, type Source } from '../../../../bytes/source.ts'
import { blockPosition } from '../address.ts'
import type { Superblock } from '../superblock/superblock.ts'

/** The unit of the log, whatever the size of a sector is. */
export const logBlockSize = 512
/** Begins each record (XLOG_HEADER_MAGIC_NUM). In any other block, the first four bytes are the number of the cycle. */
export const recordMagic = 0xfeedbabe

/** The journal: a ring of blocks of 512 bytes. Each pass through the ring is a cycle, and each block has its cycle's number. */
export interface Log {
  readonly name: string
  readonly blocks: number
  /** The bytes of `count` blocks, going on at the start of the ring after its end. */
  read(block: number, count: number): Buffer
}

/** @throws DiskError if the log isn't in the filesystem */
export function openLog(device: Source, superblock: Superblock): Log {
  const { logStart, logBlocks, blockSize } = superblock
  const start = blockPosition(superblock, logStart, logBlocks)
  if (start === undefined || logBlocks === 0) {
    throw damageAt(device.name, `the XFS superblock has a log of ${logBlocks} blocks at number ${logStart}`)
  }
  const blocks = (logBlocks * blockSize) / logBlockSize
  const at = (block: number) => start * blockSize + block * logBlockSize
  return {
    name: device.name,
    blocks,
    read(block, count) {
      const whole = Math.min(count, blocks)
      const first = Math.min(whole, blocks - block)
      const bytes = bytesAt(device, at(block), first * logBlockSize)
      return first === whole ? bytes : Buffer.concat([bytes, bytesAt(device, at(0), (whole - first) * logBlockSize)])
    },
  }
}

/** The number of the cycle in which a block was written; 0 if it never was. */
export function cycleOf(block: Buffer, at = 0): number {
  const first = block.readUInt32BE(at)
  return first === recordMagic ? block.readUInt32BE(at + 4) : first
}
