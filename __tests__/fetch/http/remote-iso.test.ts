import { describe, expect, test } from '@jest/globals'
import { identityOf, queryServer } from '../../../src/fetch/http/remote-iso.ts'
import { watchStall } from '../../../src/http/stall.ts'
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
