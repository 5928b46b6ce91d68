import type { Identity } from '../disk/identity.ts'
import type { Archive, ArchiveSummary } from './archive.ts'
import { type ContainerDefaults, type ImageConfig, imageConfig } from './config.ts'
import type { UnameChoice } from './environment/environment.ts'
import { imageKey } from './key.ts'
import type { Layer } from './layer.ts'
import type { TarSummary } from './tar.ts'
import type { Found } from './tar-thread.ts'

/** What there is to know of an image. With the blobs of its layers it is all that the image is made of, now or in a later run. */
export interface ImageDescription {
  readonly found: Found
  /** Empty if the input isn't one file. */
  readonly isoSha256: string
  /** Of the lowest layer. */
  readonly tar: TarSummary
  /** From the lowest up. */
  readonly layers: readonly DescribedLayer[]
  readonly uname: UnameChoice
  readonly defaults: ContainerDefaults
}

export interface DescribedLayer extends Layer {
  /** As the image's history says it. */
  readonly createdBy: string
}

export interface Conversion extends ImageDescription {
  readonly identity: DdkIdentity
  readonly names: readonly string[]
  readonly archive: ArchiveSummary
}

/** What a DDK is; empty where it doesn't say. */
export type DdkIdentity = { readonly [K in keyof Identity]: NonNullable<Identity[K]> | '' }

/** Makes an image of the layers that the archive has: the last step of each way to one. */
export function finishImage(archive: Archive, description: ImageDescription, names: readonly string[]): Conversion {
  const summary = archive.finish({ config: configOf(description), tags: names })
  return { ...description, identity: withoutGaps(description.found.identity), names, archive: summary }
}

/** The same description gives the same config, to the last byte. */
export function configOf({ found, isoSha256, layers, uname, defaults }: ImageDescription): ImageConfig {
  const identity = withoutGaps(found.identity)
  return imageConfig(
    { ...identity, architecture: identity.architecture === 'i686' ? '386' : 'amd64', isoSha256, created: found.created },
    isoSha256 && imageKey({ sha256: isoSha256 }, { uname }),
    layers,
    defaults,
  )
}

function withoutGaps(identity: Identity): DdkIdentity {
  const { product = '', version = '', build = '', kernelVersion = '', architecture = '' } = identity
  return { product, version, build, kernelVersion, architecture }
}
