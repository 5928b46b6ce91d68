/** Where an ISO can be fetched, and what is known about it beforehand. */
export interface Address {
  /** http and https URLs of the same file, tried in turn. The first one identifies the ISO. */
  readonly urls: readonly string[]
  /** The user's headers. They may be secret, so they never appear in a message, and are not sent to another origin after a redirect. */
  readonly headers: ReadonlyMap<string, string>
  /** The origins that get the headers, e.g. `https://mirror.example.com`: those that the workflow names, whatever a catalog says. */
  readonly headersFor: ReadonlySet<string>
  /** Lower-case hexadecimal. */
  readonly sha256?: string
  /** In bytes. */
  readonly size?: number
}

/** The user's headers for one of the addresses. */
export function headersFor(address: Address, url: string): ReadonlyMap<string, string> {
  return address.headersFor.has(new URL(url).origin) ? address.headers : new Map()
}

/** An address for messages: without credentials and query, which may be secret. */
export function shownUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
