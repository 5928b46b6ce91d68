import type { Source } from '../../bytes/source.ts'
import type { FileBlock, FsBlock } from './block-number.ts'

/** Where the written blocks of a file are, in file order. Blocks that no run covers read as zeros. */
export interface BlockRuns {
  /** For the run at each index: its first block in the file, the position of that block in the filesystem, and the length in blocks. */
  readonly fileBlocks: readonly FileBlock[]
  readonly fsBlocks: readonly FsBlock[]
  readonly counts: readonly number[]
}

/**
 * Returns a function that fills a buffer with a file's bytes from an offset on. Each run is read in one call, into the caller's buffer.
 * @param device that contains the filesystem; its block n is at byte `n * blockSize`
 */
export function runReader(device: Source, blockSize: number, runs: BlockRuns): (into: Uint8Array, offset: number) => void {
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
