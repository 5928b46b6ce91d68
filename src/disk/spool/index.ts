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
  /** Limit for the inflated size of all chunks together, in bytes. */
  readonly limit: number
  /** How many chunks are inflated at once. */
  readonly concurrency?: number
}

/** A disk whose chunks are inflated in the background, into unlinked files. */
export interface Spool extends GrowingSource {
  /** Bytes that have been inflated so far. */
  inflated(): number
  /**
   * Waits until every chunk is inflated and its checksum verified.
   * @throws DiskError that names the damaged chunk, or the directory that is full
   */
  finish(): void
  /** Stops all work and frees the space. After that, the chunks' own sources may be closed. */
  close(): void
}

/**
 * Assembles a disk from its chunks. If they are gzipped, a worker thread inflates them, first chunk first. The calling thread may block in
 * `read` right away, because the worker needs nothing more from it. Uncompressed chunks are read in place.
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
      // A worker that doesn't respond may still write, so its files stay open: otherwise their descriptors could be reused for other files.
      if (growth.stop()) for (const fd of files.splice(0)) closeSync(fd)
    },
  })
}

/** Each inflating chunk takes one of libuv's four threads, and another core writes. */
function defaultConcurrency(): number {
  return Math.max(2, Math.min(4, availableParallelism()))
}

/**
 * Beside this file, in the sources and in the bundle. Its existence is checked here, because a worker that can't start has no way to tell a
 * thread that is blocked waiting for it.
 */
function workerScript(): URL {
  const script = new URL(import.meta.url.endsWith('.ts') ? './inflate-worker.ts' : './inflate-worker.cjs', import.meta.url)
  if (!existsSync(script)) throw new DiskError(fileURLToPath(script), 'the program is incomplete: this file is missing', 'input-output')
  return script
}

function runsOf({ name, source }: Chunk): readonly FileRun[] {
  if (!source.runs) throw new DiskError(name, "its bytes are not stored in an open file, so it can't be inflated in the background")
  return source.runs
}

/** Unlinked files: nothing remains of them when the process ends, however it ends. */
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
    throw new DiskError(dir, `no temporary file can be created there: ${systemMessage(error)}`, 'input-output')
  }
  return files
}

function startWorker(script: URL, task: InflateTask, growth: FileGrowth): void {
  const stopped = (why: string) => {
    growth.fail('inflating the chunks', why)
    growth.end()
  }
  // The worker reports its own failures. These handlers are for a worker that couldn't, if this thread isn't blocked. A small young
  // generation makes zlib's buffers go away sooner: 40 MB less.
  const worker = new Worker(script, { workerData: task, resourceLimits: { maxYoungGenerationSizeMb: 2 } })
  worker.on('error', (error) => stopped(`the thread stopped: ${error.message}`))
  worker.on('exit', () => stopped('the thread stopped early'))
  worker.unref()
}
