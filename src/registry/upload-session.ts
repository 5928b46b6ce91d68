import { HttpFailure } from '../http/failure.ts'
import type { Answer } from './client.ts'

/** An upload session. */
export interface Session {
  readonly location: URL
  /** Bytes that the registry has. */
  readonly offset: number
}

/** Relative to the address that was asked. */
export function locationOf({ headers, url }: Answer, otherwise?: URL): URL {
  const location = headers.location === undefined ? otherwise : URL.parse(headers.location, url.href)
  if (!location || !/^https?:$/.test(location.protocol)) throw new HttpFailure("the registry doesn't say where the upload goes on")
  if (url.protocol === 'https:' && location.protocol === 'http:') {
    throw new HttpFailure(`the registry wants the upload at ${location.host} over plain http, which is not secure`)
  }
  return new URL(location)
}

/** Registries write `0-0` for an upload of no bytes, and of one; `bytes=` before it is wrong, but some write it. */
export function offsetIn({ headers }: Answer): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(headers.range?.trim() ?? '')?.[1]
  return last === undefined ? undefined : Number(last) === 0 ? 0 : Number(last) + 1
}
