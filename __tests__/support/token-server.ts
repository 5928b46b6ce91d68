import { createSign, randomUUID, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { makeCertificate } from './registry.ts'

/** Gives signed tokens to a registry's clients (Distribution, "Token Authentication Specification"). */
export interface TokenServer {
  readonly tokens: { readonly realm: string; readonly service: string; readonly issuer: string; readonly certificate: string }
  /** What it was asked for: the scope, and who asked. */
  readonly asked: { scope: string; user: string | undefined }[]
  /** Seconds for which the next tokens are valid, and what is said about them. */
  life: { real: number; said: number }
  /** Names of repositories that everybody may pull. */
  readonly open: Set<string>
  stop(): Promise<void>
}

export const tokenLogin = { username: 'builder', password: 'correct horse battery' }
export const refreshToken = 'a-refresh-token-of-the-builder'

export async function startTokenServer(): Promise<TokenServer> {
  const dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-tokens-'))
  makeCertificate(dir, 'certificate.pem')
  const key = readFileSync(join(dir, 'key.pem'))
  const x5c = [new X509Certificate(readFileSync(join(dir, 'certificate.pem'))).raw.toString('base64')]
  const asked: TokenServer['asked'] = []
  const open = new Set<string>()

  const sign = (access: readonly object[], user: string | undefined) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: 'test-issuer',
      sub: user ?? '',
      aud: 'test-registry',
      iat: now,
      nbf: now - 10,
      exp: now + given.life.real,
      jti: randomUUID(),
      access,
    }
    const content = [{ typ: 'JWT', alg: 'RS256', x5c }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${content}.${createSign('sha256').update(content).sign(key, 'base64url')}`
  }
  const server = http.createServer(async (request, response) => {
    const form = request.method === 'POST' ? new URLSearchParams(await text(request)) : new URL(request.url!, 'http://x').searchParams
    const scope = form.get('scope') ?? ''
    const user = userOf(request, form)
    asked.push({ scope, user })
    if (user === '') {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"details":"incorrect username or password"}')
      return
    }
    const [type, name = '', actions = ''] = scope.split(':')
    const allowed = actions.split(',').filter((action) => user !== undefined || (action === 'pull' && open.has(name)))
    const token = sign(allowed.length > 0 ? [{ type, name, actions: allowed }] : [], user)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token, expires_in: given.life.said }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  const given: TokenServer = {
    tokens: { realm, service: 'test-registry', issuer: 'test-issuer', certificate: join(dir, 'certificate.pem') },
    asked,
    life: { real: 300, said: 300 },
    open,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        rmSync(dir, { recursive: true, force: true })
      }),
  }
  return given
}

/** Undefined for nobody, empty for a wrong login. */
function userOf(request: http.IncomingMessage, form: URLSearchParams): string | undefined {
  if (request.method === 'POST') return form.get('refresh_token') === refreshToken ? tokenLogin.username : ''
  const [, encoded] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  return Buffer.from(encoded, 'base64').toString() === `${tokenLogin.username}:${tokenLogin.password}` ? tokenLogin.username : ''
}
