import { request } from '../../http/request.ts'
import { shownUrl } from '../../http/shown-url.ts'
import type { Address } from './address.ts'
import { partOf } from './reply.ts'

/** Milliseconds, for a firewall that drops the packets. A server without https refuses the connection at once. */
const patience = 3000

/**
 * Puts https before an http address, if the server has the file there as well: then the server's certificate says whose file it is.
 * @throws the reason of `signal`
 */
export async function preferHttps(
  address: Address,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Address> {
  const [first] = address.urls
  // A server speaks only one protocol on an explicit port.
  if (first === undefined || new URL(first).protocol !== 'http:' || new URL(first).port !== '') return address
  const secure = first.replace(/^http:/i, 'https:')
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(patience)])
    const reply = await request('HEAD', secure, { 'accept-encoding': 'identity' }, new Map(), limited)
    reply.body.destroy()
    partOf(reply, { ifDenied: '', ifMissing: '' })
  } catch {
    signal.throwIfAborted()
    return address
  }
  say(`The server also offers https, which is used first: ${shownUrl(secure)}`)
  return { ...address, urls: [secure, ...address.urls], knownBy: first }
}
