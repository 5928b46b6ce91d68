import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ServiceHealth } from '../cache/restore.ts'
import { expectVersion } from '../catalog/expect.ts'
import type { Identity } from '../disk/root/identity.ts'
import type { Engine } from '../engine/engine.ts'
import type { Compression } from '../image/archive/frames.ts'
import { imageName } from '../image/config/name.ts'
import type { UnameChoice } from '../image/environment/environment.ts'
import type { Inputs } from '../inputs.ts'
import type { Phase } from '../phase/phase.ts'
import type { CacheUse } from './cache-use.ts'

/** Which image is wanted, and where it is to be made. */
export interface Order {
  readonly phase: Phase
  /** A directory of this step's own, for the post step to remove. */
  readonly tempDir: string
  /** Path for the archive, if one is made. */
  readonly archive: string
  /** Whether it stays there, for the user or because there is no engine to load it into. */
  readonly keepArchive: boolean
  /** Of what is made anew. */
  readonly compression: Compression
  /** Whether the engine can read layers that are compressed with zstd. */
  readonly mayBeZstd: boolean
  readonly uname: UnameChoice
  readonly useCache: CacheUse
  /** What this step has learned of its service. */
  readonly cacheHealth: ServiceHealth
  /** Gives the image its name, now that it is known which DDK it is. @throws Error if it isn't the one that is wanted */
  name(identity: Identity): string
}

/**
 * @param engine that is to have the image, if any
 * @param tempDir of this step's own, for the post step to remove
 */
export function placeOrder(inputs: Inputs, useCache: CacheUse, engine: Engine | undefined, tempDir: string, phase: Phase): Order {
  const keepArchive = inputs.archive !== undefined || !engine
  return {
    phase,
    tempDir,
    archive: archivePath(inputs, engine, tempDir),
    keepArchive,
    compression: compressionFor(engine, keepArchive || useCache.save.image),
    mayBeZstd: engine?.loadsZstd ?? true,
    uname: inputs.uname,
    useCache,
    cacheHealth: { failing: false },
    name(identity) {
      expectVersion(identity, inputs.version)
      return inputs.image ?? imageName(identity, inputs.uname)
    },
  }
}

/** Without an engine the archive is all there is of the image, so it outlives the post step; the runner empties RUNNER_TEMP after the job. */
function archivePath({ archive }: Inputs, engine: Engine | undefined, tempDir: string): string {
  if (archive === undefined) return engine ? join(tempDir, 'image.tar') : `${tempDir}.tar`
  mkdirSync(dirname(archive), { recursive: true })
  return archive
}

/** Old engines can't read zstd. Docker's graph drivers load a plain layer fastest, its containerd store a compressed one. */
function compressionFor(engine: Engine | undefined, isKept: boolean): Compression {
  if (engine && !engine.loadsZstd) return 'none'
  return isKept || engine?.store === 'containerd' ? 'zstd' : 'none'
}
