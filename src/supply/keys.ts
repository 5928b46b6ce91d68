import { imageCacheKey } from '../cache/image-cache.ts'
import { imageKey } from '../image/config/key.ts'
import type { KnownIso } from './known-iso.ts'
import type { Order } from './order.ts'

/** The names under which an image is looked for; a name that it can't have is absent. */
export interface Keys {
  /** In an engine, by the ISO's checksum. */
  readonly engine?: string
  /** In the Actions cache, by what is known of the ISO before it is fetched. */
  readonly cache?: string
}

export function keysOf({ identity, sha256 }: KnownIso, { uname }: Order): Keys {
  return {
    ...(sha256 !== undefined && { engine: imageKey({ sha256 }, { uname }) }),
    ...(identity && { cache: imageCacheKey(imageKey(identity, { uname })) }),
  }
}
