import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { fetchSmallBlob, hasBlob, LostBlob } from '../../src/registry/blob.ts'
import { uploadBlob } from '../../src/registry/upload.ts'
import { locationOf } from '../../src/registry/upload-session.ts'
import { noise, sha256 } from '../fetch/server.ts'
import { noRegistry, startRegistry, type TestRegistry } from '../support/registry.ts'
import { type RegistryProxy, startRegistryProxy } from '../support/registry-proxy.ts'
import { unless } from '../support/skip.ts'
import { blobOf, clientOf } from './client.ts'

// Against Debian's docker-registry, with a proxy before it that breaks connections.

const chunk = 256 << 10
const size = 5 * chunk + 1000

unless(noRegistry).describe('uploads to a registry', () => {
  let registry: TestRegistry
  let proxy: RegistryProxy
  let count = 0
  beforeAll(async () => {
    registry = await startRegistry()
    proxy = await startRegistryProxy(registry.port)
  })
  afterAll(async () => {
    await proxy.stop()
    await registry.stop()
  })
  beforeEach(() => {
    proxy.plan = () => undefined
    proxy.seen.length = 0
    count++
  })

  const name = () => `acme/ddk-${count}`
  /** Uploads of which bytes are kept. Of those that were given up, the registry itself leaves an empty folder. */
  const uploads = () => {
    const folder = join(registry.data, 'docker/registry/v2/repositories', name(), '_uploads')
    return existsSync(folder) ? readdirSync(folder).filter((id) => existsSync(join(folder, id, 'data'))) : []
  }
  const sent = () => proxy.all('PATCH').reduce((sum, { bytes }) => sum + bytes, 0)
  async function upload(seed: string, plan: RegistryProxy['plan'], attempts = 4) {
    const blob = blobOf(size, seed)
    const { client, said } = clientOf(`${proxy.host}/${name()}`, undefined, undefined, { attempts })
    proxy.plan = plan
    const how = await uploadBlob(client, blob, { chunk }).catch((error: Error) => error.message)
    proxy.plan = () => undefined
    return { how, said, client, blob }
  }

  test('a blob is sent in chunks, each byte once, and is there then', async () => {
    const { how, client, blob } = await upload('chunks', () => undefined)
    expect(how).toBe('sent')
    expect(proxy.all('PATCH').map(({ headers, bytes }) => [headers['content-range'], bytes])).toEqual([
      ...[0, 1, 2, 3, 4].map((n) => [`${n * chunk}-${(n + 1) * chunk - 1}`, chunk]),
      [`${5 * chunk}-${size - 1}`, 1000],
    ])
    expect((await fetchSmallBlob(client, blob)).equals(blob.bytes)).toBe(true)
    expect(await uploadBlob(client, blob)).toBe('there before')
    expect(sent()).toBe(size)
  })

  test('a blob that fits into a chunk is sent without a range, as Docker does it', async () => {
    const { client } = clientOf(`${proxy.host}/${name()}`)
    expect(await uploadBlob(client, blobOf(1000, 'small'), { chunk })).toBe('sent')
    expect(proxy.all('PATCH').map(({ headers }) => headers['content-range'])).toEqual([undefined])
  })

  test('short requests share a connection, also if the registry closes it meanwhile', async () => {
    const { client, said } = clientOf(`${proxy.host}/${name()}`)
    const before = proxy.connections
    for (let n = 0; n < 5; n++) expect(await hasBlob(client, blobOf(1000, `missing ${n}`))).toBe(false)
    // The first one finds out that the registry speaks no https.
    expect(proxy.connections - before).toBe(2)
    const sockets = new Set<Socket>()
    proxy.plan = (_request, _count, socket) => {
      sockets.add(socket)
      return undefined
    }
    await hasBlob(client, blobOf(1000, 'missing'))
    for (const socket of sockets) socket.destroy()
    expect(await hasBlob(client, blobOf(1000, 'missing'))).toBe(false)
    expect([proxy.connections - before, said]).toEqual([3, []])
  })

  test('a blob of another repository is mounted, if the registry knows one', async () => {
    const blob = blobOf(size, 'mounted')
    await uploadBlob(clientOf(`${proxy.host}/acme/first`).client, blob)
    proxy.seen.length = 0
    // The registry wants to be told from where; others find out themselves.
    proxy.plan = ({ method, path }) => (method === 'POST' ? { path: `${path}&from=acme/first` } : undefined)
    const { client } = clientOf(`${proxy.host}/${name()}`)
    expect(await uploadBlob(client, blob)).toBe('mounted')
    expect(proxy.seen.map(({ method }) => method)).toEqual(['HEAD', 'POST'])
    expect(await hasBlob(client, blob)).toBe(true)
  })

  test('a registry that refuses to look for a mount gets the blob', async () => {
    const { how } = await upload('no-mount', ({ method, path }) =>
      method === 'POST' && path.includes('mount=') ? { answer: { status: 405 } } : undefined,
    )
    expect(how).toBe('sent')
  })

  test('after a lost connection the upload goes on where the registry says', async () => {
    // The fourth chunk is lost on its way.
    const { how, said } = await upload('lost-chunk', ({ method }, n) => (method === 'PATCH' && n === 4 ? { dropAfter: 1000 } : undefined))
    expect(how).toBe('sent')
    const status = proxy.all('GET', /\/blobs\/uploads\//)
    expect(status).toHaveLength(1)
    const ranges = proxy.all('PATCH').map(({ headers }) => headers['content-range'])
    expect(ranges[4]).toBe(ranges[3])
    expect(proxy.all('POST')).toHaveLength(1)
    // At most the chunk that was under way is sent twice.
    expect(sent()).toBeLessThanOrEqual(size + chunk)
    expect(said).toEqual([expect.stringMatching(/^The connection was lost; trying again in /)])
  })

  test('if the answer to a chunk is lost, this registry loses the upload, and the blob is sent again', async () => {
    const { how, client, blob } = await upload('lost-answer', ({ method }, n) =>
      method === 'PATCH' && n === 2 ? { loseAnswer: true } : undefined,
    )
    expect(how).toBe('sent')
    expect(proxy.all('POST')).toHaveLength(2)
    expect(await hasBlob(client, blob)).toBe(true)
  })

  test('if only the last answer is lost, nothing is sent again', async () => {
    const { how } = await upload('lost-end', ({ method }, n) => (method === 'PUT' && n === 1 ? { loseAnswer: true } : undefined))
    expect(how).toBe('sent')
    expect(sent()).toBe(size)
    expect(proxy.all('PUT')).toHaveLength(1)
  })

  test('429 is obeyed: the next request comes after the time that it names', async () => {
    const times: number[] = []
    const { how, said } = await upload('busy', ({ method }, n) => {
      if (method !== 'PATCH') return undefined
      times.push(performance.now())
      return n === 2 ? { answer: { status: 429, headers: { 'retry-after': '1' } } } : undefined
    })
    expect(how).toBe('sent')
    expect(times[2]! - times[1]!).toBeGreaterThan(990)
    expect(said).toEqual([expect.stringMatching(/^The server answered 429 Too Many Requests; trying again in 1\.\d s/)])
    expect(sent()).toBe(size + chunk)
  })

  test('a registry that takes no chunks gets the blob in one request', async () => {
    const { how } = await upload('one-piece', ({ method, headers }) =>
      method === 'PATCH' && headers['content-range'] !== undefined && !headers['content-range'].startsWith('0-')
        ? { answer: { status: 400 } }
        : undefined,
    )
    expect(how).toBe('sent')
    expect(proxy.all('PATCH').at(-1)).toMatchObject({ bytes: size })
    expect(uploads()).toEqual([])
  })

  test('a registry that takes no small chunks gets larger ones', async () => {
    const { how } = await upload('large-chunks', ({ method }) =>
      method === 'POST' ? { replace: { 'oci-chunk-min-length': String(2 * chunk) } } : undefined,
    )
    expect(how).toBe('sent')
    expect(proxy.all('PATCH').map(({ bytes }) => bytes)).toEqual([2 * chunk, 2 * chunk, size - 4 * chunk])
  })

  test('a blob of which the registry has another length is sent', async () => {
    const { how } = await upload('another-length', ({ method }) =>
      method === 'HEAD' ? { answer: { status: 200, headers: { 'content-length': size - 1 } } } : undefined,
    )
    expect(how).toBe('sent')
  })

  test('a proxy that limits requests gets smaller chunks, but not endlessly', async () => {
    const large = blobOf(9 << 20, 'limited')
    const { client } = clientOf(`${proxy.host}/${name()}`)
    proxy.plan = ({ method, headers }) =>
      method === 'PATCH' && Number(headers['content-length']) > 3 << 20 ? { answer: { status: 413 } } : undefined
    expect(await uploadBlob(client, large, { chunk: 8 << 20 })).toBe('sent')
    expect(
      proxy
        .all('PATCH')
        .slice(1)
        .map(({ bytes }) => bytes),
    ).toEqual([2, 2, 2, 2, 1].map((n) => n << 20))
    proxy.plan = ({ method }) => (method === 'PATCH' ? { answer: { status: 413 } } : undefined)
    const refused = uploadBlob(client, blobOf(9 << 20, 'refused'), { chunk: 8 << 20 })
    await expect(refused).rejects.toThrow('the server answered 413 Payload Too Large')
    expect(uploads()).toEqual([])
  })

  test('a registry whose count stands still gets the blob in one request', async () => {
    const { how } = await upload('stands-still', ({ method }, n) =>
      method === 'PATCH' && n < 3 ? { replace: { range: `0-${chunk - 1}` } } : undefined,
    )
    expect(how).toBe('sent')
    expect(proxy.all('PATCH').map(({ bytes }) => bytes)).toEqual([chunk, chunk, size])
    expect(uploads()).toEqual([])
  })

  test('a registry that has more or less in the end than it said gets the blob in one request, once', async () => {
    const { how } = await upload('loses', ({ method, headers }) =>
      method === 'PATCH' && headers['content-range'] !== undefined
        ? { answer: { status: 202, headers: { range: `0-${headers['content-range'].split('-')[1]}` } } }
        : undefined,
    )
    expect(how).toBe('sent')
    expect(proxy.all('PATCH').at(-1)).toMatchObject({ bytes: size })
    const { how: never } = await upload('loses-all', ({ method }) => (method === 'PATCH' ? { answer: { status: 202 } } : undefined))
    expect(never).toBe('the server answered 400 Bad Request')
  })

  test('a registry that stays away is given up, and is told so if it is there again', async () => {
    let isAway = false
    const { how } = await upload('away', ({ method }, n) => {
      isAway ||= method === 'PATCH' && n === 3
      return isAway && method !== 'DELETE' ? { dropAfter: 0 } : undefined
    })
    expect(how).toBe('the connection was lost (4 tries in a row)')
    expect(proxy.all('DELETE')).toHaveLength(1)
    expect(uploads()).toEqual([])
  })

  test('a cancelled upload ends at once, and leaves nothing', async () => {
    const stop = new AbortController()
    const { client } = clientOf(`${proxy.host}/${name()}`, undefined, stop.signal)
    proxy.plan = ({ method }, n) => (method === 'PATCH' && n === 3 ? { before: () => stop.abort(new Error('Cancelled')) } : undefined)
    await expect(uploadBlob(client, blobOf(size, 'cancelled'), { chunk })).rejects.toThrow('Cancelled')
    const after = proxy.seen.slice(proxy.seen.indexOf(proxy.all('PATCH')[2]!) + 1)
    expect(after.map(({ method }) => method)).toEqual(['DELETE'])
    expect(proxy.all('PUT')).toEqual([])
  })

  test('a blob is fetched on after a lost connection, and only what is missing', async () => {
    const blob = blobOf(size, 'fetched')
    const { client } = clientOf(`${proxy.host}/${name()}`)
    await uploadBlob(client, blob)
    proxy.plan = ({ method }, n) => (method === 'GET' && n < 3 ? { cutAfter: 400_000 } : undefined)
    expect((await fetchSmallBlob(client, blob)).equals(blob.bytes)).toBe(true)
    const ranges = proxy.all('GET').map(({ headers }) => headers.range)
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/), expect.stringMatching(/^bytes=\d+-$/)])
  })

  test('a blob that the registry has lost, or of which it has other bytes, is one sentence', async () => {
    const blob = blobOf(size, 'gone')
    const { client } = clientOf(`${proxy.host}/${name()}`)
    await uploadBlob(client, blob)
    await expect(fetchSmallBlob(client, { ...blob, size: size - 1 })).rejects.toThrow(LostBlob)
    writeFileSync(join(registry.blobFolder(blob.digest), 'data'), noise(size, 'of somebody else'))
    await expect(fetchSmallBlob(client, blob)).rejects.toThrow(
      new LostBlob(`the registry gives sha256:${sha256(noise(size, 'of somebody else'))} for ${blob.digest}`),
    )
    rmSync(registry.blobFolder(blob.digest), { recursive: true })
    await expect(fetchSmallBlob(client, blob)).rejects.toThrow(`the registry has lost ${blob.digest}`)
  })
})

test('an upload that began over https never goes on over plain http', () => {
  const answer = (location: string) => ({
    status: 202,
    headers: { location },
    url: new URL('https://registry.example/v2/acme/ddk/blobs/uploads/'),
  })
  expect(() => locationOf(answer('http://registry.example/upload?state=1'))).toThrow(
    'the registry wants the upload at registry.example over plain http, which is not secure',
  )
  expect(locationOf(answer('/upload?state=1')).href).toBe('https://registry.example/upload?state=1')
})
