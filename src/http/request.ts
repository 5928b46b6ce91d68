import * as http from 'node:http'
import * as https from 'node:https'
import { pipeline, Readable } from 'node:stream'
import { connectionFailure, HttpFailure } from './failure.ts'
import { agentFor } from './proxy.ts'
import { shownUrl } from './shown-url.ts'

/** A response that isn't a redirect. Its body must be read or destroyed. */
export interface Reply {
  /** Address after all redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: http.IncomingMessage
}

const maxRedirects = 10

/**
 * Sends a request, and follows redirects.
 * @param own our own headers, always sent
 * @param users the user's headers, not sent once a redirect has left the origin
 * @throws HttpFailure; the reason of `signal`
 */
export async function request(
  method: 'GET' | 'HEAD',
  url: string,
  own: Readonly<Record<string, string>>,
  users: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Reply> {
  let target = new URL(url)
  let trusted = true
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    signal.throwIfAborted()
    const headers = { 'user-agent': 'xenserver-ddk-action', ...(trusted && Object.fromEntries(users)), ...own }
    const body = await send(method, target, headers, signal)
    const status = body.statusCode!
    if (![301, 302, 303, 307, 308].includes(status)) return { url: target, status, headers: body.headers, body }
    body.destroy()
    const next = redirected(target, body.headers.location, trusted)
    if (next.origin !== target.origin) trusted = false
    target = next
  }
  throw new HttpFailure(`it was redirected more than ${maxRedirects} times, at last to ${shownUrl(target)}`)
}

function redirected(from: URL, location: string | undefined, trusted: boolean): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new HttpFailure('the server redirected without saying where to')
  }
  const next = new URL(location, from)
  if (next.protocol !== 'http:' && next.protocol !== 'https:') {
    throw new HttpFailure(`the server redirected to ${next.protocol}, which is not supported`)
  }
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw new HttpFailure(`the server redirected from https to ${shownUrl(next)}, which is refused because plain http is not secure`)
  }
  if (trusted && next.origin === from.origin && next.username === '') {
    next.username = from.username
    next.password = from.password
  }
  return next
}

/**
 * Sends one request, and follows no redirect.
 * @param body its length must be in `headers`; an error of its own becomes that of the request
 * @throws HttpFailure; the reason of `signal`
 */
export function send(
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  body?: Uint8Array | Readable,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(signal.aborted ? signal.reason : connectionFailure(error))
    try {
      const { request: open } = url.protocol === 'https:' ? https : http
      const asked = open(url, { method, headers, agent: agentFor(url), signal })
      asked.on('error', fail)
      // While a proxy hasn't answered CONNECT, Node doesn't pass the signal on to the request.
      signal.addEventListener('abort', fail, { once: true })
      asked.on('close', () => signal.removeEventListener('abort', fail))
      asked.on('response', (response) => {
        // The reader of the body gets its errors, too. Without a reader, an error must not end the process.
        response.on('error', () => {})
        resolve(response)
      })
      if (body instanceof Readable) pipeline(body, asked, () => {})
      else asked.end(body)
    } catch (error) {
      fail(error)
    }
  })
}
