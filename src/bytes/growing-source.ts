import type { FileGrowth } from './growth.ts'
import { checkRange, readFully, type Source } from './source.ts'

/** A source whose bytes are still being written by another thread: `read` waits for those it needs, `size` for the last one. */
export interface GrowingSource extends Source {
  /**
   * Waits until `end` bytes are there, or all that will ever come, and gives how many there are.
   * @throws DiskError if they won't come
   */
  waitFor(end: number): number
  readonly reaches: (end: number) => boolean
}

/** File `index` of those that `growth` tells of, open as `fd`. */
export function growingFile(fd: number, growth: FileGrowth, index: number, name: string): GrowingSource {
  // What is known already needs no look at the shared memory: a filesystem reads a hundred thousand times.
  let known = 0
  const waitFor = (end: number) => {
    if (end > known) known = growth.waitFor(index, end)
    return known
  }
  return growingSource(name, waitFor, (into, offset) => readFully(fd, into, offset, name))
}

/** The bytes of all parts, one after the other; where a part begins is known when those before it are complete. */
export function concatGrowing(parts: readonly GrowingSource[], name: string): GrowingSource {
  /** Of the parts up to the first one that isn't known to be complete. */
  const starts = [0]
  const waitFor = (end: number) => {
    for (;;) {
      const index = starts.length - 1
      const start = starts[index]!
      const part = parts[index]
      if (!part || end <= start) return start
      const there = part.waitFor(end - start)
      if (start + there >= end) return start + there
      starts.push(start + there)
    }
  }
  return growingSource(name, waitFor, (into, offset) => {
    let index = starts.findLastIndex((start) => start <= offset)
    for (let done = 0; done < into.length; index++) {
      const at = offset + done - starts[index]!
      const end = index + 1 < starts.length ? starts[index + 1]! - starts[index]! : Number.POSITIVE_INFINITY
      const length = Math.min(into.length - done, end - at)
      parts[index]!.read(into.subarray(done, done + length), at)
      done += length
    }
  })
}

/** @param readThere fills a buffer with bytes that are known to be there */
function growingSource(name: string, waitFor: GrowingSource['waitFor'], readThere: Source['read']): GrowingSource {
  const source: GrowingSource = {
    name,
    waitFor,
    get size() {
      return waitFor(Number.POSITIVE_INFINITY)
    },
    reaches: (end) => waitFor(end) >= end,
    read(into, offset) {
      checkRange(source, offset, into.length)
      readThere(into, offset)
    },
  }
  return source
}
