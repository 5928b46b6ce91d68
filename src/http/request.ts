import * as http from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
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

/** A response after all redirects. */
export interface FinalReply extends Reply {
  /** Whether no redirect has left the origin, so that this server got the user's headers. */
  readonly trusted: boolean
}

/** Chooses the agent for an address. */
export type AgentFor = (url: URL) => http.Agent

const maxRedirects = 10

/**
 * Sends a request, and follows redirects.
 * @param own our own headers, always sent
 * @param users the user's headers, not sent once a redirect has left the origin
 * @param agent makes the connections; by default, each request has its own
 * @throws HttpFailure; the reason of `signal`
 */
export async function request(
  method: 'GET' | 'HEAD',
  url: string,
  own: Readonly<Record<string, string>>,
  users: ReadonlyMap<string, string>,
  signal: AbortSignal,
  agent: AgentFor = agentFor,
): Promise<FinalReply> {
  let target = new URL(url)
  let trusted = true
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    signal.throwIfAborted()
    const headers = { 'user-agent': 'xenserver-ddk-action', ...(trusted && Object.fromEntries(users)), ...own }
    const body = await send(method, target, headers, signal, undefined, agent)
    const status = body.statusCode!
    if (![301, 302, 303, 307, 308].includes(status)) return { url: target, status, headers: body.headers, trusted, body }
    body.destroy()
    const next = redirected(target, body.headers.location)
    if (next.origin !== target.origin) trusted = false
    target = next
  }
  throw new HttpFailure(`it was redirected more than ${maxRedirects} times, at last to ${shownUrl(target)}`)
}

function redirected(from: URL, location: string | undefined): URL {
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
  // Once a redirect has left the origin, the name and the password of the first address are gone.
  if (next.origin === from.origin && next.username === '') {
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
  agent: AgentFor = agentFor,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(signal.aborted ? signal.reason : connectionFailure(error, url))
    try {
      // The agent does what https needs.
      const asked = http.request(url, { method, headers, agent: agent(url), signal })
      asked.on('error', (error: NodeJS.ErrnoException) => {
        // The server has closed the connection since the last request (Node, "request.reusedSocket").
        const isStale = asked.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted && !(body instanceof Readable)
        if (isStale) resolve(send(method, url, headers, signal, body, agent))
        else fail(error)
      })
      // While a proxy hasn't answered CONNECT, Node doesn't pass the signal on to the request.
      signal.addEventListener('abort', fail)
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

/** More than any answer has that only says that something went well or wrong, in bytes. */
const shortAnswer = 64 << 10

/** Ends an answer that nobody reads. Its connection can be used again if not much is left of it. */
export async function drop(body: http.IncomingMessage, method: string): Promise<void> {
  const isShort = method === 'HEAD' || Number(body.headers['content-length'] ?? Number.NaN) <= shortAnswer
  if (!isShort) body.destroy()
  // If it fails, the connection is closed.
  else await finished(body.resume()).catch(() => {})
}
