import type { Identity } from '../disk/root/identity.ts'
import type { Image } from '../engine/engine.ts'
import type { Conversion } from '../image/description.ts'

/** Where the image came from, or the ISO that it was made from. */
export type Origin = 'engine' | 'cache' | 'file' | 'tool-cache' | 'iso-cache' | 'download'

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
  readonly conversion?: Conversion
  /** Path of the ISO, if it is on this machine. */
  readonly isoPath?: string
}
