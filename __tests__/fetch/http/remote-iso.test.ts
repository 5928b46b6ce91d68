import { describe, expect, test } from '@jest/globals'
import { identityOf, queryServer } from '../../../src/fetch/http/remote-iso.ts'
import { checkNotText, partOf, sameFile } from '../../../src/fetch/http/reply.ts'
import type { Reply } from '../../../src/http/request.ts'
import { watchStall } from '../../../src/http/stall.ts'
import { until } from '../../support/tools.ts'
import { type Handler, noise, sendFile, unending, withServer } from '../server.ts'

const file = noise(10_000)
const signal = new AbortController().signal

function probe(handler: Handler, stall = 60_000) {
  return withServer(handler, async ({ origin, requests }) => {
    const pace = { stall, attempts: 2, delay: 5 }
    const address = { urls: [`${origin}/ddk.iso?hush`], headers: new Map([['x-token', 'hush']]), headersFor: new Set([origin]) }
    const remote = await queryServer(address, { signal, say: () => {}, pace }).catch((error: Error) => error.message)
    const asked = requests.map(({ method, headers }) => `${method} ${headers.range ?? ''} ${headers['x-token']}`)
    return { remote, asked, origin }
  })
}

const lastModified = 'Tue, 13 Jan 2015 10:00:00 GMT'
const sound: Handler = (request, response) => sendFile(request, response, file, { etag: '"1"', lastModified })

test('a HEAD request tells the size and the ETag', async () => {
  const { remote, asked, origin } = await probe(sound)
  const url = `${origin}/ddk.iso?hush`
  expect(remote).toEqual({ url, finalUrl: url, etag: '"1"', lastModified, size: 10_000, acceptsRanges: true })
  expect(asked).toEqual(['HEAD  hush'])
})

test.each([403, 405, 501, 200])('a GET of one byte is used if HEAD is answered with %d', async (status) => {
  const { remote, asked } = await probe((q, r) => (q.method === 'HEAD' ? r.writeHead(status).end() : sound(q, r)))
  expect(remote).toMatchObject({ etag: '"1"', size: 10_000, acceptsRanges: true })
  expect(asked).toEqual(['HEAD  hush', 'GET bytes=0-0 hush'])
})

test("a server without ranges is recognized by its full answer, whose body isn't read", async () => {
  const { remote } = await probe((q, r) => (q.method === 'HEAD' ? r.writeHead(405).end() : sendFile(q, r, file, { whole: true })))
  expect(remote).toMatchObject({ size: 10_000, acceptsRanges: false })
})

test('an answer that never ends is not awaited', async () => {
  const whole = unending(200, { 'content-length': 10_000_000 })
  await withServer(
    (q, r) => (q.method === 'HEAD' ? r.writeHead(405).end() : whole.handler(q, r)),
    async ({ origin }) => {
      const address = { urls: [`${origin}/ddk.iso`], headers: new Map(), headersFor: new Set<string>() }
      expect(await queryServer(address, { signal, say() {} })).toMatchObject({ size: 10_000_000, acceptsRanges: false })
      await whole.closed
    },
  )
})

test('the next address is asked if one does not answer; the first error says what kind it is', async () => {
  const byName: Handler = (q, r) => (q.url === '/good.iso' ? sound(q, r) : r.writeHead(q.url === '/denied.iso' ? 403 : 404).end())
  await withServer(byName, async ({ origin }) => {
    const ask = (...names: string[]) => {
      const address = { urls: names.map((name) => `${origin}/${name}.iso`), headers: new Map(), headersFor: new Set<string>() }
      return queryServer(address, { signal, say() {} })
    }
    expect(await ask('denied', 'good')).toMatchObject({ url: `${origin}/good.iso`, size: 10_000 })
    await expect(ask('denied', 'missing')).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringMatching(
        /^Can't fetch .*\/denied\.iso: .* 403 Forbidden; .*\. .*\/missing\.iso: the server answered 404 Not Found$/,
      ),
    })
    await expect(ask('missing', 'denied')).rejects.toMatchObject({ kind: 'unreachable' })
  })
})

test('the headers of the user go to no address that they are not for', async () => {
  await withServer(
    (q, r) => (q.method === 'HEAD' ? r.writeHead(405).end() : sound(q, r)),
    async ({ origin, requests }) => {
      const address = {
        urls: [`${origin}/ddk.iso`],
        headers: new Map([['x-token', 'hush']]),
        headersFor: new Set(['https://elsewhere.example']),
      }
      await queryServer(address, { signal, say() {} })
      expect(requests.map(({ method, headers }) => [method, headers['x-token']])).toEqual([
        ['HEAD', undefined],
        ['GET', undefined],
      ])
    },
  )
})

test('a server that is busy is asked again after about a second, if nobody wants it otherwise', async () => {
  const said: string[] = []
  const stop = new AbortController()
  const say = (line: string) => {
    said.push(line)
    stop.abort(new Error('Stopped'))
  }
  await withServer(
    (_, response) => response.writeHead(503).end(),
    async ({ origin }) => {
      const address = { urls: [`${origin}/ddk.iso`], headers: new Map(), headersFor: new Set<string>() }
      await expect(queryServer(address, { signal: stop.signal, say })).rejects.toThrow('Stopped')
    },
  )
  expect(said).toEqual([expect.stringMatching(/^The server answered 503 Service Unavailable; trying again in (0\.[5-9]|1\.0) s$/)])
})

test('a weak ETag identifies no file, but the date does', async () => {
  const { remote } = await probe((q, r) => sendFile(q, r, file, { lastModified, headers: { etag: 'W/"1"' } }))
  expect(remote).not.toHaveProperty('etag')
  expect(identityOf(remote as never)).toMatchObject({ etag: lastModified, size: 10_000 })
})

describe('something other than a file is an error of one sentence', () => {
  test.each<[string, Handler, string]>([
    ['404', (_, r) => r.writeHead(404).end(), 'the server answered 404 Not Found'],
    ['a web page', (_, r) => r.writeHead(200, { 'content-type': 'text/html', 'content-length': 5 }).end(), 'the server sent a web page'],
  ])('%s', async (_, handler, sentence) => {
    const { remote, origin } = await probe(handler)
    expect(remote).toContain(`Can't fetch ${origin}/ddk.iso: ${sentence}`)
  })

  test('nothing', async () => {
    const { remote, origin } = await probe(() => {}, 200)
    expect(remote).toContain(`Can't fetch ${origin}/ddk.iso: the server sent nothing for 0.2 s (2 tries in a row)`)
  })
})

describe('what an answer says', () => {
  const part = (status: number, headers: Reply['headers']) => partOf({ status, headers } as Reply, { ifDenied: '', ifMissing: '' })
  const facts = (headers: Reply['headers']) => part(200, headers).facts

  test.each([
    ['bytes 5-5/6', { start: 5, facts: { size: 6 } }],
    [' Bytes 0-4/* ', { start: 0, facts: {} }],
  ])('is the range %j', (range, expected) => {
    expect(part(206, { 'content-range': range })).toEqual(expected)
  })

  test.each(['bytes 5-6/6', 'bytes 5-4/6', 'bytes 6-6/6'])('is no range outside the file: %s', (range) => {
    expect(() => part(206, { 'content-range': range })).toThrow('the server sent a range outside the file')
  })

  test.each(['bytes */6', 'items 0-4/6', '0-4/6'])('is no range of something else: %s', (range) => {
    expect(() => part(206, { 'content-range': range })).toThrow('the server sent a part of the file without saying which')
  })

  test('is a size, an ETag and a date, with white space around them or not', () => {
    expect(facts({ 'content-length': ' 12 ', etag: ' "1" ', 'last-modified': ' now ' })).toEqual({
      size: 12,
      etag: '"1"',
      lastModified: 'now',
    })
    expect(facts({ 'content-length': '', etag: '', 'last-modified': '' })).toEqual({})
    expect(facts({ 'content-length': '9'.repeat(16), etag: '1' })).toEqual({})
  })

  test.each(['text/html', ' TEXT/HTML; charset=utf-8', 'application/xhtml+xml'])('is not a file of the type %s', (type) => {
    expect(() => facts({ 'content-type': type })).toThrow(
      'the server sent a web page, not a file; check the address; it may require a login',
    )
  })

  test.each(['text/plain', 'application/octet-stream', ''])('may be a file of the type %j', (type) => {
    expect(facts({ 'content-type': type, 'content-encoding': ' Identity' })).toEqual({})
  })

  test.each([
    ['br', 'br'],
    ['gzip, ::error::', 'unknown'],
  ])('is not compressed: %s', (encoding, named) => {
    expect(() => facts({ 'content-encoding': encoding })).toThrow(
      `the server sent the file compressed (${named}), although it was asked not to`,
    )
  })

  test('is about the same file if nothing in both says otherwise', () => {
    const one = { etag: '"1"', lastModified: 'now', size: 5 }
    for (const same of [one, {}, { etag: '"1"' }, { size: 5 }]) expect([sameFile(one, same), sameFile(same, one)]).toEqual([true, true])
    for (const other of [{ etag: '"2"' }, { lastModified: 'then' }, { ...one, size: 6 }]) expect(sameFile(one, other)).toBe(false)
  })

  test.each([0x09, 0x0a, 0x0d, 0x20, 0x7e, 0xe4])('may be text with the byte %d', (byte) => {
    const sent = () => checkNotText(Buffer.concat([Buffer.from(` a${'b'.repeat(50)}`), Buffer.from([byte])]))
    expect(sent).toThrow(`the server sent text that begins with "a${'b'.repeat(39)}", not a file; check the address`)
  })

  test.each([0x00, 0x08, 0x0e, 0x1f])('is no text with the byte %d', (byte) => {
    expect(() => checkNotText(Buffer.from([0x41, byte, 0x41]))).not.toThrow()
  })

  test.each(['<html>', '\n <!DOCTYPE  HTML>'])('may be a web page that begins with %j', (text) => {
    expect(() => checkNotText(Buffer.from(text))).toThrow('the server sent a web page, not a file')
    expect(() => checkNotText(Buffer.from(`x${text}`))).toThrow('the server sent text that begins with "x')
  })
})

test('nothing keeps the process alive once a server has been asked', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  await probe(sound, 600_000)
  await probe((q, r) => (q.method === 'HEAD' ? r.writeHead(405).end() : sound(q, r)), 600_000)
  await until(() => timers() <= before)
})

describe('a server that is silent', () => {
  const soon = () => new Promise((resolve) => setTimeout(resolve, 200))

  test('is given up after a time that begins anew with each wait, and only while bytes are awaited', async () => {
    const watch = watchStall(20, signal)
    watch.wait()
    watch.wait()
    watch.rest()
    await soon()
    expect(watch.signal.aborted).toBe(false)
    watch.wait()
    await new Promise((resolve) => watch.signal.addEventListener('abort', resolve))
    expect(watch.signal.reason).toMatchObject({ message: 'the server sent nothing for 0.0 s', retryable: true })
  })

  test('is given up as well when the job ends', () => {
    const stop = new AbortController()
    const watch = watchStall(60_000, stop.signal)
    stop.abort(new Error('Stopped'))
    expect(watch.signal.reason.message).toBe('Stopped')
  })
})

test('a server that says too little gives no identity', () => {
  expect(identityOf({ url: 'u', finalUrl: 'u', acceptsRanges: false, size: 5 })).toBeUndefined()
  expect(identityOf({ url: 'u', finalUrl: 'u', acceptsRanges: false, etag: '"1"' })).toBeUndefined()
  expect(identityOf({ url: 'u', finalUrl: 'f', acceptsRanges: false, etag: '"1"', size: 5 })).toEqual({ url: 'u', etag: '"1"', size: 5 })
})
