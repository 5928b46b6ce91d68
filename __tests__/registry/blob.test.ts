import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { fetchBlob, fetchSmallBlob, hasBlob, LostBlob } from '../../src/registry/blob.ts'
import { bodyOf } from '../../src/registry/blob-source.ts'
import { type Handler, sendFile, withServer } from '../fetch/server.ts'
import { fakeTimers } from '../support/fake-timers.ts'
import { blobOf, clientOf } from './client.ts'

// Against a server that answers as registries do, and as they shouldn't.

const size = 1000
const blob = blobOf(size, 'a blob')

/** Uses a client of a registry that answers so. */
const withRegistry = <T>(
  handler: Handler,
  use: (its: ReturnType<typeof clientOf> & { readonly requests: readonly { readonly headers: object }[] }) => Promise<T>,
  pace?: Parameters<typeof clientOf>[3],
) =>
  withServer(handler, ({ origin, requests }) =>
    use({ ...clientOf(`${new URL(origin).host}/acme/ddk`, undefined, undefined, pace), requests }),
  )

const answering =
  (status: number, headers = {}): Handler =>
  (_request, response) =>
    response.writeHead(status, headers).end()

describe('a repository', () => {
  test.each<[string, number, object, boolean]>([
    ['has a blob of this size', 200, { 'content-length': size }, true],
    ['may have it, if its storage server tells no size', 200, {}, true],
    ['lacks it, if what it has is of another size', 200, { 'content-length': size + 1 }, false],
    ['lacks it', 404, {}, false],
    ['lacks it, whatever the size of the answer', 404, { 'content-length': size }, false],
  ])('%s', async (_title, status, headers, has) => {
    await withRegistry(answering(status, headers), async ({ client }) => expect(await hasBlob(client, blob)).toBe(has))
  })
})

describe('a blob', () => {
  /** Sends at most so many bytes of what is asked for, as if that were all. */
  const sending =
    (most: number): Handler =>
    (request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
      response.writeHead(request.headers.range === undefined ? 200 : 206).end(blob.bytes.subarray(from, from + most))
    }

  test('that comes in parts is put together, as long as each request brings something', async () => {
    await withRegistry(
      sending(300),
      async ({ client, said, requests }) => {
        expect((await fetchSmallBlob(client, blob)).equals(blob.bytes)).toBe(true)
        expect(requests.map(({ headers }) => headers)).toMatchObject([
          { 'accept-encoding': 'identity' },
          { 'accept-encoding': 'identity', range: 'bytes=300-' },
          { range: 'bytes=600-' },
          { range: 'bytes=900-' },
        ])
        expect(requests[0]!.headers).not.toHaveProperty('range')
        expect(said[0]).toMatch(/^The registry stopped after 300 of 1000 bytes; trying again in /)
      },
      { attempts: 2 },
    )
  })

  test('that does not go on is given up', async () => {
    const stuck: Handler = (request, response) =>
      request.headers.range === undefined ? sending(300)(request, response) : response.writeHead(206).end()
    await withRegistry(
      stuck,
      async ({ client, requests }) => {
        await expect(fetchSmallBlob(client, blob)).rejects.toThrow('the registry stopped after 300 of 1000 bytes (2 tries in a row)')
        expect(requests).toHaveLength(2)
      },
      { attempts: 2 },
    )
  })

  test('of which a registry without ranges sends all again is put together all the same', async () => {
    let count = 0
    const whole: Handler = (_request, response) => response.end(blob.bytes.subarray(0, count++ === 0 ? 300 : size))
    await withRegistry(whole, async ({ client, requests }) => {
      expect((await fetchSmallBlob(client, blob)).equals(blob.bytes)).toBe(true)
      expect(requests).toHaveLength(2)
    })
  })

  test('of which the registry has less is lost', async () => {
    const shorter: Handler = (request, response) => sendFile(request, response, blob.bytes.subarray(0, size - 1))
    await withRegistry(shorter, async ({ client, requests }) => {
      await expect(fetchSmallBlob(client, blob)).rejects.toThrow(
        new LostBlob(`${blob.digest} is shorter in the registry than its manifest says`),
      )
      expect(requests).toHaveLength(2)
    })
  })

  test('of which the registry has more is lost, and nobody gets more than its size', async () => {
    const longer: Handler = (request, response) => sendFile(request, response, Buffer.concat([blob.bytes, blob.bytes]))
    await withRegistry(longer, async ({ client }) => {
      let taken = 0
      const fetched = fetchBlob(client, blob, ({ length }) => {
        taken += length
      })
      await expect(fetched).rejects.toThrow(new LostBlob(`${blob.digest} is longer in the registry than its manifest says`))
      expect(taken).toBeLessThanOrEqual(size)
    })
  })

  test('of which the registry has other bytes is lost', async () => {
    const other = blobOf(size, 'another')
    await withRegistry(
      (_request, response) => response.end(other.bytes),
      async ({ client }) => {
        await expect(fetchSmallBlob(client, blob)).rejects.toThrow(new LostBlob(`the registry gives ${other.digest} for ${blob.digest}`))
      },
    )
  })

  test.each([
    [404, new LostBlob(`the registry has lost ${blob.digest}`)],
    [410, new Error('the server answered 410 Gone; check the name of the repository, and whether the host is a registry')],
  ])('is asked for once if the answer is %i', async (status, error) => {
    await withRegistry(answering(status), async ({ client, requests }) => {
      await expect(fetchSmallBlob(client, blob)).rejects.toThrow(error)
      expect(requests).toHaveLength(1)
    })
  })

  test('is taken piece by piece, each when the last one is done', async () => {
    const pieces: Handler = async (_request, response) => {
      for (let at = 0; at < size; at += 250) {
        response.write(blob.bytes.subarray(at, at + 250))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      response.end()
    }
    await withRegistry(pieces, async ({ client }) => {
      let busy = 0
      const together: number[] = []
      await fetchBlob(client, blob, async () => {
        together.push(++busy)
        await new Promise((resolve) => setTimeout(resolve, 20))
        busy--
      })
      expect([busy, Math.max(...together)]).toEqual([0, 1])
    })
  })

  test('that nobody takes is not read to its end', async () => {
    let close = () => {}
    const closed = new Promise<void>((resolve) => {
      close = resolve
    })
    const endless: Handler = (_request, response) => {
      response.on('close', close).write(blob.bytes)
    }
    await withRegistry(endless, async ({ client }) => {
      const fetched = fetchBlob(client, blob, () => {
        throw new Error('the disk is full')
      })
      await expect(fetched).rejects.toThrow('the disk is full')
      await closed
    })
  })
})

describe('a registry that is slow', () => {
  afterEach(() => {
    jest.useRealTimers()
  })

  test('has the time between two pieces, and not for all of a blob', async () => {
    fakeTimers()
    let goOn = () => {}
    const slow: Handler = (_request, response) => {
      let at = 0
      goOn = () => {
        response.write(blob.bytes.subarray(at, at + 250))
        at += 250
        if (at === size) response.end()
      }
      goOn()
    }
    await withRegistry(
      slow,
      async ({ client, said }) => {
        let taken = 0
        await fetchBlob(client, blob, ({ length }) => {
          taken += length
          jest.advanceTimersByTime(600)
          if (taken < size) goOn()
        })
        expect([taken, said]).toEqual([size, []])
        // Nor is it waited for any longer.
        expect(jest.getTimerCount()).toBe(0)
      },
      { stall: 1000, attempts: 1 },
    )
  })

  test('is given up if it sends nothing more', async () => {
    fakeTimers()
    const silent: Handler = (_request, response) => {
      response.write(blob.bytes.subarray(0, 250))
    }
    await withRegistry(
      silent,
      async ({ client }) => {
        const fetched = fetchBlob(client, blob, () => void setImmediate(() => jest.advanceTimersByTime(1000)))
        await expect(fetched).rejects.toThrow('the server sent nothing for 1.0 s')
      },
      { stall: 1000, attempts: 1 },
    )
  })
})

describe('a part of a blob as a body', () => {
  const large = blobOf((2 << 20) + 1000, 'large')

  test('has its bytes, of which no more than a mebibyte is in memory at once', async () => {
    const pieces: Buffer[] = []
    let moves = 0
    const { size, open } = bodyOf(large, 100, (2 << 20) + 500)
    for await (const piece of open(() => moves++)) pieces.push(piece)
    expect(size).toBe((2 << 20) + 500)
    expect(Buffer.concat(pieces).equals(large.bytes.subarray(100, 100 + size))).toBe(true)
    expect([pieces.map(({ length }) => length), moves]).toEqual([[1 << 20, 1 << 20, 500], 3])
  })

  test('can be sent again from its beginning', async () => {
    const { open } = bodyOf(large, 100, 1000)
    for (let n = 0; n < 2; n++) expect(await open(() => {}).toArray()).toEqual([large.bytes.subarray(100, 1100)])
  })

  test('is an error if the archive has become shorter', async () => {
    const { open } = bodyOf(large, large.size - 500, 1000)
    await expect(open(() => {}).toArray()).rejects.toThrow('the archive became shorter while it was pushed')
  })
})
