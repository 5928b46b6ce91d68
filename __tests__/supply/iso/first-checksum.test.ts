import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { stageChecksum } from '../../../src/cache/entries/checksum-record.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import type { Store } from '../../../src/fetch/store/tool-cache.ts'
import { firstChecksum } from '../../../src/supply/iso/first-checksum.ts'
import type { IsoRequest } from '../../../src/supply/iso/iso-request.ts'
import type { Order } from '../../../src/supply/order.ts'
import { useCacheService } from '../../support/use-cache-service.ts'

// What an address gave first, as the tool cache or the Actions cache knows it.

useCacheService()

const sha256 = 'a'.repeat(64)
const address = { urls: ['https://one.example/ddk.iso'], headers: new Map(), headersFor: new Set<string>() }
const request: IsoRequest = { kind: 'address', address, version: undefined, fromCatalog: false }

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-first-checksum-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** What is found out, asked for twice, and what the tool cache was asked. */
async function ask(asked: IsoRequest, checksumBefore: (url: string) => string | undefined) {
  const urls: string[] = []
  const store: Partial<Store> = {
    checksumBefore(url) {
      urls.push(url)
      return checksumBefore(url)
    },
  }
  const order = { phase: {}, tempDir: dir, cacheHealth: {}, useCache: { restore: { image: false, iso: false } } }
  const first = firstChecksum(asked, store as Store, order as unknown as Order)
  expect(urls).toEqual([])
  return { answers: [await first(), await first()], urls }
}

test('the tool cache is asked once, and only when somebody wants to know', async () => {
  expect(await ask(request, () => sha256)).toEqual({ answers: [sha256, sha256], urls: ['https://one.example/ddk.iso'] })
  expect(await ask(request, () => undefined)).toEqual({ answers: [undefined, undefined], urls: ['https://one.example/ddk.iso'] })
})

test('nobody is asked about a file, or about an address whose checksum is known', async () => {
  const nothing = { answers: [undefined, undefined], urls: [] }
  expect(await ask({ kind: 'file', path: '/srv/ddk.iso', sha256: undefined }, () => sha256)).toEqual(nothing)
  expect(await ask({ ...request, address: { ...address, sha256 } }, () => sha256)).toEqual(nothing)
})

test('what goes wrong is an error of whoever waits for it, and of nobody else', async () => {
  const store: Partial<Store> = {
    checksumBefore() {
      throw new Error('it is broken')
    },
  }
  const first = firstChecksum(request, store as Store, { useCache: { restore: {} } } as unknown as Order)
  const early = first()
  await new Promise((resolve) => setImmediate(resolve))
  await expect(early).rejects.toThrow('it is broken')
  await expect(first()).rejects.toThrow('it is broken')
})

test('the Actions cache is asked if anything may come from there, and the tool cache knows nothing', async () => {
  const said: string[] = []
  const phase = { say: (line: string) => void said.push(line), warn() {}, signal: new AbortController().signal }
  startSaving([stageChecksum('https://one.example/ddk.iso', join(dir, 'staged'), sha256)], join(dir, 'save'), phase.say)
  await awaitSaving(join(dir, 'save'), 30_000, phase.say)
  expect(said.splice(0)).toEqual([expect.stringMatching(/^Saved the checksum/)])
  const look = (image: boolean, iso: boolean, known?: string) => {
    const store: Partial<Store> = { checksumBefore: () => known }
    const order = { phase, tempDir: dir, cacheHealth: { failing: false, waited: 0 }, useCache: { restore: { image, iso } } }
    return firstChecksum(request, store as Store, order as unknown as Order)()
  }
  expect([await look(true, false), await look(false, true), await look(false, false)]).toEqual([sha256, sha256, undefined])
  expect(await look(true, true, 'b'.repeat(64))).toBe('b'.repeat(64))
  expect(said).toEqual([])
})
