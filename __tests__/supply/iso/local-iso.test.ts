import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { stageIso } from '../../../src/cache/entries/iso-cache.ts'
import { awaitSaving, startSaving } from '../../../src/cache/process/saving.ts'
import type { StoredIso } from '../../../src/fetch/store/stored-iso.ts'
import type { Store } from '../../../src/fetch/store/tool-cache.ts'
import type { AddressRequest } from '../../../src/supply/iso/iso-request.ts'
import type { KnownIso } from '../../../src/supply/iso/known-iso.ts'
import { findKeptIso } from '../../../src/supply/iso/local-iso.ts'
import type { Order } from '../../../src/supply/order.ts'
import { noise, sha256 as sha256Of } from '../../fetch/server.ts'
import { useCacheService } from '../../support/use-cache-service.ts'

// An ISO that was fetched before: first from the tool cache, then from the Actions cache.

useCacheService()

const bytes = noise(100_000)
const sha256 = sha256Of(bytes)
const identity = { url: 'https://one.example/ddk.iso', etag: '"1"', size: bytes.length }
const request = {
  kind: 'address',
  address: { urls: [identity.url], headers: new Map(), headersFor: new Set<string>() },
  version: { numbers: [6, 5] },
  fromCatalog: false,
} satisfies AddressRequest

let dir = ''
let said: string[] = []
let asked: unknown[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ddk-local-iso-'))
  said = []
  asked = []
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Saves the ISO to the Actions cache. */
async function save(): Promise<void> {
  const path = join(dir, 'ddk.iso')
  writeFileSync(path, bytes)
  startSaving([stageIso(identity, join(dir, 'staged'), path, sha256)], join(dir, 'save'), (line) => said.push(line))
  await awaitSaving(join(dir, 'save'), 30_000, (line) => said.push(line))
  expect(said).toEqual([expect.stringMatching(/^Saved the ISO/)])
  said = []
}

interface Looking {
  readonly known?: Partial<KnownIso>
  /** What the tool cache has. */
  readonly stored?: StoredIso
  readonly mayRestore?: boolean
  /** What the address gave first. */
  readonly before?: string
}

function look({ known, stored, mayRestore = true, before }: Looking = {}) {
  const store: Partial<Store> = {
    async find(wanted) {
      asked.push(wanted)
      return stored
    },
  }
  const order = {
    phase: { say: (line: string) => void said.push(line), warn() {}, signal: new AbortController().signal },
    tempDir: join(dir, 'work'),
    cacheHealth: { failing: false, waited: 0 },
    useCache: { restore: { image: true, iso: mayRestore } },
  }
  const iso = { request, identity, sha256: undefined, ...known } as KnownIso
  return findKeptIso(request, iso, store as Store, order as unknown as Order, async () => before)
}

test('the tool cache is asked by the checksum, if that is known', async () => {
  const stored = { path: '/tool-cache/ddk.iso', sha256 } as StoredIso
  expect(await look({ known: { sha256 }, stored })).toEqual({ origin: 'tool-cache', path: '/tool-cache/ddk.iso', sha256 })
  expect([asked, said]).toEqual([[{ sha256, version: request.version }], ['Found the ISO in the tool cache: /tool-cache/ddk.iso']])
  expect(await look({ stored })).toBeUndefined()
  expect(asked).toHaveLength(1)
})

test('the Actions cache is asked next, and its ISO goes into the folder of the step', async () => {
  await save()
  for (const before of [undefined, sha256]) {
    const iso = await look(before === undefined ? {} : { before })
    expect(iso).toMatchObject({ origin: 'iso-cache', sha256 })
    expect(iso?.path.startsWith(join(dir, 'work', 'restored-iso'))).toBe(true)
    expect(readFileSync(iso!.path).equals(bytes)).toBe(true)
    rmSync(join(dir, 'work'), { recursive: true })
  }
  expect(said).toEqual(['Found the ISO in the Actions cache', 'Found the ISO in the Actions cache'])
})

test('the Actions cache is not asked if that is not wanted, or if too little is known of the ISO', async () => {
  await save()
  expect([await look({ mayRestore: false }), await look({ known: { identity: undefined } }), said]).toEqual([undefined, undefined, []])
})

test('an ISO in the Actions cache that is not what its address gave first ends the step', async () => {
  await save()
  const failure = await look({ before: 'a'.repeat(64) }).catch((error: unknown) => error)
  expect(failure).toMatchObject({
    kind: 'changed',
    message: expect.stringContaining(`${identity.url} gives another file than before: its SHA-256 is ${sha256}, but was ${'a'.repeat(64)}`),
  })
  expect(said).toEqual([])
})
