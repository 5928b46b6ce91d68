import type { Archive, ArchiveSummary } from './archive/archive.ts'
import type { Layer } from './archive/layer.ts'
import { type ContainerDefaults, type ImageConfig, imageConfig } from './config/config.ts'
import { imageKey } from './config/key.ts'
import type { UnameChoice } from './environment/environment.ts'
import type { TarSummary } from './tar/tar.ts'
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
  readonly names: readonly string[]
  readonly archive: ArchiveSummary
}

/** Makes an image of the layers that the archive has: the last step of each way to one. */
export function finishImage(archive: Archive, description: ImageDescription, names: readonly string[]): Conversion {
  const summary = archive.finish({ config: configOf(description), tags: names })
  return { ...description, names, archive: summary }
}

/** The same description gives the same config, to the last byte. */
export function configOf({ found, isoSha256, layers, uname, defaults }: ImageDescription): ImageConfig {
  const key = isoSha256 && imageKey({ sha256: isoSha256 }, { uname })
  return imageConfig({ identity: found.identity, isoSha256, created: found.created }, key, layers, defaults)
}
