import { expect, test } from '@jest/globals'
import type { Store } from '../../../src/fetch/store/tool-cache.ts'
import { firstChecksum } from '../../../src/supply/iso/first-checksum.ts'
import type { IsoRequest } from '../../../src/supply/iso/iso-request.ts'
import type { Order } from '../../../src/supply/order.ts'

// What an address gave first. What the Actions cache knows of it: ../../cache/entries.

const sha256 = 'a'.repeat(64)
const address = { urls: ['https://one.example/ddk.iso'], headers: new Map(), headersFor: new Set<string>() }
const request: IsoRequest = { kind: 'address', address, version: undefined, fromCatalog: false }

/** What is found out, asked for twice, and what the tool cache was asked. */
async function ask(asked: IsoRequest, checksumBefore: (url: string) => string | undefined) {
  const urls: string[] = []
  const store: Partial<Store> = {
    checksumBefore(url) {
      urls.push(url)
      return checksumBefore(url)
    },
  }
  const order = { phase: {}, tempDir: '/nowhere', cacheHealth: {}, useCache: { restore: { image: false, iso: false } } }
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
