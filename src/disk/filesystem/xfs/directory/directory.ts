import { damage } from '../../../../bytes/errors.ts'
import { dataFork } from '../inode/fork.ts'
import type { Inode } from '../inode/inode.ts'
import type { XfsReader } from '../reader.ts'
import { directoryBlocks } from './blocks.ts'
import { dataRecords } from './data-block.ts'
import type { DirectoryRecord } from './record.ts'
import { shortFormRecords } from './short-form.ts'

/**
 * The entries of a directory except `.` and `..`, in the order of its blocks. Hashes, which large directories have for looking up names,
 * aren't needed.
 */
export function* directoryRecords(reader: XfsReader, inode: Inode): Generator<DirectoryRecord> {
  const fork = dataFork(reader, inode)
  if (fork.format === 'local') {
    yield* shortFormRecords(reader, inode, fork)
    return
  }
  let isEmpty = true
  for (const block of directoryBlocks(reader, inode, fork)) {
    if (isEmpty && block.index !== 0) break
    isEmpty = false
    yield* dataRecords(reader, inode, block)
  }
  if (isEmpty) throw damage(reader, `inode ${inode.number}`, 'the first block of the directory is missing')
}
