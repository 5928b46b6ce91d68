import { text } from 'node:stream/consumers'
import { HttpFailure, statusFailure } from '../http/failure.ts'
import { send } from '../http/request.ts'
import { shownUrl } from '../http/shown-url.ts'
import { watchStall } from '../http/stall.ts'
import { basic, type Credentials } from './credentials.ts'
import { isLoopback } from './repository.ts'

/** An access token for a repository. */
export interface Token {
  readonly value: string
  /** In milliseconds since 1970. */
  readonly until: number
}

/** What a registry says about its token server, in a challenge. */
export interface TokenServer {
  readonly realm: string
  readonly service: string | undefined
}

/** Milliseconds without a byte. */
const patience = 15_000

/** Seconds for which a token is valid if its server doesn't say (Distribution, "Token Authentication Specification", `expires_in`). */
const usualLife = 60

/** Milliseconds. A token that is about to expire could do so on its way. */
const margin = 5000

/**
 * Gets a token, as the registry's challenge asks for it (Distribution, "Token Authentication Specification", "OAuth2 Token Specification").
 * The server may be another one than the registry, but it gets credentials only over https, or on this machine.
 * @param scope e.g. `repository:acme/private/xenserver-ddk:pull`
 * @param credentials nobody's, if absent
 * @param ifDenied what to do if the server refuses, as a clause
 * @throws HttpFailure; the reason of `signal`
 */
export async function requestToken(
  { realm, service }: TokenServer,
  scope: string,
  credentials: Credentials | undefined,
  ifDenied: string,
  signal: AbortSignal,
): Promise<Token> {
  const url = checkedRealm(realm)
  const parameters = new URLSearchParams({ scope, ...(service !== undefined && { service }) })
  const watch = watchStall(patience, signal)
  watch.wait()
  try {
    const reply =
      credentials?.kind === 'refresh-token'
        ? await exchange(url, credentials.token, parameters, watch.signal)
        : await ask(url, credentials, parameters, watch.signal)
    if (reply.statusCode !== 200) {
      reply.destroy()
      const failure = statusFailure(reply.statusCode!, reply.headers, ifDenied)
      throw new HttpFailure(`${shownUrl(url)}: ${failure.message}`, { ...failure, cause: failure })
    }
    return parse(await text(reply), url)
  } finally {
    watch.rest()
  }
}

function checkedRealm(realm: string): URL {
  const url = URL.parse(realm)
  if (url?.username !== '') throw new HttpFailure("the registry doesn't say where its token server is")
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url
  throw new HttpFailure(`the registry's token server is ${shownUrl(url)}, which gets no credentials because plain http is not secure`)
}

function ask(url: URL, credentials: Credentials | undefined, parameters: URLSearchParams, signal: AbortSignal) {
  const target = new URL(url)
  for (const [name, value] of parameters) target.searchParams.append(name, value)
  const password = credentials?.kind === 'password' ? credentials : undefined
  if (password) target.searchParams.append('account', password.username)
  const headers = { ...agent, ...(password && { authorization: basic(password.username, password.password) }) }
  return send('GET', target, headers, signal)
}

function exchange(url: URL, refreshToken: string, parameters: URLSearchParams, signal: AbortSignal) {
  parameters.append('grant_type', 'refresh_token')
  parameters.append('client_id', 'xenserver-ddk-action')
  parameters.append('refresh_token', refreshToken)
  const form = Buffer.from(parameters.toString())
  const headers = { ...agent, 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(form.length) }
  return send('POST', url, headers, signal, form)
}

const agent = { 'user-agent': 'xenserver-ddk-action', accept: 'application/json' }

/** Nothing of the answer gets into a message. */
function parse(json: string, url: URL): Token {
  const answer = fieldsOf(json)
  const value = answer.token ?? answer.access_token
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw new HttpFailure(`${shownUrl(url)}: the token server gave no token`)
  const life = typeof answer.expires_in === 'number' && answer.expires_in > 0 ? answer.expires_in : usualLife
  return { value, until: Date.now() + life * 1000 - Math.min(margin, life * 500) }
}

function fieldsOf(json: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(json) as Record<string, unknown> | null) ?? {}
  } catch {
    return {}
  }
}
