import type { Identity } from '../disk/root/identity.ts'
import type { Image } from '../engine/engine.ts'
import type { Conversion } from '../image/description.ts'

/** Where an image came from: the image itself, or the ISO that it was made of. */
export type Origin = 'engine' | 'cache' | 'file' | 'tool-cache' | 'iso-cache' | 'download'

/** An image that is on this machine. */
export interface Supply {
  readonly origin: Origin
  /** Its name. */
  readonly name: string
  readonly identity: Identity
  /** In hexadecimal; empty if it wasn't made of one file. */
  readonly isoSha256: string
  /** If the engine had it all the time. */
  readonly image?: Image
  /** If it isn't in an engine yet: the archive to load. */
  readonly conversion?: Conversion
  /** Of the ISO, if that is here. */
  readonly isoPath?: string
}
