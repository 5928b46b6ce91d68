import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { download } from '../../../src/fetch/http/download.ts'
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

  test.each(['127.0.0.1', 'other.invalid, 127.0.0.1', '*'])('goes past it to hosts in no_proxy: %s', async (list) => {
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
