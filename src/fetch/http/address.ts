/** Where an ISO is to be had, and what is known of it beforehand. */
export interface Address {
  /** http and https, tried in turn; all give the same file. The first one is what the ISO is known by. */
  readonly urls: readonly string[]
  /** What the user sends along. It may be secret, so it never appears in a message, and never goes to another origin by a redirect. */
  readonly headers: ReadonlyMap<string, string>
  /** The origins that get the headers, e.g. `https://mirror.example.com`: those that the workflow names, whatever a catalog says. */
  readonly headersFor: ReadonlySet<string>
  /** Lower-case hexadecimal. */
  readonly sha256?: string
  /** In bytes. */
  readonly size?: number
}

/** The headers of the user that belong to one of the addresses. */
export function headersFor(address: Address, url: string): ReadonlyMap<string, string> {
  return address.headersFor.has(new URL(url).origin) ? address.headers : new Map()
}

/** An address as messages show it: without credentials and query, which can be secret. */
export function shownUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
