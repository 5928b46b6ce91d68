import { DiskError } from '../../../bytes/errors.ts'
import { checkRange, type Source } from '../../../bytes/source.ts'
import { runReader } from '../run-reader.ts'
import { inodePlace } from './address.ts'
import { dataFork } from './inode/fork.ts'
import { type Inode, inodeFlags } from './inode/inode.ts'
import { forkRuns } from './mapping/fork-runs.ts'
import type { XfsReader } from './reader.ts'

/**
 * A file's bytes, up to its size; holes, and blocks that were never written, read as zeros. The map of its blocks is read at the first read.
 * @throws DiskError if they are on the realtime device
 */
export function fileContent(reader: XfsReader, inode: Inode): Source {
  const place = inodePlace(reader, inode.number)
  const fork = dataFork(reader, inode)
  if (inode.flags & inodeFlags.realtime && fork.extents > 0) {
    throw new DiskError(place, "its content is on the filesystem's realtime device, which can't be read", 'unsupported')
  }
  const { device, superblock } = reader
  let readRuns: ((into: Uint8Array, offset: number) => void) | undefined
  const content: Source = {
    name: place,
    size: inode.size,
    read(into, offset) {
      checkRange(content, offset, into.length)
      readRuns ??= runReader(device, superblock.blockSize, forkRuns(reader, inode, fork, Math.ceil(inode.size / superblock.blockSize)))
      readRuns(into, offset)
    },
  }
  return content
}
