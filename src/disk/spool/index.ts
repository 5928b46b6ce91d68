import { closeSync, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { DiskError } from '../../bytes/errors.ts'
import { concatGrowing, growingFile } from '../../bytes/growing-source.ts'
import { FileGrowth } from '../../bytes/growth.ts'
import { concat, type Source } from '../../bytes/source.ts'
import { openUnlinked } from '../../bytes/unlinked-file.ts'
import { usableThreads } from '../../bytes/usable-threads.ts'
import type { FileTask, InflateTask } from './inflate-worker.ts'
import type { PackedFile } from './packed-file.ts'

export interface SpoolOptions {
  /** An existing directory with room for everything. */
  readonly dir: string
  /** Limit for the unpacked size of all files together, in bytes. */
  readonly limit: number
  /** The message if they are larger; the limit is the text's own matter. */
  readonly tooLarge: string
  /** What the user can do about damaged bytes. */
  readonly wayOut: string
  /** How many files are unpacked at once. */
  readonly concurrency?: number
}

/** Files that are unpacked or verified in the background, one after the other in one source. */
export interface Spool extends Source {
  /** Bytes that have been unpacked so far. */
  inflated(): number
  /**
   * Waits until every file is unpacked, and its checksum verified.
   * @throws DiskError that names the damaged file, or the directory that is full
   */
  finish(): void
  /** Stops all work and frees the space. After that, the files' own sources may be closed. */
  close(): void
}

/**
 * Unpacks files into one source. If they are compressed, a worker thread unpacks them into unlinked files, first file first: as many as it
 * unpacks at once, in which the others follow. The calling thread may block in `read` right away, because the worker needs nothing more
 * from it. Files that are stored without compression are read in place, while the worker verifies the checksums of those that have any.
 * @throws DiskError if `dir` can't be written to
 */
export function spoolFiles(files: readonly PackedFile[], name: string, options: SpoolOptions): Spool {
  return files.some(({ compression }) => compression !== 'none') ? inflateFiles(files, name, options) : readInPlace(files, name, options)
}

function readInPlace(files: readonly PackedFile[], name: string, options: SpoolOptions): Spool {
  const sources = files.map(({ source }) => source)
  const whole = concat(sources, name)
  const verification = files.some(({ expected }) => expected) ? startWork(files.map(taskOf), [], options) : { finish() {}, close() {} }
  return Object.assign(whole, { inflated: () => whole.size, finish: verification.finish, close: verification.close })
}

function inflateFiles(files: readonly PackedFile[], name: string, options: SpoolOptions): Spool {
  const tasks = files.map(taskOf)
  workerScript()
  const { concurrency = usableThreads() } = options
  const outputs = openTemporaryFiles(Math.min(concurrency, files.length), options.dir)
  const { growth, finish, close } = startWork(tasks, outputs, options)
  const parts = files.map((file, index) => growingFile(growth, index, file.name))
  const inflated = () => files.reduce((sum, _, index) => sum + growth.available(index), 0)
  return Object.assign(concatGrowing(parts, name), { inflated, finish, close })
}

/** @param outputs an empty open file for each file that is unpacked at the same time; without any, the files are only verified */
function startWork(files: readonly FileTask[], outputs: number[], { concurrency = usableThreads(), ...settings }: SpoolOptions) {
  const growth = new FileGrowth(files.length)
  startWorker(workerScript(), { ...settings, shared: growth.shared, files, outputs: [...outputs], concurrency }, growth)
  return {
    growth,
    finish: () => files.forEach((_, index) => void growth.waitFor(index, Number.POSITIVE_INFINITY)),
    close() {
      // A worker that doesn't respond may still write, so its files stay open: otherwise their descriptors could be reused for other files.
      if (growth.stop()) for (const fd of outputs.splice(0)) closeSync(fd)
    },
  }
}

function taskOf({ name, source, compression, expected }: PackedFile): FileTask {
  if (!source.runs) throw new DiskError(name, "its bytes are not stored in a file, so it can't be inflated in the background")
  return { name, runs: source.runs, compression, ...(expected && { expected }) }
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

function openTemporaryFiles(count: number, dir: string): number[] {
  const files: number[] = []
  try {
    while (files.length < count) files.push(openUnlinked(dir))
    return files
  } catch (error) {
    for (const fd of files) closeSync(fd)
    throw error
  }
}

function startWorker(script: URL, task: InflateTask, growth: FileGrowth): void {
  const stopped = (why: string) => {
    growth.fail('unpacking', why)
    growth.end()
  }
  // The worker reports its own failures. These handlers are for a worker that couldn't, if this thread isn't blocked. A small young
  // generation makes zlib's buffers go away sooner: 40 MB less.
  const worker = new Worker(script, { workerData: task, resourceLimits: { maxYoungGenerationSizeMb: 2 } })
  worker.on('error', (error) => stopped(`the thread stopped: ${error.message}`))
  worker.on('exit', () => stopped('the thread stopped early'))
  worker.unref()
}
