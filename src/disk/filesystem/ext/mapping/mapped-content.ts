import { checkRange, type Source } from '../../../../bytes/source.ts'
import { runReader } from '../../run-reader.ts'
import { type Inode, inodePlace } from '../inode/inode.ts'
import type { ExtReader } from '../reader.ts'
import { fileRuns } from './file-runs.ts'

/** The bytes of a file that is stored in blocks; holes read as zeros. The block map is read at the first read. */
export function mappedContent(reader: ExtReader, inode: Inode): Source {
  let readRuns: ((into: Uint8Array, offset: number) => void) | undefined
  const content: Source = {
    name: inodePlace(reader, inode.number),
    size: inode.size,
    read(into, offset) {
      checkRange(content, offset, into.length)
      readRuns ??= runReader(reader.device, reader.superblock.blockSize, fileRuns(reader, inode))
      readRuns(into, offset)
    },
  }
  return content
}
