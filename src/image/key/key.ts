import { sha256Of } from '../../bytes/digest.ts'
import { recipe } from './recipe.ts'

/** Identifies an ISO by its hash or, before it is fetched, by its address and what the server says about it. */
export type IsoIdentity = { readonly sha256: string } | { readonly url: string; readonly etag: string; readonly size: number }

/**
 * Key of an image in an engine or a cache: RECIPE-ISO-OPTIONS, in hexadecimal. An image that was made by other code has another recipe, and
 * isn't found.
 * @param options everything that changes the image, in any order
 */
export function imageKey(iso: IsoIdentity, options: Readonly<Record<string, string | number | boolean>>): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${recipe()}-${isoKey(iso)}-${sha256Of(JSON.stringify(sorted)).slice(0, 16)}`
}

/** The ISO's part of the key: 64 hexadecimal digits. */
export function isoKey(iso: IsoIdentity): string {
  return 'sha256' in iso ? iso.sha256.toLowerCase() : sha256Of(JSON.stringify([iso.url, iso.etag, iso.size]))
}
