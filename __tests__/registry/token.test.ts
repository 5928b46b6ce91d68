import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { Credentials } from '../../src/registry/credentials.ts'
import { requestToken } from '../../src/registry/token.ts'
import { type Handler, withServer } from '../fetch/server.ts'
import { fakeTimers } from '../support/fake-timers.ts'
import { until } from '../support/tools.ts'

const login: Credentials = { kind: 'password', username: 'builder', password: 'correct horse' }
const scope = 'repository:acme/ddk:pull'
const never = new AbortController().signal

interface Asker {
  readonly service?: string
  readonly credentials?: Credentials
}

/** Asks a token server that answers so. */
const ask = (handler: Handler, { service, credentials }: Asker = {}) =>
  withServer(handler, ({ origin }) => requestToken({ realm: `${origin}/token?tenant=1`, service }, scope, credentials, 'log in', never))

const answering =
  (body: string): Handler =>
  (_request, response) =>
    response.end(body)

describe('a token server is asked', () => {
  /** What it gets. */
  async function asked(asker?: Asker): Promise<object> {
    let seen = {}
    await ask(async (request, response) => {
      const { method, url, headers } = request
      const { authorization, accept, 'content-type': type } = headers
      seen = { method, url, authorization, accept, type, body: await text(request) }
      response.end('{"token":"x"}')
    }, asker)
    return seen
  }

  const address = '/token?tenant=1&scope=repository%3Aacme%2Fddk%3Apull'
  const get = { method: 'GET', accept: 'application/json', body: '' }

  test('by somebody with a password, which is only in its header', async () => {
    expect(await asked({ service: 'a service', credentials: login })).toEqual({
      ...get,
      url: `${address}&service=a+service&account=builder`,
      authorization: `Basic ${Buffer.from('builder:correct horse').toString('base64')}`,
    })
  })

  test('by nobody, with the name of the service only if the registry has named it', async () => {
    expect(await asked()).toEqual({ ...get, url: address })
    expect(await asked({ service: 'x' })).toEqual({ ...get, url: `${address}&service=x` })
  })

  test('by somebody with a refresh token, which is only in the body', async () => {
    expect(await asked({ service: 'x', credentials: { kind: 'refresh-token', token: 'a/secret' } })).toEqual({
      method: 'POST',
      url: '/token?tenant=1',
      accept: 'application/json',
      type: 'application/x-www-form-urlencoded',
      body: 'scope=repository%3Aacme%2Fddk%3Apull&service=x&grant_type=refresh_token&client_id=xenserver-ddk-action&refresh_token=a%2Fsecret',
    })
  })
})

describe('an answer', () => {
  test.each([
    ['{"token":"a"}', 'a'],
    ['{"access_token":"b"}', 'b'],
    ['{"token":"a","access_token":"b"}', 'a'],
  ])('%s has a token', async (body, value) => {
    expect(await ask(answering(body))).toMatchObject({ value })
  })

  test.each(['', 'null', '1', '{}', '{"token":1}', '{"token":""}', '{"token":"ä"}', '{"token":"a b"}', '{"token":"a\\r\\nx: y"}'])(
    '%s has none',
    async (body) => {
      await expect(ask(answering(body))).rejects.toThrow(/^http:\/\/127\.0\.0\.1:\d+\/token: the token server gave no token$/)
    },
  )

  test.each([
    [300, 295],
    [10, 5],
    [4, 2],
    [1, 0.5],
    [undefined, 55],
    [0, 55],
    [-10, 55],
    ['"300"', 55],
  ])('that says %s about the seconds of a token is trusted for %d', async (said, seconds) => {
    const before = Date.now()
    const { until } = await ask(answering(`{"token":"x"${said === undefined ? '' : `,"expires_in":${said}`}}`))
    expect(until).toBeGreaterThanOrEqual(before + seconds * 1000)
    expect(until).toBeLessThanOrEqual(Date.now() + seconds * 1000)
  })

  test.each([
    [
      401,
      {
        retryable: false,
        kind: 'denied',
        status: 401,
        message: expect.stringMatching(/^http:\/\/[\d.:]+\/token: the server answered 401 \w+; log in$/),
      },
    ],
    [429, { retryable: true, kind: 'unreachable', status: 429, wait: 7000 }],
  ])('of %i is a failure that says so, and its body is not awaited', async (status, failure) => {
    let isClosed = false
    const endless: Handler = (_request, response) => {
      response.on('close', () => {
        isClosed = true
      })
      response.writeHead(status, { 'retry-after': '7' }).write('hush')
    }
    await withServer(endless, async ({ origin }) => {
      await expect(requestToken({ realm: `${origin}/token?tenant=1`, service: 'x' }, scope, login, 'log in', never)).rejects.toMatchObject(
        failure,
      )
      await until(() => isClosed)
    })
  })

  test('that redirects is not followed, because the credentials are for this server only', async () => {
    await withServer(answering('{"token":"x"}'), async (other) => {
      const redirecting: Handler = (_request, response) => response.writeHead(307, { location: `${other.origin}/token` }).end()
      await expect(ask(redirecting, { credentials: login })).rejects.toThrow('the server answered 307 Temporary Redirect')
      expect(other.requests).toEqual([])
    })
  })
})

describe('a server that says nothing', () => {
  afterEach(() => {
    jest.useRealTimers()
  })

  test.each<[string, Handler]>([
    ['at all', () => {}],
    ['after its headers', (_request, response) => response.writeHead(200, { 'content-length': 13 }).flushHeaders()],
  ])('%s is given up after 15 seconds', async (_title, handler) => {
    fakeTimers()
    const silent: Handler = (request, response) => {
      handler(request, response)
      setImmediate(() => jest.advanceTimersByTime(15_000))
    }
    await expect(ask(silent)).rejects.toMatchObject({ message: 'the server sent nothing for 15.0 s', retryable: true })
  })

  test('of interest any more is not waited for: no timer is left', async () => {
    fakeTimers()
    await ask(answering('{"token":"x"}'))
    expect(jest.getTimerCount()).toBe(0)
  })
})
