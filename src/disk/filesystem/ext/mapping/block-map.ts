import { type FileBlock, fileBlock, fsBlock } from '../../block-number.ts'
import type { Inode } from '../inode/inode.ts'
import { blockField } from '../inode/layout.ts'
import type { ExtReader } from '../reader.ts'
import type { Runs } from './runs.ts'

const directPointers = 12
const depths = [1, 2, 3]

/**
 * Adds the runs of the first `blocks` blocks of a file with an ext2 block map: twelve pointers to blocks, then one pointer each to a
 * single, double and triple indirect block. A pointer of 0 is a hole, at every level.
 */
export function blockMapRuns(reader: ExtReader, inode: Inode, blocks: number, runs: Runs): void {
  const perBlock = reader.superblock.blockSize / 4
  const field = blockField(inode)
  /** One buffer per level is enough, because a block of pointers is read to its end before the next one of its level. */
  const buffers: Buffer[] = []

  /** Adds what `pointers` maps from the file's block `from` on; each pointer stands for `span` blocks. */
  const add = (pointers: Buffer, count: number, from: FileBlock, depth: number, span: number) => {
    for (let index = 0; index < count; index++) {
      const first = fileBlock(from + index * span)
      if (first >= blocks) return
      const block = fsBlock(pointers.readUInt32LE(4 * index))
      if (block === 0) continue
      if (depth === 0) {
        runs.add(first, block, 1)
        continue
      }
      buffers[depth] ??= Buffer.allocUnsafeSlow(4 * perBlock)
      runs.readMapBlock(buffers[depth], block)
      add(buffers[depth], perBlock, first, depth - 1, span / perBlock)
    }
  }

  add(field, directPointers, fileBlock(0), 0, 1)
  let next = directPointers
  for (const depth of depths) {
    const span = perBlock ** depth
    add(field.subarray(4 * (directPointers + depth - 1)), 1, fileBlock(next), depth, span)
    next += span
  }
  if (next < blocks) throw runs.damage(`its size of ${inode.size} bytes is more than its block map can hold`)
}
