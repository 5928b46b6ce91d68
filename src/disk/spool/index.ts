import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, openSync, unlinkSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { DiskError, systemMessage } from '../../bytes/errors.ts'
import { concatGrowing, type GrowingSource, growingFile } from '../../bytes/growing-source.ts'
import { FileGrowth } from '../../bytes/growth.ts'
import { concat, type FileRun } from '../../bytes/source.ts'
import type { Chunk } from './chunk.ts'
import type { InflateTask } from './inflate-worker.ts'

export interface SpoolOptions {
  /** An existing directory with room for the whole disk. */
  readonly dir: string
  /** The most that all chunks together may inflate to, in bytes. */
  readonly limit: number
  /** How many chunks are inflated at once. */
  readonly concurrency?: number
}

/** A disk whose chunks are inflated in the background, into files that have no name. */
export interface Spool extends GrowingSource {
  /** Bytes that have been inflated by now. */
  inflated(): number
  /**
   * Waits until every chunk is inflated and its checksum verified.
   * @throws DiskError that names the chunk that isn't sound, or the directory that is full
   */
  finish(): void
  /** Stops what is still going on, and gives the space back. The chunks' own sources may be closed after it. */
  close(): void
}

/**
 * The disk that the chunks make. If they are gzip'ed, a worker thread begins to inflate them, the first one first, and the calling
 * thread may block in `read` at once: the worker needs nothing from it any more. If they aren't, they are read where they are.
 * @throws DiskError if `dir` can't be written to
 */
export function spoolChunks(chunks: readonly Chunk[], name: string, options: SpoolOptions): Spool {
  return chunks.some(({ gzipped }) => gzipped) ? inflateChunks(chunks, name, options) : plainChunks(chunks, name)
}

function plainChunks(chunks: readonly Chunk[], name: string): Spool {
  const sources = chunks.map(({ source }) => source)
  const whole = concat(sources, name)
  const size = () => whole.size
  return Object.assign(whole, { waitFor: size, reaches: (end: number) => end <= whole.size, inflated: size, finish() {}, close() {} })
}

function inflateChunks(chunks: readonly Chunk[], name: string, { dir, limit, concurrency = defaultConcurrency() }: SpoolOptions): Spool {
  const script = workerScript()
  const growth = new FileGrowth(chunks.length)
  const runs = chunks.map(runsOf)
  const files = openTemporaryFiles(chunks.length, dir)
  const task: InflateTask = {
    shared: growth.shared,
    chunks: chunks.map((chunk, index) => ({ name: chunk.name, runs: runs[index]!, fd: files[index]! })),
    dir,
    limit,
    concurrency,
  }
  const parts = chunks.map((chunk, index) => growingFile(files[index]!, growth, index, chunk.name))
  const whole = concatGrowing(parts, name)
  startWorker(script, task, growth)
  return Object.assign(whole, {
    inflated: () => chunks.reduce((sum, _, index) => sum + growth.available(index), 0),
    finish: () => chunks.forEach((_, index) => void growth.waitFor(index, Number.POSITIVE_INFINITY)),
    close() {
      // A worker that doesn't answer may still write: then its files stay open, lest another file gets their numbers.
      if (growth.stop()) for (const fd of files.splice(0)) closeSync(fd)
    },
  })
}

/** Inflating takes a thread of libuv's pool (of four) each, and one more core writes. */
function defaultConcurrency(): number {
  return Math.max(2, Math.min(4, availableParallelism()))
}

/** Beside this file: the source, or the bundle of it. Checked here, since a worker that can't start can't say so to a thread that waits for it. */
function workerScript(): URL {
  const script = new URL(import.meta.url.endsWith('.ts') ? './inflate-worker.ts' : './inflate-worker.cjs', import.meta.url)
  if (!existsSync(script)) throw new DiskError(fileURLToPath(script), 'the program is incomplete: this file is missing', 'input-output')
  return script
}

function runsOf({ name, source }: Chunk): readonly FileRun[] {
  if (!source.runs) throw new DiskError(name, 'it does not lie in an open file as it is, so it cannot be inflated in the background')
  return source.runs
}

/** Files without a name: nothing is left of them when the process ends, however it ends. */
function openTemporaryFiles(count: number, dir: string): number[] {
  const files: number[] = []
  try {
    while (files.length < count) {
      const path = join(dir, `.xenserver-ddk-${randomUUID()}`)
      files.push(openSync(path, 'wx+', 0o600))
      unlinkSync(path)
    }
  } catch (error) {
    for (const fd of files) closeSync(fd)
    throw new DiskError(dir, `no temporary file can be made there: ${systemMessage(error)}`, 'input-output')
  }
  return files
}

function startWorker(script: URL, task: InflateTask, growth: FileGrowth): void {
  const stopped = (why: string) => {
    growth.fail('inflating the chunks', why)
    growth.end()
  }
  // The worker reports its own failures; these are for one that couldn't, if this thread is free to hear of it.
  // A small young generation lets go of zlib's buffers sooner: 40 MB less.
  const worker = new Worker(script, { workerData: task, resourceLimits: { maxYoungGenerationSizeMb: 2 } })
  worker.on('error', (error) => stopped(`the thread stopped: ${error.message}`))
  worker.on('exit', () => stopped('the thread stopped early'))
  worker.unref()
}
