import { shownUrl } from '../../http/shown-url.ts'

/** Where an ISO can be fetched, and what is known about it beforehand. */
export interface Address {
  /** http and https URLs of the same file, tried in turn. */
  readonly urls: readonly string[]
  /** Identifies the ISO; the first URL, if absent. */
  readonly knownBy?: string
  /** The user's headers. They may be secret, so they never appear in a message, and are not sent to another origin after a redirect. */
  readonly headers: ReadonlyMap<string, string>
  /** The origins that get the headers, e.g. `https://mirror.example.com`: those that the workflow names, whatever a catalog says. */
  readonly headersFor: ReadonlySet<string>
  /** Lower-case hexadecimal. */
  readonly sha256?: string
  /** What an earlier download from there had. If `sha256` isn't known, another file than that ends the download. */
  readonly sha256Before?: string
  /** In bytes. */
  readonly size?: number
}

/** The URL that identifies the ISO of an address. */
export function identifyingUrl({ knownBy, urls }: Address): string {
  return knownBy ?? urls[0]!
}

/** The user's headers for one of the addresses. */
export function headersFor(address: Address, url: string): ReadonlyMap<string, string> {
  return address.headersFor.has(new URL(url).origin) ? address.headers : new Map()
}

/** Why a file is rejected that differs from what its address gave before. */
export function changedSentence(url: string, before: string, now: string): string {
  return (
    `${shownUrl(url)} gives another file than before: its SHA-256 is ${now}, but was ${before}. ` +
    `If that is intended, confirm the new file with this line below "with:": iso-sha256: ${now}`
  )
}
