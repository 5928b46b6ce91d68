import type { Fork } from '../inode/fork.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'
import { btreeRuns } from './btree.ts'
import { extentSize, Runs } from './runs.ts'

/**
 * Where the blocks of a fork before its block `end` are.
 * @throws DiskError if the map of its blocks is damaged
 */
export function forkRuns(reader: XfsReader, inode: Inode, fork: Fork, end = Number.POSITIVE_INFINITY): Runs {
  const runs = new Runs(reader, inode, fork, end)
  if (fork.format === 'btree') btreeRuns(reader, inode, fork, runs)
  else if (fork.format === 'extents') extentRuns(fork, runs)
  else throw runs.error('should be mapped to blocks')
  if (runs.extents !== fork.extents) throw runs.error(`has ${runs.extents} extents, where the inode counts ${fork.extents}`)
  return runs
}

function extentRuns({ bytes, extents }: Fork, runs: Runs): void {
  if (extents * extentSize > bytes.length) throw runs.error(`has ${extents} extents, for which the inode has no room`)
  for (let index = 0; index < extents; index++) runs.add(bytes, index * extentSize)
}
