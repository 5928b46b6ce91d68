import { readSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { workerData } from 'node:worker_threads'
import { createGunzip } from 'node:zlib'
import { type DiskErrorKind, systemMessage } from '../../bytes/errors.ts'
import { FileGrowth } from '../../bytes/growth.ts'
import type { FileRun } from '../../bytes/source.ts'
import { sparseAppender } from '../../bytes/sparse-file.ts'

/** The data that spoolChunks passes to this thread. */
export interface InflateTask {
  /** Memory of the FileGrowth that has a file for each chunk. */
  readonly shared: SharedArrayBuffer
  readonly chunks: readonly ChunkTask[]
  /** Directory of the files that are written, for messages. */
  readonly dir: string
  readonly limit: number
  readonly concurrency: number
}

interface ChunkTask {
  readonly name: string
  /** Position of the compressed bytes. */
  readonly runs: readonly FileRun[]
  /** Where to write. */
  readonly fd: number
}

/** Measured: pieces larger than 256 KiB aren't faster, and zlib allocates each one anew. */
const pieceSize = 256 << 10

/** What the user can do about damaged bytes. */
const wayOut = 'the ISO is damaged or incomplete; download it again'

const { shared, chunks, dir, limit, concurrency } = workerData as InflateTask
const growth = new FileGrowth(shared)
const stopping = new AbortController()
let inflated = 0

// The reader may be blocked in Atomics.wait, and then learns only what is in the shared memory.
process.on('uncaughtException', (error) => stopFor('inflating the chunks', { why: error.message, kind: 'input-output' }))
process.on('exit', () => {
  growth.fail('inflating the chunks', 'the thread stopped early')
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

/** Inflates several chunks at a time, lowest number first. */
async function inflateAll(): Promise<void> {
  const pending = chunks.entries()
  const inflateInTurn = async () => {
    for (const [index, chunk] of pending) {
      if (stopping.signal.aborted) return
      await inflate(chunk, index).catch((error: unknown) => stopFor(chunk.name, failureOf(error as NodeJS.ErrnoException)))
    }
  }
  await Promise.all(Array.from({ length: concurrency }, inflateInTurn))
}

async function inflate(chunk: ChunkTask, index: number): Promise<void> {
  const gunzip = createGunzip({ chunkSize: pieceSize })
  const append = sparseAppender(chunk.fd)
  const store = async (output: AsyncIterable<Buffer>) => {
    for await (const piece of output) {
      checkStop()
      inflated += piece.length
      if (inflated > limit)
        throw new Refusal(`the chunks inflate to more than ${limit} bytes, which is more than the disk can hold; ${wayOut}`)
      append(piece)
      growth.advance(index, piece.length)
    }
  }
  await pipeline(compressedPieces(chunk, 0), gunzip, store, { signal: stopping.signal })
  checkRest(chunk, gunzip.bytesWritten)
  growth.complete(index)
}

function* compressedPieces({ runs }: ChunkTask, from: number): Generator<Buffer> {
  let start = 0
  for (const run of runs) {
    for (let at = Math.max(from - start, 0); at < run.length; ) {
      checkStop()
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, run.length - at))
      const got = readAt(run, piece, at)
      if (got === 0) throw new Refusal(`the file that contains it ends ${run.length - at} bytes too early; ${wayOut}`)
      yield piece.subarray(0, got)
      at += got
    }
    start += run.length
  }
}

function readAt(run: FileRun, into: Buffer, at: number): number {
  try {
    return readSync(run.fd, into, 0, into.length, run.offset + at)
  } catch (error) {
    throw new Refusal(`the file that holds it can't be read at byte ${run.offset + at}: ${systemMessage(error)}`, 'input-output')
  }
}

/** A gzip file may be padded with zeros. zlib stops at the first zero and doesn't check what follows. */
function checkRest(chunk: ChunkTask, from: number): void {
  for (const piece of compressedPieces(chunk, from)) {
    if (piece.some((byte) => byte !== 0)) throw new Refusal(`something other than zeros follows the gzip data; ${wayOut}`)
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

function failureOf(error: NodeJS.ErrnoException): Failure {
  if (error instanceof Refusal) return { why: error.message, kind: error.kind }
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    const why = `there is no space left in ${dir} after ${inflated} bytes; up to ${limit} bytes are needed there; free some space or choose another directory`
    return { why, kind: 'input-output' }
  }
  if (error.code === 'Z_BUF_ERROR') return { why: `its gzip data ends too early; ${wayOut}`, kind: 'damaged' }
  if (error.code?.startsWith('Z_')) return { why: `its gzip data is damaged (${error.message}); ${wayOut}`, kind: 'damaged' }
  return { why: `it can't be inflated into ${dir}: ${error.message}`, kind: 'input-output' }
}
