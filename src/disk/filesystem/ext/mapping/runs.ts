import { DiskError } from '../../../../bytes/errors.ts'
import { type Inode, inodeFlags, inodePlace } from '../inode/inode.ts'
import type { Range } from '../journal/fast-commit/log.ts'
import { laidOver } from '../journal/fast-commit/ranges.ts'
import type { Volume } from '../volume.ts'
import { blockMapRuns } from './block-map.ts'
import { extentRuns } from './extents.ts'

/** A file of 16 GiB would have to lie in single blocks to have as many; a list of so many takes 100 MB. */
const mostRuns = 4_000_000

/** Where the written blocks of a file lie, in the order of the file; what no run covers reads as zeros. */
export class Runs {
  /** Of the `index`th run: its first block in the file, that block's place on the device, and its length in blocks. */
  readonly fileBlocks: number[] = []
  readonly deviceBlocks: number[] = []
  readonly counts: number[] = []
  readonly #volume: Volume
  readonly #place: string
  readonly #seen = new Set<number>()

  constructor(volume: Volume, inode: Inode) {
    this.#volume = volume
    this.#place = inodePlace(volume, inode.number)
  }

  /** Adds blocks that lie behind all that were added before. @throws DiskError if they aren't blocks of the filesystem */
  add(fileBlock: number, deviceBlock: number, count: number): void {
    this.#checkBlocks(deviceBlock, count)
    const last = this.counts.length - 1
    if (
      last >= 0 &&
      this.fileBlocks[last]! + this.counts[last]! === fileBlock &&
      this.deviceBlocks[last]! + this.counts[last]! === deviceBlock
    ) {
      this.counts[last]! += count
      return
    }
    if (this.counts.length === mostRuns) throw this.error(`it is in more than ${mostRuns} pieces`)
    this.fileBlocks.push(fileBlock)
    this.deviceBlocks.push(deviceBlock)
    this.counts.push(count)
  }

  /** Reads a block of the map itself. @throws DiskError if the map leads to one block twice, which would never end */
  readMapBlock(into: Buffer, block: number): void {
    this.#checkBlocks(block, 1)
    if (this.#seen.has(block)) throw this.error(`the map of its blocks leads to block ${block} twice; the filesystem is damaged`)
    this.#seen.add(block)
    this.#volume.device.read(into, block * this.#volume.superblock.blockSize)
  }

  error(what: string): DiskError {
    return new DiskError(this.#place, what)
  }

  #checkBlocks(block: number, count: number): void {
    const { firstDataBlock, blocksCount } = this.#volume.superblock
    // The first data block is the superblock's own, or with larger blocks holds it.
    if (block > firstDataBlock && block + count <= blocksCount) return
    throw this.error(`it uses blocks ${block} to ${block + count - 1}, which are not among those of files; the filesystem is damaged`)
  }
}

/** @throws DiskError if the map of the file's blocks is damaged */
export function fileRuns(volume: Volume, inode: Inode): Runs {
  const runs = new Runs(volume, inode)
  const blocks = Math.ceil(inode.size / volume.superblock.blockSize)
  if (inode.flags & inodeFlags.extents) extentRuns(volume, inode, blocks, runs)
  else blockMapRuns(volume, inode, blocks, runs)
  const changes = volume.fastCommits?.ranges(inode.number)
  return changes ? changedRuns(volume, inode, blocks, runs, changes) : runs
}

function changedRuns(volume: Volume, inode: Inode, blocks: number, runs: Runs, changes: readonly Range[]): Runs {
  const onDevice = runs.counts.map((count, index) => ({ first: runs.fileBlocks[index]!, count, start: runs.deviceBlocks[index]! }))
  const changed = new Runs(volume, inode)
  for (const { first, count, start } of laidOver(onDevice, changes)) {
    const used = Math.min(count, blocks - first)
    if (start !== undefined && used > 0) changed.add(first, start, used)
  }
  return changed
}
