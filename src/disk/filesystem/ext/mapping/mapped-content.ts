import { checkRange, type Source } from '../../../../bytes/source.ts'
import { type Inode, inodePlace } from '../inode/inode.ts'
import type { ExtReader } from '../reader.ts'
import { fileRuns } from './file-runs.ts'
import type { Runs } from './runs.ts'

/**
 * The bytes of a file that is stored in blocks; holes read as zeros. The block map is read at the first read. Each run is read in one call,
 * into the caller's buffer.
 */
export function mappedContent(reader: ExtReader, inode: Inode): Source {
  let readRuns: ((into: Uint8Array, offset: number) => void) | undefined
  const content: Source = {
    name: inodePlace(reader, inode.number),
    size: inode.size,
    read(into, offset) {
      checkRange(content, offset, into.length)
      readRuns ??= runReader(reader, fileRuns(reader, inode))
      readRuns(into, offset)
    },
  }
  return content
}

function runReader({ device, superblock: { blockSize } }: ExtReader, runs: Runs): (into: Uint8Array, offset: number) => void {
  const { fileBlocks, fsBlocks, counts } = runs
  const startOf = (index: number) => (index < fileBlocks.length ? fileBlocks[index]! * blockSize : Number.POSITIVE_INFINITY)
  const endOf = (index: number) => (fileBlocks[index]! + counts[index]!) * blockSize
  /** The first run that ends after the end of the last read. If a file is read from start to end, the next read starts in it. */
  let next = 0
  return (into, offset) => {
    if (next > 0 && endOf(next - 1) > offset) next = 0
    if (next < counts.length && endOf(next) <= offset) next = firstEndingBehind(offset, next, counts.length, endOf)
    for (let done = 0; done < into.length; ) {
      const at = offset + done
      const start = startOf(next)
      if (at < start) {
        const length = Math.min(into.length - done, start - at)
        into.fill(0, done, done + length)
        done += length
        continue
      }
      const length = Math.min(into.length - done, endOf(next) - at)
      device.read(length === into.length ? into : into.subarray(done, done + length), fsBlocks[next]! * blockSize + at - start)
      done += length
      if (at + length === endOf(next)) next++
    }
  }
}

function firstEndingBehind(offset: number, from: number, to: number, endOf: (index: number) => number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (endOf(middle) > offset) high = middle
    else low = middle + 1
  }
  return low
}
