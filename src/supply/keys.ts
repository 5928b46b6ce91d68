import { imageCacheKey } from '../cache/entries/image-cache.ts'
import { imageKey } from '../image/key/key.ts'
import type { KnownIso } from './iso/known-iso.ts'
import type { Order } from './order.ts'

/** The keys under which an image is looked up. A key is absent if it can't be computed. */
export interface Keys {
  /** In an engine; contains the ISO's checksum. */
  readonly engine?: string
  /** In the Actions cache; made from what is known about the ISO before it is fetched. */
  readonly cache?: string
  /** In a registry: the same, as a tag. */
  readonly registry?: string
}

export function keysOf({ identity, sha256 }: KnownIso, { uname }: Order): Keys {
  return {
    ...(sha256 !== undefined && { engine: imageKey({ sha256 }, { uname }) }),
    ...(identity && { cache: imageCacheKey(imageKey(identity, { uname })), registry: imageKey(identity, { uname }) }),
  }
}
