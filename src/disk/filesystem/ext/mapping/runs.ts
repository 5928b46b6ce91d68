import { DiskError, damage } from '../../../../bytes/errors.ts'
import type { FileBlock, FsBlock } from '../../block-number.ts'
import type { BlockRuns } from '../../run-reader.ts'
import { type Inode, inodePlace } from '../inode/inode.ts'
import type { ExtReader } from '../reader.ts'

/** A 16 GiB file has this many runs only if no two of its blocks are adjacent. A list of this length takes 100 MB. */
const maxRuns = 4_000_000

/** Where the written blocks of a file are, in file order. Blocks that no run covers read as zeros. */
export class Runs implements BlockRuns {
  /** For the run at each index: its first block in the file, the position of that block in the filesystem, and the length in blocks. */
  readonly fileBlocks: FileBlock[] = []
  readonly fsBlocks: FsBlock[] = []
  readonly counts: number[] = []
  readonly #reader: ExtReader
  readonly #inode: Inode
  readonly #seen = new Set<FsBlock>()

  constructor(reader: ExtReader, inode: Inode) {
    this.#reader = reader
    this.#inode = inode
  }

  /**
   * Adds blocks that come after all blocks added before.
   * @throws DiskError if they aren't blocks of the filesystem
   */
  add(fileBlock: FileBlock, fsBlock: FsBlock, count: number): void {
    this.#checkBlocks(fsBlock, count)
    const last = this.counts.length - 1
    if (last >= 0 && this.fileBlocks[last]! + this.counts[last]! === fileBlock && this.fsBlocks[last]! + this.counts[last]! === fsBlock) {
      this.counts[last]! += count
      return
    }
    if (this.counts.length === maxRuns) {
      const place = inodePlace(this.#reader, this.#inode.number)
      throw new DiskError(place, `it is fragmented into more than ${maxRuns} pieces, which is the limit`, 'unsupported')
    }
    this.fileBlocks.push(fileBlock)
    this.fsBlocks.push(fsBlock)
    this.counts.push(count)
  }

  /**
   * Reads a block of the map itself.
   * @throws DiskError if the map leads to a block twice, which would never end
   */
  readMapBlock(into: Buffer, block: FsBlock): void {
    this.#checkBlocks(block, 1)
    if (this.#seen.has(block)) throw this.damage(`the map of its blocks leads to block ${block} twice`)
    this.#seen.add(block)
    this.#reader.device.read(into, block * this.#reader.superblock.blockSize)
  }

  /** An error for a file whose map is damaged; `what` as for `damage` in bytes/errors.ts. */
  damage(what: string): DiskError {
    return damage(this.#reader, `inode ${this.#inode.number}`, what)
  }

  #checkBlocks(block: FsBlock, count: number): void {
    const { firstDataBlock, blocksCount } = this.#reader.superblock
    // The first data block is the superblock's own, or with larger blocks contains it.
    if (block > firstDataBlock && block + count <= blocksCount) return
    throw this.damage(`it uses blocks ${block} to ${block + count - 1}, which can't belong to a file`)
  }
}
