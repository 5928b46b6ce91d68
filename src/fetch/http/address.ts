import type { FinalReply } from '../../http/request.ts'
import { shownUrl } from '../../http/shown-url.ts'
import type { Advice } from './reply.ts'

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

/**
 * What to do if a server doesn't give the file.
 * @param url that was requested
 * @param reply of the last server, if there were redirects
 */
export function adviceFor(address: Address, url: string, reply: FinalReply): Advice {
  const isFromWorkflow = address.headersFor.has(new URL(url).origin)
  return {
    ifDenied: whatIfDenied(address, url, reply),
    ifMissing: isFromWorkflow ? 'check the address, and whether it requires a login' : '',
  }
}

function whatIfDenied(address: Address, url: string, reply: FinalReply): string {
  if (address.headers.size === 0) {
    if (new URL(url).username !== '') return 'check the user and the password in the address'
    return 'if it requires a token, set it in the input "iso-headers"; if the address comes from a catalog, also set its origin in "iso-headers-for"'
  }
  if (headersFor(address, url).size === 0) {
    return `"iso-headers" isn't sent to this server, which a catalog names; if it may have it, add ${new URL(url).origin} to the input "iso-headers-for"`
  }
  if (!reply.trusted) {
    return `"iso-headers" isn't sent to ${reply.url.origin}, to which the address redirects; set "iso" to an address on that server`
  }
  return 'it was sent "iso-headers", so check whether the token is still valid, and may read this file'
}

/** Why a file is rejected that differs from what its address gave before. */
export function changedSentence(url: string, before: string, now: string): string {
  return (
    `${shownUrl(url)} gives another file than before: its SHA-256 is ${now}, but was ${before}. ` +
    `If that is intended, confirm the new file with this line below "with:": iso-sha256: ${now}`
  )
}
