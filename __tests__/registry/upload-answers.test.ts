import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import { uploadBlob } from '../../src/registry/upload.ts'
import { locationOf, offsetIn } from '../../src/registry/upload-session.ts'
import { sha256, withServer } from '../fetch/server.ts'
import { blobOf, clientOf } from './client.ts'

// What registries answer to an upload, as the specification lets them, and as some do all the same. upload.test.ts has a real one.

const chunk = 1000
const size = 4 * chunk + 500
const blob = blobOf(size, 'answers')
const parts = [chunk, chunk, chunk, chunk, 500]

interface Seen {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Instead of the right answer, or in addition to its headers. */
interface Answer {
  readonly status?: number
  /** A header that is undefined is left out. */
  readonly headers?: OutgoingHttpHeaders
  /** Does what was asked, and closes the connection. */
  readonly isLost?: boolean
  readonly isSilent?: boolean
}

/** @param plan decides about a request, which is the `n`th of its method */
async function upload(plan: (seen: Seen, n: number) => Answer | undefined = () => undefined, { what = blob, chunk: most = chunk } = {}) {
  const seen: Seen[] = []
  const uploads = new Map<string, Buffer>()
  const blobs = new Map<string, Buffer>()
  let count = 0
  /** The status and the headers of the right answer. */
  const right = ({ method, url, headers, body }: Seen): [number, OutgoingHttpHeaders] => {
    const id = url.pathname.split('/').at(-1)!
    const has = uploads.get(id)
    const session = (bytes: number): OutgoingHttpHeaders => ({
      location: `/v2/acme/ddk/blobs/uploads/${id}?state=${++count}`,
      range: `0-${Math.max(0, bytes - 1)}`,
    })
    if (method === 'HEAD') return blobs.has(id) ? [200, { 'content-length': blobs.get(id)!.length }] : [404, {}]
    if (method === 'POST') {
      const begun = `upload-${++count}`
      uploads.set(begun, Buffer.alloc(0))
      return [202, { location: `/v2/acme/ddk/blobs/uploads/${begun}?state=0` }]
    }
    if (has === undefined) return [404, {}]
    if (method === 'GET') return [204, session(has.length)]
    if (method === 'PATCH') {
      const [from] = headers['content-range']?.split('-') ?? ['0']
      if (Number(from) !== has.length) return [416, {}]
      const whole = Buffer.concat([has, body])
      uploads.set(id, whole)
      return [202, session(whole.length)]
    }
    uploads.delete(id)
    if (method === 'DELETE') return [204, {}]
    const digest = url.searchParams.get('digest')!
    if (digest !== `sha256:${sha256(has)}`) return [400, {}]
    blobs.set(digest, has)
    return [201, {}]
  }
  return withServer(
    async (request, response) => {
      const one = { method: request.method!, url: new URL(request.url!, 'http://x'), headers: request.headers, body: await buffer(request) }
      seen.push(one)
      const { status, headers, isLost, isSilent } = plan(one, seen.filter(({ method }) => method === one.method).length) ?? {}
      if (isSilent) return
      const [usual, own] = status === undefined ? right(one) : [status, {}]
      if (isLost) return void request.socket.destroy()
      const all = Object.entries({ ...own, ...headers }).filter(([, value]) => value !== undefined)
      response.writeHead(usual, Object.fromEntries(all)).end()
    },
    async ({ origin }) => {
      const { client, said } = clientOf(`${new URL(origin).host}/acme/ddk`, undefined, undefined, { attempts: 2 })
      const progress: number[] = []
      const how = await uploadBlob(client, what, { chunk: most, onProgress: (sent) => progress.push(sent) }).catch(
        ({ message }: Error) => message,
      )
      const of = (method: string) => seen.filter((one) => one.method === method)
      const sizes = of('PATCH').map(({ body }) => body.length)
      return { how, said, seen, of, sizes, progress, methods: seen.map(({ method }) => method), left: [...uploads.keys()] }
    },
  )
}

test('an upload is begun, filled and ended at the addresses that the registry gives', async () => {
  const { how, seen, progress, of } = await upload()
  expect([how, progress]).toEqual(['sent', [chunk, 2 * chunk, 3 * chunk, 4 * chunk, size]])
  expect(seen.map(({ method, url }) => `${method} ${url.pathname}${url.search}`)).toEqual([
    `HEAD /v2/acme/ddk/blobs/${blob.digest}`,
    `POST /v2/acme/ddk/blobs/uploads/?mount=${blob.digest}`,
    ...[0, 2, 3, 4, 5].map((state) => `PATCH /v2/acme/ddk/blobs/uploads/upload-1?state=${state}`),
    `PUT /v2/acme/ddk/blobs/uploads/upload-1?state=6&digest=${encodeURIComponent(blob.digest)}`,
  ])
  for (const { headers, body } of of('PATCH')) {
    expect(headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': String(body.length) })
  }
  expect(of('POST')[0]!.headers['content-length']).toBe('0')
})

test('an empty blob is only begun and ended', async () => {
  const { how, methods } = await upload(undefined, { what: blobOf(0) })
  expect([how, methods]).toEqual(['sent', ['HEAD', 'POST', 'PUT']])
})

describe('a registry that is asked for a mount', () => {
  test('has the blob then', async () => {
    const { how, methods } = await upload(({ method }) => (method === 'POST' ? { status: 201 } : undefined))
    expect([how, methods]).toEqual(['mounted', ['HEAD', 'POST']])
  })

  test.each([400, 404, 405])('and answers %i is asked for an upload', async (status) => {
    const { how, of } = await upload(({ url }) => (url.searchParams.has('mount') ? { status } : undefined))
    expect([how, of('POST').map(({ url }) => url.pathname + url.search)]).toEqual([
      'sent',
      [`/v2/acme/ddk/blobs/uploads/?mount=${blob.digest}`, '/v2/acme/ddk/blobs/uploads/'],
    ])
  })

  test('and for an upload, and gives neither, is an error', async () => {
    const { how, methods } = await upload(({ method }) => (method === 'POST' ? { status: 405 } : undefined))
    expect([how, methods]).toEqual(['the server answered 405 Method Not Allowed', ['HEAD', 'POST', 'POST']])
  })

  test.each([undefined, 'ftp://x/upload', 'http://'])('and gives the address %s is an error', async (location) => {
    const { how } = await upload(({ method }) => (method === 'POST' ? { headers: { location } } : undefined))
    expect(how).toBe("the registry doesn't say where the upload goes on")
  })
})

describe('the smallest part that a registry takes', () => {
  test.each([
    ['larger than usual', String(2 * chunk), [2 * chunk, 2 * chunk, 500]],
    ['smaller than usual', String(chunk - 1), parts],
    ['no number', 'x', parts],
  ])('may be %s', async (_title, least, sizes) => {
    const plan = ({ method }: Seen) => (method === 'POST' ? { headers: { 'oci-chunk-min-length': least } } : undefined)
    expect(await upload(plan)).toMatchObject({ how: 'sent', sizes })
  })
})

describe('a part that is refused', () => {
  const refusing =
    (status: number, which: number) =>
    ({ method }: Seen, n: number) =>
      method === 'PATCH' && n === which ? { status } : undefined

  test.each([400, 405, 411, 501])('with %i makes the blob one request, and the first upload is removed', async (status) => {
    const { how, sizes, methods, left, of, said } = await upload(refusing(status, 2))
    expect([how, sizes, left]).toEqual(['sent', [chunk, chunk, size], []])
    expect(methods.slice(2)).toEqual(['PATCH', 'PATCH', 'DELETE', 'POST', 'PATCH', 'PUT'])
    expect(of('PATCH').at(-1)!.headers).not.toHaveProperty('content-range')
    expect(said).toEqual([expect.stringMatching(`^The registry answered ${status} to a part of a blob; trying again in `)])
  })

  test('with 404 has lost its upload: another one is begun with parts of the same size', async () => {
    const { how, sizes, of } = await upload(refusing(404, 3))
    expect([how, sizes, of('POST').length]).toEqual(['sent', [chunk, chunk, chunk, ...parts], 2])
  })

  test('with 416 goes on where the registry says, with parts of the same size', async () => {
    const { how, sizes, methods } = await upload(refusing(416, 3))
    expect([how, sizes]).toEqual(['sent', [chunk, chunk, ...parts.slice(2, 3), ...parts.slice(2)]])
    expect(methods).toEqual(['HEAD', 'POST', 'PATCH', 'PATCH', 'PATCH', 'GET', 'PATCH', 'PATCH', 'PATCH', 'PUT'])
  })

  const small = blobOf(chunk, 'small')

  test.each([400, 405, 411, 413, 501])('with %i although it is all of the blob is an error', async (status) => {
    const { how, methods } = await upload(({ method }) => (method === 'PATCH' ? { status } : undefined), { what: small })
    expect(how).toMatch(`the server answered ${status} `)
    expect(methods).toEqual(['HEAD', 'POST', 'PATCH', 'DELETE'])
  })

  test('with 413 although it is as small as proxies take them is an error', async () => {
    const mebibyte = 1 << 20
    const what = blobOf(2 * mebibyte, 'mebibytes')
    const plan = ({ method }: Seen) => (method === 'PATCH' ? { status: 413 } : undefined)
    const { how, methods, sizes } = await upload(plan, { what, chunk: mebibyte })
    expect([how, sizes]).toEqual(['the server answered 413 Payload Too Large', [mebibyte]])
    expect(methods).toEqual(['HEAD', 'POST', 'PATCH', 'DELETE'])
    // A larger one is made smaller, but not smaller than that.
    expect(await upload(plan, { what, chunk: mebibyte + 1 })).toMatchObject({ how, sizes: [mebibyte + 1, mebibyte] })
  })

  test('with 404 although it is all of the blob is sent again', async () => {
    const { how, sizes } = await upload(refusing(404, 1), { what: small })
    expect([how, sizes]).toEqual(['sent', [chunk, chunk]])
  })
})

describe('how much a registry says it has', () => {
  test.each([
    ['as much as before', '0-999', 2],
    ['more than was sent', '0-2000', 2],
    ['more than there is', `0-${size}`, 1],
  ])('is not believed if it is %s', async (_title, range, which) => {
    const { how, sizes, left } = await upload(({ method }, n) => (method === 'PATCH' && n === which ? { headers: { range } } : undefined))
    expect([how, sizes, left]).toEqual(['sent', [...parts.slice(0, which), size], []])
  })

  test('may be less than was sent', async () => {
    let isCut = false
    const { how, sizes } = await upload((seen, n) => {
      if (seen.method !== 'PATCH' || n !== 2) return undefined
      isCut = true
      // It keeps only a part of it.
      Object.assign(seen, { body: seen.body.subarray(0, 300) })
      return undefined
    })
    expect([how, isCut, sizes]).toEqual(['sent', true, [chunk, 300, chunk, chunk, chunk, 200]])
  })

  test('may be missing', async () => {
    const { how, sizes } = await upload(({ method }) => (method === 'PATCH' ? { headers: { range: undefined } } : undefined))
    expect([how, sizes]).toEqual(['sent', parts])
  })

  test('makes no difference once all of the blob was one request', async () => {
    const what = blobOf(chunk, 'whole')
    const { how, methods } = await upload(({ method }) => (method === 'PATCH' ? { headers: { range: '0-5' } } : undefined), { what })
    expect([how, methods]).toEqual(['sent', ['HEAD', 'POST', 'PATCH', 'PUT']])
  })

  test.each([
    [undefined, undefined],
    ['0-0', 0],
    ['0-1', 2],
    ['0-999', 1000],
    [' 0-999 ', 1000],
    ['bytes=0-999', 1000],
    ['bytes 0-999', undefined],
    ['1-999', undefined],
    ['0-999/1000', undefined],
    ['0-', undefined],
    ['0-9999999999999999', undefined],
  ])('as %j is understood as %j', (range, offset) => {
    expect(offsetIn({ status: 202, headers: { range }, url: new URL('http://x') })).toBe(offset)
  })
})

describe('an upload that is interrupted', () => {
  const losing =
    (lost: string, ...which: number[]) =>
    ({ method }: Seen, n: number) =>
      method === lost && which.includes(n) ? { isLost: true } : undefined

  test('goes on as often as that brings something', async () => {
    const { how, sizes, of } = await upload(losing('PATCH', 1, 2, 3))
    expect([how, sizes, of('GET').length, of('POST').length]).toEqual(['sent', parts, 3, 1])
  })

  test('is given up if nothing comes of it', async () => {
    const plan = ({ method }: Seen, n: number) => (method === 'PATCH' && n > 1 ? { status: 503 } : undefined)
    const { how, methods } = await upload(plan)
    expect(how).toBe('the server answered 503 Service Unavailable (2 tries in a row)')
    expect(methods.slice(-4)).toEqual(['PATCH', 'GET', 'PATCH', 'DELETE'])
  })

  test('is over if the registry has the blob', async () => {
    const { how, methods } = await upload(losing('PUT', 1))
    expect([how, methods.slice(-2)]).toEqual(['sent', ['PUT', 'HEAD']])
  })

  test('is ended again if the registry does not have the blob', async () => {
    const { how, methods } = await upload(({ method }, n) => (method === 'PUT' && n === 1 ? { status: 503 } : undefined))
    expect([how, methods.slice(-4)]).toEqual(['sent', ['PUT', 'HEAD', 'GET', 'PUT']])
  })

  test.each([
    ['has lost it', { status: 404 }],
    ['refuses to say', { status: 400, headers: { range: '0-999' } }],
    ['does not say how much it has', { headers: { range: undefined } }],
  ])('begins again if the registry %s', async (_title, answer) => {
    const { how, sizes, of } = await upload((seen, n) => (seen.method === 'GET' ? answer : losing('PATCH', 2)(seen, n)))
    expect([how, sizes, of('POST').length]).toEqual(['sent', [chunk, chunk, ...parts], 2])
  })

  test('asks how much the registry has where it redirects to', async () => {
    const { how, sizes, of } = await upload((seen, n) => {
      if (seen.method === 'GET' && n === 1) return { status: 307, headers: { location: `${seen.url.pathname}?elsewhere` } }
      return losing('PATCH', 2)(seen, n)
    })
    expect([how, sizes, of('GET').at(-1)!.url.search]).toEqual(['sent', parts, '?elsewhere'])
  })

  test('goes on at the same address if the registry gives no other', async () => {
    const { how, of } = await upload((seen, n) =>
      ['GET', 'PATCH'].includes(seen.method) ? { ...losing('PATCH', 2)(seen, n), headers: { location: undefined } } : undefined,
    )
    expect([how, new Set(of('PATCH').map(({ url }) => url.search)).size]).toEqual(['sent', 1])
  })
})

describe('an end that is refused', () => {
  test.each([400, 404, 416])('with %i makes the blob one request', async (status) => {
    const { how, sizes, methods } = await upload(({ method }, n) => (method === 'PUT' && n === 1 ? { status } : undefined))
    expect([how, sizes]).toEqual(['sent', [...parts, size]])
    expect(methods.slice(-5)).toEqual(['PUT', 'DELETE', 'POST', 'PATCH', 'PUT'])
  })

  test('although the blob was one request is an error', async () => {
    const { how, methods } = await upload(({ method }) => (method === 'PUT' ? { status: 400 } : undefined), { what: blobOf(chunk, 'end') })
    expect([how, methods]).toEqual(['the server answered 400 Bad Request', ['HEAD', 'POST', 'PATCH', 'PUT', 'DELETE']])
  })
})

test('an upload that fails is an error, whatever the registry answers to its removal', async () => {
  for (const status of [202, 401, 405, 500]) {
    const { how, of } = await upload(({ method }) => ({ PUT: { status: 403 }, DELETE: { status } })[method])
    expect(how).toMatch(/^the server answered 403 Forbidden; /)
    expect(of('DELETE')).toHaveLength(1)
  }
})

test('a registry that says nothing to the removal of an upload holds nobody up', async () => {
  // Five seconds, which nothing can shorten.
  const { how, of } = await upload(({ method }) => ({ PUT: { status: 403 }, DELETE: { isSilent: true } })[method])
  expect(how).toMatch(/^the server answered 403 Forbidden; /)
  expect(of('DELETE')).toHaveLength(1)
})

test('an address of an upload is relative to what was asked', () => {
  const url = new URL('https://registry.example/v2/acme/ddk/blobs/uploads/')
  const at = (location?: string, otherwise?: URL) => locationOf({ status: 202, headers: { location }, url }, otherwise).href
  expect(at('one?a=b')).toBe('https://registry.example/v2/acme/ddk/blobs/uploads/one?a=b')
  expect(at('https://storage.example/one')).toBe('https://storage.example/one')
  expect(at(undefined, new URL('https://storage.example/two'))).toBe('https://storage.example/two')
  expect(() => at()).toThrow("the registry doesn't say where the upload goes on")
  expect(() => at('file:///etc/passwd')).toThrow("the registry doesn't say where the upload goes on")
})
