import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { StoredIso } from '../../../src/fetch/store/stored-iso.ts'
import type { Store } from '../../../src/fetch/store/tool-cache.ts'
import type { Phase } from '../../../src/phase/phase.ts'
import { digestAndRecord } from '../../../src/supply/iso/file-digest.ts'
import type { AddressRequest, IsoRequest } from '../../../src/supply/iso/iso-request.ts'
import { beginRecognition, knownByNow, recognize } from '../../../src/supply/iso/known-iso.ts'
import { startProxy } from '../../fetch/http/proxy-server.ts'
import { type Handler, serve, sha256 } from '../../fetch/server.ts'
import { hideDebugLines } from '../../support/quiet-toolkit.ts'
import { withTempDir } from '../../support/tools.ts'

hideDebugLines()

let said: string[] = []
let asked: unknown[] = []
beforeEach(() => {
  said = []
  asked = []
})

const stored = { path: '/tool-cache/ddk.iso', sha256: 'c'.repeat(64) } as StoredIso

/** @param kept what the tool cache has, whatever it is asked for */
function storeWith(kept: StoredIso | undefined): Store {
  const find = async (facts: unknown) => {
    asked.push(facts)
    return kept
  }
  const recorded = (facts: unknown) => {
    asked.push(facts)
    return kept?.sha256
  }
  return { find, recorded } as unknown as Store
}

function phaseWith(signal: AbortSignal): Phase {
  return { say: (line) => said.push(line), warn() {}, signal }
}

function recognizeBy(request: IsoRequest, kept?: StoredIso, signal = new AbortController().signal) {
  return recognize(request, storeWith(kept), phaseWith(signal))
}

async function withAddress<T>(handler: Handler, use: (request: AddressRequest, requests: readonly unknown[]) => Promise<T>): Promise<T> {
  const { origin, requests, close } = await serve(handler)
  const address = { urls: [`${origin}/ddk.iso`], headers: new Map(), headersFor: new Set<string>() }
  try {
    return await use({ kind: 'address', address, version: undefined, fromCatalog: false }, requests)
  } finally {
    await close()
  }
}

const file: Handler = (_, response) => response.writeHead(200, { 'content-length': 7, etag: '"1"', 'last-modified': 'Tue' }).end()
const missing: Handler = (_, response) => response.writeHead(404).end()

test('a file is known by its checksum', async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, 'ddk.iso')
    writeFileSync(path, 'an ISO')
    const digest = sha256(Buffer.from('an ISO'))
    const request = { kind: 'file', path, sha256: undefined } as const
    expect(await recognizeBy(request)).toEqual({ request, identity: { sha256: digest }, sha256: digest })
    expect(await recognizeBy({ ...request, path: dir })).toMatchObject({ identity: undefined, sha256: undefined })
    expect(said).toEqual([`SHA-256: ${digest}`])
  })
})

test('a file that was hashed before is not read again, unless it must have a certain checksum', async () => {
  const environment = { ...process.env }
  await withTempDir(async (dir) => {
    process.env.RUNNER_TOOL_CACHE = dir
    try {
      const path = join(dir, 'ddk.iso')
      writeFileSync(path, 'an ISO')
      const digest = sha256(Buffer.from('an ISO'))
      // What has just been written isn't recorded.
      const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000)
      await digestAndRecord(path, {})
      clock.mockRestore()
      const request = { kind: 'file', path, sha256: undefined } as const
      expect(await recognizeBy(request)).toEqual({ request, identity: { sha256: digest }, sha256: digest, isRecorded: true })
      expect(said).toEqual([`SHA-256: ${digest}, as computed before: the file hasn't changed since`])
      const pinned = { ...request, sha256: digest }
      expect(await recognizeBy(pinned)).toEqual({ request: pinned, identity: { sha256: digest }, sha256: digest })
      await expect(recognizeBy({ ...request, sha256: 'a'.repeat(64) })).rejects.toThrow(`but ${'a'.repeat(64)} is expected`)
    } finally {
      process.env = environment
    }
  })
})

test('a file that takes long to read is in the log meanwhile', async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, 'ddk.iso')
    writeFileSync(path, 'an ISO')
    let now = Date.now()
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => {
      now += 4000
      return now
    })
    try {
      await recognizeBy({ kind: 'file', path, sha256: undefined })
    } finally {
      clock.mockRestore()
    }
    expect(said[0]).toMatch(/^Computing the SHA-256: .*, 4\.0 s so far$/)
  })
})

test('a file is read no more once the job is cancelled', async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, 'ddk.iso')
    writeFileSync(path, 'an ISO')
    const cancelled = AbortSignal.abort(new Error('Cancelled'))
    await expect(recognizeBy({ kind: 'file', path, sha256: undefined }, undefined, cancelled)).rejects.toThrow('Cancelled')
  })
})

test.each([
  [true, 'is tried over https first'],
  [false, 'stays as the workflow has it'],
])('an http address without a port, of a catalog (%j), %s', async (fromCatalog) => {
  const environment = { ...process.env }
  await withAddress(missing, async (request) => {
    const proxy = await startProxy(Number(new URL(request.address.urls[0]!).port))
    proxy.refusal = '403 Forbidden'
    Object.assign(process.env, { http_proxy: proxy.address, https_proxy: proxy.address, no_proxy: '' })
    try {
      const address = { ...request.address, urls: ['http://mirror.example.invalid/ddk.iso'] }
      await expect(recognizeBy({ ...request, address, fromCatalog })).rejects.toThrow('404 Not Found')
      expect(proxy.asked.includes('CONNECT mirror.example.invalid:443')).toBe(fromCatalog)
    } finally {
      process.env = environment
      proxy.close()
    }
  })
})

test('an address with a checksum is known by it, and nobody is asked', async () => {
  await withAddress(file, async (request, requests) => {
    const pinned = { ...request, address: { ...request.address, sha256: 'a'.repeat(64) } }
    expect(await recognizeBy(pinned)).toEqual({
      request: pinned,
      identity: { sha256: 'a'.repeat(64) },
      sha256: 'a'.repeat(64),
    })
    expect([requests.length, asked.length]).toEqual([0, 0])
  })
})

describe('another address is known by what its server says', () => {
  test('and by its checksum, if it was fetched before', async () => {
    await withAddress(file, async (request) => {
      const [url] = request.address.urls
      const identity = { url, etag: '"1"', size: 7 }
      const wanted = { url, version: undefined, etag: '"1"', lastModified: 'Tue', size: 7 }
      expect(await recognizeBy(request)).toEqual({ request, identity, sha256: undefined, wanted })
      expect(await recognizeBy(request, stored)).toEqual({ request, identity, sha256: stored.sha256, wanted })
      expect(asked).toEqual([wanted, wanted])
    })
  })

  test('unless it says too little', async () => {
    await withAddress(
      (_, response) => response.writeHead(200, { 'content-length': 7 }).end(),
      async (request) => {
        expect((await recognizeBy(request)).identity).toBeUndefined()
        expect(asked).toEqual([{ url: request.address.urls[0], version: undefined, size: 7 }])
      },
    )
  })
})

test('what another job has fetched meanwhile is asked for only if it is not known yet, and the tool cache may tell it', () => {
  const unknown = { request: {} as IsoRequest, identity: undefined, sha256: undefined }
  const wanted = { url: 'https://one.example/ddk.iso', version: undefined }
  expect(knownByNow({ ...unknown, wanted }, storeWith(stored))).toEqual({ ...unknown, wanted, sha256: stored.sha256 })
  expect(asked).toEqual([wanted])
  const known = { ...unknown, wanted, sha256: 'a'.repeat(64) }
  expect([knownByNow(known, storeWith(stored)), knownByNow(unknown, storeWith(stored))]).toEqual([known, unknown])
  expect(asked).toEqual([wanted])
})

describe('a server that has the file no more', () => {
  test('is not needed if it was fetched before', async () => {
    await withAddress(missing, async (request) => {
      expect(await recognizeBy(request, stored)).toEqual({ request, identity: { sha256: stored.sha256 }, sha256: stored.sha256 })
      expect(asked).toEqual([{ url: request.address.urls[0], version: undefined }])
      expect(said).toEqual([expect.stringMatching(/404 Not Found; using the ISO that was fetched from there before$/)])
    })
  })

  test('is an error; if a catalog names it, with another way to get the ISO', async () => {
    const otherWay = /The address is the catalog's: if you have the ISO elsewhere, set the input "iso"$/
    await withAddress(missing, async (request) => {
      await expect(recognizeBy(request)).rejects.toThrow(/404 Not Found$/)
      await expect(recognizeBy({ ...request, fromCatalog: true })).rejects.toThrow(otherWay)
    })
  })

  test('is no longer asked once the job is cancelled', async () => {
    await withAddress(missing, async (request) => {
      await expect(recognizeBy(request, stored, AbortSignal.abort(new Error('Cancelled')))).rejects.toThrow('Cancelled')
      expect(asked).toEqual([])
    })
  })
})

describe('a recognition that began early', () => {
  const begin = (request: IsoRequest) => beginRecognition(request, storeWith(stored), phaseWith(new AbortController().signal))

  test('writes its lines when its result is wanted, and from then on at once', async () => {
    await withAddress(missing, async (request, requests) => {
      using recognition = begin(request)
      while (requests.length === 0 || asked.length === 0) await turn()
      expect(said).toEqual([])
      expect(await recognition.result()).toMatchObject({ sha256: stored.sha256 })
      expect(said).toHaveLength(1)
    })
  })

  test('stops when it is disposed, and is no unhandled error if nobody wants its result', async () => {
    await withAddress(
      () => {},
      async (request, requests) => {
        const recognition = begin(request)
        while (requests.length === 0) await turn()
        recognition[Symbol.dispose]()
        await expect(recognition.result()).rejects.toThrow(/abort/)
        begin(request)[Symbol.dispose]()
        await turn()
      },
    )
  })
})
