import { basename, dirname, join } from 'node:path'
import { UserError } from '../bytes/errors.ts'
import type { ServiceHealth } from '../cache/process/restore.ts'
import { expectVersion } from '../catalog/expect.ts'
import type { Identity } from '../disk/root/identity.ts'
import type { Engine } from '../engine/engine.ts'
import { cantLoad } from '../engine/layer-support.ts'
import { RootImport } from '../engine/root-import.ts'
import { makeFolder } from '../host/make-folder.ts'
import type { Compression } from '../image/archive/frames.ts'
import { imageName } from '../image/config/name.ts'
import type { UnameChoice } from '../image/config/uname-choice.ts'
import type { Inputs } from '../inputs.ts'
import type { Phase } from '../phase/phase.ts'
import type { Timeline } from '../phase/timeline.ts'
import type { CacheUse } from './cache/cache-use.ts'
import { type RegistryUse, useRegistry } from './registry/registry-use.ts'

/** Which image is requested, and where to make it. */
export interface Order {
  readonly phase: Phase
  /** Gets the tasks that take long. */
  readonly timeline: Timeline
  /** This step's own directory, which the post step removes. */
  readonly tempDir: string
  /** Path for the archive, if one is made. */
  readonly archive: string
  /** Whether the archive is kept, for the user or because it is the only result. */
  readonly keepArchive: boolean
  /** Absolute path of the OCI layout to write, if one is wanted. */
  readonly ociLayout?: string
  /** Whether the archive has to be made, with all its layers, although an engine may have the image: an engine would export other bytes. */
  readonly wantsArchive: boolean
  /** Compression of new images. */
  readonly compression: Compression
  /** The compression that an image from the cache must have as well; absent if any will do that the engine can load. */
  readonly onlyCompression?: Compression
  /** Moves the lowest layer into the engine while it is made; absent if the engine can't, or the archive has to be complete. */
  readonly rootImport?: RootImport
  /** Whether layers of an earlier image may be compressed with zstd: the engine can read that, and doesn't get uncompressed ones sooner. */
  readonly takesZstd: boolean
  readonly uname: UnameChoice
  /** Limit for bytes of zeros in a new image, if another than the default. It doesn't change the image, so it isn't part of its key. */
  readonly maxZeroBytes: number | undefined
  readonly useCache: CacheUse
  /** Where images are that others have made; absent without a registry. */
  readonly registry?: RegistryUse
  /** `sha256:` and hexadecimal: of the manifest or of the configuration that the image must have. */
  readonly expectDigest?: string
  /** What this step has learned about the cache service. */
  readonly cacheHealth: ServiceHealth
  /**
   * Returns the image's name, once the DDK is known.
   * @throws Error if it isn't the requested version
   */
  name(identity: Identity): string
}

/**
 * @param engine that the image is for, if any
 * @param tempDir this step's own directory, which the post step removes
 * @throws UserError if the engine can't load the compression that is asked for
 */
export function placeOrder(
  inputs: Inputs,
  useCache: CacheUse,
  engine: Engine | undefined,
  tempDir: string,
  phase: Phase,
  timeline: Timeline,
): Order {
  const { layerCompression: asked } = inputs
  const refusal = engine && asked && cantLoad(engine, asked)
  if (refusal !== undefined) throw new UserError(`Input "layer-compression": ${refusal}`, 'input')
  const { ociLayout } = inputs
  const keepArchive = inputs.archive !== undefined || isOnlyResult(inputs, engine)
  const wantsArchive = keepArchive || ociLayout !== undefined
  const registry = useRegistry(inputs, phase)
  const isWhole = wantsArchive || (registry?.push ?? false)
  return {
    phase,
    timeline,
    tempDir,
    archive: archivePath(inputs, engine, tempDir),
    keepArchive,
    ...(ociLayout !== undefined && { ociLayout }),
    wantsArchive,
    ...(engine?.layers && !isWhole && !asked && { rootImport: new RootImport(engine.layers, basename(tempDir)) }),
    compression: asked ?? compressionFor(engine, isWhole),
    ...(asked && { onlyCompression: asked }),
    takesZstd: compressionFor(engine, isWhole) === 'zstd',
    uname: inputs.uname,
    maxZeroBytes: inputs.maxZeroBytes,
    useCache,
    ...(registry && { registry }),
    ...(inputs.expectDigest !== undefined && { expectDigest: inputs.expectDigest }),
    cacheHealth: { failing: false, waited: 0 },
    name(identity) {
      expectVersion(identity, inputs.version)
      return inputs.image ?? imageName(identity, inputs.uname)
    },
  }
}

/** What was decided, one sentence each, for the log of a job in debug mode. */
export function decisionsOf({ archive, keepArchive, ociLayout, rootImport, compression, takesZstd, useCache, registry }: Order): string[] {
  const kinds = ({ image, iso }: CacheUse['save']) => [image && 'image', iso && 'ISO'].filter(Boolean).join(' and ') || 'nothing'
  return [
    `The archive ${archive} is ${keepArchive ? 'kept' : `removed once it is ${ociLayout === undefined ? 'loaded' : 'used'}`}`,
    ...(ociLayout === undefined ? [] : [`The OCI layout is ${ociLayout}`]),
    `The lowest layer is ${rootImport ? 'imported into the engine while it is made' : 'written to the archive'}`,
    `New layers are compressed with ${compression}; those of an earlier image ${takesZstd ? 'may be' : "aren't"} compressed with zstd`,
    `The Actions cache is asked for ${kinds(useCache.restore)}, and gets ${kinds(useCache.save)}`,
    ...(registry ? [`${registry.client.repository.text} is asked for the image, and ${registry.push ? 'gets it' : 'gets nothing'}`] : []),
  ]
}

/** Whether the image is nowhere but in the archive. */
function isOnlyResult({ ociLayout }: Inputs, engine: Engine | undefined): boolean {
  return !engine && ociLayout === undefined
}

/** The only result isn't in this step's directory, which the post step removes. The runner empties RUNNER_TEMP after the job. */
function archivePath(inputs: Inputs, engine: Engine | undefined, tempDir: string): string {
  const { archive } = inputs
  if (archive === undefined) return isOnlyResult(inputs, engine) ? `${tempDir}.tar` : join(tempDir, 'image.tar')
  makeFolder(dirname(archive))
  return archive
}

/** For the Actions cache, layers are compressed beside the next steps. */
function compressionFor(engine: Engine | undefined, isWhole: boolean): Compression {
  if (engine && !engine.loadsZstd) return 'none'
  return engine?.prefersPlain && !isWhole ? 'none' : 'zstd'
}
