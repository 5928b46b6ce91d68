import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { HttpFailure, statusFailure } from '../http/failure.ts'
import { agentFor } from '../http/proxy.ts'
import { type AgentFor, drop, type Reply, request, send } from '../http/request.ts'
import { type Pace, retry } from '../http/retry.ts'
import { watchStall } from '../http/stall.ts'
import type { Access, Authorization } from './authorization.ts'
import type { Repository } from './repository.ts'

/** How patient requests are that carry no blob. */
const shortPace: Pace = { stall: 20_000, attempts: 4, delay: 1000 }

/** For blobs. A registry may verify, or copy, all of one before it answers. */
export const blobPace: Pace = { stall: 120_000, attempts: 6, delay: 1000 }

/** Bytes of a blob, which can be sent again. */
export interface RequestBody {
  readonly size: number
  /** @param moved called whenever the connection has taken some */
  open(moved: () => void): Readable
}

export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Below `/v2/NAME/`, or an address that the registry gave. */
  readonly to: string | URL
  readonly access: Access
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | RequestBody
  /** Statuses that the caller handles. Any other one is a failure. */
  readonly expected: readonly number[]
}

/** An answer without its body. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly url: URL
}

export interface ClientOptions {
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  /** Instead of the usual ones. */
  readonly pace?: Pace
}

/** A client of one repository (OCI Distribution Specification). Credentials go to the registry's own origin and to its token server only. */
export class RegistryClient {
  readonly repository: Repository
  readonly #authorization: Authorization
  readonly #options: ClientOptions
  /** One for each protocol, because a push makes many short requests. */
  readonly #agents = new Map<string, ReturnType<AgentFor>>()
  #origin: Promise<string> | undefined

  constructor(repository: Repository, authorization: Authorization, options: ClientOptions) {
    this.repository = repository
    this.#authorization = authorization
    this.#options = options
  }

  get options(): ClientOptions {
    return this.#options
  }

  /**
   * Asks once, and answers if the status is expected. The caller reads or destroys the body.
   * @param signal instead of the client's own
   * @throws HttpFailure; the reason of `signal`
   */
  async open(ask: Ask, signal: AbortSignal = this.#options.signal, moved: () => void = () => {}): Promise<Reply> {
    const { access, expected } = ask
    const origin = await this.#findOrigin(signal)
    const url = typeof ask.to === 'string' ? new URL(`${origin}/v2/${this.repository.name}/${ask.to}`) : ask.to
    for (let attempt = 1; ; attempt++) {
      const header = url.origin === origin ? await this.#authorization.header(access, signal) : undefined
      const reply = await this.#send(ask, url, header, signal, moved)
      if (expected.includes(reply.status)) return reply
      // Of a request with a large body, not all may have been sent.
      if (ask.body && 'open' in ask.body) reply.body.destroy()
      else await drop(reply.body, ask.method)
      const challenge = reply.headers['www-authenticate'] ?? ''
      // A server to which the registry has redirected, or where it has its uploads, mustn't choose the server that gets the credentials.
      const isItsOwn = reply.url.origin === origin
      const goesOn = reply.status === 401 && isItsOwn && attempt < 3 && this.#authorization.refused(challenge, access, header)
      if (!goesOn) throw statusFailure(reply.status, reply.headers, this.#authorization.ifDenied, ifMissing)
    }
  }

  /**
   * Asks until there is an expected answer, and drops its body.
   * @throws HttpFailure; the reason of the client's signal
   */
  ask(ask: Ask): Promise<Answer> {
    return this.persist(async (signal) => {
      const { status, headers, url, body } = await this.open(ask, signal)
      await drop(body, ask.method)
      return { status, headers, url }
    })
  }

  /**
   * Repeats an attempt that fails in a way that may pass.
   * @param attempt gets a signal that ends it if the server is silent for too long
   */
  persist<T>(
    attempt: (signal: AbortSignal, moved: () => void) => Promise<T>,
    { gained = () => false, pace: usual = shortPace }: { readonly gained?: () => boolean; readonly pace?: Pace } = {},
  ): Promise<T> {
    const { pace = usual, signal } = this.#options
    const once = async () => {
      const watch = watchStall(pace.stall, signal)
      watch.wait()
      try {
        return await attempt(watch.signal, watch.wait)
      } finally {
        watch.rest()
      }
    }
    return retry(once, gained, pace, this.#options)
  }

  async #send({ method, headers: own = {}, body }: Ask, url: URL, header: string | undefined, signal: AbortSignal, moved: () => void) {
    if (method === 'GET' || method === 'HEAD') {
      const secret: [string, string][] = header === undefined ? [] : [['authorization', header]]
      return request(method, url.href, own, new Map(secret), signal, this.#agentFor)
    }
    const size = body === undefined ? 0 : 'open' in body ? body.size : body.length
    const headers = {
      'user-agent': 'xenserver-ddk-action',
      ...(header !== undefined && { authorization: header }),
      'content-length': String(size),
      ...own,
    }
    const answer = await send(method, url, headers, signal, body && ('open' in body ? body.open(moved) : body), this.#agentFor)
    return { url, status: answer.statusCode!, headers: answer.headers, body: answer }
  }

  readonly #agentFor: AgentFor = (url) => {
    const agent = this.#agents.get(url.protocol) ?? agentFor(url, process.env, true)
    this.#agents.set(url.protocol, agent)
    return agent
  }

  /**
   * `https://HOST`, as the origin of an address: in lower case, without a usual port. A registry on this machine may speak plain http, as
   * Docker allows for 127.0.0.0/8.
   */
  #findOrigin(signal: AbortSignal): Promise<string> {
    const { host, isLocal } = this.repository
    if (!isLocal) return Promise.resolve(new URL(`https://${host}`).origin)
    this.#origin ??= speaksHttps(host, signal).then((does) => new URL(`${does ? 'https' : 'http'}://${host}`).origin)
    // It is asked again after a failure.
    this.#origin.catch(() => {
      this.#origin = undefined
    })
    return this.#origin
  }
}

const ifMissing = 'check the name of the repository, and whether the host is a registry'

async function speaksHttps(host: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await send('GET', new URL(`https://${host}/v2/`), {}, signal)
    answer.destroy()
    return true
  } catch (error) {
    if (error instanceof HttpFailure && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EPROTO') return false
    throw error
  }
}
