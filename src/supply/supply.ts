import type { Identity } from '../disk/root/identity.ts'
import type { Engine, Image } from '../engine/engine.ts'
import type { ArchiveSummary } from '../image/archive/archive.ts'
import type { Conversion } from '../image/description.ts'
import type { ImageFacts } from './engine/known-images.ts'

/** Where the image came from, or the ISO that it was made from. */
export type Origin = 'engine' | 'registry' | 'cache' | 'file' | 'tool-cache' | 'iso-cache' | 'download'

/** An image on this machine. */
export interface Supply {
  readonly origin: Origin
  /** Its name. */
  readonly name: string
  readonly identity: Identity
  /** In hexadecimal; empty if it wasn't made from a single file. */
  readonly isoSha256: string
  /** Set if the engine already had it. */
  readonly image?: Image
  /** Whether the archive lacks the lowest layer, because the engine has it. */
  readonly imported?: boolean
  /** The archive to load; set if the image isn't in an engine yet. */
  readonly archive?: ArchiveSummary
  /** How it was made; set if that is known, and the image isn't in an engine yet. */
  readonly conversion?: Conversion
  /** What this runner has recorded about it; set if the engine already had it. */
  readonly facts?: ImageFacts | undefined
  /** The digest of its manifest, if the registry has the image. */
  readonly manifestDigest?: string
  /** Path of the ISO, if it is on this machine. */
  readonly isoPath?: string
}

/** The digest of the image's manifest: in the registry, else in the archive, else in the engine; undefined if none of them knows it. */
export function digestOf(
  { manifestDigest, archive }: Supply,
  engine: Pick<Engine, 'store'> | undefined,
  image: Pick<Image, 'id'> | undefined,
): string | undefined {
  return manifestDigest ?? archive?.manifestDigest ?? (engine?.store === 'containerd' ? image?.id : undefined)
}
