import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { download } from '../../../src/fetch/http/download.ts'
import { connectionFailure, HttpFailure } from '../../../src/http/failure.ts'
import { send } from '../../../src/http/request.ts'
import { noise, type Server, sendFile, serve, sha256 } from '../server.ts'
import { startProxy, type TestProxy } from './proxy-server.ts'

const file = noise(500_000)

let dir = ''
let origin: Server
let proxy: TestProxy
const before = { ...process.env }
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-proxy-'))
  for (const name of Object.keys(process.env)) if (/^(https?|no|all)_proxy$/i.test(name)) delete process.env[name]
  origin = await serve((request, response) => sendFile(request, response, file, { etag: '"1"' }))
  proxy = await startProxy(Number(new URL(origin.origin).port))
})
afterEach(async () => {
  process.env = { ...before }
  await origin.close()
  proxy.close()
  rmSync(dir, { recursive: true, force: true })
})

async function fetchFrom(url: string): Promise<string> {
  const options = { signal: new AbortController().signal, say: () => {}, warn: () => {}, pace: { stall: 60_000, attempts: 2, delay: 5 } }
  return download(
    { urls: [url], headers: new Map([['x-token', 'hush']]), headersFor: new Set([new URL(url).origin]) },
    join(dir, 'ddk.iso'),
    options,
  ).then(
    ({ sha256 }) => sha256,
    (error: Error) => error.message,
  )
}

// Only the proxy knows the way to this host.
const url = 'http://mirror.example.invalid/ddk.iso?a=b'

describe('plain http', () => {
  test.each(['http_proxy', 'HTTP_PROXY'])('goes through %s, in absolute form', async (name) => {
    process.env[name] = `http://${proxy.address}`
    expect(await fetchFrom(url)).toBe(sha256(file))
    expect(proxy.asked).toEqual([`GET ${url}`])
    expect(origin.requests[0]!.headers['x-token']).toBe('hush')
  })

  test('goes through HTTP_PROXY if http_proxy is empty', async () => {
    Object.assign(process.env, { http_proxy: '', HTTP_PROXY: proxy.address })
    expect(await fetchFrom(url)).toBe(sha256(file))
    expect(proxy.asked).toEqual([`GET ${url}`])
  })

  test('goes through a proxy that is written without http://, and with a name and a password', async () => {
    process.env.http_proxy = `user:p%40ss@${proxy.address}`
    expect(await fetchFrom(url)).toBe(sha256(file))
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`])
  })

  test('goes through a proxy with spaces around its address', async () => {
    process.env.http_proxy = ` http://${proxy.address}\n`
    expect(await fetchFrom(url)).toBe(sha256(file))
    expect(proxy.asked).toEqual([`GET ${url}`])
  })

  test.each(['127.0.0.1', 'other.invalid, 127.0.0.1', '*', ' ,, 127.0.0.1 '])('goes past it to hosts in no_proxy: %s', async (list) => {
    process.env.http_proxy = 'http://127.0.0.1:1'
    process.env.no_proxy = list
    expect(await fetchFrom(`${origin.origin}/ddk.iso`)).toBe(sha256(file))
    expect(proxy.asked).toEqual([])
  })

  test.each(['example.invalid', '.example.invalid', '*.example.invalid', 'mirror.example.invalid'])(
    'no_proxy knows subdomains: %s',
    async (list) => {
      process.env.http_proxy = `http://${proxy.address}`
      process.env.no_proxy = list
      expect(await fetchFrom(url)).toMatch(
        /^Can't fetch http:\/\/mirror.example.invalid\/ddk.iso: (the host name can't be resolved|the connection failed \(EAI_AGAIN\))/,
      )
      expect(proxy.asked).toEqual([])
    },
  )

  test('never goes past a proxy of a kind that is not known', async () => {
    process.env.http_proxy = 'socks5://user:hush@127.0.0.1:1080'
    const message = await fetchFrom(`${origin.origin}/ddk.iso`)
    expect(message).toContain(
      "the variable http_proxy doesn't contain the address of an http or https proxy; write it as http://proxy:3128",
    )
    expect(message).not.toContain('hush')
    expect(origin.requests).toEqual([])
  })

  test.each(['http://', 'http://proxy:port', 'ftp://proxy:21', 'proxy:1:2'])(
    'never goes past one that is written wrongly: %s',
    async (wrong) => {
      process.env.http_proxy = wrong
      expect(await fetchFrom(`${origin.origin}/ddk.iso`)).toMatch(
        /: the variable http_proxy doesn't contain the address of an http or https proxy; /,
      )
      expect(origin.requests).toEqual([])
    },
  )

  test('a proxy that wants a login is reported', async () => {
    const closed = await serve((_, response) => response.writeHead(407).end())
    process.env.http_proxy = closed.origin
    const message = await fetchFrom(url)
    await closed.close()
    expect(message).toMatch(/: the proxy requires a user name and a password; set them in the variable http_proxy or https_proxy$/)
    expect(closed.requests).toHaveLength(1)
  })

  test('an unreachable proxy is reported', async () => {
    process.env.http_proxy = 'http://user:hush@127.0.0.1:1'
    const message = await fetchFrom(url)
    expect(message).toContain("the proxy 127.0.0.1:1 can't be reached: the connection was refused; check the variables http_proxy and")
    expect(message).not.toContain('hush')
  })

  test.each([url, 'https://mirror.example.com/ddk.iso'])('a proxy whose name is not known is told from a server: %s', async (address) => {
    process.env.http_proxy = process.env.https_proxy = 'http://user:hush@proxy.example.invalid:3128'
    const message = await fetchFrom(address)
    expect(message).toMatch(/the proxy proxy\.example\.invalid can't be reached: (its|the) host name can't be resolved/)
    expect(message).not.toContain('hush')
  })
})

describe('https', () => {
  // Without the job's end, the tunnel is given up after 15 seconds.
  test('a proxy that never answers is not awaited once the job is cancelled', async () => {
    const stop = new AbortController()
    const sockets: Socket[] = []
    const silent = createServer((socket) => {
      sockets.push(socket)
      stop.abort(new Error('Cancelled'))
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    process.env.https_proxy = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    try {
      await expect(send('GET', new URL('https://mirror.example.invalid/'), {}, stop.signal)).rejects.toThrow('Cancelled')
    } finally {
      for (const socket of sockets) socket.destroy()
      silent.close()
    }
  }, 12_000)

  test.each([
    ['403 Forbidden', 'the proxy refused to connect to the server (403)'],
    ['407 Proxy Authentication Required', 'the proxy requires a user name and a password'],
    ['502 Bad Gateway', 'the proxy refused to connect to the server (502) (2 tries in a row)'],
  ])("a proxy's refusal is reported: %s", async (refusal, sentence) => {
    process.env.https_proxy = `http://user:hush@${proxy.address}`
    proxy.refusal = refusal
    const message = await fetchFrom('https://mirror.example.invalid/ddk.iso')
    expect(message).toContain(sentence)
    expect(message).not.toContain('hush')
    expect(proxy.asked[0]).toBe('CONNECT mirror.example.invalid:443')
  })
})

describe("an error of Node's", () => {
  type Properties = Readonly<Record<string, unknown>>
  const told = (url: string | undefined, properties: Properties, message = 'it broke') => {
    const {
      message: sentence,
      retryable,
      kind,
    } = connectionFailure(Object.assign(new Error(message), properties), url ? new URL(url) : undefined)
    return { sentence, retryable, kind }
  }
  const plain = 'http://mirror.example.com/ddk.iso'
  const proxyFailed = (proxy: string, why: string) =>
    `the proxy ${proxy} can't be reached: ${why}; check the variables http_proxy and https_proxy`

  test.each<[string, string | undefined, Properties, string]>([
    ['the server refuses', plain, { code: 'ECONNREFUSED', address: '192.0.2.1', port: 80 }, 'the connection was refused'],
    [
      'so over https',
      'https://mirror.example.com/',
      { code: 'ECONNREFUSED', address: '192.0.2.1', port: 443 },
      'the connection was refused',
    ],
    [
      'so on a port of its own',
      'https://mirror.example.com:8443/',
      { code: 'ECONNREFUSED', address: '::1', port: 8443 },
      'the connection was refused',
    ],
    [
      'a proxy refuses',
      plain,
      { code: 'ECONNREFUSED', address: '192.0.2.1', port: 3128 },
      proxyFailed('192.0.2.1:3128', 'the connection was refused'),
    ],
    [
      'so with IPv6',
      plain,
      { code: 'ECONNREFUSED', address: '2001:db8::1', port: 443 },
      proxyFailed('[2001:db8::1]:443', 'the connection was refused'),
    ],
    [
      'so for https',
      'https://mirror.example.com/',
      { code: 'EPIPE', address: '192.0.2.1', port: 80 },
      proxyFailed('192.0.2.1:80', 'the connection was lost'),
    ],
    [
      'a proxy with several addresses',
      plain,
      {
        code: 'ETIMEDOUT',
        errors: [
          { code: 'ETIMEDOUT', address: '192.0.2.1', port: 3128 },
          { address: '192.0.2.2', port: 3128 },
        ],
      },
      proxyFailed('192.0.2.1:3128', 'the connection failed (ETIMEDOUT)'),
    ],
    [
      'a proxy without a code',
      plain,
      { address: '192.0.2.1', port: 3128 },
      proxyFailed('192.0.2.1:3128', 'the connection failed (it broke)'),
    ],
    ['an address without a port', plain, { code: 'ECONNRESET', address: '192.0.2.1' }, 'the connection was lost'],
    [
      'a name that is not known now',
      plain,
      { code: 'EAI_AGAIN', hostname: 'MIRROR.example.com' },
      "the host name can't be resolved at the moment (EAI_AGAIN)",
    ],
    [
      'that of a proxy',
      plain,
      { code: 'EAI_AGAIN', hostname: 'proxy.example.com' },
      proxyFailed('proxy.example.com', "the host name can't be resolved at the moment (EAI_AGAIN)"),
    ],
    ['another code', plain, { code: 'EHOSTUNREACH' }, 'the connection failed (EHOSTUNREACH)'],
    ['no code', undefined, {}, 'the connection failed (it broke)'],
    ['no address', undefined, { code: 'ECONNREFUSED', address: '192.0.2.1', port: 3128 }, 'the connection was refused'],
  ])('may be over at the next try: %s', (_, url, properties, sentence) => {
    expect(told(url, properties)).toEqual({ sentence, retryable: true, kind: 'unreachable' })
  })

  test.each<[string, Properties, string]>([
    ['an unknown host', { hostname: 'mirror.example.com' }, "the host name can't be resolved; check the address and, if needed, the proxy"],
    ['an unknown proxy', { hostname: 'proxy.example.com' }, proxyFailed('proxy.example.com', "its host name can't be resolved")],
  ])('is not tried again: %s', (_, properties, sentence) => {
    expect(told(plain, { code: 'ENOTFOUND', ...properties })).toEqual({ sentence, retryable: false, kind: 'unreachable' })
  })

  test.each([
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
  ])('about a certificate says so: %s', (code) => {
    const sentence = `the server's certificate can't be verified (${code}); set NODE_EXTRA_CA_CERTS to a file with additional certificate authorities`
    expect(told('https://mirror.example.com/', { code })).toEqual({ sentence, retryable: false, kind: 'certificate' })
  })

  test.each([
    ['HTTP/1.1 403 Forbidden', 'the proxy refused to connect to the server (403)', false],
    ['HTTP/1.0 499', 'the proxy refused to connect to the server (499)', false],
    ['HTTP/1.1 500 Internal Server Error', 'the proxy refused to connect to the server (500)', true],
    ['no answer', 'the proxy refused to connect to the server', true],
  ])('about a tunnel: %s', (message, sentence, retryable) => {
    expect(told(plain, { code: 'ERR_PROXY_TUNNEL' }, message)).toEqual({ sentence, retryable, kind: 'unreachable' })
  })

  test('that is a failure already stays the same', () => {
    const failure = new HttpFailure('it failed', { kind: 'denied' })
    expect(connectionFailure(failure)).toBe(failure)
  })
})
