/** An address for messages: without credentials and query, which may be secret. */
export function shownUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
