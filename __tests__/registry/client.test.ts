import { getEventListeners } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { drop, send } from '../../src/http/request.ts'
import { canAnybodyRead } from '../../src/registry/anonymous.ts'
import { fetchSmallBlob, hasBlob } from '../../src/registry/blob.ts'
import type { Credentials } from '../../src/registry/credentials.ts'
import { fetchManifest, pushManifest } from '../../src/registry/manifest.ts'
import { requestToken } from '../../src/registry/token.ts'
import { uploadBlob } from '../../src/registry/upload.ts'
import { type Handler, type Server, serve, withServer } from '../fetch/server.ts'
import { noRegistry, startRegistry, type TestRegistry } from '../support/registry.ts'
import { type RegistryProxy, startRegistryProxy } from '../support/registry-proxy.ts'
import { unless } from '../support/skip.ts'
import { refreshToken, startTokenServer, type TokenServer, tokenLogin } from '../support/token-server.ts'
import { until } from '../support/tools.ts'
import { blobOf, clientOf } from './client.ts'

const login: Credentials = { kind: 'password', ...tokenLogin }
const wrong: Credentials = { kind: 'password', username: 'builder', password: 'not the password' }
const message = (error: Error) => error.message

unless(noRegistry).describe('a registry with passwords', () => {
  let registry: TestRegistry
  let proxy: RegistryProxy
  beforeAll(async () => {
    registry = await startRegistry({ login: tokenLogin })
    proxy = await startRegistryProxy(registry.port)
  })
  afterAll(async () => {
    await proxy.stop()
    await registry.stop()
  })
  beforeEach(() => {
    proxy.plan = () => undefined
    proxy.seen.length = 0
  })

  test('the password is sent once the registry has asked for it', async () => {
    const { client } = clientOf(`${proxy.host}/acme/ddk`, login)
    const blob = blobOf(1000, 'sent once')
    expect(await uploadBlob(client, blob)).toBe('sent')
    expect((await fetchSmallBlob(client, blob)).equals(blob.bytes)).toBe(true)
    const sent = proxy.seen.map(({ headers }) => headers.authorization !== undefined)
    expect(sent).toEqual([false, ...Array(sent.length - 1).fill(true)])
  })

  test('a wrong password is refused at once, without the password in the sentence', async () => {
    const { client, said } = clientOf(`${proxy.host}/acme/ddk`, wrong)
    const sentence = await fetchManifest(client, 'x').catch(message)
    expect(sentence).toBe(`the server answered 401 Unauthorized; check the login to ${proxy.host}, and whether it may use acme/ddk`)
    expect([said, proxy.seen.length]).toEqual([[], 2])
  })

  test('without a login, the sentence says how to get one', async () => {
    const sentence = await fetchManifest(clientOf(`${proxy.host}/acme/ddk`).client, 'x').catch(message)
    expect(sentence).toContain(`no login to ${proxy.host} was found; set registry-username and registry-password`)
  })

  test('nobody else can read', async () => {
    const { client, options } = clientOf(`${proxy.host}/acme/ddk`, login)
    expect(await canAnybodyRead(client.repository, 'tags/list', options)).toBe(false)
  })

  test('a redirect to a storage server carries no credentials', async () => {
    const blob = blobOf(1000)
    const { client } = clientOf(`${proxy.host}/acme/ddk`, login)
    await uploadBlob(client, blob)
    const storage = await serve((_request, response) => response.end(blob.bytes))
    proxy.plan = ({ path, headers }) =>
      path.includes('/blobs/') && headers.authorization !== undefined
        ? { answer: { status: 307, headers: { location: `${storage.origin}/data?signature=1` } } }
        : undefined
    expect((await fetchSmallBlob(client, blob)).equals(blob.bytes)).toBe(true)
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
    await storage.close()
  })

  test('an upload whose address is elsewhere gets no credentials', async () => {
    const storage = await serve((request, response) => {
      request.resume()
      request.on('end', () => response.writeHead(request.method === 'PUT' ? 201 : 202).end())
    })
    proxy.plan = ({ method, headers }) =>
      method === 'POST' && headers.authorization !== undefined
        ? { answer: { status: 202, headers: { location: `${storage.origin}/upload?signature=1` } } }
        : undefined
    await uploadBlob(clientOf(`${proxy.host}/acme/ddk`, login).client, blobOf(1000, 'elsewhere'))
    expect(storage.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['PATCH', undefined],
      ['PUT', undefined],
    ])
    await storage.close()
  })

  test('503 is tried again', async () => {
    proxy.plan = (_request, count) => (count < 3 ? { answer: { status: 503 } } : undefined)
    const { client, said } = clientOf(`${proxy.host}/acme/ddk`, login)
    expect(await fetchManifest(client, 'missing')).toBeUndefined()
    expect(said).toHaveLength(2)
  })

  test('a manifest that is too large is not read to its end', async () => {
    proxy.plan = () => undefined
    const { client } = clientOf(`${proxy.host}/acme/ddk`, login)
    const endless = await serve((_request, response) => {
      const piece = Buffer.alloc(1 << 20)
      const more = () => response.destroyed || response.write(piece, () => setImmediate(more))
      more()
    })
    const { client: other } = clientOf(`${new URL(endless.origin).host}/acme/ddk`)
    expect(await fetchManifest(other, 'x').catch(message)).toBe('the manifest of x is larger than 4194304 bytes')
    await endless.close()
    expect(await uploadBlob(client, blobOf(1000, 'afterwards'))).toBe('sent')
  })
})

unless(noRegistry).describe('a registry with a token server', () => {
  let tokens: TokenServer
  let registry: TestRegistry
  let proxy: RegistryProxy
  beforeAll(async () => {
    tokens = await startTokenServer()
    registry = await startRegistry({ tokens: tokens.tokens })
    proxy = await startRegistryProxy(registry.port)
  })
  afterAll(async () => {
    await proxy.stop()
    await registry.stop()
    await tokens.stop()
  })
  beforeEach(() => {
    proxy.plan = () => undefined
    proxy.seen.length = 0
    tokens.asked.length = 0
    tokens.life = { real: 300, said: 300 }
  })

  test('a token is asked for once for reading and once for pushing; the registry never sees the password', async () => {
    const { client } = clientOf(`${proxy.host}/acme/ddk`, login)
    const blob = blobOf(1000)
    await uploadBlob(client, blob)
    await pushManifest(client, 'one', 'application/vnd.oci.image.manifest.v1+json', Buffer.from('{}')).catch(() => {})
    expect(await fetchManifest(client, 'one')).toBeUndefined()
    expect(tokens.asked).toEqual([
      { scope: 'repository:acme/ddk:pull', user: 'builder' },
      { scope: 'repository:acme/ddk:pull,push', user: 'builder' },
    ])
    const schemes = proxy.seen.map(({ headers }) => headers.authorization?.split(' ')[0])
    expect(schemes).toEqual([undefined, ...Array(schemes.length - 1).fill('Bearer')])
  })

  test('a refresh token is exchanged', async () => {
    const { client } = clientOf(`${proxy.host}/acme/ddk`, { kind: 'refresh-token', token: refreshToken })
    expect(await fetchManifest(client, 'x')).toBeUndefined()
    expect(tokens.asked).toEqual([{ scope: 'repository:acme/ddk:pull', user: 'builder' }])
  })

  test('a wrong password is one sentence, with the server that refused it', async () => {
    const { client, said } = clientOf(`${proxy.host}/acme/ddk`, wrong)
    expect(await fetchManifest(client, 'x').catch(message)).toBe(
      `${tokens.tokens.realm}: the server answered 401 Unauthorized; check the login to ${proxy.host}, and whether it may use acme/ddk`,
    )
    expect([said, tokens.asked.length]).toEqual([[], 1])
  })

  test('a token that has expired in the middle of a blob is renewed, and nothing is sent twice', async () => {
    const { client } = clientOf(`${proxy.host}/acme/expired`, login)
    const chunk = 256 << 10
    const blob = blobOf(4 * chunk, 'expired')
    // What the registry says when it does: the token looks good until then.
    let refused = 0
    proxy.plan = ({ method, headers }, count) => {
      if (method !== 'PATCH' || count !== 3) return undefined
      refused++
      const challenge = `Bearer realm="${tokens.tokens.realm}",service="test-registry",scope="repository:acme/expired:pull,push",error="invalid_token"`
      expect(headers.authorization).toMatch(/^Bearer /)
      return { answer: { status: 401, headers: { 'www-authenticate': challenge } } }
    }
    expect(await uploadBlob(client, blob, { chunk })).toBe('sent')
    expect([refused, tokens.asked.filter(({ scope }) => scope.endsWith('push')).length]).toEqual([1, 2])
    expect(await hasBlob(client, blob)).toBe(true)
    expect(proxy.all('POST')).toHaveLength(1)
  })

  test('a token that the registry itself finds expired is renewed', async () => {
    // The server promises more than it gives. The registry tolerates a minute of difference between clocks.
    tokens.life = { real: -120, said: 300 }
    const { client } = clientOf(`${registry.host}/acme/ddk`, login)
    expect(await fetchManifest(client, 'x').catch(message)).toContain('the server answered 401 Unauthorized')
    expect(tokens.asked).toHaveLength(2)
    tokens.life = { real: 300, said: 300 }
    expect(await fetchManifest(client, 'x')).toBeUndefined()
  })

  test('a token is renewed before it expires', async () => {
    tokens.life = { real: 300, said: 0.01 }
    const { client } = clientOf(`${proxy.host}/acme/ddk`, login)
    for (let n = 0; n < 3; n++) {
      await fetchManifest(client, 'x')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(tokens.asked).toHaveLength(3)
    expect(proxy.seen.filter(({ headers }) => headers.authorization === undefined)).toHaveLength(1)
  })

  test('a repository that everybody may pull is recognized, and only that one', async () => {
    tokens.open.add('acme/open')
    const { client, options } = clientOf(`${proxy.host}/acme/open`, login)
    const blob = blobOf(1000, 'open')
    await uploadBlob(client, blob)
    expect(await canAnybodyRead(client.repository, `blobs/${blob.digest}`, options)).toBe(true)
    const closed = clientOf(`${proxy.host}/acme/ddk`, login)
    expect(await canAnybodyRead(closed.client.repository, `blobs/${blob.digest}`, options)).toBe(false)
  })
})

unless(noRegistry).describe('a token server that is not to be trusted', () => {
  let front: Server
  let realm = ''
  beforeEach(async () => {
    front = await serve((_request, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="x"` }).end()
    })
  })
  afterEach(() => front.close())
  const ask = () => fetchManifest(clientOf(`${new URL(front.origin).host}/acme/ddk`, login).client, 'x').catch(message)

  test('gets nothing over plain http', async () => {
    realm = 'http://tokens.example.invalid/token'
    expect(await ask()).toBe(
      "the registry's token server is http://tokens.example.invalid/token, which gets no credentials because plain http is not secure",
    )
  })

  test.each(['', 'nonsense', 'ftp://host/x', 'https://user:pass@host/'])('is refused if its address is %j', async (address) => {
    realm = address
    expect(await ask()).toMatch(/^the registry's token server is|^the registry doesn't say where|^the server answered 401/)
  })

  test('nothing of what it says gets into a sentence', async () => {
    const tokens = await serve((_request, response) => response.end('{"token":"a b\\n::error::x"}'))
    realm = `${tokens.origin}/token`
    expect(await ask()).toBe(`${tokens.origin}/token: the token server gave no token`)
    await tokens.close()
  })
})

unless(noRegistry).describe('a registry with TLS', () => {
  let registry: TestRegistry
  beforeAll(async () => {
    registry = await startRegistry({ tls: true })
  })
  afterAll(() => registry.stop())

  test('on this machine is recognized, and its certificate verified', async () => {
    const sentence = await fetchManifest(clientOf(`${registry.host}/acme/ddk`).client, 'x').catch(message)
    expect(sentence).toContain("the server's certificate can't be verified (DEPTH_ZERO_SELF_SIGNED_CERT); set NODE_EXTRA_CA_CERTS")
  })
})

describe('whether anybody can read', () => {
  /** Asks a registry that answers so. It may be asked twice. */
  const asked = (handler: Handler, signal?: AbortSignal) =>
    withServer(handler, ({ origin }) => {
      const { client, options } = clientOf(`${new URL(origin).host}/acme/ddk`, login, signal, { attempts: 2 })
      return canAnybodyRead(client.repository, 'tags/list', options).catch(message)
    })
  const answering =
    (status: number): Handler =>
    (_request, response) =>
      response.writeHead(status).end()

  test.each([
    [200, true],
    [400, false],
    [403, false],
    [404, false],
  ])('is told by an answer of %i', async (status, anybody) => {
    expect(await asked(answering(status))).toBe(anybody)
  })

  test.each([429, 501, 503])('is not told by an answer of %i, so nothing is taken for private', async (status) => {
    expect(await asked(answering(status))).toMatch(`the server answered ${status}`)
  })

  test('is told by the storage server to which the registry redirects', async () => {
    for (const [status, anybody] of [
      [200, true],
      [403, false],
    ] as const) {
      const redirecting = ({ origin }: Server): Handler => {
        return (_request, response) => response.writeHead(307, { location: `${origin}/data?signature=1` }).end()
      }
      expect(await withServer(answering(status), (storage) => asked(redirecting(storage)))).toBe(anybody)
    }
  })

  /** A registry that wants tokens, which its server gives to nobody. */
  const askedWithTokenServer = (status: number) =>
    withServer(answering(status), ({ origin }) =>
      asked((_request, response) => response.writeHead(401, { 'www-authenticate': `Bearer realm="${origin}/token"` }).end()),
    )

  test.each([401, 403])('is told by a token server that answers %i', async (status) => {
    expect(await askedWithTokenServer(status)).toBe(false)
  })

  test('is not told by a token server that fails', async () => {
    expect(await askedWithTokenServer(503)).toMatch('the server answered 503 Service Unavailable (2 tries in a row)')
  })

  test('is asked no more once the job is cancelled', async () => {
    const stop = new AbortController()
    const silent: Handler = () => stop.abort(new Error('Cancelled'))
    expect(await asked(silent, stop.signal)).toBe('Cancelled')
  })
})

describe('a token', () => {
  const ask = (handler: Handler, signal = new AbortController().signal) =>
    withServer(handler, ({ origin }) => requestToken({ realm: `${origin}/token`, service: undefined }, 'a scope', undefined, '', signal))

  test('whose server does not say how long it is valid is used for less than a minute', async () => {
    const before = Date.now()
    const { until } = await ask((_request, response) => response.end('{"token":"x"}'))
    expect(until).toBeGreaterThanOrEqual(before + 55_000)
    expect(until).toBeLessThanOrEqual(Date.now() + 55_000)
  })

  test('is not awaited once the job is cancelled', async () => {
    const stop = new AbortController()
    await expect(ask(() => stop.abort(new Error('Cancelled')), stop.signal)).rejects.toThrow('Cancelled')
  })
})

describe('an answer that nobody reads', () => {
  /** Whether the connection can be used again after an answer with so many bytes. */
  const isKept = (size: number, method: 'GET' | 'HEAD' = 'GET', headers: Record<string, string> = { 'content-length': String(size) }) =>
    withServer(
      (_request, response) => void response.writeHead(200, headers).end(method === 'HEAD' ? '' : Buffer.alloc(size)),
      async ({ origin, requests }) => {
        const agent = new Agent({ keepAlive: true })
        const ask = async () => drop(await send(method, new URL(origin), {}, new AbortController().signal, undefined, () => agent), method)
        await ask()
        // The agent gets the connection back in the next turn.
        await turn()
        await ask()
        agent.destroy()
        return requests[0]!.socket === requests[1]!.socket
      },
    )

  test('is read if it is short, so that its connection can be used again', async () => {
    expect(await isKept(0)).toBe(true)
    expect(await isKept(64 << 10)).toBe(true)
    expect(await isKept(1 << 30, 'HEAD', { 'content-length': String(1 << 30) })).toBe(true)
  })

  test('is not read if it may be long', async () => {
    expect(await isKept((64 << 10) + 1)).toBe(false)
    expect(await isKept(10, 'GET', {})).toBe(false)
  })

  test('of a request that has ended is not bound to the end of the job', async () => {
    const { signal } = new AbortController()
    await withServer(
      (_request, response) => response.end(),
      async ({ origin }) => {
        const body = await send('GET', new URL(origin), {}, signal)
        await drop(body, 'GET')
        await until(() => getEventListeners(signal, 'abort').length === 0)
      },
    )
  })
})

test('a registry elsewhere is never asked over plain http', async () => {
  const proxy = await serve(() => {})
  const before = process.env.http_proxy
  process.env.http_proxy = proxy.origin
  const { client } = clientOf('registry.example.invalid:5000/acme/ddk', undefined, undefined, { attempts: 1 })
  expect(await fetchManifest(client, 'x').catch(message)).toContain("can't be resolved")
  if (before === undefined) delete process.env.http_proxy
  else process.env.http_proxy = before
  expect(proxy.requests).toEqual([])
  await proxy.close()
})

describe('a server elsewhere that wants to know who asks', () => {
  const give: Handler = (_request, response) => response.end('{"token":"x"}')
  /** Wants tokens of its own server. */
  const greedy =
    (tokens: Server): Handler =>
    (request, response) => {
      request.resume()
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.origin}/token"` }).end()
    }

  test.each<[string, (storage: Server) => Handler, (client: ReturnType<typeof clientOf>['client']) => Promise<unknown>]>([
    [
      'to which the registry redirects',
      ({ origin }) =>
        (_request, response) =>
          response.writeHead(307, { location: `${origin}/data` }).end(),
      (client) => fetchSmallBlob(client, blobOf(1000)),
    ],
    [
      'where the registry has uploads',
      ({ origin }) =>
        (request, response) =>
          response.writeHead(request.method === 'POST' ? 202 : 404, { location: `${origin}/upload` }).end(),
      (client) => uploadBlob(client, blobOf(1000)),
    ],
  ])('and %s is told nothing', async (_title, registry, use) => {
    await withServer(give, (tokens) =>
      withServer(greedy(tokens), (storage) =>
        withServer(registry(storage), async ({ origin, requests }) => {
          const { client } = clientOf(`${new URL(origin).host}/acme/ddk`, login)
          expect(await use(client).catch(message)).toContain('the server answered 401 Unauthorized')
          // Nor does the registry's next request follow the other server.
          await fetchManifest(client, 'x').catch(message)
          expect(tokens.requests).toEqual([])
          const all = [...storage.requests, ...requests]
          expect(all.map(({ headers }) => headers.authorization)).toEqual(all.map(() => undefined))
        }),
      ),
    )
  })
})

test('a registry elsewhere is asked through the proxy that the environment names', async () => {
  const tunnels: (string | undefined)[] = []
  const proxy = createServer().on('connect', ({ url }, socket) => {
    tunnels.push(url)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const names = ['https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY']
  const before = names.map((name) => [name, process.env[name]] as const)
  for (const name of names) delete process.env[name]
  process.env.https_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  try {
    const { client } = clientOf('registry.example.invalid/acme/ddk', login, undefined, { attempts: 1 })
    const push = () => pushManifest(client, 'x', 'application/json', Buffer.from('{}'))
    for (const ask of [() => fetchManifest(client, 'x'), push]) {
      expect(await ask().catch(message)).toBe('the proxy refused to connect to the server (403)')
    }
    expect(tunnels).toEqual(Array(2).fill('registry.example.invalid:443'))
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await new Promise((resolve) => proxy.close(resolve))
  }
})

test('a login is sent, however the host of the registry is written', async () => {
  const registry: Handler = ({ headers }, response) =>
    response.writeHead(headers.authorization === undefined ? 401 : 404, { 'www-authenticate': 'Basic realm="x"' }).end()
  await withServer(registry, async ({ origin, requests }) => {
    const { port } = new URL(origin)
    expect(await fetchManifest(clientOf(`127.1:0${port}/acme/ddk`, login).client, 'x').catch(message)).toBeUndefined()
    expect(requests.map(({ headers }) => headers.authorization?.split(' ')[0])).toEqual([undefined, 'Basic'])
  })
})

test('a registry on this machine that was away is asked again how it speaks', async () => {
  const first = await serve(() => {})
  const { host, port } = new URL(first.origin)
  await first.close()
  const { client, said } = clientOf(`${host}/acme/ddk`, undefined, undefined, { attempts: 1 })
  expect(await fetchManifest(client, 'x').catch(message)).toBe('the connection was refused')
  const second = createServer((_request, response) => response.writeHead(404).end())
  await new Promise<void>((resolve) => second.listen(Number(port), '127.0.0.1', resolve))
  expect([await fetchManifest(client, 'x').catch(message), said]).toEqual([undefined, []])
  second.close()
})

describe('a manifest', () => {
  const largest = Buffer.alloc(4 << 20, 'x')

  test('is asked for as it is, in each form that an image has', async () => {
    await withServer(
      (_request, response) => response.end('{}'),
      async ({ origin, requests }) => {
        const { client } = clientOf(`${new URL(origin).host}/acme/ddk`)
        const digest = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
        expect(await fetchManifest(client, 'a-tag')).toEqual({ digest, bytes: Buffer.from('{}') })
        expect(requests.map(({ method, url, headers }) => [method, url, headers['accept-encoding']])).toEqual([
          ['GET', '/v2/acme/ddk/manifests/a-tag', 'identity'],
        ])
        expect(requests[0]!.headers.accept?.split(', ')).toEqual([
          'application/vnd.oci.image.manifest.v1+json',
          'application/vnd.oci.image.index.v1+json',
          'application/vnd.docker.distribution.manifest.v2+json',
          'application/vnd.docker.distribution.manifest.list.v2+json',
        ])
      },
    )
  })

  test('may have four mebibytes, as registries take them', async () => {
    await withServer(
      (_request, response) => response.end(largest),
      async ({ origin }) => {
        const { client } = clientOf(`${new URL(origin).host}/acme/ddk`)
        expect((await fetchManifest(client, 'x'))?.bytes.equals(largest)).toBe(true)
      },
    )
  })

  test.each([201, 202])('is pushed with its own type, and %i says that it is there', async (status) => {
    const bodies: string[] = []
    const registry: Handler = async (request, response) => {
      bodies.push(await text(request))
      response.writeHead(status).end()
    }
    await withServer(registry, async ({ origin, requests }) => {
      await pushManifest(clientOf(`${new URL(origin).host}/acme/ddk`).client, 'a-tag', 'application/x-manifest', Buffer.from('{"ä":1}'))
      expect(requests.map(({ method, url, headers }) => [method, url, headers['content-type'], headers['content-length']])).toEqual([
        ['PUT', '/v2/acme/ddk/manifests/a-tag', 'application/x-manifest', '8'],
      ])
      expect(bodies).toEqual(['{"ä":1}'])
    })
  })

  test('that is refused is an error', async () => {
    await withServer(
      (_request, response) => response.writeHead(400).end(),
      async ({ origin }) => {
        const { client } = clientOf(`${new URL(origin).host}/acme/ddk`)
        expect(await pushManifest(client, 'x', 'y', Buffer.from('{}')).catch(message)).toBe('the server answered 400 Bad Request')
      },
    )
  })
})
