import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type * as http from 'node:http'
import * as https from 'node:https'
import type { AddressInfo } from 'node:net'
import * as net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { preferHttps } from '../../../src/fetch/http/prefer-https.ts'
import { sh } from '../../support/tools.ts'
import { startFetching } from '../fetching.ts'
import { noise, sendFile, serve, sha256 } from '../server.ts'
import { startProxy } from './proxy-server.ts'

// In processes of their own, since Node reads NODE_EXTRA_CA_CERTS when it starts.

const file = noise(500_000)
let dir = ''
let server: https.Server
const requests: http.IncomingMessage[] = []
let port = 0
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-https-'))
  const subject = '-subj /CN=mirror.example.invalid -addext subjectAltName=DNS:mirror.example.invalid,DNS:localhost'
  sh(`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out cert.pem ${subject}`, {
    cwd: dir,
  })
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(dir, name)))
  server = https.createServer({ key, cert }, (request, response) => {
    requests.push(request)
    if (request.url === '/missing.iso') response.writeHead(404).end()
    else if (request.url === '/moved.iso') response.writeHead(302, { location: 'http://127.0.0.1:1/ddk.iso?hush' }).end()
    else sendFile(request, response, file, { etag: '"1"' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(dir, { recursive: true, force: true })
})

const noProxy = { http_proxy: '', https_proxy: '', no_proxy: '', HTTP_PROXY: '', HTTPS_PROXY: '', NO_PROXY: '' }

function fetchFrom(url: string, env: NodeJS.ProcessEnv) {
  const toolCache = mkdtempSync(join(dir, 'tools-'))
  return startFetching([toolCache, url], { ...noProxy, ...env }).ended
}

const trusted = () => ({ NODE_EXTRA_CA_CERTS: join(dir, 'cert.pem') })

test('a file is fetched over https without a warning', async () => {
  const { out, log } = await fetchFrom(`https://localhost:${port}/ddk.iso`, trusted())
  expect([out.sha256, log]).toEqual([sha256(file), ''])
})

test('an untrusted certificate is reported', async () => {
  const { out } = await fetchFrom(`https://localhost:${port}/ddk.iso`, {})
  expect(out.error).toMatch(
    /^Can't fetch https:\/\/localhost:\d+\/ddk.iso: the server's certificate can't be verified \(\w+\); set NODE_EXTRA_CA_CERTS/,
  )
})

test('one of another host is not either', async () => {
  const { out } = await fetchFrom(`https://127.0.0.1:${port}/ddk.iso`, trusted())
  expect(out.error).toContain("the server's certificate can't be verified (ERR_TLS_CERT_ALTNAME_INVALID)")
})

test('a redirect from https to http is not followed', async () => {
  const { out } = await fetchFrom(`https://localhost:${port}/moved.iso`, trusted())
  expect(out.error).toMatch(
    /the server redirected from https to http:\/\/127.0.0.1:1\/ddk.iso, which is refused because plain http is not secure$/,
  )
})

test('a server that answers https with plain http is reported', async () => {
  const plain = await serve((_, response) => response.end())
  const { out } = await fetchFrom(plain.origin.replace('http:', 'https:'), {})
  await plain.close()
  expect(out.error).toContain("the server doesn't speak https at this address; check the address")
})

test('a proxy tunnels it, and sees nothing but the host', async () => {
  const proxy = await startProxy(port)
  const env = { ...trusted(), https_proxy: `user:p%40ss@${proxy.address}` }
  const { out } = await fetchFrom('https://mirror.example.invalid/ddk.iso', env)
  proxy.close()
  expect(out.sha256).toBe(sha256(file))
  expect(proxy.asked).toEqual(['CONNECT mirror.example.invalid:443'])
  expect(proxy.credentials).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`])
})

test('a redirect from http to https is followed, through the proxy for https', async () => {
  const proxy = await startProxy(port)
  const plain = await serve((_, response) => response.writeHead(302, { location: 'https://mirror.example.invalid/ddk.iso' }).end())
  const { out } = await fetchFrom(`${plain.origin}/ddk.iso`, { ...trusted(), https_proxy: proxy.address })
  await plain.close()
  proxy.close()
  expect(out.sha256).toBe(sha256(file))
  expect(proxy.asked).toEqual(['CONNECT mirror.example.invalid:443'])
})

describe('an http address of a catalog', () => {
  /** The URLs in the order in which they are tried. */
  async function preferred(url: string, env: NodeJS.ProcessEnv) {
    const module = new URL('../../../src/fetch/http/prefer-https.ts', import.meta.url).href
    const script = `
      const { preferHttps } = await import(${JSON.stringify(module)})
      const address = { urls: [${JSON.stringify(url)}], headers: new Map([['x-token', 'hush']]), headersFor: new Set() }
      const said = []
      const { urls, knownBy } = await preferHttps(address, { signal: new AbortController().signal, say: (line) => said.push(line) })
      console.log(JSON.stringify({ urls, knownBy, said }))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, ...noProxy, ...env } })
    return JSON.parse(await text(child.stdout)) as { urls: string[]; knownBy?: string; said: string[] }
  }
  const url = 'http://mirror.example.invalid/ddk.iso?token=hush'

  test('is tried over https first if the server has it there, and keeps its name', async () => {
    const proxy = await startProxy(port)
    try {
      const found = await preferred(url, { ...trusted(), https_proxy: proxy.address })
      const said = ['The server also offers https, which is used first: https://mirror.example.invalid/ddk.iso']
      expect(found).toEqual({ urls: [url.replace('http:', 'https:'), url], knownBy: url, said })
      expect(proxy.asked).toEqual(['CONNECT mirror.example.invalid:443'])
      // The user's headers are for whom the workflow names.
      expect(requests.at(-1)).toMatchObject({ method: 'HEAD', headers: { host: 'mirror.example.invalid' } })
      expect(requests.at(-1)!.headers).not.toHaveProperty('x-token')
    } finally {
      proxy.close()
    }
  })

  test('stays if its certificate is not to be trusted', async () => {
    const proxy = await startProxy(port)
    try {
      expect(await preferred(url, { https_proxy: proxy.address })).toMatchObject({ urls: [url] })
    } finally {
      proxy.close()
    }
  })

  test('stays if the server has it only over http', async () => {
    const proxy = await startProxy(port)
    try {
      const missing = 'http://mirror.example.invalid/missing.iso'
      expect(await preferred(missing, { ...trusted(), https_proxy: proxy.address })).toEqual({ urls: [missing], said: [] })
    } finally {
      proxy.close()
    }
  })

  test('is not tried at all once the job has ended, or if there is none', async () => {
    const address = { urls: ['http://127.0.0.1/ddk.iso'], headers: new Map<string, string>(), headersFor: new Set<string>() }
    const say = () => {}
    await expect(preferHttps(address, { signal: AbortSignal.abort(new Error('Stopped')), say })).rejects.toThrow('Stopped')
    const none = { ...address, urls: [] }
    expect(await preferHttps(none, { signal: new AbortController().signal, say })).toBe(none)
  })

  test('stays if nothing answers within a deadline', async () => {
    const silent = net.createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { urls } = await preferred(url, { https_proxy: `127.0.0.1:${(silent.address() as AddressInfo).port}` })
    silent.close()
    expect(urls).toEqual([url])
  })

  test('stays at once if it names a port, or is https', async () => {
    const proxy = await startProxy(port)
    try {
      for (const other of ['http://mirror.example.invalid:8080/ddk.iso', 'https://mirror.example.invalid/ddk.iso']) {
        expect(await preferred(other, { ...trusted(), https_proxy: proxy.address })).toEqual({ urls: [other], said: [] })
      }
      expect(proxy.asked).toEqual([])
    } finally {
      proxy.close()
    }
  })
})
