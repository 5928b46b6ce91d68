import { closeSync, readSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import { openClosed } from '../../bytes/closed-file.ts'
import { type DiskErrorKind, fileProblem, kindOfSystemError, systemMessage } from '../../bytes/errors.ts'
import { free } from '../../bytes/free.ts'
import { FileGrowth, type Place } from '../../bytes/growth.ts'
import type { FileRun } from '../../bytes/source.ts'
import { sparseAppender } from '../../bytes/sparse-file.ts'
import { decode, pieceSize } from './decode.ts'
import { type Compression, type Expected, unpackedLimit } from './packed-file.ts'

/** The data that `spoolFiles` passes to this thread. */
export interface InflateTask {
  /** Memory of the FileGrowth that has a file for each of `files`. */
  readonly shared: SharedArrayBuffer
  readonly files: readonly FileTask[]
  /** An empty open file for each file that is unpacked at the same time; none if they are only to be verified. */
  readonly outputs: readonly number[]
  /** Directory of the files that are written, for messages. */
  readonly dir: string
  /** Limit for the unpacked size of all files together, in bytes, and the message that it is exceeded. */
  readonly limit: number
  readonly tooLarge: string
  readonly concurrency: number
  /** What the user can do about damaged bytes. */
  readonly wayOut: string
}

export interface FileTask {
  readonly name: string
  /** Position of the stored bytes. */
  readonly runs: readonly FileRun[]
  readonly compression: Compression
  readonly expected?: Expected
}

const { shared, files, outputs, dir, limit, tooLarge, concurrency, wayOut } = workerData as InflateTask
const growth = new FileGrowth(shared)
const gzipMagic = Buffer.from([0x1f, 0x8b])
const stopping = new AbortController()
let inflated = 0

// The reader may be blocked in Atomics.wait, and then learns only what is in the shared memory.
process.on('uncaughtException', (error) => stopFor('unpacking', { why: error.message, kind: 'input-output' }))
process.on('exit', () => {
  growth.fail('unpacking', 'the thread stopped early')
  growth.end()
})
const heartbeat = setInterval(() => {
  growth.beat()
  if (growth.stopRequested) stopping.abort()
}, 250)
inflateAll().finally(() => {
  clearInterval(heartbeat)
  growth.end()
})

/** Inflates several files at a time, first one first. */
async function inflateAll(): Promise<void> {
  const pending = files.entries()
  const inflateInTurn = async (output: number | undefined) => {
    let end = 0
    for (const [index, file] of pending) {
      if (stopping.signal.aborted) return
      const place = output === undefined ? undefined : { fd: output, offset: end }
      try {
        end = nextStart(end + (await inflate(file, index, place)))
      } catch (error) {
        stopFor(file.name, failureOf(error as NodeJS.ErrnoException, file.compression))
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, lane) => inflateInTurn(outputs[lane])))
}

/** Where a file that follows another one can have holes like it. */
function nextStart(end: number): number {
  return Math.ceil(end / pieceSize) * pieceSize
}

/**
 * @param place where to write; absent if the file is only to be verified
 * @returns the unpacked size
 */
async function inflate(file: FileTask, index: number, place: Place | undefined): Promise<number> {
  if (place) growth.begin(index, place)
  const append = place ? sparseAppender(place.fd, place.offset) : () => {}
  const { output, consumed } = decode(file.compression, storedPieces(file, 0))
  let size = 0
  let crc = 0
  for await (const piece of output) {
    checkStop()
    inflated += piece.length
    size += piece.length
    if (file.expected) {
      if (size > file.expected.size) throw new Refusal(`it has more than the ${file.expected.size} bytes that the zip states; ${wayOut}`)
      crc = crc32(piece, crc)
    }
    if (inflated > limit) throw new Refusal(`${tooLarge}; ${wayOut}`)
    append(piece)
    growth.advance(index, piece.length)
    // The decoder uses the memory of a piece for the next ones until it is full.
    if (piece.byteOffset + piece.length === piece.buffer.byteLength) free(piece.buffer)
  }
  await checkRest(file, consumed())
  if (file.expected) checkExpected(file.expected, size, crc)
  growth.complete(index)
  return size
}

function checkExpected(expected: Expected, size: number, crc: number): void {
  if (size !== expected.size) throw new Refusal(`it has ${size} bytes, but the zip states ${expected.size}; ${wayOut}`)
  if (crc !== expected.crc32) {
    const hex = (value: number) => value.toString(16).padStart(8, '0')
    throw new Refusal(`its CRC-32 is ${hex(crc)}, but the zip states ${hex(expected.crc32)}; ${wayOut}`)
  }
}

/** The stored bytes of a file, as they arrive. */
async function* storedPieces({ runs, compression }: FileTask, from: number): AsyncGenerator<Buffer> {
  let start = 0
  for (const run of runs) {
    using file = openRun(run)
    for (let at = Math.max(from - start, 0); at < run.length; ) {
      checkStop()
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, (await arrived(run, at)) - at))
      const got = readAt(file.fd, piece, run.offset + at)
      if (got === 0) throw new Refusal(`the file that contains it ends ${run.length - at} bytes too early; ${wayOut}`)
      if (compression === 'gzip' && start + at === 0) checkMagic(piece.subarray(0, Math.min(got, 2)))
      yield piece.subarray(0, got)
      at += got
    }
    start += run.length
  }
}

/** zlib's own error would be the same for garbage behind the data. */
function checkMagic(start: Buffer): void {
  if (!gzipMagic.subarray(0, start.length).equals(start)) {
    throw new Refusal(`it should be a gzip file, but doesn't begin like one; ${wayOut}`)
  }
}

/** How many bytes of a run can be read: more than `at`. */
async function arrived({ growth, offset, length }: FileRun, at: number): Promise<number> {
  if (!growth) return length
  const end = await new FileGrowth(growth).arrivalOf(0, offset + at + 1, stopping.signal)
  return Math.min(length, end - offset)
}

/** The file of a run, open until this is disposed of. */
function openRun({ file }: FileRun): Disposable & { readonly fd: number } {
  if (typeof file === 'number') return { fd: file, [Symbol.dispose]() {} }
  try {
    const fd = openClosed(file)
    return { fd, [Symbol.dispose]: () => closeSync(fd) }
  } catch (error) {
    throw new Refusal(fileProblem(error), kindOfSystemError(error))
  }
}

function readAt(fd: number, into: Buffer, position: number): number {
  try {
    return readSync(fd, into, 0, into.length, position)
  } catch (error) {
    throw new Refusal(`the file that holds it can't be read at byte ${position}: ${systemMessage(error)}`, 'input-output')
  }
}

/** A gzip file may be padded with zeros. zlib stops at the first zero and doesn't check what follows. */
async function checkRest(file: FileTask, from: number): Promise<void> {
  for await (const piece of storedPieces(file, from)) {
    if (piece.some((byte) => byte !== 0)) throw new Refusal(`something other than zeros follows the ${file.compression} data; ${wayOut}`)
  }
}

/** Once the reader knows that this thread has ended, it closes the files, so nothing may use them after that. */
function checkStop(): void {
  if (growth.stopRequested) stopping.abort()
  stopping.signal.throwIfAborted()
}

function stopFor(place: string, { why, kind }: Failure): void {
  growth.fail(place, why, kind)
  stopping.abort()
}

interface Failure {
  readonly why: string
  readonly kind: DiskErrorKind
}

/** An error with our own message; all other errors are the system's. */
class Refusal extends Error {
  readonly kind: DiskErrorKind

  constructor(message: string, kind: DiskErrorKind = 'damaged') {
    super(message)
    this.kind = kind
  }
}

function failureOf(error: NodeJS.ErrnoException, compression: Compression): Failure {
  if (error instanceof Refusal) return { why: error.message, kind: error.kind }
  const { code = '' } = error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const needed = limit < unpackedLimit ? ` up to ${limit} bytes are needed there;` : ''
    const why = `there is no space left in ${dir} after ${inflated} bytes;${needed} free some space or choose another directory`
    return { why, kind: 'no-room' }
  }
  if (code === 'Z_BUF_ERROR' || code === 'ZSTD_cut_short')
    return { why: `its ${compression} data ends too early; ${wayOut}`, kind: 'damaged' }
  if (code === 'ZSTD_no_frame') return { why: `something other than zeros follows the zstd data; ${wayOut}`, kind: 'damaged' }
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') {
    const why = 'its zstd data needs a window of more than 128 MiB; compress it again without --long or --ultra'
    return { why, kind: 'unsupported' }
  }
  if (/^(?:Z|ZSTD)_/.test(code)) return { why: `its ${compression} data is damaged (${error.message}); ${wayOut}`, kind: 'damaged' }
  return { why: `it can't be inflated into ${dir}: ${error.message}`, kind: 'input-output' }
}
