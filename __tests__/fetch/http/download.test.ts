import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type * as http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { FileGrowth } from '../../../src/bytes/growth.ts'
import type { Address } from '../../../src/fetch/http/address.ts'
import { ArrivalReport, type ArrivingDownload, type OnArriving } from '../../../src/fetch/http/arrival-report.ts'
import { type Downloaded, download } from '../../../src/fetch/http/download.ts'
import { PartialFile } from '../../../src/fetch/http/partial-file.ts'
import { HttpFailure, statusFailure } from '../../../src/http/failure.ts'
import { retry } from '../../../src/http/retry.ts'
import { until } from '../../support/tools.ts'
import { type Handler, noise, type Server, sendFile, serve, sha256, unending, withServer } from '../server.ts'

const file = noise(3_000_000)
const other = noise(3_000_000, 'other')
const pinned = sha256(file)

let dir = ''
let partial = ''
let said: string[] = []
let warned: string[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xenserver-ddk-download-'))
  partial = join(dir, 'ddk.iso')
  said = []
  warned = []
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** A busy machine may be silent for a while, so only tests of a stall are in a hurry. */
const pace = { stall: 60_000, attempts: 4, delay: 5 }

function fetchFrom(
  urls: readonly string[],
  known: Partial<Address> = {},
  signal = new AbortController().signal,
  stall = pace.stall,
): Promise<Downloaded> {
  const say = (line: string) => said.push(line)
  const options = { signal, say, warn: (line: string) => warned.push(line), pace: { ...pace, stall } }
  return download({ urls, headers: new Map(), headersFor: new Set<string>(), ...known }, partial, options)
}

/** Fetches `/ddk.iso` of a server that answers its requests by the handlers in order, the last one for all that follow. */
function fetchFile(handlers: Handler[], known: Partial<Address> = {}): Promise<{ got: Downloaded; requests: Server['requests'] }> {
  return withServer(inOrder(handlers), async ({ origin, requests }) => ({
    got: await fetchFrom([`${origin}/ddk.iso?token=hush`], known),
    requests,
  }))
}

function inOrder(handlers: Handler[]): Handler {
  let count = 0
  return (request, response) => handlers[Math.min(count++, handlers.length - 1)]!(request, response)
}

async function messageOf(fetching: Promise<unknown>): Promise<string> {
  return fetching.then(
    () => 'no error',
    (error: Error) => error.message,
  )
}

function expectWhole(got: Downloaded, bytes = file): void {
  expect(got).toMatchObject({ sha256: sha256(bytes), size: bytes.length })
  expect(readFileSync(partial).equals(bytes)).toBe(true)
  expect(readdirSync(dir)).toEqual(['ddk.iso'])
}

const sound: Handler = (request, response) => sendFile(request, response, file, { etag: '"1"' })
const answer =
  (status: number, headers = {}, body = ''): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end(body)

describe('a server without faults', () => {
  test('gives the file', async () => {
    const { got, requests } = await fetchFile([sound])
    expectWhole(got)
    expect(got).toEqual({ sha256: pinned, size: file.length, etag: '"1"', url: expect.stringMatching(/\/ddk\.iso\?token=hush$/) })
    // A connection that nobody uses again would keep the process alive.
    const own = { 'accept-encoding': 'identity', 'user-agent': 'xenserver-ddk-action', connection: 'close' }
    expect(requests.map(({ headers }) => headers)).toEqual([expect.objectContaining(own)])
  })

  test('over plain http without a checksum warns once, and tells the checksum', async () => {
    await fetchFile([sound])
    expect(warned).toEqual([
      expect.stringMatching(new RegExp(`^http://127.0.0.1:\\d+/ddk.iso was downloaded over plain http.*iso-sha256: ${pinned}$`)),
    ])
  })

  test('with a checksum warns of nothing', async () => {
    await fetchFile([sound], { sha256: pinned, size: file.length })
    expect(warned).toEqual([])
  })

  test('may send without a length, in chunks', async () => {
    const { got } = await fetchFile([(_, response) => void response.writeHead(200).end(response.write(file) ? '' : '')])
    expectWhole(got)
  })

  test('may be slow, as long as bytes arrive', async () => {
    const small = file.subarray(0, 8)
    const trickle: Handler = (_, response) => {
      response.writeHead(200, { 'content-length': small.length })
      let sent = 0
      const timer = setInterval(() => {
        response.write(small.subarray(sent, sent + 1))
        if (++sent === small.length) clearInterval(timer)
      }, 100)
    }
    expectWhole((await fetchFile([trickle])).got, small)
  })
})

describe('a disk that is too small for the ISO is noticed before it is full', () => {
  /** In bytes. */
  const size = 9 * 10 ** 14
  const sentence = /^The ISO needs 900\.0 TB of disk at .*, but only .* are free; free some space or use a larger disk$/
  /** A server that says this, and sends no more than the first bytes. */
  const breaking =
    (status: number, headers: http.OutgoingHttpHeaders): Handler =>
    (_, response) =>
      response.writeHead(status, headers).write(file.subarray(0, 1000), () => response.socket?.destroySoon())

  test('when the download begins', async () => {
    expect(await messageOf(fetchFile([breaking(200, { 'content-length': size })]))).toMatch(sentence)
  })

  test('when it is resumed, and the server says only then how large the file is', async () => {
    writeFileSync(partial, file.subarray(0, 500))
    writeFileSync(`${partial}.resume.json`, JSON.stringify({ urlSha256: '', boot: '' }))
    const rest = breaking(206, { 'content-range': `bytes 500-${size - 1}/${size}` })
    expect(await messageOf(fetchFile([rest], { sha256: pinned }))).toMatch(sentence)
    expect(said.join()).not.toContain('Resuming')
  })
})

describe('an interrupted download is resumed', () => {
  const dropping: Handler = (request, response) => sendFile(request, response, file, { etag: '"1"', dropAfter: 700_000 })

  test('when the connection is lost, again and again', async () => {
    const { got, requests } = await fetchFile([dropping, dropping, dropping, dropping, sound])
    expectWhole(got)
    const ranges = requests.map(({ headers }) => headers.range)
    expect(ranges[0]).toBeUndefined()
    expect(new Set(ranges).size).toBe(5)
    expect(requests.slice(1).every(({ headers }) => headers['if-range'] === '"1"')).toBe(true)
    expect(said).toContainEqual(expect.stringMatching(/^Resuming after \d+\.\d [kM]B of http:\/\/127\.0\.0\.1:\d+\/ddk\.iso$/))
  })

  test('but not again and again if it is lost after a few bytes each time', async () => {
    await withServer(
      (q, r) => sendFile(q, r, file, { etag: '"1"', dropAfter: 100_000 }),
      async ({ origin, requests }) => {
        expect(await messageOf(fetchFrom([`${origin}/ddk.iso`]))).toMatch(/: the connection was lost \(4 tries in a row\)$/)
        expect(requests).toHaveLength(4)
      },
    )
  })

  test('when the server stalls', async () => {
    const stalling: Handler = (q, r) => sendFile(q, r, file, { etag: '"1"', stallAfter: 1_000_000 })
    await withServer(inOrder([stalling, sound]), async ({ origin, requests }) => {
      expectWhole(await fetchFrom([`${origin}/ddk.iso`], {}, undefined, 1000))
      expect(requests[1]!.headers.range).toBe('bytes=1000000-')
      expect(said.join()).toContain('The server sent nothing for 1.0 s; trying again in ')
    })
  })

  test('by the date, when there is no strong ETag', async () => {
    const lastModified = 'Tue, 13 Jan 2015 10:00:00 GMT'
    const headers = { etag: 'W/"1"' }
    const { got, requests } = await fetchFile([
      (q, r) => sendFile(q, r, file, { lastModified, headers, dropAfter: 700_000 }),
      (q, r) => sendFile(q, r, file, { lastModified, headers }),
    ])
    expectWhole(got)
    expect(requests[1]!.headers).toMatchObject({ range: expect.stringMatching(/^bytes=[1-9]\d*-$/), 'if-range': lastModified })
  })

  test('by the checksum alone, when there is neither', async () => {
    const { got, requests } = await fetchFile([(q, r) => sendFile(q, r, file, { dropAfter: 700_000 }), (q, r) => sendFile(q, r, file)], {
      sha256: pinned,
    })
    expectWhole(got)
    expect(requests[1]!.headers.range).toMatch(/^bytes=[1-9]\d*-$/)
  })

  test("but starts over if a change of the file couldn't be detected", async () => {
    const { got, requests } = await fetchFile([(q, r) => sendFile(q, r, file, { dropAfter: 700_000 }), (q, r) => sendFile(q, r, other)])
    expectWhole(got, other)
    expect(requests[1]!.headers.range).toBeUndefined()
  })

  test('in a later run', async () => {
    await withServer(inOrder([dropping, answer(404), sound]), async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      expect(await messageOf(fetchFrom([url]))).toBe(`Can't fetch ${url}: the server answered 404 Not Found`)
      expect(readdirSync(dir)).toEqual(['ddk.iso', 'ddk.iso.resume.json'])
      expectWhole(await fetchFrom([url]))
      expect(requests[2]!.headers.range).toMatch(/^bytes=[1-9]\d*-$/)
    })
  })

  test('by a note beside it without the address, which may be secret', async () => {
    await expect(fetchFile([dropping, answer(404)])).rejects.toThrow('404')
    expect(readFileSync(`${partial}.resume.json`, 'utf8')).not.toMatch(/hush|ddk\.iso/)
  })

  test('in a later run that finds it whole, without asking again', async () => {
    await withServer(sound, async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      const killed = { signal: new AbortController().signal, say: () => {}, warn: () => {}, pace }
      await download({ urls: [url], headers: new Map(), headersFor: new Set<string>() }, partial, killed)
      // As if it had been killed between its last byte and its end.
      const memo = {
        urlSha256: sha256(Buffer.from(url)),
        boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
        size: file.length,
      }
      writeFileSync(`${partial}.resume.json`, JSON.stringify({ ...memo, etag: '"1"' }))
      expectWhole(await fetchFrom([url]))
      expect(requests.length).toBe(1)
      // The same, but the machine was started anew since: the bytes may never have reached the disk.
      writeFileSync(`${partial}.resume.json`, JSON.stringify({ ...memo, etag: '"1"', boot: 'another' }))
      expectWhole(await fetchFrom([url]))
      expect(requests.length).toBe(2)
    })
  })

  test.each([
    ['is no object', 'null'],
    ['is cut short', '{'],
    ['has no address', JSON.stringify({ boot: '', size: file.length })],
    ['has no boot', JSON.stringify({ urlSha256: '', size: file.length })],
    ['has a size in words', JSON.stringify({ urlSha256: '', boot: '', size: 'large' })],
    ['has a number for an ETag', JSON.stringify({ urlSha256: '', boot: '', etag: 1 })],
    ['has a number for a date', JSON.stringify({ urlSha256: '', boot: '', lastModified: 1 })],
    ['has a size that is exceeded', JSON.stringify({ urlSha256: '', boot: '', size: 499 })],
  ])('not from what lies there with a note that %s', async (_, note) => {
    writeFileSync(partial, file.subarray(0, 500))
    writeFileSync(`${partial}.resume.json`, note)
    const { got, requests } = await fetchFile([sound], { sha256: pinned })
    expectWhole(got)
    expect(requests.map(({ headers }) => headers.range)).toEqual([undefined])
  })

  test('not from what came before the machine was started anew, even if a run with a checksum has added to it', async () => {
    await withServer(inOrder([dropping, answer(404), sound]), async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      writeFileSync(partial, file.subarray(0, 500))
      const note = { urlSha256: sha256(Buffer.from(url)), boot: 'another', size: file.length, etag: '"1"' }
      writeFileSync(`${partial}.resume.json`, JSON.stringify(note))
      await expect(fetchFrom([url], { sha256: pinned })).rejects.toThrow('404')
      expect(readFileSync(partial).length).toBeGreaterThan(500)
      expectWhole(await fetchFrom([url]))
      expect(requests.map(({ headers }) => headers.range)).toEqual(['bytes=500-', expect.stringMatching(/^bytes=[1-9]\d+-$/), undefined])
    })
  })

  test('not from what lies there without a note of where it came from', async () => {
    await withServer(sound, async ({ origin }) => {
      writeFileSync(partial, other.subarray(0, 500))
      expectWhole(await fetchFrom([`${origin}/ddk.iso`]))
    })
  })
})

describe('a file that changes between two ranges is fetched from the start', () => {
  const first =
    (habits = {}): Handler =>
    (q, r) =>
      sendFile(q, r, file, { dropAfter: 700_000, ...habits })

  test('the server has another ETag', async () => {
    const { got } = await fetchFile([first({ etag: '"1"' }), (q, r) => sendFile(q, r, other, { etag: '"2"' })])
    expectWhole(got, other)
    expect(said.join('\n')).toContain('The file has changed on the server; starting over')
  })

  test('the server has another ETag and ignores If-Range', async () => {
    const { got } = await fetchFile([first({ etag: '"1"' }), (q, r) => sendFile(q, r, other, { etag: '"2"', ignoresIfRange: true })])
    expectWhole(got, other)
    expect(said.join('\n')).toContain('The file has changed on the server, so the download starts over')
  })

  test('only the length tells', async () => {
    const longer = Buffer.concat([other, other])
    const lastModified = 'Tue, 13 Jan 2015 10:00:00 GMT'
    const { got } = await fetchFile([first({ lastModified }), (q, r) => sendFile(q, r, longer, { lastModified })])
    expectWhole(got, longer)
  })

  test('only the checksum tells', async () => {
    const { got } = await fetchFile([(q, r) => sendFile(q, r, other, { dropAfter: 700_000 }), (q, r) => sendFile(q, r, file)], {
      sha256: pinned,
    })
    expectWhole(got)
    expect(said.join('\n')).toContain('has a wrong checksum; starting over')
  })
})

describe('a server that handles ranges wrongly', () => {
  const first: Handler = (q, r) => sendFile(q, r, file, { etag: '"1"', dropAfter: 700_000 })

  test('ignores them', async () => {
    const { got } = await fetchFile([first, (q, r) => sendFile(q, r, file, { etag: '"1"', whole: true })])
    expectWhole(got)
    expect(said.join('\n')).toContain("The server doesn't support resuming; starting over")
  })

  test.each([
    ['another part', `bytes 0-${file.length - 1}/${file.length}`],
    ['a later part', `bytes 700001-${file.length - 1}/${file.length}`],
    ['an unknown part', ''],
    ['a part that lies outside', `bytes 700000-${file.length}/${file.length}`],
  ])('sends %s', async (what, range) => {
    const wrong: Handler = (q, r) =>
      sendFile(q, r, file, q.headers.range ? { etag: '"1"', headers: { 'content-range': range } } : { etag: '"1"' })
    const fetching = fetchFile([first, wrong])
    if (/another|later/.test(what)) {
      expectWhole((await fetching).got)
      expect(said.join('\n')).toContain('The server sent a different range than requested, so the download starts over; trying again in ')
    } else expect(await messageOf(fetching)).toMatch(/the server sent a (part of the file without saying which|range outside the file)$/)
  })

  test('no longer has the file', async () => {
    const { got } = await fetchFile([first, answer(416), sound])
    expectWhole(got)
    expect(said.join('\n')).toContain(
      "The server has no more bytes, but the file isn't complete, so the download starts over; trying again in ",
    )
  })
})

describe('a server that sends a file without its length, and then a part of it', () => {
  /** All bytes from the one that is asked for on, but of a later part 1,000,000 at most. */
  const inChunks =
    (total: string): Handler =>
    (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
      const end = request.headers.range ? Math.min(from + 1_000_000, file.length) : file.length
      const range = { 'content-range': `bytes ${from}-${end - 1}/${total}` }
      response.writeHead(request.headers.range ? 206 : 200, { etag: '"1"', ...(request.headers.range && range) })
      response.write(file.subarray(from, end))
      response.end()
    }
  const lost: Handler = (_, response) => {
    response.writeHead(200, { etag: '"1"' })
    response.write(file.subarray(0, 900_000), () => response.socket?.destroySoon())
  }

  test('is taken at its word, when the part tells the length', async () => {
    const { got, requests } = await fetchFile([lost, inChunks(String(file.length))])
    expectWhole(got)
    expect(requests.length).toBeGreaterThanOrEqual(4)
    expect(said).toContainEqual(expect.stringMatching(/^The server stopped after \d\.\d MB of 3\.0 MB; trying again in /))
  })

  test('is asked for all of it, when it does not', async () => {
    const { got, requests } = await fetchFile([lost, inChunks('*')])
    expectWhole(got)
    expect(requests.map(({ headers }) => headers.range !== undefined)).toEqual([false, true, false])
    expect(said.join('\n')).toContain(
      "The server doesn't report the file's size, so the end of the download couldn't be detected, so the download",
    )
  })
})

describe('a server that lies about the length', () => {
  test('too long: gives up after some tries, and leaves nothing that could be taken for whole', async () => {
    const liar: Handler = (request, response) => {
      response.writeHead(200, { 'content-length': 5000 })
      response.write(file.subarray(0, 4000), () => response.socket?.destroySoon())
      request.resume()
    }
    expect(await messageOf(fetchFile([liar]))).toMatch(
      /^Can't fetch http:\/\/127.0.0.1:\d+\/ddk.iso: the connection was lost \(4 tries in a row\)$/,
    )
  })

  test('and sends nothing: nothing is left, not even a note', async () => {
    const silent: Handler = (_, response) => {
      response.writeHead(200, { 'content-length': 5000, etag: '"1"' }).flushHeaders()
      response.socket?.destroySoon()
    }
    expect(await messageOf(fetchFile([silent]))).toContain('the connection was lost (4 tries in a row)')
    expect(readdirSync(dir)).toEqual([])
  })

  test('too short: detected by the checksum', async () => {
    const liar: Handler = (_, response) => {
      response.socket?.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n'), file.subarray(0, 5000)]))
    }
    const message = await messageOf(fetchFile([liar], { sha256: sha256(file.subarray(0, 5000)) }))
    expect(message).toContain(
      `the file has the SHA-256 ${sha256(file.subarray(0, 4000))}, but ${sha256(file.subarray(0, 5000))} is expected`,
    )
    expect(readdirSync(dir)).toEqual([])
  })

  test('another one than is expected: nothing is fetched', async () => {
    expect(await messageOf(fetchFile([sound], { size: 12 }))).toContain('the file on the server has 3000000 bytes, but 12 are expected')
  })

  test('none at all, and closes the connection at the end', async () => {
    const silent: Handler = (_, response) => {
      response.socket?.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), file]))
    }
    expect(await messageOf(fetchFile([silent]))).toContain("the server doesn't report the file's size")
    expectWhole((await fetchFile([silent], { sha256: pinned })).got)
    expect(await messageOf(fetchFile([silent], { size: file.length - 1 }))).toContain("the server sent more than the file's 2999999 bytes")
  })

  test('a shorter one than it sends: what has arrived is not resumed', async () => {
    const small = file.subarray(0, 2_000_000)
    const longer: Handler = (_, response) => void response.writeHead(200, { etag: '"1"' }).end(other)
    await withServer(inOrder([longer, (q, r) => sendFile(q, r, small, { etag: '"1"' })]), async ({ origin, requests }) => {
      const fetching = () => fetchFrom([`${origin}/ddk.iso`], { size: small.length })
      expect(await messageOf(fetching())).toContain("the server sent more than the file's 2000000 bytes")
      expectWhole(await fetching(), small)
      expect(requests[1]!.headers.range).toBeUndefined()
    })
  })

  test('zero', async () => {
    expect(await messageOf(fetchFile([answer(200, { 'content-length': 0 })]))).toContain('the server sent an empty file')
    expect(await messageOf(fetchFile([answer(200, { 'transfer-encoding': 'chunked' })]))).toContain('the server sent an empty file')
  })
})

describe('something other than a file is refused in a sentence, without the query', () => {
  test.each<[string, Handler, string]>([
    ['403', answer(403), 'the server answered 403 Forbidden; if it requires a token, set it in the input "iso-headers"'],
    ['404', answer(404), 'the server answered 404 Not Found'],
    ['204', answer(204), 'the server answered 204 No Content'],
    ['416', answer(416), 'the server answered 416 Range Not Satisfiable'],
    ['a web page', answer(200, { 'content-type': 'text/html; charset=utf-8' }, '<html>'), 'the server sent a web page'],
    [
      'a web page that is sent as a file',
      answer(200, {}, '\n<!DOCTYPE html>\n<title>'),
      'the server sent a web page, not a file; check the address',
    ],
    [
      'a message',
      answer(200, {}, '{"error":\n"expired"}'),
      'the server sent text that begins with "{\\"error\\": \\"expired\\"}", not a file',
    ],
    ['gzip', answer(200, { 'content-encoding': 'gzip' }, 'x'), 'the server sent the file compressed (gzip)'],
    ['no Location', answer(302), 'the server redirected without saying where to'],
    ['ftp', answer(302, { location: 'ftp://127.0.0.1/ddk.iso' }), 'the server redirected to ftp:'],
    ['a loop', answer(307, { location: '/ddk.iso?token=hush' }), 'it was redirected more than 10 times'],
    ['patience', answer(503, { 'retry-after': '3600' }), 'the server answered 503 Service Unavailable and asks to wait 3600 seconds'],
  ])('%s', async (_, handler, sentence) => {
    const message = await messageOf(fetchFile([handler]))
    expect(message).toMatch(/^Can't fetch http:\/\/127.0.0.1:\d+\/ddk.iso: /)
    expect(message).toContain(sentence)
    expect(`${message} ${said.join()}`).not.toContain('hush')
  })

  test('a message, whatever checksum is expected, and nothing of it stays', async () => {
    expect(await messageOf(fetchFile([answer(200, {}, 'expired')], { sha256: pinned }))).toContain('the server sent text that begins with')
    expect([readdirSync(dir), warned]).toEqual([[], []])
  })

  test('what begins with nothing but text, but not a file that has other bytes soon', async () => {
    const startingWith = (text: number) => Buffer.concat([Buffer.alloc(text, 'text '), Buffer.alloc(1000)])
    expect(await messageOf(fetchFile([answer(200, {}, startingWith(512).toString())]))).toContain('the server sent text that begins with')
    expectWhole((await fetchFile([answer(200, {}, startingWith(511).toString())])).got, startingWith(511))
  })

  test('a web page that never ends is not read', async () => {
    const page = unending(200, { 'content-type': 'text/html' })
    expect(
      await withServer(page.handler, async ({ origin }) => {
        const message = await messageOf(fetchFrom([`${origin}/ddk.iso`]))
        await page.closed
        return message
      }),
    ).toContain('the server sent a web page')
  })

  test('another file than before, of which nothing is left to resume', async () => {
    await withServer(inOrder([(q, r) => sendFile(q, r, other, { etag: '"1"' }), sound]), async ({ origin }) => {
      const url = `${origin}/ddk.iso`
      expect(await messageOf(fetchFrom([url], { sha256Before: pinned }))).toBe(
        `${url} gives another file than before: its SHA-256 is ${sha256(other)}, but was ${pinned}. If that is intended, confirm the new file with this line below "with:": iso-sha256: ${sha256(other)}`,
      )
      expect(readdirSync(dir)).toEqual([])
      expectWhole(await fetchFrom([url], { sha256Before: pinned }))
    })
  })

  test('a wrong checksum', async () => {
    const message = await messageOf(fetchFile([sound], { sha256: 'f'.repeat(64) }))
    expect(message).toContain(`the file has the SHA-256 ${pinned}, but ${'f'.repeat(64)} is expected`)
    expect(readdirSync(dir)).toEqual([])
  })
})

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('is followed: %d', async (status) => {
    expectWhole((await fetchFile([answer(status, { location: '/moved.iso' }), sound])).got)
  })

  test('is followed up to ten times', async () => {
    const moved = answer(302, { location: '/moved.iso' })
    expectWhole((await fetchFile([...Array<Handler>(10).fill(moved), sound])).got)
    expect(await messageOf(fetchFile([...Array<Handler>(11).fill(moved), sound]))).toMatch(
      /: it was redirected more than 10 times, at last to http:\/\/127\.0\.0\.1:\d+\/moved\.iso$/,
    )
  })

  test('that never ends is not read', async () => {
    const moved = unending(302, { location: '/moved.iso' })
    await withServer(inOrder([moved.handler, sound]), async ({ origin }) => {
      expectWhole(await fetchFrom([`${origin}/ddk.iso`]))
      await moved.closed
    })
  })
})

describe('a server error is retried', () => {
  test.each([408, 429, 500, 502, 503, 504])('%d', async (status) => {
    expectWhole((await fetchFile([answer(status), answer(status), sound])).got)
  })

  test('when it says so', async () => {
    const start = Date.now()
    expectWhole((await fetchFile([answer(429, { 'retry-after': '1' }), sound])).got)
    expect(Date.now() - start).toBeGreaterThan(950)
  })

  test('on the date that it names', async () => {
    const date = new Date(Date.now() + 2000).toUTCString()
    const start = Date.now()
    expectWhole((await fetchFile([answer(503, { 'retry-after': date }), sound])).got)
    expect(Date.now() - start).toBeGreaterThan(500)
  })

  test('for up to two minutes, if it says so', () => {
    const asked = (seconds: number) => statusFailure(503, { 'retry-after': String(seconds) }, '')
    expect([asked(120), asked(121)]).toMatchObject([
      { retryable: true, wait: 120_000, status: 503 },
      { retryable: false, status: 503, message: 'the server answered 503 Service Unavailable and asks to wait 121 seconds' },
    ])
  })

  test.each(['soon', 'Tue, 13 Jan 2015 10:00:00 GMT', ''])('without a longer wait, if it says %j', (when) => {
    expect(statusFailure(503, { 'retry-after': when }, '')).toMatchObject({ retryable: true, wait: 0 })
  })

  test('after about a second, if nobody wants it otherwise', async () => {
    const stop = new AbortController()
    const say = (line: string) => {
      said.push(line)
      stop.abort(new Error('Stopped'))
    }
    await withServer(answer(503), async ({ origin }) => {
      const address = { urls: [`${origin}/ddk.iso`], headers: new Map(), headersFor: new Set<string>() }
      await expect(download(address, partial, { signal: stop.signal, say, warn() {} })).rejects.toThrow('Stopped')
    })
    expect(said).toEqual([expect.stringMatching(/^The server answered 503 Service Unavailable; trying again in (0\.[5-9]|1\.0) s$/)])
  })

  test('but not forever', async () => {
    await withServer(answer(503), async ({ origin, requests }) => {
      expect(await messageOf(fetchFrom([`${origin}/ddk.iso`]))).toBe(
        `Can't fetch ${origin}/ddk.iso: the server answered 503 Service Unavailable (4 tries in a row)`,
      )
      expect(requests.length).toBe(4)
    })
  })

  test('an abandoned one', async () => {
    const gone = await serve(sound)
    await gone.close()
    expect(await messageOf(fetchFrom([`${gone.origin}/ddk.iso`]))).toContain('the connection was refused (4 tries in a row)')
  })
})

describe('mirrors', () => {
  test('are tried in turn', async () => {
    await withServer(
      (request, response) => (request.url === '/good.iso' ? sound : answer(request.url === '/bad.iso' ? 404 : 500))(request, response),
      async ({ origin }) => {
        const got = await fetchFrom([`${origin}/bad.iso`, `${origin}/down.iso`, `${origin}/good.iso`])
        expectWhole(got)
        expect(got.url).toBe(`${origin}/good.iso`)
      },
    )
  })

  test('make up for one that has another file', async () => {
    await withServer(
      (q, r) => sendFile(q, r, q.url === '/a.iso' ? other : file),
      async ({ origin }) => expectWhole(await fetchFrom([`${origin}/a.iso`, `${origin}/b.iso`], { sha256: pinned })),
    )
  })

  describe('of which one breaks off', () => {
    const byPath =
      (handlers: Record<string, Handler>): Handler =>
      (q, r) =>
        handlers[q.url!]!(q, r)
    /** Sends the first part of a file, then nothing any more. */
    const breaking = (bytes: Buffer) =>
      inOrder([(q, r) => sendFile(q, r, bytes, { etag: '"a"', lastModified: 'then', dropAfter: 2_000_000 }), answer(503)])
    const others: Handler = (q, r) => sendFile(q, r, file, { etag: '"b"', lastModified: 'now' })

    test('the next goes on, if the checksum is known', async () => {
      await withServer(byPath({ '/a.iso': breaking(file), '/b.iso': others }), async ({ origin, requests }) => {
        expectWhole(await fetchFrom([`${origin}/a.iso`, `${origin}/b.iso`], { sha256: pinned }))
        const [request, ...more] = requests.filter(({ url }) => url === '/b.iso')
        expect([request!.headers.range, request!.headers['if-range'], more]).toEqual([
          expect.stringMatching(/^bytes=[12]\d{6}-$/),
          undefined,
          [],
        ])
      })
    })
    test('and the next one again', async () => {
      await withServer(byPath({ '/a.iso': breaking(file), '/b.iso': answer(404), '/c.iso': others }), async ({ origin, requests }) => {
        expectWhole(
          await fetchFrom(
            ['a', 'b', 'c'].map((name) => `${origin}/${name}.iso`),
            { sha256: pinned },
          ),
        )
        expect(requests.at(-1)!.headers.range).toMatch(/^bytes=[12]\d{6}-$/)
      })
    })
    test('the next starts from the beginning, if not', async () => {
      await withServer(byPath({ '/a.iso': breaking(file), '/b.iso': others }), async ({ origin, requests }) => {
        expectWhole(await fetchFrom([`${origin}/a.iso`, `${origin}/b.iso`]))
        expect(requests.at(-1)!.headers.range).toBeUndefined()
      })
    })
    test.each([
      ['of the same size', other],
      ['of another size', Buffer.concat([other, other])],
    ])('the next starts from the beginning, if it was another file %s', async (_size, wrong) => {
      await withServer(byPath({ '/a.iso': breaking(wrong), '/b.iso': others }), async ({ origin }) => {
        const got = await fetchFrom([`${origin}/a.iso`, `${origin}/b.iso`], { sha256: pinned })
        expectWhole(got)
        expect(got).toMatchObject({ etag: '"b"', url: `${origin}/b.iso` })
      })
    })
  })

  test('that all fail are all named', async () => {
    await withServer(answer(404), async ({ origin }) => {
      expect(await messageOf(fetchFrom([`${origin}/a.iso`, `${origin}/b.iso`]))).toBe(
        `None of the addresses provides the ISO. ${origin}/a.iso: the server answered 404 Not Found. ${origin}/b.iso: the server answered 404 Not Found`,
      )
    })
  })
})

describe('the headers of the user', () => {
  const headers = new Map([['authorization', 'Bearer hush']])

  test('go to the origin, and to where it redirects within itself', async () => {
    await withServer(
      (q, r) => (q.url === '/ddk.iso' ? answer(302, { location: '/moved' }) : sound)(q, r),
      async ({ origin, requests }) => {
        expectWhole(await fetchFrom([`${origin}/ddk.iso`], { headers, headersFor: new Set([origin]) }))
        expect(requests.map((request) => request.headers.authorization)).toEqual(['Bearer hush', 'Bearer hush'])
      },
    )
  })

  test('and the name and password in the address are never sent to another origin, nor back to the first one after it', async () => {
    await withServer(sound, async (elsewhere) => {
      const port = new URL(elsewhere.origin).port
      const back = await serve((q, r) => answer(302, { location: `${home.origin}/back` })(q, r))
      const home = await serve((q, r) =>
        answer(302, { location: q.url === '/ddk.iso' ? `${back.origin}/` : `http://localhost:${port}/ddk.iso` })(q, r),
      )
      try {
        expectWhole(
          await fetchFrom([`${home.origin.replace('//', '//name:password@')}/ddk.iso`], {
            headers: new Map([['x-token', 'hush']]),
            headersFor: new Set([home.origin]),
          }),
        )
        const got = (server: Server) => server.requests.map((request) => [request.headers['x-token'], request.headers.authorization])
        expect(got(home)).toEqual([
          ['hush', `Basic ${Buffer.from('name:password').toString('base64')}`],
          [undefined, undefined],
        ])
        expect(got(back)).toEqual([[undefined, undefined]])
        expect(got(elsewhere)).toEqual([[undefined, undefined]])
      } finally {
        await home.close()
        await back.close()
      }
    })
  })

  test('and the name and password in the address go to where it redirects within itself', async () => {
    await withServer(
      // The whole address, which has neither.
      (q, r) => (q.url === '/ddk.iso' ? answer(302, { location: `http://${q.headers.host}/moved` }) : sound)(q, r),
      async ({ origin, requests }) => {
        expectWhole(await fetchFrom([`${origin.replace('//', '//name:password@')}/ddk.iso`]))
        const basic = `Basic ${Buffer.from('name:password').toString('base64')}`
        expect(requests.map((request) => request.headers.authorization)).toEqual([basic, basic])
      },
    )
  })

  test('replace the one that says who asks', async () => {
    await withServer(sound, async ({ origin, requests }) => {
      await fetchFrom([`${origin}/ddk.iso`], { headers: new Map([['user-agent', 'mine']]), headersFor: new Set([origin]) })
      expect(requests[0]!.headers['user-agent']).toBe('mine')
    })
  })

  test('do not replace the name and password to which a redirect within the origin leads', async () => {
    const moved: Handler = (q, r) => answer(302, { location: `http://other:secret@${q.headers.host}/moved` })(q, r)
    await withServer(inOrder([moved, sound]), async ({ origin, requests }) => {
      expectWhole(await fetchFrom([`${origin.replace('//', '//name:password@')}/ddk.iso`]))
      expect(requests[1]!.headers.authorization).toBe(`Basic ${Buffer.from('other:secret').toString('base64')}`)
    })
  })

  test('go to no address that the user did not give', async () => {
    await withServer(sound, async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      await fetchFrom([url], { headers, headersFor: new Set(['https://elsewhere.example.com']) })
      expect(requests[0]!.headers.authorization).toBeUndefined()
    })
  })
})

test.each([
  [404, 'Not Found'],
  [410, 'Gone'],
])('%d of an address that the workflow names says what to check', async (status, name) => {
  await withServer(answer(status), async ({ origin }) => {
    expect(await messageOf(fetchFrom([`${origin}/ddk.iso`], { headersFor: new Set([origin]) }))).toBe(
      `Can't fetch ${origin}/ddk.iso: the server answered ${status} ${name}; check the address, and whether it requires a login`,
    )
  })
})

test('an answer with a number that has no name is told by its number', () => {
  expect(statusFailure(599, {}, '')).toMatchObject({ message: 'the server answered 599', status: 599, retryable: false })
})

describe('a refusal says what became of the headers', () => {
  const headers = new Map([['authorization', 'Bearer hush']])

  test('that it got', async () => {
    await withServer(answer(401), async ({ origin }) => {
      const known = { headers, headersFor: new Set([origin]) }
      expect(await messageOf(fetchFrom([`${origin}/ddk.iso`], known))).toMatch(
        / 401 Unauthorized; it was sent "iso-headers", so check whether/,
      )
    })
  })

  test('that it did not get, because only a catalog names it', async () => {
    await withServer(answer(401), async ({ origin }) => {
      expect(await messageOf(fetchFrom([`${origin}/ddk.iso`], { headers }))).toContain(`add ${origin} to the input "iso-headers-for"`)
    })
  })

  test('that were not sent to where the address redirects', async () => {
    await withServer(answer(403), async (elsewhere) => {
      await withServer(answer(302, { location: `${elsewhere.origin}/ddk.iso` }), async ({ origin }) => {
        const known = { headers, headersFor: new Set([origin]) }
        expect(await messageOf(fetchFrom([`${origin}/ddk.iso`], known))).toContain(
          `"iso-headers" isn't sent to ${elsewhere.origin}, to which the address redirects; set "iso" to an address on that server`,
        )
      })
    })
  })

  test('or of the user and the password in the address', async () => {
    await withServer(answer(401), async ({ origin }) => {
      const message = await messageOf(fetchFrom([`${origin.replace('//', '//name:hush@')}/ddk.iso`]))
      expect(message).toBe(
        `Can't fetch ${origin}/ddk.iso: the server answered 401 Unauthorized; check the user and the password in the address`,
      )
    })
  })
})

describe('what went wrong is of a kind', () => {
  const kindOf = (handlers: Handler[], known: Partial<Address> = {}) =>
    withServer(inOrder(handlers), ({ origin }) =>
      fetchFrom(
        handlers.map((_, index) => `${origin}/${index}.iso`),
        known,
      ).then(
        () => 'nothing',
        ({ kind }: { kind: string }) => kind,
      ),
    )

  test.each<[string, Handler, Partial<Address>]>([
    ['denied', answer(403), {}],
    ['unreachable', answer(404), {}],
    ['unreachable', answer(503), {}],
    ['unreachable', answer(200, { 'content-type': 'text/html' }), {}],
    ['checksum', sound, { sha256: 'f'.repeat(64) }],
    ['changed', sound, { sha256Before: 'f'.repeat(64) }],
  ])('%s', async (kind, handler, known) => expect(await kindOf([handler], known)).toBe(kind))

  test('that of the first address', async () => {
    expect([await kindOf([answer(403), answer(404)]), await kindOf([answer(404), answer(403)])]).toEqual(['denied', 'unreachable'])
    expect(said[0]).toMatch(/^Can't fetch .*\/0\.iso: the server answered 403 Forbidden; .*; trying the next address$/)
    expect(said.length).toBe(2)
  })
})

describe('the progress of a long download', () => {
  /** Sends parts of the file, and lets ten seconds pass before each but the first. The download's clock is stopped between them. */
  async function saidOf(headers: http.OutgoingHttpHeaders): Promise<string[]> {
    let now = Date.now()
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now)
    const send: Handler = async (_, response) => {
      response.writeHead(200, headers)
      let sent = 0
      const to = async (end: number) => {
        response.write(file.subarray(sent, end))
        sent = end
        await until(() => statSync(partial).size === end)
      }
      await to(1_500_000)
      now += 10_000
      await to(1_500_001)
      await to(2_250_001)
      now += 10_000
      await to(2_250_002)
      response.end(file.subarray(sent))
    }
    try {
      expectWhole((await fetchFile([send])).got)
    } finally {
      clock.mockRestore()
    }
    return said
  }

  test('has the part, the speed since the last line, and the rest of the time', async () => {
    expect(await saidOf({ 'content-length': file.length })).toEqual([
      'Fetched 1.5 MB of 3.0 MB (50 %) at 150.0 kB/s, 10.0 s left',
      'Fetched 2.3 MB of 3.0 MB (75 %) at 75.0 kB/s, 10.0 s left',
    ])
  })

  test('has no more than that, if nobody knows the size', async () => {
    expect(await saidOf({})).toEqual(['Fetched 1.5 MB at 150.0 kB/s', 'Fetched 2.3 MB at 75.0 kB/s'])
  })
})

describe('an abort', () => {
  const stop = (abort: AbortController) => () => abort.abort(new Error('Stopped'))

  test.each([
    ['while bytes come', 1_000_000],
    ['after the first byte', 1],
  ])('%s ends it at once, and it can be resumed', async (_, sent) => {
    const abort = new AbortController()
    const stalling: Handler = (q, r) => {
      sendFile(q, r, file, { etag: '"1"', stallAfter: sent })
      until(() => statSync(partial, { throwIfNoEntry: false })?.size === sent).then(stop(abort))
    }
    await withServer(inOrder([stalling, sound]), async ({ origin, requests }) => {
      const url = `${origin}/ddk.iso`
      expect(await messageOf(fetchFrom([url], {}, abort.signal))).toBe('Stopped')
      // It neither waited for more nor asked again.
      expect(requests).toHaveLength(1)
      expect(readFileSync(partial).length).toBe(sent)
      expect(existsSync(`${partial}.resume.json`)).toBe(true)
      expectWhole(await fetchFrom([url]))
    })
  })

  test('before the first byte leaves nothing', async () => {
    const abort = new AbortController()
    await withServer(stop(abort), async ({ origin }) =>
      expect(await messageOf(fetchFrom([`${origin}/ddk.iso`], {}, abort.signal))).toBe('Stopped'),
    )
    expect(readdirSync(dir)).toEqual([])
  })

  test('while it waits for another try', async () => {
    const abort = new AbortController()
    await withServer(answer(503, { 'retry-after': '120' }), async ({ origin }) => {
      const fetching = messageOf(fetchFrom([`${origin}/ddk.iso`], {}, abort.signal))
      await until(() => said.some((line) => line.includes('trying again in')))
      stop(abort)()
      expect(await fetching).toBe('Stopped')
    })
  })
})

describe('who reads what has arrived', () => {
  interface Reader extends ArrivingDownload {
    readonly growth: SharedArrayBuffer
    /** How many bytes had arrived when it was told of them. */
    readonly first: number
    arrived(): number
    /** Waits for the last byte. */
    rest(): number
  }
  let readers: Reader[] = []
  /** Sizes of the file when it was said that its bytes will be replaced. */
  let lostAt: number[] = []
  beforeEach(() => {
    readers = []
    lostAt = []
  })
  const onArriving: OnArriving = (arriving) => {
    const growth = new FileGrowth(arriving.growth)
    const arrived = () => growth.available(0)
    readers.push({ ...arriving, first: arrived(), arrived, rest: () => growth.waitFor(0, arriving.size) })
    arriving.lost.addEventListener('abort', () => lostAt.push(statSync(partial).size))
  }
  const fetchRead = (handlers: Handler[], known: Partial<Address> = {}) =>
    withServer(inOrder(handlers), ({ origin }) => fetchRun(`${origin}/ddk.iso`, known))
  const fetchRun = (url: string, known: Partial<Address> = {}) => {
    const options = { signal: new AbortController().signal, say() {}, warn() {}, pace, onArriving }
    return download({ urls: [url], headers: new Map(), headersFor: new Set<string>(), ...known }, partial, options)
  }
  const dropping: Handler = (q, r) => sendFile(q, r, file, { etag: '"1"', dropAfter: 700_000 })

  test('has all of it in the end, and it is not lost, even if it came in two parts', async () => {
    for (const handlers of [[sound], [dropping, sound]]) {
      readers = []
      expectWhole(await fetchRead(handlers))
      expect(readers).toEqual([expect.objectContaining({ path: partial, size: file.length, first: 0 })])
      expect([readers[0]!.arrived(), readers[0]!.lost.aborted]).toEqual([file.length, false])
    }
  })

  test('is told that it is lost before other bytes take its place, and of these', async () => {
    expectWhole(await fetchRead([dropping, (q, r) => sendFile(q, r, other, { etag: '"2"' })]), other)
    const [before, after] = readers
    expect([before!.lost.reason.message, lostAt]).toEqual([`${partial}: its download starts over`, [before!.arrived()]])
    expect(lostAt[0]).toBeGreaterThan(0)
    expect(() => before!.rest()).toThrow(`${partial}: its download starts over`)
    expect([after!.first, after!.arrived(), after!.lost.aborted]).toEqual([0, other.length, false])
  })

  test('is told if the rest will not come, and a later reader begins with what has come', async () => {
    await withServer(inOrder([dropping, answer(404), sound]), async ({ origin }) => {
      await expect(fetchRun(`${origin}/ddk.iso`)).rejects.toThrow('404')
      const [before] = readers
      expect(before!.lost.reason.message).toBe(`${partial}: its download has failed`)
      expect(() => before!.rest()).toThrow(`${partial}: its download has failed`)
      expectWhole(await fetchRun(`${origin}/ddk.iso`))
      expect([readers.length, readers[1]!.first, readers[1]!.arrived()]).toEqual([2, before!.arrived(), file.length])
      expect(readers[1]!.first).toBeGreaterThan(0)
    })
  })

  test('is told nothing as long as nobody knows the size', async () => {
    const inChunks: Handler = (_, response) => void response.writeHead(200).end(file)
    expectWhole(await fetchRead([inChunks]))
    expect(readers).toEqual([])
    expectWhole(await fetchRead([inChunks], { size: file.length }))
    expect(readers).toEqual([expect.objectContaining({ size: file.length })])
  })
})

test('signs of life of a download come as long as it is under way', () => {
  jest.useFakeTimers()
  try {
    for (const end of [(report: ArrivalReport) => report.complete(), (report: ArrivalReport) => report.lose('it failed')]) {
      let memory = new SharedArrayBuffer(0)
      const report = new ArrivalReport(partial, 10, 0, ({ growth }) => {
        memory = growth
      })
      const seen = () => Buffer.from(memory).toString('base64')
      const [before] = [seen(), jest.advanceTimersByTime(1000)]
      expect(seen()).not.toBe(before)
      end(report)
      const [after] = [seen(), jest.advanceTimersByTime(10_000)]
      expect(seen()).toBe(after)
    }
  } finally {
    jest.useRealTimers()
  }
})

test('once a download has ended, its file is open no more', async () => {
  const open = () => readdirSync('/proc/self/fd').filter((fd) => readlinkOf(`/proc/self/fd/${fd}`).startsWith(partial))
  const readlinkOf = (link: string) => {
    try {
      return readlinkSync(link)
    } catch {
      // That of the folder itself is closed by now.
      return ''
    }
  }
  await fetchFile([sound])
  expect(open()).toEqual([])
  await messageOf(fetchFile([sound], { sha256: 'f'.repeat(64) }))
  expect(open()).toEqual([])
})

test('once a download has ended, well or not, nothing keeps the process alive', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const server = await serve(sound)
  const fetching = () => fetchFrom([`${server.origin}/ddk.iso`], {}, undefined, 600_000)
  await fetching()
  await server.close()
  rmSync(partial)
  expect(await messageOf(fetching())).toContain('the connection was refused')
  await until(() => timers() <= before)
})

describe('a part', () => {
  const opened = async () => {
    writeFileSync(partial, file.subarray(0, 500))
    return PartialFile.open(partial)
  }

  test('that becomes shorter while it is read is an error', async () => {
    const part = await opened()
    writeFileSync(partial, file.subarray(0, 400))
    await expect(part.catchUp(new AbortController().signal)).rejects.toThrow(
      `${partial} became shorter while it was read; something else writes to it`,
    )
    await part.close()
  })

  test('that cannot be written says why', async () => {
    const part = await opened()
    await part.close()
    await expect(part.append(Buffer.from('x'))).rejects.toThrow(`${partial} can't be written: `)
  })
})

describe('another try', () => {
  const failure = new HttpFailure('it failed', { retryable: true, kind: 'registry' })
  const fails = (error: Error) => async () => {
    throw error
  }
  const no = () => false
  const job = (abort = new AbortController()) => ({ signal: abort.signal, say: (line: string) => said.push(line) })
  /** What is said of the first wait, which is not awaited. */
  async function firstWait(delay: number, wait = 0): Promise<string> {
    const stop = new AbortController()
    const say = (line: string) => {
      said.push(line)
      stop.abort(new Error('Stopped'))
    }
    const failing = fails(new HttpFailure('it failed', { retryable: true, wait }))
    await expect(retry(failing, no, { stall: 0, attempts: 2, delay }, { signal: stop.signal, say })).rejects.toThrow('Stopped')
    return said.at(-1)!
  }

  test('comes after a wait that doubles, up to half a minute, and of which up to a half is left to chance', async () => {
    const random = jest.spyOn(Math, 'random')
    try {
      random.mockReturnValue(1)
      await expect(retry(fails(failure), no, { stall: 0, attempts: 4, delay: 100 }, job())).rejects.toThrow('it failed (4 tries in a row)')
      expect(said).toEqual(['0.1', '0.2', '0.4'].map((seconds) => `It failed; trying again in ${seconds} s`))
      expect(await firstWait(100_000)).toBe('It failed; trying again in 30.0 s')
      random.mockReturnValue(0)
      expect(await firstWait(100_000)).toBe('It failed; trying again in 15.0 s')
      expect(await firstWait(10_000)).toBe('It failed; trying again in 5.0 s')
    } finally {
      random.mockRestore()
    }
  })

  test('comes when the server wants it, if that is later', async () => {
    expect(await firstWait(1, 90_000)).toBe('It failed; trying again in 1 min 30 s')
  })

  test('is given again after progress, as often as after the first failure', async () => {
    let tries = 0
    const gained = () => ++tries < 4
    await expect(retry(fails(failure), gained, { stall: 0, attempts: 2, delay: 1 }, job())).rejects.toThrow('it failed (2 tries in a row)')
    // Three with progress, and one without after the last of these.
    expect([tries, said.length]).toEqual([4, 3])
  })

  test('is not counted if there is none, and the error stays of its kind', async () => {
    const failing = (attempts: number) =>
      expect(retry(fails(failure), no, { stall: 0, attempts, delay: 1 }, job())).rejects.toMatchObject({ kind: 'registry' })
    await failing(1)
    expect(said).toEqual([])
    await failing(2)
    await expect(retry(fails(failure), no, { stall: 0, attempts: 1, delay: 1 }, job())).rejects.toThrow(/^it failed$/)
  })

  test('does not come once the job has ended, whatever else fails then', async () => {
    const stop = new AbortController()
    let tries = 0
    const stopping = async () => {
      tries++
      stop.abort(new Error('Stopped'))
      throw new Error('another error')
    }
    const attempt = () => retry(stopping, no, pace, job(stop))
    await expect(attempt()).rejects.toThrow('Stopped')
    await expect(attempt()).rejects.toThrow('Stopped')
    expect([tries, said]).toEqual([1, []])
  })
})
