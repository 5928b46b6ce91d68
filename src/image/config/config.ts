import type { Identity } from '../../disk/root/identity.ts'
import { imageLabels } from './labels.ts'

/** OCI Image Configuration: everything about an image except the contents of its layers. Its digest is the image ID. */
export interface ImageConfig {
  readonly created: string
  readonly architecture: Architecture
  readonly os: 'linux'
  readonly config: {
    readonly Env: readonly string[]
    readonly Entrypoint?: readonly string[]
    readonly Cmd: readonly string[]
    readonly WorkingDir: string
    readonly Labels: Readonly<Record<string, string>>
  }
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] }
  readonly history: readonly { readonly created: string; readonly created_by: string }[]
}

/** GOARCH names. */
export type Architecture = 'amd64' | '386'

/** What an image was made from. */
export interface ImageOrigin {
  readonly identity: Identity
  /** In hexadecimal; empty if the input isn't a single file. */
  readonly isoSha256: string
  /** When the ISO was made, in seconds since 1970. */
  readonly created: number
}

/** Defaults for every command in a container of the image. */
export interface ContainerDefaults {
  /** `NAME=VALUE`, beyond PATH. */
  readonly env: readonly string[]
  /** The command that starts every other command; empty if there is none. */
  readonly entrypoint: readonly string[]
}

/**
 * The config of a DDK's image. The same arguments give the same bytes: the order of the keys is fixed, and nothing depends on the time or
 * the host.
 * @param key from `imageKey`; may be empty
 * @param layers lowest first
 */
export function imageConfig(
  { identity, isoSha256, created }: ImageOrigin,
  key: string,
  layers: readonly { diffId: string; createdBy: string }[],
  { env, entrypoint }: ContainerDefaults = { env: [], entrypoint: [] },
): ImageConfig {
  const time = rfc3339(created)
  return {
    created: time,
    architecture: identity.architecture === 'i686' ? '386' : 'amd64',
    os: 'linux',
    config: {
      // The PATH of a root login in Dom0, which build scripts expect.
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/root/bin', ...env],
      ...(entrypoint.length > 0 && { Entrypoint: entrypoint }),
      Cmd: ['/bin/bash'],
      // A root login starts here, too, and the DDK's examples are below it.
      WorkingDir: '/root',
      Labels: imageLabels(identity, isoSha256, time, key),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ createdBy }) => ({ created: time, created_by: createdBy })),
  }
}

function rfc3339(seconds: number): string {
  return new Date(imageTime(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}

/**
 * Limits a time to what an image can have, in whole seconds since 1970: RFC 3339 ends with the year 9999, and the date in an ISO may be
 * anything.
 */
export function imageTime(seconds: number): number {
  return Math.min(Math.max(0, Math.floor(seconds) || 0), 253_402_300_799)
}
