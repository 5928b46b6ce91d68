import { DiskError, damageAt } from '../../../../bytes/errors.ts'
import { type FileBlock, type FsBlock, fileBlock } from '../../block-number.ts'
import type { BlockRuns } from '../../run-reader.ts'
import { blockPosition, inodePlace } from '../address.ts'
import { u64 } from '../bytes.ts'
import type { Fork } from '../inode/fork.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'

/** A 16 GiB file has this many runs only if no two of its blocks are adjacent. A list of this length takes 100 MB. */
const maxRuns = 4_000_000

export const extentSize = 16

/** Where the written blocks of a fork are, in the fork's order. */
export class Runs implements BlockRuns {
  readonly fileBlocks: FileBlock[] = []
  readonly fsBlocks: FsBlock[] = []
  readonly counts: number[] = []
  /** Extents, with those that were never written. */
  extents = 0
  /** The first block that the next extent may map. */
  #free = 0
  readonly #reader: XfsReader
  readonly #place: string
  /** Blocks of the fork from here on don't matter, such as those that are preallocated behind the end of a file. */
  readonly #end: number

  constructor(reader: XfsReader, inode: Inode, fork: Fork, end: number) {
    this.#reader = reader
    this.#place = `the ${fork.name} fork of ${inodePlace(reader, inode.number)}`
    this.#end = end
  }

  /**
   * Adds the extent at `at`: 1 bit that says that it was never written and reads as zeros, 54 bits for its first block in the fork, 52 for
   * that in the filesystem, and 21 for its length (Linux, fs/xfs/libxfs/xfs_format.h, xfs_bmbt_rec).
   * @throws DiskError if it isn't behind the one before, or not in the filesystem
   */
  add(records: Buffer, at: number): void {
    const high = records.readUInt32BE(at)
    const second = records.readUInt32BE(at + 4)
    const third = records.readUInt32BE(at + 8)
    const low = records.readUInt32BE(at + 12)
    const isWritten = high < 0x80000000
    const first = fileBlock((high & 0x7fffffff) * 2 ** 23 + (second >>> 9))
    const encoded = (second & 0x1ff) * 2 ** 43 + third * 2 ** 11 + (low >>> 21)
    const count = low & 0x1fffff
    if (first < this.#free || count === 0) throw this.error(`has the impossible extent of ${count} blocks at its block ${first}`)
    const start = blockPosition(this.#reader.superblock, encoded, count)
    if (start === undefined) throw this.error(`uses ${count} blocks from number ${encoded} on, which can't belong to a file`)
    this.#free = first + count
    this.extents++
    const used = Math.min(count, this.#end - first)
    if (isWritten && used > 0) this.#push(first, start, used)
  }

  #push(first: FileBlock, start: FsBlock, count: number): void {
    const last = this.counts.length - 1
    if (last >= 0 && this.fileBlocks[last]! + this.counts[last]! === first && this.fsBlocks[last]! + this.counts[last]! === start) {
      this.counts[last]! += count
      return
    }
    if (this.counts.length === maxRuns) throw new DiskError(this.#place, `it is fragmented into more than ${maxRuns} pieces`)
    this.fileBlocks.push(first)
    this.fsBlocks.push(start)
    this.counts.push(count)
  }

  error(what: string): DiskError {
    return damageAt(this.#place, `it ${what}`)
  }

  /** The number of the inode's or a node's pointer, as a block of the filesystem. */
  blockAt(pointers: Buffer, at: number): FsBlock {
    const encoded = u64(pointers, at)
    const block = blockPosition(this.#reader.superblock, encoded, 1)
    if (block === undefined) throw this.error(`has a map that leads to block number ${encoded}, which can't belong to a file`)
    return block
  }
}
