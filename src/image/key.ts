import { createHash } from 'node:crypto'

/** What an ISO is known by: its hash, or, before it is there, its address and what the server says of it. */
export type IsoIdentity = { readonly sha256: string } | { readonly url: string; readonly etag: string; readonly size: number }

/** To be raised whenever the same ISO and options give another image than before: then none of the old ones is found again. */
export const imageFormat = 1

/**
 * The name under which an image is found again, in an engine or a cache: FORMAT-ISO-OPTIONS, the last two in hexadecimal.
 * @param options all that change the image, in any order
 */
export function imageKey(iso: IsoIdentity, options: Readonly<Record<string, string | number | boolean>>): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))
  return `v${imageFormat}-${isoKey(iso)}-${sha256(JSON.stringify(sorted)).slice(0, 16)}`
}

/** An ISO's part of it: 64 hexadecimal digits. */
export function isoKey(iso: IsoIdentity): string {
  return 'sha256' in iso ? iso.sha256.toLowerCase() : sha256(JSON.stringify([iso.url, iso.etag, iso.size]))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
