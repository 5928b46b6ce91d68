import { DiskError } from '../../../../bytes/errors.ts'
import type { FileBlock, FsBlock } from '../../block-number.ts'
import { type Inode, inodePlace } from '../inode/inode.ts'
import type { ExtReader } from '../reader.ts'

/** A file of 16 GiB would have to lie in single blocks to have as many; a list of so many takes 100 MB. */
const mostRuns = 4_000_000

/** Where the written blocks of a file lie, in the order of the file; what no run covers reads as zeros. */
export class Runs {
  /** Of the `index`th run: its first block in the file, that block's place in the filesystem, and its length in blocks. */
  readonly fileBlocks: FileBlock[] = []
  readonly fsBlocks: FsBlock[] = []
  readonly counts: number[] = []
  readonly #reader: ExtReader
  readonly #place: string
  readonly #seen = new Set<FsBlock>()

  constructor(reader: ExtReader, inode: Inode) {
    this.#reader = reader
    this.#place = inodePlace(reader, inode.number)
  }

  /** Adds blocks that lie behind all that were added before. @throws DiskError if they aren't blocks of the filesystem */
  add(fileBlock: FileBlock, fsBlock: FsBlock, count: number): void {
    this.#checkBlocks(fsBlock, count)
    const last = this.counts.length - 1
    if (last >= 0 && this.fileBlocks[last]! + this.counts[last]! === fileBlock && this.fsBlocks[last]! + this.counts[last]! === fsBlock) {
      this.counts[last]! += count
      return
    }
    if (this.counts.length === mostRuns) throw this.error(`it is in more than ${mostRuns} pieces`)
    this.fileBlocks.push(fileBlock)
    this.fsBlocks.push(fsBlock)
    this.counts.push(count)
  }

  /** Reads a block of the map itself. @throws DiskError if the map leads to one block twice, which would never end */
  readMapBlock(into: Buffer, block: FsBlock): void {
    this.#checkBlocks(block, 1)
    if (this.#seen.has(block)) throw this.error(`the map of its blocks leads to block ${block} twice; the filesystem is damaged`)
    this.#seen.add(block)
    this.#reader.device.read(into, block * this.#reader.superblock.blockSize)
  }

  error(what: string): DiskError {
    return new DiskError(this.#place, what)
  }

  #checkBlocks(block: FsBlock, count: number): void {
    const { firstDataBlock, blocksCount } = this.#reader.superblock
    // The first data block is the superblock's own, or with larger blocks holds it.
    if (block > firstDataBlock && block + count <= blocksCount) return
    throw this.error(`it uses blocks ${block} to ${block + count - 1}, which are not among those of files; the filesystem is damaged`)
  }
}
