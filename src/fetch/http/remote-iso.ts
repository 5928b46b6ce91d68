import { type ErrorKind, UserError } from '../../bytes/errors.ts'
import { HttpFailure } from '../../http/failure.ts'
import { type FinalReply, request } from '../../http/request.ts'
import { type Pace, retry } from '../../http/retry.ts'
import { shownUrl } from '../../http/shown-url.ts'
import { watchStall } from '../../http/stall.ts'
import { type Address, adviceFor, headersFor } from './address.ts'
import { type Facts, partOf } from './reply.ts'

/** What a server says about a file, without its bytes. */
export interface RemoteIso extends Facts {
  /** The address that answered. */
  readonly url: string
  /** The address after redirects; it may contain secrets. */
  readonly finalUrl: string
  /** Whether the server supports ranges, as far as it says. */
  readonly acceptsRanges: boolean
}

/** A failed query costs little, so it gives up sooner than a download. */
const queryPace: Pace = { stall: 15_000, attempts: 3, delay: 1000 }

export interface QueryOptions {
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  readonly pace?: Pace
}

/**
 * Asks a server about a file with a HEAD request, or with a GET of the first byte if HEAD doesn't give a useful answer.
 * @throws Error with one sentence if no address answers, or what is there isn't a file; the reason of `signal`
 */
export async function queryServer(address: Address, options: QueryOptions): Promise<RemoteIso> {
  const reasons: string[] = []
  let kind: ErrorKind | undefined
  for (const url of address.urls) {
    try {
      return await retry(
        () => ask(url, address, options),
        () => false,
        options.pace ?? queryPace,
        options,
      )
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error
      kind ??= error.kind
      reasons.push(`${shownUrl(url)}: ${error.message}`)
    }
  }
  throw new UserError(`Can't fetch ${reasons.join('. ')}`, kind ?? 'unreachable')
}

/** Identifies an ISO without a known checksum in a later run; undefined if its server says too little. */
export function identityOf({ url, etag, lastModified, size }: RemoteIso): { url: string; etag: string; size: number } | undefined {
  const validator = etag ?? lastModified
  return validator === undefined || size === undefined ? undefined : { url, etag: validator, size }
}

async function ask(url: string, address: Address, { signal, pace = queryPace }: QueryOptions): Promise<RemoteIso> {
  const watch = watchStall(pace.stall, signal)
  const send = async (method: 'GET' | 'HEAD', headers: Record<string, string>) => {
    watch.wait()
    const reply = await request(method, url, { 'accept-encoding': 'identity', ...headers }, headersFor(address, url), watch.signal)
    reply.body.destroy()
    return reply
  }
  try {
    const head = await send('HEAD', {})
    // URLs that are signed for GET answer 403, some servers answer 405 or 501, and others omit the length.
    if (head.status === 200 && head.headers['content-length'] !== undefined) return remoteOf(head, url, address)
    return remoteOf(await send('GET', { range: 'bytes=0-0' }), url, address)
  } finally {
    watch.rest()
  }
}

function remoteOf(reply: FinalReply, url: string, address: Address): RemoteIso {
  const acceptsRanges = reply.status === 206 || /\bbytes\b/i.test(reply.headers['accept-ranges'] ?? '')
  return { ...partOf(reply, adviceFor(address, url, reply)).facts, url, finalUrl: reply.url.href, acceptsRanges }
}
