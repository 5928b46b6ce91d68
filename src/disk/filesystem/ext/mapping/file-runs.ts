import type { Inode } from '../inode/inode.ts'
import { inodeFlags } from '../inode/layout.ts'
import type { Range } from '../journal/fast-commit/log.ts'
import { laidOver } from '../journal/fast-commit/ranges.ts'
import type { ExtReader } from '../reader.ts'
import { blockMapRuns } from './block-map.ts'
import { extentRuns } from './extents.ts'
import { Runs } from './runs.ts'

/** @throws DiskError if the map of the file's blocks is damaged */
export function fileRuns(reader: ExtReader, inode: Inode): Runs {
  const runs = new Runs(reader, inode)
  const blocks = Math.ceil(inode.size / reader.superblock.blockSize)
  if (inode.flags & inodeFlags.extents) extentRuns(reader, inode, blocks, runs)
  else blockMapRuns(reader, inode, blocks, runs)
  const changes = reader.fastCommits?.ranges(inode.number)
  return changes ? changedRuns(reader, inode, blocks, runs, changes) : runs
}

function changedRuns(reader: ExtReader, inode: Inode, blocks: number, runs: Runs, changes: readonly Range[]): Runs {
  const onDevice = runs.counts.map((count, index) => ({ first: runs.fileBlocks[index]!, count, start: runs.fsBlocks[index]! }))
  const changed = new Runs(reader, inode)
  for (const { first, count, start } of laidOver(onDevice, changes)) {
    const used = Math.min(count, blocks - first)
    if (start !== undefined && used > 0) changed.add(first, start, used)
  }
  return changed
}
