/** OCI Image Configuration: what an image is, next to its layers. Its digest is the image's ID. */
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

/** As GOARCH names them. */
export type Architecture = 'amd64' | '386'

/** What is known about a DDK; an empty text for what isn't. */
export interface DdkFacts {
  /** E.g. `6.5.0`. */
  readonly version: string
  /** E.g. `90233c`. */
  readonly build: string
  /** As `uname -r` says in Dom0, e.g. `3.10.0+2`. */
  readonly kernelVersion: string
  readonly architecture: Architecture
  /** In hexadecimal. */
  readonly isoSha256: string
  /** When the ISO was made, in seconds since 1970. */
  readonly created: number
}

/** What every command in a container of the image begins with. */
export interface ContainerDefaults {
  /** `NAME=VALUE`, beyond PATH. */
  readonly env: readonly string[]
  /** The command that every other one is started by; empty if there is none. */
  readonly entrypoint: readonly string[]
}

/** The prefix of our own labels. */
export const labelPrefix = 'io.github.xenserver-ddk-action'

/** The label that says which ISO and options an image was made of: the name under which one is found again. */
export const keyLabel = `${labelPrefix}.key`

/**
 * The config of a DDK's image. The same facts give the same bytes: the order of the keys is fixed, and there is no clock and no host in it.
 * @param key of `imageKey`, or an empty text
 * @param layers from the lowest up
 */
export function imageConfig(
  facts: DdkFacts,
  key: string,
  layers: readonly { diffId: string; createdBy: string }[],
  { env, entrypoint }: ContainerDefaults = { env: [], entrypoint: [] },
): ImageConfig {
  const created = rfc3339(facts.created)
  const name = [facts.version, facts.build].filter((part) => part !== '').join('-')
  return {
    created,
    architecture: facts.architecture,
    os: 'linux',
    config: {
      // What a login as root has in Dom0: build scripts are written for that.
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/root/bin', ...env],
      ...(entrypoint.length > 0 && { Entrypoint: entrypoint }),
      Cmd: ['/bin/bash'],
      // Where a login as root begins as well; the DDK's examples are below it.
      WorkingDir: '/root',
      Labels: known({
        'org.opencontainers.image.title': `XenServer DDK ${name}`.trimEnd(),
        'org.opencontainers.image.description':
          'The root filesystem of a XenServer Driver Development Kit, in which drivers for its Dom0 are built',
        'org.opencontainers.image.version': name,
        'org.opencontainers.image.created': created,
        [`${labelPrefix}.version`]: facts.version,
        [`${labelPrefix}.build`]: facts.build,
        [`${labelPrefix}.kernel-version`]: facts.kernelVersion,
        [`${labelPrefix}.architecture`]: facts.architecture,
        [`${labelPrefix}.iso-sha256`]: facts.isoSha256,
        [keyLabel]: key,
      }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ createdBy }) => ({ created, created_by: createdBy })),
  }
}

function known(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
}

function rfc3339(seconds: number): string {
  return new Date(imageTime(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}

/** A time that an image can be of, in whole seconds since 1970: RFC 3339 ends with the year 9999, and an ISO's date is whatever someone wrote. */
export function imageTime(seconds: number): number {
  return Math.min(Math.max(0, Math.floor(seconds) || 0), 253_402_300_799)
}
