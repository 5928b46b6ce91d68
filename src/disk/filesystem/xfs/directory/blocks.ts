import { damage } from '../../../../bytes/errors.ts'
import type { FsBlock } from '../../block-number.ts'
import type { Fork } from '../inode/fork.ts'
import type { Inode } from '../inode/inode.ts'
import { forkRuns } from '../mapping/fork-runs.ts'
import type { XfsReader } from '../reader.ts'
import type { DirectoryBlock } from './data-block.ts'

/** A directory's data comes before this byte; what comes after it are hashes and free space, in blocks that listing doesn't need. */
const dataEnd = 32 * 2 ** 30
/** Limit for one directory. The reader has a limit for all directories together. */
const maxBytes = 2 ** 30

/**
 * The blocks of a directory that have entries, in order. A block may be several blocks of the filesystem, which needn't be adjacent. Blocks
 * that became empty are holes. Each block's bytes overwrite those of the one before.
 */
export function* directoryBlocks(reader: XfsReader, inode: Inode, fork: Fork): Generator<DirectoryBlock> {
  const { device, superblock } = reader
  const { blockSize, blocksPerDirectoryBlock: perBlock } = superblock
  const damaged = (what: string) => damage(reader, `inode ${inode.number}`, what)
  const runs = forkRuns(reader, inode, fork, dataEnd / blockSize)
  const bytes = Buffer.allocUnsafeSlow(perBlock * blockSize)
  let read = 0
  let start = { index: -1, fsBlock: 0 as FsBlock }
  /** Blocks of the filesystem that are in `bytes`. */
  let filled = 0
  for (const [run, count] of runs.counts.entries()) {
    for (let done = 0; done < count; ) {
      const fileBlock = runs.fileBlocks[run]! + done
      const fsBlock = (runs.fsBlocks[run]! + done) as FsBlock
      const [index, within] = [Math.floor(fileBlock / perBlock), fileBlock % perBlock]
      if (within !== filled || (filled > 0 && index !== start.index))
        throw damaged(`a part of block ${start.index} of the directory is missing`)
      if (filled === 0) start = { index, fsBlock }
      const length = Math.min(perBlock - within, count - done)
      read += length * blockSize
      if (read > maxBytes) throw damaged(`it is a directory of more than ${maxBytes} bytes`)
      reader.metadata.spend(length * blockSize)
      device.read(bytes.subarray(within * blockSize, (within + length) * blockSize), fsBlock * blockSize)
      done += length
      filled = (filled + length) % perBlock
      if (filled === 0) yield { bytes, ...start }
    }
  }
  if (filled > 0) throw damaged(`a part of block ${start.index} of the directory is missing`)
}
