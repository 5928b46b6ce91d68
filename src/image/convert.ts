import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Warn } from '../disk/errors.ts'
import type { Identity } from '../disk/identity.ts'
import { type Archive, type ArchiveSummary, createArchive } from './archive.ts'
import { imageConfig } from './config.ts'
import type { Compression } from './frames.ts'
import { imageKey } from './key.ts'
import type { Layer, LayerWriter } from './layer.ts'
import type { TarSummary } from './tar.ts'
import type { Found, TarMessage, TarTask } from './tar-thread.ts'

export interface ConvertOptions {
  /** Path of the ISO, or of anything else that holds a DDK's root filesystem. */
  readonly input: string
  /** Where the image goes, as an archive; its directory must exist. */
  readonly archive: string
  readonly compression: Compression
  /** An existing directory with room for the whole disk. */
  readonly tempDir: string
  /** The input's SHA-256 in hexadecimal, if it is one file. The archive isn't given its name before it is known; a rejection stops it all. */
  readonly inputSha256: Promise<string | undefined>
  /** Gives the names that the image shall have, now that it is known what it is. Whatever it throws stops the conversion. */
  name(found: Found): readonly string[]
  readonly warn: Warn
  /** Told how many bytes of the tar have been made. */
  onProgress?(bytes: number, found: Found): void
}

export interface Conversion {
  readonly found: Found
  readonly identity: DdkIdentity
  readonly names: readonly string[]
  /** Empty if the input isn't one file. */
  readonly isoSha256: string
  readonly tar: TarSummary
  readonly layer: Layer
  readonly archive: ArchiveSummary
}

/** What a DDK is; empty where it doesn't say. */
export type DdkIdentity = { readonly [K in keyof Identity]: NonNullable<Identity[K]> | '' }

/**
 * Makes an image of a DDK. One thread reads the formats and makes the tar, libuv's threads compress it, this one adds up and writes.
 * @throws Error with one sentence, if the input isn't sound, or can't be read, or the archive can't be written; there is no archive then
 */
export async function convert(options: ConvertOptions): Promise<Conversion> {
  const stop = new AbortController()
  options.inputSha256.catch((error) => stop.abort(error))
  const archive = createArchive(options.archive)
  const task: TarTask = { input: options.input, tempDir: options.tempDir }
  const worker = new Worker(workerScript, { workerData: task })
  try {
    const { found, names, layer, tar } = await receive(worker, archive, options, stop.signal)
    const isoSha256 = (await options.inputSha256) ?? ''
    const identity = withoutGaps(found.identity)
    const config = imageConfig(
      { ...identity, architecture: identity.architecture === 'i686' ? '386' : 'amd64', isoSha256, created: found.created },
      isoSha256 && imageKey({ sha256: isoSha256 }, {}),
      [{ diffId: layer.diffId, createdBy: 'root filesystem of the DDK' }],
    )
    const summary = archive.finish({ config, tags: names })
    return { found, identity, names, isoSha256, tar, layer, archive: summary }
  } catch (error) {
    await worker.terminate()
    await archive.abort()
    throw stop.signal.aborted ? stop.signal.reason : error
  }
}

/** Beside this file: the source, or the bundle of it. */
const workerScript = new URL(import.meta.url.endsWith('.ts') ? './convert-worker.ts' : './convert-worker.cjs', import.meta.url)

interface Received {
  readonly found: Found
  readonly names: readonly string[]
  readonly layer: Layer
  readonly tar: TarSummary
}

/** Takes what the thread says, to the end. */
async function receive(worker: Worker, archive: Archive, options: ConvertOptions, signal: AbortSignal): Promise<Received> {
  const release = (buffer: ArrayBuffer) => worker.postMessage(buffer, [buffer])
  let known: { found: Found; names: readonly string[]; layer: LayerWriter } | undefined
  let bytes = 0
  // Ends if the thread does; an error in it is thrown here.
  for await (const [message] of on(worker, 'message', { close: ['exit'], signal }) as AsyncIterable<[TarMessage]>) {
    switch (message.kind) {
      case 'warning':
        options.warn(message.text)
        break
      case 'found': {
        const { found } = message
        const names = options.name(found)
        known = { found, names, layer: archive.addLayer({ compression: options.compression, release }) }
        break
      }
      case 'piece':
        bytes += message.piece.length
        await known!.layer.write(message.piece)
        options.onProgress?.(bytes, known!.found)
        break
      case 'done':
        return { ...known!, layer: await known!.layer.finish(), tar: message.summary }
      case 'failed':
        throw Object.assign(new Error(message.message), { stack: message.stack })
    }
  }
  throw new Error('the thread that reads the ISO ended without a word; there may be too little memory')
}

function withoutGaps(identity: Identity): DdkIdentity {
  const { product = '', version = '', build = '', kernelVersion = '', architecture = '' } = identity
  return { product, version, build, kernelVersion, architecture }
}
