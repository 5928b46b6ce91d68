import { readSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { workerData } from 'node:worker_threads'
import { createGunzip } from 'node:zlib'
import { Progress } from '../../bytes/growth.ts'
import type { FileRun } from '../../bytes/source.ts'
import { sparseAppender } from '../../bytes/sparse-file.ts'

/** What spoolChunks starts this thread with. */
export interface InflateTask {
  /** Of the Progress that has a file for each chunk. */
  readonly shared: SharedArrayBuffer
  readonly chunks: readonly ChunkTask[]
  /** Where the files that are written lie; for messages. */
  readonly dir: string
  readonly limit: number
  readonly concurrency: number
}

interface ChunkTask {
  readonly name: string
  /** Where the compressed bytes are. */
  readonly runs: readonly FileRun[]
  /** Where to write. */
  readonly fd: number
}

/** Measured: from 256 KiB on, larger pieces aren't faster, and zlib allocates each anew. */
const pieceSize = 256 << 10

/** What can be done about bytes that aren't what they were. */
const wayOut = 'the ISO is damaged or its download incomplete, so fetch it again'

const { shared, chunks, dir, limit, concurrency } = workerData as InflateTask
const progress = new Progress(shared)
const stopping = new AbortController()
let inflated = 0

// The reader may be waiting in Atomics.wait and hear of nothing but what stands in the shared memory.
process.on('uncaughtException', (error) => stopFor('inflating the chunks', error.message))
process.on('exit', () => {
  progress.fail('inflating the chunks', 'the thread stopped early')
  progress.end()
})
const heartbeat = setInterval(() => {
  progress.beat()
  if (progress.stopRequested) stopping.abort()
}, 250)
inflateAll().finally(() => {
  clearInterval(heartbeat)
  progress.end()
})

/** Inflates some chunks at a time, the lowest number first. */
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
        throw new Refusal(`the chunks inflate to more than ${limit} bytes, which is more than the disk can have; ${wayOut}`)
      append(piece)
      progress.advance(index, piece.length)
    }
  }
  await pipeline(compressedPieces(chunk, 0), gunzip, store, { signal: stopping.signal })
  checkRest(chunk, gunzip.bytesWritten)
  progress.complete(index)
}

function* compressedPieces({ runs }: ChunkTask, from: number): Generator<Buffer> {
  let start = 0
  for (const run of runs) {
    for (let at = Math.max(from - start, 0); at < run.length; ) {
      checkStop()
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, run.length - at))
      const got = readSync(run.fd, piece, 0, piece.length, run.offset + at)
      if (got === 0) throw new Refusal(`the file that holds it ends ${run.length - at} bytes early; ${wayOut}`)
      yield piece.subarray(0, got)
      at += got
    }
    start += run.length
  }
}

/** A gzip file may be padded with zeros, and zlib ends at the first of them without a look at what follows. */
function checkRest(chunk: ChunkTask, from: number): void {
  for (const piece of compressedPieces(chunk, from)) {
    if (piece.some((byte) => byte !== 0)) throw new Refusal(`something other than zeros follows the gzip data; ${wayOut}`)
  }
}

/** After the reader was told that this thread has ended, it closes the files: nothing may touch them then. */
function checkStop(): void {
  if (progress.stopRequested) stopping.abort()
  stopping.signal.throwIfAborted()
}

function stopFor(place: string, why: string): void {
  progress.fail(place, why)
  stopping.abort()
}

/** A sentence of ours, where the others are the system's. */
class Refusal extends Error {}

function failureOf(error: NodeJS.ErrnoException): string {
  if (error instanceof Refusal) return error.message
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return `there is no space left in ${dir} after ${inflated} bytes; up to ${limit} bytes are needed there, so free some or choose another directory`
  }
  if (error.code === 'Z_BUF_ERROR') return `its gzip data ends too early; ${wayOut}`
  if (error.code?.startsWith('Z_')) return `its gzip data isn't sound (${error.message}); ${wayOut}`
  return `it can't be inflated into ${dir}: ${error.message}`
}
