import { sha256Of } from '../../bytes/digest.ts'

/** Identifies an ISO by its hash or, before it is fetched, by its address and what the server says about it. */
export type IsoIdentity = { readonly sha256: string } | { readonly url: string; readonly etag: string; readonly size: number }

/** Increase this whenever the same ISO and options would give a different image, so that old images are no longer found. */
export const imageFormat = 1

/**
 * Key of an image in an engine or a cache: FORMAT-ISO-OPTIONS, the last two in hexadecimal.
 * @param options everything that changes the image, in any order
 */
export function imageKey(iso: IsoIdentity, options: Readonly<Record<string, string | number | boolean>>): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))
  return `v${imageFormat}-${isoKey(iso)}-${sha256Of(JSON.stringify(sorted)).slice(0, 16)}`
}

/** The ISO's part of the key: 64 hexadecimal digits. */
export function isoKey(iso: IsoIdentity): string {
  return 'sha256' in iso ? iso.sha256.toLowerCase() : sha256Of(JSON.stringify([iso.url, iso.etag, iso.size]))
}
