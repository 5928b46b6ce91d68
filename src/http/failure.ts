import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http'
import type { ErrorKind } from '../bytes/errors.ts'

/** A server, or the connection to it, failed. The message says why, without the address. */
export class HttpFailure extends Error {
  /** Whether another attempt may succeed. */
  readonly retryable: boolean
  /** Milliseconds that the server asks to wait. */
  readonly wait: number
  readonly kind: ErrorKind
  /** Of the answer, if there was one. */
  readonly status: number | undefined

  constructor(
    message: string,
    { retryable = false, wait = 0, kind = 'unreachable', status, cause }: Partial<Omit<HttpFailure, 'name' | 'message' | 'stack'>> = {},
  ) {
    super(message, { cause })
    this.retryable = retryable
    this.wait = wait
    this.kind = kind
    this.status = status
  }
}

/** Longest wait that a server may ask for, in milliseconds. Minutes of a runner cost more than trying another address. */
const patience = 120_000

const transient = [408, 429, 500, 502, 503, 504]

/**
 * Turns a response that isn't what was asked for into an error.
 * @param ifDenied what to do if the server wants a login, as a clause
 * @param ifMissing what to do if nothing is there, as a clause
 */
export function statusFailure(status: number, headers: IncomingHttpHeaders, ifDenied: string, ifMissing = ''): HttpFailure {
  const answer = `the server answered ${status} ${STATUS_CODES[status] ?? ''}`.trim()
  if (status === 401 || status === 403) return new HttpFailure(`${answer}; ${ifDenied}`, { kind: 'denied', status })
  if ((status === 404 || status === 410) && ifMissing !== '') return new HttpFailure(`${answer}; ${ifMissing}`, { status })
  if (status === 407)
    return new HttpFailure('the proxy requires a user name and a password; set them in the variable http_proxy or https_proxy')
  if (!transient.includes(status)) return new HttpFailure(answer, { status })
  const wait = retryAfter(headers['retry-after'])
  if (wait > patience) return new HttpFailure(`${answer} and asks to wait ${Math.ceil(wait / 1000)} seconds`, { status })
  return new HttpFailure(answer, { retryable: true, wait, status })
}

/** Milliseconds of a Retry-After header, which contains seconds or a date. */
function retryAfter(value: string | undefined): number {
  if (value === undefined) return 0
  const wait = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}

/**
 * Turns one of Node's errors into a HttpFailure.
 * @param url where the request was to go
 */
export function connectionFailure(error: unknown, url?: URL): HttpFailure {
  if (error instanceof HttpFailure) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const proxy = url && proxyIn(error, url)
  if (proxy !== undefined) {
    const why = code === 'ENOTFOUND' ? "its host name can't be resolved" : (reasons[code] ?? `the connection failed (${code || message})`)
    const wayOut = 'check the variables http_proxy and https_proxy'
    return new HttpFailure(`the proxy ${proxy} can't be reached: ${why}; ${wayOut}`, { retryable: code !== 'ENOTFOUND' })
  }
  if (code === 'ENOTFOUND') return new HttpFailure("the host name can't be resolved; check the address and, if needed, the proxy")
  if (code === 'ERR_PROXY_TUNNEL') return tunnelFailure(message)
  if (/^(CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code)) {
    return new HttpFailure(
      `the server's certificate can't be verified (${code}); set NODE_EXTRA_CA_CERTS to a file with additional certificate authorities`,
      { kind: 'certificate' },
    )
  }
  if (code === 'EPROTO') return new HttpFailure("the server doesn't speak https at this address; check the address", { cause: error })
  return new HttpFailure(reasons[code] ?? `the connection failed (${code || message})`, { retryable: true })
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
  EAI_AGAIN: "the host name can't be resolved at the moment (EAI_AGAIN)",
}

/**
 * The proxy that a failed connection was to, without its password: Node's error names a host or a port other than the server's. Undefined if
 * it was to the server, or that can't be told.
 */
function proxyIn(error: unknown, { hostname, port, protocol }: URL): string | undefined {
  // For a name with several addresses, Node reports an error of each.
  const { hostname: name, address, port: to } = ((error as AggregateError).errors?.[0] ?? error) as ConnectError
  if (name !== undefined) return name.toLowerCase() === hostname ? undefined : name
  const own = Number(port || (protocol === 'https:' ? 443 : 80))
  return address === undefined || to === undefined || to === own ? undefined : `${address.includes(':') ? `[${address}]` : address}:${to}`
}

/** What Node adds to the error of a connection. */
interface ConnectError {
  readonly hostname?: string
  readonly address?: string
  readonly port?: number
}

function tunnelFailure(message: string): HttpFailure {
  const status = Number(/HTTP\/1\.\d (\d{3})/.exec(message)?.[1])
  if (status === 407) return statusFailure(407, {}, '')
  return new HttpFailure(`the proxy refused to connect to the server${status ? ` (${status})` : ''}`, { retryable: !(status < 500) })
}
