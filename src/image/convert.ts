import { on } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Arrival } from '../bytes/arriving-file.ts'
import { DiskError, UserError, type Warn } from '../bytes/errors.ts'
import { isSameFile } from '../host/same-file.ts'
import { type Archive, createArchive } from './archive/archive.ts'
import type { Compression } from './archive/frames.ts'
import type { LayerSink, LayerWriter } from './archive/layer.ts'
import type { UnameChoice } from './config/uname-choice.ts'
import { type Conversion, type DescribedLayer, finishImage, type ImageDescription } from './description.ts'
import type { BuildEnvironment } from './environment/environment.ts'
import type { Found, TarMessage, TarTask } from './tar-thread.ts'

export type { Conversion } from './description.ts'

export interface ConvertOptions {
  /** Path of the ISO, or of any other input that contains a DDK's root filesystem. */
  readonly input: string
  /** Set if the input is a file that is still arriving. */
  readonly arrival?: Arrival | undefined
  /** Path of the image archive. Its directory must exist. */
  readonly archive: string
  readonly compression: Compression
  /** Where the root filesystem's layer goes instead of into the archive; called when it is known what the input is. */
  readonly rootSink?: () => LayerSink
  /** What `uname` reports in a container. Default: `ddk`. */
  readonly uname?: UnameChoice
  /** Limit for bytes of zeros in all files together; see `LayerPolicy`. */
  readonly maxZeroBytes?: number | undefined
  /** An existing directory with room for the whole disk. */
  readonly tempDir: string
  /**
   * SHA-256 of the input in hexadecimal, if it is a single file. The archive isn't finished before this is known; a rejection stops the
   * conversion.
   */
  readonly inputSha256: Promise<string | undefined>
  /** Returns the image's names, once it is known what the input is. If it throws, the conversion stops. */
  name(found: Found): readonly string[]
  readonly warn: Warn
  /** Gets a sentence about each kind of thing that an image can't have as the input has it. */
  readonly note: Warn
  /** Called with the number of bytes of the tar so far. */
  onProgress?(bytes: number, found: Found): void
  /** Stops it all. */
  readonly signal?: AbortSignal
}

/**
 * Converts a DDK into an image. One thread reads the formats and makes the tar, libuv's threads compress it, and this one hashes and
 * writes.
 * @throws Error with one sentence if the input is damaged or can't be read, or if the archive can't be written; the reason of `signal`; in
 *   each case there is no archive; SinkError if `rootSink` doesn't take the layer
 */
export async function convert(options: ConvertOptions): Promise<Conversion> {
  options.signal?.throwIfAborted()
  const stop = new AbortController()
  options.inputSha256.catch((error) => stop.abort(error))
  options.signal?.addEventListener('abort', () => stop.abort(options.signal!.reason))
  if (isSameFile(options.input, options.archive))
    throw new UserError(`${options.archive}: the archive would overwrite its own input; choose another name`, 'input')
  const archive = createArchive(options.archive)
  const { input, arrival, tempDir, uname = 'ddk', maxZeroBytes } = options
  const task: TarTask = { input, arrival, tempDir, uname, ...(maxZeroBytes !== undefined && { maxZeroBytes }) }
  // The default young generation makes a conversion no faster, and takes 30 MB more.
  const worker = new Worker(workerScript, { workerData: task, resourceLimits: { maxYoungGenerationSizeMb: 4 } })
  try {
    const { names, ...received } = await receive(worker, archive, options, stop.signal)
    const isoSha256 = (await options.inputSha256) ?? ''
    // Signals are handled only between turns of the event loop; this is the last chance to obey one.
    await turn()
    stop.signal.throwIfAborted()
    return finishImage(archive, { ...received, isoSha256, uname }, names)
  } catch (error) {
    await worker.terminate()
    await archive.abort()
    throw stop.signal.aborted ? stop.signal.reason : error
  }
}

/** Beside this file, in the sources and in the bundle. */
const workerScript = new URL(import.meta.url.endsWith('.ts') ? './convert-worker.ts' : './convert-worker.cjs', import.meta.url)

interface Received extends Omit<ImageDescription, 'isoSha256' | 'uname'> {
  readonly names: readonly string[]
}

/** Processes the thread's messages to the end. */
async function receive(worker: Worker, archive: Archive, options: ConvertOptions, signal: AbortSignal): Promise<Received> {
  const release = (buffer: ArrayBuffer) => worker.postMessage(buffer, [buffer])
  let known: { found: Found; environment: BuildEnvironment | undefined; names: readonly string[]; layer: LayerWriter } | undefined
  let bytes = 0
  // The loop ends if the thread ends. Errors in the thread are thrown here.
  for await (const [message] of on(worker, 'message', { close: ['exit'], signal }) as AsyncIterable<[TarMessage]>) {
    switch (message.kind) {
      case 'warning':
        options.warn(message.text)
        break
      case 'note':
        options.note(message.text)
        break
      case 'found': {
        const { found, environment } = message
        const names = options.name(found)
        const layer = options.rootSink
          ? archive.addAbsentLayer(options.rootSink(), release)
          : archive.addLayer({ compression: options.compression, release })
        known = { found, environment, names, layer }
        break
      }
      case 'piece':
        bytes += message.piece.length
        await known!.layer.write(message.piece)
        options.onProgress?.(bytes, known!.found)
        break
      case 'done': {
        const { found, environment, names, layer } = known!
        const root = { ...(await layer.finish()), createdBy: 'root filesystem of the DDK' }
        const layers = environment ? [root, await addEnvironment(archive, environment, options.compression)] : [root]
        const { env, entrypoint } = environment ?? { env: [], entrypoint: [] }
        const { summary: tar, packages } = message
        return { found, packages, names, tar, layers, defaults: { env, entrypoint } }
      }
      case 'failed':
        throw failureOf(message)
    }
  }
  throw new UserError('the thread that reads the ISO ended unexpectedly; the machine may have run out of memory', 'memory')
}

/** The thread's error, as it was thrown there. */
function failureOf({ message, stack, errorKind }: Extract<TarMessage, { kind: 'failed' }>): Error {
  const error = errorKind === undefined ? new Error(message) : DiskError.restored(message, errorKind)
  return Object.assign(error, { stack })
}

async function addEnvironment(archive: Archive, { layer }: BuildEnvironment, compression: Compression): Promise<DescribedLayer> {
  const writer = archive.addLayer({ compression })
  await writer.write(layer)
  return { ...(await writer.finish()), createdBy: 'build environment: uname, and variables that tell which DDK it is' }
}
