import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { ClosedFile } from './closed-file.ts'
import { DiskError, fileError, systemMessage } from './errors.ts'

/**
 * Bytes that can be read at any offset: a file, a slice of a file, a disk in a VHD, a partition, a file of a filesystem.
 *
 * Reads are synchronous. The bytes come from the page cache, where a system call takes microseconds, and a promise would take as long
 * again, a hundred thousand times. A source whose bytes haven't arrived yet blocks its thread, so conversions run in a worker.
 */
export interface Source {
  /** Name for messages, e.g. `partition 1 of XenServer-6.5.0-DDK.iso`. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /**
   * Fills all of `into` with the bytes at `offset`.
   * @throws DiskError if they don't all lie within the source
   */
  read(into: Uint8Array, offset: number): void
  /** Where the bytes are in files, in order, for a thread that reads them itself; absent if they are computed. */
  readonly runs?: readonly FileRun[] | undefined
  /**
   * Only for a source that is still growing: waits until `end` bytes have arrived, and returns whether there are that many. (`size` would
   * wait for all of them.)
   */
  readonly reaches?: (end: number) => boolean
}

/** `length` bytes at `offset` of a file. */
export interface FileRun {
  /** The descriptor of an open file, which all threads of a process share, or a file to open. */
  readonly file: number | ClosedFile
  readonly offset: number
  readonly length: number
  /** Memory of the FileGrowth whose only file this is; absent if all of its bytes are there. */
  readonly growth?: SharedArrayBuffer
}

/** The `length` bytes at `offset`, in a new buffer. */
export function bytesAt(source: Source, offset: number, length: number): Buffer<ArrayBuffer> {
  checkRange(source, offset, length)
  const bytes = Buffer.allocUnsafeSlow(length)
  source.read(bytes, offset)
  return bytes
}

/** @throws DiskError unless `length` bytes at `offset` lie within the source */
export function checkRange(source: Source, offset: number, length: number): void {
  const end = offset + length
  if (!(offset >= 0 && length >= 0 && (source.reaches ? source.reaches(end) : end <= source.size))) {
    throw new DiskError(
      source.name,
      `${length} bytes are needed at byte ${offset}, but it ends at byte ${source.size}; it is cut short or damaged`,
    )
  }
}

/** A local file, open until `close()`. */
export interface OpenFile extends Source {
  readonly fd: number
  close(): void
}

/**
 * Opens a regular file.
 * @throws DiskError if it can't be opened, or isn't a regular file
 */
export function openFile(path: string, name = path): OpenFile {
  // Without O_NONBLOCK, opening a pipe waits for a writer.
  const fd = attempt(path, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  const stats = fstatSync(fd)
  if (!stats.isFile()) {
    closeSync(fd)
    throw new DiskError(path, 'it is not a regular file', 'not-a-ddk')
  }
  const { size } = stats
  return Object.assign(fileSource(fd, size, name), { fd, close: () => closeSync(fd) })
}

function attempt<T>(path: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    throw fileError(path, error)
  }
}

/** The first `size` bytes of an open file. */
export function fileSource(fd: number, size: number, name: string): Source {
  const source: Source = {
    name,
    size,
    runs: [{ file: fd, offset: 0, length: size }],
    read(into, offset) {
      checkRange(source, offset, into.length)
      readFully(fd, into, offset, name)
    },
  }
  return source
}

/** Fills all of `into` from an open file. */
export function readFully(fd: number, into: Uint8Array, offset: number, name: string): void {
  for (let done = 0; done < into.length; ) {
    const got = readAt(fd, into, done, offset + done, name)
    if (got === 0) {
      const what = `the file ended at byte ${offset + done} while it was read; another process changed it`
      throw new DiskError(name, what, 'input-output')
    }
    done += got
  }
}

/**
 * Reads as much as one system call returns, from byte `position` on.
 * @throws DiskError that names the file and the byte, e.g. for a disk's EIO
 */
function readAt(fd: number, into: Uint8Array, done: number, position: number, name: string): number {
  try {
    return readSync(fd, into, done, into.length - done, position)
  } catch (error) {
    throw new DiskError(name, `it can't be read at byte ${position}: ${systemMessage(error)}`, 'input-output')
  }
}

/** Bytes in memory. */
export function memorySource(bytes: Uint8Array, name: string): Source {
  const source: Source = {
    name,
    size: bytes.length,
    read(into, offset) {
      checkRange(source, offset, into.length)
      into.set(bytes.subarray(offset, offset + into.length))
    },
  }
  return source
}

/** `size` bytes of `source` from `offset` on. */
export function slice(source: Source, offset: number, size: number, name = source.name): Source {
  checkRange(source, offset, size)
  const part: Source = {
    name,
    size,
    read(into, at) {
      checkRange(part, at, into.length)
      source.read(into, offset + at)
    },
    // Only when they are asked for: those of a growing source wait for its end.
    get runs() {
      return source.runs && sliceRuns(source.runs, offset, size)
    },
  }
  return part
}

function sliceRuns(runs: readonly FileRun[], offset: number, size: number): FileRun[] {
  const found: FileRun[] = []
  let start = 0
  for (const run of runs) {
    const from = Math.max(offset, start)
    const to = Math.min(offset + size, start + run.length)
    if (from < to) found.push({ ...run, offset: run.offset + from - start, length: to - from })
    start += run.length
  }
  return found
}

/** Concatenates the parts. */
export function concat(parts: readonly Source[], name: string): Source {
  const starts: number[] = []
  let size = 0
  for (const part of parts) {
    starts.push(size)
    size += part.size
  }
  const whole: Source = {
    name,
    size,
    read(into, offset) {
      checkRange(whole, offset, into.length)
      let index = lastUpTo(starts, offset)
      for (let done = 0; done < into.length; index++) {
        const part = parts[index]!
        const at = offset + done - starts[index]!
        const length = Math.min(into.length - done, part.size - at)
        part.read(into.subarray(done, done + length), at)
        done += length
      }
    },
  }
  return parts.every((part) => part.runs) ? { ...whole, runs: parts.flatMap((part) => part.runs!) } : whole
}

/** Index of the last of the ascending `starts` that is no greater than `offset`. The first one is 0. */
function lastUpTo(starts: readonly number[], offset: number): number {
  let low = 0
  for (let high = starts.length; high - low > 1; ) {
    const middle = (low + high) >>> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle
  }
  return low
}

/** The bytes of a source in pieces of at most `pieceSize`. Each piece overwrites the one before. */
export function* pieces(source: Source, pieceSize = 1 << 20): Generator<Buffer<ArrayBuffer>> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(pieceSize, source.size))
  for (let offset = 0; offset < source.size; offset += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, source.size - offset))
    source.read(piece, offset)
    yield piece
  }
}
