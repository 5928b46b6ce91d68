import type { Archive, ArchiveSummary } from './archive/archive.ts'
import type { Layer } from './archive/layer.ts'
import { type ContainerDefaults, type ImageConfig, imageConfig } from './config/config.ts'
import type { UnameChoice } from './config/uname-choice.ts'
import { imageKey } from './key/key.ts'
import type { TarSummary } from './tar/tar.ts'
import type { Found } from './tar-thread.ts'

/** Everything about an image except the blobs of its layers. Together they are enough to assemble the image, now or in a later run. */
export interface ImageDescription {
  readonly found: Found
  /** How many RPMs it has, without keys, if the disk's database of them could be read. */
  readonly packages?: number | undefined
  /** Empty if the input isn't a single file. */
  readonly isoSha256: string
  /** Summary of the lowest layer. */
  readonly tar: TarSummary
  /** Lowest first. */
  readonly layers: readonly DescribedLayer[]
  readonly uname: UnameChoice
  readonly defaults: ContainerDefaults
}

export interface DescribedLayer extends Layer {
  /** The layer's entry in the image's history. */
  readonly createdBy: string
}

export interface Conversion extends ImageDescription {
  readonly names: readonly string[]
  readonly archive: ArchiveSummary
}

/** Makes an image from the layers in the archive. This is the last step, wherever the layers came from. */
export function finishImage(archive: Archive, description: ImageDescription, names: readonly string[]): Conversion {
  const summary = archive.finish({ config: configOf(description), tags: names })
  return { ...description, names, archive: summary }
}

/** The same description always gives the same bytes. */
export function configOf({ found, isoSha256, layers, uname, defaults }: ImageDescription): ImageConfig {
  const key = isoSha256 && imageKey({ sha256: isoSha256 }, { uname })
  return imageConfig({ identity: found.identity, isoSha256, created: found.created }, key, layers, defaults)
}
