import type { Identity } from '../../disk/root/identity.ts'
import { type ImageConfig, imageConfig } from './config.ts'
import { keyLabel, labelledIdentity } from './labels.ts'

/** What a configuration says that `imageConfig` wrote. */
export interface ReadConfig {
  readonly config: ImageConfig
  readonly identity: Identity
  /** In hexadecimal; empty if the input wasn't a single file. */
  readonly isoSha256: string
  /** Empty if it has none. */
  readonly key: string
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly string[]
}

/**
 * Reads an image's configuration that comes from elsewhere. Returns undefined unless it is, byte for byte, one that `imageConfig` writes for
 * what its labels say.
 */
export function readConfig(bytes: Buffer): ReadConfig | undefined {
  try {
    const config = JSON.parse(bytes.toString('utf8')) as ImageConfig
    const labels = config.config.Labels
    const labelled = labelledIdentity(labels)
    if (!labelled || Object.values(labels).some((value) => /\p{Cc}/u.test(value))) return undefined
    const key = labels[keyLabel] ?? ''
    const layers = config.rootfs.diff_ids.map((diffId, index) => ({ diffId, createdBy: config.history[index]!.created_by }))
    const { Env, Entrypoint: entrypoint = [] } = config.config
    const origin = { ...labelled, created: Date.parse(config.created) / 1000 }
    const again = imageConfig(origin, key, layers, { env: Env.slice(1), entrypoint })
    return Buffer.from(JSON.stringify(again)).equals(bytes) && layers.every(({ diffId }) => /^sha256:[0-9a-f]{64}$/.test(diffId))
      ? { config: again, ...labelled, key, diffIds: config.rootfs.diff_ids }
      : undefined
  } catch {
    // It isn't JSON, or lacks something.
    return undefined
  }
}
