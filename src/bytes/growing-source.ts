import type { FileGrowth, Place } from './growth.ts'
import { checkRange, type FileRun, readFully, type Source } from './source.ts'

/** A source that another thread is still writing: `read` waits for the bytes it needs, and `size` for the last one. */
export interface GrowingSource extends Source {
  /**
   * Waits until `end` bytes have arrived, or all bytes have, and returns how many there are.
   * @throws DiskError if they won't arrive
   */
  waitFor(end: number): number
  readonly reaches: (end: number) => boolean
  /** Waits for the last byte: another thread needs to know where everything is. */
  readonly runs: readonly FileRun[]
}

/** File number `index` of `growth`, whose writer reports its place. */
export function growingFile(growth: FileGrowth, index: number, name: string): GrowingSource {
  // Bytes that are known to be there don't need a look at the shared memory. A filesystem reads a hundred thousand times.
  let known = 0
  let place: Place | undefined
  const waitFor = (end: number) => {
    if (end > known) known = growth.waitFor(index, end)
    return known
  }
  const readThere = (into: Uint8Array, at: number) => {
    place ??= growth.placeOf(index)
    readFully(place.fd, into, place.offset + at, name)
  }
  const runs = () => {
    const length = waitFor(Number.POSITIVE_INFINITY)
    const { fd, offset } = growth.placeOf(index)
    return [{ file: fd, offset, length }]
  }
  return growingSource(name, waitFor, readThere, runs)
}

/** Concatenates the parts. The start of a part is known only when all parts before it are complete. */
export function concatGrowing(parts: readonly GrowingSource[], name: string): GrowingSource {
  /** Starts of the parts, up to the first one that isn't known to be complete. */
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
  const readThere = (into: Uint8Array, offset: number) => {
    let index = starts.findLastIndex((start) => start <= offset)
    for (let done = 0; done < into.length; index++) {
      const at = offset + done - starts[index]!
      const end = index + 1 < starts.length ? starts[index + 1]! - starts[index]! : Number.POSITIVE_INFINITY
      const length = Math.min(into.length - done, end - at)
      parts[index]!.read(into.subarray(done, done + length), at)
      done += length
    }
  }
  return growingSource(name, waitFor, readThere, () => parts.flatMap((part) => part.runs))
}

/** @param readThere fills a buffer with bytes that have arrived */
function growingSource(
  name: string,
  waitFor: GrowingSource['waitFor'],
  readThere: Source['read'],
  runs: () => readonly FileRun[],
): GrowingSource {
  const source: GrowingSource = {
    name,
    waitFor,
    get size() {
      return waitFor(Number.POSITIVE_INFINITY)
    },
    get runs() {
      return runs()
    },
    reaches: (end) => waitFor(end) >= end,
    read(into, offset) {
      checkRange(source, offset, into.length)
      readThere(into, offset)
    },
  }
  return source
}
